// SPDX-License-Identifier: Apache-2.0
// Order significance: the search for the level (F-6.3 .. F-6.7), without specials.
//
// Sizes come from one table: heights[x] is the sum of max(0, x - d(g)) over all groups. It gives
// the groups that live at a level (F-6.3) as heights[q] - heights[q - 1], their rows as heights[q],
// the rows beyond the limit as heights[q - R], and the rows of a code that saturates at `top` as
// heights[top] + (q - top) for each group that lives.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_LEVEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_LEVEL_INL_H
#undef ACTPLANE_FAST_LEVEL_INL_H
#else
#define ACTPLANE_FAST_LEVEL_INL_H
#endif

#include <algorithm>
#include <bit>

#include "groups-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

inline constexpr uint32_t kEnds = 32;  // q is below it

// The place of set bit `index`, from 0; there are more than that.
HWY_INLINE uint32_t PlaceOfBit(uint64_t bits, uint32_t index) {
  if (HWY_LIKELY((bits & (bits + 1)) == 0)) return index;
  uint32_t place = 0;
  for (uint32_t step = 32; step > 0; step /= 2) {
    const uint32_t below = CountBits(bits >> place & LowMask(step));
    const bool above = below <= index;
    index -= above ? below : 0;
    place += above ? step : 0;
  }
  return place;
}

// A level, and how it is written. t(g) is q + 1 in the first `below` groups and q in the others.
struct Level {
  uint32_t q = 0;
  uint32_t below = 0;
  uint32_t width = 0;
  bool dead_code = true;
  uint64_t living = 0;
};

template <uint32_t kGroupLen>
class LevelSearch {
 public:
  // `present`: bit d is 1 if some group has delta d, up to 30.
  LevelSearch(const GroupBytes& deltas, uint32_t present, const Config& config)
      : deltas_(deltas),
        present_(present),
        groups_(config.block_len / kGroupLen),
        shift_(UnitShift(groups_)),
        row_limit_(config.row_limit),
        budget_(8 * config.slot_bytes) {
    SumHeights();
  }

  void SetForm(Form form) {
    mid_rise_ = form == Form::kMidRise;
    // Form 2 has its sign row in the place of a magnitude row: rows are min(h, R + 1).
    limit_ = row_limit_ + (mid_rise_ ? 1 : 0);
    signs_ = form == Form::kSigned ? 1 : 0;
  }

  // Groups with a finite delta.
  uint32_t CountFinite() const { return heights_[kEnds - 1] - heights_[kEnds - 2]; }

  // F-6.7: deltas of groups that do not live become infinite.
  HWY_NOINLINE void Keep(const Level& level) {
    const D8 d;
    for (size_t g = 0; g < groups_; g += hn::Lanes(d)) {
      const V8 delta = hn::Load(d, deltas_.of + g);
      const auto lives = hn::Lt(delta, GroupEnds(level.q, level.below, groups_, g));
      hn::Store(hn::IfThenElse(lives, delta, hn::Set(d, kInfiniteDelta)), d, deltas_.of + g);
    }
    const uint32_t count = CountBits(level.living);
    const uint32_t fresh = count - LivingAt(level.q);
    present_ = static_cast<uint32_t>(present_ & LowMask(level.q)) | (fresh != 0 ? 1U : 0U)
                                                                        << level.q;
    for (uint32_t x = level.q + 1; x < kEnds; ++x) {
      heights_[x] = static_cast<uint16_t>(heights_[level.q] + count * (x - level.q));
    }
  }

  // Does the level (q, j) fit, `below` being what j stands for?
  bool Fits(uint32_t q, uint32_t below) const {
    return Choose(q, below, FindMasks(q)).size <= budget_;
  }

  // F-6.7, one search.
  HWY_NOINLINE Level Search() const {
    Level level;
    Coding coding;
    level.q = SearchEnd(coding);
    const Masks masks = FindMasks(level.q);
    if (masks.fresh == 0 && coding.steady) {
      // Every choice grows alike or more: each group that gains a row takes kGroupLen bits.
      const uint32_t spare = (budget_ - coding.size) / kGroupLen;
      const uint32_t last = groups_ - (1U << shift_);
      if (CountBits(masks.gaining) > spare) {
        level.below = std::min(last, PlaceOfBit(masks.gaining, spare) >> shift_ << shift_);
      } else {
        level.below = last;
      }
    } else {
      for (uint32_t step = CountUnits(groups_) / 2; step > 0; step /= 2) {
        const uint32_t below = level.below + (step << shift_);
        const Coding next = Choose(level.q, below, masks);
        if (next.size > budget_) continue;
        level.below = below;
        coding = next;
      }
    }
    level.width = coding.width;
    level.dead_code = coding.dead_code;
    level.living = masks.living | (masks.fresh & LowMask(level.below));
    return level;
  }

