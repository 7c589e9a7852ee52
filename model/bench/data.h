// SPDX-License-Identifier: Apache-2.0
// What is compressed: three kinds of activations made from a fixed seed, and the user's own files.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "actplane/format.h"
#include "actplane/status.h"

namespace actplane::bench {

struct DataSet {
  std::string name = {};
  std::string text = {};           // where the values come from, for the title of the table
  std::vector<float> values = {};  // the working set: `period` values over and over
  size_t period = 0;
  size_t row = 0;  // length of a row of the tensors; 0: they differ, or there are no rows
  bool finite = true;
  std::vector<size_t> tensors = {};    // their lengths in a period, one after the other
  Format format = Format::kFp32;       // of which all values are numbers
  std::vector<std::byte> narrow = {};  // the values in a format of 16 bits

  // The values in `as`, which is the format of the set or FP32.
  std::span<const std::byte> Bytes(Format as) const {
    return as == Format::kFp32 ? std::as_bytes(std::span(values)) : std::span(narrow);
  }
};

// Normal data, GELU output and causal softmax output, each of at least `values` values.
DataSet NormalData(size_t values);
DataSet GeluData(size_t values);
DataSet SoftmaxData(size_t values);
// Laplace data, and normal data of which every 64th column is 30 times as large.
DataSet LaplaceData(size_t values);
DataSet OutlierData(size_t values);

// The FP32 tensors of the files and those of `format`, an equal share of each. kBadInput when there
// is none.
Result<DataSet> FileData(std::span<const std::string> paths, size_t values,
                         Format format = Format::kFp32);

// One period, rounded to nearest in `format`.
DataSet InFormat(const DataSet& data, Format format);

}  // namespace actplane::bench
