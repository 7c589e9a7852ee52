// SPDX-License-Identifier: Apache-2.0
// actplane inspect: what a container or tensor file holds, or one block bit by bit.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "actplane/codec.h"
#include "actplane/field_sizes.h"
#include "common.h"
#include "json_printer.h"
#include "table.h"
#include "terminal.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string in, tensor;
  std::optional<uint64_t> block;
  bool json = false;
};

// One entry of a header: bits [high:low] of the slot.
struct Entry {
  uint64_t high, low;
  std::string name;
  uint64_t value;
  std::string meaning;
};

// A plane or list behind the header. `drawing`: '#' one, '.' zero, '-' lost, ' ' not in the list.
// A mark of the drawing is a value, except where it is `plain`; then, and where it is no grouped
// list, it is also a bit of the slot.
struct Part {
  std::string name;
  uint64_t bit;
  uint64_t bits;
  uint64_t kept;
  std::string drawing;
  std::optional<uint32_t> uniform = {};  // not stored: what it reads
  bool grouped = false;
  bool plain = false;
};

struct View {
  std::vector<Entry> header;
  std::vector<Part> parts;
};

// What a base stands for.
std::string Power(uint32_t exponent, Format format) {
  if (exponent == 0) return "no normal value";
  const int bias = (1 << (InfoOf(format).exp_bits - 1)) - 1;
  return fmt::format("2^{}", static_cast<int>(exponent) - bias);
}

// Bits [low + count - 1 : low].
Entry MakeEntry(uint64_t low, uint64_t count, std::string name, uint64_t value,
                std::string meaning) {
  return {low + count - 1, low, std::move(name), value, std::move(meaning)};
}

// Sections 3.1 to 3.4 of docs/format.md; the slot of order field starts at bit `start`.
View ViewField(const FieldTrace& trace, const Config& config, uint64_t start, uint64_t end) {
  const FieldHeader& h = trace.header;
  const Format format = config.format;
  const uint32_t man = InfoOf(format).man_bits;
  const uint32_t n = config.block_len;
  View view;
  view.header = {
      MakeEntry(start, 8, "base", h.base, Power(h.base, format)),
      MakeEntry(start + 8, 4, "w", h.width, "delta planes"),
      MakeEntry(start + 12, 1, "Z", h.zero_code, h.zero_code ? "zero code in use" : "no zero code"),
      MakeEntry(start + 13, 1, "G", h.sign_stored,
                h.sign_stored ? "sign plane stored" : "no sign plane"),
      MakeEntry(start + 14, 1, "X", h.extension,
                h.extension ? "extension follows" : "no extension"),
      MakeEntry(start + 15, 1, "F", h.saturated,
                h.saturated ? "values beyond the delta width became zero"
                            : "every value fits the delta width")};
  if (h.extension) {
    const uint64_t at = start + 16;
    const uint64_t second = at + ExtensionWordBits(format);
    view.header.push_back(MakeEntry(at, man, "map", h.map, "mantissa planes stored"));
    view.header.push_back(
        MakeEntry(at + man, 1, "S", h.special,
                  h.special ? "codes for Inf and NaN" : "no codes for Inf and NaN"));
    view.header.push_back(MakeEntry(second, man, "value", h.value, "what uniform planes read"));
    view.header.push_back(
        MakeEntry(second + man, 1, "sign value", h.sign_value, "what an absent sign plane reads"));
  }
  uint64_t bit = start + HeaderBits(h, format);
  const auto stored = [&](std::string name, const Plane& plane) {
    const uint64_t kept = std::min<uint64_t>(n, end - std::min(bit, end));
    std::string drawing;
    for (uint32_t i = 0; i < n; ++i) drawing += i >= kept ? '-' : (plane.Get(i) ? '#' : '.');
    view.parts.push_back({std::move(name), bit, n, kept, drawing});
    bit += n;
  };
  const auto uniform = [&](std::string name, uint32_t value) {
    view.parts.push_back({std::move(name), bit, 0, 0, "", value});
  };
  if (h.sign_stored) {
    stored("sign", trace.planes.sign);
  } else {
    uniform("sign", h.sign_value ? 1 : 0);
  }
  for (uint32_t k = h.width; k-- > 0;) stored(fmt::format("delta {}", k), trace.planes.delta[k]);
  for (uint32_t k = man; k-- > 0;) {
    const std::string name = fmt::format("mantissa {}", k);
    if (BitOf(h.map, k) != 0) {
      stored(name, trace.planes.mantissa[k]);
    } else {
      uniform(name, BitOf(h.value, k));
    }
  }
  return view;
}

