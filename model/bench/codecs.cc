// SPDX-License-Identifier: Apache-2.0
#include "codecs.h"

#include <fmt/format.h>
#include <lz4.h>
#include <zfp.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <utility>

#include "actplane/fast.h"

namespace actplane::bench {
namespace {

constexpr uint32_t kBlockLen = 128;

Config FixedConfig(Format format, Order order, uint32_t slot_bytes) {
  return {.format = format, .block_len = kBlockLen, .slot_bytes = slot_bytes, .order = order};
}

class FixedSlots : public Codec {
 public:
  FixedSlots(const Config& config, size_t values, int threads)
      : config_(config),
        values_bytes_(values * InfoOf(config.format).value_bytes),
        threads_(threads) {}

  size_t Bound() const override { return fast::SlotsBytes(config_, values_bytes_); }
  size_t Compress(std::span<const std::byte> values, std::span<std::byte> out) override {
    const auto slots = out.first(Bound());
    const Status s = fast::CompressBlocks(values, config_, slots, threads_);
    return s.ok() ? slots.size() : 0;
  }
  bool Decompress(std::span<const std::byte> in, std::span<std::byte> values) override {
    uint64_t malformed = 0;
    const Status s = fast::DecompressBlocks(in, config_, values, &malformed, threads_);
    return s.ok() && malformed == 0;
  }

 private:
  Config config_;
  size_t values_bytes_;
  int threads_;
};

// The boundaries of the blocks count as compressed bytes: no block is found without them.
class LosslessBlocks : public Codec {
 public:
  LosslessBlocks(Format format, size_t values, int threads)
      : config_{.format = format, .block_len = kBlockLen, .lossless = true, .slot_bytes = 0},
        values_bytes_(values * InfoOf(format).value_bytes),
        boundaries_(CeilDiv(values, config_.block_len) + 1),
        threads_(threads) {}

  size_t Bound() const override { return fast::SlotsBytes(config_, values_bytes_) + IndexBytes(); }
  size_t Compress(std::span<const std::byte> values, std::span<std::byte> out) override {
    const Status s = fast::CompressBlocksLossless(values, config_, out.subspan(IndexBytes()),
                                                  boundaries_, threads_);
    std::memcpy(out.data(), boundaries_.data(), IndexBytes());
    return s.ok() ? IndexBytes() + boundaries_.back() : 0;
  }
  bool Decompress(std::span<const std::byte> in, std::span<std::byte> values) override {
    std::memcpy(boundaries_.data(), in.data(), IndexBytes());
    uint64_t malformed = 0;
    const Status s = fast::DecompressBlocksLossless(in.subspan(IndexBytes()), boundaries_, config_,
                                                    values, &malformed, threads_);
    return s.ok() && malformed == 0;
  }

 private:
  size_t IndexBytes() const { return boundaries_.size() * sizeof(uint32_t); }

  Config config_;
  size_t values_bytes_;
  std::vector<uint32_t> boundaries_;
  int threads_;
};

// zfp's fixed rate: 4 or 4 x 4 values to a block, one thread. Blocks are not aligned to words, so
// that the rate is met to the bit; only the end of the stream is rounded up, to 64 bits.
class Zfp : public Codec {
 public:
  // `row` 0: 1-D.
  Zfp(double bits, size_t values, size_t row)
      : zfp_(zfp_stream_open(nullptr)),
        field_(row == 0 ? zfp_field_1d(nullptr, zfp_type_float, values)
                        : zfp_field_2d(nullptr, zfp_type_float, row, values / row)) {
    zfp_stream_set_rate(zfp_, bits, zfp_type_float, row == 0 ? 1 : 2, zfp_false);
    zfp_stream_set_execution(zfp_, zfp_exec_serial);
  }
  Zfp(const Zfp&) = delete;
  Zfp& operator=(const Zfp&) = delete;
  ~Zfp() override {
    zfp_field_free(field_);
    zfp_stream_close(zfp_);
  }

  size_t Bound() const override { return zfp_stream_maximum_size(zfp_, field_); }
  size_t Compress(std::span<const std::byte> values, std::span<std::byte> out) override {
    return Run(values.data(), out.data(), out.size(), zfp_compress);
  }
  bool Decompress(std::span<const std::byte> in, std::span<std::byte> values) override {
    return Run(values.data(), in.data(), in.size(), zfp_decompress) != 0;
  }

 private:
  template <typename Step>
  size_t Run(const void* values, const void* bytes, size_t size, Step step) {
    // zfp takes no pointer to const; what is input is not written to.
    bitstream* bits = stream_open(const_cast<void*>(bytes), size);
    zfp_stream_set_bit_stream(zfp_, bits);
    zfp_stream_rewind(zfp_);
    zfp_field_set_pointer(field_, const_cast<void*>(values));
    const size_t done = step(zfp_, field_);
    zfp_stream_set_bit_stream(zfp_, nullptr);
    stream_close(bits);
    return done;
  }

