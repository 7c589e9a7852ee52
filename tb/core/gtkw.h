// SPDX-License-Identifier: Apache-2.0
// The GTKWave save file of a waveform: the ports of the top in groups, clock first.
#pragma once

#include <fmt/format.h>
#include <gtkwave/fstapi.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace actplane::tb {

// `fst`: a waveform that is closed; `shown`: the name under which GTKWave will find it. Empty where
// there is no such file, or it has no ports.
inline std::string SaveFileText(const std::string& fst, const std::string& shown) {
  // By the beginning of their names; what begins otherwise is the last group.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kGroups = {{
      {"clk", "clock and reset"},
      {"aclk", "clock and reset"},
      {"rst", "clock and reset"},
      {"areset", "clock and reset"},
      {"cfg_", "configuration"},
      {"in_", "in"},
      {"s_axis_", "in"},
      {"out_", "out"},
      {"m_axis_", "out"},
      {"probe_", "inside"},
      {"", "others and status"},
  }};
  void* reader = fstReaderOpen(fst.c_str());
  if (reader == nullptr) return "";
  std::array<std::string, kGroups.size()> lines;
  std::string top;
  int depth = 0;
  while (const fstHier* h = fstReaderIterateHier(reader)) {
    if (h->htyp == FST_HT_SCOPE) {
      if (++depth == 1) top = h->u.scope.name;
    } else if (h->htyp == FST_HT_UPSCOPE) {
      --depth;
    } else if (h->htyp == FST_HT_VAR && depth == 1) {
      std::string name = h->u.var.name;
      std::erase(name, ' ');                                            // "data [7:0]"
      if (h->u.var.length == 1) name = name.substr(0, name.find('['));  // as GTKWave calls it
      size_t group = 0;
      while (!name.starts_with(kGroups[group].first)) ++group;
      lines[group] += fmt::format("@{}\n{}.{}\n", h->u.var.length == 1 ? 28 : 22, top, name);
    }
  }
  fstReaderClose(reader);
  std::string text;
  std::string_view title;
  for (size_t group = 0; group < lines.size(); ++group) {
    if (lines[group].empty()) continue;
    if (kGroups[group].second != title) {
      title = kGroups[group].second;
      text += fmt::format("@200\n-{}\n", title);
    }
    text += lines[group];
  }
  if (text.empty()) return "";
  return fmt::format("[dumpfile] \"{}\"\n[timestart] 0\n[size] 1600 1000\n{}", shown, text);
}

// Beside the waveform, as FST.gtkw. Nothing where that cannot be: it is an extra.
inline void WriteSaveFile(const std::string& fst) {
  std::error_code ignored;
  const std::string text = SaveFileText(fst, std::filesystem::absolute(fst, ignored).string());
  if (!text.empty()) std::ofstream(fst + ".gtkw") << text;
}

}  // namespace actplane::tb
