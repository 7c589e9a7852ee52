// SPDX-License-Identifier: Apache-2.0
// A cut without bias: each block is rounded stochastically, to a multiple of the least power of two
// with which all of it fits its slot, and then encoded as ever (docs/decisions/0004). What values
// an encoder is given is not the format's business, so no decoder notices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "actplane/codec.h"

namespace actplane::train {

// `values`: of blocks of config.block_len, the last of which may be short. `config`: FP32, fixed
// mode, order `significance`, fill `zero`, with which the slots must be decoded. `slots`:
// config.slot_bytes for each block. Value i draws number `first` + i, even, of the stream `key`. A
// block with an infinity or NaN is cut, not rounded. kInvalidConfig, kBadInput as
// fast::CompressBlocks.
Status CompressStochastic(std::span<const float> values, const Config& config, uint64_t key,
                          int64_t first, std::span<std::byte> slots);

}  // namespace actplane::train
