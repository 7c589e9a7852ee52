// SPDX-License-Identifier: Apache-2.0
#include "train/stash/stochastic_cut.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "actplane/bits.h"
#include "actplane/fast.h"
#include "actplane/significance_order.h"
#include "train/stash/random.h"

namespace actplane::train {
namespace {

constexpr int kExponentBias = 127;
constexpr int kLargestExponent = 254;

// The biased exponent of the weight of the last significance plane in a slot, where the search for
// a step begins; that one need not fit (F-6.8). Nothing if the block is not to be rounded: it is
// stored whole (F-5.1) or has specials.
std::optional<int> LastExponent(std::span<const std::byte> slot) {
  BitReader in(slot);
  const bool whole = in.GetBit() != 0;
  in.GetBit();  // G
  const auto absent = static_cast<Absent>(in.Get(2));
  const auto planes = static_cast<int>(in.Get(5));
  in.Get(4);  // Q
  const auto base = static_cast<int>(in.Get(InfoOf(Format::kFp32).exp_bits));
  if (whole || absent == Absent::kSpecial) return std::nullopt;
  return base - std::max(planes - 1, 0);
}

// Rounds x to a multiple of 2^(exponent - bias): away from zero with the probability of what would
// be cut off. An overflow is cut off.
void Round(std::span<const float> x, int exponent, uint64_t key, int64_t first, float* out) {
  const double step = std::ldexp(1.0, exponent - kExponentBias);
  const double steps = 1 / step;
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = std::fabs(static_cast<double>(x[i])) * steps;
    const auto whole = static_cast<double>(static_cast<int64_t>(v));
    // A comparison to add, not to branch on: a coin has no pattern.
    const auto up =
        static_cast<double>(UniformOf(key, first + static_cast<int64_t>(i)) < v - whole);
    double y = (whole + up) * step;
    if (y > std::numeric_limits<float>::max()) y = whole * step;
    out[i] = std::copysign(static_cast<float>(y), x[i]);
  }
}

// Consecutive blocks, and what is tried for those that do not fit yet.
class Rounder {
 public:
  Rounder(std::span<const float> values, const Config& config, std::span<std::byte> slots)
      : values_(values), config_(config), slots_(slots), n_(config.block_len) {}

  Status Compress(uint64_t key, int64_t first) {
    if (Status s = Cut(); !s.ok()) return s;
    for (; !open_.empty(); FinishWhatFits()) {
      std::fill(tried_.begin(), tried_.end(), 0.0F);
      for (size_t i = 0; i < open_.size(); ++i) {
        const size_t at = open_[i].block * n_;
        Round(BlockAt(at), open_[i].exponent, key, first + static_cast<int64_t>(at),
              &tried_[i * n_]);
      }
      if (Status s = RoundTrip(); !s.ok()) return s;
    }
    return OkStatus();
  }

 private:
  struct Open {
    size_t block;
    int exponent;  // of the step that is tried next, biased
  };

  std::span<const float> BlockAt(size_t value) const {
    return values_.subspan(value, std::min(n_, values_.size() - value));
  }

  // Encodes without rounding. What comes back exact, or has no size, is done.
  Status Cut() {
    const size_t blocks = (values_.size() + n_ - 1) / n_;
    tried_.assign(blocks * n_, 0);
    std::copy(values_.begin(), values_.end(), tried_.begin());
    for (size_t b = 0; b < blocks; ++b) open_.push_back({b, 0});
    if (Status s = RoundTrip(); !s.ok()) return s;
    std::copy(tried_slots_.begin(), tried_slots_.end(), slots_.begin());
    open_.clear();
    for (size_t b = 0; b < blocks; ++b) {
      const std::optional<int> exponent = LastExponent(Slot(slots_, b));
      if (exponent && !Fits(b)) open_.push_back({b, *exponent});
    }
    return OkStatus();
  }

  // Slots of tried_, and what they hold.
  Status RoundTrip() {
    tried_.resize(open_.size() * n_);
    back_.resize(open_.size() * n_);
    tried_slots_.resize(open_.size() * config_.slot_bytes);
    const Status s = fast::CompressBlocks(std::as_bytes(std::span(tried_)), config_, tried_slots_);
    if (!s.ok()) return s;
    return fast::DecompressBlocks(tried_slots_, config_, std::as_writable_bytes(std::span(back_)));
  }

  // As numbers: the sign of a zero is not kept (F-5.13).
  bool Fits(size_t i) const {
    return std::equal(&tried_[i * n_], &tried_[i * n_] + n_, &back_[i * n_]);
  }

  // Keeps the slots of what fits; the rest is tried with twice the step.
  void FinishWhatFits() {
    size_t left = 0;
    for (size_t i = 0; i < open_.size(); ++i) {
      if (Fits(i)) {
        std::ranges::copy(Slot(tried_slots_, i), Slot(slots_, open_[i].block).begin());
      } else if (open_[i].exponent < kLargestExponent) {
        open_[left++] = {open_[i].block, open_[i].exponent + 1};
      }
    }
    open_.resize(left);
  }

  std::span<std::byte> Slot(std::span<std::byte> slots, size_t i) const {
    return slots.subspan(i * config_.slot_bytes, config_.slot_bytes);
  }

  std::span<const float> values_;
  const Config& config_;
  std::span<std::byte> slots_;
  size_t n_;
  std::vector<Open> open_;
  std::vector<float> tried_;  // block i is open_[i], rounded
  std::vector<float> back_;
  std::vector<std::byte> tried_slots_;
};

}  // namespace

Status CompressStochastic(std::span<const float> values, const Config& config, uint64_t key,
                          int64_t first, std::span<std::byte> slots) {
  return Rounder(values, config, slots).Compress(key, first);
}

}  // namespace actplane::train
