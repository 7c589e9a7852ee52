// SPDX-License-Identifier: Apache-2.0
// The golden device: its slots, values, counts and order of time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "actplane/codec.h"
#include "replay/golden_device.h"

namespace actplane::tb {
namespace {

using Bytes = std::vector<std::byte>;

// Values that look like activations, `seed` different ones.
Bytes Values(size_t bytes, uint32_t seed = 1) {
  Bytes out(bytes);
  for (size_t i = 0; i < bytes / 4; ++i) {
    seed = seed * 1664525 + 1013904223;
    const float x = (static_cast<float>(seed >> 8) / 8388608.0F - 1) * 0.5F;
    std::memcpy(&out[4 * i], &x, 4);
  }
  return out;
}

constexpr uint64_t kBase = uint64_t{1} << 38;
constexpr uint64_t kSlots = 65536;
constexpr uint64_t kBlocks = 64;

class Golden : public testing::Test {
 protected:
  void SetUp() override { Make({}); }

  void Make(const PathConfig& path) {
    config_.slot_bytes = 160;
    memory_ = std::make_unique<DramMemory>(BuiltInDramConfigs().at("ddr4-3200"), 1 << 20, kSlots);
    device_ = std::make_unique<GoldenDevice>(*memory_, path);
    const MemoryRegion region{.base = kBase,
                              .size = kBlocks * 512,
                              .slot_base = kSlots,
                              .stride = 160,
                              .config = config_};
    const Status s = device_->SetRegions(std::array{region});
    ASSERT_TRUE(s.ok()) << s.message();
  }

  // What the format makes of whole blocks.
  Bytes Lossy(const Bytes& values) const {
    return Decompress(Compress(values, config_).value()).value().values;
  }
  Bytes Read(uint64_t address, uint64_t bytes) {
    Bytes out(bytes);
    EXPECT_TRUE(device_->Read(address, out).ok());
    return out;
  }
  void Write(uint64_t address, const Bytes& values) {
    EXPECT_TRUE(device_->Write(address, values).ok());
  }
  void Fence() { EXPECT_TRUE(device_->Fence().ok()); }
  Bytes Slot(uint64_t block) {
    const auto slot = memory_->Look(kSlots + block * 160, 160);
    return {slot.begin(), slot.end()};
  }
  DeviceCounters Seen() const { return device_->counters(); }

