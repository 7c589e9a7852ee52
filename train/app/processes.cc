// SPDX-License-Identifier: Apache-2.0
#include "train/app/processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <system_error>
#include <utility>

#include "actplane/io/tensor_info.h"
#include "train/stash/input_file.h"

namespace actplane::train {
namespace {

std::string LastLine(const std::string& path) {
  const Result<std::string> text = ReadInput(path, kMostLog, "look into it");
  std::istringstream in(text.ok() ? *text : text.status().message());
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) last = line;
  }
  return last;
}

// Starts this program with other arguments. kIo.
Result<pid_t> Start(const Task& task) {
  const std::string partial = task.result + ".part";
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  const std::string& out = task.result.empty() ? task.log : partial;
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out.c_str(), kWrite, 0644);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, task.log.c_str(), kWrite | O_APPEND,
                                   0644);
  std::vector<std::string> text = {"actplane-train"};
  text.insert(text.end(), task.arguments.begin(), task.arguments.end());
  std::vector<char*> argv;
  for (std::string& t : text) argv.push_back(t.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, "/proc/self/exe", &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    return IoError(
        fmt::format("cannot start {} with its output in {}: {}; check that path, or lower --jobs",
                    task.name, io::Quote(out), std::generic_category().message(error)));
  }
  return pid;
}

}  // namespace

Result<Failures> RunAll(std::deque<Task> tasks, int jobs, StatusLine& line) {
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
    std::error_code error;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      if (!task.result.empty()) std::filesystem::rename(task.result + ".part", task.result, error);
      if (!error) continue;
    }
    if (!task.result.empty()) std::filesystem::remove(task.result + ".part", error);
    const std::string why = LastLine(task.log);
    failed[task.name] = why.empty() ? fmt::format("ended with status {}", status) : why;
  }
  line.Clear();
  return failed;
}

}  // namespace actplane::train
