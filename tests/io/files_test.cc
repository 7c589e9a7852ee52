// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>

#include "io_test_support.h"

namespace actplane::io {
namespace {

class FilesTest : public TempDirTest {
 protected:
  static Status Put(const Files& files, const std::string& path, bool overwrite = false) {
    auto sink = files.OpenOutput(path, overwrite);
    if (!sink.ok()) return sink.status();
    if (Status s = (*sink)->Write(ToBytes("new")); !s.ok()) return s;
    return (*sink)->Commit();
  }

  static std::string ReadAll(Files& files, const std::string& path) {
    auto source = files.OpenInput(path);
    if (!source.ok()) return source.status().message();
    Bytes bytes((*source)->size());
    EXPECT_TRUE((*source)->ReadAt(0, bytes).ok());
    return ToText(bytes);
  }
};

TEST_F(FilesTest, AnInputIsNoOutputUnderAnyName) {
  WriteFile("in", "old");
  std::filesystem::create_symlink("in", Path("link"));
  std::filesystem::create_hard_link(Path("in"), Path("hard"));
  Files files;
  EXPECT_EQ(ReadAll(files, Path("link")), "old");
  for (const char* name : {"in", "link", "hard"}) {
    for (const bool overwrite : {false, true}) {
      ExpectStatus(Put(files, Path(name), overwrite), StatusCode::kInvalidConfig, "is an input");
    }
  }
  EXPECT_EQ(ReadFile(Path("in")), "old");
  EXPECT_EQ(Names().size(), 3U);
}

TEST_F(FilesTest, AnInputThatALibraryOpensCountsToo) {
  WriteFile("in", "old");
  Files files;
  ASSERT_TRUE(files.NoteInput(Path("in")).ok());
  ExpectStatus(Put(files, Path("in"), true), StatusCode::kInvalidConfig, "is an input");
  ExpectStatus(files.NoteInput(Path("none")), StatusCode::kIo, "No such file");
  ExpectStatus(files.NoteInput(directory_.string()), StatusCode::kBadInput, "is a directory");
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  ExpectStatus(files.NoteInput(Path("fifo")), StatusCode::kBadInput, "pipe or device");
}

TEST_F(FilesTest, WhatExistsIsReplacedOnlyWhenAskedFor) {
  WriteFile("out", "old");
  const Files files;
  ExpectStatus(Put(files, Path("out")), StatusCode::kInvalidConfig, "is there already; give -f");
  EXPECT_EQ(ReadFile(Path("out")), "old");
  EXPECT_TRUE(Put(files, Path("out"), true).ok());
  EXPECT_EQ(ReadFile(Path("out")), "new");
  EXPECT_TRUE(Put(files, Path("other")).ok());
  EXPECT_TRUE(Put(files, "/dev/null").ok());
}

TEST_F(FilesTest, ALinkToNothingIsNoOutput) {
  std::filesystem::create_symlink("gone", Path("link"));
  const Files files;
  for (const bool overwrite : {false, true}) {
    ExpectStatus(files.CheckOutput(Path("link"), overwrite), StatusCode::kInvalidConfig,
                 "is a link to 'gone', which is not there; give that path");
    ExpectStatus(Put(files, Path("link"), overwrite), StatusCode::kInvalidConfig, "is a link");
  }
  EXPECT_TRUE(files.CheckOutput(Path("gone")).ok());
  EXPECT_THAT(Names(), testing::ElementsAre("link"));
}

TEST_F(FilesTest, AFileThatAppearsMeanwhileStays) {
  const Files files;
  auto sink = files.OpenOutput(Path("out"));
  ASSERT_TRUE((*sink)->Write(ToBytes("new")).ok());
  WriteFile("out", "theirs");
  ExpectStatus((*sink)->Commit(), StatusCode::kInvalidConfig, "is there already");
  sink->reset();
  EXPECT_EQ(ReadFile(Path("out")), "theirs");
  EXPECT_THAT(Names(), testing::ElementsAre("out"));
}

TEST_F(FilesTest, PipesAreReadWholeAndAtWill) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  ASSERT_EQ(::write(fds[1], "0123456789", 10), 10);
  ::close(fds[1]);
  Files files;
  auto source = files.OpenInput("/proc/self/fd/" + std::to_string(fds[0]));
  ASSERT_TRUE(source.ok()) << source.status().message();
  EXPECT_EQ((*source)->size(), 10U);
  Bytes three(3);
  for (const uint64_t at : {7U, 2U}) {
    ASSERT_TRUE((*source)->ReadAt(at, three).ok());
    EXPECT_EQ(ToText(three), at == 7 ? "789" : "234");
  }
  ::close(fds[0]);
}

TEST_F(FilesTest, APipeThatGivesTooMuchIsLeft) {
  for (const uint64_t most : {9U, 10U}) {
    int fds[2];
    ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    ASSERT_EQ(::write(fds[1], "0123456789", 10), 10);
    if (most == 10) ::close(fds[1]);  // with 9 it stays open: nobody may wait for its end
    const auto source = OpenDescriptor(fds[0], "standard input", most);
    ASSERT_TRUE(source.ok()) << source.status().message();
    EXPECT_EQ((*source)->size(), 10U);
    if (most == 9) ::close(fds[1]);
    ::close(fds[0]);
  }
}

TEST_F(FilesTest, APipeWithoutAWriterDoesNotHang) {
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  Files files;
  ExpectStatus(files.OpenInput(Path("fifo")).status(), StatusCode::kBadInput, "gave no byte");
}

TEST_F(FilesTest, ATerminalIsNoPlaceForData) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_TRUE(::grantpt(master) == 0 && ::unlockpt(master) == 0);
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ExpectStatus(OpenDescriptor(terminal, "standard input").status(), StatusCode::kBadInput,
               "is a terminal; give a file");
  const int before = ::dup(STDOUT_FILENO);
  ASSERT_GE(::dup2(terminal, STDOUT_FILENO), 0);
  const Status s = Files().CheckOutput("-");
  ASSERT_GE(::dup2(before, STDOUT_FILENO), 0);
  ExpectStatus(s, StatusCode::kInvalidConfig, "standard output is a terminal; send it to a file");
  for (const int fd : {terminal, master, before}) ::close(fd);
}

TEST_F(FilesTest, NoRoomForTheTemporaryFile) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  ASSERT_EQ(::write(fds[1], "x", 1), 1);
  ::close(fds[1]);
  const std::string none = Path("none");
  ::setenv("TMPDIR", none.c_str(), 1);
  const auto source = OpenDescriptor(fds[0], "standard input");
  ::unsetenv("TMPDIR");
  ::close(fds[0]);
  ExpectStatus(source.status(), StatusCode::kIo, "set TMPDIR to a folder with room for it");
}

}  // namespace
}  // namespace actplane::io
