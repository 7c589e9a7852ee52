// SPDX-License-Identifier: Apache-2.0
// The worked examples of docs/format.md, read out of the document and run.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "model/block_cases.h"
#include "support/clause.h"

namespace actplane {
namespace {

using namespace testing_support;

using Example = std::map<std::string, std::string>;  // key -> words behind it

std::vector<Example> ReadExamples() {
  std::ifstream document(ACTP_SOURCE_DIR "/docs/format.md");
  std::vector<Example> examples;
  bool inside = false;
  std::string line, key;
  while (std::getline(document, line)) {
    if (line.starts_with("```")) {
      inside = line == "```example";
      if (inside) examples.emplace_back();
    } else if (inside && !line.starts_with(" ")) {
      key = line.substr(0, line.find(':'));
      examples.back()[key] = line.substr(line.find(':') + 1);
    } else if (inside) {
      examples.back()[key] += line;
    }
  }
  return examples;
}

std::vector<uint32_t> Hex(const std::string& text) {
  std::istringstream in(text);
  std::vector<uint32_t> numbers;
  for (uint32_t n = 0; in >> std::hex >> n;) numbers.push_back(n);
  return numbers;
}

TEST(FormatDocument, WorkedExamplesAreWhatTheModelDoes) {
  ACTP_CLAUSE("F-8.1");
  std::map<std::string, int> orders;
  for (Example& e : ReadExamples()) {
    ASSERT_EQ(e["format"], " fp16");
    ++orders[e["order"]];
    const bool field = e["order"] == " field";
    const auto number = [&](const char* key) { return static_cast<uint32_t>(std::stoul(e[key])); };
    Config config = Fp16Config(field ? Order::kField : Order::kSignificance, number("slot_bytes"),
                               number("block"));
    if (field) {
      ASSERT_EQ(e["fill"], " midpoint");
    } else {
      config.group_len = number("group");
      config.row_limit = number("rows");
    }
    const auto values = Hex(e["values"]);
    ASSERT_EQ(values.size(), config.block_len);
    std::vector<std::byte> slot;
    for (const uint32_t b : Hex(e["slot"])) slot.push_back(static_cast<std::byte>(b));
    EXPECT_EQ(Encode(values, config).slot, slot);
    EXPECT_EQ(Decode(slot, config).patterns, Hex(e["decoded"]));
  }
  EXPECT_EQ(orders[" field"], 1);
  EXPECT_EQ(orders[" significance"], 2);
}

}  // namespace
}  // namespace actplane
