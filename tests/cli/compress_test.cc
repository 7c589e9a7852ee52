// SPDX-License-Identifier: Apache-2.0
// compress and decompress: what went in comes out.
#include <set>

#include "cli_test_support.h"
#include "support/scale.h"

namespace actplane::cli {
namespace {

class Compress : public CliTest {
 protected:
  // What compare says of two files that differ.
  Json RunCompare(const std::string& a, const std::string& b) const {
    const RunResult r = Run({"compare", a, b, "--json"});
    EXPECT_EQ(r.exit, 1) << r.err;
    return Json::parse(r.out, nullptr, false);
  }
};

constexpr uint64_t kMib = 1 << 20;

TEST_F(Compress, LosslessReturnsEveryByteOfEverySampleTensor) {
  ACTP_CLAUSE("F-4.5");
  const std::string apl = Path("x.apl");
  const std::string npy = Path("x.npy");
  for (const std::string& file : AllData()) {
    Ok({"compress", file, apl, "--lossless"});
    Ok({"decompress", apl, npy});
    EXPECT_EQ(ReadFile(npy), ReadFile(file)) << file;
  }
}

TEST_F(Compress, DefaultIsTheRatioOfThePaper) {
  const Json json = OkJson({"compress", DataFile("gpt2.mlp.in.npy"), Path("g.apl")});
  EXPECT_EQ(json["raw_bytes"], 32768);
  EXPECT_EQ(json["coded_bytes"], 10240);
  EXPECT_EQ(json["ratio"], 3.2);
  EXPECT_EQ(json["order"], "field");
  EXPECT_EQ(json["block"], 128);
  EXPECT_THAT(
      Ok({"compress", DataFile("gpt2.mlp.in.npy"), Path("g.apl")}),
      HasSubstr("8192 values, 32768 to 10240 bytes (ratio 3.200), order field, fill midpoint"));
}

TEST_F(Compress, RatioRoundsSlotBytesDown) {
  // 512 / 5.12 is 100, though no double is 5.12; 512 / 5.333 is 96.006.
  const auto slot = [&](const std::string& ratio) {
    Ok({"compress", DataFile("gpt2.attn.q.npy"), Path("q.apl"), "--ratio", ratio});
    return OkJson({"inspect", Path("q.apl")})["tensors"][0]["slot_bytes"];
  };
  EXPECT_EQ(slot("5.12"), 100);
  EXPECT_EQ(slot("5.333"), 96);
  EXPECT_EQ(slot("3.21"), 159);
}

TEST_F(Compress, ConfigurationReachesTheContainer) {
  ACTP_CLAUSE("F-2.4", "C-4.9");
  const std::string q = DataFile("gpt2.attn.q.npy");
  const auto expect = [&](const Json& settings, const Json& json) {
    EXPECT_EQ(settings, (Json{json["order"], json["fill"], json["delta_cap"], json["group"],
                              json["rows"], json["lossless"]}));
  };
  const auto compress = [&](std::vector<std::string> how, const Json& settings) {
    how.insert(how.begin(), {"compress", q, Path("q.apl")});
    expect(settings, OkJson(how));
    const Json t = OkJson({"inspect", Path("q.apl")})["tensors"][0];
    expect(settings, t);
    return t;
  };
  const Json t = compress({"--block", "64", "--slot-bytes", "50", "--order", "significance",
                           "--group", "8", "--rows", "20"},
                          {"significance", nullptr, nullptr, 8, 20, false});
  EXPECT_EQ(t["block"], 64);
  EXPECT_EQ(t["slot_bytes"], 50);
  compress({"--order", "significance"}, {"significance", nullptr, nullptr, 4, 16, false});
  compress({"--delta-cap", "3"}, {"field", "midpoint", 3, nullptr, nullptr, false});
  compress({"--lossless"}, {"field", "midpoint", 0, nullptr, nullptr, true});
  compress({"--fill", "zero"}, {"field", "zero", 0, nullptr, nullptr, false});
  EXPECT_THAT(Ok({"compress", q, Path("q.apl"), "--order", "significance", "--group", "8"}),
              HasSubstr("(ratio 3.200), order significance, K = 8, R = 16\n"));
  EXPECT_THAT(Ok({"compress", q, Path("q.apl"), "--lossless"}),
              HasSubstr("), order field, lossless\n"));
}

// What eval says of a group length and a row limit is what comes out of a container of theirs, and
// more rows keep more.
TEST_F(Compress, GroupAndRowLimitAreKnownToBothWays) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  std::set<std::string> different;
  for (const char* group : {"4", "8"}) {
    double before = 0;
    for (const char* rows : {"8", "9", "24"}) {
      const std::vector<std::string> how = {"--order", "significance", "--slot-bytes", "180",
                                            "--group", group,          "--rows",       rows};
      std::vector<std::string> arguments = {"compress", q, Path("q.apl")};
      arguments.insert(arguments.end(), how.begin(), how.end());
      Ok(arguments);
      Ok({"decompress", Path("q.apl"), Path("q.npy")});
      different.insert(ReadFile(Path("q.npy")));
      arguments = {"eval", q};
      arguments.insert(arguments.end(), how.begin(), how.end());
      const double snr = OkJson(arguments)["all"][0]["snr_db"];
      EXPECT_EQ(snr, RunCompare(q, Path("q.npy"))["snr_db"].get<double>());
      EXPECT_GT(snr, before + 3) << group << " " << rows;
      before = snr;
    }
  }
  EXPECT_EQ(different.size(), 6U);
}

TEST_F(Compress, FillOfDecompressOverrulesTheStoredOne) {
  ACTP_CLAUSE("F-3.10");
  const std::string q = DataFile("gpt2.attn.q.npy");
  Ok({"compress", q, Path("mid.apl")});
  Ok({"compress", q, Path("zero.apl"), "--fill", "zero"});
  Ok({"decompress", Path("mid.apl"), Path("mid.npy")});
  Ok({"decompress", Path("mid.apl"), Path("mid0.npy"), "--fill", "zero"});
  Ok({"decompress", Path("zero.apl"), Path("zero.npy")});
  EXPECT_EQ(ReadFile(Path("mid0.npy")), ReadFile(Path("zero.npy")));
  EXPECT_NE(ReadFile(Path("mid.npy")), ReadFile(Path("zero.npy")));
}

TEST_F(Compress, ThreadsDoNotChangeAByte) {
  const std::string noise = WriteFile("n.npy", Npy("<f4", "(3, 700000)", Noise(8400000)));
  for (const std::vector<std::string>& how : {std::vector<std::string>{"--order", "field"},
                                              {"--order", "significance"},
                                              {"--lossless"}}) {
    std::vector<std::string> apl;
    std::vector<std::string> npy;
    for (const char* threads : {"1", "2", "3"}) {
      std::vector<std::string> arguments = {"compress", noise, Path("n.apl"), "--threads", threads};
      arguments.insert(arguments.end(), how.begin(), how.end());
      Ok(arguments);
      apl.push_back(ReadFile(Path("n.apl")));
      Ok({"decompress", Path("n.apl"), Path("n2.npy"), "--threads", threads});
      npy.push_back(ReadFile(Path("n2.npy")));
    }
    EXPECT_TRUE(apl[0] == apl[1] && apl[0] == apl[2]) << how.back();
    EXPECT_TRUE(npy[0] == npy[1] && npy[0] == npy[2]) << how.back();
  }
}

TEST_F(Compress, AnyShapeAndDataTypeComesBackByteForByte) {
  ACTP_CLAUSE("F-2.3");
  struct Case {
    std::string descr, shape, format;
    size_t bytes;
    bool fortran = false;
  };
  for (const Case& c : std::vector<Case>{{"<f4", "()", "", 4},
                                         {"<f4", "(0,)", "", 0},
                                         {"<f4", "(3, 0, 5)", "", 0},
                                         {"<f4", "(1,)", "", 4},
                                         {"<f4", "(127,)", "", 508},
                                         {"<f4", "(128,)", "", 512},
                                         {"<f4", "(129,)", "", 516},
                                         {"<f4", "(7, 11, 13)", "", 4004, true},
                                         {"<f2", "(65536,)", "", 131072},
                                         {"<f2", "(3, 5)", "fp16", 30},
                                         {"<u2", "(999,)", "bf16", 1998},
                                         {"|V2", "(999,)", "bf16", 1998}}) {
    const std::string in = WriteFile("in.npy", Npy(c.descr, c.shape, Noise(c.bytes), c.fortran));
    for (const char* order : {"field", "significance"}) {
      std::vector<std::string> arguments = {"compress",   in,        Path("x.apl"),
                                            "--lossless", "--order", order};
      if (!c.format.empty()) arguments.insert(arguments.end(), {"--format", c.format});
      if (order == std::string("field")) {
        Ok(arguments);
        Ok({"decompress", Path("x.apl"), Path("out.npy")});
        EXPECT_EQ(ReadFile(Path("out.npy")), ReadFile(in)) << c.descr << c.shape;
      }
      arguments[3] = "--block=32";
      Ok(arguments);  // cut: the same file but for the values
      Ok({"decompress", Path("x.apl"), Path("out.npy")});
      EXPECT_EQ(ReadFile(Path("out.npy")).substr(0, 128), ReadFile(in).substr(0, 128));
      EXPECT_EQ(ReadFile(Path("out.npy")).size(), ReadFile(in).size());
    }
  }
}

class Tensors : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    values_ = Noise(400 + 60 + 34);
    in_ = WriteFile(
        "m.safetensors",
        Safetensors(R"({"h.0/../w":{"dtype":"F32","shape":[10,10],"data_offsets":[0,400]},)"
                    R"("b":{"dtype":"F16","shape":[30],"data_offsets":[400,460]},)"
                    R"("..":{"dtype":"BF16","shape":[17],"data_offsets":[460,494]}})",
                    values_));
    apl_ = Path("m.apl");
  }

  std::string values_, in_, apl_;
};

