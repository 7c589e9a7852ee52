// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "actplane/io/tensor_file.h"
#include "io_test_support.h"
#include "property_test.h"

namespace actplane::io {
namespace {

std::string File(std::string_view json, std::string_view data = "") {
  return Little(json.size(), 8) + std::string(json) + std::string(data);
}

std::string Entry(std::string_view name, std::string_view dtype, std::string_view shape, int begin,
                  int end) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", name, dtype,
                     shape, begin, end);
}

std::string Object(const std::vector<std::string>& members) {
  return fmt::format("{{{}}}", fmt::join(members, ","));
}

Result<TensorReader> OpenSafetensors(const std::string& file,
                                     const TensorFileOptions& options = {}) {
  return TensorReader::Open(WrapMemory("a.safetensors", std::as_bytes(std::span(file))), options);
}

void ExpectSafetensorsRefused(const std::string& file, std::string_view part,
                              const TensorFileOptions& options = {}) {
  const Result<TensorReader> r = OpenSafetensors(file, options);
  ASSERT_FALSE(r.ok()) << part;
  ExpectStatus(r.status(), StatusCode::kBadInput, part);
  EXPECT_THAT(r.status().message(), testing::HasSubstr("'a.safetensors'"));
}

// Three readable tensors and one that is not, given out of order, with padding and metadata.
std::string Mixed() {
  const std::string json =
      Object({R"("__metadata__":{"format":"pt"})", Entry("c", "BF16", "[]", 16, 18),
              Entry("a", "F32", "[2,1]", 0, 8), Entry("ids", "I64", "[1]", 8, 16),
              Entry("b", "F16", "[0,9]", 0, 0)});
  return File(json + "   ", ToText(Counting(18)));
}

TEST(SafetensorsReader, ListsTensorsInTheOrderOfTheirData) {
  const std::string file = Mixed();
  const auto r = OpenSafetensors(file);
  ASSERT_TRUE(r.ok()) << r.status().message();
  ASSERT_EQ(r->tensors().size(), 3u);
  const TensorInfo& a = r->tensors()[1];
  EXPECT_EQ(r->tensors()[0].name, "b");
  EXPECT_EQ(r->tensors()[0].values, 0u);
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.format, Format::kFp32);
  EXPECT_EQ(a.dtype, "F32");
  EXPECT_EQ(a.shape, (std::vector<uint64_t>{2, 1}));
  EXPECT_FALSE(a.fortran_order);
  EXPECT_EQ(a.values, 2u);
  EXPECT_EQ(a.offset, file.size() - 18);
  EXPECT_EQ(r->tensors()[2].format, Format::kBf16);
  Bytes out(4);
  ASSERT_TRUE(r->Read(1, 1, out).ok());
  EXPECT_EQ(out, Counting(4, 4));
  ASSERT_EQ(r->notes().size(), 1u);
  EXPECT_THAT(r->notes()[0], testing::HasSubstr("tensor 'ids' is skipped: its data type is 'I64'"));
}

TEST(SafetensorsReader, IsKnownByItsContentUnderAnyName) {
  const std::string file = Mixed();
  EXPECT_TRUE(TensorReader::Open(WrapMemory("weights.bin", std::as_bytes(std::span(file)))).ok());
}

TEST(SafetensorsReader, ReadsTheTensorAskedFor) {
  const auto r = OpenSafetensors(Mixed(), {.format = {}, .tensor = "c"});
  ASSERT_TRUE(r.ok());
  ASSERT_EQ(r->tensors().size(), 1u);
  EXPECT_EQ(r->tensors()[0].name, "c");
  EXPECT_TRUE(r->notes().empty());
  ExpectSafetensorsRefused(Mixed(), "no tensor 'z'", {.format = {}, .tensor = "z"});
  ExpectSafetensorsRefused(Mixed(), "'I64'", {.format = {}, .tensor = "ids"});
  ExpectSafetensorsRefused(Mixed(), "F32 is not fp16", {.format = Format::kFp16, .tensor = "a"});
}

TEST(SafetensorsReader, AnEmptyNameIsAName) {
  ACTP_CLAUSE("C-4.2");
  const std::string file =
      File(Object({Entry("", "F32", "[1]", 0, 4), Entry("b", "F32", "[1]", 4, 8)}), "aaaabbbb");
  EXPECT_EQ(OpenSafetensors(file)->tensors().size(), 2u);
  const auto r = OpenSafetensors(file, {.format = {}, .tensor = ""});
  ASSERT_TRUE(r.ok());
  ASSERT_EQ(r->tensors().size(), 1u);
  EXPECT_EQ(r->tensors()[0].name, "");
  ExpectSafetensorsRefused(Mixed(), "there is no tensor '' among its 4",
                           {.format = {}, .tensor = ""});
}

