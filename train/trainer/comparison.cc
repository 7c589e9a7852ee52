// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numbers>
#include <numeric>

#include "actplane/io/tensor_info.h"
#include "cli/gnuplot.h"
#include "cli/program.h"
#include "train/stash/files.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLeastDrawn = 1e-6;  // on a logarithmic axis; exact has no error at all
constexpr double kDiverged = 1;       // bits per byte above exact
constexpr double kMostDrawn = 0.2;    // of those

// Student's t for 95 %, two-sided, by degrees of freedom from 1 on; beyond them the last one is
// too wide, by 3.1 % at most.
constexpr std::array kStudent = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                 2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                 2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                 2.060,  2.056, 2.052, 2.048, 2.045, 2.042, 2.040, 2.037,
                                 2.035,  2.032, 2.030, 2.028, 2.026, 2.024, 2.023, 2.021};

constexpr std::string_view kRemoveIt = "remove it and run compare again";
constexpr std::array kParts = {"payload", "metadata", "padding", "masks", "exact", "total"};

// JSON knows neither NaN nor infinity and has null for them.
double At(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

Status DamagedRows(const std::string& path) {
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
void ReadSummary(const Json& s, const Json& exact, Row& row) {
  if (row.losses.empty()) {
    row.bytes = s.at("bytes");
    for (const char* part : kParts) (void)row.bytes.at(part).get<int64_t>();
    row.bits = 32 * At(row.bytes, "payload") / At(row.bytes, "float32");
    row.ratio = At(s, "ratio");
    row.state_ratio = At(exact.at("state"), "total") / At(s.at("state"), "total");
  }
  const double loss = At(s, "held_out_loss");
  const double seconds = At(s, "median_step_seconds");
  row.losses.push_back(loss);
  row.exact.push_back(At(exact, "held_out_loss"));
  if (!(loss - row.exact.back() <= kDiverged * std::numbers::ln2)) ++row.diverged;
  const auto processor = [](const Json& run) { return run.value("processor", ""); };
  if (std::isnan(row.step_time) && !processor(s).empty() && processor(s) == processor(exact))
    row.step_time = seconds / At(exact, "median_step_seconds");
}

// Rows that no other beats in bytes and in `value`, in order of bytes; not those without a value.
std::vector<const Row*> Front(const std::vector<Row>& rows, double (*value)(const Row&)) {
  std::vector<const Row*> sorted;
  for (const Row& r : rows) {
    if (!r.exact.empty() && r.diverged == 0 && std::isfinite(value(r))) sorted.push_back(&r);
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

Interval::Interval(const std::vector<double>& values)
    : mean(std::numeric_limits<double>::quiet_NaN()), low(mean), high(mean) {
  const auto count = static_cast<double>(values.size());
  if (values.empty()) return;
  mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() == 1) return;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double t = kStudent[std::min(values.size() - 2, kStudent.size() - 1)];
  const double half = t * std::sqrt(squares / (count - 1) / count);
  low = mean - half;
  high = mean + half;
}

namespace {

std::vector<double> Paired(const Row& row, double (*difference)(double loss, double exact)) {
  std::vector<double> values;
  for (size_t i = 0; i < row.exact.size(); ++i)
    values.push_back(difference(row.losses[i], row.exact[i]));
  return values;
}

}  // namespace

Against::Against(const Row& row)
    : bits(Paired(row, [](double l, double e) { return (l - e) / std::numbers::ln2; })),
      perplexity(Paired(row, [](double l, double e) { return 100 * std::expm1(l - e); })),
      loss(Paired(row, [](double l, double e) { return 100 * (l / e - 1); })) {}

Result<Json> ReadJson(const std::string& path) {
  const Result<std::string> text = ReadInput(path, kMostJson, kRemoveIt, Role::kOwn);
  if (!text.ok()) return text.status();
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return DamagedRows(path);
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
      if (reference == exact.end()) {
        row.failure = fmt::format("seed {}: no exact run to compare with", o.seed);
        continue;
      }
      ReadSummary(o.summary, *reference->second, row);
      row.seeds.push_back(o.seed);
    }
  } catch (const Json::exception&) {  // JSON, but not ours
    return DamagedRows(path);
  }
  return rows;
}

std::string CsvOf(const std::vector<Row>& rows) {
  std::string text =
      "method,bits,payload,metadata,padding,masks,exact,total,ratio,ratio_bf16,state_ratio,"
      "relative,cosine,bias,seeds,diverged,bits_per_byte,against_bits,against_bits_low,"
      "against_bits_high,perplexity_percent,perplexity_low,perplexity_high,loss_percent,"
      "loss_percent_low,loss_percent_high,step_time,failure\n";
  for (const Row& r : rows) {
    const std::string name = cli::CsvCell(r.method);
    const std::string failure = r.failure.empty() ? "" : cli::CsvCell(r.failure);
    if (r.losses.empty()) {
      text += fmt::format("{},,,,,,,,,,,,,,0,,,,,,,,,,,,,{}\n", name, failure);
      continue;
    }
    const Json& b = r.bytes;
    text += fmt::format("{},{:.4f}", name, r.bits);
    for (const char* part : kParts) text += fmt::format(",{}", b.at(part).get<int64_t>());
    text += fmt::format(",{:.4f},{:.4f},{:.4f}", r.ratio, r.ratio / 2, r.state_ratio);
    text +=
        r.checked() ? fmt::format(",{:.6g},{:.8f},{:.6g}", r.relative, r.cosine, r.bias) : ",,,";
    text += fmt::format(",{},{},{:.5f}", r.losses.size(), r.diverged,
                        Interval(r.losses).mean / std::numbers::ln2);
    const Against against(r);
    for (const Interval& i : {against.bits, against.perplexity, against.loss})
      text += fmt::format(",{:.6f},{:.6f},{:.6f}", i.mean, i.low, i.high);
    text += fmt::format(",{:.3f},{}\n", r.step_time, failure);
  }
  return text;
}

std::string MarkdownOf(const std::vector<Row>& rows) {
  std::string text =
      "| # | method | kept, MB | ratio to FP32 | to BF16 | gradient error | bias | bits per byte "
      "(seeds) | against exact, bits per byte | perplexity, % | loss, %, within | step time |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  const auto with_interval = [](const Interval& i, int digits) {
    std::string cell = fmt::format("{:+.{}f}", i.mean, digits);
    if (!std::isnan(i.low))
      cell += fmt::format(" ({:+.{}f} to {:+.{}f})", i.low, digits, i.high, digits);
    return cell;
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& r = rows[i];
    if (r.losses.empty()) {
      text += fmt::format("| {} | `{}` | | | | | | {} | | | | |\n", i + 1, r.method, r.failure);
      continue;
    }
    text += fmt::format("| {} | `{}` | {:.2f} | {:.2f} | {:.2f} ", i + 1, r.method, r.total() / 1e6,
                        r.ratio, r.ratio / 2);
    text += r.checked() ? fmt::format("| {:.1e} | {:+.1e} ", r.relative, r.bias) : "| | ";
    if (r.diverged > 0) {
      text += fmt::format("| diverges ({} of {}) | | | ", r.diverged, r.losses.size());
    } else {
      const Against against(r);
      text += fmt::format(
          "| {:.4f} ({}) | {} | {} | {} ", Interval(r.losses).mean / std::numbers::ln2,
          r.losses.size(), with_interval(against.bits, 4), with_interval(against.perplexity, 2),
          std::isnan(against.loss.low) ? std::string()
                                       : fmt::format("{:.2f}", against.loss.Within()));
    }
    text += std::isnan(r.step_time) ? "| |\n" : fmt::format("| {:.2f} |\n", r.step_time);
    if (!r.failure.empty()) text += fmt::format("| | {} | | | | | | | | | | |\n", r.failure);
  }
  return text;
}

