// SPDX-License-Identifier: Apache-2.0
// AXI4 as plain values: bursts, beats, and where the beats of a burst lie.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace actplane::tb::memory {

inline constexpr uint32_t kMaxBusBytes = 64;
inline constexpr uint64_t kPageBytes = 4096;

enum BurstType : uint8_t { kFixed = 0, kIncr = 1, kWrap = 2, kReservedType = 3 };
enum Response : uint8_t { kOkay = 0, kExOkay = 1, kSlvErr = 2, kDecErr = 3 };

// One AW or AR.
struct Burst {
  uint64_t addr = 0;
  uint32_t id = 0;
  uint8_t len = 0, size = 0, type = kIncr;  // AxLEN, AxSIZE, AxBURST
  uint8_t lock = 0, cache = 0, prot = 0, qos = 0;

  constexpr uint32_t beats() const { return len + 1U; }
  constexpr uint32_t beat_bytes() const { return 1U << size; }
  friend bool operator==(const Burst&, const Burst&) = default;
};

using BusData = std::array<std::byte, kMaxBusBytes>;

struct WriteBeat {
  BusData data = {};
  uint64_t strb = 0;
  bool last = false;
  friend bool operator==(const WriteBeat&, const WriteBeat&) = default;
};

struct WriteResponse {
  uint32_t id = 0;
  uint8_t resp = kOkay;
  friend bool operator==(const WriteResponse&, const WriteResponse&) = default;
};

struct ReadBeat {
  uint32_t id = 0;
  BusData data = {};
  uint8_t resp = kOkay;
  bool last = false;
  friend bool operator==(const ReadBeat&, const ReadBeat&) = default;
};

// The bytes of a beat: [addr, addr + bytes), in lanes from `lane` on.
struct BeatPlace {
  uint64_t addr = 0;
  uint32_t bytes = 0, lane = 0;
  constexpr uint64_t lanes() const {
    return (bytes >= 64 ? ~uint64_t{0} : (uint64_t{1} << bytes) - 1) << lane;
  }
};

constexpr BeatPlace PlaceOf(const Burst& b, uint32_t beat, uint32_t bus_bytes) {
  const uint64_t size = b.beat_bytes(), aligned = b.addr & ~(size - 1);
  uint64_t addr = b.addr;
  if (b.type == kWrap) {
    const uint64_t container = size * b.beats(), base = b.addr & ~(container - 1);
    addr = base + (aligned - base + beat * size) % container;
  } else if (b.type == kIncr && beat != 0) {
    addr = aligned + beat * size;
  }
  const uint64_t end = (addr & ~(size - 1)) + size;
  return {addr, static_cast<uint32_t>(end - addr), static_cast<uint32_t>(addr % bus_bytes)};
}

// First byte, and one behind the last, that a burst can touch.
constexpr uint64_t LowestOf(const Burst& b) {
  return b.type == kWrap ? b.addr & ~(uint64_t{b.beat_bytes()} * b.beats() - 1) : b.addr;
}
constexpr uint64_t EndOf(const Burst& b) {
  const uint64_t size = b.beat_bytes(), aligned = b.addr & ~(size - 1);
  if (b.type == kWrap) return LowestOf(b) + size * b.beats();
  return b.type == kIncr ? aligned + size * b.beats() : aligned + size;
}

constexpr bool WrapLength(uint32_t beats) {
  return beats == 2 || beats == 4 || beats == 8 || beats == 16;
}

// What AXI itself forbids.
constexpr bool IllegalBurst(const Burst& b, uint32_t bus_bytes) {
  if (b.type == kReservedType || b.beat_bytes() > bus_bytes) return true;
  if (b.type == kWrap) return !WrapLength(b.beats());
  return b.type == kIncr && (EndOf(b) - 1) / kPageBytes != b.addr / kPageBytes;
}

constexpr std::string_view TypeName(uint8_t type) {
  constexpr std::array<std::string_view, 4> kNames = {"fixed", "incr", "wrap", "reserved"};
  return kNames[type & 3];
}

}  // namespace actplane::tb::memory
