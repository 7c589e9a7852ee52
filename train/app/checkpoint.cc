// SPDX-License-Identifier: Apache-2.0
// Checkpoints: an archive of libtorch, written beside its place and renamed when it is whole and on
// the disk.
#include <fmt/format.h>
#include <torch/serialize/archive.h>

#include <filesystem>
#include <span>

#include "actplane/io/output_file.h"
#include "actplane/io/tensor_info.h"
#include "train/app/trainer.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMagic = "actplane checkpoint 1";

Status Foreign(const std::string& path, const std::string& why) {
  return BadInputError(
      fmt::format("{}: {}; give a checkpoint of actplane-train", io::Quote(path), why));
}

Status SameConfiguration(const std::string& path, const Json& theirs, const Json& ours) {
  for (const auto& [key, value] : ours.items()) {
    if (!theirs.contains(key) || theirs[key] != value) {
      return ConfigError(fmt::format(
          "{} is of another configuration: {} is {} there and {} here; change it or start anew in "
          "another --out",
          io::Quote(path), key, theirs.contains(key) ? theirs[key].dump() : "missing",
          value.dump()));
    }
  }
  return OkStatus();
}

}  // namespace

Status Trainer::Save(const std::string& path) {
  torch::serialize::OutputArchive archive;
  Json identity = config_.Identity();
  identity["text"] = fmt::format("{:016x}", corpus_.hash());
  archive.write("magic", c10::IValue(std::string(kMagic)));
  archive.write("config", c10::IValue(identity.dump()));
  archive.write("step", c10::IValue(step_));
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i]->name;
    archive.write("value." + name, parameters_[i]->value);
    if (!optimizer_->first()[i].defined()) continue;
    archive.write("first." + name, optimizer_->first()[i]);
    archive.write("second." + name, optimizer_->second()[i]);
  }
  const auto write_state = [&](const std::string& prefix, const State& state) {
    std::string names;
    for (const auto& [name, tensor] : state) {
      archive.write(prefix + "." + name, tensor);
      names += name + "\n";
    }
    archive.write(prefix, c10::IValue(names));
  };
  write_state("codec", stash_->codec().SaveState());
  write_state("formulas", stash_->formulas().SaveState());

  Result<std::unique_ptr<io::Sink>> sink = io::OpenOutputFile(path, {.sync = true});
  if (!sink.ok()) return sink.status();
  Status failed;
  // After a failure the rest is swallowed: the writer of libtorch takes no short answer kindly.
  archive.save_to([&](const void* data, size_t size) {
    if (failed.ok()) failed = (*sink)->Write({static_cast<const std::byte*>(data), size});
    return size;
  });
  return failed.ok() ? (*sink)->Commit() : failed;
}

Status Trainer::Load(const std::string& path, bool all) {
  if (!std::filesystem::is_regular_file(path))
    return IoError(fmt::format("{}: there is no such file; check the path", io::Quote(path)));
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(path);
    const auto text = [&](const std::string& key) {
      c10::IValue value;
      archive.read(key, value);
      return value.toStringRef();
    };
    if (text("magic") != kMagic) return Foreign(path, "it is a file of another version");
    const Json theirs = Json::parse(text("config"));
    Json ours = all ? config_.Identity() : config_.Shape();
    if (all) ours["text"] = fmt::format("{:016x}", corpus_.hash());
    if (Status s = SameConfiguration(path, theirs, ours); !s.ok()) return s;
    const auto tensor = [&](const std::string& key) {
      at::Tensor t;
      archive.read(key, t);
      return t;
    };
    // All of it is read before any of it is used.
    std::vector<at::Tensor> values(parameters_.size());
    std::vector<at::Tensor> first(parameters_.size());
    std::vector<at::Tensor> second(parameters_.size());
    for (size_t i = 0; i < parameters_.size(); ++i) {
      const std::string& name = parameters_[i]->name;
      values[i] = tensor("value." + name);
      if (values[i].sizes() != parameters_[i]->value.sizes())
        return Foreign(path, fmt::format("{} has another shape", name));
      c10::IValue there;
      if (!all || !archive.try_read("first." + name, there)) continue;
      first[i] = tensor("first." + name);
      second[i] = tensor("second." + name);
    }
    if (all) {
      const auto read_state = [&](const std::string& prefix) {
        State state;
        std::istringstream names(text(prefix));
        for (std::string name; std::getline(names, name);)
          state[name] = tensor(prefix + "." + name);
        return state;
      };
      if (Status s = stash_->codec().LoadState(read_state("codec")); !s.ok()) return s;
      if (Status s = stash_->formulas().LoadState(read_state("formulas")); !s.ok()) return s;
      c10::IValue step;
      archive.read("step", step);
      step_ = step.toInt();
      optimizer_->first() = first;
      optimizer_->second() = second;
    }
    for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i]->value.copy_(values[i]);
  } catch (const c10::Error&) {
    return Foreign(path, "it is damaged or of another program");
  } catch (const Json::exception&) {
    return Foreign(path, "its configuration cannot be read");
  }
  return OkStatus();
}

Status Trainer::Resume(const std::string& path) { return Load(path, true); }

Status Trainer::LoadWeights(const std::string& path) { return Load(path, false); }

}  // namespace actplane::train
