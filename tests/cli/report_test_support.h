// SPDX-License-Identifier: Apache-2.0
// For the subcommands that print about tensors: terminals of a width, and files.
#pragma once

#include <bit>
#include <cmath>
#include <cstring>

#include "cli_test_support.h"

namespace actplane::cli {

struct Tensor {
  std::string name, dtype;
  std::vector<uint64_t> shape;
  std::string bytes;
};

// A whole .safetensors file.
inline std::string SafetensorsOf(const std::vector<Tensor>& tensors) {
  Json header = Json::object();
  std::string data;
  for (const Tensor& t : tensors) {
    header[t.name] = {{"dtype", t.dtype},
                      {"shape", t.shape},
                      {"data_offsets", {data.size(), data.size() + t.bytes.size()}}};
    data += t.bytes;
  }
  return Safetensors(header.dump(), data);
}

inline std::string FloatBytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), 4 * values.size()};
}

// Numbers of both signs in a few binades, the same every time.
inline std::vector<float> SomeFloats(size_t count, uint32_t seed = 1) {
  const std::string noise = Noise(4 * count, seed);
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, noise.data() + 4 * i, 4);
    values.push_back(std::bit_cast<float>((bits & 0x80ffffff) | ((124 + bits % 5) << 23)));
  }
  return values;
}

// The bits of the upper half: truncated to bfloat16.
inline std::string Bf16Bytes(const std::vector<float>& values) {
  std::string bytes;
  for (const float v : values) bytes += Little(std::bit_cast<uint32_t>(v) >> 16, 2);
  return bytes;
}

inline std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

inline size_t WidestLine(const std::string& text) {
  size_t widest = 0;
  for (const std::string& line : LinesOf(text)) {
    const auto characters =
        std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
    widest = std::max(widest, static_cast<size_t>(characters));
  }
  return widest;
}

class ReportTest : public CliTest {
 protected:
  // What a run that must succeed shows on a terminal of this width.
  std::string OnTerminal(const std::vector<std::string>& arguments, unsigned short columns) const {
    const RunResult r = RunOn(arguments, {.out_columns = columns});
    EXPECT_EQ(r.exit, 0) << r.err;
    return r.out;
  }

  // The JSON that a run prints which must end with this exit code.
  Json JsonAt(int exit, std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const RunResult r = Run(arguments);
    EXPECT_EQ(r.exit, exit) << r.err;
    return Json::parse(r.out, nullptr, false);
  }
};

}  // namespace actplane::cli
