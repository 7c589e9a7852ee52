// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "terminal.h"

namespace actplane::cli {
namespace {

constexpr size_t kBetween = 2;      // blanks between columns
constexpr size_t kLeastLabel = 10;  // what the first column keeps before others go below

std::string Blanks(size_t count) { return std::string(count, ' '); }

void EndLine(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

}  // namespace

void Table::Group(size_t first, size_t count, std::string title) {
  titles_.push_back({first, count, std::move(title)});
}

std::vector<size_t> Table::Widths() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < headers_.size(); ++c) {
    size_t width = WidthOf(headers_[c]);
    for (const auto& row : rows_) {
      if (c < row.size() && !IsHeading(row)) width = std::max(width, WidthOf(row[c]));
    }
    widths.push_back(width);
  }
  return widths;
}

// Which columns stand in which table.
std::vector<std::vector<size_t>> Table::Parts(const std::vector<size_t>& widths,
                                              size_t columns) const {
  const size_t label = std::min(widths[0], std::max(kLeastLabel, WidthOf(headers_[0])));
  std::vector<std::vector<size_t>> parts = {{0}};
  size_t used = label;
  for (size_t c = 1; c < widths.size();) {
    size_t end = c + 1;
    for (const Title& t : titles_) {
      if (t.first == c) end = c + t.count;
    }
    size_t width = 0;
    for (size_t i = c; i < end; ++i) width += kBetween + widths[i];
    if (used + width > columns && parts.back().size() > 1) {
      parts.push_back({0});
      used = label;
    }
    for (; c < end; ++c) parts.back().push_back(c);
    used += width;
  }
  return parts;
}

std::string Table::PartText(const std::vector<size_t>& part, std::vector<size_t> widths,
                            size_t columns) const {
  size_t others = 0;
  for (size_t i = 1; i < part.size(); ++i) others += kBetween + widths[part[i]];
  const size_t least = std::min(widths[0], std::max(kLeastLabel, WidthOf(headers_[0])));
  if (widths[0] + others > columns) {
    widths[0] = std::max(least, columns - std::min(columns, others));
  }

  std::string text;
  const auto put_lines = [&](const std::string& cell) {
    for (const std::string& piece : Fold(cell, columns)) text += piece + '\n';
  };
  const auto put_row = [&](const std::vector<std::string>& cells) {
    const bool own_line = WidthOf(cells[0]) > widths[0];
    if (own_line) put_lines(cells[0]);
    for (const size_t c : part) {
      const std::string cell = c >= cells.size() || (c == 0 && own_line) ? "" : cells[c];
      const bool left = std::find(left_.begin(), left_.end(), c) != left_.end();
      const std::string pad = Blanks(widths[c] - WidthOf(cell));
      if (c != 0) text += Blanks(kBetween);
      text += left ? cell + pad : pad + cell;
    }
    EndLine(text);
  };

  size_t at = 0;  // characters in the line of titles
  size_t begin = 0;
  for (const size_t c : part) {
    for (const Title& t : titles_) {
      if (t.first != c) continue;
      size_t room = 0;
      for (size_t i = c; i < c + t.count; ++i) room += widths[i] + (i == c ? 0 : kBetween);
      text += Blanks(begin - at) + fmt::format("{:-^{}}", fmt::format(" {} ", t.text), room);
      at = begin + room;
    }
    begin += widths[c] + kBetween;
  }
  if (at != 0) EndLine(text);
  put_row(headers_);
  for (const auto& row : rows_) {
    if (row.empty()) {
      text += '\n';
    } else if (IsHeading(row)) {
      put_lines(row[0]);
    } else {
      put_row(row);
    }
  }
  return text;
}

std::string Table::Text(size_t columns) const {
  const std::vector<size_t> widths = Widths();
  std::string text;
  for (const std::vector<size_t>& part : Parts(widths, columns)) {
    if (!text.empty()) text += '\n';
    text += PartText(part, widths, columns);
  }
  return text;
}

double Quotient(uint64_t a, uint64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

std::string RatioText(uint64_t raw, uint64_t coded) {
  return coded == 0 ? "-" : fmt::format("{:.2f}", Quotient(raw, coded));
}

std::string PercentText(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  // Rounding must not make "some" look like "none" or like "all".
  const double percent = 100 * Quotient(part, whole);
  if (percent > 0 && percent < 0.05) return "<0.1";
  if (percent < 100 && percent >= 99.95) return ">99.9";
  return fmt::format("{:.1f}", percent);
}

}  // namespace actplane::cli
