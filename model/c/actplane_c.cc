// SPDX-License-Identifier: Apache-2.0
// The C interface over the fast path: checks what C leaves unchecked, then calls it.
#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "actplane.h"
#include "actplane/fast.h"
#include "guard.h"

static_assert(ACTPLANE_ABI_VERSION == ACTP_SOVERSION, "the header and the soname differ");
static_assert(static_cast<uint32_t>(actplane::Format::kBf16) == ACTPLANE_BF16);
static_assert(static_cast<uint32_t>(actplane::Order::kSignificance) == ACTPLANE_SIGNIFICANCE);
static_assert(static_cast<uint32_t>(actplane::Fill::kZero) == ACTPLANE_ZERO);

namespace actplane::c {
namespace {

thread_local Message last_error = "";

constexpr actplane_config kDefaults = {.size = sizeof(actplane_config),
                                       .format = ACTPLANE_FP32,
                                       .order = ACTPLANE_SIGNIFICANCE,
                                       .block_len = kDefaultBlockLen,
                                       .slot_bytes = 160,
                                       .lossless = 0,
                                       .fill = ACTPLANE_MIDPOINT,
                                       .delta_cap = 0,
                                       .group_len = 4,
                                       .row_limit = 16,
                                       .threads = 0};

template <typename... Args>
Answer BadConfig(fmt::format_string<Args...> text, Args&&... args) {
  return {ACTPLANE_INVALID_CONFIG, fmt::format(text, std::forward<Args>(args)...)};
}

template <typename... Args>
Answer BadInput(fmt::format_string<Args...> text, Args&&... args) {
  return {ACTPLANE_BAD_INPUT, fmt::format(text, std::forward<Args>(args)...)};
}

Answer From(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return {};
    case StatusCode::kInvalidConfig: return {ACTPLANE_INVALID_CONFIG, status.message()};
    case StatusCode::kMismatch:
    case StatusCode::kBadInput:
    case StatusCode::kIo: break;
  }
  return {ACTPLANE_BAD_INPUT, status.message()};
}

// Every field but slot_bytes, which may be any number.
Answer ReadFields(const actplane_config* from, Config& config) {
  if (from == nullptr) {
    return {ACTPLANE_INVALID_CONFIG,
            "config is NULL: pass one that actplane_config_init has filled in"};
  }
  uint32_t size = 0;
  std::memcpy(&size, from, sizeof(size));
  if (size != sizeof(actplane_config)) {
    return BadConfig(
        "this library is ABI {}, whose actplane_config has size {}, not {}: call "
        "actplane_config_init, or recompile against its header",
        ACTPLANE_ABI_VERSION, sizeof(actplane_config), size);
  }
  if (from->format > ACTPLANE_BF16) {
    return BadConfig("unknown format {}: use ACTPLANE_FP32, ACTPLANE_FP16 or ACTPLANE_BF16",
                     from->format);
  }
  if (from->order > ACTPLANE_SIGNIFICANCE) {
    return BadConfig("unknown order {}: use ACTPLANE_FIELD or ACTPLANE_SIGNIFICANCE", from->order);
  }
  if (from->fill > ACTPLANE_ZERO) {
    return BadConfig("unknown fill {}: use ACTPLANE_MIDPOINT or ACTPLANE_ZERO", from->fill);
  }
  if (from->lossless > 1) {
    return BadConfig("lossless is {}: use 1 for lossless mode, 0 for fixed mode", from->lossless);
  }
  config = {.format = static_cast<Format>(from->format),
            .block_len = from->block_len,
            .lossless = from->lossless == 1,
            .slot_bytes = 0,
            .order = static_cast<Order>(from->order),
            .fill = static_cast<Fill>(from->fill),
            .delta_cap = from->delta_cap,
            .group_len = from->group_len,
            .row_limit = from->row_limit};
  Config legal = config;
  legal.slot_bytes = MinSlotBytes(config);
  return From(ValidateConfig(legal));
}

Answer Read(const actplane_config* from, Config& config) {
  if (Answer a = ReadFields(from, config); a.status != ACTPLANE_OK) return a;
  config.slot_bytes = from->slot_bytes;
  return From(ValidateConfig(config));
}

// A tensor of `count` values: how many bytes it has, its slots at most, and its blocks.
struct Sizes {
  size_t values = 0;
  size_t slots = 0;
  size_t blocks = 0;
};

Answer Measure(const Config& config, uint64_t count, Sizes& sizes) {
  constexpr uint64_t kMost = PTRDIFF_MAX;  // of one object in memory
  const uint64_t slot = config.lossless ? MaxSlotBytes(config) : config.slot_bytes;
  const uint64_t width = InfoOf(config.format).value_bytes;
  const uint64_t blocks = count / config.block_len + (count % config.block_len != 0 ? 1 : 0);
  if (count > kMost / width || blocks > kMost / slot) {
    return BadInput("{} values are more than memory can have: pass the number of values", count);
  }
  if (config.lossless && blocks > UINT32_MAX / slot) {
    return BadInput(
        "{} values may take 4 GiB and more in lossless mode: pass at most {} in one call", count,
        UINT32_MAX / slot * config.block_len);
  }
  sizes = {.values = count * width, .slots = blocks * slot, .blocks = blocks};
  return {};
}

// Bytes of the caller, and what the message calls them.
struct Memory {
  const char* name;
  const void* start;
  uint64_t bytes;
};

Answer CheckMemory(std::initializer_list<Memory> all) {
  for (const Memory& m : all) {
    if (m.start == nullptr && m.bytes != 0) {
      return BadInput("{} is NULL: pass memory of {} bytes", m.name, m.bytes);
    }
    if (m.bytes > UINTPTR_MAX - reinterpret_cast<uintptr_t>(m.start)) {
      return BadInput("{} ends behind the last address: pass memory of {} bytes", m.name, m.bytes);
    }
  }
  for (const Memory* a = all.begin(); a != all.end(); ++a) {
    for (const Memory* b = a + 1; b != all.end(); ++b) {
      const auto from_a = reinterpret_cast<uintptr_t>(a->start);
      const auto from_b = reinterpret_cast<uintptr_t>(b->start);
      if (a->bytes != 0 && b->bytes != 0 && from_a < from_b + b->bytes &&
          from_b < from_a + a->bytes) {
        return BadInput("{} and {} overlap: pass memory of its own for each", a->name, b->name);
      }
    }
  }
  return {};
}

Answer CheckBoundaries(const Config& config, const uint32_t* boundaries) {
  if (config.lossless && boundaries == nullptr) {
    return {ACTPLANE_BAD_INPUT,
            "boundaries is NULL: lossless mode needs one entry more than there are blocks"};
  }
  if (!config.lossless && boundaries != nullptr) {
    return {ACTPLANE_BAD_INPUT, "boundaries belong to lossless mode: pass NULL in fixed mode"};
  }
  if (reinterpret_cast<uintptr_t>(boundaries) % alignof(uint32_t) != 0) {
    return {ACTPLANE_BAD_INPUT, "boundaries are not aligned: pass an array of uint32_t"};
  }
  return {};
}

int ThreadsOf(const actplane_config* config) {
  return static_cast<int>(std::min<uint32_t>(config->threads, INT_MAX));
}

std::span<const std::byte> Bytes(const void* start, size_t count) {
  return {static_cast<const std::byte*>(start), count};
}

std::span<std::byte> Bytes(void* start, size_t count) {
  return {static_cast<std::byte*>(start), count};
}

Answer SetRatio(actplane_config* to, double ratio) {
  Config config;
  if (Answer a = ReadFields(to, config); a.status != ACTPLANE_OK) return a;
  if (config.lossless) {
    return {ACTPLANE_INVALID_CONFIG,
            "lossless mode has no ratio: set lossless to 0, or leave the ratio out"};
  }
  const double block = BlockBytes(config);
  const uint32_t least = MinSlotBytes(config);
  const uint32_t most = MaxSlotBytes(config);
  if (!(ratio >= block / most && ratio <= block / least)) {  // NaN is outside too
    // Rounded inwards: what the message names is taken.
    return BadConfig(
        "ratio {} is impossible for {} blocks of {} values in order {}: use {} to {} (slots of {} "
        "to {} bytes)",
        ratio, ToString(config.format), config.block_len, ToString(config.order),
        std::ceil(block / most * 1e4) / 1e4, std::floor(block / least * 1e4) / 1e4, least, most);
  }
  auto slot = static_cast<uint32_t>(block / ratio);  // right, or one off by rounding
  while (slot < most && block / (slot + 1) >= ratio) ++slot;
  while (slot > least && block / slot < ratio) --slot;
  to->slot_bytes = slot;
  return {};
}

Answer SlotsBytes(const actplane_config* from, uint64_t count, uint64_t* bytes) {
  Config config;
  Sizes sizes;
  if (Answer a = Read(from, config); a.status != ACTPLANE_OK) return a;
  if (bytes == nullptr) {
    return {ACTPLANE_BAD_INPUT, "bytes is NULL: pass the address of a uint64_t"};
  }
  if (Answer a = Measure(config, count, sizes); a.status != ACTPLANE_OK) return a;
  *bytes = sizes.slots;
  return {};
}

Answer Compress(const actplane_config* from, const void* values, uint64_t count, void* slots,
                uint64_t room, uint64_t* bytes, uint32_t* boundaries) {
  Config config;
  Sizes sizes;
  if (Answer a = Read(from, config); a.status != ACTPLANE_OK) return a;
  if (bytes == nullptr) {
    return {ACTPLANE_BAD_INPUT, "bytes is NULL: pass the address of a uint64_t"};
  }
  if (Answer a = CheckBoundaries(config, boundaries); a.status != ACTPLANE_OK) return a;
  if (Answer a = Measure(config, count, sizes); a.status != ACTPLANE_OK) return a;
  if (room < sizes.slots) {
    return {ACTPLANE_NO_ROOM,
            fmt::format("room for {} bytes of slots: {} values need {}, ask actplane_slots_bytes",
                        room, count, sizes.slots)};
  }
  const size_t entries = config.lossless ? sizes.blocks + 1 : 0;
  if (Answer a = CheckMemory({{"values", values, sizes.values},
                              {"slots", slots, sizes.slots},
                              {"boundaries", boundaries, entries * sizeof(uint32_t)}});
      a.status != ACTPLANE_OK) {
    return a;
  }
  const auto in = Bytes(values, sizes.values);
  const auto out = Bytes(slots, sizes.slots);
  const Status status =
      config.lossless
          ? fast::CompressBlocksLossless(in, config, out, {boundaries, entries}, ThreadsOf(from))
          : fast::CompressBlocks(in, config, out, ThreadsOf(from));
  if (!status.ok()) return From(status);
  *bytes = config.lossless ? boundaries[sizes.blocks] : sizes.slots;
  return {};
}

Answer Decompress(const actplane_config* from, const void* slots, uint64_t bytes,
                  const uint32_t* boundaries, void* values, uint64_t count, uint64_t* malformed) {
  Config config;
  Sizes sizes;
  if (Answer a = Read(from, config); a.status != ACTPLANE_OK) return a;
  if (Answer a = CheckBoundaries(config, boundaries); a.status != ACTPLANE_OK) return a;
  if (Answer a = Measure(config, count, sizes); a.status != ACTPLANE_OK) return a;
  if (!config.lossless && bytes != sizes.slots) {
    return BadInput("{} bytes of slots: {} values have {}, pass exactly these", bytes, count,
                    sizes.slots);
  }
  const size_t entries = config.lossless ? sizes.blocks + 1 : 0;
  if (Answer a = CheckMemory({{"slots", slots, bytes},
                              {"values", values, sizes.values},
                              {"boundaries", boundaries, entries * sizeof(uint32_t)}});
      a.status != ACTPLANE_OK) {
    return a;
  }
  const auto in = Bytes(slots, bytes);
  const auto out = Bytes(values, sizes.values);
  uint64_t bad = 0;
  const Status status = config.lossless
                            ? fast::DecompressBlocksLossless(in, {boundaries, entries}, config, out,
                                                             &bad, ThreadsOf(from))
                            : fast::DecompressBlocks(in, config, out, &bad, ThreadsOf(from));
  if (!status.ok()) return From(status);
  if (malformed != nullptr) {
    *malformed = bad;
  } else if (bad != 0) {
    return BadInput(
        "{} of {} blocks are damaged and read as 0: compress the tensor again, or pass `malformed` "
        "to go on without them",
        bad, sizes.blocks);
  }
  return {};
}

}  // namespace
}  // namespace actplane::c

