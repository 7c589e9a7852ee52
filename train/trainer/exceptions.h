// SPDX-License-Identifier: Apache-2.0
// What libraries throw, in words for people.
#pragma once

#include <exception>
#include <string>

namespace actplane::train {

// More memory was asked for than there is, or than a size can say.
bool IsOutOfMemory(const std::exception& e);

// One line without backtrace, addresses or control characters, that ends with what to do.
std::string Explain(const std::exception& e);

}  // namespace actplane::train
