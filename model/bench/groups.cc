// SPDX-License-Identifier: Apache-2.0
#include "groups.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "actplane/bits.h"

namespace actplane::bench {
namespace {

constexpr int32_t kMostDelta = 30;
constexpr uint32_t kUnits = 32;  // j counts groups, or pairs of groups where there are 64

struct Value {
  uint32_t exponent = 1;     // field, at least 1
  uint32_t significand = 0;  // in units of 2^(exponent - M); 0: zero or special
  bool negative = false;
  bool special = false;
};

// What the search for the level looks at.
struct Facts {
  uint32_t groups = 0;
  bool signs = false;
  bool rise = false;
  bool specials = false;
  std::array<uint8_t, kMostGroups> delta = {};
  std::array<bool, kMostGroups> special = {};
};

struct Group {
  bool zero = true;       // no finite value but zeros
  int32_t exponent = 0;   // of the leading one of the largest value
  uint32_t need = 0;      // rows with which the group is exact
  bool negative = false;  // some sign bit is 1
  bool mixed = false;     // zeros beside values that are not
};

uint32_t BitsFor(uint32_t most) { return static_cast<uint32_t>(std::bit_width(most)); }

uint32_t RiceBits(uint32_t symbol, uint32_t k) { return (symbol >> k) + 1 + k; }

class Emulator {
 public:
  Emulator(const GroupRules& rules, Format format, uint32_t bits,
           std::span<const uint32_t> patterns)
      : rules_(rules),
        info_(InfoOf(format)),
        budget_(bits),
        n_(static_cast<uint32_t>(patterns.size())),
        groups_(n_ / rules.group),
        values_(n_) {
    for (uint32_t i = 0; i < n_; ++i) {
      const uint32_t p = patterns[i];
      const uint32_t field = p >> info_.man_bits & info_.exp_max;
      const uint32_t mantissa = p & ((1U << info_.man_bits) - 1);
      Value& v = values_[i];
      v.negative = p >> (info_.man_bits + info_.exp_bits) != 0;
      v.special = field == info_.exp_max;
      if (v.special) continue;
      v.exponent = std::max(field, 1U);
      v.significand = mantissa | (field == 0 ? 0 : 1U << info_.man_bits);
    }
    for (uint32_t g = 0; g < groups_; ++g) LookAt(g);
  }

  GroupPlan Plan(std::span<const uint32_t> patterns) {
    if (rules_.pair && IsPair(patterns)) {
      const uint32_t bits = 8 + 2 * (1 + info_.exp_bits + info_.man_bits) + n_;
      if (bits <= budget_) return {.kind = GroupPlan::Kind::kPair, .bits = bits};
    }
    if (rules_.rounding == Rounding::kRaise) return PlanRaised();
    return PlanOnce();
  }

  void Decode(const GroupPlan& plan, std::span<const uint32_t> patterns,
              std::span<uint32_t> decoded) const {
    if (plan.kind == GroupPlan::Kind::kPair) {
      std::copy(patterns.begin(), patterns.end(), decoded.begin());
      return;
    }
    const uint32_t nan = info_.exp_max << info_.man_bits | 1U << (info_.man_bits - 1);
    if (plan.kind == GroupPlan::Kind::kPoisoned) {
      std::fill(decoded.begin(), decoded.end(), nan);
      return;
    }
    for (uint32_t g = 0; g < groups_; ++g) {
      std::array<uint64_t, 16> k = {};
      if (plan.delta[g] != kDead) Round(plan, g, k);
      for (uint32_t i = 0; i < rules_.group; ++i) {
        const uint32_t at = g * rules_.group + i;
        const Value& v = values_[at];
        const uint32_t sign =
            v.negative && plan.signs ? 1U << (info_.exp_bits + info_.man_bits) : 0;
        if (v.special) {
          const bool inf = (patterns[at] & ((1U << info_.man_bits) - 1)) == 0;
          decoded[at] = sign | (inf ? info_.exp_max << info_.man_bits : nan);
        } else if (plan.delta[g] == kDead) {
          decoded[at] = plan.special[g] ? sign : 0;
        } else {
          decoded[at] = sign | Magnitude(plan, g, i, k[i]);
        }
      }
    }
  }

