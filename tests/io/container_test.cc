// SPDX-License-Identifier: Apache-2.0
// Writing and reading containers; damage is in container_damage_test.cc.
#include "actplane/io/container.h"

#include <map>

#include "container_cases.h"
#include "property_test.h"

namespace actplane::io {
namespace {

TEST(Container, GivesBackWhatWentIn) {
  ACTP_CLAUSE("C-4.1", "C-4.5", "C-4.8", "C-5.2");
  const Bytes file = SmallContainer();
  const auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok()) << r.status().message();
  ASSERT_EQ(r->tensors().size(), 3u);

  const ContainerTensor& slots = r->tensors()[0];
  EXPECT_EQ(slots.info.name, "slots");
  EXPECT_EQ(slots.info.dtype, "<f4");
  EXPECT_EQ(slots.info.format, Format::kFp32);
  EXPECT_EQ(slots.info.shape, (std::vector<uint64_t>{150}));
  EXPECT_FALSE(slots.info.fortran_order);
  EXPECT_EQ(slots.info.values, 150u);
  EXPECT_EQ(slots.config, Slots16());
  EXPECT_EQ(slots.blocks, 5u);
  EXPECT_EQ(slots.blocks_per_chunk, 2u);
  EXPECT_EQ(slots.chunks, 3u);

  const ContainerTensor& lossless = r->tensors()[1];
  EXPECT_EQ(lossless.config, Lossless());
  EXPECT_EQ(lossless.blocks, 3u);
  EXPECT_EQ(lossless.chunks, 2u);
  EXPECT_EQ(lossless.first_chunk, 3u);

  const ContainerTensor& empty = r->tensors()[2];
  EXPECT_EQ(empty.info.name, "");
  EXPECT_EQ(empty.info.dtype, "|V2");
  EXPECT_EQ(empty.info.shape, (std::vector<uint64_t>{3, 0}));
  EXPECT_TRUE(empty.info.fortran_order);
  EXPECT_EQ(empty.config.format, Format::kBf16);
  EXPECT_EQ(empty.blocks, 0u);
  EXPECT_EQ(empty.chunks, 0u);
  EXPECT_EQ(empty.payload_bytes, 0u);
}

TEST(Container, KeepsSlotsAtFixedOffsets) {
  ACTP_CLAUSE("C-2.1", "C-5.1");
  const Bytes file = SmallContainer();
  auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok());
  const ContainerTensor& t = r->tensors()[0];
  EXPECT_EQ(t.info.offset, 64u);
  EXPECT_EQ(t.payload_bytes, 80u);
  for (const ContainerTensor& any : r->tensors()) EXPECT_EQ(any.info.offset % 64, 0u);
  const Bytes all = Counting(80);
  for (const uint64_t i : {4u, 0u, 1u, 3u, 2u}) {
    const auto block = r->ReadBlock(0, i);
    ASSERT_TRUE(block.ok()) << block.status().message();
    EXPECT_TRUE(std::ranges::equal(*block, std::span(all).subspan(i * 16, 16)));
    EXPECT_TRUE(std::ranges::equal(*block, std::span(file).subspan(t.info.offset + i * 16, 16)));
  }
}

TEST(Container, FindsLosslessBlocksByTheirIndex) {
  ACTP_CLAUSE("C-6.1", "C-5.4");
  const Bytes file = SmallContainer();
  auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok());
  for (uint32_t i : {2u, 0u, 1u}) {
    const auto block = r->ReadBlock(1, i);
    ASSERT_TRUE(block.ok()) << block.status().message();
    EXPECT_TRUE(std::ranges::equal(*block, LosslessBlock(i)));
  }
  // By hand: two lengths, two blocks, zeros; then one of each.
  const size_t at = r->tensors()[1].info.offset;
  const std::string first = Little(20, 2) + Little(27, 2) + ToText(LosslessBlock(0)) +
                            ToText(LosslessBlock(1)) + std::string(13, '\0');
  const std::string second = Little(34, 2) + ToText(LosslessBlock(2)) + std::string(28, '\0');
  EXPECT_EQ(ToText(std::span(file).subspan(at, 128)), first + second);
  EXPECT_EQ(r->tensors()[1].payload_bytes, 128u);
}

