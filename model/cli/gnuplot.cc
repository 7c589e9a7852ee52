// SPDX-License-Identifier: Apache-2.0
#include "gnuplot.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace actplane::cli {
namespace {

// A file for gnuplot to read, gone with this object.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& text) {
    path_ = (std::filesystem::temp_directory_path() / "actplane-plot-XXXXXX").string();
    const int fd = ::mkstemp(path_.data());
    if (fd < 0) return;
    good_ = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
  }
  ~ScratchFile() { ::unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  bool good() const { return good_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool good_ = false;
};

}  // namespace

Result<std::string> Gnuplot(const std::string& script) {
  const ScratchFile file(
      "set terminal svg size 960,600 dynamic background rgb 'white' font 'sans-serif,13'\n"
      "set grid lc rgb '#dddddd'\n" +
      script);
  if (!file.good()) return IoError("cannot write a temporary file; free some space in TMPDIR");
  std::FILE* pipe = ::popen(fmt::format("gnuplot '{}' 2>/dev/null", file.path()).c_str(), "r");
  std::string svg;
  std::array<char, 1 << 14> buffer;
  for (size_t n = 0;
       pipe != nullptr && (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    svg.append(buffer.data(), n);
  }
  const int status = pipe == nullptr ? -1 : ::pclose(pipe);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)  // of the shell: no such command
    return IoError("there is no gnuplot to draw with; apt-get install gnuplot-nox");
  if (status != 0 || svg.find("</svg>") == std::string::npos) {
    return IoError(fmt::format(
        "gnuplot drew nothing and ended with status {}; see what gnuplot --version says", status));
  }
  return svg;
}

std::string GnuplotText(const std::string& text) {
  std::string title;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) continue;
    if (c == '"' || c == '\\') title += '\\';
    title += c;
  }
  return title;
}

}  // namespace actplane::cli
