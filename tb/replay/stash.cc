// SPDX-License-Identifier: Apache-2.0
// --stash of a trace, as train/stash/methods/actplane.cc reads it.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "actplane/io/tensor_info.h"
#include "replay/trace.h"

namespace actplane::tb {
namespace {

constexpr double kRounding = 1e-3;  // of a byte: a ratio of 5.3333 is a slot of 96
// Traces of before there was `split`: of kind residual at most, where it is not given.
constexpr double kNormInputRatio = 6;

std::optional<double> NumberOf(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value > 0 && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// Of a key whose value is one of a few.
bool Choose(const std::string& key, const std::string& value, Config& c) {
  if (key == "order" && (value == "field" || value == "significance")) {
    c.order = value == "field" ? Order::kField : Order::kSignificance;
  } else if (key == "format" && (value == "fp32" || value == "bf16")) {
    c.format = value == "fp32" ? Format::kFp32 : Format::kBf16;
  } else if (key == "fill" && (value == "midpoint" || value == "zero")) {
    c.fill = value == "zero" ? Fill::kZero : Fill::kMidpoint;
  } else if (key == "block" || key == "group" || key == "rows") {
    const std::optional<double> number = NumberOf(value);
    if (!number || *number > kMaxBlockLen || *number != std::floor(*number)) return false;
    uint32_t& field = key == "block" ? c.block_len : key == "group" ? c.group_len : c.row_limit;
    field = static_cast<uint32_t>(*number);
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<std::optional<StashConfigs>> ParseStash(std::string_view spec) {
  constexpr std::string_view kMethod = "actplane";
  if (spec.substr(0, spec.find(':')) != kMethod) return std::optional<StashConfigs>();
  const auto bad = [&](const std::string& what) {
    return BadInputError(fmt::format("the stash {} of the trace: {}; capture the step again",
                                     io::Quote(spec), what));
  };
  Config config;
  std::map<std::string, double> ratios;  // 0: exact
  double ratio = 3.2;
  bool split = false;
  std::string_view rest = spec.substr(std::min(spec.size(), kMethod.size() + 1));
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const size_t equal = pair.find('=');
    if (equal == std::string_view::npos) return bad(io::Quote(pair) + " is no key=value");
    const std::string key(pair.substr(0, equal));
    const std::string value(pair.substr(equal + 1));
    if (pair == "split=even") {  // a trace names the ratio of every kind
      split = true;
      continue;
    }
    if (!key.starts_with("ratio")) {
      if (!Choose(key, value, config)) return bad(io::Quote(pair) + " is unknown");
      continue;
    }
    const std::optional<double> number = value == "exact" ? 0 : NumberOf(value);
    if (!number) return bad(io::Quote(pair) + " is no ratio");
    if (key == "ratio") {
      ratio = *number;
    } else if (key.size() > 6 && key[5] == '.') {
      ratios[key.substr(6)] = *number;
    } else {
      return bad(io::Quote(pair) + " is unknown");
    }
  }
  // Ratios are against FP32, whatever the format.
  const auto with = [&](double r) {
    Config c = config;
    c.slot_bytes =
        static_cast<uint32_t>(std::min(c.block_len * 4 / r + kRounding, double{UINT16_MAX}));
    return c;
  };
  StashConfigs configs;
  configs.all = with(ratio == 0 ? 1 : ratio);
  if (ratio == 0) return bad("ratio=exact is of one kind");
  if (Status s = ValidateConfig(configs.all); !s.ok()) return bad(s.message());
  if (!split && ratio > kNormInputRatio) ratios.try_emplace("residual", kNormInputRatio);
  for (const auto& [kind, r] : ratios) {
    std::optional<Config>& c = configs.kinds[kind];
    if (r != 0) c = with(r);
    if (!c) continue;
    if (Status s = ValidateConfig(*c); !s.ok()) return bad(s.message());
  }
  return std::optional(std::move(configs));
}

}  // namespace actplane::tb
