// SPDX-License-Identifier: Apache-2.0
// What a loss is compared with.
#include "train/trainer/baselines.h"

#include <cmath>

#include "program.h"

namespace actplane::train {
namespace {

// Counted by hand: a, a, then b.
TEST(Baselines, ContextsAreInterpolatedAfterWittenAndBell) {
  const std::vector<double> bits = ContextBits("aab", 2, 1);
  const double none = (0 + 1 * (1.0 / 256)) / (2 + 1);  // two bytes of one kind, and never b
  const double one = (0 + 1 * none) / (1 + 1);          // a was followed once
  EXPECT_NEAR(bits[0], -std::log2(none), 1e-12);
  EXPECT_NEAR(bits[1], -std::log2(one), 1e-12);
  // An order whose context was never seen adds nothing.
  EXPECT_NEAR(ContextBits("aab", 2, 3)[3], ContextBits("aab", 2, 1)[1], 1e-12);
}

TEST(Baselines, SeenBytesAndTheHeldOutPartAlone) {
  // After "ab" three times the next a is almost sure; what is held out is not learnt.
  const std::vector<double> bits = ContextBits("abababa", 6, 1);
  const double none = (3 + 2 * (1.0 / 256)) / (6 + 2);
  EXPECT_NEAR(bits[0], -std::log2(none), 1e-12);
  EXPECT_NEAR(bits[1], -std::log2((2 + 1 * none) / (2 + 1)), 1e-12);
  EXPECT_NEAR(ContextBits("abcc", 2, 0)[0], ContextBits("abc", 2, 0)[0], 1e-12);
}

TEST(Baselines, LongerContextsHelpWhereTextRepeats) {
  const std::string text = MadeUpText();
  const std::vector<double> bits = ContextBits(text, text.size() * 9 / 10, 5);
  EXPECT_GT(bits[1], bits[3]);
  EXPECT_LT(bits[5], 1.5);
}

using BaselinesProgram = Program;

// The programs themselves, on the held-out part.
TEST_F(BaselinesProgram, AreGzipAndBzip2) {
  const std::string text = MadeUpText();
  const size_t split = static_cast<size_t>(static_cast<double>(text.size()) * 0.9);
  const std::string held_out = text.substr(split);
  std::ofstream(folder_ / "held-out") << held_out;
  const Answer answer = Run("baselines --text text --json");
  ASSERT_EQ(answer.code, 0) << answer.err;
  const auto json = nlohmann::json::parse(answer.out);
  EXPECT_EQ(json["held_out_bytes"], held_out.size());
  for (const std::string program : {"gzip -9", "bzip2 -9"}) {
    const Answer packed = Run("methods >/dev/null; " + program + " <held-out | wc -c");
    EXPECT_NEAR(json["bits_per_byte"][program].get<double>(),
                8 * std::stod(packed.out) / static_cast<double>(held_out.size()), 1e-12);
  }
  const Answer lines = Run("baselines --text text");
  EXPECT_NE(lines.out.find("order 5"), std::string::npos) << lines.out;
}

TEST_F(BaselinesProgram, RefusesATextThatIsTooShort) {
  std::ofstream(folder_ / "short") << "a";
  ExpectComplaint(Run("baselines --text short"), 3, "give a longer text");
}

}  // namespace
}  // namespace actplane::train
