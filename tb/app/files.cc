// SPDX-License-Identifier: Apache-2.0
#include "app/files.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "actplane/io/tensor_file.h"

namespace actplane::tb {

void AddFileOptions(CLI::App& app, FileOptions& o, bool with_ratio) {
  if (with_ratio)
    app.add_option("--ratio", o.ratio, "of block bytes to slot bytes")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  app.add_flag("--lossless", o.lossless, "lossless mode instead of a ratio");
  app.add_option("--format", o.format, "what the values are, where the file does not say")
      ->check(CLI::IsMember({"fp32", "fp16", "bf16"}));
  app.add_option("--fill", o.fill, "what lost bits read")
      ->check(CLI::IsMember({"midpoint", "zero"}))
      ->capture_default_str();
  app.add_option("--delta-cap", o.delta_cap, "most delta planes of a cut block; 0: none")
      ->check(CLI::Range(0, 9));
}

std::string FileOptions::Arguments() const {
  std::string text = lossless ? " --lossless" : fmt::format(" --ratio {}", ratio);
  if (!format.empty()) text += " --format " + format;
  if (fill != "midpoint") text += " --fill " + fill;
  if (delta_cap != 0) text += fmt::format(" --delta-cap {}", delta_cap);
  return text;
}

Result<DeviceConfig> ConfigFor(const FileOptions& o, Format format, uint32_t block_len) {
  Config c;
  c.format = format;
  c.block_len = block_len;
  c.lossless = o.lossless;
  c.fill = o.fill == "zero" ? Fill::kZero : Fill::kMidpoint;
  c.delta_cap = o.delta_cap;
  c.slot_bytes = static_cast<uint32_t>(BlockBytes(c) / o.ratio);
  if (Status s = ValidateConfig(c); !s.ok()) return s;
  return DeviceConfig::From(c);
}

Result<std::vector<LoadedTensor>> LoadNamedTensors(const std::vector<std::string>& files,
                                                   const FileOptions& o, uint32_t block_len) {
  if (files.empty()) return BadInputError("no file: name one or more .npy or .safetensors files");
  std::vector<LoadedTensor> all;
  for (const std::string& file : files) {
    io::TensorFileOptions open;
    for (const Format f : {Format::kFp32, Format::kFp16, Format::kBf16}) {
      if (ToString(f) == o.format) open.format = f;
    }
    Result<io::TensorReader> reader = io::TensorReader::Open(file, open);
    if (!reader.ok()) return reader.status();
    for (const std::string& note : reader->notes()) fmt::print(stderr, "{}\n", note);
    for (size_t i = 0; i < reader->tensors().size(); ++i) {
      const io::TensorInfo& info = reader->tensors()[i];
      Result<DeviceConfig> config = ConfigFor(o, info.format, block_len);
      if (!config.ok()) return config.status();
      std::string name = std::filesystem::path(file).filename().string();
      if (!info.name.empty()) name += ":" + info.name;
      LoadedTensor loaded{
          std::move(name),
          {*config, std::vector<std::byte>(info.values * InfoOf(info.format).value_bytes)}};
      if (Status s = reader->Read(i, 0, loaded.tensor.values); !s.ok()) return s;
      all.push_back(std::move(loaded));
    }
  }
  return all;
}

Result<std::vector<FileTensor>> LoadTensors(const std::vector<std::string>& files,
                                            const FileOptions& o, uint32_t block_len) {
  Result<std::vector<LoadedTensor>> named = LoadNamedTensors(files, o, block_len);
  if (!named.ok()) return named.status();
  std::vector<FileTensor> tensors;
  for (LoadedTensor& t : *named) tensors.push_back(std::move(t.tensor));
  return tensors;
}

}  // namespace actplane::tb