TEST_F(Tensors, AllGoIntoOneContainerAndOutIntoAFolder) {
  EXPECT_EQ(OkJson({"compress", in_, apl_, "--lossless"})["tensors"], 3);
  const Json json = OkJson({"decompress", apl_, Path("new/deep/")});
  EXPECT_THAT(Names(), testing::ElementsAre("m.apl", "m.safetensors", "new/deep/%2E..npy",
                                            "new/deep/b.npy", "new/deep/h.0%2F..%2Fw.npy"));
  EXPECT_EQ(json["tensors"].size(), 3U);
  EXPECT_EQ(json["tensors"][0]["name"], "h.0/../w");
  EXPECT_EQ(ReadFile(Path("new/deep/h.0%2F..%2Fw.npy")),
            Npy("<f4", "(10, 10)", values_.substr(0, 400)));
  EXPECT_EQ(ReadFile(Path("new/deep/b.npy")), Npy("<f2", "(30,)", values_.substr(400, 60)));
  EXPECT_EQ(ReadFile(Path("new/deep/%2E..npy")), Npy("<u2", "(17,)", values_.substr(460)));
}

TEST_F(Tensors, OneIsChosenByName) {
  Ok({"compress", in_, apl_, "--lossless"});
  Ok({"decompress", apl_, Path("b.npy"), "--tensor", "b"});
  EXPECT_EQ(ReadFile(Path("b.npy")), Npy("<f2", "(30,)", values_.substr(400, 60)));
  Ok({"compress", in_, Path("b.apl"), "--tensor", "b", "--lossless"});
  Ok({"decompress", Path("b.apl"), Path("b2.npy")});
  EXPECT_EQ(ReadFile(Path("b2.npy")), ReadFile(Path("b.npy")));
  Fails(2, {"decompress", apl_, Path("x.npy")}, "it holds 3 tensors; choose one with --tensor");
  Fails(2, {"decompress", apl_, Path("m_out")},
        fmt::format("or give a folder, {}/, for all of them", Path("m_out")));
  Fails(2, {"decompress", apl_, Path("x.npy"), "--tensor", "c"},
        "there is no tensor 'c' among its 3");
  Fails(3, {"compress", in_, Path("x.apl"), "--tensor", "c"}, "there is no tensor 'c'");
}

