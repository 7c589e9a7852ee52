// SPDX-License-Identifier: Apache-2.0
// Damaged and malicious containers: nothing gets through, nothing crashes.
#include <functional>

#include "container_cases.h"

namespace actplane::io {
namespace {

using namespace layout;  // NOLINT(google-build-using-namespace)

// Where things are in SmallContainer: the tests below change single fields.
struct Places {
  explicit Places(const Bytes& file) : tail(file.size() - kTrailerBytes) {
    directory = Load<uint64_t>(file, tail + trailer::kDirectoryOffset);
    first = directory;
    second = first + Load<uint32_t>(file, first);
    third = second + Load<uint32_t>(file, second);
    table = directory + Load<uint64_t>(file, tail + trailer::kEntriesBytes);
  }
  size_t tail, directory, first, second, third, table;
};

void ExpectRefused(const Bytes& file, std::string_view part = "") {
  const Status s = ReadEverything(file);
  EXPECT_FALSE(s.ok());
  ExpectStatus(s, StatusCode::kBadInput, part);
  EXPECT_THAT(s.message(), testing::HasSubstr("'x.apl'"));
}

TEST(ContainerDamage, EveryChangedByteIsNoticed) {
  ACTP_CLAUSE("C-7.1", "C-7.2", "C-2.2");
  Bytes file = SmallContainer();
  ASSERT_TRUE(ReadEverything(file).ok());
  for (size_t i = 0; i < file.size(); ++i) {
    for (unsigned flip = 1; flip < 256;
         flip = flip < 128 ? 2 * flip : flip + 127) {  // each bit, then all
      const std::byte old = file[i];
      file[i] ^= static_cast<std::byte>(flip);
      SCOPED_TRACE(testing::Message() << "byte " << i << " xor " << flip);
      ExpectRefused(file);
      file[i] = old;
    }
  }
}

TEST(ContainerDamage, EveryTruncationIsNoticed) {
  ACTP_CLAUSE("C-7.2", "C-3.2");
  const Bytes file = SmallContainer();
  for (size_t n = 0; n < file.size(); ++n) {
    SCOPED_TRACE(n);
    ExpectRefused(Bytes(file.begin(), file.begin() + static_cast<ptrdiff_t>(n)));
  }
}

TEST(ContainerDamage, EveryExtensionIsNoticed) {
  ACTP_CLAUSE("C-7.2", "C-3.2");
  const Bytes file = SmallContainer();
  for (size_t n = 1; n < 200; ++n) {
    Bytes longer = file;
    longer.resize(file.size() + n);
    ExpectRefused(longer, "truncated, extended or damaged");
  }
  Bytes twice = file;
  twice.insert(twice.end(), file.begin(), file.end());
  ExpectRefused(twice, "truncated, extended or damaged");
}

TEST(ContainerDamage, ADamagedChunkSpoilsOnlyItself) {
  ACTP_CLAUSE("C-5.5");
  Bytes file = SmallContainer();
  file[64 + 32] ^= std::byte{1};  // slot 2, in chunk 1
  auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok());
  EXPECT_TRUE(r->ReadBlock(0, 0).ok());
  EXPECT_TRUE(r->ReadBlock(0, 4).ok());
  const std::string what =
      "'x.apl': chunk 1 of tensor 'slots' (blocks 2 to 3) fails its checksum; ";
  ExpectStatus(r->ReadBlock(0, 2).status(), StatusCode::kBadInput, what);
  ExpectStatus(r->ReadBlock(0, 3).status(), StatusCode::kBadInput, what);
  Bytes out(size_t{5} * 16);
  ExpectStatus(r->ReadBlocks(0, 0, 5, out), StatusCode::kBadInput, what);
  EXPECT_TRUE(r->ReadBlock(0, 1).ok());
}

TEST(ContainerDamage, NamesWhatItFound) {
  ACTP_CLAUSE("C-2.4", "C-3.2", "C-3.3");
  const Bytes good = SmallContainer();
  const Places at(good);
  const auto changed = [&](size_t place) {
    Bytes file = good;
    file[place] ^= std::byte{0x40};
    return file;
  };
  ExpectRefused({}, "not an .apl container");
  ExpectRefused(changed(0), "not an .apl container");
  ExpectRefused(changed(header::kVersion), "version 66, and this program reads 2; update actplane");
  ExpectRefused(changed(header::kBytes), "header is damaged");
  ExpectRefused(changed(63), "header is damaged");
  ExpectRefused(changed(at.tail + trailer::kMagicAt), "truncated, extended or damaged");
  ExpectRefused(changed(at.tail), "truncated, extended or damaged");
  ExpectRefused(changed(at.first + entry::kValues), "directory fails its checksum");
  ExpectRefused(changed(at.table + table::kHash), "directory fails its checksum");
  ExpectRefused(changed(64 + size_t{5} * 16), "padding is not zero");
}

TEST(ContainerDamage, AContainerOfVersion1SaysWhatToDo) {
  ACTP_CLAUSE("C-2.4");
  Bytes file = SmallContainer();
  Store<uint32_t>(file, header::kVersion, 1);
  ExpectRefused(file,
                "'x.apl': it is a container of version 1, and this program reads 2; compress the "
                "tensor again, or decompress this with the program of tag v0.1");
  Store<uint32_t>(file, header::kVersion, 0);
  ExpectRefused(file, "version 0, and this program reads 2; get the file again");
}

// Files that a broken or hostile writer made: every checksum is right, one field is not.
struct Lie {
  const char* part;  // of the message
  std::function<void(Bytes&, const Places&)> tell;
};

template <typename T>
std::function<void(Bytes&, const Places&)> Set(size_t Places::*base, size_t field, T value) {
  return [=](Bytes& file, const Places& at) { Store<T>(file, at.*base + field, value); };
}

void ExpectEachRefused(const std::vector<Lie>& lies) {
  const Bytes good = SmallContainer();
  const Places at(good);
  Bytes same = good;
  Reseal(same);
  ASSERT_EQ(same, good);
  for (size_t i = 0; i < lies.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "lie " << i);
    Bytes file = good;
    lies[i].tell(file, at);
    Reseal(file);
    ExpectRefused(file, lies[i].part);
  }
}

