// SPDX-License-Identifier: Apache-2.0
// actplane-train train
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "actplane/io/tensor_info.h"
#include "train/app/commands.h"
#include "train/trainer/train_log.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

struct TrainOptions {
  RunConfig run;
  int64_t stop_after = 0;
  bool json = false;
  bool quiet = false;
};

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double Ratio(int64_t a, int64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

// Losses of one seed differ between two of them. "" where the system does not say.
std::string Processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

// Weights, gradients, both moments and what the stash holds: all that a step needs to keep.
Json StateOf(Trainer& trainer, const Tally& tally) {
  int64_t weights = 0;
  int64_t gradients = 0;
  for (const Parameter* p : trainer.parameters()) {
    weights += static_cast<int64_t>(p->value.nbytes());
    gradients += static_cast<int64_t>(p->grad.nbytes());
  }
  return {{"weights", weights},
          {"gradients", gradients},
          {"moments", 2 * gradients},
          {"total", weights + 3 * gradients + tally.total()}};
}

// loss: at the end; nothing where the run has none.
Json SummaryOf(Trainer& trainer, const std::vector<LogRow>& log, const StepReport& last,
               std::optional<double> loss) {
  const RunConfig& c = trainer.config();
  const PerKind<int64_t> textbook = trainer.model().TextbookBytes(c.batch);
  std::vector<double> seconds;
  for (const LogRow& row : log) seconds.push_back(row.seconds);
  const Tally& t = last.tally;
  const Bytes bytes = t.Activations();
  Json kinds = Json::object();
  for (size_t i = 0; i < kKinds; ++i) {
    if (textbook[i] == 0) continue;
    kinds[std::string(kKindNames[i])] = {{"float32", textbook[i]},
                                         {"payload", t.kinds[i].payload},
                                         {"metadata", t.kinds[i].metadata},
                                         {"padding", t.kinds[i].padding}};
  }
  return {{"config", c.Identity()},
          {"threads", c.threads},
          {"processor", Processor()},
          {"steps", log.size()},
          {"held_out_loss", loss ? Json(*loss) : Json()},
          {"held_out_bits_per_byte", loss ? Json(*loss / std::numbers::ln2) : Json()},
          {"median_step_seconds", Median(seconds)},
          {"bytes",
           {{"float32", Sum(textbook)},
            {"payload", bytes.payload},
            {"metadata", bytes.metadata},
            {"padding", bytes.padding},
            {"masks", t.masks},
            {"exact", t.exact},
            {"total", t.total()},
            {"allocator", last.allocator_held},
            {"allocator_peak", last.allocator_peak}}},
          {"ratio", Ratio(Sum(textbook), bytes.total())},
          {"state", StateOf(trainer, t)},
          {"kinds", kinds}};
}

std::string TextOf(const Json& s, const RunConfig& c) {
  const Json& b = s["bytes"];
  return fmt::format(
      "stash      {}\n"
      "held-out   {:.4f} nats, {:.4f} bits per byte after {} steps\n"
      "held       {} of {} as float32: ratio {:.3f}; with masks {} and exact parts {}: {}\n"
      "allocator  {} between forward and backward, {} at the peak of a step\n"
      "step       {:.1f} ms (median)\n"
      "files      {}: log.csv summary.json loss.svg checkpoint\n",
      c.stash, s["held_out_loss"].get<double>(), s["held_out_bits_per_byte"].get<double>(),
      s["steps"].get<int64_t>(),
      Megabytes(b["payload"].get<int64_t>() + b["metadata"].get<int64_t>() +
                b["padding"].get<int64_t>()),
      Megabytes(b["float32"]), s["ratio"].get<double>(), Megabytes(b["masks"]),
      Megabytes(b["exact"]), Megabytes(b["total"]), Megabytes(b["allocator"]),
      Megabytes(b["allocator_peak"]), 1e3 * s["median_step_seconds"].get<double>(), c.out);
}

std::string Bar(int64_t done, int64_t total) {
  constexpr int64_t kCells = 24;
  const int64_t full = kCells * done / total;
  return std::string(static_cast<size_t>(full), '#') +
         std::string(static_cast<size_t>(kCells - full), '.');
}

Status Run(const TrainOptions& o) {
  const RunConfig& c = o.run;
  const std::string checkpoint = c.out + "/checkpoint";
  std::error_code ignored;
  const bool there = std::filesystem::exists(checkpoint, ignored);
  const bool resumes = there && c.resume;
  ReplaceOutputs(c.force || resumes);  // what a method writes
  Result<std::unique_ptr<Trainer>> made = Prepare(c);
  if (!made.ok()) return made.status();
  Trainer& trainer = **made;
  if (there && !c.resume && !c.force) {
    return ConfigError(
        fmt::format("{} is there already; go on with --resume, start anew in another --out, or "
                    "replace it with -f",
                    io::Quote(checkpoint)));
  }
  ReplaceOutputs(c.force || c.resume);
  Result<RunFiles> files = RunFiles::Claim(c.out);
  if (!files.ok()) return files.status();
  if (Status s = MakeFolder(c.out); !s.ok()) return s;
  std::vector<LogRow> log;
  if (resumes) {
    if (Status s = trainer.Resume(checkpoint); !s.ok()) return s;
    Result<std::vector<LogRow>> before = ReadLog(files->log.path(), Role::kOwn);
    if (!before.ok()) return before.status();
    for (const LogRow& row : *before) {
      if (row.step <= trainer.step()) log.push_back(row);
    }
  }
  bool saved = resumes;
  const auto save = [&] {
    if (Status s = files->log.Write(FormatLog(log)); !s.ok()) return s;
    if (Status s = trainer.Save(files->checkpoint); !s.ok()) return s;
    saved = true;
    return OkStatus();
  };

  StatusLine line(o.quiet || o.json);
  trainer.set_show([&line](const std::string& text) { line.Show(text); });
  StepReport report;
  const double tokens = static_cast<double>(c.batch * c.accumulate * c.geometry.context);
  const int64_t end =
      o.stop_after == 0 ? c.steps : std::min(c.steps, trainer.step() + o.stop_after);
  while (trainer.step() < end) {
    Result<StepReport> step = trainer.Step();
    if (!step.ok()) {
      line.Clear();
      if (step.status().code() != StatusCode::kMismatch) return step.status();
      (void)files->log.Write(FormatLog(log));
      // For whoever compares: it has ended, without a loss.
      if (report.tally.total() == 0)
        trainer.Accumulate(trainer.stash(), trainer.step(), 0, 1, &report);
      (void)files->summary.Write(SummaryOf(trainer, log, report, std::nullopt).dump(2) + "\n");
      return {step.status().code(),
              fmt::format("{} ({})", step.status().message(),
                          saved ? checkpoint : "there is none yet: lower --checkpoint-every")};
    }
    report = *step;
    const int64_t done = trainer.step();
    LogRow row{done,
               report.loss,
               report.lr,
               report.gradient_norm,
               report.seconds,
               tokens / report.seconds,
               report.tally.total(),
               std::nullopt};
    const bool last = done == c.steps;
    if (done % c.eval_every == 0 || last) {
      row.held_out = trainer.Evaluate();
      line.Clear();
      if (!o.quiet && !o.json) {
        if (Status s =
                Print(fmt::format("step {:>6}  loss {:.4f}  held-out {:.4f}  {:.0f} tokens/s\n",
                                  done, row.loss, *row.held_out, row.tokens_per_second));
            !s.ok())
          return s;
      }
    }
    log.push_back(row);
    if (done % c.checkpoint_every == 0 || done == end) {
      if (Status s = save(); !s.ok()) return s;
    }
    line.Show(fmt::format("[{}] {}/{}  loss {:.4f}  {:.0f} tokens/s  stash {}", Bar(done, c.steps),
                          done, c.steps, row.loss, row.tokens_per_second,
                          Megabytes(row.stash_bytes)));
  }
  line.Clear();
  if (report.tally.total() == 0 && !std::filesystem::exists(files->summary.path(), ignored)) {
    // It was stopped between its last checkpoint and the summary: those figures are made again.
    if (log.empty() || log.back().step != c.steps) {
      return BadInputError(fmt::format("{} does not reach step {}; start anew with -f",
                                       io::Quote(files->log.path()), c.steps));
    }
    log.back().held_out = trainer.Evaluate();
    if (Status s = trainer.Adopt(trainer.stash()); !s.ok()) return s;
    trainer.Accumulate(trainer.stash(), c.steps - 1, 0, 1, &report);
  }
  if (report.tally.total() == 0) {
    return ConfigError(fmt::format("{} has all {} steps already; raise --steps in another --out",
                                   io::Quote(checkpoint), c.steps));
  }
  if (trainer.step() < c.steps) {
    return Print(
        fmt::format("stopped after step {} of {}; go on with --resume\n", trainer.step(), c.steps));
  }
  const Json summary = SummaryOf(trainer, log, report, log.back().held_out);
  if (Status s = files->summary.Write(summary.dump(2) + "\n"); !s.ok()) return s;
  const Result<std::string> svg = DrawCurves({{c.stash, log, 0}});
  if (!svg.ok()) return svg.status();
  if (Status s = files->picture.Write(*svg); !s.ok()) return s;
  return o.json ? PrintJson(summary) : Print(TextOf(summary, c));
}

}  // namespace

