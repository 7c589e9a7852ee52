// SPDX-License-Identifier: Apache-2.0
#include "actplane/significance_order.h"

#include <algorithm>

namespace actplane {
namespace {

constexpr uint32_t kPoisonedGrouped = 15;  // F-5.14: Q of a poisoned block, with P = 0

// Calls `visit(value)` for each value in [first, first + length) that is a candidate.
template <typename Visit>
void ForCandidates(const Plane& candidates, uint32_t first, uint32_t length, Visit visit) {
  for (uint32_t i = first; i < first + length; ++i) {
    if (candidates.Get(i)) visit(i);
  }
}

bool HasCandidate(const Plane& candidates, uint32_t first, uint32_t length) {
  bool any = false;
  ForCandidates(candidates, first, length, [&](uint32_t) { any = true; });
  return any;
}

bool Flag(const Plane& candidates, const Plane& bits, uint32_t first, uint32_t length) {
  bool any = false;
  ForCandidates(candidates, first, length, [&](uint32_t i) { any |= bits.Get(i); });
  return any;
}

Plane All(uint32_t n) {
  Plane p;
  for (uint32_t i = 0; i < n; ++i) p.Set(i);
  return p;
}

Plane Minus(const Plane& a, const Plane& b, uint32_t n) {
  Plane p = a;
  for (uint32_t i = 0; i < n; ++i) {
    if (b.Get(i)) p.Clear(i);
  }
  return p;
}

template <typename Predicate>
Plane Where(const BlockFields& fields, Predicate predicate) {
  Plane p;
  for (uint32_t i = 0; i < fields.n; ++i) {
    if (predicate(fields.values[i])) p.Set(i);
  }
  return p;
}

Plane SpecialsOf(const BlockFields& fields) {
  return Where(fields, [](const Fields& v) { return IsSpecial(v.cls); });
}
Plane ZerosOf(const BlockFields& fields) {
  return Where(fields, [](const Fields& v) { return v.cls == ValueClass::kZero; });
}
Plane FinitesOf(const BlockFields& fields) {
  return Where(fields, [](const Fields& v) { return IsFinite(v.cls); });
}

uint32_t HeaderBits(Format format) { return 13 + InfoOf(format).exp_bits; }

// F-5.3: r(v).
uint32_t RefinementBits(int32_t effective_exponent, Format format) {
  return static_cast<uint32_t>(static_cast<int32_t>(InfoOf(format).man_bits) +
                               std::min(0, effective_exponent - 1));
}

Plane DeltaPlane(const PerValue<AlignedValue>& values, uint32_t n, uint32_t p) {
  Plane plane;
  for (uint32_t i = 0; i < n; ++i) {
    if (values[i].significant && values[i].delta == p) plane.Set(i);
  }
  return plane;
}

// F-6.7: R(P, q).
uint64_t RefinementBitsTo(const PerValue<AlignedValue>& values, uint32_t n, uint32_t planes,
                          uint32_t q) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < n; ++i) {
    const AlignedValue& v = values[i];
    if (!v.significant || v.delta >= planes || q <= v.delta) continue;
    bits += std::min(q - v.delta, v.refinement_bits);
  }
  return bits;
}

// Values that take part in the significance planes (F-5.7).
Plane Participants(const BlockFields& fields, const SignificanceTrace& trace) {
  Plane candidates = Minus(All(fields.n), SpecialsOf(fields), fields.n);
  const bool zero_map = trace.header.absent == Absent::kSpecial
                            ? trace.special_zero_map
                            : trace.header.absent != Absent::kNone;
  return zero_map ? Minus(candidates, ZerosOf(fields), fields.n) : candidates;
}

void PutHeader(const SignificanceHeader& h, Format format, BitWriter& out) {
  out.PutBit(0);
  out.PutBit(h.sign_stored);
  out.Put(static_cast<uint32_t>(h.absent), 2);
  out.Put(h.planes, 5);
  out.Put(h.grouped, 4);
  out.Put(h.base, InfoOf(format).exp_bits);
}

