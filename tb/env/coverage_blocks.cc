// SPDX-License-Identifier: Apache-2.0
// What the blocks say to the bins of coverage.cc.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "env/coverage.h"

namespace actplane::tb {
namespace {

std::string FormatName(const Expected& e) { return std::string(ToString(e.config.format)) + "."; }
std::string OrderName(const Expected& e) { return std::string(ToString(e.config.order)) + "."; }
std::string GroupName(const Expected& e) { return fmt::format("k{}.", e.config.group_len); }

std::string_view Relation(uint64_t a, uint64_t b) {
  return a < b ? "fewer" : a == b ? "same" : "more";
}

const char* ReasonName(Malformed reason) {
  switch (reason) {
    case Malformed::kBase: return "base";
    case Malformed::kWidth: return "width";
    case Malformed::kReserved: return "reserved";
    case Malformed::kLevel: return "level";
    case Malformed::kTooShort: return "short";
    case Malformed::kLength:
    case Malformed::kNone: break;
  }
  return "";
}

const char* FormName(const SignificanceHeader& h) {
  if (h.width == kPoisonedWidth) return "poisoned";
  if (h.width == kPairWidth) return "pair";
  constexpr std::array kForms = {"unsigned", "signed", "mid_rise", "specials"};
  return kForms[static_cast<size_t>(h.form)];
}

}  // namespace

void Coverage::SampleBlock(DeviceKind kind, const Expected& e, const Expected* previous,
                           const Shape& shape, StallProfile stall) {
  const bool compress = kind == DeviceKind::kCompressor;
  const std::string prefix = compress ? "cp_enc_" : "cp_dec_";
  const bool field = e.config.order == Order::kField;
  Hit(prefix + "stall", fmt::format("{}{}{}", OrderName(e), FormatName(e), ToString(stall)));
  Hit(prefix + "device", OrderName(e) + (shape.fifo == 0 ? "flops" : "latches"));
  if (!field) Hit(prefix + "device", fmt::format("k{}", e.config.group_len));
  const uint64_t slot = compress ? e.out.size() : e.in.size();
  Hit(prefix + "beats",
      OrderName(e) + std::string(Relation(CeilDiv(slot, shape.beat_bytes()),
                                          BlockBytes(e.config) / shape.beat_bytes())));
  if (previous != nullptr) SampleChange(prefix, e, *previous);
  SampleConfig(prefix, e);
  SampleAxi(prefix, e);
  if (compress) SampleValues(e);
  if (!compress && e.fault != Fault::kNone) {
    SampleMalformed(e);
  } else if (field) {
    SampleFieldHeader(prefix, e);
    compress ? SampleCompressedField(e) : SampleDecodedField(e);
  } else {
    SampleSignificanceHeader(prefix, e);
    compress ? SampleCompressedSignificance(e) : SampleDecodedSignificance(e);
  }
  if (!compress && previous != nullptr && previous->fault != Fault::kNone) {
    Hit("cp_dec_recovers", OrderName(e) + (e.fault == Fault::kNone ? "good_after_malformed"
                                                                   : "malformed_after_malformed"));
  }
}

void Coverage::SampleChange(const std::string& prefix, const Expected& e,
                            const Expected& previous) {
  const auto hit = [&](const char* bin) { Hit(prefix + "change", bin); };
  const Config &a = previous.config, &b = e.config;
  if (a.format != b.format) hit("format");
  const uint32_t before = InfoOf(a.format).value_bytes, now = InfoOf(b.format).value_bytes;
  if (before > now) hit("wide_to_narrow");
  if (before < now) hit("narrow_to_wide");
  if (a.lossless != b.lossless) hit("mode");
  if (previous.pins.slot_bytes != e.pins.slot_bytes) hit("slot_bytes");
  if (a.row_limit != b.row_limit && b.order == Order::kSignificance) hit("rows");
  if (a.order < b.order) hit("field_to_significance");
  if (a.order > b.order) hit("significance_to_field");
}

void Coverage::SampleConfig(const std::string& prefix, const Expected& e) {
  const auto hit = [&](std::string_view bin) { Hit(prefix + "config", bin); };
  const Config& c = e.config;
  const bool field = c.order == Order::kField;
  if (e.pins.format != static_cast<uint32_t>(c.format))
    hit(e.pins.format == 3 ? "format_3" : "format_left_out");
  if (e.pins.order != static_cast<uint32_t>(c.order)) hit("order_left_out");
  if (e.pins.lossless && !c.lossless) hit("lossless_refused");
  if (field && e.pins.delta_cap != c.delta_cap) hit("cap_too_wide");
  if (!field && e.pins.row_limit < c.row_limit) hit("rows_too_few");
  if (!field && e.pins.row_limit > c.row_limit) hit("rows_too_many");
  if (c.lossless) return;
  const uint32_t t = e.pins.slot_bytes, least = MinSlotBytes(c), most = MaxSlotBytes(c);
  if (t < least) hit(OrderName(e) + "too_small");
  if (t > most) hit(OrderName(e) + "too_large");
  Hit(prefix + "slot", OrderName(e) + (t == least              ? "smallest"
                                       : t == most             ? "largest"
                                       : t > least && t < most ? "between"
                                                               : ""));
}

void Coverage::SampleAxi(const std::string& prefix, const Expected& e) {
  const AxiSeen& a = e.axi;
  const std::array<std::pair<bool, const char*>, 6> seen = {{{a.part_last, "part_last"},
                                                             {a.holes_inside, "holes_inside"},
                                                             {a.holes_last, "holes_last"},
                                                             {a.null_first, "null_first"},
                                                             {a.null_inside, "null_inside"},
                                                             {a.null_last, "null_last"}}};
  bool plain = true;
  for (const auto& [was_seen, name] : seen) {
    if (was_seen) Hit(prefix + "axi", OrderName(e) + name);
    plain = plain && !was_seen;
  }
  if (plain) Hit(prefix + "axi", OrderName(e) + "plain");
  if (prefix != "cp_enc_") return;
  Hit("cp_enc_last", e.early_last ? (e.in_beats == 1 ? "early.first_beat" : "early.later")
                                  : (e.had_last ? "complete.with" : "complete.without"));
}

void Coverage::SampleFieldHeader(const std::string& prefix, const Expected& e) {
  constexpr std::array kCodes = {"none", "zero", "special", "both"};
  const FieldHeader& h = e.trace.field.header;
  Hit(prefix + "width", fmt::format("{}w{}", FormatName(e), h.width));
  Hit(prefix + "codes", FormatName(e) + kCodes[(h.zero_code ? 1U : 0U) + (h.special ? 2U : 0U)]);
  Hit(prefix + "sign", FormatName(e) + (h.sign_stored  ? "stored"
                                        : h.sign_value ? "negative"
                                                       : "positive"));
}

void Coverage::SampleSignificanceHeader(const std::string& prefix, const Expected& e) {
  const SignificanceHeader& h = e.trace.significance.header;
  Hit(prefix + "form", FormatName(e) + FormName(h));
  if (h.width > kMaxCodeBits) return;
  Hit(prefix + "code_width",
      fmt::format("{}w{}.{}", FormatName(e), h.width, h.dead_code ? "dead_code" : "plain"));
  const uint32_t q = h.level / UnitsOf(e.config), j = h.level % UnitsOf(e.config);
  Hit(prefix + "level", fmt::format("q{}.j{}",
                                    q == 0   ? 0
                                    : q < 8  ? 1
                                    : q < 16 ? 8
                                             : 16,
                                    j == 0 ? 0 : 1));
}

void Coverage::SampleCompressedField(const Expected& e) {
  const FieldHeader& h = e.trace.field.header;
  const BaseInfo& info = e.trace.field.info;
  const char* outcome = e.config.lossless ? "lossless"
                        : e.whole         ? "whole"
                        : e.saturated     ? "saturated"
                                          : "cut";
  Hit("cp_enc_outcome",
      fmt::format("{}{}.{}", FormatName(e), outcome, h.extension ? "extension" : "plain"));
  const uint64_t all = LowMask(InfoOf(e.config.format).man_bits);
  Hit("cp_enc_uniform", FormatName(e) + (info.uniform_map == 0     ? "none"
                                         : info.uniform_map == all ? "all"
                                                                   : "some"));
  if (!e.whole) {
    const uint64_t payload = 8 * e.out.size() - HeaderBits(h, e.config.format);
    Hit("cp_enc_cut",
        FormatName(e) + (payload % e.config.block_len == 0 ? "at_plane" : "inside_plane"));
    actplane::Config uncapped = e.config;
    uncapped.delta_cap = 0;
    Hit("cp_enc_cap", e.config.delta_cap == 0                          ? "none"
                      : h.width < SchedulePlanes(info, uncapped).width ? "limits"
                                                                       : "not_reached");
  }
}

void Coverage::SampleValues(const Expected& e) {
  std::array<bool, 5> seen = {};
  for (uint32_t i = 0; i < e.config.block_len; ++i) {
    const Fields& v = e.trace.fields.values[i];
    switch (v.cls) {
      case ValueClass::kZero: seen[v.sign] = true; break;
      case ValueClass::kSubnormal: seen[2] = true; break;
      case ValueClass::kInf: seen[3] = true; break;
      case ValueClass::kNan: seen[4] = true; break;
      case ValueClass::kNormal: break;
    }
  }
  constexpr std::array kNames = {"zero", "negative_zero", "subnormal", "inf", "nan"};
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) Hit("cp_enc_values", OrderName(e) + FormatName(e) + kNames[i]);
  }
}