TEST_F(Tensors, AnEmptyNameIsAName) {
  ACTP_CLAUSE("C-4.2");
  const std::string in = WriteFile(
      "e.safetensors", Safetensors(R"({"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                   R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                                   Noise(12)));
  const std::string apl = Path("e.apl");
  EXPECT_EQ(OkJson({"compress", in, apl, "--slot-bytes", "160"})["tensors"], 2);
  EXPECT_EQ(OkJson({"inspect", apl})["tensors"].size(), 2U);
  EXPECT_EQ(OkJson({"inspect", in})["tensors"].size(), 2U);
  EXPECT_EQ(OkJson({"eval", in, "--tensor", ""})["files"].size(), 1U);
  EXPECT_EQ(OkJson({"decompress", apl, Path("d/")})["tensors"].size(), 2U);
  Fails(2, {"memh", apl, Path("x.memh")}, "it holds 2 tensors; choose one");
  Fails(2, {"decompress", apl, Path("x.npy")}, "it holds 2 tensors; choose one");

  for (const std::string& file : {in, apl}) {
    const Json json = OkJson({"inspect", file, "--tensor", ""});
    ASSERT_EQ(json["tensors"].size(), 1U);
    EXPECT_EQ(json["tensors"][0]["name"], "");
  }
  Ok({"memh", apl, Path("x.memh"), "--tensor", ""});
  Ok({"compare", in, in, "--tensor", ""});
  EXPECT_EQ(OkJson({"compress", in, Path("one.apl"), "--tensor", ""})["values"], 1);
  Ok({"decompress", apl, Path("x.npy"), "--tensor", ""});
  EXPECT_EQ(OkJson({"inspect", Path("x.npy")})["tensors"][0]["values"], 1);

  Ok({"compress", in_, apl_, "--lossless"});
  Fails(3, {"stats", in_, "--tensor", ""}, "there is no tensor '' among its 3");
  Fails(2, {"inspect", apl_, "--tensor", ""}, "there is no tensor '' among its 3");
  Fails(2, {"decompress", apl_, Path("x/"), "--tensor", ""}, "there is no tensor '' among its 3");
}

