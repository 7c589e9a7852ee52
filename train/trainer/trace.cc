// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/trace.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "actplane/io/npy_writer.h"
#include "actplane/io/tensor_info.h"
#include "train/trainer/gradient.h"

namespace actplane::train {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::span<const std::byte> BytesOf(const at::Tensor& x) {
  return {static_cast<const std::byte*>(x.data_ptr()), x.nbytes()};
}

std::string_view DtypeOf(const at::Tensor& x) {
  switch (x.scalar_type()) {
    case at::kFloat: return "<f4";
    case at::kLong: return "<i8";
    default: return "|u1";
  }
}

std::string_view KindOf(const Entry& entry) {
  switch (entry.part()) {
    case Entry::Part::kMask: return "mask";
    case Entry::Part::kExact: return "exact";
    default: return ToString(entry.kind());
  }
}

std::string_view ToString(Stash::Access access) {
  switch (access) {
    case Stash::Access::kWrite: return "write";
    case Stash::Access::kRead: return "read";
    default: return "release";
  }
}

// Writes into one folder until the first failure.
class Files {
 public:
  explicit Files(std::string folder) : folder_(std::move(folder)) {}

  // The name under the folder: `stem`.npy for float32, `stem`.bin for bytes and integers.
  std::string Tensor(const std::string& stem, const at::Tensor& x) {
    if (x.scalar_type() != at::kFloat) return Bytes(stem + ".bin", {x});
    return Write(stem + ".npy", [&](Output& file) { return WriteNpy(file, x); });
  }

  // The parts as they lie, one behind the other.
  std::string Bytes(const std::string& name, const std::vector<at::Tensor>& parts) {
    return Write(name, [&](Output& file) {
      return file.Write([&](io::Sink& sink) {
        for (const at::Tensor& part : parts) {
          if (Status s = sink.Write(BytesOf(part)); !s.ok()) return s;
        }
        return OkStatus();
      });
    });
  }

  void Text(const std::string& name, const std::string& text) {
    Write(name, [&](Output& file) { return file.Write(text); });
  }

  const Status& status() const { return status_; }

 private:
  template <typename Work>
  std::string Write(const std::string& name, const Work& work) {
    if (!status_.ok()) return name;
    Result<Output> file = Output::ClaimOwn(fmt::format("{}/{}", folder_, name));
    status_ = file.ok() ? work(*file) : file.status();
    return name;
  }

  std::string folder_;
  Status status_;
};

// A stash may outlive its observer, when memory is short for example.
class Observed {
 public:
  Observed(Stash& stash, Stash::Observer observer) : stash_(stash) {
    stash_.set_observer(std::move(observer));
  }
  ~Observed() { stash_.set_observer(nullptr); }
  Observed(const Observed&) = delete;
  Observed& operator=(const Observed&) = delete;

 private:
  Stash& stash_;
};

Json TensorOf(const Entry& entry, const at::Tensor& x, Files& files) {
  const std::string name = entry.Name();
  const Packed& packed = entry.packed();
  Json json = {{"name", name}, {"kind", KindOf(entry)}};
  if (x.defined()) {
    json["dtype"] = DtypeOf(x);
    json["shape"] = x.sizes().vec();
    json["raw_bytes"] = x.nbytes();
    json["file"] = files.Tensor("tensors/" + name, x);
  }
  json["stored_bytes"] = packed.bytes.total();
  json["payload"] = packed.bytes.payload;
  json["metadata"] = packed.bytes.metadata;
  json["padding"] = packed.bytes.padding;
  if (x.defined()) {
    json["ratio"] = static_cast<double>(x.nbytes()) / static_cast<double>(packed.bytes.total());
  }
  const bool as_it_is = x.defined() && packed.parts.size() == 1 && packed.parts[0].is_same(x);
  json["stored"] =
      as_it_is ? json["file"] : Json(files.Bytes("stored/" + name + ".bin", packed.parts));
  return json;
}

// What backward is given. Every read must give the same bits, or the first one does not speak for
// all.
void NoteRead(const Entry& entry, const at::Tensor& x, Json& json,
              std::map<int64_t, at::Tensor>& first, Files& files) {
  if (!x.defined() || !json.contains("file")) return;
  const auto [it, is_new] = first.emplace(entry.number(), x);
  if (!is_new) {
    TORCH_CHECK(std::ranges::equal(BytesOf(it->second), BytesOf(x)), "two reads of ", entry.Name(),
                " differ");
    return;
  }
  const bool lossless = json["stored"] == json["file"];
  json["returned"] = lossless ? json["file"] : Json(files.Tensor("returned/" + entry.Name(), x));
}

}  // namespace

