// SPDX-License-Identifier: Apache-2.0
// The assertions in the RTL are alive: a broken rule at the input of either device fires one.
#include <gtest/gtest.h>

#include "system_test_support.h"

namespace actplane::tb {
namespace {

class AssertAlive : public ::testing::TestWithParam<DeviceKind> {
 protected:
  // Fills the device until it stops taking beats; then a beat is offered and waits.
  void FillUntilItWaits() {
    device_->Reset(2, [] {});
    pins_.out.ready.Set(0);
    pins_.in.valid.Set(1);
    pins_.in.keep.Set(~uint64_t{0});
    pins_.in.last.Set(0);
    bool waits = false;
    for (int i = 0; i < 5000 && !waits; ++i) {
      pins_.in.last.Set(pins_.kind == DeviceKind::kDecompressor && i % 8 == 7 ? 1 : 0);
      device_->Step([&] { waits = pins_.in.ready.Get() == 0; });
    }
    ASSERT_TRUE(waits);
    device_->Step([] {});
    ASSERT_FALSE(device_->GotError());
  }

  std::unique_ptr<Device> device_ = MakeDevice(GetParam(), "default", {});
  CodecPins pins_ = device_->pins();
};

TEST_P(AssertAlive, ValidThatFalls) {
  FillUntilItWaits();
  pins_.in.valid.Set(0);
  device_->Step([] {});
  device_->Step([] {});
  EXPECT_TRUE(device_->GotError());
}

TEST_P(AssertAlive, PayloadThatChanges) {
  FillUntilItWaits();
  pins_.in.data.bytes()[3] ^= std::byte{1};
  device_->Step([] {});
  device_->Step([] {});
  EXPECT_TRUE(device_->GotError());
}

TEST_P(AssertAlive, AHeldBeatIsNoError) {
  FillUntilItWaits();
  for (int i = 0; i < 10; ++i) device_->Step([] {});
  EXPECT_FALSE(device_->GotError());
}

INSTANTIATE_TEST_SUITE_P(System, AssertAlive,
                         ::testing::Values(DeviceKind::kCompressor, DeviceKind::kDecompressor),
                         [](const auto& p) { return std::string(ToString(p.param)); });

}  // namespace
}  // namespace actplane::tb