// Walks over the lists of a legal slot with L = 0 (F-5.2) and notes where each lies.
class ListWalk {
 public:
  ListWalk(std::span<const std::byte> slot, uint32_t n) : in_(slot), n_(n) {}

  void Skip(uint64_t bits) {
    for (uint64_t i = 0; i < bits; ++i) (void)in_.GetBit();
  }

  Plane Raw(std::string name, const Plane& candidates) {
    const uint64_t bit = in_.position();
    const uint64_t left = in_.size() - std::min(bit, in_.size());
    const uint64_t kept = std::min<uint64_t>(candidates.Count(), left);
    Plane bits = GetRaw(candidates, n_, in_);
    parts_.push_back(
        {std::move(name), bit, candidates.Count(), kept, Draw(candidates, bits, kept)});
    return bits;
  }

  Plane Grouped(std::string name, const Plane& candidates) {
    const uint64_t bit = in_.position();
    Plane bits = GetGrouped(candidates, n_, in_);
    const uint64_t size = in_.position() - bit;
    parts_.push_back({.name = std::move(name) + ", grouped",
                      .bit = bit,
                      .bits = size,
                      .kept = size,
                      .drawing = Draw(candidates, bits, n_),
                      .grouped = true});
    return bits;
  }

  // Bits that are drawn as they come.
  void Plain(std::string name, uint64_t count) {
    Part part{.name = std::move(name),
              .bit = in_.position(),
              .bits = count,
              .kept = count,
              .drawing = "",
              .plain = true};
    for (uint64_t i = 0; i < count; ++i) part.drawing += in_.GetBit() != 0 ? '#' : '.';
    parts_.push_back(part);
  }

  std::vector<Part>& parts() { return parts_; }

 private:
  std::string Draw(const Plane& candidates, const Plane& bits, uint64_t kept) const {
    std::string drawing;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < n_; ++i) {
      const bool in = candidates.Get(i);
      drawing += !in ? ' ' : (seen >= kept ? '-' : (bits.Get(i) ? '#' : '.'));
      seen += in ? 1 : 0;
    }
    return drawing;
  }

  BitReader in_;
  uint32_t n_;
  std::vector<Part> parts_;
};

Plane Without(const Plane& a, const Plane& b, uint32_t n) {
  Plane rest = a;
  for (uint32_t i = 0; i < n; ++i) {
    if (b.Get(i)) rest.Clear(i);
  }
  return rest;
}

std::string AbsentText(Absent absent) {
  switch (absent) {
    case Absent::kNone: return "no zeros or specials marked";
    case Absent::kZeroMapRaw: return "zero map, raw";
    case Absent::kZeroMapGrouped: return "zero map, grouped";
    case Absent::kSpecial: break;
  }
  return "special section";
}

