// SPDX-License-Identifier: Apache-2.0
// actplane compress: tensor file to container.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "actplane/bits.h"
#include "actplane/fast.h"
#include "common.h"
#include "table.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CompressOptions {
  std::string in, out;
  io::TensorFileOptions input;
  Config config;
  OrderOptions of_order;
  SlotSizes slots;
  int threads = 0;
  bool force = false;
  bool json = false;
};

struct Sizes {
  uint64_t values = 0, blocks = 0, raw_bytes = 0, coded_bytes = 0;
};

// The buffers of one run, kept from piece to piece.
struct Buffers {
  std::vector<std::byte> slots;
  std::vector<uint32_t> boundaries;
};

// Compresses the blocks of `values` and appends them. Returns through `sizes` what they take.
Status CompressPiece(std::span<const std::byte> values, const Config& config, int threads,
                     Buffers& buffers, io::ContainerWriter& writer, Sizes& sizes) {
  const uint64_t blocks = CeilDiv(values.size(), BlockBytes(config));
  buffers.slots.resize(fast::SlotsBytes(config, values.size()));
  sizes.blocks += blocks;
  if (!config.lossless) {
    sizes.coded_bytes += buffers.slots.size();
    Status s = fast::CompressBlocks(values, config, buffers.slots, threads);
    return s.ok() ? writer.Append(buffers.slots) : s;
  }
  buffers.boundaries.resize(blocks + 1);
  if (Status s =
          fast::CompressBlocksLossless(values, config, buffers.slots, buffers.boundaries, threads);
      !s.ok()) {
    return s;
  }
  sizes.coded_bytes += buffers.boundaries.back() + 2 * blocks;  // C-6.1: lengths count too
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint32_t at = buffers.boundaries[i];
    const auto block = std::span(buffers.slots).subspan(at, buffers.boundaries[i + 1] - at);
    if (Status s = writer.AppendBlock(block); !s.ok()) return s;
  }
  return OkStatus();
}

Status ReportSizes(const CompressOptions& o, size_t tensors, const Config& config,
                   const Sizes& sizes) {
  const bool piped = io::Files::IsStandardOutput(o.out);
  const bool empty = sizes.coded_bytes == 0;
  const double ratio = empty ? 0 : Quotient(sizes.raw_bytes, sizes.coded_bytes);
  if (o.json) {
    Json json = {{"in", o.in},
                 {"out", o.out},
                 {"tensors", tensors},
                 {"values", sizes.values},
                 {"blocks", sizes.blocks},
                 {"block", config.block_len},
                 {"lossless", config.lossless},
                 {"order", ToString(config.order)}};
    PutSettings(json, config);
    json["raw_bytes"] = sizes.raw_bytes;
    json["coded_bytes"] = sizes.coded_bytes;
    json["ratio"] = empty ? Json(nullptr) : Json(ratio);
    return PrintJson(json, piped);
  }
  const std::string text =
      fmt::format("{}: {} tensor{}, {} values, {} to {} bytes{}, order {}, {}\n", Label(o.out),
                  tensors, tensors == 1 ? "" : "s", sizes.values, sizes.raw_bytes,
                  sizes.coded_bytes, empty ? "" : fmt::format(" (ratio {:.3f})", ratio),
                  ToString(config.order), config.lossless ? "lossless" : SettingsText(config));
  return Print(text, piped);
}

Status Run(const CompressOptions& o) {
  io::Files files;
  Result<io::TensorReader> reader = OpenTensors(files, o.in, o.input);
  if (!reader.ok()) return reader.status();
  if (Status s = io::ContainerWriter::CheckDirectory(reader->tensors()); !s.ok()) {
    return BadInputError(
        fmt::format("{}: {}; choose some with --tensor PATTERN, for several "
                    "containers",
                    io::Quote(o.in), s.message()));
  }
  Config config = o.config;
  config.lossless = o.slots.lossless;
  Result<Config> with_options = WithOrderOptions(config, o.of_order);
  if (!with_options.ok()) return with_options.status();
  config = *with_options;
  std::vector<Config> configs;  // all are checked before a byte is written
  uint64_t bytes = 0;
  for (const auto& info : reader->tensors()) {
    Result<Config> c = ConfigFor(info, config, o.slots.All().front(), o.in);
    if (!c.ok()) return c.status();
    configs.push_back(*c);
    bytes += RawBytes(info);
  }

  Result<std::unique_ptr<io::Sink>> sink = files.OpenOutput(o.out, o.force);
  if (!sink.ok()) return sink.status();
  io::ContainerWriter writer = io::ContainerWriter::Create(std::move(*sink));
  Sizes sizes;
  {
    Buffers buffers;
    Progress progress("compress", bytes, o.json);
    for (size_t t = 0; t < configs.size(); ++t) {
      const auto compress = [&](std::span<const std::byte> values) {
        return CompressPiece(values, configs[t], o.threads, buffers, writer, sizes);
      };
      const io::TensorInfo& info = reader->tensors()[t];
      if (Status s = writer.BeginTensor(info, configs[t]); !s.ok()) return s;
      if (Status s = ForEachPiece(*reader, t, progress, compress); !s.ok()) return s;
      if (Status s = writer.EndTensor(); !s.ok()) return s;
      sizes.values += info.values;
      sizes.raw_bytes += RawBytes(info);
    }
  }
  if (Status s = writer.Finish(); !s.ok()) return s;
  return ReportSizes(o, configs.size(), config, sizes);
}

}  // namespace

Command AddCompress(CLI::App& root) {
  auto o = std::make_shared<CompressOptions>();
  CLI::App* app = root.add_subcommand("compress", "Compress tensors into a container (.apl)");
  app->add_option("IN", o->in, "Tensor file: .npy, .safetensors; - for standard input")
      ->required()
      ->type_name(" ");
  app->add_option("OUT.apl", o->out, "Container to write; - for standard output")
      ->required()
      ->type_name(" ");
  AddFormat(*app, o->input);
  AddBlock(*app, o->config.block_len);
  AddSlotSizes(*app, o->slots, /*several=*/false, /*lossless=*/true);
  AddOrder(*app, o->config.order);
  AddOrderOptions(*app, o->of_order, "what decompress makes of lost bits");
  AddTensor(*app, o->input.tensor, "Only these tensors of a .safetensors file");
  AddThreads(*app, o->threads);
  AddForce(*app, o->force);
  AddJson(*app, o->json);
  app->footer(
      "All tensors of a .safetensors file go into one container.\n\n"
      "Examples:\n"
      "  actplane compress gelu.npy gelu.apl\n"
      "  actplane compress gelu.npy gelu.apl --ratio 5.333 --order significance --group 8\n"
      "  actplane compress model.safetensors model.apl --lossless --tensor 'h.*.mlp*'\n"
      "  actplane compress - - < gelu.npy > gelu.apl");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
