// SPDX-License-Identifier: Apache-2.0
#include "difference.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "common.h"

namespace actplane::cli {

void Difference::Add(std::span<const std::byte> a, Format a_format, std::span<const std::byte> b,
                     Format b_format) {
  const size_t a_width = InfoOf(a_format).value_bytes;
  const size_t b_width = InfoOf(b_format).value_bytes;
  same_format = same_format && a_format == b_format;
  for (size_t i = 0; i * a_width < a.size(); ++i, ++values) {
    const uint32_t a_bits = PatternAt(a, i, a_width);
    const uint32_t b_bits = PatternAt(b, i, b_width);
    const double x = ToDouble(a_bits, a_format);
    const double y = ToDouble(b_bits, b_format);
    const bool both_finite = std::isfinite(x) && std::isfinite(y);
    if (both_finite) {
      ++finite;
      signal += x * x;
    }
    if (a_format == b_format && a_bits == b_bits) continue;
    const bool equal = x == y || (std::isnan(x) && std::isnan(y));
    if (a_format == b_format || !equal) {
      ++changed;
      if (!first_change) first_change = values;
    }
    if (equal) continue;
    ++changed_numbers;
    if (!both_finite) {
      ++changed_kind;
      continue;
    }
    const double error = std::abs(x - y);
    noise += error * error;
    if (error > max_error) {
      max_error = error;
      worst = values;
    }
  }
}

void Difference::AddBytes(std::span<const std::byte> a, std::span<const std::byte> b,
                          size_t width) {
  for (size_t at = 0; at < a.size(); at += width, ++values) {
    if (std::memcmp(&a[at], &b[at], std::min(width, a.size() - at)) == 0) continue;
    ++changed;
    ++changed_numbers;  // whatever they stand for
    if (!first_change) first_change = values;
  }
}

Difference& Difference::operator+=(const Difference& other) {
  values += other.values;
  changed += other.changed;
  changed_numbers += other.changed_numbers;
  changed_kind += other.changed_kind;
  finite += other.finite;
  signal += other.signal;
  noise += other.noise;
  max_error = std::max(max_error, other.max_error);
  same_format = same_format && other.same_format;
  first_change.reset();
  worst.reset();
  return *this;
}

std::string SnrText(const Difference& d) {
  if (d.likeness() == Likeness::kExact) return "exact";
  if (d.likeness() == Likeness::kEqual) return "equal";
  const std::optional<double> snr = d.Snr();
  return snr ? fmt::format("{:.1f}", *snr) : "-";
}

std::string MaxErrorText(const Difference& d) {
  return d.finite == 0 ? "-" : fmt::format("{:.3g}", d.max_error);
}

void PutDifference(nlohmann::ordered_json& json, const Difference& d) {
  using Json = nlohmann::ordered_json;
  const std::optional<double> snr = d.Snr();
  json["exact"] = d.likeness() == Likeness::kExact;
  json["equal_as_numbers"] = d.likeness() != Likeness::kDiffers;
  json["snr_db"] = snr ? Json(*snr) : Json(nullptr);
  json["max_error"] = d.finite == 0 ? Json(nullptr) : Json(d.max_error);
  json["values_changed"] = d.changed;
  json["bits_only_changed"] = d.changed - d.changed_numbers;
  json["kind_changed"] = d.changed_kind;
}

}  // namespace actplane::cli
