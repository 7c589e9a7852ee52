// SPDX-License-Identifier: Apache-2.0
// GELU in the tanh form of GPT-2, in double precision: what tables are made from.
#pragma once

#include <cmath>
#include <numbers>

namespace actplane::train {

inline constexpr double kGeluCubic = 0.044715;
inline const double kGeluScale = std::sqrt(2 / std::numbers::pi);

// Where GELU is least, and its value there: the root of GeluDerivative, to the last digit of
// double.
inline constexpr double kGeluLeastAt = -0.75246142207101629;
inline constexpr double kGeluLeast = -0.17004075057125401;

inline double GeluOf(double x) {
  return 0.5 * x * (1 + std::tanh(kGeluScale * (x + kGeluCubic * x * x * x)));
}

inline double GeluDerivative(double x) {
  const double t = std::tanh(kGeluScale * (x + kGeluCubic * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kGeluScale * (1 + 3 * kGeluCubic * x * x);
}

}  // namespace actplane::train
