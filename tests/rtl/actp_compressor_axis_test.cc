// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <deque>
#include <optional>

#include "actplane/codec.h"
#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {
namespace {

// What the configuration pins say, legal or not.
struct CfgPins {
  uint32_t format = 0, slot_bytes = 0, row_limit = 0, delta_cap = 0;
  bool significance = false, lossless = false;
};

struct Beat {
  std::vector<std::byte> data;
  std::vector<bool> keep;
  bool last = false;
  uint32_t user = 0;
  CfgPins pins;
};

// A slot that is to come, and what is to be said of it.
struct Slot {
  std::vector<std::byte> bytes;
  uint32_t user = 0;
  bool whole = false, saturated = false, bad_config = false, bad_keep = false;
  uint32_t bytes_in = 0;
  std::string what;
};

// The names by which Sim knows clock and reset.
template <class Model>
class AxisNames : public Model {
 public:
  using Model::Model;
  CData& clk_i = Model::aclk;
  CData& rst_ni = Model::aresetn;
};
template <class Config>
struct Named : Config {
  using Dut = AxisNames<typename Config::Dut>;
};

// actp_config: the nearest thing that the device can do, and whether it is another one.
template <class Config>
std::pair<actplane::Config, bool> ReadPins(const CfgPins& pins) {
  actplane::Config c = {.block_len = Config::kBlockLen, .group_len = Config::kGroupLen};
  bool bad = false;
  const bool built_in = pins.format < 3 && BitOf(Config::kFormats, pins.format) != 0;
  c.format = built_in ? static_cast<Format>(pins.format) : FormatsOf<Config>().front();
  const bool significance = Config::kOrders == 3 ? pins.significance : Config::kOrders == 2;
  c.order = significance ? Order::kSignificance : Order::kField;
  c.lossless =
      pins.lossless && !significance && (Config::kDepth == 24 || c.format != Format::kFp32);
  c.row_limit = std::clamp(pins.row_limit, 8U, Config::kDepth);
  const uint32_t most_cap = InfoOf(c.format).exp_bits + 1;
  c.delta_cap = pins.delta_cap > most_cap ? 0 : pins.delta_cap;
  c.slot_bytes = std::clamp(pins.slot_bytes, MinSlotBytes(c), MaxSlotBytes(c));
  bad = !built_in || significance != pins.significance || c.lossless != pins.lossless ||
        (!c.lossless && c.slot_bytes != pins.slot_bytes) ||
        (significance ? c.row_limit != pins.row_limit : c.delta_cap != pins.delta_cap);
  return {c, bad};
}

// What the device makes of a stream of beats, block by block.
template <class Config>
class Model {
 public:
  void Take(const Beat& beat) {
    const bool null = std::ranges::find(beat.keep, true) == beat.keep.end();
    if (bytes_.empty()) {
      if (null) return;
      std::tie(config_, bad_config_) = ReadPins<Config>(beat.pins);
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
    if (beat.last) bytes_.resize(BlockBytes(config_));
    if (bytes_.size() == BlockBytes(config_)) Finish();
  }
  std::deque<Slot> slots;
  bool open() const { return !bytes_.empty(); }

 private:
  void Finish() {
    Block block = GatherBlock(bytes_, config_);
    CutBlock(block, config_.order, Config::kDepth);
    bytes_ = testing_support::ToBytes({block.patterns.begin(), block.patterns.begin() + block.n},
                                      config_.format);
    Slot slot;
    slot.user = user_;
    slot.bad_config = bad_config_;
    slot.bad_keep = bad_keep_;
    slot.bytes.resize(config_.lossless ? MaxSlotBytes(config_) : config_.slot_bytes);
    BlockTrace trace;
    slot.bytes.resize(CompressBlock(bytes_, config_, slot.bytes, &trace));
    if (config_.order == Order::kField) {
      slot.whole = config_.lossless || WholeSizeBits(trace.field.info, config_.format,
                                                     config_.block_len) <= 8 * slot.bytes.size();
      slot.saturated = trace.field.header.saturated;
    } else {
      slot.whole = trace.significance.exact;
    }
    slot.bytes_in = BlockBytes(config_);
    slot.what = fmt::format("{} {} lossless {} slot {} rows {} w {} form {} L {}",
                            ToString(config_.format), ToString(config_.order), config_.lossless,
                            config_.slot_bytes, config_.row_limit, trace.significance.header.width,
                            static_cast<int>(trace.significance.header.form),
                            trace.significance.header.level);
    slots.push_back(slot);
    bytes_.clear();
  }

  std::vector<std::byte> bytes_;
  actplane::Config config_;
  uint32_t user_ = 0;
  bool bad_keep_ = false, bad_config_ = false;
};

// How odd a stream is.
struct Style {
  bool stalls = false;
  uint32_t bad_config_in = 0;  // one block of so many; 0: none
  uint32_t early_last_in = 0;
  uint32_t hole_in = 0;  // beats
  std::optional<bool> significance = {};
};

template <class Config>
class CompressorAxis : public RtlTest<Named<Config>> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kBeat = Config::kStreamWidth / 8;

