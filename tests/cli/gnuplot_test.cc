// SPDX-License-Identifier: Apache-2.0
// Pictures that programs draw: a script becomes SVG, and what cannot be drawn is said in one line.
#include "cli/gnuplot.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace actplane::cli {
namespace {

TEST(Gnuplot, DrawsAScript) {
  const Result<std::string> svg = Gnuplot("set title \"" + GnuplotText("a \"b\"\n\\c") +
                                          "\"\nplot '-' with lines\n0 0\n1 1\ne\n");
  ASSERT_TRUE(svg.ok()) << svg.status().message();
  EXPECT_TRUE(svg->starts_with("<?xml"));
  EXPECT_NE(svg->find("</svg>"), std::string::npos);
}

TEST(Gnuplot, QuotesText) { EXPECT_EQ(GnuplotText("a \"b\"\n\\c"), "a \\\"b\\\"\\\\c"); }

TEST(Gnuplot, SaysWhatIsWrong) {
  const Result<std::string> bad = Gnuplot("plot nonsense(\n");
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.status().message().find("drew nothing"), std::string::npos);

  const char* path = std::getenv("PATH");
  const std::string before = path == nullptr ? "" : path;
  ::setenv("PATH", "/nonexistent", 1);
  const Result<std::string> none = Gnuplot("plot x\n");
  ::setenv("PATH", before.c_str(), 1);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.status().message().find("apt-get install gnuplot-nox"), std::string::npos);
}

}  // namespace
}  // namespace actplane::cli
