// SPDX-License-Identifier: Apache-2.0
// Packets for the decompressor, and what docs/rtl.md says that it makes of them.
#pragma once

#include <optional>

#include "actplane/codec.h"
#include "ref/slot_generator.h"
#include "rtl_test.h"

namespace actplane::rtl_test {

struct SlotBeat {
  std::vector<std::byte> data;
  uint64_t keep = 0;
  bool last = false;
};

// The configuration pins, as they are.
struct Pins {
  uint8_t format = 0;
  bool significance = false;
  uint32_t slot_bytes = 0;
  bool lossless = false;
  bool fill_zero = false;
  uint32_t row_limit = 8;
};

struct Packet {
  Pins pins;
  uint64_t user = 0;
  std::vector<SlotBeat> beats;
};

struct Decoded {
  std::vector<std::byte> values;
  bool lossless = false;
  bool malformed = false;
  uint64_t bytes = 0;  // of the slot, up to a hole
};

// The device: what its parameters are.
struct Device {
  uint32_t n, formats, orders, group_len, depth;
};

// docs/rtl.md, Configuration: what the device reads, and whether the pins say the same.
inline actplane::Config ReadPins(const Pins& pins, const Device& device, bool& bad) {
  actplane::Config c;
  bad = pins.format > 2 || BitOf(device.formats, pins.format) == 0;
  uint32_t format = pins.format;
  if (bad) format = static_cast<uint32_t>(std::countr_zero(device.formats));
  c.format = static_cast<Format>(format);
  c.block_len = device.n;
  c.group_len = device.group_len;
  c.fill = pins.fill_zero ? Fill::kZero : Fill::kMidpoint;
  const bool weight = device.orders == 2 || (device.orders == 3 && pins.significance);
  c.order = weight ? Order::kSignificance : Order::kField;
  bad |= weight != pins.significance;
  c.lossless = pins.lossless && !weight && (device.depth == 24 || c.format != Format::kFp32);
  bad |= c.lossless != pins.lossless;
  c.row_limit = std::clamp(pins.row_limit, kMinRowLimit, device.depth);
  bad |= weight && c.row_limit != pins.row_limit;
  c.slot_bytes = std::clamp(pins.slot_bytes, MinSlotBytes(c), MaxSlotBytes(c));
  bad |= !c.lossless && c.slot_bytes != pins.slot_bytes;
  return c;
}

// Bits that a slot of this front takes in lossless mode.
inline size_t LosslessBytes(std::vector<std::byte> slot, const actplane::Config& c) {
  slot.resize(4096);
  BitReader in(slot);
  FieldHeader h;
  if (ParseHeader(in, c, h) != Malformed::kNone) return 0;
  return (FixedBits(h, c.format, c.block_len) + MantissaBits(h, c.block_len)) / 8;
}

// Zeroes the values of groups that `bytes` of the slot do not hold.
inline void CutGroups(const BlockTrace& t, const actplane::Config& c, size_t slot_bytes,
                      size_t bytes, std::vector<std::byte>& values) {
  const bool field = c.order == Order::kField;
  const uint32_t w = t.significance.header.width;
  const uint32_t len = field ? kFieldGroupLen : c.group_len;
  const uint64_t have = 8 * uint64_t{bytes};
  uint64_t end = field                 ? HeaderBits(t.field.header, c.format)
                 : w == kPoisonedWidth ? 8
                 : w == kPairWidth     ? 8 + 16 * InfoOf(c.format).value_bytes
                                       : t.significance.groups[0].position;
  bool there = end <= have;
  for (uint32_t g = 0; g < c.block_len / len; ++g) {
    if (field) {
      end += 8 * RowsOfGroup(t.field.header, c, 8 * uint64_t{slot_bytes}, g);
    } else if (w == kPairWidth) {
      end += len;
    } else if (w != kPoisonedWidth) {
      end += uint64_t{len} * t.significance.groups[g].rows;
    }
    there = there && end <= have;
    const size_t size = size_t{len} * InfoOf(c.format).value_bytes;
    if (!there) std::fill_n(values.begin() + static_cast<ptrdiff_t>(g * size), size, std::byte{0});
  }
}

// One packet; nothing if it holds no byte.
inline std::optional<Decoded> Predict(const Packet& packet, const Device& device,
                                      uint32_t beat_bytes) {
  std::vector<std::byte> slot;
  bool hole = false, any = false;
  for (const SlotBeat& beat : packet.beats) {
    const auto kept = static_cast<uint32_t>(std::countr_one(beat.keep));
    const uint64_t run = kept >= 64 ? ~uint64_t{0} : (uint64_t{1} << kept) - 1;
    any |= beat.keep != 0;
    hole |= beat.keep != run || (!beat.last && kept != 0 && kept != beat_bytes);
    if (!hole) slot.insert(slot.end(), beat.data.begin(), beat.data.begin() + kept);
  }
  if (!any) return std::nullopt;
  Decoded out;
  bool bad = false;
  const actplane::Config c = ReadPins(packet.pins, device, bad);
  out.bytes = slot.size();
  out.values.resize(BlockBytes(c));
  const size_t want = c.lossless ? LosslessBytes(slot, c) : c.slot_bytes;
  out.malformed = bad || hole || slot.size() != want;
  if (bad || want == 0) {
    out.malformed = true;
    return out;
  }
  const size_t have = slot.size();
  slot.resize(want);
  BlockTrace trace;
  if (DecompressBlock(slot, c, out.values, &trace) != Malformed::kNone) {
    out.malformed = true;
    std::ranges::fill(out.values, std::byte{0});
    return out;
  }
  if (have < want) CutGroups(trace, c, want, have, out.values);
  out.lossless = c.order == Order::kField && trace.field.lossless && !out.malformed;
  return out;
}

inline ref::RefConfig ToRef(const actplane::Config& c) {
  const FormatInfo info = InfoOf(c.format);
  return {.exp_bits = static_cast<int>(info.exp_bits),
          .man_bits = static_cast<int>(info.man_bits),
          .value_bytes = static_cast<int>(info.value_bytes),
          .block_len = static_cast<int>(c.block_len),
          .lossless = c.lossless,
          .significance = c.order == Order::kSignificance,
          .midpoint = c.fill == Fill::kMidpoint,
          .group_len = static_cast<int>(c.group_len),
          .row_limit = static_cast<int>(c.row_limit)};
}

// Makes slots and packets for one device.
class PacketMaker {
 public:
  PacketMaker(const Device& device, uint32_t beat_bytes, uint64_t seed)
      : device_(device), beat_bytes_(beat_bytes), rng_(seed), random_(seed) {}