TEST(Container, GivesChunksWithAllTheirBlocks) {
  const Bytes file = SmallContainer();
  auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok());
  const auto slots = r->ReadChunk(0, 2);
  ASSERT_TRUE(slots.ok());
  EXPECT_EQ(slots->first_block, 4u);
  EXPECT_EQ(slots->blocks, 1u);
  EXPECT_TRUE(std::ranges::equal(slots->Block(0), Counting(16, 64)));
  const auto lossless = r->ReadChunk(1, 0);
  ASSERT_TRUE(lossless.ok());
  EXPECT_EQ(lossless->blocks, 2u);
  EXPECT_TRUE(std::ranges::equal(lossless->Block(1), LosslessBlock(1)));
  EXPECT_EQ(lossless->bytes.size(), 47u);
}

TEST(Container, ReadsRunsOfSlots) {
  const Bytes file = SmallContainer();
  auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok());
  const Bytes all = Counting(80);
  for (uint64_t first = 0; first <= 5; ++first) {
    for (uint64_t count = 0; first + count <= 5; ++count) {
      Bytes out(count * 16);
      ASSERT_TRUE(r->ReadBlocks(0, first, count, out).ok());
      EXPECT_TRUE(std::ranges::equal(out, std::span(all).subspan(first * 16, count * 16)));
    }
  }
}

TEST(Container, RefusesWhatItDoesNotHold) {
  const Bytes file = SmallContainer();
  auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok());
  Bytes out(16);
  ExpectStatus(r->ReadBlock(3, 0).status(), StatusCode::kInvalidConfig, "no tensor number 3");
  ExpectStatus(r->ReadBlock(0, 5).status(), StatusCode::kInvalidConfig,
               "no block 5; tensor 'slots' has 5");
  ExpectStatus(r->ReadBlock(0, ~uint64_t{0}).status(), StatusCode::kInvalidConfig,
               "tensor 'slots' has 5");
  ExpectStatus(r->ReadBlock(2, 0).status(), StatusCode::kInvalidConfig, "has 0");
  ExpectStatus(r->ReadChunk(3, 0).status(), StatusCode::kInvalidConfig, "no tensor number 3");
  ExpectStatus(r->ReadChunk(0, 3).status(), StatusCode::kInvalidConfig, "no chunk 3");
  ExpectStatus(r->ReadBlocks(0, 4, 2, out), StatusCode::kInvalidConfig, "no block 5");
  ExpectStatus(r->ReadBlocks(0, 6, 0, {}), StatusCode::kInvalidConfig, "no block 6");
  ExpectStatus(r->ReadBlocks(0, 0, 2, out), StatusCode::kInvalidConfig,
               "2 slots do not fill 16 bytes");
  ExpectStatus(r->ReadBlocks(0, 0, 1, std::span(out).first(15)), StatusCode::kInvalidConfig,
               "do not fill");
  ExpectStatus(r->ReadBlocks(1, 0, 1, out), StatusCode::kInvalidConfig, "have no slots");
}

TEST(Container, MayHoldNothing) {
  ACTP_CLAUSE("C-2.1");
  Bytes file;
  EXPECT_TRUE(ContainerWriter::Create(std::make_unique<MemorySink>(&file)).Finish().ok());
  EXPECT_EQ(file.size(), 128u);
  const auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok());
  EXPECT_TRUE(r->tensors().empty());
}

TEST(ContainerWriter, FillsChunksUpToTheirBound) {
  ACTP_CLAUSE("C-5.3");
  Bytes file;
  auto w = ContainerWriter::Create(std::make_unique<MemorySink>(&file));
  const uint64_t blocks = 3 * ((1 << 20) / 160) + 1;
  const Config config{.block_len = 128, .slot_bytes = 160};
  ASSERT_TRUE(w.BeginTensor(Fp32Info("a", blocks * 128), config).ok());
  Bytes slot = Counting(160000);
  for (uint64_t done = 0; done < blocks; done += 1000) {
    ASSERT_TRUE(
        w.Append(std::span(slot).first(std::min<uint64_t>(blocks - done, 1000) * 160)).ok());
  }
  ASSERT_TRUE(w.EndTensor().ok());
  ASSERT_TRUE(w.BeginTensor(Fp32Info("b", 1), {.block_len = 256, .lossless = true}).ok());
  ASSERT_TRUE(w.AppendBlock(Counting(MaxFieldSlotBytes(Format::kFp32, 256))).ok());
  ASSERT_TRUE(w.EndTensor().ok());
  ASSERT_TRUE(w.Finish().ok());
  auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->tensors()[0].blocks_per_chunk, (1u << 20) / 160);
  EXPECT_EQ(r->tensors()[0].chunks, 4u);
  EXPECT_EQ(r->tensors()[1].blocks_per_chunk,
            (1u << 20) / (MaxFieldSlotBytes(Format::kFp32, 256) + 2));
  EXPECT_TRUE(ReadEverything(file).ok());
  EXPECT_TRUE(std::ranges::equal(*r->ReadBlock(0, 12345), std::span(slot).subspan(55200, 160)));
}

