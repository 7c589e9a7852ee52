// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Packer : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;

  struct Job {
    Format format = Format::kFp32;
    FieldHeader header;
    Planes rows, planes;  // without and with the masks
    Plane flushed, reserved;
    uint32_t inverted = 0;        // code rows that arrive inverted
    std::vector<std::byte> slot;  // as the model writes it
  };

  // A header and planes of any kind; a slot that cuts, one that fits exactly, or one with room to
  // spare.
  Job RandomJob() {
    Rng& rng = this->rng();
    Job job;
    job.format = kFormats[rng.Below(3)];
    job.header = RandomHeader(job.format, rng);
    RandomRows(job);
    const uint32_t least = MinFieldSlotBytes(job.format, kN);
    const auto whole = static_cast<uint32_t>(
        (FixedBits(job.header, job.format, kN) + MantissaBits(job.header, kN)) / 8);
    const uint32_t bytes = rng.OneIn(3) ? whole : RandomSlotBytes(job.format, kN, rng);
    job.slot.resize(rng.OneIn(8) ? least : std::max(bytes, HeaderBits(job.header, job.format) / 8));
    BitWriter out(job.slot);
    PackHeader(job.header, job.format, out);
    for (const Plane* plane : StoredPlanes(job.planes, job.header, job.format))
      out.PutPlane(*plane, kN);
    return job;
  }

  void RandomRows(Job& job) {
    job.rows = RandomPlanes(kN, this->rng());
    job.flushed = RandomPlane(kN, this->rng());
    job.reserved = RandomPlane(kN, this->rng());
    job.inverted = this->rng().Below(256);
    job.planes = {};
    for (uint32_t i = 0; i < kN; ++i) {
      const bool flushed = job.flushed.Get(i);
      const bool ones = flushed || job.reserved.Get(i);
      if (job.rows.sign.Get(i)) job.planes.sign.Set(i);
      for (uint32_t k = 0; k < kCodeW; ++k) {
        const bool row = k < kCodeW - 1 && job.rows.delta[k].Get(i);  // bit 8 is nothing but mask
        if (row || (k < 2 ? flushed : ones)) job.planes.delta[k].Set(i);
      }
      for (uint32_t k = 0; k < kManW; ++k) {
        if (job.rows.mantissa[k].Get(i) && !flushed) job.planes.mantissa[k].Set(i);
      }
    }
  }

  void Describe(const Job& job) {
    auto& dut = this->dut();
    std::vector<std::byte> head(8);
    BitWriter out(head);
    PackHeader(job.header, job.format, out);
    dut.head_i = BitReader(head).Get(64);
    dut.head_bytes_i = static_cast<uint8_t>(HeaderBits(job.header, job.format) / 8);
    dut.width_i = static_cast<uint8_t>(job.header.width);
    dut.sign_stored_i = job.header.sign_stored;
    dut.stored_i = AlignMan(job.header.map, job.format);
    dut.bytes_i = static_cast<uint16_t>(job.slot.size());
    PutRanks(dut.man_rank_i, job.header, job.format);
    PutRandom(dut.rows_i, (kRows - 1) * kN, this->rng());  // rows that are not stored are noise
    PutPlane(dut.rows_i, 0, job.rows.sign, kN);
    for (uint32_t k = 0; k < kCodeW - 1; ++k) {
      PutPlane(dut.rows_i, 8 - k, job.rows.delta[k], kN);
      if (BitOf(job.inverted, k) == 0) continue;
      for (uint32_t i = 0; i < kN; ++i) {
        const uint32_t at = (8 - k) * kN + i;
        PutBits(dut.rows_i, at, 1, GetBits(dut.rows_i, at, 1) ^ 1);
      }
    }
    dut.inverted_i = static_cast<uint8_t>(job.inverted);
    const uint32_t man = InfoOf(job.format).man_bits;
    for (uint32_t k = 0; k < man; ++k) {
      PutPlane(dut.rows_i, 9 + man - 1 - k, job.rows.mantissa[k], kN);
    }
    PutPlane(dut.flushed_i, 0, job.flushed, kN);
    PutPlane(dut.reserved_i, 0, job.reserved, kN);
  }

  void Reset() {
    this->dut().start_i = 0;
    this->dut().out_ready_i = 0;
    this->sim().Reset();
    received_.clear();
    slot_.clear();
    formed_ = 0;
  }

  // One cycle; a packet that is complete goes to received_.
  void Cycle(bool ready) {
    auto& dut = this->dut();
    dut.out_ready_i = ready;
    this->sim().Step([&] {
      if (dut.out_valid_o == 0 || !ready) return;
      const auto beat = GetBytes(dut.out_data_o, kBeatBytes);
      uint32_t count = 0;
      while (count < kBeatBytes && GetBits(dut.out_keep_o, count, 1) != 0) ++count;
      for (uint32_t b = count; b < kBeatBytes; ++b) {
        ASSERT_EQ(GetBits(dut.out_keep_o, b, 1), 0U) << "keep is not a run of ones";
        ASSERT_EQ(beat[b], std::byte{0}) << "byte " << b << " behind the end of the slot";
      }
      ASSERT_TRUE(count == kBeatBytes || dut.out_last_o != 0) << "a short beat inside a slot";
      slot_.insert(slot_.end(), beat.begin(), beat.begin() + count);
      if (dut.out_last_o != 0) received_.push_back(std::exchange(slot_, {}));
    });
  }

  // Whether so many words are formed: counted by the beats that have left for the output.
  void CheckWords() {
    auto& dut = this->dut();
    const bool busy = dut.busy_o != 0;
    const bool moves = busy && (dut.out_valid_o == 0 || dut.out_ready_i != 0);
    const uint32_t formed = formed_ + (moves ? 1 : 0);
    for (int i = 0; i < 4; ++i) {
      const uint32_t words =
          i < 2 ? formed + static_cast<uint32_t>(i) : this->rng().Below(32 * kN / (8 * kBeatBytes));
      if (words >= 2 * 32 * kN / (8 * kBeatBytes)) continue;
      dut.words_i = static_cast<uint8_t>(words);
      this->sim().Settle();
      ASSERT_EQ(dut.words_done_o != 0, !busy || dut.done_o != 0 || words <= formed) << words;
    }
    formed_ = dut.done_o != 0 || !busy ? 0 : formed;
  }

  // Runs jobs as the compressor does: the next one starts no later than the one before is done.
  void Run(const std::vector<Job>& jobs, bool stalls) {
    auto& dut = this->dut();
    received_.clear();
    for (size_t next = 0; received_.size() < jobs.size();) {
      ASSERT_LT(this->sim().cycle(), 1000000U) << "no end";
      const bool ready = !stalls || this->rng().OneIn(2);
      dut.out_ready_i = ready;
      dut.start_i = 0;
      this->sim().Settle();
      const bool free = dut.busy_o == 0 || dut.done_o != 0;
      dut.start_i = free && next < jobs.size() && (!stalls || this->rng().OneIn(2));
      const bool started = dut.start_i != 0;
      CheckWords();
      Cycle(ready);
      if (started) Describe(jobs[next++]);
    }
    dut.start_i = 0;
    for (size_t i = 0; i < jobs.size(); ++i) {
      const Job& job = jobs[i];
      ASSERT_EQ(received_[i], job.slot)
          << "job " << i << " " << ToString(job.format) << " width " << job.header.width << " sign "
          << job.header.sign_stored << " extension " << job.header.extension << " map "
          << job.header.map << " bytes " << job.slot.size();
    }
  }

  std::vector<Job> RandomJobs(uint64_t count) {
    std::vector<Job> jobs;
    for (uint64_t i = 0; i < count; ++i) jobs.push_back(RandomJob());
    return jobs;
  }

  std::vector<std::vector<std::byte>> received_;
  std::vector<std::byte> slot_;
  uint32_t formed_ = 0;  // words of the slot that leaves
};
TYPED_TEST_SUITE(Packer, duts::Configs);

