// SPDX-License-Identifier: Apache-2.0
// When the two ends of a device pause.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/rng.h"

namespace actplane::tb {

enum class StallProfile : uint8_t {
  kNone,         // never
  kSparse,       // either end, one cycle in eight
  kBursty,       // runs of up to 20 cycles, as many stops as goes
  kOutputFirst,  // the output waits, the input trickles
  kHoles,        // one cycle, then at least two without
  kLongStop,     // hundreds of cycles, seldom
};
inline constexpr std::array kAllStallProfiles = {StallProfile::kNone,   StallProfile::kSparse,
                                                 StallProfile::kBursty, StallProfile::kOutputFirst,
                                                 StallProfile::kHoles,  StallProfile::kLongStop};

constexpr std::string_view ToString(StallProfile profile) {
  switch (profile) {
    case StallProfile::kNone: return "none";
    case StallProfile::kSparse: return "sparse";
    case StallProfile::kBursty: return "bursty";
    case StallProfile::kOutputFirst: return "output-first";
    case StallProfile::kHoles: return "holes";
    case StallProfile::kLongStop: return "long-stop";
  }
  return "?";
}

inline std::optional<StallProfile> ParseStallProfile(std::string_view name) {
  for (const StallProfile p : kAllStallProfiles) {
    if (name == ToString(p)) return p;
  }
  return std::nullopt;
}

// One end of a device. Go() says, once per cycle, whether it takes part.
class Stall {
 public:
  enum class End : uint8_t { kInput, kOutput };
  Stall(StallProfile profile, End end, Rng rng) : profile_(profile), end_(end), rng_(rng) {}

  bool Go() {
    switch (profile_) {
      case StallProfile::kNone: return true;
      case StallProfile::kSparse: return !rng_.OneIn(8);
      case StallProfile::kOutputFirst: return end_ == End::kOutput || rng_.OneIn(4);
      case StallProfile::kBursty: return Runs(1, 20, 1, 20);
      case StallProfile::kHoles: return Runs(2, 6, 1, 1);
      case StallProfile::kLongStop: return Runs(100, 800, 100, 400);
    }
    return true;
  }

 private:
  bool Runs(uint32_t go_min, uint32_t go_max, uint32_t stop_min, uint32_t stop_max) {
    if (left_ == 0) {
      going_ = !going_;
      left_ = going_ ? rng_.Between(go_min, go_max) : rng_.Between(stop_min, stop_max);
    }
    --left_;
    return going_;
  }

  StallProfile profile_;
  End end_;
  Rng rng_;
  bool going_ = false;
  uint32_t left_ = 0;
};

}  // namespace actplane::tb
