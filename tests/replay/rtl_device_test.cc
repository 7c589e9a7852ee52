// SPDX-License-Identifier: Apache-2.0
// The memory path between a master and DRAM, clock by clock: the RTL does what the golden device
// does; and devices that go wrong, as a reference model that is broken in one way, are found.
#include "replay/rtl_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "memory/run.h"
#include "replay/golden_device.h"

namespace actplane::tb {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::byte>;

constexpr uint64_t kBase = uint64_t{1} << 38, kBlock = 512, kBlocks = 64;
constexpr uint64_t kSlots = 65536, kMemory = 1 << 20, kClockPs = 1000;

Bytes Values(size_t bytes, uint64_t seed) {
  Rng rng(seed, "values");
  Bytes out(bytes);
  for (size_t at = 0; at < bytes; at += 4) {
    const float x = (static_cast<float>(rng.Below(1 << 24)) / (1 << 23) - 1) * 0.5F;
    std::memcpy(&out[at], &x, 4);
  }
  return out;
}

MemoryRegion RegionOf(const Config& config) {
  return {.base = kBase,
          .size = kBlocks * kBlock,
          .slot_base = kSlots,
          .stride = (config.slot_bytes + 31) / 32 * 32,
          .config = config};
}

// What is wrong with a device, from now on.
struct Wrong {
  bool dead = false;     // it neither takes nor gives
  bool fires = false;    // an assertion
  bool refuses = false;  // to read registers
};

class BrokenMemory : public memory::MemoryDevice {
 public:
  BrokenMemory(std::unique_ptr<memory::MemoryDevice> inner, const Wrong& wrong)
      : inner_(std::move(inner)), pins_(inner_->pins()), wrong_(wrong) {}

  const memory::MemoryPins& pins() const override { return pins_; }
  const memory::MemoryShape& shape() const override { return inner_->shape(); }
  void Step(const Sample& sample) override {
    if (wrong_.dead) {
      for (Pins* p :
           {&pins_.s.aw.ready, &pins_.s.w.ready, &pins_.s.b.valid, &pins_.s.ar.ready,
            &pins_.s.r.valid, &pins_.m.aw.valid, &pins_.m.w.valid, &pins_.m.b.ready,
            &pins_.m.ar.valid, &pins_.m.r.ready, &pins_.lite.aw_ready, &pins_.lite.w_ready,
            &pins_.lite.b_valid, &pins_.lite.ar_ready, &pins_.lite.r_valid}) {
        p->Set(0);
      }
      sample();
      ++dead_cycles_;
      return;
    }
    inner_->Step([&] {
      const uint64_t answer = pins_.lite.r_resp.Get();
      if (wrong_.refuses) pins_.lite.r_resp.Set(memory::kSlvErr);
      sample();
      pins_.lite.r_resp.Set(answer);
    });
  }
  void Reset(int cycles, const Sample& sample) override { inner_->Reset(cycles, sample); }
  void Settle() override { inner_->Settle(); }
  uint64_t cycle() const override { return inner_->cycle() + dead_cycles_; }
  bool GotError() const override { return wrong_.fires || inner_->GotError(); }
  void Finish() override { inner_->Finish(); }

