// SPDX-License-Identifier: Apache-2.0
// Linked beside gmock's main: what the program sets up before any tensor.
#include <gtest/gtest.h>

#include "train/layers/matmul.h"
#include "train/trainer/memory.h"

namespace actplane::train {
namespace {

class Setup : public testing::Environment {
 public:
  void SetUp() override {
    WatchMemory();
    SetThreads(2);
  }
};

// NOLINTNEXTLINE(cppcoreguidelines-owning-memory): GoogleTest owns it
[[maybe_unused]] const testing::Environment* const kSetup =
    testing::AddGlobalTestEnvironment(new Setup);

}  // namespace
}  // namespace actplane::train
