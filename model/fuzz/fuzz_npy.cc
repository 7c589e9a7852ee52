// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .npy file: a clear refusal, or a
// tensor that can be read to its end and written back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "../../tests/io/container_tools.h"
#include "actplane/io/npy_writer.h"
#include "actplane/io/tensor_file.h"

namespace {

using actplane::Format;
using namespace actplane::io;  // NOLINT(google-build-using-namespace)

void Check(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  for (const bool bf16 : {false, true}) {
    TensorFileOptions options;
    if (bf16) options.format = Format::kBf16;
    const auto reader = TensorReader::Open(WrapMemory("fuzz.npy", file), options);
    if (!reader.ok()) {
      Check(IsPlainText(reader.status().message()) && !reader.status().message().empty());
      continue;
    }
    const TensorInfo& info = reader->tensors().at(0);
    std::vector<std::byte> values(info.values * actplane::InfoOf(info.format).value_bytes);
    Check(values.size() < size && reader->Read(0, 0, values).ok());

    std::vector<std::byte> written;
    auto writer = NpyWriter::Create(std::make_unique<MemorySink>(&written), info);
    Check(writer.ok() && writer->Write(values).ok() && writer->Finish().ok());
    options.format = info.format;  // what 'bfloat16' said by itself, <V2 does not
    const auto again = TensorReader::Open(WrapMemory("again.npy", written), options);
    Check(again.ok() && again->tensors()[0].shape == info.shape);
  }
  return 0;
}
