// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "actplane/io/tensor_info.h"
#include "fd.h"

namespace actplane::io {
namespace {

Status CheckRange(const RandomAccessSource& source, uint64_t offset, size_t bytes) {
  if (offset > source.size() || bytes > source.size() - offset) {
    return BadInputError(
        fmt::format("{} ends at byte {} where more was expected; it is truncated, get it again",
                    Quote(source.name()), source.size()));
  }
  return OkStatus();
}

class FileSource final : public RandomAccessSource {
 public:
  FileSource(std::string path, Fd fd, uint64_t size)
      : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

  uint64_t size() const override { return size_; }
  const std::string& name() const override { return path_; }

  Status ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    if (Status s = CheckRange(*this, offset, out.size()); !s.ok()) return s;
    while (!out.empty()) {
      const ssize_t n = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        // The size was right at Open, so an early end means that somebody else cut the file since.
        return IoError(fmt::format(
            "cannot read {}: {}; try again, or copy it to another disk first", Quote(path_),
            n < 0 ? ErrorText(errno) : "it became shorter while being read"));
      }
      out = out.subspan(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
    return OkStatus();
  }

 private:
  std::string path_;
  Fd fd_;
  uint64_t size_;
};

class MemorySource final : public RandomAccessSource {
 public:
  MemorySource(std::string name, std::span<const std::byte> bytes)
      : name_(std::move(name)), bytes_(bytes) {}

  uint64_t size() const override { return bytes_.size(); }
  const std::string& name() const override { return name_; }

  Status ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    if (Status s = CheckRange(*this, offset, out.size()); !s.ok()) return s;
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return OkStatus();
  }

 private:
  std::string name_;
  std::span<const std::byte> bytes_;
};

}  // namespace

Result<std::unique_ptr<RandomAccessSource>> OpenFile(const std::string& path) {
  // O_NONBLOCK so that a FIFO is refused below instead of waiting here for a writer.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat st {};
  if (!fd.valid() || ::fstat(fd.get(), &st) != 0) {
    return IoError(fmt::format("cannot open {}: {}; check the path and its permissions",
                               Quote(path), ErrorText(errno)));
  }
  if (!S_ISREG(st.st_mode)) {
    return BadInputError(fmt::format(
        "{} is {}; give a regular file", Quote(path),
        S_ISDIR(st.st_mode) ? "a directory" : "a pipe or device, which cannot be read at will"));
  }
  return std::unique_ptr<RandomAccessSource>(
      std::make_unique<FileSource>(path, std::move(fd), static_cast<uint64_t>(st.st_size)));
}

std::unique_ptr<RandomAccessSource> WrapMemory(std::string name, std::span<const std::byte> bytes) {
  return std::make_unique<MemorySource>(std::move(name), bytes);
}

}  // namespace actplane::io
