// SPDX-License-Identifier: Apache-2.0
// The item log of a run: one line per event, `cycle component event key=value`. Off unless a run is
// repeated because it failed. Of a long run only the end is kept.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace actplane::tb {

class ItemLog {
 public:
  void Enable() { enabled_ = true; }
  void SetCycle(uint64_t cycle) { cycle_ = cycle; }

  template <typename... Args>
  void Add(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    if (!enabled_) return;
    text_ += fmt::format("{} {} {}\n", cycle_, component,
                         fmt::format(format, std::forward<Args>(args)...));
    if (text_.size() > kMostBytes) text_.erase(0, text_.find('\n', kMostBytes / 2) + 1);
  }
  const std::string& text() const { return text_; }

 private:
  static constexpr size_t kMostBytes = 32 << 20;

  bool enabled_ = false;
  uint64_t cycle_ = 0;
  std::string text_;
};

}  // namespace actplane::tb