// Section 5 of docs/format.md. A legal slot holds all lists but the refinement planes whole.
View ViewSignificance(const SignificanceTrace& trace, const Config& config,
                      std::span<const std::byte> slot) {
  if (trace.whole_field) {
    View view = ViewField(trace.field, config, 8, 8 * slot.size());
    view.header.insert(view.header.begin(), MakeEntry(0, 8, "L", 1, "whole block in order field"));
    return view;
  }
  const SignificanceHeader& h = trace.header;
  const uint32_t n = config.block_len;
  const FormatInfo info = InfoOf(config.format);
  View view;
  view.header = {
      MakeEntry(0, 1, "L", 0, "order significance"),
      MakeEntry(1, 1, "G", h.sign_stored, h.sign_stored ? "signs stored" : "all positive"),
      MakeEntry(2, 2, "A", static_cast<uint32_t>(h.absent),
                trace.poisoned ? "poisoned: all NaN" : AbsentText(h.absent)),
      MakeEntry(4, 5, "P", h.planes, "significance planes"),
      MakeEntry(9, 4, "Q", h.grouped, "of these grouped"),
      MakeEntry(13, info.exp_bits, "base", h.base, Power(h.base, config.format))};
  if (trace.poisoned) return view;

  ListWalk walk(slot, n);
  walk.Skip(13 + info.exp_bits);
  Plane waiting;
  for (uint32_t i = 0; i < n; ++i) waiting.Set(i);
  if (h.absent == Absent::kSpecial) {
    walk.Plain("B (zero map)", 1);
    const Plane specials = walk.Grouped("specials", waiting);
    walk.Plain("sign, NaN", 2 * uint64_t{specials.Count()});
    waiting = Without(waiting, specials, n);
    if (trace.special_zero_map) waiting = walk.Grouped("zero map", waiting);
  } else if (h.absent == Absent::kZeroMapRaw) {
    waiting = walk.Raw("zero map", waiting);
  } else if (h.absent == Absent::kZeroMapGrouped) {
    waiting = walk.Grouped("zero map", waiting);
  }
  Plane significant;
  for (uint32_t p = 0; p < h.planes; ++p) {
    const std::string name = fmt::format("plane {}", p);
    const Plane plane = p < h.grouped ? walk.Grouped(name, waiting) : walk.Raw(name, waiting);
    waiting = Without(waiting, plane, n);
    for (uint32_t i = 0; i < n; ++i) {
      if (plane.Get(i)) significant.Set(i);
    }
  }
  if (h.sign_stored) walk.Raw("signs", significant);
  for (uint32_t p = 1; p < h.planes + info.man_bits; ++p) {
    Plane members;
    for (uint32_t i = 0; i < n; ++i) {
      const AlignedValue& v = trace.values[i];
      if (significant.Get(i) && v.delta < p && p <= v.delta + v.refinement_bits) members.Set(i);
    }
    if (members.Any()) walk.Raw(fmt::format("refine {}", p), members);
  }
  view.parts = std::move(walk.parts());
  return view;
}

bool IsLost(const Part& p) { return p.kept == 0 && p.bits != 0; }

// Runs of parts that are lost, or read the same, as one: "mantissa 17 .. 3".
std::vector<Part> Folded(const std::vector<Part>& parts) {
  std::vector<Part> folded;
  std::string first;
  for (const Part& p : parts) {
    const bool same = !folded.empty() && folded.back().uniform == p.uniform &&
                      IsLost(folded.back()) == IsLost(p) && (p.uniform || IsLost(p)) &&
                      p.name.substr(0, 4) == first.substr(0, 4);
    if (!same) {
      folded.push_back(p);
      first = p.name;
      continue;
    }
    folded.back().name = first + " .." + p.name.substr(p.name.find(' '));
    folded.back().bits += p.bits;
  }
  return folded;
}

const Part* FindCut(const View& view) {
  const auto it = std::find_if(view.parts.begin(), view.parts.end(),
                               [](const Part& p) { return p.kept < p.bits; });
  return it == view.parts.end() ? nullptr : &*it;
}

// The value whose bit is the first one lost: the k-th member of the list.
uint32_t CutValue(const Part& part) { return static_cast<uint32_t>(part.drawing.find('-')); }

std::string CutText(const View& view, uint64_t used, uint64_t slot_bits) {
  const Part* cut = FindCut(view);
  if (cut == nullptr) return fmt::format("none, {} of {} bits used", used, slot_bits);
  return fmt::format("at bit {} (end of byte {}), {} {}", slot_bits, slot_bits / 8 - 1,
                     cut->kept == 0 ? "before" : "in", cut->name) +
         (cut->kept == 0 ? "" : fmt::format(" before value {}", CutValue(*cut)));
}

struct ValueSummary {
  ValueMix mix;
  double least = 0, most = 0;  // magnitudes of the finite values
};

ValueSummary Summarize(const BlockFields& fields, uint32_t count) {
  ValueSummary s{.mix = CountMix(fields, count)};
  for (uint32_t i = 0; i < count; ++i) {
    if (!IsFinite(fields.values[i].cls)) continue;
    const double magnitude =
        std::abs(ToDouble(Assemble(fields.values[i], fields.format), fields.format));
    s.least = s.least == 0 ? magnitude : std::min(s.least, magnitude);
    s.most = std::max(s.most, magnitude);
  }
  return s;
}

std::string ModeText(const Config& c) {
  return c.lossless ? "lossless" : fmt::format("{} B", c.slot_bytes);
}

uint64_t UsedBits(const View& view) {
  uint64_t used = 0;
  for (const Entry& e : view.header) used = std::max(used, e.high + 1);
  for (const Part& p : view.parts) used = std::max(used, p.bit + p.kept);
  return used;
}

