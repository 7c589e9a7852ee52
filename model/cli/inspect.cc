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

struct InspectOptions {
  std::string in;
  std::optional<std::string> tensor;
  std::optional<uint64_t> block;
  bool json = false;
};

// One entry of a header: bits [high:low] of the slot. A list has no one value.
struct Entry {
  uint64_t high, low;
  std::string name;
  std::optional<uint64_t> value;
  std::string meaning;
};

// The rows of a run of values, which lie one after the other from `bit` on.
struct Group {
  uint32_t first = 0, values = 0;
  uint64_t bit = 0;
  uint32_t rows = 0;
  uint64_t code_bit = 0;         // order significance
  uint32_t end = 0;              // order significance: t(g)
  const GroupPlace* place = {};  // order significance
};

// One bit of every value of the block. `drawing`, a mark for each value: '#' one, '.' zero,
// '-' lost, ' ' a row that the value's group does not have.
struct Row {
  std::string name;
  std::string drawing;
  std::optional<uint32_t> uniform = {};  // not stored: what it reads

  bool lost() const { return !uniform && drawing.find_first_not_of('-') == std::string::npos; }
};

struct View {
  std::vector<Entry> header;
  std::vector<Group> groups;
  std::vector<Row> rows;
  uint64_t used_bits = 0;
  std::string cut;        // where it fell, in words
  std::string lost_row;   // order field: the first one that is not whole; empty: none
  size_t lost_value = 0;  // order field: of that row
  uint32_t longer = 0;    // order significance: groups that end at q + 1
};

// What a weight stands for.
std::string Power(int32_t weight, Format format) {
  const int32_t bias = (1 << (InfoOf(format).exp_bits - 1)) - 1;
  return fmt::format("2^{}", weight - bias);
}

// Bits [low + count - 1 : low].
Entry MakeEntry(uint64_t low, uint64_t count, std::string name, std::optional<uint64_t> value,
                std::string meaning) {
  return {low + count - 1, low, std::move(name), value, std::move(meaning)};
}

char MarkAt(std::span<const std::byte> slot, uint64_t bit) {
  return (std::to_integer<unsigned>(slot[bit / 8]) >> (bit % 8) & 1) != 0 ? '#' : '.';
}

// The marks of row number `row` of a group.
std::string MarksOf(const Group& g, uint32_t row, std::span<const std::byte> slot) {
  std::string marks;
  for (uint32_t i = 0; i < g.values; ++i)
    marks += MarkAt(slot, g.bit + uint64_t{g.values} * row + i);
  return marks;
}

std::string UsedText(uint64_t used, std::span<const std::byte> slot) {
  return fmt::format("{} of {} bits used", used, 8 * slot.size());
}

