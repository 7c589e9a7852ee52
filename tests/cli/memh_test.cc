// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/container.h"
#include "cli_test_support.h"

namespace actplane::cli {
namespace {

class Memh : public CliTest {
 protected:
  // A container of 40 odd blocks, so that words and slots do not end together.
  std::string MakeApl(const std::vector<std::string>& how) {
    const std::string in = WriteFile("n.npy", Npy("<f2", "(41, 31)", Noise(2542), true));
    std::vector<std::string> arguments = {"compress", in, Path("n.apl"), "--block", "32"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    Ok(arguments);
    return Path("n.apl");
  }

  // The image as lines.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    std::ifstream in(Path("n.memh"));
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  std::string WriteLines(const std::vector<std::string>& lines) const {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return WriteFile("bad.memh", text);
  }
};

TEST_F(Memh, ComesBackByteForByte) {
  for (const char* order : {"field", "significance"}) {
    std::vector<std::string> how = {"--slot-bytes", "23", "--order", order};
    if (order == std::string("field")) {
      how.insert(how.end(), {"--fill", "zero", "--delta-cap", "2"});
    } else {
      how.insert(how.end(), {"--group", "8", "--rows", "11"});
    }
    const std::string apl = MakeApl(how);
    for (const char* bits : {"64", "128", "256", "512"}) {
      Ok({"memh", apl, Path("n.memh"), "--word-bits", bits});
      Ok({"memh", "--back", Path("n.memh"), Path("back.apl")});
      EXPECT_EQ(ReadFile(Path("back.apl")), ReadFile(apl)) << order << bits;
    }
  }
}

TEST_F(Memh, WordsAreLittleEndianAndSlotsLieAtMultiplesOfTheirSize) {
  ACTP_CLAUSE("F-2.5");
  const std::string apl = MakeApl({"--slot-bytes", "23"});
  const Json json = OkJson({"memh", apl, Path("n.memh"), "--word-bits", "64"});
  EXPECT_EQ(json["words"], (40 * 23 + 7) / 8);
  std::string bytes;
  for (const std::string& line : Lines()) {
    if (line.starts_with("//")) continue;
    ASSERT_EQ(line.size(), 16U);
    for (size_t i = 16; i > 0; i -= 2)
      bytes += static_cast<char>(std::stoul(line.substr(i - 2, 2), nullptr, 16));
  }
  auto reader = io::ContainerReader::Open(apl);
  ASSERT_TRUE(reader.ok());
  for (uint64_t block = 0; block < 40; ++block) {
    const auto slot = reader->ReadBlock(0, block);
    ASSERT_TRUE(slot.ok());
    for (size_t i = 0; i < 23; ++i) {
      EXPECT_EQ(static_cast<std::byte>(bytes[block * 23 + i]), (*slot)[i]) << block << " " << i;
    }
  }
}

TEST_F(Memh, OneOfSeveralTensorsAndEmptyOnes) {
  const std::string in =
      WriteFile("m.safetensors",
                Safetensors(R"({"a \"b\" é":{"dtype":"F32","shape":[9],"data_offsets":[0,36]},)"
                            R"("e":{"dtype":"BF16","shape":[0],"data_offsets":[36,36]}})",
                            Noise(36)));
  Ok({"compress", in, Path("m.apl")});
  for (const char* name : {"a \"b\" é", "e"}) {
    Ok({"memh", Path("m.apl"), Path("t.memh"), "--tensor", name});
    Ok({"memh", "--back", Path("t.memh"), Path("back.apl")});
    Ok({"compress", in, Path("one.apl"), "--tensor", name});
    EXPECT_EQ(ReadFile(Path("back.apl")), ReadFile(Path("one.apl"))) << name;
  }
  Fails(2, {"memh", Path("m.apl"), Path("x.memh")}, "choose one with --tensor");
}

TEST_F(Memh, LosslessBlocksAreRefused) {
  Fails(3, {"memh", MakeApl({"--lossless"}), Path("x.memh")},
        "compress with --ratio or --slot-bytes");
}

TEST_F(Memh, BadImagesAreRefusedWithTheLine) {
  Ok({"memh", MakeApl({"--slot-bytes", "23"}), Path("n.memh"), "--word-bits", "64"});
  const std::vector<std::string> good = Lines();
  ASSERT_EQ(good.size(), 2U + 115U);
  const std::string out = Path("x.apl");
  const auto refuse = [&](std::vector<std::string> lines, const std::string& part) {
    Fails(3, {"memh", "--back", WriteLines(lines), out}, part);
  };
  const auto with = [&](size_t line, const std::string& text) {
    auto lines = good;
    lines[line] = text;
    return lines;
  };
  refuse({}, "line 1: it is not the first line");
  refuse({good.begin() + 1, good.end()}, "line 1: it is not the first line");
  refuse(with(5, good[5].substr(1)),
         "line 6: '" + good[5].substr(1) + "' is not a word of 16 hex digits");
  refuse(with(5, good[5].substr(1) + "x"), "line 6: ");
  refuse(with(5, "@10"), "line 6: '@10'");
  refuse(with(5, std::string(70000, '0')), "line 6: it is too long");
  refuse({good.begin(), good.end() - 1}, "line 117: the file ends after 114 of 115 words");
  auto longer = good;
  longer.push_back(good.back());
  refuse(longer, "line 118: it is more than the 115 words");
  // 920 bytes fill 115 words; with 128 bits a word the last one has 8 bytes to spare.
  Ok({"memh", Path("n.apl"), Path("n.memh"), "--word-bits", "128"});
  auto spare = Lines();
  spare.back()[0] = '1';
  refuse(spare, "the 8 bytes after the last slot are not zero");

  const std::string head = good[0];
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string line = head;
    line.replace(line.find(from), from.size(), to);
    return with(0, line);
  };
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"memh 2", "memh 3"},
           {"{", "["},
           {"}", ""},
           {"\"name\":\"\"", "\"name\":7"},
           {"\"name\":\"\"", "\"name\":\"\\u0001\""},
           {"<f2", "<f4"},
           {"<f2", "<i8"},
           {"[41,31]", "[41,-31]"},
           {"[41,31]", "{}"},
           {"[41,31]", "[4294967296,4294967296]"},
           {"fp16", "fp64"},
           {"\"block\":32", "\"block\":33"},
           {"\"slot_bytes\":23", "\"slot_bytes\":1"},
           {"\"slot_bytes\":23", "\"slot_bytes\":99999999999"},
           {"field", "fields"},
           {"midpoint", "half"},
           {"\"delta_cap\":0", "\"delta_cap\":9"},
           {"\"delta_cap\":0", "\"delta_cap\":null"},
           {"\"group\":null", "\"group\":4"},
           {"\"rows\":null", "\"rows\":16"},
           {"\"rows\":null,", ""},
           {"\"order\":\"field\"", "\"order\":\"significance\""},
           {"\"word_bits\":64", "\"word_bits\":0"},
           {"\"word_bits\":64", "\"word_bits\":63"},
           {"\"fortran_order\":true", "\"fortran_order\":1"}}) {
    refuse(changed(from, to), "bad.memh': line 1: ");
  }
  Fails(3, {"memh", "--back", Path("none.memh"), out}, "cannot open");
  // Of order significance.
  Ok({"memh", MakeApl({"--slot-bytes", "23", "--order", "significance"}), Path("n.memh")});
  const std::string significance = Lines()[0];
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"fill\":null", "\"fill\":\"midpoint\""},
                                                        {"\"delta_cap\":null", "\"delta_cap\":0"},
                                                        {"\"group\":4", "\"group\":5"},
                                                        {"\"group\":4", "\"group\":null"},
                                                        {"\"rows\":16", "\"rows\":7"},
                                                        {"\"rows\":16", "\"rows\":25"}}) {
    std::string line = significance;
    line.replace(line.find(from), from.size(), to);
    refuse({line}, "bad.memh': line 1: ");
  }
}

TEST_F(Memh, AnImageOfVersion1SaysWhatToDo) {
  Fails(3, {"memh", "--back", DataFile("foreign/memh-version-1.memh"), Path("x.apl")},
        "line 1: it is of version 1, and this program reads 2: compress the tensor again; make it "
        "again with actplane memh");
}

TEST_F(Memh, WindowsLineEndsAndCommentsAreFine) {
  Ok({"memh", MakeApl({"--slot-bytes", "23"}), Path("n.memh")});
  std::string text;
  for (const std::string& line : Lines()) text += line + "\r\n\r\n// note\r\n";
  Ok({"memh", "--back", WriteFile("crlf.memh", text), Path("back.apl")});
  EXPECT_EQ(ReadFile(Path("back.apl")), ReadFile(Path("n.apl")));
}

}  // namespace
}  // namespace actplane::cli
