// SPDX-License-Identifier: Apache-2.0
// actplane-train gradcheck: what a method does to the gradient, kind by kind.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "train/app/commands.h"
#include "train/stash/registry.h"
#include "train/trainer/gradient.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

struct GradcheckOptions {
  RunConfig run;
  std::vector<std::string> stashes;
  int64_t batches = 4;
  bool total_only = false;
  bool json = false;
};

struct Line {
  std::string stash;
  std::string kind;
  double ratio = 0;
  Difference d;
  OneSided side;
};

Json JsonOf(const Line& l) {
  return {{"stash", l.stash},        {"kind", l.kind},
          {"ratio", l.ratio},        {"relative", l.d.Relative()},
          {"cosine", l.d.Cosine()},  {"bias", l.d.Bias()},
          {"along", l.side.Along()}, {"radial", l.side.Radial()},
          {"shift", l.d.Shift()}};
}

Status Run(const GradcheckOptions& o) {
  ReplaceOutputs(o.run.force);
  RunConfig config = o.run;
  config.stash = "exact";  // those to check are made below, once
  Result<std::unique_ptr<Trainer>> made = Prepare(config);
  if (!made.ok()) return made.status();
  Trainer& trainer = **made;
  std::vector<std::string> specs = o.stashes;
  if (specs.empty()) specs.push_back(o.run.stash);
  std::vector<std::unique_ptr<Stash>> stashes;
  for (const std::string& spec : specs) {
    Result<std::unique_ptr<Stash>> stash = MakeStash(spec);
    if (!stash.ok()) return stash.status();
    stashes.push_back(std::move(stash).value());
  }
  StatusLine line(o.json);
  const std::vector<Gradient> reference = ExactGradients(trainer, o.batches);
  Difference noise;  // between two minibatches
  for (size_t b = 1; b < reference.size(); ++b) Add(reference[b - 1], reference[b], noise);
  const double keys = CommonPartOfKeys(trainer);
  std::vector<Line> lines;
  const PerKind<int64_t> textbook = trainer.model().TextbookBytes(o.run.batch);
  for (size_t s = 0; s < specs.size(); ++s) {
    trainer.set_show([&](const std::string& text) { line.Show(specs[s] + "  " + text); });
    stashes[s]->set_only(std::nullopt);
    if (Status adopted = trainer.Adopt(*stashes[s]); !adopted.ok()) return adopted;
    Codec& codec = stashes[s]->codec();
    for (int w = 0; w < codec.WarmUp(); ++w) {
      line.Show(fmt::format("{}  warm-up {} of {}", specs[s], w + 1, codec.WarmUp()));
      GradientOf(trainer, *stashes[s], o.batches + w, nullptr, nullptr);
    }
    const State warm = codec.SaveState();
    const int first = o.total_only ? kKinds : 0;
    const size_t first_line = lines.size();
    for (int k = first; k <= kKinds; ++k) {  // the last round is all kinds together
      const bool all = k == kKinds;
      const auto i = static_cast<size_t>(k);
      if (!all && textbook[i] == 0) continue;  // no dropout, no dropped map
      line.Show(fmt::format("{}  {}", specs[s], all ? "all" : kKindNames[static_cast<size_t>(k)]));
      stashes[s]->set_only(all ? std::nullopt : std::optional(static_cast<Kind>(k)));
      if (codec.WarmUp() != 0) {  // every round from the same estimates
        if (Status loaded = codec.LoadState(warm); !loaded.ok()) return loaded;
      }
      Line& l = lines.emplace_back();
      l.stash = specs[s];
      l.kind = all ? "all" : kKindNames[static_cast<size_t>(k)];
      Tally tally;
      std::optional<OneSidedness> sides;  // of every kind at once
      if (all) sides.emplace(*stashes[s], o.run.geometry.family);
      l.d = DifferenceOf(trainer, *stashes[s], reference, &tally);
      if (all) {
        for (const OneSided& side : sides->kinds()) l.side += side;
        for (size_t n = first_line; n + 1 < lines.size(); ++n)
          lines[n].side = sides->kinds()[static_cast<size_t>(*KindOf(lines[n].kind))];
      }
      const auto raw = static_cast<double>(all ? Sum(textbook) : textbook[i]);
      const auto held =
          static_cast<double>(all ? tally.Activations().total() : tally.kinds[i].total());
      l.ratio = raw / held;  // infinite where nothing of the kind is kept
    }
  }
  line.Clear();
  if (o.json) {
    Json json = {{"weights", trainer.config().init_hash},
                 {"batches", o.batches},
                 {"minibatch", {{"relative", noise.Relative()}, {"cosine", noise.Cosine()}}},
                 {"common_part_of_keys", keys},
                 {"lines", Json::array()}};
    if (stashes.size() == 1 && stashes[0]->contents() != 0)
      json["table"] = fmt::format("{:016x}", stashes[0]->contents());
    for (const Line& l : lines) json["lines"].push_back(JsonOf(l));
    return PrintJson(json);
  }
  // Formulas that keep something else leave nothing to measure.
  const auto side = [](double value) {
    return std::isnan(value) ? std::string() : fmt::format("{:.2e}", value);
  };
  std::string text = fmt::format("{:<20} {:>7} {:>12} {:>10} {:>11} {:>11} {:>11} {:>9}\n", "kind",
                                 "ratio", "relative", "cosine", "bias", "along", "radial", "shift");
  for (size_t i = 0; i < lines.size(); ++i) {
    const Line& l = lines[i];
    if (i == 0 || lines[i - 1].stash != l.stash) text += l.stash + "\n";
    text += fmt::format("{:<20} {:>7.3f} {:>12.3e} {:>10.6f} {:>11.2e} {:>11} {:>11} {:>9}\n",
                        l.kind, l.ratio, l.d.Relative(), l.d.Cosine(), l.d.Bias(),
                        side(l.side.Along()), side(l.side.Radial()), side(l.d.Shift()));
  }
  text += fmt::format("{:<20} {:>7} {:>12.3e} {:>10.6f}   two minibatches, exact\n", "", "",
                      noise.Relative(), noise.Cosine());
  return Print(text +
               fmt::format("{:<20} {:>7} {:>12.6f}   of the keys is the same for all tokens\n", "",
                           "", keys));
}

}  // namespace

Command AddGradcheck(CLI::App& root, const RunConfig& preset) {
  auto o = std::make_shared<GradcheckOptions>();
  o->run = preset;
  CLI::App* app =
      root.add_subcommand("gradcheck", "Error of the gradient against exact, kind by kind");
  app->add_option("SPEC", o->stashes, "Methods to check in place of --stash")->type_name(" ");
  AddRunOptions(*app, o->run);
  app->add_option("--batches", o->batches, "Minibatches to sum over")
      ->transform(cli::Decimal())
      ->check(CLI::Range(int64_t{2}, int64_t{1000}).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_flag("--total-only", o->total_only, "Only all kinds together");
  AddJson(*app, o->json);
  AddForce(*app, o->run.force);
  app->footer(
      "relative: |h - g| / |g| over all parameters and minibatches; bias: the part of h - g along "
      "g.\n"
      "along: the part of what comes back along what was kept, less 1; radial: what is left of a "
      "gradient along the row that a norm normalises, less 1. Both add up over steps.\n"
      "shift: the gradient of the biases of keys, 0 through softmax, over that of queries; keys "
      "drift by it.\n\n"
      "Examples:\n"
      "  actplane-train gradcheck --init build/runs/exact/checkpoint\n"
      "  actplane-train gradcheck --init build/runs/exact/checkpoint mxfp8 zfp:ratio=4 "
      "actplane:order=significance");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
