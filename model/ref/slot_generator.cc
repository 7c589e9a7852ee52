// SPDX-License-Identifier: Apache-2.0
#include "ref/slot_generator.h"

#include <algorithm>

namespace actplane::ref {
namespace {

using Bits = std::vector<int>;

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

struct FieldParts {
  Bits head;
  std::vector<Bits> planes;
  int all = 0;  // bits of a complete slot
};

FieldParts FieldBits(Random& random, const RefConfig& c, const FieldPlan& plan) {
  FieldParts parts;
  const int n = c.block_len;
  const int m = c.man_bits;
  Append(parts.head, plan.base, 8);
  Append(parts.head, plan.w, 4);
  Append(parts.head, plan.z + 2 * plan.g + 4 * plan.x + 8 * plan.f, 4);
  if (plan.x == 1) {
    Append(parts.head, plan.map | (plan.s << m), m + 1);
    Append(parts.head, plan.low_extra, Word(c) - m - 1);
    Append(parts.head, plan.values | (plan.sign_value << m), m + 1);
    Append(parts.head, plan.high_extra, Word(c) - m - 1);
  }
  const auto plane = [&](int density) {
    Bits bits;
    for (int i = 0; i < n; ++i) bits.push_back(random.Chance(density) ? 1 : 0);
    return bits;
  };
  if (plan.g == 1) parts.planes.push_back(plane(Density(random)));

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
  for (int k = plan.w - 1; k >= 0; --k) {
    Bits bits;
    for (const int number : code) bits.push_back((number >> k) & 1);
    parts.planes.push_back(bits);
  }

  for (int k = m - 1; k >= 0; --k) {
    if (plan.x == 0 || ((plan.map >> k) & 1) == 1) parts.planes.push_back(plane(Density(random)));
  }
  parts.all = Size(parts.head) + n * static_cast<int>(parts.planes.size());
  return parts;
}

// F-3.4: the rows that a slot of so many bytes holds, group after group.
std::vector<uint8_t> PackField(Random& random, const FieldParts& parts, int bytes) {
  Bits bits = parts.head;
  const int groups = parts.planes.empty() ? 0 : Size(parts.planes[0]) / 8;
  const int room = std::max(0, bytes - Size(bits) / 8);
  for (int g = 0; g < groups; ++g) {
    const int rows = room / groups + (g < room % groups ? 1 : 0);
    for (int row = 0; row < std::min(rows, static_cast<int>(parts.planes.size())); ++row) {
      const Bits& plane = parts.planes[static_cast<size_t>(row)];
      for (int i = 8 * g; i < 8 * g + 8; ++i) bits.push_back(plane[static_cast<size_t>(i)]);
    }
  }
  return Pack(bits, bytes, random);
}

// ---- order `significance` ---------------------------------------------------------------------

int Groups(const RefConfig& c) { return c.block_len / c.group_len; }
int LevelSteps(const RefConfig& c) { return std::min(Groups(c), 32); }  // U

struct GroupsPlan {
  int w = 0, z = 0, form = 0, q = 0, j = 0, base = 1;
};

GroupsPlan PlanGroups(Random& random, const RefConfig& c) {
  GroupsPlan plan;
  const int high = ExpMax(c) - 1;
  const int steps = LevelSteps(c);
  plan.base = random.Pick({1, std::min(high, 1 + random.Below(30)), 1 + random.Below(high), high});
  plan.w = random.Below(5);
  plan.z = random.Below(2);
  plan.form = random.Below(4);
  plan.q = random.Pick({0, 1, 31, random.Below(32), random.Below(16), random.Below(16)});
  plan.j = random.Pick({0, steps - 1, random.Below(steps), random.Below(steps)});
  return plan;
}

void AppendGroupsHeader(Bits& bits, const GroupsPlan& plan) {
  Append(bits, plan.w + 8 * plan.z + 16 * plan.form + 64 * plan.q + 2048 * plan.j, 16);
  Append(bits, plan.base, 8);
}

// Where the parts of a slot end, in bits.
struct GroupsBits {
  Bits bits;
  int flags = 0, codes = 0;
};

GroupsBits MakeGroups(Random& random, const RefConfig& c, const GroupsPlan& plan) {
  GroupsBits out;
  Bits& bits = out.bits;
  AppendGroupsHeader(bits, plan);

  const size_t groups = static_cast<size_t>(Groups(c));
  std::vector<int> flag(groups, 0);
  const int specials = random.Pick({0, 5, 30, 100});
  for (int& y : flag) y = plan.form == 3 && random.Chance(specials) ? 1 : 0;
  if (plan.form == 3) bits.insert(bits.end(), flag.begin(), flag.end());
  out.flags = Size(bits);

  // Codes from anywhere, near the end of the groups, and that of dead groups.
  const int codes = 1 << plan.w;
  const int spread = random.Pick({1, 4, 16});
  const int dead = random.Pick({0, 10, 50, 100});
  std::vector<int> code(groups);
  for (int& number : code) {
    number = random.Below(std::min(codes, spread));
    if (random.Chance(25)) number = std::clamp(plan.q + random.Between(-1, 2), 0, codes - 1);
    if (random.Chance(dead)) number = codes - 1;
    Append(bits, number, plan.w);
  }
  out.codes = Size(bits);

  // Between codes and rows stands what may.
  const int garbage = random.Pick({0, 50, 100});
  while (Size(bits) % 8 != 0) bits.push_back(random.Chance(garbage) ? 1 : 0);

  const int zeros = random.Pick({0, 0, 20, 70});  // of all rows, and of the rows from the top
  const int density = Density(random);
  const int minus = Density(random);
  const auto row = [&](int ones) {
    for (int i = 0; i < c.group_len; ++i) bits.push_back(random.Chance(ones) ? 1 : 0);
  };
  for (size_t g = 0; g < groups; ++g) {
    const int index = static_cast<int>(g);
    const int end = plan.q + (index * LevelSteps(c) < plan.j * Groups(c) ? 1 : 0);
    const bool lives = code[g] < end && !(plan.z == 1 && code[g] == codes - 1);
    if (flag[g] == 1) {
      row(Density(random));
      row(Density(random));
    }
    if (plan.form > 0 && (lives || flag[g] == 1)) row(minus);
    const int height = lives ? end - code[g] - (plan.form == 2 ? 1 : 0) : 0;
    const int magnitudes = std::min(height, c.row_limit);
    const int blank = random.Chance(zeros) ? random.Below(magnitudes + 1) : 0;
    for (int d = 0; d < magnitudes; ++d) row(d < blank || random.Chance(zeros) ? 0 : density);
  }
  return out;
}

// F-5.13: two bit patterns, often of the same class, and a bit a value.
Bits MakePair(Random& random, const RefConfig& c) {
  Bits bits;
  Append(bits, 7, 8);
  const int all = (1 << c.man_bits) - 1;
  const int mantissa = static_cast<int>(random.Next() & static_cast<uint64_t>(all));
  for (int k = 0; k < 2; ++k) {
    Append(bits, random.Pick({0, 1, all, mantissa, random.Below(all + 1)}), c.man_bits);
    Append(bits, random.Pick({0, ExpMax(c), random.Below(ExpMax(c) + 1)}), c.exp_bits);
    Append(bits, random.Below(2), 1);
  }
  const int density = Density(random);
  for (int i = 0; i < c.block_len; ++i) bits.push_back(random.Chance(density) ? 1 : 0);
  return bits;
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
  const FieldParts parts = FieldBits(random, c, plan);
  const int bytes =
      c.lossless ? BytesOf(parts.all) : CutBytes(random, c, FieldNeeds(plan, c), parts.all);
  return PackField(random, parts, bytes);
}

std::vector<uint8_t> LegalGroups(Random& random, const RefConfig& c) {
  Bits bits;
  const int kind = random.Below(100);
  if (kind < 3) {
    Append(bits, 6, 8);  // F-5.12
  } else if (kind < 15) {
    bits = MakePair(random, c);
  } else {
    bits = MakeGroups(random, c, PlanGroups(random, c)).bits;
  }
  return Pack(bits, CutBytes(random, c, Size(bits), Size(bits)), random);
}

// ---- section 7 --------------------------------------------------------------------------------

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
  // All planes are there, so that the one defect is the only one.
  const FieldParts parts = FieldBits(random, c, plan);
  const int whole = BytesOf(parts.all);
  return PackField(random, parts, c.lossless ? whole : std::max(whole, LargestSlotBytes(c)));
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
    if (bytes > 0) return PackField(random, FieldBits(random, c, plan), bytes);
  }
}

