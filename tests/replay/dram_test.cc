// SPDX-License-Identifier: Apache-2.0
// The DRAM model against sequences worked out by hand from the parameters of DDR4-3200.
#include "replay/dram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace actplane::tb {
namespace {

using testing::HasSubstr;

// CL 22, CWL 16, tRCD 22, tRP 22, tRAS 52, tRC 74, tCCD 4 and 8, tRRD 4 and 8, tFAW 34, tWR 24,
// tWTR 4 and 12, tRTP 12, tREFI 12480, tRFC 560; a burst moves 64 bytes in 4 clocks.
class Ddr4 : public testing::Test {
 protected:
  // Next bank group, next burst of a row, next bank, next row.
  static constexpr uint64_t kGroup = 64, kColumn = 256, kBank = 32768, kRow = 131072;

  uint64_t Read(uint64_t address, uint64_t earliest = 0) {
    return dram_.Access(address, 64, false, earliest);
  }
  uint64_t Write(uint64_t address, uint64_t earliest = 0) {
    return dram_.Access(address, 64, true, earliest);
  }
  const DramStatistics& Seen() const { return dram_.statistics(); }

  Dram dram_{BuiltInDramConfigs().at("ddr4-3200")};
};

TEST_F(Ddr4, ParametersAreTheOnesOfTheTestsBelow) {
  const DramConfig& c = dram_.config();
  EXPECT_EQ(c.BurstBytes(), 64U);
  EXPECT_EQ(c.BurstClocks(), 4);
  EXPECT_EQ(c.Bytes(), uint64_t{8} << 30);
  EXPECT_DOUBLE_EQ(c.PeakBytesPerSecond(), 25.6e9);
  EXPECT_EQ(c.cl, 22);
  EXPECT_EQ(c.cwl, 16);
  EXPECT_EQ(c.rcd, 22);
  EXPECT_EQ(c.rcd_wr, 22);
  EXPECT_EQ(c.rp, 22);
  EXPECT_EQ(c.ras, 52);  // 51.2
  EXPECT_EQ(c.rc, 74);   // 73.2
  EXPECT_EQ(c.ccd_s, 4);
  EXPECT_EQ(c.ccd_l, 8);
  EXPECT_EQ(c.rrd_s, 4);
  EXPECT_EQ(c.rrd_l, 8);  // 7.84
  EXPECT_EQ(c.faw, 34);   // 33.6
  EXPECT_EQ(c.wr, 24);
  EXPECT_EQ(c.wtr_s, 4);
  EXPECT_EQ(c.wtr_l, 12);
  EXPECT_EQ(c.rtp, 12);
  EXPECT_EQ(c.refi, 12480);
  EXPECT_EQ(c.rfc, 560);
}

TEST_F(Ddr4, AClosedRowIsAMiss) {
  EXPECT_EQ(Read(0, 100), 100U + 22 + 22 + 4);  // activate, read, data
  EXPECT_EQ(Seen().misses, 1U);
  EXPECT_EQ(Seen().hits + Seen().conflicts, 0U);
}

TEST_F(Ddr4, AnOpenRowIsAHit) {
  Read(0, 0);                               // read at 22
  EXPECT_EQ(Read(kColumn, 0), 30U + 26);    // same bank group: tCCD_L
  EXPECT_EQ(Read(2 * kColumn, 500), 526U);  // long after: CL and data
  EXPECT_EQ(Seen().hits, 2U);
  EXPECT_EQ(Seen().misses, 1U);
}

TEST_F(Ddr4, BankGroupsFollowEachOtherAtTheFullRate) {
  Read(0);                            // activate 0, read 22
  EXPECT_EQ(Read(kGroup), 26U + 26);  // activate 4, read max(4 + 22, 22 + 4)
  Read(2 * kGroup);
  Read(3 * kGroup);                    // 34
  EXPECT_EQ(Read(kColumn), 38U + 26);  // the first group again: 34 + 4, 22 + 8
}

TEST_F(Ddr4, AnotherRowIsAConflict) {
  Read(0);  // activate 0, read 22
  // Precharge max(52, 22 + 12), activate max(52 + 22, 74), read 96.
  EXPECT_EQ(Read(kRow), 96U + 26);
  EXPECT_EQ(Seen().conflicts, 1U);
}

TEST_F(Ddr4, ALateReadHoldsItsRow) {
  Read(0);
  Read(kColumn, 60);                     // read 60
  EXPECT_EQ(Read(kRow), 94U + 22 + 26);  // precharge 72, activate 94
}

TEST_F(Ddr4, ARowStaysOpenAndABankCyclesAsLongAsTheySay) {
  DramConfig c = dram_.config();
  c.rc = 100;
  Dram slow(c);
  slow.Access(0, 64, false, 0);
  EXPECT_EQ(slow.Access(kRow, 64, false, 0), 100U + 22 + 26);
  c.rc = 1;
  Dram fast(c);
  fast.Access(0, 64, false, 0);
  EXPECT_EQ(fast.Access(kRow, 64, false, 0), 52U + 22 + 22 + 26);  // tRAS, tRP
}

TEST_F(Ddr4, AWriteHoldsItsRow) {
  EXPECT_EQ(Write(0), 22U + 16 + 4);  // write 22, data until 42
  // Precharge 42 + 24, activate 88, read 110.
  EXPECT_EQ(Read(kRow), 110U + 26);
}

TEST_F(Ddr4, FourActivatesFillTheWindow) {
  for (uint64_t i = 0; i < 4; ++i) Read(i * kGroup);  // activate 0, 4, 8, 12
  // tRRD would allow 16.
  EXPECT_EQ(Read(kBank), 34U + 22 + 26);
}

TEST_F(Ddr4, TheDataBusTurnsAround) {
  Read(0);                                  // read 22
  EXPECT_EQ(Write(kColumn), 34U + 16 + 4);  // 22 + CL + 4 + 2 - CWL
  EXPECT_EQ(Read(2 * kColumn), 66U + 26);   // 34 + 16 + 4 + tWTR_L
  EXPECT_EQ(Seen().turnarounds, 2U);
  EXPECT_EQ(Seen().writes, 1U);
}

TEST_F(Ddr4, AnotherBankGroupTurnsAroundSooner) {
  Read(0);
  Read(kGroup);                                          // open for below, read 26
  EXPECT_EQ(Write(kColumn), 38U + 20);                   // 26 + 12
  EXPECT_EQ(Read(kGroup + kColumn), 38U + 20 + 4 + 26);  // tWTR_S
}

TEST_F(Ddr4, RefreshClosesRows) {
  Read(0);
  // Precharge 12480, refresh 12502, activate 13062, read 13084.
  EXPECT_EQ(Read(0, 12480), 13084U + 26);
  EXPECT_EQ(Seen().refreshes, 1U);
  EXPECT_EQ(Seen().misses, 2U);
}

TEST_F(Ddr4, RefreshWithoutAnOpenRowNeedsNoPrecharge) {
  EXPECT_EQ(Read(0, 12480), 12480U + 560 + 22 + 26);
}

TEST_F(Ddr4, RefreshesOfIdleTimeAreOver) {
  EXPECT_EQ(Read(0, 10 * 12480 + 1000), 10U * 12480 + 1000 + 48);
  EXPECT_EQ(Seen().refreshes, 10U);
}

TEST_F(Ddr4, APartOfABurstCostsAWholeOne) {
  dram_.Access(0, 96, true, 0);
  EXPECT_EQ(Seen().bursts, 2U);
  dram_.Access(96, 96, true, 0);  // the other half of the second, and a third
  EXPECT_EQ(Seen().bursts, 4U);
  dram_.Access(60, 8, false, 0);  // across a boundary
  EXPECT_EQ(Seen().bursts, 6U);
  EXPECT_EQ(Seen().bytes, 200U);
  EXPECT_EQ(Seen().accesses, 3U);
  EXPECT_EQ(Seen().busy, 6U * 4);
}

TEST_F(Ddr4, AStreamComesNearTheRateOfTheBus) {
  constexpr uint64_t kBytes = 8 << 20;
  uint64_t end = 0;
  for (uint64_t at = 0; at < kBytes; at += 4096) end = dram_.Access(at, 4096, false, 0);
  const double share = static_cast<double>(kBytes / 64 * 4) / static_cast<double>(end);
  EXPECT_GT(share, 0.93);  // refresh takes 4.5 %
  EXPECT_LT(share, 1 - 560.0 / 12480);
}

TEST(Hbm2e, ChannelsWorkAtTheSameTime) {
  Dram dram(BuiltInDramConfigs().at("hbm2e"));
  EXPECT_EQ(dram.config().BurstBytes(), 64U);
  EXPECT_NEAR(dram.config().PeakBytesPerSecond(), 409.6e9, 1);
  const uint64_t first = dram.Access(0, 64, false, 0);
  EXPECT_EQ(first, 20U + 29 + 2);  // 12 ns, 18 ns, BL4
  for (uint64_t i = 1; i < 8; ++i) EXPECT_EQ(dram.Access(64 * i, 64, false, 0), first);
  EXPECT_GT(dram.Access(64 * 8, 64, false, 0), first);  // the first channel again
  EXPECT_EQ(dram.statistics().misses, 9U);
}

// tRCD 20 for reads, CL 29, tCCD 2 and 5, tRRD 7 and 10: here activates are what is waited for.
TEST(Hbm2e, ActivatesOfABankGroupAreFurtherApart) {
  constexpr uint64_t kGroup = 512, kBank = 65536;
  Dram same(BuiltInDramConfigs().at("hbm2e"));
  same.Access(0, 64, false, 0);
  EXPECT_EQ(same.Access(kBank, 64, false, 0), 10U + 20 + 29 + 2);
  Dram other(BuiltInDramConfigs().at("hbm2e"));
  other.Access(0, 64, false, 0);
  EXPECT_EQ(other.Access(kGroup, 64, false, 0), 7U + 20 + 29 + 2);
  // A write may come 10 clocks after its activate.
  EXPECT_EQ(other.Access(2 * kGroup, 64, true, 1000), 1000U + 10 + 12 + 2);
}

std::string ErrorOf(const std::string& text) {
  const Result<DramConfigs> parsed = ParseDramConfigs(text, "my.txt");
  EXPECT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().code(), StatusCode::kBadInput);
  EXPECT_EQ(parsed.status().message().find('\n'), std::string::npos);
  return parsed.status().message();
}