// Marks of `part` that are bits, in the first `count` of its drawing.
uint64_t BitsIn(const Part& part, size_t count) {
  const auto drawn = std::span(part.drawing).first(std::min(count, part.drawing.size()));
  return drawn.size() - static_cast<size_t>(std::count(drawn.begin(), drawn.end(), ' '));
}

// One table with all values, or as many as it takes, each with the values that fit side by side.
// Every row says where its first bit lies.
std::string PlanesText(const std::vector<Part>& parts, uint32_t n, size_t columns) {
  constexpr size_t kLeast = 8;
  size_t others = 0;  // before the drawing
  const auto cells = [&](const Part& p, size_t first, size_t end) {
    const bool drawn = !p.uniform && !IsLost(p);
    std::string bit = fmt::format("{}", p.bit + (p.grouped ? 0 : BitsIn(p, first)));
    std::string bits =
        fmt::format("{}", drawn && !p.grouped ? BitsIn(p, end) - BitsIn(p, first) : p.bits);
    if (p.uniform || (p.grouped && first != 0)) bit = bits = "";
    return std::vector<std::string>{p.name, bit, bits};
  };
  for (size_t c = 0; c < 3; ++c) {
    size_t width = c == 0 ? WidthOf("plane") : 4;
    for (const Part& p : parts) width = std::max(width, WidthOf(cells(p, 0, n)[c]));
    others += width + 2;
  }
  const size_t room = columns - std::min(columns, others);
  const size_t step = room >= n ? n : std::max(kLeast, room / kLeast * kLeast);

  std::string text;
  for (size_t first = 0; first < n; first += step) {
    const size_t end = std::min<size_t>(first + step, n);
    std::string ruler;  // the number of every eighth value above its mark
    for (size_t i = first; i < end; i += kLeast) ruler += fmt::format("{:<{}}", i, kLeast);
    ruler.erase(ruler.find_last_not_of(' ') + 1);
    Table table({"plane", "bit", "bits", ruler});
    table.AlignLeft(3);
    for (const Part& p : parts) {
      const bool drawn = !p.uniform && !IsLost(p);
      if (first != 0 && (!drawn || p.plain)) continue;  // said above
      if (drawn && !p.plain && !p.grouped && BitsIn(p, first) == BitsIn(p, end)) continue;
      const size_t last = p.plain ? p.drawing.size() : end;
      for (size_t at = first; at == first || at < last; at += step) {
        const size_t stop = std::min(at + step, last);
        std::vector<std::string> row = cells(p, at, stop);
        if (at != first) row[0] = "";
        row.push_back(p.uniform   ? fmt::format("uniform {}", *p.uniform)
                      : IsLost(p) ? "lost"
                                  : p.drawing.substr(at, stop - at));
        table.Row(row);
      }
    }
    if (first != 0) text += '\n';
    text += table.Text(std::max(columns, others + step));
  }
  return text;
}

std::string BlockText(const io::ContainerTensor& t, const Options& o, const View& view,
                      const BlockTrace& trace, uint64_t slot_bits, uint32_t count) {
  const Config& c = t.config;
  const std::string place =
      c.lossless ? ""
                 : fmt::format(" at byte {} of the file", t.info.offset + *o.block * c.slot_bytes);
  std::string text = fmt::format("{}: block {} of {}\n{}, N = {}, order {}, {} bytes{}\n\nHeader\n",
                                 Where(o.in, t.info.name), *o.block, t.blocks, ToString(c.format),
                                 c.block_len, ToString(c.order), slot_bits / 8, place);
  Table header({"bits", "name", "value", "meaning"});
  header.AlignLeft(1);
  header.AlignLeft(3);
  for (const Entry& e : view.header) {
    header.Row(
        {e.high == e.low ? fmt::format("[{}]", e.low) : fmt::format("[{}:{}]", e.high, e.low),
         e.name, e.high - e.low > 8 ? fmt::format("{:#x}", e.value) : fmt::format("{}", e.value),
         e.meaning});
  }
  const size_t columns = TerminalColumns(STDOUT_FILENO);
  text += header.Text(columns);
  text += "\nPlanes (# one, . zero, - lost; a blank is a value that is not in the list)\n" +
          PlanesText(Folded(view.parts), c.block_len, columns);
  const ValueSummary s = Summarize(trace.fields, count);
  text += fmt::format("\nCut: {}\n", CutText(view, UsedBits(view), slot_bits));
  text += fmt::format(
      "Decoded, fill {}: {} values{}\n"
      "{} zero, {} subnormal, {} Inf, {} NaN, {} negative\n",
      ToString(c.fill), count,
      s.most == 0 ? "" : fmt::format("; magnitudes {:.4g} to {:.4g}", s.least, s.most), s.mix.zeros,
      s.mix.subnormals, s.mix.infs, s.mix.nans, s.mix.negatives);
  return text;
}

