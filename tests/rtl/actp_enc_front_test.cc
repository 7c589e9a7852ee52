// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <deque>
#include <set>
#include <vector>

#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {
namespace {

// A decision of actp_enc_level. The plan carries it as it is, so any numbers will do.
struct Decision {
  bool poisoned, exact, dead_code;
  uint32_t form, width, q, j, base, front_bytes;
  std::vector<uint32_t> codes;
  std::vector<bool> lives;
  std::vector<std::byte> front;
};

enum class Mix { kField, kSignificance, kPairs, kAll };

struct Job {
  Block block;
  actplane::Config config;
  uint32_t user = 0;
  bool pair = false, level = false, bad_keep = false;
  std::deque<std::vector<uint64_t>> chunks;  // words of 32 bits
};

template <class Config>
class FrontHalf : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kW = Config::kStreamWidth;
  static constexpr uint32_t kCore = std::max(256U, kW);
  static constexpr uint32_t kGroups = kN / Config::kGroupLen;
  static constexpr uint32_t kStored = StoredBits(Config::kDepth);
  static constexpr uint32_t kData = Config::kFormats == 1 ? kCore / 32 * kStored : kCore;
  static constexpr uint32_t kLanes = kCore / (Config::kFormats == 1 ? 32 : 16);
  static constexpr uint32_t kEntry = kData + (Config::kOrders > 1 ? kLanes : 0);
  static constexpr uint32_t kLevelFront = (24 + 5 * kGroups + 7) / 8;
  static constexpr uint32_t kFront =
      Config::kOrders == 1 ? 8U : std::max(9U, kLevelFront);  // bytes

  Job RandomJob(Mix mix) {
    Rng& rng = this->rng();
    const auto formats = FormatsOf<Config>();
    Job job;
    const Format format = formats[rng.Below(formats.size())];
    bool significance = mix == Mix::kAll ? rng.OneIn(2) : mix != Mix::kField;
    if (Config::kOrders != 3) significance = Config::kOrders == 2;
    job.block = MixedBlock(format, kN, rng);
    if (mix == Mix::kPairs || rng.OneIn(8)) {
      for (uint32_t i = 2; i < kN; ++i) job.block.patterns[i] = job.block.patterns[rng.Below(2)];
    }
    job.config = {.format = format,
                  .block_len = kN,
                  .slot_bytes = RandomSlotBytes(format, kN, rng),
                  .order = significance ? Order::kSignificance : Order::kField,
                  .group_len = Config::kGroupLen,
                  .row_limit = 8 + rng.Below(17)};
    const bool whole = format != Format::kFp32 || Config::kDepth == 24;
    CutBlock(job.block, job.config.order, Config::kDepth);
    if (!significance) {
      job.config.lossless = whole && rng.OneIn(6);
      if (rng.OneIn(3)) job.config.delta_cap = rng.Below(InfoOf(format).exp_bits + 2);
    } else {
      const uint32_t bits = 8 + 2 * 8 * InfoOf(format).value_bytes + kN;
      if (mix == Mix::kPairs) {
        job.config.slot_bytes = bits / 8 + rng.Below(40);
      } else if (rng.OneIn(2)) {
        job.config.slot_bytes = bits / 8 - 2 + rng.Below(4);
      }
      const std::set<uint32_t> all(job.block.patterns.begin(), job.block.patterns.begin() + kN);
      job.pair = all.size() <= 2 && bits <= 8 * job.config.slot_bytes;
      job.level = !job.pair;
    }
    job.user = rng.Below(8);
    const uint32_t value_bits = 8 * InfoOf(format).value_bytes;
    const uint32_t values = kCore / value_bits;
    for (uint32_t at = 0; at < kN; at += values) {
      std::vector<uint64_t> words(values * 2);
      for (uint32_t i = 0; i < values; ++i) {
        uint64_t p = job.block.patterns[at + i];
        if (format == Format::kFp32 && kStored < 32) {
          const uint32_t rest = 32 - kStored + 1;
          p = p >> rest << 1 | ((p & LowMask32(rest)) != 0 ? 1U : 0U);
        }
        words[2 * i] = p;
        words[2 * i + 1] = job.block.patterns[at + i] != job.block.patterns[0] ? 1 : 0;
      }
      job.chunks.push_back(words);
    }
    return job;
  }

