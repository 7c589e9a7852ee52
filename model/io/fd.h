// SPDX-License-Identifier: Apache-2.0
// A file descriptor that closes itself, and the words for errno.
#pragma once

#include <unistd.h>

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

// strerror that is safe with threads.
inline std::string ErrorText(int error) { return std::generic_category().message(error); }

}  // namespace actplane::io