TEST(ContainerWriter, RefusesMisuse) {
  ACTP_CLAUSE("C-4.2", "C-4.6");
  Bytes file;
  const auto fresh = [&] {
    return ContainerWriter::Create(std::make_unique<MemorySink>(&file), {.blocks_per_chunk = 2});
  };
  const auto slots = [&] {
    auto w = fresh();
    EXPECT_TRUE(w.BeginTensor(Fp32Info("a", 64), Slots16()).ok());
    return w;
  };
  const auto lossless = [&] {
    auto w = fresh();
    EXPECT_TRUE(w.BeginTensor(Fp32Info("a", 32), Lossless()).ok());
    return w;
  };
  const auto config = StatusCode::kInvalidConfig;
  const auto bad = StatusCode::kBadInput;
  Config tiny = Slots16();
  tiny.slot_bytes = 1;
  ExpectStatus(fresh().BeginTensor(Fp32Info("a", 64), tiny), config, "slot");
  TensorInfo wrong = Fp32Info("a", 64);
  wrong.values = 63;
  ExpectStatus(fresh().BeginTensor(wrong, Slots16()), bad, "63 values");
  Config half = Slots16();
  half.format = Format::kFp16;
  ExpectStatus(fresh().BeginTensor(Fp32Info("a", 64), half), config, "differ in format");
  ExpectStatus(
      ContainerWriter::Create(std::make_unique<MemorySink>(&file), {.blocks_per_chunk = 1 << 20})
          .BeginTensor(Fp32Info("a", 64), Slots16()),
      config, "at most 65536 blocks");
  ExpectStatus(slots().BeginTensor(Fp32Info("b", 64), Slots16()), config, "EndTensor first");
  ExpectStatus(fresh().Append(Counting(16)), config, "between BeginTensor and EndTensor");
  ExpectStatus(lossless().Append(Counting(16)), config, "tensor with slots");
  ExpectStatus(slots().Append(Counting(17)), config, "whole slots of 16 bytes");
  ExpectStatus(slots().Append(Counting(48)), config, "within the tensor's 2 blocks");
  ExpectStatus(fresh().AppendBlock(Counting(16)), config, "between BeginTensor and EndTensor");
  ExpectStatus(slots().AppendBlock(Counting(16)), config, "lossless tensor");
  ExpectStatus(lossless().AppendBlock({}), config, "0 bytes");
  ExpectStatus(lossless().AppendBlock(Counting(MaxFieldSlotBytes(Format::kFp32, 32) + 1)), config,
               "no lossless block");
  auto w = lossless();
  EXPECT_TRUE(w.AppendBlock(Counting(4)).ok());
  ExpectStatus(w.AppendBlock(Counting(4)), config, "within the tensor's 1 blocks");
  ExpectStatus(fresh().EndTensor(), config, "EndTensor without BeginTensor");
  ExpectStatus(slots().EndTensor(), bad, "got 0 of its 2 blocks");
  ExpectStatus(slots().Finish(), config, "Finish before EndTensor");
  w = slots();
  EXPECT_TRUE(w.Append(Counting(32)).ok());
  EXPECT_TRUE(w.EndTensor().ok());
  ExpectStatus(w.BeginTensor(Fp32Info("a", 64), Slots16()), bad, "two tensors are called 'a'");
  // After a failure nothing else is possible.
  for (const Status& s : {w.BeginTensor(Fp32Info("b", 64), Slots16()), w.Append({}),
                          w.AppendBlock({}), w.EndTensor(), w.Finish()}) {
    ExpectStatus(s, bad, "two tensors");
  }
  w = fresh();
  EXPECT_TRUE(w.Finish().ok());
  ExpectStatus(w.Finish(), config, "is finished");
}

