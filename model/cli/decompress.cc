// SPDX-License-Identifier: Apache-2.0
// actplane decompress: container to .npy, one file or a folder of them.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "actplane/fast.h"
#include "actplane/io/npy_writer.h"
#include "common.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr uint64_t kPieceBytes = 4 << 20;  // of values; a chunk may hold many more
constexpr size_t kLongestName = 200;       // leaves room in the 255 bytes of a file name

struct DecompressOptions {
  std::string in, out;
  std::optional<std::string> tensor;
  std::optional<Fill> fill;
  int threads = 0;
  bool keep_going = false;
  bool force = false;
  bool json = false;
};

struct Done {
  size_t tensor;
  std::string path;
  uint64_t malformed = 0;  // blocks
  uint64_t damaged = 0;    // blocks of chunks that cannot be read
};

// A file name for any tensor name: different for different names, never a path. What is not a
// letter, digit or one of "._-" becomes %XX.
std::string FileNameOf(const io::TensorInfo& info, size_t index) {
  std::string name;
  for (const char c : info.name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !name.empty());
    name += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (name.empty() || name.size() > kLongestName) name = fmt::format("%tensor{}", index);
  return name + ".npy";
}

// Blocks [first, first + blocks) of a chunk.
Status DecodeBlocks(const io::ChunkView& chunk, uint64_t first, uint64_t blocks,
                    const Config& config, int threads, std::span<std::byte> values,
                    uint64_t& malformed) {
  const auto boundaries = chunk.boundaries.subspan(first, blocks + 1);
  if (config.lossless) {
    return fast::DecompressBlocksLossless(chunk.bytes, boundaries, config, values, &malformed,
                                          threads);
  }
  const auto slots =
      chunk.bytes.subspan(boundaries.front(), boundaries.back() - boundaries.front());
  return fast::DecompressBlocks(slots, config, values, &malformed, threads);
}

// All but the name of the file.
Result<std::unique_ptr<io::Sink>> DecompressTensor(io::ContainerReader& reader,
                                                   const Config& config, const io::Files& files,
                                                   Progress& progress, const DecompressOptions& o,
                                                   Done& done) {
  const io::ContainerTensor& t = reader.tensors()[done.tensor];
  Result<std::unique_ptr<io::Sink>> sink = files.OpenOutput(done.path, o.force);
  if (!sink.ok()) return sink.status();
  Result<io::NpyWriter> writer = io::NpyWriter::Create(std::move(*sink), t.info);
  if (!writer.ok()) return writer.status();
  const uint64_t step = kPieceBytes / BlockBytes(config);
  std::vector<std::byte> piece(std::min(step, t.blocks) * BlockBytes(config));
  uint64_t left = RawBytes(t.info);
  for (uint64_t c = 0; c < t.chunks; ++c) {
    const uint64_t first_block = c * t.blocks_per_chunk;
    const uint64_t in_chunk = std::min<uint64_t>(t.blocks_per_chunk, t.blocks - first_block);
    Result<io::ChunkView> chunk = reader.ReadChunk(done.tensor, c);
    if (!chunk.ok()) {
      if (!o.keep_going) {
        return Status(chunk.status().code(),
                      chunk.status().message() + ", or read these as zeros with --keep-going");
      }
      done.damaged += in_chunk;
    }
    for (uint64_t first = 0; first < in_chunk; first += step) {
      const uint64_t blocks = std::min(step, in_chunk - first);
      const auto values = std::span(piece).first(std::min(blocks * BlockBytes(config), left));
      uint64_t malformed = 0;
      if (!chunk.ok()) {
        std::fill(values.begin(), values.end(), std::byte{0});
      } else if (Status s =
                     DecodeBlocks(*chunk, first, blocks, config, o.threads, values, malformed);
                 !s.ok()) {
        return s;
      }
      if (malformed != 0 && !o.keep_going) {
        return BadInputError(fmt::format(
            "{}: blocks {} to {} include malformed ones ({}); get the file again, or read these as "
            "zeros with --keep-going",
            Where(o.in, t.info.name), first_block + first, first_block + first + blocks - 1,
            malformed));
      }
      done.malformed += malformed;
      if (Status s = writer->Write(values); !s.ok()) return s;
      left -= values.size();
      progress.Advance(values.size());
    }
  }
  return writer->Seal();
}

