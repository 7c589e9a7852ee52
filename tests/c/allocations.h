// SPDX-License-Identifier: Apache-2.0
// Counts what the program and its shared libraries allocate with operator new.
#pragma once

#include <cstdint>

namespace actplane::testing_support {

uint64_t AllocatedBytes();  // since the start, freed or not

}  // namespace actplane::testing_support
