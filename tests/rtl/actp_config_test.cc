// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

struct AsPins {
  uint32_t format = 0, order = 0, lossless = 0, slot_bytes = 0, delta_cap = 0, row_limit = 0;
  uint32_t fill_zero = 0;
};

template <class Config_>
class ConfigPins : public RtlTest<Config_> {
 protected:
  // The nearest legal configuration, by the model's own bounds; `bad` where the pins say another.
  static Config Nearest(const AsPins& pins, bool& bad) {
    Config c;
    uint32_t format = pins.format;
    while (format > 2 || BitOf(Config_::kFormats, format) == 0) format = (format + 1) % 4;
    if (format != pins.format) {
      format = static_cast<uint32_t>(std::countr_zero(Config_::kFormats));
      bad = true;
    }
    c.format = static_cast<Format>(format);
    c.block_len = Config_::kBlockLen;
    c.group_len = Config_::kGroupLen;
    const bool significance = Config_::kOrders == 3 ? pins.order != 0 : Config_::kOrders == 2;
    bad |= significance != (pins.order != 0);
    c.order = significance ? Order::kSignificance : Order::kField;
    c.lossless = pins.lossless != 0 && !significance &&
                 InfoOf(c.format).man_bits < std::max(Config_::kDepth, 23U);
    bad |= c.lossless != (pins.lossless != 0);
    const uint32_t deepest = Config_::kDepth;
    c.row_limit = std::clamp(pins.row_limit, 8U, deepest);
    c.delta_cap = pins.delta_cap > InfoOf(c.format).exp_bits + 1 ? 0 : pins.delta_cap;
    bad |= significance ? c.row_limit != pins.row_limit : c.delta_cap != pins.delta_cap;
    c.slot_bytes = std::clamp(pins.slot_bytes, MinSlotBytes(c), MaxSlotBytes(c));
    bad |= !c.lossless && c.slot_bytes != pins.slot_bytes;
    return c;
  }

  void Expect(const AsPins& pins) {
    auto& d = this->dut();
    d.format_i = static_cast<uint8_t>(pins.format);
    d.order_i = static_cast<uint8_t>(pins.order);
    d.lossless_i = static_cast<uint8_t>(pins.lossless);
    d.slot_bytes_i = static_cast<uint16_t>(pins.slot_bytes);
    d.delta_cap_i = static_cast<uint8_t>(pins.delta_cap);
    d.row_limit_i = static_cast<uint8_t>(pins.row_limit);
    d.fill_zero_i = static_cast<uint8_t>(pins.fill_zero);
    this->sim().Settle();
    bool bad = false;
    const Config want = Nearest(pins, bad);
    ASSERT_TRUE(ValidateConfig(want).ok()) << ValidateConfig(want).message();
    // config_t from the top down: fmt, significance, lossless, slot_bytes, delta_cap, row_limit,
    // fill_zero, bad.
    const uint64_t got = d.cfg_o;
    const std::string at = ::testing::PrintToString(std::vector<uint32_t>{
        pins.format, pins.order, pins.lossless, pins.slot_bytes, pins.delta_cap, pins.row_limit});
    ASSERT_EQ(got & 1, bad ? 1U : 0U) << at;
    ASSERT_EQ(got >> 1 & 1, pins.fill_zero) << at;
    ASSERT_EQ(got >> 2 & 31, want.row_limit) << at;
    ASSERT_EQ(got >> 7 & 15, want.delta_cap) << at;
    if (!want.lossless) {
      ASSERT_EQ(got >> 11 & 2047, want.slot_bytes) << at;
    }
    ASSERT_EQ(got >> 22 & 1, want.lossless ? 1U : 0U) << at;
    ASSERT_EQ(got >> 23 & 1, want.order == Order::kSignificance ? 1U : 0U) << at;
    const bool narrow = want.format != Format::kFp32;
    ASSERT_EQ((got >> 24 & 3) != 0, narrow) << at;
    if (narrow) {
      ASSERT_EQ(got >> 25 & 1, want.format == Format::kBf16 ? 1U : 0U) << at;
    }
    ASSERT_EQ(got >> 26 & 1, pins.format == static_cast<uint32_t>(want.format) ? 0U : 1U) << at;
  }
};
TYPED_TEST_SUITE(ConfigPins, duts::Configs);

// All slot sizes with every format, order and mode; all caps and limits.
TYPED_TEST(ConfigPins, Exhaustive) {
  ACTP_CLAUSE("F-2.4", "F-2.6");
  AsPins pins;
  for (uint32_t all = 0; all < 16; ++all) {
    pins.format = all & 3;
    pins.order = all >> 2 & 1;
    pins.lossless = all >> 3;
    for (pins.slot_bytes = 0; pins.slot_bytes < 2048; ++pins.slot_bytes) {
      pins.row_limit = 8 + pins.slot_bytes % 5;
      pins.delta_cap = pins.slot_bytes % 7;
      pins.fill_zero = pins.slot_bytes & 1;
      this->Expect(pins);
    }
    for (uint32_t most = 0; most < 2; ++most) {
      for (uint32_t both = 0; both < 512; ++both) {
        pins.delta_cap = both & 15;
        pins.row_limit = both >> 4;
        pins.slot_bytes = most * 900 + both;
        this->Expect(pins);
      }
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