Result<std::string> KindsCsv(const std::map<std::string, std::string>& gradients) {
  std::string text = "method,kind,ratio,relative,cosine,bias,along,radial\n";
  for (const auto& [method, path] : gradients) {
    if (!Exists(path)) continue;  // the check failed
    const Result<Json> json = ReadJson(path);
    if (!json.ok()) return json.status();
    const auto number = [](const Json& line, const char* key, const char* null) {
      return std::isnan(At(line, key)) ? null : line.at(key).dump();
    };
    try {
      for (const Json& l : json->at("lines")) {
        text += fmt::format(
            "{},{},{},{},{},{},{},{}\n", cli::CsvCell(method), l.at("kind").get<std::string>(),
            number(l, "ratio", "inf"), number(l, "relative", "nan"), number(l, "cosine", "nan"),
            number(l, "bias", "nan"), number(l, "along", ""), number(l, "radial", ""));
      }
    } catch (const Json::exception&) {
      return DamagedRows(path);
    }
  }
  return text;
}

// A symbol and colour for every family of methods; numbers are those of the table.
Result<std::string> DrawPareto(const std::vector<Row>& rows) {
  const auto loss_of = [](const Row& r) { return Against(r).bits.mean; };
  const auto error_of = [](const Row& r) {
    return r.checked() ? r.relative : std::numeric_limits<double>::quiet_NaN();
  };
  // A line of data for each panel; empty where there is nothing to draw, which gnuplot 5.4 would
  // not survive.
  const auto loss_point = [](const Row& r) {
    const Interval bits = Against(r).bits;
    if (r.diverged > 0 || !(bits.mean <= kMostDrawn)) return std::string();
    const bool one = std::isnan(bits.low);
    return fmt::format("{} {} {} {}", r.total() / 1e6, bits.mean, one ? bits.mean : bits.low,
                       one ? bits.mean : bits.high);
  };
  const auto error_point = [](const Row& r) {
    if (!r.checked() || !std::isfinite(r.relative)) return std::string();
    return fmt::format("{} {}", r.total() / 1e6, std::max(r.relative, kLeastDrawn));
  };
  struct Points {
    std::string losses, errors;  // with the number of the row
  };
  std::map<std::string, Points> families;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].exact.empty()) continue;
    const std::string& method = rows[i].method;
    std::string name;
    for (size_t c = 0; c < method.size(); ++c) {  // "tempo+actplane" of "tempo+actplane:ratio=4"
      if (method[c] == ':') c = std::min(method.find('+', c), method.size());
      if (c < method.size()) name += method[c];
    }
    Points& family = families[name];
    if (const std::string point = loss_point(rows[i]); !point.empty())
      family.losses += fmt::format("{} {}\n", point, i + 1);
    if (const std::string point = error_point(rows[i]); !point.empty())
      family.errors += fmt::format("{} {}\n", point, i + 1);
  }
  std::string script =
      "set terminal svg size 1100,1100 dynamic background rgb 'white' font 'sans-serif,13'\n"
      "set multiplot layout 2,1\nset key outside right noenhanced\nset logscale x 2\n"
      "set xlabel 'kept between forward and backward, MB (masks and exact parts included)'\n";
  std::string loss_front, error_front;
  for (const Row* r : Front(rows, +loss_of)) {
    if (const std::string point = loss_point(*r); !point.empty()) loss_front += point + "\n";
  }
  for (const Row* r : Front(rows, +error_of)) {
    if (const std::string point = error_point(*r); !point.empty()) error_front += point + "\n";
  }
  std::string losses, errors;
  // Points of `data`, numbered by its column `label`; where there are none, a place in the key.
  const auto series = [&](const std::string& data, const std::string& name, int label, size_t style,
                          const std::string& title) {
    if (data.empty()) {
      return fmt::format(", keyentry with points pt {0} lc {0} title \"{1}\"", style, title);
    }
    script += fmt::format("${} << EOD\n{}EOD\n", name, data);
    return fmt::format(
        ", ${0} using 1:2 with points pt {1} ps 1.1 lc {1} title \"{2}\", ${0} using 1:2:{3} with "
        "labels offset 1,0.5 font ',10' notitle",
        name, style, title, label);
  };
  size_t style = 0;
  for (const auto& [name, family] : families) {
    ++style;
    const std::string title = cli::GnuplotText(name);
    const std::string data = fmt::format("loss{}", style);
    const std::string points = series(family.losses, data, 5, style, title);
    if (!family.losses.empty())  // under the points, which they would hide
      losses += fmt::format(", ${} using 1:2:3:4 with yerrorbars pt 0 lc {} notitle", data, style);
    losses += points;
    errors += series(family.errors, fmt::format("error{}", style), 3, style, title);
  }
  const auto front = [&](const std::string& name, const std::string& data,
                         const std::string& points) {
    // Without any data gnuplot would not survive either: everything diverged.
    if (data.empty())
      return points.find('$') == std::string::npos ? "[1:10] [0.01:1] NaN notitle"
                                                   : std::string("keyentry notitle");
    script += fmt::format("${} << EOD\n{}EOD\n", name, data);
    return fmt::format("${} using 1:2 with steps lc rgb '#888888' dt 2 title 'Pareto front'", name);
  };
  const std::string first = front("front1", loss_front, losses),
                    second = front("front2", error_front, errors);
  script +=
      "set ylabel 'held-out bits per byte against exact, 95 % intervals (above 0.2 not drawn)'\n"
      "set yrange [*<-0.005:0.005<*<0.2]\nplot " +
      first + losses +
      "\nset ylabel 'relative error of the gradient'\nset yrange [*:*]\n"
      "set logscale y\nset format y '%.0e'\nplot " +
      second + errors + "\nunset multiplot\n";
  return cli::Gnuplot(script);
}

}  // namespace actplane::train
