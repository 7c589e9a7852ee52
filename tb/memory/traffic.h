// SPDX-License-Identifier: Apache-2.0
// Traffic: random bursts of every kind that a master can make, legal and not.
#pragma once

#include "core/rng.h"
#include "memory/layout.h"
#include "memory/program.h"

namespace actplane::tb::memory {

class Traffic {
 public:
  Traffic(const MemoryShape& shape, Rng rng) : shape_(shape), bus_(shape.bus_bytes()), rng_(rng) {}

  // Anywhere in a region: mostly in a few blocks at a time, so that bursts meet.
  Burst InRegion(const Region& r);
  // Exactly one block (or what there is of it).
  Burst WholeBlock(const Region& r, uint64_t block);
  // `count` blocks from `block` on in bursts of as many as a page has left.
  std::vector<Burst> Span(const Region& r, uint64_t block, uint64_t count);
  Burst Outside(const Layout& layout);
  // What is refused: for itself, or because of the region that it touches.
  Burst Refused(const Region& r);

  // `format`: what the data look like.
  WriteOp Write(const Burst& burst, Format format, bool all_strobes = false);

  Rng& rng() { return rng_; }

 private:
  void Dress(Burst& b);  // ID and attributes
  void CutAtPage(Burst& b, uint64_t end);

  MemoryShape shape_;
  uint32_t bus_;
  Rng rng_;
  const Region* hot_of_ = nullptr;
  uint64_t hot_ = 0;
};

}  // namespace actplane::tb::memory
