// SPDX-License-Identifier: Apache-2.0
// What every layer needs to know of the forward and backward that it is part of.
#pragma once

#include <cstdint>
#include <optional>

#include "train/stash/stash.h"

namespace actplane::train {

struct Pass {
  Stash* stash = nullptr;                              // null: nothing is kept, as in evaluation
  std::optional<uint64_t> dropout_key = std::nullopt;  // nothing: no value is dropped
  int64_t step = 0;
  int64_t micro_step = 0;

  bool keeps() const { return stash != nullptr; }
};

}  // namespace actplane::train
