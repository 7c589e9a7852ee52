// SPDX-License-Identifier: Apache-2.0
// Whole files for tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace actplane::testing_support {

// The bytes of a file; none where it cannot be read. Its iterators would take a minute for 10 MB
// without optimisation.
inline std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(bytes).str();
}

}  // namespace actplane::testing_support
