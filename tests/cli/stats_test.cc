// SPDX-License-Identifier: Apache-2.0
// stats: the ratios and the mix are right, and every file and tensor has its row.
#include "actplane/codec.h"
#include "actplane/field_sizes.h"
#include "report_test_support.h"

namespace actplane::cli {
namespace {

using Stats = ReportTest;

TEST_F(Stats, AddsUpWhatTheModelSays) {
  const std::vector<std::string> files = {DataFile("dropout/gpt2.attn.p_dropped.npy"),
                                          DataFile("gpt2.ln_1.in.npy")};
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

TEST_F(Stats, StandsNextToThePaperWithTheMix) {
  const Json json = OkJson({"stats", DataFile("gpt2.attn.q.npy")});
  EXPECT_EQ(json["paper"], (Json{{"sign", 2.09}, {"exponent", 2.04}, {"mantissa", 1.21}}));
  const std::string text =
      Ok({"stats", DataFile("gpt2.attn.q.npy"), DataFile("dropout/gpt2.attn.p_dropped.npy")});
  EXPECT_THAT(text, testing::ContainsRegex("\npaper +2.09 +2.04 +1.21 +- "));
  EXPECT_THAT(text, HasSubstr("zeros %  negative %  subnormal %  Inf/NaN %"));
  EXPECT_THAT(text, HasSubstr("no zero code"));
}

TEST_F(Stats, CountsPaddingAsCodedAndNotAsRaw) {
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

TEST_F(Stats, GoodFilesArePrintedWhateverTheOthersAre) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string v = DataFile("gpt2.attn.v.npy");
  const std::string cut = WriteFile("cut.npy", ReadFile(q).substr(0, 5000));
  const Json good = OkJson({"stats", q, v});
  for (const std::string& bad : {Path("missing.npy"), Path(""), cut}) {
    const RunResult r = Run({"stats", q, bad, v});
    EXPECT_EQ(r.exit, 3) << bad;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
    EXPECT_THAT(r.err, HasSubstr("'" + bad + "'"));
    EXPECT_THAT(r.out, HasSubstr("/gpt2.attn.q.npy"));
    EXPECT_THAT(r.out, HasSubstr("/gpt2.attn.v.npy"));
    EXPECT_THAT(r.out, HasSubstr("\nall, 2 of 3 files"));
    const Json json = JsonAt(3, {"stats", q, bad, v});
    EXPECT_EQ(json["files"].size(), 3U);
    EXPECT_EQ(json["files"][0], good["files"][0]);
    EXPECT_EQ(json["files"][1]["file"], bad);
    EXPECT_THAT(json["files"][1]["error"].get<std::string>(), HasSubstr("'" + bad + "'"));
    EXPECT_EQ(json["files"][2], good["files"][1]);
    EXPECT_EQ(json["all"], good["all"]);
  }
  const RunResult none = Run({"stats", Path("a"), Path("b")});
  EXPECT_EQ(none.exit, 3);
  EXPECT_EQ(none.out, "");
  EXPECT_EQ(JsonAt(3, {"stats", Path("a"), Path("b")})["files"].size(), 2U);
  Fails(3, {"stats", Path("a"), "--json"}, "No such file");
}

class StatsTensors : public ReportTest {
 protected:
  void SetUp() override {
    ReportTest::SetUp();
    w_ = {"h.0/w", "F32", {10, 10}, FloatBytes(SomeFloats(100))};
    half_ = {"half", "F16", {64}, Noise(128)};
    b_ = {"b", "BF16", {300}, Bf16Bytes(SomeFloats(300))};
    file_ = WriteFile("m.safetensors", SafetensorsOf({w_, half_, b_}));
  }
  Tensor w_, half_, b_;
  std::string file_;
};

TEST_F(StatsTensors, EachHasARowThatIsItsOwn) {
  const Json json = OkJson({"stats", file_});
  EXPECT_EQ(json["formats"], (Json{"fp32", "fp16", "bf16"}));
  ASSERT_EQ(json["files"].size(), 3U);
  EXPECT_EQ(json["sums"].size(), 0U) << "all is the sum of the only file";
  Json sum = 0;
  for (const auto& [i, t, format] :
       {std::tuple(0, w_, "fp32"), std::tuple(1, half_, "fp16"), std::tuple(2, b_, "bf16")}) {
    Json entry = json["files"][static_cast<size_t>(i)];
    EXPECT_EQ(entry["tensor"], t.name);
    EXPECT_EQ(entry["format"], format);
    const std::string alone = WriteFile("one.safetensors", SafetensorsOf({t}));
    Json one = OkJson({"stats", alone})["files"][0];
    one.erase("file");
    entry.erase("file");
    EXPECT_EQ(entry, one);
    EXPECT_EQ(OkJson({"stats", file_, "--tensor", t.name})["files"].size(), 1U);
    sum = sum.get<int>() + entry["raw_bits"]["total"].get<int>();
  }
  EXPECT_EQ(json["all"]["raw_bits"]["total"], sum);
}

TEST_F(StatsTensors, NoRowMixesFormatsWithoutSayingSo) {
  const std::string text = Ok({"stats", file_});
  EXPECT_THAT(text, HasSubstr("\n" + file_ + "\n  h.0/w (fp32) "));
  EXPECT_THAT(text, HasSubstr("\n  half (fp16) "));
  EXPECT_THAT(text, HasSubstr("\n  b (bf16) "));
  EXPECT_THAT(text, HasSubstr("\nall (fp32, fp16, bf16)"));
  EXPECT_THAT(text, testing::Not(HasSubstr("sum of")));
  const std::string two = Ok({"stats", file_, DataFile("gpt2.attn.q.npy")});
  EXPECT_THAT(two, HasSubstr("\n  sum of 3 tensors (fp32, fp16, bf16)\n"));
  const Json json = OkJson({"stats", file_, DataFile("gpt2.attn.q.npy")});
  ASSERT_EQ(json["sums"].size(), 1U);
  EXPECT_EQ(json["sums"][0]["formats"], (Json{"fp32", "fp16", "bf16"}));
  EXPECT_EQ(json["sums"][0]["raw_bits"], OkJson({"stats", file_})["all"]["raw_bits"]);
  // One format needs no word.
  EXPECT_THAT(Ok({"stats", file_, "--tensor", "b"}), testing::Not(HasSubstr("bf16")));
  const std::string empty = WriteFile("e.safetensors", SafetensorsOf({}));
  EXPECT_THAT(Ok({"stats", empty}), HasSubstr("e.safetensors: no tensors\n"));
}

TEST_F(Stats, TextIsAsWideAsTheTerminalAtMost) {
  const std::string name(120, 'n');
  const std::string file =
      WriteFile(std::string(200, 'f') + ".safetensors",
                SafetensorsOf({{name, "F32", {100}, FloatBytes(SomeFloats(100))},
                               {"été " + name, "BF16", {64}, Bf16Bytes(SomeFloats(64))}}));
  const std::string npy =
      WriteFile(std::string(200, 'g') + ".npy", ReadFile(DataFile("gpt2.attn.q.npy")));
  EXPECT_LE(WidestLine(Ok({"stats", file, npy})), 80U) << "no terminal";
  for (const uint16_t columns : std::initializer_list<uint16_t>{40, 80, 120}) {
    const std::string text = OnTerminal({"stats", file, npy}, columns);
    if (columns >= 80) {
      EXPECT_LE(WidestLine(text), columns);
    }
    std::string joined = text;  // the whole name is there, folded
    std::erase(joined, '\n');
    EXPECT_THAT(joined, HasSubstr(name));
  }
  // Where there is room, a row is one line.
  EXPECT_THAT(OnTerminal({"stats", npy}, 400),
              testing::ContainsRegex("gggg.npy +[0-9]\\.[0-9]{2} "));
  // Where there is none, columns go below, each with its label.
  const std::string narrow = OnTerminal({"stats", DataFile("gpt2.attn.q.npy")}, 40);
  EXPECT_THAT(narrow,
              testing::ContainsRegex("\n +-+ zero code -+\nfile +exponent +mantissa +total\n"));
  EXPECT_THAT(narrow, testing::ContainsRegex("\nall +[0-9.]+ +[0-9.]+ +[0-9.]+\n"));
}

TEST_F(Stats, StandardInputIsAFileLikeAnyOther) {
  for (const std::string& file :
       {ReadFile(DataFile("gpt2.attn.q.npy")),
        SafetensorsOf({{"w", "F32", {100}, FloatBytes(SomeFloats(100))}})}) {
    const RunResult r = RunOn({"stats", "-", "--json"}, {.in = &file});
    EXPECT_EQ(r.exit, 0) << r.err;
    Json piped = Json::parse(r.out);
    Json named = OkJson({"stats", WriteFile("in", file)});
    EXPECT_EQ(piped["files"][0]["file"], "-");
    piped["files"][0]["file"] = named["files"][0]["file"];
    EXPECT_EQ(piped, named);
  }
  const std::string nothing;
  const RunResult r = RunOn({"stats", "-", DataFile("gpt2.attn.q.npy")}, {.in = &nothing});
  EXPECT_EQ(r.exit, 3);
  EXPECT_THAT(r.err, HasSubstr("standard input"));
  EXPECT_THAT(r.out, HasSubstr("gpt2.attn.q.npy"));
}

}  // namespace
}  // namespace actplane::cli
