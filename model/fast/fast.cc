// SPDX-License-Identifier: Apache-2.0
#include "actplane/fast.h"

#include <fmt/format.h>
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels.h"

namespace actplane::fast {
namespace {

constexpr size_t kGrainBytes = size_t{1}
                               << 17;  // input of one task: far above its overhead, far below L2
constexpr size_t kScratchBytes =
    size_t{1} << 22;  // lossless mode: values compressed before they are moved together

uint64_t BlocksOf(const Config& config, uint64_t values_bytes) {
  return CeilDiv(values_bytes, BlockBytes(config));
}

size_t Stride(const Config& config) {
  return config.lossless ? MaxSlotBytes(config) : config.slot_bytes;
}

// Calls work(first, end) for parts of 0 .. blocks - 1 that together are all of it.
template <typename Work>
void ForBlocks(const Config& config, size_t blocks, int threads, const Work& work) {
  if (threads == 1) return work(0, blocks);
  const size_t grain = std::max<size_t>(kGrainBytes / BlockBytes(config), 1);
  const auto run = [&] {
    oneapi::tbb::parallel_for(oneapi::tbb::blocked_range<size_t>(0, blocks, grain),
                              [&](const auto& part) { work(part.begin(), part.end()); });
  };
  const int cores = oneapi::tbb::info::default_concurrency();  // more threads are of no use
  // The implicit arena keeps its workers awake between calls; a new one has to find them again.
  if (threads <= 0 || threads >= cores) return run();
  oneapi::tbb::task_arena(threads).execute(run);
}

// `run` restricted to blocks [first, end).
template <typename Values>
Values Part(Values values, const Config& config, size_t first, size_t end) {
  const size_t from = first * BlockBytes(config);
  const size_t to = std::min<size_t>(end * BlockBytes(config), values.size());
  return values.subspan(from, to - from);
}

void Encode(const EncodeRun& run, int threads) {
  ForBlocks(run.config, BlocksOf(run.config, run.values.size()), threads,
            [&](size_t first, size_t end) {
              EncodeBlocks({.config = run.config,
                            .values = Part(run.values, run.config, first, end),
                            .slots = run.slots + first * run.stride,
                            .stride = run.stride,
                            .lengths = run.lengths == nullptr ? nullptr : run.lengths + first});
            });
}

uint64_t Decode(const DecodeRun& run, int threads) {
  std::atomic<uint64_t> malformed = 0;
  ForBlocks(run.config, BlocksOf(run.config, run.values.size()), threads,
            [&](size_t first, size_t end) {
              DecodeRun part = run;
              part.first = first;
              part.values = Part(run.values, run.config, first, end);
              malformed += DecodeBlocks(part);
            });
  return malformed;
}

Status CheckRun(const Config& config, bool lossless, size_t values_bytes) {
  if (Status s = ValidateConfig(config); !s.ok()) return s;
  if (config.lossless != lossless) {
    return ConfigError(lossless
                           ? "a fixed-mode configuration: use CompressBlocks and DecompressBlocks"
                           : "a lossless configuration: use the functions that end in Lossless");
  }
  if (values_bytes % InfoOf(config.format).value_bytes != 0) {
    return BadInputError(fmt::format("{} bytes are not a whole number of {} values", values_bytes,
                                     ToString(config.format)));
  }
  return OkStatus();
}

template <typename Position>
bool Ascend(std::span<const Position> positions, size_t blocks, size_t end) {
  return positions.size() == blocks + 1 && std::is_sorted(positions.begin(), positions.end()) &&
         positions.back() <= end;
}

}  // namespace

uint64_t SlotsBytes(const Config& config, uint64_t values_bytes) {
  return BlocksOf(config, values_bytes) * Stride(config);
}

Status CompressBlocks(std::span<const std::byte> values, const Config& config,
                      std::span<std::byte> slots, int threads) {
  if (Status s = CheckRun(config, false, values.size()); !s.ok()) return s;
  if (slots.size() != SlotsBytes(config, values.size())) {
    return BadInputError(fmt::format("room for {} bytes of slots: {} are needed", slots.size(),
                                     SlotsBytes(config, values.size())));
  }
  Encode({config, values, slots.data(), config.slot_bytes, nullptr}, threads);
  return OkStatus();
}

Status DecompressBlocks(std::span<const std::byte> slots, const Config& config,
                        std::span<std::byte> values, uint64_t* malformed_blocks, int threads) {
  if (Status s = CheckRun(config, false, values.size()); !s.ok()) return s;
  if (slots.size() != SlotsBytes(config, values.size())) {
    return BadInputError(fmt::format("{} bytes of slots: {} are needed", slots.size(),
                                     SlotsBytes(config, values.size())));
  }
  const uint64_t malformed = Decode({.config = config,
                                     .slots = slots.data(),
                                     .end = slots.data() + slots.size(),
                                     .values = values},
                                    threads);
  if (malformed_blocks != nullptr) *malformed_blocks = malformed;
  return OkStatus();
}

Status CompressBlocksLossless(std::span<const std::byte> values, const Config& config,
                              std::span<std::byte> slots, std::span<uint32_t> boundaries,
                              int threads) {
  if (Status s = CheckRun(config, true, values.size()); !s.ok()) return s;
  const uint64_t room = SlotsBytes(config, values.size());
  const uint64_t blocks = BlocksOf(config, values.size());
  if (slots.size() < room || room > UINT32_MAX || boundaries.size() < blocks + 1) {
    return BadInputError(
        fmt::format("room for {} bytes and {} boundaries: {} and {} are needed, below 4 GiB",
                    slots.size(), boundaries.size(), room, blocks + 1));
  }
  Encode({config, values, slots.data(), Stride(config), boundaries.data()}, threads);
  uint32_t end = 0;
  for (size_t i = 0; i < blocks; ++i) {
    const uint32_t length = boundaries[i];
    std::memmove(slots.data() + end, slots.data() + i * Stride(config), length);
    boundaries[i] = end;
    end += length;
  }
  boundaries[blocks] = end;
  return OkStatus();
}

Status DecompressBlocksLossless(std::span<const std::byte> slots,
                                std::span<const uint32_t> boundaries, const Config& config,
                                std::span<std::byte> values, uint64_t* malformed_blocks,
                                int threads) {
  if (Status s = CheckRun(config, true, values.size()); !s.ok()) return s;
  const uint64_t blocks = BlocksOf(config, values.size());
  if (!Ascend(boundaries, blocks, slots.size())) {
    return BadInputError(fmt::format("{} boundaries that do not cut {} bytes into {} blocks",
                                     boundaries.size(), slots.size(), blocks));
  }
  const uint64_t malformed = Decode({.config = config,
                                     .slots = slots.data(),
                                     .boundaries = boundaries.data(),
                                     .end = slots.data() + slots.size(),
                                     .values = values},
                                    threads);
  if (malformed_blocks != nullptr) *malformed_blocks = malformed;
  return OkStatus();
}

Result<CompressedTensor> Compress(std::span<const std::byte> values, const Config& config,
                                  int threads) {
  if (!ValidateConfig(config).ok() || values.size() % InfoOf(config.format).value_bytes != 0) {
    return actplane::Compress(values, config);  // says what is wrong
  }
  CompressedTensor tensor;
  tensor.config = config;
  tensor.values = values.size() / InfoOf(config.format).value_bytes;
  if (!config.lossless) {
    tensor.slots.resize(SlotsBytes(config, values.size()));
    Encode({config, values, tensor.slots.data(), config.slot_bytes, nullptr}, threads);
    return tensor;
  }
  const size_t step = kScratchBytes / BlockBytes(config);
  const uint64_t blocks = tensor.Blocks();
  std::vector<std::byte> scratch(SlotsBytes(config, std::min(values.size(), kScratchBytes)));
  std::vector<uint32_t> boundaries(step + 1);
  tensor.offsets.reserve(blocks + 1);
  tensor.offsets.push_back(0);
  for (size_t first = 0; first < blocks; first += step) {
    const auto part = Part(values, config, first, std::min<size_t>(first + step, blocks));
    if (Status s = CompressBlocksLossless(part, config, scratch, boundaries, threads); !s.ok())
      return s;
    const size_t count = BlocksOf(config, part.size());
    const uint64_t base = tensor.slots.size();
    for (size_t i = 1; i <= count; ++i) tensor.offsets.push_back(base + boundaries[i]);
    tensor.slots.insert(tensor.slots.end(), scratch.begin(), scratch.begin() + boundaries[count]);
  }
  return tensor;
}

Result<DecompressedTensor> Decompress(const CompressedTensor& tensor, int threads) {
  const Config& config = tensor.config;
  const uint64_t blocks = tensor.Blocks();
  const bool fits = ValidateConfig(config).ok() &&
                    (config.lossless ? Ascend<uint64_t>(tensor.offsets, blocks, tensor.slots.size())
                                     : tensor.slots.size() % config.slot_bytes == 0 &&
                                           tensor.slots.size() / config.slot_bytes == blocks);
  if (!fits) return actplane::Decompress(tensor);  // says what is wrong
  DecompressedTensor out;
  out.values.resize(tensor.values * InfoOf(config.format).value_bytes);
  out.malformed_blocks = Decode({.config = config,
                                 .slots = tensor.slots.data(),
                                 .offsets = config.lossless ? tensor.offsets.data() : nullptr,
                                 .end = tensor.slots.data() + tensor.slots.size(),
                                 .values = out.values},
                                threads);
  return out;
}

}  // namespace actplane::fast
