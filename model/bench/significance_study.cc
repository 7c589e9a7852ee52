// SPDX-License-Identifier: Apache-2.0
// The measurements behind docs/decisions/0001: what each choice of order significance is worth in
// dB, at equal bits. It counts bits and rounds values as section 6 of docs/format.md does, with one
// choice at a time replaced; it packs nothing. Lines "format" are checked against the golden model
// itself.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "actplane/codec.h"
#include "actplane/io/tensor_file.h"
#include "data.h"

namespace actplane::bench {
namespace {

constexpr uint32_t kN = 128;
constexpr uint32_t kHeaderBits = 21;
constexpr uint32_t kMantissaBits = 23;
constexpr uint32_t kNever = 1000;  // delta of a zero

enum class LastPlane { kRefineOnly, kRule, kBest, kEmbedded };
enum class ZeroMap { kOff, kRule };

struct Choice {
  std::string name;
  std::vector<uint32_t> groups = {16, 4};  // sizes of the flag levels; empty: raw lists only
  LastPlane last = LastPlane::kRule;
  ZeroMap zero_map = ZeroMap::kRule;
};

struct Values {
  std::vector<uint32_t> delta = std::vector<uint32_t>(kN, kNever);
  std::vector<double> weight = std::vector<double>(kN, 0.0);  // magnitude / 2^base, in [0, 2)
  bool negative = false;
  double scale = 0;
};

Values Align(const float* block) {
  Values v;
  uint32_t base = 1;
  const auto exponent = [](float x) { return (std::bit_cast<uint32_t>(x) >> 23) & 255U; };
  for (uint32_t i = 0; i < kN; ++i) base = std::max(base, exponent(block[i]));
  v.scale = std::ldexp(1.0, static_cast<int>(base) - 127);
  for (uint32_t i = 0; i < kN; ++i) {
    if (exponent(block[i]) == 0) continue;  // the data has no subnormals worth a bit
    v.delta[i] = base - exponent(block[i]);
    v.weight[i] = std::fabs(static_cast<double>(block[i])) / v.scale;
    v.negative |= block[i] < 0;
  }
  return v;
}

using Mask = std::vector<bool>;

uint64_t RawBitsOf(const Mask& candidates) {
  return static_cast<uint64_t>(std::count(candidates.begin(), candidates.end(), true));
}

// Bits of a list with flags over groups of the given sizes, each level below the one before.
uint64_t ListBits(const Mask& candidates, const Mask& ones, const std::vector<uint32_t>& sizes,
                  size_t level = 0, uint32_t first = 0, uint32_t length = kN) {
  const uint32_t step = level < sizes.size() ? sizes[level] : 1;
  uint64_t bits = 0;
  for (uint32_t g = first; g < first + length; g += step) {
    bool candidate = false, one = false;
    for (uint32_t i = g; i < g + step; ++i) {
      candidate = candidate || candidates[i];
      one = one || (candidates[i] && ones[i]);
    }
    if (!candidate) continue;
    ++bits;
    if (step > 1 && one) bits += ListBits(candidates, ones, sizes, level + 1, g, step);
  }
  return bits;
}

// Squared error when `planes` significance planes are known, `refine_bits` refinement bits, and
// (embedded coders) the first values of the next plane for `partial_bits`.
double Error(const Values& v, uint32_t planes, int64_t refine_bits, const Mask& part) {
  std::vector<uint32_t> cut(kN);
  Mask known(kN);
  for (uint32_t i = 0; i < kN; ++i) {
    known[i] = v.delta[i] < planes || (v.delta[i] == planes && part[i]);
    cut[i] = v.delta[i];
  }
  for (uint32_t p = 1; p < planes + kMantissaBits + 1 && refine_bits > 0; ++p) {
    for (uint32_t i = 0; i < kN && refine_bits > 0; ++i) {
      if (v.delta[i] >= planes || v.delta[i] >= p || p > v.delta[i] + kMantissaBits) continue;
      cut[i] = p;
      --refine_bits;
    }
  }
  double sum = 0;
  for (uint32_t i = 0; i < kN; ++i) {
    double y = 0;
    if (known[i]) {
      const int shift = static_cast<int>(cut[i]);
      const bool exact = cut[i] - v.delta[i] >= kMantissaBits;
      y = std::ldexp(std::floor(std::ldexp(v.weight[i], shift)) + (exact ? 0 : 0.5), -shift);
    }
    sum += (v.weight[i] - y) * (v.weight[i] - y);
  }
  return sum * v.scale * v.scale;
}

double BlockError(const float* block, uint32_t budget, const Choice& choice) {
  const Values v = Align(block);
  Mask waiting(kN, true), nonzero(kN);
  uint64_t zeros = 0;
  uint32_t most = 0;
  for (uint32_t i = 0; i < kN; ++i) {
    nonzero[i] = v.delta[i] != kNever;
    if (!nonzero[i]) ++zeros;
    if (nonzero[i]) most = std::max(most, std::min(v.delta[i], 30U) + 1);
  }
  if (zeros == kN) return 0;
  uint64_t spent = kHeaderBits;
  const uint64_t map = std::min<uint64_t>(kN, ListBits(waiting, nonzero, choice.groups));
  const uint64_t worth = budget / kN > 3 ? budget / kN - 3 : 0;
  if (choice.zero_map == ZeroMap::kRule && zeros * worth > map) {
    spent += map;
    waiting = nonzero;
  }
  std::vector<uint64_t> cost(1, spent);
  std::vector<uint64_t> becoming;
  std::vector<Mask> candidates;
  bool leading = !choice.groups.empty();
  for (uint32_t p = 0; p < most; ++p) {
    Mask ones(kN);
    for (uint32_t i = 0; i < kN; ++i) ones[i] = v.delta[i] == p;
    const uint64_t raw = RawBitsOf(waiting);
    const uint64_t grouped = leading ? ListBits(waiting, ones, choice.groups) : raw;
    leading = leading && p < 15 && grouped < raw;
    becoming.push_back(RawBitsOf(ones));
    candidates.push_back(waiting);
    cost.push_back(cost.back() + (leading ? grouped : raw) + (v.negative ? becoming.back() : 0));
    for (uint32_t i = 0; i < kN; ++i) waiting[i] = waiting[i] && !ones[i];
  }
  const auto refined = [&](uint32_t planes, uint32_t q) {
    uint64_t bits = 0;
    for (uint32_t i = 0; i < kN; ++i) {
      if (v.delta[i] < planes && q > v.delta[i]) bits += std::min(q - v.delta[i], kMantissaBits);
    }
    return bits;
  };
  const auto whole = [&](uint32_t planes) {
    return cost[planes] + (planes == 0 ? 0 : refined(planes, planes - 1));
  };
  uint32_t planes = 0;
  while (planes < most && whole(planes + 1) <= budget) ++planes;
  const Mask none(kN);
  const auto error = [&](uint32_t q) {
    return Error(v, q, static_cast<int64_t>(budget - cost[q]), none);
  };
  const uint64_t spare = budget - whole(planes);
  const bool more = planes < most && cost[planes + 1] <= budget;
  switch (choice.last) {
    case LastPlane::kRefineOnly: break;
    case LastPlane::kRule:
      if (more && 9 * becoming[planes] + 3 * spare >= 4 * (cost[planes + 1] - cost[planes]))
        ++planes;
      break;
    case LastPlane::kBest: {
      double best = error(planes);
      for (uint32_t q = planes; q <= std::min(planes + 3, most); ++q) {
        if (cost[q] <= budget) best = std::min(best, error(q));
      }
      return best;
    }
    case LastPlane::kEmbedded: {  // the spare bits carry the first values of the next significance
                                  // plane
      Mask part(kN);
      uint64_t left = spare;
      for (uint32_t i = 0; planes < most && i < kN; ++i) {
        if (!candidates[planes][i]) continue;
        const bool one = v.delta[i] == planes;
        const uint64_t bits = one && v.negative ? 2 : 1;
        if (bits > left) break;
        left -= bits;
        part[i] = one;
      }
      return Error(v, planes,
                   static_cast<int64_t>(refined(planes, planes == 0 ? 0 : planes - 1) + left),
                   part);
    }
  }
  return error(planes);
}

double SnrDb(double signal, double noise) { return 10 * std::log10(signal / noise); }

double Study(const std::vector<float>& x, uint32_t bits, const Choice& choice) {
  double signal = 0, noise = 0;
  for (size_t at = 0; at + kN <= x.size(); at += kN) {
    noise += BlockError(&x[at], bits * kN, choice);
    for (uint32_t i = 0; i < kN; ++i) signal += static_cast<double>(x[at + i]) * x[at + i];
  }
  return SnrDb(signal, noise);
}

double Golden(const std::vector<float>& x, uint32_t bits) {
  const auto tensor = Compress(std::as_bytes(std::span(x)),
                               {.slot_bytes = bits * kN / 8, .order = Order::kSignificance});
  const auto back = Decompress(*tensor);
  double signal = 0, noise = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    float y = 0;
    std::memcpy(&y, &back->values[4 * i], 4);
    signal += static_cast<double>(x[i]) * x[i];
    noise += (static_cast<double>(x[i]) - y) * (static_cast<double>(x[i]) - y);
  }
  return SnrDb(signal, noise);
}

int Run(const std::vector<std::string>& files) {
  constexpr size_t kValues = size_t{1} << 17;
  const std::vector<Choice> choices = {
      {.name = "format"},
      {.name = "embedded: planes interleaved, last one cut", .last = LastPlane::kEmbedded},
      {.name = "spare bits refine only", .last = LastPlane::kRefineOnly},
      {.name = "number of planes by exhaustive search", .last = LastPlane::kBest},
      {.name = "raw lists only", .groups = {}},
      {.name = "one flag level, groups of 8", .groups = {8}},
      {.name = "flags 8, 2", .groups = {8, 2}},
      {.name = "flags 64, 16, 4", .groups = {64, 16, 4}},
      {.name = "no zero map", .zero_map = ZeroMap::kOff},
  };
  std::vector<DataSet> sets = {NormalData(kValues), GeluData(kValues), SoftmaxData(kValues),
                               NormalData(kValues)};
  sets.back().name = "relu";  // zeros scattered over half of the values
  for (float& x : sets.back().values) x = std::max(x, 0.0F);
  for (const std::string& file : files) {
    auto set = FileData(std::vector{file}, kValues);
    if (!set.ok()) {
      fmt::print(stderr, "significance_study: {}\n", set.status().message());
      return 3;
    }
    set->name = file.substr(file.rfind('/') + 1);
    sets.push_back(std::move(*set));
  }
  bool agrees = true;
  for (DataSet& set : sets) {
    set.values.resize(std::min(kValues, set.period / kN * kN));
    fmt::print("\n{}, FP32, N = 128, SNR in dB\n{:<44}{:>9}{:>9}{:>9}{:>9}\n", set.name,
               "bits per value", 10, 8, 6, 4);
    for (const Choice& choice : choices) {
      fmt::print("{:<44}", choice.name);
      for (const uint32_t bits : {10U, 8U, 6U, 4U}) {
        const double snr = Study(set.values, bits, choice);
        fmt::print("{:>9.3f}", snr);
        // Blocks stored whole (L = 1) make the model better than the count, never worse.
        if (choice.name == "format") agrees = agrees && Golden(set.values, bits) >= snr - 0.01;
      }
      fmt::print("\n");
    }
  }
  if (!agrees)
    fmt::print(stderr,
               "significance_study: the golden model does worse than its own count of bits\n");
  return agrees ? 0 : 1;
}

}  // namespace
}  // namespace actplane::bench

int main(int argc, char** argv) { return actplane::bench::Run({argv + 1, argv + argc}); }
