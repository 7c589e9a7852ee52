// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "train/layers/dropout.h"
#include "train/layers/geometry.h"
#include "train/layers/linear.h"
#include "train/layers/rotary.h"

namespace actplane::train {

// Causal attention with several heads, from the normalised input to its projection. Forward makes
// its maps; what is kept of it the formulas decide.
class Attention {
 public:
  Attention(int block, const Geometry& geometry, double projection_std,
            const at::Generator& generator);

  // x [batch * tokens, width].
  at::Tensor Forward(Activation& x, int64_t batch, const Pass& pass);
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);
  void Collect(std::vector<Parameter*>& parameters);
  void Linears(std::vector<Linear*>& linears);

 private:
  int block_;
  int64_t heads_;
  int64_t key_heads_;
  int64_t head_;  // width of one
  int64_t batch_ = 0;
  Linear qkv_;
  Linear projection_;
  Dropout dropout_;
  std::optional<Rotary> rotary_;
  Kept kept_;
};

// For formulas. The scores of q and k, scaled, -infinity above the diagonal: [b, a, t, t].
at::Tensor CausalScores(const at::Tensor& q, const at::Tensor& k);

// For formulas that keep q, k and v first: backward through the map `p`, of which dropout made
// `dropped` with `mask` (the same tensor and undefined without dropout). `row_sums` [b, a, t, 1]:
// those of p and its gradient, where they are known.
AttentionGradient BackwardThroughMap(const Stash& stash, const Kept& kept, at::Tensor p,
                                     at::Tensor dropped, const at::Tensor& mask,
                                     const AttentionUpstream& up, const at::Tensor& row_sums = {});

// A kept map [b, a, t, t]. Loss breaks the sum of a row, and then the gradient of the scores has a
// part along the whole row, which softmax does not see: keys drift. So rows of what is lossy are
// divided by their sums; a row without any is left alone.
at::Tensor MapOf(const Stash& stash, const Handle& map);

}  // namespace actplane::train
