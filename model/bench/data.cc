// SPDX-License-Identifier: Apache-2.0
#include "data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "actplane/io/tensor_file.h"
#include "cli/numbers.h"
#include "support/values.h"

namespace actplane::bench {
namespace {

constexpr size_t kPeriod = size_t{1} << 20;  // 4 MiB: beyond the windows of lz4 and zstd -3
constexpr size_t kRow = 256;

// Box-Muller over SplitMix64. std::normal_distribution is not the same in every library.
class NormalSource {
 public:
  explicit NormalSource(uint64_t seed) : state_(seed) {}

  double Next() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * Uniform());
  }

  double Uniform() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

 private:
  uint64_t state_;
};

// Repeats the values, whole, until there are `count` of them.
void Fill(DataSet& data, size_t count) {
  data.period = data.values.size();
  if (data.tensors.empty()) data.tensors = {data.period};
  const size_t times = std::max<size_t>(1, (count + data.period - 1) / data.period);
  data.values.resize(times * data.period);
  for (size_t at = data.period; at < data.values.size(); at += data.period) {
    std::copy_n(data.values.begin(), data.period, data.values.begin() + static_cast<ptrdiff_t>(at));
  }
  data.finite =
      std::all_of(data.values.begin(), data.values.begin() + static_cast<ptrdiff_t>(data.period),
                  [](float v) { return std::isfinite(v); });
}

struct Pick {
  size_t file;
  size_t tensor;
  uint64_t values;
  uint64_t row;
};

}  // namespace

DataSet NormalData(size_t values) {
  DataSet data{.name = "normal", .text = "normal values, mean 0, deviation 1", .row = kRow};
  NormalSource source(1);
  data.values.resize(kPeriod);
  for (float& v : data.values) v = static_cast<float>(source.Next());
  Fill(data, values);
  return data;
}

DataSet GeluData(size_t values) {
  DataSet data{.name = "gelu", .text = "GELU (tanh form) of normal values", .row = kRow};
  NormalSource source(2);
  data.values.resize(kPeriod);
  for (float& v : data.values) {
    const double x = source.Next();
    const double inner = std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x);
    v = static_cast<float>(0.5 * x * (1.0 + std::tanh(inner)));
  }
  Fill(data, values);
  return data;
}

DataSet SoftmaxData(size_t values) {
  DataSet data{.name = "softmax",
               .text = "rows of a causal softmax over normal logits of deviation 2.5",
               .row = kRow};
  NormalSource source(3);
  data.values.resize(kPeriod);
  for (size_t at = 0; at < kPeriod; at += kRow) {
    const std::span<float> row(data.values.data() + at, kRow);
    const size_t seen = (at / kRow) % kRow + 1;  // query q sees the keys 0 .. q
    double sum = 0;
    std::vector<double> weight(seen);
    for (double& w : weight) sum += w = std::exp(2.5 * source.Next());
    for (size_t i = 0; i < seen; ++i) row[i] = static_cast<float>(weight[i] / sum);
  }
  Fill(data, values);
  return data;
}

DataSet LaplaceData(size_t values) {
  DataSet data{.name = "laplace", .text = "Laplace values, mean 0, scale 1", .row = kRow};
  NormalSource source(4);
  data.values.resize(kPeriod);
  for (float& v : data.values) {
    const double u = source.Uniform() - 0.5;
    v = static_cast<float>(std::copysign(std::log(1.0 - 2.0 * std::fabs(u)), u));
  }
  Fill(data, values);
  return data;
}

DataSet OutlierData(size_t values) {
  DataSet data{.name = "outliers",
               .text = "normal values, every 64th column 30 times as large",
               .row = kRow};
  NormalSource source(5);
  data.values.resize(kPeriod);
  for (size_t i = 0; i < kPeriod; ++i) {
    data.values[i] = static_cast<float>(source.Next() * (i % 64 == 0 ? 30.0 : 1.0));
  }
  Fill(data, values);
  return data;
}

Result<DataSet> FileData(std::span<const std::string> paths, size_t values, Format format) {
  std::vector<io::TensorReader> files;
  std::vector<Pick> picks;
  for (const std::string& path : paths) {
    Result<io::TensorReader> file = io::TensorReader::Open(path);
    if (!file.ok()) return file.status();
    for (size_t t = 0; t < file->tensors().size(); ++t) {
      const io::TensorInfo& info = file->tensors()[t];
      const bool fits = info.format == Format::kFp32 || info.format == format;
      if (!fits || info.values == 0) continue;
      const bool rows = info.shape.size() >= 2 && !info.fortran_order;
      picks.push_back({files.size(), t, info.values, rows ? info.shape.back() : 0});
    }
    files.push_back(std::move(file).value());
  }
  if (picks.empty()) return BadInputError("no FP32 tensor in the files: the benchmark needs one");

  DataSet data{.name = "files",
               .text = fmt::format("{} FP32 tensors of {} files", picks.size(), files.size()),
               .row = picks[0].row};
  const uint64_t share = std::max<uint64_t>(1, values / picks.size());
  for (const Pick& p : picks) {
    if (p.row != data.row) data.row = 0;
    uint64_t take = std::min(p.values, share);
    if (p.row != 0 && take > p.row) take -= take % p.row;  // rows stay whole
    const Format stored = files[p.file].tensors()[p.tensor].format;
    const size_t width = InfoOf(stored).value_bytes;
    std::vector<std::byte> bytes(take * width);
    if (Status s = files[p.file].Read(p.tensor, 0, bytes); !s.ok()) return s;
    for (size_t i = 0; i < take; ++i) {
      const double value = cli::ToDouble(cli::PatternAt(bytes, i, width), stored);
      data.values.push_back(static_cast<float>(value));
    }
    data.tensors.push_back(take);
  }
  if (data.row != 0 && data.values.size() % data.row != 0) data.row = 0;
  Fill(data, values);
  return data;
}

DataSet InFormat(const DataSet& data, Format format) {
  DataSet out = data;
  out.format = format;
  out.values.resize(data.period);
  if (format == Format::kFp32) return out;
  std::vector<uint32_t> patterns;
  for (float& v : out.values) {
    patterns.push_back(testing_support::ToPattern(v, format));
    v = static_cast<float>(cli::ToDouble(patterns.back(), format));
  }
  out.narrow = testing_support::ToBytes(patterns, format);
  out.finite =
      std::all_of(out.values.begin(), out.values.end(), [](float v) { return std::isfinite(v); });
  return out;
}

}  // namespace actplane::bench
