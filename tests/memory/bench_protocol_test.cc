// SPDX-License-Identifier: Apache-2.0
// Each rule of ProtocolChecker, kept and broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/protocol.h"
#include "memory/reference_ports.h"

namespace actplane::tb::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProtocolRules : public ::testing::TestWithParam<Side> {
 protected:
  void Cycle() {
    checker_.Observe();
    for (Pins* p :
         {&pins_.aw.valid, &pins_.w.valid, &pins_.b.valid, &pins_.ar.valid, &pins_.r.valid}) {
      p->Set(0);
    }
  }
  template <class Channel, class Payload>
  void Offer(Channel& channel, const Payload& payload, bool ready = true) {
    channel.Show(payload);
    channel.valid.Set(1);
    channel.ready.Set(ready ? 1 : 0);
  }
  void Aw(const Burst& b) {
    Offer(pins_.aw, b);
    Cycle();
  }
  void W(uint64_t strb, bool last) {
    Offer(pins_.w, WriteBeat{{}, strb, last});
    Cycle();
  }
  void B(uint32_t id, uint8_t resp = kOkay) {
    Offer(pins_.b, WriteResponse{id, resp});
    Cycle();
  }
  void Ar(const Burst& b) {
    Offer(pins_.ar, b);
    Cycle();
  }
  void R(uint32_t id, bool last, uint8_t resp = kOkay) {
    Offer(pins_.r, ReadBeat{id, {}, resp, last});
    Cycle();
  }
  // Exactly one rule was broken.
  void Expect(const std::string& rule) {
    EXPECT_THAT(checker_.violations(), ElementsAre(HasSubstr("rule " + rule + ":")));
  }

  SideStorage storage_;
  AxiPins pins_ = storage_.PinsOf(MemoryShape{});
  ProtocolChecker checker_{GetParam(), pins_};
  Burst two_{.addr = 0x1000, .len = 1, .size = 3};
};

TEST_P(ProtocolRules, WhatIsRightPasses) {
  W(0xff, false);  // data may come first
  Aw(two_);
  W(0x0f, true);
  B(0);
  Ar(two_);
  Ar({.addr = 0x1ff8, .size = 3, .type = kWrap});
  EXPECT_THAT(checker_.violations(),
              GetParam() == Side::kMemory ? testing::SizeIs(1) : testing::SizeIs(0))
      << "one beat is no WRAP";
  R(0, false);
  R(0, true);
  R(0, true, kSlvErr);
  EXPECT_TRUE(checker_.quiet());
}

TEST_P(ProtocolRules, ValidFalls) {
  Offer(pins_.ar, two_, false);
  Cycle();
  Cycle();
  Expect("valid");
}

TEST_P(ProtocolRules, EveryPayloadStays) {
  for (int channel = 0; channel < 5; ++channel) {
    ProtocolChecker checker(GetParam(), pins_);
    const auto payloads = [&](const auto& pins) { return pins.Payload(); };
    const std::vector<Pins> payload = channel == 0   ? payloads(pins_.aw)
                                      : channel == 1 ? payloads(pins_.w)
                                      : channel == 2 ? payloads(pins_.b)
                                      : channel == 3 ? payloads(pins_.ar)
                                                     : payloads(pins_.r);
    Pins valid = channel == 0   ? pins_.aw.valid
                 : channel == 1 ? pins_.w.valid
                 : channel == 2 ? pins_.b.valid
                 : channel == 3 ? pins_.ar.valid
                                : pins_.r.valid;
    for (size_t i = 0; i < payload.size(); ++i) {
      Pins p = payload[i];
      valid.Set(1);
      const size_t before = checker.violations().size();
      checker.Observe();
      p.raw()[0] ^= std::byte{1};
      checker.Observe();
      const auto& all = checker.violations();
      EXPECT_TRUE(std::any_of(
          all.begin() + static_cast<std::ptrdiff_t>(before), all.end(),
          [](const std::string& v) { return v.find("rule payload:") != std::string::npos; }))
          << channel << " " << i;
      valid.Set(0);
      checker.Reset();
    }
  }
}

