// SPDX-License-Identifier: Apache-2.0
#include "train/layers/attention.h"

#include <cmath>
#include <limits>
#include <utility>

#include "train/layers/matmul.h"

namespace actplane::train {
namespace {

// [b, a, t, n] as [b g, (a / g) t, n] for batched products, where `like` is [b, g, t, ...]: the
// heads that share a key follow each other and become the rows of one matrix.
at::Tensor Grouped(const at::Tensor& x, const at::Tensor& like) {
  return x.view({like.size(0) * like.size(1), -1, x.size(-1)});
}

}  // namespace

Attention::Attention(int block, const Geometry& g, double projection_std,
                     const at::Generator& generator)
    : block_(block),
      heads_(g.heads),
      key_heads_(g.KeyHeads()),
      head_(g.width / g.heads),
      qkv_(Site{block, "attn.qkv"}.Name(), g.width, g.width + 2 * g.KeyWidth(), 0.02, generator,
           g.Biased()),
      projection_(Site{block, "attn.projection"}.Name(), g.width, g.width, projection_std,
                  generator, g.Biased()),
      dropout_(g.dropout, {block, "attn.dropout"}) {
  if (g.family == Family::kLlama) rotary_.emplace(head_, g.context);
}

at::Tensor Attention::Forward(Activation& x, int64_t batch, const Pass& pass) {
  batch_ = batch;
  const int64_t tokens = x.value().size(0) / batch;
  const at::Tensor qkv =
      qkv_.Forward(x, pass).view({batch, tokens, heads_ + 2 * key_heads_, head_});
  // Three tensors, not three views of one: each is kept and released by itself.
  const auto part = [&](int64_t first, int64_t heads, bool turns) {
    at::Tensor p = qkv.narrow(2, first, heads).transpose(1, 2).clone(at::MemoryFormat::Contiguous);
    if (turns && rotary_) rotary_->Turn(p, /*back=*/false);
    return p;
  };
  Activation q(part(0, heads_, true), {block_, "attn.q", Kind::kQuery});
  Activation k(part(heads_, key_heads_, true), {block_, "attn.k", Kind::kKey});
  Activation v(part(heads_ + key_heads_, key_heads_, false), {block_, "attn.v", Kind::kValue});

  at::Tensor scores = CausalScores(q.value(), k.value());
  Activation probability(at::softmax(scores, -1), {block_, "attn.p", Kind::kProbability});
  at::Tensor mask;
  std::optional<Activation> dropped;
  if (dropout_.On(pass)) {
    mask = dropout_.MakeMask(probability.value().numel(), pass);
    dropped.emplace(Dropout::Apply(probability.value(), mask, dropout_.scale()),
                    Site{block_, "attn.p_dropped", Kind::kDroppedProbability});
  }
  Activation& weights = dropped ? *dropped : probability;
  Activation out(BatchMatMul(Grouped(weights.value(), v.value()), v.value().flatten(0, 1))
                     .view({batch, heads_, tokens, head_})
                     .transpose(1, 2)
                     .contiguous()
                     .view({batch * tokens, heads_ * head_}),
                 {block_, "attn.out", Kind::kAttentionOutput});
  if (pass.keeps()) {
    AttentionForward forward{q, k, v, probability, weights, out, std::exchange(scores, {}), mask};
    kept_ = pass.stash->FormulasOf(Kind::kDroppedProbability).KeepAttention(*pass.stash, forward);
  }
  return projection_.Forward(out, pass);
}

at::Tensor Attention::Backward(const at::Tensor& dy, const Pass& pass) {
  const int64_t tokens = dy.size(0) / batch_;
  AttentionUpstream up{.dout = projection_.Backward(dy, pass)
                                   .view({batch_, tokens, heads_, head_})
                                   .transpose(1, 2)
                                   .contiguous(),
                       .mask_scale = dropout_.scale()};
  if (dropout_.On(pass)) {
    up.mask = [&] { return dropout_.MakeMask(batch_ * heads_ * tokens * tokens, pass); };
  }
  const AttentionGradient g = pass.stash->FormulasOf(Kind::kDroppedProbability)
                                  .AttentionBackward(*pass.stash, std::exchange(kept_, {}), up);
  const float scale = 1.0F / std::sqrt(static_cast<float>(head_));
  g.q.mul_(scale);
  g.k.mul_(scale);
  at::Tensor dqkv = at::empty({batch_, tokens, heads_ + 2 * key_heads_, head_}, dy.options());
  const auto put = [&](int64_t first, int64_t heads, bool turns, const at::Tensor& gradient) {
    const at::Tensor d = gradient.view({batch_, heads, tokens, head_});
    if (turns && rotary_) rotary_->Turn(d, /*back=*/true);
    dqkv.narrow(2, first, heads).copy_(d.transpose(1, 2));
  };
  put(0, heads_, true, g.q);
  put(heads_, key_heads_, true, g.k);
  put(heads_ + key_heads_, key_heads_, false, g.v);
  return qkv_.Backward(dqkv.view({batch_ * tokens, -1}), pass);
}

void Attention::Collect(std::vector<Parameter*>& parameters) {
  qkv_.Collect(parameters);
  projection_.Collect(parameters);
}

void Attention::Linears(std::vector<Linear*>& linears) {
  linears.push_back(&qkv_);
  linears.push_back(&projection_);
}

at::Tensor CausalScores(const at::Tensor& q, const at::Tensor& k) {
  const int64_t tokens = q.size(2);
  const float scale = 1.0F / std::sqrt(static_cast<float>(q.size(3)));
  const at::Tensor scores = BatchMatMul(Grouped(q, k), k.flatten(0, 1).transpose(1, 2), scale)
                                .view({q.size(0), q.size(1), tokens, tokens});
  return scores.add_(
      at::full({tokens, tokens}, -std::numeric_limits<float>::infinity(), at::kFloat).triu_(1));
}

AttentionGradient BackwardThroughMap(const Stash& stash, const Kept& kept, at::Tensor p,
                                     at::Tensor dropped, const at::Tensor& mask,
                                     const AttentionUpstream& up, const at::Tensor& row_sums) {
  AttentionGradient g;
  at::Tensor ds;
  {
    const at::Tensor v = stash.Get(kept[2]);
    const at::Tensor dout = Grouped(up.dout, v);
    g.v = BatchMatMul(Grouped(dropped, v).transpose(1, 2), dout);
    dropped.reset();
    at::Tensor dp = BatchMatMul(dout, v.flatten(0, 1).transpose(1, 2)).view(p.sizes());
    if (mask.defined()) dp = Dropout::Apply(dp, mask, up.mask_scale);
    ds = row_sums.defined() ? dp.sub_(row_sums).mul_(p)
                            : at::_softmax_backward_data(dp, p, -1, at::kFloat);
    ds = Grouped(ds, v);
    p.reset();
  }
  const at::Tensor k = stash.Get(kept[1]);
  g.q = BatchMatMul(ds, k.flatten(0, 1));
  g.k = BatchMatMul(ds.transpose(1, 2), Grouped(stash.Get(kept[0]), k));
  return g;
}

at::Tensor MapOf(const Stash& stash, const Handle& map) {
  at::Tensor p = stash.Get(map);
  if (!map->lossy()) return p;
  const at::Tensor sums = p.sum({-1}, true);
  return p / sums.masked_fill(sums <= 0, 1);
}

Kept Formulas::KeepAttention(Stash& stash, AttentionForward& f) {
  Kept kept = {stash.Keep(f.q), stash.Keep(f.k), stash.Keep(f.v), stash.Keep(f.probability),
               stash.Keep(f.dropped_probability)};
  if (f.mask.defined()) kept.push_back(stash.KeepMask(f.mask, f.dropped_probability.site()));
  return kept;
}

AttentionGradient Formulas::AttentionBackward(Stash& stash, const Kept& kept,
                                              const AttentionUpstream& up) {
  at::Tensor p = MapOf(stash, kept[3]);
  at::Tensor dropped = up.mask ? stash.Get(kept[4]) : p;
  const at::Tensor mask = up.mask ? stash.Get(kept[5]) : at::Tensor();
  return BackwardThroughMap(stash, kept, std::move(p), std::move(dropped), mask, up);
}

}  // namespace actplane::train
