// SPDX-License-Identifier: Apache-2.0
// Small numbers with a shared scale, and BF16: how a tensor is stored in them. docs/methods.md.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "train/stash/codec.h"

namespace actplane::train {

// How tensors of a kind are stored. Without state: what comes back depends on the tensor alone.
class ElementFormat {
 public:
  ElementFormat() = default;
  ElementFormat(const ElementFormat&) = delete;
  ElementFormat& operator=(const ElementFormat&) = delete;
  virtual ~ElementFormat() = default;

  virtual Packed Pack(const at::Tensor& x) const = 0;  // contiguous float32
  virtual void Unpack(const Packed& packed, const at::Tensor& x) const = 0;
};

// The scale of a block of an MX format: the least with which its largest value does not saturate
// (arXiv 2506.08027), or that of OCP MX 1.0, with which it lies in the element's top binade.
enum class MxRounding { kUp, kOcp };

std::unique_ptr<ElementFormat> MakeBf16();
std::unique_ptr<ElementFormat>
MakeMxInt8();  // its largest element is next to the top of the binade
std::unique_ptr<ElementFormat> MakeMxFp8(MxRounding rounding);  // E4M3
std::unique_ptr<ElementFormat> MakeMxFp6E2M3(MxRounding rounding);
std::unique_ptr<ElementFormat> MakeMxFp6E3M2(MxRounding rounding);
std::unique_ptr<ElementFormat> MakeMxFp4(MxRounding rounding);  // E2M1
std::unique_ptr<ElementFormat> MakeNvFp4();
std::unique_ptr<ElementFormat> MakeNf4();

}  // namespace actplane::train
