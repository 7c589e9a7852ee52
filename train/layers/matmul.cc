// SPDX-License-Identifier: Apache-2.0
#include "train/layers/matmul.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>

namespace actplane::train {
namespace {

constexpr int64_t kMinPiece = 64;  // rows or columns; smaller ones repack more than they compute
constexpr int64_t kMostPieces = 16;

int64_t PieceOf(int64_t n) {
  const int64_t piece = std::max(kMinPiece, (n + kMostPieces - 1) / kMostPieces);
  return (piece + 15) / 16 * 16;
}

// Calls work(first, count) for fixed pieces of 0 .. n - 1.
template <typename Work>
void ForPieces(int64_t n, int64_t piece, const Work& work) {
  at::parallel_for(0, (n + piece - 1) / piece, 1, [&](int64_t from, int64_t to) {
    const at::NoGradGuard no_grad;  // the guard of the caller does not reach other threads
    for (int64_t i = from; i < to; ++i) work(i * piece, std::min(piece, n - i * piece));
  });
}

// c = beta c + alpha a b for one matrix; the only call into libtorch's products. Its batched form,
// baddbmm_, multiplies what is in c by beta even where that is 0 when a product is small: NaN of
// fresh memory would stay.
void Product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c, float beta,
             float alpha = 1) {
  c.addmm_(a, b, beta, alpha);
}

}  // namespace

void SetThreads(int threads) {
  at::set_num_threads(threads);
  // Debian lets the administrator choose the BLAS, so it is asked at run time.
  using Set = void (*)(int);
  if (auto set = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(1);
}

std::string BlasName() {
  using Get = const char* (*)();
  auto get = reinterpret_cast<Get>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
  return get == nullptr ? std::string() : std::string(get());
}

void MatMul(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c, float beta) {
  const int64_t rows = c.size(0);
  const int64_t columns = c.size(1);
  if (rows >= columns) {
    ForPieces(rows, PieceOf(rows), [&](int64_t first, int64_t count) {
      Product(a.narrow(0, first, count), b, c.narrow(0, first, count), beta);
    });
  } else {
    ForPieces(columns, PieceOf(columns), [&](int64_t first, int64_t count) {
      Product(a, b.narrow(1, first, count), c.narrow(1, first, count), beta);
    });
  }
}

at::Tensor Affine(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias) {
  at::Tensor y = at::empty({x.size(0), w.size(1)}, x.options());
  ForPieces(y.size(0), PieceOf(y.size(0)), [&](int64_t first, int64_t count) {
    const at::Tensor piece = y.narrow(0, first, count);
    piece.copy_(bias.unsqueeze(0).expand_as(piece));
    Product(x.narrow(0, first, count), w, piece, 1);
  });
  return y;
}

at::Tensor BatchMatMul(const at::Tensor& a, const at::Tensor& b, float alpha) {
  at::Tensor c = at::empty({a.size(0), a.size(1), b.size(2)}, a.options());
  const int64_t piece = (a.size(0) + kMostPieces - 1) / kMostPieces;
  ForPieces(a.size(0), piece, [&](int64_t first, int64_t count) {
    for (int64_t i = first; i < first + count; ++i)
      Product(a.select(0, i), b.select(0, i), c.select(0, i), 0, alpha);
  });
  return c;
}

}  // namespace actplane::train
