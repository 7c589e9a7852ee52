// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {
namespace {

struct Beat {
  std::vector<std::byte> data;
  std::vector<bool> keep;
  bool last = false;
  uint32_t user = 0;
  actplane::Config config;
};

struct Chunk {
  std::vector<std::byte> data;
  bool first = false, last = false, bad_keep = false;
  uint32_t user = 0;
  uint32_t config = 0;
};

// What the device makes of a stream of beats, block by block.
template <class Config>
class Gatherer {
 public:
  static constexpr uint32_t kCore = std::max(256U, Config::kStreamWidth);

  void Take(const Beat& beat) {
    const bool null = std::ranges::find(beat.keep, true) == beat.keep.end();
    if (bytes_.empty()) {
      if (null) return;
      config_ = beat.config;
      user_ = beat.user;
      bad_keep_ = false;
    } else if (null && !beat.last) {
      return;
    }
    const auto hole = std::ranges::find(beat.keep, false);
    bad_keep_ |= beat.last ? std::find(hole, beat.keep.end(), true) != beat.keep.end()
                           : hole != beat.keep.end();
    for (size_t i = 0; i < beat.data.size(); ++i) {
      bytes_.push_back(beat.keep[i] ? beat.data[i] : std::byte{0});
    }
    const uint32_t all = Config::kBlockLen * InfoOf(config_.format).value_bytes;
    if (beat.last) bytes_.resize(all);
    if (bytes_.size() == all) Finish();
  }
  std::deque<Chunk>& chunks() { return chunks_; }
  bool open() const { return !bytes_.empty(); }

 private:
  void Finish() {
    Block block = GatherBlock(bytes_, config_);
    if (config_.format == Format::kFp32) CutBlock(block, config_.order, Config::kDepth);
    const uint32_t count = ChunksOf(block.format, block.n, kCore);
    for (uint32_t c = 0; c < count; ++c) {
      chunks_.push_back({ChunkBytes(block, c, kCore), c == 0, c + 1 == count, bad_keep_, user_,
                         PackConfig(config_, Config::kFormats)});
    }
    bytes_.clear();
  }

  std::vector<std::byte> bytes_;
  actplane::Config config_;
  uint32_t user_ = 0;
  bool bad_keep_ = false;
  std::deque<Chunk> chunks_;
};

template <class Config>
class EncGather : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kW = Config::kStreamWidth;
  static constexpr uint32_t kCore = Gatherer<Config>::kCore;

  actplane::Config RandomConfig() {
    Rng& rng = this->rng();
    const auto formats = FormatsOf<Config>();
    return {.format = formats[rng.Below(formats.size())],
            .block_len = Config::kBlockLen,
            .lossless = rng.OneIn(2),
            .slot_bytes = rng.Below(2048),
            .order = rng.OneIn(2) ? Order::kField : Order::kSignificance,
            .delta_cap = rng.Below(16),
            .row_limit = 8 + rng.Below(17)};
  }

  Beat RandomBeat(uint32_t last_in, bool odd) {
    Rng& rng = this->rng();
    Beat beat{.data = std::vector<std::byte>(kW / 8),
              .keep = std::vector<bool>(kW / 8, true),
              .last = rng.OneIn(last_in),
              .user = rng.Below(8),
              .config = RandomConfig()};
    const Block block = RandomBlock(beat.config.format, Config::kBlockLen, rng);
    const auto bytes = ChunkBytes(block, 0, kW);
    std::ranges::copy(bytes, beat.data.begin());
    const uint32_t fill = rng.Below(kW / 8 + 1);
    const bool partial = (beat.last && rng.OneIn(2)) || (odd && rng.OneIn(16));
    if (partial) std::fill(beat.keep.begin() + fill, beat.keep.end(), false);
    if (odd && rng.OneIn(8)) std::fill(beat.keep.begin(), beat.keep.end(), false);
    if (odd && rng.OneIn(16)) beat.keep[rng.Below(kW / 8)] = false;
    return beat;
  }

  void Offer(const Beat& beat) {
    auto& dut = this->dut();
    PutBytes(dut.in_data_i, std::span(beat.data));
    for (uint32_t i = 0; i < kW / 8; ++i) PutBits(dut.in_keep_i, i, 1, beat.keep[i] ? 1 : 0);
    dut.in_last_i = beat.last;
    dut.in_user_i = static_cast<uint8_t>(beat.user);
    dut.in_cfg_i = PackConfig(beat.config, Config::kFormats);
  }

