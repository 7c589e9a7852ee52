// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "memory_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class MemBeat : public RtlTest<Config> {};
TYPED_TEST_SUITE(MemBeat, duts::Configs);

// Every burst that stays in its page, from every byte: the addresses as AXI defines them, in closed
// form.
TYPED_TEST(MemBeat, WalksAsAxiSays) {
  auto& dut = this->dut();
  uint64_t bursts = 0;
  for (uint32_t burst = 0; burst < 3; ++burst) {
    for (uint32_t size = 0; size <= 6; ++size) {
      const uint32_t bytes = 1U << size;
      for (const uint32_t len : {0U, 1U, 2U, 3U, 7U, 15U, 16U, 63U, 255U}) {
        const uint32_t total = bytes * (len + 1);
        const bool wraps = len == 1 || len == 3 || len == 7 || len == 15;
        if ((burst == 2 && !wraps) || total > 4096) continue;
        const uint32_t step = burst == 2 ? bytes : total > 1024 ? 61 : 7;
        for (uint32_t start = 0; start < 4096; start += step) {
          const uint32_t aligned = start / bytes * bytes;
          if (burst == 1 && aligned + total > 4096) break;
          ++bursts;
          dut.len_i = len & 15;
          dut.size_i = static_cast<uint8_t>(size);
          dut.burst_i = static_cast<uint8_t>(burst);
          uint32_t at = start;
          for (uint32_t beat = 1; beat <= len; ++beat) {
            dut.addr_i = static_cast<uint16_t>(at);
            this->sim().Settle();
            const uint32_t lower = start / total * total;
            at = burst == 0 ? start : aligned + beat * bytes;
            if (burst == 2 && at >= lower + total) at -= total;
            ASSERT_EQ(dut.next_o, at)
                << burst << " " << size << " " << len << " " << start << " " << beat;
          }
        }
      }
    }
  }
  EXPECT_GT(bursts, 10000U);
}

}  // namespace
}  // namespace actplane::rtl_test
