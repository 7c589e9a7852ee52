// SPDX-License-Identifier: Apache-2.0
#include "train/app/corpus.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "actplane/io/tensor_info.h"
#include "train/stash/random.h"

namespace actplane::train {
namespace {

constexpr size_t kMostBytes = size_t{4} << 30;

// All of `file`, or an errno.
int ReadAll(std::FILE* file, std::string& text) {
  std::array<char, 1 << 16> buffer;
  size_t n = 0;
  while ((n = std::fread(buffer.data(), 1, buffer.size(), file)) > 0) {
    text.append(buffer.data(), n);
    if (text.size() > kMostBytes) return EFBIG;
  }
  return std::ferror(file) != 0 ? errno : 0;
}

Result<std::string> KingJames() {
  std::string text;
  std::FILE* pipe = ::popen("bible -f 'Gen1:1-Rev22:21' 2>/dev/null </dev/null", "r");
  if (pipe == nullptr) return IoError("cannot run bible: no pipe; give a text with --text");
  const int error = ReadAll(pipe, text);
  if (::pclose(pipe) != 0 || error != 0 || text.empty()) {
    return IoError(
        "the King James text is missing; apt-get install bible-kjv, or give --text FILE");
  }
  return text;
}

Result<std::string> ReadText(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return IoError(fmt::format("{}: it is a folder; give a text file", io::Quote(path)));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  std::string text;
  const int error = file == nullptr ? errno : ReadAll(file.get(), text);
  if (error != 0) {
    return IoError(fmt::format("cannot read {}: {}; check --text", io::Quote(path),
                               std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
  }
  return text;
}

}  // namespace

Result<Corpus> Corpus::Load(const std::string& path, double held_out, int64_t context) {
  Result<std::string> text = path.empty() ? KingJames() : ReadText(path);
  if (!text.ok()) return text.status();
  return FromText(std::move(text).value(), path.empty() ? "the King James text" : io::Quote(path),
                  held_out, context);
}

Result<Corpus> Corpus::FromText(std::string text, const std::string& name, double held_out,
                                int64_t context) {
  Corpus corpus;
  corpus.text_ = std::move(text);
  corpus.context_ = context;
  corpus.hash_ = XXH3_64bits(corpus.text_.data(), corpus.text_.size());
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
  auto* tokens = batch.tokens.data_ptr<int64_t>();
  auto* targets = batch.targets.data_ptr<int64_t>();
  for (const int64_t start : starts) {
    for (int64_t i = 0; i < context_; ++i) {
      const auto at = static_cast<size_t>(start + i);
      *tokens++ = static_cast<unsigned char>(text_[at]);
      *targets++ = static_cast<unsigned char>(text_[at + 1]);
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
