// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/baselines.h"

#include <bzlib.h>
#include <zlib.h>

#include <cmath>
#include <cstdint>
#include <new>
#include <string>
#include <unordered_map>

namespace actplane::train {
namespace {

double BitsPerByte(size_t compressed, std::string_view text) {
  return 8 * static_cast<double>(compressed) / static_cast<double>(text.size());
}

// The last `n` bytes before `end` as a number that no other length gives.
uint64_t Gram(std::string_view text, size_t end, int n) {
  uint64_t gram = 1;
  for (size_t i = end - static_cast<size_t>(n); i < end; ++i)
    gram = gram << 8 | static_cast<unsigned char>(text[i]);
  return gram;
}

struct Following {
  uint32_t seen = 0;   // how often a byte followed
  uint32_t kinds = 0;  // how many different ones
};

}  // namespace

double GzipBits(std::string_view text) {
  constexpr int kGzip = 16 + MAX_WBITS;
  z_stream stream = {};
  if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, MAX_MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  const size_t size = stream.total_out;
  ::deflateEnd(&stream);
  return BitsPerByte(size, text);
}

double Bzip2Bits(std::string_view text) {
  std::string out(text.size() + text.size() / 100 + 600, '\0');  // as its manual asks
  auto size = static_cast<unsigned>(out.size());
  if (::BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                                 static_cast<unsigned>(text.size()), 9, 0, 0) != BZ_OK)
    throw std::bad_alloc();
  return BitsPerByte(size, text);
}

std::vector<double> ContextBits(std::string_view text, size_t split, int orders) {
  std::unordered_map<uint64_t, uint32_t> counts;
  for (size_t end = 1; end <= split; ++end) {
    for (int n = 1; n <= orders + 1 && static_cast<size_t>(n) <= end; ++n)
      ++counts[Gram(text, end, n)];
  }
  std::unordered_map<uint64_t, Following> contexts;
  for (const auto& [gram, count] : counts) {
    Following& context = contexts[gram >> 8];
    context.seen += count;
    ++context.kinds;
  }
  std::vector<double> bits(static_cast<size_t>(orders) + 1);
  for (size_t at = split; at < text.size(); ++at) {
    double p = 1.0 / 256;
    for (int k = 0; k <= orders; ++k) {
      const bool starts = static_cast<size_t>(k) <= at;
      const auto context = starts ? contexts.find(Gram(text, at, k)) : contexts.end();
      if (context != contexts.end()) {  // never seen: the answer of the shorter one stays
        const auto count = counts.find(Gram(text, at + 1, k + 1));
        const double seen = count == counts.end() ? 0 : count->second;
        const double kinds = context->second.kinds;
        p = (seen + kinds * p) / (context->second.seen + kinds);
      }
      bits[static_cast<size_t>(k)] -= std::log2(p);
    }
  }
  for (double& b : bits) b /= static_cast<double>(text.size() - split);
  return bits;
}

}  // namespace actplane::train
