// SPDX-License-Identifier: Apache-2.0
// docs/container.md and the code say the same: its
// tables of offsets, and its example byte for byte.
#include <fmt/format.h>

#include <map>
#include <sstream>

#include "container_cases.h"

namespace actplane::io {
namespace {

using namespace layout;  // NOLINT(google-build-using-namespace)

std::vector<std::string> DocumentLines() {
  std::ifstream in(std::string(ACTP_SOURCE_DIR) + "/docs/container.md");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Lines after `marker` up to the first that is not part of a table or a block of code.
std::vector<std::string> After(const std::string& marker) {
  const auto lines = DocumentLines();
  auto it = std::find(lines.begin(), lines.end(), marker);
  EXPECT_NE(it, lines.end()) << marker;
  std::vector<std::string> found;
  for (; it != lines.end() && ++it != lines.end() && !it->empty();) found.push_back(*it);
  return found;
}

struct Field {
  size_t offset;
  size_t bytes;
};

// The table after <!-- table:name -->, which must be without gaps.
std::map<std::string, Field> Table(const std::string& name, size_t total) {
  std::map<std::string, Field> fields;
  size_t next = 0;
  const auto lines = After("<!-- table:" + name + " -->");
  for (size_t i = 2; i < lines.size(); ++i) {  // heading and rule
    std::istringstream row(lines[i]);
    char bar = 0;
    Field f{};
    std::string word;
    row >> bar >> f.offset >> bar >> f.bytes >> bar >> word;
    EXPECT_EQ(f.offset, next) << lines[i];
    next = f.offset + f.bytes;
    fields[word] = f;
  }
  EXPECT_EQ(next, total) << name;
  return fields;
}

void ExpectFields(const std::string& name, size_t total,
                  const std::map<std::string, Field>& expected) {
  const auto table = Table(name, total);
  EXPECT_EQ(table.size(), expected.size());
  for (const auto& [field, place] : expected) {
    ASSERT_TRUE(table.contains(field)) << field;
    EXPECT_EQ(table.at(field).offset, place.offset) << field;
    EXPECT_EQ(table.at(field).bytes, place.bytes) << field;
  }
}

TEST(ContainerDocument, HeaderTableIsTheCode) {
  ACTP_CLAUSE("C-2.4");
  ExpectFields("header", kHeaderBytes,
               {{"magic", {header::kMagicAt, 8}},
                {"version", {header::kVersion, 4}},
                {"bytes", {header::kBytes, 4}},
                {"reserved", {header::kReserved, 48}}});
}

TEST(ContainerDocument, TrailerTableIsTheCode) {
  ACTP_CLAUSE("C-3.1");
  ExpectFields("trailer", kTrailerBytes,
               {{"directory_offset", {trailer::kDirectoryOffset, 8}},
                {"directory_bytes", {trailer::kDirectoryBytes, 8}},
                {"entries_bytes", {trailer::kEntriesBytes, 8}},
                {"tensors", {trailer::kTensors, 4}},
                {"version", {trailer::kVersion, 4}},
                {"directory_hash", {trailer::kDirectoryHash, 8}},
                {"file_bytes", {trailer::kFileBytes, 8}},
                {"trailer_hash", {trailer::kTrailerHash, 8}},
                {"magic", {trailer::kMagicAt, 8}}});
}

TEST(ContainerDocument, ChunkTableIsTheCode) {
  ACTP_CLAUSE("C-3.5");
  ExpectFields("table", kTableEntryBytes,
               {{"offset", {table::kOffset, 8}}, {"hash", {table::kHash, 8}}});
}

TEST(ContainerDocument, EntryTableIsTheCode) {
  ACTP_CLAUSE("C-4.1");
  ExpectFields("entry", entry::kShape,
               {{"entry_bytes", {entry::kEntryBytes, 4}},
                {"name_bytes", {entry::kNameBytes, 4}},
                {"rank", {entry::kRank, 4}},
                {"format", {entry::kFormat, 1}},
                {"order", {entry::kOrder, 1}},
                {"fill", {entry::kFill, 1}},
                {"flags", {entry::kFlags, 1}},
                {"block_len", {entry::kBlockLen, 4}},
                {"slot_bytes", {entry::kSlotBytes, 4}},
                {"blocks_per_chunk", {entry::kBlocksPerChunk, 4}},
                {"format_version", {entry::kFormatVersion, 4}},
                {"dtype", {entry::kDtype, entry::kDtypeBytes}},
                {"values", {entry::kValues, 8}},
                {"blocks", {entry::kBlocks, 8}},
                {"payload_offset", {entry::kPayloadOffset, 8}},
                {"payload_bytes", {entry::kPayloadBytes, 8}},
                {"first_chunk", {entry::kFirstChunk, 8}},
                {"chunks", {entry::kChunks, 8}},
                {"delta_cap", {entry::kDeltaCap, 4}},
                {"group_len", {entry::kGroupLen, 1}},
                {"row_limit", {entry::kRowLimit, 1}},
                {"reserved", {entry::kReserved, 2}}});
}

// The hex dump of the document: offset, up to 16 bytes, then two spaces and a remark.
Bytes ExampleBytes() {
  Bytes bytes;
  for (const std::string& line : After("<!-- example -->")) {
    if (line.starts_with("```")) continue;
    std::istringstream row(line.substr(0, line.find("   ")));
    size_t offset = 0;
    row >> std::hex >> offset;
    EXPECT_EQ(offset, bytes.size()) << line;
    for (unsigned b = 0; row >> std::hex >> b;) bytes.push_back(static_cast<std::byte>(b));
  }
  return bytes;
}

TEST(ContainerDocument, ExampleIsReadAsTheTextSays) {
  ACTP_CLAUSE("C-2.1", "C-2.3", "C-2.4", "C-3.1", "C-4.1", "C-4.5", "C-5.1", "C-5.4");
  const Bytes file = ExampleBytes();
  auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok()) << r.status().message();
  ASSERT_EQ(r->tensors().size(), 1u);
  const ContainerTensor& t = r->tensors()[0];
  EXPECT_EQ(t.info.name, "h.0");
  EXPECT_EQ(t.info.dtype, "<f4");
  EXPECT_EQ(t.info.shape, (std::vector<uint64_t>{2, 20}));
  EXPECT_TRUE(t.info.fortran_order);
  EXPECT_EQ(t.info.offset, 0x40u);
  EXPECT_EQ(t.config, Slots16());
  EXPECT_EQ(t.blocks, 2u);
  EXPECT_EQ(t.blocks_per_chunk, 1u);
  EXPECT_TRUE(std::ranges::equal(*r->ReadBlock(0, 0), Counting(16, 0x10)));
  EXPECT_TRUE(std::ranges::equal(*r->ReadBlock(0, 1), Counting(16, 0x20)));
  EXPECT_EQ(Load<uint64_t>(file, file.size() - 64 + trailer::kDirectoryOffset), 0x80u);
  EXPECT_EQ(file[0x50], std::byte{0x20});
}

TEST(ContainerDocument, ExampleIsWhatTheWriterMakes) {
  ACTP_CLAUSE("C-2.2", "C-2.3", "C-3.5", "C-4.1", "C-4.9");
  Bytes file;
  auto w = ContainerWriter::Create(std::make_unique<MemorySink>(&file), {.blocks_per_chunk = 1});
  ASSERT_TRUE(w.BeginTensor({.name = "h.0",
                             .format = Format::kFp32,
                             .dtype = "<f4",
                             .shape = {2, 20},
                             .fortran_order = true,
                             .values = 40},
                            Slots16())
                  .ok());
  ASSERT_TRUE(w.Append(Counting(32, 0x10)).ok());
  ASSERT_TRUE(w.EndTensor().ok());
  ASSERT_TRUE(w.Finish().ok());
  std::string dump;  // to be pasted into the document when it must change
  for (size_t i = 0; i < file.size(); ++i) {
    if (i % 16 == 0) dump += fmt::format("\n{:03x} ", i);
    dump += fmt::format(" {:02x}", static_cast<unsigned>(file[i]));
  }
  EXPECT_EQ(ExampleBytes(), file) << dump;
}

}  // namespace
}  // namespace actplane::io
