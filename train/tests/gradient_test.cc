// SPDX-License-Identifier: Apache-2.0
// Every layer's backward against libtorch's autograd of the same function, written with its public
// operators; exact stash.
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <limits>

#include "test_support.h"
#include "train/layers/attention.h"
#include "train/layers/dropout.h"
#include "train/layers/gelu.h"
#include "train/layers/linear.h"
#include "train/layers/matmul.h"
#include "train/layers/network.h"
#include "train/layers/norm.h"
#include "train/layers/swiglu.h"

namespace actplane::train {
namespace {

constexpr double kTolerance = 2e-5;  // relative; float32 sums in another order

class LayerGradient : public testing::Test {
 protected:
  at::Tensor Random(at::IntArrayRef shape) {
    return at::empty(shape, at::kFloat).normal_(0, 1, generator_);
  }

  at::Generator generator_ = at::detail::createCPUGenerator(7);
  Stash stash_{nullptr};
  Pass pass_{&stash_, 99, 3, 0};
};

// Gradients of sum(f(inputs) * dy) by autograd.
std::vector<at::Tensor> Autograd(
    std::vector<at::Tensor> inputs, const at::Tensor& dy,
    const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f) {
  const at::AutoGradMode on(true);
  for (at::Tensor& t : inputs) t = t.detach().clone().requires_grad_();
  return torch::autograd::grad({f(inputs)}, inputs, {dy});
}

// The mask of a dropout as floats.
at::Tensor MaskOf(const Dropout& dropout, at::IntArrayRef shape, const Pass& pass) {
  const at::Tensor ones = at::ones(shape, at::kFloat);
  return Dropout::Apply(ones, dropout.MakeMask(ones.numel(), pass), dropout.scale());
}

TEST_F(LayerGradient, LinearIsAutograd) {
  Linear linear("l", 24, 40, 0.3, generator_);
  const at::Tensor x = Random({70, 24});
  const at::Tensor dy = Random({70, 40});
  Activation in(x, {0, "x"});
  const at::Tensor y = linear.Forward(in, pass_);
  const at::Tensor dx = linear.Backward(dy, pass_);
  std::vector<Parameter*> p;
  linear.Collect(p);
  const auto f = [](const auto& t) { return at::matmul(t[0], t[1]) + t[2]; };
  EXPECT_LT(RelativeError(y, f(std::vector{x, p[0]->value, p[1]->value})), kTolerance);
  const auto g = Autograd({x, p[0]->value, p[1]->value}, dy, f);
  EXPECT_LT(RelativeError(dx, g[0]), kTolerance);
  EXPECT_LT(RelativeError(p[0]->grad, g[1]), kTolerance);
  EXPECT_LT(RelativeError(p[1]->grad, g[2]), kTolerance);
}

TEST_F(LayerGradient, ASecondBackwardAddsToTheGradients) {
  Linear linear("l", 16, 16, 0.3, generator_);
  Activation in(Random({9, 16}), {0, "x"});
  const at::Tensor dy = Random({9, 16});
  std::vector<Parameter*> p;
  linear.Collect(p);
  linear.Forward(in, pass_);
  linear.Backward(dy, pass_);
  const at::Tensor once = p[0]->grad.clone();
  linear.Forward(in, pass_);
  linear.Backward(dy, pass_);
  EXPECT_LT(RelativeError(p[0]->grad, once * 2), kTolerance);
}

TEST_F(LayerGradient, NormIsAutograd) {
  Norm norm("n", 48, {0, "y", Kind::kNormOutput});
  std::vector<Parameter*> p;
  norm.Collect(p);
  p[0]->value.copy_(Random({48}));
  p[1]->value.copy_(Random({48}));
  const at::Tensor x = Random({33, 48}) * 3 + 1;
  const at::Tensor dy = Random({33, 48});
  Activation in(x, {0, "x"});
  const Activation y = norm.Forward(in, pass_);
  const at::Tensor dx = norm.Backward(dy, pass_);
  const auto f = [](const auto& t) { return at::layer_norm(t[0], {48}, t[1], t[2], 1e-5); };
  EXPECT_LT(RelativeError(y.value(), f(std::vector{x, p[0]->value, p[1]->value})), kTolerance);
  const auto g = Autograd({x, p[0]->value, p[1]->value}, dy, f);
  EXPECT_LT(RelativeError(dx, g[0]), kTolerance);
  EXPECT_LT(RelativeError(p[0]->grad, g[1]), kTolerance);
  EXPECT_LT(RelativeError(p[1]->grad, g[2]), kTolerance);
}

TEST_F(LayerGradient, GeluIsAutogradOfItsTanhForm) {
  Gelu gelu({0, "y", Kind::kGeluOutput});
  const at::Tensor x = Random({20, 50}) * 3;
  const at::Tensor dy = Random({20, 50});
  Activation in(x, {0, "x", Kind::kGeluInput});
  const Activation y = gelu.Forward(in, pass_);
  const at::Tensor dx = gelu.Backward(dy, pass_);
  const auto f = [](const auto& t) {
    const at::Tensor& v = t[0];
    return 0.5 * v * (1 + at::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
  };
  EXPECT_LT(RelativeError(y.value(), f(std::vector{x})), kTolerance);
  EXPECT_LT(RelativeError(dx, Autograd({x}, dy, f)[0]), kTolerance);
}

TEST_F(LayerGradient, RmsNormIsAutograd) {
  Norm norm("n", 48, {0, "y", Kind::kNormOutput}, Family::kLlama);
  std::vector<Parameter*> p;
  norm.Collect(p);
  ASSERT_EQ(p.size(), 1U);
  p[0]->value.copy_(Random({48}));
  const at::Tensor x = Random({33, 48}) * 3 + 1;
  const at::Tensor dy = Random({33, 48});
  Activation in(x, {0, "x"});
  const Activation y = norm.Forward(in, pass_);
  const at::Tensor dx = norm.Backward(dy, pass_);
  const auto f = [](const auto& t) {
    return t[0] / (t[0].pow(2).mean({-1}, true) + 1e-5).sqrt() * t[1];
  };
  EXPECT_LT(RelativeError(y.value(), f(std::vector{x, p[0]->value})), kTolerance);
  const auto g = Autograd({x, p[0]->value}, dy, f);
  EXPECT_LT(RelativeError(dx, g[0]), kTolerance);
  EXPECT_LT(RelativeError(p[0]->grad, g[1]), kTolerance);
}

TEST_F(LayerGradient, SwigluIsAutograd) {
  Swiglu swiglu({0, "y", Kind::kGated});
  const at::Tensor x = Random({20, 50}) * 3;
  const at::Tensor u = Random({20, 50});
  const at::Tensor dy = Random({20, 50});
  Activation gate(x, {0, "x", Kind::kSiluInput});
  Activation up(u, {0, "u", Kind::kGateUp});
  const Activation y = swiglu.Forward(gate, up, pass_);
  const SwigluGradient g = swiglu.Backward(dy, pass_);
  const auto f = [](const auto& t) { return t[0] * at::sigmoid(t[0]) * t[1]; };
  EXPECT_LT(RelativeError(y.value(), f(std::vector{x, u})), kTolerance);
  const auto reference = Autograd({x, u}, dy, f);
  EXPECT_LT(RelativeError(g.gate, reference[0]), kTolerance);
  EXPECT_LT(RelativeError(g.up, reference[1]), kTolerance);
}

TEST_F(LayerGradient, DropoutIsAutogradWithTheSameMask) {
  Dropout dropout(0.3F, {0, "d"});
  const at::Tensor x = Random({37, 11});
  const at::Tensor dy = Random({37, 11});
  const at::Tensor mask = MaskOf(dropout, {37, 11}, pass_);
  EXPECT_TRUE(at::equal(dropout.Forward(x, pass_), x * mask));
  EXPECT_TRUE(at::equal(dropout.Backward(dy, pass_), dy * mask));
}

// x [b, a, t, d] with the pairs (i, i + d / 2) of a head as complex numbers, turned.
at::Tensor TurnedBy(const at::Tensor& x) {
  const int64_t half = x.size(3) / 2;
  const at::Tensor rate = at::pow(10000.0, at::arange(half, at::kDouble) / -half);
  const at::Tensor angle = at::arange(x.size(2), at::kDouble).unsqueeze(1) * rate;
  const at::Tensor turn = at::polar(at::ones_like(angle), angle).to(at::kComplexFloat);
  const at::Tensor y = at::complex(x.narrow(3, 0, half), x.narrow(3, half, half)) * turn;
  return at::cat({at::real(y), at::imag(y)}, -1);
}

// t: input, then the parameters in the order of Collect.
at::Tensor AttentionBy(const std::vector<at::Tensor>& t, int64_t batch, const Geometry& g,
                       const at::Tensor& mask) {
  const int64_t tokens = t[0].size(0) / batch;
  const int64_t width = g.width / g.heads;
  const bool gpt2 = g.family == Family::kGpt2;
  at::Tensor qkv = at::matmul(t[0], t[1]);
  if (gpt2) qkv = qkv + t[2];
  const auto parts =
      qkv.view({batch, tokens, -1}).split_with_sizes({g.width, g.KeyWidth(), g.KeyWidth()}, -1);
  const auto heads = [&](const at::Tensor& x, bool turned) {
    const at::Tensor h = x.reshape({batch, tokens, -1, width}).transpose(1, 2);
    return (turned && !gpt2 ? TurnedBy(h) : h).repeat_interleave(g.heads / h.size(1), 1);
  };
  at::Tensor scores = at::matmul(heads(parts[0], true), heads(parts[1], true).transpose(-2, -1)) /
                      std::sqrt(static_cast<double>(width));
  scores = scores.masked_fill(at::ones({tokens, tokens}, at::kBool).triu(1),
                              -std::numeric_limits<float>::infinity());
  at::Tensor p = at::softmax(scores, -1);
  if (mask.defined()) p = p * mask.view(p.sizes());
  const at::Tensor out =
      at::matmul(p, heads(parts[2], false)).transpose(1, 2).reshape({batch * tokens, g.width});
  return gpt2 ? at::matmul(out, t[3]) + t[4] : at::matmul(out, t[2]);
}

const std::vector<std::string> kExactFormulas = {"exact", "flash", "recompute:scope=block",
                                                 "recompute:scope=attention"};

struct AttentionCase {
  const char* name;
  Geometry geometry;
};

void PrintTo(const AttentionCase& c, std::ostream* out) { *out << c.name; }

const std::vector<AttentionCase> kAttentions = {
    {"Gpt2", {.width = 32, .heads = 4, .context = 20}},
    {"Gpt2Dropout", {.width = 32, .heads = 4, .context = 20, .dropout = 0.25F}},
    {"Llama", {.width = 32, .heads = 4, .context = 20, .family = Family::kLlama}},
    {"LlamaGrouped",
     {.width = 32,
      .heads = 4,
      .context = 20,
      .dropout = 0.25F,
      .family = Family::kLlama,
      .kv_heads = 2}},
    {"LlamaOneKey",
     {.width = 24, .heads = 6, .context = 20, .family = Family::kLlama, .kv_heads = 1}}};

class AttentionGradientTest
    : public LayerGradient,
      public testing::WithParamInterface<std::tuple<AttentionCase, std::string>> {};

TEST_P(AttentionGradientTest, AttentionIsAutograd) {
  const auto& [c, spec] = GetParam();
  const Geometry& g = c.geometry;
  const auto stash = StashOf(spec);
  pass_.stash = stash.get();
  Attention attention(5, g, 0.2, generator_);
  std::vector<Parameter*> p;
  attention.Collect(p);
  p[0]->value.mul_(20);  // scores that matter
  if (g.Biased()) p[1]->value.copy_(Random({3 * g.width}) * 0.1);
  const at::Tensor x = Random({3 * 20, g.width});
  const at::Tensor dy = Random({3 * 20, g.width});
  Activation in(x, {5, "x"});
  const at::Tensor y = attention.Forward(in, 3, pass_);
  const at::Tensor dx = attention.Backward(dy, pass_);
  const at::Tensor mask = g.dropout == 0 ? at::Tensor()
                                         : MaskOf(Dropout(g.dropout, {5, "attn.dropout"}),
                                                  {3 * g.heads, 20, 20}, pass_);
  const auto f = [&](const auto& t) { return AttentionBy(t, 3, g, mask); };
  std::vector<at::Tensor> inputs = {x};
  for (const Parameter* q : p) inputs.push_back(q->value);
  EXPECT_LT(RelativeError(y, f(inputs)), kTolerance);
  const auto reference = Autograd(inputs, dy, f);
  EXPECT_LT(RelativeError(dx, reference[0]), kTolerance);
  for (size_t i = 0; i < p.size(); ++i)
    EXPECT_LT(RelativeError(p[i]->grad, reference[i + 1]), kTolerance) << p[i]->name;
}

INSTANTIATE_TEST_SUITE_P(Formulas, AttentionGradientTest,
                         testing::Combine(testing::ValuesIn(kAttentions),
                                          testing::ValuesIn(kExactFormulas)),
                         [](const auto& i) {
                           return std::string(std::get<0>(i.param).name) +
                                  std::to_string(i.index % kExactFormulas.size());
                         });

// The whole network by public operators; dropout off.
at::Tensor NetworkBy(const std::vector<at::Tensor>& p, const Geometry& g, const at::Tensor& tokens,
                     const at::Tensor& targets) {
  const int64_t batch = tokens.size(0);
  size_t next = 0;
  const auto take = [&] { return p[next++]; };
  at::Tensor x = at::embedding(take(), tokens);
  const bool gpt2 = g.family == Family::kGpt2;
  if (gpt2) x = x + take();
  x = x.view({-1, g.width});
  const auto norm = [&](const at::Tensor& v) {
    const at::Tensor gamma = take();
    if (gpt2) return at::layer_norm(v, {g.width}, gamma, take());
    return v / (v.pow(2).mean({-1}, true) + 1e-5).sqrt() * gamma;
  };
  const auto linear = [&](const at::Tensor& v) {
    const at::Tensor y = at::matmul(v, take());
    return gpt2 ? y + take() : y;
  };
  for (int64_t b = 0; b < g.blocks; ++b) {
    std::vector<at::Tensor> t = {norm(x)};
    for (int i = 0; i < (gpt2 ? 4 : 2); ++i) t.push_back(take());
    x = x + AttentionBy(t, batch, g, {});
    const at::Tensor up = linear(norm(x));
    if (gpt2) {
      x = x + linear(at::gelu(up, "tanh"));
    } else {
      const auto both = up.chunk(2, -1);
      x = x + linear(both[0] * at::sigmoid(both[0]) * both[1]);
    }
  }
  x = norm(x);
  return at::nll_loss(at::log_softmax(at::matmul(x, p[0].t()), -1), targets.view({-1}));
}

class NetworkGradientTest : public LayerGradient,
                            public testing::WithParamInterface<std::tuple<Family, std::string>> {};

TEST_P(NetworkGradientTest, WholeNetworkIsAutograd) {
  const auto [family, spec] = GetParam();
  const Geometry geometry{.blocks = 2,
                          .width = 32,
                          .heads = 4,
                          .context = 16,
                          .vocabulary = 20,
                          .family = family,
                          .kv_heads = family == Family::kLlama ? 2 : 0};
  const auto stash = StashOf(spec);
  pass_.stash = stash.get();
  Network network(geometry, 5);
  const at::Tensor tokens = at::randint(20, {3, 16}, generator_, at::kLong);
  const at::Tensor targets = at::randint(20, {3, 16}, generator_, at::kLong);
  const double loss = network.Forward(tokens, targets, pass_);
  EXPECT_GT(stash->held().total(), 0);
  network.Backward(pass_);
  EXPECT_EQ(stash->held().total(), 0) << "backward must release everything";

  const std::vector<Parameter*> parameters = network.Parameters();
  const at::AutoGradMode on(true);
  std::vector<at::Tensor> p;
  for (const Parameter* q : parameters) p.push_back(q->value.detach().clone().requires_grad_());
  const at::Tensor reference = NetworkBy(p, geometry, tokens, targets);
  EXPECT_NEAR(loss, reference.item<double>(), 1e-5);
  const auto g = torch::autograd::grad({reference}, p);
  for (size_t i = 0; i < p.size(); ++i) {
    EXPECT_LT(RelativeError(parameters[i]->grad, g[i]), 5e-5) << parameters[i]->name;
  }
}

INSTANTIATE_TEST_SUITE_P(Formulas, NetworkGradientTest,
                         testing::Combine(testing::Values(Family::kGpt2, Family::kLlama),
                                          testing::ValuesIn(kExactFormulas)));

TEST_F(LayerGradient, ProductsInPiecesAreProducts) {
  for (const auto& [m, k, n] : {std::array<int64_t, 3>{1, 3, 5}, {64, 8, 200}, {1000, 17, 3}}) {
    const at::Tensor a = Random({m, k});
    const at::Tensor b = Random({k, n});
    at::Tensor c = Random({m, n});
    const at::Tensor before = c.clone();
    MatMul(a, b, c, 1);
    EXPECT_LT(RelativeError(c, before + at::matmul(a, b)), kTolerance);
    MatMul(a.t().contiguous().t(), b, c);
    EXPECT_LT(RelativeError(c, at::matmul(a, b)), kTolerance);
  }
}

}  // namespace
}  // namespace actplane::train
