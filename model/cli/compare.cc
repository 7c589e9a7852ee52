// SPDX-License-Identifier: Apache-2.0
// actplane compare: whether two tensor files hold the same bits, and if not, how far apart they
// are.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "actplane/block.h"
#include "common.h"
#include "difference.h"
#include "json_printer.h"
#include "table.h"
#include "terminal.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CompareOptions {
  std::string a, b;
  io::TensorFileOptions input;
  bool json = false;
};

// One side of a comparison: a tensor that can be read, or one whose bytes alone count. Points into
// its reader, since there may be many.
struct Side {
  const std::string* name;
  const std::string* dtype;
  const std::vector<uint64_t>* shape;
  bool fortran_order;
  std::optional<Format> format;
  size_t index;  // in tensors() or skipped()
  uint64_t bytes;
  uint64_t width;  // of a value
  bool by_byte;    // the values have no width that we know

  std::string_view Kind() const { return format ? ToString(*format) : std::string_view{*dtype}; }
};

struct Pair {
  Side a, b;
  Difference difference = {};
};

std::string LayoutText(const Side& side) {
  return fmt::format("{} {}{}", side.Kind(), ShapeText(*side.shape),
                     side.fortran_order && side.shape->size() > 1 ? " in Fortran order" : "");
}

// Every tensor of a file, those that are no numbers to us too.
std::vector<Side> SidesOf(const io::TensorReader& reader) {
  constexpr uint64_t kWidest = 16;  // a complex number of two doubles
  std::vector<Side> sides;
  for (size_t i = 0; i < reader.tensors().size(); ++i) {
    const io::TensorInfo& t = reader.tensors()[i];
    sides.push_back({.name = &t.name,
                     .dtype = &t.dtype,
                     .shape = &t.shape,
                     .fortran_order = t.fortran_order,
                     .format = t.format,
                     .index = i,
                     .bytes = RawBytes(t),
                     .width = InfoOf(t.format).value_bytes,
                     .by_byte = false});
  }
  for (size_t i = 0; i < reader.skipped().size(); ++i) {
    const io::SkippedTensor& t = reader.skipped()[i];
    const Result<uint64_t> values = io::CountValues(t.shape);
    const bool by_byte = !values.ok() || *values == 0 || t.bytes % *values != 0 ||
                         t.bytes / *values == 0 || t.bytes / *values > kWidest;
    sides.push_back({.name = &t.name,
                     .dtype = &t.dtype,
                     .shape = &t.shape,
                     .fortran_order = t.fortran_order,
                     .format = std::nullopt,
                     .index = i,
                     .bytes = t.bytes,
                     .width = by_byte ? 1 : t.bytes / *values,
                     .by_byte = by_byte});
  }
  return sides;
}

// Of value number `at`, counted in memory order.
std::vector<uint64_t> PositionOf(uint64_t at, const Side& side) {
  if (side.by_byte) return {};
  std::vector<uint64_t> position(side.shape->size());
  for (size_t i = 0; i < position.size(); ++i) {
    const size_t dim = side.fortran_order ? i : position.size() - 1 - i;
    position[dim] = at % (*side.shape)[dim];
    at /= (*side.shape)[dim];
  }
  return position;
}

std::string PlaceText(uint64_t at, const Side& side) {
  if (side.by_byte) return fmt::format("byte {}", at);
  if (side.shape->size() < 2) return fmt::format("value {}", at);
  return fmt::format("value {}, [{}]", at, fmt::join(PositionOf(at, side), ", "));
}

std::string PatternText(std::span<const std::byte> value) {
  std::string text = "0x";
  for (size_t i = value.size(); i-- > 0;)
    text += fmt::format("{:02x}", std::to_integer<unsigned>(value[i]));
  return text;
}

// "0x3f800000 (1)"
std::string ValueText(const std::string& bits, const Side& side) {
  if (!side.format) return bits;
  const auto pattern = static_cast<uint32_t>(std::stoul(bits, nullptr, 16));
  return fmt::format("{} ({})", bits, static_cast<float>(ToDouble(pattern, *side.format)));
}

