// SPDX-License-Identifier: Apache-2.0
// actplane-train capture
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <utility>

#include "train/app/commands.h"
#include "train/stash/split.h"
#include "train/trainer/trace.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

struct CaptureOptions {
  RunConfig run;
  int64_t after = 0;
  int64_t sample = 0;  // values of a tensor; 0: all, of all blocks
  bool bf16 = false;
  bool trace = false;
  bool json = false;
};

// Of a sample: the second block of four.
bool IsWanted(const CaptureOptions& o, Stash::Access access, const Entry& entry) {
  return access == Stash::Access::kWrite && entry.part() == Entry::Part::kActivation &&
         (o.sample == 0 || entry.block() == (o.run.geometry.blocks - 1) / 2);
}

// Whole rows of the last dimension, `values` values or fewer in all, and whole blocks where rows
// can be: the first ones; of a map those at equal distances of the first head, the last query among
// them, so that the causal triangle is whole.
at::Tensor SampleOf(const at::Tensor& x, Kind kind, int64_t values) {
  constexpr int64_t kLongestBlock = 256;
  const bool map = kind == Kind::kProbability || kind == Kind::kDroppedProbability;
  const int64_t width = x.size(-1);
  const int64_t rows = map ? x.size(-2) : x.numel() / width;
  const int64_t whole = kLongestBlock / std::gcd(width, kLongestBlock);
  int64_t count = std::clamp<int64_t>(values / width, 1, rows);
  if (count >= whole) count -= count % whole;
  const int64_t step = map ? rows / count : 1;
  return x.reshape({-1, width}).slice(0, step - 1, step * count, step).contiguous();
}

// What a step keeps at most, by name; from a step of one window.
Result<std::map<std::string, Output>> ClaimFiles(const Trainer& trainer, const CaptureOptions& o) {
  RunConfig config = trainer.config();
  config.stash = "exact";
  config.batch = 1;
  Result<std::unique_ptr<Trainer>> small = Trainer::Create(config, trainer.corpus());
  if (!small.ok()) return small.status();
  std::set<std::string> names;
  (*small)->stash().set_observer([&](Stash::Access access, const Entry& entry, const at::Tensor&) {
    if (IsWanted(o, access, entry)) names.insert(entry.Name());
  });
  (void)(*small)->Accumulate((*small)->stash(), 0, 0, 1);
  std::map<std::string, Output> files;
  for (const std::string& name : names) {
    Result<Output> file = Output::ClaimOwn(fmt::format("{}/{}.npy", config.out, name));
    if (!file.ok()) return file.status();
    files.emplace(name, std::move(file).value());
  }
  return files;
}

Status Train(Trainer& trainer, const CaptureOptions& o) {
  StatusLine line(o.json);
  for (int64_t i = 0; i < o.after; ++i) {
    const Result<StepReport> step = trainer.Step();
    if (!step.ok()) return step.status();
    line.Show(fmt::format("step {}/{}  loss {:.4f}", i + 1, o.after, step->loss));
  }
  return OkStatus();
}

Status RunTrace(Trainer& trainer, const CaptureOptions& o) {
  Result<NewFolder> folder = NewFolder::Make(o.run.out);
  if (!folder.ok()) return folder.status();
  if (Status s = Train(trainer, o); !s.ok()) return s;
  const Result<Traced> traced = WriteTrace(trainer, folder->temporary());
  if (!traced.ok()) return traced.status();
  if (Status s = folder->Commit(); !s.ok()) return s;
  const std::string file = o.run.out + "/trace.json";
  if (o.json) {
    return PrintJson({{"step", trainer.step()},
                      {"loss", traced->loss},
                      {"relative", traced->relative},
                      {"tensors", traced->tensors},
                      {"accesses", traced->accesses},
                      {"file", file}});
  }
  return Print(fmt::format(
      "step {}, loss {:.4f}, gradient error {:.3e}: {} tensors, {} accesses in {}\n",
      trainer.step(), traced->loss, traced->relative, traced->tensors, traced->accesses, file));
}