// Section 3 of docs/format.md.
View ViewField(const FieldTrace& trace, const Config& config, std::span<const std::byte> slot) {
  const FieldHeader& h = trace.header;
  const Format format = config.format;
  const uint32_t man = InfoOf(format).man_bits;
  const uint32_t n = config.block_len;
  const uint64_t slot_bits = 8 * slot.size();
  View view;
  view.header = {
      MakeEntry(0, 8, "base", h.base,
                h.base == 0 ? "no normal value" : Power(static_cast<int32_t>(h.base), format)),
      MakeEntry(8, 4, "w", h.width, "delta planes"),
      MakeEntry(12, 1, "Z", h.zero_code, h.zero_code ? "zero code in use" : "no zero code"),
      MakeEntry(13, 1, "G", h.sign_stored, h.sign_stored ? "sign plane stored" : "no sign plane"),
      MakeEntry(14, 1, "X", h.extension, h.extension ? "extension follows" : "no extension"),
      MakeEntry(15, 1, "F", h.saturated,
                h.saturated ? "values beyond the delta width became zero"
                            : "every value fits the delta width")};
  if (h.extension) {
    const uint64_t second = 16 + ExtensionWordBits(format);
    view.header.push_back(MakeEntry(16, man, "map", h.map, "mantissa planes stored"));
    view.header.push_back(
        MakeEntry(16 + man, 1, "S", h.special,
                  h.special ? "codes for Inf and NaN" : "no codes for Inf and NaN"));
    view.header.push_back(MakeEntry(second, man, "value", h.value, "what uniform planes read"));
    view.header.push_back(
        MakeEntry(second + man, 1, "sign value", h.sign_value, "what an absent sign plane reads"));
  }

  uint64_t bit = HeaderBits(h, format);
  for (uint32_t g = 0; g < n / kFieldGroupLen; ++g) {
    const Group group{.first = g * kFieldGroupLen,
                      .values = kFieldGroupLen,
                      .bit = bit,
                      .rows = RowsOfGroup(h, config, slot_bits, g)};
    view.groups.push_back(group);
    bit += uint64_t{group.values} * group.rows;
  }
  view.used_bits = bit;
  view.cut = "none; " + UsedText(bit, slot);
  uint32_t planes = 0;  // so far
  const auto plane = [&](std::string name, bool stored, uint32_t reads) {
    if (!stored) return view.rows.push_back({std::move(name), "", reads});
    Row row{.name = std::move(name), .drawing = ""};
    for (const Group& g : view.groups)
      row.drawing += planes < g.rows ? MarksOf(g, planes, slot) : std::string(g.values, '-');
    ++planes;
    const size_t first_lost = row.drawing.find('-');
    if (first_lost != std::string::npos && view.lost_row.empty()) {
      view.cut = fmt::format("at bit {} (end of byte {}), {} {}", slot_bits, slot.size() - 1,
                             first_lost == 0 ? "before" : "in", row.name) +
                 (first_lost == 0 ? "" : fmt::format(" before value {}", first_lost));
      view.lost_row = row.name;
      view.lost_value = first_lost;
    }
    view.rows.push_back(std::move(row));
  };
  plane("sign", h.sign_stored, h.sign_value ? 1 : 0);
  for (uint32_t k = h.width; k-- > 0;) plane(fmt::format("delta {}", k), true, 0);
  for (uint32_t k = man; k-- > 0;)
    plane(fmt::format("mantissa {}", k), BitOf(h.map, k) != 0, BitOf(h.value, k));
  return view;
}

std::string FormText(Form form) {
  switch (form) {
    case Form::kUnsigned: return "no signs, to the nearest";
    case Form::kSigned: return "signs, to the nearest";
    case Form::kMidRise: return "signs, mid-rise";
    case Form::kSpecials: break;
  }
  return "signs, to the nearest, Inf or NaN";
}

// F-5.12, F-5.13: one byte, or two patterns and a bit for each value.
View ViewShort(const SignificanceTrace& trace, const Config& config,
               std::span<const std::byte> slot) {
  const bool pair = trace.header.width == kPairWidth;
  View view;
  view.header = {MakeEntry(0, 3, "w", trace.header.width,
                           pair ? "a pair: at most two bit patterns" : "poisoned: all NaN"),
                 MakeEntry(3, 5, "-", 0, "zero")};
  view.used_bits = trace.size_bits;
  if (!pair) {
    view.cut = "everything: Inf and NaN do not fit the slot";
    return view;
  }
  const uint32_t bits = 8 * InfoOf(config.format).value_bytes;
  BitReader in(slot);
  (void)in.Get(8);
  for (uint32_t i = 0; i < 2; ++i) {
    const uint64_t pattern = in.Get(bits);
    view.header.push_back(
        MakeEntry(8 + i * bits, bits, i == 0 ? "a" : "b", pattern,
                  fmt::format("{:.6g}", ToDouble(static_cast<uint32_t>(pattern), config.format))));
  }
  const Group all{.values = config.block_len, .bit = 8 + 2 * bits, .rows = 1};
  view.groups.push_back(all);
  view.rows.push_back({.name = "is b", .drawing = MarksOf(all, 0, slot)});
  view.cut = "none; " + UsedText(view.used_bits, slot);
  return view;
}