// Header, special section, zero map: everything in front of the significance planes (F-6.4, F-6.5).
uint64_t ScheduleAbsent(const BlockFields& fields, const Config& config, uint64_t capacity,
                        SignificanceTrace& trace) {
  const uint32_t n = fields.n;
  const Plane specials = SpecialsOf(fields);
  const Plane ordinary = Minus(All(n), specials, n);
  const Plane finites = FinitesOf(fields);
  const uint64_t zeros = ZerosOf(fields).Count();
  const uint64_t bits_per_value = config.lossless ? 11 : 8 * uint64_t{config.slot_bytes} / n;
  const uint64_t worth = bits_per_value > 3 ? bits_per_value - 3 : 0;  // k
  const uint64_t grouped = GroupedBits(ordinary, finites, n);
  uint64_t bits = HeaderBits(config.format);
  if (specials.Any()) {
    trace.header.absent = Absent::kSpecial;
    bits += 1 + GroupedBits(All(n), specials, n) + 2 * uint64_t{specials.Count()};
    trace.poisoned = bits > capacity;
    trace.special_zero_map = zeros * worth > grouped && bits + grouped <= capacity;
    return trace.special_zero_map ? bits + grouped : bits;
  }
  const uint64_t raw = RawBits(ordinary);
  if (zeros * worth <= std::min(raw, grouped)) return bits;
  trace.header.absent = raw <= grouped ? Absent::kZeroMapRaw : Absent::kZeroMapGrouped;
  return bits + std::min(raw, grouped);
}

}  // namespace

int32_t EffectiveExponent(const Fields& v, Format format) {
  if (v.cls == ValueClass::kNormal) return static_cast<int32_t>(v.exponent);
  const int32_t highest = static_cast<int32_t>(std::bit_width(v.mantissa)) - 1;
  return highest + 1 - static_cast<int32_t>(InfoOf(format).man_bits);
}

uint32_t FindSignificanceBase(const BlockFields& fields) {
  return std::max(1U, FindBase(fields).base);
}

PerValue<AlignedValue> AlignValues(const BlockFields& fields, uint32_t base) {
  PerValue<AlignedValue> values;
  for (uint32_t i = 0; i < fields.n; ++i) {
    const Fields& v = fields.values[i];
    if (!IsFinite(v.cls)) continue;
    const int32_t exponent = EffectiveExponent(v, fields.format);
    values[i].significant = true;
    values[i].sign = v.sign;
    values[i].delta = static_cast<uint32_t>(static_cast<int32_t>(base) - exponent);
    values[i].refinement_bits = RefinementBits(exponent, fields.format);
    values[i].refinement = static_cast<uint32_t>(v.mantissa & LowMask(values[i].refinement_bits));
  }
  return values;
}

uint64_t RawBits(const Plane& candidates) { return candidates.Count(); }

uint64_t GroupedBits(const Plane& candidates, const Plane& bits, uint32_t n) {
  BitWriter nowhere({});
  PutGrouped(candidates, bits, n, nowhere);
  return nowhere.position();
}

void PutRaw(const Plane& candidates, const Plane& bits, uint32_t n, BitWriter& out) {
  ForCandidates(candidates, 0, n, [&](uint32_t i) { out.PutBit(bits.Get(i)); });
}

void PutGrouped(const Plane& candidates, const Plane& bits, uint32_t n, BitWriter& out) {
  for (uint32_t g = 0; g < n; g += kGroup) {
    if (HasCandidate(candidates, g, kGroup)) out.PutBit(Flag(candidates, bits, g, kGroup));
  }
  for (uint32_t s = 0; s < n; s += kSubgroup) {
    if (HasCandidate(candidates, s, kSubgroup) &&
        Flag(candidates, bits, s / kGroup * kGroup, kGroup)) {
      out.PutBit(Flag(candidates, bits, s, kSubgroup));
    }
  }
  ForCandidates(candidates, 0, n, [&](uint32_t i) {
    if (Flag(candidates, bits, i / kSubgroup * kSubgroup, kSubgroup)) out.PutBit(bits.Get(i));
  });
}

