// SPDX-License-Identifier: Apache-2.0
// actplane compare: whether two tensor files hold the same bits.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "actplane/block.h"
#include "common.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string a, b;
  io::TensorFileOptions input;
  bool json = false;
};

struct Difference {
  std::string what;  // one line; empty when there is none
  std::string tensor;
  std::optional<uint64_t> index;  // of the first value that differs, in memory order
};

std::string PatternText(std::span<const std::byte> value) {
  std::string text = "0x";
  for (size_t i = value.size(); i-- > 0;)
    text += fmt::format("{:02x}", std::to_integer<unsigned>(value[i]));
  return text;
}

Result<Difference> CompareTensor(const io::TensorReader& a, size_t ta, const io::TensorReader& b,
                                 size_t tb, Progress& progress) {
  const io::TensorInfo& x = a.tensors()[ta];
  const io::TensorInfo& y = b.tensors()[tb];
  const auto kind = [](const io::TensorInfo& i) {
    return fmt::format("{} {}{}", ToString(i.format), ShapeText(i.shape),
                       i.fortran_order && i.shape.size() > 1 ? " in Fortran order" : "");
  };
  if (kind(x) != kind(y)) return Difference{fmt::format("{} and {}", kind(x), kind(y)), x.name, {}};
  const size_t width = InfoOf(x.format).value_bytes;
  std::vector<std::byte> other;
  uint64_t first = 0;
  Difference found{.what = "", .tensor = x.name, .index = {}};
  const auto compare = [&](std::span<const std::byte> values) {
    other.resize(values.size());
    if (Status s = b.Read(tb, first, other); !s.ok()) return s;
    const auto [at, unused] = std::mismatch(values.begin(), values.end(), other.begin());
    if (at != values.end()) {
      const auto i = static_cast<size_t>(at - values.begin()) / width;
      found.index = first + i;
      found.what = fmt::format("value {} is {} and {}", *found.index,
                               PatternText(values.subspan(i * width, width)),
                               PatternText(std::span(other).subspan(i * width, width)));
    }
    first += values.size() / width;
    return found.index ? MismatchError("") : OkStatus();  // ends the walk
  };
  if (Status s = ForEachPiece(a, ta, progress, compare); !s.ok() && !found.index) return s;
  return found;
}

Result<Difference> CompareFiles(const io::TensorReader& a, const io::TensorReader& b, bool quiet) {
  if (a.tensors().size() != b.tensors().size()) {
    return Difference{
        fmt::format("{} and {} tensors", a.tensors().size(), b.tensors().size()), "", {}};
  }
  uint64_t bytes = 0;
  for (const auto& info : a.tensors()) bytes += RawBytes(info);
  Progress progress("compare", bytes, quiet);
  for (size_t t = 0; t < a.tensors().size(); ++t) {
    const std::string& name = a.tensors()[t].name;
    size_t other = 0;  // by name, except where each has one only: .npy has none
    if (a.tensors().size() != 1) {
      const auto it = std::find_if(b.tensors().begin(), b.tensors().end(),
                                   [&](const io::TensorInfo& i) { return i.name == name; });
      if (it == b.tensors().end()) return Difference{"only the first has it", name, {}};
      other = static_cast<size_t>(it - b.tensors().begin());
    }
    Result<Difference> d = CompareTensor(a, t, b, other, progress);
    if (!d.ok() || !d->what.empty()) return d;
  }
  return Difference{};
}

Status Run(const Options& o) {
  io::Files files;
  Result<io::TensorReader> a = OpenTensors(files, o.a, o.input);
  if (!a.ok()) return a.status();
  Result<io::TensorReader> b = OpenTensors(files, o.b, o.input);
  if (!b.ok()) return b.status();
  Result<Difference> d = CompareFiles(*a, *b, o.json);
  if (!d.ok()) return d.status();
  const bool equal = d->what.empty();
  if (o.json) {
    Json json = {{"a", o.a}, {"b", o.b}, {"equal", equal}};
    if (!equal) {
      json["tensor"] = d->tensor;
      json["index"] = d->index ? Json(*d->index) : Json(nullptr);
      json["difference"] = d->what;
    }
    if (Status s = PrintJson(json); !s.ok()) return s;
  } else if (equal) {
    uint64_t values = 0;
    for (const auto& info : a->tensors()) values += info.values;
    return Print(fmt::format("equal: every bit of {} values\n", values));
  }
  if (equal) return OkStatus();
  return MismatchError(fmt::format(
      "{} and {} differ: {}{}; see actplane eval for how much", io::Quote(o.a), io::Quote(o.b),
      d->tensor.empty() ? "" : fmt::format("tensor {}: ", io::Quote(d->tensor)), d->what));
}

}  // namespace

Command AddCompare(CLI::App& root) {
  auto o = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand("compare", "Whether two tensor files hold the same bits");
  app->add_option("A", o->a, "Tensor file")->required()->type_name(" ");
  app->add_option("B", o->b, "Tensor file")->required()->type_name(" ");
  AddFormat(*app, o->input);
  AddTensor(*app, o->input.tensor, "Only this tensor of two .safetensors files");
  AddJson(*app, o->json);
  app->footer(
      "The exit code is 1 when shape, data type or any bit differs.\n\n"
      "Examples:\n"
      "  actplane compare gelu.npy gelu-again.npy\n"
      "  actplane compare a.npy b.npy --format bf16 --json");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
