// SPDX-License-Identifier: Apache-2.0
// The tensor itself: what all others are compared with, and what they leave alone.
#pragma once

#include <memory>

#include "train/stash/codec.h"

namespace actplane::train {

std::unique_ptr<Codec> MakeExactCodec();

// Stores `x` as it is.
Packed PackExact(const at::Tensor& x);

}  // namespace actplane::train
