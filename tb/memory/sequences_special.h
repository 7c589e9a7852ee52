// SPDX-License-Identifier: Apache-2.0
// The sequences that do more than bursts: errors, changes of regions and resets
// (sequences_special.cc); generations and registers (sequences_quiet.cc).
#pragma once

#include "memory/sequences.h"

namespace actplane::tb::memory {

std::unique_ptr<MemorySequence> MakeSpecialSequence(std::string_view name, const MemoryShape& shape,
                                                    uint64_t seed, uint64_t bursts,
                                                    uint32_t error_rate);

std::unique_ptr<MemorySequence> MakeQuietSequence(std::string_view name, const MemoryShape& shape,
                                                  uint64_t seed, uint64_t bursts);

}  // namespace actplane::tb::memory
