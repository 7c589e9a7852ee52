// SPDX-License-Identifier: Apache-2.0
// actplane_bench: the fast path next to zfp, lz4, zstd and memcpy, all in one process. It fails
// when a codec gives back the wrong values, never because of a time.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <lz4.h>
#include <zfp.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cli/difference.h"
#include "codecs.h"
#include "data.h"
#include "quality.h"
#include "report.h"

namespace actplane::bench {
namespace {

constexpr const char* kUsage =
    "usage: actplane_bench [--mib N] [--repetitions N] [--csv FILE] [--json FILE] [TENSOR...]\n"
    "  --mib N          size of each data set in MiB, 1 to 1024 (default 64)\n"
    "  --repetitions N  of every measurement, 1 to 99 (default 5); the median counts\n"
    "  --csv FILE, --json FILE  the rows for a program as well\n"
    "  TENSOR           .npy and .safetensors files, together one more data set\n"
    "Options --benchmark_... go to Google Benchmark.\n";

struct Options {
  size_t mib = 64;
  size_t repetitions = 5;
  std::string csv;
  std::string json;
  std::vector<std::string> files;
};

// Seconds of every repetition, by the name of the benchmark.
using Times = std::map<std::string, std::vector<double>>;

class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      times[run.run_name.function_name].push_back(run.real_accumulated_time /
                                                  static_cast<double>(run.iterations));
    }
  }

  Times times;
};

constexpr double kLeastSeconds = 0.05;  // of a repetition: the clock and a wake-up do not count

// Times `step`, which took `seconds` when it was tried.
template <typename Step>
void Register(const std::string& name, double seconds, int repetitions, const Step& step) {
  const auto run = [step](benchmark::State& state) {
    for (auto _ : state) step();
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->Iterations(static_cast<int64_t>(std::clamp(kLeastSeconds / seconds, 0.0, 99.0)) + 1)
      ->Repetitions(repetitions)
      ->UseRealTime();
}

struct Subject {
  Entry entry;
  Trial trial;

  std::string Name(const char* direction) const {
    return fmt::format("{} at {:g} bits, {} threads: {}", entry.name, entry.bits, entry.threads,
                       direction);
  }
};

double Median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return (v[(v.size() - 1) / 2] + v[v.size() / 2]) / 2;
}

Row MakeRow(const Subject& subject, const DataSet& data, const Times& times) {
  const auto values = static_cast<double>(data.values.size());
  Row row{.data = data.name,
          .codec = subject.entry.name,
          .asked = subject.entry.bits,
          .bits = 8 * static_cast<double>(subject.trial.used) / values,
          .difference = subject.trial.difference};
  const auto measured = [&](const char* direction, double& speed, double& spread) {
    const auto found = times.find(subject.Name(direction));
    if (found == times.end()) return;
    const auto [fastest, slowest] = std::minmax_element(found->second.begin(), found->second.end());
    speed = 4 * values / Median(found->second) / 1e9;
    spread = *slowest / *fastest - 1;
  };
  measured("compress", row.speed.compress, row.spread.compress);
  measured("decompress", row.speed.decompress, row.spread.decompress);
  return row;
}

// Fills in what compares a row with others, and drops the rows on two threads.
std::vector<Row> Compare(const std::vector<Subject>& subjects, std::vector<Row> rows) {
  std::vector<Row> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Entry& entry = subjects[i].entry;
    if (entry.threads != 1) {
      kept.back().two_threads = rows[i].speed / kept.back().speed;
      continue;
    }
    for (size_t z = 0; z < rows.size(); ++z) {
      if (rows[z].codec != "zfp 1-D" || subjects[z].entry.bits != entry.bits) continue;
      rows[i].versus_zfp = rows[i].speed / rows[z].speed;
    }
    kept.push_back(rows[i]);
  }
  return kept;
}

