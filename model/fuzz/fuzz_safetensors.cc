// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .safetensors file: a clear refusal, or tensors that lie inside it. The first byte
// chooses whether the input is the file, or a JSON header to which length and data are added.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "../io/checked.h"
#include "actplane/io/tensor_file.h"

namespace {

using namespace actplane::io;  // NOLINT(google-build-using-namespace)

void Check(bool good) {
  if (!good) std::abort();
}

void OpenAndRead(std::span<const std::byte> file) {
  const auto reader = TensorReader::Open(WrapMemory("fuzz.safetensors", file));
  if (!reader.ok()) {
    Check(IsPlainText(reader.status().message()) && !reader.status().message().empty());
    return;
  }
  uint64_t total = 0;
  for (size_t t = 0; t < reader->tensors().size(); ++t) {
    const TensorInfo& info = reader->tensors()[t];
    Check(actplane::io::ValidateTensorInfo(info).ok());
    std::vector<std::byte> values(info.values * actplane::InfoOf(info.format).value_bytes);
    Check(reader->Read(t, 0, values).ok());
    total += values.size();
  }
  Check(total < file.size());
  for (const std::string& note : reader->notes()) Check(IsPlainText(note));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] % 2 == 0) {
    OpenAndRead(input);
    return 0;
  }
  std::vector<std::byte> file(8);
  Store(file, 0, uint64_t{input.size()});
  file.insert(file.end(), input.begin(), input.end());
  file.resize(file.size() + data[0] / 2);
  OpenAndRead(file);
  return 0;
}
