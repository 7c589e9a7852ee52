// SPDX-License-Identifier: Apache-2.0
// Values for ports of up to 64 bits, whose type depends on their width.
#pragma once

#include <cstdint>

namespace actplane::rtl_test {

template <class Port>
void Set(Port& port, uint64_t value) {
  port = static_cast<Port>(value);
}

}  // namespace actplane::rtl_test
