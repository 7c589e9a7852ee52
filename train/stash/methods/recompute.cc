// SPDX-License-Identifier: Apache-2.0
// Recomputation (Chen et al., 2016; selective: Korthikanti et al., 2023): of a block only its input
// is kept, or of attention only what it needs to run again. docs/methods.md.
#include <utility>

#include "train/layers/attention.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

class RecomputeBlock final : public Formulas {
 public:
  bool Exact() const override { return true; }
  bool KeepsBlockInputs() const override { return true; }
};

class RecomputeAttention final : public Formulas {
 public:
  bool Exact() const override { return true; }

  Kept KeepAttention(Stash& stash, AttentionForward& f) override {
    return {stash.Keep(f.q), stash.Keep(f.k), stash.Keep(f.v)};
  }

  AttentionGradient AttentionBackward(Stash& stash, const Kept& kept,
                                      const AttentionUpstream& up) override {
    at::Tensor p = at::softmax(CausalScores(stash.Get(kept[0]), stash.Get(kept[1])), -1);
    const at::Tensor mask = up.mask ? up.mask() : at::Tensor();
    at::Tensor dropped = up.mask ? Dropout::Apply(p, mask, up.mask_scale) : p;
    return BackwardThroughMap(stash, kept, std::move(p), std::move(dropped), mask, up);
  }
};

Result<MethodParts> MakeRecompute(MethodOptions& options) {
  const auto scope = options.Choice("scope", "block", {"block", "attention"});
  if (!scope.ok()) return scope.status();
  if (*scope == "block") return MethodParts{.formulas = std::make_unique<RecomputeBlock>()};
  return MethodParts{.formulas = std::make_unique<RecomputeAttention>()};
}

const bool kRecompute =
    Register({"recompute", "forward again in backward: scope=block|attention", MakeRecompute});

}  // namespace
}  // namespace actplane::train
