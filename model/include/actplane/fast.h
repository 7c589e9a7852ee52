// SPDX-License-Identifier: Apache-2.0
// The fast path: the same bits as actplane/codec.h, with SIMD (Highway) and threads (oneTBB).
//
// `threads` is the number of threads that work, at most one for each core: 1 is the calling thread
// alone, 0 all cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "actplane/codec.h"

namespace actplane::fast {

// Same result as actplane::Compress.
Result<CompressedTensor> Compress(std::span<const std::byte> values, const Config& config,
                                  int threads = 0);

// Same result as actplane::Decompress.
Result<DecompressedTensor> Decompress(const CompressedTensor& tensor, int threads = 0);

// The same for a run of blocks in buffers of the caller; nothing is allocated in proportion to the
// run. `values` holds whole values, little-endian, of as many blocks as that needs; only the last
// block may be incomplete (F-2.3). kInvalidConfig or kBadInput before anything is written.

// Bytes that the slots of a run of `values_bytes` take: exact in fixed mode, a bound in lossless
// mode.
uint64_t SlotsBytes(const Config& config, uint64_t values_bytes);

// Fixed mode. `slots`: exactly SlotsBytes; slot i lies at i * slot_bytes.
Status CompressBlocks(std::span<const std::byte> values, const Config& config,
                      std::span<std::byte> slots, int threads = 1);

// Fixed mode. The inverse; `malformed_blocks`, unless null, counts the slots that read as +0
// (F-7.4).
Status DecompressBlocks(std::span<const std::byte> slots, const Config& config,
                        std::span<std::byte> values, uint64_t* malformed_blocks = nullptr,
                        int threads = 1);

// Lossless mode. `slots`: at least SlotsBytes, below 4 GiB; the blocks end up in it back to back.
// `boundaries`: room for one more than there are blocks; block i is then [boundaries[i],
// boundaries[i + 1]).
Status CompressBlocksLossless(std::span<const std::byte> values, const Config& config,
                              std::span<std::byte> slots, std::span<uint32_t> boundaries,
                              int threads = 1);

// Lossless mode. The inverse; `boundaries` must ascend inside `slots`.
Status DecompressBlocksLossless(std::span<const std::byte> slots,
                                std::span<const uint32_t> boundaries, const Config& config,
                                std::span<std::byte> values, uint64_t* malformed_blocks = nullptr,
                                int threads = 1);

}  // namespace actplane::fast
