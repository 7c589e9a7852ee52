// SPDX-License-Identifier: Apache-2.0
// Quantizers that are in use elsewhere, at the level of values: what comes back of a tensor, and
// the bits that it would take. Every one rounds to nearest, ties to even.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace actplane::peers {

struct Peer {
  std::string_view name;
  std::string_view text;
  uint32_t value_bits;
  uint32_t run_bits;     // scale and offset of a run
  uint32_t tensor_bits;  // scale of the tensor
  uint32_t run;          // values that share a scale; the last run of a tensor may be shorter
  // Values must be finite. `largest`: the largest magnitude in the tensor. A tensor may come in
  // pieces, each but the last a whole number of runs.
  void (*quantize)(std::span<const float> values, double largest, std::span<float> out);

  // That a tensor takes, everything counted.
  uint64_t Bits(uint64_t values) const {
    return tensor_bits + value_bits * values + run_bits * ((values + run - 1) / run);
  }
  // Of whole runs.
  double BitsPerValue() const { return value_bits + static_cast<double>(run_bits) / run; }
};

inline constexpr uint32_t kLongestRun = 128;  // a multiple of every other

// MXINT8, MXFP8 E4M3, MXFP6 E2M3, MXFP4 E2M1, NVFP4, NF4, INT8, INT4, INT2.
std::span<const Peer> All();

double Largest(std::span<const float> values);

// A tensor at once.
void Quantize(const Peer& peer, std::span<const float> tensor, std::span<float> out);

}  // namespace actplane::peers
