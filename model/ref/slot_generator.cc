// SPDX-License-Identifier: Apache-2.0
#include "ref/slot_generator.h"

#include <algorithm>

namespace actplane::ref {
namespace {

using Bits = std::vector<int>;
using Members = std::vector<int>;

int Size(const Bits& bits) { return static_cast<int>(bits.size()); }
int BytesOf(int bits) { return (bits + 7) / 8; }

void Append(Bits& bits, int number, int count) {
  for (int k = 0; k < count; ++k) bits.push_back((number >> k) & 1);
}

// F-2.7, cut or filled up to `bytes`.
std::vector<uint8_t> Pack(const Bits& bits, int bytes, Random& random) {
  std::vector<uint8_t> slot(static_cast<size_t>(bytes), 0);
  const int garbage = random.Pick({0, 0, 50, 100});
  for (int b = 0; b < bytes * 8; ++b) {
    const bool one = b < Size(bits) ? bits[static_cast<size_t>(b)] == 1 : random.Chance(garbage);
    if (one) {
      uint8_t& byte = slot[static_cast<size_t>(b / 8)];
      byte = static_cast<uint8_t>(byte | (1 << (b % 8)));
    }
  }
  return slot;
}

int ExpMax(const RefConfig& c) { return (1 << c.exp_bits) - 1; }
int Word(const RefConfig& c) { return (c.man_bits + 8) / 8 * 8; }
int Density(Random& random) { return random.Pick({0, 2, 10, 50, 90, 98, 100}); }

// ---- order `field` ----------------------------------------------------------------------------

struct FieldPlan {
  int base = 0, w = 0, z = 0, g = 0, x = 0, f = 0, s = 0, sign_value = 0;
  int map = 0, values = 0;            // one bit a mantissa plane
  int low_extra = 0, high_extra = 0;  // the bits of the extension that must be 0
};

FieldPlan PlanField(Random& random, const RefConfig& c) {
  FieldPlan plan;
  const int all = (1 << c.man_bits) - 1;
  plan.base = random.Pick({0, 1, random.Below(12), random.Below(ExpMax(c)), ExpMax(c) - 1});
  plan.w = random.Chance(50) ? random.Below(c.exp_bits + 2) : random.Below(4);
  plan.z = random.Below(2);
  plan.g = random.Below(2);
  plan.x = random.Below(2);
  plan.f = random.Below(2);
  if (plan.x == 0) return plan;
  plan.s = random.Below(2);
  while ((1 << plan.w) < plan.z + 2 * plan.s) ++plan.w;
  const int noise = static_cast<int>(random.Next() & static_cast<uint64_t>(all));
  plan.map = random.Pick({all, 0, noise, all & ~1, noise | (noise >> 1), 1 << (c.man_bits - 1)});
  plan.values = ~plan.map & random.Pick({0, all, static_cast<int>(random.Next() & 0x7FFFFF)}) & all;
  plan.sign_value = plan.g == 1 ? 0 : random.Below(2);
  return plan;
}

// Header, extension and sign plane and delta planes: what a slot cannot do without.
int FieldNeeds(const FieldPlan& plan, const RefConfig& c) {
  return 16 + 2 * Word(c) * plan.x + c.block_len * (plan.g + plan.w);
}

Bits FieldBits(Random& random, const RefConfig& c, const FieldPlan& plan) {
  Bits bits;
  const int n = c.block_len;
  const int m = c.man_bits;
  Append(bits, plan.base, 8);
  Append(bits, plan.w, 4);
  Append(bits, plan.z + 2 * plan.g + 4 * plan.x + 8 * plan.f, 4);
  if (plan.x == 1) {
    Append(bits, plan.map | (plan.s << m), m + 1);
    Append(bits, plan.low_extra, Word(c) - m - 1);
    Append(bits, plan.values | (plan.sign_value << m), m + 1);
    Append(bits, plan.high_extra, Word(c) - m - 1);
  }
  const int minus = Density(random);
  for (int i = 0; i < n * plan.g; ++i) bits.push_back(random.Chance(minus) ? 1 : 0);

  // Codes: often the highest ones, which name zeros and specials; also beyond the base (F-3.7).
  const int codes = 1 << plan.w;
  const int top = random.Pick({0, 20, 60});
  const int near = random.Pick({0, 50, 95});
  std::vector<int> code(static_cast<size_t>(n));
  for (int& number : code) {
    number = random.Below(codes);
    if (random.Chance(near)) number = random.Below(std::min(codes, 4));
    if (random.Chance(top)) number = codes - 1 - random.Below(std::min(codes, 4));
  }
  for (int plane = plan.w - 1; plane >= 0; --plane) {
    for (const int number : code) bits.push_back((number >> plane) & 1);
  }

  for (int plane = m - 1; plane >= 0; --plane) {
    if (plan.x == 1 && ((plan.map >> plane) & 1) == 0) continue;
    const int density = Density(random);
    for (int i = 0; i < n; ++i) bits.push_back(random.Chance(density) ? 1 : 0);
  }
  return bits;
}

// ---- order `significance` ---------------------------------------------------------------------

struct LayerPlan {
  int g = 0, a = 0, planes = 0, grouped = 0, base = 1;
};

LayerPlan PlanLayers(Random& random, const RefConfig& c) {
  LayerPlan plan;
  const int high = ExpMax(c) - 1;
  plan.base = random.Pick({1, std::min(high, 1 + random.Below(12)), 1 + random.Below(high), high});
  const int deepest = std::min(31, plan.base + c.man_bits);
  plan.planes = random.Pick({0, deepest, random.Below(deepest + 1), random.Below(8), 3});
  plan.planes = std::min(plan.planes, deepest);
  const int most = std::min(15, plan.planes);
  plan.grouped = random.Pick({0, most, random.Below(most + 1)});
  plan.g = random.Below(2);
  plan.a = random.Below(4);
  return plan;
}

// Where the parts of a slot with L = 0 end, in bits.
struct LayerBits {
  Bits bits;
  int header = 0, specials = 0, zero_map = 0, planes = 0, signs = 0;
};

// Writes a list with bits of that density. A flag may be 1 with nothing but 0 below it.
Members AppendList(Random& random, Bits& bits, bool grouped, const Members& candidates,
                   int density) {
  Members ones;
  std::vector<int> bit(256, 0);
  for (const int i : candidates) {
    if (!random.Chance(density)) continue;
    ones.push_back(i);
    bit[static_cast<size_t>(i)] = 1;
  }
  if (!grouped) {
    for (const int i : candidates) bits.push_back(bit[static_cast<size_t>(i)]);
    return ones;
  }
  const int needless = random.Pick({0, 0, 30, 100});
  std::vector<int> group(16, -1);  // -1: no candidate
  std::vector<int> subgroup(64, -1);
  for (const int i : candidates) {
    int& flag = subgroup[static_cast<size_t>(i / 4)];
    if (flag == -1) flag = random.Chance(needless) ? 1 : 0;
    if (bit[static_cast<size_t>(i)] == 1) flag = 1;
  }
  for (size_t s = 0; s < subgroup.size(); ++s) {
    if (subgroup[s] == -1) continue;
    if (group[s / 4] == -1) group[s / 4] = random.Chance(needless / 2) ? 1 : 0;
    if (subgroup[s] == 1) group[s / 4] = 1;
  }
  for (const int flag : group) {
    if (flag >= 0) bits.push_back(flag);
  }
  for (size_t s = 0; s < subgroup.size(); ++s) {
    if (subgroup[s] >= 0 && group[s / 4] == 1) bits.push_back(subgroup[s]);
  }
  for (const int i : candidates) {
    if (subgroup[static_cast<size_t>(i / 4)] == 1) bits.push_back(bit[static_cast<size_t>(i)]);
  }
  return ones;
}

Members Rest(const Members& all, const Members& gone) {
  Members rest;
  for (const int i : all) {
    if (!std::binary_search(gone.begin(), gone.end(), i)) rest.push_back(i);
  }
  return rest;
}

LayerBits LayersBits(Random& random, const RefConfig& c, const LayerPlan& plan) {
  LayerBits out;
  Bits& bits = out.bits;
  Append(bits, 2 * plan.g + 4 * plan.a + 16 * plan.planes + 512 * plan.grouped, 13);
  Append(bits, plan.base, c.exp_bits);
  out.header = Size(bits);

  Members left;
  for (int i = 0; i < c.block_len; ++i) left.push_back(i);
  bool map = plan.a == 1 || plan.a == 2;
  if (plan.a == 3) {
    map = random.Chance(50);
    bits.push_back(map ? 1 : 0);
    const Members specials = AppendList(random, bits, true, left, random.Pick({0, 1, 5, 30, 100}));
    for (size_t i = 0; i < 2 * specials.size(); ++i) bits.push_back(random.Below(2));
    left = Rest(left, specials);
  }
  out.specials = Size(bits);
  if (map) left = AppendList(random, bits, plan.a != 1, left, Density(random));
  out.zero_map = Size(bits);

  // `seen[i]` is the delta of value i.
  std::vector<int> seen(256, -1);
  Members significant;
  const int density = Density(random);
  for (int p = 0; p < plan.planes; ++p) {
    const int here = random.Chance(30) ? Density(random) : density;
    const Members ones = AppendList(random, bits, p < plan.grouped, left, here);
    for (const int i : ones) seen[static_cast<size_t>(i)] = p;
    left = Rest(left, ones);
    significant.insert(significant.end(), ones.begin(), ones.end());
  }
  out.planes = Size(bits);
  const int minus = Density(random);
  for (size_t i = 0; plan.g == 1 && i < significant.size(); ++i) {
    bits.push_back(random.Chance(minus) ? 1 : 0);
  }
  out.signs = Size(bits);

  // Only the number of refinement bits matters here, and F-5.3 gives it value by value.
  const int ones = random.Pick({0, 50, 100});
  for (const int i : significant) {
    const int v = plan.base - seen[static_cast<size_t>(i)];
    const int r = v >= 1 ? c.man_bits : c.man_bits + v - 1;
    for (int k = 0; k < r; ++k) bits.push_back(random.Chance(ones) ? 1 : 0);
  }
  return out;
}

// A size from `needed` bits up to the largest T that cuts anywhere.
int CutBytes(Random& random, const RefConfig& c, int needed, int all) {
  const int low = std::max(SmallestSlotBytes(c), BytesOf(needed));
  const int high = LargestSlotBytes(c);
  const int whole = std::clamp(BytesOf(all), low, high);
  return random.Pick({low, high, whole, std::max(low, whole - 1), random.Between(low, whole),
                      random.Between(low, high)});
}

std::vector<uint8_t> LegalField(Random& random, const RefConfig& c) {
  const FieldPlan plan = PlanField(random, c);
  const Bits bits = FieldBits(random, c, plan);
  const int bytes =
      c.lossless ? BytesOf(Size(bits)) : CutBytes(random, c, FieldNeeds(plan, c), Size(bits));
  return Pack(bits, bytes, random);
}

// Order `significance`, L = 1: complete, behind one byte.
std::vector<uint8_t> LegalWhole(Random& random, const RefConfig& c) {
  Bits bits;
  Append(bits, 1, 8);
  const Bits inner = FieldBits(random, c, PlanField(random, c));
  bits.insert(bits.end(), inner.begin(), inner.end());
  const int bytes = c.lossless ? BytesOf(Size(bits)) : CutBytes(random, c, Size(bits), Size(bits));
  return Pack(bits, bytes, random);
}

std::vector<uint8_t> LegalLayers(Random& random, const RefConfig& c) {
  if (random.Chance(3)) {  // F-5.14
    Bits bits;
    Append(bits, 2 * random.Below(2) + 4 * 3 + 512 * 15, 13);
    Append(bits, random.Chance(50) ? 0 : random.Below(ExpMax(c) + 1), c.exp_bits);
    return Pack(bits, c.lossless ? BytesOf(Size(bits)) : CutBytes(random, c, 0, Size(bits)),
                random);
  }
  while (true) {
    const LayerBits made = LayersBits(random, c, PlanLayers(random, c));
    const int all = Size(made.bits);
    if (c.lossless) return Pack(made.bits, BytesOf(all), random);
    // Needless planes can take more than the largest T.
    if (BytesOf(made.signs) > LargestSlotBytes(c)) continue;
    return Pack(made.bits, CutBytes(random, c, made.signs, all), random);
  }
}

// ---- section 7 --------------------------------------------------------------------------------

// All planes are there, so that the one defect is the only one.
std::vector<uint8_t> PackField(Random& random, const RefConfig& c, const FieldPlan& plan) {
  const Bits bits = FieldBits(random, c, plan);
  const int whole = BytesOf(Size(bits));
  return Pack(bits, c.lossless ? whole : std::max(whole, LargestSlotBytes(c)), random);
}

std::vector<uint8_t> BadField(Random& random, const RefConfig& c, Defect defect) {
  FieldPlan plan = PlanField(random, c);
  if (defect == Defect::kBase) {
    plan.base = random.Pick({ExpMax(c), random.Between(ExpMax(c), 255), 255});
  }
  if (defect == Defect::kWidth) {
    plan.w = random.Between(c.exp_bits + 2, 15);
    plan.x = 1;  // few mantissa planes leave room for the many delta planes
    plan.map &= 1;
    plan.values = 0;
  }
  if (defect == Defect::kNoRoomForCodes) {
    plan.x = plan.s = 1;
    plan.w = random.Below(2);
    if (plan.w == 1) plan.z = 1;
  }
  if (defect == Defect::kExtensionZero) {
    plan.x = 1;
    plan.w = std::max(plan.w, 2);
    const int extra = 1 << random.Below(Word(c) - c.man_bits - 1);
    (random.Chance(50) ? plan.low_extra : plan.high_extra) = extra;
  }
  if (defect == Defect::kValueOfStored) {
    const int plane = 1 << random.Below(c.man_bits);
    plan.x = 1;
    plan.w = std::max(plan.w, 2);
    plan.map |= plane;
    plan.values |= plane;
  }
  if (defect == Defect::kSignValue) plan.x = plan.g = plan.sign_value = 1;
  return PackField(random, c, plan);
}

// As many bytes as end inside the part of the slot from bit `from` to bit `to`; 0 if none do.
int BytesInside(Random& random, const RefConfig& c, int from, int to) {
  const int low = std::max(c.lossless ? 1 : SmallestSlotBytes(c), BytesOf(from));
  const int high = std::min((to - 1) / 8, c.lossless ? to : LargestSlotBytes(c));
  return low <= high ? random.Between(low, high) : 0;
}

std::vector<uint8_t> BadFieldLength(Random& random, const RefConfig& c) {
  while (true) {
    const FieldPlan plan = PlanField(random, c);
    const int bytes = BytesInside(random, c, 8, FieldNeeds(plan, c));
    if (bytes > 0) return Pack(FieldBits(random, c, plan), bytes, random);
  }
}

std::vector<uint8_t> BadWhole(Random& random, const RefConfig& c, Defect defect) {
  RefConfig inside = c;
  inside.significance = false;
  std::vector<uint8_t> slot{1};
  std::vector<uint8_t> field;
  if (defect == Defect::kWholeHeader) {
    slot[0] = static_cast<uint8_t>(1 + 2 * random.Between(1, 127));
    field = PackField(random, inside, PlanField(random, c));
  } else if (defect == Defect::kWholeMalformed) {
    Defect inner = Defect::kExtensionZero;
    while (!Applies(inner, inside)) inner = static_cast<Defect>(random.Below(7));
    field = MakeMalformed(random, inside, inner).slot;
  } else {
    while (field.empty()) {
      const FieldPlan plan = PlanField(random, c);
      const Bits bits = FieldBits(random, c, plan);
      const int bytes = BytesInside(random, inside, FieldNeeds(plan, c), Size(bits));
      if (bytes > 0) field = Pack(bits, bytes, random);
    }
  }
  slot.insert(slot.end(), field.begin(), field.end());
  return slot;
}

std::vector<uint8_t> BadLayerHeader(Random& random, const RefConfig& c, Defect defect) {
  while (true) {
    LayerPlan plan = PlanLayers(random, c);
    if (defect == Defect::kPlanesTooDeep) {
      plan.base = random.Between(1, 30 - c.man_bits);
      plan.planes = random.Between(plan.base + c.man_bits + 1, 31);
    }
    if (defect == Defect::kGroupedPlanes) {
      plan.planes = std::min(plan.planes, random.Below(15));
      plan.grouped = random.Between(plan.planes + 1, 15);
      if (plan.planes == 0 && plan.grouped == 15) plan.a = random.Below(3);  // else poisoned
    }
    LayerBits made = LayersBits(random, c, plan);
    // Only the header differs, so that the length fits what follows it.
    const bool large = defect == Defect::kLayerBaseLarge;
    for (int k = 0; large || defect == Defect::kLayerBaseZero ? k < c.exp_bits : false; ++k) {
      made.bits[13 + static_cast<size_t>(k)] = large ? 1 : 0;
    }
    const int bytes = c.lossless ? BytesOf(Size(made.bits)) : LargestSlotBytes(c);
    if (BytesOf(made.signs) <= bytes) return Pack(made.bits, bytes, random);
  }
}

std::vector<uint8_t> BadLayerLength(Random& random, const RefConfig& c, Defect defect) {
  while (true) {
    LayerPlan plan = PlanLayers(random, c);
    if (defect == Defect::kSpecialsBeyond) plan.a = 3;
    if (defect == Defect::kZeroMapBeyond) plan.a = random.Between(1, 3);
    const LayerBits made = LayersBits(random, c, plan);
    int bytes = 0;
    switch (defect) {
      case Defect::kHeaderBeyond: bytes = random.Between(1, 2); break;
      case Defect::kSpecialsBeyond:
        bytes = BytesInside(random, c, made.header, made.specials);
        break;
      case Defect::kZeroMapBeyond:
        bytes = BytesInside(random, c, made.specials, made.zero_map);
        break;
      case Defect::kPlanesBeyond: bytes = BytesInside(random, c, made.zero_map, made.planes); break;
      default: bytes = BytesInside(random, c, made.planes, made.signs); break;
    }
    if (bytes > 0) return Pack(made.bits, bytes, random);
  }
}

std::vector<uint8_t> BadLossless(Random& random, const RefConfig& c, Defect defect) {
  while (true) {
    if (defect == Defect::kLosslessTooLong) {
      std::vector<uint8_t> slot = LegalSlot(random, c);
      slot.resize(slot.size() + static_cast<size_t>(random.Pick({1, 1, 2, 50})));
      return slot;
    }
    Bits bits;
    int needed = 0;
    if (c.significance) {
      const LayerBits made = LayersBits(random, c, PlanLayers(random, c));
      bits = made.bits;
      needed = made.signs;
    } else {
      const FieldPlan plan = PlanField(random, c);
      bits = FieldBits(random, c, plan);
      needed = FieldNeeds(plan, c);
    }
    const int bytes = BytesInside(random, c, needed, Size(bits));
    if (bytes > 0) return Pack(bits, bytes, random);
  }
}

}  // namespace

Random::Random(uint64_t seed) : state_{} {
  for (uint64_t& word : state_) {
    seed += 0x9E3779B97F4A7C15U;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    word = z ^ (z >> 31);
  }
}

uint64_t Random::Next() {
  const auto turn = [](uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
  const uint64_t result = turn(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = turn(state_[3], 45);
  return result;
}

int Random::Below(int bound) {
  return static_cast<int>(((Next() >> 32) * static_cast<uint64_t>(bound)) >> 32);
}
int Random::Between(int low, int high) { return low + Below(high - low + 1); }
bool Random::Chance(int percent) { return Below(100) < percent; }
int Random::Pick(std::initializer_list<int> choices) {
  return choices.begin()[Below(static_cast<int>(choices.size()))];
}

int SmallestSlotBytes(const RefConfig& c) {
  if (c.significance) return std::max(4, c.block_len / 16);
  return 2 + 2 * Word(c) / 8 + 3 * c.block_len / 8;
}

int LargestSlotBytes(const RefConfig& c) {
  const int planes = 1 + (c.exp_bits + 1) + c.man_bits;
  return 2 + 2 * Word(c) / 8 + planes * c.block_len / 8 + (c.significance ? 1 : 0);
}

RefConfig RandomConfig(Random& random) {
  RefConfig c;
  const int format = random.Below(3);
  c.exp_bits = format == 1 ? 5 : 8;
  c.man_bits = format == 0 ? 23 : format == 1 ? 10 : 7;
  c.value_bytes = format == 0 ? 4 : 2;
  c.block_len = random.Pick({32, 32, 32, 32, 64, 64, 128, 256});  // small ones are as hard
  c.lossless = random.Chance(30);
  c.significance = random.Chance(60);
  c.midpoint = random.Chance(50);
  return c;
}

std::vector<uint8_t> LegalSlot(Random& random, const RefConfig& config) {
  if (!config.significance) return LegalField(random, config);
  return random.Chance(15) ? LegalWhole(random, config) : LegalLayers(random, config);
}

bool Applies(Defect defect, const RefConfig& c) {
  if (defect <= Defect::kFieldLength) {
    return !c.significance && (defect != Defect::kExtensionZero || Word(c) > c.man_bits + 1);
  }
  if (defect == Defect::kLosslessIncomplete || defect == Defect::kLosslessTooLong) {
    return c.lossless;
  }
  if (defect == Defect::kHeaderBeyond) return c.significance && c.lossless;
  return c.significance;
}

MalformedSlot MakeMalformed(Random& random, const RefConfig& c, Defect defect) {
  switch (defect) {
    case Defect::kFieldLength: return {BadFieldLength(random, c), "F-7.1"};
    case Defect::kWholeHeader:
    case Defect::kWholeMalformed:
    case Defect::kWholeIncomplete: return {BadWhole(random, c, defect), "F-7.2"};
    case Defect::kLayerBaseZero:
    case Defect::kLayerBaseLarge:
    case Defect::kPlanesTooDeep:
    case Defect::kGroupedPlanes: return {BadLayerHeader(random, c, defect), "F-7.3"};
    case Defect::kSpecialsBeyond:
    case Defect::kZeroMapBeyond:
    case Defect::kPlanesBeyond:
    case Defect::kSignsBeyond: return {BadLayerLength(random, c, defect), "F-7.3"};
    case Defect::kHeaderBeyond: return {BadLayerLength(random, c, defect), "F-7.4"};
    case Defect::kLosslessIncomplete:
    case Defect::kLosslessTooLong: return {BadLossless(random, c, defect), "F-7.4"};
    default: return {BadField(random, c, defect), "F-7.1"};
  }
}

std::vector<uint8_t> RandomSlot(Random& random, const RefConfig& c) {
  const int low = c.lossless ? 0 : SmallestSlotBytes(c);
  const int high = LargestSlotBytes(c);
  const int bytes =
      random.Chance(20) ? random.Between(low, std::min(high, low + 40)) : random.Between(low, high);
  std::vector<uint8_t> slot(static_cast<size_t>(bytes));
  for (uint8_t& byte : slot) byte = static_cast<uint8_t>(random.Next() >> 56);
  if (random.Chance(50)) return slot;

  // A header that is legal by itself makes much of the rest legal.
  Bits header;
  if (c.significance) {
    const LayerPlan plan = PlanLayers(random, c);
    Append(header, 2 * plan.g + 4 * plan.a + 16 * plan.planes + 512 * plan.grouped, 13);
    Append(header, plan.base, c.exp_bits);
  } else {
    const FieldPlan plan = PlanField(random, c);
    Append(header, plan.base, 8);
    Append(header, plan.w, 4);
    Append(header, plan.z + 2 * plan.g + 8 * plan.f + (random.Chance(20) ? 4 : 0), 4);
  }
  for (int b = 0; b < std::min(Size(header), bytes * 8); ++b) {
    uint8_t& byte = slot[static_cast<size_t>(b / 8)];
    const int bit = 1 << (b % 8);
    byte = static_cast<uint8_t>(header[static_cast<size_t>(b)] == 1 ? byte | bit : byte & ~bit);
  }
  return slot;
}

}  // namespace actplane::ref
