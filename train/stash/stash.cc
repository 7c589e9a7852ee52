// SPDX-License-Identifier: Apache-2.0
#include "train/stash/stash.h"

#include "train/stash/exact.h"

namespace actplane::train {

Bytes Tally::Activations() const {
  Bytes sum;
  for (const Bytes& b : kinds) sum += b;
  return sum;
}

Entry::Entry(Stash* stash, std::vector<int64_t> shape, Context context, Part part,
             std::string_view what)
    : stash_(stash),
      number_(stash->entries_++),
      shape_(std::move(shape)),
      context_(context),
      part_(part),
      what_(what) {}

Entry::~Entry() {
  stash_->Count(*this, -1);
  stash_->Note(Stash::Access::kRelease, *this);
}

at::Tensor Entry::Value() const {
  return part_ == Part::kActivation ? codec_->Unpack(packed_, shape_, context_) : packed_.parts[0];
}

std::string Entry::Name() const {
  const std::string name = context_.site.Name();
  return what_.empty() ? name : name + "." + std::string(what_);
}

Stash::Stash(std::unique_ptr<Codec> codec, std::unique_ptr<Formulas> formulas)
    : codec_(codec ? std::move(codec) : MakeExactCodec()),
      exact_(MakeExactCodec()),
      formulas_(formulas ? std::move(formulas) : std::make_unique<Formulas>()),
      textbook_(std::make_unique<Formulas>()) {}

Stash::~Stash() = default;

void Stash::Begin(int64_t step, int64_t micro_step) {
  step_ = step;
  micro_step_ = micro_step;
  entries_ = 0;
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

void Stash::Wrote(const Entry& entry, const at::Tensor& x) {
  Count(entry, +1);
  Note(Access::kWrite, entry, x);
}

Handle Stash::Keep(Activation& a) {
  if (a.handle_) return a.handle_;
  TORCH_CHECK(a.value_.is_contiguous() && a.value_.scalar_type() == at::kFloat,
              "the stash takes contiguous float32: ", a.site_.Name());
  auto entry =
      std::make_shared<Entry>(this, a.value_.sizes().vec(), Context{a.site_, step_, micro_step_});
  const bool exact = exactly_ || (only_ && *only_ != a.site_.kind);
  entry->codec_ = exact ? exact_.get() : codec_.get();
  entry->packed_ = entry->codec_->Pack(a.value_, entry->context_);
  Wrote(*entry, a.value_);
  a.handle_ = entry;
  return entry;
}

Handle Stash::KeepPacked(const Packed& packed, const Site& site) {
  auto entry = std::make_shared<Entry>(this, std::vector<int64_t>(),
                                       Context{site, step_, micro_step_}, Entry::Part::kPacked);
  entry->packed_ = packed;
  Wrote(*entry, {});
  return entry;
}

Handle Stash::KeepWhole(const at::Tensor& t, const Site& site, Entry::Part part,
                        std::string_view what) {
  auto entry =
      std::make_shared<Entry>(this, t.sizes().vec(), Context{site, step_, micro_step_}, part, what);
  entry->packed_ = PackExact(t);
  Wrote(*entry, t);
  return entry;
}

Handle Stash::KeepMask(const at::Tensor& bits, const Site& site) {
  return KeepWhole(bits, site, Entry::Part::kMask, "mask");
}

Handle Stash::KeepExact(const at::Tensor& t, const Site& site, std::string_view what) {
  return KeepWhole(t, site, Entry::Part::kExact, what);
}

const Packed& Stash::GetPacked(const Handle& handle) const {
  Note(Access::kRead, *handle);
  return handle->packed_;
}

at::Tensor Stash::Get(const Handle& handle) const {
  at::Tensor value = handle->Value();
  Note(Access::kRead, *handle, value);
  return value;
}

}  // namespace actplane::train
