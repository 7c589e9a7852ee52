// SPDX-License-Identifier: Apache-2.0
// The golden model and the second decoder must agree on every slot: on the verdict of section 7 and
// on every bit of every value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdio>
#include <span>

#include "activations.h"
#include "actplane/codec.h"
#include "actplane/format.h"
#include "ref/ref_decoder.h"
#include "ref/slot_generator.h"
#include "support/clause.h"
#include "support/scale.h"

namespace actplane::ref {
namespace {

using testing_support::Scaled;

Config GoldenConfig(const RefConfig& c, size_t slot_bytes) {
  Config golden;
  golden.format = c.man_bits == 23   ? Format::kFp32
                  : c.man_bits == 10 ? Format::kFp16
                                     : Format::kBf16;
  golden.block_len = static_cast<uint32_t>(c.block_len);
  golden.lossless = c.lossless;
  golden.slot_bytes = static_cast<uint32_t>(slot_bytes);
  golden.order = c.significance ? Order::kSignificance : Order::kField;
  golden.fill = c.midpoint ? Fill::kMidpoint : Fill::kZero;
  golden.group_len = static_cast<uint32_t>(c.group_len);
  golden.row_limit = static_cast<uint32_t>(c.row_limit);
  return golden;
}

// F-2.1: little-endian in memory.
std::vector<std::byte> ToMemory(const std::vector<uint32_t>& patterns, int value_bytes) {
  std::vector<std::byte> memory;
  for (const uint32_t pattern : patterns) {
    for (int b = 0; b < value_bytes; ++b) {
      memory.push_back(static_cast<std::byte>((pattern >> (8 * b)) & 255U));
    }
  }
  return memory;
}

std::string Hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    char two[4];
    std::snprintf(two, sizeof two, "%02x ", std::to_integer<unsigned>(b));
    text += two;
  }
  return text;
}

struct Verdict {
  bool malformed = false;
  RefResult ref;
};

// Decodes with both and compares; everything needed to repeat a difference is in the message.
Verdict DecodeWithBoth(const std::vector<uint8_t>& slot, const RefConfig& c) {
  const Config golden = GoldenConfig(c, slot.size());
  const std::span<const std::byte> bytes = std::as_bytes(std::span(slot));
  Verdict verdict;
  verdict.ref = DecodeSlot(slot, c);
  const std::vector<std::byte> want = ToMemory(verdict.ref.patterns, c.value_bytes);
  // Old contents that a decoder must not leave behind.
  std::vector<std::byte> values(want.size(), std::byte{0xA5});
  verdict.malformed = DecompressBlock(bytes, golden, values) != Malformed::kNone;
  const auto context = [&] {
    return "E " + std::to_string(c.exp_bits) + " M " + std::to_string(c.man_bits) + " N " +
           std::to_string(c.block_len) + " K " + std::to_string(c.group_len) + " R " +
           std::to_string(c.row_limit) + (c.lossless ? " lossless" : " fixed") +
           (c.significance ? " significance" : " field") + (c.midpoint ? " midpoint" : " zero") +
           "\nref: " + (verdict.ref.malformed ? verdict.ref.reason : "legal") +
           "\nslot: " + Hex(bytes) + "\nref:    " + Hex(want) + "\ngolden: " + Hex(values);
  };
  EXPECT_EQ(verdict.malformed, verdict.ref.malformed) << context();
  EXPECT_EQ(values, want) << context();
  return verdict;
}

// Of a campaign the first few differences are enough.
bool Enough() { return ::testing::Test::HasFailure(); }

TEST(CrossDecoder, BoundsOfT) {
  ACTP_CLAUSE("F-2.6");
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    RefConfig c = RandomConfig(random);
    c.lossless = false;
    const Config golden = GoldenConfig(c, 0);
    const auto smallest = static_cast<uint32_t>(SmallestSlotBytes(c));
    const auto largest = static_cast<uint32_t>(LargestSlotBytes(c));
    EXPECT_EQ(MinSlotBytes(golden), smallest);
    EXPECT_EQ(MaxSlotBytes(golden), largest);
    EXPECT_TRUE(ValidateConfig(GoldenConfig(c, smallest)).ok());
    EXPECT_TRUE(ValidateConfig(GoldenConfig(c, largest)).ok());
    EXPECT_FALSE(ValidateConfig(GoldenConfig(c, smallest - 1)).ok());
    EXPECT_FALSE(ValidateConfig(GoldenConfig(c, largest + 1)).ok());
  }
}

std::vector<uint8_t> Encode(const std::vector<uint32_t>& block, const Config& golden, int room,
                            int value_bytes) {
  std::vector<uint8_t> slot(static_cast<size_t>(room), 0xEE);
  slot.resize(
      CompressBlock(ToMemory(block, value_bytes), golden, std::as_writable_bytes(std::span(slot))));
  return slot;
}

