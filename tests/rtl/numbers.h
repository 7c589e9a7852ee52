// SPDX-License-Identifier: Apache-2.0
// Numbers of rtl/ that tests need. pkg_parity_test compares each with the RTL.
#pragma once

#include <algorithm>
#include <cstdint>

namespace actplane::rtl_test {

// actp_pkg: rows of a block.
inline constexpr uint32_t kManW = 23;
inline constexpr uint32_t kCodeW = 9;
inline constexpr uint32_t kRows = 1 + kCodeW + kManW;
inline constexpr uint32_t kRowCode = 1;
inline constexpr uint32_t kRowMan = 1 + kCodeW;

// actp_pkg::stored_bits: of an FP32 value in the queue, with so many magnitude rows.
constexpr uint32_t StoredBits(uint32_t depth) { return std::min(depth + 10, 32U); }

// actp_mem_pkg: bits of region_t; what an access is; AxBURST.
inline constexpr uint32_t kRegionW = 195;
enum Kind : uint8_t { kBypass = 0, kRegion = 1, kRefused = 2 };
inline constexpr uint32_t kBurstFixed = 0, kBurstIncr = 1, kBurstWrap = 2;

}  // namespace actplane::rtl_test
