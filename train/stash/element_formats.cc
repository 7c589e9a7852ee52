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

Magnitudes MagnitudesOf(std::span<const float> x) {
  constexpr uint32_t kInf = 0x7f800000;
  uint32_t most = 0;
  uint32_t special = 0;
  for (const float v : x) {
    const uint32_t magnitude = std::bit_cast<uint32_t>(v) & 0x7fffffff;
    const uint32_t finite = magnitude < kInf ? magnitude : 0;
    special |= magnitude >= kInf ? 1 : 0;
    most = finite > most ? finite : most;
  }
  return {std::bit_cast<float>(most), special != 0};
}

// A format of codes and a scale for each group. `Group` has kLength, kBits, kScaleType, Scale, and
// - Scale Encode(values, codes), codes of which are 0 before;
// - void Decode(codes, scale, values).
template <typename Group>
struct Groups {
  using Scale = typename Group::Scale;
  using Code = Words<Group::kBits>;
  static constexpr int64_t kLength = Group::kLength;
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
        std::array<uint8_t, static_cast<size_t>(kLength)> buffer = {};
        const int64_t count = std::min(kLength, n - g * kLength);
        const std::span values(in + g * kLength, static_cast<size_t>(count));
        s[g] = group.Encode(values, buffer.data());
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
        std::array<uint8_t, static_cast<size_t>(kLength)> buffer = {};
        const int64_t count = std::min(kLength, n - g * kLength);
        Code::Read(c + g * kBytes, Code::BytesOf(count), buffer);
        group.Decode(buffer.data(), s[g], std::span(out + g * kLength, static_cast<size_t>(count)));
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
  static constexpr int64_t kLength = 32;
  static constexpr int kBits = Element::kBits;

  MxRounding rounding = MxRounding::kOcp;

  Scale Encode(std::span<const float> x, uint8_t* codes) const {
    const Magnitudes m = MagnitudesOf(x);
    if (m.special && kNanCode == 0) return kE8M0Nan;
    const int scale = rounding == MxRounding::kUp ? peers::MxScaleUp(m.most, Element::kMost)
                                                  : peers::MxScaleDown(m.most, Element::kMost);
    const double down = peers::Power(-scale);
    for (size_t i = 0; i < x.size(); ++i) codes[i] = Element::CodeOf(x[i] * down);
    for (size_t i = 0; m.special && i < x.size(); ++i) {
      if (!std::isfinite(x[i])) codes[i] = static_cast<uint8_t>((codes[i] & 0x80) | kNanCode);
    }
    return static_cast<Scale>(scale + kE8M0Bias);
  }

  void Decode(const uint8_t* codes, Scale scale, std::span<float> x) const {
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
  static constexpr int64_t kLength = 16;
  static constexpr int kBits = 4;
  using Element = FloatElement<peers::kE2M1>;

  double whole = 0;

  Scale Encode(std::span<const float> x, uint8_t* codes) const {
    const Magnitudes m = MagnitudesOf(x);
    if (m.special) return kE4M3Nan;
    const unsigned code = peers::NvFp4ScaleCode(m.most, whole);
    const double scale = peers::ValueOf(code, peers::kE4M3) * whole;
    if (scale == 0) return 0;
    for (size_t i = 0; i < x.size(); ++i) codes[i] = Element::CodeOf(x[i] / scale);
    return static_cast<Scale>(code);
  }

  void Decode(const uint8_t* codes, Scale code, std::span<float> x) const {
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
          return std::max(most,
                          MagnitudesOf(std::span(in + from, static_cast<size_t>(to - from))).most);
        },
        [](float a, float b) { return std::max(a, b); });
  }
};

struct Nf4Group {
  using Scale = float;
  static constexpr at::ScalarType kScaleType = at::kFloat;
  static constexpr int64_t kLength = 64;
  static constexpr int kBits = 4;

  Scale Encode(std::span<const float> x, uint8_t* codes) const {
    const Magnitudes m = MagnitudesOf(x);
    if (m.special) return kNan;
    const double scale = m.most;
    for (size_t i = 0; i < x.size(); ++i)
      codes[i] = static_cast<uint8_t>(peers::Nf4CodeOf(scale == 0 ? 0 : x[i] / scale));
    return m.most;
  }

  void Decode(const uint8_t* codes, Scale scale, std::span<float> x) const {
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
