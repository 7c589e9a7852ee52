// SPDX-License-Identifier: Apache-2.0
// The bins, and their report; coverage_blocks.cc fills them from blocks.
#include "env/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace actplane::tb {
namespace {

constexpr uint64_t kOften = 20;  // of what many blocks have
constexpr uint64_t kSeldom = 5;  // of what needs several things to come together

using Names = std::vector<std::string>;
const Names kFormats = {"fp32", "fp16", "bf16"};
const Names kOrders = {"field", "significance"};
const Names kPhases = {"idle", "in_packet", "between", "output"};

// All combinations, joined by dots.
Names Cross(const std::vector<Names>& axes) {
  Names all = {""};
  for (const Names& axis : axes) {
    Names next;
    for (const std::string& left : all) {
      for (const std::string& right : axis)
        next.push_back(left.empty() ? right : left + "." + right);
    }
    all = next;
  }
  return all;
}

std::string Prefix(DeviceKind kind) {
  return kind == DeviceKind::kCompressor ? "cp_enc_" : "cp_dec_";
}

}  // namespace

Coverage::Coverage() {
  DeclareBoth();
  DeclareCompressor();
  DeclareDecompressor();
}

void Coverage::DeclareBoth() {
  Names stalls;
  for (const StallProfile p : kAllStallProfiles) stalls.emplace_back(ToString(p));
  Names widths = Cross({{"fp16"}, {"w0", "w1", "w2", "w3", "w4", "w5"}});
  for (const char* f : {"fp32", "bf16"}) {
    for (uint32_t w = 0; w <= 8; ++w) widths.push_back(fmt::format("{}.w{}", f, w));
  }
  for (const std::string prefix : {"cp_enc_", "cp_dec_"}) {
    Declare(prefix + "stall", Cross({kOrders, kFormats, stalls}), kOften);
    Declare(prefix + "device", Cross({kOrders, {"flops", "latches"}}), kOften);
    Declare(prefix + "device", {"k4", "k8"}, kOften);
    Declare(prefix + "reset", Cross({kPhases, {"one_cycle", "longer"}, {"late", "early"}}),
            kSeldom);
    Declare(prefix + "back_pressure", {"input", "output", "both"}, kOften);
    Declare(prefix + "change",
            {"format", "mode", "slot_bytes", "rows", "field_to_significance",
             "significance_to_field", "wide_to_narrow", "narrow_to_wide"},
            kOften);
    Declare(prefix + "beats", Cross({kOrders, {"fewer", "same", "more"}}), kOften);
    Declare(prefix + "width", widths, kOften);
    // E + 1 takes a code more than the exponents have: the encoder needs special ones for it.
    Declare(prefix + "width", {"fp32.w9", "bf16.w9", "fp16.w6"}, kSeldom);
    Declare(prefix + "codes", Cross({kFormats, {"none", "zero", "special", "both"}}), kOften);
    Declare(prefix + "sign", Cross({kFormats, {"stored", "positive", "negative"}}), kOften);
    Declare(prefix + "form",
            Cross({kFormats, {"unsigned", "signed", "mid_rise", "specials", "poisoned", "pair"}}),
            kOften);
    Declare(prefix + "code_width",
            Cross({kFormats, {"w0", "w1", "w2", "w3", "w4"}, {"dead_code", "plain"}}), kSeldom);
    Declare(prefix + "level", Cross({{"q0", "q1", "q8", "q16"}, {"j0", "j1"}}), kSeldom);
    Declare(prefix + "axi",
            Cross({kOrders,
                   {"plain", "part_last", "holes_inside", "holes_last", "null_first", "null_inside",
                    "null_last"}}),
            kOften);
    Declare(prefix + "config",
            {"format_3", "format_left_out", "order_left_out", "lossless_refused", "rows_too_few",
             "rows_too_many"},
            kSeldom);
    Declare(prefix + "config", Cross({kOrders, {"too_small", "too_large"}}), kSeldom);
  }
}

