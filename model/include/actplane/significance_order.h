// SPDX-License-Identifier: Apache-2.0
// Order significance, step by step (docs/format.md sections 5 and 6).
#pragma once

#include <cstdint>

#include "actplane/block.h"
#include "actplane/field_order.h"

namespace actplane {

inline constexpr uint32_t kMaxSignificancePlanes = 31;
inline constexpr uint32_t kMaxGroupedPlanes = 15;
inline constexpr uint32_t kGroup = 16;    // F-5.5
inline constexpr uint32_t kSubgroup = 4;  // F-5.5

// F-5.2: A.
enum class Absent : uint8_t { kNone = 0, kZeroMapRaw = 1, kZeroMapGrouped = 2, kSpecial = 3 };

struct SignificanceHeader {
  bool sign_stored = false;
  Absent absent = Absent::kNone;
  uint32_t planes = 0;   // P
  uint32_t grouped = 0;  // Q
  uint32_t base = 1;

  friend bool operator==(const SignificanceHeader&, const SignificanceHeader&) = default;
};

// A value relative to the base (F-5.3): the leading one is at plane `delta`, `refinement` holds the
// bits below it.
struct AlignedValue {
  bool significant = false;  // finite, so it has a leading one
  uint32_t sign = 0;
  uint32_t delta = 0;
  uint32_t refinement_bits = 0;  // r(v)
  uint32_t refinement = 0;

  friend bool operator==(const AlignedValue&, const AlignedValue&) = default;
};

struct SignificanceTrace {
  bool whole_field = false;  // F-6.1, F-6.2: L
  bool poisoned = false;     // F-6.4
  SignificanceHeader header;
  bool special_zero_map = false;  // F-5.6: B
  PerValue<AlignedValue> values = {};
  uint64_t spare_bits = 0;   // F-6.8: s, before the last step
  bool extra_plane = false;  // F-6.8: P grew
  uint64_t size_bits = 0;    // before the cut
  FieldTrace field;          // when L is 1
};

// F-5.3: effective exponent of a finite value.
int32_t EffectiveExponent(const Fields& value, Format format);

// F-5.3, F-6.3: base and the values relative to it.
uint32_t FindSignificanceBase(const BlockFields& fields);
PerValue<AlignedValue> AlignValues(const BlockFields& fields, uint32_t base);

// F-5.4, F-5.5: lists over `candidates`.
uint64_t RawBits(const Plane& candidates);
uint64_t GroupedBits(const Plane& candidates, const Plane& bits, uint32_t n);
void PutRaw(const Plane& candidates, const Plane& bits, uint32_t n, BitWriter& out);
void PutGrouped(const Plane& candidates, const Plane& bits, uint32_t n, BitWriter& out);
Plane GetRaw(const Plane& candidates, uint32_t n, BitReader& in);
Plane GetGrouped(const Plane& candidates, uint32_t n, BitReader& in);

// Section 6 without L = 1: decides header and planes for `capacity_bits` (UINT64_MAX in lossless
// mode).
SignificanceTrace ScheduleSignificance(const BlockFields& fields, const Config& config,
                                       uint64_t capacity_bits);

// F-6.2: whether L = 0 keeps every bit of the block when nothing is cut.
bool SignificanceIsExact(const BlockFields& fields);

// Section 5.
void EncodeSignificance(const BlockFields& fields, const Config& config, SignificanceTrace& trace,
                        BitWriter& out);
Malformed DecodeSignificance(BitReader& in, const Config& config, BlockFields& fields,
                             SignificanceTrace& trace);

}  // namespace actplane
