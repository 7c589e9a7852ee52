// SPDX-License-Identifier: Apache-2.0
#include "train/stash/element_formats.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "peers/elements.h"

namespace actplane::train {
namespace {

using peers::SmallFloat;

constexpr int64_t kValuesPerTask = 1 << 15;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr uint8_t kE4M3Nan = 0x7f;
constexpr uint8_t kE8M0Nan = 0xff;
constexpr int kE8M0Bias = 127;

// Codes of 8, 6 or 4 bits: the first lies in the lowest bits.
template <int kBits>
struct Words {
  static constexpr size_t kCodes = kBits == 8 ? 1 : kBits == 6 ? 4 : 2;
  static constexpr size_t kBytes = kCodes * kBits / 8;

  static int64_t BytesOf(int64_t codes) { return (codes * kBits + 7) / 8; }

  // `codes` is a multiple of kCodes long, with zeros where there are no values.
  static void Write(std::span<const uint8_t> codes, int64_t bytes, uint8_t* out) {
    for (size_t i = 0; i < codes.size() && bytes > 0; i += kCodes) {
      uint32_t word = 0;
      for (size_t j = 0; j < kCodes; ++j) word |= uint32_t{codes[i + j]} << (j * kBits);
      for (size_t b = 0; b < kBytes && bytes > 0; ++b, --bytes)
        *out++ = static_cast<uint8_t>(word >> (8 * b));
    }
  }

  static void Read(const uint8_t* in, int64_t bytes, std::span<uint8_t> codes) {
    for (size_t i = 0; i < codes.size() && bytes > 0; i += kCodes) {
      uint32_t word = 0;
      for (size_t b = 0; b < kBytes && bytes > 0; ++b, --bytes) word |= uint32_t{*in++} << (8 * b);
      for (size_t j = 0; j < kCodes; ++j)
        codes[i + j] = static_cast<uint8_t>(word >> (j * kBits) & ((1U << kBits) - 1));
    }
  }
};

// The largest finite magnitude, and whether there is something that is not finite.
struct Magnitudes {
  float most = 0;
  bool special = false;
};

// Signed integers, which SSE2 compares.
template <size_t kExtent>
Magnitudes MagnitudesOf(std::span<const float, kExtent> x) {
  constexpr int32_t kInf = 0x7f800000;
  int32_t most = 0;
  int32_t special = 0;
  for (const float v : x) {
    const int32_t magnitude = std::bit_cast<int32_t>(v) & 0x7fffffff;
    const int32_t finite = magnitude < kInf ? magnitude : 0;
    special |= magnitude >= kInf ? 1 : 0;
    most = finite > most ? finite : most;
  }
  return {std::bit_cast<float>(most), special != 0};
}

// A format of codes and a scale for each group. `Group` has kLength, kBits, kScaleType, Scale, and
// - Scale Encode(values, codes), codes of which are 0 before;
// - void Decode(codes, scale, values).
// Both see whole groups, so that loops have constant lengths; the last one is filled with zeros.
template <typename Group>
struct Groups {
  using Scale = typename Group::Scale;
  using Code = Words<Group::kBits>;
  static constexpr size_t kGroup = Group::kLength;
  static constexpr auto kLength = static_cast<int64_t>(kGroup);
  static constexpr int64_t kBytes = kLength * Group::kBits / 8;
  static constexpr int64_t kPerTask = kValuesPerTask / kLength;
  static constexpr int64_t kScaleBytes = sizeof(Scale);

  static Packed Pack(const at::Tensor& x, const Group& group) {
    const int64_t n = x.numel();
    const int64_t groups = (n + kLength - 1) / kLength;
    const int64_t payload = Code::BytesOf(n);
    at::Tensor codes = at::empty({payload}, at::kByte);
    at::Tensor scales = at::empty({groups}, Group::kScaleType);
    const float* in = x.data_ptr<float>();
    auto* c = codes.data_ptr<uint8_t>();
    auto* s = scales.data_ptr<Scale>();
    at::parallel_for(0, groups, kPerTask, [&](int64_t from, int64_t to) {
      for (int64_t g = from; g < to; ++g) {
        const float* values = in + g * kLength;
        const int64_t count = std::min(kLength, n - g * kLength);
        std::array<uint8_t, kGroup> buffer = {};
        if (count == kLength) {
          s[g] = group.Encode(std::span<const float, kGroup>(values, kGroup), buffer.data());
          Code::Write(buffer, kBytes, c + g * kBytes);
          continue;
        }
        std::array<float, kGroup> filled = {};
        std::copy_n(values, count, filled.begin());
        s[g] = group.Encode(std::span<const float, kGroup>(filled), buffer.data());
        std::fill(buffer.begin() + count, buffer.end(), uint8_t{0});
        Code::Write(buffer, Code::BytesOf(count), c + g * kBytes);
      }
    });
    return {{codes, scales}, {.payload = payload, .metadata = scales.numel() * kScaleBytes}};
  }

