// SPDX-License-Identifier: Apache-2.0
// What each field of a block costs in order field when nothing is cut, and what the values are: the
// ratios of a tensor belong to its mix of values and are quoted together with it.
#pragma once

#include <cstdint>

#include "actplane/field_order.h"

namespace actplane {

// Bits of sign, exponent and mantissa. Coded sizes include what the header says about the field.
struct FieldSizes {
  uint64_t sign = 0;
  uint64_t exponent = 0;
  uint64_t mantissa = 0;

  uint64_t Total() const { return sign + exponent + mantissa; }
  FieldSizes& operator+=(const FieldSizes& other);
  friend bool operator==(const FieldSizes&, const FieldSizes&) = default;
};

// Uncompressed: 1, E and M bits per value.
FieldSizes RawFieldSizes(Format format, uint64_t values);

// F-4.4, F-4.5: the parts of WholeSizeBits(info, format, n). Sign: G and its plane. Exponent: base,
// w, Z, F and the delta planes. Mantissa: X, the extension and the mantissa planes.
FieldSizes WholeFieldSizes(const BaseInfo& info, Format format, uint32_t n);

// The same without the zero code: a zero is a value with exponent 0 and mantissa 0 like any other,
// and there is no Z bit. Not a format of ours; it shows what the code is worth.
FieldSizes PlainFieldSizes(const BlockFields& fields);

// How many values are of which class (F-2.2); `negatives` have sign bit 1, whatever their class.
struct ValueMix {
  uint64_t values = 0;
  uint64_t zeros = 0;
  uint64_t negatives = 0;
  uint64_t subnormals = 0;
  uint64_t infs = 0;
  uint64_t nans = 0;

  ValueMix& operator+=(const ValueMix& other);
  friend bool operator==(const ValueMix&, const ValueMix&) = default;
};

// Of the first `count` values of a block: the padding is not part of the tensor.
ValueMix CountMix(const BlockFields& fields, uint32_t count);

}  // namespace actplane