std::vector<uint8_t> BadGroupsHeader(Random& random, const RefConfig& c, Defect defect) {
  GroupsPlan plan = PlanGroups(random, c);
  if (defect == Defect::kLevel) plan.j = random.Between(LevelSteps(c), 31);
  if (defect == Defect::kGroupsBaseZero) plan.base = 0;
  if (defect == Defect::kGroupsBaseLarge) {
    plan.base = random.Pick({ExpMax(c), random.Between(ExpMax(c), 255), 255});
  }
  Bits bits = MakeGroups(random, c, plan).bits;
  // Behind another w the rest says nothing; of a header of one byte only bits [7:3] are wrong.
  const int w = defect == Defect::kWidthFive        ? 5
                : defect == Defect::kPoisonedHeader ? 6
                : defect == Defect::kPairHeader     ? 7
                                                    : plan.w;
  if (defect == Defect::kPairHeader) bits = MakePair(random, c);
  for (size_t k = 0; k < 3; ++k) bits[k] = (w >> k) & 1;
  if (w >= 6) {
    const int high = random.Pick({1, 2, 4, 8, 16, random.Between(1, 31)});
    for (size_t k = 0; k < 5; ++k) bits[3 + k] = (high >> k) & 1;
  }
  return Pack(bits, LargestSlotBytes(c), random);
}

