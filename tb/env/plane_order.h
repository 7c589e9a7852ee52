// SPDX-License-Identifier: Apache-2.0
// The RTL keeps the payload of a slot in plane order: whole planes follow each other up to the end,
// as the remark of F-3.5 has it. A slot of F-3.4 has the same rows, group after group.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "actplane/field_order.h"

namespace actplane::tb {

// Calls move(byte of the slot, byte in plane order) for every row. No row of a malformed header.
template <class Move>
void ForEachRow(std::span<const std::byte> slot, const Config& config, Move move) {
  BitReader in(slot);
  FieldHeader header;
  if (ParseHeader(in, config, header) != Malformed::kNone) return;
  const uint32_t groups = config.block_len / kFieldGroupLen;
  const size_t payload = HeaderBits(header, config.format) / 8;
  size_t at = payload;
  for (uint32_t g = 0; g < groups; ++g) {
    const uint32_t rows = RowsOfGroup(header, config, 8 * slot.size(), g);
    for (uint32_t r = 0; r < rows; ++r) move(at++, payload + size_t{r} * groups + g);
  }
}

// `slot` takes all its bytes, in either mode. What belongs to no row stays where it is.
inline std::vector<std::byte> ToPlaneOrder(std::span<const std::byte> slot, const Config& config) {
  std::vector<std::byte> out(slot.begin(), slot.end());
  ForEachRow(slot, config,
             [&](size_t in_slot, size_t in_planes) { out[in_planes] = slot[in_slot]; });
  return out;
}
inline std::vector<std::byte> FromPlaneOrder(std::span<const std::byte> planes,
                                             const Config& config) {
  std::vector<std::byte> out(planes.begin(), planes.end());
  ForEachRow(planes, config,
             [&](size_t in_slot, size_t in_planes) { out[in_slot] = planes[in_planes]; });
  return out;
}

}  // namespace actplane::tb
