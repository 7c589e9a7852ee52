// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {
template <class Config>
class DecRebuild : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;

  struct Job {
    actplane::Config config;
    FieldHeader header;
    Planes planes;
    uint64_t read = 0;  // bits of stored mantissa planes that the slot has
    bool malformed = false;
    std::vector<std::byte> values;  // as the model rebuilds them
  };

  static uint32_t Beats(const Job& job) { return BlockBytes(job.config) / kBeatBytes; }

  // Any legal header and any planes; the cut at any byte.
  Job RandomJob(Format format, uint64_t read) {
    Rng& rng = this->rng();
    Job job;
    job.config = {.format = format, .block_len = kN, .fill = static_cast<Fill>(rng.Below(2))};
    job.header = RandomHeader(format, rng);
    job.planes = RandomPlanes(kN, rng);
    // All values at the codes that matter: the highest ones, and few others.
    for (uint32_t i = 0; i < kN; ++i) {
      if (rng.OneIn(2)) continue;
      for (uint32_t k = 2; k < job.planes.delta.size(); ++k) job.planes.delta[k].Set(i);
    }
    job.read = std::min(read / 8 * 8, MantissaBits(job.header, kN));  // a slot ends with a byte
    job.malformed = rng.OneIn(16);
    Predict(job);
    return job;
  }

  // Lost bits and planes that are not stored are not there for the model.
  static void Predict(Job& job) {
    Planes seen;
    uint64_t left = ~uint64_t{0};
    const auto copy = [&](const Plane& from, Plane& to) {
      for (uint32_t i = 0; i < kN && left > 0; ++i, --left) {
        if (from.Get(i)) to.Set(i);
      }
    };
    if (job.header.sign_stored) copy(job.planes.sign, seen.sign);
    for (uint32_t k = 0; k < job.header.width; ++k) copy(job.planes.delta[k], seen.delta[k]);
    left = job.read;
    for (uint32_t k = InfoOf(job.config.format).man_bits; k-- > 0;) {
      if (BitOf(job.header.map, k) != 0) copy(job.planes.mantissa[k], seen.mantissa[k]);
    }
    const BlockFields fields =
        RebuildValues(FromPlanes(seen, kN), job.header, job.config, job.read);
    std::vector<uint32_t> patterns(kN);
    for (uint32_t i = 0; i < kN && !job.malformed; ++i) {
      patterns[i] = Assemble(fields.values[i], job.config.format);
    }
    job.values = testing_support::ToBytes(patterns, job.config.format);
  }

  void Load(const Job& job) {
    auto& dut = this->dut();
    const Format format = job.config.format;
    const FieldHeader& h = job.header;
    const bool complete = job.read == MantissaBits(h, kN);
    dut.format_i = static_cast<uint8_t>(format);
    dut.fill_zero_i = job.config.fill == Fill::kZero;
    dut.base_i = static_cast<uint8_t>(h.base);
    dut.width_i = static_cast<uint8_t>(h.width);
    dut.zero_code_i = h.zero_code;
    dut.special_i = h.special;
    dut.sign_stored_i = h.sign_stored;
    dut.sign_value_i = h.sign_value;
    dut.stored_i = AlignMan(h.map, format);
    dut.value_i = AlignMan(h.value, format);
    PutRanks(dut.man_rank_i, h, format);
    dut.man_rows_i = static_cast<uint8_t>(job.read / kN);
    dut.man_bytes_i = static_cast<uint8_t>((complete ? this->rng().Below(kN) : job.read % kN) / 8);
    dut.complete_i = complete;
    dut.malformed_i = job.malformed;
  }

  void Reset() {
    this->dut().load_i = 0;
    this->dut().out_ready_i = 0;
    this->sim().Reset();
  }

  // Words of the payload of a job; behind its end there is none.
  static uint32_t Words(const Job& job) {
    return static_cast<uint32_t>(CeilDiv(Payload(job).size() * kN, kBeatBytes * 8));
  }
  static std::vector<const Plane*> Payload(const Job& job) {
    return StoredPlanes(job.planes, job.header, job.config.format);
  }
  void PutWord(const Job& job, uint32_t word) {
    const auto planes = Payload(job);
    for (uint32_t b = 0; b < kBeatBytes * 8; ++b) {
      const uint32_t at = word * kBeatBytes * 8 + b;
      if (at >= kRows * kN) break;
      const bool noise = at / kN >= planes.size();
      const bool bit = noise ? this->rng().OneIn(2) : planes[at / kN]->Get(at % kN);
      PutBits(this->dut().bits_i, at, 1, bit ? 1 : 0);
    }
  }

  // Runs jobs as the decompressor does: the words of the next one overwrite those of the one that
  // leaves as soon as they may; it is loaded when they are all there.
  void Run(const std::vector<Job>& jobs, bool stalls) {
    auto& dut = this->dut();
    size_t next = 0, job = 0;
    uint32_t beat = 0, word = 0;
    while (job < jobs.size()) {
      dut.out_ready_i = !stalls || this->rng().OneIn(2);
      dut.load_i = 0;
      this->sim().Settle();
      const bool free = dut.busy_o == 0 || dut.done_o != 0;
      if (next < jobs.size() && word >= Words(jobs[next]) && free &&
          (!stalls || this->rng().OneIn(2))) {
        Load(jobs[next++]);
        dut.load_i = 1;
        word = 0;
      }
      uint32_t last_free = word;  // in this cycle
      if (next < jobs.size() && (!stalls || this->rng().OneIn(2))) {
        for (; last_free < Words(jobs[next]); ++last_free) {
          dut.word_index_i = static_cast<uint8_t>(last_free);
          this->sim().Settle();
          // The first word may come with the load of the block before, the others not yet.
          if (dut.word_free_o == 0 || (dut.load_i != 0 && last_free > 0)) break;
        }
      }
      this->sim().Step([&] {
        if (dut.out_valid_o == 0 || dut.out_ready_i == 0) return;
        const auto want =
            std::span(jobs[job].values).subspan(size_t{beat} * kBeatBytes, kBeatBytes);
        const auto got = GetBytes(dut.out_data_o, kBeatBytes);
        ASSERT_TRUE(std::ranges::equal(got, want)) << What(jobs[job], beat, got);
        ++beat;
        ASSERT_EQ(dut.out_last_o != 0, beat == Beats(jobs[job]));
        if (dut.out_last_o == 0) return;
        beat = 0;
        ++job;
      });
      for (; word < last_free; ++word) PutWord(jobs[next], word);
    }
  }

 private:
  static std::string What(const Job& job, uint32_t beat, const std::vector<std::byte>& got) {
    const auto patterns = testing_support::ToPatterns(got, job.config.format);
    const auto want = testing_support::ToPatterns(job.values, job.config.format);
    size_t i = 0;
    while (patterns[i] == want[beat * patterns.size() + i]) ++i;
    return fmt::format("{} value {} is {:x} and must be {:x}; base {} w {} Z {} S {} read {}",
                       ToString(job.config.format), beat * patterns.size() + i, patterns[i],
                       want[beat * patterns.size() + i], job.header.base, job.header.width,
                       job.header.zero_code, job.header.special, job.read);
  }
};
TYPED_TEST_SUITE(DecRebuild, duts::Configs);

