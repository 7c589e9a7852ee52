// SPDX-License-Identifier: Apache-2.0
// The tables of legal slot sizes in docs/ip.md are those of the model.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "actplane/format.h"

namespace actplane {
namespace {

std::string Sizes(const Config& c) {
  const uint32_t least = MinSlotBytes(c), most = MaxSlotBytes(c);
  const auto ratio = [&](uint32_t bytes) { return double{1} * BlockBytes(c) / bytes; };
  return fmt::format(" {} .. {} ({:.2f} .. {:.2f}) |", least, most, ratio(least), ratio(most));
}

// What stands between <!-- name:begin --> and <!-- name:end -->.
std::string Between(const std::string& name) {
  std::stringstream page;
  page << std::ifstream(ACTP_SOURCE_DIR "/docs/ip.md").rdbuf();
  const std::string text = page.str(), begin = "<!-- " + name + ":begin -->\n";
  const size_t from = text.find(begin), to = text.find("<!-- " + name + ":end -->");
  if (from == std::string::npos || to == std::string::npos) return "no marker lines";
  return text.substr(from + begin.size(), to - from - begin.size());
}

TEST(IpPage, SlotsOfOrderField) {
  std::string table = "| N | FP32 | FP16 | BF16 |\n|---|---|---|---|\n";
  for (uint32_t n = 32; n <= 256; n *= 2) {
    table += fmt::format("| {} |", n);
    for (const Format f : {Format::kFp32, Format::kFp16, Format::kBf16}) {
      table += Sizes({.format = f, .block_len = n, .order = Order::kField});
    }
    table += "\n";
  }
  EXPECT_EQ(Between("slots-field"), table);
}

TEST(IpPage, SlotsOfOrderSignificance) {
  std::string table = "| N | K | R = 8 | R = 12 | R = 16 | R = 24 |\n|---|---|---|---|---|---|\n";
  for (uint32_t n = 32; n <= 256; n *= 2) {
    for (uint32_t k = 4; k <= 8; k += 4) {
      table += fmt::format("| {} | {} |", n, k);
      for (const uint32_t r : {8U, 12U, 16U, 24U}) {
        const Config c = {
            .block_len = n, .order = Order::kSignificance, .group_len = k, .row_limit = r};
        EXPECT_EQ(MinSlotBytes(c), 4U);
        table += fmt::format(" {} |", MaxSlotBytes(c));
      }
      table += "\n";
    }
  }
  EXPECT_EQ(Between("slots-significance"), table);
}

}  // namespace
}  // namespace actplane