  CfgPins RandomPins(const Style& style) {
    Rng& rng = this->rng();
    CfgPins pins;
    const auto formats = FormatsOf<Config>();
    actplane::Config c = {.format = formats[rng.Below(static_cast<uint32_t>(formats.size()))],
                          .block_len = kN,
                          .group_len = Config::kGroupLen};
    pins.format = static_cast<uint32_t>(c.format);
    pins.significance = style.significance ? *style.significance : rng.OneIn(2);
    if (Config::kOrders < 3) pins.significance = Config::kOrders == 2;
    c.order = pins.significance ? Order::kSignificance : Order::kField;
    pins.row_limit = 8 + rng.Below(Config::kDepth - 7);
    c.row_limit = pins.row_limit;
    const bool may = !pins.significance && (Config::kDepth == 24 || c.format != Format::kFp32);
    pins.lossless = may && rng.OneIn(6);
    pins.delta_cap = rng.OneIn(3) ? rng.Below(InfoOf(c.format).exp_bits + 2) : 0;
    const uint32_t least = MinSlotBytes(c), most = MaxSlotBytes(c);
    pins.slot_bytes = least + rng.Below(rng.OneIn(3) ? most - least + 1 : (most - least) / 2);
    if (style.bad_config_in != 0 && rng.OneIn(style.bad_config_in)) {
      switch (rng.Below(6)) {
        case 0: pins.format = rng.Below(4); break;
        case 1: pins.significance = rng.OneIn(2); break;
        case 2: pins.slot_bytes = rng.Below(2048); break;
        case 3: pins.row_limit = rng.Below(32); break;
        case 4: pins.delta_cap = rng.Below(16); break;
        default: pins.lossless = true; break;
      }
    }
    return pins;
  }

