// SPDX-License-Identifier: Apache-2.0
#include "env/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace actplane::tb {
namespace {

constexpr std::array kFormats = {"fp32", "fp16", "bf16"};
constexpr std::array kKinds = {"enc", "dec"};
constexpr std::array kPhases = {"idle", "in_packet", "between", "output"};
constexpr std::array kCodes = {"none", "zero", "special", "both"};

// All combinations, joined by dots.
std::vector<std::string> Cross(const std::vector<std::vector<std::string>>& axes) {
  std::vector<std::string> all = {""};
  for (const std::vector<std::string>& axis : axes) {
    std::vector<std::string> next;
    for (const std::string& left : all) {
      for (const std::string& right : axis)
        next.push_back(left.empty() ? right : left + "." + right);
    }
    all = next;
  }
  return all;
}

std::string_view FormatName(const Expected& e) {
  return kFormats[static_cast<size_t>(e.config.format)];
}

std::string_view Relation(uint64_t a, uint64_t b) {
  return a < b ? "fewer" : a == b ? "same" : "more";
}

const char* MalformedName(const Expected& e) {
  switch (e.malformed) {
    case Malformed::kBase: return "base";
    case Malformed::kWidth: return "width";
    case Malformed::kReserved: return "reserved";
    case Malformed::kTooShort: return e.config.lossless ? "short.lossless" : "short.fixed";
    case Malformed::kLength:
      return e.config.lossless                 ? "length.lossless"
             : e.in.size() < e.pins.slot_bytes ? "early_last"
                                               : "late_last";
    case Malformed::kNone:
    case Malformed::kLevel: break;  // of order significance
  }
  return "none";
}

}  // namespace

Coverage::Coverage() {
  const std::vector<std::string> formats(kFormats.begin(), kFormats.end());
  std::vector<std::string> stalls;
  for (const StallProfile p : kAllStallProfiles) stalls.emplace_back(ToString(p));
  for (const std::string kind : kKinds) {
    Declare("cp_" + kind + "_stall", stalls);
    Declare("cp_" + kind + "_reset", {kPhases.begin(), kPhases.end()});
    Declare("cp_" + kind + "_back_pressure", {"input", "output", "both"});
    Declare("cp_" + kind + "_change",
            {"format", "mode", "slot_bytes", "wide_to_narrow", "narrow_to_wide"});
    Declare("cp_" + kind + "_beats", {"fewer", "same", "more"});
    std::vector<std::string> widths = Cross({{"fp16"}, {"w0", "w1", "w2", "w3", "w4", "w5"}});
    for (const char* f : {"fp32", "bf16"}) {
      for (uint32_t w = 0; w <= 8; ++w) widths.push_back(fmt::format("{}.w{}", f, w));
    }
    // E + 1 takes a code more than the exponents have: the encoder needs special ones for it.
    widths.insert(widths.end(), {"fp32.w9", "bf16.w9", "fp16.w6"});
    Declare("cp_" + kind + "_width", widths);
    Declare("cp_" + kind + "_codes", Cross({formats, {kCodes.begin(), kCodes.end()}}));
    Declare("cp_" + kind + "_sign", Cross({formats, {"stored", "positive", "negative"}}));
  }
  Declare("cp_enc_outcome",
          Cross({formats, {"lossless", "whole", "cut", "saturated"}, {"plain", "extension"}}));
  Declare("cp_enc_uniform", Cross({formats, {"none", "some", "all"}}));
  Declare("cp_enc_values", Cross({formats, {"zero", "negative_zero", "subnormal", "inf", "nan"}}));
  Declare("cp_enc_cut", Cross({formats, {"at_plane", "inside_plane"}}));
  Declare("cp_enc_cap", {"none", "limits", "too_wide"});
  Declare("cp_enc_slot", {"smallest", "between", "largest", "too_small", "too_large", "format_3",
                          "format_left_out"});
  Declare("cp_enc_last", {"early.first_beat", "early.later", "complete.with", "complete.without"});
  Declare("cp_enc_keep", {"full", "holes"});
  Declare("cp_dec_outcome", Cross({formats, {"lossless", "fixed"}, {"midpoint", "zero"}}));
  Declare("cp_dec_extension", Cross({formats, {"plain", "extension"}}));
  Declare("cp_dec_cut", Cross({formats, {"complete", "at_plane", "inside_plane"}}));
  Declare("cp_dec_values", Cross({formats, {"zero", "inf", "nan", "finite", "code_above_base"}}));
  Declare("cp_dec_nan_in_cut_slot", formats);
  Declare("cp_dec_malformed", Cross({formats,
                                     {"base", "width", "reserved", "short.fixed", "short.lossless",
                                      "length.lossless", "early_last", "late_last"}}));
  Declare("cp_dec_recovers", {"good_after_malformed", "malformed_after_malformed"});
  Declare("cp_dec_config", {"too_small", "too_large", "format_3", "format_left_out"});
}