void Coverage::SampleCompressedSignificance(const Expected& e) {
  const SignificanceTrace& t = e.trace.significance;
  const auto outcome = [&](const char* name) { Hit("cp_enc_significance", FormatName(e) + name); };
  const auto& patterns = e.trace.block.patterns;
  const auto& values = e.trace.fields.values;
  if (t.header.width == kPairWidth) {
    const bool one = std::all_of(patterns.begin(), patterns.begin() + e.config.block_len,
                                 [&](uint32_t p) { return p == patterns[0]; });
    if (std::any_of(values.begin(), values.begin() + e.config.block_len,
                    [](const Fields& v) { return IsSpecial(v.cls); }))
      outcome("pair.special");
    return outcome(one ? "pair.one" : "pair.two");
  }
  if (t.header.width == kPoisonedWidth) return outcome("poisoned");

  const uint32_t groups = GroupsOf(e.config);
  const uint32_t base = FindSignificanceBase(t.facts, e.config);
  const PerGroup<uint32_t> deltas = FindDeltas(t.facts, base, e.config);
  bool mixed = false, negative = false, any_lives = false;
  std::array<bool, 10> seen = {};
  for (uint32_t g = 0; g < groups; ++g) {
    const GroupFacts& f = t.facts[g];
    const GroupPlace& p = t.groups[g];
    const uint32_t end = GroupEnd(e.config, t.header.level, g);
    const bool lives = deltas[g] < end && p.lives;
    any_lives |= lives;
    mixed |= f.mixed;
    negative |= f.negative && !f.empty;
    seen[0] |= f.empty;
    seen[1] |= f.empty && f.negative && !f.special;
    seen[2] |= !f.empty && deltas[g] == kInfiniteDelta;
    seen[3] |= f.mixed;
    seen[4] |= f.special && !f.empty;
    seen[5] |= f.special && f.empty;
    seen[6] |= deltas[g] != kInfiniteDelta && !lives;
    seen[7] |= lives && p.code < deltas[g];
    seen[8] |= !lives && p.magnitude_rows != 0;
    seen[9] |= lives && p.magnitude_rows == e.config.row_limit && end - p.code > p.magnitude_rows;
  }
  constexpr std::array kGroups = {"empty",         "negative_zeros", "infinite", "mixed",
                                  "special",       "special_empty",  "left_out", "saturated_code",
                                  "rows_of_zeros", "limited_rows"};
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) Hit("cp_enc_groups", GroupName(e) + kGroups[i]);
  }
  const uint64_t spare = 8 * e.out.size() - t.size_bits;
  Hit("cp_enc_fit", spare < 8                        ? "full"
                    : spare < 8 * e.config.group_len ? "spare_byte"
                                                     : "spare_row");
  if (!any_lives) outcome("nothing_lives");
  const std::string form = FormName(t.header);
  if (t.exact) return outcome(form == "unsigned" ? "exact.unsigned" : "exact.signed");
  outcome(form.c_str());
  // F-6.10 was tried and did not stand.
  if (negative && !mixed && (form == "signed" || form == "unsigned")) outcome("mid_rise_fails");
}