TEST_F(Tensors, APatternMeansCharacters) {
  const std::string in = WriteFile(
      "u.safetensors", Safetensors(R"({"é":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                   R"("éé":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                   Noise(8)));
  Ok({"compress", in, Path("u.apl")});
  for (const char* pattern : {"?", "[é]", "[è-ê]"}) {
    for (const std::string& file : {in, Path("u.apl")})
      EXPECT_EQ(OkJson({"inspect", file, "--tensor", pattern})["tensors"].size(), 1U) << pattern;
  }
}

TEST_F(Tensors, ADimensionThatNumpyCannotHoldIsRefused) {
  ACTP_CLAUSE("C-4.3");
  const auto file = [&](uint64_t dim) {
    return WriteFile("z.safetensors",
                     Safetensors(fmt::format(R"({{"a":{{"dtype":"F32","shape":[0,{}],)"
                                             R"("data_offsets":[0,0]}}}})",
                                             dim),
                                 ""));
  };
  Fails(3, {"compress", file(uint64_t{1} << 63), Path("z.apl")}, "a dimension above 2^63 - 1");
  Ok({"compress", file(INT64_MAX), Path("z.apl")});
  Ok({"decompress", Path("z.apl"), Path("z.npy")});
  Ok({"stats", Path("z.npy")});
}

TEST_F(Tensors, AndByPattern) {
  const std::string other = WriteFile(
      "o.safetensors", Safetensors(R"({"h.*":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                   R"("h.1":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                   Noise(8)));
  EXPECT_EQ(OkJson({"compress", in_, apl_, "--tensor", "[b.]*"})["tensors"], 2);
  EXPECT_EQ(OkJson({"compress", in_, apl_, "--tensor", "*"})["tensors"], 3);
  EXPECT_EQ(OkJson({"compress", in_, apl_, "--tensor", "h.?/../w"})["tensors"], 1);
  Fails(3, {"compress", in_, Path("x.apl"), "--tensor", "w*"}, "there is no tensor 'w*'");
  EXPECT_EQ(OkJson({"compress", other, Path("o.apl"), "--tensor", "h.*"})["tensors"], 1)
      << "a name is no pattern";
  Ok({"compress", in_, apl_, "--lossless"});
  const Json json = OkJson({"decompress", apl_, Path("some/"), "--tensor", "[hb]*"});
  EXPECT_EQ(json["tensors"].size(), 2U);
  Fails(2, {"decompress", apl_, Path("x.npy"), "--tensor", "[hb]*"},
        "'[hb]*' fits 2 tensors; choose one with --tensor, for example 'h.0/../w'");
  Ok({"decompress", apl_, Path("b.npy"), "--tensor", "b*"});
  EXPECT_EQ(ReadFile(Path("b.npy")), Npy("<f2", "(30,)", values_.substr(400, 60)));
}

TEST_F(Tensors, ADashIsStandardOutputWhateverItNames) {
  Ok({"compress", DataFile("gpt2.attn.q.npy"), apl_, "--lossless"});
  std::filesystem::create_directory(Path("-"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(Path(""));
  const RunResult r = Run({"decompress", apl_, "-"});
  std::filesystem::current_path(before);
  EXPECT_EQ(r.exit, 0) << r.err;
  EXPECT_EQ(r.out, ReadFile(DataFile("gpt2.attn.q.npy")));
}

TEST_F(Tensors, AFailureLeavesNoneOfThem) {
  Ok({"compress", in_, apl_, "--lossless"});
  std::filesystem::create_directories(Path("dir/%2E..npy"));  // in the way of the last one
  Fails(3, {"decompress", apl_, Path("dir")}, "cannot write");
}

TEST_F(Tensors, AllOutputsAreLookedAtBeforeTheFirst) {
  Ok({"compress", in_, apl_, "--lossless"});
  std::filesystem::create_directory(Path("dir"));
  WriteFile("dir/%2E..npy", "mine");  // the last one is there
  Fails(2, {"decompress", apl_, Path("dir")}, "is there already; give -f");
  EXPECT_EQ(ReadFile(Path("dir/%2E..npy")), "mine");
  Ok({"decompress", apl_, Path("dir")});
}

TEST_F(Tensors, SkippedTensorsAreNoted) {
  const std::string in = WriteFile(
      "i.safetensors", Safetensors(R"({"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
                                   R"("w":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                                   Noise(12)));
  const RunResult r = Run({"compress", in, apl_});
  EXPECT_EQ(r.exit, 0);
  EXPECT_THAT(r.err, HasSubstr("actplane: note: '" + in + "': tensor 'ids' is skipped"));
}

TEST_F(Compress, AContainerWithoutANameGivesAFileOfItsOwnNameInAFolder) {
  Ok({"compress", DataFile("gpt2.attn.q.npy"), Path("some.apl"), "--lossless"});
  Ok({"decompress", Path("some.apl"), Path("dir/")});
  EXPECT_EQ(ReadFile(Path("dir/some.npy")), ReadFile(DataFile("gpt2.attn.q.npy")));
}

TEST_F(Compress, MemoryStaysBoundedHoweverLargeTheFile) {
  // At the quick scale it is still larger than the bound.
  const uint64_t mib = std::clamp<uint64_t>(testing_support::Scaled(24000), 300, 1200);
  const std::string large = WriteHole(Path("large.npy"), mib * kMib);
  const std::string less = WriteHole(Path("less.npy"), 300 * kMib);
  constexpr long kBound = 256 * 1024;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"compress", large, Path("x.apl"), "--ratio", "9"},
        {"decompress", Path("x.apl"), "/dev/null"},
        {"compress", less, Path("x.apl"), "--lossless", "-f"},
        {"decompress", Path("x.apl"), "/dev/null"},
        {"compare", less, less}}) {
    const RunResult r = Run(arguments);
    EXPECT_EQ(r.exit, 0) << r.err;
    EXPECT_LT(r.peak_kib, kBound) << arguments[0];
  }
}

TEST_F(Compress, ProgressIsForTerminalsOnly) {
  const std::string in = WriteHole(Path("in.npy"), 64 * kMib);
  // Twice three settings: long enough for a bar on any machine.
  const std::vector<std::string> arguments = {"eval",    in,  "--threads", "1", "--ratio", "3",
                                              "--ratio", "4", "--ratio",   "5", "--json"};
  const RunResult terminal =
      Run(std::vector<std::string>(arguments.begin(), arguments.end() - 1), "", true);
  EXPECT_EQ(terminal.exit, 0);
  EXPECT_THAT(terminal.err, HasSubstr("\r\x1b[Keval ["));
  EXPECT_THAT(terminal.err, testing::EndsWith("\r\x1b[K")) << "gone when done";
  EXPECT_EQ(Run(arguments, "", true).err, "");
}

// All names under which a file can be given as its own output.
TEST_F(Compress, AnInputIsNeverTheOutput) {
  const std::string text = ReadFile(DataFile("gpt2.attn.q.npy"));
  const std::string x = WriteFile("x.npy", text);
  const std::string apl = Path("o.apl");
  Ok({"compress", x, apl});
  Ok({"memh", apl, Path("o.memh")});
  const std::string container = ReadFile(apl);
  const std::string image = ReadFile(Path("o.memh"));
  std::filesystem::create_symlink("x.npy", Path("x.link"));
  std::filesystem::create_hard_link(x, Path("x.hard"));
  std::filesystem::create_symlink("o.apl", Path("o.link"));
  std::filesystem::create_directory_symlink(".", Path("here"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"compress", x, x},
        {"compress", x, Path("x.link")},
        {"compress", Path("x.link"), x},
        {"compress", x, Path("x.hard")},
        {"compress", x, Path("here/x.npy")},
        {"compress", x, Path("here/../d/./x.npy")},
        {"decompress", apl, apl},
        {"decompress", apl, Path("o.link")},
        {"memh", apl, apl},
        {"memh", "--back", Path("o.memh"), Path("o.memh")}}) {
    Fails(2, arguments, "is an input, which would be lost; choose another output");
    std::vector<std::string> forced = arguments;
    forced.emplace_back("-f");
    Fails(2, forced, "is an input, which would be lost");
  }
  // A tensor of a container may have the name of the container.
  const std::string m =
      WriteFile("m.safetensors",
                Safetensors(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", Noise(4)));
  std::filesystem::create_directory(Path("dir"));
  Ok({"compress", m, Path("dir/a.npy")});
  Fails(2, {"decompress", Path("dir/a.npy"), Path("dir"), "-f"}, "is an input");
  EXPECT_EQ(ReadFile(x), text);
  EXPECT_EQ(ReadFile(apl), container);
  EXPECT_EQ(ReadFile(Path("o.memh")), image);
  // Standard output may be an input too, opened to append so that the shell did not empty it.
  const int fd = ::open(x.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const std::string as_path = fmt::format("/proc/{}/fd/{}", ::getpid(), fd);
  Fails(2, {"compress", x, as_path, "-f"}, "is an input");
  ::close(fd);
  EXPECT_EQ(ReadFile(x), text);
}

TEST_F(Compress, AnOutputThatExistsIsReplacedWhenAskedFor) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string old = WriteFile("old", "mine");
  const std::string apl = Path("q.apl");
  Ok({"compress", q, apl});
  Ok({"memh", apl, Path("q.memh")});
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"compress", q, old},
                                                    {"decompress", apl, old},
                                                    {"memh", apl, old},
                                                    {"memh", "--back", Path("q.memh"), old}}) {
    Fails(2, arguments, "'" + old + "' is there already; give -f to replace it");
    EXPECT_EQ(ReadFile(old), "mine");
    for (const char* force : {"-f", "--force"}) {
      WriteFile("old", "mine");
      std::vector<std::string> forced = arguments;
      forced.emplace_back(force);
      EXPECT_EQ(Run(forced).exit, 0);
      EXPECT_NE(ReadFile(old), "mine");
    }
    WriteFile("old", "mine");
  }
  EXPECT_EQ(Run({"compress", q, "/dev/null"}).exit, 0) << "a device is no file to be lost";
}

TEST_F(Compress, StandardInputAndOutput) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string values = ReadFile(q);
  Ok({"compress", q, Path("q.apl")});
  const std::string container = ReadFile(Path("q.apl"));
  const auto names = Names();
  for (const std::string& in : {q, "|" + values}) {
    for (const char* name : {"-", "/dev/stdin"}) {
      for (const char* out : {"-", "/dev/stdout"}) {
        const RunResult r = Run({"compress", name, out}, "", false, in);
        EXPECT_EQ(r.exit, 0) << r.err;
        EXPECT_EQ(r.out, container) << in[0] << name << out;
        EXPECT_THAT(r.err, HasSubstr("ratio 3.200")) << "the status goes to standard error";
      }
    }
  }
  const RunResult json = Run({"compress", "-", "-", "--json"}, "", false, q);
  EXPECT_EQ(json.out, container);
  EXPECT_EQ(Json::parse(json.err)["coded_bytes"], 10240);
  // Through a pipe that is larger than a pipe's buffer, and back.
  const std::string large = Npy("<f4", "(500000,)", Noise(2000000));
  const RunResult packed = Run({"compress", "-", "-", "--lossless"}, "", false, "|" + large);
  const RunResult back = Run({"decompress", "-", "-"}, "", false, "|" + packed.out);
  EXPECT_EQ(back.exit, 0) << back.err;
  EXPECT_TRUE(back.out == large);
  const RunResult image = Run({"memh", "-", "-"}, "", false, "|" + container);
  EXPECT_EQ(Run({"memh", "--back", "-", "-"}, "", false, "|" + image.out).out, container);
  EXPECT_EQ(Names(), names) << "no file named - and none left behind";
}