  // The beats of some blocks.
  std::vector<Beat> RandomBeats(uint32_t blocks, const Style& style) {
    Rng& rng = this->rng();
    std::vector<Beat> beats;
    for (uint32_t b = 0; b < blocks; ++b) {
      const CfgPins pins = RandomPins(style);
      const auto [config, bad] = ReadPins<Config>(pins);
      const Block block =
          rng.OneIn(5) ? RandomBlock(config.format, kN, rng) : MixedBlock(config.format, kN, rng);
      const std::vector<uint32_t> patterns(block.patterns.begin(), block.patterns.begin() + kN);
      auto bytes = testing_support::ToBytes(patterns, config.format);
      const bool early = style.early_last_in != 0 && rng.OneIn(style.early_last_in);
      if (early) bytes.resize(1 + rng.Below(static_cast<uint32_t>(bytes.size())));
      const bool last = early || rng.OneIn(2);
      const uint32_t user = rng.Below(8);
      for (size_t at = 0; at < bytes.size();) {
        Beat beat;
        beat.data.resize(kBeat);
        beat.keep.resize(kBeat);
        for (auto& byte : beat.data) byte = static_cast<std::byte>(rng.Next());
        beat.user = at == 0 ? user : rng.Below(8);
        beat.pins = at == 0 ? pins : RandomPins({});
        const bool null = style.hole_in != 0 && rng.OneIn(style.hole_in);
        if (null && rng.OneIn(2)) {  // a null beat, now and then with `last` between packets
          beat.user = rng.Below(8);
          beat.pins = RandomPins({});
          beat.last = at == 0 && rng.OneIn(3);
          beats.push_back(beat);
          continue;
        }
        const size_t here = std::min<size_t>(kBeat, bytes.size() - at);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), here, beat.data.begin());
        std::fill_n(beat.keep.begin(), here, true);
        at += here;
        beat.last = at == bytes.size() && last;
        if (null) beat.keep[rng.Below(kBeat)] = false;
        if (std::ranges::find(beat.keep, true) == beat.keep.end()) beat.keep[0] = true;
        beats.push_back(beat);
      }
    }
    return beats;
  }

  void Offer(const Beat& beat) {
    auto& dut = this->dut();
    PutBytes(dut.s_axis_tdata, std::span(beat.data));
    for (uint32_t i = 0; i < kBeat; ++i) PutBits(dut.s_axis_tkeep, i, 1, beat.keep[i] ? 1 : 0);
    dut.s_axis_tlast = beat.last;
    dut.s_axis_tuser = static_cast<uint8_t>(beat.user);
    dut.cfg_format = static_cast<uint8_t>(beat.pins.format);
    dut.cfg_order = beat.pins.significance;
    dut.cfg_slot_bytes = static_cast<uint16_t>(beat.pins.slot_bytes);
    dut.cfg_lossless = beat.pins.lossless;
    dut.cfg_row_limit = static_cast<uint8_t>(beat.pins.row_limit);
    dut.cfg_delta_cap = static_cast<uint8_t>(beat.pins.delta_cap);
  }

  void Reset() {
    auto& dut = this->dut();
    dut.s_axis_tvalid = 0;
    dut.m_axis_tready = 0;
    this->sim().Reset();
    blocks_ = bytes_in_ = bytes_out_ = 0;
    flags_ = 0;
    left_.reset();
  }

  uint32_t Flags() {
    const auto& dut = this->dut();
    return dut.sts_whole + 2U * dut.sts_saturated + 4U * dut.sts_bad_config + 8U * dut.sts_bad_keep;
  }

  // The status in the cycle after the last beat of a slot; in every other one its flags stay.
  void CompareStatus() {
    const auto& dut = this->dut();
    ASSERT_EQ(dut.sts_block_done != 0, left_.has_value());
    ASSERT_TRUE(left_ || Flags() == flags_) << "a flag changes while no slot leaves";
    flags_ = Flags();
    if (!left_) return;
    const Slot& slot = *left_;
    ASSERT_EQ(dut.sts_whole != 0, slot.whole) << slot.what;
    ASSERT_EQ(dut.sts_saturated != 0, slot.saturated) << slot.what;
    ASSERT_EQ(dut.sts_bad_config != 0, slot.bad_config) << slot.what;
    ASSERT_EQ(dut.sts_bad_keep != 0, slot.bad_keep) << slot.what;
    ++blocks_;
    bytes_in_ += slot.bytes_in;
    bytes_out_ += slot.bytes.size();
    ASSERT_EQ(dut.sts_blocks, blocks_);
    ASSERT_EQ(dut.sts_bytes_in, bytes_in_);
    ASSERT_EQ(dut.sts_bytes_out, bytes_out_);
  }

  void CompareBeat(const Slot& slot) {
    const auto& dut = this->dut();
    const size_t here = std::min<size_t>(kBeat, slot.bytes.size() - at_);
    const auto data = GetBytes(dut.m_axis_tdata, here);
    ASSERT_EQ(GetBits(dut.m_axis_tkeep, 0, kBeat), LowMask(static_cast<uint32_t>(here)))
        << slot.what << " at " << at_;
    for (size_t i = 0; i < here; ++i) {
      ASSERT_EQ(data[i], slot.bytes[at_ + i]) << slot.what << " byte " << at_ + i;
    }
    ASSERT_EQ(dut.m_axis_tlast != 0, at_ + here == slot.bytes.size()) << slot.what;
    ASSERT_EQ(dut.m_axis_tuser, slot.user) << slot.what;
  }

  // Sends the beats, compares every beat that comes, until all slots have left; or for `cycles`.
  void Run(const std::vector<Beat>& beats, bool stalls, uint64_t cycles = UINT64_MAX) {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    Model<Config> model;
    for (const Beat& beat : beats) model.Take(beat);
    slots_ += model.slots.size();
    size_t sent = 0;
    bool offered = false;
    at_ = 0;
    cycles_ = 0;
    first_out_ = last_in_ = 0;
    for (uint32_t idle = 0, quiet = 0; quiet < 6 && cycles_ < cycles; ++idle, ++cycles_) {
      ASSERT_LT(idle, 600U) << "stands still: beat " << sent << " of " << beats.size();
      if (!offered && sent < beats.size() && !(stalls && rng.OneIn(4))) {
        offered = true;
        Offer(beats[sent]);
      }
      dut.s_axis_tvalid = offered;
      dut.m_axis_tready = !(stalls && rng.OneIn(3));
      quiet = sent == beats.size() && (model.slots.empty() || model.open()) ? quiet + 1 : 0;
      this->sim().Step([&] {
        CompareStatus();
        left_.reset();
        if (offered && dut.s_axis_tready != 0) {
          offered = false;
          ++sent;
          idle = 0;
          last_in_ = cycles_;
        }
        if (dut.m_axis_tvalid == 0) return;
        if (first_out_ == 0) first_out_ = cycles_;
        ASSERT_FALSE(model.slots.empty()) << "a beat of no slot";
        const Slot& slot = model.slots.front();
        CompareBeat(slot);
        if (dut.m_axis_tready == 0) return;
        idle = 0;
        at_ += kBeat;
        if (at_ < slot.bytes.size()) return;
        at_ = 0;
        left_ = slot;
        model.slots.pop_front();
      });
    }
    dut.s_axis_tvalid = 0;
    if (cycles == UINT64_MAX) {
      ASSERT_EQ(sent, beats.size());
      ASSERT_TRUE(model.slots.empty());
    }
  }

  std::vector<Beat> Blocks(uint32_t blocks, const Style& style) {
    auto beats = RandomBeats(blocks, style);
    Model<Config> model;
    for (const Beat& beat : beats) model.Take(beat);
    if (model.open()) {  // ends the last block
      beats.push_back(beats.back());
      beats.back().keep.assign(kBeat, false);
      beats.back().last = true;
    }
    return beats;
  }

  uint64_t blocks_ = 0, bytes_in_ = 0, bytes_out_ = 0, slots_ = 0;
  uint32_t flags_ = 0;
  uint64_t cycles_ = 0, first_out_ = 0, last_in_ = 0;

 private:
  std::optional<Slot> left_;  // what left in the last cycle
  size_t at_ = 0;             // byte of the slot that leaves
};
TYPED_TEST_SUITE(CompressorAxis, duts::Configs);

