// SPDX-License-Identifier: Apache-2.0
// GPT-2 (learned positions, pre-LayerNorm blocks, tanh GELU, biases) or Llama (rotary positions,
// pre-RMSNorm blocks, SwiGLU, fewer heads for keys than for queries): dropout, a head tied to the
// token embedding, and the mean cross entropy.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "train/layers/block.h"
#include "train/layers/dropout.h"
#include "train/layers/geometry.h"
#include "train/layers/linear.h"
#include "train/layers/norm.h"
#include "train/layers/pass.h"

namespace actplane::train {

class Network {
 public:
  // Weights from `seed`, the same for every method.
  Network(const Geometry& geometry, uint64_t seed);

  // `tokens`, `targets` [batch, tokens] int64. The mean loss in nats per token. In training, keeps
  // what Backward needs: one Backward for each Forward.
  double Forward(const at::Tensor& tokens, const at::Tensor& targets, const Pass& pass);

  // Adds the gradient of `weight` times the loss to the gradients of the parameters.
  void Backward(const Pass& pass, double weight = 1);

  const Geometry& geometry() const { return geometry_; }

  // What the textbook keeps of each kind for `batch` windows of a whole context, as float32: what
  // every ratio refers to.
  PerKind<int64_t> TextbookBytes(int64_t batch) const;

  std::vector<Parameter*> Parameters();
  std::vector<Linear*> Linears();  // those inside the blocks
  void ClearGradients();

 private:
  Geometry geometry_;
  at::Generator generator_;
  Parameter token_;                    // [vocabulary, width], also the head
  std::optional<Parameter> position_;  // [context, width], of GPT-2
  Dropout dropout_;
  std::deque<Block> blocks_;
  Norm norm_;
  Handle tokens_;
  Handle targets_;
  Handle head_input_;
  Handle log_probability_;
};

}  // namespace actplane::train
