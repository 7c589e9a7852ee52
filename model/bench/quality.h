// SPDX-License-Identifier: Apache-2.0
// What is kept at equal bits, with nothing timed: both orders and zfp beside the quantizers in use
// elsewhere, and what lossless codecs make of the values.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data.h"
#include "report.h"

namespace actplane::bench {

// The rows of one period of a format. `faults` says what gave back what it must not.
std::vector<Row> MeasureQuality(const DataSet& data, std::vector<std::string>& faults);

// The rows of one data set in several formats, side by side.
std::string QualityTable(std::span<const Row> rows);

}  // namespace actplane::bench
