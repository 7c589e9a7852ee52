// SPDX-License-Identifier: Apache-2.0
// inspect: what a file holds, and a block bit by bit.
#include <map>
#include <set>
#include <sstream>

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

// What a block showed, by form of order significance; 6: poisoned, 7: a pair.
using Forms = std::set<uint64_t>;

uint64_t HeaderValue(const Json& json, const std::string& name) {
  for (const Json& e : json["header"]) {
    if (e["name"] == name) return e["value"];
  }
  ADD_FAILURE() << "no " << name;
  return 0;
}

// F-3.4, F-3.5: how many rows each group has, and where the slot cuts.
void ExpectFieldGroups(const Json& json, uint64_t slot_bytes) {
  const uint64_t n = json["block"];
  const std::map<std::string, uint64_t> words = {{"fp32", 24}, {"fp16", 16}, {"bf16", 8}};
  const uint64_t header =
      HeaderValue(json, "X") != 0 ? 16 + 2 * words.at(json["format"].get<std::string>()) : 16;
  std::vector<const Json*> planes;
  for (const Json& r : json["drawing"]) {
    if (r["uniform"].is_null()) planes.push_back(&r);
  }
  const uint64_t bytes = slot_bytes - header / 8;
  ASSERT_EQ(json["groups"].size(), n / 8);
  for (uint64_t g = 0; g < n / 8; ++g) {
    EXPECT_EQ(json["groups"][g]["values"], 8);
    EXPECT_EQ(json["groups"][g]["rows"],
              std::min<uint64_t>(planes.size(), bytes / (n / 8) + (g < bytes % (n / 8) ? 1 : 0)));
  }
  EXPECT_EQ(json["groups"][0]["bit"], header);
  const uint64_t kept = 8 * slot_bytes - header;  // as if whole planes followed each other
  if (kept >= planes.size() * n) {
    EXPECT_EQ(json["cut"], nullptr);
    return;
  }
  EXPECT_EQ(json["cut"], (Json{{"bit", 8 * slot_bytes},
                               {"byte", slot_bytes},
                               {"row", (*planes[kept / n])["name"]},
                               {"value", kept % n}}));
}

// F-5.1 .. F-5.7: the places of all groups, from header, flags and codes in the slot.
void ExpectSignificanceGroups(const Json& json, std::span<const std::byte> slot, Forms& forms) {
  const uint64_t w = BitsOf(slot, 0, 2);
  const uint64_t n = json["block"];
  if (w > 4) {
    forms.insert(w);
    EXPECT_EQ(json["header"].size(), w == 7 ? 4U : 2U);
    EXPECT_EQ(json["cut"], (w == 7 ? Json(nullptr) : Json{{"poisoned", true}}));
    ASSERT_EQ(json["groups"].size(), w == 7 ? 1U : 0U);
    ASSERT_EQ(json["drawing"].size(), w == 7 ? 1U : 0U);
    if (w == 6) return;
    const uint64_t bits = json["format"] == "fp32" ? 32 : 16;
    EXPECT_EQ(
        json["groups"][0],
        (Json{
            {"group", 0}, {"first_value", 0}, {"values", n}, {"bit", 8 + 2 * bits}, {"rows", 1}}));
    EXPECT_EQ(HeaderValue(json, "a"), BitsOf(slot, 8, 7 + bits));
    EXPECT_EQ(HeaderValue(json, "b"), BitsOf(slot, 8 + bits, 7 + 2 * bits));
    return;
  }
  const uint64_t k = json["group"], limit = json["rows"];
  const uint64_t groups = n / k, units = std::min<uint64_t>(groups, 32);
  const uint64_t dead_code = BitsOf(slot, 3, 3), form = BitsOf(slot, 4, 5), q = BitsOf(slot, 6, 10),
                 j = BitsOf(slot, 11, 15), base = BitsOf(slot, 16, 23);
  forms.insert(form);
  const uint64_t flags = form == 3 ? groups : 0;
  uint64_t bit = (24 + flags + groups * w + 7) / 8 * 8, longer = 0;
  ASSERT_EQ(json["groups"].size(), groups);
  const int64_t bias = json["format"] == "fp16" ? 15 : 127;
  for (uint64_t g = 0; g < groups; ++g) {
    const Json& j_group = json["groups"][g];
    const uint64_t code_bit = 24 + flags + g * w;
    const uint64_t code = w == 0 ? 0 : BitsOf(slot, code_bit, code_bit + w - 1);
    const bool special = flags != 0 && BitsOf(slot, 24 + g, 24 + g) != 0;
    const uint64_t end = g * units < j * groups ? q + 1 : q;
    longer += end - q;
    const bool lives = !(dead_code != 0 && code == (1U << w) - 1) && code < end;
    const uint64_t rows = lives ? std::min(form == 2 ? end - code - 1 : end - code, limit) : 0;
    const uint64_t all = rows + (special ? 2 : 0) + (form != 0 && (lives || special) ? 1 : 0);
    const auto step = static_cast<int64_t>(base) - static_cast<int64_t>(code + rows) + 1;
    EXPECT_EQ(j_group, (Json{{"group", g},
                             {"first_value", g * k},
                             {"values", k},
                             {"bit", bit},
                             {"rows", all},
                             {"special", special},
                             {"code", code},
                             {"code_bit", code_bit},
                             {"end", end},
                             {"lives", lives},
                             {"magnitude_rows", rows},
                             {"step", lives ? Json(step) : Json(nullptr)}}));
    bit += k * all;
    // Its magnitude rows stand where their weights are, its other rows above.
    uint64_t drawn = 0;
    for (const Json& r : json["drawing"]) {
      const std::string name = r["name"];
      const std::string marks = r["marks"].get<std::string>().substr(g * k, k);
      if (marks.find(' ') != std::string::npos) continue;
      ++drawn;
      if (!name.starts_with("weight 2^")) {
        EXPECT_EQ(name, special && drawn < 3 ? (drawn == 1 ? "special" : "NaN") : "sign");
        continue;
      }
      const int64_t weight = std::stoll(name.substr(9)) + bias;
      EXPECT_EQ(weight, step + static_cast<int64_t>(all - drawn)) << name << " group " << g;
    }
  }
  EXPECT_EQ(json["cut"], (Json{{"q", q}, {"j", j}, {"groups_at_q_plus_1", longer}}));
  EXPECT_EQ(json["used_bits"], bit);
}

