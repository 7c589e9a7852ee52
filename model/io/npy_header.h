// SPDX-License-Identifier: Apache-2.0
// The header of .npy: a Python dict literal, of which only what numpy writes is understood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/status.h"

namespace actplane::io {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

struct NpyHeader {
  std::string descr;
  bool fortran_order = false;
  std::vector<uint64_t> shape;
};

// Parses "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }": the three keys once each,
// in any order. kBadInput, without the file's name, otherwise.
Result<NpyHeader> ParseNpyHeader(std::string_view text);

// Magic, version 1.0, length and dict, padded to a
// multiple of 64 bytes: byte for byte what numpy writes.
std::string FormatNpyHeader(const NpyHeader& header);

}  // namespace actplane::io
