// SPDX-License-Identifier: Apache-2.0
// Predictor: the golden model. Takes the beats that a device accepted, queues what must come of
// them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "actplane/codec.h"
#include "env/device.h"
#include "env/packet.h"

namespace actplane::tb {

// One block as it must come out, and what must be seen on the way.
struct Expected {
  uint64_t index = 0;          // of the block since the start of the run
  DeviceConfig pins;           // as sampled
  Config config;               // as it is to be read
  std::vector<std::byte> in;   // of the packet, dropped bytes reading 0
  std::vector<std::byte> out;  // slot, in plane order, or values
  uint32_t in_beats = 0;
  bool early_last = false;  // compressor: padded
  bool had_last = false;
  bool holes = false;
  // compressor
  bool whole = false, saturated = false, bad_config = false;
  // decompressor
  Malformed malformed = Malformed::kNone;
  bool lossless = false;
  BlockTrace trace;
};

class Predictor {
 public:
  Predictor(DeviceKind kind, uint32_t block_len, uint32_t stream_width, FormatSet formats)
      : kind_(kind), block_len_(block_len), beat_bytes_(stream_width / 8), formats_(formats) {}

  // A beat that the device took. Returns the block that it completes, or null.
  std::shared_ptr<const Expected> Take(const Beat& beat);
  void Reset() { open_.reset(); }
  bool between_packets() const { return open_ == nullptr; }
  uint32_t open_beats() const { return open_ ? open_->in_beats : 0; }

 private:
  void Compress(Expected& e) const;
  void Decompress(Expected& e) const;

  DeviceKind kind_;
  uint32_t block_len_;
  uint32_t beat_bytes_;
  FormatSet formats_;
  uint64_t blocks_ = 0;
  std::shared_ptr<Expected> open_;
};

}  // namespace actplane::tb
