// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace actplane::train {

// The same stash with the ratio of every kind written out, where it is actplane: a trace must not
// change its meaning with the factors of split=gradient. Any other spec comes back as it is.
std::string WithRatiosOfKinds(const std::string& spec);

}  // namespace actplane::train
