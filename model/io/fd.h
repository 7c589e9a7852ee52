// SPDX-License-Identifier: Apache-2.0
// A file descriptor that closes itself, and the words for errno.
#pragma once

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "actplane/status.h"

namespace actplane::io {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { (void)Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // 0 or -1 with errno: a full disk may show only here.
  int Close() { return fd_ < 0 ? 0 : ::close(std::exchange(fd_, -1)); }

 private:
  int fd_ = -1;
};

// Opens without waiting for the writer of a FIFO. kIo, with the fix. In source.cc.
Result<Fd> OpenForReading(const std::string& path);

// Writes all of `bytes`, waiting where a pipe that must not block is full. 0, or the errno.
inline int WriteAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      struct pollfd room {
        .fd = fd, .events = POLLOUT, .revents = 0
      };
      (void)::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// strerror that is safe with threads.
inline std::string ErrorText(int error) { return std::generic_category().message(error); }

}  // namespace actplane::io
