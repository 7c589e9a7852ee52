// SPDX-License-Identifier: Apache-2.0
// The JSON header of .safetensors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/status.h"

namespace actplane::io {

// The published limit is 100 MB; headers of real files stay below 1 MB, and memory is bounded here.
inline constexpr uint64_t kMaxSafetensorsHeader = 16u << 20;

struct SafetensorsEntry {
  std::string name;
  std::string dtype;
  std::vector<uint64_t> shape;
  uint64_t begin = 0;  // bytes from the start of the data
  uint64_t end = 0;
};

// The tensors of the header in the order of their data, checked against `data_bytes`: names differ,
// ranges follow each other from 0 to the end without gap or overlap, sizes fit shape and dtype
// (where the dtype is known). kBadInput, without the file's name, otherwise.
Result<std::vector<SafetensorsEntry>> ParseSafetensorsHeader(std::string_view json,
                                                             uint64_t data_bytes);

}  // namespace actplane::io
