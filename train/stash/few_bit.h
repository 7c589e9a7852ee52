// SPDX-License-Identifier: Apache-2.0
// Piecewise constant derivatives (Novikov et al., ICML 2023): the best for a number of bits, found
// by dynamic programming.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/status.h"

namespace actplane::train {

struct FewBitTable {
  std::string function;  // "gelu"
  std::string weight;    // "uniform", "normal" or the name of a measured one
  int bits = 0;
  double low = 0;  // of the domain; beyond it the outermost levels go on
  double high = 0;
  std::vector<double> borders;  // 2^bits - 1, rising; the index of x is how many lie below it
  std::vector<double> levels;   // 2^bits
  double error = 0;             // integral of weight (f' - level)^2 over the domain
};

// The functions whose derivative is known: gelu (tanh form), gelu_erf, silu.
const std::vector<std::string_view>& FewBitFunctions();
// f'(x). `function` one of them.
double FewBitDerivative(std::string_view function, double x);

inline constexpr int kFewBitCells = 2000;  // grid on which borders lie

// `weight`: of each of kFewBitCells equal cells of the domain, as a density. kInvalidConfig for an
// empty domain, bits that are not 1 to 8, or weights of which none is above 0.
Result<FewBitTable> OptimalFewBit(std::string_view function, int bits, double low, double high,
                                  const std::vector<double>& weight, std::string_view weight_name);

// Weights by name: "uniform" (1) or "normal" (the density of N(0, 1)).
std::vector<double> FewBitWeight(std::string_view name, double low, double high);

std::string FewBitJson(const FewBitTable& table);
// kIo, or kBadInput when it is no table.
Result<FewBitTable> ReadFewBit(const std::string& path);

}  // namespace actplane::train
