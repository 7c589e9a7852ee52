// SPDX-License-Identifier: Apache-2.0
#include "app/run.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

namespace actplane::tb {
namespace {

// A sequence whose packets come from somewhere else.
class PulledSeq : public Sequence {
 public:
  explicit PulledSeq(std::function<std::optional<Packet>()> pull) : pull_(std::move(pull)) {}
  std::optional<Packet> Next() override { return pull_(); }

 private:
  std::function<std::optional<Packet>()> pull_;
};

SimOptions OptionsFor(const RunConfig& run, const Execution& how) {
  return {run.seed, how.trace_file, how.trace_from_cycle};
}

}  // namespace

std::optional<DeviceKind> ParseDevice(const std::string& name) {
  if (name == "compressor") return DeviceKind::kCompressor;
  if (name == "decompressor") return DeviceKind::kDecompressor;
  return std::nullopt;
}

Status StatusOf(const Verdict& verdict) {
  if (verdict.ok()) return OkStatus();
  return verdict.outcome == Outcome::kUnreadable ? BadInputError(verdict.first_failure)
                                                 : MismatchError("");
}

const NamedConfig* FindConfig(const std::string& name) {
  for (const NamedConfig& c : NamedConfigs()) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

std::string FormatNames(FormatSet formats) {
  std::string names;
  for (uint32_t f = 0; f < 3; ++f) {
    if (!formats.Has(f)) continue;
    names += (names.empty() ? "" : "+") + std::string(actplane::ToString(static_cast<Format>(f)));
  }
  return formats == FormatSet{} ? "all" : names;
}

std::string OrderNames(const Shape& shape) {
  return shape.orders == 3 ? "both" : std::string(actplane::ToString(shape.NthOrder(0)));
}

std::string ShapeText(const Shape& shape) {
  constexpr std::array kFifos = {"flops", "latches", "a macro"};
  return fmt::format("K = {}, {} rows in {}", shape.group_len, shape.depth, kFifos[shape.fifo]);
}

RunResult RunOnce(const RunConfig& run, Coverage* coverage, const std::vector<FileTensor>& tensors,
                  Waveform* waveform, const std::function<void(const Expected&)>& on_block) {
  RunResult result;
  const DeviceKind kind = *ParseDevice(run.device);
  const NamedConfig& config = *FindConfig(run.config);
  const StallProfile stall = *ParseStallProfile(run.stall);
  bool first = true;
  result.verdict = RunWithArtifacts(run, [&](const Execution& how) {
    Execution execution = how;
    if (first && waveform != nullptr) execution.trace_file = waveform->path();
    const std::unique_ptr<Device> device = MakeDevice(kind, run.config, OptionsFor(run, execution));
    if (first && waveform != nullptr) waveform->TakeOver();
    const std::unique_ptr<Sequence> sequence = MakeSequence(kind, run, config, tensors);
    CodecEnv env(*device, *sequence, run, stall, execution.log, first ? coverage : nullptr,
                 first ? on_block : std::function<void(const Expected&)>());
    const Verdict verdict = env.Run();
    if (first) result.timing = env.timing();
    first = false;
    device->Finish();
    return verdict;
  });
  return result;
}

RoundTripResult RunRoundTrip(const RunConfig& run, const std::vector<FileTensor>& tensors,
                             const std::function<void(const Expected&)>& on_block,
                             const MakeDeviceFunction& make) {
  RoundTripResult result;
  const NamedConfig& config = *FindConfig(run.config);
  const StallProfile stall = *ParseStallProfile(run.stall);
  bool first = true;
  const Verdict verdict = RunWithArtifacts(run, [&](const Execution& how) {
    Execution second_file = how;
    if (!how.trace_file.empty())
      second_file.trace_file.insert(how.trace_file.rfind('.'), "-decompressor");
    const auto compressor = make(DeviceKind::kCompressor, run.config, OptionsFor(run, how));
    const auto decompressor =
        make(DeviceKind::kDecompressor, run.config, OptionsFor(run, second_file));
    const auto values = MakeSequence(DeviceKind::kCompressor, run, config, tensors);

    std::deque<Packet> slots;
    CodecEnv enc(*compressor, *values, run, stall, how.log, nullptr, [&](const Expected& e) {
      // Compared bit by bit: what the golden model says is what the compressor put out.
      DeviceConfig c = DeviceConfig::From(e.config);
      c.fill_zero = tensors.empty() ? e.index % 2 != 0 : tensors.front().config.fill_zero;
      slots.push_back({"compressed", c, e.out});
    });
    bool enc_runs = true;
    PulledSeq pulled([&]() -> std::optional<Packet> {
      while (slots.empty() && enc_runs) enc_runs = enc.Step();
      if (slots.empty()) return std::nullopt;
      Packet p = std::move(slots.front());
      slots.pop_front();
      return p;
    });
    CodecEnv dec(*decompressor, pulled, run, stall, how.log, nullptr,
                 first ? on_block : std::function<void(const Expected&)>());
    const Verdict dec_verdict = dec.Run();
    // A decompressor that failed has stopped in the middle; so has the compressor then, which is no
    // fault of it.
    const Verdict enc_verdict = !dec_verdict.ok() && enc_runs ? enc.Stop() : enc.Finish();
    if (first) {
      result = {{enc_verdict, enc.timing()}, {dec_verdict, dec.timing()}};
    }
    first = false;
    compressor->Finish();
    decompressor->Finish();
    return enc_verdict.ok() ? dec_verdict : enc_verdict;
  });
  (result.compressor.verdict.ok() ? result.decompressor : result.compressor).verdict.first_failure =
      verdict.first_failure;
  return result;
}

}  // namespace actplane::tb
