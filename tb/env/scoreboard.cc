// SPDX-License-Identifier: Apache-2.0
#include "env/scoreboard.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace actplane::tb {
namespace {

constexpr uint32_t kManRows =
    23;  // inside the RTL every mantissa is aligned at the top of this many bits
constexpr uint32_t kExpRows = 8;
constexpr uint32_t kCodeRows = 9;

// 64 bits of a wide port, from a bit position on.
uint64_t BitsAt(const Pins& pins, uint32_t position, uint32_t count) {
  uint64_t word = 0;
  const std::span<const std::byte> raw = pins.raw();
  std::memcpy(&word, raw.data() + position / 8, std::min<size_t>(8, raw.size() - position / 8));
  return word & LowMask(count);
}

uint32_t ToTop(uint32_t mantissa, const FormatInfo& info) {
  return mantissa << (kManRows - info.man_bits);
}

// The header as it lies in the slot, from the golden model.
uint64_t HeadBits(const Expected& e) {
  std::array<std::byte, 8> head = {};
  BitWriter writer(head);
  PackHeader(e.trace.field.header, e.config.format, writer);
  return std::bit_cast<uint64_t>(head);
}

}  // namespace

void Scoreboard::Fail(std::string what) {
  ++mismatches_;
  if (first_failure_.empty()) first_failure_ = std::move(what);
}

std::string Scoreboard::Describe(const Expected& e) const {
  return fmt::format("block {} ({}, {}, T={}{}{})", e.index, ToString(e.config.format),
                     e.config.lossless ? "lossless" : "fixed", e.pins.slot_bytes,
                     e.pins.delta_cap != 0 ? fmt::format(", cap {}", e.pins.delta_cap) : "",
                     e.bad_config ? ", illegal configuration" : "");
}

void Scoreboard::CheckField(const Expected& e, const char* stage, const char* field, uint64_t got,
                            uint64_t want) {
  if (got == want) return;
  Fail(fmt::format("{}: stage {}: {} is {:#x}, must be {:#x}", Describe(e), stage, field, got,
                   want));
}

void Scoreboard::CheckRow(const Expected& e, const char* stage, const char* row, uint32_t bit,
                          Pins rows, uint32_t at, const Plane& want, uint32_t lanes) {
  for (uint32_t lane = 0; lane < lanes; lane += 64) {
    const uint32_t count = std::min<uint32_t>(64, lanes - lane);
    const uint64_t got = BitsAt(rows, at * pins_.block_len + lane, count);
    const uint64_t expect = want.words()[lane / 64] & LowMask(count);
    if (got == expect) continue;
    const auto value = lane + static_cast<uint32_t>(std::countr_zero(got ^ expect));
    Fail(fmt::format("{}: stage {}: {} bit {} of value {} is {}, must be {}", Describe(e), stage,
                     row, bit, value, BitOf(got, value % 64), BitOf(expect, value % 64)));
    return;
  }
}

void Scoreboard::Expect(std::shared_ptr<const Expected> block) {
  waiting_.push_back(std::move(block));
}

const Expected* Scoreboard::At(uint64_t position) const {
  const uint64_t i = position - done_;
  return i < waiting_.size() ? waiting_[i].get() : nullptr;
}

void Scoreboard::OnStages() {
  CheckStatus();
  const bool compress = pins_.kind == DeviceKind::kCompressor;
  if (compress && pins_.enc.rows_valid.Get() != 0) {
    if (const Expected* e = At(at_rows_++)) CheckRows(*e);
    ++stages_;
  }
  const Pins& load = compress ? pins_.enc.load : pins_.dec.load;
  if (load.Get() == 0) return;
  const Expected* e = At(at_facts_++);
  if (e == nullptr) return Fail("stage base or header: a block that was never sent");
  compress ? CheckFacts(*e) : CheckSlotParsed(*e);
  ++stages_;
}

