// SPDX-License-Identifier: Apache-2.0
// actplane-train capture
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "train/app/commands.h"
#include "train/trainer/trace.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

struct CaptureOptions {
  RunConfig run;
  int64_t after = 0;
  bool trace = false;
  bool json = false;
};

bool IsActivation(Stash::Access access, const Entry& entry) {
  return access == Stash::Access::kWrite && entry.part() == Entry::Part::kActivation;
}

// What a step keeps at most, by name; from a step of one window.
Result<std::map<std::string, Output>> ClaimFiles(const Trainer& trainer) {
  RunConfig config = trainer.config();
  config.stash = "exact";
  config.batch = 1;
  Result<std::unique_ptr<Trainer>> small = Trainer::Create(config, trainer.corpus());
  if (!small.ok()) return small.status();
  std::set<std::string> names;
  (*small)->stash().set_observer([&](Stash::Access access, const Entry& entry, const at::Tensor&) {
    if (IsActivation(access, entry)) names.insert(entry.Name());
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
  const Result<std::map<std::string, Output>> outputs = ClaimFiles(trainer);
  if (!outputs.ok()) return outputs.status();
  if (Status s = MakeFolder(o.run.out); !s.ok()) return s;
  if (Status s = Train(trainer, o); !s.ok()) return s;

  Json files = Json::array();
  Status failed;
  trainer.stash().set_observer([&](Stash::Access access, const Entry& entry, const at::Tensor& x) {
    if (!IsActivation(access, entry) || !failed.ok()) return;
    const Output& file = outputs->at(entry.Name());
    failed = WriteNpy(file, x);
    files.push_back(
        {{"file", file.path()}, {"kind", ToString(entry.kind())}, {"shape", x.sizes().vec()}});
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
      ->check(CLI::Range(int64_t{0}, int64_t{INT32_MAX}).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--out", o->run.out, "Folder for the files")->type_name("DIR")->required();
  AddJson(*app, o->json);
  AddForce(*app, o->run.force);
  app->add_flag("--trace", o->trace,
                "Also weights, masks, slots, gradients, and every access in order: a new folder")
      ->excludes("--force");
  app->footer(
      "Examples:\n"
      "  actplane-train capture --preset tiny --after 100 --out build/runs/tensors\n"
      "  actplane-train capture --init build/runs/exact/checkpoint --out build/runs/tensors\n"
      "  actplane-train capture --trace --preset tiny --stash actplane:order=significance,ratio=8 "
      "--out build/runs/step\n"
      "  actplane stats build/runs/tensors/*.npy");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
