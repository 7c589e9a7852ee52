// SPDX-License-Identifier: Apache-2.0
// Traces of capture --trace, good and bad.
#include "replay/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "replay/step_fixture.h"

namespace actplane::tb {
namespace {

using testing::HasSubstr;

using TraceFile = StepTest;

TEST_F(TraceFile, HoldsTheStep) {
  for (const std::string& path : {Step(), Step() + "/trace.json"}) {
    const Result<Trace> trace = ReadTrace(files_, path);
    ASSERT_TRUE(trace.ok()) << trace.status().message();
    EXPECT_EQ(trace->folder, Step() + "/");
    EXPECT_THAT(trace->stash, HasSubstr("actplane:order=significance"));
    EXPECT_EQ(trace->tensors.size(), 27U);
    EXPECT_EQ(trace->steps.size(), 81U);
    const TraceTensor& t = trace->tensors[1];
    EXPECT_EQ(t.name, "h0.ln_1.in");
    EXPECT_EQ(t.kind, "residual");
    EXPECT_TRUE(t.activation());
    EXPECT_FALSE(trace->tensors[0].activation());
    EXPECT_EQ(t.raw_bytes, 5 * 16 * 4U);
    EXPECT_EQ(trace->steps.front().access, TraceAccess::kWrite);
    EXPECT_EQ(trace->steps.back().access, TraceAccess::kRelease);
    EXPECT_TRUE(ReadTraceFile(files_, *trace, t.file, t.raw_bytes).ok());
    EXPECT_TRUE(ReadTraceFile(files_, *trace, t.stored, 3 * 32).ok());  // 80 values, 32 a block
  }
}

TEST_F(TraceFile, FaultsAreNamedInOneLine) {
  const auto fails = [&](const auto& change, const std::string& part) {
    Json json = StepJson();
    change(json);
    Write("trace.json", json.dump());
    ExpectBad(ReadTrace(files_, Folder()).status(), part);
  };
  fails([](Json& j) { j = Json::array(); }, "it is no JSON object");
  fails([](Json& j) { j.erase("accesses"); }, "it has not config.stash, tensors and accesses");
  fails([](Json& j) { j["config"] = 3; }, "it has not config.stash");
  fails([](Json& j) { j["tensors"][2] = "x"; }, "tensor 2 ('') has no kind");
  fails([](Json& j) { j["tensors"][1].erase("file"); }, "capture with --stash exact or actplane");
  fails([](Json& j) { j["tensors"][1]["dtype"] = "<f2"; }, "dtype '<f2', not <f4");
  fails([](Json& j) { j["tensors"][1]["dtype"] = "<i8"; }, "is not float32");
  fails([](Json& j) { j["tensors"][1]["shape"] = {1, -2}; }, "has an impossible shape");
  fails([](Json& j) { j["tensors"][1]["shape"] = {uint64_t{1} << 40, 8}; }, "impossible shape");
  fails([](Json& j) { j["tensors"][1].erase("shape"); }, "has no shape");
  fails([](Json& j) { j["tensors"][1]["stored"] = "../secret"; }, "has its file '../secret' else");
  fails([](Json& j) { j["tensors"][1]["file"] = "/etc/passwd"; }, "has its file '/etc/passwd'");
  fails([](Json& j) { j["accesses"][0]["access"] = "peek"; }, "access 0 is no write, read");
  fails([](Json& j) { j["accesses"][0]["tensor"] = 27; }, "access 0 is of no tensor");
  fails([](Json& j) { j["accesses"][0]["tensor"] = -1; }, "access 0 is of no tensor");
  fails([](Json& j) { j["accesses"][0] = 7; }, "access 0 is of no tensor");
  fails([](Json& j) { j["accesses"][0]["access"] = "read"; }, "when it is not written yet");
  fails([](Json& j) { j["accesses"][1]["tensor"] = 0; }, "when it is written already");
  fails([](Json& j) { j["accesses"].push_back(j["accesses"].back()); }, "when it is released");

  fails([](Json&) {}, "'tensors/embedding.dropout.mask.bin' is not there, or has fewer than 10 b");
  Write("trace.json", "{ \"config\": ");
  ExpectBad(ReadTrace(files_, Folder()).status(), "it is no JSON;");
  EXPECT_EQ(ReadTrace(files_, Folder() + "/nothing").status().code(), StatusCode::kIo);
}

TEST_F(TraceFile, FilesOfAnotherSizeAreRefused) {
  const Trace trace = ReadTrace(files_, Step()).value();
  const TraceTensor& t = trace.tensors[1];
  ExpectBad(ReadTraceFile(files_, trace, t.file, 4).status(), "has 320 bytes, trace.json says 4");
  ExpectBad(ReadTraceFile(files_, trace, t.stored, 4).status(), "has 96 bytes, trace.json says 4");
  EXPECT_EQ(ReadTraceFile(files_, trace, "tensors/none.npy", 4).status().code(), StatusCode::kIo);
}

TEST(StashSpec, IsReadAsTheTrainerReadsIt) {
  const auto parse = [](const char* spec) {
    const Result<std::optional<StashConfigs>> r = ParseStash(spec);
    EXPECT_TRUE(r.ok()) << r.status().message();
    return r.value();
  };
  EXPECT_FALSE(parse("exact"));
  EXPECT_FALSE(parse("gact:bits=4"));
  EXPECT_FALSE(parse("actplaner"));
  EXPECT_EQ(parse("actplane")->all, (Config{.slot_bytes = 160}));
  EXPECT_EQ(parse("actplane:ratio=5.3333")->all.slot_bytes, 96U);
  EXPECT_EQ(parse("actplane:fill=zero,ratio=3,block=64")->all,
            (Config{.block_len = 64, .slot_bytes = 85, .fill = Fill::kZero}));
  // Of FP32, whatever the format.
  EXPECT_EQ(parse("actplane:format=bf16,ratio=4")->all,
            (Config{.format = Format::kBf16, .slot_bytes = 128}));
  const auto configs =
      parse("actplane:order=significance,ratio=8,group=8,rows=12,ratio.query=exact,ratio.key=16");
  EXPECT_EQ(
      configs->all,
      (Config{.slot_bytes = 64, .order = Order::kSignificance, .group_len = 8, .row_limit = 12}));
  EXPECT_FALSE(configs->Of("query"));
  EXPECT_EQ(configs->Of("key")->slot_bytes, 32U);
  EXPECT_EQ(configs->Of("value"), configs->all);
  EXPECT_EQ(configs->Of("residual")->slot_bytes, 85U) << "at most 6 where it is not given";
  EXPECT_EQ(parse("actplane:ratio=8,split=even")->Of("residual")->slot_bytes, 64U);
  EXPECT_EQ(parse("actplane:ratio=8,ratio.residual=7")->Of("residual")->slot_bytes, 73U);
  EXPECT_EQ(parse("actplane:ratio=5")->Of("residual")->slot_bytes, 102U);
}

TEST(StashSpec, FaultsAreNamedInOneLine) {
  const auto fails = [](const char* spec, const char* part) {
    ExpectBad(ParseStash(spec).status(), part);
  };
  fails("actplane:ratio", "'ratio' is no key=value");
  fails("actplane:split=gradient", "'split=gradient' is unknown");
  fails("actplane:speed=3", "'speed=3' is unknown");
  fails("actplane:order=both", "'order=both' is unknown");
  fails("actplane:block=31.5", "'block=31.5' is unknown");
  fails("actplane:block=31", "block length 31 is not supported");
  fails("actplane:ratio=nan", "'ratio=nan' is no ratio");
  fails("actplane:ratio=-4", "'ratio=-4' is no ratio");
  fails("actplane:ratio=exact", "ratio=exact is of one kind");
  fails("actplane:ratio=1000", "a slot of 0 bytes is too small");
  fails("actplane:ratio.key=1000", "a slot of 0 bytes is too small");
  fails("actplane:ratios=4", "'ratios=4' is unknown");
}

}  // namespace
}  // namespace actplane::tb
