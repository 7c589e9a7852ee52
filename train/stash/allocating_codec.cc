// SPDX-License-Identifier: Apache-2.0
#include "train/stash/allocating_codec.h"

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

namespace actplane::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kAverage = 4;  // values that share a mean

constexpr size_t kRungs = 5;
constexpr size_t kEight = 1;
constexpr size_t kLowest = kRungs - 1;

using Ladder = std::array<Rung, kRungs>;

constexpr double Objective(int bits) {
  const double top = (1 << bits) - 1;
  return 1 / (top * top);
}

Ladder LadderOf(const Rung& lowest) {
  return {{{32, 0, false, 0, 0},
           {8, 8, false, 24, Objective(8)},
           {4, 4, false, 4, Objective(4)},
           {2, 2, false, 2, Objective(2)},
           lowest}};
}

// A tensor of the network, in the order in which a step keeps them.
struct Slot {
  std::string name;
  int64_t values = 0;
  size_t rung = 0;
  double sensitivity = 0;
};

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
void Allocate(std::vector<Slot>& slots, const Ladder& ladder, double target) {
  double excess = 0;
  for (Slot& s : slots) {
    s.rung = 0;
    excess += (ladder[0].bits - target) * static_cast<double>(s.values);
  }
  while (excess > 0) {
    Slot* best = nullptr;
    double best_key = 0;
    for (Slot& s : slots) {
      if (s.rung == kLowest) continue;
      const Rung& to = ladder[s.rung + 1];
      const double key = s.sensitivity * (to.objective - ladder[s.rung].objective) /
                         (static_cast<double>(s.values) * to.saved);
      if (best == nullptr || key < best_key) {
        best = &s;
        best_key = key;
      }
    }
    if (best == nullptr) return;  // the lowest target: all are at the end of the ladder
    excess -=
        (ladder[best->rung].bits - ladder[best->rung + 1].bits) * static_cast<double>(best->values);
    ++best->rung;
  }
}

// Between two signatures.
double SquaredDistance(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].defined()) sum += (a[i] - b[i]).to(at::kDouble).pow(2).sum().item<double>();
  }
  return sum;
}

std::string SaveOne(std::string_view method) {
  return fmt::format("save one with {}:save=FILE", method);
}

Status NoTable(std::string_view method, const std::string& path) {
  return BadInputError(fmt::format("{} is no bit table; {}", io::Quote(path), SaveOne(method)));
}

struct AllocatingOptions {
  double target = 0;
  int64_t group = 0;
  uint64_t seed = 1;
  std::string load;            // file with a bit table; empty: found while training
  Json table;                  // what it holds
  std::optional<Output> save;  // where to write it
};

class AllocatingCodec final : public Codec {
 public:
  AllocatingCodec(const AllocationRule& rule, AllocatingOptions options)
      : rule_(rule), ladder_(LadderOf(rule.lowest)), options_(std::move(options)) {
    const int bits = rule.first_bits(options_.target);
    while (ladder_[first_].code_bits != bits) ++first_;
  }

  Packed Pack(const at::Tensor& x, const Context& context) override {
    Slot& slot = SlotOf(context, x.numel());
    const Rung& rung = ladder_[slot.rung];
    if (rung.code_bits == 0) return PackExact(x);
    uint64_t key = MixKey(options_.seed, context);
    if (probe_seed_ != 0 && slot.name == probed_) key = MixKey(key, probe_seed_);
    const at::Tensor values = rung.averaged ? Averages(x, rule_.value) : x;
    return QuantizeGroups(values, rung.code_bits, options_.group, key);
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape, const Context& context) override {
    at::Tensor x = at::empty(shape, at::kFloat);
    const Slot& slot = SlotOf(context, x.numel());
    const Rung& rung = ladder_[slot.rung];
    if (rung.code_bits == 0) return packed.parts[0];
    if (!rung.averaged) {
      DequantizeGroups(packed, rung.code_bits, options_.group, x);
      return x;
    }
    const at::Tensor averages = at::empty({(x.numel() + kAverage - 1) / kAverage}, at::kFloat);
    DequantizeGroups(packed, rung.code_bits, options_.group, averages);
    Repeat(averages, x);
    return x;
  }

  Status BeforeStep(const StepHook& hook) override {
    if (!options_.load.empty()) return loaded_ ? OkStatus() : Load(hook);
    if (!rule_.due(hook) || adapted_at_ == hook.step) return OkStatus();
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
    slots_.push_back({name, values, first_, 0});
    return slots_.back();
  }