TEST(SafetensorsReader, FiltersByFormat) {
  const auto r = OpenSafetensors(Mixed(), {.format = Format::kBf16});
  ASSERT_TRUE(r.ok());
  ASSERT_EQ(r->tensors().size(), 1u);
  EXPECT_EQ(r->notes().size(), 3u);
  ExpectSafetensorsRefused(File(Object({Entry("a", "F32", "[1]", 0, 4)}), "xxxx"),
                           "none of its 1 tensors", {.format = Format::kBf16});
  ExpectSafetensorsRefused(File(Object({Entry("a", "<f4", "[1]", 0, 4)}), "xxxx"),
                           "none of its 1 tensors");
}

TEST(SafetensorsReader, AcceptsAnEmptyFileAndUnknownTypes) {
  EXPECT_TRUE(OpenSafetensors(File("{}")).ok());
  EXPECT_TRUE(OpenSafetensors(File("{\"__metadata__\":{}}")).ok());
  // A type of unknown width is skipped, whatever its size.
  const auto r = OpenSafetensors(
      File(Object({Entry("q", "F4", "[3]", 0, 2), Entry("a", "F16", "[1]", 2, 4)}), "xxxx"));
  ASSERT_TRUE(r.ok()) << r.status().message();
  EXPECT_EQ(r->tensors().size(), 1u);
}

TEST(SafetensorsReader, KnowsTheTensorsThatItSkips) {
  const std::string file = Mixed();
  const auto r = OpenSafetensors(file);
  ASSERT_TRUE(r.ok());
  ASSERT_EQ(r->skipped().size(), 1u);
  const SkippedTensor& ids = r->skipped()[0];
  EXPECT_EQ(ids.name, "ids");
  EXPECT_EQ(ids.dtype, "I64");
  EXPECT_EQ(ids.shape, (std::vector<uint64_t>{1}));
  EXPECT_EQ(ids.bytes, 8u);
  EXPECT_THAT(ids.reason, testing::HasSubstr("'I64'"));
  std::vector<std::byte> bytes(8);
  ASSERT_TRUE(r->ReadSkipped(0, 0, bytes).ok());
  EXPECT_EQ(ToText(bytes), file.substr(ids.offset, 8));
  EXPECT_EQ(ToText(bytes), ToText(Counting(18)).substr(8, 8));
  const auto part = std::span(bytes).first(4);
  ASSERT_TRUE(r->ReadSkipped(0, 3, part).ok());
  EXPECT_EQ(ToText(part), file.substr(ids.offset + 3, 4));
  ExpectStatus(r->ReadSkipped(0, 1, bytes), StatusCode::kBadInput, "not inside");
  ExpectStatus(r->ReadSkipped(1, 0, bytes), StatusCode::kBadInput, "not inside");

  // What the options exclude is no tensor of the list; `mixed` excludes nothing.
  EXPECT_EQ(OpenSafetensors(file, {.format = Format::kFp32})->skipped().size(), 1u);
  const auto mixed = OpenSafetensors(file, {.format = Format::kFp32, .mixed = true});
  EXPECT_EQ(mixed->tensors().size(), 3u);

  // `list` takes a file without any tensor that can be read, and the name of such a one.
  const std::string none = File(Object({Entry("ids", "I64", "[1]", 0, 8)}), ToText(Counting(8)));
  ExpectSafetensorsRefused(none, "none of its 1 tensors can be read");
  ExpectSafetensorsRefused(none, "cannot be read", {.format = {}, .tensor = "ids"});
  const std::vector<std::optional<std::string>> names = {{}, "ids", "i*"};
  for (const auto& name : names) {
    const auto list = OpenSafetensors(none, {.format = {}, .tensor = name, .list = true});
    ASSERT_TRUE(list.ok()) << list.status().message();
    EXPECT_EQ(list->skipped().size(), 1u);
    EXPECT_FALSE(list->npy());
  }
}

TEST(SafetensorsReader, CountsNotesPastTheFirstTwenty) {
  std::vector<std::string> members = {Entry("a", "F16", "[]", 0, 2)};
  for (int i = 0; i < 50; ++i) members.push_back(Entry(fmt::format("i{}", i), "I8", "[0]", 2, 2));
  const auto r = OpenSafetensors(File(Object(members), "xx"));
  ASSERT_TRUE(r.ok());
  ASSERT_EQ(r->notes().size(), 21u);
  EXPECT_EQ(r->notes().back(), "30 more tensors are skipped for such reasons");
}

