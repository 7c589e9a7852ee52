// SPDX-License-Identifier: Apache-2.0
// A captured step through the golden device: its bits, its bytes, and that a fault is seen.
#include "replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "replay/bf16.h"
#include "replay/picture.h"
#include "replay/step_fixture.h"

namespace actplane::tb {
namespace {

using testing::HasSubstr;

class Replayed : public StepTest {
 protected:
  static ReplaySetting Setting(uint32_t slot_bytes, Config config = {}) {
    config.slot_bytes = slot_bytes;
    ReplaySetting s;
    s.dram = BuiltInDramConfigs().at("ddr4-3200");
    s.plain_format = config.format;
    s.config_of = [config](const std::string&) { return config; };
    return s;
  }
  static ReplaySetting Captured(const Trace& trace) {
    ReplaySetting s = Setting(0);
    s.captured = ParseStash(trace.stash).value();
    s.config_of = [c = *s.captured](const std::string& kind) { return c.Of(kind); };
    return s;
  }
  ReplayResult Run(const ReplaySetting& setting, const std::string& folder = Step()) {
    const Trace trace = ReadTrace(files_, folder).value();
    Result<ReplayResult> result = Replay(files_, trace, setting);
    EXPECT_TRUE(result.ok()) << result.status().message();
    return result.ok() ? *result : ReplayResult();
  }
};

TEST(Bf16, RoundsToNearestEven) {
  const std::array<uint32_t, 8> in = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001,
                                      0x7f7fffff, 0xff800000, 0x7f800001, 0x80000001};
  const std::array<uint16_t, 8> out = {0x3f80, 0x3f80, 0x3f82, 0x3f81,
                                       0x7f80, 0xff80, 0x7fc0, 0x8000};
  const std::vector<std::byte> half = ToBf16(std::as_bytes(std::span(in)));
  ASSERT_EQ(half.size(), sizeof out);
  EXPECT_EQ(std::memcmp(half.data(), out.data(), sizeof out), 0);
  const std::vector<std::byte> back = FromBf16(half);
  uint32_t third = 0;
  std::memcpy(&third, &back[8], 4);
  EXPECT_EQ(third, 0x3f820000U);
}

TEST_F(Replayed, EveryBitIsThatOfTheSoftwareStash) {
  const Config field, significance{.order = Order::kSignificance};
  const Config bf16{.format = Format::kBf16}, small{.block_len = 32};
  for (const auto& [config, slot] :
       {std::pair(field, 160U), std::pair(field, 96U), std::pair(significance, 64U),
        std::pair(bf16, 80U), std::pair(small, 32U)}) {
    const ReplayResult r = Run(Setting(slot, config));
    EXPECT_EQ(r.slots.tensors, 14U);
    EXPECT_GE(r.values.tensors, 27U);
    EXPECT_EQ(r.Wrong(), 0U) << r.first_wrong;
    EXPECT_EQ(r.device.read_modify_writes, 0U);
    EXPECT_EQ(r.device.malformed, 0U);
    EXPECT_EQ(r.Deviation(), 0) << slot;
  }
}

TEST_F(Replayed, SlotsAreTheOnesThatTheTrainerStored) {
  const Trace trace = ReadTrace(files_, Step()).value();
  const ReplayResult r = Run(Captured(trace));
  EXPECT_EQ(r.trace_slots.tensors, 13U);  // one kind is exact
  // Of 80 values nine times, 50 twice, 320 with slots of 32 and of 21 bytes.
  EXPECT_EQ(r.trace_slots.bytes, 9 * 3 * 32U + 2 * 2 * 32 + 10 * 32 + 10 * 21);
  EXPECT_EQ(r.trace_returned.tensors, 13U);
  EXPECT_EQ(r.trace_returned.bytes, 9 * 320U + 2 * 200 + 2 * 1280);
  EXPECT_EQ(r.Wrong(), 0U) << r.first_wrong;
}

TEST_F(Replayed, AWrongBitOfTheTraceIsSeen) {
  CopyStep();
  const Trace trace = ReadTrace(files_, Folder()).value();
  Damage("stored/h0.attn.k.bin", 3);
  const ReplayResult r = Run(Captured(trace), Folder());
  EXPECT_EQ(r.trace_slots.wrong, 1U);
  EXPECT_THAT(r.first_wrong, HasSubstr("h0.attn.k, stored slots of the trace: 1 of"));
  EXPECT_THAT(r.first_wrong, HasSubstr("the first is byte 3"));
}

TEST_F(Replayed, WhatBackwardWasGivenIsCompared) {
  CopyStep();
  const Trace trace = ReadTrace(files_, Folder()).value();
  Damage("returned/ln_f.npy", -1);
  const ReplayResult r = Run(Captured(trace), Folder());
  EXPECT_EQ(r.trace_returned.wrong, 1U);
  EXPECT_THAT(r.first_wrong, HasSubstr("ln_f, returned values of the trace: 1 of 320"));
}

// A trace from before there was `returned`.
TEST_F(Replayed, WithoutWhatBackwardWasGivenTheRestIsCompared) {
  CopyStep();
  Json json = StepJson();
  for (Json& t : json["tensors"]) t.erase("returned");
  Write("trace.json", json.dump());
  const Trace trace = ReadTrace(files_, Folder()).value();
  const ReplayResult r = Run(Captured(trace), Folder());
  EXPECT_EQ(r.trace_slots.tensors, 13U);
  EXPECT_EQ(r.trace_returned.tensors, 0U);
  EXPECT_EQ(r.Wrong(), 0U);
}

// A device that does one thing wrong.
class Faulty : public MemoryDevice {
 public:
  enum Fault : uint8_t { kWrongValue, kLostWrite, kHalfBlocks };
  Faulty(DramMemory& memory, Fault fault) : fault_(fault), device_(memory, {}) {}

