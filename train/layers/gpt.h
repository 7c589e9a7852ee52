// SPDX-License-Identifier: Apache-2.0
// GPT-2: learned positions, pre-LayerNorm blocks, tanh GELU, dropout, a head tied to the token
// embedding, and the mean cross entropy.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "train/layers/attention.h"
#include "train/layers/dropout.h"
#include "train/layers/gelu.h"
#include "train/layers/linear.h"
#include "train/layers/norm.h"
#include "train/layers/pass.h"

namespace actplane::train {

struct Geometry {
  int64_t blocks = 4;
  int64_t width = 128;
  int64_t heads = 4;
  int64_t context = 128;
  int64_t vocabulary = 256;
  float dropout = 0.1F;
};

// x + attention(norm(x)), then x + mlp(norm(x)).
class Block {
 public:
  Block(int index, const Geometry& geometry, const at::Generator& generator);

  at::Tensor Forward(const at::Tensor& x, int64_t batch, const Pass& pass);  // [n, width]
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);
  void Collect(std::vector<Parameter*>& parameters);
  void Linears(std::vector<Linear*>& linears);

 private:
  int index_;
  Norm norm1_;
  Attention attention_;
  Dropout dropout1_;
  Norm norm2_;
  Linear up_;
  Gelu gelu_;
  Linear down_;
  Dropout dropout2_;
};

class Gpt {
 public:
  // Weights from `seed`, the same for every method.
  Gpt(const Geometry& geometry, uint64_t seed);

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
  Parameter token_;     // [vocabulary, width], also the head
  Parameter position_;  // [context, width]
  Dropout dropout_;
  std::deque<Block> blocks_;
  Norm norm_;
  Handle tokens_;
  Handle targets_;
  Handle head_input_;
  Handle log_probability_;
};

}  // namespace actplane::train
