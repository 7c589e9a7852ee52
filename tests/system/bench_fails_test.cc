// SPDX-License-Identifier: Apache-2.0
// The bench can fail: one violation of each stream rule, wrong bits at the output and at every
// stage, a device that hangs; and what a failed run leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "system_test_support.h"

namespace actplane::tb {
namespace {

using ::testing::HasSubstr;
using Tamper = TamperedDevice::Tamper;

class BenchFails : public ::testing::TestWithParam<DeviceKind> {
 protected:
  Verdict RunTampered(Tamper before, Tamper after, Tamper settle = {},
                      StallProfile stall = StallProfile::kBursty) {
    RunConfig run = FixedRun(std::string(ToString(GetParam())), "tiny", "random", stall, 200);
    run.watchdog_cycles = 2000;
    TamperedDevice device(MakeDevice(GetParam(), "tiny", {run.seed, {}, 0}), std::move(before),
                          std::move(after), std::move(settle));
    const auto sequence = MakeSequence(GetParam(), run, *FindConfig("tiny"));
    return CodecEnv(device, *sequence, run, stall, nullptr, nullptr).Run();
  }
  // Counts calls, so that a fault comes once the pipe is full.
  static bool Later(int& calls) { return ++calls > 300; }
};

TEST_P(BenchFails, NotWithoutAReason) { EXPECT_TRUE(RunTampered({}, {}).ok()); }

TEST_P(BenchFails, S1ABeatThatIsSaidToMoveAndDoesNot) {
  const Verdict v = RunTampered({}, [](CodecPins& p) { p.in.ready.Set(1); });
  EXPECT_FALSE(v.ok());
}

TEST_P(BenchFails, S2ValidThatFalls) {
  bool waited = false;
  const Verdict v = RunTampered({}, [=](CodecPins& p) mutable {
    if (waited) p.out.valid.Set(0);
    waited = p.out.Valid() && p.out.ready.Get() == 0;
  });
  EXPECT_EQ(v.outcome, Outcome::kMismatch);
  EXPECT_THAT(v.first_failure, HasSubstr("rule S2: valid fell"));
}

TEST_P(BenchFails, S2PayloadThatChanges) {
  bool waited = false;
  const Verdict v = RunTampered({}, [=](CodecPins& p) mutable {
    const bool now = p.out.Valid() && p.out.ready.Get() == 0;
    if (waited) p.out.data.bytes()[0] ^= std::byte{1};
    waited = now;
  });
  EXPECT_EQ(v.outcome, Outcome::kMismatch);
  EXPECT_THAT(v.first_failure, HasSubstr("rule S2: payload changed"));
}

TEST_P(BenchFails, S3ValidThatFollowsReady) {
  const Verdict v = RunTampered({}, {}, [](CodecPins& p) { p.out.valid.Set(p.out.ready.Get()); });
  EXPECT_THAT(v.first_failure, ::testing::AnyOf(HasSubstr("rule S3"), HasSubstr("rule S4")));
}

TEST_P(BenchFails, S4AnOutputThatFollowsAnInput) {
  const Verdict v = RunTampered({}, {}, [](CodecPins& p) { p.in.ready.Set(p.in.valid.Get()); });
  EXPECT_THAT(v.first_failure, HasSubstr("rule S4"));
}

TEST_P(BenchFails, S5APayloadThatCountsWithoutValid) {
  int calls = 0;
  const Verdict v = RunTampered(
      [=](CodecPins& p) mutable {
        if (!p.in.Valid() && Later(calls)) p.in.valid.Set(1);
      },
      {});
  EXPECT_FALSE(v.ok());
}

TEST_P(BenchFails, ABitAtTheOutput) {
  // Behind the longest front of configuration tiny.
  int beats = 0;
  const Verdict v = RunTampered({}, [=](CodecPins& p) mutable {
    if (p.out.Valid() && p.out.last.Get() == 0 && beats == 2) p.out.data.bytes()[5] ^= std::byte{1};
    if (p.out.Moves()) beats = p.out.last.Get() != 0 ? 0 : beats + 1;
  });
  EXPECT_EQ(v.outcome, Outcome::kMismatch);
  EXPECT_THAT(v.first_failure,
              HasSubstr(GetParam() == DeviceKind::kCompressor ? "output: rows: byte"
                                                              : "output: values: byte"));
}

TEST_P(BenchFails, AnEndTooLateAndAnEndTooEarly) {
  for (const uint64_t last : {0U, 1U}) {
    EXPECT_FALSE(RunTampered({}, [=](CodecPins& p) { p.out.last.Set(last); }).ok());
  }
}

TEST_P(BenchFails, AStatusFlagAndACounter) {
  const Verdict flag = RunTampered({}, [](CodecPins& p) {
    Pins& pins = p.kind == DeviceKind::kCompressor ? p.bad_keep : p.malformed;
    pins.Set(1 - pins.Get());
  });
  EXPECT_THAT(flag.first_failure, HasSubstr("stage status"));
  const Verdict counter =
      RunTampered({}, [](CodecPins& p) { p.bytes_in.Set(p.bytes_in.Get() + 1); });
  EXPECT_FALSE(counter.ok());
}

TEST_P(BenchFails, TheUsersBits) {
  const Verdict v =
      RunTampered({}, [](CodecPins& p) { p.out.sideband[kUserField].Set(p.blocks.Get() & 1); });
  EXPECT_EQ(v.outcome, Outcome::kMismatch);
  EXPECT_THAT(v.first_failure, HasSubstr("output: user"));
  bool waited = false;
  const Verdict changes = RunTampered({}, [=](CodecPins& p) mutable {
    const bool now = p.out.Valid() && p.out.ready.Get() == 0;
    Pins& user = p.out.sideband[kUserField];
    if (waited) user.Set(user.Get() + 1);
    waited = now;
  });
  EXPECT_THAT(changes.first_failure, HasSubstr("rule S2: payload changed"));
}

TEST_P(BenchFails, WhatAResetLeaves) {
  const auto run = [&](const Tamper& reset) {
    RunConfig c =
        FixedRun(std::string(ToString(GetParam())), "tiny", "reset", StallProfile::kNone, 50);
    TamperedDevice device(MakeDevice(GetParam(), "tiny", {c.seed, {}, 0}), {}, {}, {}, reset);
    const auto sequence = MakeSequence(GetParam(), c, *FindConfig("tiny"));
    return CodecEnv(device, *sequence, c, StallProfile::kNone, nullptr, nullptr).Run();
  };
  EXPECT_THAT(run([](CodecPins& p) { p.out.valid.Set(1); }).first_failure,
              HasSubstr("reset: output valid"));
  for (size_t i = 0; i < MakeDevice(GetParam(), "tiny", {})->pins().Status().size(); ++i) {
    EXPECT_THAT(run([=](CodecPins& p) { p.Status()[i].Set(1); }).first_failure,
                HasSubstr("reset: a status output is not zero"));
  }
  EXPECT_THAT(run([](CodecPins& p) { p.idle.Set(0); }).first_failure,
              HasSubstr("reset: a stage is not idle"));
}

TEST_P(BenchFails, ThePlanIsNamed) {
  if (GetParam() == DeviceKind::kDecompressor) return;  // which shows nothing of its inside
  for (Pins PlanProbe::*field : {&PlanProbe::front, &PlanProbe::front_bytes, &PlanProbe::slot_bytes,
                                 &PlanProbe::whole, &PlanProbe::saturated, &PlanProbe::user}) {
    const Verdict v = RunTampered({}, [&](CodecPins& p) {
      for (std::byte& b : (p.plan.*field).raw()) b ^= std::byte{1};
    });
    EXPECT_EQ(v.outcome, Outcome::kMismatch);
    EXPECT_THAT(v.first_failure, HasSubstr("stage plan:"));
  }
}

TEST_P(BenchFails, ADeviceThatHangs) {
  const Verdict input =
      RunTampered([](CodecPins& p) { p.in.valid.Set(0); }, [](CodecPins& p) { p.in.ready.Set(0); });
  EXPECT_EQ(input.outcome, Outcome::kTimeout);
  const Verdict output = RunTampered({}, [](CodecPins& p) { p.out.valid.Set(0); });
  EXPECT_FALSE(output.ok());
}

TEST_P(BenchFails, NothingComparedIsNoPass) {
  RunConfig run =
      FixedRun(std::string(ToString(GetParam())), "tiny", "random", StallProfile::kNone, 0);
  const auto device = MakeDevice(GetParam(), "tiny", {});
  const auto sequence = MakeSequence(GetParam(), run, *FindConfig("tiny"));
  EXPECT_EQ(CodecEnv(*device, *sequence, run, StallProfile::kNone, nullptr, nullptr).Run().outcome,
            Outcome::kNothingCompared);
}

std::string ReadText(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Runs with a fault in every execution, or only in the first one.
Verdict RunWithFault(const RunConfig& run, DeviceKind kind, bool always) {
  int executions = 0;
  return RunWithArtifacts(run, [&](const Execution& how) {
    const bool fault = always || executions++ == 0;
    TamperedDevice device(
        MakeDevice(kind, run.config, {run.seed, how.trace_file, how.trace_from_cycle}), {},
        [=](CodecPins& p) {
          if (fault && p.blocks.Get() == 5) p.out.data.bytes()[0] ^= std::byte{1};
        });
    const auto sequence = MakeSequence(kind, run, *FindConfig(run.config));
    CodecEnv env(device, *sequence, run, StallProfile::kNone, how.log, nullptr);
    const Verdict v = env.Run();
    device.Finish();
    return v;
  });
}

TEST_P(BenchFails, AFailureLeavesWaveLogAndReplayLine) {
  RunConfig run =
      FixedRun(std::string(ToString(GetParam())), "tiny", "random", StallProfile::kNone, 50);
  run.test = "bench-fails";
  run.artifacts = ArtifactsOf(run.device);
  const Verdict v = RunWithFault(run, GetParam(), true);
  EXPECT_EQ(v.outcome, Outcome::kMismatch);
  EXPECT_THAT(v.first_failure, Not(HasSubstr("NOT REPRODUCED")));
  const std::string folder = fmt::format("{}/bench-fails-{:x}/", run.artifacts, run.seed);
  EXPECT_GT(std::filesystem::file_size(folder + "wave.fst"), 1000U);
  EXPECT_GT(std::filesystem::file_size(folder + "wave.fst.gtkw"), 500U);
  EXPECT_THAT(ReadText(folder + "items.log"), HasSubstr("sequence packet"));
  EXPECT_THAT(ReadText(folder + "replay.txt"),
              HasSubstr("REPLAY  make sim ARGS='--device " + run.device));
  std::filesystem::remove_all(run.artifacts);
}

TEST_P(BenchFails, ARerunThatPassesIsAFailureToo) {
  RunConfig run =
      FixedRun(std::string(ToString(GetParam())), "tiny", "random", StallProfile::kNone, 50);
  run.test = "bench-flaky";
  run.artifacts = ArtifactsOf(run.device + "-flaky");
  const Verdict v = RunWithFault(run, GetParam(), false);
  EXPECT_EQ(v.outcome, Outcome::kMismatch);
  EXPECT_THAT(v.first_failure, HasSubstr("NOT REPRODUCED"));
  std::filesystem::remove_all(run.artifacts);
}

TEST(BenchReports, EveryOutcomeIsAnExitCodeFrom0To3) {
  const std::map<Outcome, StatusCode> codes = {{Outcome::kPass, StatusCode::kOk},
                                               {Outcome::kMismatch, StatusCode::kMismatch},
                                               {Outcome::kTimeout, StatusCode::kMismatch},
                                               {Outcome::kNothingCompared, StatusCode::kMismatch},
                                               {Outcome::kUnreadable, StatusCode::kBadInput}};
  for (const auto& [outcome, code] : codes) {
    Verdict v;
    v.outcome = outcome;
    EXPECT_EQ(StatusOf(v).code(), code) << ToString(outcome);
    EXPECT_NE(ToString(outcome), "?");
  }
}

TEST(BenchReports, AFolderThatCannotBeWrittenHidesNoMismatch) {
  RunConfig run = FixedRun("compressor", "tiny", "random", StallProfile::kNone, 50);
  run.artifacts = "/dev/null/art\nifacts";
  ::testing::internal::CaptureStderr();
  const Verdict v = RunWithFault(run, DeviceKind::kCompressor, true);
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(v.outcome, Outcome::kMismatch);
  EXPECT_THAT(text, HasSubstr("no waveform and log: cannot write to /dev/null/art?ifacts/"));
}

TEST(BenchReports, TheLogOfALongRunKeepsItsEnd) {
  ItemLog log;
  log.Enable();
  const std::string filler(1 << 20, 'x');
  for (int i = 0; i < 100; ++i) {
    log.SetCycle(static_cast<uint64_t>(i));
    log.Add("test", "{}", filler);
  }
  EXPECT_LT(log.text().size(), 33U << 20);
  EXPECT_GT(log.text().size(), 15U << 20);
  EXPECT_THAT(log.text(), ::testing::EndsWith("\n99 test " + filler + "\n"));
  EXPECT_THAT(log.text().substr(0, 10), ::testing::ContainsRegex("^[0-9]+ test x"));
}

// Through make and its shell, whatever the files are called.
TEST(BenchReports, TheReplayLineIsReadAsItWasMeant) {
  const std::string folder = ArtifactsOf("replay");
  std::filesystem::create_directories(folder);
  RunConfig run = FixedRun("compressor", "tiny", "file", StallProfile::kNone, 5);
  run.files = {"plain.npy", "two words.npy", "it's.npy", "$HOME`id`$(x).npy", "q\"b\\.npy"};
  run.file_options = " --tensor " + ShellWord("h.*[0]");
  std::ofstream(folder + "/Makefile") << "sim:\n\t@printf '%s\\n' $(ARGS)\n";
  const std::string line = run.ReplayLine();
  ASSERT_TRUE(line.starts_with("REPLAY  make sim ")) << line;
  std::ofstream(folder + "/replay.sh")
      << "make -s --no-print-directory -C '" << folder << "' " << line.substr(13) << "\n";
  ASSERT_EQ(std::system(("sh '" + folder + "/replay.sh' >'" + folder + "/words'").c_str()), 0);
  std::string expected = "--device\ncompressor\n--config\ntiny\n--sequence\nfile\n--seed\n" +
                         fmt::format("{:#x}", run.seed) +
                         "\n--blocks\n5\n--stall\nnone\n--tensor\nh.*[0]\n";
  for (const std::string& file : run.files) expected += file + "\n";
  EXPECT_EQ(ReadText(folder + "/words"), expected);
  std::filesystem::remove_all(folder);
}

// `make sim` has a drawn point only where it is told of it, and no point of a list of its own.
TEST(BenchReports, TheReplayLineOfAPointBuildsIt) {
  RunConfig run = FixedRun("compressor", "point", "random", StallProfile::kNone, 5);
  run.seed = 0x77;
  const std::string arguments =
      "--device compressor --config point --sequence random --seed 0x77 --blocks 5 --stall none";
  EXPECT_EQ(run.ReplayLine({.seed = "2718", .program = ""}),
            "REPLAY  make sim POINT=2718 ARGS='" + arguments + "'");
  EXPECT_EQ(run.ReplayLine({.seed = "", .program = "/a/b c/actplane-sim"}),
            "REPLAY  '/a/b c/actplane-sim' " + arguments);
  run.config = "tiny";
  EXPECT_THAT(run.ReplayLine({.seed = "2718", .program = ""}), HasSubstr("REPLAY  make sim ARGS="));
}

TEST(BenchReports, TheFolderIsNamedFromTheRoot) {
  RunConfig run = FixedRun("compressor", "tiny", "random", StallProfile::kNone, 50);
  EXPECT_EQ(run.artifacts, std::string(ACTP_SOURCE_DIR) + "/build/artifacts");
  run.test = "bench-folder";
  const std::string folder = ArtifactsOf("folder");
  run.artifacts = std::filesystem::relative(folder).string();
  ::testing::internal::CaptureStderr();
  RunWithFault(run, DeviceKind::kCompressor, true);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr(fmt::format("see {}/bench-folder-{:x}/", folder, run.seed)));
  std::filesystem::remove_all(folder);
}

// Who is wrong is named, and nobody else: the other one stops in the middle of its work.
TEST(BenchFindsTheDevice, OfTheTwoOfARoundTrip) {
  RunConfig run = FixedRun("compressor", "tiny", "random", StallProfile::kBursty, 200);
  run.artifacts = ArtifactsOf("round-trip");
  const auto with_fault = [&](DeviceKind wrong, uint64_t block) {
    return RunRoundTrip(run, {}, {},
                        [=](DeviceKind kind, const std::string& config, const SimOptions& options) {
                          return std::make_unique<TamperedDevice>(
                              MakeDevice(kind, config, options), Tamper(), [=](CodecPins& p) {
                                if (kind != wrong || p.blocks.Get() != block) return;
                                p.out.data.bytes()[0] ^= std::byte{1};
                              });
                        });
  };
  for (const uint64_t block : {0U, 5U}) {
    const RoundTripResult late = with_fault(DeviceKind::kDecompressor, block);
    EXPECT_TRUE(late.compressor.verdict.ok()) << late.compressor.verdict.first_failure;
    EXPECT_EQ(late.decompressor.verdict.outcome, Outcome::kMismatch);
    EXPECT_THAT(late.decompressor.verdict.first_failure, HasSubstr("output: values: byte"));
    const RoundTripResult early = with_fault(DeviceKind::kCompressor, block);
    EXPECT_EQ(early.compressor.verdict.outcome, Outcome::kMismatch);
    EXPECT_THAT(early.compressor.verdict.first_failure, HasSubstr("output: "));
  }
  const RoundTripResult none = with_fault(DeviceKind::kCompressor, UINT64_MAX);
  EXPECT_TRUE(none.compressor.verdict.ok() && none.decompressor.verdict.ok());
  std::filesystem::remove_all(run.artifacts);
}

INSTANTIATE_TEST_SUITE_P(System, BenchFails,
                         ::testing::Values(DeviceKind::kCompressor, DeviceKind::kDecompressor),
                         [](const auto& p) { return std::string(ToString(p.param)); });

}  // namespace
}  // namespace actplane::tb
