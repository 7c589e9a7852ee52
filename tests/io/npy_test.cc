// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "actplane/io/npy_writer.h"
#include "actplane/io/tensor_file.h"
#include "container_tools.h"
#include "io_test_support.h"
#include "property_test.h"

namespace actplane::io {
namespace {

std::string Npy(std::string_view dict, std::string_view data, int major = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(major);
  file += '\0';
  file += Little(dict.size(), major == 1 ? 2 : 4);
  file += dict;
  file += data;
  return file;
}

std::string Dict(std::string_view descr, std::string_view shape, std::string_view order = "False") {
  return "{'descr': '" + std::string(descr) + "', 'fortran_order': " + std::string(order) +
         ", 'shape': " + std::string(shape) + ", }\n";
}

Result<TensorReader> OpenNpy(const std::string& file, const TensorFileOptions& options = {}) {
  return TensorReader::Open(WrapMemory("a.npy", std::as_bytes(std::span(file))), options);
}

void ExpectNpyRefused(const std::string& file, std::string_view part,
                      const TensorFileOptions& options = {}) {
  const Result<TensorReader> r = OpenNpy(file, options);
  ASSERT_FALSE(r.ok()) << part;
  ExpectStatus(r.status(), StatusCode::kBadInput, part);
  EXPECT_THAT(r.status().message(), testing::HasSubstr("'a.npy'"));
}

const TensorFileOptions kAsBf16{.format = Format::kBf16};

TEST(NpyReader, ReadsAllVersionsAndTypes) {
  for (const int major : {1, 2, 3}) {
    const std::string file = Npy(Dict("<f4", "(2, 3)"), std::string(24, 'v'), major);
    const auto r = OpenNpy(file);
    ASSERT_TRUE(r.ok()) << r.status().message();
    ASSERT_EQ(r->tensors().size(), 1u);
    const TensorInfo& t = r->tensors()[0];
    EXPECT_EQ(t.name, "");
    EXPECT_EQ(t.format, Format::kFp32);
    EXPECT_EQ(t.dtype, "<f4");
    EXPECT_EQ(t.shape, (std::vector<uint64_t>{2, 3}));
    EXPECT_FALSE(t.fortran_order);
    EXPECT_EQ(t.values, 6u);
    EXPECT_EQ(t.offset, file.size() - 24);
    EXPECT_TRUE(r->notes().empty());
  }
  EXPECT_EQ(OpenNpy(Npy(Dict("<f2", "(1,)"), "xx"))->tensors()[0].format, Format::kFp16);
  for (const char* bf16 : {"<u2", "|V2", "V2", "<V2"}) {
    const auto r = OpenNpy(Npy(Dict(bf16, "(1,)"), "xx"), kAsBf16);
    ASSERT_TRUE(r.ok()) << r.status().message();
    EXPECT_EQ(r->tensors()[0].format, Format::kBf16);
    EXPECT_EQ(r->tensors()[0].dtype, bf16);
  }
}

TEST(NpyReader, TakesAnyShape) {
  const auto values = [](std::string_view shape, size_t n) {
    const auto r = OpenNpy(Npy(Dict("<f2", shape), std::string(2 * n, 'x')));
    return r.ok() ? r->tensors()[0].values : ~uint64_t{0};
  };
  EXPECT_EQ(values("()", 1), 1u);
  EXPECT_EQ(values("(0,)", 0), 0u);
  EXPECT_EQ(values("(3, 0, 5)", 0), 0u);
  EXPECT_EQ(values("(7,)", 7), 7u);
  EXPECT_EQ(values("(7L, 2L)", 14), 14u);
  EXPECT_EQ(values("(7,2,)", 14), 14u);
}

TEST(NpyReader, UnderstandsWhatPythonWouldWrite) {
  const std::string data(8, 'x');
  for (const char* dict :
       {"{'descr':'<f4','fortran_order':True,'shape':(2,)}",
        "{\"shape\": (2,), \"fortran_order\": True, \"descr\": \"<f4\"}  \n",
        " { 'fortran_order' : True ,\n'descr' :\t'<f4' , 'shape' : ( 2 , ) , } "}) {
    const auto r = OpenNpy(Npy(dict, data));
    ASSERT_TRUE(r.ok()) << dict << r.status().message();
    EXPECT_TRUE(r->tensors()[0].fortran_order);
  }
}

TEST(NpyReader, ReadsValuesAtAnyPlace) {
  const std::string data = ToText(Counting(40));
  const std::string file = Npy(Dict("<f4", "(2, 5)"), data);
  const auto r = OpenNpy(file);
  ASSERT_TRUE(r.ok());
  Bytes out(12);
  ASSERT_TRUE(r->Read(0, 7, out).ok());
  EXPECT_EQ(ToText(out), data.substr(28, 12));
  EXPECT_TRUE(r->Read(0, 10, {}).ok());
  ExpectStatus(r->Read(0, 8, out), StatusCode::kBadInput, "value 8");
  ExpectStatus(r->Read(0, 11, {}), StatusCode::kBadInput, "value 11");
  ExpectStatus(r->Read(0, ~uint64_t{0}, out), StatusCode::kBadInput, "whole values");
  ExpectStatus(r->Read(0, 0, std::span(out).first(3)), StatusCode::kBadInput, "3 bytes");
  ExpectStatus(r->Read(1, 0, out), StatusCode::kBadInput, "no tensor number 1");
}

TEST(NpyReader, RefusesOtherTypesWithTheFix) {
  const auto of = [](std::string_view descr) { return Npy(Dict(descr, "(1,)"), "xxxxxxxx"); };
  ExpectNpyRefused(of(">f4"), "big-endian; save a.astype('<f4')");
  ExpectNpyRefused(of("<f8"), "'<f8'; save float32");
  ExpectNpyRefused(of("|O"), "Python objects");
  ExpectNpyRefused(of("<i4"), "'<i4'");
  ExpectNpyRefused(of("F32"), "'F32'");
  ExpectNpyRefused(of("BF16"), "'BF16'", kAsBf16);
  ExpectNpyRefused(of(">i2"), "'>i2'");
  ExpectNpyRefused(of("\x1b[31m"), "\\x1b[31m");
  ExpectNpyRefused(of(">\xff\x1b"), "'>\\xff\\x1b'");
  ExpectNpyRefused(Npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", ""),
                   "structured");
  ExpectNpyRefused(Npy("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,)}", ""),
                   "structured");
  ExpectNpyRefused(of("<u2"), "pass --format bf16");
  ExpectNpyRefused(of("|V2"), "pass --format bf16");
  ExpectNpyRefused(of("<f4"), "'<f4' is not bf16; pass --format fp32", kAsBf16);
  ExpectNpyRefused(of("<u2"), "pass --format bf16", {.format = Format::kFp16});
  for (const char* name : {"x", ""})
    ExpectNpyRefused(of("<f4"), "leave out --tensor", {.format = {}, .tensor = name});
}

TEST(NpyReader, RefusesMalformedHeaders) {
  for (const char* dict :
       {"",
        "{",
        "{}",
        "[]",
        "nonsense",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
        "{'descr' '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': 4, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<\\x66\\x34', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2",
        "{'descr"}) {
    ExpectNpyRefused(Npy(dict, "xxxx"), "malformed");
  }
  ExpectNpyRefused(Npy(Dict("<f4", "(-1,)"), ""), "negative");
  ExpectNpyRefused(Npy(Dict("<f4", "(9223372036854775807, 9223372036854775807)"), ""), "2^56");
  std::string deep = "(";
  for (int i = 0; i < 65; ++i) deep += "1, ";
  ExpectNpyRefused(Npy(Dict("<f4", deep + ")"), "xxxx"), "65 dimensions");
}

TEST(NpyReader, RefusesWrongSizes) {
  const std::string good = Npy(Dict("<f4", "(3,)"), "0123456789ab");
  ASSERT_TRUE(OpenNpy(good).ok());
  for (size_t n = 0; n < good.size(); ++n) {
    EXPECT_FALSE(OpenNpy(good.substr(0, n)).ok()) << n;
  }
  ExpectNpyRefused(good.substr(0, 9), "truncated");
  ExpectNpyRefused(good.substr(0, 30), "truncated");
  ExpectNpyRefused(good.substr(0, good.size() - 1),
                   "11 bytes of data where the shape needs 12; it is truncated");
  ExpectNpyRefused(good + "x", "something was appended");
  ExpectNpyRefused(Npy(Dict("<f4", "(72057594037927936,)"), "x"), "truncated");
  ExpectNpyRefused(Npy("", "", 2).substr(0, 11), "truncated");
  ExpectNpyRefused(std::string("\x93NUMPY\x02\0\0\0\x02\0", 12), "more than 65536");
  ExpectNpyRefused(Npy("", "", 4), "version 4.0");
  ExpectNpyRefused(std::string("\x93NUMPY\x01\x01\0\0", 10), "version 1.1");
}

TEST(Source, RefusesRangesOutsideIt) {
  const Bytes bytes = Counting(10);
  const auto source = WrapMemory("m", bytes);
  Bytes out(4);
  EXPECT_TRUE(source->ReadAt(6, out).ok());
  EXPECT_EQ(out, Counting(4, 6));
  EXPECT_TRUE(source->ReadAt(10, {}).ok());
  ExpectStatus(source->ReadAt(7, out), StatusCode::kBadInput, "'m' ends at byte 10");
  ExpectStatus(source->ReadAt(11, {}), StatusCode::kBadInput, "'m' ends at byte 10");
  ExpectStatus(source->ReadAt(~uint64_t{0}, out), StatusCode::kBadInput, "'m' ends at byte 10");
}

TEST(TensorFile, TellsFilesApartByTheirFirstBytes) {
  const auto refused = [](std::string name, const std::string& text, std::string_view part) {
    const auto r = TensorReader::Open(WrapMemory(std::move(name), std::as_bytes(std::span(text))));
    ASSERT_FALSE(r.ok());
    ExpectStatus(r.status(), StatusCode::kBadInput, part);
  };
  refused("x.npy", "hello", "does not start as .npy");
  refused("x.npz", "PK\x03\x04zzzzzzz", "archive");
  refused("x.apl",
          "\x89"
          "APL\r\n\x1a\n",
          "actplane decompress");
  refused("x.bin", "", "neither");
  refused("x.bin", "hello world", "neither");
  refused("x.safetensors", "hi", "too short");
  refused("x\n.bin", "", "x\\x0a.bin");
}

using NpyFile = TempDirTest;

TEST_F(NpyFile, ReportsWhatCannotBeOpened) {
  ExpectStatus(TensorReader::Open(Path("none.npy")).status(), StatusCode::kIo, "No such file");
  ExpectStatus(TensorReader::Open(directory_.string()).status(), StatusCode::kBadInput,
               "a directory");
  ExpectStatus(TensorReader::Open("/dev/null").status(), StatusCode::kBadInput, "pipe or device");
}

TEST_F(NpyFile, ReportsAFileThatShrinks) {
  const std::string path = WriteFile("a.npy", Npy(Dict("<f4", "(3,)"), "0123456789ab"));
  const auto r = TensorReader::Open(path);
  ASSERT_TRUE(r.ok());
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  Bytes out(12);
  ExpectStatus(r->Read(0, 0, out), StatusCode::kIo, "shorter while being read");
}

TEST_F(NpyFile, ReadsALargeSparseFileInLittleMemory) {
  const uint64_t values = (uint64_t{5} << 30) / 4 + 3;  // 5 GiB and a bit
  const std::string header = Npy(Dict("<f4", fmt::format("({},)", values)), "");
  const std::string path = WriteFile("big.npy", header);
  std::filesystem::resize_file(path, header.size() + 4 * values);
  {
    std::fstream f(path, std::ios::binary | std::ios::in | std::ios::out);
    f.seekp(static_cast<std::streamoff>(header.size() + 4 * values - 8));
    f << "lastbyte";
  }
  const auto r = TensorReader::Open(path);
  ASSERT_TRUE(r.ok()) << r.status().message();
  EXPECT_EQ(r->tensors()[0].values, values);
  Bytes chunk(4 << 20);
  for (uint64_t v = 0; v < 16 * chunk.size() / 4; v += chunk.size() / 4)
    ASSERT_TRUE(r->Read(0, v, chunk).ok());
  EXPECT_EQ(chunk, Bytes(chunk.size()));
  ASSERT_TRUE(r->Read(0, values - 2, std::span(chunk).first(8)).ok());
  EXPECT_EQ(ToText(std::span(chunk).first(8)), "lastbyte");
  ExpectBoundedMemory();
}

Status WriteNpy(const std::string& path, const TensorInfo& info, std::span<const std::byte> data) {
  Result<NpyWriter> w = NpyWriter::Create(path, info);
  if (!w.ok()) return w.status();
  const size_t half = data.size() / 2;
  if (Status s = w->Write(data.first(half)); !s.ok()) return s;
  if (Status s = w->Write(data.subspan(half)); !s.ok()) return s;
  return w->Finish();
}

TEST_F(NpyFile, IsWrittenAsNumpyWritesIt) {
  // numpy 1.24: numpy.save of zeros in these shapes.
  const struct {
    TensorInfo info;
    std::string dict;
  } cases[] = {
      {{.format = Format::kFp32, .dtype = "<f4", .shape = {2, 3}, .values = 6},
       "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"},
      {{.format = Format::kBf16, .dtype = "|V2", .shape = {2, 3}, .values = 6},
       "{'descr': '|V2', 'fortran_order': False, 'shape': (2, 3), }"},
      {{.format = Format::kFp16, .dtype = "<f2", .shape = {}, .values = 1},
       "{'descr': '<f2', 'fortran_order': False, 'shape': (), }"},
      {{.format = Format::kFp16, .dtype = "<f2", .shape = {5}, .values = 5},
       "{'descr': '<f2', 'fortran_order': False, 'shape': (5,), }"},
      {{.format = Format::kFp32,
        .dtype = "F32",
        .shape = {2, 3},
        .fortran_order = true,
        .values = 6},
       "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }"},
  };
  for (const auto& c : cases) {
    const Bytes data(c.info.values * InfoOf(c.info.format).value_bytes);
    ASSERT_TRUE(WriteNpy(Path("o.npy"), c.info, data).ok());
    const std::string expected = std::string("\x93NUMPY\x01\0v\0", 10) + c.dict +
                                 std::string(117 - c.dict.size(), ' ') + "\n";
    EXPECT_EQ(ReadFile(Path("o.npy")), expected + ToText(data));
  }
}

RC_GTEST_FIXTURE_PROP(NpyFile, ComesBackAsItWent, ()) {
  static const std::vector<std::pair<std::string, Format>> kTypes = {{"<f4", Format::kFp32},
                                                                     {"<f2", Format::kFp16},
                                                                     {"<u2", Format::kBf16},
                                                                     {"|V2", Format::kBf16},
                                                                     {"<V2", Format::kBf16}};
  TensorInfo info;
  std::tie(info.dtype, info.format) = *rc::gen::elementOf(kTypes);
  info.shape = *rc::gen::resize(
      5, rc::gen::container<std::vector<uint64_t>>(rc::gen::inRange<uint64_t>(0, 6)));
  info.fortran_order = *rc::gen::arbitrary<bool>();
  info.values = *CountValues(info.shape);
  const Bytes data = Counting(info.values * InfoOf(info.format).value_bytes, 7);
  RC_ASSERT(WriteNpy(Path("o.npy"), info, data).ok());
  const auto r = TensorReader::Open(Path("o.npy"), {.format = info.format});
  RC_ASSERT(r.ok());
  const TensorInfo& back = r->tensors()[0];
  RC_ASSERT(back.dtype == info.dtype && back.shape == info.shape &&
            back.fortran_order == info.fortran_order);
  RC_ASSERT(back.offset % 64 == 0u);
  Bytes out(data.size());
  RC_ASSERT(r->Read(0, 0, out).ok());
  RC_ASSERT(out == data);
}

TEST_F(NpyFile, KeepsItsHeaderAlignedForTheLongestShape) {
  TensorInfo info{.format = Format::kFp16,
                  .dtype = "<f2",
                  .shape = std::vector<uint64_t>(kMaxRank, uint64_t{1} << 62),
                  .values = 0};
  info.shape[9] = 0;
  ASSERT_TRUE(WriteNpy(Path("o.npy"), info, {}).ok());
  const auto r = TensorReader::Open(Path("o.npy"));
  ASSERT_TRUE(r.ok()) << r.status().message();
  EXPECT_EQ(r->tensors()[0].shape, info.shape);
  EXPECT_EQ(r->tensors()[0].offset % 64, 0u);
}

TEST_F(NpyFile, LeavesNothingUnlessFinished) {
  const TensorInfo info{.format = Format::kFp16, .dtype = "<f2", .shape = {3}, .values = 3};
  ExpectStatus(WriteNpy(Path("o.npy"), info, Bytes(4)), StatusCode::kBadInput,
               "2 bytes of values are missing");
  ExpectStatus(WriteNpy(Path("o.npy"), info, Bytes(8)), StatusCode::kBadInput,
               "2 bytes of values too many");
  TensorInfo wrong = info;
  wrong.values = 4;
  ExpectStatus(WriteNpy(Path("o.npy"), wrong, {}), StatusCode::kBadInput, "4 values");
  EXPECT_THAT(Names(), testing::IsEmpty());
  ExpectStatus(WriteNpy(Path("no/o.npy"), info, {}), StatusCode::kIo, "No such file");
  ExpectStatus(WriteNpy("/dev/full", info, Bytes(6)), StatusCode::kIo, "No space left");
}

TEST_F(NpyFile, MayBeSealedAndNamedLater) {
  const TensorInfo info{.format = Format::kFp16, .dtype = "<f2", .shape = {3}, .values = 3};
  auto w = NpyWriter::Create(Path("o.npy"), info);
  ASSERT_TRUE(w.ok());
  ASSERT_TRUE(w->Write(Bytes(4)).ok());
  ExpectStatus(w->Seal().status(), StatusCode::kBadInput, "2 bytes of values are missing");
  ASSERT_TRUE(w->Write(Bytes(2)).ok());
  auto sink = w->Seal();
  ASSERT_TRUE(sink.ok());
  EXPECT_FALSE(std::filesystem::exists(Path("o.npy")));
  ASSERT_TRUE((*sink)->Commit().ok());
  ASSERT_TRUE(WriteNpy(Path("same.npy"), info, Bytes(6)).ok());
  EXPECT_EQ(ReadFile(Path("o.npy")), ReadFile(Path("same.npy")));
}

}  // namespace
}  // namespace actplane::io
