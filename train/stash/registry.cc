// SPDX-License-Identifier: Apache-2.0
#include "train/stash/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "train/stash/exact.h"

namespace actplane::train {
namespace {

std::vector<MethodInfo>& Table() {
  static std::vector<MethodInfo> table;  // filled before main by the files of the methods
  return table;
}

Result<double> ParseNumber(std::string_view method, std::string_view key, const std::string& text,
                           double low, double high) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= low && value <= high)) {
    return ConfigError(fmt::format("stash {}: {} is '{}'; give a number from {} to {}", method, key,
                                   text, low, high));
  }
  return value;
}

}  // namespace

Result<MethodOptions> MethodOptions::Parse(std::string_view method, std::string_view text) {
  MethodOptions options;
  options.method_ = method;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return ConfigError(fmt::format(
          "stash {}: '{}' is not key=value; write for example {}:ratio=3.2", method, item, method));
    }
    const std::string key(item.substr(0, equals));
    if (options.Find(key) != nullptr)
      return ConfigError(fmt::format("stash {}: {} is given twice; keep one", method, key));
    options.items_.push_back({key, std::string(item.substr(equals + 1)), false});
  }
  for (Item& item : options.items_) item.used = false;
  options.known_.clear();
  return options;
}

const std::string* MethodOptions::Find(std::string_view key) {
  known_.emplace_back(key);
  for (Item& item : items_) {
    if (item.key != key) continue;
    item.used = true;
    return &item.value;
  }
  return nullptr;
}

Result<double> MethodOptions::Number(std::string_view key, double otherwise, double low,
                                     double high) {
  const std::string* text = Find(key);
  if (text == nullptr) return otherwise;
  return ParseNumber(method_, key, *text, low, high);
}

Result<std::string> MethodOptions::Choice(std::string_view key, std::string_view otherwise,
                                          const std::vector<std::string_view>& choices) {
  const std::string* text = Find(key);
  if (text == nullptr) return std::string(otherwise);
  if (std::find(choices.begin(), choices.end(), *text) == choices.end()) {
    return ConfigError(fmt::format("stash {}: {} is '{}'; choose one of {}", method_, key, *text,
                                   fmt::join(choices, ", ")));
  }
  return *text;
}

Result<PerKind<double>> MethodOptions::NumberPerKind(std::string_view key, double otherwise,
                                                     double low, double high) {
  const Result<double> all = Number(key, otherwise, low, high);
  if (!all.ok()) return all.status();
  PerKind<double> values;
  values.fill(*all);
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string name = fmt::format("{}.{}", key, kKindNames[i]);
    const std::string* text = Find(name);
    if (text == nullptr) continue;
    if (*text == "exact") {
      values[i] = 0;
      continue;
    }
    const Result<double> value = ParseNumber(method_, name, *text, low, high);
    if (!value.ok()) return value.status();
    values[i] = *value;
  }
  return values;
}

Result<PerKind<std::string>> MethodOptions::ChoicePerKind(
    std::string_view key, std::string_view otherwise,
    const std::vector<std::string_view>& choices) {
  PerKind<std::string> values;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto value = Choice(fmt::format("{}.{}", key, kKindNames[i]), otherwise, choices);
    if (!value.ok()) return value.status();
    values[i] = *value;
  }
  return values;
}

Result<int64_t> MethodOptions::Count(std::string_view key, int64_t otherwise, int64_t low,
                                     int64_t high) {
  const Result<double> value = Number(key, static_cast<double>(otherwise), static_cast<double>(low),
                                      static_cast<double>(high));
  if (!value.ok()) return value.status();
  if (*value != std::floor(*value)) {
    return ConfigError(fmt::format("stash {}: {} is {}; give a whole number from {} to {}", method_,
                                   key, *value, low, high));
  }
  return static_cast<int64_t>(*value);
}

std::string MethodOptions::Text(std::string_view key) {
  const std::string* text = Find(key);
  return text == nullptr ? std::string() : *text;
}

Status MethodOptions::Finish() const {
  for (const Item& item : items_) {
    if (item.used) continue;
    if (known_.empty())
      return ConfigError(fmt::format("stash {} has no options; drop {}", method_, item.key));
    return ConfigError(fmt::format("stash {} has no option {}; it has {}", method_, item.key,
                                   fmt::join(known_, ", ")));
  }
  return OkStatus();
}

bool Register(MethodInfo info) {
  Table().push_back(std::move(info));
  return true;
}

std::vector<MethodInfo> Methods() {
  std::vector<MethodInfo> all = Table();
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

Result<MethodParts> MakeParts(std::string_view spec) {
  const size_t colon = std::min(spec.find(':'), spec.size());
  const std::string_view name = spec.substr(0, colon);
  std::vector<std::string_view> names;
  for (const MethodInfo& info : Methods()) {
    names.push_back(info.name);
    if (info.name != name) continue;
    Result<MethodOptions> options =
        MethodOptions::Parse(name, spec.substr(std::min(colon + 1, spec.size())));
    if (!options.ok()) return options.status();
    Result<MethodParts> parts = info.make(*options);
    if (!parts.ok()) return parts.status();
    if (Status s = options->Finish(); !s.ok()) return s;
    parts->contents = options->contents();
    return parts;
  }
  return ConfigError(
      fmt::format("there is no stash '{}'; choose one of {}", name, fmt::join(names, ", ")));
}

Result<std::unique_ptr<Stash>> MakeStash(std::string_view spec) {
  MethodParts all;
  std::string_view rest = spec;
  for (bool more = true; more;) {
    const size_t plus = rest.find('+');
    more = plus != std::string_view::npos;
    Result<MethodParts> parts = MakeParts(rest.substr(0, plus));
    if (!parts.ok()) return parts.status();
    if ((all.codec && parts->codec) || (all.formulas && parts->formulas)) {
      return ConfigError(
          fmt::format("stash '{}': two methods do the same part of the work; keep one", spec));
    }
    if (parts->codec) all.codec = std::move(parts->codec);
    if (parts->formulas) all.formulas = std::move(parts->formulas);
    if (parts->contents != 0) all.contents = MixKey(all.contents, parts->contents);
    if (more) rest.remove_prefix(plus + 1);
  }
  if (!all.codec) all.codec = MakeExactCodec();
  if (all.formulas) {
    if (Status s = all.formulas->CheckCodec(*all.codec); !s.ok()) return s;
  }
  auto stash = std::make_unique<Stash>(std::move(all.codec), std::move(all.formulas));
  stash->set_contents(all.contents);
  return stash;
}

}  // namespace actplane::train
