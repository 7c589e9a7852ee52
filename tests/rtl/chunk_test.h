// SPDX-License-Identifier: Apache-2.0
// What takes the chunks of a block and knows its facts two cycles after the last one.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {

template <class Config>
class ChunkTest : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = [] {
    if constexpr (requires { Config::kBlockLen; }) return Config::kBlockLen;
    return Config::kCoreWidth == 512 ? 32U : 64U;
  }();
  static constexpr uint32_t kCore = Config::kCoreWidth;

  // What a module looks at besides the chunk; what it must say of the chunk at once, of the block
  // two cycles later, and whether it says so.
  virtual void Choose(const actplane::Config&) {}
  virtual void ExpectChunk(const Block&, uint32_t) {}
  virtual void ExpectFacts(const Block& block, const actplane::Config& config) = 0;
  virtual void ExpectValid(bool) {}

  void Reset() {
    this->dut().chunk_valid_i = 0;
    this->dut().adv_i = 1;
    PutFlags(true, true);
    if constexpr (requires { this->dut().rst_ni; }) this->sim().Reset();
  }

  // Runs blocks through: with stalls, chunks do not come in every cycle, nor does all advance.
  void Run(const std::vector<std::pair<Block, actplane::Config>>& blocks, bool stalls) {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    size_t at = 0, known = 0;
    uint32_t chunk = 0;
    bool last = false, facts = false;  // a last chunk came one cycle ago, two
    for (size_t cycle = 0; known < blocks.size(); ++cycle) {
      ASSERT_LT(cycle, 1000 * (blocks.size() + 1));
      const bool comes = at < blocks.size() && !(stalls && rng.OneIn(4));
      const auto& [block, config] = blocks[std::min(at, blocks.size() - 1)];
      const uint32_t chunks = ChunksOf(block.format, kN, kCore);
      dut.chunk_valid_i = comes;
      if (comes) {
        const auto bytes = ChunkBytes(block, chunk, kCore);
        PutBytes(dut.chunk_i, std::span(bytes));
        PutFlags(chunk == 0, chunk + 1 == chunks);
        dut.chunk_fmt_i = static_cast<uint8_t>(FormatCode(block.format, Config::kFormats));
        Choose(config);
      } else {
        PutRandom(dut.chunk_i, kCore, rng);
        PutFlags(rng.OneIn(2), rng.OneIn(2));
        Choose({.row_limit = 8 + rng.Below(17)});
      }
      dut.adv_i = !(stalls && rng.OneIn(3));
      this->sim().Step([&, &block = block] {
        if (comes) ExpectChunk(block, chunk);
        ExpectValid(facts);
        if (facts) ExpectFacts(blocks[known].first, blocks[known].second);
      });
      if (dut.adv_i == 0) continue;
      known += facts ? 1 : 0;
      facts = std::exchange(last, comes && chunk + 1 == chunks);
      if (comes) {
        chunk = (chunk + 1) % chunks;
        at += chunk == 0 ? 1 : 0;
      }
    }
  }

  actplane::Config RandomConfig(Format format) {
    return {.format = format,
            .block_len = kN,
            .slot_bytes = this->rng().Below(2048),
            .order = Order::kSignificance,
            .group_len = kGroupLen,
            .row_limit = 8 + this->rng().Below(17)};
  }

  void ExpectRandom(uint64_t count) {
    Reset();
    const auto formats = FormatsOf<Config>();
    for (uint64_t i = 0; i < count / 20; ++i) {
      std::vector<std::pair<Block, actplane::Config>> blocks;
      for (int k = 0; k < 20; ++k) {
        const Format format = formats[this->rng().Below(formats.size())];
        blocks.emplace_back(MixedBlock(format, kN, this->rng()), RandomConfig(format));
      }
      Run(blocks, i % 2 == 0);
    }
  }

  // One value unlike the others, at both ends of a block and in the middle.
  void ExpectCorners() {
    Reset();
    for (const Format format : FormatsOf<Config>()) {
      const FormatInfo info = InfoOf(format);
      const uint32_t sign = 1U << (info.exp_bits + info.man_bits);
      const uint32_t inf = info.exp_max << info.man_bits;
      const uint32_t one = 1U << info.man_bits;
      const std::array some = {0U,       1U,       one - 1,   one,        one + 1,
                               31 * one, 32 * one, inf - 1,   inf - 1,    inf,
                               inf + 1,  sign,     sign | 1,  sign | one, 2 * one,
                               3 * one,  8 * one,  inf - one, sign | inf};
      std::vector<std::pair<Block, actplane::Config>> blocks;
      for (const uint32_t rest : some) {
        for (const uint32_t odd : some) {
          for (const uint32_t at : {0U, 1U, kN / 2 - 1, kN / 2, kN - 1}) {
            Block block{.format = format, .n = kN};
            std::ranges::fill_n(block.patterns.begin(), kN, rest);
            block.patterns[at] = odd;
            blocks.emplace_back(block, RandomConfig(format));
          }
        }
      }
      Run(blocks, false);
    }
  }

 private:
  static constexpr uint32_t kGroupLen = [] {
    if constexpr (requires { Config::kGroupLen; }) return Config::kGroupLen;
    return 8U;
  }();

  void PutFlags(bool first, bool last) {
    auto& dut = this->dut();
    dut.chunk_first_i = first;
    if constexpr (requires { dut.chunk_last_i; }) dut.chunk_last_i = last;
  }
};

}  // namespace actplane::rtl_test
