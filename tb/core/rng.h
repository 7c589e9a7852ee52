// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine. Each component draws from its own generator,
// seeded from (seed, name), so that a new component does not shift the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace actplane::tb {

class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}
  Rng(uint64_t seed, std::string_view component) : state_(seed) {
    for (const char c : component) {
      state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
      Next();
    }
  }

  uint64_t Next() {  // splitmix64
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint32_t Below(uint64_t bound) { return static_cast<uint32_t>(Next() % bound); }
  uint32_t Between(uint32_t low, uint32_t high) { return low + Below(uint64_t{high} - low + 1); }
  bool OneIn(uint64_t n) { return Next() % n == 0; }

  void Fill(std::span<std::byte> bytes) {
    for (size_t i = 0; i < bytes.size(); i += 8) {
      const uint64_t word = Next();
      std::memcpy(bytes.data() + i, &word, bytes.size() - i < 8 ? bytes.size() - i : 8);
    }
  }

 private:
  uint64_t state_;
};

}  // namespace actplane::tb
