// SPDX-License-Identifier: Apache-2.0
// Random numbers that depend on a key alone, not on order, threads or method: every run with one
// seed sees the same data, weights and dropout.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string_view>

#include "train/stash/codec.h"

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

// The key of what a method draws for one tensor of one step.
inline uint64_t MixKey(uint64_t key, const Context& context) {
  key = MixKey(key, static_cast<uint64_t>(context.step));
  key = MixKey(key, static_cast<uint64_t>(context.micro_step));
  return MixKey(key, context.site.Name());
}

// Uniform in [0, 1) in steps of 2^-24: number `i` of the stream `key`.
inline float UniformOf(uint64_t key, int64_t i) {
  const uint64_t pair = MixKey(key, static_cast<uint64_t>(i) >> 1);
  const auto bits = static_cast<uint32_t>((i & 1) != 0 ? pair >> 32 : pair);
  return static_cast<float>(bits >> 8) * 0x1p-24F;
}

// Independent normal numbers of mean 0 and deviation `std` into `t`.
void FillNormal(const at::Tensor& t, double std, uint64_t key);

}  // namespace actplane::train
