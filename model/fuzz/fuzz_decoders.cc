// SPDX-License-Identifier: Apache-2.0
// Any bytes as a slot: the three decoders must give the same verdict and the same values.
// Input: configuration (2 bytes), values missing in the last block (1 byte), the slot. In fixed
// mode T is what is there, cut or filled up with zeros to the bounds of F-2.6.
#include "fuzz_slots.h"

namespace actplane::fuzz {
namespace {

void DecodeAnySlot(Input in) {
  Config config = ReadConfig(in);
  const size_t count = config.block_len - in.Byte() % config.block_len;
  std::vector<std::byte> slot(in.rest().begin(), in.rest().end());
  config.slot_bytes = ClampSlotBytes(config, slot.size());
  if (!config.lossless) slot.resize(config.slot_bytes);
  Require(ValidateConfig(config).ok(), "the configuration is valid");

  const Decoded got = DecodeByAll(slot, config, count);
  if (!got.malformed) return;
  Require(std::ranges::all_of(got.patterns, [](uint32_t p) { return p == 0; }),
          "a malformed slot reads as +0");
}

}  // namespace
}  // namespace actplane::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  actplane::fuzz::DecodeAnySlot({data, size});
  return 0;
}
