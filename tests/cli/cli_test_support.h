// SPDX-License-Identifier: Apache-2.0
// Runs the built command, and makes the files that it reads.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
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
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/clause.h"

namespace actplane::cli {

using Json = nlohmann::json;
using testing::HasSubstr;

struct RunResult {
  int exit = -1;  // -1: ended by a signal
  std::string out, err;
  long peak_kib = 0;
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

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

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

  // `out`: where standard output goes, a file of our own if empty. `terminal`: standard error is
  // one. `in`: the file that standard input reads, or "|text" for a pipe with that text.
  RunResult Run(const std::vector<std::string>& arguments, const std::string& out = "",
                bool terminal = false, const std::string& in = "/dev/null") const {
    const std::string out_path = out.empty() ? (base_ / "out").string() : out;
    std::string err_path = (base_ / "err").string();
    int master = -1;
    if (terminal) {
      master = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
      EXPECT_TRUE(::grantpt(master) == 0 && ::unlockpt(master) == 0);
      err_path = ::ptsname(master);
    }
    // Held open here too, so that what the child wrote can still be read when it is gone.
    const int err_fd =
        ::open(err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
    const std::vector<char*> argv = Argv(arguments);
    int pipe_fds[2] = {-1, -1};
    const bool piped = in.starts_with('|');
    if (piped && ::pipe2(pipe_fds, O_CLOEXEC) != 0) ADD_FAILURE() << "no pipe";
    const long own = OwnKib();
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(piped ? pipe_fds[0] : ::open(in.c_str(), O_RDONLY), STDIN_FILENO);
      const int o = ::open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
      ::dup2(o, STDOUT_FILENO);
      ::dup2(err_fd, STDERR_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    if (piped) {
      ::close(pipe_fds[0]);
      ::signal(SIGPIPE, SIG_IGN);  // the child may not want all of it
      for (std::string_view left = std::string_view(in).substr(1); !left.empty();) {
        const ssize_t n = ::write(pipe_fds[1], left.data(), left.size());
        if (n < 0) break;
        left.remove_prefix(static_cast<size_t>(n));
      }
      ::close(pipe_fds[1]);
    }
    int status = 0;
    struct rusage usage {};
    EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
    RunResult r;
    if (WIFEXITED(status)) r.exit = WEXITSTATUS(status);
    if (out.empty()) r.out = ReadFile(out_path);
    if (terminal) {
      char buffer[4096];
      for (ssize_t n = 0; (n = ::read(master, buffer, sizeof buffer)) > 0;)
        r.err.append(buffer, static_cast<size_t>(n));
      ::close(master);
    } else {
      r.err = ReadFile(err_path);
    }
    ::close(err_fd);
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
