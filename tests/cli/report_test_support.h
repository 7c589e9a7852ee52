// SPDX-License-Identifier: Apache-2.0
// For the subcommands that print about tensors: runs on terminals and behind pipes, and files.
#pragma once

#include <sys/ioctl.h>
#include <sys/resource.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <cstring>
#include <thread>

#include "cli_test_support.h"

namespace actplane::cli {

struct Tensor {
  std::string name, dtype;
  std::vector<uint64_t> shape;
  std::string bytes;
};

// A whole .safetensors file.
inline std::string SafetensorsOf(const std::vector<Tensor>& tensors) {
  Json header = Json::object();
  std::string data;
  for (const Tensor& t : tensors) {
    header[t.name] = {{"dtype", t.dtype},
                      {"shape", t.shape},
                      {"data_offsets", {data.size(), data.size() + t.bytes.size()}}};
    data += t.bytes;
  }
  return Safetensors(header.dump(), data);
}

inline std::string FloatBytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), 4 * values.size()};
}

// Numbers of both signs in a few binades, the same every time.
inline std::vector<float> SomeFloats(size_t count, uint32_t seed = 1) {
  const std::string noise = Noise(4 * count, seed);
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, noise.data() + 4 * i, 4);
    values.push_back(std::bit_cast<float>((bits & 0x80ffffff) | ((124 + bits % 5) << 23)));
  }
  return values;
}

// The bits of the upper half: truncated to bfloat16.
inline std::string Bf16Bytes(const std::vector<float>& values) {
  std::string bytes;
  for (const float v : values) bytes += Little(std::bit_cast<uint32_t>(v) >> 16, 2);
  return bytes;
}

inline std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

inline size_t WidestLine(const std::string& text) {
  size_t widest = 0;
  for (const std::string& line : LinesOf(text)) {
    const auto characters =
        std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
    widest = std::max(widest, static_cast<size_t>(characters));
  }
  return widest;
}

struct Streams {
  const std::string* in = nullptr;  // comes through a pipe
  unsigned short out_columns = 0;   // of the terminal that standard output is; 0: a file
  unsigned short err_columns = 0;
  rlim_t open_files = 0;  // soft limit; 0: as it is
};

class ReportTest : public CliTest {
 protected:
  RunResult RunOn(const std::vector<std::string>& arguments, const Streams& streams) const {
    std::vector<char*> argv = {const_cast<char*>(ACTP_COMMAND)};
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // the command may end before it has read all
    Stream out(streams.out_columns);
    Stream err(streams.err_columns);
    int in[2] = {::open("/dev/null", O_RDONLY | O_CLOEXEC), -1};
    if (streams.in != nullptr) {
      ::close(in[0]);
      EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
    }
    const long own = OwnKib();
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out.child_end(), STDOUT_FILENO);
      ::dup2(err.child_end(), STDERR_FILENO);
      struct rlimit limit {};
      ::getrlimit(RLIMIT_NOFILE, &limit);
      if (streams.open_files != 0) limit.rlim_cur = streams.open_files;
      ::setrlimit(RLIMIT_NOFILE, &limit);
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

  // What a run that must succeed shows on a terminal of this width.
  std::string OnTerminal(const std::vector<std::string>& arguments, unsigned short columns) const {
    const RunResult r = RunOn(arguments, {.out_columns = columns});
    EXPECT_EQ(r.exit, 0) << r.err;
    return r.out;
  }

  // The JSON that a run prints which must end with this exit code.
  Json JsonAt(int exit, std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const RunResult r = Run(arguments);
    EXPECT_EQ(r.exit, exit) << r.err;
    return Json::parse(r.out, nullptr, false);
  }

 private:
  // A pipe or a terminal between us and the command.
  class Stream {
   public:
    explicit Stream(unsigned short columns) {
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
      for (size_t at = 0; (at = text.find("\r\n", at)) != std::string::npos;) text.erase(at, 1);
      return text;
    }

   private:
    int ours_ = -1;
    int theirs_ = -1;
  };
};

}  // namespace actplane::cli
