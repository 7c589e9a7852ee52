// SPDX-License-Identifier: Apache-2.0
// The second decoder of docs/format.md. It shares no line with the golden model and takes one bit
// at a time, so that a mistake in one of the two shows up as a difference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace actplane::ref {

// What F-2.4 calls the configuration of a tensor, as far as a decoder reads it. T is the size of
// the slot.
struct RefConfig {
  int exp_bits = 8;           // E
  int man_bits = 23;          // M
  int value_bytes = 4;        // F-2.1
  int block_len = 128;        // N
  bool lossless = false;      // order `field` alone
  bool significance = false;  // the order
  bool midpoint = true;       // the fill; read in order `field`
  int group_len = 4;          // K, read in order `significance`
  int row_limit = 16;         // R, read in order `significance`
};

inline int ExpMax(const RefConfig& c) { return (1 << c.exp_bits) - 1; }  // of infinity and NaN

struct RefResult {
  bool malformed = false;
  std::string reason;              // the violated clause and what is wrong; empty when legal
  bool exact = false;              // the slot says that it holds the encoded block bit for bit
  size_t used_bits = 0;            // where the bits end if nothing is cut (F-2.8); 0 when malformed
  std::vector<uint32_t> patterns;  // always N; all +0 when malformed (F-7.4)
};

RefResult DecodeSlot(const std::vector<uint8_t>& slot, const RefConfig& config);

}  // namespace actplane::ref
