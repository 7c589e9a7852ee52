// SPDX-License-Identifier: Apache-2.0
// ALAM (Woo, Lee and Jeon, ICLR 2024): average quantization, and bits for every tensor by the
// sensitivity of the gradient norms to it. docs/methods.md has definitions and what differs.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "actplane/io/tensor_info.h"
#include "train/stash/exact.h"
#include "train/stash/files.h"
#include "train/stash/group_quantizer.h"
#include "train/stash/random.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kAverage = 4;  // values that share a mean

// The ladder. `level` is the b of the objective C / (2^b - 1)^2, in which the original gives
// average quantization the label 1; `bits` is what the budget counts.
struct Rung {
  double bits;
  int code_bits;  // of the group quantizer; 0: stored exactly
  double objective;
};
constexpr std::array<Rung, 5> kLadder = {{{32, 0, 0},
                                          {8, 8, 1.0 / (255.0 * 255)},
                                          {4, 4, 1.0 / (15 * 15)},
                                          {2, 2, 1.0 / (3 * 3)},
                                          {0.5, 2, 1}}};
constexpr size_t kEight = 1;
constexpr size_t kFour = 2;
constexpr size_t kAveraged = 4;
constexpr double kLargestSensitivity = 1e10;

// A tensor of the network, in the order in which a step keeps them.
struct Slot {
  std::string name;
  int64_t values = 0;
  size_t rung = kFour;
  double sensitivity = 0;
};

// The value that stands for a group of four. The method's is the mean; the others are there to
// measure its claim that none is better.
enum class GroupValue { kMean, kFirst, kMidrange };

float ValueOf(const float* x, int64_t n, GroupValue which) {
  if (which == GroupValue::kFirst) return x[0];
  if (which == GroupValue::kMidrange) {
    const auto [low, high] = std::minmax_element(x, x + n);
    return (*low + *high) / 2;
  }
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  return sum / static_cast<float>(n);
}

// [ceil(n / 4)], a value for every four, the last for those that are left.
at::Tensor Averages(const at::Tensor& x, GroupValue which) {
  const int64_t n = x.numel();
  at::Tensor averages = at::empty({(n + kAverage - 1) / kAverage}, at::kFloat);
  const float* in = x.data_ptr<float>();
  auto* out = averages.data_ptr<float>();
  at::parallel_for(0, averages.numel(), 1 << 14, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i)
      out[i] = ValueOf(in + kAverage * i, std::min(kAverage, n - kAverage * i), which);
  });
  return averages;
}

void Repeat(const at::Tensor& averages, const at::Tensor& x) {
  const float* in = averages.data_ptr<float>();
  auto* out = x.data_ptr<float>();
  at::parallel_for(0, x.numel(), 1 << 16, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) out[i] = in[i / kAverage];
  });
}

// Greedy from 32 bits down: always the step that adds least to the objective for a bit it saves,
// until the mean is `target`.
void Allocate(std::vector<Slot>& slots, double target) {
  double excess = 0;
  for (Slot& s : slots) {
    s.rung = 0;
    excess += (kLadder[0].bits - target) * static_cast<double>(s.values);
  }
  while (excess > 0) {
    Slot* best = nullptr;
    double best_key = 0;
    for (Slot& s : slots) {
      if (s.rung + 1 == kLadder.size()) continue;
      const Rung& from = kLadder[s.rung];
      const Rung& to = kLadder[s.rung + 1];
      // As the original does: from 2 bits to the average it divides by 1, and not by the 1.5 bits
      // that the budget gains.
      const double saved = s.rung + 1 == kAveraged ? 1 : from.bits - to.bits;
      const double key =
          s.sensitivity * (to.objective - from.objective) / (static_cast<double>(s.values) * saved);
      if (best == nullptr || key < best_key) {
        best = &s;
        best_key = key;
      }
    }
    if (best == nullptr) return;  // a target of 0.5: all are averaged
    excess -= (kLadder[best->rung].bits - kLadder[best->rung + 1].bits) *
              static_cast<double>(best->values);
    ++best->rung;
  }
}

double SquaredDistance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

constexpr std::string_view kSaveOne = "save one with alam:save=FILE";

