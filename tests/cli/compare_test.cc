// SPDX-License-Identifier: Apache-2.0
// compare: equal bits, equal numbers, or how far apart.
#include "report_test_support.h"

namespace actplane::cli {
namespace {

using Compare = ReportTest;

TEST_F(Compare, SaysWhereTheFirstDifferenceIs) {
  std::string values = Noise(400);
  const std::string a = WriteFile("a.npy", Npy("<f4", "(100,)", values));
  EXPECT_EQ(Ok({"compare", a, a}), "equal: every bit of 100 values\n");
  values[4 * 77 + 1] = static_cast<char>(values[4 * 77 + 1] ^ 1);
  const std::string b = WriteFile("b.npy", Npy("<f4", "(100,)", values));
  EXPECT_THAT(Run({"compare", a, b}).out, HasSubstr("differ: 1 of 100 values\n"));
  EXPECT_THAT(Run({"compare", a, b}).out, HasSubstr("\nfirst difference value 77:\n"));
  const RunResult r = Run({"compare", a, b, "--json"});
  EXPECT_EQ(r.exit, 1);
  EXPECT_EQ(Json::parse(r.out)["equal"], false);
  EXPECT_EQ(Json::parse(r.out)["index"], 77);
  EXPECT_THAT(Json::parse(r.out)["difference"].get<std::string>(), HasSubstr("value 77 is 0x"));
  EXPECT_EQ(OkJson({"compare", a, a})["equal"], true);
}

TEST_F(Compare, SeesShapeTypeAndNumberOfTensors) {
  const std::string values = Noise(400);
  const std::string a = WriteFile("a.npy", Npy("<f4", "(10, 10)", values));
  Fails(1, {"compare", a, WriteFile("b.npy", Npy("<f4", "(100,)", values))},
        "fp32 (10, 10) and fp32 (100,)");
  Fails(1, {"compare", a, WriteFile("c.npy", Npy("<f2", "(200,)", values))}, "and fp16 (200,)");
  Fails(1, {"compare", a, WriteFile("d.npy", Npy("<f4", "(10, 10)", values, true))}, "Fortran");
  const char* one = R"({"w":{"dtype":"F32","shape":[10,10],"data_offsets":[0,400]}})";
  const char* two = R"({"v":{"dtype":"F32","shape":[50],"data_offsets":[0,200]},)"
                    R"("w":{"dtype":"F32","shape":[50],"data_offsets":[200,400]}})";
  const char* other = R"({"v":{"dtype":"F32","shape":[50],"data_offsets":[0,200]},)"
                      R"("x":{"dtype":"F32","shape":[50],"data_offsets":[200,400]}})";
  Ok({"compare", a, WriteFile("one.safetensors", Safetensors(one, values))});
  const std::string t = WriteFile("two.safetensors", Safetensors(two, values));
  Fails(1, {"compare", a, t}, "1 and 2 tensors");
  Fails(1, {"compare", t, WriteFile("other.safetensors", Safetensors(other, values))},
        "tensor 'w': only the first has it");
  Ok({"compare", t, t});
  const Json json =
      JsonAt(1, {"compare", t, WriteFile("other.safetensors", Safetensors(other, values))});
  EXPECT_EQ(json["tensor"], "w");
  EXPECT_EQ(json["difference"], "only the first has it");
}

struct Expected {
  double snr = 0, max_error = 0;
  uint64_t changed = 0;
  size_t first = 0, worst = 0;
};

Expected Measure(const std::vector<float>& a, const std::vector<float>& b) {
  Expected e;
  double signal = 0;
  double noise = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double error = std::abs(double{a[i]} - double{b[i]});
    signal += double{a[i]} * double{a[i]};
    noise += error * error;
    if (error != 0 && e.changed++ == 0) e.first = i;
    if (error > e.max_error) {
      e.max_error = error;
      e.worst = i;
    }
  }
  e.snr = 10 * std::log10(signal / noise);
  return e;
}

class ComparePairs : public ReportTest {
 protected:
  // The report of a run that must end with 1 and say nothing on standard error.
  std::string Text(const std::vector<std::string>& arguments) const {
    const RunResult r = Run(arguments);
    EXPECT_EQ(r.exit, 1) << r.err;
    EXPECT_EQ(r.err, "");
    EXPECT_LE(WidestLine(r.out.substr(r.out.find('\n'))), 80U) << r.out;
    return r.out;
  }
};

TEST_F(ComparePairs, FiguresAreOfAllValuesAndSayWhere) {
  // More than two pieces of the walk; the first change is late in the second, the largest in the
  // last.
  constexpr size_t kRows = 2500;
  constexpr size_t kCount = kRows * 1000;
  std::vector<float> x = SomeFloats(kCount);
  std::vector<float> y = x;
  for (size_t i = 1'234'567; i < kCount; i += 999) y[i] *= 1.0F + 1.0F / float(1 << (i % 16));
  y[2'400'321] = 777;
  const Expected e = Measure(x, y);
  ASSERT_EQ(e.worst, 2'400'321U);
  const std::string shape = fmt::format("({}, 10, 100)", kRows);
  const std::string a = WriteFile("a.npy", Npy("<f4", shape, FloatBytes(x)));
  const std::string b = WriteFile("b.npy", Npy("<f4", shape, FloatBytes(y)));

  const Json json = JsonAt(1, {"compare", a, b});
  EXPECT_EQ(json["equal"], false);
  EXPECT_EQ(json["exact"], false);
  EXPECT_EQ(json["equal_as_numbers"], false);
  EXPECT_EQ(json["values"], kCount);
  EXPECT_EQ(json["values_changed"], e.changed);
  EXPECT_EQ(json["bits_only_changed"], 0);
  EXPECT_NEAR(json["snr_db"].get<double>(), e.snr, 1e-9);
  EXPECT_DOUBLE_EQ(json["max_error"].get<double>(), e.max_error);
  EXPECT_EQ(json["max_error_at"],
            (Json{{"tensor", ""}, {"index", e.worst}, {"position", {2400, 3, 21}}}));
  EXPECT_EQ(json["first_difference"]["index"], 1'234'567);
  EXPECT_EQ(json["first_difference"]["position"], (Json{1234, 5, 67}));
  EXPECT_EQ(json["first_difference"]["a"],
            fmt::format("0x{:08x}", std::bit_cast<uint32_t>(x[1'234'567])));
  EXPECT_EQ(json["first_difference"]["b"],
            fmt::format("0x{:08x}", std::bit_cast<uint32_t>(y[1'234'567])));
  EXPECT_EQ(json["index"], 1'234'567);

  const std::string text = Text({"compare", a, b});
  EXPECT_THAT(text, HasSubstr(fmt::format("differ: {} of {} values\n", e.changed, kCount)));
  EXPECT_THAT(text, HasSubstr(fmt::format("\nSNR              {:.1f} dB", e.snr)));
  EXPECT_THAT(text,
              HasSubstr(fmt::format("\nlargest error    {:.3g} at value 2400321, [2400, 3, 21]\n",
                                    e.max_error)));
  EXPECT_THAT(text, HasSubstr(fmt::format(
                        "\nfirst difference value 1234567, [1234, 5, 67]:\n{:17}0x{:08x} ({}) and ",
                        "", std::bit_cast<uint32_t>(x[1'234'567]), x[1'234'567])));
}

TEST_F(ComparePairs, PlacesFollowTheOrderOfTheMemory) {
  std::vector<float> x = SomeFloats(60);
  std::vector<float> y = x;
  y[17] = 9;
  const std::string a = WriteFile("a.npy", Npy("<f4", "(3, 4, 5)", FloatBytes(x), true));
  const std::string b = WriteFile("b.npy", Npy("<f4", "(3, 4, 5)", FloatBytes(y), true));
  EXPECT_EQ(JsonAt(1, {"compare", a, b})["max_error_at"]["position"], (Json{2, 1, 1}));
  const std::string c = WriteFile("c.npy", Npy("<f4", "()", Little(0x3f800000, 4)));
  const std::string d = WriteFile("d.npy", Npy("<f4", "()", Little(0x3f000000, 4)));
  EXPECT_EQ(JsonAt(1, {"compare", c, d})["max_error_at"]["position"], Json::array());
  EXPECT_THAT(Text({"compare", c, d}), HasSubstr("at value 0\n"));
}

TEST_F(ComparePairs, OverAllTensorsOfTwoFiles) {
  const std::vector<float> x = SomeFloats(200);
  const std::vector<float> z = SomeFloats(90, 7);
  std::vector<float> y = x;
  std::vector<float> w = z;
  y[50] += 0.25F;
  w[7] -= 0.5F;
  w[8] -= 0.5F;
  const auto write = [&](const std::string& name, const std::vector<float>& one,
                         const std::vector<float>& two, bool swap) {
    std::vector<Tensor> tensors = {{"h.0/x", "F32", {10, 20}, FloatBytes(one)},
                                   {std::string(60, 'z'), "F32", {9, 10}, FloatBytes(two)},
                                   {"same", "F16", {4}, Noise(8)}};
    if (swap) std::swap(tensors[0], tensors[2]);  // names decide, not places
    return WriteFile(name, SafetensorsOf(tensors));
  };
  const std::string a = write("a.safetensors", x, z, false);
  const std::string b = write("b.safetensors", y, w, true);
  std::vector<float> both_x = x;
  std::vector<float> both_y = y;
  both_x.insert(both_x.end(), z.begin(), z.end());
  both_y.insert(both_y.end(), w.begin(), w.end());
  const Json json = JsonAt(1, {"compare", a, b});
  EXPECT_EQ(json["values"], 294);
  EXPECT_EQ(json["values_changed"], 3);
  const Expected worse = Measure(z, w);
  EXPECT_EQ(json["max_error"], worse.max_error);
  EXPECT_EQ(json["max_error_at"]["tensor"], std::string(60, 'z'));
  EXPECT_EQ(json["max_error_at"]["position"], (Json{0, worse.worst}));
  EXPECT_EQ(json["first_difference"]["tensor"], "h.0/x");
  EXPECT_EQ(json["first_difference"]["position"], (Json{2, 10}));
  ASSERT_EQ(json["tensors"].size(), 3U);
  EXPECT_NEAR(json["tensors"][0]["snr_db"].get<double>(), Measure(x, y).snr, 1e-9);
  EXPECT_NEAR(json["tensors"][1]["snr_db"].get<double>(), Measure(z, w).snr, 1e-9);
  EXPECT_EQ(json["tensors"][2]["exact"], true);
  EXPECT_EQ(json["tensors"][2]["snr_db"], nullptr);
  // The largest error is not in the last tensor that differs.
  const Json back = JsonAt(1, {"compare", b, a});
  EXPECT_EQ(back["tensors"][2]["name"], "h.0/x");
  EXPECT_EQ(back["max_error_at"], json["max_error_at"]);
  const std::string text = Text({"compare", a, b});
  EXPECT_THAT(text, HasSubstr("\n2 of 3 tensors differ:\n"));
  EXPECT_THAT(text, HasSubstr("\n                 in tensor 'h.0/x':\n"));
  EXPECT_THAT(text, testing::ContainsRegex("\nh.0/x +200 +1 +[0-9.]+ +0.25 +50\n"));
  const std::string only = WriteFile("x.npy", Npy("<f4", "(10, 20)", FloatBytes(x)));
  Ok({"compare", a, only, "--tensor", "h.*"});  // the copy of one tensor and its source
  Fails(3, {"compare", only, only, "--tensor", "h.*"}, "leave out --tensor");
}

TEST_F(ComparePairs, EqualAsNumbersIsSaidAndIsNotEqual) {
  const std::string a = WriteFile("a.npy", Npy("<f4", "(4,)",
                                               Little(0, 4) + Little(0x7fc00000, 4) +
                                                   Little(0x3f800000, 4) + Little(0x7f800000, 4)));
  const std::string b = WriteFile("b.npy", Npy("<f4", "(4,)",
                                               Little(0x80000000, 4) + Little(0x7fc00001, 4) +
                                                   Little(0x3f800000, 4) + Little(0x7f800000, 4)));
  const Json json = JsonAt(1, {"compare", a, b});
  EXPECT_EQ(json["equal"], false);
  EXPECT_EQ(json["exact"], false);
  EXPECT_EQ(json["equal_as_numbers"], true);
  EXPECT_EQ(json["values_changed"], 2);
  EXPECT_EQ(json["bits_only_changed"], 2);
  EXPECT_EQ(json["snr_db"], nullptr);
  EXPECT_EQ(json["max_error"], 0);
  EXPECT_EQ(json["max_error_at"], nullptr);
  EXPECT_THAT(
      Text({"compare", a, b}),
      HasSubstr("are equal as numbers, 4 values; the bits of 2 differ (sign of zero, bits of "
                "NaN)\nfirst difference value 0:\n"));
  const Json same = OkJson({"compare", a, a});
  EXPECT_EQ(same["equal"], true);
  EXPECT_EQ(same["equal_as_numbers"], true);
  EXPECT_EQ(same["values_changed"], 0);
  EXPECT_EQ(same["first_difference"], nullptr);
}

TEST_F(ComparePairs, InfAndNanAreCountedAndInNoFigure) {
  const std::string a = WriteFile(
      "a.npy", Npy("<f4", "(3,)", Little(0x7f800000, 4) + Little(0x40000000, 4) + Little(0, 4)));
  const std::string b = WriteFile(
      "b.npy",
      Npy("<f4", "(3,)", Little(0x3f800000, 4) + Little(0x3f800000, 4) + Little(0x7fc00000, 4)));
  const Json json = JsonAt(1, {"compare", a, b});
  EXPECT_EQ(json["kind_changed"], 2);
  EXPECT_EQ(json["values_changed"], 3);
  EXPECT_EQ(json["max_error"], 1);
  EXPECT_NEAR(json["snr_db"].get<double>(), 10 * std::log10(4.0), 1e-12);
  EXPECT_THAT(Text({"compare", a, b}), HasSubstr("\nkind changed     2 from finite, Inf or NaN"));
  // Zeros have no SNR.
  const std::string z = WriteFile("z.npy", Npy("<f4", "(3,)", std::string(12, '\0')));
  const std::string o =
      WriteFile("o.npy", Npy("<f4", "(3,)", std::string(8, '\0') + Little(0x3f800000, 4)));
  EXPECT_EQ(JsonAt(1, {"compare", z, o})["snr_db"], nullptr);
  EXPECT_THAT(Text({"compare", z, o}), HasSubstr("\nSNR              none"));
}

TEST_F(ComparePairs, OtherFormatsAreComparedAsNumbers) {
  const std::vector<float> x = SomeFloats(120);
  std::vector<float> rounded;
  for (const float v : x) {
    rounded.push_back(std::bit_cast<float>(std::bit_cast<uint32_t>(v) & 0xffff0000));
  }
  const std::string f4 = WriteFile("f4.npy", Npy("<f4", "(30, 4)", FloatBytes(x)));
  const std::string bits = WriteFile("u2.npy", Npy("<u2", "(30, 4)", Bf16Bytes(x)));
  const std::string bf16 =
      WriteFile("b.safetensors", SafetensorsOf({{"w", "BF16", {30, 4}, Bf16Bytes(x)}}));
  const Expected e = Measure(x, rounded);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"compare", f4, bf16},
        {"compare", f4, bits, "--format", "bf16"},
        {"compare",
         WriteFile("f.safetensors", SafetensorsOf({{"w", "F32", {30, 4}, FloatBytes(x)}})), bits,
         "--format", "bf16"}}) {
    const Json json = JsonAt(1, arguments);
    EXPECT_EQ(json["values_changed"], e.changed);
    EXPECT_NEAR(json["snr_db"].get<double>(), e.snr, 1e-9);
    EXPECT_EQ(json["max_error"], e.max_error);
    EXPECT_THAT(Text(arguments), HasSubstr("' (fp32) and '"));
  }
  // The restored copy and its source.
  EXPECT_EQ(OkJson({"compare", bf16, bits, "--format", "bf16"})["equal"], true);
  // Every number is one of the other format: still not the same bits.
  const std::string wide = WriteFile("wide.npy", Npy("<f4", "(30, 4)", FloatBytes(rounded)));
  const Json json = JsonAt(1, {"compare", wide, bf16});
  EXPECT_EQ(json["equal"], false);
  EXPECT_EQ(json["equal_as_numbers"], true);
  EXPECT_EQ(json["values_changed"], 0);
  EXPECT_THAT(Text({"compare", wide, bf16}),
              HasSubstr("(fp32) and '" + bf16 + "' (bf16) are equal as numbers, 120 values\n"));
}

