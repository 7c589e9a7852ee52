// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "actplane/status.h"

namespace actplane::cli {

// What gnuplot draws from `script`, as SVG on white with a light grid. kIo when gnuplot is missing
// or fails.
Result<std::string> Gnuplot(const std::string& script);

// `text` for a string in double quotes.
std::string GnuplotText(const std::string& text);

}  // namespace actplane::cli
