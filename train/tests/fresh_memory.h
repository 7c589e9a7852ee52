// SPDX-License-Identifier: Apache-2.0
// Decides what memory holds that nobody has written yet, by the switches of libtorch's allocator
// (under WatchMemory, which asks it): what is read before it is written shows in every run, and not
// only where malloc hands out used pages.
#pragma once

#include <c10/core/CPUAllocator.h>
#include <c10/util/Flags.h>

C10_DECLARE_bool(caffe2_cpu_allocator_do_junk_fill);
C10_DECLARE_bool(caffe2_cpu_allocator_do_zero_fill);

namespace actplane::train {

enum class Fresh {
  kAsItIs,
  kNaN,  // as float; a huge number as double or integer
  kZero,
};

inline void FillFreshMemory(Fresh with) {
  FLAGS_caffe2_cpu_allocator_do_junk_fill = with == Fresh::kNaN;
  FLAGS_caffe2_cpu_allocator_do_zero_fill = with == Fresh::kZero;
}

// Until the end of its scope.
class FreshMemory {
 public:
  explicit FreshMemory(Fresh with) { FillFreshMemory(with); }
  ~FreshMemory() { FillFreshMemory(Fresh::kAsItIs); }
  FreshMemory(const FreshMemory&) = delete;
  FreshMemory& operator=(const FreshMemory&) = delete;
};

}  // namespace actplane::train
