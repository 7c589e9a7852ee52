// SPDX-License-Identifier: Apache-2.0
#include "train/layers/gpt.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <string>
#include <utility>

#include "train/layers/matmul.h"

namespace actplane::train {
namespace {

constexpr double kStd = 0.02;  // of GPT-2's weights

// Projections back into the residual stream, of which there are two in a block.
double ProjectionStd(const Geometry& g) {
  return kStd / std::sqrt(2.0 * static_cast<double>(g.blocks));
}

std::string Named(int block, const char* part) { return "h" + std::to_string(block) + "." + part; }

}  // namespace

Block::Block(int index, const Geometry& g, const at::Generator& generator)
    : index_(index),
      norm1_(Named(index, "ln_1"), g.width, {index, "ln_1", Kind::kNormOutput}),
      attention_(index, {g.width, g.heads, g.dropout, ProjectionStd(g)}, generator),
      dropout1_(g.dropout, {index, "attn.resid_dropout"}),
      norm2_(Named(index, "ln_2"), g.width, {index, "ln_2", Kind::kNormOutput}),
      up_(Named(index, "mlp.up"), g.width, 4 * g.width, kStd, generator),
      gelu_({index, "mlp.gelu", Kind::kGeluOutput}),
      down_(Named(index, "mlp.down"), 4 * g.width, g.width, ProjectionStd(g), generator),
      dropout2_(g.dropout, {index, "mlp.resid_dropout"}) {}

at::Tensor Block::Forward(const at::Tensor& x, int64_t batch, const Pass& pass) {
  at::Tensor middle;
  {
    Activation in(x, {index_, "ln_1.in", Kind::kResidual});
    Activation normed = norm1_.Forward(in, pass);
    middle = x + dropout1_.Forward(attention_.Forward(normed, batch, pass), pass);
  }
  Activation in(middle, {index_, "ln_2.in", Kind::kResidual});
  Activation normed = norm2_.Forward(in, pass);
  Activation inner(up_.Forward(normed, pass), {index_, "mlp.in", Kind::kGeluInput});
  Activation activated = gelu_.Forward(inner, pass);
  return middle + dropout2_.Forward(down_.Forward(activated, pass), pass);
}

at::Tensor Block::Backward(const at::Tensor& dy, const Pass& pass) {
  at::Tensor d = down_.Backward(dropout2_.Backward(dy, pass), pass);
  d = up_.Backward(gelu_.Backward(d, pass), pass);
  at::Tensor middle = norm2_.Backward(d, pass).add_(dy);
  d = attention_.Backward(dropout1_.Backward(middle, pass), pass);
  return norm1_.Backward(d, pass).add_(middle);
}

void Block::Collect(std::vector<Parameter*>& parameters) {
  norm1_.Collect(parameters);
  attention_.Collect(parameters);
  norm2_.Collect(parameters);
  up_.Collect(parameters);
  down_.Collect(parameters);
}

void Block::Linears(std::vector<Linear*>& linears) {
  attention_.Linears(linears);
  linears.push_back(&up_);
  linears.push_back(&down_);
}

Gpt::Gpt(const Geometry& geometry, uint64_t seed)
    : geometry_(geometry),
      generator_(at::detail::createCPUGenerator(seed)),
      token_{.name = "token",
             .value = at::empty({geometry.vocabulary, geometry.width}, at::kFloat)
                          .normal_(0, kStd, generator_),
             .grad = {},
             .decay = true},
      position_{.name = "position",
                .value = at::empty({geometry.context, geometry.width}, at::kFloat)
                             .normal_(0, kStd, generator_),
                .grad = {}},
      dropout_(geometry.dropout, {-1, "embedding.dropout"}),
      norm_("ln_f", geometry.width, {-1, "ln_f", Kind::kNormOutput}) {
  for (int i = 0; i < geometry.blocks; ++i) blocks_.emplace_back(i, geometry, generator_);
}

double Gpt::Forward(const at::Tensor& tokens, const at::Tensor& targets, const Pass& pass) {
  const int64_t batch = tokens.size(0);
  const int64_t length = tokens.size(1);
  at::Tensor x = at::embedding(token_.value, tokens);
  x.add_(position_.value.narrow(0, 0, length));
  x = dropout_.Forward(x.view({batch * length, geometry_.width}), pass);
  for (Block& block : blocks_) x = block.Forward(x, batch, pass);

  Activation in(std::move(x), {-1, "ln_f.in", Kind::kResidual});
  Activation normed = norm_.Forward(in, pass);
  at::Tensor logits = at::empty({batch * length, geometry_.vocabulary}, at::kFloat);
  MatMul(normed.value(), token_.value.t(), logits);
  const at::Tensor log_probability = at::log_softmax(logits, -1);
  const at::Tensor loss = log_probability.gather(1, targets.reshape({-1, 1}));
  if (pass.training()) {
    tokens_ = pass.stash->KeepExact(tokens, {-1, "tokens"});
    targets_ = pass.stash->KeepExact(targets, {-1, "targets"});
    head_input_ = pass.stash->Keep(normed);
    log_probability_ = pass.stash->KeepExact(log_probability, {-1, "log_probability"});
  }
  return -loss.sum(at::kDouble).item<double>() / static_cast<double>(loss.numel());
}

void Gpt::Backward(const Pass& pass, double weight) {
  Stash& stash = *pass.stash;
  const at::Tensor targets = stash.Get(targets_);
  at::Tensor d = stash.Get(std::exchange(log_probability_, nullptr)).exp();
  d.scatter_add_(1, targets.reshape({-1, 1}), at::full({targets.numel(), 1}, -1.0F));
  d.mul_(weight / static_cast<double>(targets.numel()));

  const bool first = !token_.grad.defined();
  if (first) token_.grad = at::empty_like(token_.value);
  MatMul(d.t(), stash.Get(std::exchange(head_input_, nullptr)), token_.grad, first ? 0 : 1);
  at::Tensor dx = at::empty({d.size(0), geometry_.width}, at::kFloat);
  MatMul(d, token_.value, dx);
  d.reset();

  dx = norm_.Backward(dx, pass);
  for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
    dx = block->Backward(dx, pass);
  }
  dx = dropout_.Backward(dx, pass);
  const at::Tensor tokens = stash.Get(std::exchange(tokens_, nullptr));
  targets_ = nullptr;
  dx = dx.view({tokens.size(0), tokens.size(1), geometry_.width});
  token_.grad.add_(at::embedding_dense_backward(dx, tokens, geometry_.vocabulary, -1, false));
  if (!position_.grad.defined()) position_.grad = at::zeros_like(position_.value);
  position_.grad.narrow(0, 0, tokens.size(1)).add_(dx.sum(0));
}

