// SPDX-License-Identifier: Apache-2.0
// A line on stderr that says how far a long run is; nothing if that is no terminal.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace actplane::tb {

class Progress {
 public:
  Progress(std::string label, uint64_t total)
      : label_(std::move(label)), total_(total), enabled_(isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (drawn_) fmt::print(stderr, "\r\x1b[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(uint64_t blocks) {
    done_ += blocks;
    const auto now = std::chrono::steady_clock::now();
    if (!enabled_ || now - shown_ < std::chrono::milliseconds(200)) return;
    shown_ = now;
    drawn_ = true;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    fmt::print(stderr, "\r\x1b[K{} {} of {} blocks, {:.0f} blocks/s", label_, done_, total_,
               static_cast<double>(done_) / seconds);
    std::fflush(stderr);
  }

 private:
  std::string label_;
  uint64_t total_;
  uint64_t done_ = 0;
  bool enabled_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = start_;
};

}  // namespace actplane::tb
