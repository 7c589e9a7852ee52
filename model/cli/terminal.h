// SPDX-License-Identifier: Apache-2.0
// Text that fits: how wide the terminal is, and names cut or folded to a width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace actplane::cli {

// Of the terminal behind `fd`; 80 where it is none or does not say.
size_t TerminalColumns(int fd);

// Characters, not bytes: continuation bytes of UTF-8 take no place.
size_t WidthOf(std::string_view text);

// At most `width` characters: the end, which tells names apart, behind "...".
std::string KeepEnd(std::string_view text, size_t width);

// In pieces of `width` characters; at least one piece.
std::vector<std::string> Fold(std::string_view text, size_t width);

}  // namespace actplane::cli
