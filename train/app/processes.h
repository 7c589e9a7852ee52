// SPDX-License-Identifier: Apache-2.0
// This program again, several times side by side.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "train/app/commands.h"

namespace actplane::train {

// A process to run: this program with other arguments.
struct Task {
  std::string name;  // for the user
  std::vector<std::string> arguments;
  std::string log;     // file for what it prints
  std::string result;  // its standard output goes here when it ends well; empty: nowhere
};

// The tasks that failed, by name, each with its last line.
using Failures = std::map<std::string, std::string>;

// `jobs`, or as many as there are cores for 0.
int JobsOf(int jobs);

// kInvalidConfig when one would print over an input of this process.
Status CheckOutputs(const std::deque<Task>& tasks);

// Runs all tasks, `jobs` at a time. kIo when one cannot be started, and as CheckOutputs.
Result<Failures> RunAll(std::deque<Task> tasks, int jobs, StatusLine& line);

// The same as a job array of Slurm, whose nodes see the same files; waits for its end. Scripts and
// what Slurm prints go to `folder`. kIo when there is no sbatch or it refuses, and as CheckOutputs.
Result<Failures> RunOnSlurm(const std::deque<Task>& tasks, const std::string& folder,
                            const std::vector<std::string>& options, StatusLine& line);

}  // namespace actplane::train