TYPED_TEST(DecRebuild, AfterReset) {
  for (int stop = 0; stop < 6; ++stop) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().out_valid_o, 0);
    EXPECT_EQ(this->dut().busy_o, 0);
    const auto job = this->RandomJob(FormatsOf<TypeParam>().front(), this->rng().Below(2000));
    this->Run({job}, false);
    this->Load(job);
    this->dut().load_i = 1;
    this->dut().out_ready_i = 1;
    this->sim().Step();
    this->dut().load_i = 0;
    for (int i = 0; i < stop; ++i) this->sim().Step();  // the next reset falls into this block
  }
}

// The cut behind every byte of the mantissa planes.
TYPED_TEST(DecRebuild, CutAtEveryByte) {
  ACTP_CLAUSE("F-3.5", "F-3.9", "F-3.10", "F-3.12");
  this->Reset();
  for (const Format format : FormatsOf<TypeParam>()) {
    std::vector<typename TestFixture::Job> jobs;
    const uint32_t most = InfoOf(format).man_bits * TestFixture::kN;
    for (uint32_t read = 0; read <= most; read += 8) jobs.push_back(this->RandomJob(format, read));
    this->Run(jobs, false);
  }
}

TYPED_TEST(DecRebuild, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.2", "F-3.6", "F-3.7", "F-3.8", "F-3.9", "F-3.10", "F-3.11", "F-3.12", "F-7.4");
  this->Reset();
  const std::vector<Format> formats = FormatsOf<TypeParam>();
  for (uint64_t i = 0; i < Scaled(400); ++i) {
    std::vector<typename TestFixture::Job> jobs;
    for (int k = 0; k < 16; ++k) {
      const Format format = formats[this->rng().Below(formats.size())];
      const uint64_t most = (InfoOf(format).man_bits + 3) * uint64_t{TestFixture::kN};
      jobs.push_back(this->RandomJob(format, this->rng().Below(most) / 8 * 8));
    }
    this->Run(jobs, i % 2 == 0);
  }
}

// A beat in every cycle, also between blocks, as long as no slot has more words than its block has
// beats: the first one is there two cycles after its load.
TYPED_TEST(DecRebuild, Throughput) {
  for (const Format format : FormatsOf<TypeParam>()) {
    this->Reset();
    std::vector<typename TestFixture::Job> jobs;
    uint64_t beats = 0;
    while (jobs.size() < 10) {
      auto job = this->RandomJob(format, this->rng().Below(3000));
      if (TestFixture::Words(job) > TestFixture::Beats(job)) continue;
      beats += TestFixture::Beats(job);
      jobs.push_back(std::move(job));
    }
    const uint64_t start = this->sim().cycle();
    this->Run(jobs, false);
    EXPECT_EQ(this->sim().cycle() - start, beats + 3);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
