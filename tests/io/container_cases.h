// SPDX-License-Identifier: Apache-2.0
// Small containers that the container tests share.
#pragma once

#include <string>
#include <vector>

#include "actplane/io/container.h"
#include "container_tools.h"
#include "io_test_support.h"

namespace actplane::io {

inline TensorInfo Fp32Info(std::string name, uint64_t values) {
  return {.name = std::move(name),
          .format = Format::kFp32,
          .dtype = "<f4",
          .shape = {values},
          .values = values};
}

inline Config Slots16() {
  return {.block_len = 32,
          .slot_bytes = 16,
          .order = Order::kSignificance,
          .group_len = 8,
          .row_limit = 20};
}

inline Config Lossless() {
  return {.block_len = 32, .lossless = true, .slot_bytes = 0, .fill = Fill::kZero, .delta_cap = 3};
}

// What block i of the lossless tensor of SmallContainer holds.
inline Bytes LosslessBlock(uint32_t i) { return Counting(20 + 7 * i, 100 * i); }

// Three tensors: 5 slots in chunks of 2, 3 lossless blocks in chunks of 2, and one that is empty.
inline Bytes SmallContainer() {
  Bytes file;
  auto w = ContainerWriter::Create(std::make_unique<MemorySink>(&file), {.blocks_per_chunk = 2});
  EXPECT_TRUE(w.BeginTensor(Fp32Info("slots", 150), Slots16()).ok());
  EXPECT_TRUE(w.Append(Counting(80)).ok());
  EXPECT_TRUE(w.EndTensor().ok());
  EXPECT_TRUE(w.BeginTensor(Fp32Info("lossless", 96), Lossless()).ok());
  for (uint32_t i = 0; i < 3; ++i) EXPECT_TRUE(w.AppendBlock(LosslessBlock(i)).ok());
  EXPECT_TRUE(w.EndTensor().ok());
  EXPECT_TRUE(w.BeginTensor({.name = "",
                             .format = Format::kBf16,
                             .dtype = "|V2",
                             .shape = {3, 0},
                             .fortran_order = true},
                            {.format = Format::kBf16, .slot_bytes = 100})
                  .ok());
  EXPECT_TRUE(w.EndTensor().ok());
  EXPECT_TRUE(w.Finish().ok());
  return file;
}

inline Result<ContainerReader> OpenBytes(std::span<const std::byte> file) {
  return ContainerReader::Open(WrapMemory("x.apl", file));
}

// Opens and reads every block; the first failure.
inline Status ReadEverything(std::span<const std::byte> file) {
  Result<ContainerReader> r = OpenBytes(file);
  if (!r.ok()) return r.status();
  for (size_t t = 0; t < r->tensors().size(); ++t) {
    for (uint64_t c = 0; c < r->tensors()[t].chunks; ++c) {
      if (const auto chunk = r->ReadChunk(t, c); !chunk.ok()) return chunk.status();
    }
  }
  return OkStatus();
}

}  // namespace actplane::io
