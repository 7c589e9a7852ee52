// SPDX-License-Identifier: Apache-2.0
// The program as a user runs it.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "test_support.h"
#include "tests/support/files.h"

namespace actplane::train {

namespace fs = std::filesystem;

struct Answer {
  int code = -1;
  std::string out;
  std::string err;
};

using testing_support::ReadFile;

class Program : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "actplane-train-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream(folder_ / "text") << MadeUpText();
  }
  void TearDown() override { fs::remove_all(folder_); }

  // `arguments` as a shell reads them, in the scratch folder.
  Answer Run(const std::string& arguments, const std::string& before = "") const {
    const std::string command = "cd '" + folder_.string() + "' && { " + before +
                                " /usr/bin/env OMP_WAIT_POLICY=passive " ACTP_TRAIN_PROGRAM " " +
                                arguments + "; } >out 2>err </dev/null";
    const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
    return {WEXITSTATUS(status), ReadFile(folder_ / "out"), ReadFile(folder_ / "err")};
  }

  // One line for people that holds `part`, and the exit code.
  static void ExpectComplaint(const Answer& o, int code, const std::string& part) {
    EXPECT_EQ(o.code, code) << o.err;
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
    EXPECT_NE(o.err.find(part), std::string::npos) << o.err;
    EXPECT_EQ(o.err.find("0x"), std::string::npos) << "an address: " << o.err;
    EXPECT_EQ(o.err.find('\x1b'), std::string::npos) << "for a terminal: " << o.err;
  }

  // A run that is quick.
  static std::string Small() {
    return " --text text --preset tiny --blocks 1 --width 32 --context 32 --eval-windows 8 "
           "--eval-every 5 --checkpoint-every 5 --warmup 2 ";
  }

  fs::path folder_;
};

}  // namespace actplane::train