void Coverage::SampleMalformed(const Expected& e) {
  const std::string mode = OrderName(e) + (e.config.lossless ? "lossless." : "fixed.");
  switch (e.fault) {
    case Fault::kHeader:
      return Hit("cp_dec_malformed", FormatName(e) + OrderName(e) + ReasonName(e.malformed));
    case Fault::kLong: return Hit("cp_dec_length", mode + "long");
    case Fault::kShort:
    case Fault::kHoles:
      return Hit("cp_dec_length", fmt::format("{}{}.{}", mode, ToString(e.fault),
                                              e.first_needs == 0              ? "no_front"
                                              : e.there == 0                  ? "no_value"
                                              : e.there == e.config.block_len ? "all"
                                                                              : "some"));
    case Fault::kConfig:
    case Fault::kNone: break;
  }
}

void Coverage::SampleDecodedField(const Expected& e) {
  const std::string format = FormatName(e);
  const FieldHeader& h = e.trace.field.header;
  Hit("cp_dec_outcome", format + (e.config.lossless ? "lossless." : "fixed.") +
                            (e.config.fill == Fill::kZero ? "zero" : "midpoint"));
  Hit("cp_dec_extension", format + (h.extension ? "extension" : "plain"));
  const bool complete = e.trace.field.size_bits <= 8 * e.in.size();
  const uint64_t payload = 8 * e.in.size() - HeaderBits(h, e.config.format);
  Hit("cp_dec_cut", format + (complete                            ? "complete"
                              : payload % e.config.block_len == 0 ? "at_plane"
                                                                  : "inside_plane"));
  bool zero = false, inf = false, nan = false, finite = false, above = false;
  for (uint32_t i = 0; i < e.config.block_len; ++i) {
    const ValueClass c = e.trace.fields.values[i].cls;
    zero |= c == ValueClass::kZero;
    inf |= c == ValueClass::kInf;
    nan |= c == ValueClass::kNan;
    finite |= IsFinite(c);
    above |= c == ValueClass::kZero && e.trace.field.words[i].code > h.base;
  }
  if (zero) Hit("cp_dec_values", format + "zero");
  if (inf) Hit("cp_dec_values", format + "inf");
  if (nan) Hit("cp_dec_values", format + "nan");
  if (finite) Hit("cp_dec_values", format + "finite");
  if (above) Hit("cp_dec_values", format + "code_above_base");
  if (nan && !complete) Hit("cp_dec_nan_in_cut_slot", ToString(e.config.format));
  if (!complete && e.config.fill == Fill::kMidpoint) SampleFill(e);
}

