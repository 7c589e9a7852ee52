// SPDX-License-Identifier: Apache-2.0
// Every path of a command line is opened here, so that no output can be one of the inputs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actplane/io/output_file.h"
#include "actplane/io/source.h"
#include "actplane/status.h"

namespace actplane::io {

// The inputs of one run of a program, and the outputs that do not harm them. "-" is standard input
// or standard output. Not for several threads.
class Files {
 public:
  // Regular files are read in place. Standard input and pipes are copied to a temporary file that
  // has no name, since the readers jump; as soon as they give more than `most` bytes they are left,
  // and size() is above `most`. kIo when the system refuses, kBadInput for what cannot be read.
  Result<std::unique_ptr<RandomAccessSource>> OpenInput(const std::string& path,
                                                        uint64_t most = UINT64_MAX);

  // For a regular file that a library opens by its path: remembers it as an input. As OpenInput
  // refuses.
  Status NoteInput(const std::string& path);

  // kInvalidConfig when `path` is one of the inputs by device and inode, whatever its name; when a
  // regular file is there already and `overwrite` is not set; when it is a link to what is not
  // there; when it is standard output and that is a terminal. For programs that must know before
  // long work; OpenOutput checks again.
  Status CheckOutput(const std::string& path, bool overwrite = false) const;

  // CheckOutput, then OpenOutputFile. Without `overwrite` a file that appears at `path` before the
  // Commit stays, and Commit fails.
  Result<std::unique_ptr<Sink>> OpenOutput(const std::string& path, bool overwrite = false) const;

  // Whether `path` is where standard output goes: status lines then belong on standard error.
  static bool IsStandardOutput(const std::string& path);

 private:
  using Identity = std::pair<dev_t, ino_t>;
  void Note(int fd);

  std::vector<Identity> inputs_;
};

}  // namespace actplane::io