Status NoTable(const std::string& path) {
  return BadInputError(fmt::format("{} is no bit table; {}", io::Quote(path), kSaveOne));
}

struct AlamOptions {
  double target = 2;
  int64_t group = 128;
  uint64_t seed = 1;
  GroupValue value = GroupValue::kMean;
  std::string load;            // file with a bit table; empty: found while training
  Json table;                  // what it holds
  std::optional<Output> save;  // where to write it
};

class AlamCodec final : public Codec {
 public:
  explicit AlamCodec(AlamOptions options) : options_(std::move(options)) {}

  Packed Pack(const at::Tensor& x, const Context& context) override {
    Slot& slot = SlotOf(context, x.numel());
    const Rung& rung = kLadder[slot.rung];
    if (rung.code_bits == 0) return PackExact(x);
    uint64_t key = MixKey(options_.seed, context);
    if (probe_seed_ != 0 && slot.name == probed_) key = MixKey(key, probe_seed_);
    if (slot.rung != kAveraged) return QuantizeGroups(x, rung.code_bits, options_.group, key);
    return QuantizeGroups(Averages(x, options_.value), rung.code_bits, options_.group, key);
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape, const Context& context) override {
    at::Tensor x = at::empty(shape, at::kFloat);
    const Slot& slot = SlotOf(context, x.numel());
    const Rung& rung = kLadder[slot.rung];
    if (rung.code_bits == 0) return packed.parts[0];
    if (slot.rung != kAveraged) {
      DequantizeGroups(packed, rung.code_bits, options_.group, x);
      return x;
    }
    const at::Tensor averages = at::empty({(x.numel() + kAverage - 1) / kAverage}, at::kFloat);
    DequantizeGroups(packed, rung.code_bits, options_.group, averages);
    Repeat(averages, x);
    return x;
  }

  // At step 0 and after a tenth of the steps, then never again.
  Status BeforeStep(const StepHook& hook) override {
    if (!options_.load.empty()) return loaded_ ? OkStatus() : Load(hook);
    if (hook.step != 0 && hook.step != hook.steps / 10) return OkStatus();
    if (adapted_at_ == hook.step) return OkStatus();
    Adapt(hook);
    return options_.save ? Save() : OkStatus();
  }

  State SaveState() const override {
    State state;
    for (size_t i = 0; i < slots_.size(); ++i) {
      const Slot& s = slots_[i];
      state[s.name] = at::tensor({static_cast<double>(i), static_cast<double>(s.values),
                                  static_cast<double>(s.rung), s.sensitivity},
                                 at::kDouble);
    }
    return state;
  }

  Status LoadState(const State& state) override {
    slots_.assign(state.size(), {});
    for (const auto& [name, tensor] : state) {
      const auto* v = tensor.data_ptr<double>();
      slots_.at(static_cast<size_t>(v[0])) = {name, static_cast<int64_t>(v[1]),
                                              static_cast<size_t>(v[2]), v[3]};
    }
    loaded_ = true;
    return OkStatus();
  }

 private:
  // A tensor that was not there before gets the bits that the original starts with.
  Slot& SlotOf(const Context& context, int64_t values) {
    const std::string name = context.site.Name();
    for (Slot& s : slots_) {
      if (s.name == name) return s;
    }
    slots_.push_back({name, values, options_.target >= 8 ? kEight : kFour, 0});
    return slots_.back();
  }

