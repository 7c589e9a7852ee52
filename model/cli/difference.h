// SPDX-License-Identifier: Apache-2.0
// How far two runs of values are apart: in bits and as numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "actplane/format.h"

namespace actplane::cli {

// What may be said of a copy: kExact only when every bit came back. kEqual: as numbers, that is up
// to the sign of zeros and the payload of NaNs.
enum class Likeness : uint8_t { kExact, kEqual, kDiffers };

struct Difference {
  uint64_t values = 0;
  uint64_t changed = 0;          // other bits, or other numbers where the formats differ
  uint64_t changed_numbers = 0;  // of these: other numbers
  uint64_t changed_kind = 0;     // of these: finite, +Inf, -Inf or NaN became another of them
  uint64_t finite = 0;           // and stayed finite; the figures are over these
  double signal = 0;             // sum of squares
  double noise = 0;              // sum of squares of the errors
  double max_error = 0;
  bool same_format = true;
  // Where, counted in values; for the run of one tensor only.
  std::optional<uint64_t> first_change, worst;

  Likeness likeness() const {
    if (changed == 0 && same_format) return Likeness::kExact;
    return changed_numbers == 0 ? Likeness::kEqual : Likeness::kDiffers;
  }
  // Without a value where it has no meaning: nothing is lost, or there was nothing to lose.
  std::optional<double> Snr() const {
    if (noise == 0 || signal == 0) return std::nullopt;
    return 10 * std::log10(signal / noise);
  }

  // Takes in the next values of the run: `a` as it was, `b` as it became.
  void Add(std::span<const std::byte> a, Format a_format, std::span<const std::byte> b,
           Format b_format);

  // Takes in the next elements of a type that is no format of ours: bits only.
  void AddBytes(std::span<const std::byte> a, std::span<const std::byte> b, size_t width);

  // All but the places.
  Difference& operator+=(const Difference& other);
};

// "exact", "equal", or the SNR in dB; "-" where it has none.
std::string SnrText(const Difference& d);
// "-" when no finite value was compared.
std::string MaxErrorText(const Difference& d);

// Sets exact, equal_as_numbers, snr_db, max_error, values_changed, bits_only_changed and
// kind_changed.
void PutDifference(nlohmann::ordered_json& json, const Difference& d);

}  // namespace actplane::cli
