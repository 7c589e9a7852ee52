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
  // kPacked: in a form of the formulas' own.
  enum class Part { kActivation, kPacked, kMask, kExact };

  Entry(Stash* stash, std::vector<int64_t> shape, Context context, Part part = Part::kActivation,
        std::string_view what = {});
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry();

  int64_t number() const { return number_; }  // of those since Stash::Begin
  std::string Name() const;                   // "h3.attn.q", "h3.ln_1.in.mean"
  Part part() const { return part_; }
  Kind kind() const { return context_.site.kind; }
  int block() const { return context_.site.block; }
  const Packed& packed() const { return packed_; }

  bool lossy() const { return part_ == Part::kActivation && !codec_->IsExact(kind()); }

  // As the method gives it back; of kPacked the first part. Must not be changed.
  at::Tensor Value() const;

 private:
  friend class Stash;

  Stash* stash_;
  int64_t number_;
  std::vector<int64_t> shape_;
  Context context_;
  Part part_;
  std::string_view what_;  // beside the activation of the site; a literal
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
  Handle KeepMask(const at::Tensor& bits, const Site& site);

  // What every method keeps exactly; `t` must not change afterwards. `what`: a literal that tells
  // it from what else is kept of the site.
  Handle KeepExact(const at::Tensor& t, const Site& site, std::string_view what = {});

  // The tensor of a handle as the method gives it back. Must not be changed.
  at::Tensor Get(const Handle& handle) const;

  // The parts of a handle of KeepPacked.
  const Packed& GetPacked(const Handle& handle) const;

  Codec& codec() { return *codec_; }
  Formulas& formulas() { return *formulas_; }

  // The formulas of the layer whose share of `kind` they decide: the textbook's, unless the method
  // is on for that kind.
  Formulas& FormulasOf(Kind kind) {
    const bool without = only_ && *only_ != kind && !formulas_->Exact();
    return exactly_ || without ? *textbook_ : *formulas_;
  }

  // While this lives, everything is kept as it is and as in the textbook: for what backward makes
  // again and uses at once.
  class Exactly {
   public:
    explicit Exactly(Stash& stash) : stash_(stash) { stash_.exactly_ = true; }
    ~Exactly() { stash_.exactly_ = false; }
    Exactly(const Exactly&) = delete;
    Exactly& operator=(const Exactly&) = delete;

   private:
    Stash& stash_;
  };

  // Of the files that its options name; 0 when there are none.
  uint64_t contents() const { return contents_; }
  void set_contents(uint64_t contents) { contents_ = contents; }

  const Tally& held() const { return held_; }
  const Tally& peak() const { return peak_; }  // the largest total since Begin

  // Only this kind goes through the method, the others stay exact; for gradcheck.
  void set_only(std::optional<Kind> only) { only_ = only; }

  // Sees every access in the order of the step, but for Exactly; for capture. `x`: what is written,
  // undefined for KeepPacked; what Get gives back; undefined for GetPacked and releases.
  enum class Access { kWrite, kRead, kRelease };
  using Observer = std::function<void(Access access, const Entry& entry, const at::Tensor& x)>;
  void set_observer(Observer observer) { observer_ = std::move(observer); }

 private:
  friend class Entry;
  Handle KeepWhole(const at::Tensor& t, const Site& site, Entry::Part part, std::string_view what);
  void Count(const Entry& entry, int64_t sign);
  void Wrote(const Entry& entry, const at::Tensor& x);
  void Note(Access access, const Entry& entry, const at::Tensor& x = {}) const {
    if (observer_ && !exactly_) observer_(access, entry, x);
  }

  std::unique_ptr<Codec> codec_;
  std::unique_ptr<Codec> exact_;
  std::unique_ptr<Formulas> formulas_;
  std::unique_ptr<Formulas> textbook_;
  std::optional<Kind> only_;
  bool exactly_ = false;
  Observer observer_;
  uint64_t contents_ = 0;
  int64_t step_ = 0;
  int64_t micro_step_ = 0;
  int64_t entries_ = 0;
  Tally held_;
  Tally peak_;
};

}  // namespace actplane::train
