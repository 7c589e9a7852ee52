// SPDX-License-Identifier: Apache-2.0
#include "allocations.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
std::atomic<uint64_t> allocated = 0;
}

namespace actplane::testing_support {
uint64_t AllocatedBytes() { return allocated; }
}  // namespace actplane::testing_support

void* operator new(size_t bytes) {
  allocated += bytes;
  if (void* p = std::malloc(bytes); p != nullptr) return p;
  throw std::bad_alloc();
}

void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