  // Three passes for every tensor: at the end of the ladder with two seeds, and at 8 bits; the
  // others stay as they are.
  void Adapt(const StepHook& hook) {
    adapted_at_ = hook.step;
    if (slots_.empty()) (void)hook.gradients();  // to see which tensors there are
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (hook.show) hook.show(fmt::format("sensitivity {} of {}", i + 1, slots_.size()));
      const size_t rung = slots_[i].rung;
      probed_ = slots_[i].name;
      const auto probe = [&](size_t probe_rung, uint64_t seed) {
        slots_[i].rung = probe_rung;
        probe_seed_ = seed;
        return rule_.signature(hook.gradients());
      };
      const std::vector<at::Tensor> a = probe(kLowest, 1);
      const std::vector<at::Tensor> b = probe(kLowest, 2);
      const std::vector<at::Tensor> c = probe(kEight, 1);
      slots_[i].rung = rung;
      const std::array<double, 3> parts = {SquaredDistance(a, b), 2 * SquaredDistance(a, c),
                                           2 * SquaredDistance(b, c)};
      slots_[i].sensitivity = 0;
      for (const double part : parts) {
        const double capped = part <= kLargestSensitivity ? part : kLargestSensitivity;  // or NaN
        slots_[i].sensitivity = std::max(slots_[i].sensitivity, capped);
      }
    }
    probe_seed_ = 0;
    Allocate(slots_, ladder_, options_.target);
  }

  Status Save() {
    Json tensors = Json::array();
    for (const Slot& s : slots_) {
      tensors.push_back({{"name", s.name},
                         {"values", s.values},
                         {"bits", ladder_[s.rung].bits},
                         {"sensitivity", s.sensitivity}});
    }
    return options_.save->Write(Json{{"method", rule_.method}, {"tensors", tensors}}.dump(1) +
                                "\n");
  }

  Status Load(const StepHook& hook) {
    const std::string& path = options_.load;
    (void)hook.gradients();  // to see which tensors there are
    try {
      for (Slot& slot : slots_) {
        const auto& tensors = options_.table.at("tensors");
        const auto it = std::find_if(tensors.begin(), tensors.end(),
                                     [&](const Json& t) { return t.at("name") == slot.name; });
        if (it == tensors.end()) {
          return ConfigError(
              fmt::format("{} has no bits for {}; save a table with this network ({}:save=FILE)",
                          io::Quote(path), slot.name, rule_.method));
        }
        const auto rung = std::find_if(ladder_.begin(), ladder_.end(), [&](const Rung& r) {
          return r.bits == it->at("bits").get<double>();
        });
        if (rung == ladder_.end()) {
          return BadInputError(fmt::format("{}: {} has bits {}; give 32, 8, 4, 2 or {}",
                                           io::Quote(path), slot.name, it->at("bits").dump(),
                                           ladder_[kLowest].bits));
        }
        slot.rung = static_cast<size_t>(rung - ladder_.begin());
        slot.sensitivity = it->value("sensitivity", 0.0);
      }
    } catch (const Json::exception&) {
      return NoTable(rule_.method, path);
    }
    loaded_ = true;
    return OkStatus();
  }

  AllocationRule rule_;
  Ladder ladder_;
  AllocatingOptions options_;
  size_t first_ = 0;  // rung before the first allocation
  std::vector<Slot> slots_;
  std::string probed_;
  uint64_t probe_seed_ = 0;  // 0: no probe
  int64_t adapted_at_ = -1;
  bool loaded_ = false;
};

}  // namespace

Result<MethodParts> MakeAllocating(MethodOptions& options, const AllocationRule& rule) {
  const auto bits = options.Number("bits", rule.bits, rule.lowest.bits, 32);
  const auto group = options.Choice("group", rule.group, {"64", "128", "256", "512"});
  const auto seed = options.Count("seed", 1, 0, 1 << 30);
  AllocatingOptions o;
  o.load = options.Text("table");
  const std::string save = options.Text("save");
  for (const Status& s : {bits.status(), group.status(), seed.status()}) {
    if (!s.ok()) return s;
  }
  if (!o.load.empty() && !save.empty()) {
    return ConfigError(
        fmt::format("stash {}: table is read and never changes; drop save", rule.method));
  }
  if (!o.load.empty()) {
    const Result<std::string> text = ReadInput(o.load, kMostJson, SaveOne(rule.method));
    if (!text.ok()) return text.status();
    o.table = Json::parse(*text, nullptr, false);
    if (!o.table.is_object() || !o.table.contains("tensors")) return NoTable(rule.method, o.load);
    options.NoteContents(*text);
  }
  if (!save.empty()) {
    Result<Output> output = Output::ClaimOwn(save);
    if (!output.ok()) return output.status();
    o.save = std::move(output).value();
  }
  o.target = *bits;
  o.group = std::stoll(*group);
  o.seed = static_cast<uint64_t>(*seed);
  return MethodParts{.codec = std::make_unique<AllocatingCodec>(rule, std::move(o))};
}

}  // namespace actplane::train