// Section 5 of docs/format.md.
View ViewSignificance(const SignificanceTrace& trace, const Config& config,
                      std::span<const std::byte> slot) {
  const SignificanceHeader& h = trace.header;
  if (h.width > kMaxCodeBits) return ViewShort(trace, config, slot);
  const uint32_t groups = GroupsOf(config);
  const uint32_t q = h.level / UnitsOf(config), j = h.level % UnitsOf(config);
  View view;
  view.header = {
      MakeEntry(0, 3, "w", h.width, "bits of a code"),
      MakeEntry(3, 1, "Z", h.dead_code,
                h.dead_code ? fmt::format("code {} is that of a dead group", LowMask(h.width))
                            : "no code for dead groups"),
      MakeEntry(4, 2, "form", static_cast<uint32_t>(h.form), FormText(h.form)),
      MakeEntry(6, 5, "q", q, "where groups end, in weights from the base"),
      MakeEntry(11, 5, "j", j,
                fmt::format("of {} parts of the block end one weight later", UnitsOf(config))),
      MakeEntry(16, 8, "base", h.base, Power(static_cast<int32_t>(h.base), config.format))};
  uint64_t code_bit = 24;
  if (h.form == Form::kSpecials) {
    uint64_t flags = 0;
    for (uint32_t g = 0; g < groups; ++g) flags |= uint64_t{trace.groups[g].special} << g;
    view.header.push_back(MakeEntry(code_bit, groups, "flags", flags, "groups with Inf or NaN"));
    code_bit += groups;
  }
  if (h.width != 0) {
    view.header.push_back(MakeEntry(code_bit, uint64_t{groups} * h.width, "codes", {},
                                    "one of each group, listed below"));
  }

  bool special = false, sign = false;
  int32_t highest = 0, lowest = 0;  // weights of rows: [lowest, highest)
  for (uint32_t g = 0; g < groups; ++g) {
    const GroupPlace& p = trace.groups[g];
    view.groups.push_back({.first = g * config.group_len,
                           .values = config.group_len,
                           .bit = p.position,
                           .rows = p.rows,
                           .code_bit = code_bit + uint64_t{g} * h.width,
                           .end = GroupEnd(config, h.level, g),
                           .place = &p});
    view.longer += view.groups.back().end == q + 1 ? 1U : 0U;
    special |= p.special;
    sign |= h.form != Form::kUnsigned && (p.lives || p.special);
    if (p.magnitude_rows == 0) continue;
    const int32_t top = p.step + static_cast<int32_t>(p.magnitude_rows);
    const bool first = highest == lowest;
    highest = first ? top : std::max(highest, top);
    lowest = first ? p.step : std::min(lowest, p.step);
  }

  // `row_of` says which row of a group it is; nothing if the group does not have it.
  const auto draw = [&](std::string name, const auto& row_of) {
    Row row{.name = std::move(name), .drawing = ""};
    for (const Group& g : view.groups) {
      const std::optional<uint32_t> r = row_of(*g.place);
      row.drawing += r ? MarksOf(g, *r, slot) : std::string(g.values, ' ');
    }
    view.rows.push_back(std::move(row));
  };
  using RowNumber = std::optional<uint32_t>;
  const auto of_special = [](uint32_t r) {
    return [r](const GroupPlace& p) { return p.special ? RowNumber(r) : RowNumber(); };
  };
  if (special) draw("special", of_special(0));
  if (special) draw("NaN", of_special(1));
  if (sign) {
    draw("sign", [](const GroupPlace& p) {
      return p.rows > p.magnitude_rows ? RowNumber(p.special ? 2 : 0) : RowNumber();
    });
  }
  for (int32_t weight = highest; weight-- > lowest;) {
    draw("weight " + Power(weight, config.format), [weight](const GroupPlace& p) {
      const int32_t below = weight - p.step;  // rows below it
      const bool has = below >= 0 && below < static_cast<int32_t>(p.magnitude_rows);
      return has ? RowNumber(p.rows - 1 - static_cast<uint32_t>(below)) : RowNumber();
    });
  }
  view.used_bits = trace.size_bits;
  view.cut =
      view.longer == 0 || view.longer == groups
          ? fmt::format("every group ends at {}", view.groups[0].end)
          : fmt::format("groups 0 .. {} end at {}, the others at {}", view.longer - 1, q + 1, q);
  view.cut += "; " + UsedText(view.used_bits, slot);
  return view;
}

