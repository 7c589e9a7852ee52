// SPDX-License-Identifier: Apache-2.0
// The one place where this program opens a file to read it: text, settings, tables, logs and
// checkpoints. Tensors go through io::TensorReader, which opens them in the same way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "actplane/io/source.h"
#include "actplane/status.h"

namespace actplane::train {

// More than people write, and than a parser may make of it in 256 MiB.
inline constexpr uint64_t kMostSettings = 1 << 20;
inline constexpr uint64_t kMostJson = 8 << 20;
inline constexpr uint64_t kMostLog = 128 << 20;
inline constexpr uint64_t kMostText = 256 << 20;

// kIo when the system refuses; kBadInput when it is no regular file, without waiting for a pipe.
Result<std::unique_ptr<io::RandomAccessSource>> OpenInput(const std::string& path);

// All of it. kBadInput, before a byte is read, when it has more than `most`; `fix` ends the
// message.
Result<std::string> ReadInput(const std::string& path, uint64_t most, std::string_view fix);

}  // namespace actplane::train