TEST_F(ComparePairs, AFormatThatNeitherFileHasIsRefused) {
  const std::string f4 = WriteFile("f4.npy", Npy("<f4", "(1,)", Little(0x3f800000, 4)));
  const std::string bf16 =
      WriteFile("b.safetensors", SafetensorsOf({{"w", "BF16", {1}, Little(0x3f80, 2)}}));
  Ok({"compare", f4, f4, "--format", "fp32"});
  EXPECT_EQ(JsonAt(1, {"compare", f4, bf16, "--format", "bf16"})["equal_as_numbers"], true);
  Fails(2, {"compare", f4, f4, "--format", "bf16"},
        "--format bf16 is for files with such values, and neither has any; leave it out");
  Fails(2, {"compare", f4, bf16, "--format", "fp16"}, "leave it out");
}

TEST_F(ComparePairs, AVectorIsTheSameInEitherOrder) {
  const std::string values = FloatBytes(SomeFloats(6));
  const auto file = [&](const std::string& name, const char* shape, bool fortran) {
    return WriteFile(name, Npy("<f4", shape, values, fortran));
  };
  Ok({"compare", file("c.npy", "(6,)", false), file("f.npy", "(6,)", true)});
  Fails(1, {"compare", file("c.npy", "(2, 3)", false), file("f.npy", "(2, 3)", true)},
        "in Fortran order");
}