 private:
  void LookAt(uint32_t g) {
    Group& out = about_[g];
    bool zero = false;
    for (const Value& v : Values(g)) {
      out.negative |= v.negative;
      specials_ |= v.special;
      special_[g] |= v.special;
      if (v.special) continue;
      if (v.significand == 0) {
        zero = true;
        continue;
      }
      const int32_t leading = Unit(v) + static_cast<int32_t>(std::bit_width(v.significand)) - 1;
      out.exponent = out.zero ? leading : std::max(out.exponent, leading);
      out.zero = false;
    }
    out.mixed = zero && !out.zero;
    for (const Value& v : Values(g)) {
      if (v.significand == 0) continue;
      const int32_t lowest = Unit(v) + std::countr_zero(v.significand);
      out.need = std::max(out.need, static_cast<uint32_t>(out.exponent - lowest) + 1);
    }
  }

  // Exponent of the weight of the lowest mantissa bit.
  int32_t Unit(const Value& v) const {
    return static_cast<int32_t>(v.exponent) - static_cast<int32_t>(info_.man_bits);
  }

  std::span<const Value> Values(uint32_t g) const {
    return std::span(values_).subspan(size_t{g} * rules_.group, rules_.group);
  }

  static bool IsPair(std::span<const uint32_t> patterns) {
    const uint32_t a = patterns[0];
    uint32_t b = a;
    for (const uint32_t p : patterns) {
      if (p == a || p == b) continue;
      if (b != a) return false;
      b = p;
    }
    return true;
  }

  uint32_t HeaderBits() const { return static_cast<uint32_t>(24 + rules_.header_change); }

  Facts MakeFacts() const {
    Facts f = {.groups = groups_, .specials = specials_, .special = special_};
    base_ = 1;
    for (uint32_t g = 0; g < groups_; ++g) {
      if (!about_[g].zero) base_ = std::max(base_, Exponent(g));
    }
    for (uint32_t g = 0; g < groups_; ++g) {
      const int32_t delta = base_ - Exponent(g);
      f.delta[g] = about_[g].zero || delta > kMostDelta ? kDead : static_cast<uint8_t>(delta);
      f.signs |= about_[g].negative && (!about_[g].zero || special_[g]);
    }
    f.signs |= specials_;
    return f;
  }

  int32_t Exponent(uint32_t g) const {
    return about_[g].exponent + static_cast<int32_t>(raised_[g]);
  }

  // Rows of a group `to` weights long, the row of signs included; `depth`: magnitude rows.
  uint32_t RowsOf(const Facts& f, uint32_t to, uint32_t* depth) const {
    *depth = 0;
    if (to == 0) return 0;
    if (f.rise && rules_.sign_rows) {
      *depth = std::min(to - 1, rules_.cap);
      return *depth + 1;
    }
    *depth = std::min(to, rules_.cap);
    return *depth + (f.signs ? 1 : 0);
  }

  // How the codes of a level are written, and the bits of the slot.
  struct Layout {
    uint32_t width = 0;
    bool dead = false;  // Z: the all-ones code is that of dead groups
    int32_t most = 0;   // the largest delta that has a code; larger ones are aligned to it
    uint32_t bits = ~0U;
  };

  uint32_t To(uint32_t level, uint32_t g) const {
    const uint32_t units = std::min(groups_, kUnits);
    return level / units + (g * units < level % units * groups_ ? 1 : 0);
  }

  // Rows of group g at weight `to`, or ~0 if the codes cannot say what the group needs.
  uint32_t GroupBits(const Facts& f, uint32_t g, uint32_t to, const Layout& layout) const {
    const auto delta = static_cast<int32_t>(f.delta[g]);
    const auto code = std::min(delta, layout.most);
    const auto above = static_cast<int32_t>(to) - code;
    const bool live = f.delta[g] < to;
    uint32_t rows = 0, depth = 0;
    if (live) {
      if (code < 0) return ~0U;
      rows = RowsOf(f, static_cast<uint32_t>(above), &depth);
      // A group that is aligned too high must not lose rows to the cap by it.
      if (delta > layout.most && depth < static_cast<uint32_t>(above) - (f.rise ? 1 : 0))
        return ~0U;
    } else if (!layout.dead && above > 0) {
      if (f.rise) return ~0U;  // zeros have no mid-rise
      rows = RowsOf(f, static_cast<uint32_t>(above), &depth);
    }
    uint32_t bits = rows * rules_.group;
    if (rules_.lattice && depth >= 2 && !f.rise) bits -= rules_.group / 2;
    if (f.special[g]) bits += (2 + (rows == 0 ? 1U : 0U)) * rules_.group;
    return bits;
  }