Plane GetRaw(const Plane& candidates, uint32_t n, BitReader& in) {
  Plane bits;
  ForCandidates(candidates, 0, n, [&](uint32_t i) {
    if (in.GetBit() != 0) bits.Set(i);
  });
  return bits;
}

Plane GetGrouped(const Plane& candidates, uint32_t n, BitReader& in) {
  Plane groups;     // flag of a group, at its first value
  Plane subgroups;  // likewise
  Plane bits;
  for (uint32_t g = 0; g < n; g += kGroup) {
    if (HasCandidate(candidates, g, kGroup) && in.GetBit() != 0) groups.Set(g);
  }
  for (uint32_t s = 0; s < n; s += kSubgroup) {
    if (groups.Get(s / kGroup * kGroup) && HasCandidate(candidates, s, kSubgroup) &&
        in.GetBit() != 0) {
      subgroups.Set(s);
    }
  }
  ForCandidates(candidates, 0, n, [&](uint32_t i) {
    if (subgroups.Get(i / kSubgroup * kSubgroup) && in.GetBit() != 0) bits.Set(i);
  });
  return bits;
}

bool SignificanceIsExact(const BlockFields& fields) {
  const uint32_t base = FindSignificanceBase(fields);
  for (uint32_t i = 0; i < fields.n; ++i) {
    const Fields& v = fields.values[i];
    if (IsSpecial(v.cls) || (v.cls == ValueClass::kZero && v.sign != 0)) return false;
    if (IsFinite(v.cls) && static_cast<int32_t>(base) - EffectiveExponent(v, fields.format) >
                               static_cast<int32_t>(kMaxSignificancePlanes) - 1) {
      return false;
    }
  }
  return true;
}

SignificanceTrace ScheduleSignificance(const BlockFields& fields, const Config& config,
                                       uint64_t capacity) {
  const uint32_t n = fields.n;
  SignificanceTrace trace;
  SignificanceHeader& h = trace.header;
  h.base = FindSignificanceBase(fields);
  trace.values = AlignValues(fields, h.base);
  const uint64_t front_bits = ScheduleAbsent(fields, config, capacity, trace);
  if (trace.poisoned) {
    h = {.absent = Absent::kSpecial, .grouped = kPoisonedGrouped, .base = 0};
    trace.size_bits = HeaderBits(config.format);
    return trace;
  }
  uint32_t most_planes = 0;  // Pmax
  for (uint32_t i = 0; i < n; ++i) {
    const AlignedValue& v = trace.values[i];
    if (!v.significant) continue;
    h.sign_stored |= v.sign != 0;
    most_planes = std::max(most_planes, std::min(v.delta, kMaxSignificancePlanes - 1) + 1);
  }

  // F-6.6: cost[P] is C(P); the first `leading` planes are better grouped.
  std::array<uint64_t, kMaxSignificancePlanes + 1> cost = {front_bits};
  std::array<uint32_t, kMaxSignificancePlanes> becoming = {};
  uint32_t leading = 0;
  Plane waiting = Participants(fields, trace);
  for (uint32_t p = 0; p < most_planes; ++p) {
    const Plane plane = DeltaPlane(trace.values, n, p);
    const uint64_t raw = RawBits(waiting);
    const uint64_t grouped = GroupedBits(waiting, plane, n);
    const bool group = leading == p && p < kMaxGroupedPlanes && grouped < raw;
    if (group) ++leading;
    becoming[p] = plane.Count();
    cost[p + 1] = cost[p] + (group ? grouped : raw) + (h.sign_stored ? becoming[p] : 0);
    waiting = Minus(waiting, plane, n);
  }

  if (config.lossless) {  // F-6.9
    h.planes = most_planes;
  } else {  // F-6.7, F-6.8
    const auto refined = [&](uint32_t planes) {
      return planes == 0 ? 0 : RefinementBitsTo(trace.values, n, planes, planes - 1);
    };
    while (h.planes < most_planes && cost[h.planes + 1] + refined(h.planes + 1) <= capacity) {
      ++h.planes;
    }
    trace.spare_bits = capacity - cost[h.planes] - refined(h.planes);
    if (h.planes < most_planes && cost[h.planes + 1] <= capacity) {
      const uint64_t step = cost[h.planes + 1] - cost[h.planes];
      trace.extra_plane = 9 * uint64_t{becoming[h.planes]} + 3 * trace.spare_bits >= 4 * step;
      if (trace.extra_plane) ++h.planes;
    }
  }
  h.grouped = std::min(leading, h.planes);
  // The deepest refinement bit lies M planes below the last significance plane.
  trace.size_bits = cost[h.planes] + RefinementBitsTo(trace.values, n, h.planes,
                                                      h.planes + InfoOf(config.format).man_bits);
  return trace;
}