TEST_F(ComparePairs, EveryHalfIsTheNumberThatItStandsFor) {
  // Against the definition: all 65536 patterns and the same numbers as floats.
  std::string halves;
  std::vector<float> floats;
  for (uint32_t p = 0; p < 65536; ++p) {
    halves += Little(p, 2);
    const int exponent = static_cast<int>(p >> 10 & 31);
    const auto mantissa = static_cast<float>(p & 1023);
    float v =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    if (exponent == 31) v = mantissa == 0 ? INFINITY : NAN;
    floats.push_back((p & 0x8000) != 0 ? -v : v);
  }
  const std::string a = WriteFile("a.npy", Npy("<f4", "(65536,)", FloatBytes(floats)));
  const std::string b = WriteFile("b.npy", Npy("<f2", "(65536,)", halves));
  EXPECT_EQ(JsonAt(1, {"compare", a, b})["equal_as_numbers"], true);
  halves[2 * 12345] = static_cast<char>(halves[2 * 12345] ^ 1);
  WriteFile("b.npy", Npy("<f2", "(65536,)", halves));
  const Json json = JsonAt(1, {"compare", a, b});
  EXPECT_EQ(json["values_changed"], 1);
  EXPECT_EQ(json["index"], 12345);
}

TEST_F(ComparePairs, WhatIsNoNumberIsComparedByItsBytes) {
  const std::string w = FloatBytes(SomeFloats(4));
  const auto file = [&](const std::string& name, const std::string& ids) {
    return WriteFile(name, SafetensorsOf({{"w", "F32", {4}, w}, {"ids", "I64", {2, 3}, ids}}));
  };
  std::string ids = Noise(48);
  const std::string a = file("a.safetensors", ids);
  EXPECT_EQ(Ok({"compare", a, a}), "equal: every bit of 10 values\n");
  ids[8 * 4 + 7] = static_cast<char>(ids[8 * 4 + 7] ^ 64);
  const std::string b = file("b.safetensors", ids);
  const Json json = JsonAt(1, {"compare", a, b});
  EXPECT_EQ(json["equal"], false);
  EXPECT_EQ(json["values_changed"], 1);
  EXPECT_EQ(json["first_difference"]["tensor"], "ids");
  EXPECT_EQ(json["first_difference"]["position"], (Json{1, 1}));
  EXPECT_EQ(json["tensors"][1]["snr_db"], nullptr);
  EXPECT_THAT(Text({"compare", a, b}),
              HasSubstr("value 4, [1, 1]\n                 in tensor 'ids':\n"));
  const std::string c = WriteFile(
      "c.safetensors", SafetensorsOf({{"w", "F32", {4}, w}, {"ids", "U64", {2, 3}, Noise(48)}}));
  Fails(1, {"compare", a, c}, "tensor 'ids': I64 (2, 3) and U64 (2, 3)");
}

