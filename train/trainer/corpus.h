// SPDX-License-Identifier: Apache-2.0
// The text: bytes are tokens.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/status.h"

namespace actplane::train {

struct Batch {
  at::Tensor tokens;   // [batch, context] int64
  at::Tensor targets;  // the same one token on
};

class Corpus {
 public:
  // `path` empty: the King James text, from the command `bible` of Debian's package bible-kjv.
  // kIo when it cannot be read, kBadInput when it is too large or when a split is shorter than a
  // window.
  static Result<Corpus> Load(const std::string& path, double held_out, int64_t context);
  static Result<Corpus> FromText(std::string text, const std::string& name, double held_out,
                                 int64_t context);

  // Random windows of the training split; depends on the key alone.
  Batch Training(int64_t batch, uint64_t key) const;

  // Window `first` and the following of `count` windows that cover the held-out split evenly.
  Batch HeldOut(int64_t first, int64_t batch, int64_t count) const;

  std::string_view text() const { return *text_; }
  std::string_view held_out() const { return text().substr(static_cast<size_t>(split_)); }
  int64_t held_out_windows() const { return (bytes() - split_ - 1) / context_; }
  int64_t bytes() const { return static_cast<int64_t>(text_->size()); }
  uint64_t hash() const { return hash_; }

 private:
  Batch Windows(const std::vector<int64_t>& starts) const;

  std::shared_ptr<const std::string> text_;  // one for all copies
  int64_t split_ = 0;                        // first held-out byte
  int64_t context_ = 0;
  uint64_t hash_ = 0;
};

}  // namespace actplane::train
