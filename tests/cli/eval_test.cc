// SPDX-License-Identifier: Apache-2.0
// eval: what it says of a slot size is what compress and decompress do.
#include <map>

#include "cli/progress.h"
#include "report_test_support.h"
#include "support/scale.h"

namespace actplane::cli {
namespace {

using Eval = ReportTest;

std::vector<float> Floats(const std::string& npy, size_t count) {
  std::vector<float> values(count);
  std::memcpy(values.data(), npy.data() + npy.size() - 4 * count, 4 * count);
  return values;
}

TEST_F(Eval, AgreesWithWhatDecompressWrites) {
  for (const char* name : {"gpt2.ln_1.in.npy", "gpt2.attn.p.npy"}) {
    for (const std::string order : {"field", "significance"}) {
      for (const std::vector<std::string>& settings :
           order == "field"
               ? std::vector<std::vector<std::string>>{{}, {"--fill", "zero"}, {"--delta-cap", "2"}}
               : std::vector<std::vector<std::string>>{{}, {"--group", "8"}, {"--rows", "8"}}) {
        const auto with = [&](std::vector<std::string> arguments) {
          arguments.insert(arguments.end(), {"--ratio", "5.333", "--order", order});
          arguments.insert(arguments.end(), settings.begin(), settings.end());
          return arguments;
        };
        Ok(with({"compress", DataFile(name), Path("x.apl")}));
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
        const Json json = OkJson(with({"eval", DataFile(name)}));
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

TEST_F(Eval, PutsRatiosAndOrdersIntoOneTable) {
  std::vector<std::string> arguments = {"eval"};
  std::vector<std::string> files = AllData();
  files.push_back(DataFile("dropout/mask.npy"));
  arguments.insert(arguments.end(), files.begin(), files.end());
  arguments.insert(arguments.end(), {"--ratio", "3.2", "--ratio", "8", "--slot-bytes", "96"});
  const std::string text = Ok(arguments);
  EXPECT_THAT(text, testing::ContainsRegex("-- field --.*-- significance --"));
  EXPECT_THAT(text,
              testing::ContainsRegex("\nall +10.00 +3.20 .*\n +4.00 +8.00 .*\n +6.00 +5.33 "));
  EXPECT_THAT(text,
              testing::ContainsRegex("mask.npy\n +10.00 +3.20 +exact +0 +100.0 +exact +0 +100.0"));
  const Json json = OkJson(arguments);
  EXPECT_EQ(json["files"].size(), files.size());
  EXPECT_EQ(json["all"].size(), 6U);
  arguments.emplace_back("--csv");
  const std::string csv = Ok(arguments);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'),
            1 + 6 * (1 + static_cast<long>(files.size())));
  EXPECT_THAT(csv, HasSubstr("\n\"all\",field,"));
}

TEST_F(Eval, LeavesOutInfAndNanAndCountsThoseThatChange) {
  ACTP_CLAUSE("F-5.12", "F-6.8");
  std::string values;
  for (uint32_t i = 0; i < 128; ++i) values += Little(i % 2 != 0 ? 0x7f800000 : 0x3f800000 + i, 4);
  const std::string in = WriteFile("inf.npy", Npy("<f4", "(128,)", values));
  // So small a slot of order significance has no room for 64 specials: the block is poisoned.
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

TEST_F(Eval, KnowsEveryFormat) {
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

// Values whose bits changed, and of these those that are other numbers, after a round trip.
struct Changes {
  uint64_t bits = 0, numbers = 0;
};

Changes CountBf16Changes(const std::string& before, const std::string& after) {
  Changes c;
  for (size_t i = 0; i < before.size(); i += 2) {
    if (before.compare(i, 2, after, i, 2) == 0) continue;
    const auto value = [&](const std::string& bytes) {
      const auto byte = [&](size_t k) {
        return uint32_t{static_cast<unsigned char>(bytes[i + k])};
      };
      return std::bit_cast<float>((byte(0) | byte(1) << 8) << 16);
    };
    const float a = value(before);
    const float b = value(after);
    ++c.bits;
    if (a != b && !(std::isnan(a) && std::isnan(b))) ++c.numbers;
  }
  return c;
}

TEST_F(Eval, ExactIsSaidWhenEveryBitCameBackAndNotBefore) {
  // 1 fits any slot. Payloads of NaN and the sign of zero do not fit these.
  std::string exact;
  std::string equal;
  for (uint32_t i = 0; i < 256; ++i) {
    exact += Little(0x3f80, 2);
    equal += Little(i % 4 == 0 ? 0x7f81 + i % 64 : i % 4 == 1 ? 0x8000 : 0x3f80, 2);
  }
  const std::string other = Noise(512);
  struct Case {
    std::string name, bytes, text;
    bool exact, equal;
  };
  for (const Case& c : {Case{"exact.npy", exact, "exact", true, true},
                        Case{"equal.npy", equal, "equal", false, true},
                        Case{"other.npy", other, "[0-9.]+", false, false}}) {
    const std::string in = WriteFile(c.name, Npy("<u2", "(256,)", c.bytes));
    for (const std::string order : {"field", "significance"}) {
      std::vector<std::string> how = {"--ratio", "3.2", "--order", order, "--format", "bf16"};
      if (order == "field") how.insert(how.end(), {"--fill", "zero"});
      std::vector<std::string> arguments = {"compress", in, Path("x.apl")};
      arguments.insert(arguments.end(), how.begin(), how.end());
      Ok(arguments);
      Ok({"decompress", Path("x.apl"), Path("x.npy")});
      const std::string npy = ReadFile(Path("x.npy"));
      const Changes changes = CountBf16Changes(c.bytes, npy.substr(npy.size() - 512));
      EXPECT_EQ(changes.bits == 0, c.exact) << "the case is what it stands for";
      EXPECT_EQ(changes.numbers == 0, c.equal);

      arguments = {"eval", in};
      arguments.insert(arguments.end(), how.begin(), how.end());
      const Json r = OkJson(arguments)["files"][0]["results"][0];
      EXPECT_EQ(r["exact"], c.exact) << c.name << order;
      EXPECT_EQ(r["equal_as_numbers"], c.equal);
      EXPECT_EQ(r["snr_db"].is_null(), c.equal);
      EXPECT_EQ(r["values_changed"], changes.bits);
      EXPECT_EQ(r["bits_only_changed"], changes.bits - changes.numbers);
      EXPECT_EQ(r["lossless_blocks"] == r["blocks"], c.exact);

      const std::string text = Ok(arguments);
      EXPECT_THAT(text, testing::ContainsRegex("\nall +5.00 +3.20 +" + c.text + " "));
      EXPECT_EQ(text.find("NaN bits") != std::string::npos, changes.bits != changes.numbers);
      if (changes.bits != changes.numbers) {
        EXPECT_THAT(text, testing::ContainsRegex(fmt::format("5.00 +{} +{} +{}\n", order,
                                                             changes.bits - changes.numbers,
                                                             r["kind_changed"].get<uint64_t>())));
      }
      arguments.emplace_back("--csv");
      const std::string csv = Ok(arguments);
      EXPECT_THAT(csv, HasSubstr("kind_changed,exact,equal_as_numbers,values_changed,"
                                 "bits_only_changed,tensor,format,ratio_to_fp32,"));
      EXPECT_THAT(csv, HasSubstr(fmt::format(",{},{},{},{},\"\",bf16,", c.exact, c.equal,
                                             changes.bits, changes.bits - changes.numbers)));
      EXPECT_THAT(csv, testing::Not(HasSubstr("inf")));
    }
  }
}

TEST_F(Eval, FiguresWithoutAMeaningAreNone) {
  std::string values;  // no finite value
  for (int i = 0; i < 128; ++i) values += Little(i % 2 == 0 ? 0x7f800000 : 0x7fc00000, 4);
  const std::string in = WriteFile("inf.npy", Npy("<f4", "(128,)", values));
  const Json r = OkJson({"eval", in, "--order", "field"})["all"][0];
  EXPECT_EQ(r["max_error"], nullptr);
  EXPECT_EQ(r["snr_db"], nullptr);
  const std::string none = WriteFile("none.npy", Npy("<f4", "(0,)", ""));
  const Json empty = OkJson({"eval", none})["all"][0];
  EXPECT_EQ(empty["values"], 0);
  EXPECT_EQ(empty["ratio"], nullptr);
  EXPECT_EQ(empty["max_error"], nullptr);
  EXPECT_THAT(Ok({"eval", none}),
              testing::ContainsRegex("\nall +- +- +exact +- +- +exact +- +-\n"));
}

TEST_F(Eval, AnOrderWithoutSuchASlotHasADash) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string text = Ok({"eval", q, "--ratio", "16", "--ratio", "3.2"});
  EXPECT_THAT(text, testing::ContainsRegex("\nall +2.00 +16.00 +- +- +- +[0-9.]+ +[0-9.]+ +0.0\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\n +10.00 +3.20 +[0-9.]+ +[0-9.]+ +0.0 +[0-9.]+ "));
  EXPECT_THAT(text,
              HasSubstr("\n- a slot of 32 bytes is too small for fp32 blocks of 128 values in "
                        "order field:\n  use 56 to 536 bytes"));
  const Json json = OkJson({"eval", q, "--ratio", "16"});
  for (const Json& results : {json["files"][0]["results"], json["all"]}) {
    EXPECT_THAT(results[0]["error"].get<std::string>(), HasSubstr("a slot of 32 bytes"));
    EXPECT_FALSE(results[0].contains("snr_db"));
    EXPECT_FALSE(results[1].contains("error"));
  }
  EXPECT_EQ(json["all"][1],
            OkJson({"eval", q, "--ratio", "16", "--order", "significance"})["all"][0]);
  EXPECT_THAT(Ok({"eval", q, "--ratio", "16", "--csv"}),
              HasSubstr("/gpt2.attn.q.npy\",field,,,,,,,,,,,,,\"\",fp32,,,,,\n"));
  // One tensor that cannot have the slot leaves the sum without a meaning.
  const std::string b = WriteFile("b.npy", Npy("<f2", "(4096,)", Noise(8192)));
  const Json two = OkJson({"eval", q, b, "--ratio", "5"});
  EXPECT_FALSE(two["files"][0]["results"][0].contains("error"));
  EXPECT_TRUE(two["files"][1]["results"][0].contains("error"));
  EXPECT_TRUE(two["all"][0].contains("error"));
  EXPECT_FALSE(two["all"][1].contains("error"));
}

TEST_F(Eval, WhatNoOrderCanDoIsSaidBeforeTheWork) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string b = WriteFile("b.npy", Npy("<f2", "(4096,)", Noise(8192)));
  Fails(2, {"eval", q, "--ratio", "200"}, "a slot of 2 bytes is too small");
  Fails(2, {"eval", q, "--ratio", "16", "--order", "field"}, "a slot of 32 bytes is too small");
  Fails(2, {"eval", q, "--slot-bytes", "600"}, "use 4 to 327 bytes");
  Fails(2, {"eval", q, b, "--slot-bytes", "400"}, "'" + b + "': a slot of 400 bytes");
  Fails(2, {"eval", q, b, "--slot-bytes", "400", "--json"}, "a slot of 400 bytes");
}

TEST_F(Eval, DeltaCapIsForBlocksOfOrderFieldThatAreCut) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string out = Path("x.apl");
  Fails(2, {"compress", q, out, "--delta-cap", "3", "--lossless"},
        "--delta-cap is for blocks of order field that are cut; leave it out with --lossless");
  Fails(2, {"eval", q, "--delta-cap", "10"}, "use 0 (none) to 9");
}

TEST_F(Eval, OptionsOfOneOrderAreForThatOrder) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string out = Path("x.apl");
  struct Case {
    std::string flag, value, order, other, message;
  };
  const std::string leave = "; leave it out with --order significance";
  const std::string give = " is for order significance; give --order significance or leave it out";
  for (const Case& c :
       {Case{"--fill", "zero", "field", "significance", " is for order field" + leave},
        Case{"--delta-cap", "1", "field", "significance",
             " is for blocks of order field that are cut" + leave},
        Case{"--group", "8", "significance", "field", give},
        Case{"--rows", "8", "significance", "field", give}}) {
    Fails(2, {"eval", q, c.flag, c.value, "--order", c.other}, "actplane: " + c.flag + c.message);
    Fails(2, {"eval", Path("none.npy"), c.flag, c.value, "--order", c.other}, c.flag + c.message);
    Fails(2, {"compress", q, out, c.flag, c.value, "--order", c.other},
          "actplane: " + c.flag + c.message);
    // With both orders it is for the one that has it.
    const Json both = OkJson({"eval", q, c.flag, c.value})["all"];
    const size_t own = c.order == "field" ? 0 : 1;
    EXPECT_EQ(both[own], OkJson({"eval", q, c.flag, c.value, "--order", c.order})["all"][0]);
    EXPECT_NE(both[own], OkJson({"eval", q, "--order", c.order})["all"][0]) << c.flag;
    EXPECT_EQ(both[1 - own], OkJson({"eval", q, "--order", c.other})["all"][0]);
  }
  Fails(2, {"compress", q, out, "--group", "8"}, "--group" + give);  // order field is the default
  Fails(2, {"compress", q, out, "--lossless", "--order", "significance"},
        "--lossless has order field only; leave out --order significance");
  Ok({"compress", q, out, "--order", "significance"});
  Fails(2, {"decompress", out, Path("y.npy"), "--fill", "zero"},
        "'" + out + "': --fill is for order field; leave it out with order significance");
  Fails(2, {"decompress", out, Path("new/"), "--fill", "zero"}, "--fill is for order field");
  EXPECT_FALSE(std::filesystem::exists(Path("new")));
}

TEST_F(Eval, SaysTheSettingsOfTheOrders) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  EXPECT_THAT(Ok({"eval", q, "--fill", "zero", "--group", "8", "--rows", "12"}),
              testing::StartsWith("Fixed slots, N = 128, fill zero (field), K = 8, R = 12 "
                                  "(significance),\nmetadata counted."));
  EXPECT_THAT(Ok({"eval", q, "--order", "significance"}),
              testing::StartsWith("Fixed slots, N = 128, K = 4, R = 16 (significance),\n"));
  const auto settings = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"eval", q});
    const Json json = OkJson(arguments);
    return Json{json["fill"], json["delta_cap"], json["group"], json["rows"]};
  };
  EXPECT_EQ(settings({}), (Json{"midpoint", 0, 4, 16}));
  EXPECT_EQ(settings({"--fill", "zero", "--delta-cap", "2", "--group", "8", "--rows", "9"}),
            (Json{"zero", 2, 8, 9}));
  EXPECT_EQ(settings({"--order", "field"}), (Json{"midpoint", 0, nullptr, nullptr}));
  EXPECT_EQ(settings({"--order", "significance"}), (Json{nullptr, nullptr, 4, 16}));
}

