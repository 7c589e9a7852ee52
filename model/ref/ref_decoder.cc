// SPDX-License-Identifier: Apache-2.0
// In the order of docs/format.md. A slot is first read into labelled lists of bits; the values are
// rebuilt from those lists afterwards.
#include "ref/ref_decoder.h"

#include <algorithm>

namespace actplane::ref {
namespace {

using Bits = std::vector<int>;     // 0 or 1 each
using Members = std::vector<int>;  // indices of values, ascending

// ---- Section 2: words, values, slots ----------------------------------------------------------

// A value on its way to a pattern. The mantissa is text, top bit first: '0', '1' or '?' (lost).
struct Value {
  int sign = 0;
  int exponent = 0;
  std::string mantissa;
};

// F-2.1
int ExpMax(const RefConfig& c) { return (1 << c.exp_bits) - 1; }

// F-2.1: sign, exponent, mantissa from the top bit down.
uint32_t Pattern(const Value& value, const RefConfig& c) {
  uint32_t pattern = static_cast<uint32_t>(value.sign);
  for (int bit = c.exp_bits - 1; bit >= 0; --bit) {
    pattern = pattern * 2 + static_cast<uint32_t>((value.exponent >> bit) & 1);
  }
  for (const char bit : value.mantissa) pattern = pattern * 2 + (bit == '1' ? 1U : 0U);
  return pattern;
}

// F-2.7: the bits of a slot from byte `first` on.
Bits Unpack(const std::vector<uint8_t>& slot, size_t first) {
  Bits bits;
  for (size_t byte = first; byte < slot.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) bits.push_back((slot[byte] >> bit) & 1);
  }
  return bits;
}

// F-2.7: least significant bit first. Beyond the slot it reads 0; every caller checks the length.
int Number(const Bits& bits, int at, int count) {
  int number = 0;
  for (int k = count - 1; k >= 0; --k) {
    const size_t place = static_cast<size_t>(at) + static_cast<size_t>(k);
    number = number * 2 + (place < bits.size() ? bits[place] : 0);
  }
  return number;
}

std::string Zeros(int count) { return std::string(static_cast<size_t>(count), '0'); }

// F-3.10, F-5.12: of the lost bits only the highest may read 1.
std::string Filled(std::string mantissa, bool midpoint) {
  bool highest = true;
  for (char& bit : mantissa) {
    if (bit != '?') continue;
    bit = highest && midpoint ? '1' : '0';
    highest = false;
  }
  return mantissa;
}

struct Outcome {      // before anything is asked of the mode
  std::string fault;  // empty: none
  bool complete = true;
  bool exact = false;
  size_t used_bits = 0;  // where a slot that nothing cuts would end
  std::vector<Value> values;
};

// ---- Section 3: order `field` -----------------------------------------------------------------

// A plane as it stands in the slot, cut short where the slot ends.
struct Strip {
  char kind;  // 's'ign, 'd'elta, 'm'antissa
  int place;  // of a mantissa plane, counted from the top
  Bits bits;
};

Outcome DecodeField(const Bits& bits, const RefConfig& c) {
  Outcome out;
  const int n = c.block_len;
  const int m = c.man_bits;

  // F-3.1: the header.
  const int base = Number(bits, 0, 8);
  const int w = Number(bits, 8, 4);
  const int z = Number(bits, 12, 1);
  const int g = Number(bits, 13, 1);
  const int x = Number(bits, 14, 1);

  // F-3.2, F-3.3: the extension, or what holds without one. `known` is what the mantissa planes
  // read without being stored (F-3.9: also below the cut), top plane first.
  const int word = (m + 1 + 7) / 8 * 8;
  int s = 0;
  int sign_reads = 0;
  std::string known(static_cast<size_t>(m), '?');
  for (int k = 0; x == 1 && k < word; ++k) {
    const int low = Number(bits, 16 + k, 1);
    const int high = Number(bits, 16 + word + k, 1);
    if (k < m && low == 0) known[static_cast<size_t>(m - 1 - k)] = high == 1 ? '1' : '0';
    if (k < m && low + high == 2) out.fault = "F-7.1 value bit of a stored plane";
    if (k == m) s = low;
    if (k == m) sign_reads = high;
    if (k > m && low + high > 0) out.fault = "F-7.1 extension bit";
  }

  // F-7.1, what the extension does not show already.
  const int header = x == 1 ? 16 + 2 * word : 16;
  if (base >= ExpMax(c)) out.fault = "F-7.1 base";
  if (w > c.exp_bits + 1) out.fault = "F-7.1 delta width";
  if ((1 << w) < z + 2 * s) out.fault = "F-7.1 no room for the codes";
  if (g == 1 && sign_reads == 1) out.fault = "F-7.1 sign value";
  const int fixed = header + n * (g + w);
  if (static_cast<size_t>(fixed) > bits.size()) out.fault = "F-7.1 length";
  if (!out.fault.empty()) return out;

  // F-3.4: which planes follow, and F-3.5: how much of each the slot has.
  std::vector<Strip> strips;
  if (g == 1) strips.push_back({'s', 0, {}});
  for (int k = 0; k < w; ++k) strips.push_back({'d', 0, {}});
  for (int place = 0; place < m; ++place) {
    if (known[static_cast<size_t>(place)] == '?') strips.push_back({'m', place, {}});
  }
  size_t at = static_cast<size_t>(header);
  for (Strip& strip : strips) {
    for (int i = 0; i < n; ++i, ++at) {
      if (at < bits.size()) strip.bits.push_back(bits[at]);
    }
  }
  out.used_bits = at;
  out.complete = at <= bits.size();
  out.exact = out.complete && Number(bits, 15, 1) == 0;  // F-3.13

  const int all_ones = (1 << w) - 1;
  for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
    Value value{sign_reads, 0, known};  // F-3.8, F-3.9
    int code = 0;
    for (const Strip& strip : strips) {
      if (i >= strip.bits.size()) continue;  // F-3.5: lost
      const int bit = strip.bits[i];
      if (strip.kind == 's') value.sign = bit;       // F-3.8
      if (strip.kind == 'd') code = code * 2 + bit;  // F-3.6: plane w-1 comes first
      if (strip.kind == 'm') value.mantissa[static_cast<size_t>(strip.place)] = bit ? '1' : '0';
    }

    // F-3.6, tested in its order.
    const bool zero = z == 1 && code == all_ones;
    const bool nan = !zero && s == 1 && code == all_ones - z;
    const bool inf = !zero && s == 1 && code == all_ones - z - 1;
    if (zero || inf || (!nan && code > base)) {
      value.mantissa = Zeros(m);  // F-3.7, F-3.11
    } else {
      value.exponent = base - code;  // F-3.7
      value.mantissa = Filled(value.mantissa, c.midpoint && !nan);
    }
    if (nan || inf) value.exponent = ExpMax(c);         // F-3.11, F-3.12
    if (nan && !out.complete) value.mantissa[0] = '1';  // F-3.12
    out.values.push_back(value);
  }
  return out;
}

