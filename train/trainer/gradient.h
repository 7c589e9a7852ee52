// SPDX-License-Identifier: Apache-2.0
// What a stash does to the gradient of a minibatch.
#pragma once

#include <cmath>
#include <vector>

#include "train/trainer/trainer.h"

namespace actplane::train {

// Sums over the parameters of all minibatches: g exact, h not.
struct Difference {
  double signal = 0;   // |g|^2
  double other = 0;    // |h|^2
  double product = 0;  // g h
  double error = 0;    // |h - g|^2
  double keys = 0;     // |h|^2 of the biases of keys
  double queries = 0;  // and of queries

  double Relative() const { return std::sqrt(error / signal); }
  double Cosine() const { return product / std::sqrt(signal * other); }
  double Bias() const { return product / signal - 1; }  // the part of h - g along g
  // A bias of keys adds the same to all scores of a row: softmax does not see it, and its gradient
  // is 0 but for rounding. What is not 0 moves keys at every step; relative to queries. NaN without
  // biases.
  double Shift() const { return std::sqrt(keys / queries); }
};

// What comes back of the tensors of a kind, y in place of x, on one side of it: such an error adds
// up over steps, where one that scatters does not.
struct OneSided {
  double product = 0;  // x y
  double signal = 0;   // |x|^2
  double radial = 0;   // sum over rows of the input of a norm
  int64_t rows = 0;

  double Along() const { return product / signal - 1; }  // the part of y - x along x
  // Backward of a norm takes away what of a gradient lies along the normalised row u. With v in its
  // place, and a gradient of any direction, that is (u v / u u)^2 of it: the mean, less 1.
  double Radial() const { return radial / static_cast<double>(rows) - 1; }  // NaN without rows

  OneSided& operator+=(const OneSided& other);
};

// Measures what a stash keeps as long as it lives. Norms of Llama do not take the mean away.
class OneSidedness {
 public:
  OneSidedness(Stash& stash, Family family);
  ~OneSidedness();
  OneSidedness(const OneSidedness&) = delete;
  OneSidedness& operator=(const OneSidedness&) = delete;

  const PerKind<OneSided>& kinds() const { return kinds_; }

 private:
  Stash& stash_;
  PerKind<OneSided> kinds_ = {};
};

using Gradient = std::vector<at::Tensor>;  // a tensor for each parameter

void Add(const Gradient& g, const Gradient& h, Difference& d);

// |mean over the tokens of a sequence|^2 over |k|^2 of the keys of the next micro-step, under the
// root: 1 where all keys are one. Softmax sees none of that part; an error of keys is relative to
// it.
double CommonPartOfKeys(Trainer& trainer);

// Of micro-step `batch` of the next step. `loss`, `tally`, unless null: of its forward, and what it
// held.
Gradient GradientOf(Trainer& trainer, Stash& stash, int64_t batch, double* loss, Tally* tally);

// The gradients of `batches` minibatches, which are the micro-steps of the next step.
std::vector<Gradient> ExactGradients(Trainer& trainer, int64_t batches);

// The same minibatches and dropout through `stash`, which the trainer has adopted. `tally`, unless
// null: what the last one held.
Difference DifferenceOf(Trainer& trainer, Stash& stash, const std::vector<Gradient>& reference,
                        Tally* tally);

}  // namespace actplane::train
