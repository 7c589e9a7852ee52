// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/train_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "actplane/io/tensor_info.h"

namespace actplane::train {
namespace {

constexpr const char* kHeader =
    "step,loss,lr,gradient_norm,seconds,tokens_per_second,stash_bytes,held_out_loss";

// Nine significant digits: as many as a float has.
std::string Number(double value) { return fmt::format("{:.9g}", value); }

bool ParseRow(std::string_view line, LogRow& row) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  if (cells.size() != 8) return false;
  bool good = true;
  const auto number = [&](size_t i) {
    char* end = nullptr;
    const double value = std::strtod(cells[i].c_str(), &end);
    good &= !cells[i].empty() && end == cells[i].c_str() + cells[i].size();
    return value;
  };
  const auto whole = [&](size_t i) {
    const double value = number(i);
    good &= value >= 0 && value < 0x1p53 && value == std::floor(value);
    return good ? static_cast<int64_t>(value) : 0;
  };
  row.step = whole(0);
  row.loss = number(1);
  row.lr = number(2);
  row.gradient_norm = number(3);
  row.seconds = number(4);
  row.tokens_per_second = number(5);
  row.stash_bytes = whole(6);
  if (!cells[7].empty()) row.held_out = number(7);
  return good;
}

}  // namespace

std::string FormatLog(const std::vector<LogRow>& rows) {
  std::string text = fmt::format("{}\n", kHeader);
  for (const LogRow& r : rows) {
    text += fmt::format("{},{},{},{},{:.4f},{:.0f},{},{}\n", r.step, Number(r.loss), Number(r.lr),
                        Number(r.gradient_norm), r.seconds, r.tokens_per_second, r.stash_bytes,
                        r.held_out ? Number(*r.held_out) : "");
  }
  return text;
}

Result<std::vector<LogRow>> ReadLog(const std::string& path, Role role) {
  constexpr std::string_view kFix = "give a log.csv of actplane-train";
  const Result<std::string> text = ReadInput(path, kMostLog, kFix, role);
  if (!text.ok()) return text.status();
  if (text->empty())
    return BadInputError(fmt::format("{}: it is empty; {}", io::Quote(path), kFix));
  std::vector<LogRow> rows;
  int64_t number = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    LogRow row;
    const bool good = ++number == 1 ? line == kHeader : ParseRow(line, row);
    if (!good) {
      return BadInputError(
          fmt::format("{}:{}: not a line of a log; {}", io::Quote(path), number, kFix));
    }
    if (number > 1) rows.push_back(row);
  }
  return rows;
}

}  // namespace actplane::train
