// SPDX-License-Identifier: Apache-2.0
#include "train/stash/input_file.h"

#include <fmt/format.h>

#include <span>

#include "actplane/io/tensor_info.h"

namespace actplane::train {

Result<std::unique_ptr<io::RandomAccessSource>> OpenInput(const std::string& path) {
  return io::OpenFile(path);
}

Result<std::string> ReadInput(const std::string& path, uint64_t most, std::string_view fix) {
  const Result<std::unique_ptr<io::RandomAccessSource>> source = OpenInput(path);
  if (!source.ok()) return source.status();
  const uint64_t size = (*source)->size();
  if (size > most) {
    return BadInputError(fmt::format("{} has {} bytes, more than the {} that are read; {}",
                                     io::Quote(path), size, most, fix));
  }
  std::string text(size, '\0');
  if (Status s = (*source)->ReadAt(0, std::as_writable_bytes(std::span(text))); !s.ok()) return s;
  return text;
}

}  // namespace actplane::train
