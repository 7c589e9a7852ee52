// SPDX-License-Identifier: Apache-2.0
// A step in files, for another program to repeat or replay.
#pragma once

#include <string>

#include "actplane/status.h"
#include "train/stash/files.h"
#include "train/trainer/trainer.h"

namespace actplane::train {

// float32 or bfloat16 as .npy. kIo.
Status WriteNpy(const Output& file, const at::Tensor& x);

struct Traced {
  double loss = 0;
  double relative = 0;  // error of the gradient through the stash of the trainer
  int64_t tensors = 0;
  int64_t accesses = 0;
};

// The first micro-step of the next step, exact and through the trainer's stash, into `folder`
// (docs/training.md): trace.json, weights, both gradients, and every tensor that the stash held.
Result<Traced> WriteTrace(Trainer& trainer, const std::string& folder);

// A folder that appears whole or not at all: made under another name beside its own.
class NewFolder {
 public:
  // kInvalidConfig when something is at `path` other than an empty folder, kIo.
  static Result<NewFolder> Make(const std::string& path);
  NewFolder(NewFolder&& other) noexcept = default;
  NewFolder& operator=(NewFolder&&) = delete;
  ~NewFolder();

  const std::string& temporary() const { return temporary_; }
  Status Commit();

 private:
  NewFolder(std::string path, std::string temporary)
      : path_(std::move(path)), temporary_(std::move(temporary)) {}

  std::string path_;
  std::string temporary_;  // empty once it has its name
};

}  // namespace actplane::train
