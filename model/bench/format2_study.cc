// SPDX-License-Identifier: Apache-2.0
// The measurements behind docs/decisions/0005: order `significance` by small groups, with one
// choice at a time replaced; beside version 1, zfp and the quantizers of peers.h; what is lost on
// the second round; and order `field` by groups.
#include <fmt/format.h>
#include <zfp.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "actplane/fast.h"
#include "data.h"
#include "groups.h"
#include "peers/peers.h"
#include "support/values.h"

namespace actplane::bench {
namespace {

namespace values = testing_support;

constexpr const char* kUsage =
    "usage: format2_study [--section NAME]... [--blocks N] [TENSOR...]\n"
    "  --section NAME  choices, rates, peers, once, field or formats (default: all)\n"
    "  --blocks N      random blocks: of the rules that are taken; a tenth elsewhere (default "
    "200000)\n"
    "  TENSOR          .npy and .safetensors files with FP32 tensors\n";

constexpr uint32_t kN = 128;
constexpr double kRates[] = {10, 8, 6, 5, 4, 3, 2.25, 2};

using Values = std::vector<float>;
using Patterns = std::vector<uint32_t>;

struct Set {
  std::string name;
  Values values;
  size_t row = 0;
  bool dense = false;  // both signs carry at least a twentieth of the energy
};

struct Quality {
  double signal = 0, noise = 0, product = 0;
  void Add(double x, double y) {
    signal += x * x;
    noise += (x - y) * (x - y);
    product += x * y;
  }
  double Snr() const { return 10 * std::log10(signal / noise); }
  double Shrink() const { return product / signal - 1; }
};

double FromPattern(uint32_t p, Format format) {
  const FormatInfo info = InfoOf(format);
  if (format == Format::kFp32) return std::bit_cast<float>(p);
  if (format == Format::kBf16) return std::bit_cast<float>(p << 16);
  const auto exponent = static_cast<int>(p >> info.man_bits & info.exp_max);
  const double m = p & ((1U << info.man_bits) - 1);
  const double y = exponent == 0 ? std::ldexp(m, -24) : std::ldexp(m + 1024, exponent - 25);
  return p >> 15 != 0 ? -y : y;
}

Patterns ToPatterns(const Values& x, Format format) {
  Patterns out(x.size());
  for (size_t i = 0; i < x.size(); ++i) out[i] = values::ToPattern(x[i], format);
  return out;
}

Quality Groups(const Patterns& x, Format format, const GroupRules& rules, uint32_t n, double bits) {
  Quality quality;
  Patterns y(n);
  const auto budget = static_cast<uint32_t>(bits * n);
  for (size_t at = 0; at + n <= x.size(); at += n) {
    Emulate(rules, format, budget, std::span(x).subspan(at, n), y);
    for (uint32_t i = 0; i < n; ++i)
      quality.Add(FromPattern(x[at + i], format), FromPattern(y[i], format));
  }
  return quality;
}

// The mean of a block is taken off before and added after, where that leaves less error and is
// worth `cost` bits: a bound on what an offset of a block can bring.
Quality GroupsWithMean(const Values& x, const GroupRules& rules, double bits, uint32_t cost) {
  Quality quality;
  Patterns in(kN), out(kN);
  const auto budget = static_cast<uint32_t>(bits * kN);
  for (size_t at = 0; at + kN <= x.size(); at += kN) {
    double mean = 0;
    for (uint32_t i = 0; i < kN; ++i) mean += x[at + i] / static_cast<double>(kN);
    if (mean != 0) {  // six significant bits
      const int step = std::ilogb(mean) - 5;
      mean = std::ldexp(std::nearbyint(std::ldexp(mean, -step)), step);
    }
    Quality best;
    for (const double offset : {0.0, mean}) {
      Quality block;
      for (uint32_t i = 0; i < kN; ++i)
        in[i] = std::bit_cast<uint32_t>(static_cast<float>(x[at + i] - offset));
      Emulate(rules, Format::kFp32, budget - cost, in, out);
      for (uint32_t i = 0; i < kN; ++i)
        block.Add(x[at + i], static_cast<double>(std::bit_cast<float>(out[i])) + offset);
      if (offset == 0 || block.noise < best.noise) best = block;
    }
    quality.signal += best.signal;
    quality.noise += best.noise;
    quality.product += best.product;
  }
  return quality;
}

Quality Version1(const Patterns& x, Format format, Order order, uint32_t n, double bits) {
  const auto slot_bytes = static_cast<uint32_t>(bits * n / 8);
  Quality quality;
  const size_t whole = x.size() / n * n;
  const auto bytes =
      values::ToBytes({x.begin(), x.begin() + static_cast<ptrdiff_t>(whole)}, format);
  const auto tensor = fast::Compress(
      bytes, {.format = format, .block_len = n, .slot_bytes = slot_bytes, .order = order}, 1);
  if (!tensor.ok()) {  // below the smallest slot
    quality.signal = quality.noise = NAN;
    return quality;
  }
  const auto back = fast::Decompress(*tensor, 1);
  const Patterns y = values::ToPatterns(back->values, format);
  for (size_t i = 0; i < whole; ++i)
    quality.Add(FromPattern(x[i], format), FromPattern(y[i], format));
  return quality;
}

Quality Zfp(const Values& x, size_t row, double bits) {
  Values y(x.size());
  zfp_stream* stream = zfp_stream_open(nullptr);
  zfp_field* field = row == 0 ? zfp_field_1d(nullptr, zfp_type_float, x.size())
                              : zfp_field_2d(nullptr, zfp_type_float, row, x.size() / row);
  zfp_stream_set_rate(stream, bits, zfp_type_float, row == 0 ? 1 : 2, zfp_false);
  std::vector<uint64_t> bytes(zfp_stream_maximum_size(stream, field) / 8 + 1);
  bitstream* bit = stream_open(bytes.data(), 8 * bytes.size());
  zfp_stream_set_bit_stream(stream, bit);
  Values copy = x;
  zfp_field_set_pointer(field, copy.data());
  zfp_compress(stream, field);
  zfp_stream_rewind(stream);
  zfp_field_set_pointer(field, y.data());
  zfp_decompress(stream, field);
  stream_close(bit);
  zfp_field_free(field);
  zfp_stream_close(stream);
  Quality quality;
  for (size_t i = 0; i < x.size(); ++i) quality.Add(x[i], y[i]);
  return quality;
}

GroupRules Rules(uint32_t group, const std::string& name = {},
                 const std::function<void(GroupRules&)>& change = nullptr) {
  GroupRules rules = {.name = name, .group = group};
  if (change) change(rules);
  return rules;
}

std::vector<GroupRules> Choices(uint32_t group) {
  std::vector<GroupRules> all;
  const auto add = [&](const std::string& name, const std::function<void(GroupRules&)>& change) {
    all.push_back(Rules(group, name, change));
  };
  add("taken", nullptr);
  for (const uint32_t cap : {10U, 12U, 14U, 24U})
    add(fmt::format("at most {} rows", cap), [=](GroupRules& r) { r.cap = cap; });
  // Wider codes take the header beyond 24 bits: one more of q, and a whole byte of alignment.
  const auto wide = [](GroupRules& r) {
    r.widest = 5;
    r.most_q = 63;
    r.header_change = 1;
  };
  add("codes to 5 bits, header 25 bits", wide);
  add("codes as wide as deltas need", [](GroupRules& r) { r.code = GroupCode::kFixed; });
  add("codes one bit narrower at most", [](GroupRules& r) { r.narrower = 1; });
  add("the last code always dead", [](GroupRules& r) { r.always_dead = true; });
  const auto code = [&](const char* name, GroupCode kind) {
    add(name, [=](GroupRules& r) {
      wide(r);
      r.header_change = -4;  // neither width nor flag
      r.code = kind;
    });
  };
  code("unary codes", GroupCode::kUnary);
  code("Rice codes", GroupCode::kRice);
  code("Rice codes of differences", GroupCode::kNeighbour);
  code("unary from the best delta of the block", GroupCode::kCentre);
  code("codes for nothing (bound)", GroupCode::kFree);
  add("truncate, midpoint", [](GroupRules& r) { r.rounding = Rounding::kTruncate; });
  add("nearest everywhere", [](GroupRules& r) { r.rounding = Rounding::kNearest; });
  add("nearest, next exponent on overflow", [](GroupRules& r) { r.rounding = Rounding::kRaise; });
  add("mid-rise without sign rows", [](GroupRules& r) { r.sign_rows = false; });
  add("no spare rows", [](GroupRules& r) { r.spare = Spare::kNone; });
  add("spare rows to live groups", [](GroupRules& r) { r.spare = Spare::kLive; });
  add("spare rows to largest groups", [](GroupRules& r) { r.spare = Spare::kLargest; });
  add("no second search", [](GroupRules& r) { r.prune = false; });
  add("left-over bits to single values", [](GroupRules& r) { r.grain = 1; });
  if (group == 16) add("left-over bits to fours", [](GroupRules& r) { r.grain = 4; });
  if (group == 8) {
    const auto lattice = [](GroupRules& r) {
      r.rounding = Rounding::kNearest;
      r.lattice = true;
      r.code = GroupCode::kFixed;
    };
    add("nearest, widths as needed", [](GroupRules& r) {
      r.rounding = Rounding::kNearest;
      r.code = GroupCode::kFixed;
    });
    add("the same, last row in Hamming words (E8)", lattice);
  }
  return all;
}

void PrintHead(const std::string& title) {
  fmt::print("\n{:<44}", title);
  for (const double bits : kRates) fmt::print("{:>8}", bits);
  fmt::print("{:>9}\n", "shrink");
}

void PrintRow(const std::string& name, const std::function<Quality(double)>& measure) {
  fmt::print("  {:<42}", name);
  double shrink = 0;
  for (const double bits : kRates) {
    const Quality q = measure(bits);
    fmt::print("{:>8}", std::isnan(q.Snr()) ? "-" : fmt::format("{:.2f}", q.Snr()));
    if (bits == 2.25) shrink = q.Shrink();
  }
  fmt::print("{:>9}\n", std::isnan(shrink) ? "-" : fmt::format("{:+.3f}", shrink));
}

void SectionChoices(const std::vector<Set>& sets) {
  fmt::print(
      "\nOne choice replaced at a time, FP32, N = 128: SNR in dB by bits a value; shrink at 2.25 "
      "bits\n");
  std::vector<Patterns> patterns;
  patterns.reserve(sets.size());
  for (const Set& s : sets) patterns.push_back(ToPatterns(s.values, Format::kFp32));
  for (const uint32_t group : {4U, 8U, 16U}) {
    const auto choices = Choices(group);
    std::vector<std::vector<double>> mean(choices.size(),
                                          std::vector<double>(std::size(kRates) + 1));
    double dense = 0;
    for (size_t s = 0; s < sets.size(); ++s) {
      dense += sets[s].dense ? 1U : 0U;
      PrintHead(fmt::format("{}, groups of {}", sets[s].name, group));
      for (size_t c = 0; c < choices.size(); ++c) {
        size_t column = 0;
        PrintRow(choices[c].name, [&](double bits) {
          const Quality q = Groups(patterns[s], Format::kFp32, choices[c], kN, bits);
          if (sets[s].dense) mean[c][column++] += q.Snr();
          if (sets[s].dense && bits == 2.25) mean[c].back() += q.Shrink();
          return q;
        });
      }
      PrintRow("offset of a block, 11 bits (bound)",
               [&](double bits) { return GroupsWithMean(sets[s].values, choices[0], bits, 11); });
    }
    PrintHead(fmt::format("mean of {} dense sets, groups of {}", dense, group));
    for (size_t c = 0; c < choices.size(); ++c) {
      fmt::print("  {:<42}", choices[c].name);
      for (size_t r = 0; r < std::size(kRates); ++r) fmt::print("{:>8.2f}", mean[c][r] / dense);
      fmt::print("{:>+9.3f}\n", mean[c].back() / dense);
    }
  }
}

void SectionRates(const std::vector<Set>& sets) {
  fmt::print("\nBeside version 1 and zfp, FP32: SNR in dB by bits a value; shrink at 2.25 bits\n");
  for (const Set& s : sets) {
    const Patterns x = ToPatterns(s.values, Format::kFp32);
    PrintHead(fmt::format("{}{}, N = 128", s.name, s.dense ? " (dense)" : ""));
    for (const uint32_t group : {4U, 8U, 16U})
      PrintRow(fmt::format("significance 2, groups of {}", group),
               [&](double bits) { return Groups(x, Format::kFp32, Rules(group), kN, bits); });
    for (const uint32_t n : {32U, 64U, 256U})
      PrintRow(fmt::format("significance 2, groups of 4, N = {}", n),
               [&](double bits) { return Groups(x, Format::kFp32, Rules(4), n, bits); });
    for (const Order order : {Order::kSignificance, Order::kField})
      PrintRow(fmt::format("{} 1", ToString(order)),
               [&](double bits) { return Version1(x, Format::kFp32, order, kN, bits); });
    PrintRow("zfp 1-D", [&](double bits) { return Zfp(s.values, 0, bits); });
    if (s.row != 0) PrintRow("zfp 2-D", [&](double bits) { return Zfp(s.values, s.row, bits); });
  }
}

void SectionPeers(const std::vector<Set>& sets) {
  fmt::print(
      "\nPeers at their own rates, FP32, N = 128: SNR in dB, the peer's / groups of 4 / version 1; "
      "* the peer is ahead of groups of 4\n{:<26}",
      "");
  for (const peers::Peer& p : peers::All())
    fmt::print("{:>24}", fmt::format("{} ({})", p.name, p.BitsPerValue()));
  fmt::print("\n");
  size_t ahead = 0, cells = 0;
  for (const Set& s : sets) {
    const Patterns x = ToPatterns(s.values, Format::kFp32);
    fmt::print("{:<26}", s.name);
    for (const peers::Peer& p : peers::All()) {
      Values y(s.values.size());
      peers::Quantize(p, s.values, y);
      Quality q;
      for (size_t i = 0; i < y.size(); ++i) q.Add(s.values[i], y[i]);
      const double ours = Groups(x, Format::kFp32, Rules(4), kN, p.BitsPerValue()).Snr();
      const double first = Version1(x, Format::kFp32, Order::kSignificance, kN, p.BitsPerValue()).Snr();
      ahead += q.Snr() > ours ? 1U : 0U;
      ++cells;
      fmt::print("{:>24}", fmt::format("{:.1f} / {:.1f} / {:.1f}{}", q.Snr(), ours, first,
                                       q.Snr() > ours ? "*" : " "));
    }
    fmt::print("\n");
  }
  fmt::print("ahead of groups of 4 in {} of {} cells\n", ahead, cells);
}

// One of all kinds of blocks, sometimes two mixed, with a slot of up to 24 (mostly 8) bits a value.
struct RandomBlock {
  Format format;
  uint32_t n;
  uint32_t group;
  uint32_t slot_bytes;
  Patterns x;
  uint32_t cap = 16;
};

RandomBlock MakeBlock(values::Rng& rng) {
  RandomBlock b;
  b.format = static_cast<Format>(rng.Below(3));
  b.n = 32U << rng.Below(4);
  b.group = 4U << rng.Below(3);
  b.slot_bytes = std::max(4U, b.n / 16) + rng.Below(uint64_t{b.n} / 8 * (rng.OneIn(3) ? 24 : 8));
  const auto kind = [&] { return values::kAllKinds[rng.Below(values::kAllKinds.size())]; };
  b.x = values::MakePatterns(kind(), b.format, b.n, rng);
  if (rng.OneIn(6)) {
    const Patterns other = values::MakePatterns(kind(), b.format, b.n, rng);
    for (uint32_t i = 0; i < b.n; ++i) {
      if (rng.OneIn(3)) b.x[i] = other[i];
    }
  }
  constexpr uint32_t kCaps[] = {10, 12, 16, 24};
  b.cap = kCaps[rng.Below(4)];
  return b;
}

// Returns false if the rules of the decision lose anything on the second round.
bool SectionOnce(uint64_t blocks) {
  fmt::print(
      "\nSecond round, random blocks of every format, N, group length, limit of rows, slot size "
      "and kind:\n  {:<42}{:>10}{:>10}{:>14}\n",
      "", "blocks", "change", "other slot");
  std::vector<GroupRules> rules;
  const auto add = [&](const char* name, const std::function<void(GroupRules&)>& change) {
    rules.push_back(Rules(4, name, change));
  };
  add("taken", nullptr);
  add("nearest everywhere", [](GroupRules& r) { r.rounding = Rounding::kNearest; });
  add("nearest, no second search", [](GroupRules& r) {
    r.rounding = Rounding::kNearest;
    r.prune = false;
  });
  add("nearest, spare rows to live groups", [](GroupRules& r) {
    r.rounding = Rounding::kNearest;
    r.prune = false;
    r.spare = Spare::kLive;
  });
  add("nearest, next exponent on overflow", [](GroupRules& r) { r.rounding = Rounding::kRaise; });
  add("mid-rise, no second search", [](GroupRules& r) { r.prune = false; });
  add("mid-rise, exact blocks not first", [](GroupRules& r) { r.rounding = Rounding::kRise; });
  add("mid-rise of the prototype", [](GroupRules& r) {
    r.rounding = Rounding::kRise;
    r.sign_rows = r.prune = false;
  });
  add("truncate, midpoint", [](GroupRules& r) { r.rounding = Rounding::kTruncate; });
  add("truncate, midpoint, no second search", [](GroupRules& r) {
    r.rounding = Rounding::kTruncate;
    r.prune = false;
  });
  add("E8, groups of 8", [](GroupRules& r) {
    r.rounding = Rounding::kNearest;
    r.lattice = true;
    r.code = GroupCode::kFixed;
  });
  bool good = true;
  for (GroupRules& r : rules) {
    values::Rng rng(7);
    uint64_t changed = 0, slots = 0;
    const bool taken = r.name == "taken";
    const uint64_t count = taken ? blocks : blocks / 10 + 1;
    for (uint64_t i = 0; i < count; ++i) {
      const RandomBlock b = MakeBlock(rng);
      r.group = r.lattice ? 8 : b.group;
      r.cap = b.cap;
      Patterns y(b.n), z(b.n), from_bytes(b.n);
      std::vector<std::byte> first(b.slot_bytes), second(b.slot_bytes);
      Emulate(r, b.format, 8 * b.slot_bytes, b.x, y);
      Emulate(r, b.format, 8 * b.slot_bytes, y, z);
      changed += y != z ? 1U : 0U;
      if (!taken) continue;
      EncodeSlot(r, b.format, b.x, first);
      EncodeSlot(r, b.format, y, second);
      slots += first != second ? 1U : 0U;
      good &= DecodeSlot(r.group, r.cap, b.format, first, from_bytes) && from_bytes == y;
      good &= y == z;
    }
    fmt::print("  {:<42}{:>10}{:>10}{:>14}\n", r.name, count, changed,
               taken ? fmt::format("{}", slots) : "");
  }
  if (!good)
    fmt::print(stderr,
               "format2_study: the rules of the decision lose on the second round, or a slot is "
               "not what was counted\n");
  return good;
}

// Rows of value i when rows of N values, one after the other, are cut; and when the rows of groups
// lie together, the first groups having one more.
uint32_t CutRows(uint32_t bits, uint32_t n, uint32_t i) {
  return bits > i ? (bits - i - 1) / n + 1 : 0;
}
uint32_t GroupedRows(uint32_t bits, uint32_t n, uint32_t group, uint32_t i) {
  const uint32_t rows = bits / group, groups = n / group;
  return rows / groups + (i / group < rows % groups ? 1 : 0);
}

// Lost bits read 10..0 after a known bit of 0 and 01..1 after a 1: the mean of both is the middle.
Patterns EvenFill(const Patterns& zero, const Patterns& midpoint) {
  Patterns out = midpoint;
  for (size_t i = 0; i < out.size(); ++i) {
    const uint32_t highest = zero[i] ^ midpoint[i];
    if (highest != 0 && (zero[i] & 2 * highest) != 0) --out[i];
  }
  return out;
}

struct FieldRound {
  Patterns zero, midpoint, even;
  bool cut = false;
  bool flushed = false;   // F
  bool extended = false;  // X
};

FieldRound RunField(const RandomBlock& b, std::span<const uint32_t> x) {
  FieldRound out;
  Config config = {.format = b.format, .block_len = b.n, .slot_bytes = b.slot_bytes};
  const auto bytes = values::ToBytes({x.begin(), x.end()}, b.format);
  std::vector<std::byte> slot(b.slot_bytes), back(bytes.size());
  CompressBlock(bytes, config, slot);
  out.flushed = (std::to_integer<uint32_t>(slot[1]) & 128) != 0;
  out.extended = (std::to_integer<uint32_t>(slot[1]) & 64) != 0;
  DecompressBlock(slot, config, back);
  out.midpoint = values::ToPatterns(back, b.format);
  config.fill = Fill::kZero;
  DecompressBlock(slot, config, back);
  out.zero = values::ToPatterns(back, b.format);
  out.even = EvenFill(out.zero, out.midpoint);
  return out;
}

bool SectionField(const std::vector<Set>& sets, uint64_t blocks) {
  uint64_t places = 0, differ = 0;
  for (const uint32_t n : {32U, 64U, 128U, 256U}) {
    for (const uint32_t group : {4U, 8U}) {
      for (uint32_t bits = 0; bits <= 33 * n; bits += 8) {
        for (uint32_t i = 0; i < n; ++i) {
          ++places;
          differ += CutRows(bits, n, i) != GroupedRows(bits, n, group, i) ? 1U : 0U;
        }
      }
    }
  }
  fmt::print(
      "\nOrder field, groups of 4 and 8: of {} values (every N, every cut at a byte) {} have other "
      "rows than in version 1\n",
      places, differ);

  fmt::print(
      "\nOrder field: mean error in the direction of the value, <x,y>/<x,x> - 1, and SNR at 8 bits "
      "(BF16), 10 (FP16)\n");
  for (const Format format : {Format::kBf16, Format::kFp16}) {
    for (const Set& s : sets) {
      if (s.name != "normal") continue;
      const Patterns x = ToPatterns(s.values, format);
      Quality midpoint, even, zero;
      RandomBlock b = {.format = format,
                       .n = kN,
                       .group = 8,
                       .slot_bytes = format == Format::kBf16 ? 128U : 160U,
                       .x = {}};
      for (size_t at = 0; at + kN <= x.size(); at += kN) {
        const FieldRound r = RunField(b, std::span(x).subspan(at, kN));
        for (uint32_t i = 0; i < kN; ++i) {
          const double v = FromPattern(x[at + i], format);
          midpoint.Add(v, FromPattern(r.midpoint[i], format));
          even.Add(v, FromPattern(r.even[i], format));
          zero.Add(v, FromPattern(r.zero[i], format));
        }
      }
      fmt::print(
          "  {} {}: midpoint {:+.5f} {:.2f} dB, alternating {:+.5f} {:.2f} dB, zero {:+.5f} {:.2f} "
          "dB\n",
          s.name, ToString(format), midpoint.Shrink(), midpoint.Snr(), even.Shrink(), even.Snr(),
          zero.Shrink(), zero.Snr());
    }
  }

  fmt::print(
      "\nOrder field, second round, {} random blocks of every format: blocks that change (of "
      "these: values were flushed; an extension, none flushed)\n",
      blocks);
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    values::Rng rng(11);
    uint64_t count = 0, changed[3] = {}, flushed[3] = {}, extended[3] = {};
    while (count < blocks) {
      RandomBlock b = MakeBlock(rng);
      if (b.format != format) continue;
      b.slot_bytes = std::max(b.slot_bytes, MinSlotBytes(format, b.n, Order::kField));
      ++count;
      const FieldRound first = RunField(b, b.x);
      const Patterns* y[3] = {&first.midpoint, &first.even, &first.zero};
      for (size_t k = 0; k < 3; ++k) {
        const FieldRound second = RunField(b, *y[k]);
        const Patterns* z[3] = {&second.midpoint, &second.even, &second.zero};
        if (*z[k] == *y[k]) continue;
        ++changed[k];
        flushed[k] += first.flushed ? 1U : 0U;
        extended[k] += !first.flushed && first.extended ? 1U : 0U;
      }
    }
    fmt::print("  {}:", ToString(format));
    for (size_t k = 0; k < 3; ++k) {
      constexpr const char* kFills[] = {"midpoint", "alternating", "zero"};
      fmt::print(" {} {} ({}; {})", kFills[k], changed[k], flushed[k], extended[k]);
    }
    fmt::print("\n");
  }
  fmt::print(
      "\nOrder field, second round, tensors, FP32, N = 128, alternating: blocks that change of "
      "all, by bits a value\n");
  for (const Set& s : sets) {
    const Patterns x = ToPatterns(s.values, Format::kFp32);
    fmt::print("  {:<42}", s.name);
    for (const double bits : {10.0, 8.0, 6.0, 5.0}) {
      RandomBlock b = {.format = Format::kFp32,
                       .n = kN,
                       .group = 8,
                       .slot_bytes = static_cast<uint32_t>(bits * kN / 8),
                       .x = {}};
      uint64_t changed = 0, all = 0;
      for (size_t at = 0; at + kN <= x.size(); at += kN, ++all) {
        const FieldRound first = RunField(b, std::span(x).subspan(at, kN));
        changed += RunField(b, first.even).even != first.even ? 1U : 0U;
      }
      fmt::print("{:>14}", fmt::format("{} of {}", changed, all));
    }
    fmt::print("\n");
  }
  return differ == 0;
}

void SectionFormats(const std::vector<Set>& sets) {
  fmt::print("\nBF16 and FP16, N = 128: SNR in dB against the values of the format\n");
  for (const Format format : {Format::kBf16, Format::kFp16}) {
    for (const Set& s : sets) {
      const Patterns x = ToPatterns(s.values, format);
      PrintHead(fmt::format("{}, {}", s.name, ToString(format)));
      for (const uint32_t group : {4U, 8U})
        PrintRow(fmt::format("significance 2, groups of {}", group),
                 [&](double bits) { return Groups(x, format, Rules(group), kN, bits); });
      PrintRow("groups of 4, nearest everywhere", [&](double bits) {
        return Groups(x, format,
                      Rules(4, {}, [](GroupRules& r) { r.rounding = Rounding::kNearest; }), kN,
                      bits);
      });
      PrintRow("groups of 4, fill 10..0", [&](double bits) {
        return Groups(x, format, Rules(4, {}, [](GroupRules& r) { r.even_fill = false; }), kN,
                      bits);
      });
      for (const Order order : {Order::kSignificance, Order::kField})
        PrintRow(fmt::format("{} 1", ToString(order)),
                 [&](double bits) { return Version1(x, format, order, kN, bits); });
    }
  }
}

void Add(std::vector<Set>& sets, const DataSet& data, const std::string& name) {
  constexpr size_t kMost = size_t{1} << 16;
  Set s = {.name = name, .values = data.values, .row = data.row};
  s.values.resize(std::min(kMost, data.period / 256 * 256));
  double negative = 0, all = 0;
  for (const float v : s.values) {
    all += static_cast<double>(v) * v;
    negative += v < 0 ? static_cast<double>(v) * v : 0;
  }
  s.dense = negative > 0.05 * all && negative < 0.95 * all;
  sets.push_back(std::move(s));
}

int Fail(const std::string& message) {
  fmt::print(stderr, "format2_study: {}\n", message);
  return 2;
}

int Run(const std::vector<std::string>& arguments) {
  const std::set<std::string> known = {"choices", "rates", "peers", "once", "field", "formats"};
  std::set<std::string> sections;
  std::vector<std::string> files;
  uint64_t blocks = 200000;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& a = arguments[i];
    if (a == "--help") {
      fmt::print("{}", kUsage);
      return 0;
    }
    if (!a.starts_with("--")) {
      files.push_back(a);
      continue;
    }
    if (++i == arguments.size()) return Fail(a + " needs a value; --help shows the options");
    if (a == "--section" && known.contains(arguments[i])) {
      sections.insert(arguments[i]);
    } else if (a == "--blocks") {
      const std::string& n = arguments[i];
      const auto [end, error] = std::from_chars(n.data(), n.data() + n.size(), blocks);
      if (error != std::errc() || end != n.data() + n.size() || blocks == 0)
        return Fail("--blocks " + n + ": give a number of at least 1");
    } else {
      return Fail(a + " " + arguments[i] + ": not known; --help shows the options");
    }
  }
  if (sections.empty()) sections = known;