TEST(SafetensorsReader, RefusesWrongRanges) {
  const auto two = [](int b0, int e0, int b1, int e1, std::string_view data) {
    return File(Object({Entry("a", "F16", "[1]", b0, e0), Entry("b", "F16", "[1]", b1, e1)}), data);
  };
  EXPECT_TRUE(OpenSafetensors(two(0, 2, 2, 4, "xxxx")).ok());
  ExpectSafetensorsRefused(two(0, 2, 1, 3, "xxx"), "overlaps");
  ExpectSafetensorsRefused(two(0, 2, 0, 2, "xx"), "overlaps");
  ExpectSafetensorsRefused(two(0, 2, 4, 6, "xxxxxx"), "gap");
  ExpectSafetensorsRefused(two(2, 4, 4, 6, "xxxxxx"), "gap");
  ExpectSafetensorsRefused(two(0, 2, 4, 2, "xxxx"), "before it begins");
  ExpectSafetensorsRefused(two(0, 2, 2, 4, "xxx"), "truncated");
  ExpectSafetensorsRefused(two(0, 2, 2, 4, "xxxxx"), "1 bytes follow");
  ExpectSafetensorsRefused(two(0, 2, 2, 5, "xxxxx"), "3 bytes of data where shape and F16 need 2");
  ExpectSafetensorsRefused(
      File(Object({Entry("a", "F32", "[72057594037927936,16]", 0, 4)}), "xxxx"), "2^56");
  ExpectSafetensorsRefused(
      File(Object({Entry("a", "F16", "[]", 0, 2), Entry("a", "F16", "[]", 2, 4)}), "xxxx"),
      "two tensors");
  ExpectSafetensorsRefused(File(Object({Entry("e\\u001bvil", "F16", "[]", 0, 2)}), "xx"),
                           "control characters");
}

TEST(SafetensorsReader, RefusesHeadersThatAreNotSafetensors) {
  const std::string offsets = "\"data_offsets\":[0,2]";
  const std::string shape = "\"shape\":[1]";
  const std::string dtype = "\"dtype\":\"F16\"";
  const auto tensor = [](const std::string& fields) {
    return File(fmt::format("{{\"a\":{{{}}}}}", fields), "xx");
  };
  EXPECT_TRUE(OpenSafetensors(tensor(dtype + "," + shape + "," + offsets)).ok());
  ExpectSafetensorsRefused(tensor(shape + "," + offsets), "lacks");
  ExpectSafetensorsRefused(tensor(dtype + "," + offsets), "lacks");
  ExpectSafetensorsRefused(tensor(dtype + "," + shape), "lacks");
  ExpectSafetensorsRefused(tensor(dtype + "," + dtype + "," + shape + "," + offsets),
                           "has dtype twice");
  ExpectSafetensorsRefused(tensor(dtype + "," + shape + "," + offsets + "," + shape),
                           "has shape twice");
  ExpectSafetensorsRefused(tensor(dtype + ",\"more\":1"), "lacks");
  ExpectSafetensorsRefused(tensor("\"dtype\":1"), "not as the safetensors format");
  ExpectSafetensorsRefused(tensor("\"dtype\":null"), "not as the safetensors format");
  ExpectSafetensorsRefused(tensor("\"dtype\":true"), "not as the safetensors format");
  ExpectSafetensorsRefused(tensor("\"dtype\":{}"), "not as the safetensors format");
  ExpectSafetensorsRefused(tensor("\"shape\":\"1\""), "not as the safetensors format");
  ExpectSafetensorsRefused(tensor("\"shape\":[[1]]"), "not as the safetensors format");
  ExpectSafetensorsRefused(tensor("\"shape\":[-1]"), "negative number");
  ExpectSafetensorsRefused(tensor("\"shape\":[1.5]"), "not a 64-bit integer");
  ExpectSafetensorsRefused(tensor("\"shape\":[99999999999999999999]"), "not a 64-bit integer");
  ExpectSafetensorsRefused(tensor("\"shape\":[1e999]"), "not valid JSON");
  ExpectSafetensorsRefused(tensor("\"data_offsets\":[0]"), "not as the safetensors format");
  ExpectSafetensorsRefused(tensor("\"data_offsets\":[0,1,2]"), "not as the safetensors format");
  std::string many = "\"shape\":[1";
  for (int i = 0; i < 64; ++i) many += ",1";
  ExpectSafetensorsRefused(tensor(many + "]"), "too many dimensions");
  for (const char* json :
       {"", "[]", "1", "\"x\"", "null", "{\"a\":1}", "{\"a\":[]}", "{\"__metadata__\":1}",
        "{\"__metadata__\":{\"k\":1}}", "{\"__metadata__\":{\"k\":{}}}", "{\"a\":{}}",
        "{\"__metadata__\":[]}"}) {
    ExpectSafetensorsRefused(File(json), "save it again");
  }
  for (const char* json : {"{", "{}x", "{\"\xff\":{}}", "{\"a\"}", "{'a':1}"})
    ExpectSafetensorsRefused(File(json), "not valid JSON");
}

