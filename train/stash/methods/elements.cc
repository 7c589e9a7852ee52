// SPDX-License-Identifier: Apache-2.0
// What people store activations in today: BF16, the OCP MX formats, NVFP4, NF4. docs/methods.md.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "train/stash/element_formats.h"
#include "train/stash/exact.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

class ElementCodec final : public Codec {
 public:
  // A null format stores exactly.
  explicit ElementCodec(PerKind<std::unique_ptr<ElementFormat>> formats)
      : formats_(std::move(formats)) {}

  Packed Pack(const at::Tensor& x, const Context& context) override {
    const ElementFormat* format = FormatOf(context.site.kind);
    return format == nullptr ? PackExact(x) : format->Pack(x);
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape, const Context& context) override {
    const ElementFormat* format = FormatOf(context.site.kind);
    if (format == nullptr) return packed.parts[0];
    at::Tensor x = at::empty(shape, at::kFloat);
    format->Unpack(packed, x);
    return x;
  }

  bool IsExact(Kind kind) const override { return FormatOf(kind) == nullptr; }

 private:
  const ElementFormat* FormatOf(Kind kind) const {
    return formats_[static_cast<size_t>(kind)].get();
  }

  PerKind<std::unique_ptr<ElementFormat>> formats_;
};

std::unique_ptr<ElementFormat> FormatOf(std::string_view name, MxRounding rounding, bool e3m2) {
  if (name == "bf16") return MakeBf16();
  if (name == "mxint8") return MakeMxInt8();
  if (name == "mxfp8") return MakeMxFp8(rounding);
  if (name == "mxfp6") return e3m2 ? MakeMxFp6E3M2(rounding) : MakeMxFp6E2M3(rounding);
  if (name == "mxfp4") return MakeMxFp4(rounding);
  if (name == "nvfp4") return MakeNvFp4();
  if (name == "nf4") return MakeNf4();
  return nullptr;  // exact
}

Result<MethodParts> MakeElements(std::string_view method, MethodOptions& options) {
  const auto names = options.ChoicePerKind(
      "format", method, {"exact", "bf16", "mxint8", "mxfp8", "mxfp6", "mxfp4", "nvfp4", "nf4"});
  if (!names.ok()) return names.status();
  const auto any = [&](std::string_view prefix) {
    return std::any_of(names->begin(), names->end(),
                       [&](const std::string& name) { return name.starts_with(prefix); });
  };
  // Not asked for otherwise: an option that nothing reads is an error.
  const auto scale =
      any("mxfp") ? options.Choice("scale", "up", {"up", "ocp"}) : Result<std::string>("up");
  const auto element = any("mxfp6") ? options.Choice("element", "e2m3", {"e2m3", "e3m2"})
                                    : Result<std::string>("e2m3");
  for (const Status& s : {scale.status(), element.status()}) {
    if (!s.ok()) return s;
  }
  PerKind<std::unique_ptr<ElementFormat>> formats;
  for (size_t i = 0; i < formats.size(); ++i) {
    formats[i] = FormatOf((*names)[i], *scale == "up" ? MxRounding::kUp : MxRounding::kOcp,
                          *element == "e3m2");
  }
  return MethodParts{.codec = std::make_unique<ElementCodec>(std::move(formats))};
}

bool RegisterElements(std::string_view name, std::string_view help) {
  return Register(
      {name, help, [name](MethodOptions& options) { return MakeElements(name, options); }});
}

const bool kElements[] = {
    RegisterElements("bf16", "BF16, round to nearest even; format.KIND=exact or another of these"),
    RegisterElements("mxint8", "OCP MX 1.0, INT8, blocks of 32; format.KIND"),
    RegisterElements("mxfp8", "OCP MX 1.0, E4M3, blocks of 32; scale=up|ocp, format.KIND"),
    RegisterElements("mxfp6",
                     "OCP MX 1.0, blocks of 32; element=e2m3|e3m2, scale=up|ocp, format.KIND"),
    RegisterElements("mxfp4", "OCP MX 1.0, E2M1, blocks of 32; scale=up|ocp, format.KIND"),
    RegisterElements("nvfp4",
                     "E2M1, E4M3 scales of 16 values, FP32 scale of the tensor; format.KIND"),
    RegisterElements("nf4", "QLoRA's 16 levels, FP32 scales of 64 values; format.KIND"),
};

}  // namespace
}  // namespace actplane::train
