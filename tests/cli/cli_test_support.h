// SPDX-License-Identifier: Apache-2.0
// Runs the built command, and makes the files that it reads.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/clause.h"
#include "support/files.h"

namespace actplane::cli {

using Json = nlohmann::json;
using testing::HasSubstr;

struct RunResult {
  int exit = -1;  // -1: ended by a signal
  std::string out, err;
  long peak_kib = 0;
};

// What the streams of a run are.
struct Streams {
  const std::string* in = nullptr;  // comes through a pipe
  std::string in_file = "/dev/null";
  std::string out_file = {};       // where standard output goes instead of to us
  unsigned short out_columns = 0;  // of the terminal that standard output is; 0: a pipe
  unsigned short err_columns = 0;
  std::string err_file = {};     // the same for standard error
  std::vector<int> closed = {};  // of 0, 1 and 2
  bool narrow = false;           // standard output is a pipe of a page that must not block
  rlim_t open_files = 0;         // soft limit; 0: as it is
  rlim_t file_bytes = 0;         // the same
};

// What this process takes now.
inline long OwnKib() {
  std::ifstream statm("/proc/self/statm");
  long all = 0;
  long resident = 0;
  statm >> all >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

// The peak of a child that was forked when this process took `own`: the kernel starts to count
// there. 0 where nothing more than that is known, and under a sanitizer, which needs far more for
// itself.
inline long PeakKib(const struct rusage& usage, long own) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  return 0;
#endif
#endif
  constexpr long kSlack = 4 << 10;
  return usage.ru_maxrss <= own + kSlack ? 0 : usage.ru_maxrss;
}

using testing_support::ReadFile;

inline std::string DataFile(std::string_view name) {
  return fmt::format("{}/tests/data/{}", ACTP_SOURCE_DIR, name);
}

inline std::vector<std::string> AllData() {
  std::vector<std::string> files;
  for (const auto& e : std::filesystem::directory_iterator(DataFile(""))) {
    if (e.path().extension() == ".npy") files.push_back(e.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline std::string Little(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}

// As numpy.save writes it.
inline std::string Npy(std::string_view descr, std::string_view shape, std::string_view values,
                       bool fortran = false) {
  std::string head = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", descr,
                                 fortran ? "True" : "False", shape);
  head += std::string(63 - (10 + head.size()) % 64, ' ') + '\n';
  return "\x93NUMPY\x01" + std::string(1, '\0') + Little(head.size(), 2) + head +
         std::string(values);
}

inline std::string Safetensors(const std::string& header, std::string_view data) {
  return Little(header.size(), 8) + header + std::string(data);
}

// Bytes that look like nothing, the same every time.
inline std::string Noise(size_t bytes, uint32_t seed = 1) {
  std::string text(bytes, '\0');
  for (char& c : text) {
    seed = seed * 1664525 + 1013904223;
    c = static_cast<char>(seed >> 24);
  }
  return text;
}

// A file of zeros that takes no room on the disk.
inline std::string WriteHole(const std::string& path, uint64_t bytes) {
  std::ofstream(path, std::ios::binary) << Npy("<f4", fmt::format("({},)", bytes / 4), "");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + bytes);
  return path;
}

// A folder of its own for each test.
class CliTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "actplane-cli-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    std::filesystem::create_directory(base_ / "d");
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  // In the folder that Names() lists.
  std::string Path(std::string_view name) const { return (base_ / "d" / name).string(); }

  std::string WriteFile(std::string_view name, std::string_view content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }

  // All files below the folder, sorted.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& e : std::filesystem::recursive_directory_iterator(base_ / "d")) {
      if (!e.is_directory()) names.push_back(std::filesystem::relative(e.path(), base_ / "d"));
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // `out`: where standard output goes, to us if empty. `terminal`: standard error is one. `in`: the
  // file that standard input reads, or "|text" for a pipe with that text.
  RunResult Run(const std::vector<std::string>& arguments, const std::string& out = "",
                bool terminal = false, const std::string& in = "/dev/null") const {
    Streams streams{.out_file = out};
    if (terminal) streams.err_columns = 80;
    if (!in.starts_with('|')) {
      streams.in_file = in;
      return RunOn(arguments, streams);
    }
    const std::string text = in.substr(1);
    streams.in = &text;
    return RunOn(arguments, streams);
  }

  RunResult RunOn(const std::vector<std::string>& arguments, const Streams& streams) const {
    const std::vector<char*> argv = Argv(arguments);
    std::signal(SIGPIPE, SIG_IGN);  // the command may end before it has read all
    Stream out(streams.out_columns);
    Stream err(streams.err_columns);
    int in[2] = {-1, -1};
    if (streams.in == nullptr) {
      in[0] = ::open(streams.in_file.c_str(), O_RDONLY | O_CLOEXEC);
    } else {
      EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
    }
    const long own = OwnKib();
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out.child_end(), STDOUT_FILENO);
      ::dup2(err.child_end(), STDERR_FILENO);
      if (!streams.out_file.empty()) {
        ::dup2(::open(streams.out_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
               STDOUT_FILENO);
      }
      if (!streams.err_file.empty())
        ::dup2(::open(streams.err_file.c_str(), O_WRONLY | O_CLOEXEC), STDERR_FILENO);
      if (streams.narrow) {
        ::fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
        ::fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 4096);
      }
      for (const int fd : streams.closed) ::close(fd);
      Limit(RLIMIT_NOFILE, streams.open_files);
      Limit(RLIMIT_FSIZE, streams.file_bytes);
      std::signal(SIGPIPE, SIG_DFL);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    RunResult r;
    std::thread write([&] {
      std::string_view left;
      if (streams.in != nullptr) left = *streams.in;
      while (!left.empty()) {
        const ssize_t n = ::write(in[1], left.data(), left.size());
        if (n <= 0) break;
        left.remove_prefix(static_cast<size_t>(n));
      }
      if (in[1] >= 0) ::close(in[1]);
    });
    std::thread read_out([&] { r.out = out.Read(); });
    r.err = err.Read();
    write.join();
    read_out.join();
    int status = 0;
    struct rusage usage {};
    EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
    if (WIFEXITED(status)) r.exit = WEXITSTATUS(status);
    r.peak_kib = PeakKib(usage, own);
    return r;
  }

