// SPDX-License-Identifier: Apache-2.0
// The devices that the bench can be put around. ACTP_MEMORY_RTL names the verilated tops:
//   #define ACTP_MEMORY_RTL(X) X("small", Vactp_memory_small) X("default", Vactp_memory_default)
#include "memory/run.h"

#ifdef ACTP_MEMORY_RTL_HEADER
#include ACTP_MEMORY_RTL_HEADER
#include "memory/verilated_memory.h"
#endif

namespace actplane::tb::memory {

const std::vector<DeviceInfo>& MemoryDevices() {
  static const std::vector<DeviceInfo> kAll = {
      {"reference", "the functional model, in every configuration"},
#ifdef ACTP_MEMORY_RTL
      {"rtl", "the verilated top actp_memory"},
#endif
  };
  return kAll;
}

std::unique_ptr<MemoryDevice> MakeMemoryDevice(const MemoryRun& run,
                                               [[maybe_unused]] const std::string& trace_file,
                                               [[maybe_unused]] uint64_t trace_from) {
  const MemoryShape& shape = *FindShape(run.config);
#ifdef ACTP_MEMORY_RTL
  if (run.device == "rtl") {
#define ACTP_MAKE(config_name, Dut)                                                         \
  if (run.config == config_name) {                                                          \
    return std::make_unique<VerilatedMemory<Dut>>(shape, run.seed, trace_file, trace_from); \
  }
    ACTP_MEMORY_RTL(ACTP_MAKE)
#undef ACTP_MAKE
    return nullptr;
  }
#endif
  return std::make_unique<ReferenceMemory>(shape, run.seed, run.fault);
}

}  // namespace actplane::tb::memory
