// SPDX-License-Identifier: Apache-2.0
// actplane-train plot: the curves of several runs in one picture.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "actplane/io/tensor_info.h"
#include "cli/gnuplot.h"
#include "train/app/commands.h"
#include "train/trainer/train_log.h"

namespace actplane::train {
namespace {

// Loss by step.
using Points = std::map<int64_t, double>;

Points PointsOf(const Curve& curve) {
  Points points;
  const auto held_out = std::count_if(curve.rows.begin(), curve.rows.end(),
                                      [](const LogRow& r) { return r.held_out.has_value(); });
  double mean = 0;
  const double weight = 1 - 1 / std::max(1.0, static_cast<double>(curve.rows.size()) / 50);
  for (size_t i = 0; i < curve.rows.size(); ++i) {
    const LogRow& r = curve.rows[i];
    mean = i == 0 ? r.loss : weight * mean + (1 - weight) * r.loss;
    if (held_out < 2) points[r.step] = mean;
    if (held_out >= 2 && r.held_out) points[r.step] = *r.held_out;
  }
  return points;
}

struct PlotOptions {
  std::vector<std::string> logs;
  std::string out;
  bool force = false;
};

Status Run(const PlotOptions& o) {
  ReplaceOutputs(o.force);
  std::vector<Curve> curves;
  for (const std::string& path : o.logs) {
    Result<std::vector<LogRow>> rows = ReadLog(path, Role::kInput);
    if (!rows.ok()) return rows.status();
    if (std::none_of(rows->begin(), rows->end(),
                     [](const LogRow& r) { return std::isfinite(r.loss); })) {
      return BadInputError(fmt::format(
          "{} has no loss to draw; give the log of a run that has made a step", io::Quote(path)));
    }
    const auto folder = std::filesystem::absolute(path).parent_path().filename().string();
    curves.push_back({folder, std::move(rows).value(), 0});
  }
  Result<Output> out = Output::Claim(o.out);
  if (!out.ok()) return out.status();
  const Result<std::string> svg = DrawCurves(curves);
  if (!svg.ok()) return svg.status();
  return out->Write(*svg);
}

}  // namespace

Result<std::string> DrawCurves(const std::vector<Curve>& curves) {
  std::vector<Points> points;
  for (const Curve& c : curves) points.push_back(PointsOf(c));
  std::string data;
  std::string losses;
  std::string differences;
  std::string names;
  for (size_t i = 0; i < curves.size(); ++i) {
    const Points& reference = points[curves[i].reference];
    std::string off;
    data += fmt::format("$d{} << EOD\n", i);
    for (const auto& [step, loss] : points[i]) {
      const auto there = reference.find(step);
      data += fmt::format("{} {}\n", step, loss);
      if (there != reference.end())
        off += fmt::format("{} {}\n", step, 100 * (loss / there->second - 1));
    }
    data += fmt::format("EOD\n$e{} << EOD\n{}EOD\n", i, off);
    const std::string style = fmt::format("lw 1.5 lc {} dt {}", i % 8 + 1, i / 8 % 5 + 1);
    const std::string title = fmt::format("title \"{}\"", cli::GnuplotText(curves[i].name));
    losses += fmt::format("{}$d{} using 1:2 {} {}", i == 0 ? "" : ", ", i,
                          curves.size() == 1 ? title : "notitle", style);
    names += fmt::format(", keyentry with lines {} {}", style, title);
    if (off.empty()) continue;  // it ended before the first step that both have
    differences += fmt::format("{}$e{} notitle {}", differences.empty() ? "" : ", ", i, style);
  }
  // Names are long: below the curves, one in a line.
  const size_t key = 18 * curves.size() + 40;
  std::string script = data + "set style data lines\nset xlabel 'steps'\n";
  if (curves.size() == 1)
    return cli::Gnuplot(script + "set key noenhanced\nset ylabel 'loss, nats per byte'\nplot " +
                        losses + "\n");
  const size_t height = 840 + key;
  const double top = 1 - 420.0 / static_cast<double>(height);
  const double middle = 1 - 840.0 / static_cast<double>(height);
  script += fmt::format(
      "set terminal svg size 1000,{} dynamic background rgb 'white' font 'sans-serif,12'\n"
      "set multiplot\nset lmargin at screen 0.09\nset rmargin at screen 0.97\n"
      "set tmargin at screen 0.98\nset bmargin at screen {}\nset ylabel 'loss, nats per byte'\n"
      "plot {}\n"
      "set tmargin at screen {}\nset bmargin at screen {}\n"
      "set ylabel 'loss against the first of the seed, %'\nset yrange [*<-1:1<*<10]\nplot {}\n"
      // A key has no more rows than fit beside its plot: it gets one of its own.
      "set tmargin at screen {}\nset bmargin at screen 0\nunset border\nunset tics\nunset xlabel\n"
      "unset ylabel\nset key right top maxcols 1 noenhanced samplen 2\nplot [0:1] [0:1] NaN "
      "notitle{}\n"
      "unset multiplot\n",
      height, top + 0.05, losses, top - 0.01, middle + 0.06, differences, middle, names);
  return cli::Gnuplot(script);
}

Command AddPlot(CLI::App& root) {
  auto o = std::make_shared<PlotOptions>();
  CLI::App* app = root.add_subcommand("plot", "Loss over steps of several runs as SVG");
  app->add_option("LOG", o->logs, "log.csv of each run; its folder gives the name")
      ->required()
      ->type_name(" ");
  app->add_option("--out", o->out, "Picture to write")->required()->type_name("FILE.svg");
  AddForce(*app, o->force);
  app->footer("Example:\n  actplane-train plot build/runs/*/log.csv --out build/runs/loss.svg");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