TEST_F(Compress, StandardInputThatCannotBeRead) {
  const auto refused = [&](const std::string& in, std::string_view part) {
    const RunResult r = Run({"compress", "-", Path("x.apl")}, "", false, in);
    EXPECT_EQ(r.exit, 3);
    EXPECT_THAT(r.err, HasSubstr(std::string(part)));
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
    EXPECT_TRUE(Names().empty());
  };
  refused("|", "'standard input' gave no byte; check the program that writes to it");
  refused("|x", "'standard input': it is neither .npy nor .safetensors");
  refused("/dev/null", "a pipe or device, which cannot be read at will");
  refused("/", "a directory");
  const RunResult full =
      Run({"compress", "-", "-"}, "/dev/full", false, DataFile("gpt2.attn.q.npy"));
  EXPECT_EQ(full.exit, 3);
  EXPECT_THAT(full.err, HasSubstr("cannot write 'standard output': No space left on device"));
}

// What numpy reads as little-endian float32 or float16, and the bfloat16 of ml_dtypes.
TEST_F(Compress, EverySpellingOfADataType) {
  struct Case {
    const char* canonical;
    size_t bytes;
    std::vector<const char*> spellings;
  };
  for (const Case& c : std::vector<Case>{
           {"<f4", 4, {"float32", "single", "f4", "=f4", "|f4", "f", "<f", "=f", "|f"}},
           {"<f2", 2, {"float16", "half", "f2", "=f2", "|f2", "e", "<e", "=e", "|e"}},
           {"<V2", 2, {"bfloat16"}}}) {
    const std::string values = Noise(100 * c.bytes);
    for (const char* spelling : c.spellings) {
      const std::string in = WriteFile("in.npy", Npy(spelling, "(100,)", values));
      Ok({"compress", in, Path("x.apl"), "--lossless"});
      Ok({"decompress", Path("x.apl"), Path("x.npy")});
      EXPECT_EQ(ReadFile(Path("x.npy")), Npy(c.canonical, "(100,)", values)) << spelling;
    }
  }
  for (const char* bits : {"uint16", "ushort", "u2", "=u2", "|u2", "H", "<H", "=V2", "<V2"}) {
    const std::string in = WriteFile("in.npy", Npy(bits, "(100,)", Noise(200)));
    Ok({"compress", in, Path("x.apl"), "--format", "bf16"});
    Fails(3, {"compress", in, Path("y.apl")}, "pass --format bf16 if these are bfloat16 bits");
  }
  for (const char* other : {"float64", ">f4", "<float32", "f8", "Float32", "i4", "f16", ""}) {
    const std::string in = WriteFile("in.npy", Npy(other, "(100,)", Noise(400)));
    Fails(3, {"compress", in, Path("y.apl")}, "its data type");
  }
}

TEST_F(Compress, TensorsThatDoNotFitAreRefusedBeforeTheFirstByte) {
  std::string header = "{";
  for (int i = 0; i < 150000; ++i) {
    header += fmt::format(R"({}"layer.{:06}":{{"dtype":"F32","shape":[1],"data_offsets":[{},{}]}})",
                          i == 0 ? "" : ",", i, 4 * i, 4 * i + 4);
  }
  const std::string in =
      WriteFile("many.safetensors", Safetensors(header + "}", std::string(600000, '\0')));
  // Entries of 96 + 8 + 12 bytes, rounded up to 120, in 16 MiB (C-3.4).
  Fails(3, {"compress", in, Path("x.apl")},
        "room for the first 139810 of the 150000 tensors; choose some with --tensor PATTERN");
  EXPECT_EQ(OkJson({"compress", in, Path("x.apl"), "--tensor", "layer.00*"})["tensors"], 10000);
  EXPECT_EQ(OkJson({"compress", in, Path("x.apl"), "--tensor", "layer.14[0-9]???"})["tensors"],
            10000);
}

}  // namespace
}  // namespace actplane::cli