  // Three passes for every tensor: averaged with two seeds, and at 8 bits; the others stay as they
  // are. Only the norms of the parameters' gradients are compared.
  void Adapt(const StepHook& hook) {
    adapted_at_ = hook.step;
    if (slots_.empty()) (void)hook.gradient_norms();  // to see which tensors there are
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (hook.show) hook.show(fmt::format("sensitivity {} of {}", i + 1, slots_.size()));
      const size_t rung = slots_[i].rung;
      probed_ = slots_[i].name;
      const auto norms = [&](size_t probe_rung, uint64_t seed) {
        slots_[i].rung = probe_rung;
        probe_seed_ = seed;
        std::vector<double> all = hook.gradient_norms();
        for (double& n : all) n = std::isfinite(n) ? n : kLargestSensitivity;
        return all;
      };
      const std::vector<double> a = norms(kAveraged, 1);
      const std::vector<double> b = norms(kAveraged, 2);
      const std::vector<double> c = norms(kEight, 1);
      slots_[i].rung = rung;
      slots_[i].sensitivity = std::min(
          kLargestSensitivity,
          std::max({SquaredDistance(a, b), 2 * SquaredDistance(a, c), 2 * SquaredDistance(b, c)}));
    }
    probe_seed_ = 0;
    Allocate(slots_, options_.target);
  }

  Status Save() {
    Json tensors = Json::array();
    for (const Slot& s : slots_) {
      tensors.push_back({{"name", s.name},
                         {"values", s.values},
                         {"bits", kLadder[s.rung].bits},
                         {"sensitivity", s.sensitivity}});
    }
    return options_.save->Write(Json{{"method", "alam"}, {"tensors", tensors}}.dump(1) + "\n");
  }

  Status Load(const StepHook& hook) {
    const std::string& path = options_.load;
    (void)hook.gradient_norms();  // to see which tensors there are
    try {
      for (Slot& slot : slots_) {
        const auto& tensors = options_.table.at("tensors");
        const auto it = std::find_if(tensors.begin(), tensors.end(),
                                     [&](const Json& t) { return t.at("name") == slot.name; });
        if (it == tensors.end()) {
          return ConfigError(
              fmt::format("{} has no bits for {}; save a table with this network (alam:save=FILE)",
                          io::Quote(path), slot.name));
        }
        const auto rung = std::find_if(kLadder.begin(), kLadder.end(), [&](const Rung& r) {
          return r.bits == it->at("bits").get<double>();
        });
        if (rung == kLadder.end()) {
          return BadInputError(fmt::format("{}: {} has bits {}; give 32, 8, 4, 2 or 0.5",
                                           io::Quote(path), slot.name, it->at("bits").dump()));
        }
        slot.rung = static_cast<size_t>(rung - kLadder.begin());
        slot.sensitivity = it->value("sensitivity", 0.0);
      }
    } catch (const Json::exception&) {
      return NoTable(path);
    }
    loaded_ = true;
    return OkStatus();
  }

  AlamOptions options_;
  std::vector<Slot> slots_;
  std::string probed_;
  uint64_t probe_seed_ = 0;  // 0: no probe
  int64_t adapted_at_ = -1;
  bool loaded_ = false;
};

Result<MethodParts> Make(MethodOptions& options) {
  const auto bits = options.Number("bits", 2, 0.5, 32);
  const auto group = options.Choice("group", "128", {"64", "128", "256", "512"});
  const auto seed = options.Count("seed", 1, 0, 1 << 30);
  const auto value = options.Choice("average", "mean", {"mean", "first", "midrange"});
  AlamOptions o;
  o.load = options.Text("table");
  const std::string save = options.Text("save");
  for (const Status& s : {bits.status(), group.status(), seed.status(), value.status()}) {
    if (!s.ok()) return s;
  }
  if (!o.load.empty() && !save.empty())
    return ConfigError("stash alam: table is read and never changes; drop save");
  if (!o.load.empty()) {
    const Result<std::string> text = ReadInput(o.load, kMostJson, kSaveOne);
    if (!text.ok()) return text.status();
    o.table = Json::parse(*text, nullptr, false);
    if (!o.table.is_object() || !o.table.contains("tensors")) return NoTable(o.load);
  }
  if (!save.empty()) {
    Result<Output> output = Output::ClaimOwn(save);
    if (!output.ok()) return output.status();
    o.save = std::move(output).value();
  }
  o.target = *bits;
  o.group = std::stoll(*group);
  o.seed = static_cast<uint64_t>(*seed);
  o.value = *value == "mean"    ? GroupValue::kMean
            : *value == "first" ? GroupValue::kFirst
                                : GroupValue::kMidrange;
  return MethodParts{.codec = std::make_unique<AlamCodec>(std::move(o))};
}

const bool kRegistered =
    Register({"alam",
              "ALAM: bits=2 (mean over all tensors, metadata not counted, 0.5 to 32), "
              "group=128|64|256|512, average=mean|first|midrange, seed=1, save=FILE or table=FILE "
              "for the bit table",
              Make});

}  // namespace
}  // namespace actplane::train
