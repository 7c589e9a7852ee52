// SPDX-License-Identifier: Apache-2.0
#include "train/layers/dropout.h"

#include <ATen/Parallel.h>
#include <ATen/core/PhiloxRNGEngine.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "train/stash/random.h"

namespace actplane::train {
namespace {

constexpr int64_t kChunkBytes = 512;  // of a mask: one stream of random numbers each

// Eight factors for every byte of a mask.
struct Factors {
  alignas(32) std::array<std::array<float, 8>, 256> rows;

  explicit Factors(float scale) : rows() {
    for (size_t byte = 0; byte < 256; ++byte) {
      for (size_t bit = 0; bit < 8; ++bit) rows[byte][bit] = (byte >> bit & 1) != 0 ? scale : 0;
    }
  }
};

}  // namespace

Dropout::Dropout(float p, Site site)
    : cut_(static_cast<uint32_t>(std::lround(p * 65536))),
      scale_(65536.0F / static_cast<float>(65536 - cut_)),
      site_(site) {}

at::Tensor Dropout::MakeMask(int64_t n, const Pass& pass) const {
  const int64_t bytes = (n + 7) / 8;
  at::Tensor mask = at::empty({bytes}, at::kByte);
  auto* out = mask.data_ptr<uint8_t>();
  uint64_t key = MixKey(*pass.dropout_key, static_cast<uint64_t>(pass.step));
  key = MixKey(key, static_cast<uint64_t>(pass.micro_step));
  key = MixKey(key, site_.Name());
  at::parallel_for(0, (bytes + kChunkBytes - 1) / kChunkBytes, 4, [&](int64_t from, int64_t to) {
    for (int64_t chunk = from; chunk < to; ++chunk) {
      at::Philox4_32 engine(key, static_cast<uint64_t>(chunk));
      const int64_t end = std::min((chunk + 1) * kChunkBytes, bytes);
      for (int64_t i = chunk * kChunkBytes; i < end; ++i) {
        uint32_t byte = 0;
        for (int pair = 0; pair < 4; ++pair) {
          const uint32_t random = engine();
          byte |= uint32_t{(random & 0xffff) >= cut_} << (2 * pair);
          byte |= uint32_t{(random >> 16) >= cut_} << (2 * pair + 1);
        }
        out[i] = static_cast<uint8_t>(byte);
      }
    }
  });
  return mask;
}

at::Tensor Dropout::Apply(const at::Tensor& x, const at::Tensor& mask, float scale) {
  at::Tensor y = at::empty_like(x);
  const int64_t n = x.numel();
  const float* in = x.data_ptr<float>();
  auto* out = y.data_ptr<float>();
  const auto* bits = mask.data_ptr<uint8_t>();
  const Factors factors(scale);
  at::parallel_for(0, mask.numel(), 4096, [&](int64_t first, int64_t end) {
    for (int64_t i = first; i < end; ++i) {
      const auto& row = factors.rows[bits[i]];
      const int64_t count = std::min<int64_t>(8, n - 8 * i);
      if (count == 8) {
        for (size_t j = 0; j < 8; ++j)
          out[8 * i + static_cast<int64_t>(j)] = in[8 * i + static_cast<int64_t>(j)] * row[j];
      } else {
        for (int64_t j = 0; j < count; ++j)
          out[8 * i + j] = in[8 * i + j] * row[static_cast<size_t>(j)];
      }
    }
  });
  return y;
}

at::Tensor Dropout::Forward(const at::Tensor& x, const Pass& pass) {
  if (!On(pass)) return x;
  const at::Tensor mask = MakeMask(x.numel(), pass);
  if (pass.keeps()) mask_ = pass.stash->KeepMask(mask, site_);
  return Apply(x, mask, scale_);
}

at::Tensor Dropout::Backward(const at::Tensor& dy, const Pass& pass) {
  if (!On(pass)) return dy;
  return Apply(dy, pass.stash->Get(std::exchange(mask_, nullptr)), scale_);
}

}  // namespace actplane::train