// F-3.10: which bit above the highest lost one decides, and what it is.
void Coverage::SampleFill(const Expected& e) {
  const FormatInfo info = InfoOf(e.config.format);
  const FieldHeader& h = e.trace.field.header;
  std::array<std::array<bool, 2>, 4> seen = {};
  bool exponent_0 = false;
  for (uint32_t i = 0; i < e.config.block_len; ++i) {
    const Fields& v = e.trace.fields.values[i];
    if (!IsFinite(v.cls)) continue;
    const uint32_t fixed = (h.sign_stored ? 1 : 0) + h.width;
    const uint32_t rows = RowsOfGroup(h, e.config, 8 * e.in.size(), i / kFieldGroupLen);
    uint32_t lost = h.map;
    for (uint32_t r = fixed; r < rows && lost != 0; ++r) lost &= ~std::bit_floor(lost);
    if (lost == 0) continue;
    const uint32_t highest = std::bit_floor(lost);
    const bool odd = ((v.exponent << info.man_bits | v.mantissa) & highest << 1) != 0;
    const bool top = highest >> (info.man_bits - 1) != 0;
    seen[top ? 0 : 1][odd] = true;
    if (lost == 1) seen[2][odd] = true;
    if ((~h.map & (highest - 1)) != 0) seen[3][odd] = true;
    exponent_0 |= v.exponent == 0;
  }
  constexpr std::array kPlaces = {"top", "inner", "last", "uniform_below"};
  for (size_t place = 0; place < seen.size(); ++place) {
    for (const bool odd : {false, true}) {
      if (seen[place][odd])
        Hit("cp_dec_fill",
            fmt::format("{}{}.{}", FormatName(e), kPlaces[place], odd ? "odd" : "even"));
    }
  }
  if (exponent_0) Hit("cp_dec_fill", FormatName(e) + "exponent_0");
}

