// SPDX-License-Identifier: Apache-2.0
// The codecs of the benchmark behind one interface: values in, bytes out, and back.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "actplane/format.h"
#include "cli/difference.h"
#include "data.h"

namespace actplane::bench {

// `values` are whole values of the format of the codec.
class Codec {
 public:
  virtual ~Codec() = default;
  virtual size_t Bound() const = 0;  // bytes that `Compress` needs room for
  virtual size_t Compress(std::span<const std::byte> values, std::span<std::byte> out) = 0;
  virtual bool Decompress(std::span<const std::byte> in, std::span<std::byte> values) = 0;
};

// One line of the table.
struct Entry {
  std::string name = {};
  Format format = Format::kFp32;  // that of the data, or FP32 for a codec that has no other
  double bits = 0;                // what was asked for; 0: lossless, the codec takes what it takes
  double least_snr = -INFINITY;   // dB that the run must reach
  uint32_t threads = 1;  // 2: measured for the speed-up of the entry before it, no line of its own
  std::unique_ptr<Codec> codec = {};
};

// All codecs for a data set of FP32, those of the same bits together, zfp 1-D among them.
std::vector<Entry> MakeEntries(const DataSet& data);

// For one run each, on one period of any format: both orders and zfp at these bits, where they have
// them; for 0 what is lossless.
std::vector<Entry> MakeEntries(const DataSet& data, double bits);

// What a codec made of a data set: the first `used` bytes of `room`.
struct Trial {
  std::vector<std::byte> room = {};
  size_t used = 0;
  cli::Difference difference = {};
  double compress = 0, decompress = 0;  // seconds

  std::span<const std::byte> Packed() const { return std::span(room).first(used); }
};

// Compresses and decompresses once, which also touches all memory before anything is timed.
// Returns what is wrong, or nothing.
std::string Try(const Entry& entry, const DataSet& data, std::vector<std::byte>& decoded,
                Trial& trial);

}  // namespace actplane::bench
