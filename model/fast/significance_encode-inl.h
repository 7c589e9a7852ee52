// SPDX-License-Identifier: Apache-2.0
// Order significance, encoder (docs/format.md section 6). Blocks with specials are left to the
// reference.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H
#undef ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H
#else
#define ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H
#endif

#include <algorithm>
#include <cstring>

#include "field-inl.h"
#include "groups-inl.h"
#include "level-inl.h"
#include "pair-inl.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Values as 32-bit patterns without subnormals: weights are exponent fields minus `lift`.
struct Lifted {
  const uint32_t* values;
  uint32_t lift;
};

// Blocks of FP32 and BF16 whose base is below this are lifted by as much. All others are far enough
// above the subnormals: a group of these is beyond the largest delta, and k of one is 0. Blocks of
// FP16 are always lifted, to the exponents of FP32.
inline constexpr uint32_t kLowBase = 64;
inline constexpr uint32_t kFp16Lift = 127 - 15;

// `from` may be `to`.
HWY_INLINE Lifted Lift(const uint32_t* from, size_t n, uint32_t lift, uint32_t* to) {
  const D32 d;
  const Di32 di;
  const Df32 df;
  const V32 abs_bits = hn::Set(d, kAbsBits);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const V32 v = hn::LoadU(d, from + i);
    const V32 a = hn::And(v, abs_bits);
    const V32 normal = hn::Add(a, hn::Set(d, lift << kManBits));
    // The highest bit h of a subnormal has the weight h - 22; as a float it has 127 + h.
    const V32 subnormal = hn::Sub(hn::BitCast(d, hn::ConvertTo(df, hn::BitCast(di, a))),
                                  hn::Set(d, (127 + 22 - lift) << kManBits));
    const auto small =
        hn::RebindMask(d, hn::Lt(hn::BitCast(di, a), hn::Set(di, static_cast<int32_t>(kHidden))));
    V32 out = hn::IfThenElse(small, subnormal, normal);
    out = hn::IfThenZeroElse(hn::Eq(a, hn::Zero(d)), out);
    hn::Store(hn::Or(out, hn::AndNot(abs_bits, v)), d, to + i);
  }
  return {to, lift};
}

HWY_INLINE Lifted LoadLifted(Format format, const uint8_t* HWY_RESTRICT values, size_t n,
                             uint32_t* HWY_RESTRICT copy) {
  const uint32_t* wide = LoadWide(format, values, n, copy);
  if (format == Format::kFp16) return Lift(wide, n, kFp16Lift, copy);
  return {wide, 0};
}

struct GroupWords {
  HWY_ALIGN uint32_t of[kMaxGroups + 16];
};

// Lane i B + j of the result of 4 vectors of B blocks is lane i of its block j.
HWY_INLINE V32 OrderGroups(V32 v) {
  const D32 d;
  constexpr size_t kBlocks = hn::MaxLanes(D32()) / 4;
  if constexpr (kBlocks == 1) {
    return v;
  } else if constexpr (kBlocks == 2) {
    HWY_ALIGN static constexpr uint32_t kOrder[8] = {0, 4, 1, 5, 2, 6, 3, 7};
    return hn::TableLookupLanes(v, hn::SetTableIndices(d, kOrder));
  } else {
    HWY_ALIGN static constexpr uint32_t kOrder[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                      2, 6, 10, 14, 3, 7, 11, 15};
    return hn::TableLookupLanes(v, hn::SetTableIndices(d, kOrder));
  }
}

// `op` over every 4 values, for 4 vectors of values from i on; `load` gives a vector of them.
template <class Load, class Op>
HWY_INLINE V32 ReduceQuads(size_t i, const Load& load, const Op& op) {
  const D32 d;
  const hn::Repartition<uint64_t, D32> d64;
  const size_t lanes = hn::Lanes(d);
  const auto pairs = [&](V32 a, V32 b) HWY_ATTR {
    const auto a64 = hn::BitCast(d64, a);
    const auto b64 = hn::BitCast(d64, b);
    const V32 both = op(hn::BitCast(d, hn::InterleaveLower(d64, a64, b64)),
                        hn::BitCast(d, hn::InterleaveUpper(d64, a64, b64)));
    return op(both, hn::Shuffle2301(both));
  };
  const V32 even = pairs(load(i), load(i + 2 * lanes));
  const V32 odd = pairs(load(i + lanes), load(i + 3 * lanes));
  return OrderGroups(hn::OddEven(odd, even));
}