TYPED_TEST(CompressorAxis, AfterReset) {
  for (uint32_t stop = 0; stop < 40; ++stop) {
    this->Reset();
    this->sim().Settle();
    const auto& dut = this->dut();
    EXPECT_EQ(dut.m_axis_tvalid, 0);
    EXPECT_EQ(dut.s_axis_tready, 1);
    EXPECT_EQ(dut.sts_block_done + dut.sts_whole + dut.sts_saturated, 0);
    EXPECT_EQ(dut.sts_bad_config + dut.sts_bad_keep, 0);
    EXPECT_EQ(dut.sts_blocks + dut.sts_bytes_in + dut.sts_bytes_out, 0U);
    this->Run(this->Blocks(3, {}), false);
    this->Run(this->Blocks(4, {}), true, stop * 3);  // the next reset falls into this
  }
}

TYPED_TEST(CompressorAxis, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.3", "F-2.4", "F-2.5", "F-2.8", "F-4.5", "F-6.1", "F-6.7", "F-6.10", "F-6.12");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(150); ++i) {
    this->Run(this->Blocks(16, {.stalls = i % 2 == 0}), i % 2 == 0);
  }
}

TYPED_TEST(CompressorAxis, OneOrderOnly) {
  this->Reset();
  for (uint64_t i = 0; i < Scaled(40); ++i) {
    this->Run(this->Blocks(16, {.significance = i % 2 == 0}), i % 4 < 2);
  }
}