constexpr uint64_t kHuge = ~uint64_t{0};

TEST(ContainerLies, InTheTrailer) {
  ACTP_CLAUSE("C-3.1", "C-3.2", "C-3.3", "C-3.4", "C-3.5", "C-2.1", "C-7.1");
  const auto tail = &Places::tail;
  const char* impossible = "directory is impossible";
  ExpectEachRefused({
      {impossible, Set<uint64_t>(tail, trailer::kDirectoryOffset, 0)},
      {impossible, Set<uint64_t>(tail, trailer::kDirectoryOffset, kHuge)},
      {impossible, Set<uint64_t>(tail, trailer::kDirectoryOffset, 65)},
      {impossible, Set<uint64_t>(tail, trailer::kDirectoryOffset, 64)},
      {impossible, Set<uint64_t>(tail, trailer::kDirectoryBytes, 0)},
      {impossible, Set<uint64_t>(tail, trailer::kDirectoryBytes, kHuge)},
      {impossible, Set<uint64_t>(tail, trailer::kEntriesBytes, kHuge)},
      {impossible, Set<uint64_t>(tail, trailer::kEntriesBytes, 1)},
      {"does not fit", Set<uint64_t>(tail, trailer::kEntriesBytes, 16)},
      {impossible, Set<uint64_t>(tail, trailer::kEntriesBytes, 0)},
      {impossible, Set<uint32_t>(tail, trailer::kTensors, 2)},
      {impossible, Set<uint32_t>(tail, trailer::kVersion, 1)},
      {impossible, Set<uint32_t>(tail, trailer::kVersion, 3)},
  });
}