TEST_F(Eval, GoodFilesArePrintedWhateverTheOthersAre) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string v = DataFile("gpt2.attn.v.npy");
  const Json good = OkJson({"eval", q, v});
  for (const std::string& bad : {Path("missing.npy"), Path("")}) {
    const RunResult r = Run({"eval", q, bad, v});
    EXPECT_EQ(r.exit, 3) << bad;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
    EXPECT_THAT(r.err, HasSubstr("'" + bad + "'"));
    EXPECT_THAT(r.out, HasSubstr("\nall, 2 of 3 files"));
    const Json json = JsonAt(3, {"eval", q, bad, v});
    EXPECT_EQ(json["files"][0], good["files"][0]);
    EXPECT_EQ(json["files"][1]["file"], bad);
    EXPECT_THAT(json["files"][1]["error"].get<std::string>(), HasSubstr("'" + bad + "'"));
    EXPECT_EQ(json["files"][2], good["files"][1]);
    EXPECT_EQ(json["all"], good["all"]);
    const RunResult csv = Run({"eval", q, bad, v, "--csv"});
    EXPECT_EQ(csv.exit, 3);
    EXPECT_EQ(csv.out, Ok({"eval", q, v, "--csv"}));
  }
  Fails(3, {"eval", Path("a"), "--json"}, "No such file");
  const RunResult none = Run({"eval", Path("a"), Path("b")});
  EXPECT_EQ(none.exit, 3);
  EXPECT_EQ(none.out, "");
}

