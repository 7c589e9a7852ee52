// SPDX-License-Identifier: Apache-2.0
// Quantizers that are in use elsewhere, at the level of values: what comes back of a tensor, and
// the bits that it would take. Every one rounds to nearest, ties to even.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace actplane::bench {

struct Peer {
  std::string_view name;
  std::string_view text;
  double bits;    // a value, scales and offsets counted
  size_t values;  // that share a scale; a tensor's last run may be shorter
  void (*quantize)(std::span<const float> values, std::span<float> out);
};

// MXINT8, MXFP8 E4M3, MXFP6 E2M3, MXFP4 E2M1, NVFP4, NF4, INT8, INT4, INT2. Values must be finite.
std::span<const Peer> Peers();

}  // namespace actplane::bench