TEST(ContainerLies, InAnEntry) {
  ACTP_CLAUSE("C-4.1", "C-4.2", "C-4.3", "C-4.4", "C-4.6", "C-4.7", "C-4.8", "C-4.9", "C-2.2",
              "C-7.1");
  const auto first = &Places::first;
  const auto second = &Places::second;
  ExpectEachRefused({
      {"wrong length", Set<uint32_t>(first, entry::kEntryBytes, 0)},
      {"wrong length", Set<uint32_t>(first, entry::kEntryBytes, 0xffffffff)},
      {"too long", Set<uint32_t>(first, entry::kNameBytes, 4097)},
      {"too long", Set<uint32_t>(first, entry::kNameBytes, 0xffffffff)},
      {"wrong length", Set<uint32_t>(&Places::third, entry::kNameBytes, 4000)},
      {"padding that is not zero", Set<uint32_t>(first, entry::kNameBytes, 4)},
      {"control characters", Set<uint32_t>(first, entry::kNameBytes, 6)},
      {"too long", Set<uint32_t>(first, entry::kRank, 65)},
      {"wrong length", Set<uint32_t>(first, entry::kRank, 0)},
      {"does not exist", Set<uint8_t>(first, entry::kFormat, 3)},
      {"cannot have data type", Set<uint8_t>(first, entry::kFormat, 1)},
      {"does not exist", Set<uint8_t>(first, entry::kOrder, 2)},
      {"does not exist", Set<uint8_t>(first, entry::kFill, 2)},
      {"does not exist", Set<uint8_t>(second, entry::kFill, 2)},
      {"does not exist", Set<uint8_t>(first, entry::kFlags, 4)},
      {"slot size for a lossless", Set<uint8_t>(first, entry::kFlags, 1)},
      {"block length", Set<uint32_t>(first, entry::kBlockLen, 0)},
      {"block length", Set<uint32_t>(first, entry::kBlockLen, 33)},
      {"slot", Set<uint32_t>(first, entry::kSlotBytes, 0)},
      {"slot", Set<uint32_t>(first, entry::kSlotBytes, 0xffffffff)},
      {"slot size for a lossless", Set<uint32_t>(second, entry::kSlotBytes, 160)},
      {"chunk size", Set<uint32_t>(first, entry::kBlocksPerChunk, 0)},
      {"chunk size", Set<uint32_t>(first, entry::kBlocksPerChunk, 65537)},
      {"chunk size", Set<uint32_t>(second, entry::kBlocksPerChunk, 0xffffffff)},
      {"format version 3, and this program reads 2; update actplane",
       Set<uint32_t>(first, entry::kFormatVersion, 3)},
      {"format version 1, and this program reads 2; compress the tensor again, or decompress this "
       "with the program of tag v0.1",
       Set<uint32_t>(first, entry::kFormatVersion, 1)},
      {"format version 0, and this program reads 2; get the file again",
       Set<uint32_t>(first, entry::kFormatVersion, 0)},
      {"data type 'wf4'", Set<char>(first, entry::kDtype, 'w')},
      {"padding that is not zero", Set<char>(first, entry::kDtype + 7, 'w')},
      {"values", Set<uint64_t>(first, entry::kValues, 151)},
      {"2^56", Set<uint64_t>(first, entry::kShape, kHuge / 2)},
      {"2^63 - 1", Set<uint64_t>(first, entry::kShape, kHuge)},
      {"number of blocks", Set<uint64_t>(first, entry::kBlocks, 6)},
      {"number of chunks", Set<uint64_t>(first, entry::kChunks, 4)},
      {"delta cap", Set<uint32_t>(second, entry::kDeltaCap, 99)},
      {"group length 0", Set<uint8_t>(first, entry::kGroupLen, 0)},
      {"group length 5", Set<uint8_t>(first, entry::kGroupLen, 5)},
      {"row limit 7", Set<uint8_t>(first, entry::kRowLimit, 7)},
      {"row limit 25", Set<uint8_t>(first, entry::kRowLimit, 25)},
      {"setting that order significance does not have", Set<uint8_t>(first, entry::kFill, 1)},
      {"setting that order significance does not have", Set<uint32_t>(first, entry::kDeltaCap, 1)},
      {"setting that order field does not have", Set<uint8_t>(second, entry::kGroupLen, 4)},
      {"setting that order field does not have", Set<uint8_t>(second, entry::kRowLimit, 16)},
      {"setting that order field does not have", Set<uint8_t>(&Places::third, entry::kGroupLen, 8)},
      {"lossless mode has order field only",
       [](Bytes& file, const Places& at) {
         Store<uint8_t>(file, at.second + entry::kOrder, 1);
         Store<uint8_t>(file, at.second + entry::kFill, 0);
         Store<uint32_t>(file, at.second + entry::kDeltaCap, 0);
         Store<uint8_t>(file, at.second + entry::kGroupLen, 4);
         Store<uint8_t>(file, at.second + entry::kRowLimit, 16);
       }},
      {"padding that is not zero", Set<uint16_t>(first, entry::kReserved, 1)},
      {"padding that is not zero", Set<uint16_t>(first, entry::kReserved, 0x100)},
  });
}