void Coverage::Declare(std::string_view group, const std::vector<std::string>& bins,
                       uint64_t goal) {
  for (const std::string& bin : bins) bins_[fmt::format("{}/{}", group, bin)].goal = goal;
}

void Coverage::Hit(std::string_view group, std::string_view bin) {
  key_.assign(group).append("/").append(bin);
  const auto found = bins_.find(key_);
  if (found != bins_.end()) ++found->second.hits;
}

void Coverage::SampleRun(DeviceKind kind, StallProfile stall) {
  Hit(kind == DeviceKind::kCompressor ? "cp_enc_stall" : "cp_dec_stall", ToString(stall));
}

void Coverage::SampleReset(DeviceKind kind, ResetPhase phase) {
  Hit(kind == DeviceKind::kCompressor ? "cp_enc_reset" : "cp_dec_reset",
      kPhases[static_cast<size_t>(phase)]);
}

void Coverage::SampleBackPressure(DeviceKind kind, bool input_waits, bool output_waits) {
  if (!input_waits && !output_waits) return;
  Hit(kind == DeviceKind::kCompressor ? "cp_enc_back_pressure" : "cp_dec_back_pressure",
      input_waits && output_waits ? "both"
      : input_waits               ? "input"
                                  : "output");
}

void Coverage::SampleBlock(DeviceKind kind, const Expected& e, const Expected* previous,
                           uint32_t block_len, uint32_t stream_width) {
  const std::string prefix = kind == DeviceKind::kCompressor ? "cp_enc_" : "cp_dec_";
  const auto hit = [&](const char* group, std::string_view bin) { Hit(prefix + group, bin); };
  const uint64_t beat_bytes = stream_width / 8;
  const uint64_t slot = kind == DeviceKind::kCompressor ? e.out.size() : e.in.size();
  hit("beats", Relation(CeilDiv(slot, beat_bytes), BlockBytes(e.config) / beat_bytes));
  if (previous != nullptr) {
    if (previous->config.format != e.config.format) {
      hit("change", "format");
      const auto bytes = [](const Expected& x) { return InfoOf(x.config.format).value_bytes; };
      if (bytes(*previous) > bytes(e)) hit("change", "wide_to_narrow");
      if (bytes(*previous) < bytes(e)) hit("change", "narrow_to_wide");
    }
    if (previous->config.lossless != e.config.lossless) hit("change", "mode");
    if (previous->pins.slot_bytes != e.pins.slot_bytes) hit("change", "slot_bytes");
  }
  if (e.malformed == Malformed::kNone) {
    const FieldHeader& h = e.trace.field.header;
    const std::string format(FormatName(e));
    hit("width", fmt::format("{}.w{}", format, h.width));
    hit("codes", format + "." + kCodes[(h.zero_code ? 1U : 0U) + (h.special ? 2U : 0U)]);
    hit("sign", format + (h.sign_stored ? ".stored" : h.sign_value ? ".negative" : ".positive"));
  }
  if (kind == DeviceKind::kCompressor) {
    SampleCompressed(e, block_len);
  } else {
    SampleDecompressed(e, block_len);
    if (previous != nullptr && previous->malformed != Malformed::kNone) {
      hit("recovers",
          e.malformed == Malformed::kNone ? "good_after_malformed" : "malformed_after_malformed");
    }
  }
}

void Coverage::SampleCompressed(const Expected& e, uint32_t block_len) {
  const std::string format = std::string(FormatName(e)) + ".";
  const FieldHeader& h = e.trace.field.header;
  const BaseInfo& info = e.trace.field.info;
  const char* outcome = e.config.lossless ? "lossless"
                        : e.whole         ? "whole"
                        : e.saturated     ? "saturated"
                                          : "cut";
  Hit("cp_enc_outcome", format + outcome + (h.extension ? ".extension" : ".plain"));
  const uint64_t all = LowMask(InfoOf(e.config.format).man_bits);
  Hit("cp_enc_uniform", format + (info.uniform_map == 0     ? "none"
                                  : info.uniform_map == all ? "all"
                                                            : "some"));
  std::array<bool, 5> seen = {};
  for (uint32_t i = 0; i < block_len; ++i) {
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
    if (seen[i]) Hit("cp_enc_values", format + kNames[i]);
  }
  if (!e.whole) {
    const uint64_t payload = 8 * e.out.size() - HeaderBits(h, e.config.format);
    Hit("cp_enc_cut", format + (payload % block_len == 0 ? "at_plane" : "inside_plane"));
    Hit("cp_enc_cap", e.config.delta_cap == 0         ? "none"
                      : h.width == e.config.delta_cap ? "limits"
                      : h.width < e.config.delta_cap  ? "too_wide"
                                                      : "");
  }
  if (e.pins.format != static_cast<uint32_t>(e.config.format))
    Hit("cp_enc_slot", e.pins.format == 3 ? "format_3" : "format_left_out");
  if (!e.config.lossless) {
    const uint32_t least = MinFieldSlotBytes(e.config.format, block_len);
    const uint32_t most = MaxFieldSlotBytes(e.config.format, block_len);
    const uint32_t t = e.pins.slot_bytes;
    Hit("cp_enc_slot", t < least    ? "too_small"
                       : t > most   ? "too_large"
                       : t == least ? "smallest"
                       : t == most  ? "largest"
                                    : "between");
  }
  Hit("cp_enc_last", e.early_last ? (e.in_beats == 1 ? "early.first_beat" : "early.later")
                                  : (e.had_last ? "complete.with" : "complete.without"));
  Hit("cp_enc_keep", e.holes ? "holes" : "full");
}

