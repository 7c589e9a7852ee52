// SPDX-License-Identifier: Apache-2.0
// Slots made from docs/format.md rather than by an encoder: legal ones, most of which no encoder
// makes, and one malformed kind for every condition of section 7. A seed gives the same slot on
// every machine.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "ref/ref_decoder.h"

namespace actplane::ref {

// splitmix64 for the state, xoshiro256** for the numbers.
class Random {
 public:
  explicit Random(uint64_t seed);
  uint64_t Next();
  int Below(int bound);            // 0 .. bound - 1
  int Between(int low, int high);  // both ends included
  bool Chance(int percent);
  int Pick(std::initializer_list<int> choices);

 private:
  std::array<uint64_t, 4> state_;
};

// F-2.6, written out once more so that the generator leans on nothing of the golden model.
int SmallestSlotBytes(const RefConfig& config);
int LargestSlotBytes(const RefConfig& config);

// Any format, N, mode, order, fill, K and R; lossless mode in order `field` only.
RefConfig RandomConfig(Random& random);

// In fixed mode T is the size of the slot, and within the bounds of F-2.6.
std::vector<uint8_t> LegalSlot(Random& random, const RefConfig& config);

// The conditions of section 7, in the order of its text.
enum class Defect {
  kBase,                // F-7.1
  kWidth,               // F-7.1
  kNoRoomForCodes,      // F-7.1
  kExtensionZero,       // F-7.1, FP16 only: the other formats have no such bit
  kValueOfStored,       // F-7.1
  kSignValue,           // F-7.1
  kFieldLength,         // F-7.1
  kWidthFive,           // F-7.2
  kPoisonedHeader,      // F-7.2: w is 6, bits [7:3]
  kPairHeader,          // F-7.2: w is 7, bits [7:3]
  kPairBeyond,          // F-7.2
  kLevel,               // F-7.2: j >= U, which takes a U below 32
  kGroupsBaseZero,      // F-7.2
  kGroupsBaseLarge,     // F-7.2
  kFlagBeyond,          // F-7.2
  kCodeBeyond,          // F-7.2
  kRowBeyond,           // F-7.2
  kLosslessIncomplete,  // F-7.3
  kLosslessTooLong,     // F-7.3
  kCount
};

struct MalformedSlot {
  std::vector<uint8_t> slot;
  std::string clause;  // the clause that is violated, "F-7.1" .. "F-7.3"
};

// Whether a configuration can have that defect at all.
bool Applies(Defect defect, const RefConfig& config);
MalformedSlot MakeMalformed(Random& random, const RefConfig& config, Defect defect);

// Uniformly random bytes, or, half of the time, such bytes behind a header that is plausible.
std::vector<uint8_t> RandomSlot(Random& random, const RefConfig& config);

}  // namespace actplane::ref
