// SPDX-License-Identifier: Apache-2.0
// The textbook's attention, whose maps are kept; what becomes of the rows of a lossy one.
// docs/methods.md.
#include <utility>

#include "train/layers/attention.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

// Maps as they come back, as systems do that know nothing of softmax.
class StoredSums final : public Formulas {
 public:
  bool Exact() const override { return true; }

  AttentionGradient AttentionBackward(Stash& stash, const Kept& kept,
                                      const AttentionUpstream& up) override {
    at::Tensor p = stash.Get(kept[3]);
    at::Tensor dropped = up.mask ? stash.Get(kept[4]) : p;
    const at::Tensor mask = up.mask ? stash.Get(kept[5]) : at::Tensor();
    return BackwardThroughMap(stash, kept, std::move(p), std::move(dropped), mask, up);
  }
};

const bool kMaps = Register({"maps", "attention with its maps: sums=one|stored of their rows",
                             [](MethodOptions& options) -> Result<MethodParts> {
                               const auto sums = options.Choice("sums", "one", {"one", "stored"});
                               if (!sums.ok()) return sums.status();
                               if (*sums == "one")
                                 return MethodParts{.formulas = std::make_unique<Formulas>()};
                               return MethodParts{.formulas = std::make_unique<StoredSums>()};
                             }});

}  // namespace
}  // namespace actplane::train
