// SPDX-License-Identifier: Apache-2.0
// Cycles, when nobody stalls: not one bubble as long as slots are not longer than blocks, and the
// latencies promised.
#include <gtest/gtest.h>

#include "app/measure.h"
#include "system_test_support.h"

namespace actplane::tb {
namespace {

constexpr uint64_t kBlocks = 24;
// docs/rtl.md
constexpr uint64_t Latency(DeviceKind kind) { return kind == DeviceKind::kCompressor ? 6 : 3; }
constexpr uint64_t kLatencyBound = 8;

// Slots of no more beats than their blocks.
std::vector<DeviceConfig> Narrowing(const NamedConfig& config) {
  std::vector<DeviceConfig> all;
  for (uint32_t f = 0; f < 3; ++f) {
    if (!config.formats.Has(f)) continue;
    const uint32_t block = config.block_len * InfoOf(static_cast<Format>(f)).value_bytes;
    for (const uint32_t t :
         {MinFieldSlotBytes(static_cast<Format>(f), config.block_len), block / 2, block}) {
      all.push_back({f, t, false, 0, false});
    }
    all.push_back({f, 0, true, 0, false});
  }
  return all;
}

void ExpectNoBubble(DeviceKind kind) {
  for (const NamedConfig& config : NamedConfigs()) {
    for (const DeviceConfig& c : Narrowing(config)) {
      for (const bool growth : {false, true}) {
        if (growth && c.lossless) continue;  // that content makes slots longer than blocks
        const Measurement m = Measure(kind, config, c, kBlocks, growth);
        const std::string what = fmt::format("{} {} format {} T {}", config.name, ToString(kind),
                                             c.format, c.slot_bytes);
        ASSERT_TRUE(m.verdict.ok()) << what << ": " << m.verdict.first_failure;
        if (m.slot_beats > m.block_beats) continue;
        EXPECT_EQ(m.bubbles, 0U) << what;
        EXPECT_EQ(m.latency, Latency(kind)) << what;
        if (kind == DeviceKind::kCompressor) {
          EXPECT_LE(m.stream_latency, m.block_beats + kLatencyBound) << what;
        }
      }
    }
  }
}

TEST(Throughput, TheCompressorTakesABeatInEveryCycle) { ExpectNoBubble(DeviceKind::kCompressor); }
TEST(Throughput, TheDecompressorGivesABeatInEveryCycle) {
  ExpectNoBubble(DeviceKind::kDecompressor);
}

TEST(Throughput, ALongSlotCostsItsOwnBeatsOnly) {
  for (const NamedConfig& config : NamedConfigs()) {
    for (uint32_t f = 0; f < 3; ++f) {
      if (!config.formats.Has(f)) continue;
      const DeviceConfig c{f, MaxFieldSlotBytes(static_cast<Format>(f), config.block_len), false, 0,
                           false};
      for (const DeviceKind kind : {DeviceKind::kCompressor, DeviceKind::kDecompressor}) {
        const Measurement m = Measure(kind, config, c, kBlocks, true);
        ASSERT_TRUE(m.verdict.ok()) << m.verdict.first_failure;
        // The side of the values waits for the slots, and for nothing else.
        EXPECT_LE(m.cycles_per_block, static_cast<double>(m.slot_beats) + 0.001)
            << config.name << " format " << f;
      }
    }
  }
}

}  // namespace
}  // namespace actplane::tb