void Coverage::SampleDecompressed(const Expected& e, uint32_t block_len) {
  const std::string format = std::string(FormatName(e)) + ".";
  if (e.pins.format != static_cast<uint32_t>(e.config.format))
    return Hit("cp_dec_config", e.pins.format == 3 ? "format_3" : "format_left_out");
  if (!e.config.lossless && e.pins.slot_bytes < e.config.slot_bytes)
    Hit("cp_dec_config", "too_small");
  if (!e.config.lossless && e.pins.slot_bytes > e.config.slot_bytes)
    Hit("cp_dec_config", "too_large");
  if (e.malformed != Malformed::kNone) return Hit("cp_dec_malformed", format + MalformedName(e));

  const FieldHeader& h = e.trace.field.header;
  Hit("cp_dec_outcome", format + (e.config.lossless ? "lossless." : "fixed.") +
                            (e.config.fill == Fill::kZero ? "zero" : "midpoint"));
  Hit("cp_dec_extension", format + (h.extension ? "extension" : "plain"));
  const bool complete = e.trace.field.size_bits <= 8 * e.in.size();
  const uint64_t payload = 8 * e.in.size() - HeaderBits(h, e.config.format);
  Hit("cp_dec_cut", format + (complete                   ? "complete"
                              : payload % block_len == 0 ? "at_plane"
                                                         : "inside_plane"));
  bool zero = false, inf = false, nan = false, finite = false, above = false;
  for (uint32_t i = 0; i < block_len; ++i) {
    const ValueClass c = e.trace.fields.values[i].cls;
    zero = zero || c == ValueClass::kZero;
    inf = inf || c == ValueClass::kInf;
    nan = nan || c == ValueClass::kNan;
    finite = finite || IsFinite(c);
    above = above || (c == ValueClass::kZero && e.trace.field.words[i].code > h.base);
  }
  if (zero) Hit("cp_dec_values", format + "zero");
  if (inf) Hit("cp_dec_values", format + "inf");
  if (nan) Hit("cp_dec_values", format + "nan");
  if (finite) Hit("cp_dec_values", format + "finite");
  if (above) Hit("cp_dec_values", format + "code_above_base");
  if (nan && !complete) Hit("cp_dec_nan_in_cut_slot", FormatName(e));
}

void Coverage::Add(const Coverage& other) {
  for (const auto& [name, bin] : other.bins_) bins_[name].hits += bin.hits;
}

size_t Coverage::reached() const {
  return static_cast<size_t>(std::count_if(
      bins_.begin(), bins_.end(), [](const auto& b) { return b.second.hits >= b.second.goal; }));
}

std::vector<std::string> Coverage::Missing() const {
  std::vector<std::string> missing;
  for (const auto& [name, bin] : bins_) {
    if (bin.hits < bin.goal) missing.push_back(name);
  }
  return missing;
}

std::string Coverage::Table() const {
  struct Group {
    size_t bins = 0, reached = 0;
    uint64_t least = UINT64_MAX;
    std::string rarest;
  };
  std::map<std::string, Group> groups;
  for (const auto& [name, bin] : bins_) {
    const size_t slash = name.find('/');
    Group& g = groups[name.substr(0, slash)];
    ++g.bins;
    g.reached += bin.hits >= bin.goal ? 1 : 0;
    if (bin.hits < g.least) {
      g.least = bin.hits;
      g.rarest = name.substr(slash + 1);
    }
  }
  std::string text = fmt::format("{:<26} {:>9}  {}\n", "cover group", "reached", "rarest bin");
  for (const auto& [name, g] : groups) {
    text += fmt::format("{:<26} {:>9}  {} ({})\n", name, fmt::format("{}/{}", g.reached, g.bins),
                        g.rarest, g.least);
  }
  for (const std::string& name : Missing()) text += fmt::format("MISSING {}\n", name);
  return text + fmt::format("coverage: {} of {} bins reached their goal\n", reached(), bins());
}

nlohmann::ordered_json Coverage::Json() const {
  auto json = nlohmann::ordered_json::object();
  for (const auto& [name, bin] : bins_) json[name] = {{"hits", bin.hits}, {"goal", bin.goal}};
  return json;
}

}  // namespace actplane::tb