TEST(ContainerWriter, KeepsNothingThatTheOrderDoesNotHave) {
  ACTP_CLAUSE("C-4.9");
  Bytes file;
  auto w = ContainerWriter::Create(std::make_unique<MemorySink>(&file));
  Config field = Lossless();
  field.group_len = 8;
  field.row_limit = 9;
  Config significance = Slots16();
  significance.fill = Fill::kZero;
  significance.delta_cap = 4;
  for (const auto& [name, config] : {std::pair("f", field), std::pair("s", significance)}) {
    ASSERT_TRUE(w.BeginTensor(Fp32Info(name, 0), config).ok());
    ASSERT_TRUE(w.EndTensor().ok());
  }
  ASSERT_TRUE(w.Finish().ok());
  const auto r = OpenBytes(file);
  ASSERT_TRUE(r.ok()) << r.status().message();
  EXPECT_EQ(r->tensors()[0].config, Lossless());
  EXPECT_EQ(r->tensors()[1].config, Slots16());
}

TEST(ContainerWriter, BoundsItsDirectory) {
  ACTP_CLAUSE("C-3.4");
  Bytes file;
  auto w = ContainerWriter::Create(std::make_unique<MemorySink>(&file));
  Status s;
  for (int i = 0; s.ok() && i < 5000; ++i) {
    s = w.BeginTensor(Fp32Info(std::to_string(i) + std::string(4000, 'n'), 0), Slots16());
    ASSERT_TRUE(s.ok());
    s = w.EndTensor();
  }
  ExpectStatus(s, StatusCode::kBadInput, "too many tensors");
}

TEST(ContainerWriter, ReportsEveryFailureOfTheSink) {
  const Bytes whole = SmallContainer();
  for (size_t room = 0; room <= whole.size(); ++room) {
    Bytes file;
    auto w =
        ContainerWriter::Create(std::make_unique<MemorySink>(&file, room), {.blocks_per_chunk = 1});
    Status s = w.BeginTensor(Fp32Info("slots", 40), Slots16());
    if (s.ok()) s = w.Append(Counting(32));
    if (s.ok()) s = w.EndTensor();
    if (s.ok()) s = w.BeginTensor(Fp32Info("l", 40), Lossless());
    if (s.ok()) s = w.AppendBlock(Counting(32));
    if (s.ok()) s = w.AppendBlock(Counting(32));
    if (s.ok()) s = w.EndTensor();
    if (s.ok()) s = w.Finish();
    if (s.ok()) {
      EXPECT_EQ(ReadEverything(file).code(), StatusCode::kOk);
      EXPECT_LT(file.size(), room);
    } else {
      ExpectStatus(s, StatusCode::kIo, "no room");
      ExpectStatus(w.Finish(), StatusCode::kIo, "no room");
    }
  }
}

using ContainerFile = TempDirTest;

TEST_F(ContainerFile, AppearsWhenFinished) {
  {
    auto w = ContainerWriter::Create(Path("x.apl"));
    ASSERT_TRUE(w.ok());
    ASSERT_TRUE(w->BeginTensor(Fp32Info("a", 32), Slots16()).ok());
    ASSERT_TRUE(w->Append(Counting(16)).ok());
  }
  EXPECT_THAT(Names(), testing::IsEmpty());
  auto w = ContainerWriter::Create(Path("x.apl"));
  ASSERT_TRUE(w->BeginTensor(Fp32Info("a", 32), Slots16()).ok());
  ASSERT_TRUE(w->Append(Counting(16)).ok());
  ASSERT_TRUE(w->EndTensor().ok());
  ASSERT_TRUE(w->Finish().ok());
  EXPECT_THAT(Names(), testing::ElementsAre("x.apl"));
  auto r = ContainerReader::Open(Path("x.apl"));
  ASSERT_TRUE(r.ok());
  EXPECT_TRUE(std::ranges::equal(*r->ReadBlock(0, 0), Counting(16)));
}

TEST_F(ContainerFile, ReportsTheSystemsRefusals) {
  ExpectStatus(ContainerWriter::Create(Path("no/x.apl")).status(), StatusCode::kIo, "No such file");
  ExpectStatus(ContainerReader::Open(Path("x.apl")).status(), StatusCode::kIo, "No such file");
  auto w = ContainerWriter::Create("/dev/full");
  ASSERT_TRUE(w.ok());
  ExpectStatus(w->Finish(), StatusCode::kIo, "No space left");
}

