// SPDX-License-Identifier: Apache-2.0
#include "actplane/field_order.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace actplane {
namespace {

// F-3.6: the highest code is `AllOnes`, the reserved ones count down from it.
uint32_t AllOnes(const FieldHeader& h) { return static_cast<uint32_t>(LowMask(h.width)); }
uint32_t NanCode(const FieldHeader& h) { return AllOnes(h) - (h.zero_code ? 1 : 0); }
uint32_t InfCode(const FieldHeader& h) { return NanCode(h) - 1; }

// Reserved codes: one for zero, two for NaN and Inf.
uint32_t ReservedCodes(bool zero, bool special) { return (zero ? 1U : 0U) + (special ? 2U : 0U); }

uint32_t NeededWidth(const BaseInfo& info) {
  const int32_t codes =
      info.max_delta + 1 + static_cast<int32_t>(ReservedCodes(info.has_zero, info.has_special));
  uint32_t width = 0;
  while ((1 << width) < codes) ++width;
  return width;
}

bool SignStored(const BaseInfo& info, bool extension) {
  return extension ? info.any_negative && !info.all_negative : info.any_negative;
}

// The extension as the block's own facts fill it (F-4.9).
void FillExtension(const BaseInfo& info, Format format, FieldHeader& h) {
  const auto all = static_cast<uint32_t>(LowMask(InfoOf(format).man_bits));
  h.map = h.extension ? all & ~info.uniform_map : all;
  h.value = h.extension ? info.uniform_value : 0;
  h.special = h.extension && info.has_special;
  h.sign_stored = SignStored(info, h.extension);
  h.sign_value = h.extension && info.all_negative;
}

// The planes of a slot in their order (F-3.4), const or not as `planes` is.
template <typename PlanesType>
auto StoredPlanes(const FieldHeader& h, Format format, PlanesType& planes) {
  std::vector<decltype(&planes.sign)> stored;
  if (h.sign_stored) stored.push_back(&planes.sign);
  for (uint32_t k = h.width; k-- > 0;) stored.push_back(&planes.delta[k]);
  for (uint32_t k = InfoOf(format).man_bits; k-- > 0;) {
    if (BitOf(h.map, k) != 0) stored.push_back(&planes.mantissa[k]);
  }
  return stored;
}

}  // namespace

BaseInfo FindBase(const BlockFields& fields) {
  BaseInfo info;
  const auto all = static_cast<uint32_t>(LowMask(InfoOf(fields.format).man_bits));
  uint32_t ones = all;   // planes in which no relevant value has a 0
  uint32_t zeros = all;  // planes in which no relevant value has a 1
  uint32_t least = 0;
  bool any_finite = false;
  uint32_t negatives = 0;
  for (uint32_t i = 0; i < fields.n; ++i) {
    const Fields& v = fields.values[i];
    negatives += v.sign;
    info.has_zero |= v.cls == ValueClass::kZero;
    info.has_special |= IsSpecial(v.cls);
    if (IsFinite(v.cls)) {
      info.base = std::max(info.base, v.exponent);
      least = any_finite ? std::min(least, v.exponent) : v.exponent;
      any_finite = true;
    }
    if (IsFinite(v.cls) || v.cls == ValueClass::kNan) {
      ones &= v.mantissa;
      zeros &= ~v.mantissa;
    }
  }
  info.max_delta = any_finite ? static_cast<int32_t>(info.base - least) : -1;
  info.needed_width = NeededWidth(info);
  info.any_negative = negatives != 0;
  info.all_negative = negatives == fields.n;
  info.uniform_map = ones | zeros;
  info.uniform_value = ones & ~zeros;  // no relevant value at all: reads 0
  return info;
}

uint64_t WholeSizeBits(const BaseInfo& info, Format format, uint32_t n, bool extension) {
  const uint32_t man = InfoOf(format).man_bits;
  const uint32_t uniform = static_cast<uint32_t>(std::popcount(info.uniform_map));
  const uint32_t planes =
      (SignStored(info, extension) ? 1 : 0) + info.needed_width + (extension ? man - uniform : man);
  return 16 + (extension ? 2 * ExtensionWordBits(format) : 0) + uint64_t{n} * planes;
}

