// SPDX-License-Identifier: Apache-2.0
// actplane-train plot: the curves of several runs in one picture.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "train/app/commands.h"
#include "train/app/train_log.h"

namespace actplane::train {
namespace {

// A file for gnuplot to read, gone with this object.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& text) {
    path_ = (std::filesystem::temp_directory_path() / "actplane-plot-XXXXXX").string();
    const int fd = ::mkstemp(path_.data());
    if (fd < 0) return;
    good_ = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
  }
  ~ScratchFile() { ::unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  bool good() const { return good_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool good_ = false;
};

std::string TitleOf(const std::string& name) {
  std::string title;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20) continue;
    if (c == '"' || c == '\\') title += '\\';
    title += c;
  }
  return title;
}

std::string PointsOf(const Curve& curve) {
  std::string text;
  const auto held_out = std::count_if(curve.rows.begin(), curve.rows.end(),
                                      [](const LogRow& r) { return r.held_out.has_value(); });
  double mean = 0;
  const double weight = 1 - 1 / std::max(1.0, static_cast<double>(curve.rows.size()) / 50);
  for (size_t i = 0; i < curve.rows.size(); ++i) {
    const LogRow& r = curve.rows[i];
    mean = i == 0 ? r.loss : weight * mean + (1 - weight) * r.loss;
    if (held_out < 2) text += fmt::format("{} {}\n", r.step, mean);
    if (held_out >= 2 && r.held_out) text += fmt::format("{} {}\n", r.step, *r.held_out);
  }
  return text;
}

struct Options {
  std::vector<std::string> logs;
  std::string out;
};

Status Run(const Options& o) {
  std::vector<Curve> curves;
  for (const std::string& path : o.logs) {
    Result<std::vector<LogRow>> rows = ReadLog(path);
    if (!rows.ok()) return rows.status();
    const auto folder = std::filesystem::absolute(path).parent_path().filename().string();
    curves.push_back({folder, std::move(rows).value()});
  }
  const Result<std::string> svg = DrawCurves(curves);
  if (!svg.ok()) return svg.status();
  return WriteFile(o.out, *svg);
}

}  // namespace

Result<std::string> DrawCurves(const std::vector<Curve>& curves) {
  std::string script =
      "set terminal svg size 960,600 dynamic background rgb 'white' font 'sans-serif,13'\n"
      "set xlabel 'steps'\nset ylabel 'loss, nats per byte'\nset grid lc rgb '#dddddd'\n"
      "set key outside right noenhanced\nset style data lines\n";
  std::string plots;
  for (size_t i = 0; i < curves.size(); ++i) {
    script += fmt::format("$d{} << EOD\n{}EOD\n", i, PointsOf(curves[i]));
    plots += fmt::format("{}$d{} using 1:2 title \"{}\" lw 1.5 lc {} dt {}", i == 0 ? "" : ", ", i,
                         TitleOf(curves[i].name), i % 8 + 1, i / 8 + 1);
  }
  script += "plot " + plots + "\n";
  const ScratchFile file(script);
  if (!file.good()) return IoError("cannot write a temporary file; free some space in TMPDIR");
  std::FILE* pipe = ::popen(fmt::format("gnuplot '{}' 2>/dev/null", file.path()).c_str(), "r");
  std::string svg;
  std::array<char, 1 << 14> buffer;
  for (size_t n = 0;
       pipe != nullptr && (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    svg.append(buffer.data(), n);
  }
  if (pipe == nullptr || ::pclose(pipe) != 0 || !svg.ends_with("</svg>\n\n")) {
    if (svg.find("</svg>") == std::string::npos)
      return IoError("gnuplot drew nothing; apt-get install gnuplot-nox");
  }
  return svg;
}

Command AddPlot(CLI::App& root) {
  auto o = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand("plot", "Loss over steps of several runs as SVG");
  app->add_option("LOG", o->logs, "log.csv of each run; its folder gives the name")
      ->required()
      ->type_name(" ");
  app->add_option("--out", o->out, "Picture to write")->required()->type_name("FILE.svg");
  app->footer("Example:\n  actplane-train plot build/runs/*/log.csv --out build/runs/loss.svg");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
