// SPDX-License-Identifier: Apache-2.0
// A user's tensors for the RTL.
#pragma once

#include <memory>
#include <string>

#include "actplane/io/tensor_file.h"
#include "seq/file_seq.h"

namespace actplane::tb {

// Tensor `index` of an open file, which is read as the blocks are needed.
FileTensor TensorOf(std::shared_ptr<const io::TensorReader> reader, size_t index,
                    const Config& config);

}  // namespace actplane::tb
