// SPDX-License-Identifier: Apache-2.0
// ALAM (Woo, Lee and Jeon, ICLR 2024): average quantization, and bits for every tensor by the
// sensitivity of the gradient norms to it. docs/methods.md has definitions and what differs.
#include <cmath>

#include "train/stash/allocating_codec.h"

namespace actplane::train {
namespace {

// Their norms, as one tensor.
std::vector<at::Tensor> Norms(const std::vector<at::Tensor>& gradients) {
  std::vector<double> norms;
  for (const at::Tensor& g : gradients) {
    const double norm = g.defined() ? g.norm().item<double>() : 0;
    norms.push_back(std::isfinite(norm) ? norm : kLargestSensitivity);
  }
  return {at::tensor(norms, at::kDouble)};
}

Result<MethodParts> MakeAlam(MethodOptions& options) {
  const auto value = options.Choice("average", "mean", {"mean", "first", "midrange"});
  if (!value.ok()) return value.status();
  AllocationRule rule = {
      .method = "alam",
      // Called 1 bit in the original, in the objective as in what moves are compared by.
      .lowest = {.bits = 0.5, .code_bits = 2, .averaged = true, .saved = 1, .objective = 1},
      .bits = 2,
      .group = "128",
      .first_bits = [](double target) { return target >= 8 ? 8 : 4; },
      .due = [](const StepHook& hook) { return hook.step == 0 || hook.step == hook.steps / 10; },
      .signature = Norms};
  if (*value != "mean") rule.value = *value == "first" ? GroupValue::kFirst : GroupValue::kMidrange;
  return MakeAllocating(options, rule);
}

const bool kAlam =
    Register({"alam",
              "ALAM: bits=2 (mean over all tensors, metadata not counted, 0.5 to 32), "
              "group=128|64|256|512, average=mean|first|midrange, seed=1, save=FILE or table=FILE "
              "for the bit table",
              MakeAlam});

}  // namespace
}  // namespace actplane::train
