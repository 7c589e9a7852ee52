// SPDX-License-Identifier: Apache-2.0
// Arithmetic on sizes that come from files.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace actplane::io {

inline std::optional<uint64_t> CheckedMul(uint64_t a, uint64_t b) {
  uint64_t r = 0;
  if (__builtin_mul_overflow(a, b, &r)) return std::nullopt;
  return r;
}

constexpr uint64_t DivCeil(uint64_t a, uint64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

// `a` must be below 2^63.
constexpr uint64_t RoundUp(uint64_t a, uint64_t multiple) {
  return DivCeil(a, multiple) * multiple;
}

// Little-endian fields (C-2.3); the host is little-endian
// (source.h asserts it). The caller checked the range.
template <typename T>
T Load(std::span<const std::byte> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <typename T>
void Store(std::span<std::byte> bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

}  // namespace actplane::io
