// SPDX-License-Identifier: Apache-2.0
// Ratios by the loss of short runs: one run for each kind and ratio, the other kinds exact.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "actplane/io/tensor_info.h"
#include "train/app/allocation.h"
#include "train/app/commands.h"
#include "train/app/runs.h"
#include "train/stash/registry.h"
#include "train/trainer/comparison.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

// 8, 5, 2.5 and 1.25 bits, a run for each of them and each kind: by their noise short runs tell no
// finer steps apart.
constexpr std::array<size_t, 4> kTrained = {2, 7, 13, 18};  // of kRatios

// `base` with `ratio` for one kind, the others exact; all exact for kKinds.
std::string OnlySpec(const std::string& base, size_t only, double ratio) {
  if (only == kKinds) return "exact";
  std::string spec = WithOption(base, fmt::format("ratio.{}={}", kKindNames[only], ratio));
  for (size_t k = 0; k < kKinds; ++k) {
    if (k != only) spec += fmt::format(",ratio.{}=exact", kKindNames[k]);
  }
  return spec;
}

// What a run has kept of each kind, and the loss that it ended with.
struct Trained {
  double loss = 0;
  PerKind<int64_t> bytes = {};
  int64_t textbook = 0;
};

Result<Trained> ReadTrained(const std::string& folder) {
  const std::string path = folder + "/summary.json";
  const Result<Json> json = ReadJson(path);
  if (!json.ok()) return json.status();
  Trained t;
  try {
    const Json& loss = json->at("held_out_loss");
    t.loss = loss.is_null() ? std::numeric_limits<double>::infinity() : loss.get<double>();
    t.textbook = json->at("bytes").at("float32").get<int64_t>();
    for (const auto& [name, part] : json->at("kinds").items()) {
      const std::optional<Kind> kind = KindOf(name);
      if (!kind) continue;
      t.bytes[static_cast<size_t>(*kind)] = part.at("payload").get<int64_t>() +
                                            part.at("metadata").get<int64_t>() +
                                            part.at("padding").get<int64_t>();
    }
  } catch (const Json::exception&) {
    return BadInputError(
        fmt::format("{} is damaged; remove it and run allocate again", io::Quote(path)));
  }
  return t;
}

// Greedy from the lowest ratios: always the move that saves most bytes for the loss it adds, until
// the bytes are few enough. Empty when even the highest ratios keep more.
std::optional<PerKind<size_t>> AllocateBytes(
    const PerKind<std::array<double, kTrained.size()>>& damage,
    const PerKind<std::array<int64_t, kTrained.size()>>& bytes, int64_t budget) {
  PerKind<size_t> choice = {};
  int64_t sum = 0;
  for (size_t k = 0; k < kKinds; ++k) sum += bytes[k][0];
  while (sum > budget) {
    size_t best = kKinds;
    size_t best_to = 0;
    double best_price = std::numeric_limits<double>::infinity();
    for (size_t k = 0; k < kKinds; ++k) {
      for (size_t to = choice[k] + 1; to < kTrained.size(); ++to) {
        const int64_t saved = bytes[k][choice[k]] - bytes[k][to];
        if (saved <= 0 || std::isinf(damage[k][to])) continue;
        const double price = (damage[k][to] - damage[k][choice[k]]) / static_cast<double>(saved);
        if (best == kKinds || price < best_price) {
          best = k;
          best_to = to;
          best_price = price;
        }
      }
    }
    if (best == kKinds) return std::nullopt;
    sum += bytes[best][best_to] - bytes[best][choice[best]];
    choice[best] = best_to;
  }
  return choice;
}

}  // namespace