  constexpr size_t kValues = size_t{1} << 16;
  std::vector<Set> sets;
  for (const DataSet& data : {NormalData(kValues), LaplaceData(kValues), OutlierData(kValues),
                              GeluData(kValues), SoftmaxData(kValues)}) {
    Add(sets, data, data.name);
  }
  for (const std::string& file : files) {
    const auto data = FileData(std::vector{file}, kValues);
    if (!data.ok()) {
      fmt::print(stderr, "format2_study: {}\n", data.status().message());
      return 3;
    }
    if (!data->finite) return Fail(file + ": holds Inf or NaN, which have no SNR; take it out");
    // Two captures have files of the same names: the folder tells them apart.
    const size_t slash = file.rfind('/');
    const size_t before = slash == std::string::npos ? slash : file.rfind('/', slash - 1);
    std::string name = file.substr(before == std::string::npos ? 0 : before + 1);
    name.resize(std::min(name.size(), name.rfind('.')));
    Add(sets, *data, name);
  }
  bool good = true;
  if (sections.contains("once")) good &= SectionOnce(blocks);
  if (sections.contains("field")) good &= SectionField(sets, blocks / 10 + 1);
  if (sections.contains("rates")) SectionRates(sets);
  if (sections.contains("peers")) SectionPeers(sets);
  if (sections.contains("formats")) SectionFormats(sets);
  if (sections.contains("choices")) SectionChoices(sets);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace actplane::bench

int main(int argc, char** argv) { return actplane::bench::Run({argv + 1, argv + argc}); }
