// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/npy_writer.h"

#include <fmt/format.h>

#include "npy_header.h"

namespace actplane::io {

Result<NpyWriter> NpyWriter::Create(const std::string& path, const TensorInfo& info) {
  Result<std::unique_ptr<Sink>> sink = OpenOutputFile(path);
  if (!sink.ok()) return sink.status();
  return Create(std::move(*sink), info);
}

Result<NpyWriter> NpyWriter::Create(std::unique_ptr<Sink> sink, const TensorInfo& info) {
  if (Status s = ValidateTensorInfo(info); !s.ok()) return s;
  const std::string header =
      FormatNpyHeader({std::string(NpyDtype(info.dtype)), info.fortran_order, info.shape});
  if (Status s = sink->Write(std::as_bytes(std::span(header))); !s.ok()) return s;
  return NpyWriter(std::move(sink), info.values * InfoOf(info.format).value_bytes);
}

Status NpyWriter::Write(std::span<const std::byte> values) {
  if (values.size() > bytes_left_) {
    return BadInputError(
        fmt::format("{}: {} bytes of values too many for its shape; write as many as it has",
                    Quote(sink_->name()), values.size() - bytes_left_));
  }
  bytes_left_ -= values.size();
  return sink_->Write(values);
}

Status NpyWriter::CheckWhole() const {
  if (bytes_left_ == 0) return OkStatus();
  return BadInputError(fmt::format("{}: {} bytes of values are missing; write all of them first",
                                   Quote(sink_->name()), bytes_left_));
}

Status NpyWriter::Finish() {
  Status s = CheckWhole();
  return s.ok() ? sink_->Commit() : s;
}

Result<std::unique_ptr<Sink>> NpyWriter::Seal() {
  if (Status s = CheckWhole(); !s.ok()) return s;
  if (Status s = sink_->Seal(); !s.ok()) return s;
  return std::move(sink_);
}

}  // namespace actplane::io
