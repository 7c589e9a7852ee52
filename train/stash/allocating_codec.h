// SPDX-License-Identifier: Apache-2.0
// What GACT and ALAM share: a ladder of bits for each tensor, its sensitivity from three passes
// through the network, a greedy allocation, and the table that comes of it. docs/methods.md.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "train/stash/codec.h"
#include "train/stash/registry.h"

namespace actplane::train {

// A step of the ladder. `objective` is the factor of the sensitivity C in the sum that is
// minimised, `bits` what the budget counts.
struct Rung {
  double bits;
  int code_bits;  // of the group quantizer; 0: stored exactly
  bool averaged;  // codes of the values that stand for four values each
  double saved;   // bits that the step to this rung counts as saved, where moves are compared
  double objective;
};

// The value that stands for a group of four. The method's is the mean; the others are there to
// measure its claim that none is better.
enum class GroupValue { kMean, kFirst, kMidrange };

// What GACT and ALAM do differently.
struct AllocationRule {
  std::string_view method;
  Rung lowest;  // below 2 bits
  double bits;  // the default target
  std::string_view group;
  // The bits that a tensor has before the first allocation.
  int (*first_bits)(double target);
  // Whether bits are allocated anew before a step.
  std::function<bool(const StepHook& hook)> due;
  // What is compared of the gradients of all parameters.
  std::vector<at::Tensor> (*signature)(const std::vector<at::Tensor>& gradients);
  GroupValue value = GroupValue::kMean;
};

// Sensitivities are at most this, and this where they are not finite.
inline constexpr double kLargestSensitivity = 1e10;

// Takes bits=, group=, seed=, table= and save= from `options`.
Result<MethodParts> MakeAllocating(MethodOptions& options, const AllocationRule& rule);

}  // namespace actplane::train