  zfp_stream* zfp_;
  zfp_field* field_;
};

// A codec of bytes. Every period of the data is compressed by itself: one repetition must not be
// found in the one before.
class Chunked : public Codec {
 public:
  explicit Chunked(const DataSet& data)
      : chunks_(data.values.size() / data.period),
        chunk_bytes_(data.period * InfoOf(data.format).value_bytes) {}

  size_t Bound() const override { return chunks_ * (sizeof(uint32_t) + ChunkBound(chunk_bytes_)); }
  size_t Compress(std::span<const std::byte> values, std::span<std::byte> out) override {
    size_t at = 0;
    for (size_t i = 0; i < chunks_; ++i) {
      const auto chunk = values.subspan(i * chunk_bytes_, chunk_bytes_);
      const auto room = out.subspan(at + sizeof(uint32_t));
      const auto used = static_cast<uint32_t>(CompressChunk(chunk, room));
      if (used == 0 || used > room.size()) return 0;
      std::memcpy(&out[at], &used, sizeof(used));
      at += sizeof(used) + used;
    }
    return at;
  }
  bool Decompress(std::span<const std::byte> in, std::span<std::byte> values) override {
    for (size_t i = 0; i < chunks_; ++i) {
      uint32_t used = 0;
      std::memcpy(&used, in.data(), sizeof(used));
      const auto chunk = values.subspan(i * chunk_bytes_, chunk_bytes_);
      if (!DecompressChunk(in.subspan(sizeof(used), used), chunk)) return false;
      in = in.subspan(sizeof(used) + used);
    }
    return true;
  }

 private:
  virtual size_t ChunkBound(size_t bytes) const = 0;
  virtual size_t CompressChunk(std::span<const std::byte> in, std::span<std::byte> out) = 0;
  virtual bool DecompressChunk(std::span<const std::byte> in, std::span<std::byte> out) = 0;

  size_t chunks_;
  size_t chunk_bytes_;
};

class Lz4 : public Chunked {
 public:
  using Chunked::Chunked;

 private:
  static char* Chars(const std::byte* p) {
    return const_cast<char*>(reinterpret_cast<const char*>(p));
  }
  size_t ChunkBound(size_t bytes) const override {
    return static_cast<size_t>(LZ4_compressBound(static_cast<int>(bytes)));
  }
  size_t CompressChunk(std::span<const std::byte> in, std::span<std::byte> out) override {
    return static_cast<size_t>(LZ4_compress_default(Chars(in.data()), Chars(out.data()),
                                                    static_cast<int>(in.size()),
                                                    static_cast<int>(out.size())));
  }
  bool DecompressChunk(std::span<const std::byte> in, std::span<std::byte> out) override {
    const int size = static_cast<int>(out.size());
    return LZ4_decompress_safe(Chars(in.data()), Chars(out.data()), static_cast<int>(in.size()),
                               size) == size;
  }
};

class Zstd : public Chunked {
 public:
  Zstd(const DataSet& data, int level)
      : Chunked(data), in_(ZSTD_createCCtx()), out_(ZSTD_createDCtx()), level_(level) {}
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  ~Zstd() override {
    ZSTD_freeCCtx(in_);
    ZSTD_freeDCtx(out_);
  }

 private:
  size_t ChunkBound(size_t bytes) const override { return ZSTD_compressBound(bytes); }
  size_t CompressChunk(std::span<const std::byte> in, std::span<std::byte> out) override {
    const size_t n = ZSTD_compressCCtx(in_, out.data(), out.size(), in.data(), in.size(), level_);
    return ZSTD_isError(n) != 0 ? 0 : n;
  }
  bool DecompressChunk(std::span<const std::byte> in, std::span<std::byte> out) override {
    return ZSTD_decompressDCtx(out_, out.data(), out.size(), in.data(), in.size()) == out.size();
  }

  ZSTD_CCtx* in_;
  ZSTD_DCtx* out_;
  int level_;
};

class Memcpy : public Codec {
 public:
  explicit Memcpy(size_t values) : bytes_(4 * values) {}

  size_t Bound() const override { return bytes_; }
  size_t Compress(std::span<const std::byte> values, std::span<std::byte> out) override {
    std::memcpy(out.data(), values.data(), bytes_);
    return bytes_;
  }
  bool Decompress(std::span<const std::byte> in, std::span<std::byte> values) override {
    std::memcpy(values.data(), in.data(), bytes_);
    return true;
  }