FieldHeader WholeHeader(const BaseInfo& info, Format format, uint32_t n) {
  FieldHeader h;
  h.base = info.base;
  h.width = info.needed_width;
  h.zero_code = info.has_zero;
  h.extension = info.has_special ||
                WholeSizeBits(info, format, n, true) < WholeSizeBits(info, format, n, false);
  FillExtension(info, format, h);
  return h;
}

uint64_t WholeSizeBits(const BaseInfo& info, Format format, uint32_t n) {
  return WholeSizeBits(info, format, n, WholeHeader(info, format, n).extension);
}

FieldHeader SchedulePlanes(const BaseInfo& info, const Config& config) {
  FieldHeader h = WholeHeader(info, config.format, config.block_len);
  const uint64_t slot_bits = 8 * uint64_t{config.slot_bytes};
  if (config.lossless ||
      WholeSizeBits(info, config.format, config.block_len, h.extension) <= slot_bits) {
    return h;
  }
  // F-4.6
  const uint32_t n = config.block_len;
  const uint32_t man = InfoOf(config.format).man_bits;
  const uint32_t extension_bits = 2 * ExtensionWordBits(config.format);
  const auto fits = static_cast<uint32_t>((slot_bits - 16 - extension_bits - n) / n);
  h.width = std::min(info.needed_width, fits);
  if (config.delta_cap != 0) h.width = std::min(h.width, config.delta_cap);
  h.width = std::max(h.width, info.has_special ? 2U : 1U);
  // F-4.7
  if (h.width < info.needed_width) h.zero_code = h.saturated = true;
  // F-4.8
  const auto planes = static_cast<uint32_t>((slot_bits - 16) / n);
  const uint32_t reach = std::min(man, planes - (info.any_negative ? 1 : 0) - h.width);
  const auto reached = static_cast<uint32_t>(info.uniform_map >> (man - reach));
  const uint32_t saved =
      static_cast<uint32_t>(std::popcount(reached)) + (info.all_negative ? 1 : 0);
  h.extension = info.has_special || n * saved > extension_bits;
  FillExtension(info, config.format, h);
  return h;
}

PerValue<PlaneWord> FormWords(const BlockFields& fields, const FieldHeader& header) {
  PerValue<PlaneWord> words;
  const uint32_t reserved = ReservedCodes(header.zero_code, header.special);
  for (uint32_t i = 0; i < fields.n; ++i) {
    const Fields& v = fields.values[i];
    PlaneWord& word = words[i];
    word.sign = v.sign;
    switch (v.cls) {
      case ValueClass::kZero: word.code = AllOnes(header); break;
      case ValueClass::kInf: word.code = InfCode(header); break;
      case ValueClass::kNan:
        word.code = NanCode(header);
        word.mantissa = v.mantissa;
        break;
      case ValueClass::kSubnormal:
      case ValueClass::kNormal: {
        const uint32_t delta = header.base - v.exponent;
        if (delta + reserved > AllOnes(header)) {
          word.code = AllOnes(header);  // F-4.7: becomes a zero
        } else {
          word.code = delta;
          word.mantissa = v.mantissa;
        }
        break;
      }
    }
  }
  return words;
}

Planes ToPlanes(const PerValue<PlaneWord>& words, uint32_t n) {
  Planes planes;
  for (uint32_t i = 0; i < n; ++i) {
    const auto set = [i](auto& rows,
                         uint32_t bits) {  // ones only: half the time of asking for every bit
      for (; bits != 0; bits &= bits - 1) rows[static_cast<size_t>(std::countr_zero(bits))].Set(i);
    };
    if (words[i].sign != 0) planes.sign.Set(i);
    set(planes.delta, words[i].code);
    set(planes.mantissa, words[i].mantissa);
  }
  return planes;
}

