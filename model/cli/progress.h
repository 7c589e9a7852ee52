// SPDX-License-Identifier: Apache-2.0
// A progress bar on stderr, if that is a terminal; gone when done.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace actplane::cli {

// The bar without what moves the cursor: always shorter than `columns`, so that it stays one line.
// `speed` in MB/s.
std::string ProgressLine(const std::string& label, double share, const std::string& speed,
                         size_t columns);

class Progress {
 public:
  // `total` bytes of work, or of whatever `unit` says. `quiet` shows nothing, as does a stderr that
  // is no terminal.
  Progress(std::string label, uint64_t total, bool quiet, std::string unit = "");
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(uint64_t work);
  // Makes room for another line on stderr.
  void Clear();
  uint64_t done() const { return done_; }

 private:
  void Draw() const;

  std::string label_;
  std::string unit_;  // empty: bytes
  uint64_t total_;
  uint64_t done_ = 0;
  bool enabled_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = start_;
};

}  // namespace actplane::cli