Status ReportTensors(const io::ContainerReader& reader, const DecompressOptions& o,
                     const std::vector<Done>& all) {
  const bool piped = io::Files::IsStandardOutput(o.out);
  if (o.json) {
    Json json = {{"in", o.in}, {"tensors", Json::array()}};
    for (const Done& d : all) {
      const io::TensorInfo& info = reader.tensors()[d.tensor].info;
      json["tensors"].push_back({{"name", info.name},
                                 {"out", d.path},
                                 {"dtype", io::NpyDtype(info.dtype)},
                                 {"shape", info.shape},
                                 {"values", info.values},
                                 {"malformed_blocks", d.malformed},
                                 {"damaged_blocks", d.damaged}});
    }
    return PrintJson(json, piped);
  }
  std::string text;
  for (const Done& d : all) {
    const io::TensorInfo& info = reader.tensors()[d.tensor].info;
    text += fmt::format("{}: {} {}, {} bytes of values\n", Label(d.path), io::NpyDtype(info.dtype),
                        ShapeText(info.shape), RawBytes(info));
  }
  return Print(text, piped);
}

// Makes a folder, and takes away what it made if nothing is in there at its end.
class NewFolder {
 public:
  NewFolder() = default;
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder() {
    std::error_code not_empty;
    for (const fs::path& folder : made_) fs::remove(folder, not_empty);
  }

  Status Make(const std::string& path) {
    std::error_code error;
    for (fs::path p = fs::absolute(path, error); !error && !fs::exists(p, error);) {
      if (p.has_filename()) made_.push_back(p);  // from within to without
      p = p.parent_path();
    }
    if (fs::create_directories(path, error); !error) return OkStatus();
    return IoError(fmt::format("cannot make folder {}: {}; check the path and its permissions",
                               io::Quote(path), error.message()));
  }

 private:
  std::vector<fs::path> made_;
};

// Files are written through links, so that two names can be one file.
Status CheckDistinct(const std::vector<Done>& plan) {
  std::map<fs::path, std::string> names;
  for (const Done& d : plan) {
    std::error_code not_there;
    const fs::path file = fs::canonical(d.path, not_there);
    if (not_there || !fs::is_regular_file(file, not_there)) continue;
    const auto [other, is_new] = names.emplace(file, d.path);
    if (is_new) continue;
    return ConfigError(fmt::format(
        "{} and {} lead to one file, which can hold one tensor; remove one of the links",
        io::Quote(other->second), io::Quote(d.path)));
  }
  return OkStatus();
}

// The tensors to write, and where, all of which can be written as far as can be known. A folder for
// `out` is made when it ends with a slash.
Result<std::vector<Done>> PlanOf(const io::ContainerReader& reader, const io::Files& files,
                                 const DecompressOptions& o, NewFolder& made) {
  std::error_code error;
  const bool folder = o.out.ends_with('/') || (o.out != "-" && fs::is_directory(o.out, error));
  std::vector<Done> plan;
  if (!folder) {
    Result<size_t> tensor = ChooseTensor(reader, o.in, o.tensor);
    if (!tensor.ok()) {
      if (o.tensor || reader.tensors().size() < 2) return tensor.status();
      return ConfigError(fmt::format("{}, or give a folder, {}/, for all of them",
                                     tensor.status().message(), o.out));
    }
    plan.push_back({.tensor = *tensor, .path = o.out});
  } else {
    Result<std::vector<size_t>> tensors = ChooseTensors(reader, o.in, o.tensor);
    if (!tensors.ok()) return tensors.status();
    for (const size_t i : *tensors) plan.push_back({.tensor = i, .path = o.out});
  }
  for (const Done& d : plan) {
    const io::ContainerTensor& t = reader.tensors()[d.tensor];
    if (o.fill && t.config.order != Order::kField) {
      return ConfigError(Where(o.in, t.info.name) +
                         ": --fill is for order field; leave it out with order significance");
    }
    if (o.fill && t.config.lossless) {
      return ConfigError(Where(o.in, t.info.name) +
                         ": --fill is for blocks that are cut; leave it out with lossless ones");
    }
  }
  for (Done& d : plan) {
    if (!folder) break;
    const io::TensorInfo& info = reader.tensors()[d.tensor].info;
    const bool unnamed = info.name.empty() && plan.size() == 1;
    d.path = (fs::path(o.out) /
              (unnamed ? fs::path(o.in).stem().string() + ".npy" : FileNameOf(info, d.tensor)))
                 .string();
  }
  for (const Done& d : plan) {
    if (Status s = files.CheckOutput(d.path, o.force); !s.ok()) return s;
  }
  if (!folder) return plan;
  if (Status s = CheckDistinct(plan); !s.ok()) return s;
  if (Status s = made.Make(o.out); !s.ok()) return s;
  return plan;
}

