// SPDX-License-Identifier: Apache-2.0
// Cycles, when nobody stalls: a beat of values in every cycle, and the latencies promised.
#include <gtest/gtest.h>

#include "app/measure.h"
#include "system_test_support.h"

namespace actplane::tb {
namespace {

constexpr uint64_t kBlocks = 24;
// docs/rtl.md, "Rate": the last beat of a block to the first of its slot, in order field and in
// order significance with activations; the beat with the last bit of the first values to those
// values.
constexpr uint64_t kFieldLatency = 16, kSignificanceLatency = 26, kDecompressorLatency = 8;
// The search of order significance: for a block of activations, and of random bits. The longest of
// all is longer (actp_enc_level_test).
constexpr uint64_t kSearch = 18, kLongestSearch = 120;
constexpr uint64_t kSlack = 14;  // beats, the default of long blocks

std::string What(const NamedConfig& config, DeviceKind kind, const DeviceConfig& c, bool growth) {
  return fmt::format("{} {} format {} order {} T {}{}{}", config.name, ToString(kind), c.format,
                     c.order, c.slot_bytes, c.lossless ? " lossless" : "",
                     growth ? ", random bits" : "");
}

void ExpectLatency(DeviceKind kind, const DeviceConfig& c, bool growth, const Measurement& m) {
  uint64_t most = kDecompressorLatency;
  if (kind == DeviceKind::kCompressor) {
    most = c.order == 0 ? kFieldLatency : kSignificanceLatency;
    if (c.order != 0 && growth) most += kLongestSearch;
  }
  EXPECT_LE(m.latency, most);
}

// The front of a slot is longer than a chunk: N = 256 with K = 4 (docs/rtl.md, "Rate").
bool LongFront(const Shape& shape) {
  return shape.Has(Order::kSignificance) &&
         24 + 5 * shape.block_len / shape.group_len > 8 * std::max(32U, shape.beat_bytes());
}

// What searches of activations that last longer than promised cost: with K = 4 a block is seldom
// searched again (F-6.10), and its latency shows by how much. With K = 8 none is.
uint64_t LongSearches(const NamedConfig& config, const DeviceConfig& c) {
  if (config.shape.group_len == 8) return 0;
  const uint64_t hidden = kSignificanceLatency - (LongFront(config.shape) ? 2 : 0);
  uint64_t sum = 0;
  const auto latencies = LatenciesAlone(DeviceKind::kCompressor, config, c, kBlocks);
  EXPECT_EQ(latencies.size(), kBlocks) << "a run failed";
  for (const uint64_t latency : latencies) sum += latency - std::min(latency, hidden);
  return sum;
}

// Slots of half a block and less.
void ExpectRate(DeviceKind kind, const NamedConfig& config, const DeviceConfig& c, bool growth,
                const Measurement& m) {
  if (kind == DeviceKind::kDecompressor) {
    // A window of two words may lack the end of a chunk of many rows; a front of two words comes
    // late.
    const bool late = LongFront(config.shape) && config.shape.beat_bytes() > 8;
    const uint64_t rows = !growth || c.order == 0 ? 0 : kBlocks * m.block_beats / (late ? 8 : 16);
    EXPECT_LE(m.bubbles, rows + (late ? 3 * kBlocks : 0));
    return;
  }
  const uint64_t search = c.order == 0 ? 0 : growth ? kLongestSearch : kSearch;
  if (search == 0 || (!growth && m.block_beats >= search)) {
    const uint64_t most = search == 0 || m.bubbles == 0 ? 0 : LongSearches(config, c);
    EXPECT_LE(m.bubbles, most);
  } else {
    const uint64_t waits = search - kSlack;
    EXPECT_LE(m.cycles_per_block, static_cast<double>(std::max(search, m.block_beats + waits)));
  }
}

void ExpectNoBubble(DeviceKind kind) {
  for (const NamedConfig& config : NamedConfigs()) {
    for (const DeviceConfig& c : MeasuredConfigs(config.shape)) {
      for (const bool growth : {false, true}) {
        if (growth && c.lossless) continue;  // that content makes slots longer than blocks
        SCOPED_TRACE(What(config, kind, c, growth));
        const Measurement m = Measure(kind, config, c, kBlocks, growth);
        ASSERT_TRUE(m.verdict.ok()) << m.verdict.first_failure;
        ExpectLatency(kind, c, growth, m);
        if (c.lossless || 2 * c.slot_bytes > BlockBytes(c.Nearest(config.shape))) continue;
        ExpectRate(kind, config, c, growth, m);
      }
    }
  }
}

TEST(Throughput, TheCompressorTakesABeatInEveryCycle) { ExpectNoBubble(DeviceKind::kCompressor); }
TEST(Throughput, TheDecompressorGivesABeatInEveryCycle) {
  ExpectNoBubble(DeviceKind::kDecompressor);
}

TEST(Throughput, ALongSlotCostsTwoCyclesAChunkAtMost) {
  for (const NamedConfig& config : NamedConfigs()) {
    for (const DeviceConfig& measured : MeasuredConfigs(config.shape)) {
      if (measured.lossless) continue;
      DeviceConfig c = measured;
      c.slot_bytes = MaxSlotBytes(c.Nearest(config.shape));
      for (const DeviceKind kind : {DeviceKind::kCompressor, DeviceKind::kDecompressor}) {
        SCOPED_TRACE(What(config, kind, c, true));
        const Measurement m = Measure(kind, config, c, kBlocks, true);
        ASSERT_TRUE(m.verdict.ok()) << m.verdict.first_failure;
        const bool search = kind == DeviceKind::kCompressor && c.order != 0;
        const Config nearest = c.Nearest(config.shape);
        const uint64_t front =
            CeilDiv(24 + 5 * nearest.block_len / nearest.group_len, 8 * config.shape.beat_bytes());
        // actp_dec_next takes more than a cycle with more than 8 groups; two beats do not hide it.
        const bool seen = LongFront(config.shape) ||
                          (m.block_beats <= 2 && nearest.block_len / nearest.group_len > 8);
        const uint64_t beats = std::max(m.slot_beats, 2 * m.block_beats + front) + (seen ? 1 : 0);
        EXPECT_LE(m.cycles_per_block,
                  static_cast<double>(std::max(beats, search ? kLongestSearch : 0)));
      }
    }
  }
}

}  // namespace
}  // namespace actplane::tb