TEST_F(ComparePairs, StandardInputIsAFileLikeAnyOther) {
  const std::string q = ReadFile(DataFile("gpt2.attn.q.npy"));
  EXPECT_EQ(RunOn({"compare", "-", DataFile("gpt2.attn.q.npy")}, {.in = &q}).out,
            "equal: every bit of 8192 values\n");
  EXPECT_EQ(RunOn({"compare", DataFile("gpt2.attn.v.npy"), "-"}, {.in = &q}).exit, 1);
  const RunResult twice = RunOn({"compare", "-", "-"}, {.in = &q});
  EXPECT_EQ(twice.exit, 3);
  EXPECT_EQ(twice.out, "");
}

TEST_F(ComparePairs, ManyTensorsTakeNoLongerThanTheirNumber) {
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < 50000; ++i)
    tensors.push_back({fmt::format("t{}", i), "BF16", {1}, "\1\2"});
  const std::string a = WriteFile("a.safetensors", SafetensorsOf(tensors));
  std::reverse(tensors.begin(), tensors.end());
  const std::string b = WriteFile("b.safetensors", SafetensorsOf(tensors));
  const auto start = std::chrono::steady_clock::now();
  const RunResult r = Run({"compare", a, b});
  EXPECT_EQ(r.out, "equal: every bit of 50000 values\n");
  EXPECT_LT(r.peak_kib, 256 * 1024);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace actplane::cli