// `op` over every group. Words behind the last group are arbitrary.
template <uint32_t kGroupLen, class Load, class Op>
HWY_INLINE void ReduceGroups(size_t n, const Load& load_at, const Op& op, GroupWords& out) {
  const D32 d;
  const size_t lanes = hn::Lanes(d);
  const auto load = [&](size_t i) HWY_ATTR { return load_at(i & (n - 1)); };
  for (size_t g = 0; g < n / kGroupLen; g += lanes) {
    if constexpr (kGroupLen == 4) {
      hn::Store(ReduceQuads(4 * g, load, op), d, out.of + g);
    } else {
      const V32 low = ReduceQuads(8 * g, load, op);
      const V32 high = ReduceQuads(8 * g + 4 * lanes, load, op);
      hn::Store(op(hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low)), d, out.of + g);
    }
  }
}

template <uint32_t kGroupLen>
class SignificanceEncoder {
 public:
  SignificanceEncoder(const uint8_t* HWY_RESTRICT values, const Config& config)
      : config_(config),
        n_(config.block_len),
        groups_(config.block_len / kGroupLen),
        block_(LoadLifted(config.format, values, n_, copy_)) {}

  // Returns false if this block is left to the reference.
  HWY_INLINE bool Encode(uint8_t* HWY_RESTRICT slot) {
    if (!FindFacts()) return false;
    FindDeltas();
    LevelSearch<kGroupLen> search(deltas_, present_, config_);
    const Level level = FindLevel(search);
    PutBlock(search.deltas(), level, slot);
    return true;
  }

 private:
  HWY_INLINE V32 LoadAbs(size_t i) const {
    const D32 d;
    return hn::And(hn::LoadU(d, block_.values + i), hn::Set(d, kAbsBits));
  }
  HWY_INLINE void FindTops() {
    ReduceGroups<kGroupLen>(
        n_, [&](size_t i) HWY_ATTR { return LoadAbs(i); }, MaxOp(), tops_);
  }

  // What all values together tell. False: the block has specials.
  HWY_INLINE bool FindFacts() {
    const D32 d;
    V32 any = hn::Zero(d);
    V32 least = hn::Set(d, kAbsBits);
    V32 most = hn::Zero(d);
    for (size_t i = 0; i < n_; i += hn::Lanes(d)) {
      const V32 v = hn::LoadU(d, block_.values + i);
      const V32 a = hn::And(v, hn::Set(d, kAbsBits));
      any = hn::Or(any, v);
      least = hn::Min(least, a);
      most = hn::Max(most, a);
    }
    FindTops();
    const uint32_t top = ReduceLanes(d, most, MaxOp());
    const uint32_t inf = (InfoOf(config_.format).exp_max + block_.lift) << kManBits;
    if (HWY_UNLIKELY(top >= inf)) return false;
    any_bits_ = ReduceLanes(d, any, OrOp());
    has_zero_ = ReduceLanes(d, least, MinOp()) == 0;
    base_ = top >> kManBits;
    if (HWY_UNLIKELY(base_ < kLowBase)) {
      block_ = Lift(block_.values, n_, kLowBase, copy_);
      FindTops();
      uint32_t all = 0;
      for (size_t g = 0; g < groups_; ++g) all = std::max(all, tops_.of[g]);
      base_ = all >> kManBits;
      any_bits_ |= kManMask;  // not looked at again
    }
    base_ = std::max(base_, 1 + block_.lift);  // F-6.2
    return true;
  }

  // F-6.2. The bytes are stored by whole vectors, as they are loaded: other stores would be waited
  // for.
  HWY_INLINE void FindDeltas() {
    const D32 d;
    const D16 d16;
    const D8 d8;
    const Di32 di;
    const size_t lanes = hn::Lanes(d);
    const V32 base = hn::Set(d, base_);
    const V32 infinite = hn::Set(d, kInfiniteDelta);
    const auto most = hn::Set(di, static_cast<int32_t>(kMaxDelta));
    const auto groups = hn::Set(di, static_cast<int32_t>(groups_));
    V32 present = hn::Zero(d);
    const auto delta = [&](size_t g) HWY_ATTR {
      if (g >= groups_) return infinite;
      const V32 own = hn::Sub(base, hn::ShiftRight<kManBits>(hn::Load(d, tops_.of + g)));
      const auto index = hn::Add(hn::Iota(di, 0), hn::Set(di, static_cast<int32_t>(g)));
      const auto counts = hn::AndNot(hn::Gt(hn::BitCast(di, own), most), hn::Lt(index, groups));
      const V32 kept = hn::IfThenElse(hn::RebindMask(d, counts), own, infinite);
      present = hn::Or(present, hn::Shl(hn::Set(d, 1), hn::Min(kept, hn::Set(d, 31))));
      return kept;
    };
    const auto narrow = [&](V32 low, V32 high) HWY_ATTR {
      return hn::ConcatEven(d16, hn::BitCast(d16, high), hn::BitCast(d16, low));
    };
    for (size_t g = 0; g < kMaxGroups; g += 4 * lanes) {
      const V16 low = narrow(delta(g), delta(g + lanes));
      const V16 high = narrow(delta(g + 2 * lanes), delta(g + 3 * lanes));
      hn::Store(hn::ConcatEven(d8, hn::BitCast(d8, high), hn::BitCast(d8, low)), d8,
                deltas_.of + g);
    }
    present_ = ReduceLanes(d, present, OrOp()) & kAbsBits;
  }

