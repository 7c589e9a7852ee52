// SPDX-License-Identifier: Apache-2.0
// One tensor's entry in the directory of a container (docs/container.md section 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "actplane/io/container.h"

namespace actplane::io {

// Size of an entry (C-4.1).
size_t EntryBytes(const TensorInfo& info);

std::vector<std::byte> EncodeEntry(const ContainerTensor& tensor);

// Takes the entry at the start of `rest` and says in `entry_bytes` where the next one starts.
// Checks all that the entry alone can show; where payload and chunks lie is the reader's to check.
// kBadInput, without the file's name, otherwise.
Result<ContainerTensor> DecodeEntry(std::span<const std::byte> rest, size_t* entry_bytes);

}  // namespace actplane::io
