// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

// Payloads of random bits; the words of the next one overwrite those of the one that leaves as soon
// as they may.
template <class Config>
class DecSelect : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kW = Config::kStreamWidth;
  static constexpr uint32_t kGroup = kW / 32;
  static constexpr uint32_t kBits = kRows * kN;
  static constexpr auto kWords = static_cast<uint32_t>(CeilDiv(kBits, kW));

  using Payload = std::vector<bool>;
  Payload RandomPayload() {
    Payload bits(kBits);
    for (auto&& bit : bits) bit = this->rng().OneIn(2);
    return bits;
  }

  void Reset() {
    this->dut().load_i = 0;
    this->dut().busy_i = 0;
    this->dut().move_i = 0;
    this->sim().Reset();
  }

  template <class Port>
  void ExpectGroup(const Port& port, const Payload& bits, uint32_t group, uint32_t ranks,
                   const char* name) {
    for (uint32_t r = 0; r < ranks; ++r) {
      for (uint32_t v = 0; v < kGroup; ++v) {
        ASSERT_EQ(GetBits(port, r * kGroup + v, 1) != 0, bits[r * kN + group * kGroup + v])
            << name << " group " << group << " rank " << r << " value " << v;
      }
    }
  }

  void Run(size_t count, bool stalls) {
    auto& dut = this->dut();
    Payload now, next = this->RandomPayload();
    uint32_t word = 0, beat = 0, beats = 0;
    const std::vector<Format> formats = FormatsOf<Config>();
    bool narrow = false;
    for (size_t done = 0; done < count;) {
      const bool busy = beat < beats;
      dut.busy_i = busy;
      dut.narrow_i = narrow;
      dut.move_i = busy && (!stalls || this->rng().OneIn(2));
      dut.load_i = word == kWords && (!busy || (dut.move_i != 0 && beat + 1 == beats)) &&
                   (!stalls || this->rng().OneIn(2));
      dut.word_index_i = static_cast<uint8_t>(word);
      this->sim().Settle();
      if (busy) {
        ASSERT_EQ(dut.index_o, beat);
        ASSERT_EQ(dut.last_o != 0, beat + 1 == beats);
        // 16-bit formats have 17 ranks.
        this->ExpectGroup(dut.low_o, now, narrow ? 2 * beat : beat, narrow ? 17 : kRows, "low");
        if (narrow) this->ExpectGroup(dut.high_o, now, 2 * beat + 1, 17, "high");
      }
      // A word is free when as many beats have been formed, and no sooner.
      const uint32_t formed = beat + dut.move_i;
      ASSERT_EQ(dut.word_free_o != 0, !busy || formed == beats || word <= formed) << word;
      const bool write = word < kWords && dut.word_free_o != 0 && this->rng().OneIn(stalls ? 2 : 1);
      this->sim().Step();
      if (dut.move_i != 0 && ++beat == beats) ++done;
      if (dut.load_i != 0) {
        now = std::exchange(next, this->RandomPayload());
        narrow = IsNarrow(formats[this->rng().Below(formats.size())]);
        beats = kN / kGroup / (narrow ? 2 : 1);
        beat = word = 0;
      } else if (write) {
        for (uint32_t at = word * kW; at < std::min(kBits, (word + 1) * kW); ++at) {
          PutBits(dut.bits_i, at, 1, next[at] ? 1 : 0);
        }
        ++word;
      }
    }
  }
};
TYPED_TEST_SUITE(DecSelect, duts::Configs);

TYPED_TEST(DecSelect, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.4");
  this->Reset();
  this->Run(Scaled(60), false);
  this->Run(Scaled(60), true);
}

// A reset in the middle of a block: the next one starts with its first beat.
TYPED_TEST(DecSelect, AfterReset) {
  for (const int moves : {1, 2, 3}) {
    this->dut().busy_i = 1;
    this->dut().move_i = 1;
    for (int i = 0; i < moves; ++i) this->sim().Step();
    this->Reset();
    this->Run(2, false);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
