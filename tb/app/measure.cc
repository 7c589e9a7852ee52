// SPDX-License-Identifier: Apache-2.0
#include "app/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/rng.h"
#include "seq/encoded_seq.h"
#include "support/values.h"

namespace actplane::tb {
namespace {

// `values` values from number `first` on.
std::vector<std::byte> Activations(Format format, uint64_t first, uint64_t values, bool growth) {
  testing_support::Rng rng(1);
  const auto kind = growth ? testing_support::Kind::kPatterns : testing_support::Kind::kNormal;
  auto patterns = testing_support::MakePatterns(kind, format, first + values, rng);
  patterns.erase(patterns.begin(), patterns.begin() + static_cast<std::ptrdiff_t>(first));
  return testing_support::ToBytes(patterns, format);
}

struct OneRun {
  Verdict verdict;
  Timing timing;
  uint64_t slot_bytes = 0;  // the largest
};

OneRun RunFor(DeviceKind kind, const NamedConfig& config, const DeviceConfig& c, uint64_t first,
              uint64_t blocks, bool growth) {
  const auto format = static_cast<Format>(c.format);
  std::unique_ptr<Sequence> sequence =
      std::make_unique<FileSeq>(std::vector<FileTensor>{TensorInMemory(
                                    c, Activations(format, first * config.shape.block_len,
                                                   blocks * config.shape.block_len, growth))},
                                config.shape);
  if (kind == DeviceKind::kDecompressor) {
    sequence = std::make_unique<EncodedSeq>(std::move(sequence), config.shape);
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
  const uint32_t beat_bytes = config.shape.beat_bytes();
  const uint32_t block_bytes = BlockBytes(c.Nearest(config.shape));
  const OneRun alone = RunFor(kind, config, c, 0, 1, growth);
  const OneRun stream = RunFor(kind, config, c, 0, blocks, growth);
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

std::vector<uint64_t> LatenciesAlone(DeviceKind kind, const NamedConfig& config,
                                     const DeviceConfig& c, uint64_t blocks) {
  std::vector<uint64_t> all;
  for (uint64_t b = 0; b < blocks; ++b) {
    const OneRun run = RunFor(kind, config, c, b, 1, false);
    if (!run.verdict.ok()) return {};
    all.push_back(run.timing.max_latency);
  }
  return all;
}

std::vector<DeviceConfig> MeasuredConfigs(const Shape& shape) {
  std::vector<DeviceConfig> all;
  for (uint32_t f = 0; f < 3; ++f) {
    if (!shape.formats.Has(f)) continue;
    for (const Order order : {Order::kField, Order::kSignificance}) {
      if (!shape.Has(order)) continue;
      DeviceConfig c;
      c.format = f;
      c.order = static_cast<uint32_t>(order);
      c.row_limit = shape.depth;
      const Config nearest = c.Nearest(shape);
      for (const uint32_t ratio : {4U, 2U, 1U}) {
        const uint32_t t = BlockBytes(nearest) / ratio;
        if (t < MinSlotBytes(nearest) || t > MaxSlotBytes(nearest)) continue;
        c.slot_bytes = t;
        all.push_back(c);
      }
      c.lossless = true;
      if (c.Nearest(shape).lossless) all.push_back(c);
    }
  }
  return all;
}

std::vector<MeasuredRow> MeasureAll(uint64_t blocks) {
  std::vector<MeasuredRow> rows;
  for (const NamedConfig& config : NamedConfigs()) {
    for (const DeviceKind kind : {DeviceKind::kCompressor, DeviceKind::kDecompressor}) {
      for (const DeviceConfig& c : MeasuredConfigs(config.shape))
        rows.push_back({config, kind, c, Measure(kind, config, c, blocks)});
    }
  }
  return rows;
}

std::string MeasuredTable(const std::vector<MeasuredRow>& rows) {
  constexpr const char* kLine =
      "{:<9} {:>4} {:>5} {:<12} {:<12}  {:<12} {:>11} {:>11} {:>8} {:>8} {:>8} {:>14}\n";
  std::string text =
      fmt::format(fmt::runtime(kLine), "config", "N", "width", "formats", "device", "order",
                  "cycles FP32", "cycles 16-b", "B/cycle", "bubbles", "latency", "in a stream");
  const auto key = [](const MeasuredRow& r) {
    return std::tuple(r.config.name, r.kind, r.device_config.order);
  };
  std::vector<MeasuredRow> sorted = rows;  // the orders of a device together
  std::stable_sort(sorted.begin(), sorted.end(), [](const MeasuredRow& a, const MeasuredRow& b) {
    return a.config.name == b.config.name && a.kind == b.kind &&
           a.device_config.order < b.device_config.order;
  });
  for (size_t i = 0; i < sorted.size();) {
    const MeasuredRow& first = sorted[i];
    MeasuredRow worst = first;  // over formats and modes
    double wide = 0, narrow = 0;
    for (; i < sorted.size() && key(sorted[i]) == key(first); ++i) {
      const Measurement& m = sorted[i].measurement;
      if (!m.verdict.ok())
        return fmt::format("{} {}: {}\n", first.config.name, ToString(first.kind),
                           m.verdict.first_failure);
      double& cycles = sorted[i].device_config.format == 0 ? wide : narrow;
      cycles = std::max(cycles, m.cycles_per_block);
      Measurement& w = worst.measurement;
      w.bytes_per_cycle = std::min(w.bytes_per_cycle, m.bytes_per_cycle);
      w.bubbles = std::max(w.bubbles, m.bubbles);
      w.latency = std::max(w.latency, m.latency);
      w.stream_latency = std::max(w.stream_latency, m.stream_latency);
    }
    const Measurement& w = worst.measurement;
    const Shape& shape = first.config.shape;
    text += fmt::format(fmt::runtime(kLine), first.config.name, shape.block_len, shape.stream_width,
                        FormatNames(shape.formats), ToString(first.kind),
                        actplane::ToString(static_cast<Order>(first.device_config.order)),
                        Cycles(wide), Cycles(narrow), fmt::format("{:.2f}", w.bytes_per_cycle),
                        w.bubbles, w.latency, w.stream_latency);
  }
  return text +
         "cycles per block; the worst over formats, T = a quarter, half and all of a block, and "
         "lossless; every line: --json\n";
}

nlohmann::ordered_json MeasuredJson(const std::vector<MeasuredRow>& rows) {
  nlohmann::ordered_json json = {{"rows", nlohmann::ordered_json::array()}};
  bool ok = true;
  for (const MeasuredRow& r : rows) {
    const Measurement& m = r.measurement;
    ok = ok && m.verdict.ok();
    json["rows"].push_back({
        {"config", r.config.name},
        {"block_len", r.config.shape.block_len},
        {"stream_width", r.config.shape.stream_width},
        {"formats", FormatNames(r.config.shape.formats)},
        {"device", ToString(r.kind)},
        {"format", actplane::ToString(static_cast<Format>(r.device_config.format))},
        {"order", actplane::ToString(static_cast<Order>(r.device_config.order))},
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