PerValue<PlaneWord> FromPlanes(const Planes& planes, uint32_t n) {
  PerValue<PlaneWord> words;
  for (uint32_t i = 0; i < n; ++i) {
    words[i].sign = planes.sign.Get(i) ? 1 : 0;
    for (uint32_t k = 0; k < planes.delta.size(); ++k) {
      words[i].code |= uint32_t{planes.delta[k].Get(i)} << k;
    }
    for (uint32_t k = 0; k < planes.mantissa.size(); ++k) {
      words[i].mantissa |= uint32_t{planes.mantissa[k].Get(i)} << k;
    }
  }
  return words;
}

void PackHeader(const FieldHeader& h, Format format, BitWriter& out) {
  out.Put(h.base, 8);
  out.Put(h.width, 4);
  out.PutBit(h.zero_code);
  out.PutBit(h.sign_stored);
  out.PutBit(h.extension);
  out.PutBit(h.saturated);
  if (!h.extension) return;
  const uint32_t man = InfoOf(format).man_bits;
  const uint32_t word = ExtensionWordBits(format);
  out.Put(h.map | uint64_t{h.special} << man, word);
  out.Put(h.value | uint64_t{h.sign_value} << man, word);
}

Malformed ParseHeader(BitReader& in, const Config& config, FieldHeader& h) {
  const FormatInfo info = InfoOf(config.format);
  h.base = static_cast<uint32_t>(in.Get(8));
  h.width = static_cast<uint32_t>(in.Get(4));
  h.zero_code = in.GetBit() != 0;
  h.sign_stored = in.GetBit() != 0;
  h.extension = in.GetBit() != 0;
  h.saturated = in.GetBit() != 0;
  h.map = static_cast<uint32_t>(LowMask(info.man_bits));
  if (h.extension) {
    const uint32_t word = ExtensionWordBits(config.format);
    const uint64_t map = in.Get(word);
    const uint64_t value = in.Get(word);
    if (((map | value) >> (info.man_bits + 1)) != 0) return Malformed::kReserved;
    h.map = static_cast<uint32_t>(map & LowMask(info.man_bits));
    h.special = BitOf(map, info.man_bits) != 0;
    h.value = static_cast<uint32_t>(value & LowMask(info.man_bits));
    h.sign_value = BitOf(value, info.man_bits) != 0;
    if ((h.map & h.value) != 0 || (h.sign_stored && h.sign_value)) return Malformed::kReserved;
  }
  if (h.base >= info.exp_max) return Malformed::kBase;
  if (h.width > info.exp_bits + 1 || (1U << h.width) < ReservedCodes(h.zero_code, h.special)) {
    return Malformed::kWidth;
  }
  if (FixedBits(h, config.format, config.block_len) > in.size()) return Malformed::kTooShort;
  return Malformed::kNone;
}

uint32_t HeaderBits(const FieldHeader& h, Format format) {
  return h.extension ? 16 + 2 * ExtensionWordBits(format) : 16;
}

uint64_t MantissaBits(const FieldHeader& h, uint32_t n) {
  return uint64_t{n} * static_cast<uint32_t>(std::popcount(h.map));
}

uint64_t FixedBits(const FieldHeader& h, Format format, uint32_t n) {
  return HeaderBits(h, format) + uint64_t{n} * (h.width + (h.sign_stored ? 1 : 0));
}

uint32_t RowsOfGroup(const FieldHeader& h, const Config& config, uint64_t slot_bits, uint32_t g) {
  const uint32_t groups = config.block_len / kFieldGroupLen;
  const auto rows = static_cast<uint32_t>((slot_bits - HeaderBits(h, config.format)) / 8);
  const uint32_t stored =
      (h.sign_stored ? 1 : 0) + h.width + static_cast<uint32_t>(std::popcount(h.map));
  return std::min(stored, rows / groups + (g < rows % groups ? 1 : 0));
}

