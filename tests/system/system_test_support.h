// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/run.h"
#include "support/artifacts.h"

namespace actplane::tb {

inline std::string ArtifactsOf(const std::string& test) {
  return ::testing::TempDir() + "actplane-" + test;
}

inline RunConfig FixedRun(const std::string& device, const std::string& config,
                          const std::string& sequence, StallProfile stall, uint64_t blocks) {
  RunConfig run;
  run.test = "system";
  run.device = device;
  run.config = config;
  run.sequence = sequence;
  run.stall = ToString(stall);
  run.seed = Rng(0x5eed, device + config + sequence + run.stall).Next() >> 32;
  run.blocks = blocks;
  run.artifacts = testing_support::BuildArtifacts();
  return run;
}

// A device that tampers with its pins: a stand-in for a wrong one.
class TamperedDevice : public Device {
 public:
  using Tamper = std::function<void(CodecPins&)>;
  // `before` touches inputs that the device is to see, `after` what the bench is to see, `reset`
  // the same while the device is reset.
  TamperedDevice(std::unique_ptr<Device> inner, Tamper before, Tamper after, Tamper settle = {},
                 Tamper reset = {})
      : inner_(std::move(inner)),
        pins_(inner_->pins()),
        before_(std::move(before)),
        after_(std::move(after)),
        settle_(std::move(settle)),
        reset_(std::move(reset)) {}

  const CodecPins& pins() const override { return pins_; }
  void Step(const Sample& sample) override {
    const bool valid = pins_.in.Valid();
    if (before_) before_(pins_);
    const bool seen = pins_.in.Valid();
    inner_->Step([&] {
      pins_.in.valid.Set(valid ? 1 : 0);
      Save();  // many outputs are registers of the device, which must not notice
      if (after_) after_(pins_);
      sample();
      Restore();
      pins_.in.valid.Set(seen ? 1 : 0);
    });
  }
  void Settle() override {
    if (settle_) Restore();
    inner_->Settle();
    if (settle_) settle_(pins_);
  }
  void Reset(const ResetShape& shape, const Sample& sample) override {
    inner_->Reset(shape, [&] {
      Save();
      if (reset_) reset_(pins_);
      sample();
      Restore();
    });
  }
  uint64_t cycle() const override { return inner_->cycle(); }
  bool GotError() const override { return inner_->GotError(); }
  void Finish() override { inner_->Finish(); }

 private:
  std::vector<Pins> Tampered() const {
    std::vector<Pins> all = pins_.Outputs();
    const PlanProbe& plan = pins_.plan;
    for (const Pins& p : {pins_.idle, plan.front, plan.front_bytes, plan.slot_bytes, plan.whole,
                          plan.saturated, plan.user}) {
      if (p) all.push_back(p);
    }
    return all;
  }
  void Save() {
    saved_.clear();
    for (const Pins& p : Tampered()) saved_.insert(saved_.end(), p.raw().begin(), p.raw().end());
  }
  void Restore() {
    auto at = saved_.begin();
    for (Pins p : Tampered()) {
      const auto end = at + static_cast<std::ptrdiff_t>(p.raw().size());
      std::copy(at, end, p.raw().begin());
      at = end;
    }
  }

  std::unique_ptr<Device> inner_;
  CodecPins pins_;
  Tamper before_, after_, settle_, reset_;
  std::vector<std::byte> saved_;
};

}  // namespace actplane::tb