  actplane::Config RandomConfig() {
    actplane::Config c;
    do {
      c = testing_support::RandomConfig(rng_);
      c.group_len = device_.group_len;
      c.lossless &= device_.depth == 24 || c.format != Format::kFp32;
    } while (BitOf(device_.formats, static_cast<uint32_t>(c.format)) == 0 ||
             (device_.orders & (c.order == Order::kField ? 1U : 2U)) == 0);
    c.block_len = device_.n;
    c.row_limit = kMinRowLimit + rng_.Below(device_.depth - kMinRowLimit + 1);
    const uint32_t least = MinSlotBytes(c);
    uint32_t most = MaxSlotBytes(c);
    if (!rng_.OneIn(4)) most = std::max(least, std::min(most, BlockBytes(c) / 2));
    c.slot_bytes = least + rng_.Below(most - least + 1);
    return c;
  }

  Packet Encoded(const actplane::Config& c) {
    const Block block = RandomBlock(c.format, c.block_len, rng_);
    const auto bytes = testing_support::ToBytes(
        {block.patterns.begin(), block.patterns.begin() + c.block_len}, c.format);
    std::vector<std::byte> slot(c.lossless ? MaxSlotBytes(c) : c.slot_bytes);
    slot.resize(CompressBlock(bytes, c, slot));
    return ToPacket(slot, c);
  }

  // A slot of values as a network has them.
  Packet Gaussian(const actplane::Config& c) {
    const auto patterns =
        testing_support::MakePatterns(testing_support::Kind::kNormal, c.format, c.block_len, rng_);
    std::vector<std::byte> slot(c.slot_bytes);
    CompressBlock(testing_support::ToBytes(patterns, c.format), c, slot);
    return ToPacket(slot, c);
  }

  // A slot that no encoder needs to make: legal, malformed in one way, or noise.
  Packet Generated(actplane::Config c) {
    std::vector<uint8_t> slot;
    const uint32_t kind = rng_.Below(8);
    if (kind < 4) {
      slot = ref::LegalSlot(random_, ToRef(c));
    } else if (kind < 7) {
      const auto defect =
          static_cast<ref::Defect>(rng_.Below(static_cast<int>(ref::Defect::kCount)));
      slot = ref::Applies(defect, ToRef(c)) ? ref::MakeMalformed(random_, ToRef(c), defect).slot
                                            : ref::RandomSlot(random_, ToRef(c));
    } else {
      slot = ref::RandomSlot(random_, ToRef(c));
    }
    std::vector<std::byte> bytes(slot.size());
    std::ranges::transform(slot, bytes.begin(), [](uint8_t b) { return std::byte{b}; });
    if (!c.lossless) {
      const auto size = static_cast<uint32_t>(bytes.size());
      c.slot_bytes = std::clamp(size, MinSlotBytes(c), MaxSlotBytes(c));
    }
    return ToPacket(bytes, c);
  }

