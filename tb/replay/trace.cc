// SPDX-License-Identifier: Apache-2.0
#include "replay/trace.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include "actplane/io/tensor_file.h"

namespace actplane::tb {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMostJson = 64 << 20;
constexpr uint64_t kMostBytes = uint64_t{1} << 40;  // of a tensor

class TraceReader {
 public:
  explicit TraceReader(std::string path) : path_(std::move(path)) {}

  Result<Trace> Read(const Json& json) {
    Trace trace;
    if (!json.is_object()) return Bad("it is no JSON object");
    const auto config = json.find("config");
    if (config != json.end() && config->is_object()) trace.stash = Text(*config, "stash");
    const auto tensors = json.find("tensors");
    const auto accesses = json.find("accesses");
    if (trace.stash.empty() || tensors == json.end() || !tensors->is_array() ||
        accesses == json.end() || !accesses->is_array()) {
      return Bad("it has not config.stash, tensors and accesses");
    }
    for (const Json& t : *tensors) {
      Result<TraceTensor> tensor = Tensor(t, trace.tensors.size());
      if (!tensor.ok()) return tensor.status();
      trace.tensors.push_back(std::move(*tensor));
    }
    enum class State : uint8_t { kNew, kHeld, kReleased };
    std::vector<State> states(trace.tensors.size(), State::kNew);
    for (const Json& a : *accesses) {
      const auto number = a.is_object() ? a.find("tensor") : a.end();
      const std::string access = Text(a, "access");
      const std::string where = fmt::format("access {}", trace.steps.size());
      if (!a.is_object() || number == a.end() || !number->is_number_unsigned() ||
          number->get<uint64_t>() >= states.size()) {
        return Bad(fmt::format("{} is of no tensor", where));
      }
      TraceStep step{TraceAccess::kWrite, number->get<size_t>()};
      if (access == "read") step.access = TraceAccess::kRead;
      if (access == "release") step.access = TraceAccess::kRelease;
      if (step.access == TraceAccess::kWrite && access != "write") {
        return Bad(where + " is no write, read or release");
      }
      State& state = states[step.tensor];
      const State needed = step.access == TraceAccess::kWrite ? State::kNew : State::kHeld;
      if (state != needed) {
        return Bad(fmt::format("{} is a {} of tensor {} when it is {}", where, access, step.tensor,
                               state == State::kNew    ? "not written yet"
                               : state == State::kHeld ? "written already"
                                                       : "released"));
      }
      state = step.access == TraceAccess::kRelease ? State::kReleased : State::kHeld;
      trace.steps.push_back(step);
    }
    trace.folder = path_.substr(0, path_.rfind('/') + 1);
    // Before anything is made as large as trace.json says.
    for (const TraceTensor& t : trace.tensors) {
      std::error_code error;
      const uint64_t there = std::filesystem::file_size(trace.folder + t.file, error);
      if (!error && there >= t.raw_bytes) continue;
      return BadInputError(
          fmt::format("{}: {} is not there, or has fewer than {} bytes; capture "
                      "the step again",
                      io::Quote(path_), io::Quote(t.file), t.raw_bytes));
    }
    return trace;
  }

  Status Bad(const std::string& what) const {
    return BadInputError(
        fmt::format("{} is no trace of a step: {}; write one with actplane-train capture --trace",
                    io::Quote(path_), what));
  }

 private:
  static std::string Text(const Json& json, const char* name) {
    if (!json.is_object()) return "";
    const auto it = json.find(name);
    return it != json.end() && it->is_string() ? it->get<std::string>() : "";
  }

  // A file of the folder, and of no other.
  static bool IsInside(const std::string& file) {
    const std::filesystem::path path(file);
    return path.is_relative() && std::find(path.begin(), path.end(), "..") == path.end();
  }