// The tensors that belong together, by name except where each file has one only: .npy has none.
// kMismatch and `tensor` when they do not fit.
Result<std::vector<Pair>> MatchTensors(const std::vector<Side>& a, const std::vector<Side>& b,
                                       std::string& tensor) {
  if (a.size() != b.size())
    return MismatchError(fmt::format("{} and {} tensors", a.size(), b.size()));
  std::unordered_map<std::string_view, const Side*> by_name;
  for (const Side& y : b) by_name.emplace(*y.name, &y);
  std::vector<Pair> pairs;
  pairs.reserve(a.size());
  for (const Side& x : a) {
    tensor = *x.name;
    const Side* y = b.data();
    if (a.size() != 1) {
      const auto it = by_name.find(*x.name);
      if (it == by_name.end()) return MismatchError("only the first has it");
      y = it->second;
    }
    // Other formats are compared as numbers; what is no format of ours only with its like.
    const bool numbers = x.format.has_value() && y->format.has_value();
    const bool alike = numbers || (x.Kind() == y->Kind() && x.bytes == y->bytes);
    // A vector lies alike in either order.
    const bool same_order = x.fortran_order == y->fortran_order || x.shape->size() < 2;
    if (*x.shape != *y->shape || !same_order || !alike)
      return MismatchError(fmt::format("{} and {}", LayoutText(x), LayoutText(*y)));
    pairs.push_back({.a = x, .b = *y});
  }
  return pairs;
}

Status ReadSide(const io::TensorReader& reader, const Side& side, uint64_t first,
                std::span<std::byte> out) {
  return side.format ? reader.Read(side.index, first, out)
                     : reader.ReadSkipped(side.index, first * side.width, out);
}

// The bits of the first value that differs.
struct Bits {
  std::string a, b;
};

Status ComparePair(const io::TensorReader& a, const io::TensorReader& b, Pair& p, Bits& found,
                   Progress& progress) {
  constexpr uint64_t kPieceValues = 1 << 20;
  const uint64_t values = p.a.bytes / p.a.width;
  const uint64_t piece = std::max<uint64_t>(1, std::min(values, kPieceValues * 4 / p.a.width));
  std::vector<std::byte> x(piece * p.a.width);
  std::vector<std::byte> y(piece * p.b.width);
  for (uint64_t first = 0; first < values; first += piece) {
    const uint64_t count = std::min(piece, values - first);
    const auto part = std::span(x).first(count * p.a.width);
    const auto other = std::span(y).first(count * p.b.width);
    if (Status s = ReadSide(a, p.a, first, part); !s.ok()) return s;
    if (Status s = ReadSide(b, p.b, first, other); !s.ok()) return s;
    if (p.a.format) {
      p.difference.Add(part, *p.a.format, other, *p.b.format);
    } else {
      p.difference.AddBytes(part, other, p.a.width);
    }
    if (p.difference.first_change && found.a.empty()) {
      const uint64_t at = *p.difference.first_change - first;
      found.a = PatternText(part.subspan(at * p.a.width, p.a.width));
      found.b = PatternText(other.subspan(at * p.b.width, p.b.width));
    }
    progress.Advance(part.size());
  }
  return OkStatus();
}

struct Report {
  std::vector<Pair> pairs;
  Difference all = {};
  const Pair* first = nullptr;    // the first that is not the same
  const Pair* worst = nullptr;    // the one with the largest error
  const Pair* changed = nullptr;  // the first with a value that differs, which is `bits`
  Bits bits = {};

  bool equal() const { return all.likeness() == Likeness::kExact; }
};

// `tensor`: where the files do not fit.
Result<Report> CompareFiles(const io::TensorReader& a, const io::TensorReader& b,
                            const CompareOptions& o, std::string& tensor) {
  Result<std::vector<Pair>> pairs = MatchTensors(SidesOf(a), SidesOf(b), tensor);
  if (!pairs.ok()) return pairs.status();
  uint64_t bytes = 0;
  for (const Pair& p : *pairs) bytes += p.a.bytes;
  Progress progress("compare", bytes, o.json);
  Report report{.pairs = std::move(*pairs)};
  for (Pair& p : report.pairs) {
    p.difference.same_format = p.a.format == p.b.format;
    if (Status s = ComparePair(a, b, p, report.bits, progress); !s.ok()) return s;
    report.all += p.difference;
    if (p.difference.likeness() != Likeness::kExact && report.first == nullptr) report.first = &p;
    if (p.difference.first_change && report.changed == nullptr) report.changed = &p;
    if (p.difference.worst &&
        (report.worst == nullptr || p.difference.max_error > report.worst->difference.max_error)) {
      report.worst = &p;
    }
  }
  return report;
}