// Measures a data set. The repetitions of all codecs are shuffled, so that a disturbance of the
// machine does not fall on one codec alone. Empty when a codec gave back what it must not.
std::vector<Row> Measure(const DataSet& data, int repetitions) {
  std::vector<std::byte> decoded;
  std::vector<Subject> subjects;
  bool good = true;
  for (Entry& entry : MakeEntries(data)) {
    if (entry.threads > std::thread::hardware_concurrency()) continue;
    Subject& subject = subjects.emplace_back();
    subject.entry = std::move(entry);
    std::string fault = Try(subject.entry, data, decoded, subject.trial);
    if (fault.empty() && subject.entry.threads != 1 &&
        !std::ranges::equal(subject.trial.Packed(), subjects[subjects.size() - 2].trial.Packed())) {
      fault = "gives other bytes than one thread";
    }
    if (fault.empty()) continue;
    fmt::print(stderr, "actplane_bench: {} data, {} {}\n", data.name, subject.Name("it"), fault);
    good = false;
  }
  if (!good) return {};

  for (Subject& s : subjects) {
    Register(s.Name("compress"), s.trial.compress, repetitions,
             [&] { s.entry.codec->Compress(data.Bytes(Format::kFp32), s.trial.room); });
    Register(s.Name("decompress"), s.trial.decompress, repetitions,
             [&] { s.entry.codec->Decompress(s.trial.Packed(), decoded); });
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  benchmark::ClearRegisteredBenchmarks();
  std::vector<Row> rows;
  rows.reserve(subjects.size());
  for (const Subject& s : subjects) rows.push_back(MakeRow(s, data, collector.times));
  return Compare(subjects, std::move(rows));
}

std::string MachineName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

double Load() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

bool ParseNumber(std::string_view text, size_t most, size_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= most;
}

bool ParseOptions(std::span<char* const> args, Options& options) {
  for (size_t i = 1; i < args.size(); ++i) {
    const std::string_view arg = args[i];
    if (!arg.starts_with("-")) {
      options.files.emplace_back(arg);
      continue;
    }
    if (++i == args.size()) return false;
    if (arg == "--mib") {
      if (!ParseNumber(args[i], 1024, options.mib)) return false;
    } else if (arg == "--repetitions") {
      if (!ParseNumber(args[i], 99, options.repetitions)) return false;
    } else if (arg == "--csv") {
      options.csv = args[i];
    } else if (arg == "--json") {
      options.json = args[i];
    } else {
      return false;
    }
  }
  return true;
}

using Make = std::function<Result<DataSet>(size_t values, Format format)>;

// Every format of a data set. Empty when a codec gave back what it must not.
Result<std::vector<Row>> Quality(const Make& make) {
  constexpr size_t kValues = size_t{1} << 20;
  std::vector<Row> all;
  std::vector<std::string> faults;
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    const Result<DataSet> data = make(kValues, format);
    if (!data.ok()) return data.status();
    const std::vector<Row> rows = MeasureQuality(InFormat(*data, format), faults);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  for (const std::string& fault : faults) fmt::print(stderr, "actplane_bench: {}\n", fault);
  if (!faults.empty()) all.clear();
  return all;
}

int Run(const Options& options) {
  fmt::print(
      "FP32, N = 128, fill midpoint; GB/s: 10^9 bytes of values in a second, median of {} "
      "repetitions\n"
      "{}, {} cores, load {:.2f} before the run; one thread, peers too, where not said otherwise\n"
      "zfp {} fixed rate, lz4 {}, zstd {} in chunks of 4 MiB or of the tensors\n"
      "SNR: 2^20 values of each format, everything counted, every peer at its own bits; zfp has\n"
      "the values of 16 bits as FP32\n",
      options.repetitions, MachineName(), std::thread::hardware_concurrency(), Load(),
      ZFP_VERSION_STRING, LZ4_versionString(), ZSTD_versionString());

  const size_t values = (options.mib << 20) / sizeof(float);
  std::vector<Make> sets = {[](size_t n, Format /*any*/) { return NormalData(n); },
                            [](size_t n, Format /*any*/) { return GeluData(n); },
                            [](size_t n, Format /*any*/) { return SoftmaxData(n); }};
  if (!options.files.empty()) {
    sets.emplace_back([&](size_t n, Format format) { return FileData(options.files, n, format); });
  }

  bool good = true;
  std::vector<Row> all;
  for (const Make& make : sets) {
    const Result<DataSet> data = make(values, Format::kFp32);
    if (!data.ok()) {
      fmt::print(stderr, "actplane_bench: {}\n", data.status().message());
      return 3;
    }
    const double mib = static_cast<double>(data->values.size()) * sizeof(float) / 0x1p20;
    fmt::print("\n{}: {} ({:.1f} MiB)\n", data->name, data->text, mib);
    std::fflush(stdout);
    const std::vector<Row> rows = Measure(*data, static_cast<int>(options.repetitions));
    good = good && !rows.empty();
    if (!rows.empty()) fmt::print("{}", Table(rows));
    all.insert(all.end(), rows.begin(), rows.end());

    const Result<std::vector<Row>> quality = Quality(make);
    if (!quality.ok()) {
      fmt::print(stderr, "actplane_bench: {}\n", quality.status().message());
      return 3;
    }
    good = good && !quality->empty();
    fmt::print("\n{}", QualityTable(*quality));
    for (const Row& row : *quality) {  // those that were timed are there
      const bool timed = std::any_of(rows.begin(), rows.end(), [&](const Row& r) {
        return r.codec == row.codec && r.asked == row.asked && r.format == row.format;
      });
      if (!timed) all.push_back(row);
    }
  }
  for (const auto& [path, text] : {std::pair(options.csv, Csv(all)), {options.json, Json(all)}}) {
    if (path.empty()) continue;
    if (const Status s = Save(path, text); !s.ok()) {
      fmt::print(stderr, "actplane_bench: {}\n", s.message());
      return 3;
    }
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace actplane::bench

int main(int argc, char** argv) {
  // In front, so that the user's own flags have the last word.
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  std::vector<char*> args(argv, argv + argc);
  args.insert(args.begin() + 1, interleave.data());
  int count = static_cast<int>(args.size());
  benchmark::Initialize(&count, args.data());
  args.resize(static_cast<size_t>(count));
  actplane::bench::Options options;
  if (!actplane::bench::ParseOptions(args, options)) {
    fmt::print(stderr, "{}", actplane::bench::kUsage);
    return 2;
  }
  return actplane::bench::Run(options);
}