  const GroupBytes& deltas() const { return deltas_; }

 private:
  // Groups at t(g) = q.
  struct Masks {
    uint64_t living = 0;
    uint64_t gaining = 0;  // live and have one row more at q + 1
    uint64_t fresh = 0;    // do not live, but do at q + 1
  };

  struct Coding {
    uint32_t width = 0;
    bool dead_code = true;
    uint32_t size = UINT32_MAX;
    // With more groups that end at q + 1 and none of them fresh, it stays the first of the
    // smallest.
    bool steady = true;
  };

  // Two groups at a time in the two bytes of a lane; a lane is an end.
  void SumHeights() {
    const D8 d;
    const D16 d16;
    const size_t lanes = hn::Lanes(d16);
    for (size_t x = 0; x < kEnds; x += lanes) {
      const auto index = hn::Add(hn::Iota(d16, 0), hn::Set(d16, static_cast<uint16_t>(x)));
      const V8 ends = hn::BitCast(d, hn::Or(index, hn::ShiftLeft<8>(index)));
      V16 sum = hn::Zero(d16);
      for (size_t first = 0; first < groups_; first += 16) {
        V8 part = hn::Zero(d);  // of 8 pairs: no byte overflows
        const size_t end = std::min<size_t>(first + 16, groups_);
        for (size_t g = first; g < end; g += 2) {
          uint16_t pair;
          std::memcpy(&pair, deltas_.of + g, sizeof(pair));
          part = hn::Add(part, hn::SaturatedSub(ends, hn::BitCast(d, hn::Set(d16, pair))));
        }
        const V16 both = hn::BitCast(d16, part);
        sum = hn::Add(sum, hn::Add(hn::ShiftRight<8>(both), hn::And(both, hn::Set(d16, 0xff))));
      }
      hn::Store(sum, d16, heights_ + x);
    }
  }

  uint32_t LivingAt(uint32_t q) const { return q == 0 ? 0 : heights_[q] - heights_[q - 1]; }
  // F-6.4: bits(x).
  static uint32_t CodeBits(uint32_t x) {
    return std::min(static_cast<uint32_t>(std::bit_width(x)), kMaxCodeBits);
  }
  uint32_t Front(uint32_t width) const { return 8 * FrontBytes(width, groups_); }
  // Magnitude rows, and the sign row in form 2, when every group has its own code.
  uint32_t LeastRows(uint32_t q) const {
    return heights_[q] - (q > limit_ ? heights_[q - limit_] : 0);
  }

  Masks FindMasks(uint32_t q) const {
    const D8 d;
    const V8 end = hn::Set(d, static_cast<uint8_t>(q));
    Masks m;
    m.living = GroupsWhere(deltas_, [&](V8 v) HWY_ATTR { return hn::Lt(v, end); });
    m.fresh = GroupsWhere(deltas_, [&](V8 v) HWY_ATTR { return hn::Eq(v, end); });
    m.gaining = m.living;
    if (HWY_UNLIKELY(q >= limit_)) {
      const V8 limited = hn::Set(d, static_cast<uint8_t>(q - limit_));
      m.gaining &= GroupsWhere(deltas_, [&](V8 v) HWY_ATTR { return hn::Gt(v, limited); });
    }
    return m;
  }

