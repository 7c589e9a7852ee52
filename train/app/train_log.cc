// SPDX-License-Identifier: Apache-2.0
#include "train/app/train_log.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "actplane/io/tensor_info.h"

namespace actplane::train {
namespace {

constexpr const char* kHeader =
    "step,loss,lr,gradient_norm,seconds,tokens_per_second,stash_bytes,held_out_loss";

// Nine significant digits: as many as a float has.
std::string Number(double value) { return fmt::format("{:.9g}", value); }

bool ParseRow(const std::string& line, LogRow& row) {
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
    good &= !cells[i].empty() && *end == '\0';
    return value;
  };
  row.step = static_cast<int64_t>(number(0));
  row.loss = number(1);
  row.lr = number(2);
  row.gradient_norm = number(3);
  row.seconds = number(4);
  row.tokens_per_second = number(5);
  row.stash_bytes = static_cast<int64_t>(number(6));
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

Result<std::vector<LogRow>> ReadLog(const std::string& path) {
  std::ifstream file(path);
  if (!file) return IoError(fmt::format("cannot read {}; check the path", io::Quote(path)));
  std::vector<LogRow> rows;
  int64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    LogRow row;
    const bool good = ++number == 1 ? line == kHeader : ParseRow(line, row);
    if (!good) {
      return BadInputError(fmt::format(
          "{}:{}: not a line of a log; give a log.csv of actplane-train", io::Quote(path), number));
    }
    if (number > 1) rows.push_back(row);
  }
  if (number == 0) {
    return BadInputError(
        fmt::format("{}: it is empty; give a log.csv of actplane-train", io::Quote(path)));
  }
  return rows;
}

}  // namespace actplane::train
