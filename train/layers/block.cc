// SPDX-License-Identifier: Apache-2.0
#include "train/layers/block.h"

#include <cmath>
#include <string>
#include <utility>

namespace actplane::train {
namespace {

// Projections back into the residual stream, of which there are two in a block.
double ProjectionStd(const Geometry& g) {
  return 0.02 / std::sqrt(2.0 * static_cast<double>(g.blocks));
}

}  // namespace

Block::Block(int index, const Geometry& g, const at::Generator& generator)
    : index_(index),
      norm1_(Site{index, "ln_1"}.Name(), g.width, {index, "ln_1", Kind::kNormOutput}, g.family),
      attention_(index, g, ProjectionStd(g), generator),
      dropout1_(g.dropout, {index, "attn.resid_dropout"}),
      norm2_(Site{index, "ln_2"}.Name(), g.width, {index, "ln_2", Kind::kNormOutput}, g.family),
      mlp_(index, g, ProjectionStd(g), generator),
      dropout2_(g.dropout, {index, "mlp.resid_dropout"}) {}

at::Tensor Block::Forward(const at::Tensor& x, int64_t batch, const Pass& pass) {
  batch_ = batch;
  Activation in(x, InputSite());
  if (!pass.keeps() || !pass.stash->formulas().KeepsBlockInputs()) return ForwardOfLayers(in, pass);
  input_ = pass.stash->Keep(in);
  Pass keeps_nothing = pass;
  keeps_nothing.stash = nullptr;
  return ForwardOfLayers(in, keeps_nothing);
}

at::Tensor Block::Backward(const at::Tensor& dy, const Pass& pass) {
  if (!input_) return BackwardOfLayers(dy, pass);
  Activation in(pass.stash->Get(std::exchange(input_, nullptr)), InputSite());
  const Stash::Exactly exactly(*pass.stash);
  (void)ForwardOfLayers(in, pass);
  in = Activation(at::Tensor(), InputSite());  // norms have kept it
  return BackwardOfLayers(dy, pass);
}

at::Tensor Block::ForwardOfLayers(Activation& in, const Pass& pass) {
  at::Tensor middle;
  {
    Activation normed = norm1_.Forward(in, pass);
    middle = in.value() + dropout1_.Forward(attention_.Forward(normed, batch_, pass), pass);
  }
  Activation in2(middle, {index_, "ln_2.in", Kind::kResidual});
  Activation normed = norm2_.Forward(in2, pass);
  return middle + dropout2_.Forward(mlp_.Forward(normed, pass), pass);
}

at::Tensor Block::BackwardOfLayers(const at::Tensor& dy, const Pass& pass) {
  at::Tensor d = mlp_.Backward(dropout2_.Backward(dy, pass), pass);
  at::Tensor middle = norm2_.Backward(d, pass).add_(dy);
  d = attention_.Backward(dropout1_.Backward(middle, pass), pass);
  return norm1_.Backward(d, pass).add_(middle);
}

void Block::Collect(std::vector<Parameter*>& parameters) {
  norm1_.Collect(parameters);
  attention_.Collect(parameters);
  norm2_.Collect(parameters);
  mlp_.Collect(parameters);
}

void Block::Linears(std::vector<Linear*>& linears) {
  attention_.Linears(linears);
  mlp_.Linears(linears);
}

}  // namespace actplane::train