TYPED_TEST(CompressorAxis, BadConfiguration) {
  ACTP_CLAUSE("F-2.6");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(60); ++i) {
    this->Run(this->Blocks(16, {.bad_config_in = 2}), i % 2 == 0);
  }
}

TYPED_TEST(CompressorAxis, EarlyLastAndHoles) {
  ACTP_CLAUSE("F-2.3");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(100); ++i) {
    Style style = {.bad_config_in = 20, .early_last_in = 3};
    if (i % 3 != 0) style.hole_in = 6;
    this->Run(this->Blocks(16, style), i % 2 == 0);
  }
}

// Slots of ratio 2. Order field may lose a cycle now and then to the packer.
TYPED_TEST(CompressorAxis, LatencyAndThroughput) {
  for (const bool significance : {false, true}) {
    if (TypeParam::kOrders != 3 && significance != (TypeParam::kOrders == 2)) continue;
    for (const Format format : FormatsOf<TypeParam>()) {
      this->Reset();
      auto one = this->Blocks(1, {.significance = significance});
      actplane::Config c = {.format = format,
                            .block_len = TestFixture::kN,
                            .order = significance ? Order::kSignificance : Order::kField,
                            .group_len = TypeParam::kGroupLen};
      const uint32_t slot = std::max(MinSlotBytes(c), BlockBytes(c) / 2);
      std::vector<Beat> beats;
      for (int b = 0; b < 24; ++b) {
        const Block block = RandomBlock(format, TestFixture::kN, this->rng());
        for (uint32_t at = 0; at < BlockBytes(c); at += TestFixture::kBeat) {
          Beat beat = one.front();
          beat.data = ChunkBytes(block, at / TestFixture::kBeat, 8 * TestFixture::kBeat);
          beat.keep.assign(TestFixture::kBeat, true);
          beat.last = false;
          beat.pins = {.format = static_cast<uint32_t>(format),
                       .slot_bytes = slot,
                       .row_limit = std::min(16U, TypeParam::kDepth),
                       .significance = significance};
          beats.push_back(beat);
        }
        if (b > 0) continue;
        this->Run(beats, false);
        std::cout << ToString(format) << " " << ToString(c.order) << ": first beat "
                  << this->first_out_ - this->last_in_ << " cycles after the last one in\n";
      }
      this->Run(beats, false);
      std::cout << ToString(format) << " " << ToString(c.order) << ": "
                << static_cast<double>(this->last_in_ + 1) / static_cast<double>(beats.size())
                << " cycles a beat\n";
      constexpr bool kNoSlack = requires { TypeParam::kSlack; };  // one configuration has none
      if (!significance && !kNoSlack) {
        EXPECT_LE(this->last_in_ + 1, beats.size() * 9 / 8 + 12);
      }
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
