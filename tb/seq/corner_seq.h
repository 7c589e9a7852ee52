// SPDX-License-Identifier: Apache-2.0
// CornerSeq: directed blocks for order field. Every spread of exponents around a power of two, with
// and without zeros and specials; uniform planes; blocks of one class; slots at their bounds; ends
// and keep bits at every place.
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "core/rng.h"
#include "env/packet.h"
#include "support/values.h"

namespace actplane::tb {

class CornerSeq : public Sequence {
 public:
  CornerSeq(const Shape& shape, Rng rng)
      : shape_(shape), block_len_(shape.block_len), formats_(shape.formats), rng_(rng) {}

  // The cases in an order in which neighbours have little in common; over and over again.
  std::optional<Packet> Next() override {
    const uint32_t i = static_cast<uint32_t>((uint64_t{number_++} * kStride) % kCases);
    DeviceConfig c;
    c.format = formats_.Nth(i % 3);
    c.fill_zero = (i / 3) % 2 != 0;
    const auto format = static_cast<Format>(c.format);
    Packet p{"corner", c, {}, rng_.OneIn(2)};
    p.bytes = testing_support::ToBytes(Values(i / 6 % kValues, format), format);
    Slot(i / 6 / kValues, format, p.config);
    Ends(p);
    return p;
  }

 private:
  static constexpr uint32_t kSpreads = 20, kUniform = 12;
  static constexpr uint32_t kValues = 4 * kSpreads + kUniform;
  static constexpr uint32_t kSlots = 9;
  static constexpr uint32_t kCases = 6 * kValues * kSlots;
  static constexpr uint32_t kStride = 3607;  // prime, and no divisor of kCases

  std::vector<uint32_t> Values(uint32_t which, Format format) {
    return which < 4 * kSpreads ? Spread(which / 4, (which & 1) != 0, (which & 2) != 0, format)
                                : Uniform(which - 4 * kSpreads, format);
  }

  // Finite values with a largest delta next to a power of two, around the number of free codes.
  std::vector<uint32_t> Spread(uint32_t number, bool zero, bool special, Format format) {
    const FormatInfo info = InfoOf(format);
    const uint32_t top = info.exp_max - 1;
    const uint32_t w = number / 2;
    const uint32_t codes = (1U << std::min(w, info.exp_bits + 1)) - 1;
    const uint32_t reserved = (zero ? 1U : 0U) + (special ? 2U : 0U);
    uint32_t delta = codes > reserved ? codes - reserved : 0;
    delta = std::min(delta + number % 2, top);  // the largest that fits, and one more
    const uint32_t base = rng_.OneIn(2) ? top : rng_.Between(delta, top);
    std::vector<uint32_t> patterns(block_len_);
    for (uint32_t i = 0; i < block_len_; ++i) {
      const uint32_t exponent = base - (i < 2 ? (i == 0 ? 0 : delta) : rng_.Below(delta + 1));
      uint32_t mantissa = static_cast<uint32_t>(rng_.Next()) & ((1U << info.man_bits) - 1);
      if (exponent == 0) mantissa |= 1;  // a subnormal, no zero
      patterns[i] = Join(rng_.OneIn(2), exponent, mantissa, info);
      if (i >= 2 && zero && (i == 2 || rng_.OneIn(6)))
        patterns[i] = Join(rng_.OneIn(2), 0, 0, info);
      if (i >= 3 && special && (i == 3 || rng_.OneIn(8))) {
        patterns[i] = Join(rng_.OneIn(2), info.exp_max, rng_.OneIn(2) ? 0 : mantissa | 1, info);
      }
    }
    std::swap(patterns[0], patterns[rng_.Below(block_len_)]);
    std::swap(patterns[1], patterns[rng_.Below(block_len_)]);
    return patterns;
  }