  // One bit for each group: test(words of the groups) holds.
  template <class Test>
  HWY_INLINE uint64_t GroupsWith(const GroupWords& words, const Test& test) const {
    return MaskWhere(D32(), words.of, groups_, test) & LowMask(groups_);
  }

  // Groups in which some sign bit is 1.
  HWY_NOINLINE uint64_t FindNegative() const {
    const D32 d;
    GroupWords ors;
    ReduceGroups<kGroupLen>(
        n_, [&](size_t i) HWY_ATTR { return hn::LoadU(d, block_.values + i); }, OrOp(), ors);
    return GroupsWith(ors, [&](V32 v) HWY_ATTR { return hn::TestBit(v, hn::Set(d, kSignBit)); });
  }

  // F-6.2: empty groups, and whether one is mixed.
  HWY_NOINLINE void FindZeros(uint64_t& empty, bool& mixed) const {
    const D32 d;
    GroupWords least;
    ReduceGroups<kGroupLen>(
        n_, [&](size_t i) HWY_ATTR { return LoadAbs(i); }, MinOp(), least);
    const auto is_zero = [&](V32 v) HWY_ATTR { return hn::Eq(v, hn::Zero(d)); };
    empty = GroupsWith(tops_, is_zero);
    mixed = (GroupsWith(least, is_zero) & ~empty) != 0;
  }

  // F-6.9. `search` has the form of the block without mid-rise.
  HWY_INLINE bool IsExact(const LevelSearch<kGroupLen>& search) const {
    // A normal value with a bit below its R highest needs more than R rows.
    if ((any_bits_ & (kManMask >> (config_.row_limit - 1))) != 0 && block_.lift != kLowBase) {
      return false;
    }
    return FitsExactly(search);
  }

  HWY_NOINLINE bool FitsExactly(const LevelSearch<kGroupLen>& search) const {
    const D32 d;
    const Di32 di;
    const Df32 df;
    GroupWords lows;  // weight of the lowest bit plus 24, and the largest number without values
    ReduceGroups<kGroupLen>(
        n_,
        [&](size_t i) HWY_ATTR {
          const V32 a = LoadAbs(i);
          const V32 significand = hn::Or(hn::And(a, hn::Set(d, kManMask)), hn::Set(d, kHidden));
          const V32 low = hn::And(significand, hn::Sub(hn::Zero(d), significand));
          const V32 place = hn::ShiftRight<kManBits>(
              hn::BitCast(d, hn::ConvertTo(df, hn::BitCast(di, low))));  // 127 and more
          const V32 weight =
              hn::Sub(hn::Add(hn::ShiftRight<kManBits>(a), place), hn::Set(d, 127 + 23 - 24));
          return hn::IfThenElse(hn::Eq(a, hn::Zero(d)), hn::Set(d, kAbsBits), weight);
        },
        MinOp(), lows);
    const uint32_t units = CountUnits(groups_);
    const uint32_t unit_shift = UnitShift(groups_);
    uint32_t level = 0;
    for (uint32_t g = 0; g < groups_; ++g) {
      if (tops_.of[g] == 0) continue;
      if (deltas_.of[g] == kInfiniteDelta) return false;
      const uint32_t need = (tops_.of[g] >> kManBits) + 25 - lows.of[g];
      if (need > config_.row_limit) return false;
      level = std::max(level, (deltas_.of[g] + need - 1) * units + (g >> unit_shift) + 1);
    }
    return level < 32 * units && search.Fits(level / units, level % units << unit_shift);
  }

