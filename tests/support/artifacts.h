// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace actplane::testing_support {

// Where a run that fails leaves waveform and log, wherever the test was started.
inline std::string BuildArtifacts() { return std::string(ACTP_SOURCE_DIR) + "/build/artifacts"; }

}  // namespace actplane::testing_support