using actplane::c::Guard;
using actplane::c::last_error;

void actplane_config_init(actplane_config* config) {
  Guard(last_error, [=]() -> actplane::c::Answer {
    if (config == nullptr) {
      return {ACTPLANE_INVALID_CONFIG, "config is NULL: pass the address of an actplane_config"};
    }
    *config = actplane::c::kDefaults;
    return {};
  });
}

int actplane_config_set_ratio(actplane_config* config, double ratio) {
  return Guard(last_error, [=] { return actplane::c::SetRatio(config, ratio); });
}

int actplane_slots_bytes(const actplane_config* config, uint64_t values, uint64_t* bytes) {
  return Guard(last_error, [=] { return actplane::c::SlotsBytes(config, values, bytes); });
}

int actplane_compress(const actplane_config* config, const void* values, uint64_t count,
                      void* slots, uint64_t room, uint64_t* bytes, uint32_t* boundaries) {
  return Guard(last_error, [=] {
    return actplane::c::Compress(config, values, count, slots, room, bytes, boundaries);
  });
}

int actplane_decompress(const actplane_config* config, const void* slots, uint64_t bytes,
                        const uint32_t* boundaries, void* values, uint64_t count,
                        uint64_t* malformed) {
  return Guard(last_error, [=] {
    return actplane::c::Decompress(config, slots, bytes, boundaries, values, count, malformed);
  });
}

const char* actplane_last_error() { return last_error; }

const char* actplane_version() { return ACTP_VERSION; }

uint32_t actplane_abi_version() { return ACTPLANE_ABI_VERSION; }

uint32_t actplane_format_version() { return actplane::kFormatVersion; }