  static void Unpack(const Packed& packed, const Group& group, const at::Tensor& x) {
    const int64_t n = x.numel();
    auto* out = x.data_ptr<float>();
    const auto* c = packed.parts[0].data_ptr<uint8_t>();
    const auto* s = packed.parts[1].data_ptr<Scale>();
    at::parallel_for(0, packed.parts[1].numel(), kPerTask, [&](int64_t from, int64_t to) {
      for (int64_t g = from; g < to; ++g) {
        float* values = out + g * kLength;
        const int64_t count = std::min(kLength, n - g * kLength);
        std::array<uint8_t, kGroup> buffer = {};
        if (count == kLength) {
          Code::Read(c + g * kBytes, kBytes, buffer);
          group.Decode(buffer.data(), s[g], std::span<float, kGroup>(values, kGroup));
          continue;
        }
        std::array<float, kGroup> filled;
        Code::Read(c + g * kBytes, Code::BytesOf(count), buffer);
        group.Decode(buffer.data(), s[g], std::span<float, kGroup>(filled));
        std::copy_n(filled.begin(), count, values);
      }
    });
  }
};

// A group whose scale depends on nothing but its values.
template <typename Group>
class GroupFormat final : public ElementFormat {
 public:
  explicit GroupFormat(Group group = {}) : group_(group) {}
  Packed Pack(const at::Tensor& x) const override { return Groups<Group>::Pack(x, group_); }
  void Unpack(const Packed& packed, const at::Tensor& x) const override {
    Groups<Group>::Unpack(packed, group_, x);
  }

 private:
  Group group_;
};

// The elements of MX formats.

template <const SmallFloat& kFloat>
struct FloatElement {
  static constexpr int kBits = kFloat.bits;
  static constexpr double kMost = peers::Most(kFloat);

  static uint8_t CodeOf(double x) {
    const auto sign = static_cast<unsigned>(std::bit_cast<uint64_t>(x) >> 63) << (kBits - 1);
    return static_cast<uint8_t>(sign | peers::CodeOf(x, kFloat));
  }
  static double ValueOf(unsigned code) {
    constexpr unsigned kSign = 1U << (kBits - 1);
    const double v = peers::ValueOf(code & (kSign - 1), kFloat);
    return (code & kSign) != 0 ? -v : v;
  }
};

struct Int8Element {
  static constexpr int kBits = 8;
  static constexpr double kMost = peers::kInt8Most;

  static uint8_t CodeOf(double x) { return peers::Int8CodeOf(x); }
  static double ValueOf(unsigned code) { return peers::Int8ValueOf(static_cast<uint8_t>(code)); }
};

constexpr std::array<double, peers::kE2M1.top> MakeE2M1Edges() {
  std::array<double, peers::kE2M1.top> edges = {};
  for (unsigned k = 0; k < edges.size(); ++k)
    edges[k] = (peers::ValueOf(k, peers::kE2M1) + peers::ValueOf(k + 1, peers::kE2M1)) / 2;
  return edges;
}

constexpr std::array kE2M1Edges = MakeE2M1Edges();

// The codes of E2M1 in units of `scale`, by comparison with the seven edges between its magnitudes:
// those of FloatElement, without a quotient. A scale has 28 bits at most and an edge 31, so that
// neither the products nor a quotient of a float round to the other side.
class E2M1Codes {
 public:
  explicit E2M1Codes(double scale) {
    for (unsigned k = 0; k < edges_.size(); ++k) {
      const double edge = kE2M1Edges[k] * scale;
      // The largest float that stays below; of a tie the code is even.
      const auto nearest = static_cast<float>(edge);
      const bool above = k % 2 == 0 ? nearest > edge : nearest >= edge;
      edges_[k] = std::bit_cast<int32_t>(nearest) - (above ? 1 : 0);
    }
  }