PerKind<int64_t> Gpt::TextbookBytes(int64_t batch) const {
  const Geometry& g = geometry_;
  const int64_t unit = batch * g.context * g.width * 4;
  const int64_t map = batch * g.heads * g.context * g.context * 4;
  PerKind<int64_t> bytes = {};
  const auto add = [&](Kind kind, int64_t n) { bytes[static_cast<size_t>(kind)] = n; };
  for (const Kind kind : {Kind::kResidual, Kind::kNormOutput}) add(kind, (2 * g.blocks + 1) * unit);
  for (const Kind kind : {Kind::kQuery, Kind::kKey, Kind::kValue, Kind::kAttentionOutput})
    add(kind, g.blocks * unit);
  for (const Kind kind : {Kind::kGeluInput, Kind::kGeluOutput}) add(kind, 4 * g.blocks * unit);
  add(Kind::kProbability, g.blocks * map);
  if (g.dropout > 0) add(Kind::kDroppedProbability, g.blocks * map);
  return bytes;
}

std::vector<Parameter*> Gpt::Parameters() {
  std::vector<Parameter*> parameters = {&token_, &position_};
  for (Block& block : blocks_) block.Collect(parameters);
  norm_.Collect(parameters);
  return parameters;
}

std::vector<Linear*> Gpt::Linears() {
  std::vector<Linear*> linears;
  for (Block& block : blocks_) block.Linears(linears);
  return linears;
}

void Gpt::ClearGradients() {
  for (Parameter* p : Parameters()) p->grad.reset();
}

}  // namespace actplane::train
