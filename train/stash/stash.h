// SPDX-License-Identifier: Apache-2.0
// What layers hand over in forward and take back in backward. Counts every byte it holds.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "train/stash/codec.h"
#include "train/stash/formulas.h"
#include "train/stash/kind.h"

namespace actplane::train {

class Stash;

// One tensor in the stash. Held as long as somebody holds a Handle.
class Entry {
 public:
  Entry(Stash* stash, std::vector<int64_t> shape, Context context)
      : stash_(stash), shape_(std::move(shape)), context_(context) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry();

 private:
  friend class Stash;
  enum class Part { kActivation, kPacked, kMask, kExact };

  Stash* stash_;
  std::vector<int64_t> shape_;
  Context context_;
  Part part_ = Part::kActivation;
  Codec* codec_ = nullptr;
  Packed packed_;
};

// A tensor on its way through the network. Layers that keep the same activation share one entry.
class Activation {
 public:
  Activation(at::Tensor value, Site site) : value_(std::move(value)), site_(site) {}

  const at::Tensor& value() const { return value_; }
  const Site& site() const { return site_; }

 private:
  friend class Stash;
  at::Tensor value_;
  Site site_;
  Handle handle_;  // once somebody keeps it
};

// Bytes in the stash.
struct Tally {
  PerKind<Bytes> kinds = {};
  int64_t masks = 0;
  int64_t exact = 0;  // LayerNorm statistics, log-softmax, token ids

  Bytes Activations() const;
  int64_t total() const { return Activations().total() + masks + exact; }
};

inline int64_t Sum(const PerKind<int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), int64_t{0});
}

class Stash {
 public:
  // `codec` null: exact; `formulas` null: the textbook's.
  explicit Stash(std::unique_ptr<Codec> codec, std::unique_ptr<Formulas> formulas = nullptr);
  Stash(const Stash&) = delete;
  Stash& operator=(const Stash&) = delete;
  ~Stash();

  // From now on contexts carry these; forgets the peak.
  void Begin(int64_t step, int64_t micro_step);

  // Packs `a`, or shares the entry if it is packed already. float32, contiguous.
  Handle Keep(Activation& a);

  // What formulas keep in place of an activation, in a form of their own: counted under its kind.
  Handle KeepPacked(const Packed& packed, const Site& site);

  // Bits of a mask, eight in a byte.
  Handle KeepMask(const at::Tensor& bits);

  // What every method keeps exactly; `t` must not change afterwards.
  Handle KeepExact(const at::Tensor& t);

  // The tensor of a handle as the method gives it back. Must not be changed.
  at::Tensor Get(const Handle& handle) const;

  // The parts of a handle of KeepPacked.
  const Packed& GetPacked(const Handle& handle) const { return handle->packed_; }

  Codec& codec() { return *codec_; }
  Formulas& formulas() { return *formulas_; }

  // The formulas of the layer whose share of `kind` they decide: the textbook's, unless the method
  // is on for that kind.
  Formulas& FormulasOf(Kind kind) { return only_ && *only_ != kind ? *textbook_ : *formulas_; }

  const Tally& held() const { return held_; }
  const Tally& peak() const { return peak_; }  // the largest total since Begin

  // Only this kind goes through the method, the others stay exact; for gradcheck.
  void set_only(std::optional<Kind> only) { only_ = only; }

  // Sees every activation before it is packed; for capture.
  using Observer = std::function<void(const at::Tensor& x, const Context& context)>;
  void set_observer(Observer observer) { observer_ = std::move(observer); }

 private:
  friend class Entry;
  Handle KeepWhole(const at::Tensor& t, Entry::Part part);
  void Count(const Entry& entry, int64_t sign);

  std::unique_ptr<Codec> codec_;
  std::unique_ptr<Codec> exact_;
  std::unique_ptr<Formulas> formulas_;
  std::unique_ptr<Formulas> textbook_;
  std::optional<Kind> only_;
  Observer observer_;
  int64_t step_ = 0;
  int64_t micro_step_ = 0;
  Tally held_;
  Tally peak_;
};

}  // namespace actplane::train
