// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace actplane::bench {
namespace {

std::string Cell(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "-";
}

// The names of the numbers of a row, for programs.
std::vector<std::pair<std::string, double>> Numbers(const Row& row) {
  return {{"bits_per_value", row.bits},
          {"ratio", row.Ratio()},
          {"snr_db", row.difference.Snr().value_or(kNone)},
          {"compress_gb_s", row.speed.compress},
          {"decompress_gb_s", row.speed.decompress},
          {"compress_spread", row.spread.compress},
          {"decompress_spread", row.spread.decompress},
          {"compress_vs_zfp_1d", row.versus_zfp.compress},
          {"decompress_vs_zfp_1d", row.versus_zfp.decompress},
          {"compress_speedup_2_threads", row.two_threads.compress},
          {"decompress_speedup_2_threads", row.two_threads.decompress},
          {"ratio_to_fp32", 32 / row.bits},
          {"ratio_to_bf16", 16 / row.bits}};
}

}  // namespace

std::string Table(std::span<const Row> rows) {
  constexpr const char* kLine = "  {:<16}{:>11}{:>7}{:>8}{:>10}{:>11}{:>9}{:>8}{:>9}{:>8}\n";
  std::string text = fmt::format(kLine, "", "", "", "SNR", "compress", "decompress", "against",
                                 "zfp 1-D", "on two", "threads");
  text += fmt::format(kLine, "codec", "bits/value", "ratio", "dB", "GB/s", "GB/s", "comp.",
                      "decomp.", "comp.", "decomp.");
  double bits = 0;
  std::vector<double> spreads;
  for (const Row& row : rows) {
    const bool new_group = !std::isnan(row.versus_zfp.compress) && row.bits != bits;
    if (new_group) bits = row.bits;
    text += fmt::format(kLine, row.codec, Cell(row.bits, 2), Cell(row.Ratio(), 2),
                        cli::SnrText(row.difference), Cell(row.speed.compress, 3),
                        Cell(row.speed.decompress, 3), Cell(row.versus_zfp.compress, 2),
                        Cell(row.versus_zfp.decompress, 2), Cell(row.two_threads.compress, 2),
                        Cell(row.two_threads.decompress, 2));
    spreads.insert(spreads.end(), {row.spread.compress, row.spread.decompress});
  }
  std::erase_if(spreads, [](double s) { return std::isnan(s); });
  if (!spreads.empty()) {
    std::sort(spreads.begin(), spreads.end());
    text += fmt::format(
        "  noise: slowest over fastest repetition {:.0f} % in the median row, "
        "{:.0f} % at worst\n",
        100 * spreads[spreads.size() / 2], 100 * spreads.back());
  }
  return text;
}

std::string Csv(std::span<const Row> rows) {
  std::string text;
  for (const Row& row : rows) {
    if (text.empty()) {
      text = "data,codec";
      for (const auto& [name, value] : Numbers(row)) text += "," + name;
      text += ",format";
    }
    text += fmt::format("\n{},\"{}\"", row.data, row.codec);
    for (const auto& [name, value] : Numbers(row)) {
      text += std::isnan(value) ? "," : fmt::format(",{:.6g}", value);
    }
    text += fmt::format(",{}", ToString(row.format));
  }
  return text + "\n";
}

std::string Json(std::span<const Row> rows) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json& one = all.emplace_back();
    one["data"] = row.data;
    one["format"] = ToString(row.format);
    one["codec"] = row.codec;
    for (const auto& [name, value] : Numbers(row)) {
      one[name] = std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr;
    }
    cli::PutDifference(one, row.difference);
  }
  return all.dump(2) + "\n";
}

Status Save(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file ? OkStatus() : IoError(fmt::format("{}: cannot be written", path));
}

}  // namespace actplane::bench
