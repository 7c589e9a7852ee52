// SPDX-License-Identifier: Apache-2.0
// What the module tests share: the fixture, bits of ports, and how the RTL holds what the model
// holds.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "actplane/field_order.h"
#include "actplane/format.h"
#include "core/sim.h"
#include "numbers.h"
#include "support/clause.h"
#include "support/scale.h"
#include "support/values.h"

namespace actplane::rtl_test {

using testing_support::Rng;
using testing_support::Scaled;

inline constexpr std::array kFormats = {Format::kFp32, Format::kFp16, Format::kBf16};

// Those of a configuration, by its parameter Formats.
template <class Config>
std::vector<Format> FormatsOf() {
  std::vector<Format> formats;
  for (const Format f : kFormats) {
    if (BitOf(Config::kFormats, static_cast<uint32_t>(f)) != 0) formats.push_back(f);
  }
  return formats;
}
inline bool IsNarrow(Format format) { return InfoOf(format).value_bytes == 2; }

// Bits [at +: count] of a port of any width, count <= 64.
template <class Port>
uint64_t GetBits(const Port& port, uint32_t at, uint32_t count) {
  const auto bytes = std::as_bytes(std::span(&port, 1));
  uint64_t value = 0;
  for (uint32_t k = 0; k < count; ++k) {
    const uint32_t b = at + k;
    value |= uint64_t{BitOf(std::to_integer<uint64_t>(bytes[b / 8]), b % 8)} << k;
  }
  return value;
}

template <class Port>
void PutBits(Port& port, uint32_t at, uint32_t count, uint64_t value) {
  const auto bytes = std::as_writable_bytes(std::span(&port, 1));
  for (uint32_t k = 0; k < count; ++k) {
    const uint32_t b = at + k;
    const auto mask = std::byte{1} << (b % 8);
    bytes[b / 8] = BitOf(value, k) != 0 ? bytes[b / 8] | mask : bytes[b / 8] & ~mask;
  }
}

template <class Port>
void PutPlane(Port& port, uint32_t row, const Plane& plane, uint32_t n) {
  for (uint32_t i = 0; i < n; ++i) PutBits(port, row * n + i, 1, plane.Get(i) ? 1 : 0);
}

template <class Port>
void PutRandom(Port& port, uint32_t bits, Rng& rng) {
  for (uint32_t at = 0; at < bits; at += 32)
    PutBits(port, at, std::min(32U, bits - at), rng.Next());
}

// Whole bytes [at ..) of a port.
template <class Port>
void PutBytes(Port& port, std::span<const std::byte> bytes) {
  std::ranges::copy(bytes, std::as_writable_bytes(std::span(&port, 1)).begin());
}
template <class Port>
std::vector<std::byte> GetBytes(const Port& port, size_t count) {
  const auto bytes = std::as_bytes(std::span(&port, 1)).first(count);
  return {bytes.begin(), bytes.end()};
}

inline uint32_t LowMask32(uint32_t count) { return static_cast<uint32_t>(LowMask(count)); }

// A map of mantissa planes as the RTL holds it: aligned at the top of 23 bits.
inline uint32_t AlignMan(uint32_t mantissa, Format format) {
  return mantissa << (kManW - InfoOf(format).man_bits);
}
inline uint32_t AllMan(Format format) { return LowMask32(InfoOf(format).man_bits); }

// Stored mantissa rows above each row, the top one first: 5 bits each.
template <class Port>
void PutRanks(Port& port, const FieldHeader& header, Format format) {
  const uint32_t stored = AlignMan(header.map, format);
  uint32_t rank = 0;
  for (uint32_t k = 0; k < kManW; ++k) {
    PutBits(port, k * 5, 5, rank);
    rank += BitOf(stored, kManW - 1 - k);
  }
}

// F-4.7: the lowest exponent that has a code in a saturated block; 0 in others.
inline uint32_t FlushBelow(const FieldHeader& header) {
  if (!header.saturated) return 0;
  const uint32_t deltas = (1U << header.width) - (header.special ? 3 : 1);
  return header.base + 1 > deltas ? header.base + 1 - deltas : 0;
}

// The exponent as the compressor keeps it: the class of a value with a reserved code in bits 1 and
// 0.
inline uint32_t KeptExponent(const Fields& v) {
  if (v.cls == ValueClass::kNan) return (v.exponent & ~3U) | 1;
  if (v.cls == ValueClass::kInf) return (v.exponent & ~3U) | 2;
  return v.exponent;
}

// The stored planes of a block, in the order of F-3.4; the RTL has them whole, one after the other.
inline std::vector<const Plane*> StoredPlanes(const Planes& planes, const FieldHeader& header,
                                              Format format) {
  std::vector<const Plane*> list;
  if (header.sign_stored) list.push_back(&planes.sign);
  for (uint32_t k = header.width; k-- > 0;) list.push_back(&planes.delta[k]);
  for (uint32_t k = InfoOf(format).man_bits; k-- > 0;) {
    if (BitOf(header.map, k) != 0) list.push_back(&planes.mantissa[k]);
  }
  return list;
}

// Rows of a block as the RTL orders them: sign, code bit 8 .. 0, mantissa bit 22 .. 0.
template <class Port>
void PutRows(Port& port, const Planes& planes, Format format, uint32_t n) {
  const uint32_t man = InfoOf(format).man_bits;
  PutPlane(port, 0, planes.sign, n);
  for (uint32_t k = 0; k < kCodeW; ++k) {
    PutPlane(port, kRowCode + kCodeW - 1 - k, planes.delta[k], n);
  }
  for (uint32_t k = 0; k < man; ++k) PutPlane(port, kRowMan + man - 1 - k, planes.mantissa[k], n);
}

inline Plane RandomPlane(uint32_t n, Rng& rng) {
  Plane plane;
  for (uint32_t i = 0; i < n; ++i) {
    if (rng.OneIn(2)) plane.Set(i);
  }
  return plane;
}

inline Planes RandomPlanes(uint32_t n, Rng& rng) {
  Planes planes;
  planes.sign = RandomPlane(n, rng);
  for (Plane& p : planes.delta) p = RandomPlane(n, rng);
  for (Plane& p : planes.mantissa) p = RandomPlane(n, rng);
  return planes;
}

// Any header that F-7.1 allows, also those that no encoder makes.
inline FieldHeader RandomHeader(Format format, Rng& rng) {
  const FormatInfo info = InfoOf(format);
  FieldHeader h;
  h.base = rng.Below(info.exp_max);
  h.zero_code = rng.OneIn(2);
  h.extension = rng.OneIn(2);
  h.saturated = rng.OneIn(2);
  h.special = h.extension && rng.OneIn(2);
  const uint32_t reserved = (h.zero_code ? 1U : 0U) + (h.special ? 2U : 0U);
  do {
    h.width = rng.Below(info.exp_bits + 2);
  } while ((1U << h.width) < reserved);
  h.sign_stored = rng.OneIn(2);
  h.map = AllMan(format);
  if (h.extension) {
    h.map &= static_cast<uint32_t>(rng.OneIn(2) ? rng.Next() : rng.Next() | rng.Next());
    h.value = static_cast<uint32_t>(rng.Next()) & AllMan(format) & ~h.map;
    h.sign_value = !h.sign_stored && rng.OneIn(2);
  }
  return h;
}

// A block of random values of a random kind, now and then with a NaN of which only low bits tell.
inline Block RandomBlock(Format format, uint32_t n, Rng& rng) {
  const auto kind = testing_support::kAllKinds[rng.Below(testing_support::kAllKinds.size())];
  const auto patterns = testing_support::MakePatterns(kind, format, n, rng);
  Block block{.format = format, .n = n};
  std::ranges::copy(patterns, block.patterns.begin());
  if (rng.OneIn(8)) {
    const FormatInfo info = InfoOf(format);
    block.patterns[rng.Below(n)] = info.exp_max << info.man_bits | (1U + rng.Below(3));
  }
  return block;
}

// A legal slot size, smaller ones more often.
inline uint32_t RandomSlotBytes(Format format, uint32_t n, Rng& rng) {
  const uint32_t least = MinFieldSlotBytes(format, n);
  const uint32_t most = MaxFieldSlotBytes(format, n);
  return least + rng.Below(rng.OneIn(2) ? most - least + 1 : (most - least) / 2);
}

// The first failure ends a test: what follows would only repeat it.
class StopAtFailure : public ::testing::EmptyTestEventListener {
 public:
  static void Install() {
    auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
    static StopAtFailure* only = nullptr;
    if (only == nullptr) listeners.Append(only = new StopAtFailure);  // which owns it
  }