class EvalTensors : public ReportTest {
 protected:
  void SetUp() override {
    ReportTest::SetUp();
    tensors_ = {{"h.0/w", "F32", {10, 10}, FloatBytes(SomeFloats(100))},
                {"half, \"and\"", "F16", {64}, Noise(128)},
                {"b", "BF16", {300}, Bf16Bytes(SomeFloats(300))}};
    file_ = WriteFile("m.safetensors", SafetensorsOf(tensors_));
  }
  std::vector<Tensor> tensors_;
  std::string file_;
};

TEST_F(EvalTensors, EachHasARowThatIsItsOwn) {
  const Json json = OkJson({"eval", file_, "--ratio", "2"});
  EXPECT_EQ(json["formats"], (Json{"fp32", "fp16", "bf16"}));
  ASSERT_EQ(json["files"].size(), 3U);
  EXPECT_EQ(json["sums"].size(), 0U);
  const std::vector<std::string> formats = {"fp32", "fp16", "bf16"};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(json["files"][i]["tensor"], tensors_[i].name);
    EXPECT_EQ(json["files"][i]["format"], formats[i]);
    const std::string alone = WriteFile("one.safetensors", SafetensorsOf({tensors_[i]}));
    const Json one = OkJson({"eval", alone, "--ratio", "2"});
    EXPECT_EQ(json["files"][i]["results"], one["all"]);
    EXPECT_EQ(one["all"], one["files"][0]["results"]);
  }
  EXPECT_EQ(json["all"][0]["values"], 464);
  EXPECT_EQ(json["all"][0]["blocks"], 1 + 1 + 3);
  const std::string text = Ok({"eval", file_, "--ratio", "2"});
  EXPECT_THAT(text, testing::ContainsRegex("\n  h.0/w \\(fp32\\)\n? +20.48 "));
  EXPECT_THAT(text, testing::ContainsRegex("\n  b \\(bf16\\)\n? "));
  EXPECT_THAT(text, HasSubstr("\nall (fp32, fp16, bf16)\n"));
}