// ---- Section 5: order `significance` ----------------------------------------------------------

// Reads on and on; whoever reads over the end finds it in `beyond`.
struct Cursor {
  const Bits& bits;
  size_t at = 0;
  bool beyond = false;

  int Take() {
    beyond = beyond || at >= bits.size();
    return Number(bits, static_cast<int>(at++), 1);
  }
};

// F-5.4
Members ReadRaw(Cursor& cursor, const Members& candidates) {
  Members ones;
  for (const int i : candidates) {
    if (cursor.Take() == 1) ones.push_back(i);
  }
  return ones;
}

// The distinct i / size for i in `members`.
Members Parents(const Members& members, int size) {
  Members parents;
  for (const int i : members) {
    if (parents.empty() || parents.back() != i / size) parents.push_back(i / size);
  }
  return parents;
}

// Those of `members` whose i / size is, or is not, in `parents`.
Members Sift(const Members& members, int size, const Members& parents, bool in = true) {
  Members kept;
  for (const int i : members) {
    if (std::binary_search(parents.begin(), parents.end(), i / size) == in) kept.push_back(i);
  }
  return kept;
}

// F-5.5: three lists, each over what the one before has left.
Members ReadGrouped(Cursor& cursor, const Members& candidates) {
  const Members groups = ReadRaw(cursor, Parents(candidates, 16));
  const Members in_groups = Sift(candidates, 16, groups);
  const Members subgroups = ReadRaw(cursor, Parents(in_groups, 4));
  return ReadRaw(cursor, Sift(in_groups, 4, subgroups));
}

