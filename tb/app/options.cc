// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

#include <fmt/format.h>

#include <algorithm>

namespace actplane::tb {

std::string FileOptions::Arguments() const {
  std::string text;
  if (slots.lossless) text += " --lossless";
  for (const double ratio : slots.ratios) text += fmt::format(" --ratio {}", ratio);
  for (const uint32_t bytes : slots.bytes) text += fmt::format(" --slot-bytes {}", bytes);
  if (input.format) text += fmt::format(" --format {}", actplane::ToString(*input.format));
  if (!input.tensor.empty()) text += " --tensor " + ShellWord(input.tensor);
  if (fill) text += fmt::format(" --fill {}", actplane::ToString(*fill));
  if (delta_cap != 0) text += fmt::format(" --delta-cap {}", delta_cap);
  return text;
}

void AddFileOptions(CLI::App& app, FileOptions& o, bool several) {
  cli::AddSlotSizes(app, o.slots, several, /*lossless=*/true);
  cli::AddFill(app, o.fill, "What lost bits become")->default_str("midpoint");
  cli::AddDeltaCap(app, o.delta_cap);
  cli::AddFormat(app, o.input);
  cli::AddTensor(app, o.input.tensor, "Only these tensors of a .safetensors file");
}

CLI::Option* AddName(CLI::App& app, const std::string& flag, std::string& target,
                     const std::string& kind, const std::vector<std::string>& names,
                     const std::string& help) {
  const auto check = [kind, names](const std::string& word) -> std::string {
    if (std::find(names.begin(), names.end(), word) != names.end()) return "";
    const std::string nearest = cli::Nearest(word, names);
    return fmt::format("there is no {} {}; {}", kind, io::Quote(word),
                       nearest.empty() ? fmt::format("choose from {}", fmt::join(names, ", "))
                                       : fmt::format("did you mean {}?", nearest));
  };
  return app.add_option(flag, target, help)->check(check)->type_name("NAME")->capture_default_str();
}

void AddConfig(CLI::App& app, std::string& config) {
  std::vector<std::string> names;
  for (const NamedConfig& c : NamedConfigs()) names.push_back(c.name);
  AddName(app, "--config", config, "configuration", names,
          fmt::format("Which hardware: {}", fmt::join(names, ", ")));
}

void AddArtifacts(CLI::App& app, std::string& artifacts) {
  app.add_option("--artifacts", artifacts, "Where a failure leaves waveform, log and replay line")
      ->type_name("FOLDER")
      ->capture_default_str();
}

Result<Config> ConfigOf(const io::TensorInfo& info, const std::string& file,
                        const FileOptions& options, const cli::SlotSize& slot,
                        const NamedConfig& named) {
  if (!named.formats.Has(static_cast<uint32_t>(info.format))) {
    return ConfigError(fmt::format("{}: configuration '{}' has no {}; its formats: {}",
                                   cli::Where(file, info.name), named.name,
                                   actplane::ToString(info.format), FormatNames(named.formats)));
  }
  Config config;
  config.block_len = named.block_len;
  config.fill = options.fill.value_or(config.fill);
  config.delta_cap = options.delta_cap;
  return cli::ConfigFor(info, config, slot, file);
}

}  // namespace actplane::tb
