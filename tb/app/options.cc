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
  if (input.tensor) text += " --tensor " + ShellWord(*input.tensor);
  if (order) text += fmt::format(" --order {}", actplane::ToString(*order));
  if (of_order.fill) text += fmt::format(" --fill {}", actplane::ToString(*of_order.fill));
  if (of_order.delta_cap != 0) text += fmt::format(" --delta-cap {}", of_order.delta_cap);
  if (of_order.group_len) text += fmt::format(" --group {}", *of_order.group_len);
  if (of_order.row_limit) text += fmt::format(" --rows {}", *of_order.row_limit);
  return text;
}

void AddFileOptions(CLI::App& app, FileOptions& o, bool several) {
  cli::AddSlotSizes(app, o.slots, several, /*lossless=*/true);
  cli::AddChoice(app, "--order", o.order, std::vector{Order::kField, Order::kSignificance},
                 cli::kOrderHelp)
      ->default_str("field");
  cli::AddOrderOptions(app, o.of_order, "what lost bits become");
  app.get_option("--group")->default_str("that of the configuration");
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

Result<Config> OrderOf(const FileOptions& options, const NamedConfig& named) {
  const Shape& shape = named.shape;
  Config config;
  config.block_len = shape.block_len;
  config.order = options.order.value_or(shape.NthOrder(0));
  config.lossless = options.slots.lossless;
  if (!shape.Has(config.order)) {
    return ConfigError(fmt::format("configuration '{}' has no order {}; its order: {}", named.name,
                                   actplane::ToString(config.order),
                                   actplane::ToString(shape.NthOrder(0))));
  }
  config.group_len = shape.group_len;
  config.row_limit = std::min(config.row_limit, shape.depth);
  const Result<Config> with_options = cli::WithOrderOptions(config, options.of_order);
  if (!with_options.ok() || with_options->order == Order::kField) return with_options;
  if (with_options->group_len != shape.group_len) {
    return ConfigError(fmt::format("configuration '{}' has groups of {} values; leave out --group",
                                   named.name, shape.group_len));
  }
  if (with_options->row_limit > shape.depth) {
    return ConfigError(
        fmt::format("configuration '{}' keeps {} rows of a magnitude; use --rows {} "
                    "to {}",
                    named.name, shape.depth, kMinRowLimit, shape.depth));
  }
  return with_options;
}

Result<Config> ConfigOf(const io::TensorInfo& info, const std::string& file,
                        const FileOptions& options, const cli::SlotSize& slot,
                        const NamedConfig& named) {
  const Shape& shape = named.shape;
  if (!shape.formats.Has(static_cast<uint32_t>(info.format))) {
    return ConfigError(fmt::format("{}: configuration '{}' has no {}; its formats: {}",
                                   cli::Where(file, info.name), named.name,
                                   actplane::ToString(info.format), FormatNames(shape.formats)));
  }
  const Result<Config> config = OrderOf(options, named);
  if (!config.ok()) return config;
  if (slot.lossless && !shape.WholeValues(info.format)) {
    return ConfigError(fmt::format(
        "{}: configuration '{}' keeps {} of the 24 bits of a magnitude; leave out --lossless",
        cli::Where(file, info.name), named.name, shape.depth));
  }
  return cli::ConfigFor(info, *config, slot, file);
}

}  // namespace actplane::tb
