// SPDX-License-Identifier: Apache-2.0
#include "app/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/rng.h"
#include "seq/encoded_seq.h"
#include "support/values.h"

namespace actplane::tb {
namespace {

std::vector<std::byte> Activations(Format format, uint64_t values, bool growth) {
  testing_support::Rng rng(1);
  const auto kind = growth ? testing_support::Kind::kPatterns : testing_support::Kind::kNormal;
  return testing_support::ToBytes(testing_support::MakePatterns(kind, format, values, rng), format);
}

struct OneRun {
  Verdict verdict;
  Timing timing;
  uint64_t slot_bytes = 0;  // the largest
};

OneRun RunFor(DeviceKind kind, const NamedConfig& config, const DeviceConfig& c, uint64_t blocks,
              bool growth) {
  const auto format = static_cast<Format>(c.format);
  std::unique_ptr<Sequence> sequence =
      std::make_unique<FileSeq>(std::vector<FileTensor>{TensorInMemory(
                                    c, Activations(format, blocks * config.block_len, growth))},
                                config.block_len);
  if (kind == DeviceKind::kDecompressor) {
    sequence = std::make_unique<EncodedSeq>(std::move(sequence), config.block_len, config.formats);
  }
  OneRun one;
  const std::unique_ptr<Device> device = MakeDevice(kind, config.name, {});
  CodecEnv env(*device, *sequence, {}, StallProfile::kNone, nullptr, nullptr,
               [&](const Expected& e) {
                 const size_t slot = kind == DeviceKind::kCompressor ? e.out.size() : e.in.size();
                 one.slot_bytes = std::max<uint64_t>(one.slot_bytes, slot);
               });
  one.verdict = env.Run();
  one.timing = env.timing();
  return one;
}

std::string Mode(const DeviceConfig& c) {
  return c.lossless ? "lossless" : fmt::format("T={}", c.slot_bytes);
}

// Zero: of no format that is built in.
std::string Cycles(double cycles) { return cycles == 0 ? "-" : fmt::format("{:.2f}", cycles); }

}  // namespace

Measurement Measure(DeviceKind kind, const NamedConfig& config, const DeviceConfig& c,
                    uint64_t blocks, bool growth) {
  const uint32_t beat_bytes = config.stream_width / 8;
  const uint32_t block_bytes = BlockBytes(c.Nearest(config.block_len, config.formats));
  const OneRun alone = RunFor(kind, config, c, 1, growth);
  const OneRun stream = RunFor(kind, config, c, blocks, growth);
  const Timing& t = stream.timing;
  Measurement m;
  m.verdict = alone.verdict.ok() ? stream.verdict : alone.verdict;
  m.block_beats = block_bytes / beat_bytes;
  m.slot_beats = CeilDiv(stream.slot_bytes, beat_bytes);
  const uint64_t cycles =
      kind == DeviceKind::kCompressor ? t.last_in - t.first_in + 1 : t.last_out - t.first_out + 1;
  m.bubbles = cycles - blocks * m.block_beats;
  m.cycles_per_block = static_cast<double>(cycles) / static_cast<double>(blocks);
  m.bytes_per_cycle = block_bytes / m.cycles_per_block;
  m.latency = alone.timing.max_latency;
  m.stream_latency = t.max_latency;
  return m;
}

std::vector<MeasuredRow> MeasureAll(uint64_t blocks) {
  std::vector<MeasuredRow> rows;
  for (const NamedConfig& config : NamedConfigs()) {
    for (const DeviceKind kind : {DeviceKind::kCompressor, DeviceKind::kDecompressor}) {
      for (uint32_t f = 0; f < 3; ++f) {
        if (!config.formats.Has(f)) continue;
        const uint32_t block_bytes = config.block_len * InfoOf(static_cast<Format>(f)).value_bytes;
        for (const DeviceConfig& c :
             {DeviceConfig{f, block_bytes / 2, false, 0, false},
              DeviceConfig{f, block_bytes, false, 0, false}, DeviceConfig{f, 0, true, 0, false}}) {
          rows.push_back({config, kind, c, Measure(kind, config, c, blocks)});
        }
      }
    }
  }
  return rows;
}

std::string MeasuredTable(const std::vector<MeasuredRow>& rows) {
  std::string text =
      fmt::format("{:<9} {:>4} {:>5} {:<9}  {:<12} {:>11} {:>11} {:>8} {:>8} {:>8} {:>14}\n",
                  "config", "N", "width", "formats", "device", "cycles FP32", "cycles 16-b",
                  "B/cycle", "bubbles", "latency", "in a stream");
  for (size_t i = 0; i < rows.size();) {
    const MeasuredRow& first = rows[i];
    MeasuredRow worst = first;  // over formats and modes
    double wide = 0, narrow = 0;
    for (;
         i < rows.size() && rows[i].config.name == first.config.name && rows[i].kind == first.kind;
         ++i) {
      const Measurement& m = rows[i].measurement;
      if (!m.verdict.ok())
        return fmt::format("{} {}: {}\n", first.config.name, ToString(first.kind),
                           m.verdict.first_failure);
      double& cycles = rows[i].device_config.format == 0 ? wide : narrow;
      cycles = std::max(cycles, m.cycles_per_block);
      Measurement& w = worst.measurement;
      w.bytes_per_cycle = std::min(w.bytes_per_cycle, m.bytes_per_cycle);
      w.bubbles = std::max(w.bubbles, m.bubbles);
      w.latency = std::max(w.latency, m.latency);
      w.stream_latency = std::max(w.stream_latency, m.stream_latency);
    }
    const Measurement& w = worst.measurement;
    text +=
        fmt::format("{:<9} {:>4} {:>5} {:<9}  {:<12} {:>11} {:>11} {:>8.2f} {:>8} {:>8} {:>14}\n",
                    first.config.name, first.config.block_len, first.config.stream_width,
                    FormatNames(first.config.formats), ToString(first.kind), Cycles(wide),
                    Cycles(narrow), w.bytes_per_cycle, w.bubbles, w.latency, w.stream_latency);
  }
  return text +
         "cycles per block; the worst over formats, T = half a block, T = a block, and lossless; "
         "every line: --json\n";
}

nlohmann::ordered_json MeasuredJson(const std::vector<MeasuredRow>& rows) {
  nlohmann::ordered_json json = {{"rows", nlohmann::ordered_json::array()}};
  bool ok = true;
  for (const MeasuredRow& r : rows) {
    const Measurement& m = r.measurement;
    ok = ok && m.verdict.ok();
    json["rows"].push_back({
        {"config", r.config.name},
        {"block_len", r.config.block_len},
        {"stream_width", r.config.stream_width},
        {"formats", FormatNames(r.config.formats)},
        {"device", ToString(r.kind)},
        {"format", actplane::ToString(static_cast<Format>(r.device_config.format))},
        {"mode", Mode(r.device_config)},
        {"slot_beats", m.slot_beats},
        {"block_beats", m.block_beats},
        {"cycles_per_block", m.cycles_per_block},
        {"bytes_per_cycle", m.bytes_per_cycle},
        {"latency", m.latency},
        {"bubbles", m.bubbles},
        {"ok", m.verdict.ok()},
    });
  }
  json["ok"] = ok;
  return json;
}

}  // namespace actplane::tb
