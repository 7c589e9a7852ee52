// SPDX-License-Identifier: Apache-2.0
#include "train/stash/stash.h"

#include "train/stash/exact.h"

namespace actplane::train {

Bytes Tally::Activations() const {
  Bytes sum;
  for (const Bytes& b : kinds) sum += b;
  return sum;
}

Entry::~Entry() { stash_->Count(*this, -1); }

Stash::Stash(std::unique_ptr<Codec> codec, std::unique_ptr<Formulas> formulas)
    : codec_(codec ? std::move(codec) : MakeExactCodec()),
      exact_(MakeExactCodec()),
      formulas_(formulas ? std::move(formulas) : std::make_unique<Formulas>()),
      textbook_(std::make_unique<Formulas>()) {}

Stash::~Stash() = default;

void Stash::Begin(int64_t step, int64_t micro_step) {
  step_ = step;
  micro_step_ = micro_step;
  peak_ = held_;
}

void Stash::Count(const Entry& entry, int64_t sign) {
  const Bytes& b = entry.packed_.bytes;
  switch (entry.part_) {
    case Entry::Part::kMask: held_.masks += sign * b.payload; break;
    case Entry::Part::kExact: held_.exact += sign * b.payload; break;
    case Entry::Part::kActivation:
    case Entry::Part::kPacked: {
      const auto kind = static_cast<size_t>(entry.context_.site.kind);
      held_.kinds[kind] += {sign * b.payload, sign * b.metadata, sign * b.padding};
      break;
    }
  }
  if (sign > 0 && held_.total() > peak_.total()) peak_ = held_;
}

Handle Stash::Keep(Activation& a) {
  if (a.handle_) return a.handle_;
  TORCH_CHECK(a.value_.is_contiguous() && a.value_.scalar_type() == at::kFloat,
              "the stash takes contiguous float32: ", a.site_.Name());
  auto entry =
      std::make_shared<Entry>(this, a.value_.sizes().vec(), Context{a.site_, step_, micro_step_});
  if (observer_) observer_(a.value_, entry->context_);
  entry->codec_ = only_ && *only_ != a.site_.kind ? exact_.get() : codec_.get();
  entry->packed_ = entry->codec_->Pack(a.value_, entry->context_);
  Count(*entry, +1);
  a.handle_ = entry;
  return entry;
}

Handle Stash::KeepPacked(const Packed& packed, const Site& site) {
  auto entry =
      std::make_shared<Entry>(this, std::vector<int64_t>(), Context{site, step_, micro_step_});
  entry->part_ = Entry::Part::kPacked;
  entry->packed_ = packed;
  Count(*entry, +1);
  return entry;
}

Handle Stash::KeepWhole(const at::Tensor& t, Entry::Part part) {
  auto entry = std::make_shared<Entry>(this, t.sizes().vec(), Context{{}, step_, micro_step_});
  entry->part_ = part;
  entry->packed_.parts = {t};
  entry->packed_.bytes.payload = static_cast<int64_t>(t.nbytes());
  Count(*entry, +1);
  return entry;
}

Handle Stash::KeepMask(const at::Tensor& bits) { return KeepWhole(bits, Entry::Part::kMask); }

Handle Stash::KeepExact(const at::Tensor& t) { return KeepWhole(t, Entry::Part::kExact); }

at::Tensor Stash::Get(const Handle& handle) const {
  if (handle->part_ != Entry::Part::kActivation) return handle->packed_.parts[0];
  return handle->codec_->Unpack(handle->packed_, handle->shape_, handle->context_);
}

}  // namespace actplane::train