Status Run(const CaptureOptions& o) {
  ReplaceOutputs(o.run.force);
  Result<std::unique_ptr<Trainer>> made = Prepare(o.run);
  if (!made.ok()) return made.status();
  Trainer& trainer = **made;
  if (o.trace) return RunTrace(trainer, o);
  const Result<std::map<std::string, Output>> outputs = ClaimFiles(trainer, o);
  if (!outputs.ok()) return outputs.status();
  if (Status s = MakeFolder(o.run.out); !s.ok()) return s;
  if (Status s = Train(trainer, o); !s.ok()) return s;

  Json files = Json::array();
  Status failed;
  trainer.stash().set_observer([&](Stash::Access access, const Entry& entry, const at::Tensor& x) {
    if (!IsWanted(o, access, entry) || !failed.ok()) return;
    const Output& file = outputs->at(entry.Name());
    at::Tensor values = o.sample == 0 ? x : SampleOf(x, entry.kind(), o.sample);
    if (o.bf16) values = values.to(at::kBFloat16);
    failed = WriteNpy(file, values);
    files.push_back(
        {{"file", file.path()}, {"kind", ToString(entry.kind())}, {"shape", values.sizes().vec()}});
  });
  const double loss = trainer.Accumulate(trainer.stash(), trainer.step(), 0, 1);
  if (!failed.ok()) return failed;
  if (o.json) return PrintJson({{"step", trainer.step()}, {"loss", loss}, {"tensors", files}});
  std::string text;
  for (const Json& f : files) {
    text += fmt::format("{:<20} {} {}\n", f["kind"].get<std::string>(),
                        f["file"].get<std::string>(), f["shape"].dump());
  }
  return Print(text + fmt::format("{} tensors of step {}, loss {:.4f}\n", files.size(),
                                  trainer.step(), loss));
}

}  // namespace

Command AddCapture(CLI::App& root, const RunConfig& preset) {
  auto o = std::make_shared<CaptureOptions>();
  o->run = preset;
  o->run.stash = "exact";
  CLI::App* app = root.add_subcommand("capture", "Write what a step keeps for backward as .npy");
  AddRunOptions(*app, o->run);
  app->add_option("--after", o->after, "Steps to train before")
      ->transform(cli::Decimal())
      ->check(CLI::Range(int64_t{0}, int64_t{INT32_MAX}).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--out", o->run.out, "Folder for the files")
      ->check(NotEmpty())
      ->type_name("DIR")
      ->required();
  AddJson(*app, o->json);
  AddForce(*app, o->run.force);
  CLI::Option* sample =
      app->add_option(
             "--sample", o->sample,
             "Of one block alone, N values of a tensor: the first rows, of maps every so many")
          ->transform(cli::Decimal())
          ->check(CLI::Range(int64_t{1}, int64_t{INT32_MAX}).description(""))
          ->type_name("N");
  CLI::Option* bf16 =
      app->add_flag("--bf16", o->bf16, "Values to nearest in BF16, as method bf16 keeps them");
  app->add_flag("--trace", o->trace,
                "Also weights, masks, slots, gradients, and every access in order: a new folder")
      ->excludes("--force")
      ->excludes(sample)
      ->excludes(bf16);
  app->footer(
      "Examples:\n"
      "  actplane-train capture --preset tiny --after 100 --out build/runs/tensors\n"
      "  actplane-train capture --init build/runs/exact/checkpoint --out build/runs/tensors\n"
      "  actplane-train capture --init build/runs/exact/checkpoint --sample 8192 --out "
      "build/runs/sample\n"
      "  actplane-train capture --trace --preset tiny --stash actplane:order=significance,ratio=8 "
      "--out build/runs/step\n"
      "  actplane stats build/runs/tensors/*.npy");
  return {app, [o] {
            if (o->trace) o->run.stash = WithRatiosOfKinds(o->run.stash);
            return Run(*o);
          }};
}

}  // namespace actplane::train
