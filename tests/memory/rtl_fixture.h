// SPDX-License-Identifier: Apache-2.0
// The RTL of the memory path between master and memory of the bench, clock by clock, without
// pauses.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memory/lite_master.h"
#include "memory/master.h"
#include "memory/memory_model.h"
#include "memory/registers.h"
#include "memory/run.h"

namespace actplane::tb::memory {

inline constexpr uint64_t kMemoryLatency = 8;  // Delay::kFixed: address taken to first beat
inline constexpr uint64_t kStuck = 10000;

class RtlFixture : public ::testing::Test {
 protected:
  explicit RtlFixture(std::string config) : config_(std::move(config)) {}
  void SetUp() override {
    dut_ = MakeMemoryDevice({.device = "rtl", .config = config_}, "", 0);
    ASSERT_NE(dut_, nullptr);
    pins_ = dut_->pins();
    master_ = std::make_unique<AxiMaster>(pins_.s, StallProfile::kNone, Rng(1, "master"));
    lite_ = std::make_unique<LiteMaster>(pins_.lite, Rng(1, "lite"));
    memory_ = std::make_unique<MemoryModel>(pins_.m, MemoryOptions{}, Rng(1, "memory"));
    master_->DriveInReset();
    lite_->DriveInReset();
    memory_->DriveInReset();
    dut_->Reset(2, [] {});
  }
  void TearDown() override {
    if (dut_ == nullptr) return;
    EXPECT_FALSE(dut_->GotError()) << "an assertion of the RTL fired";
    EXPECT_THAT(lite_->violations(), ::testing::IsEmpty());
  }

  void Step() {
    master_->Drive();
    lite_->Drive();
    memory_->Drive();
    dut_->Step([this] {
      See();
      master_->Observe();
      memory_->Observe();
      if (auto answer = lite_->Observe()) answer_ = answer;
    });
    master_->TakeReadBeats();
    ++now_;
  }
  void Drain() {
    for (uint64_t i = 0; i < kStuck && !(master_->idle() && memory_->idle()); ++i) Step();
    ASSERT_TRUE(master_->idle());
  }
  // What a test notes of a cycle, with everything settled.
  virtual void See() {}

  void WriteRegister(uint32_t address, uint32_t data) {
    lite_->Give({.write = true, .addr = address, .data = data});
    answer_.reset();
    for (uint64_t i = 0; i < kStuck && !answer_; ++i) Step();
    ASSERT_TRUE(answer_ && !answer_->error);
  }
  void Enable(uint32_t k, const Region& region) {
    for (const auto& [address, data] : RegionWrites(k, region)) WriteRegister(address, data);
    WriteRegister(reg::OfRegion(k, reg::kControl), 1);
  }
  std::string config_;
  std::unique_ptr<MemoryDevice> dut_;
  MemoryPins pins_;
  std::unique_ptr<AxiMaster> master_;
  std::unique_ptr<LiteMaster> lite_;
  std::unique_ptr<MemoryModel> memory_;
  std::optional<LiteMaster::Result> answer_;
  uint64_t now_ = 0;
};

}  // namespace actplane::tb::memory
