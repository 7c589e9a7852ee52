// SPDX-License-Identifier: Apache-2.0
// The files of this process, all through one io::Files: no output can be an input, and no two
// outputs one file, wherever in the program they are opened.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "actplane/io/output_file.h"
#include "actplane/io/source.h"
#include "actplane/status.h"

namespace actplane::train {

// More than people write, and than a parser may make of it in 256 MiB.
inline constexpr uint64_t kMostSettings = 1 << 20;
inline constexpr uint64_t kMostJson = 8 << 20;
inline constexpr uint64_t kMostLog = 128 << 20;
inline constexpr uint64_t kMostText = 256 << 20;

// An input, which this process must not write; or what this program has written into a folder of
// its own and may write again. "-" and pipes are inputs only.
enum class Role { kInput, kOwn };

// kIo when the system refuses, kBadInput for what cannot be read, kInvalidConfig when this process
// is to write that file. A pipe is read until it has given more than `most` bytes, as size() tells.
Result<std::unique_ptr<io::RandomAccessSource>> OpenInput(const std::string& path,
                                                          Role role = Role::kInput,
                                                          uint64_t most = UINT64_MAX);

// All of it. kBadInput, before a byte is read, when it has more than `most`; `fix` ends the
// message.
Result<std::string> ReadInput(const std::string& path, uint64_t most, std::string_view fix,
                              Role role = Role::kInput);

// Remembers an input that is opened later, unless it is a pipe.
Status NoteInput(const std::string& path);

// From now on only regular files are inputs: other processes will read them too.
void RefuseStreams();

// Whether outputs that exist are replaced: what -f says. For those that are claimed from now on.
void ReplaceOutputs(bool replace);

// A file that this process will write.
class Output {
 public:
  // Before long work. kInvalidConfig when it is an input, another output of this process, or there
  // already and not to be replaced.
  static Result<Output> Claim(const std::string& path);
  // The same for a file in a folder of the program, where a pipe or device is a mistake.
  static Result<Output> ClaimOwn(const std::string& path);

  Output(Output&& other) noexcept = default;
  Output& operator=(Output&& other) noexcept = default;
  ~Output() = default;

  const std::string& path() const;

  // Whole or not at all. Again: what this process has written itself is replaced.
  Status Write(std::string_view text);
  // `sync` waits for the disk. kIo, and what `write` returns.
  Status Write(const std::function<Status(io::Sink&)>& write, bool sync = false);
  // For a writer that commits the sink itself, once.
  Result<std::unique_ptr<io::Sink>> Open(bool sync = false) const;

  // One that is claimed now; empty when none is.
  static std::string AnyClaimed();
  // Once more, since inputs may have been opened after the claims.
  static Status CheckAll();

 private:
  struct Claimed;
  explicit Output(std::shared_ptr<Claimed> claimed) : claimed_(std::move(claimed)) {}

  std::shared_ptr<Claimed> claimed_;
};

}  // namespace actplane::train
