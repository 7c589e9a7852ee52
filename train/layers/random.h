// SPDX-License-Identifier: Apache-2.0
// Random numbers that depend on a key alone, not on order, threads or method: every run with one
// seed sees the same data, weights and dropout.
#pragma once

#include <cstdint>
#include <string_view>

namespace actplane::train {

// Mixes `value` into a key (splitmix64).
constexpr uint64_t MixKey(uint64_t key, uint64_t value) {
  uint64_t z = key + 0x9e3779b97f4a7c15ULL * (value + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

constexpr uint64_t MixKey(uint64_t key, std::string_view text) {
  for (const char c : text) key = MixKey(key, static_cast<uint64_t>(static_cast<unsigned char>(c)));
  return key;
}

}  // namespace actplane::train
