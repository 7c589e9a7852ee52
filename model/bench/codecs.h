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
#include "data.h"

namespace actplane::bench {

class Codec {
 public:
  virtual ~Codec() = default;
  virtual size_t Bound() const = 0;  // bytes that `Compress` needs room for
  virtual size_t Compress(std::span<const float> values, std::span<std::byte> out) = 0;
  virtual bool Decompress(std::span<const std::byte> in, std::span<float> values) = 0;
};

// One line of the table.
struct Entry {
  std::string name = {};
  double bits = 0;               // what was asked for; 0: lossless, the codec takes what it takes
  double least_snr = -INFINITY;  // dB that the run must reach
  uint32_t threads = 1;  // 2: measured for the speed-up of the entry before it, no line of its own
  std::unique_ptr<Codec> codec = {};
};

// All codecs for a data set, those of the same bits together, zfp 1-D among them.
std::vector<Entry> MakeEntries(const DataSet& data);

}  // namespace actplane::bench
