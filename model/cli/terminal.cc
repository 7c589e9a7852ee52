// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <sys/ioctl.h>

#include <algorithm>

namespace actplane::cli {
namespace {

constexpr size_t kColumns = 80;

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Where character number `count` of `text` starts.
size_t ByteOf(std::string_view text, size_t count) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (Continues(text[at])) continue;
    if (count-- == 0) break;
  }
  return at;
}

}  // namespace

size_t TerminalColumns(int fd) {
  struct winsize size {};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : kColumns;
}

size_t WidthOf(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !Continues(c); }));
}

std::string KeepEnd(std::string_view text, size_t width) {
  const size_t whole = WidthOf(text);
  if (whole <= width) return std::string(text);
  const size_t dots = std::min<size_t>(3, width);
  return std::string(dots, '.') + std::string(text.substr(ByteOf(text, whole - (width - dots))));
}

std::vector<std::string> Fold(std::string_view text, size_t width) {
  std::vector<std::string> pieces;
  do {
    const size_t end = ByteOf(text, std::max<size_t>(width, 1));
    pieces.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  } while (!text.empty());
  return pieces;
}

}  // namespace actplane::cli
