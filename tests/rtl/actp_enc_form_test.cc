// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncForm : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;

  static constexpr uint32_t kW = Config::kStreamWidth;
  static constexpr uint32_t kGroup = kW / 32;

  void Load(const BlockFields& fields, uint32_t base) {
    auto& dut = this->dut();
    dut.base_i = static_cast<uint8_t>(base);
    for (uint32_t i = 0; i < kN; ++i) {
      const Fields& v = fields.values[i];
      const uint32_t word =
          v.sign << 31 | KeptExponent(v) << kManW | AlignMan(v.mantissa, fields.format);
      for (uint32_t p = 0; p < 32; ++p) PutBits(dut.planes_i, p * kN + i, 1, BitOf(word, p));
      PutBits(dut.reserved_i, i, 1, IsFinite(v.cls) ? 0 : 1);
    }
    dut.load_i = 1;
    this->sim().Step();
    dut.load_i = 0;
    dut.base_i = static_cast<uint8_t>(this->rng().Next());
  }

  // The next block overwrites a group of values.
  void Overwrite(uint32_t group) {
    for (uint32_t v = group * kGroup; v < (group + 1) * kGroup; ++v) {
      for (uint32_t p = 0; p < 32; ++p)
        PutBits(this->dut().planes_i, p * kN + v, 1, this->rng().Below(2));
      PutBits(this->dut().reserved_i, v, 1, this->rng().Below(2));
    }
  }

  // The rows of the loaded block under a header; what leaves with one of the first `gone` words
  // need not be there any more.
  void ExpectRows(const BlockFields& fields, FieldHeader header, uint32_t gone = 0) {
    auto& dut = this->dut();
    dut.zero_code_i = header.zero_code;
    dut.flush_below_i = static_cast<uint8_t>(FlushBelow(header));
    this->sim().Settle();
    const Planes planes = ToPlanes(FormWords(fields, header), kN);
    header.sign_stored = true;  // as late as can be
    header.map = AllMan(fields.format);
    uint32_t rank = 0;
    const auto row_is = [&](const char* name, uint32_t k, const Plane& plane, auto got) {
      for (uint32_t i = 0; i < kN; ++i) {
        if ((rank * kN + i) / kW < gone) continue;
        ASSERT_EQ(got(i), plane.Get(i))
            << ToString(fields.format) << " " << name << " " << k << " of value " << i
            << " pattern " << std::hex << Assemble(fields.values[i], fields.format) << " base "
            << header.base << " width " << header.width << " Z " << header.zero_code << " S "
            << header.special << " F " << header.saturated << " gone " << gone;
      }
      ++rank;
    };
    row_is("sign", 0, planes.sign, [&](uint32_t i) { return Row(0, i); });
    for (uint32_t k = header.width; k-- > 0;) {
      row_is("code", k, planes.delta[k], [&](uint32_t i) {
        const bool ones = Bit(dut.flushed_o, i) || (k >= 2 && Bit(dut.reserved_o, i));
        return ones || (k < 8 && Row(8 - k, i) != (BitOf(dut.inverted_o, k) != 0));
      });
    }
    const uint32_t man = InfoOf(fields.format).man_bits;
    for (uint32_t k = man; k-- > 0;) {
      row_is("mantissa", k, planes.mantissa[k],
             [&](uint32_t i) { return Row(9 + man - 1 - k, i) && !Bit(dut.flushed_o, i); });
    }
  }

 private:
  template <class Port>
  static bool Bit(const Port& port, uint32_t i) {
    return GetBits(port, i, 1) != 0;
  }
  bool Row(uint32_t row, uint32_t i) { return Bit(this->dut().rows_o, row * kN + i); }
};
TYPED_TEST_SUITE(EncForm, duts::Configs);