TYPED_TEST(Packer, AfterReset) {
  for (int stop = 0; stop < 6; ++stop) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().out_valid_o, 0);
    EXPECT_EQ(this->dut().busy_o, 0);
    this->Run({this->RandomJob()}, false);
    this->dut().start_i = 1;
    this->Cycle(false);
    this->dut().start_i = 0;
    for (int i = 0; i < stop; ++i) this->Cycle(true);  // the next reset falls into this slot
  }
}

// Every length from the smallest legal slot to the largest.
TYPED_TEST(Packer, CutAtEveryByte) {
  ACTP_CLAUSE("F-2.7", "F-3.5");
  this->Reset();
  for (const Format format : kFormats) {
    typename TestFixture::Job job;
    job.format = format;
    job.header = {.base = 5, .width = 3, .sign_stored = true, .map = AllMan(format)};
    this->RandomRows(job);
    std::vector<typename TestFixture::Job> jobs;
    const uint32_t least = MinFieldSlotBytes(format, TestFixture::kN);
    const uint32_t most = MaxFieldSlotBytes(format, TestFixture::kN);
    for (uint32_t bytes = least; bytes <= most; ++bytes) {
      job.slot.assign(bytes, {});
      BitWriter out(job.slot);
      PackHeader(job.header, format, out);
      for (const Plane* p : StoredPlanes(job.planes, job.header, format))
        out.PutPlane(*p, TestFixture::kN);
      jobs.push_back(job);
    }
    this->Run(jobs, false);
  }
}

TYPED_TEST(Packer, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.7", "F-2.8", "F-3.1", "F-3.3", "F-3.4", "F-3.5");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(400); ++i) this->Run(this->RandomJobs(16), i % 2 == 0);
}

// A beat in every cycle, also between slots: the first one two cycles after the first start.
TYPED_TEST(Packer, Throughput) {
  this->Reset();
  const auto jobs = this->RandomJobs(30);
  uint64_t beats = 0;
  for (const auto& job : jobs) beats += CeilDiv(job.slot.size(), TestFixture::kBeatBytes);
  const uint64_t start = this->sim().cycle();
  this->Run(jobs, false);
  EXPECT_EQ(this->sim().cycle() - start, beats + 2);
}

}  // namespace
}  // namespace actplane::rtl_test