  void Add(const Facts& f, uint32_t level, uint32_t head, Layout layout, Layout& best) const {
    layout.bits = (head + 7) / 8 * 8;
    for (uint32_t g = 0; g < groups_; ++g) {
      const uint32_t bits = GroupBits(f, g, To(level, g), layout);
      if (bits == ~0U) return;
      layout.bits += bits;
    }
    if (layout.bits < best.bits) best = layout;
  }

  Layout LayoutAt(const Facts& f, uint32_t level) const {
    uint32_t most = 0;
    bool live = false, dead = false;
    for (uint32_t g = 0; g < groups_; ++g) {
      if (f.delta[g] >= To(level, g)) {
        dead = true;
        continue;
      }
      most = std::max<uint32_t>(most, f.delta[g]);
      live = true;
    }
    const uint32_t head = HeaderBits() + (f.specials ? groups_ : 0);
    Layout best;
    dead |= rules_.always_dead;
    if (rules_.code == GroupCode::kFixed || rules_.code == GroupCode::kSaturated) {
      const bool saturate = rules_.code == GroupCode::kSaturated;
      const uint32_t needed = live ? std::min(BitsFor(most + (dead ? 1 : 0)), rules_.widest) : 0;
      const uint32_t bits = live ? std::min(BitsFor(most), rules_.widest) : 0;
      const uint32_t least = saturate && bits > rules_.narrower ? bits - rules_.narrower : 0;
      for (uint32_t w = saturate ? least : needed; w <= needed; ++w) {
        const auto all = static_cast<int32_t>((1U << w) - 1);
        Add(f, level, head + w * groups_, {.width = w, .dead = true, .most = all - 1}, best);
        if (rules_.always_dead || (dead && !saturate)) continue;
        Add(f, level, head + w * groups_, {.width = w, .dead = false, .most = all}, best);
      }
      return best;
    }
    const auto symbol = [&](uint32_t g) -> uint32_t {
      return f.delta[g] < To(level, g) ? f.delta[g] : most + 1;
    };
    uint32_t code = 0;
    if (rules_.code == GroupCode::kUnary) {
      code = 5;  // `most`, so that dead groups have a code
      for (uint32_t g = 0; g < groups_; ++g)
        code += std::min(symbol(g) + 1, most + (dead ? 1U : 0U));
    } else if (rules_.code == GroupCode::kCentre) {
      code = ~0U;
      for (uint32_t centre = 0; centre <= most; ++centre) {
        uint32_t bits = 4 + 5;  // the centre, `most`
        for (uint32_t g = 0; g < groups_; ++g) {
          const uint32_t s = symbol(g);
          bits += 1 + (s > centre ? 2 * (s - centre) - 1 : 2 * (centre - s));
        }
        code = std::min(code, bits);
      }
    } else if (rules_.code != GroupCode::kFree) {
      code = ~0U;
      for (uint32_t k = 0; k < 4; ++k) {
        uint32_t bits = rules_.code == GroupCode::kRice ? 7 : 12;  // k, `most`, the first code
        uint32_t before = 0;
        for (uint32_t g = 0; g < groups_; ++g) {
          const uint32_t now = symbol(g);
          const uint32_t step = now > before ? 2 * (now - before) - 1 : 2 * (before - now);
          bits += RiceBits(rules_.code == GroupCode::kRice ? now : step, k);
          before = now;
        }
        code = std::min(code, bits);
      }
    }
    Add(f, level, head + code, {.dead = true, .most = kMostDelta}, best);
    return best;
  }

  bool Fits(const Facts& f, uint32_t level) const { return LayoutAt(f, level).bits <= budget_; }

  // Bit by bit from the top: a bit is 1 where the level fits with it.
  uint32_t Search(const Facts& f) const {
    const uint32_t units = std::min(groups_, kUnits);
    const uint32_t bits = BitsFor(rules_.most_q) + BitsFor(units - 1);
    const uint32_t least = rules_.spare == Spare::kLevel ? 1 : units;
    uint32_t level = 0;
    for (uint32_t bit = 1U << (bits - 1); bit >= least; bit /= 2) {
      if (Fits(f, level + bit)) level += bit;
    }
    return level;
  }