  Decision RandomDecision() {
    Rng& rng = this->rng();
    Decision d{.poisoned = rng.OneIn(8),
               .exact = rng.OneIn(2),
               .dead_code = rng.OneIn(2),
               .form = rng.Below(4),
               .width = rng.Below(5),
               .q = rng.Below(32),
               .j = rng.Below(32),
               .base = rng.Below(256),
               .front_bytes = 3 + rng.Below(kLevelFront - 2),
               .codes = std::vector<uint32_t>(kGroups),
               .lives = std::vector<bool>(kGroups),
               .front = std::vector<std::byte>(kFront)};
    for (uint32_t& c : d.codes) c = rng.Below(16);
    for (uint32_t g = 0; g < kGroups; ++g) d.lives[g] = rng.OneIn(2);
    for (std::byte& b : d.front) b = static_cast<std::byte>(rng.Below(256));
    return d;
  }

  void Drive(const Decision& d) {
    auto& dut = this->dut();
    dut.decision_poisoned_i = d.poisoned;
    dut.decision_exact_i = d.exact;
    dut.decision_dead_code_i = d.dead_code;
    dut.decision_form_i = static_cast<uint8_t>(d.form);
    dut.decision_width_i = static_cast<uint8_t>(d.width);
    dut.decision_q_i = static_cast<uint8_t>(d.q);
    dut.decision_j_i = static_cast<uint8_t>(d.j);
    dut.decision_base_i = static_cast<uint8_t>(d.base);
    dut.decision_front_bytes_i = static_cast<uint8_t>(d.front_bytes);
    for (uint32_t g = 0; g < kGroups; ++g) {
      PutBits(dut.decision_codes_i, 4 * g, 4, d.codes[g]);
      PutBits(dut.decision_lives_i, g, 1, d.lives[g] ? 1 : 0);
    }
    PutBytes(dut.decision_front_i, std::span(d.front));
  }

  void ExpectLevel(const Job& job) {
    const auto& dut = this->dut();
    const auto facts = FindGroups(Classify(job.block), job.config);
    const uint32_t base = FindSignificanceBase(facts, job.config);
    const auto deltas = FindDeltas(facts, base, job.config);
    ASSERT_EQ(dut.level_cfg_o, PackConfig(job.config, Config::kFormats));
    ASSERT_EQ(dut.level_base_o, base);
    for (uint32_t g = 0; g < kGroups; ++g) {
      ASSERT_EQ(GetBits(dut.level_deltas_o, 5 * g, 5), std::min(deltas[g], 31U));
      ASSERT_EQ(GetBits(dut.level_negative_o, g, 1) != 0, facts[g].negative);
      ASSERT_EQ(GetBits(dut.level_special_o, g, 1) != 0, facts[g].special);
    }
  }

