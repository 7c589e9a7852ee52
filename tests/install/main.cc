// SPDX-License-Identifier: Apache-2.0
// Ten lines with the installed library: a ramp into fixed slots and back.
#include <actplane/codec.h>

#include <cstdio>
#include <vector>

int main() {
  std::vector<float> ramp(1000);
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i);
  const actplane::Config config{.slot_bytes = 160};
  const auto packed = actplane::Compress(std::as_bytes(std::span(ramp)), config);
  if (!packed.ok()) return std::puts(packed.status().message().c_str()), 1;
  const auto back = actplane::Decompress(*packed);
  if (!back.ok()) return std::puts(back.status().message().c_str()), 1;
  std::printf("%zu bytes in, %zu in slots, %zu out\n", ramp.size() * sizeof(float),
              packed->slots.size(), back->values.size());
  return back->values.size() == ramp.size() * sizeof(float) ? 0 : 1;
}