TEST(CrossDecoder, EncodedSlots) {
  ACTP_CLAUSE("F-2.5", "F-2.8", "F-3.13", "F-3.14", "F-4.5", "F-5.2", "F-6.1", "F-6.13", "F-7.5");
  uint64_t exact = 0;
  uint64_t twice = 0;
  const uint64_t count = Scaled(2'000'000);
  for (uint64_t seed = 0; seed < count && !Enough(); ++seed) {
    Random random(seed);
    const RefConfig c = RandomConfig(random);
    const int low = SmallestSlotBytes(c);
    const int high = LargestSlotBytes(c);
    const int raw = std::min(high, c.block_len * c.value_bytes);
    const int size = c.lossless ? high
                                : random.Pick({low, high, random.Between(low, high),
                                               random.Between(low, std::max(low, raw / 2)),
                                               random.Between(low, low + (high - low) / 4)});
    Config golden = GoldenConfig(c, static_cast<size_t>(size));
    if (!c.significance && random.Chance(30)) {
      golden.delta_cap = static_cast<uint32_t>(random.Between(1, c.exp_bits + 1));
    }
    ASSERT_TRUE(ValidateConfig(golden).ok());
    const std::vector<uint32_t> block = RandomBlock(random, c);
    const std::vector<uint8_t> slot = Encode(block, golden, size, c.value_bytes);
    ASSERT_TRUE(c.lossless ? slot.size() <= static_cast<size_t>(size)
                           : slot.size() == static_cast<size_t>(size));
    const Verdict verdict = DecodeWithBoth(slot, c);
    EXPECT_FALSE(verdict.malformed) << "seed " << seed;
    const auto zero = [&](size_t from, size_t to) {
      for (size_t b = from; b < to; ++b) {
        ASSERT_EQ(slot[b / 8] >> (b % 8) & 1, 0) << "seed " << seed << " bit " << b;
      }
    };
    zero(verdict.ref.used_bits, 8 * slot.size());
    if (c.lossless || verdict.ref.exact) {
      EXPECT_EQ(verdict.ref.patterns, block) << "seed " << seed;
      ++exact;
    }
    // F-3.14, F-6.13: loss happens once. Bits 14 and 15 of a slot of order field are X and F.
    if (c.significance || (c.midpoint && (slot[1] & 0xC0) == 0)) {
      const std::vector<uint8_t> again = Encode(verdict.ref.patterns, golden, size, c.value_bytes);
      EXPECT_EQ(DecodeWithBoth(again, c).ref.patterns, verdict.ref.patterns) << "seed " << seed;
      ++twice;
    }
    // F-5.2: of order significance also the bits between codes and rows.
    const int width = c.significance ? slot[0] & 7 : 7;
    const int groups = c.block_len / c.group_len;
    const int codes = 24 + groups * width + ((slot[0] >> 4 & 3) == 3 ? groups : 0);
    if (width <= 4) zero(static_cast<size_t>(codes), static_cast<size_t>((codes + 7) / 8 * 8));
  }
  RecordProperty("slots", std::to_string(count));
  RecordProperty("exact", std::to_string(exact));
  RecordProperty("twice", std::to_string(twice));
}

TEST(CrossDecoder, LegalSlotsThatNoEncoderMakes) {
  ACTP_CLAUSE("F-2.8", "F-3.4", "F-3.7", "F-3.10", "F-3.12", "F-5.3", "F-5.4", "F-5.8", "F-5.9",
              "F-5.13", "F-7.5");
  const uint64_t count = Scaled(3'000'000);
  for (uint64_t seed = 0; seed < count && !Enough(); ++seed) {
    Random random(seed);
    const RefConfig c = RandomConfig(random);
    const Verdict verdict = DecodeWithBoth(LegalSlot(random, c), c);
    EXPECT_FALSE(verdict.malformed) << "seed " << seed;
  }
  RecordProperty("slots", std::to_string(count));
}

TEST(CrossDecoder, MalformedSlots) {
  ACTP_CLAUSE("F-7.1", "F-7.2", "F-7.3", "F-7.4");
  const uint64_t count = Scaled(1'500'000);
  std::vector<uint64_t> seen(static_cast<size_t>(Defect::kCount), 0);
  for (uint64_t seed = 0; seed < count && !Enough(); ++seed) {
    Random random(seed);
    RefConfig c = RandomConfig(random);
    auto defect = Defect::kCount;
    while (defect == Defect::kCount || !Applies(defect, c)) {
      defect = static_cast<Defect>(random.Below(static_cast<int>(Defect::kCount)));
    }
    ++seen[static_cast<size_t>(defect)];
    const Verdict verdict = DecodeWithBoth(MakeMalformed(random, c, defect).slot, c);
    EXPECT_TRUE(verdict.malformed) << "seed " << seed;
    EXPECT_THAT(verdict.ref.patterns, ::testing::Each(0U)) << "seed " << seed;
  }
  EXPECT_THAT(seen, ::testing::Each(::testing::Gt(0U)));
  RecordProperty("slots", std::to_string(count));
}

// F-7.4: what a malformed slot leaves behind does not reach the next one.
TEST(CrossDecoder, ALegalSlotAfterAMalformedOne) {
  ACTP_CLAUSE("F-7.4");
  for (uint64_t seed = 0; seed < Scaled(100'000) && !Enough(); ++seed) {
    Random random(seed);
    RefConfig c = RandomConfig(random);
    c.lossless = !c.significance;
    const std::vector<uint8_t> slot = LegalSlot(random, c);
    const Defect defect = c.significance ? Defect::kRowBeyond : Defect::kLosslessTooLong;
    EXPECT_TRUE(DecodeWithBoth(MakeMalformed(random, c, defect).slot, c).malformed);
    EXPECT_FALSE(DecodeWithBoth(slot, c).malformed) << "seed " << seed;
  }
}

TEST(CrossDecoder, RandomBytes) {
  ACTP_CLAUSE("F-7.1", "F-7.2", "F-7.3", "F-7.5");
  const uint64_t count = Scaled(2'000'000);
  uint64_t legal = 0;
  for (uint64_t seed = 0; seed < count && !Enough(); ++seed) {
    Random random(seed);
    const RefConfig c = RandomConfig(random);
    if (!DecodeWithBoth(RandomSlot(random, c), c).malformed) ++legal;
  }
  EXPECT_GT(legal, count / 20);
  RecordProperty("slots", std::to_string(count));
  RecordProperty("legal", std::to_string(legal));
}

}  // namespace
}  // namespace actplane::ref