TEST_P(ProtocolRules, TheMemoryGetsLegalBurstsOnly) {
  struct Case {
    const char* rule;
    Burst burst;
  };
  const Case cases[] = {
      {"page", {.addr = 0x1ff8, .len = 1, .size = 3}},
      {"burst", {.addr = 0x1000, .len = 1, .size = 4}},
      {"burst", {.addr = 0x1000, .len = 2, .size = 3, .type = kWrap}},
      {"burst", {.addr = 0x1004, .len = 3, .size = 3, .type = kWrap}},
      {"burst", {.addr = 0x1000, .len = 16, .size = 3, .type = kFixed}},
      {"burst", {.addr = 0x1000, .len = 0, .size = 3, .type = kReservedType}},
      {"id", {.addr = 0x1000, .id = 1, .len = 0, .size = 3}},
  };
  for (const Case& c : cases) {
    for (const bool write : {true, false}) {
      checker_ = ProtocolChecker(GetParam(), pins_);
      if (write) {
        Aw(c.burst);
      } else {
        Ar(c.burst);
      }
      if (GetParam() == Side::kMemory) {
        Expect(c.rule);
      } else {
        EXPECT_THAT(checker_.violations(), IsEmpty()) << "the device must refuse it";
      }
    }
  }
}

TEST_P(ProtocolRules, StrobesStayInTheirLanes) {
  Aw({.addr = 0x1002, .len = 1, .size = 1});
  W(0x0c, false);
  EXPECT_THAT(checker_.violations(), IsEmpty());
  W(0x0c, true);  // 0x1004: lanes 4 and 5
  Expect("strobe");
}

TEST_P(ProtocolRules, LastIsOnTheLastBeat) {
  Aw(two_);
  W(0xff, true);
  Expect("w-last");
  checker_ = ProtocolChecker(GetParam(), pins_);
  Aw(two_);
  W(0xff, false);
  W(0xff, false);
  Expect("w-last");
  checker_ = ProtocolChecker(GetParam(), pins_);
  Ar(two_);
  R(0, true);
  Expect("r-last");
  checker_ = ProtocolChecker(GetParam(), pins_);
  Ar(two_);
  R(0, false);
  R(0, false);
  Expect("r-last");
}

TEST_P(ProtocolRules, BWaitsForAddressAndData) {
  B(0);
  Expect("b-early");
  checker_ = ProtocolChecker(GetParam(), pins_);
  Aw(two_);
  W(0xff, false);
  B(0);
  Expect("b-early");
  checker_ = ProtocolChecker(GetParam(), pins_);
  W(0xff, true);
  B(0);
  Expect("b-early");
}

TEST_P(ProtocolRules, AnAnswerInTheCycleOfItsRequestIsTooEarly) {
  Offer(pins_.ar, Burst{.addr = 0x1000, .size = 3});
  Offer(pins_.r, ReadBeat{0, {}, kOkay, true});
  Cycle();
  Expect("r-early");
}

TEST_P(ProtocolRules, RWaitsForItsAddress) {
  R(0, true);
  Expect("r-early");
}

TEST_P(ProtocolRules, AnswersBearTheIdsInOrder) {
  if (GetParam() == Side::kMemory) return;  // there is one ID
  Aw({.addr = 0x1000, .id = 5, .size = 3});
  Aw({.addr = 0x1000, .id = 6, .size = 3});
  W(0xff, true);
  W(0xff, true);
  B(6);
  Expect("b-id");
  checker_ = ProtocolChecker(GetParam(), pins_);
  Ar({.addr = 0x1000, .id = 5, .size = 3});
  Ar({.addr = 0x1000, .id = 6, .size = 3});
  R(6, true);
  Expect("r-id");
}

TEST_P(ProtocolRules, ThereIsNoExclusiveAccess) {
  Aw({.addr = 0x1000, .size = 3});
  W(0xff, true);
  B(0, kExOkay);
  Expect("exokay");
  checker_ = ProtocolChecker(GetParam(), pins_);
  Ar({.addr = 0x1000, .size = 3});
  R(0, true, kExOkay);
  Expect("exokay");
}

TEST_P(ProtocolRules, OutputsAreQuietInReset) {
  for (const auto& [valid, of_memory_side] : {std::pair{&pins_.aw.valid, true},
                                              {&pins_.w.valid, true},
                                              {&pins_.ar.valid, true},
                                              {&pins_.b.valid, false},
                                              {&pins_.r.valid, false}}) {
    checker_ = ProtocolChecker(GetParam(), pins_);
    valid->Set(1);
    checker_.ObserveInReset();
    valid->Set(0);
    if (of_memory_side == (GetParam() == Side::kMemory)) {
      Expect("reset");
    } else {
      EXPECT_THAT(checker_.violations(), IsEmpty()) << "it is not the device's";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Memory, ProtocolRules, ::testing::Values(Side::kSlave, Side::kMemory),
                         [](const auto& p) {
                           return p.param == Side::kSlave ? "Slave" : "Memory";
                         });

}  // namespace
}  // namespace actplane::tb::memory