  // F-6.7 .. F-6.11. Sets `form_`.
  HWY_NOINLINE Level FindLevel(LevelSearch<kGroupLen>& search) {
    uint64_t empty = 0;
    bool mixed = false;
    // Without signs nobody asks.
    if (has_zero_ && (any_bits_ & kSignBit) != 0) FindZeros(empty, mixed);
    uint64_t negative = 0;
    bool knows_negative = false;
    const uint64_t everything = LowMask(groups_);
    const auto any_sign = [&](uint64_t counted) {
      if ((any_bits_ & kSignBit) == 0) return false;
      if (HWY_LIKELY(counted == everything)) return true;
      if (!knows_negative) negative = FindNegative();
      knows_negative = true;
      return (negative & counted) != 0;
    };
    const Form form = any_sign(everything & ~empty) ? Form::kSigned : Form::kUnsigned;
    const uint32_t finite = search.CountFinite();
    search.SetForm(form);
    if (form == Form::kSigned && !mixed && !IsExact(search)) {
      search.SetForm(Form::kMidRise);
      form_ = Form::kMidRise;
      const Level first = search.Search();
      if (HWY_LIKELY(CountBits(first.living) == finite)) {
        if (any_sign(first.living)) return first;  // the second search is the first
      } else if (any_sign(first.living)) {
        LevelSearch<kGroupLen> again = search;
        again.Keep(first);
        const Level second = again.Search();
        if (second.living == first.living) {
          search = again;
          return second;
        }
      }
      search.SetForm(form);
    }
    const Level first = search.Search();
    form_ = any_sign(first.living) ? Form::kSigned : Form::kUnsigned;
    if (HWY_LIKELY(form_ == form && CountBits(first.living) == finite)) return first;
    search.Keep(first);
    search.SetForm(form_);
    return search.Search();
  }

  // F-6.3, F-6.12.
  HWY_NOINLINE void PutBlock(const GroupBytes& deltas, const Level& level,
                             uint8_t* HWY_RESTRICT slot) {
    const D8 d8;
    const bool mid_rise = form_ == Form::kMidRise;
    const uint32_t q = level.living == 0 ? 0 : level.q;  // F-6.7
    const uint32_t below = level.living == 0 ? 0 : level.below;
    const uint32_t base = level.living == 0 ? 1 : base_ - block_.lift;
    const uint32_t bits = level.width | (level.dead_code ? 8U : 0U) |
                          static_cast<uint32_t>(form_) << 4 | q << 6 |
                          below >> UnitShift(groups_) << 11 | base << 16;
    std::memcpy(slot, &bits, sizeof(bits));

    GroupBytes codes, rows, shift, place, lives;
    const auto all = static_cast<uint8_t>(LowMask(level.width));
    const V8 all_v = hn::Set(d8, all);
    const V8 top = hn::Set(d8, static_cast<uint8_t>(all - (level.dead_code ? 1 : 0)));
    const V8 taken = hn::Set(d8, mid_rise ? 1 : 0);
    const V8 limit = hn::Set(d8, static_cast<uint8_t>(config_.row_limit));
    const V8 signs = hn::Set(d8, form_ == Form::kUnsigned ? 0 : 1);
    const V8 one = hn::Set(d8, 1);
    const V8 full = hn::Set(d8, 31);
    const V8 step = hn::Set(d8, static_cast<uint8_t>(base_ + 1));
    const V8 dead_step = hn::Set(d8, 255);
    V8 most = hn::Zero(d8);
    size_t with_rows = 0;
    for (size_t g = 0; g < groups_; g += hn::Lanes(d8)) {
      const V8 delta = hn::Load(d8, deltas.of + g);
      const V8 end = GroupEnds(q, below, groups_, g);
      const auto alive = hn::Lt(delta, end);
      const V8 code = hn::IfThenElse(alive, hn::Min(delta, top), all_v);
      auto has_rows = hn::Lt(code, end);
      if (level.dead_code) has_rows = hn::And(has_rows, hn::Ne(code, all_v));
      const V8 magnitude_rows =
          hn::IfThenElseZero(has_rows, hn::Min(hn::Sub(hn::Sub(end, code), taken), limit));
      const V8 n = hn::IfThenElseZero(has_rows, hn::Add(magnitude_rows, signs));
      const V8 p = hn::Sub(step, hn::Add(code, magnitude_rows));
      most = hn::Max(most, n);
      with_rows += hn::CountTrue(d8, hn::Ne(n, hn::Zero(d8)));
      hn::Store(code, d8, codes.of + g);
      hn::Store(n, d8, rows.of + g);
      // What does not live has zeros in its rows, also next to the largest finite values.
      hn::Store(hn::IfThenElse(alive, hn::Sub(full, magnitude_rows), full), d8, shift.of + g);
      hn::Store(hn::IfThenElse(alive, p, dead_step), d8, place.of + g);
      hn::Store(hn::IfThenElseZero(alive, one), d8, lives.of + g);
    }
    const bool wide = !hn::AllFalse(d8, hn::Gt(most, hn::Set(d8, kMostHalfRows<kGroupLen>)));
    const bool gaps = with_rows != groups_;
    StoreParams<kGroupLen>(shift, place, lives, groups_, params_);

    for (size_t g = 0; g < groups_; g += 8) {
      uint64_t eight = LoadWord(codes.of + g);
      if (groups_ < 8) eight &= LowMask(8 * groups_);
      StoreWord(PackCodes(eight, level.width), slot + 3 + g / 8 * level.width);
    }
    const size_t front = FrontBytes(level.width, groups_);
    HalfRows high;
    HalfRows low;
    const size_t lanes = hn::Lanes(D32());
    for (size_t i = 0; i < n_; i += 2 * lanes) {
      StoreRows<kGroupLen>(FormWord(i), FormWord(i + lanes), i, wide, high, low);
    }
    const size_t used =
        front + PutRows<kGroupLen>(high, low, wide, gaps, rows.of, groups_, slot + front);
    ZeroRest(slot, used, config_.slot_bytes);
  }

