// SPDX-License-Identifier: Apache-2.0
// What a call of libactplane costs beside one of the fast path: both in turn, the fastest of each.
// No test: machines that are busy give any figure. `make bench` prints it last.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>

#include "actplane.h"
#include "actplane/fast.h"
#include "fast/data.h"

namespace actplane {
namespace {

using fast::testing_support::Kind;
using fast::testing_support::MakeValues;
using fast::testing_support::Rng;

double Seconds(const std::function<void()>& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Require(bool good) {
  if (good) return;
  fmt::print(stderr, "a call failed: {}\n", actplane_last_error());
  std::exit(1);
}

// GB/s of values, and how much longer the library takes.
void Row(const char* name, size_t bytes, const std::function<void()>& library,
         const std::function<void()>& fast_path) {
  double best_library = 1e9;
  double best_fast = 1e9;
  double spent = 0;
  for (int i = 0; i < 30 || (spent < 1 && i < 3000); ++i) {
    const double a = Seconds(library);
    const double b = Seconds(fast_path);
    best_library = std::min(best_library, a);
    best_fast = std::min(best_fast, b);
    spent += a + b;
  }
  const auto rate = [&](double seconds) { return static_cast<double>(bytes) / seconds / 1e9; };
  fmt::print("{:<46} {:>9} {:>8.2f} {:>8.2f} {:>+7.1f} %\n", name, bytes, rate(best_library),
             rate(best_fast), 100 * (best_library / best_fast - 1));
}

void Rows(const Config& config, size_t count, uint32_t threads) {
  actplane_config c;
  actplane_config_init(&c);
  c.format = static_cast<uint32_t>(config.format);
  c.order = static_cast<uint32_t>(config.order);
  c.slot_bytes = config.slot_bytes;
  c.lossless = config.lossless ? 1 : 0;
  c.threads = threads;
  const auto pool = static_cast<int>(threads);

  Rng rng(1);
  const auto values = MakeValues(Kind::kNormal, config.format, count, rng);
  std::vector<std::byte> back(values.size());
  std::vector<std::byte> slots(fast::SlotsBytes(config, values.size()));
  std::vector<uint32_t> boundaries(CeilDiv(count, config.block_len) + 1);
  uint32_t* const starts = config.lossless ? boundaries.data() : nullptr;
  uint64_t bytes = 0;
  uint64_t malformed = 0;

  const auto name = [&](const char* what) {
    return fmt::format("{} {} {} {} threads={}", what, ToString(config.format),
                       ToString(config.order), config.lossless ? "lossless" : "fixed", threads);
  };
  Row(
      name("compress").c_str(), values.size(),
      [&] {
        Require(actplane_compress(&c, values.data(), count, slots.data(), slots.size(), &bytes,
                                  starts) == ACTPLANE_OK);
      },
      [&] {
        Require((config.lossless
                     ? fast::CompressBlocksLossless(values, config, slots, boundaries, pool)
                     : fast::CompressBlocks(values, config, slots, pool))
                    .ok());
      });
  const std::span<const std::byte> used(slots.data(), bytes);
  Row(
      name("decompress").c_str(), values.size(),
      [&] {
        Require(actplane_decompress(&c, used.data(), bytes, starts, back.data(), count,
                                    &malformed) == ACTPLANE_OK);
      },
      [&] {
        Require((config.lossless ? fast::DecompressBlocksLossless(used, boundaries, config, back,
                                                                  &malformed, pool)
                                 : fast::DecompressBlocks(used, config, back, &malformed, pool))
                    .ok());
      });
}

}  // namespace
}  // namespace actplane

int main() {
  using actplane::Config;
  using actplane::Format;
  using actplane::Order;
  fmt::print("{:<46} {:>9} {:>8} {:>8} {:>9}\n", "", "bytes", "library", "fast", "longer by");
  fmt::print("{:<46} {:>9} {:>8} {:>8}\n", "", "of values", "GB/s", "GB/s");
  for (const size_t count : {size_t{1} << 12, size_t{1} << 20}) {
    for (const Format format : {Format::kFp32, Format::kBf16}) {
      const uint32_t slot = format == Format::kFp32 ? 64 : 32;  // ratio 8
      actplane::Rows({.format = format, .slot_bytes = slot, .order = Order::kSignificance}, count,
                     1);
    }
    actplane::Rows({.slot_bytes = 160}, count, 1);
    actplane::Rows({.lossless = true}, count, 1);
    actplane::Rows({.slot_bytes = 64, .order = Order::kSignificance}, count, 0);
  }
}