  Facts Pruned(Facts f, uint32_t level) const {
    f.signs = specials_;
    for (uint32_t g = 0; g < groups_; ++g) {
      if (f.delta[g] >= To(level, g)) f.delta[g] = kDead;
      f.signs |= about_[g].negative && (f.delta[g] != kDead || special_[g]);
    }
    return f;
  }

  // The block comes back bit for bit from the smallest level that gives every group its rows.
  bool Exact(const Facts& f) const {
    const uint32_t units = std::min(groups_, kUnits);
    uint32_t level = 0;
    for (uint32_t g = 0; g < groups_; ++g) {
      if (about_[g].zero) continue;
      if (f.delta[g] == kDead || about_[g].need > rules_.cap) return false;
      const uint32_t to = f.delta[g] + about_[g].need;
      level = std::max(level, (to - 1) * units + g * units / groups_ + 1);
    }
    return level < (rules_.most_q + 1) * units && Fits(f, level);
  }

  GroupPlan PlanOnce() const {
    Facts f = MakeFacts();
    if (!Fits(f, 0)) return {.kind = GroupPlan::Kind::kPoisoned, .bits = budget_};
    bool rise = f.signs && !specials_;
    for (uint32_t g = 0; g < groups_ && rise; ++g) {
      rise = rules_.rounding == Rounding::kRise ? !about_[g].zero && !about_[g].mixed
                                                : !about_[g].mixed;
    }
    if (rules_.rounding == Rounding::kRise && rise) {
      f.rise = true;
    } else if (rules_.rounding == Rounding::kRiseChecked && rise && !Exact(f)) {
      Facts up = f;
      up.rise = true;
      const Facts left = Pruned(up, Search(up));
      if (!rules_.prune) {
        f = up;
      } else if (left.signs) {
        const uint32_t level = Search(left);
        if (Pruned(left, level).delta == left.delta) return Finish(left, level);
      }
    }
    uint32_t level = Search(f);
    if (rules_.prune) {
      f = Pruned(f, level);
      level = Search(f);
    }
    return Finish(f, level);
  }

  GroupPlan PlanRaised() {
    for (;;) {
      const GroupPlan plan = PlanOnce();
      bool again = false;
      for (uint32_t g = 0; g < groups_; ++g) {
        if (plan.delta[g] == kDead || raised_[g] != 0 ||
            Exponent(g) + 1 >= static_cast<int32_t>(info_.exp_max))
          continue;
        for (uint32_t i = 0; i < rules_.group; ++i) {
          if (Nearest(plan, g, Values(g)[i]) >> plan.depth[g] == 0) continue;
          raised_[g] = 1;
          again = true;
        }
      }
      if (!again) return plan;
    }
  }

  GroupPlan Finish(const Facts& f, uint32_t level) const {
    if (std::all_of(f.delta.begin(), f.delta.begin() + groups_,
                    [](uint8_t delta) { return delta == kDead; })) {
      base_ = 1;
      level = 0;
    }
    GroupPlan plan = {.base = base_,
                      .level = level,
                      .signs = f.signs,
                      .rise = f.rise,
                      .specials = f.specials,
                      .delta = f.delta,
                      .special = f.special};
    const Layout layout = LayoutAt(f, level);
    plan.bits = layout.bits;
    plan.width = layout.width;
    plan.dead_code = layout.dead;
    for (uint32_t g = 0; g < groups_; ++g) {
      const uint32_t to = To(level, g);
      uint32_t depth = 0;
      const int32_t code = std::min(static_cast<int32_t>(f.delta[g]), layout.most);
      const bool live = f.delta[g] < to;
      const int32_t above = static_cast<int32_t>(to) - code;
      plan.code[g] = static_cast<uint8_t>(live || !layout.dead ? code : (1 << layout.width) - 1);
      plan.delta[g] = live ? plan.code[g] : kDead;
      if (!live && (layout.dead || above <= 0)) continue;
      plan.rows[g] = static_cast<uint8_t>(RowsOf(f, static_cast<uint32_t>(above), &depth));
      plan.depth[g] = static_cast<uint8_t>(depth);
    }
    if (rules_.spare == Spare::kLive || rules_.spare == Spare::kLargest) Deepen(plan);
    if (rules_.grain != 0) Partly(plan);
    return plan;
  }