  // F-6.12: sign and k of the values from i on, on top of a word. A value is scaled by its exponent
  // so that a step is 1; whatever is below a quarter of it may as well be that.
  HWY_INLINE V32 FormWord(size_t i) const {
    const D32 d;
    const Di32 di;
    const Df32 df;
    const V32 v = hn::LoadU(d, block_.values + i);
    const auto group = LoadParams(params_, i);
    const V32 shift_and_lives = ParamsOf(group, kShiftAndLives);
    const V32 step = hn::ShiftLeft<kManBits>(ParamsOf(group, kPlaceAlone));
    const V32 shift = hn::And(shift_and_lives, hn::Set(d, 0xff));
    const V32 a =
        hn::Max(hn::And(v, hn::Set(d, kAbsBits)), hn::Sub(step, hn::Set(d, 2U << kManBits)));
    const auto scaled = hn::BitCast(df, hn::Add(hn::Sub(a, step), hn::Set(d, 127U << kManBits)));
    V32 k = hn::BitCast(d, hn::ConvertTo(di, scaled));
    if (form_ != Form::kMidRise) {
      // To the nearest, ties to even, whatever rounding mode the caller has: the rest is exact, and
      // an odd k takes the largest number below a half for the half.
      const auto rest = hn::Sub(scaled, hn::ConvertTo(df, hn::BitCast(di, k)));
      const V32 odd = hn::And(k, hn::Set(d, 1));
      const auto half = hn::BitCast(df, hn::Sub(hn::Set(d, 126U << kManBits), odd));
      const auto up = hn::RebindMask(d, hn::Gt(rest, half));
      k = hn::Min(hn::IfThenElse(up, hn::Add(k, hn::Set(d, 1)), k),
                  hn::Shr(hn::Set(d, kAbsBits), shift));
    }
    const V32 word = hn::Shl(k, shift);
    if (form_ == Form::kUnsigned) return hn::ShiftLeft<1>(word);
    return hn::Or(word, hn::And(hn::And(v, hn::Set(d, kSignBit)), shift_and_lives));
  }

  HWY_ALIGN uint32_t copy_[kMaxBlockLen];
  GroupWords tops_;
  GroupBytes deltas_;
  GroupParams params_;
  const Config& config_;
  uint32_t n_;
  uint32_t groups_;
  Lifted block_;
  uint32_t any_bits_ = 0;  // all values, one or the other
  bool has_zero_ = false;
  uint32_t base_ = 0;     // lifted
  uint32_t present_ = 0;  // bit d: some group has delta d
  Form form_ = Form::kUnsigned;
};

// Returns false if this block is left to the reference.
HWY_INLINE bool EncodeSignificanceBlock(const uint8_t* HWY_RESTRICT values, const Config& config,
                                        uint8_t* HWY_RESTRICT slot) {
  if (HWY_UNLIKELY(EncodePair(values, config, slot))) return true;
  if (config.group_len == 4) return SignificanceEncoder<4>(values, config).Encode(slot);
  return SignificanceEncoder<8>(values, config).Encode(slot);
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H
