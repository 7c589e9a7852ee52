// SPDX-License-Identifier: Apache-2.0
#include "env/predictor.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "env/plane_order.h"

namespace actplane::tb {

std::shared_ptr<const Expected> Predictor::Take(const Beat& beat) {
  if (!open_) {
    open_ = std::make_shared<Expected>();
    open_->index = blocks_++;
    open_->pins = DeviceConfig::From(beat.sideband);
    open_->config = open_->pins.Nearest(block_len_, formats_);
  }
  Expected& e = *open_;
  ++e.in_beats;
  e.had_last = beat.last;
  const uint64_t full = ~uint64_t{0} >> (64 - beat_bytes_);
  e.holes = e.holes || beat.keep != full;
  if (kind_ == DeviceKind::kCompressor) {
    for (uint32_t b = 0; b < beat_bytes_; ++b) {
      e.in.push_back((beat.keep >> b & 1) != 0 ? beat.data[b] : std::byte{0});
    }
    const bool complete = e.in.size() == BlockBytes(e.config);
    if (!complete && !beat.last) return nullptr;
    e.early_last = !complete;
    Compress(e);
  } else {
    const uint32_t bytes =
        beat.last ? static_cast<uint32_t>(std::popcount(beat.keep)) : beat_bytes_;
    e.in.insert(e.in.end(), beat.data.begin(), beat.data.begin() + bytes);
    if (!beat.last) return nullptr;
    Decompress(e);
  }
  return std::exchange(open_, nullptr);
}

void Predictor::Compress(Expected& e) const {
  e.out.resize(MaxFieldSlotBytes(e.config.format, block_len_));
  e.out.resize(CompressBlock(e.in, e.config, e.out, &e.trace));
  e.out = ToPlaneOrder(e.out, e.config);
  const FieldTrace& f = e.trace.field;
  e.whole = e.config.lossless ||
            WholeSizeBits(f.info, e.config.format, block_len_) <= 8 * uint64_t{e.config.slot_bytes};
  e.saturated = f.header.saturated;
  e.bad_config = !e.pins.Legal(block_len_, formats_);
}

void Predictor::Decompress(Expected& e) const {
  e.out.resize(BlockBytes(e.config));
  Config config = e.config;
  config.slot_bytes = e.pins.slot_bytes;
  e.malformed = DecompressBlock(FromPlaneOrder(e.in, config), config, e.out, &e.trace);
  if (!config.lossless && e.in.size() != e.pins.slot_bytes && e.malformed == Malformed::kNone) {
    e.malformed = Malformed::kLength;  // a packet of another length than T
    std::fill(e.out.begin(), e.out.end(), std::byte{0});
  }
  if (!formats_.Has(e.pins.format)) {
    e.malformed = Malformed::kReserved;  // whatever the slot says, this device cannot read it
    std::fill(e.out.begin(), e.out.end(), std::byte{0});
  }
  e.lossless = e.malformed == Malformed::kNone && e.trace.field.lossless;
}

}  // namespace actplane::tb
