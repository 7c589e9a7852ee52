// SPDX-License-Identifier: Apache-2.0
// eval --peers: quantizers in use elsewhere, and both orders in slots of at most as many bits.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval.h"
#include "rows.h"

namespace actplane::cli {

// For every peer: itself, then each of the orders.
std::vector<Setting> PeerSettings(std::span<const Config> orders);

// The largest slots that give a tensor of `values` values no more bits than the peer.
SlotSize SlotsBeside(const peers::Peer& peer, uint64_t values, uint32_t block_len);

// Quantizes a tensor that comes in pieces twice: all of it through Look, then through Measure.
class PeerRun {
 public:
  explicit PeerRun(Format format) : format_(format) {}

  void Look(std::span<const std::byte> values);
  bool finite() const { return finite_; }

  // Takes in the next values for every peer among `settings`.
  void Measure(std::span<const std::byte> values, std::span<const Setting> settings,
               std::span<Outcome> outcomes);

 private:
  void Convert(std::span<const std::byte> values);

  Format format_;
  double largest_ = 0;
  bool finite_ = true;
  std::vector<float> values_, back_;
};

// How far an order is ahead of a peer on the same values.
struct Lead {
  int sign = 0;              // 1: nearer to the values than the peer; -1: farther
  std::optional<double> db;  // none where one of them has no SNR
};
// None where one of the two is not possible or there is no value.
std::optional<Lead> LeadOf(const Outcome& ours, const Outcome& peer);
std::string LeadName(const Lead& lead);  // "ahead", "even", "behind"

// `settings` are those of PeerSettings, their outcomes the last ones of each row.
std::string PeersText(const Rows<Outcomes>& rows, std::span<const Setting> settings,
                      uint32_t block_len, size_t columns);
nlohmann::ordered_json PeersJson(std::span<const Setting> settings, const Outcomes& outcomes);

}  // namespace actplane::cli
