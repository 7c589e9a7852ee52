// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace actplane::cli {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no place.
size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string Blanks(size_t count) { return std::string(count, ' '); }

void EndLine(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

}  // namespace

void Table::Group(size_t first, size_t count, std::string title) {
  titles_.push_back({first, count, std::move(title)});
}

std::string Table::Text() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < headers_.size(); ++c) {
    size_t width = WidthOf(headers_[c]);
    for (const auto& row : rows_) {
      if (c < row.size()) width = std::max(width, WidthOf(row[c]));
    }
    widths.push_back(width);
  }
  const auto put_row = [&](std::string& text, const std::vector<std::string>& cells) {
    for (size_t c = 0; c < cells.size(); ++c) {
      const bool left = std::find(left_.begin(), left_.end(), c) != left_.end();
      const std::string pad = Blanks(widths[c] - WidthOf(cells[c]));
      if (c != 0) text += "  ";
      text += left ? cells[c] + pad : pad + cells[c];
    }
    EndLine(text);
  };

  std::string text;
  size_t at = 0;  // characters in the line of titles
  for (const Title& t : titles_) {
    const auto column = [&](size_t c) {
      return std::accumulate(widths.begin(), widths.begin() + static_cast<ptrdiff_t>(c), 2 * c);
    };
    const size_t begin = column(t.first);
    const size_t room = column(t.first + t.count) - 2 - begin;
    text += Blanks(begin - at) + fmt::format("{:-^{}}", fmt::format(" {} ", t.text), room);
    at = begin + room;
  }
  if (!titles_.empty()) EndLine(text);
  put_row(text, headers_);
  for (const auto& row : rows_) {
    if (row.empty()) {
      text += '\n';
    } else {
      put_row(text, row);
    }
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
