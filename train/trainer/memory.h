// SPDX-License-Identifier: Apache-2.0
// Counts what libtorch's CPU allocator holds, so that the stash's own count can be checked.
#pragma once

#include <cstdint>

namespace actplane::train {

// Once, before the first tensor. Also tells the C library to keep freed pages: a step frees and
// takes the same sizes again and again.
void WatchMemory();

int64_t LiveBytes();
int64_t PeakBytes();  // the most since ResetPeak
void ResetPeak();

}  // namespace actplane::train
