// SPDX-License-Identifier: Apache-2.0
// Predictor: the golden model. Takes the beats that a device accepted, queues what must come of
// them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "actplane/codec.h"
#include "env/device.h"
#include "env/packet.h"

namespace actplane::tb {

// What makes a slot malformed to the decompressor (docs/rtl.md).
enum class Fault : uint8_t {
  kNone,
  kConfig,  // the pins ask for what the device cannot do: N zeros
  kHeader,  // F-7.1, F-7.2: N zeros
  kShort,   // the packet ends too early: zeros from the first group on that is not there
  kLong,    // it ends too late: decoded as if it ended where it must
  kHoles,   // null bytes before its end: as if it ended in front of their beat
};
std::string_view ToString(Fault fault);

// Null beats and null bytes of a block or packet.
struct AxiSeen {
  bool null_inside = false, null_first = false, null_last = false;
  bool part_last = false, holes_inside = false, holes_last = false;
};

// One block as it must come out, and what must be seen on the way.
struct Expected {
  uint64_t index = 0;  // of the block since the start of the run
  DeviceConfig pins;   // as sampled
  Config config;       // as it is to be read
  bool bad_config = false;
  std::vector<std::byte> in;   // compressor: values, null bytes reading 0; decompressor: the packet
  std::vector<std::byte> out;  // slot, or values
  uint32_t in_beats = 0;       // without null beats
  bool early_last = false;     // compressor: padded
  bool had_last = false;
  AxiSeen axi;
  // compressor
  bool whole = false, saturated = false, bad_keep = false;
  std::vector<std::byte> front;  // the first bytes of the slot, in front of the rows
  // decompressor
  Fault fault = Fault::kNone;
  Malformed malformed = Malformed::kNone;  // of a bad header
  bool lossless = false;
  uint64_t read = 0;         // decompressor: bytes of the slot, up to a hole
  uint32_t there = 0;        // values that are not zeroed because the packet broke off
  uint64_t first_needs = 0;  // bytes of the packet that the first chunk of values needs
  BlockTrace trace;
};

class Predictor {
 public:
  Predictor(DeviceKind kind, const Shape& shape) : kind_(kind), shape_(shape) {}

  // A beat that the device took. Returns the block that it completes, or null.
  std::shared_ptr<const Expected> Take(const Beat& beat);
  void Reset() {
    open_.reset();
    behind_hole_ = false;
  }
  bool between_packets() const { return open_ == nullptr && !behind_hole_; }
  uint32_t open_beats() const { return open_ ? open_->in_beats : 0; }

 private:
  void Open(const Beat& beat);
  void NoteKeep(Expected& e, const Beat& beat) const;
  void Compress(Expected& e) const;
  void Decompress(Expected& e) const;

  DeviceKind kind_;
  Shape shape_;
  uint64_t blocks_ = 0;
  uint64_t sound_ = 0;        // bytes of the open packet in front of the first hole
  bool null_before_ = false;  // since the last block
  bool behind_hole_ = false;  // decompressor: the slot ended, its packet has not
  std::shared_ptr<Expected> open_;
};

// The values as a compressor of `shape` sees them: in order field with FP32 and fewer rows than the
// mantissa has, without the bits that no row is stored for.
std::vector<std::byte> AsStored(const std::vector<std::byte>& values, const Config& config,
                                const Shape& shape);

// For each value the bytes of the slot that must be there for it; never falling.
std::vector<uint64_t> BytesNeeded(const BlockTrace& trace, const Config& config,
                                  uint64_t slot_bytes);
// Bytes in front of the rows, as far as the `there` bytes of the slot say; what they do not say
// counts as there.
uint64_t FrontBytes(std::span<const std::byte> there, const Config& config);

}  // namespace actplane::tb
