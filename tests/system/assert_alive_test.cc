// SPDX-License-Identifier: Apache-2.0
// The assertions in the RTL are alive: a broken rule at the input of either device fires one.
#include <gtest/gtest.h>

#include "system_test_support.h"

namespace actplane::tb {
namespace {

class AssertAlive : public ::testing::TestWithParam<DeviceKind> {
 protected:
  // Fills the device until it takes no more beats; then a beat is offered and waits.
  void FillUntilItWaits() {
    device_->Reset({}, [] {});
    pins_.out.ready.Set(0);
    pins_.in.valid.Set(1);
    pins_.in.keep.Set(~uint64_t{0});
    pins_.in.last.Set(0);
    constexpr int kForGood = 64;  // cycles; a front may stop the input for a few
    int beats = 0, waits = 0;
    for (int i = 0; i < 5000 && waits < kForGood; ++i) {
      pins_.in.last.Set(pins_.kind == DeviceKind::kDecompressor && beats % 8 == 7 ? 1 : 0);
      bool taken = false;
      device_->Step([&] { taken = pins_.in.ready.Get() != 0; });
      beats += taken ? 1 : 0;
      waits = taken ? 0 : waits + 1;
    }
    ASSERT_EQ(waits, kForGood);
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