std::string Verdict(const Report& r, const CompareOptions& o) {
  const Difference& d = r.all;
  const auto named = [](const std::string& file, const std::set<std::string>& kinds) {
    return kinds.empty() ? io::Quote(file)
                         : fmt::format("{} ({})", io::Quote(file), fmt::join(kinds, ", "));
  };
  std::set<std::string> a_kinds;
  std::set<std::string> b_kinds;
  for (const Pair& p : r.pairs) {
    if (d.same_format) continue;
    a_kinds.emplace(p.a.Kind());
    b_kinds.emplace(p.b.Kind());
  }
  const uint64_t bits_only = d.changed - d.changed_numbers;
  std::string text = fmt::format("{} and {} ", named(o.a, a_kinds), named(o.b, b_kinds));
  if (d.likeness() == Likeness::kEqual) {
    text += fmt::format("are equal as numbers, {} values", d.values);
    if (bits_only != 0) text += fmt::format("; the bits of {} differ", bits_only);
  } else {
    text += fmt::format("differ: {} of {} values", d.changed_numbers, d.values);
    if (bits_only != 0) text += fmt::format(", and the bits of {} more", bits_only);
  }
  return text + (bits_only != 0 ? " (sign of zero, bits of NaN)" : "");
}

// On lines of its own in the report.
std::string InTensor(const Pair& p, size_t columns) {
  if (p.a.name->empty()) return "";
  constexpr size_t kIndent = 17;
  std::string text;
  for (const std::string& piece :
       Fold("in tensor " + io::Quote(*p.a.name), columns - std::min(columns, kIndent))) {
    text += fmt::format("\n{:{}}{}", "", kIndent, piece);
  }
  return text;
}

std::string TextOf(const Report& r, const CompareOptions& o) {
  const Difference& d = r.all;
  const size_t columns = TerminalColumns(STDOUT_FILENO);
  std::string text = Verdict(r, o) + "\n";
  const auto line = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<16} {}\n", name, value);
  };
  if (d.changed_numbers != 0) {
    const std::optional<double> snr = d.Snr();
    line("SNR", snr ? fmt::format("{:.1f} dB, where the first file is the signal", *snr)
                    : "none: no finite value but zeros, or no finite error");
    if (r.worst != nullptr) {
      line("largest error", fmt::format("{:.3g} at {}{}", d.max_error,
                                        PlaceText(*r.worst->difference.worst, r.worst->a),
                                        InTensor(*r.worst, columns)));
    }
  }
  if (d.changed_kind != 0) {
    line("kind changed",
         fmt::format("{} from finite, Inf or NaN to another; in no SNR or error", d.changed_kind));
  }
  if (r.changed != nullptr) {
    line("first difference",
         fmt::format("{}{}:\n{:<16} {} and {}",
                     PlaceText(*r.changed->difference.first_change, r.changed->a),
                     InTensor(*r.changed, columns), "", ValueText(r.bits.a, r.changed->a),
                     ValueText(r.bits.b, r.changed->b)));
  }
  if (r.pairs.size() == 1) return text;
  Table table({"tensor", "values", "differ", "SNR dB", "max err", "at value"});
  size_t rows = 0;
  for (const Pair& p : r.pairs) {
    const Difference& t = p.difference;
    if (t.likeness() == Likeness::kExact) continue;
    ++rows;
    table.Row({Label(*p.a.name), fmt::format("{}", t.values), fmt::format("{}", t.changed),
               SnrText(t), MaxErrorText(t), t.worst ? fmt::format("{}", *t.worst) : "-"});
  }
  return text +
         fmt::format("\n{} of {} tensors differ:\n\n{}", rows, r.pairs.size(), table.Text(columns));
}

Json PlaceJson(const Pair& p, uint64_t at) {
  return {{"tensor", *p.a.name}, {"index", at}, {"position", PositionOf(at, p.a)}};
}

