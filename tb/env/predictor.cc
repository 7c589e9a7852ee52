// SPDX-License-Identifier: Apache-2.0
#include "env/predictor.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace actplane::tb {
namespace {

uint64_t FullKeep(const Shape& shape) { return ~uint64_t{0} >> (64 - shape.beat_bytes()); }
bool IsRun(uint64_t keep) { return (keep & (keep + 1)) == 0; }

// The bytes that a packet must have: T, in lossless mode what its header leads to (F-7.3).
uint64_t SlotBytes(std::span<const std::byte> there, const Config& config) {
  if (!config.lossless) return config.slot_bytes;
  std::vector<std::byte> longest(there.begin(), there.end());
  longest.resize(std::max<size_t>(longest.size(), MaxSlotBytes(config)));
  BitReader in(longest);
  FieldHeader header;
  ParseHeader(in, config, header);
  return CeilDiv(
      FixedBits(header, config.format, config.block_len) + MantissaBits(header, config.block_len),
      8);
}

}  // namespace

std::string_view ToString(Fault fault) {
  switch (fault) {
    case Fault::kNone: return "none";
    case Fault::kConfig: return "configuration";
    case Fault::kHeader: return "header";
    case Fault::kShort: return "short";
    case Fault::kLong: return "long";
    case Fault::kHoles: return "holes";
  }
  return "?";
}

std::vector<std::byte> AsStored(const std::vector<std::byte>& values, const Config& config,
                                const Shape& shape) {
  std::vector<std::byte> stored = values;
  if (shape.WholeValues(config.format)) return stored;
  const FormatInfo info = InfoOf(config.format);
  const auto lost = static_cast<uint32_t>(LowMask(info.man_bits + 1 - shape.depth));
  for (size_t at = 0; at + 4 <= stored.size(); at += 4) {
    uint32_t pattern = 0;
    std::memcpy(&pattern, &stored[at], 4);
    const Fields fields = Classify(pattern, config.format);
    if (config.order == Order::kSignificance && fields.exponent != 0) continue;
    const bool nan = fields.cls == ValueClass::kNan;
    pattern &= ~lost;
    if (nan && Classify(pattern, config.format).cls != ValueClass::kNan)
      pattern |= 1U << (info.man_bits - 1);
    std::memcpy(&stored[at], &pattern, 4);
  }
  return stored;
}

uint64_t FrontBytes(std::span<const std::byte> there, const Config& config) {
  const auto byte = [&](size_t i) { return std::to_integer<uint32_t>(there[i]); };
  if (config.order == Order::kField) {
    if (there.size() < 2) return 2;
    return (byte(1) & 0x40) != 0 ? 2 + 2 * ExtensionWordBits(config.format) / 8 : 2;
  }
  if (there.empty()) return 1;
  const uint32_t width = byte(0) & 7;
  if (width == kPoisonedWidth) return 1;
  if (width == kPairWidth) return 1 + 2 * InfoOf(config.format).value_bytes;
  if (there.size() < 3 || width > kMaxCodeBits) return 3;
  const bool specials = (byte(0) >> 4 & 3) == static_cast<uint32_t>(Form::kSpecials);
  return CeilDiv(24 + GroupsOf(config) * (width + (specials ? 1 : 0)), 8);
}

std::vector<uint64_t> BytesNeeded(const BlockTrace& trace, const Config& config,
                                  uint64_t slot_bytes) {
  std::vector<uint64_t> needed(config.block_len);
  const bool field = config.order == Order::kField;
  uint64_t end = field ? HeaderBits(trace.field.header, config.format) / 8 : 0;
  for (uint32_t i = 0; i < config.block_len; ++i) {
    const SignificanceTrace& t = trace.significance;
    if (field) {
      if (i % kFieldGroupLen == 0)
        end += RowsOfGroup(trace.field.header, config, 8 * slot_bytes, i / kFieldGroupLen);
    } else if (t.header.width == kPoisonedWidth) {
      end = 1;
    } else if (t.header.width == kPairWidth) {
      end = 1 + 2 * InfoOf(config.format).value_bytes + i / 8 + 1;
    } else {
      const GroupPlace& p = t.groups[i / config.group_len];
      end = CeilDiv(p.position + p.rows * config.group_len, 8);
    }
    needed[i] = end;
  }
  return needed;
}

void Predictor::Open(const Beat& beat) {
  open_ = std::make_shared<Expected>();
  open_->index = blocks_++;
  open_->pins = DeviceConfig::From(beat.sideband);
  open_->config = open_->pins.Nearest(shape_);
  open_->bad_config = !open_->pins.Legal(shape_);
  open_->axi.null_first = std::exchange(null_before_, false);
  sound_ = 0;
}

