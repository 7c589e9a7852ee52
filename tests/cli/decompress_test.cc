// SPDX-License-Identifier: Apache-2.0
// decompress, and damage to containers: one line, the right exit code, no file left behind.
#include <fcntl.h>
#include <sys/stat.h>

#include "actplane/io/container.h"
#include "cli_test_support.h"

namespace actplane::cli {
namespace {

class Damage : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    apl_ = Path("good.apl");
    Ok({"compress", DataFile("gpt2.attn.p.npy"), apl_, "--ratio", "9"});
    good_ = ReadFile(apl_);
  }

  void Refused(const std::string& bytes, std::string_view part = "") const {
    const std::string bad = WriteFile("bad.apl", bytes);
    Fails(3, {"decompress", bad, Path("x.npy")}, part);
  }

  // A container with right checksums whose block 2 of 4 is malformed.
  std::string MalformedSlot(bool lossless) const {
    const std::string path = Path("malformed.apl");
    auto writer = io::ContainerWriter::Create(path);
    const io::TensorInfo info{
        .name = "", .format = Format::kFp32, .dtype = "<f4", .shape = {128}, .values = 128};
    const Config config{.block_len = 32,
                        .lossless = lossless,
                        .slot_bytes = lossless ? 0U : 40U,
                        .fill = Fill::kZero};
    EXPECT_TRUE(writer->BeginTensor(info, config).ok());
    for (int i = 0; i < 4; ++i) {
      const std::vector<std::byte> slot(40, i == 2 ? std::byte{0xff} : std::byte{0});
      // 2 bytes of header with w = 0 and 23 mantissa planes of zeros.
      const std::vector<std::byte> whole(2 + 23 * 4, i == 2 ? std::byte{0xff} : std::byte{0});
      EXPECT_TRUE((lossless ? writer->AppendBlock(whole) : writer->Append(slot)).ok());
    }
    EXPECT_TRUE(writer->EndTensor().ok());
    EXPECT_TRUE(writer->Finish().ok());
    return path;
  }

  std::string apl_, good_;
};

TEST_F(Damage, TruncatedAnywhere) {
  ACTP_CLAUSE("C-7.2");
  const size_t step = good_.size() / 60;
  for (size_t size = 0; size < good_.size(); size += step)
    Refused(good_.substr(0, size), "bad.apl'");
  Refused(good_.substr(0, good_.size() - 1), "truncated");
  Refused(good_ + '\0', "extended");
}

TEST_F(Damage, BitFlippedAnywhere) {
  ACTP_CLAUSE("C-7.2");
  const size_t step = good_.size() / 150;
  for (size_t at = 0; at < good_.size(); at += step) {
    std::string bytes = good_;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    Refused(bytes, "bad.apl'");
  }
}

TEST_F(Damage, MagicVersionAndChecksumAreNamed) {
  ACTP_CLAUSE("C-2.4", "C-5.5");
  std::string magic = good_;
  magic[1] = 'X';
  Refused(magic, "not an .apl container");
  std::string version = good_;
  version[8] = 3;
  Refused(version, "it is a container of version 3, and this program reads 2; update actplane");
  const std::string old = DataFile("foreign/apl-version-1.apl");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"decompress", old, Path("x.npy")},
        {"decompress", old, Path("x.npy"), "--keep-going"},
        {"memh", old, Path("x.memh")},
        {"inspect", old},
        {"inspect", old, "--block-index", "0"}}) {
    Fails(3, arguments,
          "'" + old +
              "': it is a container of version 1, and this program reads 2; compress the tensor "
              "again, or decompress this with the program of tag v0.1");
  }
  std::string slot = good_;
  slot[100] = static_cast<char>(slot[100] ^ 4);
  Refused(slot, "chunk 0 of tensor '' (blocks 0 to 63) fails its checksum");
  for (const char* command : {"decompress", "memh"}) {
    Fails(3, {command, DataFile("gpt2.attn.q.npy"), Path("x")},
          "not an .apl container; make one with actplane compress");
  }
  Fails(3, {"inspect", WriteFile("magic.apl", magic)}, "not an .apl container");
}

