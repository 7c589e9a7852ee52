// SPDX-License-Identifier: Apache-2.0
// tests/data/step, and changed copies of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "actplane/io/files.h"
#include "actplane/status.h"

namespace actplane::tb {

// kBadInput with one line that holds `part`.
inline void ExpectBad(const Status& s, const std::string& part) {
  EXPECT_EQ(s.code(), StatusCode::kBadInput) << part;
  EXPECT_THAT(s.message(), testing::HasSubstr(part));
  EXPECT_EQ(s.message().find('\n'), std::string::npos);
  EXPECT_NE(s.message().find("; "), std::string::npos) << "no fix in " << s.message();
}

class StepTest : public testing::Test {
 protected:
  using Json = nlohmann::json;

  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "actplane-step-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::string Step() { return ACTP_SOURCE_DIR "/tests/data/step"; }
  static Json StepJson() {
    std::ifstream in(Step() + "/trace.json");
    return Json::parse(in);
  }

  // An empty folder of this test.
  const std::string& Folder() const { return folder_; }
  void CopyStep() const {
    std::filesystem::copy(Step(), folder_, std::filesystem::copy_options::recursive);
  }
  void Write(const std::string& name, std::string_view content) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
  }
  // Another bit of byte `at`, from the end when it is negative.
  void Damage(const std::string& name, int64_t at) const {
    std::fstream file(folder_ + "/" + name, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(at, at < 0 ? std::ios::end : std::ios::beg);
    const auto where = file.tellg();
    const int byte = file.get();
    ASSERT_GE(byte, 0) << name;
    file.seekp(where);
    file.put(static_cast<char>(byte ^ 1));
  }

  io::Files files_;

 private:
  std::string folder_;
};

}  // namespace actplane::tb
