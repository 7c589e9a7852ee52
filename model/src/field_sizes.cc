// SPDX-License-Identifier: Apache-2.0
#include "actplane/field_sizes.h"

namespace actplane {

FieldSizes& FieldSizes::operator+=(const FieldSizes& other) {
  sign += other.sign;
  exponent += other.exponent;
  mantissa += other.mantissa;
  return *this;
}

FieldSizes RawFieldSizes(Format format, uint64_t values) {
  const FormatInfo info = InfoOf(format);
  return {.sign = values, .exponent = values * info.exp_bits, .mantissa = values * info.man_bits};
}

FieldSizes WholeFieldSizes(const BaseInfo& info, Format format, uint32_t n) {
  const FieldHeader h = WholeHeader(info, format, n);
  return {.sign = 1 + (h.sign_stored ? n : 0),
          .exponent = 8 + 4 + 1 + 1 + uint64_t{n} * h.width,
          .mantissa = 1 + (HeaderBits(h, format) - 16) + MantissaBits(h, n)};
}

FieldSizes PlainFieldSizes(const BlockFields& fields) {
  BlockFields plain = fields;
  for (uint32_t i = 0; i < plain.n; ++i) {
    if (plain.values[i].cls == ValueClass::kZero) plain.values[i].cls = ValueClass::kSubnormal;
  }
  FieldSizes sizes = WholeFieldSizes(FindBase(plain), plain.format, plain.n);
  sizes.exponent -= 1;  // Z
  return sizes;
}

ValueMix& ValueMix::operator+=(const ValueMix& other) {
  values += other.values;
  zeros += other.zeros;
  negatives += other.negatives;
  subnormals += other.subnormals;
  infs += other.infs;
  nans += other.nans;
  return *this;
}

ValueMix CountMix(const BlockFields& fields, uint32_t count) {
  ValueMix mix;
  for (uint32_t i = 0; i < count; ++i) {
    const Fields& v = fields.values[i];
    mix += {.values = 1,
            .zeros = v.cls == ValueClass::kZero,
            .negatives = v.sign,
            .subnormals = v.cls == ValueClass::kSubnormal,
            .infs = v.cls == ValueClass::kInf,
            .nans = v.cls == ValueClass::kNan};
  }
  return mix;
}

}  // namespace actplane
