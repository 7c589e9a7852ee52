// SPDX-License-Identifier: Apache-2.0
// actplane-train capture
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>

#include "actplane/io/npy_writer.h"
#include "train/app/commands.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  RunConfig run;
  int64_t after = 0;
  bool json = false;
};

Status WriteTensor(const std::string& path, const at::Tensor& x) {
  io::TensorInfo info{.dtype = "<f4"};
  for (const int64_t n : x.sizes()) info.shape.push_back(static_cast<uint64_t>(n));
  info.values = static_cast<uint64_t>(x.numel());
  Result<io::NpyWriter> writer = io::NpyWriter::Create(path, info);
  if (!writer.ok()) return writer.status();
  const auto values = std::as_bytes(std::span(x.data_ptr<float>(), static_cast<size_t>(x.numel())));
  if (Status s = writer->Write(values); !s.ok()) return s;
  return writer->Finish();
}

Status Run(const Options& o) {
  Result<std::unique_ptr<Trainer>> made = Prepare(o.run);
  if (!made.ok()) return made.status();
  Trainer& trainer = **made;
  if (Status s = MakeFolder(o.run.out); !s.ok()) return s;
  StatusLine line(o.json);
  for (int64_t i = 0; i < o.after; ++i) {
    const Result<StepReport> step = trainer.Step();
    if (!step.ok()) return step.status();
    line.Show(fmt::format("step {}/{}  loss {:.4f}", i + 1, o.after, step->loss));
  }
  line.Clear();

  Json files = Json::array();
  Status failed;
  trainer.stash().set_observer([&](const at::Tensor& x, const Context& context) {
    if (!failed.ok()) return;
    const std::string path = fmt::format("{}/{}.npy", o.run.out, context.site.Name());
    failed = WriteTensor(path, x);
    files.push_back(
        {{"file", path}, {"kind", ToString(context.site.kind)}, {"shape", x.sizes().vec()}});
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
  auto o = std::make_shared<Options>();
  o->run = preset;
  o->run.stash = "exact";
  CLI::App* app = root.add_subcommand("capture", "Write what a step keeps for backward as .npy");
  AddRunOptions(*app, o->run);
  app->add_option("--after", o->after, "Steps to train before")
      ->check(CLI::Range(int64_t{0}, int64_t{INT32_MAX}).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--out", o->run.out, "Folder for the files")->type_name("DIR")->required();
  app->add_flag("--json", o->json, "Print one JSON object instead of text");
  app->footer(
      "Examples:\n"
      "  actplane-train capture --preset tiny --after 100 --out build/runs/tensors\n"
      "  actplane-train capture --init build/runs/exact/checkpoint --out build/runs/tensors\n"
      "  actplane stats build/runs/tensors/*.npy");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