TEST_F(Damage, MalformedSlotsAreNeverSilentZeros) {
  ACTP_CLAUSE("F-7.4");
  for (const bool lossless : {false, true}) {
    const std::string apl = MalformedSlot(lossless);
    const std::string out = Path("x.npy");
    Fails(3, {"decompress", apl, out}, "blocks 0 to 3 include malformed ones (1)");
    Fails(3, {"inspect", apl, "--block-index", "2"}, "block 2 is malformed: ");
    Ok({"inspect", apl, "--block-index", "1"});

    const RunResult r = Run({"decompress", apl, out, "--keep-going", "--json"});
    EXPECT_EQ(r.exit, 3);
    EXPECT_THAT(r.err, HasSubstr("1 malformed blocks were read as zeros; get the file again"));
    EXPECT_EQ(Json::parse(r.out)["tensors"][0]["malformed_blocks"], 1);
    EXPECT_EQ(ReadFile(out), Npy("<f4", "(128,)", std::string(512, '\0')));
    std::filesystem::remove(out);
  }
}

TEST_F(Damage, WrongTensorFiles) {
  const auto refuse = [&](const std::string& name, const std::string& bytes,
                          std::string_view part) {
    const std::string in = WriteFile(name, bytes);
    Fails(3, {"compress", in, Path("x.apl")}, part);
    Fails(3, {"stats", in}, part);
    Fails(3, {"eval", in}, part);
    Fails(3, {"compare", in, DataFile("gpt2.attn.q.npy")}, part);
  };
  refuse("a.npy", Npy(">f4", "(2,)", Noise(8)), "big-endian");
  refuse("b.npy", Npy("<f8", "(1,)", Noise(8)), "its data type is '<f8'");
  refuse("c.npy", Npy("<i4", "(2,)", Noise(8)), "its data type is '<i4'");
  refuse("d.npy", Npy("<u2", "(4,)", Noise(8)), "pass --format bf16");
  refuse("e.npy", Npy("<f4", "(3,)", Noise(8)), "it is truncated");
  refuse("f.npy", Npy("<f4", "(1,)", Noise(8)), "appended");
  refuse("g.npy", "\x93NUMPY", "truncated");
  refuse("h.npy", "", "h.npy'");
  refuse("i.safetensors", Safetensors("{", ""), "not valid JSON");
  refuse("j.bin", Noise(100), "neither .npy nor .safetensors");
  Fails(3, {"stats", apl_}, "use actplane decompress first");
  Fails(3, {"stats", Path("none.npy")}, "No such file");
  Fails(3, {"stats", Path("")}, "is a directory");
  Fails(3, {"stats", "/dev/zero"}, "a pipe or device");
  Fails(3, {"stats", DataFile("gpt2.attn.q.npy"), "--format", "fp16"}, "pass --format fp32");
  Fails(3, {"stats", DataFile("gpt2.attn.q.npy"), "--tensor", "w"}, "leave out --tensor");
}

TEST_F(Damage, OutputThatCannotBeWritten) {
  Fails(3, {"compress", DataFile("gpt2.attn.q.npy"), "/dev/full"},
        "No space left on device; free some space");
  Fails(3, {"decompress", apl_, "/dev/full"}, "No space left on device");
  Fails(3, {"memh", apl_, "/dev/full"}, "No space left on device");
  for (const char* out : {"no/such/folder/x", ""}) {
    Fails(3, {"compress", DataFile("gpt2.attn.q.npy"), out}, "cannot write");
    Fails(3, {"decompress", apl_, out}, "cannot write");
    Fails(3, {"memh", apl_, out}, "cannot write");
  }
  Fails(3, {"compress", DataFile("gpt2.attn.q.npy"), "/proc/x.apl"}, "cannot write '/proc/x.apl'");
  Fails(3, {"decompress", apl_, "/proc/x/"}, "cannot make folder '/proc/x/'");
}

TEST_F(Damage, AFailureLeavesTheOldFileAsItWas) {
  const std::string old = WriteFile("old.npy", "mine");
  std::string bytes = good_;
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  const std::string bad = WriteFile("bad.apl", bytes);
  Fails(2, {"decompress", bad, old}, "is there already; give -f");
  Fails(3, {"decompress", bad, old, "-f"}, "checksum");
  EXPECT_EQ(ReadFile(old), "mine");
}

