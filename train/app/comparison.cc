// SPDX-License-Identifier: Apache-2.0
#include "train/app/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include "actplane/io/tensor_info.h"
#include "train/app/gnuplot.h"
#include "train/stash/files.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLeastDrawn = 1e-6;  // on a logarithmic axis; exact has no error at all

constexpr std::string_view kRemoveIt = "remove it and run compare again";
constexpr std::array kParts = {"payload", "metadata", "padding", "masks", "exact", "total"};

// JSON knows neither NaN nor infinity and has null for them.
double At(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

Status Damaged(const std::string& path) {
  return BadInputError(fmt::format("{} is damaged; {}", io::Quote(path), kRemoveIt));
}

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// All kinds together, the last line of a gradcheck. Json::exception when it is none.
void ReadGradient(const Json& json, Row& row) {
  const Json& lines = json.at("lines");
  const Json& all = lines.at(lines.size() - 1);
  row.relative = At(all, "relative");
  row.cosine = At(all, "cosine");
  row.bias = At(all, "bias");
}

// A seed of a row, against the summary of the exact run with this seed. Json::exception when it is
// no summary.
void ReadSummary(const Json& s, const Json* exact, Row& row) {
  if (row.losses.empty()) {
    row.bytes = s.at("bytes");
    for (const char* part : kParts) (void)row.bytes.at(part).get<int64_t>();
    row.bits = 32 * At(row.bytes, "payload") / At(row.bytes, "float32");
    row.ratio = At(s, "ratio");
    row.state_ratio = At(s.at("state"), "exact_total") / At(s.at("state"), "total");
  }
  const double loss = At(s, "held_out_loss");
  const double seconds = At(s, "median_step_seconds");
  row.losses.push_back(loss);
  if (exact == nullptr) return;
  row.against.push_back(loss / At(*exact, "held_out_loss") - 1);
  if (row.step_time == 0) row.step_time = seconds / At(*exact, "median_step_seconds");
}

// Rows that no other beats in bytes and in `value`, in order of bytes.
std::vector<const Row*> Front(const std::vector<Row>& rows, double (*value)(const Row&)) {
  std::vector<const Row*> sorted;
  for (const Row& r : rows) {
    if (!r.against.empty() && r.checked()) sorted.push_back(&r);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Row* a, const Row* b) {
    return std::pair(a->total(), value(*a)) < std::pair(b->total(), value(*b));
  });
  std::vector<const Row*> front;
  for (const Row* r : sorted) {
    if (front.empty() || value(*r) < value(*front.back())) front.push_back(r);
  }
  return front;
}

}  // namespace

Range::Range(const std::vector<double>& values)
    : mean(values.empty() ? std::numeric_limits<double>::quiet_NaN() : 0),
      least(mean),
      largest(mean) {
  if (values.empty()) return;
  mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  const auto ends = std::minmax_element(values.begin(), values.end());
  least = *ends.first;
  largest = *ends.second;
}

Result<Json> ReadJson(const std::string& path) {
  const Result<std::string> text = ReadInput(path, kMostJson, kRemoveIt, Role::kOwn);
  if (!text.ok()) return text.status();
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return Damaged(path);
  return json;
}

// What the runs and checks have left in their folders.
Result<std::vector<Row>> Collect(const std::vector<Outcome>& outcomes,
                                 const std::map<std::string, std::string>& gradients) {
  std::vector<Row> rows;
  std::map<uint64_t, const Json*> exact;  // summaries of the first method
  std::string path;                       // of what is read
  try {
    for (const Outcome& o : outcomes) {
      if (rows.empty() || rows.back().method != o.method) {
        Row& row = rows.emplace_back();
        row.method = o.method;
        row.relative = -1;
        const auto gradient = gradients.find(o.method);
        if (gradient != gradients.end() && Exists(gradient->second)) {
          path = gradient->second;
          const Result<Json> json = ReadJson(path);
          if (!json.ok()) return json.status();
          ReadGradient(*json, row);
        }
      }
      Row& row = rows.back();
      if (!o.failure.empty()) {
        row.failure = fmt::format("seed {}: {}", o.seed, o.failure);
        continue;
      }
      path = o.path;
      if (&row == rows.data()) exact[o.seed] = &o.summary;
      const auto reference = exact.find(o.seed);
      ReadSummary(o.summary, reference == exact.end() ? nullptr : reference->second, row);
    }
  } catch (const Json::exception&) {  // JSON, but not ours
    return Damaged(path);
  }
  return rows;
}

std::string CsvOf(const std::vector<Row>& rows) {
  std::string text =
      "method,bits,payload,metadata,padding,masks,exact,total,ratio,state_ratio,relative,cosine,"
      "bias,seeds,held_out,spread,against,against_least,against_largest,step_time,failure\n";
  for (const Row& r : rows) {
    const std::string name = fmt::format("\"{}\"", r.method);
    const std::string failure = r.failure.empty() ? "" : fmt::format("\"{}\"", r.failure);
    if (r.losses.empty()) {
      text += fmt::format("{},,,,,,,,,,,,,0,,,,,,,{}\n", name, failure);
      continue;
    }
    const Json& b = r.bytes;
    text += fmt::format("{},{:.4f}", name, r.bits);
    for (const char* part : kParts) text += fmt::format(",{}", b.at(part).get<int64_t>());
    text += fmt::format(",{:.4f},{:.4f}", r.ratio, r.state_ratio);
    text +=
        r.checked() ? fmt::format(",{:.6g},{:.8f},{:.6g}", r.relative, r.cosine, r.bias) : ",,,";
    const Range loss(r.losses), against(r.against);
    text += fmt::format(",{},{:.5f},{:.5f},{:.6f},{:.6f},{:.6f},{:.3f},{}\n", r.losses.size(),
                        loss.mean, loss.largest - loss.least, against.mean, against.least,
                        against.largest, r.step_time, failure);
  }
  return text;
}

