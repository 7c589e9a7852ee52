// SPDX-License-Identifier: Apache-2.0
// actplane-memory-sim as a user runs it: text, files and exit codes.
#include "cli/cli_test_support.h"

namespace actplane::cli {
namespace {

using MemorySimProgram = CliTest;

TEST_F(MemorySimProgram, RunsWhatItIsTold) {
  const std::string text = Ok({"--sequence", "partial", "--seed", "0x5eed", "--bursts", "200",
                               "--stall", "bursty", "--coverage"});
  EXPECT_THAT(text, HasSubstr("reference small partial bursty: pass: 2"));
  EXPECT_THAT(text, HasSubstr(" 0 mismatches"));
  EXPECT_THAT(text, HasSubstr("cp_mem_close"));
}

TEST_F(MemorySimProgram, ListsWhatThereIs) {
  const std::string text = Ok({"--list"});
  for (const char* name : {"reference", "default", "generations", "long-stop"}) {
    EXPECT_THAT(text, HasSubstr(name));
  }
}

TEST_F(MemorySimProgram, SoaksOverEverything) {
  const std::string text =
      Ok({"--soak", "0100", "--seed", "010", "--config", "small"});  // not octal
  EXPECT_THAT(text, HasSubstr("soak: seed 0xa, 48 runs, 0 failed"));
}

TEST_F(MemorySimProgram, ExitCodesSayWhatHappened) {
  Fails(2, {"--sequence", "randon"}, "randon");
  Fails(2, {"--sequenc", "random"}, "did you mean --sequence?");
  Fails(2, {"--soak", "5", "--sequence", "random"}, "--sequence");
  Fails(2, {"--bursts", "x"}, "x");
  EXPECT_EQ(Run({"--list"}, "/dev/full").exit, 3);
  // A memory that needs longer than the watchdog waits.
  const RunResult hung = Run({"--sequence", "stream", "--seed", "1", "--bursts", "50", "--watchdog",
                              "3", "--artifacts", Path("a")});
  EXPECT_EQ(hung.exit, 3);
  EXPECT_THAT(hung.err, HasSubstr("REPLAY  actplane-memory-sim --device reference"));
  const RunResult nothing =
      Run({"--sequence", "registers", "--seed", "1", "--bursts", "0", "--artifacts", Path("a")});
  EXPECT_EQ(nothing.exit, 4);
}

}  // namespace
}  // namespace actplane::cli
