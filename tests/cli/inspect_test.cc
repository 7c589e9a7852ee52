// SPDX-License-Identifier: Apache-2.0
// inspect: what a file holds, and a block bit by bit.
#include <map>

#include "actplane/io/container.h"
#include "report_test_support.h"

namespace actplane::cli {
namespace {

using Inspect = ReportTest;

// Number at bits [high:low] of a slot.
uint64_t BitsOf(std::span<const std::byte> slot, uint64_t low, uint64_t high) {
  uint64_t value = 0;
  for (uint64_t b = low; b <= high; ++b) {
    value |= uint64_t{(std::to_integer<unsigned>(slot[b / 8]) >> (b % 8)) & 1U} << (b - low);
  }
  return value;
}

// Everything that inspect says about a block, held against the bits of its slot.
void ExpectTrueToSlot(const Json& json, std::span<const std::byte> slot, const std::string& order) {
  uint64_t header_end = 0;
  for (const Json& e : json["header"]) {
    EXPECT_EQ(e["value"].get<uint64_t>(), BitsOf(slot, e["low"], e["high"])) << e;
    header_end = std::max(header_end, e["high"].get<uint64_t>() + 1);
  }
  uint64_t next = 0;
  bool cut = false;
  for (const Json& p : json["planes"]) {
    const uint64_t bit = p["bit"];
    const uint64_t bits = p["bits"];
    const uint64_t kept = p["kept"];
    if (next != 0) {
      EXPECT_EQ(bit, next) << p["name"];
    }
    next = bit + bits;
    if (bits == 0) continue;
    if (kept < bits && !cut) {
      cut = true;
      EXPECT_EQ(json["cut"]["plane"], p["name"]);
      EXPECT_EQ(bit + kept, 8 * slot.size());
      EXPECT_EQ(json["cut"]["bit"], 8 * slot.size());
    }
    if (p["name"].get<std::string>().ends_with("grouped")) continue;
    std::string drawing;  // without the values that are not in the list
    for (const char c : p["drawing"].get<std::string>())
      drawing += c == ' ' ? "" : std::string(1, c);
    ASSERT_EQ(drawing.size(), bits) << p["name"];
    for (uint64_t i = 0; i < bits; ++i) {
      const char expected = i >= kept ? '-' : (BitsOf(slot, bit + i, bit + i) != 0 ? '#' : '.');
      ASSERT_EQ(drawing[i], expected) << p["name"] << " " << i;
    }
  }
  EXPECT_EQ(json["cut"].is_null(), !cut);
  EXPECT_EQ(json["order"], order);
  EXPECT_TRUE(next == 0 || next >= header_end);
}

TEST_F(Inspect, IsTrueToTheBitsOfEveryBlock) {
  ACTP_CLAUSE("F-2.7", "F-3.1", "F-3.4", "F-3.5", "F-5.2", "F-5.8");
  std::string odd;  // specials, zeros of both signs, subnormals, and a last block that is not full
  for (uint32_t i = 0; i < 200; ++i) {
    const uint32_t patterns[] = {0x7f800000, 0,          0xffc00001,
                                 0x80000000, 0x00000777, 0x3f800000 + i * 977};
    odd += Little(patterns[i < 100 ? 5 - (i % 7 == 0 ? i % 5 : 0) : i % 6], 4);
  }
  const std::string odd_file = WriteFile("odd.npy", Npy("<f4", "(200,)", odd));
  const std::string noise = WriteFile("h.npy", Npy("<f2", "(300,)", Noise(600)));
  for (const std::string& file : {DataFile("attn_drop.npy"), DataFile("ln1_in.npy"),
                                  DataFile("attn_drop_mask.npy"), odd_file, noise}) {
    for (const std::string order : {"field", "significance"}) {
      for (const std::vector<std::string>& size : {std::vector<std::string>{"--ratio", "1.9"},
                                                   {"--ratio", "3.2"},
                                                   {"--slot-bytes", "112"},
                                                   {"--lossless"}}) {
        std::vector<std::string> arguments = {"compress", file, Path("x.apl"), "--order", order};
        arguments.insert(arguments.end(), size.begin(), size.end());
        Ok(arguments);
        Ok({"decompress", Path("x.apl"), Path("x.npy")});
        const std::string npy = ReadFile(Path("x.npy"));
        auto reader = io::ContainerReader::Open(Path("x.apl"));
        ASSERT_TRUE(reader.ok());
        const io::ContainerTensor& t = reader->tensors()[0];
        const uint32_t width = InfoOf(t.config.format).value_bytes;
        const size_t data = npy.size() - t.info.values * width;
        for (uint64_t block = 0; block<t.blocks; block += t.blocks> 4 ? 9 : 1) {
          const std::string index = std::to_string(block);
          const Json json = OkJson({"inspect", Path("x.apl"), "--block-index", index});
          const auto slot = reader->ReadBlock(0, block);
          ASSERT_TRUE(slot.ok());
          ExpectTrueToSlot(json, *slot, order);
          const Json& patterns = json["decoded"]["patterns"];
          EXPECT_EQ(patterns.size(), std::min<uint64_t>(128, t.info.values - block * 128));
          for (size_t i = 0; i < patterns.size(); ++i) {
            const auto pattern = std::stoul(patterns[i].get<std::string>(), nullptr, 16);
            ASSERT_EQ(Little(pattern, width), npy.substr(data + (block * 128 + i) * width, width));
          }
          if (block == 0) {
            EXPECT_THAT(Ok({"inspect", Path("x.apl"), "--block-index", index}),
                        HasSubstr("Header\nbits "));
          }
        }
      }
    }
  }
}

TEST_F(Inspect, TextShowsHeaderPlanesAndCut) {
  Ok({"compress", DataFile("ln1_in.npy"), Path("f.apl")});
  const std::string field = Ok({"inspect", Path("f.apl"), "--block-index", "3"});
  EXPECT_THAT(field, testing::ContainsRegex("\n\\[7:0\\] +base +[0-9]+ +2\\^"));
  EXPECT_THAT(field, testing::ContainsRegex("\ndelta 3 +[0-9]+ +48  [#.]{48}\n"));
  EXPECT_THAT(field, testing::ContainsRegex("\nmantissa [0-9]+ \\.\\. 0 +[0-9]+ +[0-9]+  lost\n"));
  EXPECT_THAT(
      field,
      testing::ContainsRegex(
          "\nCut: at bit 1280 \\(end of byte 159\\), in mantissa [0-9]+ before value [0-9]+\n"));
  Ok({"compress", DataFile("ln1_in.npy"), Path("s.apl"), "--order", "significance"});
  const std::string significance = Ok({"inspect", Path("s.apl"), "--block-index", "3"});
  EXPECT_THAT(significance, testing::ContainsRegex("\n\\[8:4\\] +P +[0-9]+ +significance planes"));
  EXPECT_THAT(significance, testing::ContainsRegex("\nplane 0, grouped +21 "));
  EXPECT_THAT(significance, testing::ContainsRegex("\nsigns +[0-9]+ "));
}

TEST_F(Inspect, ListsTheTensorsOfAContainer) {
  const std::string in = WriteFile(
      "m.safetensors", Safetensors(R"({"a":{"dtype":"F32","shape":[3,5],"data_offsets":[0,60]},)"
                                   R"("b":{"dtype":"BF16","shape":[7],"data_offsets":[60,74]}})",
                                   Noise(74)));
  Ok({"compress", in, Path("m.apl"), "--lossless"});
  const std::string text = Ok({"inspect", Path("m.apl")});
  EXPECT_THAT(text, testing::ContainsRegex("container of 2 tensors"));
  EXPECT_THAT(text, testing::ContainsRegex("\na +\\(3, 5\\) +F32 +128  field  lossless"));
  EXPECT_EQ(OkJson({"inspect", Path("m.apl"), "--tensor", "b"})["tensors"].size(), 1U);
  EXPECT_EQ(OkJson({"inspect", Path("m.apl")})["tensors"][1]["shape"], Json({7}));
  Ok({"inspect", Path("m.apl"), "--tensor", "b", "--block-index", "0"});
  Fails(2, {"inspect", Path("m.apl"), "--block-index", "0"}, "choose one with --tensor");
}

TEST_F(Inspect, ListsEveryTensorOfATensorFile) {
  const std::string in =
      WriteFile("m.safetensors", SafetensorsOf({{"h.0.w", "F32", {3, 5}, Noise(60)},
                                                {"ids", "I64", {2}, Noise(16)},
                                                {"h.0.b", "BF16", {7}, Noise(14)},
                                                {"pos", "I64", {1}, Noise(8)}}));
  const std::string text = Ok({"inspect", in});  // without a note on standard error
  EXPECT_THAT(text, HasSubstr("': .safetensors of 4 tensors\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nh.0.w +\\(3, 5\\)  F32 +fp32 +15 +60\n"
                                           "ids +\\(2,\\) +I64 +- +2 +16\n"
                                           "h.0.b +\\(7,\\) +BF16 +bf16 +7 +14\n"));
  EXPECT_THAT(text, HasSubstr("\n  2 tensors: its data type is 'I64', and only F32, F16 and BF16"));
  const Json json = OkJson({"inspect", in});
  EXPECT_EQ(json["kind"], "safetensors");
  ASSERT_EQ(json["tensors"].size(), 4U);
  EXPECT_EQ(json["tensors"][0]["name"], "h.0.w");
  EXPECT_EQ(json["tensors"][0]["dtype"], "F32");
  EXPECT_EQ(json["tensors"][0]["format"], "fp32");
  EXPECT_EQ(json["tensors"][0]["shape"], (Json{3, 5}));
  EXPECT_EQ(json["tensors"][0]["values"], 15);
  EXPECT_EQ(json["tensors"][0]["bytes"], 60);
  EXPECT_EQ(json["tensors"][0]["reason"], nullptr);
  EXPECT_EQ(json["tensors"][1]["format"], nullptr);
  EXPECT_THAT(json["tensors"][1]["reason"].get<std::string>(), HasSubstr("'I64'"));
  const uint64_t at = json["tensors"][2]["offset"];
  EXPECT_EQ(ReadFile(in).substr(at, 14), Noise(14));
  EXPECT_EQ(OkJson({"inspect", in, "--tensor", "h.0.*"})["tensors"].size(), 2U);
  EXPECT_EQ(OkJson({"inspect", in, "--tensor", "ids"})["tensors"].size(), 1U);
  Fails(3, {"inspect", in, "--tensor", "none"}, "there is no tensor 'none' among its 4");
  Fails(3, {"inspect", in, "--block-index", "0"}, "make one with actplane compress");
}

TEST_F(Inspect, ListsANpyFileThatCannotBeCompressedToo) {
  struct Case {
    std::string descr, format, reason;
  };
  for (const Case& c :
       {Case{"<f4", "fp32", ""}, Case{"<f2", "fp16", ""},
        Case{"<u2", "", "pass --format bf16 if these are"}, Case{">f4", "", "is big-endian"},
        Case{"<i8", "", "save float32"}, Case{"|O", "", "Python objects"}}) {
    const size_t width = c.descr.back() == '8' ? 8 : c.descr.back() == '2' ? 2 : 4;
    const std::string in = WriteFile("x.npy", Npy(c.descr, "(3, 5)", Noise(15 * width), true));
    const Json json = OkJson({"inspect", in});
    EXPECT_EQ(json["kind"], "npy");
    ASSERT_EQ(json["tensors"].size(), 1U);
    const Json& t = json["tensors"][0];
    EXPECT_EQ(t["dtype"], c.descr);
    EXPECT_EQ(t["format"], c.format.empty() ? Json(nullptr) : Json(c.format));
    EXPECT_EQ(t["shape"], (Json{3, 5}));
    EXPECT_EQ(t["fortran_order"], true);
    EXPECT_EQ(t["values"], 15);
    EXPECT_EQ(t["bytes"], 15 * width);
    EXPECT_EQ(t["reason"].is_null(), c.reason.empty());
    const std::string text = Ok({"inspect", in});
    EXPECT_THAT(text, HasSubstr("': .npy of 1 tensor\n"));
    EXPECT_THAT(text, HasSubstr(c.descr + " Fortran "));
    EXPECT_THAT(text, HasSubstr(c.reason));
  }
  Fails(3, {"inspect", WriteFile("cut.npy", Npy("<f4", "(3,)", Noise(8)))}, "it is truncated");
  Fails(3, {"inspect", WriteFile("x.bin", Noise(100))}, "not an .apl container");
}

TEST_F(Inspect, TensorIsAPatternForContainersToo) {
  const std::string in =
      WriteFile("m.safetensors", SafetensorsOf({{"h.0.w", "F32", {3, 5}, Noise(60)},
                                                {"h.0.b", "BF16", {7}, Noise(14)},
                                                {"x", "BF16", {7}, Noise(14)}}));
  Ok({"compress", in, Path("m.apl"), "--lossless"});
  EXPECT_EQ(OkJson({"inspect", Path("m.apl"), "--tensor", "h.*"})["tensors"].size(), 2U);
  EXPECT_EQ(OkJson({"inspect", Path("m.apl")})["kind"], "container");
  std::filesystem::copy_file(Path("m.apl"), Path("m.npy"));
  EXPECT_EQ(OkJson({"inspect", Path("m.npy")})["kind"], "container") << "by its bytes";
  Fails(3, {"stats", Path("m.npy")}, "it is a compressed container; use actplane decompress first");
  Fails(3, {"eval", Path("m.npy")}, "it is a compressed container; use actplane decompress first");
  Fails(2, {"inspect", Path("m.apl"), "--tensor", "y*"}, "there is no tensor 'y*' among its 3");
}

TEST_F(Inspect, StandardInputIsAFileLikeAnyOther) {
  Ok({"compress", DataFile("q.npy"), Path("q.apl")});
  const std::string tensors = SafetensorsOf({{"w", "F32", {3, 5}, Noise(60)}});
  for (const std::string& file : {ReadFile(Path("q.apl")), tensors, ReadFile(DataFile("q.npy"))}) {
    const RunResult r = RunOn({"inspect", "-", "--json"}, {.in = &file});
    EXPECT_EQ(r.exit, 0) << r.err;
    EXPECT_EQ(Json::parse(r.out, nullptr, false)["tensors"],
              OkJson({"inspect", WriteFile("in", file)})["tensors"]);
  }
  const std::string apl = ReadFile(Path("q.apl"));
  const RunResult r = RunOn({"inspect", "-", "--block-index", "3", "--json"}, {.in = &apl});
  EXPECT_EQ(Json::parse(r.out, nullptr, false)["planes"],
            OkJson({"inspect", Path("q.apl"), "--block-index", "3"})["planes"]);
}

// One line of the drawing of planes: where it starts, how many bits it says, and its marks.
struct DrawnLine {
  std::string name, marks;
  std::optional<uint64_t> bit, bits;
  uint64_t first_value = 0;  // of the ruler above it
};

std::vector<DrawnLine> DrawnLines(const std::string& text) {
  std::vector<DrawnLine> drawn;
  size_t bit_end = 0;
  size_t marks_at = 0;
  uint64_t first_value = 0;
  for (const std::string& line : LinesOf(text.substr(text.find("\nplane ") + 1))) {
    if (line.starts_with("Cut:")) break;
    if (line.starts_with("plane ") && line.find(" bits  ") != std::string::npos) {
      marks_at = line.find(" bits  ") + 7;
      bit_end = line.find(" bit ") + 4;
      first_value = std::stoull(line.substr(marks_at));
      for (size_t at = marks_at; at < line.size(); at += 8) {
        EXPECT_EQ(std::stoull(line.substr(at)), first_value + at - marks_at) << "ruler";
      }
      continue;
    }
    if (line.size() <= marks_at) continue;
    DrawnLine d{.name = line.substr(0, line.find("  ")),
                .marks = line.substr(marks_at),
                .bit = {},
                .bits = {},
                .first_value = first_value};
    // The numbers end where their headers end.
    const auto number = [&](size_t end) -> std::optional<uint64_t> {
      const size_t blank = line.find_last_of(' ', end - 1);
      if (blank == end - 1) return {};
      return std::stoull(line.substr(blank + 1));
    };
    d.bit = number(bit_end);
    d.bits = number(marks_at - 2);
    drawn.push_back(d);
  }
  return drawn;
}

TEST_F(Inspect, DrawingFitsTheTerminalAndEveryLineSaysItsBit) {
  std::string odd;  // specials and zeros
  for (uint32_t i = 0; i < 600; ++i) {
    const uint32_t patterns[] = {0x7f800000, 0, 0xffc00001, 0x3f800000 + i * 977, 0xbe000000 + i};
    odd += Little(patterns[i % 5], 4);
  }
  const std::string odd_file = WriteFile("odd.npy", Npy("<f4", "(600,)", odd));
  size_t all_compared = 0;
  for (const std::string& file : {DataFile("ln1_in.npy"), DataFile("attn_drop.npy"), odd_file}) {
    for (const std::string order : {"field", "significance"}) {
      for (const std::string block : {"32", "128", "256"}) {
        Ok({"compress", file, Path("x.apl"), "--order", order, "--block", block, "--ratio", "2"});
        const std::vector<std::string> arguments = {"inspect", Path("x.apl"), "--block-index", "1"};
        const Json json = OkJson(arguments);
        auto reader = io::ContainerReader::Open(Path("x.apl"));
        ASSERT_TRUE(reader.ok());
        const auto slot = reader->ReadBlock(0, 1);
        ASSERT_TRUE(slot.ok());
        for (const uint16_t columns : std::initializer_list<uint16_t>{0, 60, 100, 400}) {
          const std::string text = columns == 0 ? Ok(arguments) : OnTerminal(arguments, columns);
          if (columns != 60) {
            EXPECT_LE(WidestLine(text.substr(text.find('\n'))), columns == 0 ? 80U : columns);
          }
          const std::string planes = text.substr(text.find("\nPlanes"), text.find("\nCut:"));
          std::map<std::string, std::string> drawings;  // put together again
          for (const DrawnLine& d : DrawnLines(planes + "\nCut:")) {
            if (columns != 0) {
              EXPECT_LE(d.marks.size(), columns);
            }
            if (d.marks == "lost" || d.marks.starts_with("uniform")) continue;
            if (d.name == "sign, NaN" || d.name.starts_with("B (") || d.name.empty()) continue;
            std::string& drawing = drawings[d.name];
            drawing.resize(d.first_value, ' ');
            drawing += d.marks;
            if (d.name.ends_with("grouped")) continue;
            // Every mark is the bit of the slot that the line says.
            ASSERT_TRUE(d.bit.has_value()) << d.name;
            uint64_t bit = *d.bit;
            for (const char mark : d.marks) {
              if (mark == ' ') continue;
              const char expected = bit >= 8 * slot->size()        ? '-'
                                    : BitsOf(*slot, bit, bit) != 0 ? '#'
                                                                   : '.';
              ASSERT_EQ(mark, expected) << d.name << " bit " << bit;
              ++bit;
            }
            EXPECT_EQ(bit, *d.bit + *d.bits) << d.name;
          }
          size_t compared = 0;
          for (const Json& p : json["planes"]) {
            const std::string name = p["name"];
            std::string drawing = p["drawing"];
            if (name == "sign, NaN" || name.starts_with("B (") || !p["uniform"].is_null()) continue;
            if (p["kept"] == 0 && p["bits"] != 0) continue;
            drawing.erase(drawing.find_last_not_of(' ') + 1);
            EXPECT_EQ(drawings[name], drawing) << name;
            ++compared;
          }
          all_compared += compared;
          if (columns == 400) {
            EXPECT_THAT(planes, testing::Not(testing::ContainsRegex("\n\nplane +bit")))
                << "one table";
          }
        }
      }
    }
  }
  EXPECT_GE(all_compared, 1000U);
}

TEST_F(Inspect, ListsAreAsWideAsTheTerminalAtMost) {
  const std::string name(150, 'n');
  std::vector<uint64_t> shape(20, 1);
  shape.back() = 100;
  const std::string in =
      WriteFile("m.safetensors", SafetensorsOf({{name, "F32", shape, FloatBytes(SomeFloats(100))},
                                                {"ids", "I64", {1024, 1024, 0}, ""}}));
  const std::string apl = Path("m.apl");
  EXPECT_EQ(Run({"compress", in, apl, "--order", "significance"}).exit, 0);
  for (const std::string& file : {in, apl}) {
    const std::string text = Ok({"inspect", file});
    std::string tables = text.substr(text.find('\n'));
    if (const size_t reasons = tables.find("\n- "); reasons != std::string::npos)
      tables.resize(reasons);
    EXPECT_LE(WidestLine(tables), 80U) << text;
    std::erase(tables, '\n');
    EXPECT_THAT(tables, HasSubstr(name));
    EXPECT_THAT(tables, HasSubstr("(1, ..., 100) 20-d"));
  }
}

}  // namespace
}  // namespace actplane::cli
