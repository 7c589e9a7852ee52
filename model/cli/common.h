// SPDX-License-Identifier: Apache-2.0
// What the programs that read tensors share: options, and walking over a tensor in pieces.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/block.h"
#include "actplane/format.h"
#include "actplane/io/container.h"
#include "actplane/io/files.h"
#include "actplane/io/tensor_file.h"
#include "actplane/status.h"
#include "numbers.h"
#include "program.h"
#include "progress.h"

namespace actplane::cli {

// `verify` is another program's, but listed with the others.
inline constexpr std::string_view kVerifyHelp =
    "Send tensors through the RTL and compare with the model";

Command AddStats(CLI::App& root);
Command AddCompress(CLI::App& root);
Command AddDecompress(CLI::App& root);
Command AddInspect(CLI::App& root);
Command AddEval(CLI::App& root);
Command AddMemh(CLI::App& root);
Command AddCompare(CLI::App& root);

// --FLAG with one of `choices`, spelt as ToString spells them.
template <typename Target, typename Choice>
CLI::Option* AddChoice(CLI::App& app, const std::string& flag, Target& target,
                       const std::vector<Choice>& choices, const std::string& help) {
  std::vector<std::string> names;
  names.reserve(choices.size());
  for (const Choice c : choices) names.emplace_back(ToString(c));
  const auto assign = [&target, choices](const std::string& name) {
    for (const Choice c : choices) {
      if (ToString(c) == name) target = c;
    }
  };
  return app.add_option_function<std::string>(flag, assign, help)
      ->check(Quiet(CLI::IsMember(names)))
      ->type_name(fmt::format("{}", fmt::join(names, "|")));
}

void AddFormat(CLI::App& app, io::TensorFileOptions& options);
// A name, or a pattern of the shell: * ? [...].
CLI::Option* AddTensor(CLI::App& app, std::optional<std::string>& tensor, const std::string& help);
void AddBlock(CLI::App& app, uint32_t& block_len);
inline constexpr const char* kOrderHelp =
    "Which bits go first: by field (the paper's scheme) or by absolute weight";
void AddOrder(CLI::App& app, Order& order);
CLI::Option* AddFill(CLI::App& app, std::optional<Fill>& fill, const std::string& help);
void AddDeltaCap(CLI::App& app, uint32_t& delta_cap);

// What only one of the orders has, as it was given.
struct OrderOptions {
  std::optional<Fill> fill;                      // order field
  uint32_t delta_cap = 0;                        // order field
  std::optional<uint32_t> group_len, row_limit;  // order significance
};

// --fill, --delta-cap, --group and --rows.
void AddOrderOptions(CLI::App& app, OrderOptions& options, const std::string& fill_help);

// `config` with those that its order has. kInvalidConfig if the other's were given, or a fill of
// lossless blocks, but where `both` orders are asked for.
Result<Config> WithOrderOptions(Config config, const OrderOptions& options, bool both = false);

// "fill midpoint" or "K = 4, R = 16": what only the order of `config` has.
std::string SettingsText(const Config& config);

// fill, delta_cap, group and rows; null where the order does not have them.
void PutSettings(nlohmann::ordered_json& json, const Config& config);

void AddThreads(CLI::App& app, int& threads);

// What --ratio or --slot-bytes ask for; `lossless` overrules both.
struct SlotSize {
  double ratio = 3.2;
  uint32_t bytes = 0;  // 0: from the ratio
  bool lossless = false;
};

// The options --ratio, --slot-bytes and --lossless as they were given.
struct SlotSizes {
  std::vector<double> ratios;
  std::vector<uint32_t> bytes;
  bool lossless = false;

  std::vector<SlotSize> All() const;  // the default, if none was given
};

// --ratio and --slot-bytes, each once or `several` times; --lossless in place of both, if
// `lossless`.
void AddSlotSizes(CLI::App& app, SlotSizes& sizes, bool several, bool lossless);

// Checks a --ratio: CLI11's own number checks let NaN and infinity pass.
std::string CheckRatio(const std::string& text);

// Checks a count from 0 on, for the same reason.
std::string CheckIndex(const std::string& text);

// `config` for a tensor of this format. kInvalidConfig, naming file and tensor, when it is
// impossible.
Result<Config> ConfigFor(const io::TensorInfo& info, Config config, const SlotSize& slot,
                         const std::string& file);

// Opens a tensor file and complains about the tensors that it leaves out.
Result<io::TensorReader> OpenTensors(io::Files& files, const std::string& path,
                                     const io::TensorFileOptions& options);

Result<io::ContainerReader> OpenContainer(io::Files& files, const std::string& path);

// Calls `use` for each file. One that cannot be read is complained about and the others go on; then
// the status that comes back has no message left. An impossible configuration ends it at once.
Status ForEachFile(const std::vector<std::string>& files,
                   const std::function<Status(const std::string&)>& use);

// A name that may stand in a table: what a terminal would act on is escaped.
std::string Label(std::string_view name);

// "file.npy", or "file.safetensors, tensor 'h.0'": for messages.
std::string Where(const std::string& file, const std::string& tensor);

// "fp32, bf16"
std::string FormatsText(const std::set<Format>& formats, std::string_view between = ", ");

// "1 tensor", "3 tensors"
std::string Count(uint64_t count, std::string_view noun);

// "(32, 256)"
std::string ShapeText(const std::vector<uint64_t>& shape);

uint64_t RawBytes(const io::TensorInfo& info);

// Calls `use` with the values of a tensor in pieces, each but the last a whole number of blocks of
// any length.
Status ForEachPiece(const io::TensorReader& reader, size_t tensor, Progress& progress,
                    const std::function<Status(std::span<const std::byte>)>& use);

// Those that --tensor names or that its pattern fits; without a name all of them.
Result<std::vector<size_t>> ChooseTensors(const io::ContainerReader& reader,
                                          const std::string& file,
                                          const std::optional<std::string>& name);

// The one tensor of a container that --tensor chooses; without a name the only one.
Result<size_t> ChooseTensor(const io::ContainerReader& reader, const std::string& file,
                            const std::optional<std::string>& name);

}  // namespace actplane::cli