// Everything that inspect says about a block, held against the bits of its slot.
void ExpectTrueToSlot(const Json& json, std::span<const std::byte> slot, const std::string& order,
                      Forms& forms) {
  for (const Json& e : json["header"]) {
    if (e["value"].is_null()) continue;  // a list
    EXPECT_EQ(e["value"].get<uint64_t>(), BitsOf(slot, e["low"], e["high"])) << e;
  }
  EXPECT_EQ(json["order"], order);
  EXPECT_EQ(json["fill"].is_null(), order == "significance");
  EXPECT_EQ(json["group"].is_null(), order == "field");
  if (order == "field") {
    ExpectFieldGroups(json, slot.size());
  } else {
    ExpectSignificanceGroups(json, slot, forms);
  }
  // The rows of a group lie one after the other, and the groups too.
  uint64_t value = 0;
  for (size_t g = 0; g < json["groups"].size(); ++g) {
    const Json& group = json["groups"][g];
    const uint64_t bit = group["bit"], values = group["values"], rows = group["rows"];
    EXPECT_EQ(group["first_value"], value);
    uint64_t drawn = 0;
    bool lost = false;
    for (const Json& r : json["drawing"]) {
      if (!r["uniform"].is_null()) continue;
      const std::string marks = r["marks"];
      ASSERT_EQ(marks.size(), json["block"]);
      const std::string own = marks.substr(value, values);
      if (own == std::string(values, '-') || own == std::string(values, ' ')) {
        lost = lost || own[0] == '-';
        continue;
      }
      EXPECT_FALSE(lost) << "a row below one that is lost";
      for (uint64_t i = 0; i < values; ++i) {
        const uint64_t at = bit + drawn * values + i;
        ASSERT_LT(at, 8 * slot.size());
        ASSERT_EQ(own[i], BitsOf(slot, at, at) != 0 ? '#' : '.') << r["name"] << " " << value + i;
      }
      ++drawn;
    }
    EXPECT_EQ(drawn, rows);
    EXPECT_EQ(bit + rows * values, g + 1 == json["groups"].size()
                                       ? json["used_bits"].get<uint64_t>()
                                       : json["groups"][g + 1]["bit"].get<uint64_t>());
    value += values;
  }
}