TEST_F(ContainerFile, NoticesAFileThatChangesWhileOpen) {
  const std::string path = WriteFile("x.apl", ToText(SmallContainer()));
  auto r = ContainerReader::Open(path);
  ASSERT_TRUE(r.ok());
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out) << std::string(2000, '\xee');
  ExpectStatus(r->ReadBlock(0, 0).status(), StatusCode::kBadInput, "fails its checksum");
  std::filesystem::resize_file(path, 70);
  ExpectStatus(r->ReadBlock(1, 0).status(), StatusCode::kIo, "shorter");
}

// Keeps only pages that are not all zero, so that a container of several GiB fits a test.
struct SparseBytes {
  static constexpr uint64_t kPage = 1 << 16;
  std::map<uint64_t, Bytes> pages;
  uint64_t size = 0;
};

class SparseSink final : public Sink {
 public:
  explicit SparseSink(SparseBytes* out) : out_(out) {}
  const std::string& name() const override { return name_; }
  Status Write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const uint64_t at = out_->size % SparseBytes::kPage;
      const auto part = bytes.first(std::min<uint64_t>(bytes.size(), SparseBytes::kPage - at));
      const bool zero = part[0] == std::byte{0} &&
                        std::memcmp(part.data(), part.data() + 1, part.size() - 1) == 0;
      if (!zero) {
        Bytes& page = out_->pages[out_->size / SparseBytes::kPage];
        page.resize(SparseBytes::kPage);
        std::memcpy(page.data() + at, part.data(), part.size());
      }
      out_->size += part.size();
      bytes = bytes.subspan(part.size());
    }
    return OkStatus();
  }
  Status Commit() override { return OkStatus(); }

 private:
  std::string name_ = "sparse";
  SparseBytes* out_;
};

class SparseSource final : public RandomAccessSource {
 public:
  explicit SparseSource(const SparseBytes* in) : in_(in) {}
  uint64_t size() const override { return in_->size; }
  const std::string& name() const override { return name_; }
  Status ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    while (!out.empty()) {
      const uint64_t at = offset % SparseBytes::kPage;
      const auto part = out.first(std::min<uint64_t>(out.size(), SparseBytes::kPage - at));
      const auto page = in_->pages.find(offset / SparseBytes::kPage);
      if (page == in_->pages.end()) {
        std::memset(part.data(), 0, part.size());
      } else {
        std::memcpy(part.data(), page->second.data() + at, part.size());
      }
      offset += part.size();
      out = out.subspan(part.size());
    }
    return OkStatus();
  }

 private:
  std::string name_ = "sparse";
  const SparseBytes* in_;
};

TEST(Container, HoldsMoreThanFourGiBInLittleMemory) {
  ACTP_CLAUSE("C-5.1", "C-5.4");
  SparseBytes file;
  const Config config{.block_len = 256, .slot_bytes = 1024};
  const uint64_t blocks = (uint64_t{4} << 20) + 5000;
  auto w = ContainerWriter::Create(std::make_unique<SparseSink>(&file));
  ASSERT_TRUE(w.BeginTensor(Fp32Info("big", blocks * 256), config).ok());
  const Bytes zeros(1024000);
  for (uint64_t done = 0; done + 1 < blocks;) {
    const uint64_t n = std::min<uint64_t>(1000, blocks - 1 - done);
    ASSERT_TRUE(w.Append(std::span(zeros).first(n * 1024)).ok());
    done += n;
  }
  ASSERT_TRUE(w.Append(Counting(1024)).ok());
  ASSERT_TRUE(w.EndTensor().ok());
  ASSERT_TRUE(w.BeginTensor(Fp32Info("after", 32), Lossless()).ok());
  ASSERT_TRUE(w.AppendBlock(Counting(9)).ok());
  ASSERT_TRUE(w.EndTensor().ok());
  ASSERT_TRUE(w.Finish().ok());
  ASSERT_GT(file.size, uint64_t{4} << 30);
  auto r = ContainerReader::Open(std::make_unique<SparseSource>(&file));
  ASSERT_TRUE(r.ok()) << r.status().message();
  EXPECT_GT(r->tensors()[1].info.offset, uint64_t{4} << 30);
  EXPECT_TRUE(std::ranges::equal(*r->ReadBlock(0, blocks - 1), Counting(1024)));
  EXPECT_TRUE(std::ranges::equal(*r->ReadBlock(0, 77), Bytes(1024)));
  EXPECT_TRUE(std::ranges::equal(*r->ReadBlock(1, 0), Counting(9)));
  ExpectBoundedMemory();
}