 private:
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (result.failed()) throw ::testing::AssertionException(result);
  }
};

// Module tests have fixed seeds, so that a failed one can be run again for its waveform. ACTP_WAVE
// names the file; `none` turns this off where failures are wanted.
inline std::string WaveFile() {
  const char* file = std::getenv("ACTP_WAVE");
  return file == nullptr || std::string(file) == "none" ? "" : file;
}

inline void RerunWithWave(bool waves) {
  if (std::getenv("ACTP_WAVE") != nullptr) return;
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  const std::string filter = name;
  std::ranges::replace(name, '/', '-');
  std::error_code ignored;
  const std::string folder = std::string(ACTP_SOURCE_DIR) + "/build/artifacts";
  std::filesystem::create_directories(folder, ignored);
  const std::string wave = folder + "/" + name + ".fst";
  const std::string line = "ACTP_WAVE='" + wave + "' " +
                           std::filesystem::read_symlink("/proc/self/exe", ignored).string() +
                           " --gtest_filter='" + filter + "'";
  if (!waves) {
    std::cerr << "REPLAY  " << line << "  (no waveform: build without RTL_FIRST=1)\n";
    return;
  }
  const int again = std::system((line + " >/dev/null 2>&1").c_str());
  std::cerr << "WAVE    " << wave << (again == 0 ? "  (NOT REPRODUCED: the rerun passes)" : "")
            << "\nREPLAY  " << line << "\n";
}

