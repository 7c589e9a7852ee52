// SPDX-License-Identifier: Apache-2.0
#include "actplane/significance_order.h"

#include <algorithm>
#include <bit>

namespace actplane {
namespace {

uint32_t PatternBits(Format format) {
  return 1 + InfoOf(format).exp_bits + InfoOf(format).man_bits;
}

// F-5.11.
uint32_t QuietNan(Format format) {
  const FormatInfo info = InfoOf(format);
  return info.exp_max << info.man_bits | 1U << (info.man_bits - 1);
}

// The mantissa with the leading one of a normal value.
uint32_t Significand(const Fields& v, Format format) {
  return v.cls == ValueClass::kNormal ? v.mantissa | 1U << InfoOf(format).man_bits : v.mantissa;
}

// Weight of mantissa bit 0.
int32_t UnitOf(const Fields& v, Format format) {
  return static_cast<int32_t>(std::max(v.exponent, 1U)) -
         static_cast<int32_t>(InfoOf(format).man_bits);
}

// F-5.4: D(g) of a group that lives and whose code leaves it `height` weights.
uint32_t MagnitudeRows(Form form, uint32_t height, const Config& config) {
  return std::min(form == Form::kMidRise ? height - 1 : height, config.row_limit);
}

// Bits in front of the rows (F-5.2, F-5.5).
uint32_t FrontBits(Form form, uint32_t width, const Config& config) {
  const uint32_t groups = GroupsOf(config);
  const uint32_t bits = 24 + (form == Form::kSpecials ? groups : 0) + groups * width;
  return (bits + 7) / 8 * 8;
}

// F-6.11.
bool AnySign(const PerGroup<GroupFacts>& facts, const PerGroup<uint32_t>& deltas,
             const Config& config, bool living_only) {
  for (uint32_t g = 0; g < GroupsOf(config); ++g) {
    const bool counts = living_only ? deltas[g] != kInfiniteDelta : !facts[g].empty;
    if (counts && facts[g].negative) return true;
  }
  return false;
}

// The other pattern of a block of at most two; nothing if there are more (F-6.1).
std::optional<uint32_t> OtherPattern(const Block& block) {
  const uint32_t a = block.patterns[0];
  uint32_t b = a;
  for (uint32_t i = 0; i < block.n; ++i) {
    const uint32_t p = block.patterns[i];
    if (p == a || p == b) continue;
    if (b != a) return std::nullopt;
    b = p;
  }
  return b;
}

// F-6.9. `deltas` before any search, `form` without mid-rise.
bool IsExact(const PerGroup<GroupFacts>& facts, const PerGroup<uint32_t>& deltas, Form form,
             const Config& config) {
  const uint32_t units = UnitsOf(config);
  uint32_t level = 0;
  for (uint32_t g = 0; g < GroupsOf(config); ++g) {
    if (facts[g].empty) continue;
    if (deltas[g] == kInfiniteDelta || facts[g].need > config.row_limit) return false;
    const uint32_t own = (deltas[g] + facts[g].need - 1) * units + g * units / GroupsOf(config) + 1;
    level = std::max(level, own);
  }
  if (level >= 32 * units) return false;
  const auto coding = ChooseCoding(deltas, facts, form, level, config);
  return coding && coding->size_bits <= 8 * config.slot_bytes;
}

// F-6.7: `deltas` become those of the groups that live; the level of the first search goes.
void Prune(PerGroup<uint32_t>& deltas, const PerGroup<GroupFacts>& facts, Form form,
           const Config& config) {
  const uint32_t level = SearchLevel(deltas, facts, form, config);
  for (uint32_t g = 0; g < GroupsOf(config); ++g) {
    if (deltas[g] >= GroupEnd(config, level, g)) deltas[g] = kInfiniteDelta;
  }
}

void PutHeader(const SignificanceHeader& h, const Config& config, BitWriter& out) {
  out.Put(h.width, 3);
  out.PutBit(h.dead_code);
  out.Put(static_cast<uint32_t>(h.form), 2);
  out.Put(h.level / UnitsOf(config), 5);
  out.Put(h.level % UnitsOf(config), 5);
  out.Put(h.base, 8);
}

template <typename BitOfValue>
void PutRow(uint32_t group_len, BitWriter& out, const BitOfValue& bit) {
  for (uint32_t i = 0; i < group_len; ++i) out.PutBit(bit(i) ? 1 : 0);
}

}  // namespace

int32_t WeightOf(const Fields& v, Format format) {
  return UnitOf(v, format) + static_cast<int32_t>(std::bit_width(Significand(v, format))) - 1;
}

PerGroup<GroupFacts> FindGroups(const BlockFields& fields, const Config& config) {
  PerGroup<GroupFacts> facts = {};
  for (uint32_t g = 0; g < GroupsOf(config); ++g) {
    GroupFacts& f = facts[g];
    bool zero = false;
    int32_t lowest = 0;  // weight of the lowest set bit
    for (uint32_t i = g * config.group_len; i < (g + 1) * config.group_len; ++i) {
      const Fields& v = fields.values[i];
      f.negative |= v.sign != 0;
      f.special |= IsSpecial(v.cls);
      zero |= v.cls == ValueClass::kZero;
      if (!IsFinite(v.cls)) continue;
      const int32_t low =
          UnitOf(v, fields.format) + std::countr_zero(Significand(v, fields.format));
      const int32_t weight = WeightOf(v, fields.format);
      f.top = f.empty ? weight : std::max(f.top, weight);
      lowest = f.empty ? low : std::min(lowest, low);
      f.empty = false;
    }
    f.mixed = zero && !f.empty;
    if (!f.empty) f.need = static_cast<uint32_t>(f.top - lowest + 1);
  }
  return facts;
}

uint32_t FindSignificanceBase(const PerGroup<GroupFacts>& facts, const Config& config) {
  int32_t base = 1;
  for (uint32_t g = 0; g < GroupsOf(config); ++g) {
    if (!facts[g].empty) base = std::max(base, facts[g].top);
  }
  return static_cast<uint32_t>(base);
}

PerGroup<uint32_t> FindDeltas(const PerGroup<GroupFacts>& facts, uint32_t base,
                              const Config& config) {
  PerGroup<uint32_t> deltas = {};
  for (uint32_t g = 0; g < GroupsOf(config); ++g) {
    const auto delta = static_cast<uint32_t>(static_cast<int32_t>(base) - facts[g].top);
    deltas[g] = facts[g].empty || delta > kMaxDelta ? kInfiniteDelta : delta;
  }
  return deltas;
}

std::optional<Coding> ChooseCoding(const PerGroup<uint32_t>& deltas,
                                   const PerGroup<GroupFacts>& facts, Form form, uint32_t level,
                                   const Config& config) {
  const uint32_t groups = GroupsOf(config);
  uint32_t largest = 0;
  bool any_lives = false, any_dead = false;
  for (uint32_t g = 0; g < groups; ++g) {
    const bool lives = deltas[g] < GroupEnd(config, level, g);
    any_lives |= lives;
    any_dead |= !lives;
    if (lives) largest = std::max(largest, deltas[g]);
  }
  uint32_t narrowest = 0, widest = 0;  // F-6.4
  if (any_lives) {
    const auto bits = [](uint32_t x) {
      return std::min(static_cast<uint32_t>(std::bit_width(x)), kMaxCodeBits);
    };
    narrowest = largest == 0 ? 0 : bits(largest) - 1;
    widest = bits(largest + (any_dead ? 1 : 0));
  }

  // The bits of all rows for one choice, or nothing where it is not allowed.
  const auto row_bits = [&](uint32_t width, bool dead_code) -> std::optional<uint32_t> {
    const int32_t all = (1 << width) - 1;
    const int32_t top = all - (dead_code ? 1 : 0);
    uint32_t rows = 0;
    for (uint32_t g = 0; g < groups; ++g) {
      const uint32_t end = GroupEnd(config, level, g);
      const bool lives = deltas[g] < end;
      const bool has_rows = lives || (!dead_code && static_cast<uint32_t>(all) < end);
      if (has_rows) {
        const int32_t code = lives ? std::min(static_cast<int32_t>(deltas[g]), top) : all;
        if (code < 0 || (form == Form::kMidRise && !lives)) return std::nullopt;
        const uint32_t height = end - static_cast<uint32_t>(code);
        const uint32_t wanted = form == Form::kMidRise ? height - 1 : height;
        if (lives && static_cast<uint32_t>(code) < deltas[g] && wanted > config.row_limit) {
          return std::nullopt;
        }
        rows += MagnitudeRows(form, height, config);
      }
      if (form != Form::kUnsigned && (has_rows || facts[g].special)) ++rows;
      if (facts[g].special) rows += 2;
    }
    return rows * config.group_len;
  };

  std::optional<Coding> best;
  for (uint32_t width = narrowest; width <= widest; ++width) {
    for (const bool dead_code : {true, false}) {
      const std::optional<uint32_t> bits = row_bits(width, dead_code);
      if (!bits) continue;
      const uint32_t size = FrontBits(form, width, config) + *bits;
      if (!best || size < best->size_bits) best = {width, dead_code, size};
    }
  }
  return best;
}

uint32_t SearchLevel(const PerGroup<uint32_t>& deltas, const PerGroup<GroupFacts>& facts, Form form,
                     const Config& config) {
  uint32_t level = 0;
  for (uint32_t step = 16 * UnitsOf(config); step > 0; step /= 2) {
    const auto coding = ChooseCoding(deltas, facts, form, level + step, config);
    if (coding && coding->size_bits <= 8 * config.slot_bytes) level += step;
  }
  return level;
}

SignificanceTrace ScheduleSignificance(const BlockFields& fields, const Config& config) {
  const uint32_t groups = GroupsOf(config);
  SignificanceTrace t;
  t.facts = FindGroups(fields, config);
  SignificanceHeader& h = t.header;
  h.base = FindSignificanceBase(t.facts, config);
  const PerGroup<uint32_t> all = FindDeltas(t.facts, h.base, config);
  const bool specials = std::any_of(t.facts.begin(), t.facts.begin() + groups,
                                    [](const GroupFacts& f) { return f.special; });
  const auto without_mid_rise = [&](const PerGroup<uint32_t>& deltas, bool living_only) {
    if (specials) return Form::kSpecials;
    return AnySign(t.facts, deltas, config, living_only) ? Form::kSigned : Form::kUnsigned;
  };
  const Form form = without_mid_rise(all, false);

  if (specials &&
      ChooseCoding(all, t.facts, form, 0, config)->size_bits > 8 * config.slot_bytes) {  // F-6.8
    h = {.width = kPoisonedWidth};
    t.size_bits = 8;
    return t;
  }

  PerGroup<uint32_t> deltas = all;
  bool mid_rise = false;
  t.exact = !specials && IsExact(t.facts, all, form, config);
  const bool mixed = std::any_of(t.facts.begin(), t.facts.begin() + groups,
                                 [](const GroupFacts& f) { return f.mixed; });
  if (!t.exact && form == Form::kSigned && !mixed) {  // F-6.10
    Prune(deltas, t.facts, Form::kMidRise, config);
    const uint32_t level = SearchLevel(deltas, t.facts, Form::kMidRise, config);
    mid_rise = AnySign(t.facts, deltas, config, true);
    for (uint32_t g = 0; g < groups; ++g) {
      mid_rise &= deltas[g] == kInfiniteDelta || deltas[g] < GroupEnd(config, level, g);
    }
  }
  if (!mid_rise) {
    deltas = all;
    Prune(deltas, t.facts, form, config);
  }
  h.form = mid_rise ? Form::kMidRise : without_mid_rise(deltas, true);
  h.level = SearchLevel(deltas, t.facts, h.form, config);
  if (std::all_of(deltas.begin(), deltas.begin() + groups,
                  [](uint32_t d) { return d == kInfiniteDelta; })) {  // F-6.7
    h.level = 0;
    h.base = 1;
  }
  const Coding coding = *ChooseCoding(deltas, t.facts, h.form, h.level, config);
  h.width = coding.width;
  h.dead_code = coding.dead_code;
  for (uint32_t g = 0; g < groups; ++g) {  // F-6.3
    const auto highest = static_cast<uint32_t>(LowMask(h.width));
    const bool lives = deltas[g] < GroupEnd(config, h.level, g);
    t.groups[g].special = t.facts[g].special;
    t.groups[g].code = lives ? std::min(deltas[g], highest - (h.dead_code ? 1 : 0)) : highest;
  }
  t.size_bits = PlaceGroups(h, config, t.groups);
  for (uint32_t i = 0; i < fields.n; ++i) {  // F-6.12
    const uint32_t g = i / config.group_len;
    const bool lives = deltas[g] < GroupEnd(config, h.level, g);
    if ((lives || t.facts[g].special) && fields.values[i].sign != 0) t.signs.Set(i);
    if (lives && !IsSpecial(fields.values[i].cls)) {
      t.magnitudes[i] = RoundToStep(fields.values[i], config.format, h.form, t.groups[g]);
    }
  }
  return t;
}

uint32_t PlaceGroups(const SignificanceHeader& h, const Config& config,
                     PerGroup<GroupPlace>& groups) {
  uint32_t position = FrontBits(h.form, h.width, config);
  for (uint32_t g = 0; g < GroupsOf(config); ++g) {
    GroupPlace& p = groups[g];
    const uint32_t end = GroupEnd(config, h.level, g);
    p.lives = !(h.dead_code && p.code == LowMask(h.width)) && p.code < end;
    p.magnitude_rows = p.lives ? MagnitudeRows(h.form, end - p.code, config) : 0;
    const bool signs = h.form != Form::kUnsigned && (p.lives || p.special);
    p.rows = (p.special ? 2U : 0U) + (signs ? 1U : 0U) + p.magnitude_rows;
    p.position = position;
    p.step = static_cast<int32_t>(h.base) - static_cast<int32_t>(p.code + p.magnitude_rows) + 1;
    position += config.group_len * p.rows;
  }
  return position;
}

uint32_t RoundToStep(const Fields& v, Format format, Form form, const GroupPlace& place) {
  const uint32_t significand = Significand(v, format);
  const int32_t down = place.step - UnitOf(v, format);  // bits below the step
  if (down <= 0) return significand << -down;
  if (down > 31) return 0;  // less than half a step: a significand has 24 bits
  const uint32_t k = significand >> down;
  if (form == Form::kMidRise) return k;
  const uint32_t rest = significand - (k << down);
  const uint32_t half = 1U << (down - 1);
  const uint32_t up = rest > half || (rest == half && (k & 1) != 0) ? 1 : 0;
  return std::min(k + up, static_cast<uint32_t>(LowMask(place.magnitude_rows)));
}

uint32_t RebuildMagnitude(uint32_t k, int32_t step, Form form, Format format) {
  const auto man = static_cast<int32_t>(InfoOf(format).man_bits);
  if (k == 0) {
    if (form != Form::kMidRise || step - 1 < 1 - man) return 0;
    k = 1;
    --step;
    form = Form::kSigned;  // half a step is a value like any other
  }
  const int32_t weight = step + static_cast<int32_t>(std::bit_width(k)) - 1;
  const int32_t unit = std::max(weight, 1) - man;  // of mantissa bit 0
  uint64_t m = k;
  if (step > unit) {
    const auto lost = static_cast<uint32_t>(step - unit);
    m <<= lost;
    if (form == Form::kMidRise) m += (uint64_t{1} << (lost - 1)) - (k & 1);
  } else {
    const int32_t down = unit - step;
    m = down < 32 ? m >> down : 0;
  }
  if (weight < 1) return static_cast<uint32_t>(m);
  return static_cast<uint32_t>(weight) << man |
         static_cast<uint32_t>(m & LowMask(InfoOf(format).man_bits));
}

void EncodeSignificance(const Block& block, const BlockFields& fields, const Config& config,
                        BitWriter& out, SignificanceTrace& t) {
  const uint32_t n = config.block_len;
  const std::optional<uint32_t> other = OtherPattern(block);
  const uint32_t pair_bits = 8 + 2 * PatternBits(config.format) + n;
  if (other && pair_bits <= 8 * config.slot_bytes) {  // F-6.1
    t = {};
    t.exact = true;
    t.header = {.width = kPairWidth};
    t.size_bits = pair_bits;
    out.Put(kPairWidth, 8);
    out.Put(block.patterns[0], PatternBits(config.format));
    out.Put(*other, PatternBits(config.format));
    for (uint32_t i = 0; i < n; ++i) out.PutBit(block.patterns[i] != block.patterns[0]);
    return;
  }
  t = ScheduleSignificance(fields, config);
  if (t.header.width == kPoisonedWidth) return out.Put(kPoisonedWidth, 8);
  PutHeader(t.header, config, out);
  const uint32_t groups = GroupsOf(config);
  if (t.header.form == Form::kSpecials) {
    for (uint32_t g = 0; g < groups; ++g) out.PutBit(t.groups[g].special);
  }
  for (uint32_t g = 0; g < groups; ++g) out.Put(t.groups[g].code, t.header.width);
  out.Put(0, static_cast<uint32_t>(-out.position() % 8));
  for (uint32_t g = 0; g < groups; ++g) {  // F-5.6
    const GroupPlace& p = t.groups[g];
    const Fields* values = &fields.values[size_t{g} * config.group_len];
    const uint32_t* k = &t.magnitudes[size_t{g} * config.group_len];
    const auto row = [&](const auto& bit) { PutRow(config.group_len, out, bit); };
    if (p.special) {
      row([&](uint32_t i) { return IsSpecial(values[i].cls); });
      row([&](uint32_t i) { return values[i].cls == ValueClass::kNan; });
    }
    if (p.rows != p.magnitude_rows + (p.special ? 2 : 0)) {
      row([&](uint32_t i) { return t.signs.Get(g * config.group_len + i); });
    }
    for (uint32_t b = p.magnitude_rows; b-- > 0;) {
      row([&](uint32_t i) { return BitOf(k[i], b) != 0; });
    }
  }
}

Malformed DecodeSignificance(BitReader& in, const Config& config, Block& block,
                             SignificanceTrace& t) {
  const FormatInfo info = InfoOf(config.format);
  const uint32_t n = config.block_len, groups = GroupsOf(config), len = config.group_len;
  block = {.format = config.format, .n = n};
  SignificanceHeader& h = t.header;
  h.width = static_cast<uint32_t>(in.Get(3));
  if (h.width == kPoisonedWidth || h.width == kPairWidth) {
    if (in.Get(5) != 0) return Malformed::kReserved;
    t.size_bits = 8;
    if (h.width == kPoisonedWidth) {  // F-5.12
      std::fill_n(block.patterns.begin(), n, QuietNan(config.format));
      return Malformed::kNone;
    }
    const auto a = static_cast<uint32_t>(in.Get(PatternBits(config.format)));  // F-5.13
    const auto b = static_cast<uint32_t>(in.Get(PatternBits(config.format)));
    for (uint32_t i = 0; i < n; ++i) block.patterns[i] = in.GetBit() != 0 ? b : a;
    t.size_bits = static_cast<uint32_t>(in.position());
    return in.overrun() ? Malformed::kTooShort : Malformed::kNone;
  }
  h.dead_code = in.GetBit() != 0;
  h.form = static_cast<Form>(in.Get(2));
  const auto q = static_cast<uint32_t>(in.Get(5));
  const auto j = static_cast<uint32_t>(in.Get(5));
  h.level = q * UnitsOf(config) + j;
  h.base = static_cast<uint32_t>(in.Get(8));
  if (h.width > kMaxCodeBits) return Malformed::kWidth;  // F-7.2
  if (j >= UnitsOf(config)) return Malformed::kLevel;
  if (h.base == 0 || h.base >= info.exp_max) return Malformed::kBase;
  if (h.form == Form::kSpecials) {
    for (uint32_t g = 0; g < groups; ++g) t.groups[g].special = in.GetBit() != 0;
  }
  for (uint32_t g = 0; g < groups; ++g) {
    t.groups[g].code = static_cast<uint32_t>(in.Get(h.width));
  }
  t.size_bits = PlaceGroups(h, config, t.groups);
  if (in.overrun() || t.size_bits > in.size()) return Malformed::kTooShort;

  in.Get(static_cast<uint32_t>(-in.position() % 8));
  for (uint32_t g = 0; g < groups; ++g) {
    const GroupPlace& p = t.groups[g];
    PerValue<uint32_t> special = {}, nan = {}, sign = {};
    uint32_t* k = &t.magnitudes[size_t{g} * len];
    const auto row = [&](uint32_t* bits) {
      for (uint32_t i = 0; i < len; ++i) bits[i] = bits[i] << 1 | in.GetBit();
    };
    if (p.special) {
      row(special.data());
      row(nan.data());
    }
    if (p.rows != p.magnitude_rows + (p.special ? 2 : 0)) row(sign.data());
    for (uint32_t b = 0; b < p.magnitude_rows; ++b) row(k);
    for (uint32_t i = 0; i < len; ++i) {
      uint32_t& pattern = block.patterns[g * len + i];
      pattern = sign[i] << (PatternBits(config.format) - 1);  // F-5.10
      if (special[i] != 0) {
        pattern |= nan[i] != 0 ? QuietNan(config.format) : info.exp_max << info.man_bits;
      } else if (p.lives) {
        pattern |= RebuildMagnitude(k[i], p.step, h.form, config.format);
      }
    }
  }
  return Malformed::kNone;
}

}  // namespace actplane
