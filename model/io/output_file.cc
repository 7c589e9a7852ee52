// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>

#include "actplane/io/tensor_info.h"
#include "fd.h"

namespace actplane::io {
namespace {

// Temporary files that a signal handler removes. A handler may only read lock-free atomics and call
// unlink, so the list only grows: an entry is never freed, only used again, and its path is written
// before it becomes active.
class TemporaryFiles {
 public:
  struct Entry {
    std::atomic<int> state;
    std::string path;
    Entry* next;
    Entry* next_free;
  };

  static Entry* Add(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (free_ == nullptr) {
      free_ = new Entry{kFree, {}, head_, nullptr};
      head_ = free_;
    }
    Entry* const entry = free_;
    entry->path = path;
    free_ = entry->next_free;
    entry->state = kActive;
    return entry;
  }

  // Nothing to do for one that is null, or that the handler has taken.
  static void Remove(Entry* entry) {
    int expected = kActive;
    if (entry == nullptr || !entry->state.compare_exchange_strong(expected, kFree)) return;
    const std::lock_guard lock(mutex_);
    entry->next_free = free_;
    free_ = entry;
  }

  static void OnSignal(int signal) {
    const int saved = errno;
    for (Entry* entry = head_; entry != nullptr; entry = entry->next) {
      int expected = kActive;
      if (entry->state.compare_exchange_strong(expected, kTaken)) ::unlink(entry->path.c_str());
    }
    errno = saved;
    ::raise(signal);  // SA_RESETHAND: this time it ends the program as it would have
  }

 private:
  enum State : int { kFree, kActive, kTaken };
  static_assert(std::atomic<int>::is_always_lock_free && std::atomic<Entry*>::is_always_lock_free);
  static inline std::mutex mutex_;  // of free_, and of those who change head_
  static inline std::atomic<Entry*> head_ = nullptr;
  static inline Entry* free_ = nullptr;
};

Status WriteError(const std::string& path, int error) {
  const char* fix = error == ENOSPC || error == EDQUOT ? "free some space or choose another place"
                    : error == EPIPE ? "the reader of the pipe ended; run it again"
                    : error == EFBIG ? "raise the limit (ulimit -f), or choose another place"
                    : error == EBADF ? "check where it goes"
                                     : "check the path and its permissions";
  return IoError(fmt::format("cannot write {}: {}; {}", Quote(path), ErrorText(error), fix));
}

class OutputFile final : public Sink {
 public:
  // `temporary` is empty when writing straight to a pipe or device.
  OutputFile(std::string path, std::string target, std::string temporary,
             TemporaryFiles::Entry* entry, Fd fd, const OutputFileOptions& options)
      : path_(std::move(path)),
        target_(std::move(target)),
        temporary_(std::move(temporary)),
        entry_(entry),
        fd_(std::move(fd)),
        options_(options) {}

  ~OutputFile() override {
    if (temporary_.empty()) return;
    ::unlink(temporary_.c_str());
    TemporaryFiles::Remove(entry_);
  }

  const std::string& name() const override { return path_; }

  Status Write(std::span<const std::byte> bytes) override {
    const int error = WriteAll(fd_.get(), bytes);
    return error == 0 ? OkStatus() : WriteError(path_, error);
  }

  Status Seal() override {
    if (!sealed_) sealed_ = Close();
    return *sealed_;
  }

  Status Commit() override {
    if (Status s = Seal(); !s.ok() || temporary_.empty()) return s;
    if (Status s = Rename(); !s.ok()) return s;
    TemporaryFiles::Remove(entry_);
    temporary_.clear();
    return OkStatus();
  }

 private:
  Status Close() {
    if (options_.sync && !temporary_.empty() && ::fsync(fd_.get()) != 0)
      return WriteError(path_, errno);
    return fd_.Close() == 0 ? OkStatus() : WriteError(path_, errno);
  }

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
  TemporaryFiles::Entry* entry_;  // null with temporary_ empty
  Fd fd_;
  std::optional<Status> sealed_;
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

Status CheckLink(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return OkStatus();
  const std::filesystem::path target = std::filesystem::read_symlink(path, error);
  if (error) return OkStatus();  // no link
  return ConfigError(
      fmt::format("{} is a link to {}, which is not there; give that path, or remove the link",
                  Quote(path), Quote(target.string())));
}

Result<std::unique_ptr<Sink>> OpenStandardOutput() {
  const std::string name = "standard output";
  Fd fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!fd.valid()) return WriteError(name, errno);
  return std::unique_ptr<Sink>(std::make_unique<OutputFile>(name, name, std::string(), nullptr,
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
    return std::unique_ptr<Sink>(
        std::make_unique<OutputFile>(path, path, std::string(), nullptr, std::move(fd), options));
  }
  if (Status s = CheckLink(path); !s.ok()) return s;
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
    TemporaryFiles::Entry* const entry = TemporaryFiles::Add(temporary);
    Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    const int error = errno;
    if (fd.valid()) {
      if (exists)
        (void)::fchmod(fd.get(), st.st_mode & 07777);  // keep the permissions of what is replaced
      return std::unique_ptr<Sink>(
          std::make_unique<OutputFile>(path, target, temporary, entry, std::move(fd), options));
    }
    TemporaryFiles::Remove(entry);
    if (error != EEXIST) return WriteError(path, error);
  }
  return WriteError(path, EEXIST);
}

void RemoveOutputFilesOnSignal() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU}) {
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