Status WriteNpy(const Output& file, const at::Tensor& x) {
  io::TensorInfo info{.dtype = "<f4"};
  if (x.scalar_type() == at::kBFloat16) {
    info.dtype = "<u2";
    info.format = Format::kBf16;
  }
  for (const int64_t n : x.sizes()) info.shape.push_back(static_cast<uint64_t>(n));
  info.values = static_cast<uint64_t>(x.numel());
  Result<std::unique_ptr<io::Sink>> sink = file.Open();
  if (!sink.ok()) return sink.status();
  Result<io::NpyWriter> writer = io::NpyWriter::Create(std::move(sink).value(), info);
  if (!writer.ok()) return writer.status();
  if (Status s = writer->Write(BytesOf(x)); !s.ok()) return s;
  return writer->Finish();
}

Result<Traced> WriteTrace(Trainer& trainer, const std::string& folder) {
  for (const char* part :
       {"weights", "gradients/exact", "gradients/stash", "tensors", "stored", "returned"}) {
    std::error_code error;
    fs::create_directories(fs::path(folder) / part, error);
    if (error) {
      return IoError(fmt::format("cannot make a folder in {}: {}; choose another --out",
                                 io::Quote(folder), error.message()));
    }
  }
  Files files(folder);
  Traced traced;
  Stash exact(nullptr);
  double exact_loss = 0;
  const Gradient g = GradientOf(trainer, exact, 0, &exact_loss, nullptr);
  if (Status s = trainer.Adopt(trainer.stash()); !s.ok()) return s;

  Json tensors = Json::array();
  Json accesses = Json::array();
  std::map<int64_t, at::Tensor> given;  // to backward, by number
  const Observed observed(
      trainer.stash(), [&](Stash::Access access, const Entry& entry, const at::Tensor& x) {
        accesses.push_back({{"access", ToString(access)}, {"tensor", entry.number()}});
        if (access == Stash::Access::kWrite) tensors.push_back(TensorOf(entry, x, files));
        if (access == Stash::Access::kRead) {
          NoteRead(entry, x, tensors[static_cast<size_t>(entry.number())], given, files);
        }
        if (access == Stash::Access::kRelease) given.erase(entry.number());
      });
  const Gradient h = GradientOf(trainer, trainer.stash(), 0, &traced.loss, nullptr);
  Difference d;
  Add(g, h, d);
  traced.relative = d.Relative();
  traced.tensors = static_cast<int64_t>(tensors.size());
  traced.accesses = static_cast<int64_t>(accesses.size());

  Json parameters = Json::array();
  for (size_t i = 0; i < g.size(); ++i) {
    const Parameter& p = *trainer.parameters()[i];
    parameters.push_back({{"name", p.name},
                          {"shape", p.value.sizes().vec()},
                          {"weight", files.Tensor("weights/" + p.name, p.value)},
                          {"exact", files.Tensor("gradients/exact/" + p.name, g[i].contiguous())},
                          {"stash", files.Tensor("gradients/stash/" + p.name, h[i].contiguous())}});
  }
  const Json json = {{"config", trainer.config().Identity()},
                     {"step", trainer.step()},
                     {"loss_exact", exact_loss},
                     {"loss", traced.loss},
                     {"relative", traced.relative},
                     {"parameters", parameters},
                     {"tensors", tensors},
                     {"accesses", accesses}};
  files.Text("trace.json", json.dump(1) + "\n");
  if (!files.status().ok()) return files.status();
  return traced;
}

Result<NewFolder> NewFolder::Make(const std::string& path) {
  std::error_code error;
  fs::path whole = fs::weakly_canonical(fs::absolute(path, error), error);
  if (!whole.has_filename()) whole = whole.parent_path();  // "step/"
  if (fs::exists(whole, error) &&
      (!fs::is_directory(whole, error) || !fs::is_empty(whole, error))) {
    return ConfigError(fmt::format("{} is there already and no empty folder; choose another --out",
                                   io::Quote(path)));
  }
  const std::string temporary = fmt::format("{}.{}", whole.string(), ::getpid());
  if (!error) fs::create_directories(whole.parent_path(), error);
  if (!error) fs::create_directory(temporary, error);
  if (error) {
    return IoError(fmt::format("cannot make the folder {}: {}; choose another --out",
                               io::Quote(path), error.message()));
  }
  return NewFolder(whole.string(), temporary);
}

NewFolder::~NewFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

Status NewFolder::Commit() {
  std::error_code error;
  fs::rename(temporary_, path_, error);
  if (error) {
    return IoError(fmt::format("cannot give the folder {} its name: {}; choose another --out",
                               io::Quote(path_), error.message()));
  }
  temporary_.clear();
  return OkStatus();
}

}  // namespace actplane::train
