// SPDX-License-Identifier: Apache-2.0
// ACTP_CLAUSE("F-3.2", ...): says which clauses of docs/format.md or docs/container.md a test
// proves. The ids land as properties in the test's XML, where `make map` reads them.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>

#define ACTP_CLAUSE(...) ::actplane::testing_support::CiteClauses({__VA_ARGS__})

namespace actplane::testing_support {

inline void CiteClauses(std::initializer_list<const char*> ids) {
  for (const char* id : ids) ::testing::Test::RecordProperty(id, "clause");
}

}  // namespace actplane::testing_support
