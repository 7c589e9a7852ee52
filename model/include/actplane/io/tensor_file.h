// SPDX-License-Identifier: Apache-2.0
// Reads .npy and .safetensors without loading them: the header at Open, then any range of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actplane/io/source.h"
#include "actplane/io/tensor_info.h"

namespace actplane::io {

struct TensorFileOptions {
  // What the values are. Needed for .npy of <u2 or V2, which have no other way to say bfloat16.
  // Otherwise a check: a .npy of another format is refused, tensors of a .safetensors file are left
  // out with a note.
  std::optional<Format> format;
  // Read only the tensor of this name of a .safetensors file, or if there is none those that it
  // fits as a pattern (MatchesPattern); without it all. A name may be empty.
  std::optional<std::string> tensor = {};
  // For two files together: `format` says what <u2 and V2 of a .npy are and excludes nothing,
  // `tensor` chooses from a .safetensors and is nothing to a .npy.
  bool mixed = false;
  // Only to know what is there: a data type that cannot be compressed is no error, skipped() has
  // it.
  bool list = false;
};

// A tensor whose values cannot be read as numbers.
struct SkippedTensor {
  std::string name, dtype;
  std::vector<uint64_t> shape;
  bool fortran_order = false;
  uint64_t offset = 0;  // byte of the file
  uint64_t bytes = 0;
  std::string reason;  // what is wrong, then the fix if there is one
};

class TensorReader {
 public:
  // Tells the kind of file by its first bytes, and checks the whole header against the size of the
  // file. kIo when it cannot be opened, kBadInput when it cannot be read as asked.
  static Result<TensorReader> Open(const std::string& path, const TensorFileOptions& options = {});
  static Result<TensorReader> Open(std::unique_ptr<RandomAccessSource> source,
                                   const TensorFileOptions& options = {});

  // In the order of their data.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  // Those left out, but for what the options exclude. In the order of their data.
  const std::vector<SkippedTensor>& skipped() const { return skipped_; }

  // Whether it is .npy rather than .safetensors.
  bool npy() const { return npy_; }

  // Whether a file says by its first bytes or its name that it is .npy or .safetensors.
  static Result<bool> Recognizes(const RandomAccessSource& source);

  // One line for each tensor left out, for the user to see. At most a score, then a count.
  const std::vector<std::string>& notes() const { return notes_; }

  // Fills `out` with the values of `tensors()[tensor]` from number `first_value` on, little-endian,
  // in memory order; out.size() is a multiple of the value size. kBadInput when the range is not
  // inside the tensor, kIo when the system refuses. May be called from several threads.
  Status Read(size_t tensor, uint64_t first_value, std::span<std::byte> out) const;

  // The same for the bytes of `skipped()[tensor]`.
  Status ReadSkipped(size_t tensor, uint64_t first_byte, std::span<std::byte> out) const;

 private:
  explicit TensorReader(std::unique_ptr<RandomAccessSource> source) : source_(std::move(source)) {}
  Status OpenNpy(const TensorFileOptions& options);
  Status OpenSafetensors(const TensorFileOptions& options);
  void AddNote(std::string note);
  Status Bad(const std::string& what) const;

  std::unique_ptr<RandomAccessSource> source_;
  bool npy_ = false;
  std::vector<TensorInfo> tensors_;
  std::vector<SkippedTensor> skipped_;
  std::vector<std::string> notes_;
  size_t notes_left_out_ = 0;
};

}  // namespace actplane::io
