// SPDX-License-Identifier: Apache-2.0
#include "train/app/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>
#include <utility>

#include "actplane/io/output_file.h"
#include "actplane/io/tensor_info.h"
#include "train/layers/matmul.h"

namespace actplane::train {

Status Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return OkStatus();
  return IoError(fmt::format("cannot write standard output: {}; check where it goes",
                             std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
}

Status PrintJson(const nlohmann::ordered_json& json) {
  return Print(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

Status WriteFile(const std::string& path, std::string_view text) {
  Result<std::unique_ptr<io::Sink>> sink = io::OpenOutputFile(path);
  if (!sink.ok()) return sink.status();
  if (Status s = (*sink)->Write(std::as_bytes(std::span(text))); !s.ok()) return s;
  return (*sink)->Commit();
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
    fmt::print(
        stderr,
        "actplane-train: libtorch runs on a slow BLAS here; apt-get install libopenblas-dev\n");
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
  fmt::print(stderr, "\r{}\x1b[K", line);
  std::fflush(stderr);
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