// All or none, and no old file is lost for half of the new ones.
TEST_F(Damage, AFailureLeavesEveryOldFileAsItWas) {
  const std::string in =
      WriteFile("in.safetensors",
                Safetensors(R"({"a":{"dtype":"F32","shape":[512],"data_offsets":[0,2048]},)"
                            R"("b":{"dtype":"F32","shape":[512],"data_offsets":[2048,4096]}})",
                            Noise(4096)));
  const std::string apl = Path("in.apl");
  Ok({"compress", in, apl, "--lossless"});
  const std::string good = ReadFile(apl);
  std::string bytes = good;
  const size_t second = OkJson({"inspect", apl})["tensors"][1]["payload_offset"];
  bytes[second + 100] = static_cast<char>(bytes[second + 100] ^ 1);
  WriteFile("in.apl", bytes);

  std::filesystem::create_directory(Path("d"));
  const std::string real = WriteFile("real", "mine a");
  std::filesystem::create_symlink("../real", Path("d/a.npy"));
  WriteFile("d/b.npy", "mine b");
  Fails(3, {"decompress", apl, Path("d"), "-f"}, "fails its checksum");
  EXPECT_EQ(ReadFile(real), "mine a");
  EXPECT_EQ(ReadFile(Path("d/b.npy")), "mine b");
  Fails(3, {"decompress", apl, Path("new/")}, "fails its checksum");
  Fails(3, {"decompress", apl, Path("new/deep/")}, "fails its checksum");
  EXPECT_FALSE(std::filesystem::exists(Path("new")));

  WriteFile("in.apl", good);
  Ok({"decompress", apl, Path("d")});
  EXPECT_TRUE(std::filesystem::is_symlink(Path("d/a.npy")));
  EXPECT_EQ(ReadFile(real), Npy("<f4", "(512,)", Noise(4096).substr(0, 2048)));

  std::filesystem::remove(Path("d/b.npy"));
  std::filesystem::create_symlink("a.npy", Path("d/b.npy"));
  Fails(2, {"decompress", apl, Path("d"), "-f"}, "lead to one file");
  EXPECT_EQ(ReadFile(real), Npy("<f4", "(512,)", Noise(4096).substr(0, 2048)));
}

// The last output is a pipe that cannot hold it all, so that something can be put in the way of
// another while the command waits for its reader.
TEST_F(Damage, AFileThatAppearsMeanwhileCostsOnlyTheNewOnes) {
  const std::string in =
      WriteFile("in.safetensors",
                Safetensors(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                            R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},)"
                            R"("c":{"dtype":"F32","shape":[500000],"data_offsets":[8,2000008]}})",
                            Noise(2000008)));
  Ok({"compress", in, Path("in.apl"), "--slot-bytes", "160"});
  for (const bool force : {false, true}) {
    std::filesystem::remove_all(Path("d"));
    std::filesystem::create_directory(Path("d"));
    ASSERT_EQ(::mkfifo(Path("d/c.npy").c_str(), 0600), 0);
    std::string c;
    std::thread other([&] {
      const int fd = ::open(Path("d/c.npy").c_str(), O_RDONLY | O_CLOEXEC);
      std::filesystem::create_directory(Path("d/b.npy"));
      char piece[4096];
      for (ssize_t n = 0; (n = ::read(fd, piece, sizeof piece)) > 0;)
        c.append(piece, static_cast<size_t>(n));
      ::close(fd);
    });
    std::vector<std::string> arguments = {"decompress", Path("in.apl"), Path("d")};
    if (force) arguments.emplace_back("-f");
    const RunResult r = Run(arguments);
    other.join();
    EXPECT_EQ(r.exit, force ? 3 : 2);
    EXPECT_THAT(r.err, HasSubstr("b.npy"));
    EXPECT_THAT(c, HasSubstr("NUMPY"));
    EXPECT_TRUE(std::filesystem::is_fifo(Path("d/c.npy")));
    EXPECT_EQ(std::filesystem::exists(Path("d/a.npy")), force);
    EXPECT_TRUE(std::filesystem::is_directory(Path("d/b.npy")));
    for (const std::string& name : Names()) EXPECT_THAT(name, testing::Not(HasSubstr(".tmp")));
  }
}