std::string MarkdownOf(const std::vector<Row>& rows) {
  std::string text =
      "| # | method | bits | kept, MB | ratio | state ratio | gradient error | cosine | bias "
      "| held-out (seeds) | spread | against exact | step time |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& r = rows[i];
    if (r.losses.empty()) {
      text += fmt::format("| {} | `{}` | | | | | | | | {} | | | |\n", i + 1, r.method, r.failure);
      continue;
    }
    text += fmt::format("| {} | `{}` | {:.2f} | {:.2f} | {:.2f} | {:.2f} ", i + 1, r.method, r.bits,
                        r.total() / 1e6, r.ratio, r.state_ratio);
    text += r.checked() ? fmt::format("| {:.1e} | {:.4f} | {:+.1e} ", r.relative, r.cosine, r.bias)
                        : "| | | ";
    const Range loss(r.losses), against(r.against);
    text += fmt::format("| {:.4f} ({}) | {:.4f} | {:+.2f} % ", loss.mean, r.losses.size(),
                        loss.largest - loss.least, 100 * against.mean);
    if (r.against.size() > 1)
      text += fmt::format("({:+.2f} to {:+.2f}) ", 100 * against.least, 100 * against.largest);
    text += fmt::format("| {:.2f} |\n", r.step_time);
    if (!r.failure.empty()) text += fmt::format("| | {} | | | | | | | | | | | |\n", r.failure);
  }
  return text;
}

Result<std::string> KindsCsv(const std::map<std::string, std::string>& gradients) {
  std::string text = "method,kind,ratio,relative,cosine,bias\n";
  for (const auto& [method, path] : gradients) {
    if (!Exists(path)) continue;  // the check failed
    const Result<Json> json = ReadJson(path);
    if (!json.ok()) return json.status();
    const auto number = [](const Json& line, const char* key, const char* null) {
      return std::isnan(At(line, key)) ? null : line.at(key).dump();
    };
    try {
      for (const Json& l : json->at("lines")) {
        text += fmt::format("\"{}\",{},{},{},{},{}\n", method, l.at("kind").get<std::string>(),
                            number(l, "ratio", "inf"), number(l, "relative", "nan"),
                            number(l, "cosine", "nan"), number(l, "bias", "nan"));
      }
    } catch (const Json::exception&) {
      return Damaged(path);
    }
  }
  return text;
}

// A symbol and colour for every family of methods; numbers are those of the table.
Result<std::string> DrawPareto(const std::vector<Row>& rows) {
  const auto loss_of = [](const Row& r) { return Range(r.against).mean; };
  const auto error_of = [](const Row& r) { return r.relative; };
  // MB, loss against exact in percent, gradient error.
  const auto point = [&](const Row& r) {
    return fmt::format("{} {} {}", r.total() / 1e6, 100 * loss_of(r),
                       std::max(r.relative, kLeastDrawn));
  };
  std::map<std::string, std::string> families;  // their points, with the number of the row
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].against.empty()) continue;
    const std::string& method = rows[i].method;
    std::string family;
    for (size_t c = 0; c < method.size(); ++c) {  // "tempo+actplane" of "tempo+actplane:ratio=4"
      if (method[c] == ':') c = std::min(method.find('+', c), method.size());
      if (c < method.size()) family += method[c];
    }
    families[family] += fmt::format("{} {}\n", point(rows[i]), i + 1);
  }
  std::string script =
      "set terminal svg size 1100,1100 dynamic background rgb 'white' font 'sans-serif,13'\n"
      "set multiplot layout 2,1\nset key outside right noenhanced\nset logscale x 2\n"
      "set xlabel 'kept between forward and backward, MB (masks and exact parts included)'\n";
  for (const auto& [name, value] : {std::pair{"loss", +loss_of}, std::pair{"error", +error_of}}) {
    script += fmt::format("${} << EOD\n", name);
    for (const Row* r : Front(rows, value)) script += point(*r) + "\n";
    script += "EOD\n";
  }
  size_t number = 0;
  std::string plots;
  for (const auto& [family, points] : families) {
    script += fmt::format("$p{} << EOD\n{}EOD\n", number, points);
    plots += fmt::format(
        ", $p{0} using 1:col with points pt {1} ps 1.1 lc {1} title \"{2}\", $p{0} using "
        "1:col:4 with labels offset 1,0.5 font ',10' notitle",
        number, number + 1, GnuplotText(family));
    ++number;
  }
  const std::string front = " using 1:col with steps lc rgb '#888888' dt 2 title 'Pareto front'";
  script +=
      "col = 2\nset ylabel 'held-out loss against exact, % (above 12 not drawn)'\n"
      "set yrange [*<-1:1<*<12]\nplot $loss" +
      front + plots +
      "\ncol = 3\nset ylabel 'relative error of the gradient'\nset yrange [*:*]\n"
      "set logscale y\nset format y '%.0e'\nplot $error" +
      front + plots + "\nunset multiplot\n";
  return Gnuplot(script);
}

}  // namespace actplane::train
