// SPDX-License-Identifier: Apache-2.0
// What fused attention keeps since FlashAttention (Dao et al., 2022): q, k, v, the output that the
// projection keeps anyway, and the log-sum-exp of every row. No map, no mask. docs/methods.md.
#include <utility>

#include "train/layers/attention.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

class Flash final : public Formulas {
 public:
  bool Exact() const override { return true; }

  Kept KeepAttention(Stash& stash, AttentionForward& f) override {
    return {stash.Keep(f.q), stash.Keep(f.k), stash.Keep(f.v), stash.Keep(f.out),
            stash.KeepExact(at::logsumexp(f.scores, {-1}, true), f.out.site(), "log_sum_exp")};
  }

  AttentionGradient AttentionBackward(Stash& stash, const Kept& kept,
                                      const AttentionUpstream& up) override {
    at::Tensor p = CausalScores(stash.Get(kept[0]), stash.Get(kept[1]));
    p.sub_(stash.Get(kept[4])).exp_();
    const at::Tensor mask = up.mask ? up.mask() : at::Tensor();
    at::Tensor dropped = up.mask ? Dropout::Apply(p, mask, up.mask_scale) : p;
    const at::IntArrayRef s = up.dout.sizes();
    const at::Tensor out = stash.Get(kept[3]).view({s[0], s[2], s[1], s[3]}).transpose(1, 2);
    return BackwardThroughMap(stash, kept, std::move(p), std::move(dropped), mask, up,
                              (up.dout * out).sum({-1}, true));
  }
};

const bool kFlash =
    Register({"flash", "attention without maps, from output and log-sum-exp; no options",
              [](MethodOptions&) -> Result<MethodParts> {
                return MethodParts{.formulas = std::make_unique<Flash>()};
              }});

}  // namespace
}  // namespace actplane::train
