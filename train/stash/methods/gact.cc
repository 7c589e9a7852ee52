// SPDX-License-Identifier: Apache-2.0
// GACT (Liu et al., ICML 2022): bits for every tensor by the sensitivity of the whole gradient to
// it. docs/methods.md.
#include "train/stash/allocating_codec.h"

namespace actplane::train {
namespace {

Result<MethodParts> MakeGact(MethodOptions& options) {
  const auto interval = options.Count("interval", 1000, 1, INT32_MAX);
  if (!interval.ok()) return interval.status();
  return MakeAllocating(
      options,
      {.method = "gact",
       .lowest = {.bits = 1, .code_bits = 1, .averaged = false, .saved = 1, .objective = 1},
       .bits = 4,
       .group = "256",
       .first_bits = [](double target) { return target <= 2   ? 2
                                                : target <= 4 ? 4
                                                              : 8; },
       .due = [n = *interval](const StepHook& hook) { return hook.step % n == 0; },
       .signature = [](const std::vector<at::Tensor>& gradients) { return gradients; }});
}

const bool kGact =
    Register({"gact",
              "GACT: bits=4 (mean over all tensors, metadata not counted, 1 to 32), "
              "group=256|64|128|512, interval=1000 (steps), seed=1, save=FILE or table=FILE for "
              "the bit table",
              MakeGact});

}  // namespace
}  // namespace actplane::train