Json BlockJson(const io::ContainerTensor& t, const Options& o, const View& view,
               const BlockTrace& trace, uint64_t slot_bits, uint32_t count) {
  const Config& c = t.config;
  Json json = {{"file", o.in},
               {"tensor", t.info.name},
               {"block_index", *o.block},
               {"blocks", t.blocks},
               {"format", ToString(c.format)},
               {"block", c.block_len},
               {"order", ToString(c.order)},
               {"lossless", c.lossless},
               {"fill", ToString(c.fill)},
               {"slot_bytes", slot_bits / 8},
               {"header", Json::array()},
               {"planes", Json::array()}};
  for (const Entry& e : view.header) {
    json["header"].push_back(
        {{"name", e.name}, {"high", e.high}, {"low", e.low}, {"value", e.value}});
  }
  for (const Part& p : view.parts) {
    Json part = {{"name", p.name}, {"bit", p.bit}, {"bits", p.bits}, {"kept", p.kept}};
    part["uniform"] = p.uniform ? Json(*p.uniform) : Json(nullptr);
    part["drawing"] = p.drawing;
    json["planes"].push_back(part);
  }
  const Part* cut = FindCut(view);
  json["used_bits"] = UsedBits(view);
  json["cut"] = cut == nullptr ? Json(nullptr)
                               : Json{{"bit", slot_bits},
                                      {"byte", slot_bits / 8},
                                      {"plane", cut->name},
                                      {"value", CutValue(*cut)}};
  const ValueSummary s = Summarize(trace.fields, count);
  json["decoded"] = {{"values", count},
                     {"zeros", s.mix.zeros},
                     {"subnormals", s.mix.subnormals},
                     {"infs", s.mix.infs},
                     {"nans", s.mix.nans},
                     {"negatives", s.mix.negatives},
                     {"least_magnitude", s.least},
                     {"most_magnitude", s.most},
                     {"patterns", Json::array()}};
  for (uint32_t i = 0; i < count; ++i) {
    json["decoded"]["patterns"].push_back(
        fmt::format("{:0{}x}", trace.block.patterns[i], 2 * InfoOf(c.format).value_bytes));
  }
  return json;
}

Status InspectBlock(io::ContainerReader& reader, const Options& o) {
  Result<size_t> tensor = ChooseTensor(reader, o.in, o.tensor);
  if (!tensor.ok()) return tensor.status();
  const io::ContainerTensor& t = reader.tensors()[*tensor];
  Result<std::span<const std::byte>> slot = reader.ReadBlock(*tensor, *o.block);
  if (!slot.ok()) return slot.status();
  const auto count = static_cast<uint32_t>(
      std::min<uint64_t>(t.config.block_len, t.info.values - *o.block * t.config.block_len));
  BlockTrace trace;
  std::vector<std::byte> values(BlockBytes(t.config));
  const Malformed verdict = DecompressBlock(*slot, t.config, values, &trace);
  if (verdict != Malformed::kNone) {
    return BadInputError(fmt::format("{}: block {} is malformed: {}; get the file again",
                                     Where(o.in, t.info.name), *o.block, ToString(verdict)));
  }
  const View view = t.config.order == Order::kField
                        ? ViewField(trace.field, t.config, 0, 8 * slot->size())
                        : ViewSignificance(trace.significance, t.config, *slot);
  const uint64_t slot_bits = 8 * slot->size();
  return o.json ? PrintJson(BlockJson(t, o, view, trace, slot_bits, count))
                : Print(BlockText(t, o, view, trace, slot_bits, count));
}

// The shape in a table; JSON has all of it.
std::string ShapeCell(const std::vector<uint64_t>& shape) {
  constexpr size_t kLongest = 24;
  const std::string text = ShapeText(shape);
  if (text.size() <= kLongest) return text;
  return fmt::format("({}, ..., {}){}", shape.front(), shape.back(),
                     shape.size() > 3 ? fmt::format(" {}-d", shape.size()) : "");
}

