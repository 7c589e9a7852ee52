// SPDX-License-Identifier: Apache-2.0
// The C interface of libactplane gives the bits of the golden model, and says what is wrong.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <regex>
#include <stdexcept>
#include <thread>

#include "actplane.h"
#include "actplane/fast.h"
#include "allocations.h"
#include "fast/data.h"
#include "guard.h"
#include "support/scale.h"

namespace actplane {
namespace {

using fast::testing_support::Kind;
using fast::testing_support::MakeValues;
using fast::testing_support::RandomConfig;
using fast::testing_support::Rng;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using testing_support::AllocatedBytes;
using testing_support::Scaled;

constexpr std::byte kCanary{0xa5};
constexpr size_t kMargin = 64;

actplane_config FromModel(const Config& c, uint32_t threads = 1) {
  actplane_config out;
  actplane_config_init(&out);
  out.format = static_cast<uint32_t>(c.format);
  out.order = static_cast<uint32_t>(c.order);
  out.block_len = c.block_len;
  out.slot_bytes = c.slot_bytes;
  out.lossless = c.lossless ? 1 : 0;
  out.fill = static_cast<uint32_t>(c.fill);
  out.delta_cap = c.delta_cap;
  out.group_len = c.group_len;
  out.row_limit = c.row_limit;
  out.threads = threads;
  return out;
}

// Memory of exactly `size` bytes at an address of any alignment, canaries on both sides.
class Fenced {
 public:
  explicit Fenced(size_t size, size_t shift = 0)
      : shift_(shift), size_(size), bytes_(size + shift + 2 * kMargin, kCanary) {}
  std::byte* data() { return bytes_.data() + kMargin + shift_; }
  std::span<std::byte> span() { return {data(), size_}; }
  bool FenceStands() const {
    const auto fence = [](auto part) {
      return std::ranges::count(part, kCanary) == std::ssize(part);
    };
    return fence(std::span(bytes_).first(kMargin + shift_)) &&
           fence(std::span(bytes_).last(kMargin));
  }
  bool Untouched() const { return std::ranges::count(bytes_, kCanary) == std::ssize(bytes_); }