  // Blocks in which planes agree: constants, one value that differs, one class only.
  std::vector<uint32_t> Uniform(uint32_t number, Format format) {
    const FormatInfo info = InfoOf(format);
    const uint32_t all = (1U << info.man_bits) - 1;
    const uint32_t random = static_cast<uint32_t>(rng_.Next()) & all;
    const uint32_t place = rng_.Below(block_len_);
    std::vector<uint32_t> p(block_len_);
    for (uint32_t i = 0; i < block_len_; ++i) {
      const bool odd = i == place;
      const bool coin = rng_.OneIn(2);
      switch (number) {
        case 0: p[i] = 0; break;
        case 1: p[i] = Join(true, 0, 0, info); break;
        case 2: p[i] = Join(coin, 0, 0, info); break;
        case 3: p[i] = Join(coin, info.exp_max, 0, info); break;
        case 4: p[i] = Join(coin, info.exp_max, random | 1, info); break;
        case 5: p[i] = Join(false, info.exp_max - 1, random, info); break;
        case 6:
          p[i] = Join(true, 1, odd ? random ^ (1U << (random % info.man_bits)) : random, info);
          break;
        case 7: p[i] = Join(true, 0, random | 1, info); break;
        case 8: p[i] = odd ? Join(coin, info.exp_max, 1, info) : Join(false, 5, all, info); break;
        case 9: p[i] = odd ? Join(true, info.exp_max - 1, 0, info) : 0; break;
        case 10:
          p[i] = Join(true, info.exp_max / 2, all & ~(odd ? 1U << (info.man_bits - 1) : 0U), info);
          break;
        default: p[i] = Join(false, odd ? 0 : info.exp_max - 1, odd ? 1 : 0, info); break;
      }
    }
    return p;
  }

  static uint32_t Join(bool sign, uint32_t exponent, uint32_t mantissa, const FormatInfo& info) {
    return (sign ? 1U << (info.exp_bits + info.man_bits) : 0U) | exponent << info.man_bits |
           mantissa;
  }

  void Slot(uint32_t number, Format format, DeviceConfig& c) {
    const uint32_t least = MinFieldSlotBytes(format, block_len_);
    const uint32_t most = MaxFieldSlotBytes(format, block_len_);
    const uint32_t plane = block_len_ / 8;
    switch (number) {
      case 0: c.slot_bytes = least; break;
      case 1: c.slot_bytes = most; break;
      case 2: c.slot_bytes = 2 + plane * rng_.Between(4, (most - 2) / plane); break;
      case 3: c.slot_bytes = rng_.Between(least, most); break;
      case 4: c.slot_bytes = rng_.Between(least, (least + most) / 2); break;
      case 5:
        c.slot_bytes = rng_.Between(least, (least + most) / 2);
        c.delta_cap = rng_.Between(1, InfoOf(format).exp_bits + 1);
        break;
      case 6:
        c.lossless = shape_.WholeValues(format) || rng_.OneIn(4);
        c.slot_bytes = c.lossless ? rng_.Below(2048) : rng_.Between(least, most);
        break;
      case 7:
        c.slot_bytes = rng_.OneIn(2) ? rng_.Below(least) : rng_.Between(most + 1, 2047);
        break;
      default:
        c.slot_bytes = rng_.Between(least, most);
        if (c.format == formats_.Lowest()) {  // the values stay what it is read as
          do c.format = rng_.Below(4);
          while (formats_.Has(c.format));
        }
        c.delta_cap = rng_.Below(16);
        break;
    }
    c.slot_bytes = std::max(c.slot_bytes, number == 2 ? least : 0);
  }

  void Ends(Packet& p) {
    const auto size = static_cast<uint32_t>(p.bytes.size());
    if (rng_.OneIn(10)) {  // at a beat, in it, and in the first one
      const uint32_t beat = shape_.beat_bytes();
      p.bytes.resize(rng_.OneIn(2) ? (rng_.Below(size / beat) + 1) * beat
                                   : rng_.Between(1, rng_.OneIn(2) ? beat : size));
      p.last = true;
    }
    if (rng_.OneIn(10)) {
      p.holes.assign(p.bytes.size(), rng_.OneIn(4));
      p.holes[rng_.Below(p.holes.size())] = true;
    }
  }

  Shape shape_;
  uint32_t block_len_;
  FormatSet formats_;
  Rng rng_;
  uint32_t number_ = 0;
};

}  // namespace actplane::tb
