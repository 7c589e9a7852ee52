// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace actplane::cli {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(200);  // also keeps short work silent
constexpr double kCells = 30;

}  // namespace

Progress::Progress(std::string label, uint64_t total, bool quiet, std::string unit)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      enabled_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::Advance(uint64_t work) {
  done_ += work;
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || now - shown_ < kInterval) return;
  shown_ = now;
  drawn_ = true;
  Draw();
}

void Progress::Draw() const {
  const auto done = static_cast<double>(done_);
  const double share = total_ == 0 ? 1 : std::min(1.0, done / static_cast<double>(total_));
  const double seconds = std::chrono::duration<double>(shown_ - start_).count();
  const auto full = static_cast<size_t>(share * kCells);
  fmt::print(stderr, "\r\x1b[K{} [{:<30}] {:3.0f} %  {:.0f} {}/s", label_, std::string(full, '#'),
             100 * share, done / (unit_.empty() ? 1e6 : 1) / seconds, unit_.empty() ? "MB" : unit_);
  std::fflush(stderr);
}

}  // namespace actplane::cli