  Config config_;
  std::unique_ptr<DramMemory> memory_;
  std::unique_ptr<GoldenDevice> device_;
};

TEST_F(Golden, WholeBlocksBecomeTheSlotsOfTheModel) {
  const Bytes values = Values(4 * 512);
  Write(kBase + 3 * 512, values);
  Fence();
  const CompressedTensor model = Compress(values, config_).value();
  for (uint64_t i = 0; i < 4; ++i) {
    const auto slot = model.Slot(i);
    EXPECT_EQ(Slot(3 + i), Bytes(slot.begin(), slot.end()));
  }
  EXPECT_EQ(Read(kBase + 3 * 512, 4 * 512), Lossy(values));
  EXPECT_EQ(Seen().blocks_written, 4U);
  EXPECT_EQ(Seen().blocks_read, 4U);
  EXPECT_EQ(Seen().read_modify_writes, 0U);
  EXPECT_EQ(memory_->slot_bursts(), 8 * 3U);  // 160 bytes are three bursts
}

TEST_F(Golden, BeatsOfABlockGather) {
  const Bytes values = Values(512);
  for (size_t at = 0; at < 512; at += 32) {
    Write(kBase + at, {values.begin() + static_cast<ptrdiff_t>(at),
                       values.begin() + static_cast<ptrdiff_t>(at + 32)});
  }
  Fence();
  EXPECT_EQ(Seen().blocks_written, 1U);
  EXPECT_EQ(Seen().read_modify_writes, 0U);
  EXPECT_EQ(Read(kBase, 512), Lossy(values));
}

TEST_F(Golden, APartOfABlockIsReadModifiedAndWritten) {
  const Bytes old = Values(512);
  Write(kBase, old);
  const Bytes part = Values(64, 7);
  Write(kBase + 128, part);
  Bytes merged = Lossy(old);
  std::copy(part.begin(), part.end(), merged.begin() + 128);
  EXPECT_EQ(Read(kBase, 512), Lossy(merged));  // the read waits for the write
  EXPECT_EQ(Seen().read_modify_writes, 1U);
  EXPECT_EQ(Seen().blocks_written, 2U);
  EXPECT_EQ(memory_->slot_bursts(), 4 * 3U);
}

TEST_F(Golden, AReadBlockStaysUntilItIsWritten) {
  const Bytes first = Values(512), second = Values(512, 9);
  Write(kBase, first);
  Fence();
  Read(kBase, 32);
  const Bytes lossy = Lossy(first);
  EXPECT_EQ(Read(kBase + 32, 32), Bytes(lossy.begin() + 32, lossy.begin() + 64));
  EXPECT_EQ(Seen().blocks_read, 1U);
  EXPECT_EQ(Seen().buffer_hits, 1U);
  Write(kBase, second);
  Fence();
  EXPECT_EQ(Read(kBase, 512), Lossy(second));
  EXPECT_EQ(Seen().blocks_read, 2U);
}

TEST_F(Golden, WhatIsOutsideRegionsStaysAsItIs) {
  const Bytes values = Values(5000);
  Write(100, values);
  EXPECT_EQ(Read(100, 5000), values);
  EXPECT_EQ(Seen().bypass_writes, 5000U);
  EXPECT_EQ(Seen().bypass_reads, 5000U);
  EXPECT_EQ(Seen().blocks_written + Seen().blocks_read, 0U);
  EXPECT_EQ(memory_->slot_bursts(), 0U);
}

TEST_F(Golden, DamagedSlotsAreCounted) {
  Write(kBase, Values(512));
  Fence();
  memory_->Write(kSlots, Bytes(160, std::byte{0xff}), 0);
  EXPECT_EQ(Read(kBase, 512), Bytes(512));
  EXPECT_EQ(Seen().malformed, 1U);
}

TEST_F(Golden, AnAddressThatIsNotThereIsRefused) {
  Bytes bytes(512);
  EXPECT_EQ(device_->Read(kBase + kBlocks * 512, bytes).code(), StatusCode::kInvalidConfig);
  EXPECT_EQ(device_->Write(kBase + kBlocks * 512 - 256, bytes).code(), StatusCode::kInvalidConfig);
  EXPECT_EQ(device_->Read((1 << 20) - 256, bytes).code(), StatusCode::kInvalidConfig);
}

TEST_F(Golden, ImpossibleRegionsAreRefused) {
  const MemoryRegion good{
      .base = kBase, .size = 512, .slot_base = 0, .stride = 160, .config = config_};
  const auto refused = [&](auto change) {
    MemoryRegion r = good;
    change(r);
    return device_->SetRegions(std::array{r}).code() == StatusCode::kInvalidConfig;
  };
  EXPECT_TRUE(refused([](MemoryRegion& r) { r.stride = 128; }));    // shorter than the slot
  EXPECT_TRUE(refused([](MemoryRegion& r) { r.stride = 168; }));    // no whole bus words
  EXPECT_TRUE(refused([](MemoryRegion& r) { r.base += 64; }));      // in the middle of a block
  EXPECT_TRUE(refused([](MemoryRegion& r) { r.slot_base = 8; }));   // in the middle of a word
  EXPECT_TRUE(refused([](MemoryRegion& r) { r.size = 1 << 30; }));  // its slots are beyond memory
  EXPECT_TRUE(refused([](MemoryRegion& r) { r.config.slot_bytes = 1; }));
  EXPECT_TRUE(device_->SetRegions(std::array{good}).ok());
}

TEST_F(Golden, WholeBlocksPassAtOneBeatInAClock) {
  const Bytes values = Values(kBlocks * 512);
  Write(kBase, values);
  Fence();
  const uint64_t written = device_->cycles();
  EXPECT_GE(written, kBlocks * 16);
  EXPECT_LE(written, kBlocks * 16 + 120);  // the last slot is on its way
  EXPECT_EQ(Read(kBase, kBlocks * 512), Lossy(values));
  EXPECT_GE(device_->cycles() - written, kBlocks * 16);
  EXPECT_LE(device_->cycles() - written, kBlocks * 16 + 120);
}

TEST_F(Golden, PathsSideBySideShareTheWork) {
  Write(kBase, Values(kBlocks * 512));
  Fence();
  const uint64_t one = device_->cycles();
  Make({.paths = 4});
  Write(kBase, Values(kBlocks * 512));
  Fence();
  EXPECT_LT(device_->cycles(), one * 2 / 3);  // what DDR4 allows
}

TEST_F(Golden, BlocksOnTheirWayAreLimited) {
  const uint64_t blocks = kBlocks;
  Make({.pending = 1, .read_buffers = 1});
  Write(kBase, Values(blocks * 512));
  Fence();
  const uint64_t written = device_->cycles();
  // Beats, latency, slot and the data in DRAM of each before the next.
  EXPECT_GE(written, blocks * (16 + 16 + 5 + 10));
  Read(kBase, blocks * 512);
  EXPECT_GE(device_->cycles() - written, blocks * (1 + 16 + 12 + 16));
}

TEST_F(Golden, AReadTakesItsLatencies) {
  Write(kBase, Values(512));
  Fence();
  const uint64_t before = device_->cycles();
  Read(kBase, 32);
  // One for the address, the DRAM at 625 ps a clock (tRCD is over: CL and data of the first burst,
  // two more bank groups were open already), five beats, twelve, and the beat.
  const uint64_t took = device_->cycles() - before;
  EXPECT_GE(took, 1U + 16 + 12 + 1);
  EXPECT_LE(took, 1U + 32 + 5 + 12 + 1);
}

}  // namespace
}  // namespace actplane::tb