TEST_F(EvalTensors, AFileAmongOthersHasASumThatNamesItsFormats) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const Json json = OkJson({"eval", file_, q, "--ratio", "2"});
  ASSERT_EQ(json["sums"].size(), 1U);
  EXPECT_EQ(json["sums"][0]["file"], file_);
  EXPECT_EQ(json["sums"][0]["formats"], (Json{"fp32", "fp16", "bf16"}));
  EXPECT_EQ(json["sums"][0]["results"], OkJson({"eval", file_, "--ratio", "2"})["all"]);
  EXPECT_THAT(Ok({"eval", file_, q, "--ratio", "2"}),
              HasSubstr("\n  sum of 3 tensors (fp32, fp16, bf16)\n"));
  const std::string csv = Ok({"eval", file_, q, "--ratio", "2", "--csv"});
  EXPECT_THAT(csv, HasSubstr(",\"h.0/w\",fp32,"));
  EXPECT_THAT(csv, HasSubstr(",\"half, \"\"and\"\"\",fp16,"));
  EXPECT_THAT(csv, HasSubstr(",\"\",fp32+fp16+bf16,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * (3 + 1 + 1 + 1));
}

TEST_F(EvalTensors, StandardInputIsReadOnce) {
  for (const std::string& file : {ReadFile(file_), ReadFile(DataFile("gpt2.attn.q.npy"))}) {
    const RunResult r = RunOn({"eval", "-", "--json"}, {.in = &file});
    EXPECT_EQ(r.exit, 0) << r.err;
    Json piped = Json::parse(r.out, nullptr, false);
    Json named = OkJson({"eval", WriteFile("in", file)});
    for (Json& entry : piped["files"]) {
      EXPECT_EQ(entry["file"], "-");
      entry["file"] = Path("in");
    }
    EXPECT_EQ(piped, named);
  }
}

TEST_F(EvalTensors, TextIsAsWideAsTheTerminalAtMost) {
  const std::string name(120, 'n');
  std::string special;  // the table below, too
  for (uint32_t i = 0; i < 128; ++i) special += Little(i % 2 == 0 ? 0x7f81 + i : 0x3f80, 2);
  const std::string file =
      WriteFile(std::string(200, 'f') + ".safetensors",
                SafetensorsOf({{name, "F32", {100}, FloatBytes(SomeFloats(100))},
                               {"b" + name, "BF16", {128}, special}}));
  const std::string npy =
      WriteFile(std::string(200, 'g') + ".npy", ReadFile(DataFile("gpt2.attn.q.npy")));
  const std::vector<std::string> arguments = {"eval", file, npy, "--ratio", "3.2", "--ratio", "16"};
  const std::string text = Ok(arguments);
  EXPECT_LE(WidestLine(text), 80U);
  EXPECT_THAT(text, HasSubstr("NaN bits"));
  EXPECT_THAT(text, HasSubstr("\n- a slot"));
  std::string joined = text;
  std::erase(joined, '\n');
  EXPECT_THAT(joined, HasSubstr(name));
  EXPECT_LE(WidestLine(OnTerminal(arguments, 100)), 100U);
  EXPECT_THAT(OnTerminal({"eval", npy}, 400), testing::ContainsRegex("gggg.npy +10.00 +3.20 "));
}

TEST_F(Eval, MoreFilesThanAShellAllowsToBeOpen) {
  std::vector<std::string> arguments = {"eval", "--json", "--order", "field"};
  const std::string one = WriteFile("one.npy", Npy("<f4", "()", Little(0x3f800000, 4)));
  for (int i = 0; i < 100; ++i) arguments.push_back(one);
  const RunResult r = RunOn(arguments, {.open_files = 40});
  EXPECT_EQ(r.exit, 0) << r.err;
  EXPECT_EQ(Json::parse(r.out, nullptr, false)["all"][0]["values"], 100);
}

TEST_F(Eval, MemoryStaysBoundedHoweverManyTensors) {
  // Fewer where memory is not measured: a sanitizer needs far more for itself.
  const size_t count = std::min<uint64_t>(100'000, testing_support::Scaled(2'000'000));
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < count; ++i)
    tensors.push_back({fmt::format("t{}", i), "BF16", {1}, "\1\2"});
  const std::string file = WriteFile("many.safetensors", SafetensorsOf(tensors));
  const RunResult r = Run({"eval", file, "--json"});
  EXPECT_EQ(r.exit, 0) << r.err;
  EXPECT_LT(r.peak_kib, 256 * 1024);
  EXPECT_EQ(Json::parse(r.out, nullptr, false)["files"].size(), count);
}

class EvalPeers : public ReportTest {
 protected:
  static const Json& Of(const Json& peers, std::string_view name) {
    static const Json none;
    for (const Json& peer : peers) {
      if (peer["peer"] == name) return peer;
    }
    ADD_FAILURE() << name;
    return none;
  }

  // The only tensor of a file.
  Json Peers(const std::string& file, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"eval", file, "--peers"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return OkJson(arguments)["files"][0]["peers"];
  }
};

TEST_F(EvalPeers, AreMeasuredOnTheValuesOfEveryFormat) {
  // 255/128 lies between 127/64, the last step of MXINT8, and 2. The others are steps. All of them
  // are numbers of all three formats.
  std::vector<float> values(32);
  for (size_t i = 0; i < 32; ++i) values[i] = (float(i) - 16) / 64;
  values[5] = 255.0F / 128;
  std::string half;
  double signal = 0;
  for (const float v : values) {
    signal += double(v) * double(v);
    const int exponent = v == 0 ? 0 : std::ilogb(v) + 15;
    const double fraction = v == 0 ? 0 : std::ldexp(std::abs(v), 25 - exponent) - 1024;
    half += Little((v < 0 ? 0x8000U : 0U) | uint32_t(exponent) << 10 | uint32_t(fraction), 2);
  }
  const std::vector<std::string> files = {
      WriteFile("f.npy", Npy("<f4", "(32,)", FloatBytes(values))),
      WriteFile("h.npy", Npy("<f2", "(32,)", half)),
      WriteFile("b.safetensors", SafetensorsOf({{"b", "BF16", {32}, Bf16Bytes(values)}}))};
  for (const std::string& file : files) {
    const Json peers = Peers(file);
    EXPECT_EQ(peers.size(), 9U);
    const Json& int8 = Of(peers, "mxint8");
    EXPECT_EQ(int8["max_error"], 1.0 / 128) << file;
    EXPECT_NEAR(int8["snr_db"].get<double>(), 10 * std::log10(signal * 128 * 128), 1e-9) << file;
    EXPECT_EQ(int8["values_changed"], 1);
    EXPECT_EQ(int8["bits_per_value"], 8.25);
    EXPECT_DOUBLE_EQ(int8["ratio_to_fp32"].get<double>(), 32 / 8.25);
    EXPECT_DOUBLE_EQ(int8["ratio_to_bf16"].get<double>(), 16 / 8.25);
    // Its largest value is 7/4 of a power of two and stays, as the scale is rounded up.
    EXPECT_GT(Of(peers, "mxfp8")["snr_db"].get<double>(), 25);
  }
  const std::string top = WriteFile("t.npy", Npy("<f4", "(2,)", FloatBytes({960.0F, -3.0F})));
  EXPECT_EQ(Of(Peers(top), "mxfp8")["exact"], true);
  EXPECT_EQ(Of(Peers(top), "mxfp6")["exact"], false);
}

TEST_F(EvalPeers, TheOrdersHaveSlotsOfTheSameBits) {
  for (const char* name : {"gpt2.attn.q.npy", "gpt2.attn.p.npy"}) {
    const std::string file = DataFile(name);
    const Json peers = Peers(file, {"--fill", "zero"});
    for (const auto& [peer, slot_bytes] : std::vector<std::pair<std::string, int>>{{"mxint8", 132},
                                                                                   {"mxfp8", 132},
                                                                                   {"int8", 132},
                                                                                   {"mxfp6", 100},
                                                                                   {"nvfp4", 72},
                                                                                   {"mxfp4", 68},
                                                                                   {"nf4", 68},
                                                                                   {"int4", 68},
                                                                                   {"int2", 36}}) {
      const Json& p = Of(peers, peer);
      const double bits = p["bits_per_value"];
      EXPECT_NEAR(bits, slot_bytes / 16.0, peer == "nvfp4" ? 0.01 : 0);
      ASSERT_EQ(p["orders"].size(), 2U);
      for (const Json& ours : p["orders"]) {
        if (ours.contains("error")) {
          EXPECT_EQ(peer, "int2") << "order " << ours["order"] << " has no slot";
          continue;
        }
        EXPECT_EQ(ours["slot_bytes"], slot_bytes);
        EXPECT_EQ(ours["bits_per_value"], slot_bytes / 16.0);
        std::vector<std::string> ask = {
            "eval", file, "--slot-bytes", fmt::format("{}", slot_bytes), "--order", ours["order"]};
        if (ours["order"] == "field") ask.insert(ask.end(), {"--fill", "zero"});
        const Json alone = OkJson(ask)["all"][0];
        for (const char* figure : {"snr_db", "max_error", "lossless_blocks", "ratio_to_fp32"})
          EXPECT_EQ(ours[figure], alone[figure]) << peer << figure;
        const double ahead = ours["snr_db"].get<double>() - p["snr_db"].get<double>();
        EXPECT_NEAR(ours["ahead_db"].get<double>(), ahead, 1e-9);
        EXPECT_EQ(ours["against_peer"], ahead > 0 ? "ahead" : "behind");
      }
    }
  }
}

TEST_F(EvalPeers, NoSlotGivesMoreBitsThanThePeerTakes) {
  for (const size_t count : {1U, 20U, 129U, 300U, 5000U, 8192U}) {
    const std::string file =
        WriteFile("n.npy", Npy("<f4", fmt::format("({},)", count), FloatBytes(SomeFloats(count))));
    for (const size_t block : {32U, 128U, 256U}) {
      const size_t blocks = (count + block - 1) / block;
      size_t compared = 0;
      for (const Json& p : Peers(file, {"--block", fmt::format("{}", block)})) {
        const double bits = p["bits_per_value"].get<double>() * static_cast<double>(count);
        for (const Json& ours : p["orders"]) {
          if (ours.contains("error")) continue;
          ++compared;
          const size_t slot = ours["slot_bytes"];
          EXPECT_EQ(ours["blocks"], blocks);
          EXPECT_LE(8.0 * double(slot * blocks), bits + 1e-6) << count << p["peer"];
          EXPECT_GT(8.0 * double((slot + 1) * blocks), bits) << count << p["peer"];
        }
      }
      EXPECT_TRUE(compared > 9 || count < 129) << count << " " << compared;
    }
  }
  // Whole slots are said to be less than the peer's bits.
  EXPECT_THAT(Ok({"eval", Path("n.npy"), "--peers"}),
              testing::ContainsRegex("\n  mxint8 +8.25 +8.25 +3.88 +1.94 "));
  const std::string odd = WriteFile("o.npy", Npy("<f4", "(300,)", FloatBytes(SomeFloats(300))));
  EXPECT_THAT(Ok({"eval", odd, "--peers"}), testing::ContainsRegex("\n  mxint8 +8.27 +8.24 "));
}

TEST_F(EvalPeers, TheScaleOfATensorIsThatOfAllItsPieces) {
  // The largest value, 2688 = 448 * 6, makes the scale of NVFP4 1 wherever it lies; 1.3 / 6 then
  // has the scale 7/32 of E4M3, so that 1.3 comes back as 6 * 7/32.
  for (const size_t largest : {size_t{0}, size_t{(1 << 20) + 15}}) {
    std::vector<float> values((1 << 20) + 16);
    std::fill_n(values.begin() + (largest == 0 ? 1 << 20 : 0), 16, 1.3F);
    values[largest] = 2688;
    const std::string file =
        WriteFile("p.npy", Npy("<f4", fmt::format("({},)", values.size()), FloatBytes(values)));
    const Json p = Of(Peers(file, {"--order", "field"}), "nvfp4");
    EXPECT_FLOAT_EQ(p["max_error"].get<float>(), 1.3125F - 1.3F);
    EXPECT_EQ(p["values"], values.size());
    EXPECT_EQ(p["bits_per_value"], 4.5 + 32.0 / double(values.size()));
  }
}

TEST_F(EvalPeers, InfAndNanAreNothingThatTheyHold) {
  std::vector<float> values = SomeFloats(256);
  const std::string good = FloatBytes(values);
  values[200] = NAN;
  const std::string file = WriteFile(
      "m.safetensors",
      SafetensorsOf({{"bad", "F32", {256}, FloatBytes(values)}, {"good", "F32", {256}, good}}));
  const RunResult r = Run({"eval", file, "--peers", "--json"});
  EXPECT_EQ(r.exit, 0) << r.err;
  EXPECT_EQ(r.out.find("nan"), std::string::npos);
  const Json json = Json::parse(r.out);
  for (size_t i = 0; i < 9; ++i) {
    const Json& bad = json["files"][0]["peers"][i];
    EXPECT_THAT(bad["error"].get<std::string>(),
                HasSubstr("m.safetensors', tensor 'bad': the peers cannot hold it: there are Inf"));
    EXPECT_FALSE(bad.contains("snr_db"));
    const Json& ours = bad["orders"][1];
    EXPECT_EQ(ours["kind_changed"], 0);
    EXPECT_GT(ours["snr_db"], 1);
    EXPECT_EQ(ours["against_peer"], nullptr);
    EXPECT_EQ(ours["ahead_db"], nullptr);
    EXPECT_FALSE(json["files"][1]["peers"][i].contains("error"));
    EXPECT_TRUE(json["all_peers"][i].contains("error"));
  }
  const std::string text = Ok({"eval", file, "--peers"});
  EXPECT_THAT(text, testing::ContainsRegex("\n  bad\n  mxint8 +- +8.25 +- +- +- +[0-9.]+ +- "));
  EXPECT_THAT(text, HasSubstr("\n- the peers cannot hold it:\n  there are Inf or NaN"));
  EXPECT_EQ(text.find("cannot hold"), text.rfind("cannot hold")) << "said once";
  EXPECT_THAT(text, HasSubstr(" of 9 comparisons")) << "of the good one";
  EXPECT_THAT(Ok({"eval", file, "--peers", "--csv"}),
              HasSubstr("m.safetensors\",mxint8,,,,,,,,,,,,,\"bad\",fp32,,,mxint8,,\n"));
  // In the first of two pieces.
  std::vector<float> large((1 << 20) + 16);
  large[3] = -INFINITY;
  const std::string two =
      WriteFile("two.npy", Npy("<f4", fmt::format("({},)", large.size()), FloatBytes(large)));
  EXPECT_TRUE(Peers(two, {"--order", "field"})[0].contains("error"));
}

TEST_F(EvalPeers, WhoIsAheadIsCounted) {
  // Integers of a range of 255: INT8 min/max loses nothing, orders without an offset must.
  std::vector<float> values(128);
  for (size_t i = 0; i < 127; ++i) values[i] = 1000 + 2 * float(i);
  values[127] = 1255;
  const std::string file = WriteFile("w.npy", Npy("<f4", "(128,)", FloatBytes(values)));
  const auto tally = [&](const std::vector<std::string>& files, const Json& entries) {
    std::vector<std::string> arguments = {"eval", "--peers", "--order", "significance"};
    arguments.insert(arguments.end(), files.begin(), files.end());
    std::map<std::string, int> count;
    int all = 0;
    for (const Json& entry : entries) {
      for (const Json& p : entry["peers"]) {
        ++count[p["orders"][0]["against_peer"]];
        ++all;
      }
    }
    EXPECT_EQ(all, 9 * int(files.size()));
    const std::string text = Ok(arguments);
    EXPECT_THAT(text, HasSubstr(fmt::format(
                          "\nsignificance is ahead in {} of {} comparisons{}, behind in {}:\n",
                          count["ahead"], all,
                          count["even"] == 0 ? "" : fmt::format(", even in {}", count["even"]),
                          count["behind"])));
    return text;
  };
  const auto entries = [&](const std::vector<std::string>& files) {
    std::vector<std::string> arguments = {"eval", "--peers", "--order", "significance"};
    arguments.insert(arguments.end(), files.begin(), files.end());
    return OkJson(arguments)["files"];
  };
  const Json one = entries({file});
  EXPECT_EQ(Of(one[0]["peers"], "int8")["exact"], true);
  const Json& ours = Of(one[0]["peers"], "int8")["orders"][0];
  EXPECT_EQ(ours["against_peer"], "behind");
  EXPECT_EQ(ours["ahead_db"], nullptr) << "no difference to an SNR that is none";
  const std::string text = tally({file}, one);
  EXPECT_THAT(text, HasSubstr("\n  int8   that loses nothing\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\n  int4   -[0-9.]+ dB\n"));
  EXPECT_THAT(text,
              testing::ContainsRegex("\n  int8 +8.25 +8.25 +3.88 +1.94 +exact +[0-9.]+ +behind\n"));

  // Zeros: nobody loses anything. Two tensors behind INT8, the name of the worse one.
  for (float& v : values) v += 0.25F;
  const std::string inexact = WriteFile("x.npy", Npy("<f4", "(128,)", FloatBytes(values)));
  const std::string zeros = WriteFile("z.npy", Npy("<f4", "(128,)", std::string(512, '\0')));
  const std::vector<std::string> files = {inexact, zeros, file};
  const std::string three = tally(files, entries(files));
  EXPECT_THAT(three, HasSubstr(", even in 9, behind"));
  EXPECT_THAT(three, HasSubstr("\n  int8   on 2 tensors, at worst that loses nothing: "));
  EXPECT_THAT(three, testing::ContainsRegex("loses nothing: [^\n]*w.npy'\n"));
  EXPECT_THAT(three, testing::ContainsRegex("\n  int4   on 2 tensors, at worst -[0-9.]+ dB: "));
}

TEST_F(EvalPeers, AreOnlyThereWhenAskedFor) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const Json without = OkJson({"eval", q, "--ratio", "8"});
  EXPECT_FALSE(without["files"][0].contains("peers"));
  EXPECT_FALSE(without.contains("all_peers"));
  EXPECT_EQ(without["all"][0]["ratio_to_fp32"], 8.0);
  EXPECT_EQ(without["all"][0]["ratio_to_bf16"], 4.0);
  const Json with = OkJson({"eval", q, "--ratio", "8", "--peers"});
  EXPECT_EQ(with["all"], without["all"]);
  EXPECT_EQ(with["files"][0]["results"], without["files"][0]["results"]);
  EXPECT_EQ(with["files"][0]["peers"], with["all_peers"]);
  EXPECT_EQ(OkJson({"eval", q, "--peers"})["files"][0]["results"], Json::array());
  const std::string table = Ok({"eval", q, "--ratio", "8"});
  EXPECT_EQ(table.find("mxint8"), std::string::npos);
  EXPECT_THAT(Ok({"eval", q, "--ratio", "8", "--peers"}), testing::StartsWith(table + '\n'));
  EXPECT_EQ(Ok({"eval", q, "--peers"}).find("whole %"), std::string::npos);
  // FP16 at half its bits.
  const std::string half = WriteFile("h.npy", Npy("<f2", "(128,)", Noise(256)));
  const Json h = OkJson({"eval", half, "--ratio", "2"})["all"][0];
  EXPECT_EQ(h["ratio"], 2.0);
  EXPECT_EQ(h["ratio_to_fp32"].get<double>() / h["ratio_to_bf16"].get<double>(), 2.0);
  EXPECT_EQ(h["ratio_to_bf16"], h["ratio"]);
  Fails(2, {"eval", q, "--peers", "--delta-cap", "3", "--order", "significance"}, "leave it out");
}