Status AllocateByLoss(const AllocateOptions& o, const std::vector<std::string>& given) {
  RefuseStreams();
  RunConfig run = o.run;
  run.stash = "exact";
  PerKind<int64_t> textbook;
  {
    const Result<std::unique_ptr<Trainer>> made = Prepare(run);
    if (!made.ok()) return made.status();
    run = (*made)->config();
    textbook = (*made)->model().TextbookBytes(run.batch);
  }
  if (Status s = MakeFolder(o.run.out); !s.ok()) return s;
  ReplaceOutputs(true);  // runs go on where they stopped
  std::deque<Task> tasks;
  std::map<std::string, std::string> folders;  // by name of the task
  const auto folder_of = [&](size_t kind, size_t ratio) {
    return RunFolder(o.run.out, OnlySpec(o.base, kind, kRatios[kTrained[ratio]]), run.seed);
  };
  for (size_t k = 0; k <= kKinds; ++k) {
    if (k < kKinds && textbook[k] == 0) continue;
    for (size_t r = 0; r < (k == kKinds ? 1 : kTrained.size()); ++r) {
      run.stash = OnlySpec(o.base, k, kRatios[kTrained[r]]);
      if (const Result<std::unique_ptr<Stash>> stash = MakeStash(run.stash); !stash.ok())
        return stash.status();
      const std::string name =
          k == kKinds ? "exact" : fmt::format("{} at {}", kKindNames[k], kRatios[kTrained[r]]);
      folders[name] = folder_of(k, r);
      Result<std::optional<Task>> task = TrainingTask(name, given, run, folders[name]);
      if (!task.ok()) return task.status();
      if (task->has_value()) tasks.push_back(std::move(**task));
    }
  }
  StatusLine line(o.json);
  Result<Failures> failed = RunAll(std::move(tasks), JobsOf(o.jobs), line);
  if (!failed.ok()) return failed.status();
  std::error_code ignored;
  std::erase_if(*failed, [&](const auto& f) {  // it diverges, and its summary says so
    return std::filesystem::exists(folders[f.first] + "/summary.json", ignored);
  });
  if (!failed->empty()) {
    return MismatchError(fmt::format("{}: {}", failed->begin()->first, failed->begin()->second));
  }

  const Result<Trained> exact = ReadTrained(folder_of(kKinds, 0));
  if (!exact.ok()) return exact.status();
  if (std::isinf(exact->loss)) return MismatchError("the exact run diverges; lower --lr");
  PerKind<std::array<double, kTrained.size()>> damage = {};
  PerKind<std::array<int64_t, kTrained.size()>> bytes = {};
  for (size_t k = 0; k < kKinds; ++k) {
    if (textbook[k] == 0) continue;
    for (size_t r = 0; r < kTrained.size(); ++r) {
      const Result<Trained> t = ReadTrained(folder_of(k, r));
      if (!t.ok()) return t.status();
      damage[k][r] = t->loss - exact->loss;
      bytes[k][r] = t->bytes[k];
    }
    // Below what another order of sums would change it is noise: more bytes never lose more.
    for (size_t r = kTrained.size() - 1; r-- > 0;)
      damage[k][r] = std::min(damage[k][r], damage[k][r + 1]);
    for (double& d : damage[k]) d = std::max(d, 0.0);
    if (std::isinf(damage[k][0])) {
      return MismatchError(fmt::format("{} diverges at {} already; lower --lr", kKindNames[k],
                                       kRatios[kTrained[0]]));
    }
  }
  const std::optional<PerKind<size_t>> choice = AllocateBytes(
      damage, bytes, static_cast<int64_t>(static_cast<double>(exact->textbook) / o.ratio));
  if (!choice) {
    return ConfigError(
        fmt::format("no choice of ratios up to {} that trains keeps so little; lower --ratio",
                    kRatios[kTrained.back()]));
  }
  int64_t sum = 0;
  double lost = 0;
  PerKind<size_t> of_all = {};
  PerKind<int64_t> kept = {};
  for (size_t k = 0; k < kKinds; ++k) {
    sum += bytes[k][(*choice)[k]];
    lost += damage[k][(*choice)[k]];
    of_all[k] = kTrained[(*choice)[k]];
    kept[k] = bytes[k][0];
  }
  const std::string spec = SpecOf(o.base, of_all, kept);
  const double ratio = static_cast<double>(exact->textbook) / static_cast<double>(sum);
  if (o.json) {
    Json kinds = Json::object();
    for (size_t k = 0; k < kKinds; ++k) {
      if (textbook[k] == 0) continue;
      Json& rows = kinds[std::string(kKindNames[k])] = Json::array();
      for (size_t r = 0; r < kTrained.size(); ++r)
        rows.push_back(
            {{"ratio", kRatios[kTrained[r]]}, {"bytes", bytes[k][r]}, {"loss", damage[k][r]}});
    }
    return PrintJson({{"stash", spec},
                      {"ratio", ratio},
                      {"loss", lost},
                      {"exact", exact->loss},
                      {"kinds", kinds}});
  }
  std::string text = fmt::format("{:<20}", "nats lost at ratio");
  for (const size_t r : kTrained) text += fmt::format(" {:>8}", kRatios[r]);
  for (size_t k = 0; k < kKinds; ++k) {
    if (textbook[k] == 0) continue;
    text += fmt::format("\n{:<20}", kKindNames[k]);
    for (const double d : damage[k]) text += fmt::format(" {:>8.4f}", d);
  }
  return Print(text +
               fmt::format("\nratio {:.2f}, {:.4f} of {:.4f} nats lost if losses add up: {}\n",
                           ratio, lost, exact->loss, spec));
}

}  // namespace actplane::train
