// SPDX-License-Identifier: Apache-2.0
// Registered channel ends of the reference model, and the storage of its pins.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "memory/memory_device.h"

namespace actplane::tb::memory {

// What stands on the pins of one AXI side.
struct SideStorage {
  struct Address {
    uint64_t addr = 0;
    uint32_t id = 0;
    uint8_t valid = 0, ready = 0, len = 0, size = 0, burst = 0, lock = 0, cache = 0, prot = 0,
            qos = 0;
  } aw, ar;
  std::array<std::byte, kMaxBusBytes> w_data = {}, r_data = {};
  uint64_t w_strb = 0;
  uint32_t b_id = 0, r_id = 0;
  uint8_t w_valid = 0, w_ready = 0, w_last = 0;
  uint8_t b_valid = 0, b_ready = 0, b_resp = 0, r_valid = 0, r_ready = 0, r_resp = 0, r_last = 0;

  AxiPins PinsOf(const MemoryShape& shape);
};

struct LiteStorage {
  uint16_t aw_addr = 0, ar_addr = 0;
  uint32_t w_data = 0, r_data = 0;
  uint8_t aw_valid = 0, aw_ready = 0, aw_prot = 0, w_valid = 0, w_ready = 0, w_strb = 0,
          b_valid = 0, b_ready = 0, b_resp = 0, ar_valid = 0, ar_ready = 0, ar_prot = 0,
          r_valid = 0, r_ready = 0, r_resp = 0;

  LitePins AllPins();
};

inline AxiPins SideStorage::PinsOf(const MemoryShape& shape) {
  const auto address = [&](Address& a) {
    return AddressPins{{a.valid, 1},
                       {a.ready, 1},
                       {a.id, shape.id_width},
                       {a.addr, shape.addr_width},
                       {a.len, 8},
                       {a.size, 3},
                       {a.burst, 2},
                       {a.lock, 1},
                       {a.cache, 4},
                       {a.prot, 3},
                       {a.qos, 4}};
  };
  return {address(aw),
          address(ar),
          {{w_valid, 1},
           {w_ready, 1},
           {w_data, shape.stream_width},
           {w_strb, shape.bus_bytes()},
           {w_last, 1}},
          {{b_valid, 1}, {b_ready, 1}, {b_id, shape.id_width}, {b_resp, 2}},
          {{r_valid, 1},
           {r_ready, 1},
           {r_id, shape.id_width},
           {r_data, shape.stream_width},
           {r_resp, 2},
           {r_last, 1}}};
}

inline LitePins LiteStorage::AllPins() {
  return {{aw_valid, 1}, {aw_ready, 1}, {aw_addr, 12}, {aw_prot, 3},  {w_valid, 1},
          {w_ready, 1},  {w_data, 32},  {w_strb, 4},   {b_valid, 1},  {b_ready, 1},
          {b_resp, 2},   {ar_valid, 1}, {ar_ready, 1}, {ar_addr, 12}, {ar_prot, 3},
          {r_valid, 1},  {r_ready, 1},  {r_data, 32},  {r_resp, 2}};
}

// At a clock edge: takes what moved, then says whether it takes more.
template <class ChannelPins, class T>
void TakeIn(ChannelPins& pins, std::deque<T>& queue, size_t most) {
  if (Moves(pins)) queue.push_back(pins.Sample());
  pins.ready.Set(queue.size() < most ? 1 : 0);
}

// At a clock edge: drops what moved, then shows the next.
template <class ChannelPins, class T>
void ShowOut(ChannelPins& pins, std::deque<T>& queue) {
  const bool waits = pins.valid.Get() != 0 && pins.ready.Get() == 0;
  if (waits) return;
  pins.valid.Set(queue.empty() ? 0 : 1);
  if (queue.empty()) return;
  pins.Show(queue.front());
  queue.pop_front();
}

}  // namespace actplane::tb::memory
