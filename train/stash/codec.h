// SPDX-License-Identifier: Apache-2.0
// What a method implements: how a tensor is stored (Codec) and, if it differs from the textbook,
// what a layer keeps and computes from it (Formulas in stash/formulas.h).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "train/stash/kind.h"

namespace actplane::train {

// Bytes of one packed tensor.
struct Bytes {
  int64_t payload = 0;
  int64_t metadata = 0;  // scales, seeds: what lies beside the payload
  int64_t padding = 0;   // what the tensor takes beyond its values: incomplete blocks, alignment

  int64_t total() const { return payload + metadata + padding; }
  Bytes& operator+=(const Bytes& other) {
    payload += other.payload;
    metadata += other.metadata;
    padding += other.padding;
    return *this;
  }
};

// What is left of a tensor between forward and backward. Everything large lies in `parts`, so that
// the allocator sees what the bytes say.
struct Packed {
  std::vector<at::Tensor> parts;
  Bytes bytes;
};

// Whose tensor, in which step: the key of everything random.
struct Context {
  Site site;
  int64_t step = 0;
  int64_t micro_step = 0;
};

// The moment before a step, for methods whose tables change while training.
struct StepHook {
  int64_t step = 0;
  int64_t steps = 0;  // of the whole run
  int64_t heads = 0;  // of the attention
  // Forward and backward on the data of this step with the tables as they are: the gradient of
  // every parameter. Leaves no gradient behind.
  std::function<std::vector<at::Tensor>()> gradients;
  std::function<void(const std::string& line)> show;  // progress of long probes; may be null
};

using State = std::map<std::string, at::Tensor>;

// What codecs and formulas have in common: a life over many steps.
class Method {
 public:
  Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;
  virtual ~Method() = default;

  // kInvalidConfig when the method cannot train this network; kIo for its files.
  virtual Status BeforeStep(const StepHook& /*hook*/) { return OkStatus(); }

  // What a checkpoint must hold for the run to go on as if it had not stopped.
  virtual State SaveState() const { return {}; }
  virtual Status LoadState(const State& /*state*/) { return OkStatus(); }
};

class Codec : public Method {
 public:
  // `x`: contiguous float32, any shape. Does not keep or change `x` unless it is stored as it is.
  virtual Packed Pack(const at::Tensor& x, const Context& context) = 0;

  // Contiguous float32 of `shape`; must not be changed by the caller.
  virtual at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape,
                            const Context& context) = 0;

  // Minibatches after which what it estimates from one to the next is as in training.
  virtual int WarmUp() const { return 0; }

  // Whether tensors of this kind come back bit for bit.
  virtual bool IsExact(Kind /*kind*/) const { return false; }
};

}  // namespace actplane::train
