// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "actplane/io/tensor_info.h"
#include "fd.h"

namespace actplane::io {
namespace {

// Temporary files that a signal handler removes. A handler may only read lock-free atomics and call
// unlink, so the paths lie in fixed memory; a path is written before its slot becomes active.
class TemporaryFiles {
 public:
  static constexpr int kNone = -1;

  static int Add(const std::string& path) {
    if (path.size() >= PATH_MAX) return kNone;
    for (size_t i = 0; i < slots_.size(); ++i) {
      int expected = kFree;
      if (!slots_[i].state.compare_exchange_strong(expected, kBusy)) continue;
      std::memcpy(slots_[i].path, path.c_str(), path.size() + 1);
      slots_[i].state = kActive;
      return static_cast<int>(i);
    }
    return kNone;  // more than slots_.size() files at once: those are removed by destructors only
  }

  static void Remove(int slot) {
    if (slot != kNone) slots_[static_cast<size_t>(slot)].state = kFree;
  }

  static void OnSignal(int signal) {
    const int saved = errno;
    for (Slot& slot : slots_) {
      if (slot.state == kActive) ::unlink(slot.path);
    }
    errno = saved;
    ::raise(signal);  // SA_RESETHAND: this time it ends the program as it would have
  }

 private:
  enum State : int { kFree, kBusy, kActive };
  struct Slot {
    std::atomic<int> state;
    char path[PATH_MAX];
  };
  static_assert(std::atomic<int>::is_always_lock_free);
  static inline std::array<Slot, 16> slots_;
};

Status WriteError(const std::string& path, int error) {
  const char* fix = error == ENOSPC || error == EDQUOT ? "free some space or choose another place"
                    : error == EPIPE ? "the reader of the pipe ended; run it again"
                                     : "check the path and its permissions";
  return IoError(fmt::format("cannot write {}: {}; {}", Quote(path), ErrorText(error), fix));
}

class OutputFile final : public Sink {
 public:
  // `temporary` is empty when writing straight to a pipe or device.
  OutputFile(std::string path, std::string target, std::string temporary, int slot, Fd fd,
             const OutputFileOptions& options)
      : path_(std::move(path)),
        target_(std::move(target)),
        temporary_(std::move(temporary)),
        slot_(slot),
        fd_(std::move(fd)),
        options_(options) {}

  ~OutputFile() override {
    if (temporary_.empty()) return;
    ::unlink(temporary_.c_str());
    TemporaryFiles::Remove(slot_);
  }

  const std::string& name() const override { return path_; }

  Status Write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return WriteError(path_, errno);
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return OkStatus();
  }

  Status Commit() override {
    if (options_.sync && !temporary_.empty() && ::fsync(fd_.get()) != 0)
      return WriteError(path_, errno);
    if (fd_.Close() != 0) return WriteError(path_, errno);
    if (temporary_.empty()) return OkStatus();
    if (Status s = Rename(); !s.ok()) return s;
    TemporaryFiles::Remove(slot_);
    temporary_.clear();
    return OkStatus();
  }

 private:
  Status Rename() const {
    if (!options_.replace) {
      const auto no_replace = [&](const char* to) {
        return ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, to, RENAME_NOREPLACE);
      };
      if (no_replace(target_.c_str()) == 0) return OkStatus();
      if (errno == EEXIST) return ExistsError(path_);
      if (errno != EINVAL && errno != ENOSYS) return WriteError(path_, errno);
      // A file system without it: the look that Files took at the beginning must do.
    }
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return WriteError(path_, errno);
    return OkStatus();
  }

  std::string path_;    // as the user gave it
  std::string target_;  // with links resolved
  std::string temporary_;
  int slot_;
  Fd fd_;
  OutputFileOptions options_;
};

// The path with links followed, or the path itself where it does not exist.
std::string Resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? real.get() : path;
}

}  // namespace

Status ExistsError(const std::string& path) {
  return ConfigError(
      fmt::format("{} is there already; give -f to replace it, or another name", Quote(path)));
}

Result<std::unique_ptr<Sink>> OpenStandardOutput() {
  const std::string name = "standard output";
  Fd fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!fd.valid()) return WriteError(name, errno);
  return std::unique_ptr<Sink>(std::make_unique<OutputFile>(name, name, "", TemporaryFiles::kNone,
                                                            std::move(fd), OutputFileOptions{}));
}

Result<std::unique_ptr<Sink>> OpenOutputFile(const std::string& path,
                                             const OutputFileOptions& options) {
  struct stat st {};
  const bool exists = ::stat(path.c_str(), &st) == 0;
  if (exists && S_ISDIR(st.st_mode)) return WriteError(path, EISDIR);
  if (exists && !S_ISREG(st.st_mode)) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.valid()) return WriteError(path, errno);
    return std::unique_ptr<Sink>(std::make_unique<OutputFile>(
        path, path, std::string(), TemporaryFiles::kNone, std::move(fd), options));
  }
  if (path.empty() || path.back() == '/') return WriteError(path, path.empty() ? ENOENT : EISDIR);
  if (exists && !options.replace) return ExistsError(path);
  // A file that may not be written must not be replaced
  // either, though its directory would allow it.
  if (exists && ::access(path.c_str(), W_OK) != 0) return WriteError(path, errno);

  // Beside the real target, because rename works inside one file system only.
  const std::string target = exists ? Resolve(path) : path;
  const size_t slash = target.rfind('/');
  const std::string directory =
      Resolve(slash == std::string::npos ? "." : target.substr(0, slash + 1));
  for (int attempt = 0; attempt < 100; ++attempt) {
    uint64_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) return WriteError(path, errno);
    const std::string temporary = fmt::format("{}/.actplane-{:016x}.tmp", directory, random);
    const int slot = TemporaryFiles::Add(temporary);
    Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    const int error = errno;
    if (fd.valid()) {
      if (exists)
        (void)::fchmod(fd.get(), st.st_mode & 07777);  // keep the permissions of what is replaced
      return std::unique_ptr<Sink>(
          std::make_unique<OutputFile>(path, target, temporary, slot, std::move(fd), options));
    }
    TemporaryFiles::Remove(slot);
    if (error != EEXIST) return WriteError(path, error);
  }
  return WriteError(path, EEXIST);
}

void RemoveOutputFilesOnSignal() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = &TemporaryFiles::OnSignal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigemptyset(&action.sa_mask);
    (void)::sigaction(signal, &action, nullptr);
  }
}

}  // namespace actplane::io
