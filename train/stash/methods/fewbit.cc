// SPDX-License-Identifier: Apache-2.0
// Few-Bit Backward (Novikov et al., ICML 2023): of the GELU input only the index of its interval is
// kept. docs/methods.md.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>

#include "train/stash/few_bit.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

class FewBit final : public Formulas {
 public:
  explicit FewBit(const FewBitTable& table)
      : bits_(table.bits),
        borders_(table.borders.begin(), table.borders.end()),
        levels_(table.levels.begin(), table.levels.end()) {}

  Kept KeepGelu(Stash& stash, Activation& x, Activation& /*y*/) override {
    const int64_t n = x.value().numel();
    at::Tensor bytes = at::empty({(n + 7) / 8 * bits_}, at::kByte);
    const float* in = x.value().data_ptr<float>();
    auto* out = bytes.data_ptr<uint8_t>();
    at::parallel_for(0, (n + 7) / 8, 1 << 11, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {  // eight indices in bits_ bytes
        uint64_t word = 0;
        for (int64_t j = 0; j < std::min<int64_t>(8, n - 8 * i); ++j) {
          uint64_t index = 0;
          for (const float border : borders_) index += border < in[8 * i + j] ? 1 : 0;
          word |= index << (j * bits_);
        }
        for (int64_t b = 0; b < bits_; ++b)
          out[i * bits_ + b] = static_cast<uint8_t>(word >> (8 * b));
      }
    });
    const int64_t payload = (n * bits_ + 7) / 8;
    return {stash.KeepPacked({{bytes}, {.payload = payload, .padding = bytes.numel() - payload}},
                             x.site())};
  }

  at::Tensor GeluBackward(Stash& stash, const Kept& kept, const at::Tensor& dy) override {
    const at::Tensor dense = dy.contiguous();
    at::Tensor dx = at::empty_like(dense);
    const int64_t n = dense.numel();
    const auto* bytes = stash.GetPacked(kept[0]).parts[0].data_ptr<uint8_t>();
    const float* g = dense.data_ptr<float>();
    auto* out = dx.data_ptr<float>();
    const uint64_t mask = levels_.size() - 1;
    at::parallel_for(0, (n + 7) / 8, 1 << 11, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        uint64_t word = 0;
        for (int64_t b = 0; b < bits_; ++b) word |= uint64_t{bytes[i * bits_ + b]} << (8 * b);
        for (int64_t j = 0; j < std::min<int64_t>(8, n - 8 * i); ++j)
          out[8 * i + j] = g[8 * i + j] * levels_[word >> (j * bits_) & mask];
      }
    });
    return dx;
  }

  Status CheckFamily(Family family) const override {
    if (family == Family::kGpt2) return OkStatus();
    return ConfigError(
        "stash fewbit: it keeps the slope of GELU alone, and SwiGLU needs the SiLU itself too; "
        "give --family gpt2 or another method");
  }

 private:
  int64_t bits_;
  std::vector<float> borders_;
  std::vector<float> levels_;
};

Result<MethodParts> MakeFewBit(MethodOptions& options) {
  const std::string path = options.Text("table");
  const auto bits = options.Count("bits", 3, 1, 8);
  const auto low = options.Number("low", -10, -1e6, 1e6);
  const auto high = options.Number("high", 10, -1e6, 1e6);
  const auto weight = options.Choice("weight", "uniform", {"uniform", "normal"});
  for (const Status& s : {bits.status(), low.status(), high.status(), weight.status()}) {
    if (!s.ok()) return s;
  }
  Result<FewBitTable> table = path.empty()
                                  ? OptimalFewBit("gelu", static_cast<int>(*bits), *low, *high,
                                                  FewBitWeight(*weight, *low, *high), *weight)
                                  : ReadFewBit(path);
  if (!table.ok()) return table.status();
  if (!path.empty()) {
    options.NoteContents(
        fmt::format("{} {}", fmt::join(table->borders, " "), fmt::join(table->levels, " ")));
  }
  if (table->function != "gelu") {
    return ConfigError(
        fmt::format("stash fewbit: the table is of {}, the network has gelu; make one "
                    "with actplane-train fewbit --function gelu",
                    table->function));
  }
  return MethodParts{.formulas = std::make_unique<FewBit>(*table)};
}

const bool kFewBit = Register(
    {"fewbit",
     "Few-Bit Backward of GELU: bits=3 (1 to 8), low=-10, high=10, weight=uniform|normal, or "
     "table=FILE of actplane-train fewbit",
     MakeFewBit});

}  // namespace
}  // namespace actplane::train