BlockFields RebuildValues(const PerValue<PlaneWord>& words, const FieldHeader& h,
                          const Config& config, uint64_t mantissa_bits_read) {
  const FormatInfo info = InfoOf(config.format);
  const uint32_t n = config.block_len;
  const bool complete = mantissa_bits_read >= MantissaBits(h, n);
  BlockFields fields{.format = config.format, .n = n};
  for (uint32_t i = 0; i < n; ++i) {
    // F-3.5, F-3.9: how many stored planes reach this value, and which bits those leave unknown.
    const auto reached = static_cast<uint32_t>((mantissa_bits_read + n - 1 - i) / n);
    uint32_t lost = h.map;
    for (uint32_t k = 0; k < reached && lost != 0; ++k) lost &= ~std::bit_floor(lost);
    const uint32_t known = (words[i].mantissa & h.map & ~lost) | h.value;

    Fields& v = fields.values[i];
    v.sign = h.sign_stored ? words[i].sign : (h.sign_value ? 1U : 0U);
    const uint32_t code = words[i].code;
    if (h.zero_code && code == AllOnes(h)) continue;  // F-3.11
    if (h.special && code == NanCode(h)) {            // F-3.12
      v.cls = ValueClass::kNan;
      v.exponent = info.exp_max;
      v.mantissa = complete ? known : known | 1U << (info.man_bits - 1);
    } else if (h.special && code == InfCode(h)) {
      v.cls = ValueClass::kInf;
      v.exponent = info.exp_max;
    } else if (code <= h.base) {  // F-3.7
      v.exponent = h.base - code;
      v.mantissa = known;
      if (config.fill == Fill::kMidpoint && lost != 0) {  // F-3.10
        const uint32_t highest = std::bit_floor(lost);
        const bool odd = ((v.exponent << info.man_bits | known) & highest << 1) != 0;
        v.mantissa |= odd ? lost & ~highest : highest;
      }
      v.cls = Classify(Assemble(v, config.format), config.format).cls;
    }
  }
  return fields;
}

void EncodeField(const BlockFields& fields, const FieldHeader& header, const Config& config,
                 BitWriter& out, FieldTrace& trace) {
  const uint32_t n = fields.n;
  trace.header = header;
  trace.words = FormWords(fields, header);
  trace.planes = ToPlanes(trace.words, n);
  trace.size_bits = FixedBits(header, fields.format, n) + MantissaBits(header, n);
  PackHeader(header, fields.format, out);
  const uint64_t slot_bits = config.lossless ? trace.size_bits : 8 * uint64_t{config.slot_bytes};
  const auto planes = StoredPlanes(header, config.format, trace.planes);
  for (uint32_t g = 0; g < n / kFieldGroupLen; ++g) {
    const uint32_t rows = RowsOfGroup(header, config, slot_bits, g);
    for (uint32_t r = 0; r < rows; ++r) {
      for (uint32_t i = g * kFieldGroupLen; i < (g + 1) * kFieldGroupLen; ++i) {
        out.PutBit(planes[r]->Get(i));
      }
    }
  }
}

Malformed DecodeField(BitReader& in, const Config& config, BlockFields& fields, FieldTrace& trace) {
  const uint32_t n = config.block_len;
  FieldHeader& h = trace.header;
  if (const Malformed m = ParseHeader(in, config, h); m != Malformed::kNone) return m;
  const uint64_t fixed_bits = FixedBits(h, config.format, n);
  trace.size_bits = fixed_bits + MantissaBits(h, n);
  const bool complete = trace.size_bits <= in.size();
  if (config.lossless && !complete) return Malformed::kTooShort;  // F-7.3
  trace.lossless = complete && !h.saturated;

  const auto planes = StoredPlanes(h, config.format, trace.planes);
  for (uint32_t g = 0; g < n / kFieldGroupLen; ++g) {
    const uint32_t rows = RowsOfGroup(h, config, in.size(), g);
    for (uint32_t r = 0; r < rows; ++r) {
      for (uint32_t i = g * kFieldGroupLen; i < (g + 1) * kFieldGroupLen; ++i) {
        if (in.GetBit() != 0) planes[r]->Set(i);
      }
    }
  }
  trace.words = FromPlanes(trace.planes, n);
  fields = RebuildValues(trace.words, h, config, std::min(trace.size_bits, in.size()) - fixed_bits);
  return Malformed::kNone;
}

}  // namespace actplane