// As the reference reader does: its structure ignores what it does not know.
TEST(SafetensorsReader, TakesWhatTheReferenceReaderTakes) {
  const std::string fields = "\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]";
  for (const char* more :
       {"1", "-1", "1.5", "null", "true", "\"x\"", "[]", "{}", "[1,[2,{\"dtype\":[]}],null]",
        "{\"shape\":{\"a\":[1,2,{}]},\"b\":false}"}) {
    for (const bool first : {true, false}) {
      const std::string other = fmt::format("\"other\":{}", more);
      const std::string object = first ? other + "," + fields : fields + "," + other;
      const auto r = OpenSafetensors(File(fmt::format("{{\"a\":{{{}}}}}", object), "xx"));
      ASSERT_TRUE(r.ok()) << object << r.status().message();
      EXPECT_EQ(r->tensors()[0].shape, std::vector<uint64_t>{1});
    }
  }
  const std::string a = fmt::format("\"a\":{{{}}}", fields);
  EXPECT_TRUE(OpenSafetensors(File("{\"__metadata__\":null," + a + "}", "xx")).ok());
  EXPECT_TRUE(OpenSafetensors(File("{" + a + ",\"__metadata__\":null}  ", "xx")).ok());
  ExpectSafetensorsRefused(File("{\"__metadata__\":null,\"__metadata__\":{}," + a + "}", "xx"),
                           "has __metadata__ twice");
  ExpectSafetensorsRefused(File("{\"__metadata__\":{},\"__metadata__\":{}," + a + "}", "xx"),
                           "has __metadata__ twice");
  ExpectSafetensorsRefused(File(" {" + a + "}", "xx"), "does not begin with {");
  ExpectSafetensorsRefused(File("\xef\xbb\xbf{" + a + "}", "xx"), "does not begin with {");
}

TEST(SafetensorsReader, RefusesWrongLengths) {
  const std::string file = Mixed();
  for (size_t n = 0; n < file.size(); ++n)
    EXPECT_FALSE(OpenSafetensors(file.substr(0, n)).ok()) << n;
  ExpectSafetensorsRefused(Little(~uint64_t{0}, 8) + "{}", "truncated or not .safetensors");
  std::string large = Little(17 << 20, 8);
  large.resize(8 + (17 << 20), ' ');
  ExpectSafetensorsRefused(large, "split the file");
}

TEST(SafetensorsReader, SurvivesHostileHeadersInLittleMemory) {
  // The longest list of tensors that a header can hold.
  std::string json = "{";
  json += Entry("0", "F16", "[0]", 0, 0);
  for (int i = 1; json.size() < (16 << 20) - 100; ++i) {
    json += ',';
    json += Entry(std::to_string(i), "F16", "[0]", 0, 0);
  }
  json += "}";
  EXPECT_TRUE(OpenSafetensors(File(json)).ok());
  for (const char* pattern : {"[", "{\"a\":", "{\"__metadata__\":{", "\"", "\\", "1", "\x80"}) {
    json.clear();
    while (json.size() < 2 << 20) json += pattern;
    ExpectSafetensorsRefused(File(json), "save it again");
  }
  ExpectBoundedMemory();
}

RC_GTEST_PROP(SafetensorsReader, NeverTakesAnyChangeAmiss, (const std::string& junk)) {
  // Whatever replaces part of the file, the answer is a tensor list or one clear line.
  std::string file = Mixed();
  const size_t at = *rc::gen::inRange<size_t>(0, file.size());
  file.replace(at, junk.size(), junk);
  const auto r = OpenSafetensors(file);
  if (!r.ok())
    RC_ASSERT(r.status().code() == StatusCode::kBadInput && !r.status().message().empty());
}

}  // namespace
}  // namespace actplane::io
