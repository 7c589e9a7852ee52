// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "actplane/io/tensor_info.h"
#include "fd.h"

namespace actplane::io {
namespace {

constexpr const char* kStandardStream = "-";

}  // namespace

void Files::Note(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) inputs_.emplace_back(st.st_dev, st.st_ino);
}

Result<std::unique_ptr<RandomAccessSource>> Files::OpenInput(const std::string& path,
                                                             uint64_t most) {
  if (path == kStandardStream) {
    Note(STDIN_FILENO);
    return OpenDescriptor(STDIN_FILENO, "standard input", most);
  }
  const Result<Fd> fd = OpenForReading(path);
  if (!fd.ok()) return fd.status();
  Note(fd->get());
  return OpenDescriptor(fd->get(), path, most);
}

Status Files::NoteInput(const std::string& path) {
  const Result<std::unique_ptr<RandomAccessSource>> source = OpenFile(path);
  if (!source.ok()) return source.status();
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0) inputs_.emplace_back(st.st_dev, st.st_ino);
  return OkStatus();
}

bool Files::IsStandardOutput(const std::string& path) {
  if (path == kStandardStream) return true;
  struct stat a {};
  struct stat b {};
  if (::stat(path.c_str(), &a) != 0 || ::fstat(STDOUT_FILENO, &b) != 0) return false;
  if (S_ISCHR(b.st_mode) && ::isatty(STDOUT_FILENO) != 1) return false;  // /dev/null twice: no harm
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

Status Files::CheckOutput(const std::string& path, bool overwrite) const {
  const bool standard = IsStandardOutput(path);
  struct stat st {};
  const bool exists =
      path == kStandardStream ? ::fstat(STDOUT_FILENO, &st) == 0 : ::stat(path.c_str(), &st) == 0;
  if (exists &&
      std::find(inputs_.begin(), inputs_.end(), Identity(st.st_dev, st.st_ino)) != inputs_.end()) {
    return ConfigError(
        fmt::format("{} is an input, which would be lost; choose another output", Quote(path)));
  }
  if (standard && ::isatty(STDOUT_FILENO) == 1) {
    return ConfigError("standard output is a terminal; send it to a file or pipe");
  }
  if (exists && !standard && !overwrite && S_ISREG(st.st_mode)) return ExistsError(path);
  return exists ? OkStatus() : CheckLink(path);
}

Result<std::unique_ptr<Sink>> Files::OpenOutput(const std::string& path, bool overwrite) const {
  if (Status s = CheckOutput(path, overwrite); !s.ok()) return s;
  if (IsStandardOutput(path)) return OpenStandardOutput();
  return OpenOutputFile(path, {.replace = overwrite});
}

}  // namespace actplane::io