void Coverage::DeclareCompressor() {
  Declare("cp_enc_outcome",
          Cross({kFormats, {"lossless", "whole", "cut", "saturated"}, {"plain", "extension"}}),
          kSeldom);
  Declare("cp_enc_uniform", Cross({kFormats, {"none", "some", "all"}}), kOften);
  Declare("cp_enc_values",
          Cross({kOrders, kFormats, {"zero", "negative_zero", "subnormal", "inf", "nan"}}), kOften);
  Declare("cp_enc_cut", Cross({kFormats, {"at_plane", "inside_plane"}}), kOften);
  Declare("cp_enc_cap", {"none", "limits", "not_reached"}, kOften);
  Declare("cp_enc_config", {"cap_too_wide"}, kSeldom);
  Declare("cp_enc_slot", Cross({kOrders, {"smallest", "between", "largest"}}), kOften);
  Declare("cp_enc_last", {"early.first_beat", "early.later", "complete.with", "complete.without"},
          kOften);
  Declare(
      "cp_enc_significance",
      Cross({kFormats,
             {"pair.one", "pair.two", "pair.special", "poisoned", "exact.unsigned", "exact.signed",
              "unsigned", "signed", "mid_rise", "mid_rise_fails", "specials", "nothing_lives"}}),
      kSeldom);
  Declare("cp_enc_groups",
          Cross({{"k4", "k8"},
                 {"empty", "negative_zeros", "infinite", "mixed", "special", "special_empty",
                  "left_out", "saturated_code", "rows_of_zeros", "limited_rows"}}),
          kOften);
  Declare("cp_enc_fit", {"full", "spare_byte", "spare_row"}, kOften);
}

void Coverage::DeclareDecompressor() {
  Declare("cp_dec_outcome", Cross({kFormats, {"lossless", "fixed"}, {"midpoint", "zero"}}), kOften);
  Declare("cp_dec_extension", Cross({kFormats, {"plain", "extension"}}), kOften);
  Declare("cp_dec_cut", Cross({kFormats, {"complete", "at_plane", "inside_plane"}}), kOften);
  Declare("cp_dec_values", Cross({kFormats, {"zero", "inf", "nan", "finite", "code_above_base"}}),
          kOften);
  Declare("cp_dec_nan_in_cut_slot", kFormats, kOften);
  Declare("cp_dec_fill",
          Cross({kFormats, {"top", "inner", "last", "uniform_below"}, {"even", "odd"}}), kSeldom);
  Declare("cp_dec_fill", Cross({kFormats, {"exponent_0"}}), kSeldom);
  Declare("cp_dec_rebuild",
          Cross({kFormats,
                 {"zero", "negative_zero", "nearest", "below_the_mantissa", "subnormal", "inf",
                  "nan", "mid.even", "mid.odd", "mid.half", "mid.half_too_small", "mid.whole"}}),
          kSeldom);
  Declare("cp_dec_rebuild", {"fp32.mid.half_too_small"},
          1);  // takes 24 rows of the smallest values
  Declare(
      "cp_dec_groups",
      Cross({{"k4", "k8"},
             {"dead_by_code", "dead_by_end", "lives", "limited_rows", "special", "special_dead"}}),
      kOften);
  Declare("cp_dec_malformed", Cross({kFormats, {"field"}, {"base", "width", "reserved", "short"}}),
          kSeldom);
  Declare("cp_dec_malformed",
          Cross({kFormats, {"significance"}, {"base", "width", "reserved", "level", "short"}}),
          kSeldom);
  Declare("cp_dec_length",
          Cross({{"field.fixed", "field.lossless", "significance.fixed"},
                 {"short", "holes"},
                 {"no_front", "no_value", "some"}}),
          kSeldom);
  Declare("cp_dec_length",  // a lossless slot ends with its last value
          Cross({{"field.fixed", "significance.fixed"}, {"short", "holes"}, {"all"}}), kSeldom);
  Declare("cp_dec_length",
          Cross({{"field.fixed", "field.lossless", "significance.fixed"}, {"long"}}), kSeldom);
  Declare("cp_dec_recovers",
          Cross({kOrders, {"good_after_malformed", "malformed_after_malformed"}}), kOften);
}

void Coverage::Declare(std::string_view group, const Names& bins, uint64_t goal) {
  for (const std::string& bin : bins) bins_[fmt::format("{}/{}", group, bin)].goal = goal;
}

void Coverage::Hit(std::string_view group, std::string_view bin) {
  key_.assign(group).append("/").append(bin);
  const auto found = bins_.find(key_);
  if (found != bins_.end()) ++found->second.hits;
}

void Coverage::SampleReset(DeviceKind kind, ResetPhase phase, const ResetShape& shape) {
  Hit(Prefix(kind) + "reset",
      fmt::format("{}.{}.{}", kPhases[static_cast<size_t>(phase)],
                  shape.cycles == 1 ? "one_cycle" : "longer", shape.late ? "late" : "early"));
}

void Coverage::SampleBackPressure(DeviceKind kind, bool input_waits, bool output_waits) {
  if (!input_waits && !output_waits) return;
  Hit(kind == DeviceKind::kCompressor ? "cp_enc_back_pressure" : "cp_dec_back_pressure",
      input_waits && output_waits ? "both"
      : input_waits               ? "input"
                                  : "output");
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
