// SPDX-License-Identifier: Apache-2.0
// The group quantizer that ActNN, GACT and ALAM share: groups of consecutive values, each with its
// minimum and scale as float32, codes of 8, 4, 2 or 1 bits, clamped.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "train/stash/codec.h"

namespace actplane::train {

// Codes of `bits` (1, 2, 4 or 8) for contiguous float32 `x`, in groups of `group` values (a
// multiple of 8; the last group is filled up with zeros), rounded with the stream `key`, or to
// nearest, ties to even, without one. Two parts: codes, and minimum and scale of every group. A
// group with a value that is not finite comes back as NaN.
Packed QuantizeGroups(const at::Tensor& x, int bits, int64_t group, std::optional<uint64_t> key);

// Into contiguous float32 `x` of as many values.
void DequantizeGroups(const Packed& packed, int bits, int64_t group, const at::Tensor& x);

}  // namespace actplane::train
