// SPDX-License-Identifier: Apache-2.0
// What eval measures: the outcome of every setting, by tensor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common.h"
#include "difference.h"
#include "peers/peers.h"
#include "table.h"

namespace actplane::cli {

// An order and a slot size; or a peer; or an order beside a peer, in slots of at most its bits.
struct Setting {
  SlotSize slot = {};
  std::optional<Config> config = {};  // of an order, for any format and slot
  const peers::Peer* peer = nullptr;

  std::string Name() const { return std::string(config ? ToString(config->order) : peer->name); }
};

// What became of values under one setting.
struct Outcome {
  Difference difference;
  uint64_t blocks = 0;           // of an order
  uint64_t lossless_blocks = 0;  // every bit as it was
  uint64_t raw_bits = 0;
  uint64_t coded_bits = 0;
  uint32_t slot_bytes = 0;    // 0: not the same everywhere
  std::string obstacle = {};  // why there is no such outcome; the figures then mean nothing

  Outcome& operator+=(const Outcome& other) {
    slot_bytes = difference.values == 0 || slot_bytes == other.slot_bytes ? other.slot_bytes : 0;
    difference += other.difference;
    blocks += other.blocks;
    lossless_blocks += other.lossless_blocks;
    raw_bits += other.raw_bits;
    coded_bits += other.coded_bits;
    if (obstacle.empty()) obstacle = other.obstacle;
    return *this;
  }

  bool possible() const { return obstacle.empty(); }
  std::string Bits() const { return RatioText(coded_bits, difference.values); }
  // Against values of so many bits.
  std::string Ratio(uint64_t bits) const { return RatioText(bits * difference.values, coded_bits); }
};

// One for each setting; empty: nothing yet.
struct Outcomes {
  std::vector<Outcome> of;

  Outcomes& operator+=(const Outcomes& other) {
    of.resize(std::max(of.size(), other.of.size()));
    for (size_t i = 0; i < other.of.size(); ++i) of[i] += other.of[i];
    return *this;
  }
};

// Sets the figures, or why there are none.
void PutFigures(nlohmann::ordered_json& json, const Setting& setting, const Outcome& r);

}  // namespace actplane::cli
