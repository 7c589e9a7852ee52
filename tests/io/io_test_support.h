// SPDX-License-Identifier: Apache-2.0
// Shared by the tests of actplane::io.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/status.h"
#include "support/clause.h"
#include "support/files.h"

namespace actplane::io {

using testing_support::ReadFile;
using Bytes = std::vector<std::byte>;

inline Bytes ToBytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline std::string ToText(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) text += static_cast<char>(b);
  return text;
}

inline std::string Little(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}

inline Bytes Counting(size_t n, unsigned first = 0) {
  Bytes bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>((first + i) & 0xff);
  return bytes;
}

// Every message is one line that says what and then
// how to mend it, and shows no raw control characters.
inline void ExpectStatus(const Status& s, StatusCode code, std::string_view part) {
  EXPECT_EQ(s.code(), code) << s.message();
  EXPECT_THAT(s.message(), testing::HasSubstr(std::string(part)));
  EXPECT_THAT(s.message(), testing::ContainsRegex("[;,:] "));
  for (const char c : s.message()) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << s.message();
}

// A directory of its own that goes away with the test.
class TempDirTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "actplane-io-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(std::string_view name) const { return (directory_ / name).string(); }

  std::string WriteFile(std::string_view name, std::string_view content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& e : std::filesystem::directory_iterator(directory_)) {
      names.push_back(e.path().filename().string());
    }
    return names;
  }

  std::filesystem::path directory_;
};

// The whole process stayed inside the project's bound
// of memory. Sanitizers need far more for themselves.
inline void ExpectBoundedMemory() {
#if defined(__SANITIZE_ADDRESS__)
  constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  constexpr bool kSanitized = true;
#else
  constexpr bool kSanitized = false;
#endif
#else
  constexpr bool kSanitized = false;
#endif
  struct rusage usage {};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  if constexpr (!kSanitized) {
    EXPECT_LT(usage.ru_maxrss, 256 * 1024) << "KiB";
  }
}

}  // namespace actplane::io