void EncodeSignificance(const BlockFields& fields, const Config& config, SignificanceTrace& trace,
                        BitWriter& out) {
  const uint32_t n = fields.n;
  const SignificanceHeader& h = trace.header;
  PutHeader(h, config.format, out);
  if (trace.poisoned) return;

  const Plane specials = SpecialsOf(fields);
  const Plane ordinary = Minus(All(n), specials, n);
  const Plane finites = FinitesOf(fields);
  if (h.absent == Absent::kSpecial) {
    out.PutBit(trace.special_zero_map);
    PutGrouped(All(n), specials, n, out);
    ForCandidates(specials, 0, n, [&](uint32_t i) {
      out.PutBit(fields.values[i].sign);
      out.PutBit(fields.values[i].cls == ValueClass::kNan);
    });
    if (trace.special_zero_map) PutGrouped(ordinary, finites, n, out);
  } else if (h.absent == Absent::kZeroMapRaw) {
    PutRaw(ordinary, finites, n, out);
  } else if (h.absent == Absent::kZeroMapGrouped) {
    PutGrouped(ordinary, finites, n, out);
  }

  Plane waiting = Participants(fields, trace);
  Plane significant;
  for (uint32_t p = 0; p < h.planes; ++p) {
    const Plane plane = DeltaPlane(trace.values, n, p);
    p < h.grouped ? PutGrouped(waiting, plane, n, out) : PutRaw(waiting, plane, n, out);
    waiting = Minus(waiting, plane, n);
    ForCandidates(plane, 0, n, [&](uint32_t i) { significant.Set(i); });
  }
  if (h.sign_stored) {
    ForCandidates(significant, 0, n, [&](uint32_t i) { out.PutBit(trace.values[i].sign); });
  }
  for (uint32_t p = 1; p < h.planes + InfoOf(config.format).man_bits; ++p) {
    ForCandidates(significant, 0, n, [&](uint32_t i) {
      const AlignedValue& v = trace.values[i];
      if (v.delta < p && p <= v.delta + v.refinement_bits) {
        out.PutBit(BitOf(v.refinement, v.refinement_bits - (p - v.delta)));
      }
    });
  }
}

