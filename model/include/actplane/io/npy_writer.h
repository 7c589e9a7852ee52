// SPDX-License-Identifier: Apache-2.0
// Writes one tensor as .npy, piece by piece, with the header that numpy itself would write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "actplane/io/output_file.h"
#include "actplane/io/tensor_info.h"

namespace actplane::io {

class NpyWriter {
 public:
  // Shape, order and dtype come back as they went in; safetensors F32, F16, BF16 become <f4, <f2,
  // <u2. kBadInput when `info` is impossible, kIo when the file cannot be written.
  static Result<NpyWriter> Create(const std::string& path, const TensorInfo& info);
  static Result<NpyWriter> Create(std::unique_ptr<Sink> sink, const TensorInfo& info);

  // The next values, little-endian, in memory order.
  // kBadInput when there are more than the shape has.
  Status Write(std::span<const std::byte> values);

  // Gives the file its name. kBadInput when values are
  // missing; then, as after any failure, no file is left.
  Status Finish();

  // The same but for the name, which the Commit of what comes back gives. Ends the writer.
  Result<std::unique_ptr<Sink>> Seal();

 private:
  NpyWriter(std::unique_ptr<Sink> sink, uint64_t bytes)
      : sink_(std::move(sink)), bytes_left_(bytes) {}
  Status CheckWhole() const;

  std::unique_ptr<Sink> sink_;
  uint64_t bytes_left_;
};

}  // namespace actplane::io
