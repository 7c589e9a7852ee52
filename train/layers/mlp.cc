// SPDX-License-Identifier: Apache-2.0
#include "train/layers/mlp.h"

namespace actplane::train {

Mlp::Mlp(int block, const Geometry& g, double projection_std, const at::Generator& generator)
    : block_(block),
      family_(g.family),
      up_(Site{block, "mlp.up"}.Name(), g.width, (g.family == Family::kLlama ? 2 : 1) * g.Hidden(),
          0.02, generator, g.Biased()),
      gelu_({block, "mlp.gelu", Kind::kGeluOutput}),
      swiglu_({block, "mlp.gated", Kind::kGated}),
      down_(Site{block, "mlp.down"}.Name(), g.Hidden(), g.width, projection_std, generator,
            g.Biased()) {}

at::Tensor Mlp::Forward(Activation& x, const Pass& pass) {
  const at::Tensor inner = up_.Forward(x, pass);
  if (family_ == Family::kGpt2) {
    Activation in(inner, {block_, "mlp.in", Kind::kGeluInput});
    Activation activated = gelu_.Forward(in, pass);
    return down_.Forward(activated, pass);
  }
  // Two tensors, not two views of one: each is kept and released by itself.
  const std::vector<at::Tensor> both = inner.chunk(2, 1);
  Activation gate(both[0].clone(at::MemoryFormat::Contiguous),
                  {block_, "mlp.gate", Kind::kSiluInput});
  Activation up(both[1].clone(at::MemoryFormat::Contiguous), {block_, "mlp.up", Kind::kGateUp});
  Activation gated = swiglu_.Forward(gate, up, pass);
  return down_.Forward(gated, pass);
}

at::Tensor Mlp::Backward(const at::Tensor& dy, const Pass& pass) {
  const at::Tensor d = down_.Backward(dy, pass);
  if (family_ == Family::kGpt2) return up_.Backward(gelu_.Backward(d, pass), pass);
  const SwigluGradient g = swiglu_.Backward(d, pass);
  return up_.Backward(at::cat({g.gate, g.up}, 1), pass);
}

void Mlp::Collect(std::vector<Parameter*>& parameters) {
  up_.Collect(parameters);
  down_.Collect(parameters);
}

void Mlp::Linears(std::vector<Linear*>& linears) {
  linears.push_back(&up_);
  linears.push_back(&down_);
}

}  // namespace actplane::train