Outcome DecodeLayers(const Bits& bits, const RefConfig& c) {
  Outcome out;
  const int m = c.man_bits;

  // F-5.2: the header.
  const int g = Number(bits, 1, 1);
  const int a = Number(bits, 2, 2);
  const int planes = Number(bits, 4, 5);
  const int grouped_planes = Number(bits, 9, 4);
  const int base = Number(bits, 13, c.exp_bits);
  Cursor cursor{bits, static_cast<size_t>(13 + c.exp_bits)};
  out.used_bits = cursor.at;

  // F-5.13: what every value is that nothing else is said of.
  out.values.assign(static_cast<size_t>(c.block_len), Value{0, 0, Zeros(m)});
  std::string quiet = Zeros(m);
  quiet[0] = '1';

  // F-5.14
  if (a == 3 && planes == 0 && grouped_planes == 15) {
    for (Value& value : out.values) value = Value{0, ExpMax(c), quiet};
    return out;
  }

  // F-7.3
  if (base == 0 || base >= ExpMax(c)) out.fault = "F-7.3 base";
  if (planes > base + m) out.fault = "F-7.3 planes below the smallest subnormal";
  if (grouped_planes > planes) out.fault = "F-7.3 grouped planes";
  if (!out.fault.empty()) return out;

  Members left;  // the values that take part
  for (int i = 0; i < c.block_len; ++i) left.push_back(i);

  // F-5.6, F-5.13
  bool grouped_map = a == 2;
  if (a == 3) {
    grouped_map = cursor.Take() == 1;  // B
    const Members specials = ReadGrouped(cursor, left);
    for (const int i : specials) {
      Value& value = out.values[static_cast<size_t>(i)];
      value.sign = cursor.Take();
      value.exponent = ExpMax(c);
      if (cursor.Take() == 1) value.mantissa = quiet;
    }
    left = Sift(left, 1, specials, false);
    if (cursor.beyond) out.fault = "F-7.3 special section";
  }

  // F-5.7
  if (a == 1) left = ReadRaw(cursor, left);
  if (grouped_map) left = ReadGrouped(cursor, left);
  if (cursor.beyond && out.fault.empty()) out.fault = "F-7.3 zero map";

  // F-5.8
  std::vector<int> delta(out.values.size(), -1);
  Members significant;
  for (int p = 0; p < planes; ++p) {
    const Members ones = p < grouped_planes ? ReadGrouped(cursor, left) : ReadRaw(cursor, left);
    for (const int i : ones) delta[static_cast<size_t>(i)] = p;
    left = Sift(left, 1, ones, false);
    significant.insert(significant.end(), ones.begin(), ones.end());
  }
  std::sort(significant.begin(), significant.end());
  if (cursor.beyond && out.fault.empty()) out.fault = "F-7.3 significance planes";

  // F-5.9
  for (const int i : significant) {
    if (g == 1) out.values[static_cast<size_t>(i)].sign = cursor.Take();
  }
  if (cursor.beyond && out.fault.empty()) out.fault = "F-7.3 signs";
  if (!out.fault.empty()) return out;

  // F-5.3, F-5.10. A refinement bit has a weight of at least the smallest subnormal's.
  std::vector<std::string> refinement(out.values.size());
  for (int p = 1; p <= base + m; ++p) {
    for (const int i : significant) {
      const int d = delta[static_cast<size_t>(i)];
      const int r = m + std::min(0, base - d - 1);
      if (d >= p || p > d + r) continue;
      const bool lost = cursor.at >= bits.size();
      const int bit = cursor.Take();
      refinement[static_cast<size_t>(i)] += lost ? '?' : bit == 1 ? '1' : '0';
    }
  }
  out.used_bits = cursor.at;
  out.complete = !cursor.beyond;

  // F-5.11, F-5.12
  for (const int i : significant) {
    const int v = base - delta[static_cast<size_t>(i)];
    const std::string below = Filled(refinement[static_cast<size_t>(i)], c.midpoint);
    Value& value = out.values[static_cast<size_t>(i)];
    value.exponent = std::max(v, 0);
    value.mantissa = v >= 1 ? below : Zeros(-v) + "1" + below;
  }
  return out;
}

}  // namespace

RefResult DecodeSlot(const std::vector<uint8_t>& slot, const RefConfig& config) {
  Outcome out;
  size_t first = 0;  // the byte at which the layout starts
  const Bits bits = Unpack(slot, 0);
  if (!config.significance) {
    out = DecodeField(bits, config);
  } else if (Number(bits, 0, 1) == 1) {
    // F-5.1, F-7.2
    first = 1;
    out = DecodeField(Unpack(slot, 1), config);
    if (!out.fault.empty()) out.fault = "F-7.2 by " + out.fault;
    if (out.fault.empty() && !out.complete) out.fault = "F-7.2 not complete";
    if (Number(bits, 1, 7) != 0) out.fault = "F-7.2 bits [7:1]";
  } else {
    out = DecodeLayers(bits, config);
  }

  // F-7.4
  if (config.lossless && out.fault.empty()) {
    if (!out.complete) out.fault = "F-7.4 not complete";
    if (first + (out.used_bits + 7) / 8 != slot.size()) out.fault = "F-7.4 length";
  }

  RefResult result;
  result.malformed = !out.fault.empty();
  result.reason = out.fault;
  if (result.malformed) out.values.assign(static_cast<size_t>(config.block_len), {});  // F-7.5
  result.exact = !result.malformed && out.exact;
  result.used_bits = result.malformed ? 0 : 8 * first + out.used_bits;
  for (const Value& value : out.values) result.patterns.push_back(Pattern(value, config));
  return result;
}

}  // namespace actplane::ref