TEST(DramConfigText, EveryFaultIsNamedWithItsLine) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("holds no memory"));
  EXPECT_THAT(ErrorOf("CL 3ck\n"), HasSubstr("'my.txt', line 1: a value before the first [NAME]"));
  EXPECT_THAT(ErrorOf("[a]\nCL 3ck\n"), HasSubstr("line 2: a time before clock_ps"));
  EXPECT_THAT(ErrorOf("[a]\nclock_ps 625\nCL 3\n"), HasSubstr("line 3: '3' is no time"));
  EXPECT_THAT(ErrorOf("[a]\nclock_ps 625\nCL 1.5ck\n"), HasSubstr("'1.5ck' is no time"));
  EXPECT_THAT(ErrorOf("[a]\nclock_ps 625\nCL\n"), HasSubstr("CL has no time"));
  EXPECT_THAT(ErrorOf("[a]\nclock_ps 625\nCL nanns\n"), HasSubstr("is no time"));
  EXPECT_THAT(ErrorOf("[a]\nclock_ps 0\n"), HasSubstr("clock_ps is no count"));
  EXPECT_THAT(ErrorOf("[a]\nbanks 4 4\n"), HasSubstr("banks is no count"));
  EXPECT_THAT(ErrorOf("[a]\nspeed 4\n"), HasSubstr("'speed' is no parameter"));
  EXPECT_THAT(ErrorOf("[a]\nbanks 4\nbanks 4\n"), HasSubstr("banks is there twice"));
  EXPECT_THAT(ErrorOf("[a]\nclock_ps 625\n[b]\n"), HasSubstr("[a] ends without channels"));
  EXPECT_THAT(ErrorOf("[]\n"), HasSubstr("no [NAME]"));
}

