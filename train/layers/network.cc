// SPDX-License-Identifier: Apache-2.0
#include "train/layers/network.h"

#include <ATen/CPUGeneratorImpl.h>

#include <utility>

#include "train/layers/matmul.h"

namespace actplane::train {
namespace {

constexpr double kStd = 0.02;  // of GPT-2's weights

}  // namespace

Network::Network(const Geometry& geometry, uint64_t seed)
    : geometry_(geometry),
      generator_(at::detail::createCPUGenerator(seed)),
      token_{.name = "token",
             .value = at::empty({geometry.vocabulary, geometry.width}, at::kFloat)
                          .normal_(0, kStd, generator_),
             .grad = {},
             .decay = true},
      dropout_(geometry.dropout, {-1, "embedding.dropout"}),
      norm_("ln_f", geometry.width, {-1, "ln_f", Kind::kNormOutput}, geometry.family) {
  if (geometry.family == Family::kGpt2) {
    position_ = Parameter{
        .name = "position",
        .value =
            at::empty({geometry.context, geometry.width}, at::kFloat).normal_(0, kStd, generator_),
        .grad = {}};
  }
  for (int i = 0; i < geometry.blocks; ++i) blocks_.emplace_back(i, geometry, generator_);
}

double Network::Forward(const at::Tensor& tokens, const at::Tensor& targets, const Pass& pass) {
  const int64_t batch = tokens.size(0);
  const int64_t length = tokens.size(1);
  at::Tensor x = at::embedding(token_.value, tokens);
  if (position_) x.add_(position_->value.narrow(0, 0, length));
  x = dropout_.Forward(x.view({batch * length, geometry_.width}), pass);
  for (Block& block : blocks_) x = block.Forward(x, batch, pass);

  Activation in(std::move(x), {-1, "ln_f.in", Kind::kResidual});
  Activation normed = norm_.Forward(in, pass);
  at::Tensor logits = at::empty({batch * length, geometry_.vocabulary}, at::kFloat);
  MatMul(normed.value(), token_.value.t(), logits);
  const at::Tensor log_probability = at::log_softmax(logits, -1);
  const at::Tensor loss = log_probability.gather(1, targets.reshape({-1, 1}));
  if (pass.keeps()) {
    tokens_ = pass.stash->KeepExact(tokens, {-1, "tokens"});
    targets_ = pass.stash->KeepExact(targets, {-1, "targets"});
    head_input_ = pass.stash->Keep(normed);
    log_probability_ = pass.stash->KeepExact(log_probability, {-1, "log_probability"});
  }
  return -loss.sum(at::kDouble).item<double>() / static_cast<double>(loss.numel());
}

void Network::Backward(const Pass& pass, double weight) {
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
  if (!position_) return;
  if (!position_->grad.defined()) position_->grad = at::zeros_like(position_->value);
  position_->grad.narrow(0, 0, tokens.size(1)).add_(dx.sum(0));
}

PerKind<int64_t> Network::TextbookBytes(int64_t batch) const {
  const Geometry& g = geometry_;
  const int64_t tokens = batch * g.context * 4;
  const int64_t unit = tokens * g.width;
  const int64_t map = tokens * g.heads * g.context;
  const bool gpt2 = g.family == Family::kGpt2;
  PerKind<int64_t> bytes = {};
  const auto add = [&](Kind kind, int64_t n) { bytes[static_cast<size_t>(kind)] = n; };
  for (const Kind kind : {Kind::kResidual, Kind::kNormOutput}) add(kind, (2 * g.blocks + 1) * unit);
  for (const Kind kind : {Kind::kQuery, Kind::kAttentionOutput}) add(kind, g.blocks * unit);
  for (const Kind kind : {Kind::kKey, Kind::kValue}) add(kind, g.blocks * tokens * g.KeyWidth());
  const auto inner = gpt2 ? std::vector{Kind::kGeluInput, Kind::kGeluOutput}
                          : std::vector{Kind::kSiluInput, Kind::kGateUp, Kind::kGated};
  for (const Kind kind : inner) add(kind, g.blocks * tokens * g.Hidden());
  add(Kind::kProbability, g.blocks * map);
  if (g.dropout > 0) add(Kind::kDroppedProbability, g.blocks * map);
  return bytes;
}

std::vector<Parameter*> Network::Parameters() {
  std::vector<Parameter*> parameters = {&token_};
  if (position_) parameters.push_back(&*position_);
  for (Block& block : blocks_) block.Collect(parameters);
  norm_.Collect(parameters);
  return parameters;
}

std::vector<Linear*> Network::Linears() {
  std::vector<Linear*> linears;
  for (Block& block : blocks_) block.Linears(linears);
  return linears;
}

void Network::ClearGradients() {
  for (Parameter* p : Parameters()) p->grad.reset();
}

}  // namespace actplane::train
