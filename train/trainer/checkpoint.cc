// SPDX-License-Identifier: Apache-2.0
// Checkpoints: an archive of libtorch with a seal behind it, written beside its place and renamed
// when it is whole and on the disk. libtorch checks no sums, and runs the code that an archive may
// hold: it sees only bytes that the seal vouches for.
#include <fmt/format.h>
#include <torch/serialize/archive.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <span>

#include "actplane/io/tensor_info.h"
#include "train/stash/files.h"
#include "train/trainer/exceptions.h"
#include "train/trainer/trainer.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

// The last bytes of a checkpoint.
struct Seal {
  std::array<char, 24> mark = {};
  uint64_t hash = 0;  // XXH3 of all bytes before the seal
};
constexpr std::string_view kMark = "actplane checkpoint 2";
static_assert(sizeof(Seal) == 32 && std::endian::native == std::endian::little);

class Hash {
 public:
  Hash() : state_(XXH3_createState(), &XXH3_freeState) { XXH3_64bits_reset(state_.get()); }
  void Add(std::span<const std::byte> bytes) {
    XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
  }
  uint64_t value() const { return XXH3_64bits_digest(state_.get()); }

 private:
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state_;
};

Seal SealOf(const Hash& hash) {
  Seal seal;
  std::copy(kMark.begin(), kMark.end(), seal.mark.begin());
  seal.hash = hash.value();
  return seal;
}

Status Foreign(const std::string& path, const std::string& why) {
  return BadInputError(
      fmt::format("{}: {}; give a checkpoint of actplane-train", io::Quote(path), why));
}

Status Damaged(const std::string& path) {
  return Foreign(path, "it is damaged or of another program");
}

struct Sealed {
  uint64_t bytes;
  uint64_t hash;
};

Result<Sealed> ReadSeal(const io::RandomAccessSource& file) {
  if (file.size() < sizeof(Seal)) return Damaged(file.name());
  const uint64_t end = file.size() - sizeof(Seal);
  Seal seal;
  if (Status s = file.ReadAt(end, std::as_writable_bytes(std::span(&seal, 1))); !s.ok()) return s;
  if (seal.mark != SealOf(Hash()).mark) return Damaged(file.name());
  return Sealed{end, seal.hash};
}

// What the seal at the end of a file vouches for.
Result<Sealed> CheckSeal(const io::RandomAccessSource& file) {
  Result<Sealed> seal = ReadSeal(file);
  if (!seal.ok()) return seal;
  Hash hash;
  std::vector<std::byte> piece;
  for (uint64_t at = 0; at < seal->bytes; at += piece.size()) {
    piece.resize(std::min<uint64_t>(seal->bytes - at, 1 << 20));
    if (Status s = file.ReadAt(at, piece); !s.ok()) return s;
    hash.Add(piece);
  }
  return hash.value() == seal->hash ? seal : Damaged(file.name());
}

std::string InWords(uint64_t hash) { return fmt::format("{:016x}", hash); }

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

Status Trainer::Save(Output& file) {
  torch::serialize::OutputArchive archive;
  archive.write("config", c10::IValue(config_.Identity().dump()));
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

  const auto write = [&](io::Sink& sink) {
    Status failed;
    Hash hash;
    // After a failure the rest is swallowed: the writer of libtorch takes no short answer kindly.
    archive.save_to([&](const void* data, size_t size) {
      const std::span bytes(static_cast<const std::byte*>(data), size);
      hash.Add(bytes);
      if (failed.ok()) failed = sink.Write(bytes);
      return size;
    });
    if (!failed.ok()) return failed;
    const Seal seal = SealOf(hash);
    return sink.Write(std::as_bytes(std::span(&seal, 1)));
  };
  return file.Write(write, /*sync=*/true);
}

Status Trainer::Load(const std::string& path, bool all) {
  const Result<std::unique_ptr<io::RandomAccessSource>> file =
      OpenInput(path, all ? Role::kOwn : Role::kInput);
  if (!file.ok()) return file.status();
  const Result<Sealed> sealed = CheckSeal(**file);
  if (!sealed.ok()) return sealed.status();
  const uint64_t end = sealed->bytes;
  Status unread;
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(
        [&](uint64_t at, void* to, size_t bytes) {
          bytes = std::min<uint64_t>(bytes, end - std::min(at, end));
          if (Status s = (*file)->ReadAt(at, {static_cast<std::byte*>(to), bytes}); !s.ok()) {
            unread = s;
            return size_t{0};
          }
          return bytes;
        },
        [&] { return end; });
    const auto text = [&](const std::string& key) {
      c10::IValue value;
      archive.read(key, value);
      return value.toStringRef();
    };
    const Json theirs = Json::parse(text("config"));
    Json ours = all ? config_.Identity() : config_.Shape();
    if (all && config_.init_hash.empty()) ours.erase("init");  // what it started from is in it
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
      config_.init_hash = theirs.value("init", std::string());
      optimizer_->first() = first;
      optimizer_->second() = second;
    }
    for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i]->value.copy_(values[i]);
    if (!all) config_.init_hash = InWords(sealed->hash);
  } catch (const std::exception& e) {  // of libtorch also others than c10::Error
    if (IsOutOfMemory(e)) throw;
    return unread.ok() ? Damaged(path) : unread;
  }
  return OkStatus();
}

Status Trainer::Resume(const std::string& path) { return Load(path, true); }

Status Trainer::LoadWeights(const std::string& path) { return Load(path, false); }

Result<std::string> Trainer::HashOf(const std::string& path) {
  const Result<std::unique_ptr<io::RandomAccessSource>> file = OpenInput(path, Role::kOwn);
  if (!file.ok()) return file.status();
  const Result<Sealed> seal = ReadSeal(**file);
  return seal.ok() ? Result<std::string>(InWords(seal->hash)) : seal.status();
}

}  // namespace actplane::train