void Scoreboard::CheckFacts(const Expected& e) {
  const CompressorProbe& p = pins_.enc;
  const FormatInfo info = InfoOf(e.config.format);
  const BaseInfo& base = e.trace.field.info;
  const uint32_t n = pins_.block_len;

  Plane sign, reserved;
  std::array<Plane, kExpRows> exponent;
  std::array<Plane, kManRows> mantissa;
  for (uint32_t i = 0; i < n; ++i) {
    const Fields& value = e.trace.fields.values[i];
    if (value.sign != 0) sign.Set(i);
    // Zero, Inf and NaN are marked; of an Inf or NaN the class stands in exponent bits 1 and 0.
    if (!IsFinite(value.cls)) reserved.Set(i);
    uint32_t kept = value.exponent;
    if (IsSpecial(value.cls)) kept = (kept & ~3U) | (value.cls == ValueClass::kNan ? 1 : 2);
    for (uint32_t bits = kept; bits != 0; bits &= bits - 1) {
      exponent[static_cast<size_t>(std::countr_zero(bits))].Set(i);
    }
    for (uint32_t bits = ToTop(value.mantissa, info); bits != 0; bits &= bits - 1) {
      mantissa[static_cast<size_t>(std::countr_zero(bits))].Set(i);
    }
  }
  CheckRow(e, "gather", "sign", 0, p.planes, 31, sign, n);
  CheckRow(e, "gather", "reserved", 0, p.reserved, 0, reserved, n);
  for (uint32_t k = 0; k < kExpRows; ++k)
    CheckRow(e, "gather", "exponent", k, p.planes, 23 + k, exponent[k], n);
  for (uint32_t k = 0; k < kManRows; ++k)
    CheckRow(e, "gather", "mantissa", k, p.planes, k, mantissa[k], n);

  CheckField(e, "base", "base", p.base.Get(), base.base);
  CheckField(e, "base", "needed width", p.needed_width.Get(), base.needed_width);
  CheckField(e, "base", "zeros", p.has_zero.Get(), base.has_zero ? 1 : 0);
  CheckField(e, "base", "specials", p.has_special.Get(), base.has_special ? 1 : 0);
  CheckField(e, "base", "any negative", p.any_negative.Get(), base.any_negative ? 1 : 0);
  CheckField(e, "base", "all negative", p.all_negative.Get(), base.all_negative ? 1 : 0);
  CheckField(e, "base", "uniform planes", p.uniform.Get(), ToTop(base.uniform_map, info));
  CheckField(e, "base", "uniform values", p.uniform_value.Get(), ToTop(base.uniform_value, info));

  const FieldHeader& header = e.trace.field.header;
  const uint32_t head_bits = HeaderBits(header, e.config.format);
  CheckField(e, "schedule", "header bytes", p.head_bytes.Get(), head_bits / 8);
  CheckField(e, "schedule", "header", p.head.Get() & LowMask(head_bits), HeadBits(e));
  CheckField(e, "schedule", "slot bytes", p.slot_bytes.Get(), e.out.size());
  CheckField(e, "schedule", "whole", p.whole.Get(), e.whole ? 1 : 0);
}

void Scoreboard::CheckRows(const Expected& e) {
  const Planes& planes = e.trace.field.planes;
  const FormatInfo info = InfoOf(e.config.format);
  const uint32_t n = pins_.block_len;
  CheckRow(e, "form", "sign", 0, pins_.enc.rows, 0, planes.sign, n);
  for (uint32_t k = 0; k < e.trace.field.header.width; ++k) {
    CheckRow(e, "form", "code", k, pins_.enc.rows, kCodeRows - k, planes.delta[k], n);
  }
  for (uint32_t k = 0; k < info.man_bits; ++k) {
    CheckRow(e, "form", "mantissa", k, pins_.enc.rows, kCodeRows + info.man_bits - k,
             planes.mantissa[k], n);
  }
}

void Scoreboard::CheckSlotParsed(const Expected& e) {
  const DecompressorProbe& p = pins_.dec;
  CheckField(e, "planes", "malformed", p.malformed.Get(), e.malformed != Malformed::kNone ? 1 : 0);
  if (e.malformed != Malformed::kNone) return;

  const FieldHeader& header = e.trace.field.header;
  const FormatInfo info = InfoOf(e.config.format);
  const uint32_t n = pins_.block_len;
  CheckField(e, "header", "base", p.base.Get(), header.base);
  CheckField(e, "header", "width", p.width.Get(), header.width);
  CheckField(e, "header", "zero code", p.zero_code.Get(), header.zero_code ? 1 : 0);
  CheckField(e, "header", "special", p.special.Get(), header.special ? 1 : 0);
  CheckField(e, "header", "sign stored", p.sign_stored.Get(), header.sign_stored ? 1 : 0);
  CheckField(e, "header", "sign value", p.sign_value.Get(), header.sign_value ? 1 : 0);
  CheckField(e, "header", "saturated", p.saturated.Get(), header.saturated ? 1 : 0);
  CheckField(e, "header", "stored planes", p.stored.Get(), ToTop(header.map, info));
  CheckField(e, "header", "plane values", p.value.Get(), ToTop(header.value, info));

  const uint64_t fixed = FixedBits(header, e.config.format, n);
  const uint64_t present = std::min(8 * uint64_t{e.in.size()}, e.trace.field.size_bits) - fixed;
  const bool complete = e.trace.field.size_bits <= 8 * e.in.size();
  CheckField(e, "planes", "bytes", p.bytes.Get(), e.in.size());
  CheckField(e, "planes", "complete", p.complete.Get(), complete ? 1 : 0);
  CheckField(e, "planes", "whole mantissa planes", p.man_rows.Get(), present / n);
  if (!complete)
    CheckField(e, "planes", "values in front of the cut", p.man_lanes.Get(), present % n);

  // Plane order: one stored plane behind the other.
  const Planes& planes = e.trace.field.planes;
  uint32_t rank = 0;
  if (header.sign_stored) CheckRow(e, "planes", "sign", 0, p.bits, rank++, planes.sign, n);
  for (uint32_t k = header.width; k-- > 0;) {
    CheckRow(e, "planes", "code", k, p.bits, rank++, planes.delta[k], n);
  }
  uint64_t left = present;
  for (uint32_t k = info.man_bits; k-- > 0 && left > 0;) {
    if (BitOf(header.map, k) == 0) continue;
    const auto lanes = static_cast<uint32_t>(std::min<uint64_t>(left, n));
    CheckRow(e, "planes", "mantissa", k, p.bits, rank++, planes.mantissa[k], lanes);
    left -= lanes;
  }
}

