// SPDX-License-Identifier: Apache-2.0
// zfp at a fixed rate (libzfp): rows of the last dimension, in blocks of 4 or 4 x 4 values.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <zfp.h>

#include <algorithm>
#include <memory>

#include "train/stash/exact.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

constexpr int64_t kRowsPerChunk = 64;  // a chunk is a stream of its own, so that threads can share
constexpr int64_t kLineChunk = 8192;   // the same for 1-D, in values

struct Closer {
  void operator()(zfp_stream* z) const { zfp_stream_close(z); }
  void operator()(zfp_field* f) const { zfp_field_free(f); }
  void operator()(bitstream* b) const { stream_close(b); }
};

// One chunk of a tensor.
struct Chunk {
  int64_t from;  // first value
  int64_t rows;  // 1 in 1-D
  int64_t columns;
};

class ZfpCodec final : public Codec {
 public:
  // `rates`: bits per value; 0 stores exactly.
  ZfpCodec(const PerKind<double>& rates, unsigned dims) : rates_(rates), dims_(dims) {}

  Packed Pack(const at::Tensor& x, const Context& context) override {
    const double rate = rates_[static_cast<size_t>(context.site.kind)];
    if (rate == 0) return PackExact(x);
    const Layout layout = LayoutOf(x.sizes());
    const int64_t bytes =
        layout.chunks * ChunkBytes(rate, layout, layout.At(0)) + TailBytes(rate, layout);
    at::Tensor data = at::empty({bytes}, at::kByte);
    Run(x.data_ptr<float>(), data.data_ptr<uint8_t>(), rate, layout, true);
    // libzfp rounds the bits of a block, down too.
    const auto asked = static_cast<int64_t>(static_cast<double>(x.numel()) * rate / 8);
    const int64_t payload = std::min(asked, bytes);
    return {{data}, {.payload = payload, .padding = bytes - payload}};
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape, const Context& context) override {
    const double rate = rates_[static_cast<size_t>(context.site.kind)];
    if (rate == 0) return packed.parts[0];
    at::Tensor x = at::empty(shape, at::kFloat);
    Run(x.data_ptr<float>(), packed.parts[0].data_ptr<uint8_t>(), rate, LayoutOf(shape), false);
    // zfp does not keep zeros, but where a causal map has them is known: no gradient may leak from
    // the future.
    if (context.site.kind == Kind::kProbability || context.site.kind == Kind::kDroppedProbability)
      x.tril_();
    return x;
  }

  bool IsExact(Kind kind) const override { return rates_[static_cast<size_t>(kind)] == 0; }

 private:
  struct Layout {
    int64_t rows;
    int64_t columns;
    int64_t rows_per_chunk;
    int64_t chunks;  // of full size

    Chunk At(int64_t i) const {
      const int64_t first = i * rows_per_chunk;
      return {first * columns, std::min(rows_per_chunk, rows - first), columns};
    }
    bool HasTail() const { return chunks * rows_per_chunk < rows; }
  };

  Layout LayoutOf(at::IntArrayRef shape) const {
    const int64_t values = c10::multiply_integers(shape);
    const int64_t columns = shape.empty() ? 1 : shape.back();
    if (dims_ == 2)
      return {values / columns, columns, kRowsPerChunk, values / columns / kRowsPerChunk};
    return {values, 1, kLineChunk, values / kLineChunk};
  }

  // Bits of a whole block of 4^dims values.
  static double BlockBits(double rate, unsigned dims) {
    const std::unique_ptr<zfp_stream, Closer> z(zfp_stream_open(nullptr));
    zfp_stream_set_rate(z.get(), rate, zfp_type_float, dims, zfp_false);
    return z->maxbits;
  }

  int64_t ChunkBytes(double rate, const Layout& /*layout*/, const Chunk& chunk) const {
    const auto up4 = [](int64_t n) { return (n + 3) / 4; };
    const int64_t blocks =
        dims_ == 2 ? up4(chunk.rows) * up4(chunk.columns) : up4(chunk.rows * chunk.columns);
    const auto bits = static_cast<int64_t>(BlockBits(rate, dims_)) * blocks;
    return (bits + 63) / 64 * 8;  // a stream ends with a whole word
  }

  int64_t TailBytes(double rate, const Layout& layout) const {
    return layout.HasTail() ? ChunkBytes(rate, layout, layout.At(layout.chunks)) : 0;
  }

  void Run(float* values, uint8_t* bytes, double rate, const Layout& layout, bool pack) const {
    const int64_t stride = ChunkBytes(rate, layout, layout.At(0));
    const int64_t count = layout.chunks + (layout.HasTail() ? 1 : 0);
    at::parallel_for(0, count, 1, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; ++i) {
        const Chunk chunk = layout.At(i);
        const auto size = static_cast<size_t>(ChunkBytes(rate, layout, chunk));
        const std::unique_ptr<bitstream, Closer> bits(stream_open(bytes + i * stride, size));
        const std::unique_ptr<zfp_stream, Closer> z(zfp_stream_open(bits.get()));
        zfp_stream_set_rate(z.get(), rate, zfp_type_float, dims_, zfp_false);
        float* at = values + chunk.from;
        const auto columns = static_cast<size_t>(chunk.columns);
        const auto rows = static_cast<size_t>(chunk.rows);
        const std::unique_ptr<zfp_field, Closer> field(
            dims_ == 2 ? zfp_field_2d(at, zfp_type_float, columns, rows)
                       : zfp_field_1d(at, zfp_type_float, columns * rows));
        zfp_stream_rewind(z.get());
        const size_t done =
            pack ? zfp_compress(z.get(), field.get()) : zfp_decompress(z.get(), field.get());
        TORCH_CHECK(done != 0 && done <= size, "zfp failed at ", rate, " bits per value");
        // Where libzfp writes words of less than 64 bits, as Debian's does.
        if (pack) std::fill_n(bytes + i * stride + done, size - done, uint8_t{0});
      }
    });
  }

  PerKind<double> rates_;
  unsigned dims_;
};

Result<MethodParts> MakeZfp(MethodOptions& options) {
  const auto ratios = options.NumberPerKind("ratio", 3.2, 1, 1000);
  const auto dims = options.Choice("dims", "2", {"1", "2"});
  for (const Status& s : {ratios.status(), dims.status()}) {
    if (!s.ok()) return s;
  }
  const unsigned d = *dims == "1" ? 1 : 2;
  PerKind<double> rates = {};
  for (size_t i = 0; i < rates.size(); ++i) {
    const double ratio = (*ratios)[i];
    if (ratio == 0) continue;
    rates[i] = 32 / ratio;
    // A block needs a bit and an exponent of 8 bits; zfp would take more than asked in silence.
    const double largest = 32.0 * (d == 2 ? 16 : 4) / 9;
    if (ratio > largest) {
      return ConfigError(
          fmt::format("stash zfp: ratio {} is impossible for {}; in {} dimensions at most {:.1f}",
                      ratio, kKindNames[i], d, largest));
    }
  }
  return MethodParts{.codec = std::make_unique<ZfpCodec>(rates, d)};
}

const bool kZfp = Register({"zfp", "ratio=3.2 (ratio.KIND=R or exact), dims=1|2", MakeZfp});

}  // namespace
}  // namespace actplane::train
