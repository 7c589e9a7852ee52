// SPDX-License-Identifier: Apache-2.0
#include "train/stash/exact.h"

#include "train/stash/registry.h"

namespace actplane::train {
namespace {

class ExactCodec final : public Codec {
 public:
  Packed Pack(const at::Tensor& x, const Context& /*context*/) override { return PackExact(x); }
  at::Tensor Unpack(const Packed& packed, at::IntArrayRef /*shape*/,
                    const Context& /*context*/) override {
    return packed.parts[0];
  }
  bool IsExact(Kind /*kind*/) const override { return true; }
};

const bool kExact =
    Register({"exact", "float32 as it is; no options", [](MethodOptions&) -> Result<MethodParts> {
                return MethodParts{.codec = MakeExactCodec()};
              }});

}  // namespace

std::unique_ptr<Codec> MakeExactCodec() { return std::make_unique<ExactCodec>(); }

Packed PackExact(const at::Tensor& x) {
  return {{x}, {.payload = static_cast<int64_t>(x.nbytes())}};
}

}  // namespace actplane::train
