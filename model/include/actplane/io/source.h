// SPDX-License-Identifier: Apache-2.0
// Where the readers take their bytes from: a file, or
// memory (tests, fuzzers). Little-endian hosts only.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "actplane/status.h"

namespace actplane::io {

static_assert(std::endian::native == std::endian::little,
              "files are little-endian and so is the host");

class RandomAccessSource {
 public:
  virtual ~RandomAccessSource() = default;

  // Bytes in all, fixed when it was opened.
  virtual uint64_t size() const = 0;

  // What messages call it: the path.
  virtual const std::string& name() const = 0;

  // Fills `out` from byte `offset`, or fails: kBadInput when the range is not inside the source,
  // kIo when the system refuses. May be called from several threads.
  virtual Status ReadAt(uint64_t offset, std::span<std::byte> out) const = 0;
};

// Opens a regular file. kIo when it cannot be opened, kBadInput when it is a directory, pipe or
// device. A library's call: programs go through Files (files.h).
Result<std::unique_ptr<RandomAccessSource>> OpenFile(const std::string& path);

// Everything that is left to read from `fd`, which stays the caller's: in place when it is a
// regular file at its beginning, otherwise by way of a temporary file without a name. kBadInput
// when it is a directory or device, a terminal, or a pipe that nobody writes to. A pipe that gives
// more than `most` bytes is left there: size() above `most` tells, and the disk stays free.
Result<std::unique_ptr<RandomAccessSource>> OpenDescriptor(int fd, std::string name,
                                                           uint64_t most = UINT64_MAX);

// A view of bytes that the caller keeps alive.
std::unique_ptr<RandomAccessSource> WrapMemory(std::string name, std::span<const std::byte> bytes);

}  // namespace actplane::io
