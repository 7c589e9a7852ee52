// SPDX-License-Identifier: Apache-2.0
// A beat, a packet of beats, and the pins of a stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "core/pins.h"

namespace actplane::tb {

inline constexpr uint32_t kMaxBeatBytes = 64;

// Signals beside a stream that count with the first beat of a packet: the configuration, and last
// the user's bits (tuser), which at an output stand beside every beat.
inline constexpr size_t kSidebandFields = 8;
inline constexpr size_t kUserField = kSidebandFields - 1;
using Sideband = std::array<uint32_t, kSidebandFields>;

struct Beat {
  std::array<std::byte, kMaxBeatBytes> data = {};
  uint64_t keep = 0;
  bool last = false;
  bool first = false;      // of a packet, as far as its sender knows
  Sideband sideband = {};  // meant with the first beat only

  bool null() const { return keep == 0; }  // AXI4-Stream: dropped, but for its `last`
};

struct StreamPins {
  Pins valid, ready, data, keep, last;  // keep may be missing: every beat is full
  std::array<Pins, kSidebandFields> sideband;

  uint32_t beat_bytes() const { return data.bits() / 8; }
  bool Valid() const { return valid.Get() != 0; }
  bool Moves() const { return Valid() && ready.Get() != 0; }
  Beat Sample() const {
    Beat beat;
    std::memcpy(beat.data.data(), data.bytes().data(), beat_bytes());
    beat.keep = keep ? keep.Get() : ~uint64_t{0} >> (64 - beat_bytes());
    beat.last = last.Get() != 0;
    for (size_t i = 0; i < kSidebandFields; ++i) {
      if (sideband[i]) beat.sideband[i] = static_cast<uint32_t>(sideband[i].Get());
    }
    return beat;
  }
};

// Where null beats go: `before[i]` of them in front of beat i, and `last` on one behind the others.
struct NullBeats {
  std::vector<uint32_t> before;
  bool carries_last = false;
};

// Cuts bytes into beats; no bytes are one null beat. `holes`: bytes whose keep bit is to be 0,
// besides those behind the end; a beat with bytes keeps at least one of them.
inline std::vector<Beat> ToBeats(std::span<const std::byte> bytes, uint32_t beat_bytes, bool last,
                                 const Sideband& sideband, const std::vector<bool>& holes = {},
                                 const NullBeats& nulls = {}) {
  std::vector<Beat> beats;
  size_t at = 0, number = 0;
  Beat null;
  null.sideband = sideband;
  do {
    if (number < nulls.before.size()) beats.insert(beats.end(), nulls.before[number], null);
    Beat beat;
    for (uint32_t b = 0; b < beat_bytes && at + b < bytes.size(); ++b) {
      beat.data[b] = bytes[at + b];
      if (holes.empty() || !holes[at + b]) beat.keep |= uint64_t{1} << b;
    }
    if (beat.null() && at < bytes.size()) beat.keep = 1;
    beat.first = at == 0;
    beat.sideband = sideband;
    beats.push_back(beat);
    at += beat_bytes;
    ++number;
  } while (at < bytes.size());
  if (nulls.carries_last && last) beats.push_back(null);
  beats.back().last = last;
  return beats;
}

}  // namespace actplane::tb