std::string NameCell(const std::string& name) { return name.empty() ? "(no name)" : Label(name); }

Status InspectContainer(const io::ContainerReader& reader, const Options& o) {
  const Result<std::vector<size_t>> chosen = ChooseTensors(reader, o.in, o.tensor);
  if (!chosen.ok()) return chosen.status();
  if (o.json) {
    JsonPrinter printer;
    printer.Members({{"file", o.in}, {"kind", "container"}});
    printer.Array("tensors");
    for (const size_t i : *chosen) {
      const io::ContainerTensor& t = reader.tensors()[i];
      const Config& c = t.config;
      printer.Entry(
          {{"name", t.info.name},
           {"dtype", t.info.dtype},
           {"shape", t.info.shape},
           {"fortran_order", t.info.fortran_order},
           {"values", t.info.values},
           {"format", ToString(c.format)},
           {"block", c.block_len},
           {"lossless", c.lossless},
           {"slot_bytes", c.lossless ? Json(nullptr) : Json(c.slot_bytes)},
           {"order", ToString(c.order)},
           {"fill", ToString(c.fill)},
           {"delta_cap", c.delta_cap},
           {"blocks", t.blocks},
           {"chunks", t.chunks},
           {"payload_offset", t.info.offset},
           {"payload_bytes", t.payload_bytes},
           {"ratio", t.payload_bytes == 0 ? Json(nullptr)
                                          : Json(Quotient(RawBytes(t.info), t.payload_bytes))}});
    }
    return printer.Finish();
  }
  // A column only for what is not the same everywhere: the lines are long enough.
  bool one_fill = true;
  bool capped = false;
  for (const size_t i : *chosen) {
    const Config& c = reader.tensors()[i].config;
    one_fill = one_fill && c.fill == reader.tensors()[chosen->front()].config.fill;
    capped = capped || c.delta_cap != 0;
  }
  Table table({"tensor", "shape", "dtype", "N", "order", "slot", "blocks", "bytes", "ratio"});
  for (const size_t column : {1UL, 2UL, 4UL, 5UL}) table.AlignLeft(column);
  if (!one_fill) table.Column("fill");
  if (capped) table.Column("cap");
  for (const size_t i : *chosen) {
    const io::ContainerTensor& t = reader.tensors()[i];
    const Config& c = t.config;
    std::vector<std::string> row = {NameCell(t.info.name),
                                    ShapeCell(t.info.shape),
                                    t.info.dtype + (t.info.fortran_order ? " Fortran" : ""),
                                    fmt::format("{}", c.block_len),
                                    std::string(ToString(c.order)),
                                    ModeText(c),
                                    fmt::format("{}", t.blocks),
                                    fmt::format("{}", t.payload_bytes),
                                    RatioText(RawBytes(t.info), t.payload_bytes)};
    if (!one_fill) row.emplace_back(ToString(c.fill));
    if (capped) row.push_back(c.delta_cap == 0 ? "-" : fmt::format("{}", c.delta_cap));
    table.Row(std::move(row));
  }
  std::string title =
      fmt::format("{}: container of {}", io::Quote(o.in), Count(reader.tensors().size(), "tensor"));
  if (one_fill && !chosen->empty()) {
    title += fmt::format(", fill {}", ToString(reader.tensors()[chosen->front()].config.fill));
  }
  return Print(title + "\n\n" + table.Text(TerminalColumns(STDOUT_FILENO)));
}

// A tensor of a file that can be compressed, or the reason why not.
struct Listed {
  std::string name, dtype;
  std::optional<Format> format;
  std::vector<uint64_t> shape;
  bool fortran_order;
  std::optional<uint64_t> values;
  uint64_t bytes, offset;
  std::string reason;
};

// In the order of their data.
std::vector<Listed> ListOf(const io::TensorReader& reader) {
  std::vector<Listed> list;
  for (const io::TensorInfo& t : reader.tensors()) {
    list.push_back(
        {t.name, t.dtype, t.format, t.shape, t.fortran_order, t.values, RawBytes(t), t.offset, ""});
  }
  for (const io::SkippedTensor& t : reader.skipped()) {
    const Result<uint64_t> values = io::CountValues(t.shape);
    list.push_back({t.name, t.dtype, std::nullopt, t.shape, t.fortran_order,
                    values.ok() ? std::optional(*values) : std::nullopt, t.bytes, t.offset,
                    t.reason});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const Listed& a, const Listed& b) { return a.offset < b.offset; });
  return list;
}

