// SPDX-License-Identifier: Apache-2.0
#include "replay/dram.h"

#include <algorithm>

namespace actplane::tb {

Dram::Dram(const DramConfig& config) : config_(config) {
  Channel channel;
  channel.banks.resize(config.bank_groups * config.banks);
  channel.groups.resize(config.bank_groups);
  channel.refresh_due = config.refi;
  channels_.assign(config.channels, channel);
}

uint64_t Dram::BurstsOf(uint64_t address, uint64_t bytes) const {
  const uint64_t burst = config_.BurstBytes();
  return (address + bytes - 1) / burst - address / burst + 1;
}

uint64_t Dram::Access(uint64_t address, uint64_t bytes, bool write, uint64_t earliest) {
  ++statistics_.accesses;
  statistics_.bytes += bytes;
  const uint64_t first = address / config_.BurstBytes();
  const uint64_t count = BurstsOf(address, bytes);
  int64_t done = 0;
  for (uint64_t i = 0; i < count; ++i) {
    done = std::max(done, Burst(first + i, write, static_cast<int64_t>(earliest)));
  }
  return static_cast<uint64_t>(done);
}

// The clock after the last data of one burst.
int64_t Dram::Burst(uint64_t number, bool write, int64_t earliest) {
  const auto take = [&number](uint64_t count) {
    const uint64_t part = number % count;
    number /= count;
    return part;
  };
  Channel& channel = channels_[take(config_.channels)];
  const uint64_t group_number = take(config_.bank_groups);
  take(config_.row_bytes / config_.BurstBytes());
  Group& group = channel.groups[group_number];
  Bank& bank = channel.banks[group_number * config_.banks + take(config_.banks)];
  const auto row = static_cast<int64_t>(take(config_.rows));

  while (std::max({earliest, channel.read, channel.written}) >= channel.refresh_due) {
    Refresh(channel);
  }
  if (bank.row == row) {
    ++statistics_.hits;
  } else {
    int64_t may_activate = std::max(earliest, bank.may_activate);
    if (bank.row < 0) {
      ++statistics_.misses;
    } else {
      ++statistics_.conflicts;
      may_activate = std::max(earliest, bank.may_precharge) + config_.rp;
    }
    Activate(channel, group, bank, row, may_activate);
  }

  const int64_t rcd = write ? config_.rcd_wr : config_.rcd;
  const int64_t at = std::max({earliest, bank.activated + rcd, MayMove(channel, group, write)});
  const bool first = channel.read == kNever && channel.written == kNever;
  if (!first && channel.last_was_write != write) ++statistics_.turnarounds;
  channel.last_was_write = write;
  ++statistics_.bursts;
  statistics_.busy += static_cast<uint64_t>(config_.BurstClocks());
  if (!write) {
    channel.read = group.read = at;
    bank.may_precharge = std::max(bank.may_precharge, at + config_.rtp);
    return at + config_.cl + config_.BurstClocks();
  }
  ++statistics_.writes;
  channel.written = group.written = at;
  const int64_t end = at + config_.cwl + config_.BurstClocks();
  bank.may_precharge = std::max(bank.may_precharge, end + config_.wr);
  return end;
}

// The first clock at which the data commands before this one allow it.
int64_t Dram::MayMove(const Channel& channel, const Group& group, bool write) const {
  const int64_t data = config_.BurstClocks();
  const int64_t same = write ? channel.written : channel.read;
  const int64_t same_in_group = write ? group.written : group.read;
  int64_t at = std::max(same + config_.ccd_s, same_in_group + config_.ccd_l);
  if (write) {
    at = std::max(at, channel.read + config_.cl + data + config_.rtw_gap - config_.cwl);
  } else {
    at = std::max({at, channel.written + config_.cwl + data + config_.wtr_s,
                   group.written + config_.cwl + data + config_.wtr_l});
  }
  return at;
}

void Dram::Activate(Channel& channel, Group& group, Bank& bank, int64_t row, int64_t earliest) {
  int64_t& fourth = channel.activates[channel.next_activate];
  const int64_t at =
      std::max({earliest, bank.activated + config_.rc, channel.activated + config_.rrd_s,
                group.activated + config_.rrd_l, fourth + config_.faw});
  fourth = at;
  channel.next_activate = (channel.next_activate + 1) % channel.activates.size();
  channel.activated = group.activated = bank.activated = at;
  bank.row = row;
  bank.may_precharge = at + config_.ras;
}

// All banks of a channel at once. What was due in idle time was done in idle time.
void Dram::Refresh(Channel& channel) {
  int64_t precharge = channel.refresh_due;
  int64_t at = channel.refresh_due;
  bool open = false;
  for (const Bank& bank : channel.banks) {
    if (bank.row >= 0) {
      open = true;
      precharge = std::max(precharge, bank.may_precharge);
    } else {
      at = std::max(at, bank.may_activate);
    }
  }
  if (open) at = std::max(at, precharge + config_.rp);
  for (Bank& bank : channel.banks) {
    bank.row = -1;
    bank.may_activate = at + config_.rfc;
  }
  channel.refresh_due += config_.refi;
  ++statistics_.refreshes;
}

}  // namespace actplane::tb