 private:
  std::unique_ptr<memory::MemoryDevice> inner_;
  memory::MemoryPins pins_;
  const Wrong& wrong_;
  uint64_t dead_cycles_ = 0;
};

class RtlDeviceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.slot_bytes = 160;
    config_.group_len = 8;
    Make("reference");
  }
  // With one region.
  void Make(const std::string& device, memory::Fault fault = memory::Fault::kNone) {
    wrong_ = {};
    memory_ = std::make_unique<DramMemory>(BuiltInDramConfigs().at("ddr4-3200"), kMemory, kSlots);
    device_ = std::make_unique<RtlDevice>(
        *memory_, kClockPs,
        std::make_unique<BrokenMemory>(
            memory::MakeMemoryDevice({.device = device, .config = "default", .fault = fault}, "",
                                     0),
            wrong_));
    ExpectOk(device_->SetRegions(std::vector{RegionOf(config_)}));
  }
  static void ExpectOk(const Status& s) { EXPECT_TRUE(s.ok()) << s.message(); }
  static void ExpectWrong(const Status& s, const char* part) {
    EXPECT_EQ(s.code(), StatusCode::kMismatch);
    EXPECT_THAT(s.message(), HasSubstr(part));
  }
  // As a program does: writes, waits, reads. The first that is not ok.
  Status Use() {
    const Bytes values = Values(kBlocks * kBlock, 1);
    if (Status s = device_->Write(kBase, values); !s.ok()) return s;
    if (Status s = device_->Fence(); !s.ok()) return s;
    Bytes out(values.size());
    if (Status s = device_->Read(kBase, out); !s.ok()) return s;
    return device_->Fence();
  }
  // As many bursts as a fault of the reference model may take to come.
  Status WriteOften() {
    const Bytes values = Values(kBlocks * kBlock, 1);
    for (int i = 0; i < 10; ++i) {
      if (Status s = device_->Write(kBase, values); !s.ok()) return s;
    }
    return device_->Fence();
  }

  Config config_;
  Wrong wrong_;
  std::unique_ptr<DramMemory> memory_;
  std::unique_ptr<RtlDevice> device_;
};

TEST_F(RtlDeviceTest, TheRtlDoesWhatTheGoldenDeviceDoes) {
  for (const Order order : {Order::kField, Order::kSignificance}) {
    config_.order = order;
    Make("rtl");
    DramMemory golden_memory(BuiltInDramConfigs().at("ddr4-3200"), kMemory, kSlots);
    GoldenDevice golden(golden_memory, {});
    ExpectOk(golden.SetRegions(std::vector{RegionOf(config_)}));
    const auto both = [&](auto access) {
      access(static_cast<MemoryDevice&>(*device_));
      access(static_cast<MemoryDevice&>(golden));
    };
    const auto write = [&](uint64_t address, const Bytes& values) {
      both([&](MemoryDevice& d) { ExpectOk(d.Write(address, values)); });
      both([](MemoryDevice& d) { ExpectOk(d.Fence()); });
    };
    write(kBase, Values(kBlocks * kBlock, 1));
    write(kBase + 3 * kBlock + 64, Values(128, 2));  // a part of a block
    write(4096, Values(5000, 3));                    // in no region
    const auto slots = memory_->Look(kSlots, kBlocks * 160);
    EXPECT_TRUE(std::ranges::equal(slots, golden_memory.Look(kSlots, kBlocks * 160)));
    for (const auto& [address, count] :
         {std::pair(kBase, kBlocks * kBlock), std::pair(kBase + 5 * kBlock, uint64_t{32}),
          std::pair(uint64_t{4096}, uint64_t{5000})}) {
      std::vector<Bytes> read;
      both([&](MemoryDevice& d) {
        ExpectOk(d.Read(address, read.emplace_back(count)));
        ExpectOk(d.Fence());
      });
      EXPECT_EQ(read[0], read[1]);
    }
    EXPECT_EQ(device_->counters().blocks_written, golden.counters().blocks_written);
    EXPECT_EQ(device_->counters().read_modify_writes, 1U);
    EXPECT_EQ(golden.counters().read_modify_writes, 1U);
    EXPECT_EQ(device_->counters().malformed, 0U);
    EXPECT_GT(device_->cycles(), 2 * kBlocks * kBlock / 32);
  }
}

TEST_F(RtlDeviceTest, ABrokenOneIsNotWithoutAReason) { ExpectOk(Use()); }

// Behind the answer to a register, as every access of a replay is.
TEST_F(RtlDeviceTest, OneThatHangsIsNamed) {
  wrong_.dead = true;
  Bytes bytes(kBlocks * kBlock);
  ExpectWrong(device_->Write(kBase, bytes), "the device hangs");
  Make("reference");
  wrong_.dead = true;
  ExpectWrong(device_->Read(kBase, bytes), "the device hangs");
  Make("reference");
  wrong_.dead = true;
  ExpectWrong(device_->Fence(), "the device hangs");
  Make("reference");
  wrong_.dead = true;
  ExpectWrong(device_->SetRegions({}), "the device hangs");
  Make("reference", memory::Fault::kHangs);  // no B after some
  ExpectWrong(WriteOften(), "the device hangs");
  // For good, although its registers answer.
  ExpectWrong(device_->Read(kBase, bytes), "the device hangs");
}