TEST_F(EvalPeers, RowsOfTheCsvNameThePeer) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const auto lines =
      LinesOf(Ok({"eval", q, "--peers", "--order", "significance", "--ratio", "3.2", "--csv"}));
  ASSERT_EQ(lines.size(), 1 + 2 * (1 + 9 * 2) + 1U);
  EXPECT_THAT(lines[0], testing::EndsWith(",tensor,format,ratio_to_fp32,ratio_to_bf16,peer,"
                                          "against_peer,ahead_db"));
  EXPECT_THAT(lines[1],
              testing::ContainsRegex("\",significance,8192,10.0000,.*,3.2000,1.6000,,,$"));
  EXPECT_THAT(lines[2], testing::ContainsRegex(
                            "\",mxint8,8192,8.2500,3.8788,[0-9.]+,[0-9.]+,,,0,false,false,[0-9]+,0,"
                            "\"\",fp32,3.8788,1.9394,mxint8,,$"));
  EXPECT_THAT(lines[3], testing::ContainsRegex("\",significance,8192,8.2500,.*,fp32,3.8788,1.9394,"
                                               "mxint8,(ahead|behind),-?[0-9.]+$"));
  const auto commas = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  for (size_t i = 1; i + 1 < lines.size(); ++i) EXPECT_EQ(commas(lines[i]), commas(lines[0]));
}

