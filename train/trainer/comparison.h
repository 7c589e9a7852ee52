// SPDX-License-Identifier: Apache-2.0
// What came of the runs of a comparison, as tables and as a picture.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "actplane/status.h"

namespace actplane::train {

// What came of a run.
struct Outcome {
  std::string method;
  uint64_t seed = 0;
  std::string failure;  // empty: it has a summary
  nlohmann::ordered_json summary;
  std::string path;  // of the summary
};

// A method, over its seeds.
struct Row {
  std::string method;
  nlohmann::ordered_json bytes;  // of summary.json
  double bits = 0;               // payload bits for a value that the textbook keeps
  double ratio = 0;              // activations, metadata and padding counted
  double state_ratio = 0;        // weights, gradients, moments and all that is kept
  double relative = 0;           // of the gradient; below 0: not measured
  double cosine = 0;
  double bias = 0;
  std::vector<uint64_t> seeds;      // that ended well, as exact did
  std::vector<double> losses;       // of each, held out, nats per byte
  std::vector<double> exact;        // that of the exact run with the same seed
  size_t diverged = 0;              // of the seeds: a bit per byte above exact, or no number
  double step_time = std::nan("");  // over that of exact; NaN: not known to be of one processor
  std::string failure;

  bool checked() const { return relative >= 0; }
  double total() const { return bytes.at("total").get<double>(); }
};

// Mean of values and its 95 % interval by Student's t; of one value the interval is NaN, of none
// all.
struct Interval {
  explicit Interval(const std::vector<double>& values);
  double mean, low, high;

  // The largest distance from 0 that the interval leaves open.
  double Within() const { return std::max(std::abs(low), std::abs(high)); }
};

// What a row is off exact, paired by seed.
struct Against {
  explicit Against(const Row& row);
  Interval bits;        // per byte
  Interval perplexity;  // of a byte, percent
  Interval loss;        // in nats, percent of that of exact
};

// The JSON object in a file of ours. kIo, or kBadInput when it is damaged.
Result<nlohmann::ordered_json> ReadJson(const std::string& path);

// `outcomes`: method by method, `exact` first. `gradients`: file of gradcheck for each method.
Result<std::vector<Row>> Collect(const std::vector<Outcome>& outcomes,
                                 const std::map<std::string, std::string>& gradients);

std::string CsvOf(const std::vector<Row>& rows);
std::string MarkdownOf(const std::vector<Row>& rows);
// Gradient error of every method, kind by kind.
Result<std::string> KindsCsv(const std::map<std::string, std::string>& gradients);
// Held-out loss and gradient error over bytes, as SVG, with the Pareto fronts.
Result<std::string> DrawPareto(const std::vector<Row>& rows);

}  // namespace actplane::train