  void ExpectPlan(const Job& job, const Decision& decision) {
    const auto& dut = this->dut();
    const Plan plan = PlanOf(dut.plan_o);
    const auto& config = job.config;
    ASSERT_EQ(plan.config, PackConfig(config, Config::kFormats));
    ASSERT_EQ(dut.user_o, job.user);
    ASSERT_EQ(dut.bad_keep_o != 0, job.bad_keep);
    ASSERT_EQ(plan.pair != 0, job.pair);
    std::vector<std::byte> front(kFront);
    uint32_t front_bytes = 0;
    BitWriter out(front);
    if (job.pair) {
      const std::set<uint32_t> all(job.block.patterns.begin(), job.block.patterns.begin() + kN);
      const uint32_t a = job.block.patterns[0];
      const uint32_t b = *all.begin() == a ? *all.rbegin() : *all.begin();
      const uint32_t bits = 8 * InfoOf(config.format).value_bytes;
      out.Put(kPairWidth, 8);
      out.Put(a, bits);
      out.Put(b, bits);
      front_bytes = static_cast<uint32_t>(out.position() / 8);
      ASSERT_EQ(plan.bytes, config.slot_bytes);
      ASSERT_EQ(plan.whole, 1U);
      ASSERT_EQ(plan.saturated + plan.plain + plan.form, 0U);
    } else if (job.level) {
      ASSERT_EQ(plan.bytes, config.slot_bytes);
      ASSERT_EQ(plan.saturated, 0U);
      ASSERT_EQ(plan.plain != 0, decision.poisoned);
      if (decision.poisoned) {
        out.Put(kPoisonedWidth, 8);
        front_bytes = 1;
        ASSERT_EQ(plan.whole, 0U);
      } else {
        front = decision.front;
        front_bytes = decision.front_bytes;
        ASSERT_EQ(plan.whole != 0, decision.exact);
        ASSERT_EQ(plan.form, decision.form);
        ASSERT_EQ(plan.width, decision.width);
        ASSERT_EQ(plan.zero_code != 0, decision.dead_code);
        ASSERT_EQ(plan.q, decision.q);
        ASSERT_EQ(plan.j, decision.j);
        ASSERT_EQ(plan.base, decision.base);
        for (uint32_t g = 0; g < kGroups; ++g) {
          ASSERT_EQ(GetBits(dut.codes_o, 4 * g, 4), decision.codes[g]);
          ASSERT_EQ(GetBits(dut.lives_o, g, 1) != 0, decision.lives[g]);
          const bool flag = (front[3 + g / 8] >> (g % 8) & std::byte{1}) != std::byte{0};
          ASSERT_EQ(GetBits(dut.special_o, g, 1) != 0, decision.form == 3 && flag);
        }
      }
    } else {
      const BaseInfo info = FindBase(Classify(job.block));
      const FieldHeader header = SchedulePlanes(info, config);
      PackHeader(header, config.format, out);
      front_bytes = HeaderBits(header, config.format) / 8;
      const uint64_t whole_bits = WholeSizeBits(info, config.format, kN);
      ASSERT_EQ(plan.bytes, config.lossless ? whole_bits / 8 : config.slot_bytes);
      ASSERT_EQ(plan.whole != 0, config.lossless || whole_bits <= 8 * config.slot_bytes);
      ASSERT_EQ(plan.saturated != 0, header.saturated);
      ASSERT_EQ(plan.width, header.width);
      ASSERT_EQ(plan.base, header.base);
      ASSERT_EQ(plan.zero_code != 0, header.zero_code);
      ASSERT_EQ(plan.flush_below, FlushBelow(header));
      ASSERT_EQ(plan.stored, AlignMan(header.map, config.format));
      ASSERT_EQ(plan.plain + plan.pair + plan.form, 0U);
      for (uint32_t g = 0; g < kN / 8; ++g) {
        ASSERT_EQ(plan.rows + (g < plan.more ? 1 : 0),
                  RowsOfGroup(header, config, 8 * uint64_t{plan.bytes}, g));
      }
      uint32_t ranks[4] = {};
      PutRanks(ranks, header, config.format);
      for (uint32_t k = 0; k < InfoOf(config.format).man_bits; ++k) {
        ASSERT_EQ(GetBits(dut.man_rank_o, k * 5, 5), GetBits(ranks, k * 5, 5));
      }
    }
    ASSERT_EQ(plan.front_bytes, front_bytes);
    for (uint32_t b = 0; b < front_bytes; ++b) {
      ASSERT_EQ(GetBits(dut.front_o, 8 * b, 8), std::to_integer<uint64_t>(front[b])) << b;
    }
  }

  void ExpectEntry(const Job& job, const std::vector<uint64_t>& words) {
    const auto& dut = this->dut();
    const bool wide = job.block.format == Format::kFp32;
    const uint32_t bits = wide ? kStored : 16;
    for (uint32_t i = 0; i < words.size() / 2; ++i) {
      ASSERT_EQ(GetBits(dut.chunk_o, i * bits, bits), words[2 * i]) << i;
      if (Config::kOrders > 1) {
        ASSERT_EQ(GetBits(dut.chunk_o, kData + i, 1), words[2 * i + 1]) << i;
      }
    }
  }