// Gives all files their names. When one cannot have its own, those that were not there before go.
Status CommitAll(const std::vector<std::unique_ptr<io::Sink>>& sinks, const DecompressOptions& o) {
  for (size_t i = 0; i < sinks.size(); ++i) {
    Status s = sinks[i]->Commit();
    if (s.ok()) continue;
    std::error_code ignored;
    for (size_t k = 0; k < i && !o.force; ++k) {
      if (fs::is_regular_file(sinks[k]->name(), ignored)) fs::remove(sinks[k]->name(), ignored);
    }
    return s;
  }
  return OkStatus();
}

Status Run(const DecompressOptions& o) {
  io::Files files;
  Result<io::ContainerReader> reader = OpenContainer(files, o.in);
  if (!reader.ok()) return reader.status();
  NewFolder made;
  Result<std::vector<Done>> plan = PlanOf(*reader, files, o, made);
  if (!plan.ok()) return plan.status();

  uint64_t bytes = 0;
  for (const Done& d : *plan) bytes += RawBytes(reader->tensors()[d.tensor].info);
  uint64_t malformed = 0;
  uint64_t damaged = 0;
  // Some tensors of a container are no more use than half a file, and old files must outlive a
  // failure: each has its name when all are whole.
  std::vector<std::unique_ptr<io::Sink>> sinks;
  {
    Progress progress("decompress", bytes, o.json);
    for (Done& d : *plan) {
      Config config = reader->tensors()[d.tensor].config;
      config.fill = o.fill.value_or(config.fill);
      Result<std::unique_ptr<io::Sink>> sink =
          DecompressTensor(*reader, config, files, progress, o, d);
      if (!sink.ok()) return sink.status();
      sinks.push_back(std::move(*sink));
      malformed += d.malformed;
      damaged += d.damaged;
    }
  }
  if (Status s = CommitAll(sinks, o); !s.ok()) return s;
  if (Status s = ReportTensors(*reader, o, *plan); !s.ok() || malformed + damaged == 0) return s;
  std::vector<std::string> lost;
  if (malformed != 0) lost.push_back(fmt::format("{} malformed blocks", malformed));
  if (damaged != 0) lost.push_back(fmt::format("{} blocks of damaged chunks", damaged));
  return BadInputError(fmt::format("{}: {} were read as zeros; get the file again", io::Quote(o.in),
                                   fmt::join(lost, " and ")));
}

}  // namespace

Command AddDecompress(CLI::App& root) {
  auto o = std::make_shared<DecompressOptions>();
  CLI::App* app = root.add_subcommand("decompress", "Turn a container back into .npy");
  app->add_option("IN.apl", o->in, "Container; - for standard input")->required()->type_name(" ");
  app->add_option("OUT.npy", o->out,
                  "File to write, - for standard output, or a folder (made if it ends with /)")
      ->required()
      ->type_name(" ");
  AddTensor(*app, o->tensor, "Which tensor; several need a folder");
  AddFill(*app, o->fill, "Order field: what lost bits become; as compress was told when not given");
  app->add_flag(
      "--keep-going", o->keep_going,
      "Read malformed blocks and damaged chunks as zeros; the exit code is 3 all the same");
  AddThreads(*app, o->threads);
  AddForce(*app, o->force);
  AddJson(*app, o->json);
  app->footer(
      "Shape and data type are those that went in; bfloat16 of a .safetensors file becomes <u2.\n"
      "In a folder, a tensor NAME becomes NAME.npy with %XX for what does not belong in a file "
      "name.\n"
      "When anything is wrong with the container nothing is written, unless --keep-going is "
      "given.\n\n"
      "Examples:\n"
      "  actplane decompress gelu.apl gelu.npy\n"
      "  actplane decompress gelu.apl gelu0.npy --fill zero\n"
      "  actplane decompress model.apl model/\n"
      "  actplane decompress - - < gelu.apl > gelu.npy");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
