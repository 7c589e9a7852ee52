// SPDX-License-Identifier: Apache-2.0
// A text table: the first column to the left, the others to the right, as wide as their cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace actplane::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}

  // A title above `count` columns from `first` on.
  void Group(size_t first, size_t count, std::string title);
  // Another column to the left.
  void AlignLeft(size_t column) { left_.push_back(column); }
  void Row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void Gap() { rows_.emplace_back(); }
  std::string Text() const;

 private:
  struct Title {
    size_t first, count;
    std::string text;
  };
  std::vector<std::string> headers_;
  std::vector<Title> titles_;
  std::vector<size_t> left_ = {0};
  std::vector<std::vector<std::string>> rows_;
};

double Quotient(uint64_t a, uint64_t b);

// "12.34", or "-" when there is nothing to divide by.
std::string RatioText(uint64_t raw, uint64_t coded);
std::string PercentText(uint64_t part, uint64_t whole);

}  // namespace actplane::cli