  // F-6.4 .. F-6.6: the first choice of least size; the size is UINT32_MAX if none is allowed, or
  // if it is plain that none fits.
  Coding Choose(uint32_t q, uint32_t below, const Masks& m) const {
    const uint64_t part = LowMask(below);
    const uint32_t fresh = CountBits(m.fresh & part);
    const uint32_t old = LivingAt(q);
    const uint32_t living = old + fresh;
    if (living == 0) return {.width = 0, .dead_code = true, .size = Front(0)};
    const uint32_t dead = groups_ - living;
    const uint32_t largest =
        fresh != 0 ? q : static_cast<uint32_t>(std::bit_width(present_ & LowMask(q))) - 1;
    const uint32_t narrowest = largest == 0 ? 0 : CodeBits(largest) - 1;
    const uint32_t widest = CodeBits(largest + (dead != 0 ? 1 : 0));
    const uint32_t common = signs_ * living + fresh + CountBits(m.gaining & part) -
                            (q > limit_ ? heights_[q - limit_] : 0);
    Coding best;
    if (Front(narrowest) + kGroupLen * (common + heights_[q]) > budget_) return best;
    for (uint32_t width = narrowest; width <= widest; ++width) {
      const uint32_t all = (1U << width) - 1;
      for (const bool dead_code : {true, false}) {
        if (dead_code && width == 0) continue;  // F-6.5: no code is left
        const uint32_t top = all - (dead_code ? 1 : 0);
        const bool saturates = top < largest;
        uint32_t rows = common;
        bool steady = true;
        if (saturates) {
          const uint32_t reach = q - top;
          if (reach > limit_) continue;
          if (HWY_UNLIKELY(reach == limit_)) {
            if (fresh != 0 || (SaturatedGroups(top, q) & part) != 0) continue;
            steady = false;
          }
          rows += heights_[top] + reach * living;
        } else {
          rows += heights_[q];
        }
        if (!dead_code && dead != 0 && all <= q) {
          const uint32_t dead_below = below - CountBits((m.living | m.fresh) & part);
          if (mid_rise_) {
            if (all < q || dead_below != 0) continue;
          } else if (all < q) {  // rows of zeros
            rows +=
                dead * (std::min(q - all, limit_) + signs_) + (q - all < limit_ ? dead_below : 0);
          } else {
            rows += dead_below * (1 + signs_);
          }
          steady = false;
        }
        const uint32_t size = Front(width) + kGroupLen * rows;
        if (size < best.size) best = {width, dead_code, size, steady};
        // What follows has as many rows or more, and codes as wide or wider.
        if (!saturates && (dead_code || dead == 0)) return best;
      }
    }
    return best;
  }

  uint64_t SaturatedGroups(uint32_t top, uint32_t q) const {
    const D8 d;
    const V8 low = hn::Set(d, static_cast<uint8_t>(top));
    const V8 end = hn::Set(d, static_cast<uint8_t>(q));
    return GroupsWhere(deltas_,
                       [&](V8 v) HWY_ATTR { return hn::And(hn::Gt(v, low), hn::Lt(v, end)); });
  }

  // No choice at (q, 0) has fewer bits: its rows, and codes no wider than they may be (F-6.4).
  uint32_t LeastSize(uint32_t q) const {
    const auto largest = static_cast<uint32_t>(present_ & LowMask(q));
    const uint32_t bits = CodeBits(static_cast<uint32_t>(std::bit_width(largest / 2)));
    return Front(bits - (bits != 0 ? 1 : 0)) + kGroupLen * LeastRows(q);
  }

  // The first five steps of the search: levels (q, 0).
  uint32_t SearchEnd(Coding& coding) const {
    // No level fits whose rows alone are too many.
    const D16 d;
    const uint32_t most = (budget_ - 24) / kGroupLen;
    const V16 too_many = hn::Set(d, static_cast<uint16_t>(most + 1));
    uint32_t end = 0;
    for (size_t x = 0; x < kEnds; x += hn::Lanes(d)) {
      end += static_cast<uint32_t>(hn::CountTrue(d, hn::Lt(hn::Load(d, heights_ + x), too_many)));
    }
    --end;
    while (end + 1 < kEnds && LeastRows(end + 1) <= most) ++end;  // beyond the limit of rows
    end -= LeastSize(end) > budget_ ? 1 : 0;                      // no branch: as good as random
    while (HWY_UNLIKELY(LeastSize(end) > budget_)) --end;
    for (;; --end) {
      coding = Choose(end, 0, {});
      if (coding.size <= budget_) break;  // at last with end = 0, where nothing lives
    }
    // In the forms 0 and 1 sizes never fall (F-6.6). In form 2 they do not as long as the codes can
    // be wide enough for all and the widest ones fit.
    if (!mid_rise_ || end == 0) return end;
    const auto all_fit = [&](uint32_t q) {
      return q < kMaxDelta / 2 + 1 && Front(kMaxCodeBits) + kGroupLen * LeastRows(q) <= budget_;
    };
    if (HWY_LIKELY(all_fit(end - 1))) return end;
    uint64_t fits = uint64_t{1} << end | 1;
    for (uint32_t q = end - 1; q > 0; --q) {
      if (all_fit(q)) {
        fits |= LowMask(q + 1);
        break;
      }
      if (Choose(q, 0, {}).size <= budget_) fits |= uint64_t{1} << q;
    }
    uint32_t q = 0;
    for (uint32_t step = kEnds / 2; step > 0; step /= 2) {
      if (BitOf(fits, q + step) != 0) q += step;
    }
    if (q != end) coding = Choose(q, 0, {});
    return q;
  }

  HWY_ALIGN uint16_t heights_[kEnds];
  GroupBytes deltas_;
  uint32_t present_;
  uint32_t groups_;
  uint32_t shift_;
  uint32_t row_limit_;
  uint32_t budget_;
  uint32_t limit_ = 0;
  uint32_t signs_ = 0;
  bool mid_rise_ = false;
};

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_LEVEL_INL_H
