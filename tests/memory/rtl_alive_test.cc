// SPDX-License-Identifier: Apache-2.0
// The assertions in the RTL of the memory path are alive: a broken rule at its input fires one.
#include <gtest/gtest.h>

#include "memory/run.h"

namespace actplane::tb::memory {
namespace {

class RtlAlive : public ::testing::Test {
 protected:
  // Gives addresses of writes without data until no more are taken; then one waits.
  void SetUp() override {
    AxiPins& s = pins_.s;
    for (Pins* p :
         {&s.aw.valid, &s.w.valid, &s.ar.valid, &s.b.ready, &s.r.ready, &pins_.m.b.valid,
          &pins_.m.r.valid, &pins_.lite.aw_valid, &pins_.lite.w_valid, &pins_.lite.ar_valid}) {
      p->Set(0);
    }
    device_->Reset(2, [] {});
    s.aw.Show({.addr = 0x1000, .size = 3});
    s.aw.valid.Set(1);
    constexpr int kForGood = 64;
    int waits = 0;
    for (int i = 0; i < 1000 && waits < kForGood; ++i) {
      device_->Step([&] { waits = s.aw.ready.Get() != 0 ? 0 : waits + 1; });
    }
    ASSERT_EQ(waits, kForGood);
    ASSERT_FALSE(device_->GotError());
  }

  std::unique_ptr<MemoryDevice> device_ =
      MakeMemoryDevice({.device = "rtl", .config = "small"}, "", 0);
  MemoryPins pins_ = device_->pins();
};

TEST_F(RtlAlive, ValidThatFalls) {
  pins_.s.aw.valid.Set(0);
  for (int i = 0; i < 2; ++i) device_->Step([] {});
  EXPECT_TRUE(device_->GotError());
}

TEST_F(RtlAlive, PayloadThatChanges) {
  pins_.s.aw.addr.Set(0x2000);
  for (int i = 0; i < 2; ++i) device_->Step([] {});
  EXPECT_TRUE(device_->GotError());
}

TEST_F(RtlAlive, AHeldRequestIsNoError) {
  for (int i = 0; i < 10; ++i) device_->Step([] {});
  EXPECT_FALSE(device_->GotError());
}

}  // namespace
}  // namespace actplane::tb::memory
