// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "cli/program.h"

namespace actplane::train {
namespace {

// Percent that the losses of `row` are above those of `other`, by the seeds that both have.
Interval Behind(const Row& row, const Row& other) {
  std::vector<double> values;
  for (size_t i = 0; i < row.seeds.size(); ++i) {
    const auto seed = std::find(other.seeds.begin(), other.seeds.end(), row.seeds[i]);
    if (seed == other.seeds.end()) continue;
    const auto at = static_cast<size_t>(seed - other.seeds.begin());
    values.push_back(100 * (row.losses[i] / other.losses[at] - 1));
  }
  return Interval(values);
}

std::string InWords(const Interval& i, const char* above, const char* below) {
  if (std::isnan(i.mean)) return "not known: no seed in common";
  if (std::isnan(i.low)) return "not known: one seed";
  if (i.low > 0) return fmt::format("{} {:.2f} to {:.2f} %", above, i.low, i.high);
  if (i.high < 0) return fmt::format("{} {:.2f} to {:.2f} %", below, -i.high, -i.low);
  return fmt::format("no difference shown, within {:.2f} %", i.Within());
}

double Edge(int range) { return std::exp2(range / 2.0); }

}  // namespace

std::vector<Verdict> Verdicts(const std::vector<Row>& rows) {
  std::vector<Verdict> all;
  for (size_t i = 1; i < rows.size(); ++i) {
    const Row& row = rows[i];
    if (row.exact.empty()) continue;
    // A hair above the edge: a ratio of exactly 2 has the rounding of a division in it.
    const int range = static_cast<int>(std::floor(2 * std::log2(row.ratio / 2) + 1e-6));
    const Interval loss = Against(row).loss;
    all.push_back({&row, range, loss, InWords(loss, "costs", "gains"), nullptr, Interval({}), ""});
  }
  std::stable_sort(all.begin(), all.end(), [](const Verdict& a, const Verdict& b) {
    return std::tuple(a.range, a.row->ratio) < std::tuple(b.range, b.row->ratio);
  });
  for (Verdict& v : all) {
    const auto rank = [](const Verdict& w) {
      return std::tuple(w.row->diverged > 0, -static_cast<double>(w.row->seeds.size()),
                        w.loss.mean);
    };
    const Verdict* least = &v;
    for (const Verdict& w : all) {
      if (w.range == v.range && rank(w) < rank(*least)) least = &w;
    }
    v.least = least->row;
    v.behind = Behind(*v.row, *v.least);
    if (v.least != v.row) v.others = InWords(v.behind, "behind", "ahead");
    if (v.row->diverged > 0) v.exact = v.others = "diverges";
  }
  return all;
}

std::string VerdictCsv(const std::vector<Row>& rows) {
  std::string text =
      "from,to,method,ratio_bf16,seeds,loss_percent,loss_percent_low,loss_percent_high,verdict,"
      "least,behind_percent,behind_percent_low,behind_percent_high,against_least\n";
  for (const Verdict& v : Verdicts(rows)) {
    text += fmt::format(
        "{:.4f},{:.4f},{},{:.4f},{},{:.6f},{:.6f},{:.6f},{},{},{:.6f},{:.6f},{:.6f},{}\n",
        Edge(v.range), Edge(v.range + 1), cli::CsvCell(v.row->method), v.row->ratio / 2,
        v.row->seeds.size(), v.loss.mean, v.loss.low, v.loss.high, cli::CsvCell(v.exact),
        cli::CsvCell(v.least->method), v.behind.mean, v.behind.low, v.behind.high,
        cli::CsvCell(v.others));
  }
  return text;
}

std::string VerdictMarkdown(const std::vector<Row>& rows) {
  const std::vector<Verdict> all = Verdicts(rows);
  if (std::all_of(all.begin(), all.end(), [](const Verdict& v) { return std::isnan(v.loss.low); }))
    return "";
  std::string text =
      "\nLoss by range of bytes, from intervals of 95 % paired by seed, without correction for "
      "several comparisons:\n\n"
      "| times fewer than BF16 | method | times | seeds | against exact | against the least loss "
      "of "
      "its range |\n|---|---|---|---|---|---|\n";
  for (const Verdict& v : all) {
    text += fmt::format("| {:.1f} to {:.1f} | `{}` | {:.2f} | {} | {} | {} |\n", Edge(v.range),
                        Edge(v.range + 1), v.row->method, v.row->ratio / 2, v.row->seeds.size(),
                        v.exact, v.least == v.row ? "is the least" : v.others);
  }
  return text;
}

}  // namespace actplane::train