TEST_F(EvalPeers, SumsAreOverTheValuesOfAllTensors) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string v = DataFile("gpt2.attn.v.npy");
  const Json json = OkJson({"eval", q, v, "--peers"});
  for (size_t i = 0; i < 9; ++i) {
    const Json& sum = json["all_peers"][i];
    const Json& a = json["files"][0]["peers"][i];
    const Json& b = json["files"][1]["peers"][i];
    EXPECT_EQ(sum["values"], 16384);
    EXPECT_EQ(sum["bits_per_value"], a["bits_per_value"]);
    EXPECT_EQ(sum["max_error"], std::max(a["max_error"], b["max_error"]));
    EXPECT_GT(sum["snr_db"], std::min(a["snr_db"], b["snr_db"]));
    EXPECT_LT(sum["snr_db"], std::max(a["snr_db"], b["snr_db"]));
  }
  const std::string text = Ok({"eval", q, v, "--peers"});
  EXPECT_THAT(text, testing::ContainsRegex("\nall\n  mxint8 +8.25 +8.25 "));
  EXPECT_LE(WidestLine(text), 80U);
  EXPECT_EQ(OkJson({"eval", q, "--peers"})["all_peers"], json["files"][0]["peers"]);
}

TEST_F(EvalPeers, StandardInputIsCopiedOnceAndReadTwice) {
  const std::string file = ReadFile(DataFile("gpt2.attn.q.npy"));
  const RunResult r =
      RunOn({"eval", "-", "--peers", "--order", "significance", "--json"}, {.in = &file});
  EXPECT_EQ(r.exit, 0) << r.err;
  const Json named =
      OkJson({"eval", DataFile("gpt2.attn.q.npy"), "--peers", "--order", "significance"});
  EXPECT_TRUE(Json::parse(r.out, nullptr, false)["all_peers"] == named["all_peers"]);
}

