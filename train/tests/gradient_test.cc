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
#include "train/layers/gpt.h"
#include "train/layers/linear.h"
#include "train/layers/matmul.h"
#include "train/layers/norm.h"

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

TEST_F(LayerGradient, DropoutIsAutogradWithTheSameMask) {
  Dropout dropout(0.3F, {0, "d"});
  const at::Tensor x = Random({37, 11});
  const at::Tensor dy = Random({37, 11});
  const at::Tensor mask = MaskOf(dropout, {37, 11}, pass_);
  EXPECT_TRUE(at::equal(dropout.Forward(x, pass_), x * mask));
  EXPECT_TRUE(at::equal(dropout.Backward(dy, pass_), dy * mask));
}

at::Tensor AttentionBy(const std::vector<at::Tensor>& t, int64_t batch, int64_t heads,
                       const at::Tensor& mask) {
  const int64_t width = t[0].size(1);
  const int64_t tokens = t[0].size(0) / batch;
  const auto parts = (at::matmul(t[0], t[1]) + t[2]).view({batch, tokens, 3 * width}).chunk(3, -1);
  const auto head = [&](const at::Tensor& x) {
    return x.reshape({batch, tokens, heads, width / heads}).transpose(1, 2);
  };
  at::Tensor scores = at::matmul(head(parts[0]), head(parts[1]).transpose(-2, -1)) /
                      std::sqrt(static_cast<double>(width) / static_cast<double>(heads));
  scores = scores.masked_fill(at::ones({tokens, tokens}, at::kBool).triu(1),
                              -std::numeric_limits<float>::infinity());
  at::Tensor p = at::softmax(scores, -1);
  if (mask.defined()) p = p * mask.view(p.sizes());
  const at::Tensor out =
      at::matmul(p, head(parts[2])).transpose(1, 2).reshape({batch * tokens, width});
  return at::matmul(out, t[3]) + t[4];
}

class AttentionGradientTest : public LayerGradient, public testing::WithParamInterface<float> {};

TEST_P(AttentionGradientTest, AttentionIsAutograd) {
  const float p_drop = GetParam();
  Attention attention(5, {32, 4, p_drop, 0.2}, generator_);
  std::vector<Parameter*> p;
  attention.Collect(p);
  p[0]->value.mul_(20);  // scores that matter
  p[1]->value.copy_(Random({96}) * 0.1);
  const at::Tensor x = Random({3 * 20, 32});
  const at::Tensor dy = Random({3 * 20, 32});
  Activation in(x, {5, "x"});
  const at::Tensor y = attention.Forward(in, 3, pass_);
  const at::Tensor dx = attention.Backward(dy, pass_);
  const at::Tensor mask =
      p_drop == 0 ? at::Tensor()
                  : MaskOf(Dropout(p_drop, {5, "attn.dropout"}), {3 * 4, 20, 20}, pass_);
  const auto f = [&](const auto& t) { return AttentionBy(t, 3, 4, mask); };
  const std::vector<at::Tensor> inputs = {x, p[0]->value, p[1]->value, p[2]->value, p[3]->value};
  EXPECT_LT(RelativeError(y, f(inputs)), kTolerance);
  const auto g = Autograd(inputs, dy, f);
  EXPECT_LT(RelativeError(dx, g[0]), kTolerance);
  for (size_t i = 0; i < 4; ++i) EXPECT_LT(RelativeError(p[i]->grad, g[i + 1]), kTolerance) << i;
}

INSTANTIATE_TEST_SUITE_P(Dropout, AttentionGradientTest, testing::Values(0.0F, 0.25F));

// The whole network by public operators; dropout off.
TEST_F(LayerGradient, WholeNetworkIsAutograd) {
  const Geometry geometry{
      .blocks = 2, .width = 32, .heads = 2, .context = 16, .vocabulary = 20, .dropout = 0};
  Gpt gpt(geometry, 5);
  const at::Tensor tokens = at::randint(20, {3, 16}, generator_, at::kLong);
  const at::Tensor targets = at::randint(20, {3, 16}, generator_, at::kLong);
  const double loss = gpt.Forward(tokens, targets, pass_);
  EXPECT_GT(stash_.held().total(), 0);
  gpt.Backward(pass_);
  EXPECT_EQ(stash_.held().total(), 0) << "backward must release everything";

  const std::vector<Parameter*> parameters = gpt.Parameters();
  const at::AutoGradMode on(true);
  std::vector<at::Tensor> p;
  for (const Parameter* q : parameters) p.push_back(q->value.detach().clone().requires_grad_());
  at::Tensor x = (at::embedding(p[0], tokens) + p[1]).view({48, 32});
  for (size_t b = 0; b < 2; ++b) {
    const at::Tensor* w = &p[2 + 12 * b];
    x = x + AttentionBy({at::layer_norm(x, {32}, w[0], w[1]), w[2], w[3], w[4], w[5]}, 3, 2, {});
    const at::Tensor up = at::matmul(at::layer_norm(x, {32}, w[6], w[7]), w[8]) + w[9];
    x = x + at::matmul(at::gelu(up, "tanh"), w[10]) + w[11];
  }
  x = at::layer_norm(x, {32}, p[26], p[27]);
  const at::Tensor reference =
      at::nll_loss(at::log_softmax(at::matmul(x, p[0].t()), -1), targets.view({-1}));
  EXPECT_NEAR(loss, reference.item<double>(), 1e-5);
  const auto g = torch::autograd::grad({reference}, p);
  for (size_t i = 0; i < p.size(); ++i) {
    EXPECT_LT(RelativeError(parameters[i]->grad, g[i]), 5e-5) << parameters[i]->name;
  }
}

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
