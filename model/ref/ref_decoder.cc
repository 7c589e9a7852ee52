// SPDX-License-Identifier: Apache-2.0
// In the order of docs/format.md. A slot is first read into labelled rows of bits; the values are
// rebuilt from those rows afterwards.
#include "ref/ref_decoder.h"

#include <algorithm>

namespace actplane::ref {
namespace {

using Bits = std::vector<int>;  // 0 or 1 each

// ---- Section 2: words, values, slots ----------------------------------------------------------

// A value on its way to a pattern. The mantissa is text, top bit first: '0', '1' or '?' (lost).
struct Value {
  int sign = 0;
  int exponent = 0;
  std::string mantissa;
};

// F-2.1: sign, exponent, mantissa from the top bit down.
uint32_t Pattern(const Value& value, const RefConfig& c) {
  uint32_t pattern = static_cast<uint32_t>(value.sign);
  for (int bit = c.exp_bits - 1; bit >= 0; --bit) {
    pattern = pattern * 2 + static_cast<uint32_t>((value.exponent >> bit) & 1);
  }
  for (const char bit : value.mantissa) pattern = pattern * 2 + (bit == '1' ? 1U : 0U);
  return pattern;
}

// F-2.7
Bits Unpack(const std::vector<uint8_t>& slot) {
  Bits bits;
  for (const uint8_t byte : slot) {
    for (int bit = 0; bit < 8; ++bit) bits.push_back((byte >> bit) & 1);
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

struct Outcome {      // before anything is asked of the mode
  std::string fault;  // empty: none
  bool complete = true;
  bool exact = false;
  size_t used_bits = 0;  // where a slot that nothing cuts would end
  std::vector<Value> values;
};

// Reads on and on; whoever reads over the end finds it in `beyond`.
struct Cursor {
  const Bits& bits;
  size_t at = 0;
  bool beyond = false;

  int Take() {
    beyond = beyond || at >= bits.size();
    return Number(bits, static_cast<int>(at++), 1);
  }
  std::string Take(int count) {
    std::string text;
    for (int k = 0; k < count; ++k) text += Take() == 1 ? '1' : '0';
    return text;
  }
};

// ---- Section 3: order `field` -----------------------------------------------------------------

struct Plane {
  char kind;  // 's'ign, 'd'elta, 'm'antissa
  int place;  // of a mantissa plane, counted from the top
};

// F-3.10: `above` is the bit over the mantissa, the lowest one of the exponent field.
std::string Filled(std::string mantissa, char above, bool midpoint) {
  const size_t highest = mantissa.find('?');
  if (highest == std::string::npos) return mantissa;
  if (highest > 0) above = mantissa[highest - 1];
  for (size_t i = highest; i < mantissa.size(); ++i) {
    if (mantissa[i] != '?') continue;
    const bool one = i == highest ? above == '0' : above == '1';
    mantissa[i] = one && midpoint ? '1' : '0';
  }
  return mantissa;
}

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

  // F-3.4: which planes there are. One that is not stored has no '?' above.
  std::vector<Plane> planes;
  if (g == 1) planes.push_back({'s', 0});
  for (int k = 0; k < w; ++k) planes.push_back({'d', 0});
  for (int place = 0; place < m; ++place) {
    if (known[static_cast<size_t>(place)] == '?') planes.push_back({'m', place});
  }

  // F-3.4: the bytes behind the header are dealt out, plane by plane and within a plane group by
  // group, until they or the planes are used up; they lie group by group.
  const int groups = n / 8;
  const int bytes = (static_cast<int>(bits.size()) - header) / 8;
  std::vector<int> rows(static_cast<size_t>(groups), 0);
  for (int dealt = 0; dealt < std::min(bytes, groups * static_cast<int>(planes.size())); ++dealt) {
    ++rows[static_cast<size_t>(dealt % groups)];
  }
  out.used_bits = static_cast<size_t>(header) + static_cast<size_t>(n) * planes.size();
  out.complete = out.used_bits <= bits.size();           // F-3.5
  out.exact = out.complete && Number(bits, 15, 1) == 0;  // F-3.13

  const int all_ones = (1 << w) - 1;
  int first_row = 0;  // of all rows, the first one of the group
  for (int i = 0; i < n; ++i) {
    if (i > 0 && i % 8 == 0) first_row += rows[static_cast<size_t>(i / 8 - 1)];
    Value value{sign_reads, 0, known};  // F-3.8, F-3.9; what stays '?' is lost (F-3.5)
    int code = 0;
    for (int row = 0; row < rows[static_cast<size_t>(i / 8)]; ++row) {
      const Plane plane = planes[static_cast<size_t>(row)];
      const int bit = Number(bits, header + 8 * (first_row + row) + i % 8, 1);
      if (plane.kind == 's') value.sign = bit;       // F-3.8
      if (plane.kind == 'd') code = code * 2 + bit;  // F-3.6: plane w-1 comes first
      if (plane.kind == 'm') value.mantissa[static_cast<size_t>(plane.place)] = bit ? '1' : '0';
    }

    // F-3.6, tested in its order.
    const bool zero = z == 1 && code == all_ones;
    const bool nan = !zero && s == 1 && code == all_ones - z;
    const bool inf = !zero && s == 1 && code == all_ones - z - 1;
    if (zero || inf || (!nan && code > base)) {
      value.mantissa = Zeros(m);  // F-3.7, F-3.11
    } else {
      value.exponent = base - code;  // F-3.7
      const char above = value.exponent % 2 == 1 ? '1' : '0';
      value.mantissa = Filled(value.mantissa, above, c.midpoint && !nan);
    }
    if (nan || inf) value.exponent = ExpMax(c);         // F-3.11, F-3.12
    if (nan && !out.complete) value.mantissa[0] = '1';  // F-3.12
    out.values.push_back(value);
  }
  return out;
}

// ---- Section 5: order `significance` ----------------------------------------------------------

// F-5.11
Value Special(int sign, bool nan, const RefConfig& c) {
  Value value{sign, ExpMax(c), Zeros(c.man_bits)};
  if (nan) value.mantissa[0] = '1';
  return value;
}

// F-5.7 .. F-5.9: the value of magnitude bits, highest weight first, the last one of weight p.
Value Magnitude(int sign, const std::string& rows, int p, bool mid_rise, const RefConfig& c) {
  const int m = c.man_bits;
  const size_t leading = rows.find('1');
  const bool none = leading == std::string::npos;
  if (none && !mid_rise) return {sign, 0, Zeros(m)};  // F-5.8

  // F-5.7: the weight of the leading one, and what stands below it.
  int e = p - 1;  // F-5.9: half a step
  std::string below;
  if (!none) {
    below = rows.substr(leading + 1);
    e = p + static_cast<int>(below.size());
  }
  const int u = std::max(e, 1) - m;  // the weight of the lowest mantissa bit
  if (!none && mid_rise) {           // F-5.9
    const bool even = rows.back() == '0';
    for (int weight = p - 1; weight >= u; --weight) {
      below += (weight == p - 1) == even ? '1' : '0';
    }
  }
  // F-5.8: what is below the lowest mantissa bit is dropped, be it the leading one.
  const std::string mantissa = e >= 1 ? below : Zeros(-e) + "1" + below;
  const size_t places = static_cast<size_t>(m);
  return {sign, std::max(e, 0), (mantissa + Zeros(m)).substr(0, places)};
}

// F-5.3, F-5.4
struct Group {
  bool flag = false;  // y
  bool lives = false;
  int code = 0;
  int magnitudes = 0;  // D
};

Outcome DecodeGroups(const Bits& bits, const RefConfig& c) {
  Outcome out;

  // F-5.1: the header.
  const int w = Number(bits, 0, 3);
  const int z = Number(bits, 3, 1);
  const int form = Number(bits, 4, 2);
  const int q = Number(bits, 6, 5);
  const int j = Number(bits, 11, 5);
  const int base = Number(bits, 16, 8);
  const int groups = c.block_len / c.group_len;
  const int u = std::min(groups, 32);

  // F-7.2
  if (w == 5) out.fault = "F-7.2 width 5";
  if ((w == 6 || w == 7) && Number(bits, 3, 5) != 0) out.fault = "F-7.2 bits [7:3]";
  if (w <= 4 && j >= u) out.fault = "F-7.2 level";
  if (w <= 4 && (base == 0 || base >= ExpMax(c))) out.fault = "F-7.2 base";
  if (!out.fault.empty()) return out;

  if (w == 6) {  // F-5.12
    out.used_bits = 8;
    out.values.assign(static_cast<size_t>(c.block_len), Special(0, true, c));
    return out;
  }

  if (w == 7) {  // F-5.13
    const int width = 1 + c.exp_bits + c.man_bits;
    Cursor cursor{bits, static_cast<size_t>(8 + 2 * width)};
    for (int i = 0; i < c.block_len; ++i) {
      const int start = cursor.Take() == 0 ? 8 : 8 + width;
      Value value{Number(bits, start + width - 1, 1), Number(bits, start + c.man_bits, c.exp_bits),
                  ""};
      for (int k = c.man_bits - 1; k >= 0; --k) {
        value.mantissa += Number(bits, start + k, 1) == 1 ? '1' : '0';
      }
      out.values.push_back(value);
    }
    if (cursor.beyond) out.fault = "F-7.2 pair beyond the slot";
    out.used_bits = cursor.at;
    out.exact = true;  // F-6.1: a pair says everything
    return out;
  }

  // F-5.2
  Cursor cursor{bits, 24};
  std::vector<Group> table(static_cast<size_t>(groups));
  for (Group& group : table) {
    if (form == 3) group.flag = cursor.Take() == 1;
  }
  if (cursor.beyond) out.fault = "F-7.2 flag beyond the slot";
  for (Group& group : table) {
    for (int k = 0; k < w; ++k) group.code += cursor.Take() << k;
  }
  if (cursor.beyond && out.fault.empty()) out.fault = "F-7.2 code beyond the slot";
  if (!out.fault.empty()) return out;

  // F-5.3, F-5.4
  for (int g = 0; g < groups; ++g) {
    Group& group = table[static_cast<size_t>(g)];
    const int end = g * u < j * groups ? q + 1 : q;
    const bool named_dead = z == 1 && group.code == (1 << w) - 1;
    group.lives = !named_dead && group.code < end;
    const int height = end - group.code - (form == 2 ? 1 : 0);
    if (group.lives) group.magnitudes = std::min(height, c.row_limit);
  }

  // F-5.5, F-5.6
  while (cursor.at % 8 != 0) ++cursor.at;
  for (const Group& group : table) {
    const int k = c.group_len;
    const std::string zeros = Zeros(k);
    const std::string special = group.flag ? cursor.Take(k) : zeros;
    const std::string nan = group.flag ? cursor.Take(k) : zeros;
    const bool signs = form > 0 && (group.lives || group.flag);
    const std::string sign = signs ? cursor.Take(k) : zeros;
    std::vector<std::string> rows(static_cast<size_t>(group.magnitudes));
    for (std::string& row : rows) row = cursor.Take(k);

    const int p = base - group.code - group.magnitudes + 1;  // F-5.7
    for (size_t i = 0; i < zeros.size(); ++i) {
      const int minus = sign[i] == '1' ? 1 : 0;
      std::string magnitude;
      for (const std::string& row : rows) magnitude += row[i];
      if (special[i] == '1') {
        out.values.push_back(Special(minus, nan[i] == '1', c));  // F-5.11
      } else if (!group.lives) {
        out.values.push_back({minus, 0, Zeros(c.man_bits)});  // F-5.10
      } else {
        out.values.push_back(Magnitude(minus, magnitude, p, form == 2, c));
      }
    }
  }
  if (cursor.beyond) out.fault = "F-7.2 row beyond the slot";
  out.used_bits = cursor.at;
  return out;
}

}  // namespace

RefResult DecodeSlot(const std::vector<uint8_t>& slot, const RefConfig& config) {
  const Bits bits = Unpack(slot);
  Outcome out = config.significance ? DecodeGroups(bits, config) : DecodeField(bits, config);

  // F-7.3
  if (config.lossless && !config.significance && out.fault.empty()) {
    if ((out.used_bits + 7) / 8 != slot.size()) out.fault = "F-7.3 length";
    if (!out.complete) out.fault = "F-7.3 not complete";
  }

  RefResult result;
  result.malformed = !out.fault.empty();
  result.reason = out.fault;
  if (result.malformed) out.values.assign(static_cast<size_t>(config.block_len), {});  // F-7.4
  result.exact = !result.malformed && out.exact;
  result.used_bits = result.malformed ? 0 : out.used_bits;
  for (const Value& value : out.values) result.patterns.push_back(Pattern(value, config));
  return result;
}

}  // namespace actplane::ref
