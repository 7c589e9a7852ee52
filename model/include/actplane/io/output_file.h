// SPDX-License-Identifier: Apache-2.0
// Output that appears whole or not at all.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "actplane/status.h"

namespace actplane::io {

// Where the writers put their bytes: a file, or memory in tests.
class Sink {
 public:
  virtual ~Sink() = default;

  // Appends all of `bytes`, or fails with kIo.
  virtual Status Write(std::span<const std::byte> bytes) = 0;

  // Ends the writing: all is where it must be but for its name, and no descriptor is held. For many
  // outputs that shall appear together. kIo, as Write; then Commit fails, too.
  virtual Status Seal() { return OkStatus(); }

  // Makes what was written final, after a Seal where there was none. A sink destroyed without it
  // leaves nothing behind.
  virtual Status Commit() = 0;

  // What messages call it: the path.
  virtual const std::string& name() const = 0;
};

struct OutputFileOptions {
  bool sync = false;    // wait until the bytes are on the disk before the file takes its name
  bool replace = true;  // else Commit fails with kInvalidConfig when the path has come to exist
};

// Opens `path` for writing. A regular target is written under a temporary name
// in the same directory and renamed by Commit, so that a failure leaves an
// existing target untouched and no partial one. A pipe or device is written
// straight, and waited for when it is full. kIo, naming path and reason, when
// the system refuses; kInvalidConfig for a link to nothing. Writing to a closed
// pipe raises SIGPIPE unless the program ignores it; then it is kIo too, as is
// SIGXFSZ. A library's call: programs go through Files (files.h).
Result<std::unique_ptr<Sink>> OpenOutputFile(const std::string& path,
                                             const OutputFileOptions& options = {});

// Standard output as it is, under the name "standard output".
Result<std::unique_ptr<Sink>> OpenStandardOutput();

// What is said of a path that is there already and must not be replaced. kInvalidConfig.
Status ExistsError(const std::string& path);

// kInvalidConfig when `path` is a link to what is not there: the file would take the link's place.
Status CheckLink(const std::string& path);

// From now on SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGXCPU remove temporary files before they end
// the program. For main() of a command: signals that are ignored or have a handler already are left
// alone.
void RemoveOutputFilesOnSignal();

}  // namespace actplane::io
