// SPDX-License-Identifier: Apache-2.0
#include "train/app/processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "actplane/io/tensor_info.h"
#include "train/stash/files.h"

namespace actplane::train {
namespace {

std::string LastLine(const std::string& path) {
  const Result<std::string> text = ReadInput(path, kMostLog, "look into it", Role::kOwn);
  std::istringstream in(text.ok() ? *text : text.status().message());
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) last = line;
  }
  return last;
}

// Closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// An empty file for a process to print to; -1 with errno when it is none. A pipe is not waited for.
int OpenEmpty(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC;
  const int fd = ::open(path.c_str(), kFlags, 0666);
  if (fd < 0) return fd;
  struct stat st {};
  if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ::ftruncate(fd, 0) == 0) return fd;
  const int error = S_ISREG(st.st_mode) ? errno : ENXIO;
  ::close(fd);
  errno = error;
  return -1;
}

Status CannotStart(const Task& task, const std::string& path, int error) {
  return IoError(
      fmt::format("cannot start {} with its output in {}: {}; check that path, or lower --jobs",
                  task.name, io::Quote(path), std::generic_category().message(error)));
}

// Where standard output goes until the task ends well.
std::string OutOf(const Task& task) {
  return task.result.empty() ? task.log : task.result + ".part";
}

std::vector<char*> ArgumentsOf(std::vector<std::string>& text) {
  std::vector<char*> argv;
  for (std::string& t : text) argv.push_back(t.data());
  argv.push_back(nullptr);
  return argv;
}

// Starts this program with other arguments. kIo.
Result<pid_t> Start(const Task& task) {
  const std::string out = OutOf(task);
  const Descriptor log(OpenEmpty(task.log));
  if (log.get() < 0) return CannotStart(task, task.log, errno);
  const Descriptor result(OpenEmpty(out));
  if (result.get() < 0) return CannotStart(task, out, errno);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, result.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, log.get(), STDERR_FILENO);
  std::vector<std::string> text = {"actplane-train"};
  text.insert(text.end(), task.arguments.begin(), task.arguments.end());
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, "/proc/self/exe", &files, nullptr, ArgumentsOf(text).data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return CannotStart(task, out, error);
  return pid;
}

// Empty if the task ended well, whose result then has its name.
std::string WhyFailed(const Task& task, bool well, const std::string& otherwise) {
  std::error_code error;
  if (well && !task.result.empty()) std::filesystem::rename(OutOf(task), task.result, error);
  if (well && !error) return {};
  if (!task.result.empty()) std::filesystem::remove(OutOf(task), error);
  const std::string why = LastLine(task.log);
  return why.empty() ? otherwise : why;
}

// As one word of a shell.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// A shell script that runs the task and leaves its exit status beside itself.
std::string ScriptOf(const Task& task, const std::string& program, const std::string& status) {
  std::string script = Quoted(program);
  for (const std::string& argument : task.arguments) script += " " + Quoted(argument);
  const std::string out = OutOf(task);
  return fmt::format("{} >{} 2>{} </dev/null\necho $? >{}\n", script, Quoted(out),
                     out == task.log ? "&1" : Quoted(task.log), Quoted(status));
}

}  // namespace