TEST_F(EvalPeers, NothingIsThereOfNoValues) {
  const std::string none = WriteFile("none.npy", Npy("<f4", "(0,)", ""));
  const Json p = Peers(none)[0];
  EXPECT_EQ(p["values"], 0);
  EXPECT_EQ(p["bits_per_value"], nullptr);
  EXPECT_EQ(p["orders"][1]["against_peer"], nullptr);
  EXPECT_EQ(Ok({"eval", none, "--peers"}).find("comparisons"), std::string::npos);
  const std::string empty = WriteFile("e.safetensors", SafetensorsOf({}));
  EXPECT_THAT(Ok({"eval", empty, "--peers"}), HasSubstr(": no tensors\n"));
  EXPECT_EQ(OkJson({"eval", empty, "--peers"})["all_peers"], Json::array());
}

TEST_F(EvalPeers, MemoryStaysBoundedWithAsManyTensorsAsItTakes) {
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < 10000; ++i)
    tensors.push_back({fmt::format("model.layers.{}.weight", i), "BF16", {1}, "\1\2"});
  const std::string file = WriteFile("many.safetensors", SafetensorsOf(tensors));
  const std::vector<const char*> ways = {"--csv", "--json", "--block=32"};
  for (size_t i = 0; i < std::min<uint64_t>(ways.size(), testing_support::Scaled(60)); ++i) {
    const char* how = ways[i];
    const RunResult r = Run({"eval", file, "--peers", how});
    EXPECT_EQ(r.exit, 0) << r.err;
    EXPECT_LT(r.peak_kib, 256 * 1024) << how;
  }
  Fails(2, {"eval", file, DataFile("gpt2.attn.q.npy"), "--peers"},
        "--peers takes 10000 tensors at most, here are 10001; choose some with --tensor");
}

