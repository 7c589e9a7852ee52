// SPDX-License-Identifier: Apache-2.0
// actplane-train baselines
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "train/app/commands.h"
#include "train/trainer/baselines.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

struct BaselinesOptions {
  RunConfig run;
  bool json = false;
};

Status Run(const BaselinesOptions& o) {
  const Result<Corpus> corpus = Corpus::Load(o.run.text, o.run.held_out, 1);
  if (!corpus.ok()) return corpus.status();
  const std::string_view held_out = corpus->held_out();
  constexpr int kMostOrder = 5;
  const std::vector<double> context =
      ContextBits(corpus->text(), corpus->text().size() - held_out.size(), kMostOrder);
  const Json bits = {{"gzip -9", GzipBits(held_out)},
                     {"order 3", context[3]},
                     {"order 5", context[kMostOrder]},
                     {"bzip2 -9", Bzip2Bits(held_out)}};
  if (o.json) {
    return PrintJson({{"held_out_bytes", held_out.size()},
                      {"text", fmt::format("{:016x}", corpus->hash())},
                      {"bits_per_byte", bits}});
  }
  std::string text = fmt::format("{} held-out bytes, bits per byte\n", held_out.size());
  for (const auto& [name, value] : bits.items())
    text += fmt::format("{:<10} {:.3f}\n", name, value.get<double>());
  return Print(text);
}

}  // namespace

Command AddBaselines(CLI::App& root, const RunConfig& preset) {
  auto o = std::make_shared<BaselinesOptions>();
  o->run = preset;
  CLI::App* app =
      root.add_subcommand("baselines", "Bits per byte of the held-out text without a network");
  AddTextOptions(*app, o->run);
  AddJson(*app, o->json);
  app->footer(
      "gzip and bzip2 see the held-out text alone. order N: contexts of N bytes counted in the\n"
      "training text, interpolated with the shorter ones (Witten and Bell).\n\n"
      "Example:\n  actplane-train baselines --text book.txt --json");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
