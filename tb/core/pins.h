// SPDX-License-Identifier: Apache-2.0
// Ports of verilated models without their types: CData, SData, IData, QData and VlWide alike are
// little-endian bytes, so that the bench is compiled once and not for every width.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace actplane::tb {

static_assert(std::endian::native == std::endian::little);

class Pins {
 public:
  Pins() = default;
  // `bits` is the width in the RTL; bits above it stay zero, as Verilator demands of whoever
  // drives.
  template <class Port>
  Pins(Port& port, uint32_t bits)
      : bytes_(std::as_writable_bytes(std::span(std::addressof(port), 1))), bits_(bits) {}

  uint32_t bits() const { return bits_; }
  explicit operator bool() const { return bits_ != 0; }

  // Ports of up to 64 bits.
  uint64_t Get() const {
    uint64_t value = 0;
    std::memcpy(&value, bytes_.data(), bytes_.size() < 8 ? bytes_.size() : 8);
    return value;
  }
  void Set(uint64_t value) {
    if (bits_ < 64) value &= (uint64_t{1} << bits_) - 1;
    std::memcpy(bytes_.data(), &value, bytes_.size() < 8 ? bytes_.size() : 8);
  }

  // All of it, as it lies in the model.
  std::span<std::byte> raw() { return bytes_; }
  std::span<const std::byte> raw() const { return bytes_; }

  // Ports of whole bytes.
  std::span<const std::byte> bytes() const { return bytes_.first(bits_ / 8); }
  std::span<std::byte> bytes() { return bytes_.first(bits_ / 8); }

 private:
  std::span<std::byte> bytes_;
  uint32_t bits_ = 0;
};

}  // namespace actplane::tb
