// SPDX-License-Identifier: Apache-2.0
// A text table: the first column to the left, the others to the right, as wide as their cells and
// never wider than it may be.
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

  // A title above `count` columns from `first` on, which stay together.
  void Group(size_t first, size_t count, std::string title);
  // One more, to the right of the others.
  void Column(std::string header) { headers_.push_back(std::move(header)); }
  // Another column to the left.
  void AlignLeft(size_t column) { left_.push_back(column); }
  void Row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // A line of its own, as wide as the table may be.
  void Heading(std::string text) { rows_.push_back({std::move(text)}); }
  void Gap() { rows_.emplace_back(); }

  // At most `columns` wide: long cells of the first column get lines of their own, and columns that
  // still do not fit go into further tables below, each with the first column.
  std::string Text(size_t columns) const;

 private:
  struct Title {
    size_t first, count;
    std::string text;
  };
  std::vector<size_t> Widths() const;
  std::vector<std::vector<size_t>> Parts(const std::vector<size_t>& widths, size_t columns) const;
  std::string PartText(const std::vector<size_t>& part, std::vector<size_t> widths,
                       size_t columns) const;
  bool IsHeading(const std::vector<std::string>& row) const {
    return row.size() == 1 && headers_.size() > 1;
  }

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