  // Interrupts the run when it is at work: half a second after files have appeared, or after one
  // and a half. Gives the signal that ended it, 0 if none did.
  int Interrupt(const std::vector<std::string>& arguments, int signal) const {
    const std::vector<char*> argv = Argv(arguments);
    const size_t before = Names().size();
    const pid_t child = ::fork();
    if (child == 0) {
      const int null = ::open("/dev/null", O_RDWR);
      for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    for (int i = 0; i < 100 && Names().size() == before; ++i) ::usleep(10'000);
    ::usleep(500'000);
    ::kill(child, signal);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  // Runs what must succeed without a word on stderr; gives its output. Outputs of earlier calls may
  // be replaced.
  std::string Ok(std::vector<std::string> arguments) const {
    const bool writes =
        arguments[0] == "compress" || arguments[0] == "decompress" || arguments[0] == "memh";
    if (writes && arguments.back() != "--help") arguments.emplace_back("-f");
    const RunResult r = Run(arguments);
    EXPECT_EQ(r.exit, 0) << fmt::format("{}", fmt::join(arguments, " "));
    EXPECT_EQ(r.err, "");
    return r.out;
  }

  Json OkJson(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    return Json::parse(Ok(arguments));
  }

  // Runs what must fail: with this exit code, one line on stderr that holds `part`, nothing on
  // stdout, and no file that was not there before.
  void Fails(int exit, const std::vector<std::string>& arguments, std::string_view part) const {
    const std::string command = fmt::format("{}", fmt::join(arguments, " "));
    const auto before = Names();
    const RunResult r = Run(arguments);
    EXPECT_EQ(r.exit, exit) << command << "\n" << r.err;
    EXPECT_EQ(r.out, "") << command;
    const std::string name = std::filesystem::path(program_).filename();
    EXPECT_THAT(r.err, testing::StartsWith(name + ": ")) << command;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << command << "\n" << r.err;
    EXPECT_THAT(r.err, HasSubstr(std::string(part))) << command;
    EXPECT_EQ(Names(), before) << command;
  }

  std::string program_ = ACTP_COMMAND;

 private:
  static void Limit(__rlimit_resource what, rlim_t soft) {
    struct rlimit limit {};
    ::getrlimit(what, &limit);
    if (soft != 0) limit.rlim_cur = soft;
    ::setrlimit(what, &limit);
  }

  // A pipe or a terminal between us and the command.
  class Stream {
   public:
    explicit Stream(unsigned short columns) : terminal_(columns != 0) {
      if (columns == 0) {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        ours_ = ends[0];
        theirs_ = ends[1];
        return;
      }
      ours_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
      EXPECT_TRUE(::grantpt(ours_) == 0 && ::unlockpt(ours_) == 0);
      theirs_ = ::open(::ptsname(ours_), O_RDWR | O_NOCTTY | O_CLOEXEC);
      struct winsize size {};
      size.ws_row = 24;
      size.ws_col = columns;
      EXPECT_EQ(::ioctl(theirs_, TIOCSWINSZ, &size), 0);
    }
    ~Stream() { ::close(ours_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    int child_end() const { return theirs_; }

    // Until the child is gone. A terminal makes \n to \r\n.
    std::string Read() {
      ::close(theirs_);
      std::string text;
      char buffer[4096];
      for (ssize_t n = 0; (n = ::read(ours_, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<size_t>(n));
      for (size_t at = 0; terminal_ && (at = text.find("\r\n", at)) != std::string::npos;)
        text.erase(at, 1);
      return text;
    }

   private:
    bool terminal_;
    int ours_ = -1;
    int theirs_ = -1;
  };

  // As long as `arguments` lives.
  std::vector<char*> Argv(const std::vector<std::string>& arguments) const {
    std::vector<char*> argv = {const_cast<char*>(program_.c_str())};
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    return argv;
  }

  std::filesystem::path base_;
};

}  // namespace actplane::cli
