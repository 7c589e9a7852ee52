// SPDX-License-Identifier: Apache-2.0
#include "train/app/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "actplane/io/tensor_info.h"
#include "cli/terminal.h"
#include "train/layers/matmul.h"

namespace actplane::train {

Result<RunFiles> RunFiles::Claim(const std::string& folder) {
  std::vector<Output> files;
  for (const char* name : {"log.csv", "checkpoint", "summary.json", "loss.svg"}) {
    Result<Output> file = Output::ClaimOwn(fmt::format("{}/{}", folder, name));
    if (!file.ok()) return file.status();
    files.push_back(std::move(file).value());
  }
  return RunFiles{std::move(files[0]), std::move(files[1]), std::move(files[2]),
                  std::move(files[3])};
}

Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return OkStatus();
  return IoError(fmt::format("cannot make the folder {}: {}; choose another --out", io::Quote(path),
                             error.message()));
}

Result<std::unique_ptr<Trainer>> Prepare(const RunConfig& config) {
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  SetThreads(config.threads == 0 ? cores : config.threads);
  if (BlasName().empty()) {
    Complain("libtorch runs on a slow BLAS here; apt-get install libopenblas-dev");
  }
  Result<Corpus> corpus = Corpus::Load(config.text, config.held_out, config.geometry.context);
  if (!corpus.ok()) return corpus.status();
  Result<std::unique_ptr<Trainer>> trainer = Trainer::Create(config, std::move(corpus).value());
  if (!trainer.ok() || config.init.empty()) return trainer;
  if (Status s = (*trainer)->LoadWeights(config.init); !s.ok()) return s;
  return trainer;
}

StatusLine::StatusLine(bool quiet) : on_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

void StatusLine::Show(const std::string& line) {
  if (!on_) return;
  // A line that wraps could not be replaced.
  const size_t room = std::max<size_t>(2, cli::TerminalColumns(STDERR_FILENO)) - 1;
  std::fputs(fmt::format("\r{}\x1b[K", cli::Fold(line, room).front()).c_str(), stderr);
  drawn_ = true;
}

void StatusLine::Clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

std::string Megabytes(int64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

}  // namespace actplane::train