TEST_F(EvalPeers, MemoryIsThatOfAPiece) {
  // As numbers of 32 bits, before and after, 24 MiB of FP16 are 96 MiB.
  const std::string in = Path("in.npy");
  const uint64_t values = std::min<uint64_t>(12'582'912, testing_support::Scaled(12'582'912 * 20));
  std::ofstream(in, std::ios::binary) << Npy("<f2", fmt::format("({},)", values), "");
  std::filesystem::resize_file(in, std::filesystem::file_size(in) + 2 * values);
  const RunResult r = Run({"eval", in, "--peers", "--json", "--threads", "1"});
  EXPECT_EQ(r.exit, 0) << r.err;
  EXPECT_LT(r.peak_kib, 80 * 1024);
  EXPECT_EQ(Json::parse(r.out, nullptr, false)["all_peers"][0]["exact"], true);
}

TEST_F(Eval, ProgressIsOneLineOnEveryTerminal) {
  const std::string in = Path("in.npy");
  std::ofstream(in, std::ios::binary) << Npy("<f4", "(16777216,)", "");
  std::filesystem::resize_file(in, std::filesystem::file_size(in) + (64 << 20));
  for (const uint16_t columns : std::initializer_list<uint16_t>{20, 80}) {
    const RunResult r = RunOn({"eval", in, "--threads", "1", "--ratio", "3", "--ratio", "4"},
                              {.err_columns = columns});
    EXPECT_EQ(r.exit, 0);
    EXPECT_EQ(r.err.find('\n'), std::string::npos);
    const std::string erase = "\r\x1b[K";
    ASSERT_TRUE(r.err.starts_with(erase)) << columns << ": nothing was drawn";
    EXPECT_TRUE(r.err.ends_with(erase)) << "gone when done";
    for (size_t at = 0; at < r.err.size();) {
      const size_t end = std::min(r.err.find(erase, at + erase.size()), r.err.size());
      const std::string line = r.err.substr(at + erase.size(), end - at - erase.size());
      EXPECT_LT(line.size(), columns) << line;
      EXPECT_THAT(line, testing::MatchesRegex("(eval \\[#* *\\] +[0-9]+ %.*)?"));
      at = end;
    }
  }
}

TEST(Progress, IsShorterThanAnyTerminalAndKeepsThePercentage) {
  const std::string name(50, 'n');
  for (const std::string& label : {std::string("decompress"), name, std::string("naïve ") + name}) {
    for (size_t columns = 1; columns < 200; ++columns) {
      for (const double share : {0.0, 0.456, 1.0}) {
        const std::string line = ProgressLine(label, share, "1234567 MB/s", columns);
        ASSERT_LT(WidestLine(line), columns) << line;
        if (columns > 6) {
          ASSERT_THAT(line, HasSubstr(fmt::format("{:.0f} %", 100 * share)));
        }
      }
    }
  }
  EXPECT_EQ(ProgressLine("stats", 0.5, "123 MB/s", 80),
            "stats [###############               ]  50 %  123 MB/s");
  EXPECT_EQ(ProgressLine("stats", 0.5, "123 MB/s", 20), "stats [##   ]  50 %");
}

}  // namespace
}  // namespace actplane::cli
