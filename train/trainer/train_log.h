// SPDX-License-Identifier: Apache-2.0
// The CSV log of a run: one row for each step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "train/stash/files.h"

namespace actplane::train {

struct LogRow {
  int64_t step = 0;  // finished steps, from 1
  double loss = 0;   // training, nats per byte
  double lr = 0;
  double gradient_norm = 0;
  double seconds = 0;
  double tokens_per_second = 0;
  int64_t stash_bytes = 0;
  std::optional<double> held_out;  // evaluated after this step
};

std::string FormatLog(const std::vector<LogRow>& rows);

// kIo, or kBadInput, naming file and line, when it is no log.
Result<std::vector<LogRow>> ReadLog(const std::string& path, Role role);

struct Curve {
  std::string name;
  std::vector<LogRow> rows;
  size_t reference = 0;  // index of the curve that it is compared with
};

// Loss over steps as SVG, drawn by gnuplot: held-out points joined by lines where there are two,
// otherwise the training loss as a running mean; below, where there are several, each against its
// reference. kIo when gnuplot is missing or fails.
Result<std::string> DrawCurves(const std::vector<Curve>& curves);

}  // namespace actplane::train
