// SPDX-License-Identifier: Apache-2.0
// What lies between C and C++: no exception comes out, and every message is kept for its thread.
#pragma once

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "actplane.h"

namespace actplane::c {

// A status of the C interface and its message.
struct Answer {
  actplane_status status = ACTPLANE_OK;
  std::string message;
};

// The last message of a thread. Longer ones are cut; none of ours is.
inline constexpr size_t kMessageBytes = 512;
using Message = char[kMessageBytes];

// Runs `work`, which returns an Answer, and keeps what it says in `message`.
template <typename Work>
int Guard(Message& message, Work&& work) noexcept {
  message[0] = '\0';
  try {
    const Answer answer = std::forward<Work>(work)();
    if (answer.status != ACTPLANE_OK) {
      std::snprintf(message, kMessageBytes, "%s", answer.message.c_str());
    }
    return answer.status;
  } catch (const std::bad_alloc&) {
    std::snprintf(message, kMessageBytes, "no memory left: free some, or use fewer threads");
    return ACTPLANE_NO_MEMORY;
  } catch (const std::exception& e) {
    std::snprintf(message, kMessageBytes, "a fault of the library, please report it: %s", e.what());
  } catch (...) {
    std::snprintf(message, kMessageBytes, "a fault of the library, please report it");
  }
  return ACTPLANE_INTERNAL;
}

}  // namespace actplane::c
