// SPDX-License-Identifier: Apache-2.0
// Any bytes as a container: a clear refusal, or blocks that can all be read.
// The first byte chooses: the input is the file as it is; the file with its
// checksums made right, so that the checks behind them are reached; or
// changes (place, value) to a good container, again with right checksums.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "../../tests/io/container_tools.h"
#include "actplane/io/container.h"

namespace {

using namespace actplane;      // NOLINT(google-build-using-namespace)
using namespace actplane::io;  // NOLINT(google-build-using-namespace)

void Check(bool good) {
  if (!good) std::abort();
}

// A tensor with slots, an empty one, a lossless one; several chunks each.
std::vector<std::byte> MakeGood() {
  std::vector<std::byte> file;
  auto writer =
      ContainerWriter::Create(std::make_unique<MemorySink>(&file), {.blocks_per_chunk = 2});
  TensorInfo info{.name = "slots", .dtype = "<f4", .shape = {2, 75}, .values = 150};
  Config config{.block_len = 32, .slot_bytes = 16, .order = Order::kSignificance, .group_len = 8};
  const std::vector<std::byte> bytes(80, std::byte{0x5a});
  Check(writer.BeginTensor(info, config).ok() && writer.Append(bytes).ok() &&
        writer.EndTensor().ok());
  info = {.name = "", .format = Format::kFp16, .dtype = "F16", .shape = {0}};
  Check(writer.BeginTensor(info, {.format = Format::kFp16}).ok() && writer.EndTensor().ok());
  info = {.name = "l",
          .format = Format::kBf16,
          .dtype = "|V2",
          .shape = {96},
          .fortran_order = true,
          .values = 96};
  config = {.format = Format::kBf16, .block_len = 32, .lossless = true};
  Check(writer.BeginTensor(info, config).ok());
  for (size_t i = 0; i < 3; ++i) Check(writer.AppendBlock(std::span(bytes).first(10 + i)).ok());
  Check(writer.EndTensor().ok() && writer.Finish().ok());
  return file;
}

// Whether the file could be read to its end.
bool OpenAndRead(std::span<const std::byte> file) {
  auto reader = ContainerReader::Open(WrapMemory("fuzz.apl", file));
  if (!reader.ok()) {
    Check(IsPlainText(reader.status().message()) && !reader.status().message().empty());
    return false;
  }
  bool good = true;
  uint64_t total = 0;
  for (size_t t = 0; t < reader->tensors().size(); ++t) {
    const ContainerTensor& tensor = reader->tensors()[t];
    Check(ValidateConfig(tensor.config).ok() && ValidateTensorInfo(tensor.info).ok());
    const Config& c = tensor.config;
    constexpr Config kNone;
    Check(c.order == Order::kField
              ? c.group_len == kNone.group_len && c.row_limit == kNone.row_limit
              : c.fill == kNone.fill && c.delta_cap == kNone.delta_cap);
    for (uint64_t b = 0; b < tensor.blocks; ++b) {
      const auto block = reader->ReadBlock(t, b);
      if (!block.ok()) {
        Check(IsPlainText(block.status().message()));
        good = false;
        break;
      }
      Check(tensor.config.lossless ? !block->empty() : block->size() == tensor.config.slot_bytes);
      total += block->size();
    }
  }
  Check(total < file.size());
  return good;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::byte> kGood = MakeGood();
  if (size == 0) return 0;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  std::vector<std::byte> file(input.begin(), input.end());
  if (data[0] % 3 == 2) {
    file = kGood;
    for (size_t i = 0; i + 3 <= input.size(); i += 3) {
      file[Load<uint16_t>(input, i) % file.size()] = input[i + 2];
    }
    // Without new checksums no change may go unseen.
    Check(OpenAndRead(file) == (file == kGood));
  }
  if (data[0] % 3 != 0) Reseal(file);
  (void)OpenAndRead(file);
  return 0;
}