  void Deepen(GroupPlan& plan) const {
    std::array<uint32_t, kMostGroups> order = {};
    for (uint32_t g = 0; g < groups_; ++g) order[g] = g;
    if (rules_.spare == Spare::kLargest) {
      std::stable_sort(order.begin(), order.begin() + groups_,
                       [&](uint32_t a, uint32_t b) { return plan.delta[a] < plan.delta[b]; });
    }
    for (uint32_t k = 0; k < groups_ && plan.bits + rules_.group <= budget_; ++k) {
      const uint32_t g = order[k];
      if (plan.delta[g] == kDead || plan.depth[g] >= rules_.cap) continue;
      ++plan.rows[g];
      ++plan.depth[g];
      plan.bits += rules_.group;
    }
  }

  // Left-over bits, too few for a row: the first values of the next live group have them.
  void Partly(GroupPlan& plan) const {
    const uint32_t left = (budget_ - plan.bits) / rules_.grain * rules_.grain;
    for (uint32_t k = 0; k < groups_; ++k) {
      const uint32_t g = k;
      if (plan.delta[g] == kDead || plan.depth[g] >= rules_.cap || left >= rules_.group) continue;
      plan.partial[g] = static_cast<uint8_t>(left);
      plan.bits += left;
      return;
    }
  }

  // Exponent of the weight of the last row that value i of group g has.
  int32_t Step(const GroupPlan& plan, uint32_t g, uint32_t i) const {
    const uint32_t depth = plan.depth[g] + (i < plan.partial[g] ? 1U : 0U);
    return plan.base - static_cast<int32_t>(plan.delta[g] + depth) + 1;
  }

  // Magnitude in steps: downward, and what is left as a fraction of 2^32 at least.
  uint64_t Floor(const Value& v, int32_t step, uint64_t* rest, uint64_t* half) const {
    const int32_t shift =
        step - static_cast<int32_t>(v.exponent) + static_cast<int32_t>(info_.man_bits);
    *rest = 0;
    *half = 1;
    if (shift <= 0) return uint64_t{v.significand} << -shift;
    const auto down = static_cast<uint32_t>(std::min(shift, 40));
    *rest = v.significand & ((uint64_t{1} << down) - 1);
    *half = uint64_t{1} << (down - 1);
    return uint64_t{v.significand} >> down;
  }

  uint64_t Nearest(const GroupPlan& plan, uint32_t g, const Value& v, uint32_t i = 255) const {
    uint64_t rest = 0, half = 0;
    uint64_t k = Floor(v, Step(plan, g, i), &rest, &half);
    if (rest > half || (rest == half && (k & 1) != 0)) ++k;
    return k;
  }

  void Round(const GroupPlan& plan, uint32_t g, std::span<uint64_t> k) const {
    if (rules_.lattice && plan.depth[g] >= 2 && !plan.rise) return RoundToLattice(plan, g, k);
    for (uint32_t i = 0; i < rules_.group; ++i) {
      const Value& v = Values(g)[i];
      uint64_t rest = 0, half = 0;
      if (plan.rise || rules_.rounding == Rounding::kTruncate) {
        k[i] = Floor(v, Step(plan, g, i), &rest, &half);
      } else {
        const uint32_t depth = plan.depth[g] + (i < plan.partial[g] ? 1U : 0U);
        k[i] = std::min(Nearest(plan, g, v, i), (uint64_t{1} << depth) - 1);
      }
    }
  }