TEST(DramConfigText, ImpossibleMemoriesAreRefused) {
  const DramConfigs& built_in = BuiltInDramConfigs();
  ASSERT_EQ(built_in.size(), 2U);
  const auto with = [](const std::string& name, const std::string& value) {
    std::string text = "[a]\nclock_ps 625\n";
    for (const auto& [n, v] : std::map<std::string, std::string>{
             {"channels", "1"},   {"bus_bits", "64"}, {"burst_length", "8"}, {"bank_groups", "4"},
             {"banks", "4"},      {"rows", "16"},     {"row_bytes", "8192"}, {"CL", "22ck"},
             {"CWL", "16ck"},     {"tRCD", "22ck"},   {"tRCD_WR", "22ck"},   {"tRP", "22ck"},
             {"tRAS", "52ck"},    {"tRC", "74ck"},    {"tCCD_S", "4ck"},     {"tCCD_L", "8ck"},
             {"tRRD_S", "4ck"},   {"tRRD_L", "8ck"},  {"tFAW", "34ck"},      {"tWR", "24ck"},
             {"tWTR_S", "4ck"},   {"tWTR_L", "12ck"}, {"tRTP", "12ck"},      {"tRTW_gap", "2ck"},
             {"tREFI", "7800ns"}, {"tRFC", "350ns"}}) {
      text += n + " " + (n == name ? value : v) + "  # why\n";
    }
    return text;
  };
  EXPECT_TRUE(ParseDramConfigs(with("", ""), "my.txt").ok());
  EXPECT_THAT(ErrorOf(with("banks", "3")), HasSubstr("banks is no power of two"));
  EXPECT_THAT(ErrorOf(with("row_bytes", "32")), HasSubstr("a row is smaller than a burst"));
  EXPECT_THAT(ErrorOf(with("tCCD_S", "3ck")), HasSubstr("tCCD_S is shorter than a burst"));
  EXPECT_THAT(ErrorOf(with("tREFI", "350ns")), HasSubstr("tREFI is too short"));
  EXPECT_THAT(ErrorOf(with("CWL", "90ck")), HasSubstr("CWL is beyond"));
  EXPECT_THAT(ErrorOf(with("", "") + with("", "")), HasSubstr("a is there twice"));
}

}  // namespace
}  // namespace actplane::tb