// FP16: every base and width with every set of reserved codes, against all exponents, zeros, Inf
// and NaN.
TYPED_TEST(EncForm, Exhaustive) {
  ACTP_CLAUSE("F-3.6", "F-4.7", "F-4.10");
  if (BitOf(TypeParam::kFormats, static_cast<uint32_t>(Format::kFp16)) == 0) return;
  for (uint32_t base = 0; base < 31; ++base) {
    BlockFields fields{.format = Format::kFp16, .n = TestFixture::kN};
    for (uint32_t i = 0; i < TestFixture::kN; ++i) {
      const uint32_t exponent = i % 32 > base && i % 32 != 31 ? i % (base + 1) : i % 32;
      const uint32_t mantissa = i % 3 == 0 ? 0 : this->rng().Below(1024);
      fields.values[i] = Classify(
          Assemble({.sign = i & 1, .exponent = exponent, .mantissa = mantissa}, Format::kFp16),
          Format::kFp16);
    }
    this->Load(fields, base);
    for (uint32_t width = 0; width <= 6; ++width) {
      for (uint32_t codes = 0; codes < 4; ++codes) {
        if ((1U << width) < codes) continue;
        FieldHeader header = {
            .base = base, .width = width, .zero_code = (codes & 1) != 0, .special = codes >= 2};
        header.saturated = header.zero_code && width >= 1U + (header.special ? 1 : 0);
        // What the header cannot say is not in the block.
        const uint32_t deltas = (1U << width) - codes;
        BlockFields block = fields;
        for (uint32_t i = 0; i < TestFixture::kN; ++i) {
          const Fields& v = fields.values[i];
          const bool said = IsFinite(v.cls)    ? header.saturated || base - v.exponent < deltas
                            : IsSpecial(v.cls) ? header.special
                                               : header.zero_code;
          if (said) continue;
          const Fields other = header.zero_code ? Fields{}
                               : deltas == 0    ? Fields{.exponent = 31, .mantissa = 1}
                                                : Fields{.exponent = base, .mantissa = 5};
          block.values[i] = Classify(Assemble(other, Format::kFp16), Format::kFp16);
        }
        this->Load(block, base);
        this->ExpectRows(block, header);
      }
    }
  }
}

// While the block leaves, the next one comes in, as fast as it may.
TYPED_TEST(EncForm, RowsHoldAsLongAsTheyAreNeeded) {
  Rng& rng = this->rng();
  constexpr uint32_t kGroups = TestFixture::kN / TestFixture::kGroup;
  const std::vector<Format> formats = FormatsOf<TypeParam>();
  for (uint64_t i = 0; i < Scaled(300); ++i) {
    const Format format = formats[i % formats.size()];
    const bool narrow = IsNarrow(format);
    const BlockFields fields = Classify(RandomBlock(format, TestFixture::kN, rng));
    const BaseInfo info = FindBase(fields);
    FieldHeader header = WholeHeader(info, format, TestFixture::kN);
    if (rng.OneIn(2)) header.width = InfoOf(format).exp_bits + 1;  // rows as late as can be
    if (rng.OneIn(2)) {
      const uint32_t least = header.special ? 2 : 1;  // F-4.6
      header.width = std::clamp(header.width, least, least + rng.Below(3));
      header.saturated = header.zero_code = true;
    }
    this->Load(fields, info.base);
    const uint32_t rows = 1 + header.width + InfoOf(format).man_bits;
    uint32_t group = 0;
    for (uint32_t word = 0; word < CeilDiv(rows * TestFixture::kN, TestFixture::kW); ++word) {
      for (; group < kGroups && group / (narrow ? 2 : 1) <= word; ++group) this->Overwrite(group);
      this->ExpectRows(fields, header, word);
      this->sim().Step();
    }
  }
}

TYPED_TEST(EncForm, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.6", "F-4.7", "F-4.10");
  uint64_t saturated = 0;
  const uint64_t count = Scaled(20000);
  const std::vector<Format> formats = FormatsOf<TypeParam>();
  for (uint64_t i = 0; i < count; ++i) {
    Rng& rng = this->rng();
    const Format format = formats[i % formats.size()];
    const actplane::Config config = {.format = format,
                                     .block_len = TestFixture::kN,
                                     .slot_bytes = RandomSlotBytes(format, TestFixture::kN, rng),
                                     .delta_cap = rng.OneIn(2) ? rng.Below(6) : 0};
    const BlockFields fields = Classify(RandomBlock(format, TestFixture::kN, rng));
    const BaseInfo info = FindBase(fields);
    const FieldHeader header = SchedulePlanes(info, config);
    this->Load(fields, info.base);
    this->ExpectRows(fields, header);
    saturated += header.saturated ? 1 : 0;
  }
  EXPECT_GT(saturated, count / 20);
}

}  // namespace
}  // namespace actplane::rtl_test
