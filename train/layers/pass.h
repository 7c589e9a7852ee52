// SPDX-License-Identifier: Apache-2.0
// What every layer needs to know of the forward and backward that it is part of.
#pragma once

#include <cstdint>

#include "train/stash/stash.h"

namespace actplane::train {

struct Pass {
  Stash* stash = nullptr;  // null: evaluation, nothing is kept and nothing dropped
  uint64_t dropout_key = 0;
  int64_t step = 0;
  int64_t micro_step = 0;

  bool training() const { return stash != nullptr; }
};

}  // namespace actplane::train