TEST_F(Damage, ManyTensorsNeedFewDescriptors) {
  std::string header;
  for (int i = 0; i < 100; ++i) {
    header += fmt::format(R"({}"t{}":{{"dtype":"F32","shape":[1],"data_offsets":[{},{}]}})",
                          i == 0 ? "{" : ",", i, 4 * i, 4 * i + 4);
  }
  const std::string in = WriteFile("in.safetensors", Safetensors(header + "}", Noise(400)));
  Ok({"compress", in, Path("in.apl")});
  const RunResult r = RunOn({"decompress", Path("in.apl"), Path("d/")}, Streams{.open_files = 16});
  EXPECT_EQ(r.exit, 0) << r.err;
  EXPECT_TRUE(std::filesystem::exists(Path("d/t99.npy")));
}

// One flipped byte costs its chunk, not the rest; the exit code tells.
TEST_F(Damage, KeepGoingSavesWhatIsWhole) {
  ACTP_CLAUSE("C-5.5");
  const std::string values = Noise(3 << 20);
  const std::string in = WriteFile("in.npy", Npy("<f4", "(786432,)", values));
  const std::string apl = Path("in.apl");
  const std::string out = Path("out.npy");
  for (const bool lossless : {false, true}) {
    Ok(lossless ? std::vector<std::string>{"compress", in, apl, "--lossless"}
                : std::vector<std::string>{"compress", in, apl, "--ratio", "2"});
    Ok({"decompress", apl, out});
    const std::string whole = ReadFile(out);
    const size_t head = whole.size() - values.size();
    const Json t = OkJson({"inspect", apl})["tensors"][0];
    ASSERT_GE(t["chunks"], 2);
    const std::string good = ReadFile(apl);
    std::string bytes = good;
    const size_t in_second = t["payload_offset"].get<size_t>() + (1 << 20) + 1000;
    bytes[in_second] = static_cast<char>(bytes[in_second] ^ 1);
    const std::string bad = WriteFile("bad.apl", bytes);

    Fails(3, {"decompress", bad, Path("x.npy")}, "or read these as zeros with --keep-going");
    const RunResult r = Run({"decompress", bad, out, "-f", "--keep-going", "--json"});
    EXPECT_EQ(r.exit, 3);
    EXPECT_THAT(r.err, HasSubstr("blocks of damaged chunks were read as zeros"));
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1);
    const auto lost = Json::parse(r.out)["tensors"][0]["damaged_blocks"].get<size_t>();
    EXPECT_GT(lost, 0U);
    const std::string saved = ReadFile(out);
    ASSERT_EQ(saved.size(), whole.size());
    // The zeros are one run of so many blocks; all other bytes are those of the whole container.
    const size_t first =
        static_cast<size_t>(std::mismatch(saved.begin(), saved.end(), whole.begin()).first -
                            saved.begin() - static_cast<ptrdiff_t>(head)) /
        512 * 512;
    std::string expected = whole;
    std::fill_n(expected.begin() + static_cast<ptrdiff_t>(head + first),
                std::min(lost * 512, values.size() - first), '\0');
    EXPECT_TRUE(saved == expected);
    EXPECT_LT(lost, t["blocks"].get<size_t>());
  }
}

TEST_F(Damage, BlocksThatAreNotThere) {
  for (const char* index : {"64", "18446744073709551615"}) {
    Fails(2, {"inspect", apl_, "--block-index", index}, "tensor '' has 64, counted from 0");
  }
  for (const char* index : {"-1", "x", "18446744073709551616", "1.5"}) {
    Fails(2, {"inspect", apl_, "--block-index", index}, "is not a number from 0 on");
  }
  Fails(2, {"inspect", apl_, "--tensor", "w"}, "there is no tensor 'w' among its 1");
}

}  // namespace
}  // namespace actplane::cli
