// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "train/stash/registry.h"
#include "train/trainer/trainer.h"

namespace actplane::train {

// For the names of tests: a pointer would be another one in every process.
inline auto Specs(const std::vector<std::string>& specs) { return testing::ValuesIn(specs); }

inline void PrintTo(Family family, std::ostream* out) { *out << ToString(family); }

inline std::unique_ptr<Stash> StashOf(const std::string& spec) {
  Result<std::unique_ptr<Stash>> stash = MakeStash(spec);
  EXPECT_TRUE(stash.ok()) << stash.status().message();
  return std::move(stash).value();
}

// What MakeStash says about an impossible one.
inline std::string ComplaintOf(const std::string& spec) {
  const Result<std::unique_ptr<Stash>> stash = MakeStash(spec);
  EXPECT_FALSE(stash.ok()) << spec;
  return stash.ok() ? std::string() : stash.status().message();
}

inline double RelativeError(const at::Tensor& x, const at::Tensor& reference) {
  return ((x - reference).norm() / reference.norm()).item<double>();
}

// Standard normal values.
inline at::Tensor Random(at::IntArrayRef shape, uint64_t seed = 3) {
  return at::empty(shape, at::kFloat).normal_(0, 1, at::detail::createCPUGenerator(seed));
}

inline bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() &&
         std::memcmp(a.data_ptr<float>(), b.data_ptr<float>(), a.nbytes()) == 0;
}

// A file of this process alone: ctest runs several tests at a time.
inline std::string ScratchPath(const std::string& name) {
  return testing::TempDir() + "actplane-" + name + "-" + std::to_string(::getpid());
}

// A small run on text that is made up, so that tests need no package of text.
inline RunConfig SmallConfig() {
  RunConfig config = PresetConfig("tiny").value();
  config.geometry = {.blocks = 2, .width = 32, .heads = 2, .context = 32, .dropout = 0.1F};
  config.batch = 3;
  config.steps = 8;
  config.warmup = 2;
  config.stash = "exact";
  config.eval_windows = 7;
  return config;
}

// The same as Llama, with one head of keys and values for two of queries.
inline RunConfig SmallLlama() {
  RunConfig config = SmallConfig();
  config.geometry.family = Family::kLlama;
  config.geometry.kv_heads = 1;
  return config;
}

inline std::string MadeUpText() {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "the number " + std::to_string(i * i % 997) + " is next; ";
  return text;
}

inline std::unique_ptr<Trainer> TrainerOf(const RunConfig& config) {
  Result<Corpus> corpus =
      Corpus::FromText(MadeUpText(), "made up", config.held_out, config.geometry.context);
  EXPECT_TRUE(corpus.ok()) << corpus.status().message();
  Result<std::unique_ptr<Trainer>> trainer = Trainer::Create(config, *corpus);
  EXPECT_TRUE(trainer.ok()) << trainer.status().message();
  return std::move(trainer).value();
}

inline Status SaveTo(Trainer& trainer, const std::string& path) {
  ReplaceOutputs(true);
  Result<Output> file = Output::Claim(path);
  return file.ok() ? trainer.Save(*file) : file.status();
}

}  // namespace actplane::train
