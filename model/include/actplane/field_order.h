// SPDX-License-Identifier: Apache-2.0
// Order field, step by step (docs/format.md sections 3 and 4). Every step is a pure function of the
// one before.
#pragma once

#include <cstdint>

#include "actplane/block.h"

namespace actplane {

// What one pass over the values finds: everything that the header is decided from.
struct BaseInfo {
  uint32_t base = 0;          // F-4.1
  int32_t max_delta = -1;     // F-4.2: D
  bool has_zero = false;      // F-4.2: Z
  bool has_special = false;   // F-4.2: S
  uint32_t needed_width = 0;  // F-4.2: w*
  bool any_negative = false;  // G(0)
  bool all_negative = false;
  uint32_t uniform_map = 0;    // F-4.3: bit k set: mantissa plane k is uniform
  uint32_t uniform_value = 0;  // F-4.3: what it reads

  friend bool operator==(const BaseInfo&, const BaseInfo&) = default;
};

// F-3.1 .. F-3.3. With no extension: map all ones, everything else of the extension zero.
struct FieldHeader {
  uint32_t base = 0;
  uint32_t width = 0;
  bool zero_code = false;
  bool sign_stored = false;
  bool extension = false;
  bool saturated = false;
  uint32_t map = 0;
  uint32_t value = 0;
  bool special = false;
  bool sign_value = false;

  friend bool operator==(const FieldHeader&, const FieldHeader&) = default;
};

// One value as the planes carry it (F-4.10).
struct PlaneWord {
  uint32_t sign = 0;
  uint32_t code = 0;
  uint32_t mantissa = 0;

  friend bool operator==(const PlaneWord&, const PlaneWord&) = default;
};

// The stored planes of a block, transposed: sign, delta plane k, mantissa plane k (F-3.1, F-3.4).
struct Planes {
  Plane sign;
  std::array<Plane, 16> delta = {};
  std::array<Plane, 32> mantissa = {};

  friend bool operator==(const Planes&, const Planes&) = default;
};

// F-4.1 .. F-4.3.
BaseInfo FindBase(const BlockFields& fields);

// F-4.4: size in bits with or without the extension, at the needed width, nothing cut.
uint64_t WholeSizeBits(const BaseInfo& info, Format format, uint32_t n, bool extension);

// F-4.4, F-4.5: the header of the block stored whole, and its size in bits.
FieldHeader WholeHeader(const BaseInfo& info, Format format, uint32_t n);
uint64_t WholeSizeBits(const BaseInfo& info, Format format, uint32_t n);

// F-4.5 .. F-4.9.
FieldHeader SchedulePlanes(const BaseInfo& info, const Config& config);

// F-4.7, F-4.10.
PerValue<PlaneWord> FormWords(const BlockFields& fields, const FieldHeader& header);

// F-3.1.
Planes ToPlanes(const PerValue<PlaneWord>& words, uint32_t n);
PerValue<PlaneWord> FromPlanes(const Planes& planes, uint32_t n);

// F-3.1 .. F-3.3.
void PackHeader(const FieldHeader& header, Format format, BitWriter& out);
Malformed ParseHeader(BitReader& in, const Config& config, FieldHeader& header);  // F-7.1

// Bits of header and extension (H), of all stored mantissa planes together, and in front of these.
uint32_t HeaderBits(const FieldHeader& header, Format format);
uint64_t MantissaBits(const FieldHeader& header, uint32_t n);
uint64_t FixedBits(const FieldHeader& header, Format format, uint32_t n);

// F-3.4: n(g), rows of a group in a slot of `slot_bits`.
uint32_t RowsOfGroup(const FieldHeader& header, const Config& config, uint64_t slot_bits,
                     uint32_t g);

// F-3.6 .. F-3.12: `mantissa_bits_read` of the stored mantissa planes are in the slot, as if whole
// planes followed each other (F-3.5).
BlockFields RebuildValues(const PerValue<PlaneWord>& words, const FieldHeader& header,
                          const Config& config, uint64_t mantissa_bits_read);

struct FieldTrace {
  BaseInfo info;
  FieldHeader header;
  PerValue<PlaneWord> words = {};
  Planes planes;
  uint64_t size_bits = 0;  // before the cut
  bool lossless = false;   // F-3.13
};

// Section 4: writes the slot.
void EncodeField(const BlockFields& fields, const FieldHeader& header, const Config& config,
                 BitWriter& out, FieldTrace& trace);

// Section 3: reads a slot that takes all of `in`.
Malformed DecodeField(BitReader& in, const Config& config, BlockFields& fields, FieldTrace& trace);

}  // namespace actplane