// Runs of rows that are lost, or read the same, as one: "mantissa 17 .. 3".
std::vector<Row> Folded(const std::vector<Row>& rows) {
  std::vector<Row> folded;
  std::string first;
  for (const Row& r : rows) {
    const bool same = !folded.empty() && folded.back().uniform == r.uniform &&
                      folded.back().lost() == r.lost() && (r.uniform || r.lost()) &&
                      r.name.substr(0, 4) == first.substr(0, 4);
    if (!same) {
      folded.push_back(r);
      first = r.name;
      continue;
    }
    folded.back().name = first + " .." + r.name.substr(r.name.find(' '));
  }
  return folded;
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

// "3" or "3 .. 7".
std::string RangeText(uint32_t first, uint32_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{} .. {}", first, last);
}

// Where the rows of each group lie. Of order field, a line for groups of as many rows.
std::string GroupsText(const std::vector<Group>& groups, Format format, size_t columns) {
  const bool significance = groups[0].place != nullptr;
  std::vector<std::string> headers = {"groups", "values", "rows", "bit", "bits each"};
  if (significance)
    headers = {"group", "values", "code", "end", "magnitude", "rows", "bit", "step"};
  Table table(headers);
  for (uint32_t g = 0; g < groups.size();) {
    uint32_t end = g + 1;
    while (!significance && end < groups.size() && groups[end].rows == groups[g].rows) ++end;
    const Group& a = groups[g];
    std::vector<std::string> row = {RangeText(g, end - 1),
                                    RangeText(a.first, groups[end - 1].first + a.values - 1)};
    if (significance) {
      const GroupPlace& p = *a.place;
      row.push_back(fmt::format("{}", p.code));
      row.push_back(fmt::format("{}", a.end));
      row.push_back(p.lives ? fmt::format("{}", p.magnitude_rows) : "dead");
    }
    row.push_back(fmt::format("{}", a.rows));
    row.push_back(fmt::format("{}", a.bit));
    row.push_back(!significance    ? fmt::format("{}", a.values * a.rows)
                  : a.place->lives ? Power(a.place->step, format)
                                   : "-");
    table.Row(std::move(row));
    g = end;
  }
  return table.Text(columns);
}

// One table with all values, or as many as it takes, each with the values that fit side by side.
std::string RowsText(const std::vector<Row>& rows, uint32_t n, size_t columns) {
  constexpr size_t kLeast = 8;
  size_t names = WidthOf("row");
  for (const Row& r : rows) names = std::max(names, WidthOf(r.name));
  const size_t others = names + 2;  // before the drawing
  const size_t room = columns - std::min(columns, others);
  const size_t step = room >= n ? n : std::max(kLeast, room / kLeast * kLeast);

  std::string text;
  for (size_t first = 0; first < n; first += step) {
    const size_t end = std::min<size_t>(first + step, n);
    std::string ruler;  // the number of every eighth value above its mark
    for (size_t i = first; i < end; i += kLeast) ruler += fmt::format("{:<{}}", i, kLeast);
    ruler.erase(ruler.find_last_not_of(' ') + 1);
    Table table({"row", ruler});
    table.AlignLeft(1);
    for (const Row& r : rows) {
      const bool drawn = !r.uniform && !r.lost();
      if (first != 0 && !drawn) continue;  // said above
      if (drawn && r.drawing.find_first_not_of(' ', first) >= end) continue;
      table.Row({r.name, r.uniform ? fmt::format("uniform {}", *r.uniform)
                         : drawn   ? r.drawing.substr(first, end - first)
                                   : "lost"});
    }
    if (first != 0) text += '\n';
    text += table.Text(std::max(columns, others + step));
  }
  return text;
}

std::string BlockText(const io::ContainerTensor& t, const InspectOptions& o, const View& view,
                      const BlockTrace& trace, uint64_t slot_bytes, uint32_t count) {
  const Config& c = t.config;
  const bool significance = c.order == Order::kSignificance;
  const std::string place =
      c.lossless ? ""
                 : fmt::format(" at byte {} of the file", t.info.offset + *o.block * c.slot_bytes);
  std::string text =
      fmt::format("{}: block {} of {}\n{}, N = {}, order {}{}\n{} bytes{}\n\nHeader\n",
                  Where(o.in, t.info.name), *o.block, t.blocks, ToString(c.format), c.block_len,
                  ToString(c.order), significance ? ", " + SettingsText(c) : "", slot_bytes, place);
  Table header({"bits", "name", "value", "meaning"});
  header.AlignLeft(1);
  header.AlignLeft(3);
  for (const Entry& e : view.header) {
    header.Row(
        {e.high == e.low ? fmt::format("[{}]", e.low) : fmt::format("[{}:{}]", e.high, e.low),
         e.name,
         !e.value             ? "-"
         : e.high - e.low > 8 ? fmt::format("{:#x}", *e.value)
                              : fmt::format("{}", *e.value),
         e.meaning});
  }
  const size_t columns = TerminalColumns(STDOUT_FILENO);
  text += header.Text(columns);
  if (!view.groups.empty()) {
    text += "\nGroups (their rows lie one after the other from this bit on)\n" +
            GroupsText(view.groups, c.format, columns);
    text += "\nRows (# one, . zero, - lost; a blank is a row that the group does not have)\n" +
            RowsText(Folded(view.rows), c.block_len, columns);
  }
  const ValueSummary s = Summarize(trace.fields, count);
  text += fmt::format("\nCut: {}\n", view.cut);
  text += fmt::format(
      "Decoded{}: {} values{}\n"
      "{} zero, {} subnormal, {} Inf, {} NaN, {} negative\n",
      significance ? "" : ", " + SettingsText(c), count,
      s.most == 0 ? "" : fmt::format("; magnitudes {:.4g} to {:.4g}", s.least, s.most), s.mix.zeros,
      s.mix.subnormals, s.mix.infs, s.mix.nans, s.mix.negatives);
  return text;
}

Json GroupJson(uint32_t number, const Group& g) {
  Json json = {{"group", number},
               {"first_value", g.first},
               {"values", g.values},
               {"bit", g.bit},
               {"rows", g.rows}};
  if (g.place == nullptr) return json;
  json["special"] = g.place->special;
  json["code"] = g.place->code;
  json["code_bit"] = g.code_bit;
  json["end"] = g.end;
  json["lives"] = g.place->lives;
  json["magnitude_rows"] = g.place->magnitude_rows;
  json["step"] = g.place->lives ? Json(g.place->step) : Json(nullptr);
  return json;
}

Json CutJson(const View& view, const BlockTrace& trace, const Config& c, uint64_t slot_bytes) {
  if (c.order == Order::kField) {
    if (view.lost_row.empty()) return nullptr;
    return {{"bit", 8 * slot_bytes},
            {"byte", slot_bytes},
            {"row", view.lost_row},
            {"value", view.lost_value}};
  }
  const SignificanceHeader& h = trace.significance.header;
  if (h.width == kPairWidth) return nullptr;
  if (h.width == kPoisonedWidth) return {{"poisoned", true}};
  return {{"q", h.level / UnitsOf(c)},
          {"j", h.level % UnitsOf(c)},
          {"groups_at_q_plus_1", view.longer}};
}

Json BlockJson(const io::ContainerTensor& t, const InspectOptions& o, const View& view,
               const BlockTrace& trace, uint64_t slot_bytes, uint32_t count) {
  const Config& c = t.config;
  Json json = {{"file", o.in},
               {"tensor", t.info.name},
               {"block_index", *o.block},
               {"blocks", t.blocks},
               {"format", ToString(c.format)},
               {"block", c.block_len},
               {"order", ToString(c.order)},
               {"lossless", c.lossless}};
  PutSettings(json, c);
  json["slot_bytes"] = slot_bytes;
  json["header"] = Json::array();
  for (const Entry& e : view.header) {
    json["header"].push_back({{"name", e.name},
                              {"high", e.high},
                              {"low", e.low},
                              {"value", e.value ? Json(*e.value) : Json(nullptr)}});
  }
  json["groups"] = Json::array();
  for (uint32_t g = 0; g < view.groups.size(); ++g)
    json["groups"].push_back(GroupJson(g, view.groups[g]));
  json["drawing"] = Json::array();
  for (const Row& r : view.rows) {
    json["drawing"].push_back({{"name", r.name},
                               {"uniform", r.uniform ? Json(*r.uniform) : Json(nullptr)},
                               {"marks", r.drawing}});
  }
  json["used_bits"] = view.used_bits;
  json["cut"] = CutJson(view, trace, c, slot_bytes);
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

Status InspectBlock(io::ContainerReader& reader, const InspectOptions& o) {
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
                        ? ViewField(trace.field, t.config, *slot)
                        : ViewSignificance(trace.significance, t.config, *slot);
  return o.json ? PrintJson(BlockJson(t, o, view, trace, slot->size(), count))
                : Print(BlockText(t, o, view, trace, slot->size(), count));
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

Status InspectContainer(const io::ContainerReader& reader, const InspectOptions& o) {
  const Result<std::vector<size_t>> chosen = ChooseTensors(reader, o.in, o.tensor);
  if (!chosen.ok()) return chosen.status();
  if (o.json) {
    JsonPrinter printer;
    printer.Members({{"file", o.in}, {"kind", "container"}});
    printer.Array("tensors");
    for (const size_t i : *chosen) {
      const io::ContainerTensor& t = reader.tensors()[i];
      const Config& c = t.config;
      Json entry = {{"name", t.info.name},
                    {"dtype", t.info.dtype},
                    {"shape", t.info.shape},
                    {"fortran_order", t.info.fortran_order},
                    {"values", t.info.values},
                    {"format", ToString(c.format)},
                    {"block", c.block_len},
                    {"lossless", c.lossless},
                    {"slot_bytes", c.lossless ? Json(nullptr) : Json(c.slot_bytes)},
                    {"order", ToString(c.order)}};
      PutSettings(entry, c);
      entry["blocks"] = t.blocks;
      entry["chunks"] = t.chunks;
      entry["payload_offset"] = t.info.offset;
      entry["payload_bytes"] = t.payload_bytes;
      entry["ratio"] =
          t.payload_bytes == 0 ? Json(nullptr) : Json(Quotient(RawBytes(t.info), t.payload_bytes));
      printer.Entry(entry);
    }
    return printer.Finish();
  }
  // A column only for what is not the same everywhere: the lines are long enough.
  bool same = true;
  bool capped = false;
  for (const size_t i : *chosen) {
    const Config& c = reader.tensors()[i].config;
    same = same && SettingsText(c) == SettingsText(reader.tensors()[chosen->front()].config);
    capped = capped || c.delta_cap != 0;
  }
  Table table({"tensor", "shape", "dtype", "N", "order", "slot", "blocks", "bytes", "ratio"});
  for (const size_t column : {1UL, 2UL, 4UL, 5UL}) table.AlignLeft(column);
  if (!same) table.Column("settings");
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
    if (!same) row.push_back(SettingsText(c));
    if (capped) row.push_back(c.delta_cap == 0 ? "-" : fmt::format("{}", c.delta_cap));
    table.Row(std::move(row));
  }
  std::string title =
      fmt::format("{}: container of {}", io::Quote(o.in), Count(reader.tensors().size(), "tensor"));
  if (same && !chosen->empty())
    title += ", " + SettingsText(reader.tensors()[chosen->front()].config);
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

Status InspectTensors(const io::TensorReader& reader, const InspectOptions& o) {
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

Status Run(const InspectOptions& o) {
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
  auto o = std::make_shared<InspectOptions>();
  CLI::App* app = root.add_subcommand(
      "inspect", "What a container or tensor file holds, or one block bit by bit");
  app->add_option("FILE", o->in, "Container .apl, or .npy, .safetensors; - is standard input")
      ->required()
      ->type_name(" ");
  app->add_option("--block-index", o->block, "Draw this block of a container, counted from 0")
      ->transform(Decimal())
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
