// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "terminal.h"

namespace actplane::cli {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(200);  // also keeps short work silent
constexpr size_t kCells = 30;
constexpr size_t kLeastCells = 5;

}  // namespace

std::string ProgressLine(const std::string& label, double share, const std::string& speed,
                         size_t columns) {
  const size_t room = columns - std::min<size_t>(columns, 1);  // a full line would wrap
  const std::string percent = fmt::format("{:3.0f} %", 100 * share);
  const std::string rate = "  " + speed;
  for (const std::string& tail : {percent + rate, percent}) {
    const size_t others = WidthOf(label) + WidthOf(" [] ") + WidthOf(tail);
    if (others + kLeastCells > room) continue;
    const size_t cells = std::min(kCells, room - others);
    const auto full = static_cast<size_t>(share * static_cast<double>(cells));
    return fmt::format("{} [{:<{}}] {}", label, std::string(full, '#'), cells, tail);
  }
  const size_t name = room - std::min(room, percent.size() + 1);
  return KeepEnd(name == 0 ? percent : KeepEnd(label, name) + " " + percent, room);
}

Progress::Progress(std::string label, uint64_t total, bool quiet, std::string unit)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      enabled_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { Clear(); }

void Progress::Clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
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
  const std::string speed = fmt::format("{:.0f} {}/s", done / (unit_.empty() ? 1e6 : 1) / seconds,
                                        unit_.empty() ? "MB" : unit_);
  const std::string line = ProgressLine(label_, share, speed, TerminalColumns(STDERR_FILENO));
  std::fputs(("\r\x1b[K" + line).c_str(), stderr);  // where that fails there is nothing to draw on
}

}  // namespace actplane::cli
