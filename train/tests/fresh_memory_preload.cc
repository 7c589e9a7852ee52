// SPDX-License-Identifier: Apache-2.0
// LD_PRELOAD for actplane-train: ACTP_FRESH=nan or zero fills all memory that libtorch hands out.
#include <c10/core/impl/alloc_cpu.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "fresh_memory.h"

namespace actplane::train {
namespace {

// A test that believes in a fill that is not there would prove nothing.
[[noreturn]] void Fail(const char* why) {
  std::fprintf(stderr, "fresh_memory_preload: %s\n", why);
  std::abort();
}

[[gnu::constructor]] void Preload() {
  const char* value = std::getenv("ACTP_FRESH");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view fresh = value == nullptr ? "" : value;
  if (fresh != "nan" && fresh != "zero") Fail("set ACTP_FRESH to nan or zero");
  FillFreshMemory(fresh == "nan" ? Fresh::kNaN : Fresh::kZero);
  auto* probe = static_cast<float*>(c10::alloc_cpu(64));
  if (fresh == "nan" ? !std::isnan(probe[3]) : probe[3] != 0) Fail("memory is not filled");
  c10::free_cpu(probe);
}

}  // namespace
}  // namespace actplane::train
