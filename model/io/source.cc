// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

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

Status OpenError(const std::string& path, int error) {
  return IoError(fmt::format("cannot open {}: {}; check the path and its permissions", Quote(path),
                             ErrorText(error)));
}

Status NotRegular(const std::string& path, mode_t mode) {
  return BadInputError(fmt::format(
      "{} is {}; give a regular file", Quote(path),
      S_ISDIR(mode) ? "a directory" : "a pipe or device, which cannot be read at will"));
}

// A file that is gone when its descriptor is closed.
Fd OpenUnnamedFile() {
  const char* folder = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  const std::string where = folder != nullptr && *folder != '\0' ? folder : "/tmp";
  Fd fd(::open(where.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  if (fd.valid()) return fd;
  std::string name = where + "/.actplane-XXXXXX";  // a file system without O_TMPFILE
  Fd named(::mkostemp(name.data(), O_CLOEXEC));
  if (named.valid()) ::unlink(name.c_str());
  return named;
}

Status SpoolError(const std::string& name, int error) {
  return IoError(
      fmt::format("cannot keep {} in a temporary file: {}; set TMPDIR to a folder with room for it",
                  Quote(name), ErrorText(error)));
}

// Bytes of `fd` until its end, or until there are more than `most`, into `out`. kBadInput when
// there are none.
Result<uint64_t> Spool(int fd, const std::string& name, int out, uint64_t most) {
  std::vector<std::byte> piece(1 << 20);
  uint64_t size = 0;
  while (size <= most) {
    const ssize_t n = ::read(fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {  // a pipe that was opened so that the open could not hang
      struct pollfd wait {
        .fd = fd, .events = POLLIN, .revents = 0
      };
      (void)::poll(&wait, 1, -1);
      continue;
    }
    if (n < 0) return IoError(fmt::format("cannot read {}: {}", Quote(name), ErrorText(errno)));
    if (n == 0) break;
    for (std::span<const std::byte> left(piece.data(), static_cast<size_t>(n)); !left.empty();) {
      const ssize_t written = ::write(out, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return SpoolError(name, errno);
      left = left.subspan(static_cast<size_t>(written));
    }
    size += static_cast<uint64_t>(n);
  }
  if (size == 0) {
    return BadInputError(fmt::format(
        "{} gave no byte; check the program that writes to it, and start that first", Quote(name)));
  }
  return size;
}

}  // namespace

Result<Fd> OpenForReading(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return OpenError(path, errno);
  return fd;
}

Result<std::unique_ptr<RandomAccessSource>> OpenFile(const std::string& path) {
  Result<Fd> fd = OpenForReading(path);
  if (!fd.ok()) return fd.status();
  struct stat st {};
  if (::fstat(fd->get(), &st) != 0) return OpenError(path, errno);
  if (!S_ISREG(st.st_mode)) return NotRegular(path, st.st_mode);
  return std::unique_ptr<RandomAccessSource>(
      std::make_unique<FileSource>(path, std::move(*fd), static_cast<uint64_t>(st.st_size)));
}

Result<std::unique_ptr<RandomAccessSource>> OpenDescriptor(int fd, std::string name,
                                                           uint64_t most) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return OpenError(name, errno);
  const bool regular = S_ISREG(st.st_mode);
  if (regular && ::lseek(fd, 0, SEEK_CUR) == 0) {
    Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!own.valid()) return OpenError(name, errno);
    return std::unique_ptr<RandomAccessSource>(std::make_unique<FileSource>(
        std::move(name), std::move(own), static_cast<uint64_t>(st.st_size)));
  }
  if (::isatty(fd) == 1) {
    return BadInputError(fmt::format("{} is a terminal; give a file, or pipe one in", Quote(name)));
  }
  if (!regular && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)) {
    return NotRegular(name, st.st_mode);
  }
  Fd spool = OpenUnnamedFile();
  if (!spool.valid()) return SpoolError(name, errno);
  const Result<uint64_t> size = Spool(fd, name, spool.get(), most);
  if (!size.ok()) return size.status();
  return std::unique_ptr<RandomAccessSource>(
      std::make_unique<FileSource>(std::move(name), std::move(spool), *size));
}

std::unique_ptr<RandomAccessSource> WrapMemory(std::string name, std::span<const std::byte> bytes) {
  return std::make_unique<MemorySource>(std::move(name), bytes);
}

}  // namespace actplane::io
