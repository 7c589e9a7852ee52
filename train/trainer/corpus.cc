// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/corpus.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <cstdio>
#include <memory>
#include <vector>

#include "actplane/io/tensor_info.h"
#include "train/stash/files.h"
#include "train/stash/random.h"

namespace actplane::train {
namespace {

Result<std::string> KingJames() {
  std::string text;
  std::FILE* pipe = ::popen("bible -f 'Gen1:1-Rev22:21' 2>/dev/null </dev/null", "r");
  if (pipe == nullptr) return IoError("cannot run bible: no pipe; give a text with --text");
  std::array<char, 1 << 16> buffer;
  for (size_t n = 0;
       text.size() < kMostText && (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), n);
  }
  if (::pclose(pipe) != 0 || text.empty()) {
    return IoError(
        "the King James text is missing; apt-get install bible-kjv, or give --text FILE");
  }
  return text;
}

}  // namespace

Result<Corpus> Corpus::Load(const std::string& path, double held_out, int64_t context) {
  const std::string fix = fmt::format("give a part of it, as head -c {} makes one", kMostText);
  Result<std::string> text = path.empty() ? KingJames() : ReadInput(path, kMostText, fix);
  if (!text.ok()) return text.status();
  return FromText(std::move(text).value(), path.empty() ? "the King James text" : io::Quote(path),
                  held_out, context);
}

Result<Corpus> Corpus::FromText(std::string text, const std::string& name, double held_out,
                                int64_t context) {
  Corpus corpus;
  corpus.text_ = std::make_shared<const std::string>(std::move(text));
  corpus.context_ = context;
  corpus.hash_ = XXH3_64bits(corpus.text_->data(), corpus.text_->size());
  corpus.split_ = static_cast<int64_t>(static_cast<double>(corpus.bytes()) * (1 - held_out));
  if (corpus.split_ < context + 1 || corpus.bytes() - corpus.split_ < context + 1) {
    return BadInputError(
        fmt::format("{}: {} bytes, of which {} are held out, are too few for a context of {}; give "
                    "a longer text or a shorter --context",
                    name, corpus.bytes(), corpus.bytes() - corpus.split_, context));
  }
  return corpus;
}

Batch Corpus::Windows(const std::vector<int64_t>& starts) const {
  const auto rows = static_cast<int64_t>(starts.size());
  Batch batch{at::empty({rows, context_}, at::kLong), at::empty({rows, context_}, at::kLong)};
  const std::string& text = *text_;
  auto* tokens = batch.tokens.data_ptr<int64_t>();
  auto* targets = batch.targets.data_ptr<int64_t>();
  for (const int64_t start : starts) {
    for (int64_t i = 0; i < context_; ++i) {
      const auto at = static_cast<size_t>(start + i);
      *tokens++ = static_cast<unsigned char>(text[at]);
      *targets++ = static_cast<unsigned char>(text[at + 1]);
    }
  }
  return batch;
}

Batch Corpus::Training(int64_t batch, uint64_t key) const {
  std::vector<int64_t> starts;
  for (int64_t i = 0; i < batch; ++i) {
    const uint64_t random = MixKey(key, static_cast<uint64_t>(i));
    starts.push_back(static_cast<int64_t>(random % static_cast<uint64_t>(split_ - context_)));
  }
  return Windows(starts);
}

Batch Corpus::HeldOut(int64_t first, int64_t batch, int64_t count) const {
  std::vector<int64_t> starts;
  for (int64_t i = first; i < first + batch; ++i) {
    starts.push_back(split_ + i * held_out_windows() / count * context_);
  }
  return Windows(starts);
}

}  // namespace actplane::train