 private:
  size_t bytes_;
};

// FP32, N = 128: bytes of a slot, and the SNR in dB that is expected of order field on normal data
// and of order significance on normal and softmax data.
struct Rate {
  uint32_t slot_bytes;
  double field;
  double significance;
  double softmax;
};
constexpr Rate kRates[] = {{160, 41, 54, 80}, {96, 16, 30, 55}, {64, 12, 18, 42}};

}  // namespace

std::vector<Entry> MakeEntries(const DataSet& data) {
  const size_t values = data.values.size();
  std::vector<Entry> entries;
  const auto add = [&](const std::string& name, double bits, std::unique_ptr<Codec> codec) {
    entries.push_back({.name = name, .bits = bits, .codec = std::move(codec)});
  };
  const auto add_ours = [&](const std::string& name, double bits, double least_snr,
                            const std::function<std::unique_ptr<Codec>(int)>& make) {
    for (const int threads : {1, 2}) {
      add(name, bits, make(threads));
      entries.back().threads = static_cast<uint32_t>(threads);
      entries.back().least_snr = least_snr;
    }
  };
  for (const Rate& rate : kRates) {
    const double bits = rate.slot_bytes / 16.0;
    for (const Order order : {Order::kField, Order::kSignificance}) {
      const bool field = order == Order::kField;
      double least_snr = 0;
      if (data.name == "normal") least_snr = field ? rate.field : rate.significance;
      if (data.name == "softmax" && !field) least_snr = rate.softmax;
      add_ours(field ? "field" : "significance", bits, least_snr, [&](int threads) {
        return std::make_unique<FixedSlots>(FixedConfig(Format::kFp32, order, rate.slot_bytes),
                                            values, threads);
      });
    }
    add("zfp 1-D", bits, std::make_unique<Zfp>(bits, values, 0));
    if (data.row != 0) add("zfp 2-D", bits, std::make_unique<Zfp>(bits, values, data.row));
  }
  add_ours("field, lossless", 0, 0, [&](int threads) {
    return std::make_unique<LosslessBlocks>(Format::kFp32, values, threads);
  });
  add("lz4", 0, std::make_unique<Lz4>(data));
  add("zstd -1", 0, std::make_unique<Zstd>(data, 1));
  add("zstd -3", 0, std::make_unique<Zstd>(data, 3));
  add("memcpy", 0, std::make_unique<Memcpy>(values));
  return entries;
}

std::vector<Entry> MakeEntries(const DataSet& data, double bits) {
  const size_t values = data.values.size();
  std::vector<Entry> entries;
  const auto add = [&](const char* name, Format format, std::unique_ptr<Codec> codec) {
    entries.push_back({.name = name, .format = format, .bits = bits, .codec = std::move(codec)});
  };
  if (bits == 0) {
    add("field, lossless", data.format, std::make_unique<LosslessBlocks>(data.format, values, 0));
    add("lz4", data.format, std::make_unique<Lz4>(data));
    add("zstd -1", data.format, std::make_unique<Zstd>(data, 1));
    add("zstd -3", data.format, std::make_unique<Zstd>(data, 3));
    return entries;
  }
  for (const Order order : {Order::kField, Order::kSignificance}) {
    const auto slot_bytes = static_cast<uint32_t>(bits * kBlockLen / 8);
    const Config config = FixedConfig(data.format, order, slot_bytes);
    if (!ValidateConfig(config).ok()) continue;
    add(order == Order::kField ? "field" : "significance", data.format,
        std::make_unique<FixedSlots>(config, values, 0));
  }
  if (!data.finite) return entries;  // zfp knows no Inf and NaN
  add("zfp 1-D", Format::kFp32, std::make_unique<Zfp>(bits, values, 0));
  if (data.row != 0) add("zfp 2-D", Format::kFp32, std::make_unique<Zfp>(bits, values, data.row));
  return entries;
}

std::string Try(const Entry& entry, const DataSet& data, std::vector<std::byte>& decoded,
                Trial& trial) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  const std::span<const std::byte> values = data.Bytes(entry.format);
  trial.room.resize(entry.codec->Bound());
  decoded.assign(values.size(), std::byte{0xff});  // NaN in every format
  const auto start = Clock::now();
  trial.used = entry.codec->Compress(values, trial.room);
  const auto half = Clock::now();
  if (trial.used == 0 || trial.used > trial.room.size()) return "does not compress";
  if (!entry.codec->Decompress(trial.Packed(), decoded)) return "does not decompress";
  const auto end = Clock::now();
  trial.compress = Seconds(half - start).count();
  trial.decompress = Seconds(end - half).count();
  trial.difference.Add(values, entry.format, decoded, entry.format);
  if (entry.bits == 0 && trial.difference.changed > 0) return "is not lossless";
  if (data.finite && trial.difference.changed_kind > 0) return "gives values that are not finite";
  if (trial.difference.Snr().value_or(INFINITY) < entry.least_snr) {
    return fmt::format("reaches {:.1f} dB, {:g} are expected", *trial.difference.Snr(),
                       entry.least_snr);
  }
  return {};
}

}  // namespace actplane::bench
