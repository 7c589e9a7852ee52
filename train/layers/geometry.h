// SPDX-License-Identifier: Apache-2.0
// The sizes of a network.
#pragma once

#include <algorithm>
#include <cstdint>

#include "train/stash/kind.h"

namespace actplane::train {

struct Geometry {
  int64_t blocks = 4;
  int64_t width = 128;
  int64_t heads = 4;
  int64_t context = 128;
  int64_t vocabulary = 256;
  float dropout = 0;
  Family family = Family::kGpt2;
  int64_t kv_heads = 0;  // heads of keys and values; 0: as many as `heads`
  int64_t hidden = 0;    // width inside the MLP; 0: Hidden says

  bool Biased() const { return family == Family::kGpt2; }  // its linear layers
  int64_t KeyHeads() const { return kv_heads == 0 ? heads : kv_heads; }
  int64_t KeyWidth() const { return width / heads * KeyHeads(); }

  // Without `hidden`: 4 widths in GPT-2; in Llama the multiple of 8 that brings a block nearest to
  // the 12 width^2 weights of GPT-2.
  int64_t Hidden() const {
    if (hidden != 0) return hidden;
    if (family == Family::kGpt2) return 4 * width;
    const int64_t weights = 10 * width - 2 * KeyWidth();  // left by attention, over the width
    return std::max<int64_t>(8, (weights + 12) / 24 * 8);
  }
};

}  // namespace actplane::train