  // Runs `count` blocks. The back half takes a plan, then its chunks; the search takes up to
  // `search` cycles. Sets cycles_.
  void Run(uint32_t count, Mix mix, uint32_t search, bool stalls) {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    std::deque<Job> jobs;
    for (uint32_t i = 0; i < count; ++i) jobs.push_back(RandomJob(mix));
    std::deque<std::pair<const Job*, std::vector<std::byte>>> beats;
    for (Job& job : jobs) {
      for (uint32_t c = 0; c < ChunksOf(job.block.format, kN, kW); ++c) {
        beats.emplace_back(&job, ChunkBytes(job.block, c, kW));
      }
    }
    std::deque<const Job*> to_level;
    for (const Job& job : jobs) {
      if (job.level) to_level.push_back(&job);
    }
    bool offered = false;
    struct Search {
      uint32_t wait;
      Decision decision;
    };
    std::deque<Search> searches;
    cycles_ = 0;
    for (; !jobs.empty(); ++cycles_) {
      ASSERT_LT(cycles_, 2000 + 400ULL * count);
      if (!offered && !beats.empty() && !(stalls && rng.OneIn(3))) offered = true;
      dut.in_valid_i = offered;
      if (offered) {
        const auto& [job, bytes] = beats.front();
        PutBytes(dut.in_data_i, std::span(bytes));
        dut.in_user_i = static_cast<uint8_t>(job->user);
        dut.in_cfg_i = PackConfig(job->config, Config::kFormats);
      } else {
        PutRandom(dut.in_data_i, kW, rng);
      }
      for (uint32_t i = 0; i < kW / 8; ++i) PutBits(dut.in_keep_i, i, 1, 1);
      dut.in_last_i = 0;
      dut.level_ready_i = searches.size() < Config::kSearches;
      dut.decision_valid_i = !searches.empty() && searches.front().wait == 0;
      if (!searches.empty()) Drive(searches.front().decision);
      // The back half is done with a plan in the cycle that takes the last chunk.
      const bool takes = !(stalls && rng.OneIn(3));
      dut.chunk_ready_i = 0;
      dut.plan_ready_i = 0;
      this->sim().Settle();
      const bool moves = takes && dut.plan_valid_o != 0 && dut.chunk_valid_o != 0;
      dut.chunk_ready_i = moves;
      dut.plan_ready_i = moves && jobs.front().chunks.size() == 1;
      this->sim().Step([&] {
        if (offered && dut.in_ready_o != 0) {
          beats.pop_front();
          offered = false;
        }
        if (dut.plan_valid_o != 0) ExpectPlan(jobs.front(), decision_);
        if (dut.chunk_valid_o != 0) ExpectEntry(jobs.front(), jobs.front().chunks.front());
        if (moves) jobs.front().chunks.pop_front();
        const bool decided = dut.decision_valid_i != 0 && dut.decision_ready_o != 0;
        if (decided) {
          decision_ = searches.front().decision;
          searches.pop_front();
        }
        for (Search& s : searches) s.wait -= s.wait > 0 ? 1 : 0;
        if (dut.level_valid_o != 0 && dut.level_ready_i != 0) {
          ASSERT_FALSE(to_level.empty());
          ExpectLevel(*to_level.front());
          to_level.pop_front();
          searches.push_back({stalls ? rng.Below(search + 1) : search, RandomDecision()});
        }
      });
      if (!jobs.empty() && jobs.front().chunks.empty()) jobs.pop_front();
    }
    ASSERT_TRUE(to_level.empty());
    dut.in_valid_i = 0;
  }

  void Reset() {
    auto& dut = this->dut();
    dut.in_valid_i = 1;
    dut.level_ready_i = 0;
    dut.decision_valid_i = 0;
    dut.plan_ready_i = 0;
    dut.chunk_ready_i = 0;
    this->sim().Reset();
    dut.in_valid_i = 0;
  }

  // Cycles of the input for so many blocks of the slowest format, at one beat a cycle, and of the
  // output for the last one.
  static uint64_t BeatCycles(uint32_t count) {
    const Format format = FormatsOf<Config>().front();
    return uint64_t{count} * ChunksOf(format, kN, kW) + ChunksOf(format, kN, kCore) + 6;
  }

  Decision decision_ = {};
  uint64_t cycles_ = 0;
};
TYPED_TEST_SUITE(FrontHalf, duts::Configs);

TYPED_TEST(FrontHalf, AfterReset) {
  for (int i = 0; i < 8; ++i) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().plan_valid_o, 0);
    EXPECT_EQ(this->dut().chunk_valid_o, 0);
    EXPECT_EQ(this->dut().level_valid_o, 0);
    EXPECT_EQ(this->dut().in_ready_o, 1);
    this->Run(3, Mix::kAll, 5, true);
    this->dut().in_valid_i = 1;  // the next reset finds blocks on their way
    for (int k = 0; k < 3 * i; ++k) this->sim().Step();
  }
}

TYPED_TEST(FrontHalf, RandomMatchesModel) {
  ACTP_CLAUSE("F-4.4", "F-4.5", "F-4.6", "F-4.7", "F-4.8", "F-4.9", "F-6.1", "F-6.2", "F-3.4");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(800); ++i) {
    for (const Mix mix : {Mix::kField, Mix::kSignificance, Mix::kPairs, Mix::kAll}) {
      this->Run(24, mix, this->rng().Below(20), i % 2 == 0);
    }
  }
}

// A beat in every cycle in order field and for pairs, whatever the format.
TYPED_TEST(FrontHalf, Throughput) {
  for (const Mix mix : {Mix::kField, Mix::kPairs}) {
    if (mix == Mix::kPairs && TypeParam::kOrders == 1) continue;
    if (mix == Mix::kField && TypeParam::kOrders == 2) continue;
    this->Reset();
    this->Run(100, mix, 2, false);
    EXPECT_LE(this->cycles_, TestFixture::BeatCycles(100));
  }
}

// The search hides behind the next block where it is short enough, also when the queue is flops for
// hardly more than a block.
TYPED_TEST(FrontHalf, SearchOverlaps) {
  if (TypeParam::kOrders == 1) return;
  this->Reset();
  this->Run(50, Mix::kSignificance, 3, false);
  EXPECT_LE(this->cycles_, TestFixture::BeatCycles(50) + 50 * 5);
}

}  // namespace
}  // namespace actplane::rtl_test