  // Steps whose lowest bits are a word of the extended Hamming code: the nearest such point, the
  // largest value keeping its leading one.
  void RoundToLattice(const GroupPlan& plan, uint32_t g, std::span<uint64_t> k) const {
    const uint64_t most = (uint64_t{1} << plan.depth[g]) - 1;
    std::array<std::array<uint64_t, 2>, 8> candidate = {};
    std::array<std::array<double, 2>, 8> cost = {};
    bool kept = false;
    for (uint32_t i = 0; i < 8; ++i) {
      uint64_t rest = 0, half = 0;
      const uint64_t down = Floor(Values(g)[i], Step(plan, g, i), &rest, &half);
      const double x =
          static_cast<double>(down) + static_cast<double>(rest) / (2.0 * static_cast<double>(half));
      const bool top = !kept && down > most / 2;
      kept |= top;
      const auto least = top ? most / 2 + 1 : 0;
      for (uint64_t odd = 0; odd < 2; ++odd) {
        // Nearest integer of this parity in least .. most (least is even, most odd).
        auto best = static_cast<int64_t>(down);
        if ((down & 1) != odd) best = rest > 0 || down == 0 ? best + 1 : best - 1;
        if ((down & 1) == odd && rest == 0) best = static_cast<int64_t>(down);
        best = std::clamp(best, static_cast<int64_t>(least + odd),
                          static_cast<int64_t>(most - (1 - odd)));
        candidate[i][odd] = static_cast<uint64_t>(best);
        const double miss = x - static_cast<double>(best);
        cost[i][odd] = miss * miss;
      }
    }
    double best_cost = 0;
    uint32_t best = 0;
    for (uint32_t word = 0; word < 256; ++word) {
      if (!IsHamming(word)) continue;
      double sum = 0;
      for (uint32_t i = 0; i < 8; ++i) sum += cost[i][word >> i & 1];
      if (word == 0 || sum < best_cost) {
        best_cost = sum;
        best = word;
      }
    }
    for (uint32_t i = 0; i < 8; ++i) k[i] = candidate[i][best >> i & 1];
  }

  static bool IsHamming(uint32_t word) {
    // Parity checks: all ones, and the bits of the index.
    for (const uint32_t check : {0xffU, 0xaaU, 0xccU, 0xf0U}) {
      if (std::popcount(word & check) % 2 != 0) return false;
    }
    return true;
  }

  // The value of k steps without sign, as bits of the format.
  uint32_t Magnitude(const GroupPlan& plan, uint32_t g, uint32_t i, uint64_t k) const {
    const int32_t step = Step(plan, g, i);
    const auto man = static_cast<int32_t>(info_.man_bits);
    const bool fill = plan.rise || (rules_.rounding == Rounding::kTruncate && k != 0);
    if (k == 0) {
      if (!fill || step - 1 < 1 - man) return 0;
      return Assemble(1, step - 1);
    }
    const int32_t leading = step + static_cast<int32_t>(std::bit_width(k)) - 1;
    const int32_t unit = std::max(leading, 1) - man;  // of the lowest mantissa bit
    if (!fill || step <= unit) return Assemble(k, step);
    const auto lost = static_cast<uint32_t>(step - unit);
    uint64_t middle = uint64_t{1} << (lost - 1);
    if (rules_.even_fill && (k & 1) != 0) --middle;
    return Assemble((k << lost) + middle, unit);
  }

  // k * 2^exponent, k > 0, bits below the lowest of the format dropped.
  uint32_t Assemble(uint64_t k, int32_t exponent) const {
    const auto man = static_cast<int32_t>(info_.man_bits);
    const int32_t leading = exponent + static_cast<int32_t>(std::bit_width(k)) - 1;
    const int32_t unit = std::max(leading, 1) - man;
    const uint64_t m = exponent >= unit ? k << (exponent - unit) : k >> (unit - exponent);
    if (leading < 1) return static_cast<uint32_t>(m);
    return static_cast<uint32_t>(leading) << man | (static_cast<uint32_t>(m) & ((1U << man) - 1));
  }

  const GroupRules& rules_;
  FormatInfo info_;
  uint32_t budget_;
  uint32_t n_;
  uint32_t groups_;
  std::vector<Value> values_;
  std::array<Group, kMostGroups> about_ = {};
  std::array<uint32_t, kMostGroups> raised_ = {};
  std::array<bool, kMostGroups> special_ = {};
  bool specials_ = false;
  mutable int32_t base_ = 1;
};

}  // namespace

GroupPlan Emulate(const GroupRules& rules, Format format, uint32_t bits,
                  std::span<const uint32_t> patterns, std::span<uint32_t> decoded) {
  Emulator emulator(rules, format, bits, patterns);
  const GroupPlan plan = emulator.Plan(patterns);
  emulator.Decode(plan, patterns, decoded);
  return plan;
}

}  // namespace actplane::bench