  // In words, as what is compared: the codes of a group become bytes at the end.
  template <size_t kExtent>
  void Write(std::span<const float, kExtent> x, uint8_t* codes) const {
    std::array<uint32_t, kExtent> words;
    for (size_t i = 0; i < kExtent; ++i) {
      const auto bits = std::bit_cast<uint32_t>(x[i]);
      const auto magnitude = static_cast<int32_t>(bits & 0x7fffffff);
      uint32_t word = bits >> 28 & 8;
      for (const int32_t edge : edges_) word += magnitude > edge ? 1U : 0U;
      words[i] = word;
    }
    for (size_t i = 0; i < kExtent; ++i) codes[i] = static_cast<uint8_t>(words[i]);
  }

 private:
  std::array<int32_t, kE2M1Edges.size()> edges_;
};

template <typename Element>
std::array<float, 1 << Element::kBits> MakeValues() {
  std::array<float, 1 << Element::kBits> values = {};
  for (unsigned i = 0; i < values.size(); ++i) values[i] = static_cast<float>(Element::ValueOf(i));
  return values;
}

std::array<float, 256> MakeScales() {
  std::array<float, 256> scales = {};
  for (int i = 0; i < kE8M0Nan; ++i)
    scales[static_cast<size_t>(i)] = static_cast<float>(peers::Power(i - kE8M0Bias));
  scales[kE8M0Nan] = kNan;
  return scales;
}

const std::array<float, 256> kE8M0 = MakeScales();

// kNanCode: 0 where the element has none; then the scale of a group with something that is not
// finite is NaN.
template <typename Element, uint8_t kNanCode>
struct MxGroup {
  using Scale = uint8_t;
  static constexpr at::ScalarType kScaleType = at::kByte;
  static constexpr size_t kLength = 32;
  static constexpr int kBits = Element::kBits;

  MxRounding rounding = MxRounding::kOcp;

  Scale Encode(std::span<const float, kLength> x, uint8_t* codes) const {
    const Magnitudes m = MagnitudesOf(x);
    if (m.special && kNanCode == 0) return kE8M0Nan;
    const int scale = rounding == MxRounding::kUp ? peers::MxScaleUp(m.most, Element::kMost)
                                                  : peers::MxScaleDown(m.most, Element::kMost);
    if constexpr (std::is_same_v<Element, FloatElement<peers::kE2M1>>) {
      E2M1Codes(peers::Power(scale)).Write(x, codes);
    } else {
      const double down = peers::Power(-scale);
      for (size_t i = 0; i < x.size(); ++i) codes[i] = Element::CodeOf(x[i] * down);
    }
    for (size_t i = 0; m.special && i < x.size(); ++i) {
      if (!std::isfinite(x[i])) codes[i] = static_cast<uint8_t>((codes[i] & 0x80) | kNanCode);
    }
    return static_cast<Scale>(scale + kE8M0Bias);
  }

  void Decode(const uint8_t* codes, Scale scale, std::span<float, kLength> x) const {
    const float up = kE8M0[scale];
    for (size_t i = 0; i < x.size(); ++i) x[i] = kValues[codes[i]] * up;
  }

  static std::array<float, 1 << kBits> Values() {
    auto values = MakeValues<Element>();
    if constexpr (kNanCode != 0) values[kNanCode] = values[kNanCode | 0x80] = kNan;
    return values;
  }
  static inline const std::array<float, 1 << kBits> kValues = Values();
};

// Its scale is in units of that of the tensor.
struct NvFp4Group {
  using Scale = uint8_t;
  static constexpr at::ScalarType kScaleType = at::kByte;
  static constexpr size_t kLength = 16;
  static constexpr int kBits = 4;
  using Element = FloatElement<peers::kE2M1>;

  double whole = 0;

  Scale Encode(std::span<const float, kLength> x, uint8_t* codes) const {
    const Magnitudes m = MagnitudesOf(x);
    if (m.special) return kE4M3Nan;
    const unsigned code = peers::NvFp4ScaleCode(m.most, whole);
    const double scale = peers::ValueOf(code, peers::kE4M3) * whole;
    if (scale == 0) return 0;
    E2M1Codes(scale).Write(x, codes);
    return static_cast<Scale>(code);
  }

