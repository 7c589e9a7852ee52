// SPDX-License-Identifier: Apache-2.0
#include "train/stash/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "actplane/io/files.h"
#include "actplane/io/tensor_info.h"

namespace actplane::train {

namespace fs = std::filesystem;

// Taken from the list when the last owner of the output is gone.
struct Output::Claimed {
  Claimed(std::string name, std::string one, bool over)
      : path(std::move(name)), key(std::move(one)), replace(over) {
    All().push_back(this);
  }
  ~Claimed() { std::erase(All(), this); }
  Claimed(const Claimed&) = delete;
  Claimed& operator=(const Claimed&) = delete;

  static std::vector<Claimed*>& All() {
    static std::vector<Claimed*> all;
    return all;
  }

  std::string path;
  std::string key;  // one for all names of the file; empty: a device, which loses nothing
  bool replace;
  bool written = false;
};

namespace {

struct Process {
  io::Files files;
  bool replace = false;
  bool streams = true;
};

Process& TheProcess() {
  static Process process;
  return process;
}

// A link that leads nowhere is replaced itself, as weakly_canonical has it.
std::string KeyOf(const std::string& path) {
  if (io::Files::IsStandardOutput(path)) return "-";
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_regular_file(path, error)) return {};
  const fs::path key = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path : key.string();
}

}  // namespace

Status Output::CheckAll() {
  for (const Claimed* c : Claimed::All()) {
    if (Status s = TheProcess().files.CheckOutput(c->path, true); !s.ok()) return s;
  }
  return OkStatus();
}

Result<std::unique_ptr<io::RandomAccessSource>> OpenInput(const std::string& path, Role role,
                                                          uint64_t most) {
  if (role == Role::kOwn) return io::OpenFile(path);
  Process& process = TheProcess();
  if (!process.streams) {
    if (path == "-") {
      return BadInputError(
          "standard input can be read only once, and every run reads it; give a regular file");
    }
    if (Status s = process.files.NoteInput(path); !s.ok()) return s;  // refuses what is not
  }
  Result<std::unique_ptr<io::RandomAccessSource>> source = process.files.OpenInput(path, most);
  if (!source.ok()) return source;
  if (Status s = Output::CheckAll(); !s.ok()) return s;
  return source;
}

Result<std::string> ReadInput(const std::string& path, uint64_t most, std::string_view fix,
                              Role role) {
  const Result<std::unique_ptr<io::RandomAccessSource>> source = OpenInput(path, role, most);
  if (!source.ok()) return source.status();
  const uint64_t size = (*source)->size();
  if (size > most) {
    return BadInputError(
        fmt::format("{} has more than the {} bytes that are read; {}", io::Quote(path), most, fix));
  }
  std::string text(size, '\0');
  if (Status s = (*source)->ReadAt(0, std::as_writable_bytes(std::span(text))); !s.ok()) return s;
  return text;
}

Status NoteInput(const std::string& path) {
  std::error_code ignored;
  const bool stream = path == "-" || (fs::exists(path, ignored) && fs::is_fifo(path, ignored));
  return stream ? OkStatus() : TheProcess().files.NoteInput(path);
}

void RefuseStreams() { TheProcess().streams = false; }

void ReplaceOutputs(bool replace) { TheProcess().replace = replace; }

Result<Output> Output::Claim(const std::string& path) {
  const Process& process = TheProcess();
  if (Status s = process.files.CheckOutput(path, process.replace); !s.ok()) return s;
  const std::string key = KeyOf(path);
  for (const Claimed* other : Claimed::All()) {
    if (!key.empty() && other->key == key) {
      return ConfigError(
          fmt::format("{} is given for two outputs; choose another name for one", io::Quote(path)));
    }
  }
  return Output(std::make_shared<Claimed>(path, key, process.replace));
}

Result<Output> Output::ClaimOwn(const std::string& path) {
  std::error_code ignored;
  if (io::Files::IsStandardOutput(path) ||
      (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored))) {
    return BadInputError(
        fmt::format("{} is no regular file; choose another name", io::Quote(path)));
  }
  return Claim(path);
}

const std::string& Output::path() const { return claimed_->path; }

std::string Output::AnyClaimed() {
  return Claimed::All().empty() ? std::string() : Claimed::All().front()->path;
}

Result<std::unique_ptr<io::Sink>> Output::Open(bool sync) const {
  const Claimed& c = *claimed_;
  // Not for the second time: the file is ours, and may have the number of an input that is gone.
  if (!c.written) {
    if (Status s = TheProcess().files.CheckOutput(c.path, c.replace); !s.ok()) return s;
  }
  if (io::Files::IsStandardOutput(c.path)) return io::OpenStandardOutput();
  return io::OpenOutputFile(c.path, {.sync = sync, .replace = c.replace || c.written});
}

Status Output::Write(const std::function<Status(io::Sink&)>& write, bool sync) {
  Result<std::unique_ptr<io::Sink>> sink = Open(sync);
  if (!sink.ok()) return sink.status();
  if (Status s = write(**sink); !s.ok()) return s;
  if (Status s = (*sink)->Commit(); !s.ok()) return s;
  claimed_->written = true;
  return OkStatus();
}

Status Output::Write(std::string_view text) {
  return Write([&](io::Sink& sink) { return sink.Write(std::as_bytes(std::span(text))); });
}

}  // namespace actplane::train
