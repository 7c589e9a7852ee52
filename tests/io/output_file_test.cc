// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/output_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <thread>

#include "io_test_support.h"

namespace actplane::io {
namespace {

using testing::ElementsAre;

class OutputFileTest : public TempDirTest {
 protected:
  static std::unique_ptr<Sink> Open(const std::string& path,
                                    const OutputFileOptions& options = {}) {
    auto f = OpenOutputFile(path, options);
    EXPECT_TRUE(f.ok()) << f.status().message();
    return f.ok() ? std::move(*f) : nullptr;
  }
  static Status WriteAll(const std::string& path, std::string_view text) {
    auto f = OpenOutputFile(path);
    if (!f.ok()) return f.status();
    if (Status s = (*f)->Write(ToBytes(text)); !s.ok()) return s;
    return (*f)->Commit();
  }
};

TEST_F(OutputFileTest, AppearsWholeAtCommit) {
  auto f = Open(Path("out"), {.sync = true});
  EXPECT_EQ(f->name(), Path("out"));
  ASSERT_TRUE(f->Write(ToBytes("hello ")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
  ASSERT_TRUE(f->Write(ToBytes("world")).ok());
  ASSERT_TRUE(f->Commit().ok());
  EXPECT_EQ(ReadFile(Path("out")), "hello world");
  f.reset();
  EXPECT_THAT(Names(), ElementsAre("out"));
}

TEST_F(OutputFileTest, LeavesNothingWithoutCommit) {
  WriteFile("out", "old");
  auto f = Open(Path("out"));
  ASSERT_TRUE(f->Write(ToBytes("new")).ok());
  EXPECT_EQ(Names().size(), 2u);
  f.reset();
  EXPECT_THAT(Names(), ElementsAre("out"));
  EXPECT_EQ(ReadFile(Path("out")), "old");
}

TEST_F(OutputFileTest, ASealedFileHasNoDescriptorAndNoNameYet) {
  const auto descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  WriteFile("b", "old");
  const auto before = descriptors();
  auto a = Open(Path("a"), {.sync = true});
  auto b = Open(Path("b"));
  ASSERT_TRUE(a->Write(ToBytes("new")).ok() && b->Write(ToBytes("new")).ok());
  EXPECT_EQ(descriptors(), before + 2);
  ASSERT_TRUE(a->Seal().ok() && b->Seal().ok() && b->Seal().ok());
  EXPECT_EQ(descriptors(), before);
  EXPECT_FALSE(std::filesystem::exists(Path("a")));
  EXPECT_EQ(ReadFile(Path("b")), "old");
  ExpectStatus(a->Write(ToBytes("x")), StatusCode::kIo, "Bad file descriptor");
  ASSERT_TRUE(a->Commit().ok());
  EXPECT_EQ(ReadFile(Path("a")), "new");
  b.reset();
  EXPECT_EQ(ReadFile(Path("b")), "old");
  EXPECT_EQ(Names().size(), 2u);
}

TEST_F(OutputFileTest, ReplacesAFileAndKeepsItsPermissions) {
  WriteFile("out", "old");
  ASSERT_EQ(::chmod(Path("out").c_str(), 0640), 0);
  ASSERT_TRUE(WriteAll(Path("out"), "new").ok());
  EXPECT_EQ(ReadFile(Path("out")), "new");
  struct stat st {};
  ASSERT_EQ(::stat(Path("out").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0640u);
}

TEST_F(OutputFileTest, FollowsALinkToItsTarget) {
  std::filesystem::create_directory(Path("dir"));
  WriteFile("dir/real", "old");
  std::filesystem::create_symlink("dir/real", Path("link"));
  ASSERT_TRUE(WriteAll(Path("link"), "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(ReadFile(Path("dir/real")), "new");
}

TEST_F(OutputFileTest, RefusesALinkToNothing) {
  std::filesystem::create_symlink("none", Path("link"));
  std::filesystem::create_symlink("loop", Path("loop"));
  ExpectStatus(WriteAll(Path("link"), "new"), StatusCode::kInvalidConfig,
               "is a link to 'none', which is not there; give that path, or remove the link");
  ExpectStatus(WriteAll(Path("loop"), "new"), StatusCode::kInvalidConfig, "is a link to 'loop'");
  EXPECT_EQ(Names().size(), 2u);
}

TEST_F(OutputFileTest, TakesARelativePath) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory_);
  EXPECT_TRUE(WriteAll("out", "x").ok());
  std::filesystem::current_path(before);
  EXPECT_THAT(Names(), ElementsAre("out"));
}

TEST_F(OutputFileTest, NamesPathAndReasonWhenItCannotOpen) {
  WriteFile("file", "x");
  const auto refused = [&](const std::string& path, std::string_view why) {
    const Status s = WriteAll(path, "x");
    ExpectStatus(s, StatusCode::kIo, why);
    EXPECT_THAT(s.message(), testing::HasSubstr("'" + path + "'"));
  };
  refused(Path("none/out"), "No such file or directory");
  refused(Path("file/out"), "Not a directory");
  refused(directory_.string(), "Is a directory");
  refused(Path("new/"), "Is a directory");
  refused("", "No such file or directory");
  EXPECT_THAT(Names(), ElementsAre("file"));
}

TEST_F(OutputFileTest, RefusesAFileThatMayNotBeWritten) {
  if (::geteuid() == 0) {
    // root may write anything: run as nobody.
    ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
    WriteFile("out", "old");
    ASSERT_EQ(::chmod(Path("out").c_str(), 0444), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      // access() asks for the real user.
      const bool refused = ::setresuid(65534, 65534, 65534) == 0 &&
                           WriteAll(Path("out"), "new").code() == StatusCode::kIo;
      ::_exit(refused ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(ReadFile(Path("out")), "old");
  } else {
    WriteFile("out", "old");
    ASSERT_EQ(::chmod(Path("out").c_str(), 0444), 0);
    ExpectStatus(WriteAll(Path("out"), "new"), StatusCode::kIo, "Permission denied");
    EXPECT_EQ(ReadFile(Path("out")), "old");
  }
}

TEST_F(OutputFileTest, ReportsAFullDisk) {
  ExpectStatus(WriteAll("/dev/full", "x"), StatusCode::kIo,
               "cannot write '/dev/full': No space left on device; free");
}

TEST_F(OutputFileTest, ReportsAFailureInTheMiddleAndLeavesNothing) {
  WriteFile("out", "old");
  ::signal(SIGXFSZ, SIG_IGN);  // then a write past the limit fails with EFBIG
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small { 1000, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status s = WriteAll(Path("out"), std::string(5000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_DFL);
  ExpectStatus(s, StatusCode::kIo, "File too large; raise the limit (ulimit -f)");
  EXPECT_THAT(Names(), ElementsAre("out"));
  EXPECT_EQ(ReadFile(Path("out")), "old");
}

TEST_F(OutputFileTest, ReportsATargetThatBecameADirectory) {
  auto f = Open(Path("out"));
  std::filesystem::create_directory(Path("out"));
  ExpectStatus(f->Commit(), StatusCode::kIo, "Is a directory");
  f.reset();
  EXPECT_THAT(Names(), ElementsAre("out"));
}

TEST_F(OutputFileTest, WritesStraightToPipesAndDevices) {
  EXPECT_TRUE(WriteAll("/dev/null", "x").ok());
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  const int reader = ::open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  auto f = Open(Path("pipe"));
  ASSERT_TRUE(f->Write(ToBytes("hello")).ok());
  char got[8] = {};
  EXPECT_EQ(::read(reader, got, sizeof got), 5);
  EXPECT_STREQ(got, "hello");
  ::close(reader);
  ::signal(SIGPIPE, SIG_IGN);
  ExpectStatus(f->Write(ToBytes("x")), StatusCode::kIo,
               "Broken pipe; the reader of the pipe ended");
  EXPECT_TRUE(f->Commit().ok());
  EXPECT_THAT(Names(), ElementsAre("pipe"));
}

TEST_F(OutputFileTest, WaitsWhereAPipeThatMustNotBlockIsFull) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  ASSERT_EQ(::fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
  const int before = ::dup(STDOUT_FILENO);
  ASSERT_GE(::dup2(fds[1], STDOUT_FILENO), 0);
  auto f = OpenStandardOutput();
  ASSERT_GE(::dup2(before, STDOUT_FILENO), 0);
  for (const int fd : {before, fds[1]}) ::close(fd);
  ASSERT_TRUE(f.ok());
  std::string got;
  std::thread read([&] {
    char piece[1000];
    for (ssize_t n = 0; (n = ::read(fds[0], piece, sizeof piece)) > 0;)
      got.append(piece, static_cast<size_t>(n));
  });
  const Bytes bytes = Counting(1 << 20);  // more than a pipe holds
  EXPECT_TRUE((*f)->Write(bytes).ok());
  EXPECT_TRUE((*f)->Commit().ok());
  f->reset();
  read.join();
  ::close(fds[0]);
  EXPECT_TRUE(got == ToText(bytes));
}

TEST_F(OutputFileTest, ReportsADeviceThatCannotBeOpened) {
  // Nobody listens on a socket in the file system.
  ASSERT_EQ(::mknod(Path("socket").c_str(), S_IFSOCK | 0600, 0), 0);
  ExpectStatus(WriteAll(Path("socket"), "x"), StatusCode::kIo, "cannot write");
}

// Runs in a child: opens files, then gets the signal. Returns what waitpid says.
template <typename Prepare>
int StatusAfter(int signal, const std::string& directory, Prepare prepare) {
  const pid_t child = ::fork();
  if (child == 0) {
    const struct rlimit no_core {};
    ::setrlimit(RLIMIT_CORE, &no_core);
    prepare();
    auto done = OpenOutputFile(directory + "/done");
    std::vector<std::unique_ptr<Sink>> files;
    for (int i = 0; i < 40; ++i) {
      auto f = OpenOutputFile(directory + "/" + std::to_string(i));
      if (!f.ok() || (i % 2 == 0 && !(*f)->Seal().ok())) ::_exit(9);
      if (i % 3 != 0) files.push_back(std::move(*f));
    }
    if (!(*done)->Commit().ok()) ::_exit(9);
    ::raise(signal);
    ::_exit(0);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST_F(OutputFileTest, GoesAwayWhenASignalEndsTheProgram) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU}) {
    const int status = StatusAfter(signal, directory_.string(), [] {
      ::signal(SIGHUP, SIG_DFL);
      RemoveOutputFilesOnSignal();
    });
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_THAT(Names(), ElementsAre("done"));
  }
}

TEST_F(OutputFileTest, LeavesIgnoredAndHandledSignalsAlone) {
  const auto handled = ::signal(SIGINT, [](int) {});
  const auto ignored = ::signal(SIGHUP, SIG_IGN);
  auto f = Open(Path("out"));
  RemoveOutputFilesOnSignal();
  ::raise(SIGINT);
  ::raise(SIGHUP);
  EXPECT_EQ(Names().size(), 1u);
  EXPECT_TRUE(f->Commit().ok());
  EXPECT_THAT(Names(), ElementsAre("out"));
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU}) ::signal(signal, SIG_DFL);
  EXPECT_EQ(handled, SIG_DFL);
  ::signal(SIGHUP, ignored);
}

TEST_F(OutputFileTest, ManyMayBeOpenAtOnce) {
  std::vector<std::unique_ptr<Sink>> files;
  for (int i = 0; i < 20; ++i) files.push_back(Open(Path(std::to_string(i))));
  for (auto& f : files) EXPECT_TRUE(f->Commit().ok());
  files.clear();
  EXPECT_EQ(Names().size(), 20u);
}

TEST_F(OutputFileTest, SeveralThreadsMayHaveTheirs) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 50; ++i) {
        auto f = Open(Path(std::to_string(i % 5 * 4 + t)));
        if (i % 3 == 0) continue;
        EXPECT_TRUE(f->Commit().ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Names().size(), 20u);
}

}  // namespace
}  // namespace actplane::io