  Result<TraceTensor> Tensor(const Json& t, size_t number) const {
    TraceTensor tensor{.name = Text(t, "name"), .kind = Text(t, "kind"), .dtype = Text(t, "dtype")};
    tensor.file = Text(t, "file");
    tensor.stored = Text(t, "stored");
    tensor.returned = Text(t, "returned");
    const std::string who = fmt::format("tensor {} ({})", number, io::Quote(tensor.name));
    if (tensor.kind.empty() || tensor.stored.empty()) return Bad(who + " has no kind or no stored");
    if (tensor.file.empty()) {
      return BadInputError(fmt::format(
          "{}: {} has no content, the method keeps it in a form of its own; capture with --stash "
          "exact or actplane",
          io::Quote(path_), who));
    }
    uint64_t bytes = tensor.dtype == "<f4" ? 4 : tensor.dtype == "<i8" ? 8 : 1;
    if (tensor.dtype != "<f4" && tensor.dtype != "<i8" && tensor.dtype != "|u1") {
      return Bad(fmt::format("{} has dtype {}, not <f4, <i8 or |u1", who, io::Quote(tensor.dtype)));
    }
    if (tensor.activation() && tensor.dtype != "<f4") return Bad(who + " is not float32");
    const auto shape = t.find("shape");
    if (shape == t.end() || !shape->is_array()) return Bad(who + " has no shape");
    for (const Json& n : *shape) {
      const uint64_t count = n.is_number_unsigned() ? n.get<uint64_t>() : 0;
      if (count == 0 || count > kMostBytes / bytes) return Bad(who + " has an impossible shape");
      tensor.shape.push_back(count);
      bytes *= count;
    }
    tensor.raw_bytes = bytes;
    for (const std::string& file : {tensor.file, tensor.stored, tensor.returned}) {
      if (!IsInside(file)) {
        return Bad(fmt::format("{} has its file {} elsewhere", who, io::Quote(file)));
      }
    }
    return tensor;
  }

  std::string path_;
};

}  // namespace

Result<Trace> ReadTrace(io::Files& files, const std::string& path) {
  std::error_code ignored;
  const std::string file =
      std::filesystem::is_directory(path, ignored) ? path + "/trace.json" : path;
  const Result<std::unique_ptr<io::RandomAccessSource>> source = files.OpenInput(file, kMostJson);
  if (!source.ok()) return source.status();
  TraceReader reader(file);
  if ((*source)->size() > kMostJson) return reader.Bad("it is larger than 64 MiB");
  std::string text((*source)->size(), '\0');
  if (Status s = (*source)->ReadAt(0, std::as_writable_bytes(std::span(text))); !s.ok()) return s;
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return reader.Bad("it is no JSON");
  return reader.Read(json);
}

Result<std::vector<std::byte>> ReadTraceFile(io::Files& files, const Trace& trace,
                                             const std::string& file, uint64_t bytes) {
  const std::string path = trace.folder + file;
  Result<std::unique_ptr<io::RandomAccessSource>> source = files.OpenInput(path);
  if (!source.ok()) return source.status();
  const auto wrong = [&](uint64_t there) {
    return BadInputError(fmt::format("{} has {} bytes, trace.json says {}; capture the step again",
                                     io::Quote(path), there, bytes));
  };
  std::vector<std::byte> content;
  if (!file.ends_with(".npy")) {
    if ((*source)->size() != bytes) return wrong((*source)->size());
    content.resize(bytes);
    if (Status s = (*source)->ReadAt(0, content); !s.ok()) return s;
    return content;
  }
  const Result<io::TensorReader> reader = io::TensorReader::Open(std::move(*source));
  if (!reader.ok()) return reader.status();
  const io::TensorInfo& info = reader->tensors().front();
  const uint64_t there = info.values * InfoOf(info.format).value_bytes;
  if (there != bytes || info.format != Format::kFp32) return wrong(there);
  content.resize(bytes);
  if (Status s = reader->Read(0, 0, content); !s.ok()) return s;
  return content;
}

}  // namespace actplane::tb