void Coverage::SampleDecodedSignificance(const Expected& e) {
  const SignificanceTrace& t = e.trace.significance;
  if (t.header.width > kMaxCodeBits) return;
  const Config& c = e.config;
  const FormatInfo info = InfoOf(c.format);
  const auto man = static_cast<int32_t>(info.man_bits);
  const bool mid_rise = t.header.form == Form::kMidRise;
  const auto all = static_cast<uint32_t>(LowMask(t.header.width));
  std::array<bool, 6> groups = {};
  std::array<bool, 12> values = {};
  for (uint32_t g = 0; g < GroupsOf(c); ++g) {
    const GroupPlace& p = t.groups[g];
    const uint32_t end = GroupEnd(c, t.header.level, g);
    groups[0] |= t.header.dead_code && p.code == all;
    groups[1] |= !(t.header.dead_code && p.code == all) && p.code >= end;
    groups[2] |= p.lives;
    groups[3] |= p.lives && end - p.code - (mid_rise ? 1 : 0) > c.row_limit;
    groups[4] |= p.special && p.lives;
    groups[5] |= p.special && !p.lives;
    for (uint32_t i = g * c.group_len; i < (g + 1) * c.group_len; ++i) {
      const Fields& v = e.trace.fields.values[i];
      const uint32_t k = t.magnitudes[i];
      values[6] |= v.cls == ValueClass::kNan;
      values[5] |= v.cls == ValueClass::kInf;
      if (IsSpecial(v.cls)) continue;
      values[v.sign] |= v.cls == ValueClass::kZero;
      values[4] |= v.cls == ValueClass::kSubnormal;
      if (!p.lives) continue;
      const int32_t weight = p.step + static_cast<int32_t>(std::bit_width(k)) - 1;
      const int32_t unit = std::max(weight, 1) - man;
      if (!mid_rise) {
        values[2] |= k != 0 && p.step >= unit;
        values[3] |= k != 0 && p.step < unit &&
                     (k & LowMask(static_cast<uint32_t>(std::min(unit - p.step, 31)))) != 0;
      } else if (k == 0) {
        values[p.step - 1 < 1 - man ? 10 : 9] = true;
      } else {
        values[p.step <= unit ? 11 : 7 + (k & 1)] = true;
      }
    }
  }
  constexpr std::array kGroups = {"dead_by_code", "dead_by_end", "lives",
                                  "limited_rows", "special",     "special_dead"};
  constexpr std::array kValues = {
      "zero", "negative_zero", "nearest", "below_the_mantissa", "subnormal",          "inf",
      "nan",  "mid.even",      "mid.odd", "mid.half",           "mid.half_too_small", "mid.whole"};
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i]) Hit("cp_dec_groups", GroupName(e) + kGroups[i]);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i]) Hit("cp_dec_rebuild", FormatName(e) + kValues[i]);
  }
}

}  // namespace actplane::tb
