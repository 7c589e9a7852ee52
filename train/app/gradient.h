// SPDX-License-Identifier: Apache-2.0
// What a stash does to the gradient of a minibatch.
#pragma once

#include <cmath>
#include <vector>

#include "train/app/trainer.h"

namespace actplane::train {

// Sums over the parameters of all minibatches: g exact, h not.
struct Difference {
  double signal = 0;   // |g|^2
  double other = 0;    // |h|^2
  double product = 0;  // g h
  double error = 0;    // |h - g|^2

  double Relative() const { return std::sqrt(error / signal); }
  double Cosine() const { return product / std::sqrt(signal * other); }
  double Bias() const { return product / signal - 1; }  // the part of h - g along g
};

using Gradient = std::vector<at::Tensor>;  // a tensor for each parameter

void Add(const Gradient& g, const Gradient& h, Difference& d);

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
