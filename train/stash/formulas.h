// SPDX-License-Identifier: Apache-2.0
// What each layer keeps, and its gradient from that. The base class is the textbook; a method that
// keeps something else (an output in place of an input, an index in place of a value, a projection)
// overrides the pair of functions of that layer. Layers and trainer do not know which one runs.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "train/stash/codec.h"

namespace actplane::train {

class Activation;
class Entry;
class Stash;

using Handle = std::shared_ptr<const Entry>;
using Kept = std::vector<Handle>;  // in an order that only the pair of functions knows

// A trained tensor.
struct Parameter {
  std::string name;
  at::Tensor value;
  at::Tensor grad;     // accumulated; shape of `value`, or of the space below
  bool decay = false;  // weight decay applies
  // For gradients and moments in a smaller space: `u` of that space in the shape of `value`. Null:
  // as is.
  std::function<at::Tensor(const at::Tensor& u)> expand = nullptr;
  double update_scale = 1;  // of the learning rate
};

// Adds `g` to the gradient of `p`, which it creates.
inline void AddGradient(Parameter& p, const at::Tensor& g) {
  if (p.grad.defined()) {
    p.grad.add_(g);
  } else {
    p.grad = g.clone();
  }
}

// Attention between q, k, v and the output before its projection; b batch, a heads, g of them for
// keys and values (g divides a), t tokens, d width of a head.
struct AttentionForward {
  Activation& q;  // [b, a, t, d]
  Activation& k;  // [b, g, t, d]
  Activation& v;
  Activation& probability;          // [b, a, t, t], softmax output, 0 above the diagonal
  Activation& dropped_probability;  // the same object as `probability` without dropout
  Activation& out;                  // [b t, a d]: the projection keeps it anyway
  at::Tensor scores;                // [b, a, t, t], input of softmax
  at::Tensor mask;                  // bits, undefined without dropout
};

struct AttentionUpstream {
  at::Tensor dout;                             // [b, a, t, d], gradient of the output
  std::function<at::Tensor()> mask = nullptr;  // makes its bits again; null without dropout
  float mask_scale = 1;                        // 1 / (1 - p)
};

struct AttentionGradient {
  at::Tensor q;  // as [b, a, t, d] and [b, g, t, d], without the factor 1/sqrt(d) of the scores
  at::Tensor k;
  at::Tensor v;
};

struct SwigluGradient {
  at::Tensor gate;
  at::Tensor up;
};

class Formulas : public Method {
 public:
  // y = x W + b, x [n, in], W [in, out]. The input gradient is exact and not asked here.
  virtual Kept KeepLinear(Stash& stash, Activation& x, const Parameter& weight);
  // weight.grad += x^T dy; `dy` [n, out].
  virtual void LinearWeightGradient(Stash& stash, const Kept& kept, const at::Tensor& dy,
                                    Parameter& weight);

  // y = LayerNorm(x), x [n, c]; mean, rstd [n, 1].
  virtual Kept KeepNorm(Stash& stash, Activation& x, Activation& y, const at::Tensor& mean,
                        const at::Tensor& rstd);
  // dx; adds to the gradients of gamma and beta.
  virtual at::Tensor NormBackward(Stash& stash, const Kept& kept, const at::Tensor& dy,
                                  Parameter& gamma, Parameter& beta);

  // y = gamma x / sqrt(mean(x^2)), x [n, c]; rstd [n, 1].
  virtual Kept KeepRmsNorm(Stash& stash, Activation& x, Activation& y, const at::Tensor& rstd);
  virtual at::Tensor RmsNormBackward(Stash& stash, const Kept& kept, const at::Tensor& dy,
                                     Parameter& gamma);

  // y = GELU(x), tanh form, [n, c].
  virtual Kept KeepGelu(Stash& stash, Activation& x, Activation& y);
  virtual at::Tensor GeluBackward(Stash& stash, const Kept& kept, const at::Tensor& dy);

  // y = SiLU(gate) up, [n, c].
  virtual Kept KeepSwiglu(Stash& stash, Activation& gate, Activation& up);
  virtual SwigluGradient SwigluBackward(Stash& stash, const Kept& kept, const at::Tensor& dy);

  virtual Kept KeepAttention(Stash& stash, AttentionForward& forward);
  virtual AttentionGradient AttentionBackward(Stash& stash, const Kept& kept,
                                              const AttentionUpstream& up);

  // Of a whole block only the input is kept, and its forward runs again in backward.
  virtual bool KeepsBlockInputs() const { return false; }

  // Whether the gradient is the textbook's as long as the codec loses nothing. Such formulas stay
  // in place when a kind is checked alone.
  virtual bool Exact() const { return false; }

  // kInvalidConfig for networks that these formulas do not know.
  virtual Status CheckFamily(Family /*family*/) const { return OkStatus(); }

  // Once for the weight of every linear layer of the blocks before training: a method may set
  // Parameter::expand and the shape of the gradient. kInvalidConfig when it does not fit.
  virtual Status Bind(Parameter& /*weight*/) { return OkStatus(); }

  // kInvalidConfig, with the reason, when these formulas are unsound on what `codec` gives back.
  virtual Status CheckCodec(const Codec& /*codec*/) const { return OkStatus(); }
};

}  // namespace actplane::train
