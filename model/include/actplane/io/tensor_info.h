// SPDX-License-Identifier: Apache-2.0
// What is known of a tensor apart from its values; the same in .npy, .safetensors and .apl.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/format.h"
#include "actplane/status.h"

namespace actplane::io {

inline constexpr uint32_t kMaxRank = 64;
inline constexpr uint32_t kMaxNameBytes = 4096;
inline constexpr uint64_t kMaxValues = 1ULL << 56;  // keeps sizes in bytes inside 63 bits

struct TensorInfo {
  std::string name = {};  // empty for .npy
  Format format = Format::kFp32;
  std::string dtype = {};            // as the source file spells it: "<f4", "|V2", "BF16"
  std::vector<uint64_t> shape = {};  // empty for a single value (0-d)
  bool fortran_order = false;        // C-4.5: of the memory; values are never reordered
  uint64_t values = 0;               // product of the shape
  uint64_t offset = 0;               // byte of the first value in the source file
};

// Number of values of a shape. kBadInput when the rank is above kMaxRank, a dimension above 2^63 -
// 1, whatever the others are, or the product above kMaxValues.
Result<uint64_t> CountValues(std::span<const uint64_t> shape);

// kBadInput unless name, dtype, format, shape and values fit together (C-4.2 .. C-4.4).
Status ValidateTensorInfo(const TensorInfo& info);

// The .npy spelling of a dtype that the readers accept: "F32" is "<f4", "BF16" is "<u2", .npy ones
// stay. Empty when the dtype is none of them.
std::string_view NpyDtype(std::string_view dtype);

// Whether a shell pattern (* ? [...]) fits the whole of `name`. ? and [...] stand for a character
// of the locale (LC_CTYPE), which is a byte until the program sets one of UTF-8.
bool MatchesPattern(const std::string& name, const std::string& pattern);

// 'text' in quotes with control characters and bytes that are not UTF-8 escaped, shortened when
// very long: names come from untrusted files and end on terminals.
std::string Quote(std::string_view text);

// Well-formed UTF-8 without control characters.
bool IsPlainText(std::string_view text);

}  // namespace actplane::io