// The fixture of a module: `Config` is a struct of the generated duts.h.
template <class Config>
class RtlTest : public ::testing::Test {
 protected:
  using Dut = typename Config::Dut;

  static void SetUpTestSuite() { StopAtFailure::Install(); }
  void TearDown() override {
    const bool fired = sim_.gotError();
    if (fired || HasFailure()) RerunWithWave(tb::Sim<Dut>::kTraces);
    EXPECT_FALSE(fired) << "an assertion of the RTL fired";
  }

  Dut& dut() { return sim_.dut(); }
  tb::Sim<Dut>& sim() { return sim_; }
  Rng& rng() { return rng_; }

 private:
  tb::Sim<Dut> sim_{{.seed = 1, .trace_file = WaveFile(), .trace_from_cycle = 0}};
  Rng rng_{20240521};
};

// What a compressor with few rows reads of FP32 values: mantissa bits below the top depth - 1 are 0
// in order field and of subnormals; a NaN stays one (docs/rtl.md).
inline void CutBlock(Block& block, Order order, uint32_t depth) {
  if (block.format != Format::kFp32 || depth >= 24) return;
  const uint32_t kept = ~LowMask32(24 - depth);
  for (uint32_t i = 0; i < block.n; ++i) {
    uint32_t& p = block.patterns[i];
    const Fields v = Classify(p, block.format);
    if (order == Order::kSignificance && v.exponent != 0) continue;
    p &= kept;
    if (v.cls == ValueClass::kNan && (p & LowMask32(23)) == 0) p |= 1U << 22;
  }
}

}  // namespace actplane::rtl_test
