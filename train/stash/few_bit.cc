// SPDX-License-Identifier: Apache-2.0
#include "train/stash/few_bit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

#include "actplane/io/tensor_info.h"
#include "train/stash/files.h"
#include "train/stash/gelu.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kPointsPerCell = 8;

// Sums of weight, weight f' and weight f'^2 over the cells from the left: the cost of every piece
// in a few operations.
struct Moments {
  std::vector<double> w;
  std::vector<double> f;
  std::vector<double> ff;

  double Weight(size_t i, size_t j) const { return w[j] - w[i]; }
  double Mean(size_t i, size_t j) const { return (f[j] - f[i]) / Weight(i, j); }
  // integral of w (f' - mean)^2 over cells i .. j - 1
  double Cost(size_t i, size_t j) const {
    const double sum = f[j] - f[i];
    return std::max(0.0, ff[j] - ff[i] - sum * sum / Weight(i, j));
  }
};

Moments MomentsOf(std::string_view function, double low, double high,
                  const std::vector<double>& weight) {
  const size_t n = weight.size();
  const double cell = (high - low) / static_cast<double>(n);
  // Where nothing was measured a trace of weight decides, so that there is a level for every x.
  const double least =
      1e-9 * std::accumulate(weight.begin(), weight.end(), 0.0) / static_cast<double>(n);
  Moments m{std::vector<double>(n + 1), std::vector<double>(n + 1), std::vector<double>(n + 1)};
  for (size_t i = 0; i < n; ++i) {
    double sum = 0;
    double squares = 0;
    for (int p = 0; p < kPointsPerCell; ++p) {
      const double at = (static_cast<double>(i) + (p + 0.5) / kPointsPerCell) * cell + low;
      const double d = FewBitDerivative(function, at);
      sum += d / kPointsPerCell;
      squares += d * d / kPointsPerCell;
    }
    const double w = std::max(weight[i], least) * cell;
    m.w[i + 1] = m.w[i] + w;
    m.f[i + 1] = m.f[i] + w * sum;
    m.ff[i + 1] = m.ff[i] + w * squares;
  }
  return m;
}

}  // namespace

const std::vector<std::string_view>& FewBitFunctions() {
  static const std::vector<std::string_view> kNames = {"gelu", "gelu_erf", "silu"};
  return kNames;
}

double FewBitDerivative(std::string_view function, double x) {
  if (function == "gelu_erf") {
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    return 0.5 * std::erfc(-x / std::numbers::sqrt2) + x * density;
  }
  if (function == "silu") {
    const double s = 1 / (1 + std::exp(-x));
    return s * (1 + x * (1 - s));
  }
  return GeluDerivative(x);
}

Result<FewBitTable> OptimalFewBit(std::string_view function, int bits, double low, double high,
                                  const std::vector<double>& weight, std::string_view weight_name) {
  if (bits < 1 || bits > 8)
    return ConfigError(fmt::format("few-bit: {} bits are impossible; give 1 to 8", bits));
  if (!(low < high) || !std::isfinite(low) || !std::isfinite(high)) {
    return ConfigError(
        fmt::format("few-bit: from {} to {} is no domain; give low < high", low, high));
  }
  if (std::none_of(weight.begin(), weight.end(), [](double w) { return w > 0; })) {
    return ConfigError(fmt::format(
        "few-bit: no weight between {} and {}; give a domain that the inputs reach", low, high));
  }
  const Moments m = MomentsOf(function, low, high, weight);
  const size_t n = weight.size();
  const size_t pieces = size_t{1} << bits;
  // best[j]: least cost of the first k pieces over cells 0 .. j - 1; from[k][j]: where the last of
  // them begins.
  std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
  std::vector<std::vector<uint16_t>> from(pieces, std::vector<uint16_t>(n + 1, 0));
  for (size_t j = 1; j <= n; ++j) best[j] = m.Cost(0, j);
  for (size_t k = 1; k < pieces; ++k) {
    std::vector<double> next(n + 1, std::numeric_limits<double>::infinity());
    for (size_t j = k + 1; j <= n; ++j) {
      for (size_t i = k; i < j; ++i) {
        const double cost = best[i] + m.Cost(i, j);
        if (cost < next[j]) {
          next[j] = cost;
          from[k][j] = static_cast<uint16_t>(i);
        }
      }
    }
    best = std::move(next);
  }
  FewBitTable table{std::string(function), std::string(weight_name), bits, low, high, {}, {}, 0};
  table.borders.resize(pieces - 1);
  table.levels.resize(pieces);
  table.error = best[n];
  size_t end = n;
  for (size_t k = pieces; k-- > 0;) {
    const size_t begin = k == 0 ? 0 : from[k][end];
    table.levels[k] = m.Mean(begin, end);
    if (k > 0) {
      table.borders[k - 1] =
          low + (high - low) * static_cast<double>(begin) / static_cast<double>(n);
    }
    end = begin;
  }
  return table;
}

std::vector<double> FewBitWeight(std::string_view name, double low, double high) {
  std::vector<double> weight(kFewBitCells, 1);
  if (name != "normal") return weight;
  for (size_t i = 0; i < weight.size(); ++i) {
    const double x = low + (high - low) * (static_cast<double>(i) + 0.5) / kFewBitCells;
    weight[i] = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
  }
  return weight;
}

std::string FewBitJson(const FewBitTable& t) {
  return Json{{"function", t.function}, {"weight", t.weight}, {"bits", t.bits},
              {"low", t.low},           {"high", t.high},     {"error", t.error},
              {"borders", t.borders},   {"levels", t.levels}}
             .dump(1) +
         "\n";
}

Result<FewBitTable> ReadFewBit(const std::string& path) {
  const std::string fix = "make a table with actplane-train fewbit --out FILE";
  const Result<std::string> text = ReadInput(path, kMostJson, fix);
  if (!text.ok()) return text.status();
  FewBitTable t;
  try {
    const Json json = Json::parse(*text);
    json.at("function").get_to(t.function);
    json.at("weight").get_to(t.weight);
    json.at("bits").get_to(t.bits);
    json.at("low").get_to(t.low);
    json.at("high").get_to(t.high);
    json.at("error").get_to(t.error);
    json.at("borders").get_to(t.borders);
    json.at("levels").get_to(t.levels);
  } catch (const Json::exception&) {
    t.bits = 0;
  }
  if (t.bits < 1 || t.bits > 8 || t.levels.size() != size_t{1} << t.bits ||
      t.borders.size() + 1 != t.levels.size() ||
      !std::is_sorted(t.borders.begin(), t.borders.end())) {
    return BadInputError(fmt::format("{} is no few-bit table; {}", io::Quote(path), fix));
  }
  return t;
}

}  // namespace actplane::train