  void Decode(const uint8_t* codes, Scale code, std::span<float, kLength> x) const {
    static const std::array<float, 16> kValues = MakeValues<Element>();
    const double scale = code == kE4M3Nan ? kNan : peers::ValueOf(code, peers::kE4M3) * whole;
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(kValues[codes[i]] * scale);
  }
};

class NvFp4Format final : public ElementFormat {
 public:
  Packed Pack(const at::Tensor& x) const override {
    const float whole = peers::NvFp4Whole(LargestOf(x));
    Packed packed = Groups<NvFp4Group>::Pack(x, {whole});
    packed.parts.push_back(at::full({1}, whole, at::kFloat));
    packed.bytes.metadata += static_cast<int64_t>(sizeof whole);
    return packed;
  }
  void Unpack(const Packed& packed, const at::Tensor& x) const override {
    Groups<NvFp4Group>::Unpack(packed, {packed.parts[2].data_ptr<float>()[0]}, x);
  }

 private:
  // The largest finite magnitude of the tensor.
  static float LargestOf(const at::Tensor& x) {
    const float* in = x.data_ptr<float>();
    return at::parallel_reduce(
        0, x.numel(), kValuesPerTask, 0.0F,
        [&](int64_t from, int64_t to, float most) {
          const std::span<const float> values(in + from, static_cast<size_t>(to - from));
          return std::max(most, MagnitudesOf(values).most);
        },
        [](float a, float b) { return std::max(a, b); });
  }
};

struct Nf4Group {
  using Scale = float;
  static constexpr at::ScalarType kScaleType = at::kFloat;
  static constexpr size_t kLength = 64;
  static constexpr int kBits = 4;

  Scale Encode(std::span<const float, kLength> x, uint8_t* codes) const {
    const Magnitudes m = MagnitudesOf(x);
    if (m.special) return kNan;
    const double scale = m.most;
    for (size_t i = 0; i < x.size(); ++i)
      codes[i] = static_cast<uint8_t>(peers::Nf4CodeOf(scale == 0 ? 0 : x[i] / scale));
    return m.most;
  }

  void Decode(const uint8_t* codes, Scale scale, std::span<float, kLength> x) const {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(peers::kNf4[codes[i]] * static_cast<double>(scale));
  }
};

class Bf16Format final : public ElementFormat {
 public:
  Packed Pack(const at::Tensor& x) const override {
    at::Tensor words = at::empty({x.numel()}, at::kBFloat16);
    const float* in = x.data_ptr<float>();
    auto* out = words.data_ptr<at::BFloat16>();
    // One value after the other: libtorch's vectors write another NaN than its scalar code, so
    // that bits would depend on where a piece ends.
    at::parallel_for(0, x.numel(), kValuesPerTask, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) out[i] = in[i];
    });
    return {{words}, {.payload = static_cast<int64_t>(words.nbytes())}};
  }
  void Unpack(const Packed& packed, const at::Tensor& x) const override {
    x.flatten().copy_(packed.parts[0]);  // exact
  }
};

constexpr uint8_t kNoNan = 0;

}  // namespace

std::unique_ptr<ElementFormat> MakeBf16() { return std::make_unique<Bf16Format>(); }

std::unique_ptr<ElementFormat> MakeMxInt8() {
  return std::make_unique<GroupFormat<MxGroup<Int8Element, kNoNan>>>();
}

std::unique_ptr<ElementFormat> MakeMxFp8(MxRounding rounding) {
  using Group = MxGroup<FloatElement<peers::kE4M3>, kE4M3Nan>;
  return std::make_unique<GroupFormat<Group>>(Group{rounding});
}

std::unique_ptr<ElementFormat> MakeMxFp6E2M3(MxRounding rounding) {
  using Group = MxGroup<FloatElement<peers::kE2M3>, kNoNan>;
  return std::make_unique<GroupFormat<Group>>(Group{rounding});
}

std::unique_ptr<ElementFormat> MakeMxFp6E3M2(MxRounding rounding) {
  using Group = MxGroup<FloatElement<peers::kE3M2>, kNoNan>;
  return std::make_unique<GroupFormat<Group>>(Group{rounding});
}

std::unique_ptr<ElementFormat> MakeMxFp4(MxRounding rounding) {
  using Group = MxGroup<FloatElement<peers::kE2M1>, kNoNan>;
  return std::make_unique<GroupFormat<Group>>(Group{rounding});
}

std::unique_ptr<ElementFormat> MakeNvFp4() { return std::make_unique<NvFp4Format>(); }

std::unique_ptr<ElementFormat> MakeNf4() { return std::make_unique<GroupFormat<Nf4Group>>(); }

}  // namespace actplane::train
