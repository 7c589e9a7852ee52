// SPDX-License-Identifier: Apache-2.0
// Timing figures as WaveDrom source: one line for each signal, and the comparison with what is
// committed. ACTP_FIGURES=update writes docs/figures/<name>.json (`make figures`).
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace actplane::testing_support {

// One line of a figure: what is drawn in each cycle. A level is 0 or 1; a text is a value of a bus,
// empty where it means nothing.
class Wave {
 public:
  explicit Wave(std::string name) : name_(std::move(name)) {}
  void Level(bool value) { Add(value ? "1" : "0"); }
  // `id` tells two equal texts apart: a beat that stays is drawn once.
  void Text(const std::string& text, char color, uint64_t id = 0) {
    if (text.empty()) return Add("x");
    const std::string key = fmt::format("{}{}/{}", color, text, id);
    if (key == last_) {
      wave_ += '.';
      return;
    }
    last_ = key;
    wave_ += color;
    data_.push_back(text);
  }
  std::string Json() const {
    std::string line = fmt::format("{{\"name\": \"{}\", \"wave\": \"{}\"", name_, wave_);
    if (!data_.empty()) {
      line += ", \"data\": [";
      for (size_t i = 0; i < data_.size(); ++i) {
        line += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", data_[i]);
      }
      line += "]";
    }
    return line + "}";
  }

 private:
  void Add(const std::string& symbol) {
    wave_ += symbol == last_ ? "." : symbol;
    last_ = symbol;
  }
  std::string name_, wave_, last_;
  std::vector<std::string> data_;
};

// `json` is docs/figures/<name>.json.
inline void CompareFigure(const std::string& name, const std::string& json) {
  const std::string path = fmt::format("{}/docs/figures/{}.json", ACTP_SOURCE_DIR, name);
  if (const char* mode = std::getenv("ACTP_FIGURES"); mode != nullptr) {
    ASSERT_EQ(std::string(mode), "update");
    std::ofstream(path) << json;
  }
  std::ifstream file(path);
  std::stringstream there;
  there << file.rdbuf();
  EXPECT_EQ(there.str(), json) << path << " is not what the RTL does; run: make figures";
}

}  // namespace actplane::testing_support