  Packet Random() { return rng_.OneIn(2) ? Encoded(RandomConfig()) : Generated(RandomConfig()); }

  // Anything that a stream may carry.
  Packet Wild() {
    Packet p = Random();
    switch (rng_.Below(6)) {
      case 0: Resize(p, rng_.Below(SizeOf(p) + 1)); break;
      case 1: Resize(p, SizeOf(p) + 1 + rng_.Below(rng_.OneIn(8) ? 6000 : 100)); break;
      case 2: {  // a hole
        SlotBeat& beat = p.beats[rng_.Below(p.beats.size())];
        beat.keep ^= uint64_t{1} << rng_.Below(beat_bytes_);
        break;
      }
      case 3: {  // pins that cannot be
        p.pins.format = static_cast<uint8_t>(rng_.Below(4));
        if (rng_.OneIn(3)) p.pins.significance = !p.pins.significance;
        if (rng_.OneIn(3)) p.pins.lossless = !p.pins.lossless;
        if (rng_.OneIn(3)) p.pins.row_limit = rng_.Below(32);
        if (rng_.OneIn(3)) p.pins.slot_bytes = rng_.Below(2048);
        break;
      }
      default: break;
    }
    if (rng_.OneIn(4)) AddNulls(p);
    return p;
  }

  Packet Longer(Packet p, size_t bytes) {
    Resize(p, SizeOf(p) + bytes);
    return p;
  }

  Packet ToPacket(const std::vector<std::byte>& slot, const actplane::Config& c) {
    Packet p;
    p.pins = {.format = static_cast<uint8_t>(c.format),
              .significance = c.order == Order::kSignificance,
              .slot_bytes = c.slot_bytes,
              .lossless = c.lossless,
              .fill_zero = c.fill == Fill::kZero,
              .row_limit = c.row_limit};
    p.user = rng_.Next();
    Fill(p, slot);
    return p;
  }

  Rng& rng() { return rng_; }

 private:
  size_t SizeOf(const Packet& p) const {
    size_t size = 0;
    for (const SlotBeat& beat : p.beats) size += static_cast<size_t>(std::popcount(beat.keep));
    return size;
  }
  void Resize(Packet& p, size_t size) {
    std::vector<std::byte> slot;
    for (const SlotBeat& beat : p.beats) {
      slot.insert(slot.end(), beat.data.begin(), beat.data.begin() + std::popcount(beat.keep));
    }
    while (slot.size() < size) slot.push_back(static_cast<std::byte>(rng_.Next()));
    slot.resize(size);
    Fill(p, slot);
  }
  SlotBeat Noise(uint64_t keep, bool last) {
    SlotBeat beat{.data = std::vector<std::byte>(beat_bytes_), .keep = keep, .last = last};
    for (std::byte& b : beat.data) b = static_cast<std::byte>(rng_.Next());
    return beat;
  }
  void Fill(Packet& p, const std::vector<std::byte>& slot) {
    p.beats.clear();
    for (size_t at = 0; at == 0 || at < slot.size(); at += beat_bytes_) {
      const size_t here = std::min<size_t>(beat_bytes_, slot.size() - at);
      SlotBeat beat = Noise(LowMask(static_cast<uint32_t>(here)), at + here == slot.size());
      std::copy_n(slot.begin() + static_cast<ptrdiff_t>(at), here, beat.data.begin());
      p.beats.push_back(beat);
    }
  }
  // Beats without a byte anywhere, also as the last one.
  void AddNulls(Packet& p) {
    if (rng_.OneIn(2)) {
      p.beats.back().last = false;
      p.beats.push_back(Noise(0, true));
    }
    for (uint32_t k = rng_.Below(3); k > 0; --k) {
      const auto at = static_cast<ptrdiff_t>(rng_.Below(p.beats.size()));
      p.beats.insert(p.beats.begin() + at, Noise(0, false));
    }
  }

  Device device_;
  uint32_t beat_bytes_;
  Rng rng_;
  ref::Random random_;
};

}  // namespace actplane::rtl_test