TEST(ContainerLies, InPlaces) {
  ACTP_CLAUSE("C-2.1", "C-5.1", "C-5.4", "C-7.1");
  const auto first = &Places::first;
  const char* impossible = "directory is impossible";
  const char* chunks = "the chunks of tensor";
  const auto line = [](uint64_t number, uint64_t value) {
    return Set<uint64_t>(&Places::table, 16 * number, value);
  };
  ExpectEachRefused({
      {impossible, Set<uint64_t>(first, entry::kPayloadOffset, 0)},
      {impossible, Set<uint64_t>(first, entry::kPayloadOffset, 128)},
      {impossible, Set<uint64_t>(first, entry::kPayloadBytes, kHuge)},
      {chunks, Set<uint64_t>(first, entry::kPayloadBytes, 79)},
      {chunks, Set<uint64_t>(first, entry::kPayloadBytes, 8)},
      {impossible, Set<uint64_t>(first, entry::kFirstChunk, 1)},
      {impossible, Set<uint64_t>(first, entry::kFirstChunk, kHuge)},
      {impossible, Set<uint64_t>(&Places::third, entry::kPayloadBytes, 64)},
      {chunks, line(0, 0)},
      {chunks, line(1, 64)},
      {chunks, line(1, 63)},
      {chunks, line(1, kHuge)},
      {chunks, line(3, 0)},
      {chunks, line(4, 0)},
      {chunks, line(4, 200)},
      {chunks, line(4, kHuge)},
      // The tensor's count of chunks is right by its blocks, but the table is shorter.
      {impossible,
       [](Bytes& file, const Places& at) {
         Store<uint64_t>(file, at.first + entry::kShape, 32000);
         Store<uint64_t>(file, at.first + entry::kValues, 32000);
         Store<uint64_t>(file, at.first + entry::kBlocks, 1000);
         Store<uint64_t>(file, at.first + entry::kChunks, 500);
       }},
      // A payload without blocks.
      {chunks,
       [](Bytes& file, const Places& at) {
         for (const size_t field :
              {entry::kShape, entry::kValues, entry::kBlocks, entry::kChunks}) {
           Store<uint64_t>(file, at.first + field, 0);
         }
       }},
      // A table with one line too many.
      {impossible,
       [](Bytes& file, const Places& at) {
         file.insert(file.begin() + static_cast<ptrdiff_t>(at.tail), 16, std::byte{0});
         const size_t place = at.tail + 16 + trailer::kDirectoryBytes;
         Store<uint64_t>(file, place, Load<uint64_t>(file, place) + 16);
       }},
  });
}

TEST(ContainerLies, InALosslessChunk) {
  ACTP_CLAUSE("C-6.1", "C-6.2", "C-7.1");
  const char* lengths = "block lengths of tensor 'lossless' are impossible";
  const auto index = [](size_t at, uint16_t value) {
    return [=](Bytes& file, const Places& places) {
      Store(file, Load<uint64_t>(file, places.second + entry::kPayloadOffset) + at, value);
    };
  };
  ExpectEachRefused({
      {lengths, index(0, 0)},
      {lengths, index(0, 0xffff)},
      {lengths, index(0, static_cast<uint16_t>(MaxFieldSlotBytes(Format::kFp32, 32)))},
      {lengths, index(2, 1)},        // then what follows is not zero
      {lengths, index(2, 27 + 14)},  // one more than the padding
      {lengths, index(62, 1)},       // padding
      {lengths, index(64, 1)},
  });
}

TEST(ContainerLies, TwoTensorsOfOneName) {
  ACTP_CLAUSE("C-4.2");
  Bytes file;
  auto w = ContainerWriter::Create(std::make_unique<MemorySink>(&file));
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(w.BeginTensor(Fp32Info(name, 0), Slots16()).ok());
    ASSERT_TRUE(w.EndTensor().ok());
  }
  ASSERT_TRUE(w.Finish().ok());
  ASSERT_TRUE(ReadEverything(file).ok());
  const size_t at = file.size() - kTrailerBytes - 8;
  ASSERT_EQ(file[at], static_cast<std::byte>('b'));
  file[at] = static_cast<std::byte>('a');
  Reseal(file);
  ExpectRefused(file, "two tensors are called 'a'");
}

TEST(ContainerLies, ADirectoryThatIsTooLarge) {
  ACTP_CLAUSE("C-3.4");
  Bytes file(64 + (size_t{16} << 20) + 64 + kTrailerBytes);
  const Bytes good = SmallContainer();
  std::memcpy(file.data(), good.data(), 64);
  const auto tail = std::span(file).last(kTrailerBytes);
  Store<uint64_t>(tail, trailer::kDirectoryOffset, 64);
  Store<uint64_t>(tail, trailer::kDirectoryBytes, (size_t{16} << 20) + 64);
  Store<uint64_t>(tail, trailer::kEntriesBytes, (size_t{16} << 20) + 64);
  Store<uint32_t>(tail, trailer::kVersion, kContainerVersion);
  Reseal(file);
  ExpectRefused(file, "directory is impossible");
}

}  // namespace
}  // namespace actplane::io