std::shared_ptr<const Expected> Predictor::Take(const Beat& beat) {
  const bool compress = kind_ == DeviceKind::kCompressor;
  if (behind_hole_) {
    behind_hole_ = !beat.last;
    return nullptr;
  }
  if (beat.null()) {
    if (!open_) {
      null_before_ = true;
      return nullptr;
    }
    open_->axi.null_inside = true;
    if (!beat.last) return nullptr;
    open_->axi.null_last = open_->had_last = open_->early_last = true;
  } else {
    if (!open_) Open(beat);
    Expected& e = *open_;
    ++e.in_beats;
    e.had_last = beat.last;
    NoteKeep(e, beat);
    for (uint32_t b = 0; b < shape_.beat_bytes(); ++b) {
      const bool kept = (beat.keep >> b & 1) != 0;
      if (kept || compress) e.in.push_back(kept ? beat.data[b] : std::byte{0});
    }
    if (!e.axi.holes_inside && !e.axi.holes_last) sound_ = e.in.size();
    const bool complete = compress && e.in.size() == BlockBytes(e.config);
    behind_hole_ = !compress && e.axi.holes_inside && !beat.last;
    if (!complete && !beat.last && !behind_hole_) return nullptr;
    e.early_last = !complete;
  }
  compress ? Compress(*open_) : Decompress(*open_);
  return std::exchange(open_, nullptr);
}

void Predictor::NoteKeep(Expected& e, const Beat& beat) const {
  if (beat.keep == FullKeep(shape_)) return;
  if (!beat.last) {
    e.axi.holes_inside = true;
  } else if (IsRun(beat.keep)) {
    e.axi.part_last = true;
  } else {
    e.axi.holes_last = true;
  }
}

void Predictor::Compress(Expected& e) const {
  e.out.resize(MaxSlotBytes(e.config));
  e.out.resize(CompressBlock(AsStored(e.in, e.config, shape_), e.config, e.out, &e.trace));
  if (e.config.order == Order::kField) {
    const FieldTrace& f = e.trace.field;
    e.whole = e.config.lossless || WholeSizeBits(f.info, e.config.format, e.config.block_len) <=
                                       8 * uint64_t{e.config.slot_bytes};
    e.saturated = f.header.saturated;
  } else {
    e.whole = e.trace.significance.exact;
  }
  const auto front = static_cast<std::ptrdiff_t>(FrontBytes(e.out, e.config));
  e.front.assign(e.out.begin(), e.out.begin() + front);
  e.bad_keep = e.axi.holes_inside || e.axi.holes_last;
}

void Predictor::Decompress(Expected& e) const {
  e.out.resize(BlockBytes(e.config));
  e.read = sound_;
  if (e.bad_config) {
    e.fault = Fault::kConfig;
    return;
  }
  std::vector<std::byte> slot(e.in.begin(), e.in.begin() + static_cast<std::ptrdiff_t>(sound_));
  const uint64_t must = SlotBytes(slot, e.config);
  if (e.axi.holes_inside || e.axi.holes_last) {
    e.fault = Fault::kHoles;
  } else if (sound_ != must) {
    e.fault = sound_ < must ? Fault::kShort : Fault::kLong;
  }
  if (slot.size() < FrontBytes(slot, e.config)) {
    if (e.fault == Fault::kNone) e.fault = Fault::kHeader;
    return;
  }
  slot.resize(must);
  e.malformed = DecompressBlock(slot, e.config, e.out, &e.trace);
  if (e.malformed != Malformed::kNone) {
    e.fault = Fault::kHeader;
    return;
  }
  const std::vector<uint64_t> needed = BytesNeeded(e.trace, e.config, must);
  const auto end = std::upper_bound(needed.begin(), needed.end(), sound_);
  e.there = static_cast<uint32_t>(end - needed.begin());
  const uint32_t width = InfoOf(e.config.format).value_bytes;
  std::fill(e.out.begin() + static_cast<std::ptrdiff_t>(e.there * width), e.out.end(),
            std::byte{0});
  const uint32_t chunk = std::max(256U, shape_.stream_width) / 8 / width;
  e.first_needs = needed[std::min(chunk, e.config.block_len) - 1];
  e.lossless = e.fault == Fault::kNone && e.config.order == Order::kField && e.trace.field.lossless;
}

}  // namespace actplane::tb
