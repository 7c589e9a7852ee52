// SPDX-License-Identifier: Apache-2.0
// actplane-train gradcheck: what a method does to the gradient, kind by kind.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "train/app/commands.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  RunConfig run;
  std::vector<std::string> stashes;
  int64_t batches = 4;
  bool total_only = false;
  bool json = false;
};

// Sums over the parameters of all batches.
struct Difference {
  double signal = 0;  // |g|^2
  double other = 0;   // |h|^2
  double product = 0;
  double error = 0;  // |h - g|^2

  double Relative() const { return std::sqrt(error / signal); }
  double Cosine() const { return product / std::sqrt(signal * other); }
  double Bias() const { return product / signal - 1; }  // (h - g) along g
};

using Gradient = std::vector<at::Tensor>;

void Add(const Gradient& g, const Gradient& h, Difference& d) {
  for (size_t i = 0; i < g.size(); ++i) {
    const at::Tensor a = g[i].to(at::kDouble).flatten();
    const at::Tensor b = h[i].to(at::kDouble).flatten();
    d.signal += a.dot(a).item<double>();
    d.other += b.dot(b).item<double>();
    d.product += a.dot(b).item<double>();
    d.error += (b - a).pow(2).sum().item<double>();
  }
}

// The gradient of one micro-batch, which is the micro-step `batch` of the next step.
Gradient GradientOf(Trainer& trainer, Stash& stash, int64_t batch, Tally* tally = nullptr) {
  trainer.model().ClearGradients();
  StepReport report;
  trainer.Accumulate(stash, trainer.step(), batch, 1, &report);
  if (tally != nullptr) *tally = report.tally;
  Gradient g;
  for (const Parameter* p : trainer.parameters()) g.push_back(p->grad);
  return g;
}

struct Line {
  std::string stash;
  std::string kind;
  double ratio = 0;
  Difference d;
};

Json JsonOf(const Line& l) {
  return {{"stash", l.stash},           {"kind", l.kind},         {"ratio", l.ratio},
          {"relative", l.d.Relative()}, {"cosine", l.d.Cosine()}, {"bias", l.d.Bias()}};
}

Status Run(const Options& o) {
  Result<std::unique_ptr<Trainer>> made = Prepare(o.run);
  if (!made.ok()) return made.status();
  Trainer& trainer = **made;
  Stash exact(nullptr);
  std::vector<std::string> specs = o.stashes;
  if (specs.empty()) specs.push_back(o.run.stash);
  std::vector<std::unique_ptr<Stash>> stashes;
  for (const std::string& spec : specs) {
    Result<std::unique_ptr<Stash>> stash = MakeStash(spec);
    if (!stash.ok()) return stash.status();
    stashes.push_back(std::move(stash).value());
  }
  StatusLine line(o.json);
  std::vector<Gradient> reference;
  Difference noise;  // between two minibatches
  for (int64_t b = 0; b < o.batches; ++b) {
    reference.push_back(GradientOf(trainer, exact, b));
    if (b > 0) Add(reference[static_cast<size_t>(b - 1)], reference[static_cast<size_t>(b)], noise);
  }
  std::vector<Line> lines;
  for (size_t s = 0; s < specs.size(); ++s) {
    const int first = o.total_only ? kKinds : 0;
    for (int k = first; k <= kKinds; ++k) {  // the last round is all kinds together
      const bool all = k == kKinds;
      line.Show(fmt::format("{}  {}", specs[s], all ? "all" : kKindNames[static_cast<size_t>(k)]));
      stashes[s]->set_only(all ? std::nullopt : std::optional(static_cast<Kind>(k)));
      Line& l = lines.emplace_back();
      l.stash = specs[s];
      l.kind = all ? "all" : kKindNames[static_cast<size_t>(k)];
      Tally tally;
      for (int64_t b = 0; b < o.batches; ++b) {
        Add(reference[static_cast<size_t>(b)], GradientOf(trainer, *stashes[s], b, &tally), l.d);
      }
      const auto i = static_cast<size_t>(k);
      const double raw = static_cast<double>(all ? tally.RawActivations() : tally.raw[i]);
      const double held =
          static_cast<double>(all ? tally.Activations().total() : tally.kinds[i].total());
      l.ratio = held == 0 ? 0 : raw / held;
      if (held == 0) lines.pop_back();  // no dropout, no dropped map
    }
  }
  line.Clear();
  if (o.json) {
    Json json = {{"batches", o.batches},
                 {"minibatch", {{"relative", noise.Relative()}, {"cosine", noise.Cosine()}}},
                 {"lines", Json::array()}};
    for (const Line& l : lines) json["lines"].push_back(JsonOf(l));
    return PrintJson(json);
  }
  std::string text = fmt::format("{:<20} {:>7} {:>12} {:>10} {:>11}\n", "kind", "ratio", "relative",
                                 "cosine", "bias");
  for (size_t i = 0; i < lines.size(); ++i) {
    const Line& l = lines[i];
    if (i == 0 || lines[i - 1].stash != l.stash) text += l.stash + "\n";
    text += fmt::format("{:<20} {:>7.3f} {:>12.3e} {:>10.6f} {:>11.2e}\n", l.kind, l.ratio,
                        l.d.Relative(), l.d.Cosine(), l.d.Bias());
  }
  return Print(text + fmt::format("{:<20} {:>7} {:>12.3e} {:>10.6f}   two minibatches, exact\n", "",
                                  "", noise.Relative(), noise.Cosine()));
}

}  // namespace

Command AddGradcheck(CLI::App& root, const RunConfig& preset) {
  auto o = std::make_shared<Options>();
  o->run = preset;
  CLI::App* app =
      root.add_subcommand("gradcheck", "Error of the gradient against exact, kind by kind");
  app->add_option("SPEC", o->stashes, "Methods to check in place of --stash")->type_name(" ");
  AddRunOptions(*app, o->run);
  app->add_option("--batches", o->batches, "Minibatches to sum over")
      ->check(CLI::Range(int64_t{2}, int64_t{1000}).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_flag("--total-only", o->total_only, "Only all kinds together");
  app->add_flag("--json", o->json, "Print one JSON object instead of text");
  app->footer(
      "relative: |h - g| / |g| over all parameters and minibatches; bias: the part of h - g along "
      "g.\n\n"
      "Examples:\n"
      "  actplane-train gradcheck --init build/runs/exact/checkpoint\n"
      "  actplane-train gradcheck --init build/runs/exact/checkpoint mxfp8 zfp:ratio=4 "
      "actplane:order=significance");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