Command AddTrain(CLI::App& root, const RunConfig& preset) {
  auto o = std::make_shared<TrainOptions>();
  o->run = preset;
  CLI::App* app =
      root.add_subcommand("train", "Train GPT-2 or Llama with activations kept by a method");
  AddRunOptions(*app, o->run);
  app->add_option("--out", o->run.out, "Folder for log.csv, summary.json, loss.svg and checkpoint")
      ->check(NotEmpty())
      ->type_name("DIR")
      ->capture_default_str();
  app->add_flag(
      "--resume", o->run.resume,
      "Go on from the checkpoint in --out, if there is one; the run's files are replaced");
  app->add_option("--stop-after", o->stop_after,
                  "Stop with a checkpoint after N steps of this call; 0: at the end of the run")
      ->transform(cli::Decimal())
      ->check(CLI::Range(int64_t{0}, int64_t{INT32_MAX}).description(""))
      ->type_name("N")
      ->capture_default_str();
  AddJson(*app, o->json);
  AddForce(*app, o->run.force);
  app->add_flag("--quiet", o->quiet, "No progress, only the result");
  app->footer(
      "Methods and their keys: actplane-train methods.\n\n"
      "Examples:\n"
      "  actplane-train train --preset tiny --out build/runs/tiny\n"
      "  actplane-train train --stash exact --out build/runs/exact\n"
      "  actplane-train train --stash actplane:order=significance,ratio=8 --resume --out "
      "build/runs/s8\n"
      "  actplane-train train --stash actplane:ratio=3.2,ratio.probability=8,ratio.key=exact\n"
      "  actplane-train train --config run.toml --seed 2");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
