// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <malloc.h>

#include <atomic>

namespace actplane::train {
namespace {

std::atomic<int64_t> live = 0;
std::atomic<int64_t> peak = 0;

void Free(void* data) {
  if (data == nullptr) return;
  live -= static_cast<int64_t>(malloc_usable_size(data));
  c10::free_cpu(data);
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) const override {
    void* data = c10::alloc_cpu(bytes);
    if (data != nullptr) {
      const int64_t now = live += static_cast<int64_t>(malloc_usable_size(data));
      int64_t before = peak;
      while (now > before && !peak.compare_exchange_weak(before, now)) {
      }
    }
    return {data, data, &Free, at::Device(at::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Free; }
};

}  // namespace

void WatchMemory() {
  static CountingAllocator allocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/100);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, -1);
}

int64_t LiveBytes() { return live; }
int64_t PeakBytes() { return peak; }
void ResetPeak() { peak = live.load(); }

}  // namespace actplane::train
