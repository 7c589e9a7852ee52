// SPDX-License-Identifier: Apache-2.0
// MemoryDevice: the memory path behind its pins, verilated or the reference model. The pins of one
// AXI side, and how a beat is read from and shown on them.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "core/pins.h"
#include "memory/region.h"

namespace actplane::tb::memory {

struct AddressPins {
  Pins valid, ready, id, addr, len, size, burst, lock, cache, prot, qos;

  Burst Sample() const {
    const auto u8 = [](const Pins& p) { return p ? static_cast<uint8_t>(p.Get()) : uint8_t{0}; };
    return {addr.Get(), static_cast<uint32_t>(id.Get()),
            u8(len),    u8(size),
            u8(burst),  u8(lock),
            u8(cache),  u8(prot),
            u8(qos)};
  }
  void Show(const Burst& b) {
    id.Set(b.id);
    addr.Set(b.addr);
    len.Set(b.len);
    size.Set(b.size);
    burst.Set(b.type);
    if (lock) lock.Set(b.lock);
    cache.Set(b.cache);
    prot.Set(b.prot);
    qos.Set(b.qos);
  }
  std::vector<Pins> Payload() const {
    std::vector<Pins> all = {id, addr, len, size, burst, cache, prot, qos};
    if (lock) all.push_back(lock);
    return all;
  }
};

struct WritePins {
  Pins valid, ready, data, strb, last;
  WriteBeat Sample() const {
    WriteBeat b;
    std::memcpy(b.data.data(), data.bytes().data(), data.bytes().size());
    b.strb = strb.Get();
    b.last = last.Get() != 0;
    return b;
  }
  void Show(const WriteBeat& b) {
    std::memcpy(data.bytes().data(), b.data.data(), data.bytes().size());
    strb.Set(b.strb);
    last.Set(b.last ? 1 : 0);
  }
  std::vector<Pins> Payload() const { return {data, strb, last}; }
};

struct ResponsePins {
  Pins valid, ready, id, resp;
  WriteResponse Sample() const {
    return {static_cast<uint32_t>(id.Get()), static_cast<uint8_t>(resp.Get())};
  }
  void Show(const WriteResponse& b) {
    id.Set(b.id);
    resp.Set(b.resp);
  }
  std::vector<Pins> Payload() const { return {id, resp}; }
};

struct ReadPins {
  Pins valid, ready, id, data, resp, last;
  ReadBeat Sample() const {
    ReadBeat b;
    b.id = static_cast<uint32_t>(id.Get());
    std::memcpy(b.data.data(), data.bytes().data(), data.bytes().size());
    b.resp = static_cast<uint8_t>(resp.Get());
    b.last = last.Get() != 0;
    return b;
  }
  void Show(const ReadBeat& b) {
    id.Set(b.id);
    std::memcpy(data.bytes().data(), b.data.data(), data.bytes().size());
    resp.Set(b.resp);
    last.Set(b.last ? 1 : 0);
  }
  std::vector<Pins> Payload() const { return {id, data, resp, last}; }
};

struct AxiPins {
  AddressPins aw, ar;
  WritePins w;
  ResponsePins b;
  ReadPins r;
};

struct LitePins {
  Pins aw_valid, aw_ready, aw_addr, aw_prot, w_valid, w_ready, w_data, w_strb;
  Pins b_valid, b_ready, b_resp, ar_valid, ar_ready, ar_addr, ar_prot;
  Pins r_valid, r_ready, r_data, r_resp;
};

struct MemoryPins {
  AxiPins s, m;  // slave side (the master's), memory side
  LitePins lite;
  Pins irq;
};

template <class ChannelPins>
bool Moves(const ChannelPins& p) {
  return p.valid.Get() != 0 && p.ready.Get() != 0;
}

class MemoryDevice {
 public:
  using Sample = std::function<void()>;
  virtual ~MemoryDevice() = default;
  virtual const MemoryPins& pins() const = 0;
  virtual const MemoryShape& shape() const = 0;
  // One clock cycle; `sample` runs with the clock low and everything settled.
  virtual void Step(const Sample& sample) = 0;
  // Holds aresetn low for some cycles.
  virtual void Reset(int cycles, const Sample& sample) = 0;
  // Evaluates without an edge.
  virtual void Settle() = 0;
  virtual uint64_t cycle() const = 0;
  virtual bool GotError() const = 0;  // an assertion of the RTL fired
  virtual void Finish() = 0;
};

}  // namespace actplane::tb::memory