int JobsOf(int jobs) {
  return jobs > 0 ? jobs : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

Status CheckOutputs(const std::deque<Task>& tasks) {
  ReplaceOutputs(true);
  for (const Task& task : tasks) {
    for (const std::string& path : std::set{task.log, OutOf(task)}) {
      if (const Result<Output> file = Output::Claim(path); !file.ok()) return file.status();
    }
  }
  return OkStatus();
}

Result<Failures> RunAll(std::deque<Task> tasks, int jobs, StatusLine& line) {
  if (Status s = CheckOutputs(tasks); !s.ok()) return s;
  Failures failed;
  std::map<pid_t, Task> running;
  const size_t all = tasks.size();
  size_t done = 0;
  while (!tasks.empty() || !running.empty()) {
    while (!tasks.empty() && running.size() < static_cast<size_t>(jobs)) {
      const Result<pid_t> pid = Start(tasks.front());
      if (!pid.ok()) {  // those that run go on from their checkpoints next time
        for (const auto& other : running) {
          ::kill(other.first, SIGTERM);
          ::waitpid(other.first, nullptr, 0);
        }
        line.Clear();
        return pid.status();
      }
      running[*pid] = std::move(tasks.front());
      tasks.pop_front();
    }
    std::string names;
    for (const auto& [pid, task] : running) names += "  " + task.name;
    line.Show(fmt::format("{} of {} done, running:{}", done, all, names.substr(0, 100)));
    int status = 0;
    const pid_t pid = ::wait(&status);
    if (pid < 0) return IoError("lost the processes of the runs; run compare again");
    const auto it = running.find(pid);
    if (it == running.end()) continue;
    const Task task = std::move(it->second);
    running.erase(it);
    ++done;
    const std::string why = WhyFailed(task, WIFEXITED(status) && WEXITSTATUS(status) == 0,
                                      fmt::format("ended with status {}", status));
    if (!why.empty()) failed[task.name] = why;
  }
  line.Clear();
  return failed;
}

Result<Failures> RunOnSlurm(const std::deque<Task>& tasks, const std::string& folder,
                            const std::vector<std::string>& options, StatusLine& line) {
  if (Status s = CheckOutputs(tasks); !s.ok()) return s;
  if (tasks.empty()) return Failures();
  if (Status s = MakeFolder(folder); !s.ok()) return s;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  const auto file = [&](size_t i, const char* what) {
    return fmt::format("{}/{}.{}", folder, i + 1, what);
  };
  for (size_t i = 0; i < tasks.size(); ++i) {
    std::error_code ignored;
    std::filesystem::remove(file(i, "status"), ignored);
    Result<Output> script = Output::ClaimOwn(file(i, "sh"));
    if (!script.ok()) return script.status();
    if (Status s = script->Write(ScriptOf(tasks[i], program, file(i, "status"))); !s.ok()) return s;
  }
  std::vector<std::string> text = {"sbatch",
                                   "--wait",
                                   "--job-name=actplane-train",
                                   fmt::format("--array=1-{}", tasks.size()),
                                   "--chdir=" + std::filesystem::current_path().string(),
                                   fmt::format("--output={}/%a.txt", folder)};
  text.insert(text.end(), options.begin(), options.end());
  text.push_back(fmt::format("--wrap=sh {}/$SLURM_ARRAY_TASK_ID.sh", Quoted(folder)));
  line.Show(fmt::format("{} runs on Slurm", tasks.size()));
  pid_t pid = 0;
  int status = 0;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, (folder + "/sbatch.txt").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const int error =
      posix_spawnp(&pid, "sbatch", &files, nullptr, ArgumentsOf(text).data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    line.Clear();
    return IoError(fmt::format(
        "cannot start sbatch: {}; install a Slurm client (Debian: slurm-client), or leave --slurm "
        "out",
        std::generic_category().message(error)));
  }
  ::waitpid(pid, &status, 0);
  line.Clear();
  Failures failed;
  size_t seen = 0;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const Result<std::string> code =
        ReadInput(file(i, "status"), kMostSettings, "look into it", Role::kOwn);
    if (!code.ok()) {
      failed[tasks[i].name] = fmt::format("Slurm has not run it; look into {}", file(i, "txt"));
      continue;
    }
    ++seen;
    const std::string why = WhyFailed(tasks[i], *code == "0\n",
                                      "ended with status " + code->substr(0, code->find('\n')));
    if (!why.empty()) failed[tasks[i].name] = why;
  }
  if (seen == 0) return IoError("sbatch has run nothing; what it said is above, or in " + folder);
  return failed;
}

}  // namespace actplane::train