std::vector<uint8_t> BadGroupsLength(Random& random, const RefConfig& c, Defect defect) {
  while (true) {
    GroupsPlan plan = PlanGroups(random, c);
    if (defect == Defect::kFlagBeyond) plan.form = 3;
    const GroupsBits made = MakeGroups(random, c, plan);
    int bytes = 0;
    if (defect == Defect::kFlagBeyond) bytes = BytesInside(random, c, 24, made.flags);
    if (defect == Defect::kCodeBeyond) bytes = BytesInside(random, c, made.flags, made.codes);
    if (defect == Defect::kRowBeyond) bytes = BytesInside(random, c, made.codes, Size(made.bits));
    if (defect == Defect::kPairBeyond) {
      const Bits pair = MakePair(random, c);
      return Pack(pair, BytesInside(random, c, 8, Size(pair)), random);
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
    const FieldPlan plan = PlanField(random, c);
    const FieldParts parts = FieldBits(random, c, plan);
    const int bytes = BytesInside(random, c, FieldNeeds(plan, c), parts.all);
    if (bytes > 0) return PackField(random, parts, bytes);
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
  return c.significance ? 4 : 2 + 2 * Word(c) / 8 + 3 * c.block_len / 8;
}

int LargestSlotBytes(const RefConfig& c) {
  if (c.significance) return 3 + BytesOf(5 * Groups(c)) + (3 + c.row_limit) * c.block_len / 8;
  const int planes = 1 + (c.exp_bits + 1) + c.man_bits;
  return 2 + 2 * Word(c) / 8 + planes * c.block_len / 8;
}

RefConfig RandomConfig(Random& random) {
  RefConfig c;
  const int format = random.Below(3);
  c.exp_bits = format == 1 ? 5 : 8;
  c.man_bits = format == 0 ? 23 : format == 1 ? 10 : 7;
  c.value_bytes = format == 0 ? 4 : 2;
  c.block_len = random.Pick({32, 32, 32, 32, 64, 64, 128, 256});  // small ones are as hard
  c.significance = random.Chance(60);
  c.lossless = !c.significance && random.Chance(40);
  c.midpoint = random.Chance(50);
  c.group_len = random.Pick({4, 8});
  c.row_limit = random.Pick({8, 16, 24, random.Between(8, 24)});
  return c;
}

std::vector<uint8_t> LegalSlot(Random& random, const RefConfig& config) {
  return config.significance ? LegalGroups(random, config) : LegalField(random, config);
}

bool Applies(Defect defect, const RefConfig& c) {
  if (defect <= Defect::kFieldLength) {
    return !c.significance && (defect != Defect::kExtensionZero || Word(c) > c.man_bits + 1);
  }
  if (defect == Defect::kLosslessIncomplete || defect == Defect::kLosslessTooLong) {
    return c.lossless && !c.significance;
  }
  if (defect == Defect::kLevel) return c.significance && LevelSteps(c) < 32;
  // The smallest slot has 8 bits behind its header, which is enough for the flags of 8 groups.
  if (defect == Defect::kFlagBeyond) return c.significance && Groups(c) > 8;
  return c.significance;
}

MalformedSlot MakeMalformed(Random& random, const RefConfig& c, Defect defect) {
  switch (defect) {
    case Defect::kFieldLength: return {BadFieldLength(random, c), "F-7.1"};
    case Defect::kWidthFive:
    case Defect::kPoisonedHeader:
    case Defect::kPairHeader:
    case Defect::kLevel:
    case Defect::kGroupsBaseZero:
    case Defect::kGroupsBaseLarge: return {BadGroupsHeader(random, c, defect), "F-7.2"};
    case Defect::kPairBeyond:
    case Defect::kFlagBeyond:
    case Defect::kCodeBeyond:
    case Defect::kRowBeyond: return {BadGroupsLength(random, c, defect), "F-7.2"};
    case Defect::kLosslessIncomplete:
    case Defect::kLosslessTooLong: return {BadLossless(random, c, defect), "F-7.3"};
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
    AppendGroupsHeader(header, PlanGroups(random, c));
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
