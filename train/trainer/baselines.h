// SPDX-License-Identifier: Apache-2.0
// What programs without a network need for a text: what a loss must be compared with first.
#pragma once

#include <string_view>
#include <vector>

namespace actplane::train {

// Bits per byte of `text` alone. As gzip -9, with its header, and as bzip2 -9.
double GzipBits(std::string_view text);
double Bzip2Bits(std::string_view text);

// Bits per byte of the part of `text` from `split` on under models of the part before: element k
// predicts a byte from the k bytes before it, as counted, interpolated with element k - 1 after
// Witten and Bell; under that all bytes are alike. `orders` of 0 to 6.
std::vector<double> ContextBits(std::string_view text, size_t split, int orders);

}  // namespace actplane::train
