// SPDX-License-Identifier: Apache-2.0
// What the tests of the compressor's first half share: configurations as ports hold them, blocks as
// chunks, blocks that order significance finds hard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "actplane/significance_order.h"
#include "rtl_test.h"

namespace actplane::rtl_test {

// actp_pkg::limit_format: a format in the code of actp_pkg.
inline uint32_t FormatCode(Format format, uint32_t formats) {
  const bool fp16 = BitOf(formats, 1) != 0 && (format == Format::kFp16 || BitOf(formats, 0) == 0);
  const bool bf16 = BitOf(formats, 2) != 0 && (format == Format::kBf16 || (formats & 3) == 0);
  return (fp16 ? 1U : 0U) | (bf16 ? 2U : 0U);
}

// actp_pkg::config_t.
inline uint32_t PackConfig(const Config& c, uint32_t formats) {
  uint32_t word = FormatCode(c.format, formats);
  word = word << 1 | (c.order == Order::kSignificance ? 1U : 0U);
  word = word << 1 | (c.lossless ? 1U : 0U);
  word = word << 11 | (c.slot_bytes & 2047U);
  word = word << 4 | (c.delta_cap & 15U);
  word = word << 5 | (c.row_limit & 31U);
  return word << 2;  // fill_zero, bad
}

// actp_pkg::plan_t, first field first.
struct Plan {
  uint32_t config, bytes, front_bytes, whole, saturated, base, width, zero_code, special;
  uint32_t flush_below, sign_stored, stored, rows, more, plain, pair, form, q, j;
};
template <class Port>
Plan PlanOf(const Port& port) {
  uint32_t at = 27 + 11 + 6 + 1 + 1 + 8 + 4 + 1 + 1 + 8 + 1 + 23 + 6 + 6 + 1 + 1 + 2 + 5 + 5;
  const auto take = [&](uint32_t bits) {
    at -= bits;
    return static_cast<uint32_t>(GetBits(port, at, bits));
  };
  Plan p = {};
  p.config = take(27);
  p.bytes = take(11);
  p.front_bytes = take(6);
  p.whole = take(1);
  p.saturated = take(1);
  p.base = take(8);
  p.width = take(4);
  p.zero_code = take(1);
  p.special = take(1);
  p.flush_below = take(8);
  p.sign_stored = take(1);
  p.stored = take(23);
  p.rows = take(6);
  p.more = take(6);
  p.plain = take(1);
  p.pair = take(1);
  p.form = take(2);
  p.q = take(5);
  p.j = take(5);
  return p;
}

// A chunk of a block, as bytes.
inline std::vector<std::byte> ChunkBytes(const Block& block, uint32_t chunk, uint32_t core_width) {
  const std::vector<uint32_t> patterns(block.patterns.begin(), block.patterns.begin() + block.n);
  const auto bytes = testing_support::ToBytes(patterns, block.format);
  const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(chunk * core_width / 8);
  return {from, from + core_width / 8};
}
inline uint32_t ChunksOf(Format format, uint32_t n, uint32_t core_width) {
  return n * InfoOf(format).value_bytes * 8 / core_width;
}

// Blocks of which the groups differ: each of a kind of its own, or far apart, or of few bits.
inline Block MixedBlock(Format format, uint32_t n, Rng& rng) {
  Block block = RandomBlock(format, n, rng);
  const FormatInfo info = InfoOf(format);
  const uint32_t style = rng.Below(6);
  for (uint32_t at = 0; at < n; at += 4) {
    if (style < 3 && rng.OneIn(3)) {
      const Block other = RandomBlock(format, n, rng);
      std::copy_n(other.patterns.begin(), 4, block.patterns.begin() + at);
    }
    for (uint32_t i = at; i < at + 4; ++i) {
      uint32_t& p = block.patterns[i];
      if (style == 3) p = static_cast<uint32_t>(rng.Next()) & LowMask32(8 * info.value_bytes);
      if (style == 4) p &= ~LowMask32(rng.Below(info.man_bits + 1));
      if (style == 5) p = rng.OneIn(2) ? block.patterns[0] : block.patterns[n - 1];
    }
  }
  if (style == 4 || (style == 5 && rng.OneIn(2))) {  // exponents that lie close
    const uint32_t base = 1 + rng.Below(info.exp_max - 1);
    const uint32_t spread = 1 + rng.Below(40);
    for (uint32_t i = 0; i < n; ++i) {
      const uint32_t down = rng.Below(spread);
      const uint32_t e = base > down ? base - down : 0;
      const uint32_t keep = ~(info.exp_max << info.man_bits);
      block.patterns[i] = (block.patterns[i] & keep) | e << info.man_bits;
    }
  }
  return block;
}

}  // namespace actplane::rtl_test
