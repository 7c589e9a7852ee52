// SPDX-License-Identifier: Apache-2.0
// RapidCheck for GoogleTest; its header needs GoogleTest's before it.
#pragma once

#include <gtest/gtest.h>
// keep this order
#include <rapidcheck/gtest.h>
