// SPDX-License-Identifier: Apache-2.0
// What the intervals of a comparison say, range of bytes by range of bytes.
#pragma once

#include <string>
#include <vector>

#include "train/trainer/comparison.h"

namespace actplane::train {

// A method among those that keep about as many bytes: a range is half an octave of fewer bytes than
// BF16. No correction for several comparisons is made.
struct Verdict {
  const Row* row;
  int range;           // fewer bytes than BF16: 2^(range / 2) up to 2^((range + 1) / 2) times
  Interval loss;       // percent above exact
  std::string exact;   // in words
  const Row* least;    // of the range: that of the least mean loss, of all that have as many seeds
  Interval behind;     // percent above `least`, by the seeds of both
  std::string others;  // in words; empty for `least` itself
};

// Of the rows that have a run with a pair, by range and then by bytes; not of `exact`, the first.
std::vector<Verdict> Verdicts(const std::vector<Row>& rows);

std::string VerdictCsv(const std::vector<Row>& rows);
// A table, or nothing where no row has an interval.
std::string VerdictMarkdown(const std::vector<Row>& rows);

}  // namespace actplane::train
