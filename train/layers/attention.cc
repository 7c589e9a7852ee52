// SPDX-License-Identifier: Apache-2.0
#include "train/layers/attention.h"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "train/layers/matmul.h"

namespace actplane::train {
namespace {

std::string Named(int block, const char* part) { return "h" + std::to_string(block) + "." + part; }

// Batch and heads as one dimension, for batched products.
at::Tensor Merged(const at::Tensor& t) { return t.flatten(0, 1); }

}  // namespace

Attention::Attention(int block, const Shape& shape, const at::Generator& generator)
    : block_(block),
      width_(shape.width),
      heads_(shape.heads),
      qkv_(Named(block, "attn.qkv"), shape.width, 3 * shape.width, 0.02, generator),
      projection_(Named(block, "attn.projection"), shape.width, shape.width, shape.projection_std,
                  generator),
      dropout_(shape.dropout, {block, "attn.dropout"}) {}

at::Tensor Attention::Forward(Activation& x, int64_t batch, const Pass& pass) {
  batch_ = batch;
  const int64_t tokens = x.value().size(0) / batch;
  const int64_t head = width_ / heads_;
  const at::Tensor qkv =
      qkv_.Forward(x, pass).view({batch, tokens, 3, heads_, head}).permute({2, 0, 3, 1, 4});
  // Three tensors, not three views of one: each is kept and released by itself.
  const auto part = [&](int64_t i) { return qkv.select(0, i).contiguous(); };
  Activation q(part(0), {block_, "attn.q", Kind::kQuery});
  Activation k(part(1), {block_, "attn.k", Kind::kKey});
  Activation v(part(2), {block_, "attn.v", Kind::kValue});

  at::Tensor scores = BatchMatMul(Merged(q.value()), Merged(k.value()).transpose(1, 2),
                                  1.0F / std::sqrt(static_cast<float>(head)));
  scores.add_(
      at::full({tokens, tokens}, -std::numeric_limits<float>::infinity(), at::kFloat).triu_(1));
  Activation probability(at::softmax(scores, -1).view({batch, heads_, tokens, tokens}),
                         {block_, "attn.p", Kind::kProbability});
  scores.reset();

  at::Tensor mask;
  std::optional<Activation> dropped;
  if (dropout_.On(pass)) {
    mask = dropout_.MakeMask(probability.value().numel(), pass);
    dropped.emplace(Dropout::Apply(probability.value(), mask, dropout_.scale()),
                    Site{block_, "attn.p_dropped", Kind::kDroppedProbability});
  }
  Activation& weights = dropped ? *dropped : probability;
  const at::Tensor heads_out = BatchMatMul(Merged(weights.value()), Merged(v.value()));
  if (pass.training()) {
    AttentionForward forward{q, k, v, probability, weights, mask, dropout_.scale()};
    kept_ = pass.stash->FormulasOf(Kind::kDroppedProbability).KeepAttention(*pass.stash, forward);
  }
  Activation merged(heads_out.view({batch, heads_, tokens, head})
                        .transpose(1, 2)
                        .contiguous()
                        .view({batch * tokens, width_}),
                    {block_, "attn.out", Kind::kAttentionOutput});
  return projection_.Forward(merged, pass);
}

at::Tensor Attention::Backward(const at::Tensor& dy, const Pass& pass) {
  const int64_t tokens = dy.size(0) / batch_;
  const int64_t head = width_ / heads_;
  const at::Tensor dout = projection_.Backward(dy, pass)
                              .view({batch_, tokens, heads_, head})
                              .transpose(1, 2)
                              .contiguous()
                              .view({batch_ * heads_, tokens, head});
  AttentionGradient g =
      pass.stash->FormulasOf(Kind::kDroppedProbability)
          .AttentionBackward(*pass.stash, std::exchange(kept_, {}), dout, dropout_.scale());
  const float scale = 1.0F / std::sqrt(static_cast<float>(head));
  g.q.mul_(scale);
  g.k.mul_(scale);
  at::Tensor dqkv = at::empty({batch_, tokens, 3, heads_, head}, dy.options());
  const auto put = [&](int64_t i, const at::Tensor& d) {
    dqkv.select(2, i).copy_(d.view({batch_, heads_, tokens, head}).transpose(1, 2));
  };
  put(0, g.q);
  put(1, g.k);
  put(2, g.v);
  return qkv_.Backward(dqkv.view({batch_ * tokens, 3 * width_}), pass);
}

void Attention::Collect(std::vector<Parameter*>& parameters) {
  qkv_.Collect(parameters);
  projection_.Collect(parameters);
}

void Attention::Linears(std::vector<Linear*>& linears) {
  linears.push_back(&qkv_);
  linears.push_back(&projection_);
}

Kept Formulas::KeepAttention(Stash& stash, AttentionForward& f) {
  Kept kept = {stash.Keep(f.q), stash.Keep(f.k), stash.Keep(f.v), stash.Keep(f.probability),
               stash.Keep(f.dropped_probability)};
  if (f.mask.defined()) kept.push_back(stash.KeepMask(f.mask, f.dropped_probability.site()));
  return kept;
}

AttentionGradient Formulas::AttentionBackward(Stash& stash, const Kept& kept,
                                              const at::Tensor& dout, float mask_scale) {
  const bool dropout = kept.size() == 6;
  AttentionGradient g;
  at::Tensor p = Merged(stash.Get(kept[3]));
  g.v = BatchMatMul((dropout ? Merged(stash.Get(kept[4])) : p).transpose(1, 2), dout);
  at::Tensor dp = BatchMatMul(dout, Merged(stash.Get(kept[2])).transpose(1, 2));
  if (dropout) dp = Dropout::Apply(dp, stash.Get(kept[5]), mask_scale);
  const at::Tensor ds = at::_softmax_backward_data(dp, p, -1, at::kFloat);
  p.reset();
  dp.reset();
  g.q = BatchMatMul(ds, Merged(stash.Get(kept[1])));
  g.k = BatchMatMul(ds.transpose(1, 2), Merged(stash.Get(kept[0])));
  return g;
}

}  // namespace actplane::train
