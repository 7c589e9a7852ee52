// SPDX-License-Identifier: Apache-2.0
// The order in which the bench gives slots to the RTL, against F-3.4 and F-3.5.
#include "env/plane_order.h"

#include <fmt/format.h>

#include <bit>

#include "actplane/codec.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

using tb::FromPlaneOrder;
using tb::ToPlaneOrder;

// Header of A planes: G, w and M planes, or fewer with the extension.
FieldHeader HeaderOf(Format format, bool sign, uint32_t width, bool extension, uint32_t stored) {
  FieldHeader h;
  h.sign_stored = sign;
  h.width = width;
  h.extension = extension;
  h.map = extension ? LowMask32(stored) : AllMan(format);
  return h;
}

// Bytes of the payload, in the order in which the slot has them, by their place in plane order:
// group after group, of each the planes that its values know (F-3.5). Those of no plane stay.
std::vector<uint32_t> PlacesOfRows(uint32_t n, uint32_t planes, uint32_t payload_bytes) {
  std::vector<uint32_t> places;
  for (uint32_t i = 0; i < n; i += 8) {
    for (uint32_t r = 0; r < planes && n * r + i < 8 * payload_bytes; ++r) {
      places.push_back((n * r + i) / 8);
    }
  }
  while (places.size() < payload_bytes) places.push_back(static_cast<uint32_t>(places.size()));
  return places;
}

void Check(const actplane::Config& config, const FieldHeader& h) {
  const uint32_t n = config.block_len;
  const uint32_t head = HeaderBits(h, config.format) / 8;
  const uint32_t least = static_cast<uint32_t>(FixedBits(h, config.format, n) / 8);
  const uint32_t most = static_cast<uint32_t>(least + MantissaBits(h, n) / 8 + 9);
  const uint32_t planes =
      h.width + (h.sign_stored ? 1U : 0U) + static_cast<uint32_t>(std::popcount(h.map));
  for (uint32_t t = least; t <= most; ++t) {
    const std::vector<uint32_t> places = PlacesOfRows(n, planes, t - head);
    for (const uint32_t shift : {0U, 8U}) {  // every byte says where it lies, in two halves
      std::vector<std::byte> in_planes(t), slot(t);
      BitWriter writer(in_planes);
      PackHeader(h, config.format, writer);
      std::copy_n(in_planes.begin(), head, slot.begin());
      for (uint32_t p = 0; p < t - head; ++p) {
        in_planes[head + p] = static_cast<std::byte>(p >> shift);
        slot[head + p] = static_cast<std::byte>(places[p] >> shift);
      }
      ASSERT_EQ(FromPlaneOrder(in_planes, config), slot)
          << ToString(config.format) << " N " << n << " T " << t << " planes " << planes;
      ASSERT_EQ(ToPlaneOrder(slot, config), in_planes)
          << ToString(config.format) << " N " << n << " T " << t << " planes " << planes;
    }
  }
}

// Every format, N, number of planes and slot size.
TEST(PlaneOrder, Exhaustive) {
  ACTP_CLAUSE("F-3.4", "F-3.5");
  for (const Format format : kFormats) {
    for (uint32_t n = kMinBlockLen; n <= kMaxBlockLen; n *= 2) {
      for (const bool lossless : {false, true}) {
        const actplane::Config config = {.format = format, .block_len = n, .lossless = lossless};
        for (uint32_t width = 0; width <= InfoOf(format).exp_bits + 1; ++width) {
          Check(config, HeaderOf(format, width % 2 != 0, width, false, 0));
        }
        for (uint32_t stored = 0; stored <= InfoOf(format).man_bits; ++stored) {
          Check(config, HeaderOf(format, stored % 2 != 0, stored % 5, true, stored));
        }
      }
    }
  }
}

// Slots of the model: in plane order its planes follow each other whole, up to the end.
TEST(PlaneOrder, WholePlanesOfTheModel) {
  ACTP_CLAUSE("F-3.4", "F-3.5");
  Rng rng(7);
  for (uint64_t i = 0; i < Scaled(40000); ++i) {
    actplane::Config config = testing_support::RandomConfig(rng);
    config.order = Order::kField;
    config.slot_bytes = RandomSlotBytes(config.format, config.block_len, rng);
    const uint32_t n = config.block_len;
    const Block block = RandomBlock(config.format, n, rng);
    std::vector<std::byte> slot(MaxFieldSlotBytes(config.format, n));
    BlockTrace trace;
    slot.resize(
        CompressBlock(testing_support::ToBytes({block.patterns.begin(), block.patterns.begin() + n},
                                               config.format),
                      config, slot, &trace));

    const FieldHeader& h = trace.field.header;
    std::vector<std::byte> want(slot.size());
    BitWriter writer(want);
    PackHeader(h, config.format, writer);
    uint64_t left = 8 * slot.size() - HeaderBits(h, config.format);
    for (const Plane* plane : StoredPlanes(trace.field.planes, h, config.format)) {
      for (uint32_t v = 0; v < n && left > 0; ++v, --left) writer.PutBit(plane->Get(v));
    }
    const std::vector<std::byte> planes = ToPlaneOrder(slot, config);
    ASSERT_EQ(planes, want) << ToString(config.format) << " N " << n << " T " << slot.size();
    ASSERT_EQ(FromPlaneOrder(planes, config), slot);
  }
}

// A slot whose payload is a count of its bytes.
std::vector<std::byte> Numbered(const FieldHeader& header, Format format, size_t bytes) {
  std::vector<std::byte> slot(bytes);
  BitWriter writer(slot);
  PackHeader(header, format, writer);
  for (size_t i = writer.position() / 8; i < bytes; ++i) slot[i] = static_cast<std::byte>(i);
  return slot;
}

// Nothing is decoded of it, so nothing moves, however short it is.
TEST(PlaneOrder, MalformedHeadersStay) {
  for (const Format format : kFormats) {
    const actplane::Config config = {.format = format, .block_len = 64};
    std::vector<FieldHeader> headers(4, HeaderOf(format, true, 3, true, 5));
    headers[0].base = InfoOf(format).exp_max;
    headers[1].width = InfoOf(format).exp_bits + 2;
    headers[2].value = 1;          // of a stored plane
    headers[3].sign_value = true;  // of a stored plane
    for (const FieldHeader& h : headers) {
      const std::vector<std::byte> slot = Numbered(h, format, 200);
      EXPECT_EQ(ToPlaneOrder(slot, config), slot);
      EXPECT_EQ(FromPlaneOrder(slot, config), slot);
    }
    const FieldHeader good = HeaderOf(format, true, 3, true, 5);
    std::vector<std::byte> slot = Numbered(good, format, FixedBits(good, format, 64) / 8);
    EXPECT_NE(ToPlaneOrder(slot, config), slot);
    while (!slot.empty()) {  // too short for its sign and delta planes
      slot.pop_back();
      EXPECT_EQ(ToPlaneOrder(slot, config), slot);
      EXPECT_EQ(FromPlaneOrder(slot, config), slot);
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
