// SPDX-License-Identifier: Apache-2.0
// The files of tests/data/foreign through every subcommand: nothing crashes, hangs, grows or is
// lost, and what is read or refused is as their table says.
#include <map>
#include <sstream>

#include "cli_test_support.h"

namespace actplane::cli {
namespace {

struct Row {
  std::string file, tensors, container, image;
};

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::vector<Row> Rows() {
  std::vector<Row> rows;
  std::istringstream lines(ReadFile(DataFile("foreign/README.md")));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream parts(line);
    for (std::string cell; std::getline(parts, cell, '|');) cells.push_back(Trim(cell));
    const bool head = cells.size() < 2 || cells[1] == "file" || cells[1].starts_with("---");
    if (line.starts_with('|') && !head) rows.push_back({cells[1], cells[3], cells[4], cells[5]});
  }
  return rows;
}

class Foreign : public CliTest {
 protected:
  // Runs it, and checks what holds for every file and command. `rescue`: an output may stay.
  int Try(const std::vector<std::string>& arguments, bool rescue = false) const {
    const RunResult r = Run(arguments);
    const std::string command = fmt::format("{}", fmt::join(arguments, " "));
    EXPECT_TRUE(r.exit >= 0 && r.exit <= 3) << command << " ended with " << r.exit;
    EXPECT_LT(r.peak_kib, 256 * 1024) << command;
    for (const char c : r.err + r.out) {
      EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << command << "\n" << r.err;
    }
    std::istringstream lines(r.err);
    int complaints = 0;
    for (std::string line; std::getline(lines, line);) {
      EXPECT_THAT(line, testing::StartsWith("actplane: ")) << command;
      complaints += line.starts_with("actplane: note: ") ? 0 : 1;
    }
    EXPECT_EQ(complaints, r.exit == 0 ? 0 : 1) << command << "\n" << r.err;
    if (r.exit != 0) {
      EXPECT_EQ(!Names().empty(), rescue)
          << command << (rescue ? " saved nothing" : " left an output");
    }
    for (const std::string& name : Names()) std::filesystem::remove(Path(name));
    return r.exit;
  }
};

TEST_F(Foreign, TheTableListsEveryFile) {
  std::vector<std::string> listed = {"README.md"};
  for (const Row& row : Rows()) listed.push_back(row.file);
  std::vector<std::string> present;
  uint64_t bytes = 0;
  for (const auto& e : std::filesystem::directory_iterator(DataFile("foreign"))) {
    present.push_back(e.path().filename().string());
    bytes += e.file_size();
  }
  EXPECT_THAT(listed, testing::UnorderedElementsAreArray(present));
  EXPECT_LT(bytes, 200000U);
}

TEST_F(Foreign, AsTensorFiles) {
  const std::map<std::string, int> expected = {
      {"read", 0}, {"refused", 3}, {"needs --format bf16", 3}};
  for (const Row& row : Rows()) {
    const std::string in = DataFile("foreign/" + row.file);
    const std::string before = ReadFile(in);
    ASSERT_TRUE(expected.contains(row.tensors)) << row.file;
    const int exit = expected.at(row.tensors);
    EXPECT_EQ(Try({"stats", in}), exit) << row.file;
    EXPECT_EQ(Try({"eval", in, "--ratio", "2"}), exit) << row.file;
    EXPECT_EQ(Try({"compare", in, in}), exit) << row.file;
    EXPECT_EQ(Try({"compress", in, Path("x.apl"), "--ratio", "2"}), exit) << row.file;
    EXPECT_EQ(Try({"compress", in, Path("x.apl"), "--lossless"}), exit) << row.file;
#ifdef ACTP_VERIFY
    EXPECT_EQ(Try({"verify", in, "--ratio", "2"}), exit) << row.file;
#endif
    if (row.tensors.starts_with("needs")) {
      EXPECT_EQ(Try({"stats", in, "--format", "bf16"}), 0) << row.file;
    }
    EXPECT_TRUE(ReadFile(in) == before) << row.file;
  }
}

TEST_F(Foreign, AsContainersAndImages) {
  for (const Row& row : Rows()) {
    const std::string in = DataFile("foreign/" + row.file);
    const std::string before = ReadFile(in);
    const int exit = row.container == "read" ? 0 : 3;
    EXPECT_EQ(Try({"decompress", in, Path("out/")}), exit) << row.file;
    const bool damaged = row.container == "damaged";
    EXPECT_EQ(Try({"decompress", in, Path("out/"), "--keep-going"}, damaged), exit) << row.file;
    if (Try({"memh", in, Path("x.memh")}) == 0) {
      EXPECT_EQ(exit, 0) << row.file;
    }
    Try({"inspect", in});
    Try({"inspect", in, "--block-index", "0"});
    EXPECT_EQ(Try({"memh", "--back", in, Path("x.apl")}), row.image == "read" ? 0 : 3) << row.file;
    EXPECT_TRUE(ReadFile(in) == before) << row.file;
  }
}

}  // namespace
}  // namespace actplane::cli
