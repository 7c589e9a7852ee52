// SPDX-License-Identifier: Apache-2.0
// stats, eval and inspect: the numbers are right, and the text holds them.
#include <bit>
#include <cmath>
#include <cstring>

#include "actplane/codec.h"
#include "actplane/field_sizes.h"
#include "actplane/io/container.h"
#include "cli_test_support.h"

namespace actplane::cli {
namespace {

using Report = CliTest;

std::vector<float> Floats(const std::string& npy, size_t count) {
  std::vector<float> values(count);
  std::memcpy(values.data(), npy.data() + npy.size() - 4 * count, 4 * count);
  return values;
}

TEST_F(Report, StatsAddsUpWhatTheModelSays) {
  const std::vector<std::string> files = {DataFile("attn_drop.npy"), DataFile("ln1_in.npy")};
  for (const uint32_t n : {32U, 64U, 128U, 256U}) {
    const Json json = OkJson({"stats", files[0], files[1], "--block", std::to_string(n)});
    FieldSizes coded;
    FieldSizes plain;
    ValueMix mix;
    for (const std::string& file : files) {
      const std::string npy = ReadFile(file);
      const auto values = std::as_bytes(std::span(npy)).last(32768);
      const Config config{.block_len = n};
      for (size_t at = 0; at < values.size(); at += BlockBytes(config)) {
        const BlockFields fields =
            Classify(GatherBlock(values.subspan(at, BlockBytes(config)), config));
        coded += WholeFieldSizes(FindBase(fields), Format::kFp32, n);
        plain += PlainFieldSizes(fields);
        mix += CountMix(fields, n);
      }
    }
    const Json& all = json["all"];
    EXPECT_EQ(all["raw_bits"]["total"], 2 * 8192 * 32);
    EXPECT_EQ(all["zero_code"]["bits"]["sign"], coded.sign);
    EXPECT_EQ(all["zero_code"]["bits"]["exponent"], coded.exponent);
    EXPECT_EQ(all["zero_code"]["bits"]["mantissa"], coded.mantissa);
    EXPECT_EQ(all["no_zero_code"]["bits"]["exponent"], plain.exponent);
    EXPECT_EQ(all["no_zero_code"]["bits"]["total"], plain.Total());
    EXPECT_DOUBLE_EQ(all["zero_code"]["ratio"]["exponent"].get<double>(),
                     2 * 8192 * 8.0 / double(coded.exponent));
    EXPECT_EQ(all["mix"]["zeros"], mix.zeros);
    EXPECT_EQ(all["mix"]["negatives"], mix.negatives);
    EXPECT_EQ(all["mix"]["values"], 2 * 8192);
    EXPECT_EQ(json["files"].size(), 2U);
  }
}

TEST_F(Report, StatsStandsNextToThePaperWithTheMix) {
  const Json json = OkJson({"stats", DataFile("q.npy")});
  EXPECT_EQ(json["paper"], (Json{{"sign", 2.09}, {"exponent", 2.04}, {"mantissa", 1.21}}));
  const std::string text = Ok({"stats", DataFile("q.npy"), DataFile("attn_drop.npy")});
  EXPECT_THAT(text, testing::ContainsRegex("\npaper +2.09 +2.04 +1.21 +- "));
  EXPECT_THAT(text, HasSubstr("zeros %  negative %  subnormal %  Inf/NaN %"));
  EXPECT_THAT(text, HasSubstr("no zero code"));
}

TEST_F(Report, StatsCountsPaddingAsCodedAndNotAsRaw) {
  ACTP_CLAUSE("F-2.3");
  const std::string one = WriteFile("one.npy", Npy("<f4", "()", Little(0xbf800000, 4)));
  const Json json = OkJson({"stats", one});
  EXPECT_EQ(json["all"]["raw_bits"]["total"], 32);
  EXPECT_EQ(json["all"]["mix"]["zeros"], 0);
  EXPECT_EQ(json["all"]["mix"]["negatives"], 1);
  // -1 and 127 padding zeros: a sign plane, one delta plane, no mantissa plane.
  EXPECT_EQ(json["all"]["zero_code"]["bits"]["total"], 16 + 48 + 2 * 128);
  const std::string none = WriteFile("none.npy", Npy("<f4", "(0,)", ""));
  EXPECT_EQ(OkJson({"stats", none})["all"]["zero_code"]["ratio"]["total"], nullptr);
  EXPECT_THAT(Ok({"stats", none}), testing::ContainsRegex("all +- +- +- +-"));
}

TEST_F(Report, EvalAgreesWithWhatDecompressWrites) {
  for (const char* name : {"ln1_in.npy", "attn_prob.npy"}) {
    for (const char* order : {"field", "significance"}) {
      for (const char* fill : {"midpoint", "zero"}) {
        Ok({"compress", DataFile(name), Path("x.apl"), "--ratio", "5.333", "--order", order,
            "--fill", fill});
        Ok({"decompress", Path("x.apl"), Path("x.npy")});
        const auto before = Floats(ReadFile(DataFile(name)), 8192);
        const auto after = Floats(ReadFile(Path("x.npy")), 8192);
        double signal = 0;
        double noise = 0;
        double worst = 0;
        int same = 0;
        for (size_t i = 0; i < before.size(); ++i) {
          const double error = double(before[i]) - double(after[i]);
          signal += double(before[i]) * double(before[i]);
          noise += error * error;
          worst = std::max(worst, std::abs(error));
        }
        for (size_t b = 0; b < 64; ++b)
          same += std::memcmp(&before[128 * b], &after[128 * b], 512) == 0 ? 1 : 0;
        const Json json =
            OkJson({"eval", DataFile(name), "--ratio", "5.333", "--order", order, "--fill", fill});
        const Json& r = json["files"][0]["results"][0];
        EXPECT_EQ(r["order"], order);
        EXPECT_NEAR(r["snr_db"].get<double>(), 10 * std::log10(signal / noise), 1e-9);
        EXPECT_DOUBLE_EQ(r["max_error"].get<double>(), worst);
        EXPECT_EQ(r["lossless_blocks"], same);
        EXPECT_EQ(r["bits_per_value"], 6.0);
        EXPECT_EQ(json["all"][0], r);
      }
    }
  }
}

TEST_F(Report, EvalPutsRatiosAndOrdersIntoOneTable) {
  std::vector<std::string> arguments = {"eval"};
  for (const std::string& file : AllData()) arguments.push_back(file);
  arguments.insert(arguments.end(), {"--ratio", "3.2", "--ratio", "8", "--slot-bytes", "96"});
  const std::string text = Ok(arguments);
  EXPECT_THAT(text, testing::ContainsRegex("-- field --.*-- significance --"));
  EXPECT_THAT(text,
              testing::ContainsRegex("\nall +10.00 +3.20 .*\n +4.00 +8.00 .*\n +6.00 +5.33 "));
  EXPECT_THAT(text, testing::ContainsRegex(
                        "attn_drop_mask.npy +10.00 +3.20 +exact +0 +100.0 +exact +0 +100.0"));
  const Json json = OkJson(arguments);
  EXPECT_EQ(json["files"].size(), AllData().size());
  EXPECT_EQ(json["all"].size(), 6U);
  arguments.emplace_back("--csv");
  const std::string csv = Ok(arguments);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'),
            1 + 6 * (1 + static_cast<long>(AllData().size())));
  EXPECT_THAT(csv, HasSubstr("\n\"all\",field,"));
}

TEST_F(Report, EvalLeavesOutInfAndNanAndCountsThoseThatChange) {
  ACTP_CLAUSE("F-5.14");
  std::string values;
  for (uint32_t i = 0; i < 128; ++i) values += Little(i % 2 != 0 ? 0x7f800000 : 0x3f800000 + i, 4);
  const std::string in = WriteFile("inf.npy", Npy("<f4", "(128,)", values));
  // The smallest slot of order significance has no room for 64 specials: the block is poisoned.
  const Json json = OkJson({"eval", in, "--slot-bytes", "8", "--order", "significance"});
  EXPECT_EQ(json["all"][0]["kind_changed"], 128);
  EXPECT_EQ(json["all"][0]["snr_db"], nullptr);
  EXPECT_EQ(json["all"][0]["exact"], false);
  EXPECT_THAT(Ok({"eval", in, "--slot-bytes", "8", "--order", "significance"}),
              HasSubstr("kind changed"));
  const Json kept = OkJson({"eval", in, "--ratio", "3.2", "--order", "field"});
  EXPECT_EQ(kept["all"][0]["kind_changed"], 0);
  EXPECT_EQ(kept["all"][0]["exact"], true);
}

TEST_F(Report, EvalKnowsEveryFormat) {
  // 1, 1.5, the least subnormal and a normal value that 1 bit per value cannot hold.
  const std::string half = WriteFile("h.npy", Npy("<f2", "(64,)", Noise(128)));
  const std::string bf16 = WriteFile("b.npy", Npy("<u2", "(64,)", Noise(128)));
  const Json h = OkJson({"eval", half, "--ratio", "2", "--order", "field"})["all"][0];
  EXPECT_GT(h["max_error"], 0);
  EXPECT_LT(h["max_error"], 65504);
  const Json b =
      OkJson({"eval", bf16, "--format", "bf16", "--ratio", "2", "--order", "field"})["all"][0];
  EXPECT_GT(b["max_error"], 65504);
}

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

TEST_F(Report, InspectIsTrueToTheBitsOfEveryBlock) {
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

TEST_F(Report, InspectTextShowsHeaderPlanesAndCut) {
  Ok({"compress", DataFile("ln1_in.npy"), Path("f.apl")});
  const std::string field = Ok({"inspect", Path("f.apl"), "--block-index", "3"});
  EXPECT_THAT(field, testing::ContainsRegex("\n\\[7:0\\] +base +[0-9]+ +2\\^"));
  EXPECT_THAT(field, testing::ContainsRegex("\ndelta 3 +[0-9]+ +128  [#.]+\n"));
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

TEST_F(Report, InspectListsTheTensorsOfAContainer) {
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

}  // namespace
}  // namespace actplane::cli