TEST_F(RtlDeviceTest, AnAssertionThatFiresIsNamed) {
  wrong_.fires = true;
  ExpectWrong(device_->Fence(), "an assertion of the RTL fired");
  Bytes bytes(kBlock);
  ExpectWrong(device_->Write(kBase, bytes), "an assertion of the RTL fired");
  ExpectWrong(device_->Read(kBase, bytes), "an assertion of the RTL fired");
  ExpectWrong(device_->SetRegions({}), "an assertion of the RTL fired");
}

TEST_F(RtlDeviceTest, AnErrorInAnAnswerIsNamed) {
  // The model invents one in 50 B and one in 200 beats of R.
  Make("reference", memory::Fault::kInventsErrors);
  ExpectWrong(WriteOften(), "the device answers a write with an error");
  Make("reference", memory::Fault::kInventsErrors);
  Bytes out(kBlocks * kBlock);
  ExpectWrong(device_->Read(kBase, out), "the device answers a read with an error");
}

TEST_F(RtlDeviceTest, ARegisterThatIsRefusedIsNamed) {
  wrong_.refuses = true;
  ExpectWrong(device_->Fence(), "the device refuses to read a counter");
}

TEST_F(RtlDeviceTest, SlotsBesideTheMemoryAreNamed) {
  MemoryRegion region = RegionOf(config_);
  region.slot_base = kMemory - 4096;
  ExpectOk(device_->SetRegions(std::vector{region}));  // which knows no memory
  ExpectWrong(Use(), "the device leaves the memory");
}

TEST_F(RtlDeviceTest, RegionsThatItCannotHaveAreRefused) {
  const auto refused = [&](const std::vector<MemoryRegion>& regions, const char* part) {
    const Status s = device_->SetRegions(regions);
    EXPECT_EQ(s.code(), StatusCode::kInvalidConfig) << part;
    EXPECT_THAT(s.message(), HasSubstr(part));
  };
  const MemoryRegion good = RegionOf(config_);
  refused(std::vector(9, good), "9 regions, and the device has 8");
  const auto changed = [&](auto change) {
    MemoryRegion r = good;
    change(r);
    return std::vector{r};
  };
  refused(changed([](MemoryRegion& r) { r.config.block_len = 64; }), "give --block 128 --group 8");
  refused(changed([](MemoryRegion& r) {
            r.config.order = Order::kSignificance;
            r.config.group_len = 4;
          }),
          "give --block 128 --group 8");
  refused(changed([](MemoryRegion& r) { r.config.slot_bytes = 1; }), "refuses region 0");
  refused(changed([](MemoryRegion& r) { r.base += 64; }), "refuses region 0");
  refused({good, good}, "refuses region 1");  // the same pages twice
  ExpectOk(device_->SetRegions(std::vector{good}));
  ExpectOk(Use());
}

TEST_F(RtlDeviceTest, AnAddressThatIsNotThereIsRefused) {
  Bytes bytes(kBlock);
  const auto refused = [&](uint64_t address) {
    EXPECT_EQ(device_->Read(address, bytes).code(), StatusCode::kInvalidConfig) << address;
    EXPECT_EQ(device_->Write(address, bytes).code(), StatusCode::kInvalidConfig) << address;
  };
  refused(kBase + kBlocks * kBlock);        // behind the region
  refused(kBase + kBlocks * kBlock - 256);  // half of it is
  refused(kMemory - 256);
  refused(4100);  // no whole bus word of the bypass
  ExpectOk(device_->Write(4096, bytes));
  ExpectOk(Use());
}

}  // namespace
}  // namespace actplane::tb