void Scoreboard::OnOutputBeat(const Beat& beat) {
  const uint32_t beat_bytes = pins_.stream_width / 8;
  for (uint32_t b = 0; b < beat_bytes; ++b) {
    if ((beat.keep >> b & 1) != 0) bytes_.push_back(beat.data[b]);
  }
  completed_.reset();
  if (waiting_.empty()) {
    bytes_.clear();
    return Fail("output: a beat that no block accounts for");
  }
  const Expected& e = *waiting_.front();
  if (!beat.last) {
    if (bytes_.size() > e.out.size() + beat_bytes)
      Fail(fmt::format("{}: output: no end", Describe(e)));
    return;
  }
  CheckOutput(e);
  bytes_.clear();
  completed_ = std::move(waiting_.front());
  status_due_ = completed_;
  waiting_.pop_front();
  ++done_;
  ++blocks_;
}

// One cycle after the final beat has left: the pulse, the flags beside it, and the counters.
void Scoreboard::CheckStatus() {
  const std::shared_ptr<const Expected> due = std::exchange(status_due_, nullptr);
  const uint64_t done = pins_.block_done.Get();
  if (due == nullptr) {
    if (done != 0) Fail("stage status: block_done without a block");
    return;
  }
  const Expected& e = *due;
  const bool malformed = e.malformed != Malformed::kNone;
  const bool compress = pins_.kind == DeviceKind::kCompressor;
  ++since_reset_;
  bytes_out_ += e.out.size();
  // The length of a packet is counted up to 2048.
  bytes_in_ += compress ? BlockBytes(e.config) : std::min<size_t>(e.in.size(), 2048);
  if (malformed) ++malformed_;
  CheckField(e, "status", "block done", done, 1);
  CheckField(e, "status", "blocks", pins_.blocks.Get(), static_cast<uint32_t>(since_reset_));
  CheckField(e, "status", "bytes in", pins_.bytes_in.Get(), static_cast<uint32_t>(bytes_in_));
  CheckField(e, "status", "bytes out", pins_.bytes_out.Get(), static_cast<uint32_t>(bytes_out_));
  if (compress) {
    CheckField(e, "status", "whole", pins_.whole.Get(), e.whole ? 1 : 0);
    CheckField(e, "status", "saturated", pins_.saturated.Get(), e.saturated ? 1 : 0);
    CheckField(e, "status", "bad configuration", pins_.bad_config.Get(), e.bad_config ? 1 : 0);
  } else {
    CheckField(e, "status", "malformed blocks", pins_.malformed_blocks.Get(),
               static_cast<uint32_t>(malformed_));
    CheckField(e, "status", "malformed", pins_.malformed.Get(), malformed ? 1 : 0);
    CheckField(e, "status", "lossless", pins_.lossless.Get(), e.lossless ? 1 : 0);
  }
}

void Scoreboard::CheckOutput(const Expected& e) {
  if (bytes_ == e.out) return;
  if (bytes_.size() != e.out.size()) {
    return Fail(
        fmt::format("{}: output: {} bytes, must be {}", Describe(e), bytes_.size(), e.out.size()));
  }
  const auto at = static_cast<size_t>(
      std::mismatch(bytes_.begin(), bytes_.end(), e.out.begin()).first - bytes_.begin());
  Fail(fmt::format("{}: output: byte {} of {} is {:#04x}, must be {:#04x}", Describe(e), at,
                   bytes_.size(), std::to_integer<unsigned>(bytes_[at]),
                   std::to_integer<unsigned>(e.out[at])));
}

void Scoreboard::Flush() {
  done_ += waiting_.size();
  waiting_.clear();
  at_facts_ = at_rows_ = done_;
  bytes_.clear();
  completed_.reset();
  status_due_.reset();
  since_reset_ = bytes_in_ = bytes_out_ = malformed_ = 0;
}

void Scoreboard::Finish() {
  if (!waiting_.empty()) {
    Fail(fmt::format("{}: output: never came ({} blocks missing)", Describe(*waiting_.front()),
                     waiting_.size()));
  } else if (!bytes_.empty()) {
    Fail("output: a packet without an end");
  }
}

}  // namespace actplane::tb