Malformed DecodeSignificance(BitReader& in, const Config& config, BlockFields& fields,
                             SignificanceTrace& trace) {
  const FormatInfo info = InfoOf(config.format);
  const uint32_t n = config.block_len;
  const uint32_t quiet = 1U << (info.man_bits - 1);
  fields = {.format = config.format, .n = n};  // F-5.13: +0 unless something says otherwise
  trace.whole_field = in.GetBit() != 0;
  if (trace.whole_field) {                            // F-5.1
    if (in.Get(7) != 0) return Malformed::kReserved;  // F-7.2
    return DecodeField(in, config, true, fields, trace.field);
  }

  SignificanceHeader& h = trace.header;
  h.sign_stored = in.GetBit() != 0;
  h.absent = static_cast<Absent>(in.Get(2));
  h.planes = static_cast<uint32_t>(in.Get(5));
  h.grouped = static_cast<uint32_t>(in.Get(4));
  h.base = static_cast<uint32_t>(in.Get(info.exp_bits));
  trace.size_bits = in.position();
  if (in.overrun()) return Malformed::kTooShort;
  trace.poisoned = h.absent == Absent::kSpecial && h.planes == 0 && h.grouped == kPoisonedGrouped;
  if (trace.poisoned) {  // F-5.14
    for (uint32_t i = 0; i < n; ++i) fields.values[i] = {ValueClass::kNan, 0, info.exp_max, quiet};
    return Malformed::kNone;
  }
  if (h.base == 0 || h.base >= info.exp_max) return Malformed::kBase;  // F-7.3
  if (h.planes > h.base + info.man_bits || h.grouped > h.planes) return Malformed::kPlanes;

  Plane waiting = All(n);
  const auto keep_nonzero = [&](bool grouped) {
    waiting = grouped ? GetGrouped(waiting, n, in) : GetRaw(waiting, n, in);
  };
  if (h.absent == Absent::kSpecial) {  // F-5.6
    trace.special_zero_map = in.GetBit() != 0;
    const Plane specials = GetGrouped(waiting, n, in);
    ForCandidates(specials, 0, n, [&](uint32_t i) {
      Fields& v = fields.values[i];
      v.sign = in.GetBit();
      v.cls = in.GetBit() != 0 ? ValueClass::kNan : ValueClass::kInf;
      v.exponent = info.exp_max;
      v.mantissa = v.cls == ValueClass::kNan ? quiet : 0;
    });
    waiting = Minus(waiting, specials, n);
    if (trace.special_zero_map) keep_nonzero(true);
  } else if (h.absent != Absent::kNone) {
    keep_nonzero(h.absent == Absent::kZeroMapGrouped);
  }

  Plane significant;
  for (uint32_t p = 0; p < h.planes; ++p) {  // F-5.8
    const Plane plane = p < h.grouped ? GetGrouped(waiting, n, in) : GetRaw(waiting, n, in);
    waiting = Minus(waiting, plane, n);
    ForCandidates(plane, 0, n, [&](uint32_t i) {
      significant.Set(i);
      AlignedValue& v = trace.values[i];
      v.significant = true;
      v.delta = p;
      v.refinement_bits =
          RefinementBits(static_cast<int32_t>(h.base) - static_cast<int32_t>(p), config.format);
    });
  }
  if (h.sign_stored) {  // F-5.9
    ForCandidates(significant, 0, n, [&](uint32_t i) { trace.values[i].sign = in.GetBit(); });
  }
  if (in.overrun()) return Malformed::kTooShort;  // F-7.3
  trace.size_bits = in.position();

  PerValue<uint32_t> lost = {};  // refinement bits that a value has not got
  for (uint32_t i = 0; i < n; ++i) lost[i] = trace.values[i].refinement_bits;
  for (uint32_t p = 1; p < h.planes + info.man_bits; ++p) {  // F-5.10
    ForCandidates(significant, 0, n, [&](uint32_t i) {
      AlignedValue& v = trace.values[i];
      if (p <= v.delta || p > v.delta + v.refinement_bits) return;
      ++trace.size_bits;
      if (in.exhausted()) return;
      --lost[i];
      v.refinement |= in.GetBit() << lost[i];
    });
  }
  if (config.lossless && trace.size_bits > in.size()) return Malformed::kTooShort;

  ForCandidates(significant, 0, n, [&](uint32_t i) {  // F-5.11, F-5.12
    const AlignedValue& v = trace.values[i];
    uint32_t bits = v.refinement;
    if (config.fill == Fill::kMidpoint && lost[i] != 0) bits |= 1U << (lost[i] - 1);
    Fields& out = fields.values[i];
    out.sign = v.sign;
    if (h.base > v.delta) {
      out.cls = ValueClass::kNormal;
      out.exponent = h.base - v.delta;
      out.mantissa = bits;
    } else {
      out.cls = ValueClass::kSubnormal;
      out.mantissa = 1U << v.refinement_bits | bits;
    }
  });
  return Malformed::kNone;
}

}  // namespace actplane
