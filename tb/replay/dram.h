// SPDX-License-Identifier: Apache-2.0
// Time that accesses take in DRAM: channels, bank groups, banks, open rows, refresh.
//
// Every access is served in the order in which it comes. Its row commands go ahead of the data of
// those before it, as a controller does that sees its queue; data moves in order, in each channel.
// A burst is moved whole, also when only a part of it was asked for, and no two accesses share one.
//
// Addresses, from the lowest bits: byte of a burst, channel, bank group, burst of a row, bank, row.
// So bursts that follow each other are in different channels, then in different bank groups, where
// they may follow each other at the full rate of the data bus.
//
// Not modelled: the command bus, which has room for three commands where one burst moves; ranks;
// power-down; reordering.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/status.h"

namespace actplane::tb {

// One section of dram.txt. Times in clocks of the memory.
struct DramConfig {
  std::string name;
  uint64_t clock_ps = 0;
  uint64_t channels = 0, bus_bits = 0, burst_length = 0;
  uint64_t bank_groups = 0, banks = 0;  // banks of a group
  uint64_t rows = 0, row_bytes = 0;
  int64_t cl = 0, cwl = 0, rcd = 0, rcd_wr = 0, rp = 0, ras = 0, rc = 0, ccd_s = 0, ccd_l = 0;
  int64_t rrd_s = 0, rrd_l = 0, faw = 0, wr = 0, wtr_s = 0, wtr_l = 0, rtp = 0, rtw_gap = 0;
  int64_t refi = 0, rfc = 0;

  uint64_t BurstBytes() const { return bus_bits / 8 * burst_length; }
  int64_t BurstClocks() const { return static_cast<int64_t>(burst_length / 2); }
  uint64_t Bytes() const { return channels * bank_groups * banks * rows * row_bytes; }
  double PeakBytesPerSecond() const {
    return static_cast<double>(channels * bus_bits) / 4 * 1e12 / static_cast<double>(clock_ps);
  }
};

using DramConfigs = std::map<std::string, DramConfig>;

// kBadInput with the line of `text` that cannot be, `file` is what messages call it.
Result<DramConfigs> ParseDramConfigs(std::string_view text, const std::string& file);

// Those of dram.txt as it was built in.
const DramConfigs& BuiltInDramConfigs();

struct DramStatistics {
  uint64_t accesses = 0;
  uint64_t bytes = 0;               // asked for
  uint64_t bursts = 0, writes = 0;  // moved whole; those of them that are writes
  uint64_t hits = 0;                // the row was open
  uint64_t misses = 0;              // no row was open
  uint64_t conflicts = 0;           // another row was open
  uint64_t refreshes = 0;           // of a channel
  uint64_t turnarounds = 0;         // read after write or write after read, in a channel
  uint64_t busy = 0;                // clocks of the data buses, all channels together

  friend bool operator==(const DramStatistics&, const DramStatistics&) = default;
};

class Dram {
 public:
  explicit Dram(const DramConfig& config);

  // The clock after the last data of an access that comes at clock `earliest`. `bytes` above 0;
  // addresses beyond the memory wrap.
  uint64_t Access(uint64_t address, uint64_t bytes, bool write, uint64_t earliest);

  const DramConfig& config() const { return config_; }
  const DramStatistics& statistics() const { return statistics_; }

  // Bursts that an access touches.
  uint64_t BurstsOf(uint64_t address, uint64_t bytes) const;

 private:
  static constexpr int64_t kNever = INT64_MIN / 2;

  struct Bank {
    int64_t row = -1;  // -1: none is open
    int64_t activated = kNever;
    int64_t may_precharge = 0;  // with a row open
    int64_t may_activate = 0;   // with none open
  };
  struct Group {
    int64_t activated = kNever, read = kNever, written = kNever;  // the last commands
  };
  struct Channel {
    std::vector<Bank> banks;  // group by group
    std::vector<Group> groups;
    std::array<int64_t, 4> activates = {kNever, kNever, kNever, kNever};  // the last four
    uint64_t next_activate = 0;
    int64_t activated = kNever, read = kNever, written = kNever;  // the last commands
    bool last_was_write = false;
    int64_t refresh_due = 0;
  };

  int64_t Burst(uint64_t number, bool write, int64_t earliest);
  void Refresh(Channel& channel);
  void Activate(Channel& channel, Group& group, Bank& bank, int64_t row, int64_t earliest);
  int64_t MayMove(const Channel& channel, const Group& group, bool write) const;

  DramConfig config_;
  std::vector<Channel> channels_;
  DramStatistics statistics_;
};

}  // namespace actplane::tb