  Status SetRegions(std::span<const MemoryRegion> regions) override {
    return device_.SetRegions(regions);
  }
  Status Write(uint64_t address, std::span<const std::byte> bytes) override {
    if (address < kRegionsFrom) return device_.Write(address, bytes);
    if (fault_ == kLostWrite && ++writes_ == 5) return OkStatus();
    if (fault_ != kHalfBlocks) return device_.Write(address, bytes);
    for (size_t at = 0; at < bytes.size(); at += 256) {
      if (Status s = device_.Write(address + at, bytes.subspan(at, 256)); !s.ok()) return s;
      if (Status s = device_.Fence(); !s.ok()) return s;
    }
    return OkStatus();
  }
  Status Read(uint64_t address, std::span<std::byte> bytes) override {
    const Status s = device_.Read(address, bytes);
    if (fault_ == kWrongValue && ++reads_ == 7) bytes[5] ^= std::byte{16};
    return s;
  }
  Status Fence() override { return device_.Fence(); }
  uint64_t cycles() const override { return device_.cycles(); }
  DeviceCounters counters() const override { return device_.counters(); }

 private:
  Fault fault_;
  GoldenDevice device_;
  int reads_ = 0, writes_ = 0;
};

TEST_F(Replayed, AFaultOfTheDeviceIsSeen) {
  const auto with = [&](Faulty::Fault fault) {
    ReplaySetting s = Setting(160);
    s.make_device = [fault](DramMemory& memory) { return std::make_unique<Faulty>(memory, fault); };
    return Run(s);
  };
  const ReplayResult value = with(Faulty::kWrongValue);
  EXPECT_EQ(value.values.wrong, 1U);
  EXPECT_EQ(value.slots.wrong, 0U);
  EXPECT_THAT(value.first_wrong, HasSubstr("values that came back: 1 of"));
  const ReplayResult lost = with(Faulty::kLostWrite);
  EXPECT_GT(lost.slots.wrong, 0U);
  EXPECT_GT(lost.values.wrong, 0U);
  EXPECT_LT(lost.Deviation(), 0);
  // Traffic is no matter of bits: half blocks are read, modified and written.
  const ReplayResult half = with(Faulty::kHalfBlocks);
  EXPECT_GT(half.device.read_modify_writes, 0U);
  EXPECT_GT(half.Deviation(), kMostDeviation);
}

TEST_F(Replayed, BytesAreThoseOfTheSlotsInWholeBursts) {
  // 80 values are a block of 128; 50 and 320 are one and three.
  uint64_t blocks = 0, payload = 0;
  const Trace trace = ReadTrace(files_, Step()).value();
  for (const TraceStep& step : trace.steps) {
    const TraceTensor& t = trace.tensors[step.tensor];
    if (step.access == TraceAccess::kRelease || !t.activation()) continue;
    blocks += (t.raw_bytes + 511) / 512;
    payload += t.raw_bytes;
  }
  for (const auto& [slot, bursts] : {std::pair(160U, 3U), std::pair(96U, 2U), std::pair(64U, 1U)}) {
    const ReplayResult r = Run(Setting(slot));
    EXPECT_EQ(r.payload_bytes, payload);
    EXPECT_EQ(r.slot_bytes, blocks * slot);
    EXPECT_EQ(r.rounded_bytes, blocks * bursts * 64);
    EXPECT_EQ(r.slot_dram_bytes, blocks * bursts * 64);
    EXPECT_EQ(r.device.blocks_written + r.device.blocks_read, blocks);
    EXPECT_EQ(r.dram.bursts, r.dram.hits + r.dram.misses + r.dram.conflicts);
  }
}

TEST_F(Replayed, WithoutRegionsNothingIsLost) {
  ReplaySetting s = Setting(0);
  s.config_of = nullptr;
  const ReplayResult r = Run(s);
  EXPECT_EQ(r.slots.tensors, 0U);
  EXPECT_EQ(r.Wrong(), 0U);
  EXPECT_EQ(r.slot_bytes, 0U);
  EXPECT_EQ(r.device.blocks_written, 0U);
  EXPECT_GT(r.dram_bytes, r.footprint_bytes);
  EXPECT_GT(r.busy, 0.3);
  EXPECT_LT(r.busy, 1.0);
  EXPECT_GT(r.cycles, r.forward_cycles);
}

TEST_F(Replayed, AStepThatDoesNotFitIsRefused) {
  ReplaySetting s = Setting(160);
  s.dram.rows = 1;
  s.dram.row_bytes = 64;
  const Trace trace = ReadTrace(files_, Step()).value();
  const Status status = Replay(files_, trace, s).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidConfig);
  EXPECT_THAT(status.message(), HasSubstr("choose a larger memory"));
}

TEST_F(Replayed, ThePictureHoldsEveryRow) {
  ReplaySetting plain = Setting(0);
  plain.config_of = nullptr;
  const std::string script = ReplayScript(
      "a \"title\"", Run(plain), {{.name = "8", .slot = "64", .result = Run(Setting(64))}});
  EXPECT_THAT(script, HasSubstr("\"8\\nT = 64\" "));
}

}  // namespace
}  // namespace actplane::tb