TEST_F(Inspect, IsTrueToTheBitsOfEveryBlock) {
  ACTP_CLAUSE("F-2.7", "F-3.1", "F-3.4", "F-3.5", "F-5.1", "F-5.2", "F-5.3", "F-5.4", "F-5.5",
              "F-5.6", "F-5.12", "F-5.13");
  std::string odd;  // specials, zeros of both signs, subnormals, and a last block that is not full
  for (uint32_t i = 0; i < 200; ++i) {
    const uint32_t patterns[] = {0x7f800000, 0,          0xffc00001,
                                 0x80000000, 0x00000777, 0x3f800000 + i * 977};
    odd += Little(patterns[i < 100 ? 5 - (i % 7 == 0 ? i % 5 : 0) : i % 6], 4);
  }
  const std::string odd_file = WriteFile("odd.npy", Npy("<f4", "(200,)", odd));
  std::vector<float> floats = SomeFloats(400);
  for (size_t i = 0; i < floats.size(); i += 3) floats[i] = 0;  // among numbers of both signs
  const std::string mixed = WriteFile("mixed.npy", Npy("<f4", "(400,)", FloatBytes(floats)));
  const std::string noise = WriteFile("h.npy", Npy("<f2", "(300,)", Noise(600)));
  const std::vector<std::vector<std::string>> field = {
      {"--ratio", "1.9"}, {"--ratio", "3.2"}, {"--slot-bytes", "112"}, {"--lossless"}};
  const std::vector<std::vector<std::string>> significance = {
      {"--ratio", "1.9"},
      {"--ratio", "3.2"},
      {"--slot-bytes", "112", "--group", "8"},
      {"--slot-bytes", "60", "--rows", "8"},
      {"--slot-bytes", "12"}};
  Forms forms;
  for (const std::string& file :
       {DataFile("dropout/gpt2.attn.p_dropped.npy"), DataFile("gpt2.ln_1.in.npy"),
        DataFile("dropout/mask.npy"), odd_file, mixed, noise}) {
    for (const std::string order : {"field", "significance"}) {
      for (const std::vector<std::string>& size : order == "field" ? field : significance) {
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
          ExpectTrueToSlot(json, *slot, order, forms);
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
  EXPECT_EQ(forms, (Forms{0, 1, 2, 3, 6, 7})) << "every form that a block can have";
}

TEST_F(Inspect, IsTrueToLegalSlotsThatNoEncoderMakes) {
  ACTP_CLAUSE("F-7.5");
  constexpr uint32_t kBlocks = 40;
  Forms forms;
  int drawn = 0;
  for (const Order order : {Order::kField, Order::kSignificance}) {
    for (const Format format : {Format::kFp32, Format::kFp16}) {
      Config config{.format = format, .block_len = 32, .order = order};
      config.slot_bytes = MaxSlotBytes(config) - (order == Order::kField ? 30 : 0);
      auto writer = io::ContainerWriter::Create(Path("x.apl"));
      ASSERT_TRUE(writer.ok());
      ASSERT_TRUE(writer
                      ->BeginTensor({.name = "",
                                     .format = format,
                                     .dtype = format == Format::kFp32 ? "<f4" : "<f2",
                                     .shape = {kBlocks * 32},
                                     .values = kBlocks * 32},
                                    config)
                      .ok());
      const std::string noise = Noise(kBlocks * config.slot_bytes);
      std::vector<std::string> slots;
      for (uint32_t i = 0; i < kBlocks; ++i) {
        std::string slot = noise.substr(i * config.slot_bytes, config.slot_bytes);
        if (order == Order::kField) {
          slot[0] = static_cast<char>(slot[0] & 15);    // base
          slot[1] = static_cast<char>(slot[1] & 0xb6);  // w at most 6, no extension
        } else {
          slot[0] = static_cast<char>((slot[0] & 0xf8) | (i % 5));
          slot[1] = static_cast<char>(slot[1] & 0x3f);      // j below 8
          slot[2] = static_cast<char>((slot[2] & 15) | 1);  // base
        }
        ASSERT_TRUE(writer->Append(std::as_bytes(std::span(slot))).ok());
        slots.push_back(slot);
      }
      ASSERT_TRUE(writer->EndTensor().ok());
      ASSERT_TRUE(writer->Finish().ok());
      for (uint32_t i = 0; i < kBlocks; ++i) {
        const std::vector<std::string> arguments = {"inspect", Path("x.apl"), "--block-index",
                                                    std::to_string(i)};
        if (Run(arguments).exit == 3) continue;  // malformed
        ++drawn;
        ExpectTrueToSlot(OkJson(arguments), std::as_bytes(std::span(slots[i])),
                         std::string(ToString(order)), forms);
      }
    }
  }
  EXPECT_GE(drawn, 4 * 30);
  EXPECT_EQ(forms, (Forms{0, 1, 2, 3}));
}

TEST_F(Inspect, TextShowsHeaderGroupsRowsAndCut) {
  Ok({"compress", DataFile("gpt2.ln_1.in.npy"), Path("f.apl")});
  const std::string field = Ok({"inspect", Path("f.apl"), "--block-index", "3"});
  EXPECT_THAT(field,
              HasSubstr("\nfp32, N = 128, order field\n160 bytes at byte 544 of the file\n"));
  EXPECT_THAT(field, testing::ContainsRegex("\n\\[7:0\\] +base +[0-9]+ +2\\^"));
  EXPECT_THAT(field, testing::ContainsRegex("\n0 \\.\\. 13 +0 \\.\\. 111 +10 +16 +80\n"
                                            "14 \\.\\. 15 +112 \\.\\. 127 +9 +1136 +72\n"));
  EXPECT_THAT(field, testing::ContainsRegex("\ndelta 2 +[#.]{56}\n"));
  EXPECT_THAT(field, testing::ContainsRegex("\nmantissa 16 \\.\\. 0  lost\n"));
  EXPECT_THAT(field,
              HasSubstr("\nCut: at bit 1280 (end of byte 159), in mantissa 17 before value 112\n"));
  EXPECT_THAT(field, HasSubstr("\nDecoded, fill midpoint: 128 values"));

  Ok({"compress", DataFile("gpt2.ln_1.in.npy"), Path("s.apl"), "--order", "significance", "--group",
      "8", "--ratio", "5.333"});
  const std::string text = Ok({"inspect", Path("s.apl"), "--block-index", "3"});
  EXPECT_THAT(text, HasSubstr("\nfp32, N = 128, order significance, K = 8, R = 16\n96 bytes at "));
  EXPECT_THAT(text, testing::ContainsRegex("\n\\[5:4\\] +form +2  signs, mid-rise\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\n\\[15:11\\] +j +6  of 16 parts of the block"));
  EXPECT_THAT(text, testing::ContainsRegex("\n\\[39:24\\] +codes +-  one of each group"));
  EXPECT_THAT(text, testing::ContainsRegex("\n3 +24 \\.\\. 31 +1 +7 +5 +6 +192 +2\\^-3\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nsign +[#.]{64}\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nweight 2\\^2 +[#.]{8} {24}[#.]{8}\n"));
  EXPECT_THAT(text, HasSubstr("\nCut: groups 0 .. 5 end at 7, the others at 6; 768 of 768 bits "));
  EXPECT_THAT(text, HasSubstr("\nDecoded: 128 values"));

  Ok({"compress", DataFile("dropout/mask.npy"), Path("p.apl"), "--order", "significance"});
  const std::string pair = Ok({"inspect", Path("p.apl"), "--block-index", "0"});
  EXPECT_THAT(pair, testing::ContainsRegex("\n\\[2:0\\] +w +7  a pair"));
  EXPECT_THAT(pair, testing::ContainsRegex("\n\\[39:8\\] +a +0x[0-9a-f]+  1.11111\n"));
  EXPECT_THAT(pair, testing::ContainsRegex("\nis b +[#.]{72}\n"));
  EXPECT_THAT(pair, HasSubstr("\nCut: none; 200 of 1280 bits used\n"));

  std::string specials;
  for (uint32_t i = 0; i < 128; ++i) specials += Little(i % 2 == 0 ? 0x7c00 : 0x3c00 + i, 2);
  const std::string in = WriteFile("inf.npy", Npy("<f2", "(128,)", specials));
  Ok({"compress", in, Path("x.apl"), "--order", "significance", "--slot-bytes", "8"});
  const std::string poisoned = Ok({"inspect", Path("x.apl"), "--block-index", "0"});
  EXPECT_THAT(poisoned, testing::ContainsRegex("\n\\[2:0\\] +w +6  poisoned: all NaN\n"));
  EXPECT_THAT(poisoned, HasSubstr("\nCut: everything: Inf and NaN do not fit the slot\n"));
  EXPECT_THAT(poisoned, HasSubstr(" 128 NaN"));
  EXPECT_EQ(poisoned.find("\nRows"), std::string::npos);
}

TEST_F(Inspect, SaysWhatTheOrderOfATensorHas) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  Ok({"compress", q, Path("f.apl"), "--fill", "zero", "--delta-cap", "3"});
  EXPECT_THAT(Ok({"inspect", Path("f.apl")}), HasSubstr("container of 1 tensor, fill zero\n"));
  EXPECT_THAT(Ok({"inspect", Path("f.apl")}), testing::ContainsRegex("  cap\n.* 3\n"));
  Ok({"compress", q, Path("s.apl"), "--order", "significance", "--rows", "9"});
  EXPECT_THAT(Ok({"inspect", Path("s.apl")}), HasSubstr("container of 1 tensor, K = 4, R = 9\n"));
  // Different ones in one container, which is no compress's: a column.
  auto writer = io::ContainerWriter::Create(Path("two.apl"));
  ASSERT_TRUE(writer.ok());
  for (const Order order : {Order::kField, Order::kSignificance}) {
    const std::string name(ToString(order));
    ASSERT_TRUE(
        writer->BeginTensor({.name = name, .dtype = "F32", .shape = {0}}, {.order = order}).ok());
    ASSERT_TRUE(writer->EndTensor().ok());
  }
  ASSERT_TRUE(writer->Finish().ok());
  const std::string text = Ok({"inspect", Path("two.apl")});
  EXPECT_THAT(text, HasSubstr("container of 2 tensors\n"));
  EXPECT_THAT(text,
              testing::ContainsRegex("\nfield .* fill midpoint\nsignificance .* K = 4, R = 16\n"));
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
  Ok({"compress", DataFile("gpt2.attn.q.npy"), Path("q.apl")});
  const std::string tensors = SafetensorsOf({{"w", "F32", {3, 5}, Noise(60)}});
  for (const std::string& file :
       {ReadFile(Path("q.apl")), tensors, ReadFile(DataFile("gpt2.attn.q.npy"))}) {
    const RunResult r = RunOn({"inspect", "-", "--json"}, {.in = &file});
    EXPECT_EQ(r.exit, 0) << r.err;
    EXPECT_EQ(Json::parse(r.out, nullptr, false)["tensors"],
              OkJson({"inspect", WriteFile("in", file)})["tensors"]);
  }
  const std::string apl = ReadFile(Path("q.apl"));
  const RunResult r = RunOn({"inspect", "-", "--block-index", "3", "--json"}, {.in = &apl});
  EXPECT_EQ(Json::parse(r.out, nullptr, false)["drawing"],
            OkJson({"inspect", Path("q.apl"), "--block-index", "3"})["drawing"]);
}

// The rows that are drawn, put together again from tables side by side; those that are lost or
// uniform are left out.
std::map<std::string, std::string> DrawnRows(const std::string& text, size_t columns) {
  std::map<std::string, std::string> rows;
  size_t marks_at = 0;
  size_t first_value = 0;
  for (const std::string& line : LinesOf(text)) {
    if (line.starts_with("row ")) {  // the ruler
      marks_at = line.find_first_of("0123456789");
      first_value = std::stoull(line.substr(marks_at));
      for (size_t at = marks_at; at < line.size(); at += 8) {
        EXPECT_EQ(std::stoull(line.substr(at)), first_value + at - marks_at) << "ruler";
      }
      continue;
    }
    if (marks_at == 0 || line.size() <= marks_at) continue;
    std::string name = line.substr(0, marks_at);
    name.erase(name.find_last_not_of(' ') + 1);
    const std::string marks = line.substr(marks_at);
    if (columns != 0) {
      EXPECT_LE(marks.size(), columns);
    }
    if (marks == "lost" || marks.starts_with("uniform")) continue;
    std::string& row = rows[name];
    row.resize(first_value, ' ');
    row += marks;
  }
  return rows;
}

// The table of groups says of each group what the JSON says.
void ExpectGroupsText(const std::string& text, const Json& json) {
  std::vector<std::vector<std::string>> lines;
  for (const std::string& line : LinesOf(text)) {
    if (line.empty() || line[0] < '0' || line[0] > '9') continue;
    std::istringstream words(line);
    std::vector<std::string> cells;
    for (std::string w; words >> w;) {
      if (w == "..") {
        words >> w;
        cells.back() += ".." + w;
      } else {
        cells.push_back(w);
      }
    }
    lines.push_back(cells);
  }
  size_t g = 0;
  const auto range = [](const std::string& cell) {
    const size_t dots = cell.find("..");
    const uint64_t first = std::stoull(cell);
    return std::pair(first, dots == std::string::npos ? first : std::stoull(cell.substr(dots + 2)));
  };
  const bool significance = json["order"] == "significance" && json["groups"][0].contains("code");
  for (const auto& cells : lines) {
    ASSERT_EQ(cells.size(), significance ? 8U : 5U);
    const auto [first, last] = range(cells[0]);
    ASSERT_EQ(first, g);
    const auto [value, last_value] = range(cells[1]);
    for (; g <= last; ++g) {
      ASSERT_LT(g, json["groups"].size());
      const Json& group = json["groups"][g];
      const uint64_t values = group["values"];
      EXPECT_EQ(group["first_value"], value + (g - first) * values);
      EXPECT_EQ(group["rows"], std::stoull(cells[significance ? 5 : 2]));
      const uint64_t each = significance ? 0 : std::stoull(cells[4]);
      EXPECT_EQ(group["bit"], std::stoull(cells[significance ? 6 : 3]) + (g - first) * each);
      if (g == last) {
        EXPECT_EQ(last_value, group["first_value"].get<uint64_t>() + values - 1);
      }
      if (!significance) {
        EXPECT_EQ(each, values * group["rows"].get<uint64_t>());
        continue;
      }
      EXPECT_EQ(group["code"], std::stoull(cells[2]));
      EXPECT_EQ(group["end"], std::stoull(cells[3]));
      EXPECT_EQ(group["lives"], cells[4] != "dead");
      EXPECT_EQ(group["magnitude_rows"], cells[4] == "dead" ? 0 : std::stoull(cells[4]));
      EXPECT_EQ(cells[7],
                group["lives"] ? fmt::format("2^{}", group["step"].get<int>() - 127) : "-");
    }
  }
  EXPECT_EQ(g, json["groups"].size());
}

TEST_F(Inspect, DrawingFitsTheTerminalAndIsWhatTheJsonSays) {
  std::string odd;  // specials and zeros
  for (uint32_t i = 0; i < 600; ++i) {
    const uint32_t patterns[] = {0x7f800000, 0, 0xffc00001, 0x3f800000 + i * 977, 0xbe000000 + i};
    odd += Little(patterns[i % 5], 4);
  }
  const std::string odd_file = WriteFile("odd.npy", Npy("<f4", "(600,)", odd));
  size_t all_compared = 0;
  for (const std::string& file :
       {DataFile("gpt2.ln_1.in.npy"), DataFile("dropout/gpt2.attn.p_dropped.npy"),
        DataFile("dropout/mask.npy"), odd_file}) {
    for (const std::string order : {"field", "significance"}) {
      for (const std::string block : {"32", "64", "128", "256"}) {
        Ok({"compress", file, Path("x.apl"), "--order", order, "--block", block, "--ratio", "2.3"});
        const std::vector<std::string> arguments = {"inspect", Path("x.apl"), "--block-index", "1"};
        const Json json = OkJson(arguments);
        for (const uint16_t columns : std::initializer_list<uint16_t>{0, 60, 100, 400}) {
          const std::string text = columns == 0 ? Ok(arguments) : OnTerminal(arguments, columns);
          if (columns != 60) {
            EXPECT_LE(WidestLine(text.substr(text.find('\n'))), columns == 0 ? 80U : columns);
          }
          const size_t groups_at = text.find("\nGroups (");
          const size_t rows_at = text.find("\nRows (");
          ASSERT_LT(groups_at, rows_at);
          ASSERT_LT(rows_at, text.size());
          ExpectGroupsText(text.substr(groups_at, rows_at - groups_at), json);
          const std::string table = text.substr(rows_at, text.find("\nCut:") - rows_at);
          std::map<std::string, std::string> rows = DrawnRows(table, columns);
          size_t compared = 0;
          for (const Json& r : json["drawing"]) {
            std::string marks = r["marks"];
            if (!r["uniform"].is_null() || marks == std::string(marks.size(), '-')) continue;
            marks.erase(marks.find_last_not_of(' ') + 1);
            const std::string name = r["name"];
            EXPECT_EQ(rows[name].substr(0, rows[name].find_last_not_of(' ') + 1), marks) << name;
            ++compared;
          }
          EXPECT_EQ(rows.size(), compared);
          all_compared += compared;
          if (columns == 400) {
            EXPECT_THAT(table, testing::Not(testing::ContainsRegex("\n\nrow +"))) << "one table";
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