  void Compare(const Chunk& want) {
    const auto& dut = this->dut();
    ASSERT_EQ(GetBytes(dut.chunk_o, kCore / 8), want.data);
    ASSERT_EQ(dut.chunk_first_o != 0, want.first);
    ASSERT_EQ(dut.chunk_last_o != 0, want.last);
    ASSERT_EQ(dut.cfg_o, want.config);
    ASSERT_EQ(dut.user_o, want.user);
    if (want.last) {
      ASSERT_EQ(dut.bad_keep_o != 0, want.bad_keep);
    }
  }

  // Cycles until `beats` have been taken and their chunks have left. A block may have left in part
  // when the model knows it whole, so chunks are compared when they are known.
  void Run(uint32_t beats, uint32_t last_in, bool odd, bool stalls) {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    Gatherer<Config> model;
    std::vector<Beat> stream;
    for (uint32_t i = 0; i < beats; ++i) stream.push_back(RandomBeat(last_in, odd));
    Beat end = RandomBeat(1, false);
    end.last = true;
    stream.push_back(end);
    for (const Beat& beat : stream) model.Take(beat);
    ASSERT_FALSE(model.open());
    size_t at = 0;
    bool offered = false;
    cycles_ = 0;
    for (uint32_t idle = 0; idle < 80; ++idle, ++cycles_) {
      if (!offered && at < stream.size() && !(stalls && rng.OneIn(3))) offered = true;
      dut.in_valid_i = offered;
      if (offered) {
        Offer(stream[at]);
      } else {
        Offer(RandomBeat(2, true));
      }
      dut.chunk_ready_i = !(stalls && rng.OneIn(3));
      this->sim().Step([&] {
        if (offered && dut.in_ready_o != 0) {
          offered = false;
          ++at;
          idle = 0;
        }
        if (dut.chunk_valid_o != 0) {
          ASSERT_FALSE(model.chunks().empty());
          Compare(model.chunks().front());
          if (dut.chunk_ready_i != 0) {
            model.chunks().pop_front();
            idle = 0;
          }
        }
      });
    }
    ASSERT_EQ(at, stream.size());
    ASSERT_TRUE(model.chunks().empty());
  }

  void Reset() {
    this->dut().in_valid_i = 1;
    this->dut().chunk_ready_i = 1;
    this->sim().Reset();
  }

  uint64_t cycles_ = 0;
};
TYPED_TEST_SUITE(EncGather, duts::Configs);

TYPED_TEST(EncGather, AfterReset) {
  for (int beats = 0; beats < 6; ++beats) {
    this->Reset();
    this->dut().in_valid_i = 0;
    this->sim().Settle();
    EXPECT_EQ(this->dut().chunk_valid_o, 0);
    EXPECT_EQ(this->dut().in_ready_o, 1);
    this->Run(7, 4, true, true);
    this->dut().in_valid_i = 1;
    this->Offer(this->RandomBeat(1000, false));
    for (int i = 0; i < beats; ++i) this->sim().Step();  // the next reset finds a block open
  }
}

TYPED_TEST(EncGather, WholeBlocks) {
  ACTP_CLAUSE("F-2.3", "F-2.4");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(400); ++i) this->Run(200, 1000000, false, i % 2 == 0);
}

TYPED_TEST(EncGather, EarlyLastPads) {
  ACTP_CLAUSE("F-2.3");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(400); ++i)
    this->Run(100, 2 + this->rng().Below(20), false, i % 2 == 0);
}

// Null beats, null bytes, `last` on a null beat with and without a block.
TYPED_TEST(EncGather, HolesAndNullBeats) {
  this->Reset();
  for (uint64_t i = 0; i < Scaled(400); ++i)
    this->Run(100, 2 + this->rng().Below(20), true, i % 2 == 0);
}

// Full beats pass one a cycle.
TYPED_TEST(EncGather, Throughput) {
  this->Reset();
  this->Run(1000, 1000000, false, false);
  EXPECT_LT(this->cycles_, 1000 + 81 + 40);
}

}  // namespace
}  // namespace actplane::rtl_test
