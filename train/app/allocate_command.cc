// SPDX-License-Identifier: Apache-2.0
// actplane-train allocate: a ratio for every kind, so that together they keep the fewest bytes at
// the gradient error of another method, or lose the least at an overall ratio.
#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "train/app/allocation.h"
#include "train/app/commands.h"
#include "train/app/runs.h"
#include "train/stash/registry.h"
#include "train/trainer/gradient.h"

namespace actplane::train {

std::string WithOption(const std::string& spec, const std::string& option) {
  const size_t last = spec.rfind('+') + 1;  // 0 where there is one part
  return spec + (spec.find(':', last) == std::string::npos ? ':' : ',') + option;
}

std::string SpecOf(const std::string& base, const PerKind<size_t>& choice,
                   const PerKind<int64_t>& kept) {
  std::string spec = base;
  for (size_t k = 0; k < kKinds; ++k) {
    if (kept[k] == 0) continue;
    spec = WithOption(spec, fmt::format("ratio.{}={}", kKindNames[k], kRatios[choice[k]]));
  }
  return spec;
}

namespace {

// Errors of single kinds add up in squares, nearly. Greedy from the lowest ratios: always the move
// that saves most bytes for the error it adds, as long as the sum stays in the budget.
PerKind<size_t> Allocate(const PerKind<std::array<double, kRatios.size()>>& errors,
                         const PerKind<int64_t>& kept, double budget) {
  PerKind<size_t> choice = {};
  double sum = 0;
  for (size_t k = 0; k < kKinds; ++k) sum += errors[k][0];
  for (;;) {
    size_t best = kKinds;
    size_t best_to = 0;
    double best_gain = 0;
    for (size_t k = 0; k < kKinds; ++k) {
      if (kept[k] == 0) continue;
      const size_t from = choice[k];
      for (size_t to = from + 1; to < kRatios.size(); ++to) {
        const double added = errors[k][to] - errors[k][from];
        if (sum + added > budget) continue;
        const double saved = static_cast<double>(kept[k]) * (1 / kRatios[from] - 1 / kRatios[to]);
        const double gain = saved / std::max(added, 1e-30);
        if (gain > best_gain) {
          best = k;
          best_to = to;
          best_gain = gain;
        }
      }
    }
    if (best == kKinds) return choice;
    sum += errors[best][best_to] - errors[best][choice[best]];
    choice[best] = best_to;
  }
}

Status ByGradient(const AllocateOptions& o) {
  ReplaceOutputs(o.run.force);
  Result<std::unique_ptr<Trainer>> made = Prepare(o.run);
  if (!made.ok()) return made.status();
  Trainer& trainer = **made;
  Result<std::unique_ptr<Stash>> target = MakeStash(o.target);
  if (!target.ok()) return target.status();
  const std::vector<Gradient> reference = ExactGradients(trainer, o.batches);
  if (Status s = trainer.Adopt(**target); !s.ok()) return s;
  Tally tally;
  const Difference wanted = DifferenceOf(trainer, **target, reference, &tally);
  const PerKind<int64_t> textbook = trainer.model().TextbookBytes(o.run.batch);
  const auto ratio_of = [&](const Tally& t) {
    return static_cast<double>(Sum(textbook)) / static_cast<double>(t.Activations().total());
  };
  const double target_ratio = ratio_of(tally);

  StatusLine line(o.json);
  // Formulas may keep nothing of a kind: then it gets no ratio.
  PerKind<int64_t> kept = textbook;
  Result<std::unique_ptr<Stash>> plain = MakeStash(o.base);
  if (!plain.ok()) return plain.status();
  if (Status s = trainer.Adopt(**plain); !s.ok()) return s;
  (void)DifferenceOf(trainer, **plain, reference, &tally);
  for (size_t k = 0; k < kKinds; ++k) {
    if (tally.kinds[k].total() == 0) kept[k] = 0;
  }
  PerKind<std::array<double, kRatios.size()>> errors = {};
  for (size_t r = 0; r < kRatios.size(); ++r) {
    Result<std::unique_ptr<Stash>> stash =
        MakeStash(WithOption(o.base, fmt::format("ratio={},split=even", kRatios[r])));
    if (!stash.ok()) return stash.status();
    if (Status s = trainer.Adopt(**stash); !s.ok()) return s;
    for (size_t k = 0; k < kKinds; ++k) {
      if (kept[k] == 0) continue;
      line.Show(fmt::format("ratio {} of {}", kRatios[r], kKindNames[k]));
      (*stash)->set_only(static_cast<Kind>(k));
      errors[k][r] = DifferenceOf(trainer, **stash, reference, nullptr).error;
    }
  }
  // What the sum of squares leaves out is found by measuring: the budget shrinks until it holds.
  double budget = wanted.error;
  for (int round = 0; round < 8; ++round) {
    const std::string spec = SpecOf(o.base, Allocate(errors, kept, budget), kept);
    Result<std::unique_ptr<Stash>> stash = MakeStash(spec);
    if (!stash.ok()) return stash.status();
    if (Status s = trainer.Adopt(**stash); !s.ok()) return s;
    line.Show("measuring " + spec);
    Tally held;
    const Difference got = DifferenceOf(trainer, **stash, reference, &held);
    if (got.error > wanted.error) {
      budget *= 0.98 * wanted.error / got.error;
      continue;
    }
    line.Clear();
    const double ratio = ratio_of(held);
    if (o.json) {
      return PrintJson({{"target", o.target},
                        {"target_ratio", target_ratio},
                        {"target_relative", wanted.Relative()},
                        {"stash", spec},
                        {"ratio", ratio},
                        {"relative", got.Relative()},
                        {"cosine", got.Cosine()},
                        {"bias", got.Bias()}});
    }
    return Print(
        fmt::format("ratio {:.2f}, relative error {:.3e}: {}\n"
                    "ratio {:.2f}, relative error {:.3e}: {}\n",
                    target_ratio, wanted.Relative(), o.target, ratio, got.Relative(), spec));
  }
  line.Clear();
  return ConfigError(
      fmt::format("even the lowest ratios of {} exceed the error of {}; choose another --target",
                  o.base, o.target));
}

}  // namespace

Command AddAllocate(CLI::App& root, const RunConfig& preset) {
  auto o = std::make_shared<AllocateOptions>();
  o->run = preset;
  o->run.out = "build/runs/allocate";
  CLI::App* app = root.add_subcommand(
      "allocate", "A ratio per kind: fewest bytes at a gradient error, or least loss at a ratio");
  AddRunOptions(*app, o->run);
  app->remove_option(app->get_option("--stash"));
  app->add_option("--by", o->by, "What decides: the gradient of some minibatches, or short runs")
      ->check(CLI::IsMember({"gradient", "loss"}).description(""))
      ->type_name("gradient|loss")
      ->capture_default_str();
  app->add_option("--target", o->target, "By gradient: method whose gradient error is the limit")
      ->type_name("SPEC")
      ->capture_default_str();
  app->add_option("--base", o->base, "Stash actplane, to find ratios for; formulas before it")
      ->check([](const std::string& base) {
        const std::string last = base.substr(base.rfind('+') + 1);
        return last == "actplane" || last.starts_with("actplane:")
                   ? std::string()
                   : fmt::format("'{}' does not end with stash actplane, whose ratios are found",
                                 base);
      })
      ->type_name("SPEC")
      ->capture_default_str();
  app->add_option("--ratio", o->ratio, "By loss: overall ratio to reach")
      ->check(CLI::Range(1.0, 1000.0).description(""))
      ->type_name("R")
      ->capture_default_str();
  app->add_option("--jobs", o->jobs, "By loss: runs at a time, one thread each; 0: all cores")
      ->transform(cli::Decimal())
      ->check(CLI::Range(0, 1024).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--out", o->run.out, "By loss: folder of the runs; those that are there stay")
      ->check(NotEmpty())
      ->type_name("DIR")
      ->capture_default_str();
  app->add_option("--batches", o->batches, "By gradient: minibatches to sum over")
      ->transform(cli::Decimal())
      ->check(CLI::Range(int64_t{1}, int64_t{1000}).description(""))
      ->type_name("N")
      ->capture_default_str();
  AddJson(*app, o->json);
  AddForce(*app, o->run.force);
  app->footer(
      "Examples:\n"
      "  actplane-train allocate --init build/runs/exact/checkpoint\n"
      "  actplane-train allocate --by loss --steps 400 --ratio 12");
  return {app, [o, app] {
            return o->by == "loss" ? AllocateByLoss(*o, GivenOptions(*app)) : ByGradient(*o);
          }};
}

}  // namespace actplane::train
