// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/tensor_info.h"

#include "io_test_support.h"
#include "property_test.h"

namespace actplane::io {
namespace {

TensorInfo Good() {
  return {.name = "w", .format = Format::kFp32, .dtype = "<f4", .shape = {2, 3}, .values = 6};
}

TEST(CountValues, MultipliesTheShape) {
  ACTP_CLAUSE("C-4.3");
  EXPECT_EQ(*CountValues({}), 1u);
  EXPECT_EQ(*CountValues(std::vector<uint64_t>{7}), 7u);
  EXPECT_EQ(*CountValues(std::vector<uint64_t>{2, 3, 4}), 24u);
  EXPECT_EQ(*CountValues(std::vector<uint64_t>{uint64_t{1} << 62, 9, 0}), 0u);
  EXPECT_EQ(*CountValues(std::vector<uint64_t>{kMaxValues}), kMaxValues);
  EXPECT_EQ(*CountValues(std::vector<uint64_t>(kMaxRank, 1)), 1u);
}

TEST(CountValues, RefusesWhatCannotBe) {
  ACTP_CLAUSE("C-4.3");
  const auto status = [](std::vector<uint64_t> shape) { return CountValues(shape).status(); };
  ExpectStatus(status({kMaxValues + 1}), StatusCode::kBadInput, "2^56");
  ExpectStatus(status({uint64_t{1} << 32, uint64_t{1} << 32}), StatusCode::kBadInput, "2^56");
  ExpectStatus(status(std::vector<uint64_t>(kMaxRank + 1, 1)), StatusCode::kBadInput,
               "65 dimensions");
  // numpy cannot hold such a shape, though it has no value.
  constexpr uint64_t kMost = INT64_MAX;
  EXPECT_EQ(*CountValues(std::vector<uint64_t>{0, kMost}), 0u);
  for (const auto& shape : {std::vector<uint64_t>{0, kMost + 1}, {UINT64_MAX, 0}})
    ExpectStatus(status(shape), StatusCode::kBadInput, "a dimension above 2^63 - 1");
}

TEST(ValidateTensorInfo, AcceptsEveryDtypeOfAFormatAndNoOther) {
  ACTP_CLAUSE("C-4.4");
  const std::vector<std::vector<std::string>> dtypes = {
      {"<f4", "F32"}, {"<f2", "F16"}, {"<u2", "|V2", "<V2", "V2", "BF16"}};
  for (size_t of = 0; of < dtypes.size(); ++of) {
    for (const std::string& dtype : dtypes[of]) {
      for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
        TensorInfo info = Good();
        info.format = format;
        info.dtype = dtype;
        EXPECT_EQ(ValidateTensorInfo(info).ok(), static_cast<size_t>(format) == of) << dtype;
      }
    }
  }
  TensorInfo info = Good();
  info.dtype = ">f4";
  ExpectStatus(ValidateTensorInfo(info), StatusCode::kBadInput, "'>f4'");
}

TEST(ValidateTensorInfo, RefusesBadNamesAndCounts) {
  ACTP_CLAUSE("C-4.2", "C-4.3");
  EXPECT_TRUE(ValidateTensorInfo(Good()).ok());
  TensorInfo info = Good();
  info.name = std::string(kMaxNameBytes, 'n');
  EXPECT_TRUE(ValidateTensorInfo(info).ok());
  info.name += 'n';
  ExpectStatus(ValidateTensorInfo(info), StatusCode::kBadInput, "4097 bytes");
  info = Good();
  info.name = "evil\x1b[2J\nname";
  ExpectStatus(ValidateTensorInfo(info), StatusCode::kBadInput, "evil\\x1b[2J\\x0aname");
  info = Good();
  info.values = 7;
  ExpectStatus(ValidateTensorInfo(info), StatusCode::kBadInput, "7 values");
  info.shape = {kMaxValues, 2};
  ExpectStatus(ValidateTensorInfo(info), StatusCode::kBadInput, "tensor 'w'");
}

TEST(IsPlainText, FollowsUtf8) {
  ACTP_CLAUSE("C-4.2");
  for (const char* good :
       {"", "a", "~", "\xc2\xa0", "\xc3\xa9", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsPlainText(good)) << good;
  }
  for (const char* bad : {"\n",
                          "\x1f",
                          "\x7f",
                          "\x80",
                          "\xbf",
                          "\xc0\xaf",
                          "\xc1\xbf",
                          "\xc2",
                          "\xc2\x80",
                          "\xc2\x9f",
                          "\xc2z",
                          "\xe0\x9f\xbf",
                          "\xe2\x82",
                          "\xed\xa0\x80",
                          "\xed\xbf\xbf",
                          "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80",
                          "\xff",
                          "ok\xfe"}) {
    EXPECT_FALSE(IsPlainText(bad)) << Quote(bad);
  }
  EXPECT_FALSE(IsPlainText(std::string_view("\0", 1)));
}

TEST(Quote, ShowsAnythingOnOneLine) {
  EXPECT_EQ(Quote("h.0 \xc3\xa9"), "'h.0 \xc3\xa9'");
  EXPECT_EQ(Quote("\n\xff"), "'\\x0a\\xff'");
  EXPECT_EQ(Quote("\xc2\x9b"), "'\\xc2\\x9b'");
  EXPECT_LT(Quote(std::string(1000000, 'x')).size(), 400u);
}

RC_GTEST_PROP(Quote, IsAlwaysPlainText, (const std::string& any)) {
  RC_ASSERT(IsPlainText(Quote(any)));
}

TEST(NpyDtype, NamesWhatIsWritten) {
  EXPECT_EQ(NpyDtype("<f4"), "<f4");
  EXPECT_EQ(NpyDtype("V2"), "|V2");
  EXPECT_EQ(NpyDtype("<V2"), "<V2");
  EXPECT_EQ(NpyDtype("F16"), "<f2");
  EXPECT_EQ(NpyDtype("BF16"), "<u2");
  EXPECT_EQ(NpyDtype("I64"), "");
}

}  // namespace
}  // namespace actplane::io