Status InspectTensors(const io::TensorReader& reader, const Options& o) {
  constexpr size_t kMostReasons = 20;
  const std::vector<Listed> list = ListOf(reader);
  const std::string_view kind = reader.npy() ? "npy" : "safetensors";
  if (o.json) {
    JsonPrinter printer;
    printer.Members({{"file", o.in}, {"kind", kind}});
    printer.Array("tensors");
    for (const Listed& t : list) {
      printer.Entry({{"name", t.name},
                     {"dtype", t.dtype},
                     {"format", t.format ? Json(ToString(*t.format)) : Json(nullptr)},
                     {"shape", t.shape},
                     {"fortran_order", t.fortran_order},
                     {"values", t.values ? Json(*t.values) : Json(nullptr)},
                     {"bytes", t.bytes},
                     {"offset", t.offset},
                     {"reason", t.reason.empty() ? Json(nullptr) : Json(t.reason)}});
    }
    return printer.Finish();
  }
  Table table({"tensor", "shape", "dtype", "format", "values", "bytes"});
  for (const size_t column : {1UL, 2UL, 3UL}) table.AlignLeft(column);
  std::map<std::string, uint64_t> reasons;  // and of how many tensors
  for (const Listed& t : list) {
    table.Row({NameCell(t.name), ShapeCell(t.shape),
               Label(t.dtype) + (t.fortran_order && t.shape.size() > 1 ? " Fortran" : ""),
               t.format ? std::string(ToString(*t.format)) : "-",
               t.values ? fmt::format("{}", *t.values) : "-", fmt::format("{}", t.bytes)});
    if (!t.reason.empty()) ++reasons[t.reason];
  }
  std::string text =
      fmt::format("{}: .{} of {}\n\n{}", io::Quote(o.in), kind, Count(list.size(), "tensor"),
                  table.Text(TerminalColumns(STDOUT_FILENO)));
  if (!reasons.empty()) text += "\n- cannot be compressed:\n";
  size_t lines = 0;
  for (const auto& [reason, count] : reasons) {
    if (lines++ == kMostReasons) {
      text += fmt::format("  and {} more reasons; see --json\n", reasons.size() - kMostReasons);
      break;
    }
    text += fmt::format("  {}: {}\n", Count(count, "tensor"), reason);
  }
  return Print(text);
}

Status Run(const Options& o) {
  io::Files files;
  Result<std::unique_ptr<io::RandomAccessSource>> source = files.OpenInput(o.in);
  if (!source.ok()) return source.status();
  const Result<bool> tensors = io::TensorReader::Recognizes(**source);
  if (!tensors.ok()) return tensors.status();
  if (*tensors && !o.block) {
    const Result<io::TensorReader> reader = io::TensorReader::Open(
        std::move(*source), {.format = {}, .tensor = o.tensor, .list = true});
    return reader.ok() ? InspectTensors(*reader, o) : reader.status();
  }
  Result<io::ContainerReader> reader = io::ContainerReader::Open(std::move(*source));
  if (!reader.ok()) return reader.status();
  return o.block ? InspectBlock(*reader, o) : InspectContainer(*reader, o);
}

}  // namespace

Command AddInspect(CLI::App& root) {
  auto o = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand(
      "inspect", "What a container or tensor file holds, or one block bit by bit");
  app->add_option("FILE", o->in, "Container .apl, or .npy, .safetensors; - is standard input")
      ->required()
      ->type_name(" ");
  app->add_option("--block-index", o->block, "Draw this block of a container, counted from 0")
      ->check(CheckIndex)
      ->type_name("I");
  AddTensor(*app, o->tensor, "Which tensors; one for a block");
  AddJson(*app, o->json);
  app->footer(
      "Of a tensor file it lists every tensor, and why one cannot be compressed. Bits are counted\n"
      "from the start of the slot, in the numbering of docs/format.md.\n\n"
      "Examples:\n"
      "  actplane inspect gelu.apl\n"
      "  actplane inspect model.safetensors --tensor 'h.0.*'\n"
      "  actplane inspect gelu.apl --block-index 17\n"
      "  actplane inspect model.apl --tensor h.0.attn --block-index 0 --json");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