 private:
  size_t shift_;
  size_t size_;
  std::vector<std::byte> bytes_;
};

// Both directions of the C interface against the golden model.
void CheckBoth(std::span<const std::byte> values, const Config& config, uint32_t threads,
               size_t shift) {
  const CompressedTensor expected = *actplane::Compress(values, config);
  const actplane_config c = FromModel(config, threads);
  const uint64_t count = expected.values;

  uint64_t room = 0;
  ASSERT_EQ(actplane_slots_bytes(&c, count, &room), ACTPLANE_OK) << actplane_last_error();
  ASSERT_EQ(room, fast::SlotsBytes(config, values.size()));

  Fenced in(values.size(), shift);
  std::ranges::copy(values, in.data());
  Fenced slots(room, shift);
  Fenced boundaries((expected.Blocks() + 1) * sizeof(uint32_t), 4 * (shift % 4));
  auto* const starts = config.lossless ? reinterpret_cast<uint32_t*>(boundaries.data()) : nullptr;
  uint64_t bytes = 0;
  ASSERT_EQ(actplane_compress(&c, in.data(), count, slots.data(), room, &bytes, starts),
            ACTPLANE_OK)
      << actplane_last_error();
  ASSERT_STREQ(actplane_last_error(), "");
  ASSERT_TRUE(slots.FenceStands() && in.FenceStands() && boundaries.FenceStands());
  ASSERT_TRUE(std::ranges::equal(in.span(), values));  // the input is read only
  ASSERT_EQ(bytes, expected.slots.size());
  ASSERT_TRUE(std::ranges::equal(slots.span().first(bytes), expected.slots));
  if (config.lossless) {
    ASSERT_TRUE(std::ranges::equal(std::span(starts, expected.Blocks() + 1), expected.offsets));
  }

  const DecompressedTensor back = *actplane::Decompress(expected);
  Fenced out(values.size(), shift);
  uint64_t malformed = 77;
  ASSERT_EQ(actplane_decompress(&c, slots.data(), bytes, starts, out.data(), count, &malformed),
            ACTPLANE_OK)
      << actplane_last_error();
  ASSERT_TRUE(out.FenceStands());
  ASSERT_EQ(malformed, 0U);
  ASSERT_TRUE(std::ranges::equal(out.span(), back.values));
}

TEST(C, EqualsTheGoldenModelInRandomConfigurations) {
  Rng rng(1);
  for (uint64_t i = 0; i < Scaled(40000); ++i) {
    const Config config = RandomConfig(rng);
    const size_t count = rng.Below(6 * config.block_len);  // ragged, and none at all
    const auto kind = static_cast<Kind>(rng.Below(static_cast<uint32_t>(Kind::kCount)));
    SCOPED_TRACE(fmt::format("case {}: {} N={} {} T={} lossless {}, {} values", i,
                             ToString(config.format), config.block_len, ToString(config.order),
                             config.slot_bytes, config.lossless, count));
    CheckBoth(MakeValues(kind, config.format, count, rng), config, 1, rng.Below(8));
    if (HasFatalFailure()) return;
  }
}

TEST(C, ThreadsChangeNothing) {
  Rng rng(2);
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    for (const Config& config :
         {Config{.format = format, .slot_bytes = 80},
          Config{.format = format, .slot_bytes = 80, .order = Order::kSignificance},
          Config{.format = format, .lossless = true}}) {
      const auto values = MakeValues(Kind::kDropout, format, 100'001, rng);
      for (const uint32_t threads : {0U, 1U, 2U, 3U, std::numeric_limits<uint32_t>::max()}) {
        CheckBoth(values, config, threads, 1);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(C, ManyThreadsMayCallAtOnce) {
  Rng rng(3);
  const Config config{.slot_bytes = 64, .order = Order::kSignificance};
  const auto values = MakeValues(Kind::kGelu, config.format, 50'000, rng);
  std::vector<std::jthread> callers;
  callers.reserve(4);
  for (uint32_t i = 0; i < 4; ++i)
    callers.emplace_back([&, i] { CheckBoth(values, config, i, i); });
}

TEST(C, DamagedBlocksReadAsZeroAndAreCounted) {
  Rng rng(4);
  for (const bool lossless : {false, true}) {
    const Config config{.lossless = lossless};
    auto tensor = *actplane::Compress(MakeValues(Kind::kNormal, config.format, 700, rng), config);
    std::vector<uint32_t> starts(tensor.offsets.begin(), tensor.offsets.end());
    for (const uint64_t i : {1U, 4U}) {  // an exponent of all ones
      tensor.slots[lossless ? starts[i] : i * config.slot_bytes] = std::byte{0xff};
    }
    const DecompressedTensor expected = *actplane::Decompress(tensor);
    ASSERT_EQ(expected.malformed_blocks, 2U);
    const actplane_config c = FromModel(config);
    std::vector<std::byte> out(expected.values.size(), kCanary);
    uint64_t malformed = 0;
    const auto decompress = [&](uint64_t* count) {
      return actplane_decompress(&c, tensor.slots.data(), tensor.slots.size(),
                                 lossless ? starts.data() : nullptr, out.data(), 700, count);
    };
    EXPECT_EQ(decompress(&malformed), ACTPLANE_OK);
    EXPECT_EQ(malformed, 2U);
    EXPECT_EQ(out, expected.values);
    std::ranges::fill(out, kCanary);
    EXPECT_EQ(decompress(nullptr), ACTPLANE_BAD_INPUT);
    EXPECT_THAT(actplane_last_error(), HasSubstr("2 of 6 blocks are damaged"));
    EXPECT_EQ(out, expected.values);  // after everything has been decoded
  }
}

TEST(C, InitIsTheDefaultOfTheHeader) {
  actplane_config c;
  std::memset(&c, 0xff, sizeof(c));
  actplane_config_init(&c);
  EXPECT_EQ(c.size, sizeof(c));
  EXPECT_EQ(c.format, ACTPLANE_FP32);
  EXPECT_EQ(c.order, ACTPLANE_SIGNIFICANCE);
  EXPECT_EQ(c.block_len, 128U);
  EXPECT_EQ(c.slot_bytes, 160U);
  EXPECT_EQ(c.lossless, 0U);
  EXPECT_EQ(c.fill, ACTPLANE_MIDPOINT);
  EXPECT_EQ(c.delta_cap, 0U);
  EXPECT_EQ(c.group_len, 4U);
  EXPECT_EQ(c.row_limit, 16U);
  EXPECT_EQ(c.threads, 0U);
  actplane_config_init(nullptr);
  EXPECT_THAT(actplane_last_error(), HasSubstr("config is NULL"));
  actplane_config_init(&c);
  EXPECT_STREQ(actplane_last_error(), "");
}

// What programs that are compiled rely on: a change of it is a new ABI.
TEST(C, AbiZeroIsWhatItWas) {
  EXPECT_EQ(sizeof(actplane_config), 44U);
  EXPECT_EQ(offsetof(actplane_config, size), 0U);
  EXPECT_EQ(offsetof(actplane_config, format), 4U);
  EXPECT_EQ(offsetof(actplane_config, order), 8U);
  EXPECT_EQ(offsetof(actplane_config, block_len), 12U);
  EXPECT_EQ(offsetof(actplane_config, slot_bytes), 16U);
  EXPECT_EQ(offsetof(actplane_config, lossless), 20U);
  EXPECT_EQ(offsetof(actplane_config, fill), 24U);
  EXPECT_EQ(offsetof(actplane_config, delta_cap), 28U);
  EXPECT_EQ(offsetof(actplane_config, group_len), 32U);
  EXPECT_EQ(offsetof(actplane_config, row_limit), 36U);
  EXPECT_EQ(offsetof(actplane_config, threads), 40U);
  EXPECT_EQ(ACTPLANE_FP16, 1);
  EXPECT_EQ(ACTPLANE_BF16, 2);
  EXPECT_EQ(ACTPLANE_SIGNIFICANCE, 1);
  EXPECT_EQ(ACTPLANE_ZERO, 1);
  EXPECT_EQ(ACTPLANE_INVALID_CONFIG, 1);
  EXPECT_EQ(ACTPLANE_BAD_INPUT, 2);
  EXPECT_EQ(ACTPLANE_NO_ROOM, 3);
  EXPECT_EQ(ACTPLANE_NO_MEMORY, 4);
  EXPECT_EQ(ACTPLANE_INTERNAL, 5);
  EXPECT_EQ(actplane_abi_version(), 0U);
  EXPECT_EQ(actplane_abi_version(), ACTPLANE_ABI_VERSION);
  EXPECT_EQ(actplane_format_version(), kFormatVersion);
  EXPECT_TRUE(std::regex_match(actplane_version(), std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")));
}

TEST(C, RatioIsTheLargestSlotThatReachesIt) {
  Rng rng(5);
  for (int i = 0; i < 2000; ++i) {
    Config config = RandomConfig(rng);
    config.lossless = false;
    const double block = BlockBytes(config);
    const uint32_t least = MinSlotBytes(config);
    const uint32_t most = MaxSlotBytes(config);
    const uint32_t slot = least + rng.Below(most - least + 1);
    double ratio = block / slot;  // exactly one, or the next number
    if (rng.Chance(30) && slot > least) ratio = std::nextafter(ratio, 1e9);
    if (rng.Chance(50)) {
      ratio = std::min(block / least, block / most * std::pow(1.0 * most / least, rng.Uniform()));
    }
    actplane_config c = FromModel(config);
    ASSERT_EQ(actplane_config_set_ratio(&c, ratio), ACTPLANE_OK) << actplane_last_error();
    ASSERT_GE(block / c.slot_bytes, ratio);
    ASSERT_TRUE(c.slot_bytes == most || block / (c.slot_bytes + 1) < ratio)
        << ratio << " " << c.slot_bytes;
    uint64_t bytes = 0;
    ASSERT_EQ(actplane_slots_bytes(&c, 1, &bytes), ACTPLANE_OK) << actplane_last_error();
  }
  actplane_config c;
  actplane_config_init(&c);
  ASSERT_EQ(actplane_config_set_ratio(&c, 8), ACTPLANE_OK);
  EXPECT_EQ(c.slot_bytes, 64U);
}

TEST(C, ImpossibleRatiosNameTheBoundsAndTheBoundsAreTaken) {
  Rng rng(6);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 200; ++i) {
    Config config = RandomConfig(rng);
    config.lossless = false;
    const actplane_config before = FromModel(config);
    for (const double ratio :
         {0.0, -8.0, 0.2, 1e4, kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
      actplane_config c = before;
      ASSERT_EQ(actplane_config_set_ratio(&c, ratio), ACTPLANE_INVALID_CONFIG);
      ASSERT_EQ(std::memcmp(&c, &before, sizeof(c)), 0);  // unchanged
    }
    std::cmatch bounds;
    ASSERT_TRUE(std::regex_search(actplane_last_error(), bounds,
                                  std::regex("use ([0-9.]+) to ([0-9.]+) \\(")))
        << actplane_last_error();
    for (const auto& bound : {bounds[1], bounds[2]}) {
      actplane_config c = before;
      EXPECT_EQ(actplane_config_set_ratio(&c, std::stod(bound)), ACTPLANE_OK)
          << actplane_last_error();
    }
  }
}

// A complaint that a call must make. `call` gets memory that fits the configuration: values of 300
// numbers, slots, boundaries.
struct Fault {
  const char* name;
  std::function<void(actplane_config&)> change;
  actplane_status status;
  const char* message;
};

class CConfig : public ::testing::TestWithParam<Fault> {};

TEST_P(CConfig, IsRefusedByEveryFunctionAndNothingIsWritten) {
  actplane_config c;
  actplane_config_init(&c);
  c.threads = 1;
  GetParam().change(c);
  const actplane_config before = c;
  Fenced values(1200);
  Fenced slots(4096);
  uint64_t number = 77;
  const auto check = [&](int status) {
    EXPECT_EQ(status, GetParam().status);
    EXPECT_THAT(actplane_last_error(), HasSubstr(GetParam().message));
    EXPECT_THAT(actplane_last_error(), ::testing::Not(HasSubstr("\n")));
    EXPECT_EQ(number, 77U);
    EXPECT_TRUE(values.Untouched());
    EXPECT_TRUE(slots.Untouched());
  };
  check(actplane_slots_bytes(&c, 300, &number));
  check(actplane_compress(&c, values.data(), 300, slots.data(), 4096, &number, nullptr));
  check(actplane_decompress(&c, slots.data(), 480, nullptr, values.data(), 300, &number));
  if (std::string_view(GetParam().name) != "Slot") check(actplane_config_set_ratio(&c, 8));
  EXPECT_EQ(std::memcmp(&c, &before, sizeof(c)), 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, CConfig,
    ::testing::Values(
        Fault{"Smaller", [](auto& c) { c.size = 40; }, ACTPLANE_INVALID_CONFIG,
              "this library is ABI 0, whose actplane_config has size 44, not 40: call "
              "actplane_config_init, or recompile against its header"},
        Fault{"Larger", [](auto& c) { c.size = 48; }, ACTPLANE_INVALID_CONFIG,
              "recompile against its header"},
        Fault{"NeverInitialised", [](auto& c) { c.size = 0; }, ACTPLANE_INVALID_CONFIG,
              "call actplane_config_init"},
        Fault{"Format", [](auto& c) { c.format = 3; }, ACTPLANE_INVALID_CONFIG,
              "unknown format 3: use ACTPLANE_FP32, ACTPLANE_FP16 or ACTPLANE_BF16"},
        Fault{"FormatBeyondAByte", [](auto& c) { c.format = 256; }, ACTPLANE_INVALID_CONFIG,
              "unknown format 256"},
        Fault{"Order", [](auto& c) { c.order = 257; }, ACTPLANE_INVALID_CONFIG,
              "unknown order 257: use ACTPLANE_FIELD or ACTPLANE_SIGNIFICANCE"},
        Fault{"Fill", [](auto& c) { c.fill = 256; }, ACTPLANE_INVALID_CONFIG,
              "unknown fill 256: use ACTPLANE_MIDPOINT or ACTPLANE_ZERO"},
        Fault{"LosslessNumber", [](auto& c) { c.lossless = 2; }, ACTPLANE_INVALID_CONFIG,
              "lossless is 2: use 1 for lossless mode, 0 for fixed mode"},
        Fault{"LosslessOrder", [](auto& c) { c.lossless = 1; }, ACTPLANE_INVALID_CONFIG,
              "lossless mode has order field only"},
        Fault{"Block", [](auto& c) { c.block_len = 0; }, ACTPLANE_INVALID_CONFIG,
              "use 32, 64, 128 or 256"},
        Fault{"Group", [](auto& c) { c.group_len = 0; }, ACTPLANE_INVALID_CONFIG, "use 4 or 8"},
        Fault{"Rows", [](auto& c) { c.row_limit = 25; }, ACTPLANE_INVALID_CONFIG, "use 8 to 24"},
        Fault{"DeltaCap", [](auto& c) { c.delta_cap = 10; }, ACTPLANE_INVALID_CONFIG,
              "use 0 (none) to 9"},
        Fault{"Slot", [](auto& c) { c.slot_bytes = 3; }, ACTPLANE_INVALID_CONFIG,
              "use 4 to 327 bytes"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(C, NoConfigurationIsRefused) {
  std::byte memory[512];
  uint64_t number = 0;
  EXPECT_EQ(actplane_config_set_ratio(nullptr, 8), ACTPLANE_INVALID_CONFIG);
  EXPECT_EQ(actplane_slots_bytes(nullptr, 1, &number), ACTPLANE_INVALID_CONFIG);
  EXPECT_EQ(actplane_compress(nullptr, memory, 1, memory, 1, &number, nullptr),
            ACTPLANE_INVALID_CONFIG);
  EXPECT_EQ(actplane_decompress(nullptr, memory, 1, nullptr, memory, 1, &number),
            ACTPLANE_INVALID_CONFIG);
  EXPECT_THAT(actplane_last_error(),
              HasSubstr("config is NULL: pass one that actplane_config_init has filled in"));
}

// A configuration of a shorter version lies at the end of memory: nothing behind its size is read.
TEST(C, AShorterConfigurationIsNotReadBeyondItsEnd) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* const memory =
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(static_cast<std::byte*>(memory) + page, page, PROT_NONE), 0);
  std::byte* const at = static_cast<std::byte*>(memory) + page - sizeof(uint32_t);
  const uint32_t size = sizeof(uint32_t);
  std::memcpy(at, &size, sizeof(size));
  uint64_t bytes = 0;
  EXPECT_EQ(actplane_slots_bytes(reinterpret_cast<const actplane_config*>(at), 1, &bytes),
            ACTPLANE_INVALID_CONFIG);
  munmap(memory, 2 * page);
}

// What compress is given, for one fault at a time.
class CCompress : public ::testing::TestWithParam<bool> {
 protected:
  CCompress() {
    config = FromModel({.lossless = GetParam()});
    actplane_slots_bytes(&config, kCount, &room);
    if (GetParam()) starts = boundaries.data();
  }
  void Refused(actplane_status status, const char* message) {
    const auto boundaries_before = boundaries;
    EXPECT_EQ(actplane_compress(&config, in, count, out, room, bytes, starts), status);
    EXPECT_THAT(actplane_last_error(), HasSubstr(message));
    EXPECT_THAT(actplane_last_error(), ::testing::Not(HasSubstr("\n")));
    EXPECT_TRUE(values.Untouched());
    EXPECT_TRUE(slots.Untouched());
    EXPECT_EQ(boundaries, boundaries_before);
    EXPECT_EQ(number, 77U);
  }

  static constexpr uint64_t kCount = 300;
  actplane_config config;
  Fenced values{kCount * 4};
  Fenced slots{4096};
  std::vector<uint32_t> boundaries = std::vector<uint32_t>(5, 0xa5a5a5a5);
  uint64_t number = 77;
  const void* in = values.data();
  uint64_t count = kCount;
  void* out = slots.data();
  uint64_t room = 0;
  uint64_t* bytes = &number;
  uint32_t* starts = nullptr;
};

TEST_P(CCompress, RefusesNullPointers) {
  in = nullptr;
  Refused(ACTPLANE_BAD_INPUT, "values is NULL: pass memory of 1200 bytes");
  in = values.data();
  out = nullptr;
  Refused(ACTPLANE_BAD_INPUT, "slots is NULL: pass memory of ");
  out = slots.data();
  bytes = nullptr;
  Refused(ACTPLANE_BAD_INPUT, "bytes is NULL: pass the address of a uint64_t");
}

TEST_P(CCompress, RefusesRoomThatIsTooSmall) {
  const uint64_t need = room;
  for (const uint64_t less : {need - 1, uint64_t{0}}) {
    room = less;
    Refused(ACTPLANE_NO_ROOM, fmt::format("room for {} bytes of slots: 300 values need {}, ask "
                                          "actplane_slots_bytes",
                                          less, need)
                                  .c_str());
  }
}

TEST_P(CCompress, RefusesBoundariesOfTheOtherMode) {
  starts = GetParam() ? nullptr : boundaries.data();
  Refused(ACTPLANE_BAD_INPUT,
          GetParam()
              ? "boundaries is NULL: lossless mode needs one entry more than there are blocks"
              : "boundaries belong to lossless mode: pass NULL in fixed mode");
}

TEST_P(CCompress, RefusesMemoryThatOverlaps) {
  in = slots.data() + room - 1;
  Refused(ACTPLANE_BAD_INPUT, "values and slots overlap: pass memory of its own for each");
  in = slots.data();
  Refused(ACTPLANE_BAD_INPUT, "values and slots overlap");
  out = values.data() + 1199;
  in = values.data();
  Refused(ACTPLANE_BAD_INPUT, "values and slots overlap");
  if (!GetParam()) return;
  out = slots.data();
  starts = reinterpret_cast<uint32_t*>(slots.data());
  Refused(ACTPLANE_BAD_INPUT, "slots and boundaries overlap");
  starts = reinterpret_cast<uint32_t*>(values.data());
  Refused(ACTPLANE_BAD_INPUT, "values and boundaries overlap");
}

TEST_P(CCompress, TakesMemoryThatIsNextToEachOther) {
  Fenced both(1200 + room);
  EXPECT_EQ(actplane_compress(&config, both.data(), count, both.data() + 1200, room, bytes, starts),
            ACTPLANE_OK)
      << actplane_last_error();
}

TEST_P(CCompress, MoreRoomThanNeededStaysAsItIs) {
  const uint64_t need = room;
  room = 4096;
  EXPECT_EQ(actplane_compress(&config, in, count, out, room, bytes, starts), ACTPLANE_OK);
  EXPECT_THAT(slots.span().subspan(need), Each(kCanary));
}

TEST_P(CCompress, RefusesCountsBeyondMemory) {
  for (const uint64_t many :
       {uint64_t{1} << 61, uint64_t{1} << 62, uint64_t{1} << 63, UINT64_MAX}) {
    count = many;
    room = UINT64_MAX;
    Refused(ACTPLANE_BAD_INPUT, "values are more than memory can have");
    EXPECT_EQ(actplane_slots_bytes(&config, many, &number), ACTPLANE_BAD_INPUT);
    EXPECT_EQ(actplane_decompress(&config, slots.data(), UINT64_MAX, starts, values.data(), many,
                                  nullptr),
              ACTPLANE_BAD_INPUT);
    EXPECT_EQ(number, 77U);
  }
}

TEST_P(CCompress, RefusesMemoryThatWrapsAround) {
  in = reinterpret_cast<const void*>(UINTPTR_MAX - 100);
  Refused(ACTPLANE_BAD_INPUT, "values ends behind the last address");
}

TEST_P(CCompress, TakesNoValues) {
  EXPECT_EQ(actplane_compress(&config, nullptr, 0, nullptr, 0, bytes, starts), ACTPLANE_OK)
      << actplane_last_error();
  EXPECT_EQ(number, 0U);
  if (GetParam()) {
    EXPECT_EQ(boundaries[0], 0U);
  }
  EXPECT_EQ(actplane_decompress(&config, nullptr, 0, starts, nullptr, 0, nullptr), ACTPLANE_OK)
      << actplane_last_error();
  EXPECT_EQ(actplane_slots_bytes(&config, 0, bytes), ACTPLANE_OK);
  EXPECT_EQ(number, 0U);
}

INSTANTIATE_TEST_SUITE_P(Modes, CCompress, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Lossless" : "Fixed"; });

TEST(C, LosslessModeRefusesWhatMayTake4GiB) {
  const actplane_config c = FromModel({.lossless = true});
  const uint64_t slot = MaxSlotBytes({.lossless = true});
  const uint64_t most = UINT32_MAX / slot * 128;
  uint64_t bytes = 0;
  EXPECT_EQ(actplane_slots_bytes(&c, most, &bytes), ACTPLANE_OK) << actplane_last_error();
  EXPECT_LE(bytes, UINT32_MAX);
  EXPECT_EQ(actplane_slots_bytes(&c, most + 1, &bytes), ACTPLANE_BAD_INPUT);
  EXPECT_THAT(actplane_last_error(), HasSubstr(fmt::format("pass at most {} in one call", most)));
  const actplane_config fixed = FromModel({});
  EXPECT_EQ(actplane_slots_bytes(&fixed, uint64_t{1} << 40, &bytes), ACTPLANE_OK);
  EXPECT_EQ(bytes, (uint64_t{1} << 33) * 160);
}

TEST(C, DecompressRefusesWhatDoesNotFitAndNothingIsWritten) {
  Rng rng(8);
  const Config model{.lossless = true};
  const auto tensor = *actplane::Compress(MakeValues(Kind::kNormal, model.format, 300, rng), model);
  const std::vector<uint32_t> starts(tensor.offsets.begin(), tensor.offsets.end());
  Fenced out(1200);
  uint64_t malformed = 77;
  const auto refused = [&](const Config& config, const void* slots, uint64_t bytes,
                           const uint32_t* boundaries, void* values, const char* message) {
    const actplane_config c = FromModel(config);
    EXPECT_EQ(actplane_decompress(&c, slots, bytes, boundaries, values, 300, &malformed),
              ACTPLANE_BAD_INPUT);
    EXPECT_THAT(actplane_last_error(), HasSubstr(message));
    EXPECT_TRUE(out.Untouched());
    EXPECT_EQ(malformed, 77U);
  };
  const std::byte* slots = tensor.slots.data();
  const uint64_t size = tensor.slots.size();
  for (const uint64_t bytes : {0U, 479U, 481U}) {
    refused(
        {}, slots, bytes, nullptr, out.data(),
        fmt::format("{} bytes of slots: 300 values have 480, pass exactly these", bytes).c_str());
  }
  refused({}, nullptr, 480, nullptr, out.data(), "slots is NULL: pass memory of 480 bytes");
  refused({}, slots, 480, nullptr, nullptr, "values is NULL: pass memory of 1200 bytes");
  refused({}, slots, 480, starts.data(), out.data(), "pass NULL in fixed mode");
  refused({}, out.data() + 1199, 480, nullptr, out.data(), "slots and values overlap");
  refused(model, slots, size, nullptr, out.data(), "boundaries is NULL");
  refused(model, slots, size - 1, starts.data(), out.data(), "boundaries that do not cut");
  refused(model, slots, size, reinterpret_cast<uint32_t*>(out.data()), out.data(),
          "values and boundaries overlap");
  refused(model, slots, size,
          reinterpret_cast<const uint32_t*>(reinterpret_cast<const char*>(starts.data()) + 1),
          out.data(), "boundaries are not aligned");
  auto shuffled = starts;
  std::swap(shuffled[1], shuffled[2]);
  refused(model, slots, size, shuffled.data(), out.data(), "boundaries that do not cut");
}

TEST(C, EveryThreadHasItsOwnMessage) {
  actplane_config c;
  actplane_config_init(&c);
  EXPECT_EQ(actplane_config_set_ratio(&c, 1e99), ACTPLANE_INVALID_CONFIG);
  std::jthread([] {
    EXPECT_STREQ(actplane_last_error(), "");  // none yet
    actplane_config mine;
    actplane_config_init(&mine);
    mine.format = 9;
    EXPECT_EQ(actplane_config_set_ratio(&mine, 8), ACTPLANE_INVALID_CONFIG);
    EXPECT_THAT(actplane_last_error(), HasSubstr("unknown format 9"));
  }).join();
  EXPECT_THAT(actplane_last_error(), HasSubstr("ratio 1e+99"));
  EXPECT_STRNE(actplane_version(), "");
  EXPECT_EQ(actplane_abi_version(), 0U);
  EXPECT_EQ(actplane_format_version(), kFormatVersion);
  EXPECT_THAT(actplane_last_error(), HasSubstr("ratio 1e+99"));  // these four leave it
  EXPECT_EQ(actplane_config_set_ratio(&c, 8), ACTPLANE_OK);
  EXPECT_STREQ(actplane_last_error(), "");
}

TEST(C, NoExceptionComesOut) {
  c::Message message = "old";
  EXPECT_EQ(c::Guard(message, [] { return c::Answer{}; }), ACTPLANE_OK);
  EXPECT_STREQ(message, "");
  EXPECT_EQ(c::Guard(message, []() -> c::Answer { throw std::bad_alloc(); }), ACTPLANE_NO_MEMORY);
  EXPECT_THAT(message, HasSubstr("no memory left"));
  EXPECT_EQ(c::Guard(message, []() -> c::Answer { throw std::runtime_error("why"); }),
            ACTPLANE_INTERNAL);
  EXPECT_THAT(message, AllOf(HasSubstr("please report it"), HasSubstr("why")));
  EXPECT_EQ(c::Guard(message, []() -> c::Answer { throw 1; }), ACTPLANE_INTERNAL);
  EXPECT_THAT(message, HasSubstr("please report it"));
  EXPECT_EQ(c::Guard(message,
                     [] {
                       return c::Answer{ACTPLANE_BAD_INPUT, std::string(10'000, 'x')};
                     }),
            ACTPLANE_BAD_INPUT);
  EXPECT_EQ(std::strlen(message), c::kMessageBytes - 1);
}

// Neither copies of the input nor anything else that grows with it.
TEST(C, FixedModeAllocatesNothingThatGrows) {
  for (const uint32_t threads : {1U, 2U}) {
    actplane_config c;
    actplane_config_init(&c);
    c.threads = threads;
    uint64_t used[2] = {};
    for (int i = 0; i < 2; ++i) {
      const std::vector<float> values(i == 0 ? 1 << 12 : 1 << 21, 1.5F);
      uint64_t room = 0;
      ASSERT_EQ(actplane_slots_bytes(&c, values.size(), &room), ACTPLANE_OK);
      std::vector<std::byte> slots(room);
      std::vector<float> back(values.size());
      uint64_t bytes = 0;
      uint64_t malformed = 0;
      const uint64_t before = AllocatedBytes();
      ASSERT_EQ(
          actplane_compress(&c, values.data(), values.size(), slots.data(), room, &bytes, nullptr),
          ACTPLANE_OK);
      ASSERT_EQ(actplane_decompress(&c, slots.data(), bytes, nullptr, back.data(), back.size(),
                                    &malformed),
                ACTPLANE_OK);
      used[i] = AllocatedBytes() - before;
      ASSERT_EQ(back, values);
    }
    EXPECT_LT(used[1], used[0] + 4096) << threads << " threads";
  }
}

}  // namespace
}  // namespace actplane