RC_GTEST_PROP(Container, GivesBackAnyTensors, ()) {
  struct Tensor {
    TensorInfo info;
    Config config;
    std::vector<Bytes> blocks;
  };
  static const std::vector<std::pair<std::string, Format>> kTypes = {
      {"<f4", Format::kFp32}, {"F32", Format::kFp32}, {"<f2", Format::kFp16},
      {"F16", Format::kFp16}, {"<u2", Format::kBf16}, {"|V2", Format::kBf16},
      {"<V2", Format::kBf16}, {"V2", Format::kBf16},  {"BF16", Format::kBf16}};
  const uint32_t per_chunk = *rc::gen::inRange<uint32_t>(1, 5);
  std::vector<Tensor> tensors(*rc::gen::inRange<size_t>(0, 4));
  Bytes file;
  auto w =
      ContainerWriter::Create(std::make_unique<MemorySink>(&file), {.blocks_per_chunk = per_chunk});
  for (size_t i = 0; i < tensors.size(); ++i) {
    Tensor& t = tensors[i];
    t.info.name = std::string(*rc::gen::inRange<size_t>(0, 20), 'n') + std::to_string(i);
    std::tie(t.info.dtype, t.info.format) = *rc::gen::elementOf(kTypes);
    t.info.shape = *rc::gen::resize(
        4, rc::gen::container<std::vector<uint64_t>>(rc::gen::inRange<uint64_t>(0, 9)));
    t.info.fortran_order = *rc::gen::arbitrary<bool>();
    t.info.values = *CountValues(t.info.shape);
    Config& c = t.config;
    c.format = t.info.format;
    c.block_len = *rc::gen::element(32u, 64u, 128u, 256u);
    c.order = *rc::gen::element(Order::kField, Order::kSignificance);
    if (c.order == Order::kField) {
      c.lossless = *rc::gen::arbitrary<bool>();
      c.fill = *rc::gen::element(Fill::kMidpoint, Fill::kZero);
      c.delta_cap = *rc::gen::inRange(0u, 7u);
    } else {
      c.group_len = *rc::gen::element(kMinGroupLen, kMaxGroupLen);
      c.row_limit = *rc::gen::inRange(kMinRowLimit, kMaxRowLimit + 1);
    }
    const uint32_t most = MaxSlotBytes(c);
    c.slot_bytes = c.lossless ? 0 : *rc::gen::inRange(MinSlotBytes(c), most + 1);
    RC_ASSERT(w.BeginTensor(t.info, c).ok());
    const uint64_t blocks = (t.info.values + c.block_len - 1) / c.block_len;
    for (uint64_t b = 0; b < blocks; ++b) {
      const uint32_t length = c.lossless ? *rc::gen::inRange(1u, most + 1) : c.slot_bytes;
      t.blocks.push_back(Counting(length, *rc::gen::inRange(0u, 256u)));
      RC_ASSERT((c.lossless ? w.AppendBlock(t.blocks.back()) : w.Append(t.blocks.back())).ok());
    }
    RC_ASSERT(w.EndTensor().ok());
  }
  RC_ASSERT(w.Finish().ok());
  auto r = OpenBytes(file);
  RC_ASSERT(r.ok());
  RC_ASSERT(r->tensors().size() == tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    const ContainerTensor& back = r->tensors()[i];
    RC_ASSERT(back.info.name == tensors[i].info.name && back.info.dtype == tensors[i].info.dtype);
    RC_ASSERT(back.info.shape == tensors[i].info.shape &&
              back.info.fortran_order == tensors[i].info.fortran_order);
    RC_ASSERT(back.config == tensors[i].config);
    RC_ASSERT(back.blocks == tensors[i].blocks.size());
    for (uint64_t b = 0; b < back.blocks; ++b) {
      const auto block = r->ReadBlock(i, b);
      RC_ASSERT(block.ok());
      RC_ASSERT(std::ranges::equal(*block, tensors[i].blocks[b]));
    }
  }
}

}  // namespace
}  // namespace actplane::io
