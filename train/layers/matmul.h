// SPDX-License-Identifier: Apache-2.0
// Matrix products on libtorch's threads, in pieces whose size does not depend on how many there
// are: the same bits with 1 thread and with 2.
#pragma once

#include <ATen/ATen.h>

#include <string>

namespace actplane::train {

// Threads of everything here and in libtorch. Sets the BLAS itself to one thread: two pools on the
// same cores get into each other's way.
void SetThreads(int threads);

// The BLAS that libtorch calls, for example "OpenBLAS 0.3.21 ... Zen"; empty when it is not
// OpenBLAS.
std::string BlasName();

// c = beta c + alpha a b. a [m, k], b [k, n], c [m, n], float32; a and b may be transposed views.
// beta 0 does not read c.
void MatMul(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c, float beta = 0);

// [n, b_out] = x W + bias; `bias` [b_out].
at::Tensor Affine(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias);

// alpha a b for every batch. a [b, m, k], b [b, k, n].
at::Tensor BatchMatMul(const at::Tensor& a, const at::Tensor& b, float alpha = 1);

}  // namespace actplane::train