Status PrintReport(const Report& r, const CompareOptions& o) {
  Json json = {{"a", o.a}, {"b", o.b}, {"equal", r.equal()}};
  Json first = nullptr;
  if (r.changed != nullptr) {
    first = PlaceJson(*r.changed, *r.changed->difference.first_change);
    first["a"] = r.bits.a;
    first["b"] = r.bits.b;
    json["tensor"] = first["tensor"];
    json["index"] = first["index"];
    json["difference"] =
        fmt::format("value {} is {} and {}", first["index"].get<uint64_t>(), r.bits.a, r.bits.b);
  } else if (!r.equal()) {
    json["tensor"] = *r.first->a.name;
    json["index"] = nullptr;
    json["difference"] = Verdict(r, o);
  }
  json["values"] = r.all.values;
  PutDifference(json, r.all);
  json["max_error_at"] =
      r.worst == nullptr ? Json(nullptr) : PlaceJson(*r.worst, *r.worst->difference.worst);
  json["first_difference"] = first;
  JsonPrinter printer;
  printer.Members(json);
  printer.Array("tensors");
  for (const Pair& p : r.pairs) {
    Json entry = {{"name", *p.a.name},
                  {"dtype_a", *p.a.dtype},
                  {"dtype_b", *p.b.dtype},
                  {"shape", *p.a.shape},
                  {"values", p.difference.values}};
    PutDifference(entry, p.difference);
    entry["max_error_at"] = p.difference.worst ? PlaceJson(p, *p.difference.worst) : Json(nullptr);
    printer.Entry(entry);
  }
  return printer.Finish();
}

// Without the notes of the reader: what is skipped elsewhere is compared here.
Result<io::TensorReader> Open(io::Files& files, const std::string& path, const CompareOptions& o) {
  Result<std::unique_ptr<io::RandomAccessSource>> source = files.OpenInput(path);
  if (!source.ok()) return source.status();
  return io::TensorReader::Open(std::move(*source), o.input);
}

bool Holds(const io::TensorReader& reader, Format format) {
  return std::any_of(reader.tensors().begin(), reader.tensors().end(),
                     [&](const io::TensorInfo& t) { return t.format == format; });
}

Status Run(const CompareOptions& o) {
  io::Files files;
  Result<io::TensorReader> a = Open(files, o.a, o);
  if (!a.ok()) return a.status();
  Result<io::TensorReader> b = Open(files, o.b, o);
  if (!b.ok()) return b.status();
  if (o.input.tensor && a->npy() && b->npy()) {
    return BadInputError("two .npy files hold one tensor each, without a name; leave out --tensor");
  }
  if (o.input.format && !Holds(*a, *o.input.format) && !Holds(*b, *o.input.format)) {
    return ConfigError(
        fmt::format("--format {} is for files with such values, and neither has any; leave it out",
                    ToString(*o.input.format)));
  }
  std::string tensor;
  Result<Report> r = CompareFiles(*a, *b, o, tensor);
  if (!r.ok()) {
    if (r.status().code() != StatusCode::kMismatch) return r.status();
    if (o.json) {
      const Json json = {{"a", o.a},         {"b", o.b},
                         {"equal", false},   {"tensor", tensor},
                         {"index", nullptr}, {"difference", r.status().message()}};
      if (Status s = PrintJson(json); !s.ok()) return s;
    }
    return MismatchError(fmt::format(
        "{} and {} differ: {}{}", io::Quote(o.a), io::Quote(o.b),
        tensor.empty() ? "" : fmt::format("tensor {}: ", io::Quote(tensor)), r.status().message()));
  }
  if (o.json) {
    if (Status s = PrintReport(*r, o); !s.ok()) return s;
  } else {
    const std::string text =
        r->equal() ? fmt::format("equal: every bit of {} values\n", r->all.values) : TextOf(*r, o);
    if (Status s = Print(text); !s.ok()) return s;
  }
  return r->equal() ? OkStatus() : MismatchError("");
}

}  // namespace

Command AddCompare(CLI::App& root) {
  auto o = std::make_shared<CompareOptions>();
  CLI::App* app = root.add_subcommand(
      "compare", "Whether two tensor files hold the same bits, and how far apart they are");
  app->add_option("A", o->a, "Tensor file; - is standard input")->required()->type_name(" ");
  app->add_option("B", o->b, "Tensor file")->required()->type_name(" ");
  AddFormat(*app, o->input);
  o->input.mixed = true;
  AddTensor(*app, o->input.tensor, "Only these tensors of two .safetensors files");
  AddJson(*app, o->json);
  app->footer(
      "The exit code is 1 when shape, data type or any bit differs. Tensors of the same shape and\n"
      "of different formats, such as a copy in bfloat16, are compared as numbers.\n\n"
      "Examples:\n"
      "  actplane compare gelu.npy gelu-again.npy\n"
      "  actplane compare gelu.npy gelu-bf16.npy --format bf16 --json");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
