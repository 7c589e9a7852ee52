// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/exceptions.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <new>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "actplane/io/tensor_info.h"

namespace actplane::train {
namespace {

std::string TextOf(const std::exception& e) {
  const auto* error = dynamic_cast<const c10::Error*>(&e);
  return error == nullptr ? e.what() : error->what_without_backtrace();
}

}  // namespace

bool IsOutOfMemory(const std::exception& e) {
  const std::string text = TextOf(e);  // libtorch has no type for it
  return dynamic_cast<const std::bad_alloc*>(&e) != nullptr ||
         dynamic_cast<const std::length_error*>(&e) != nullptr ||
         text.find("can't allocate memory") != std::string::npos ||
         text.find("Storage size calculation overflowed") != std::string::npos;
}

std::string Explain(const std::exception& e) {
  if (IsOutOfMemory(e)) {
    return "there is not enough memory; lower --batch, --context, --width or --blocks, or close "
           "other programs";
  }
  std::istringstream lines(TextOf(e));
  std::string line;
  while (std::getline(lines, line) && line.find_first_not_of(" \t\r") == std::string::npos) {
  }
  line = std::regex_replace(line, std::regex(R"( *\(of Python compilation unit at: [^)]*\))"), "");
  line = std::regex_replace(line, std::regex("0x[0-9a-fA-F]+"), "0x...");
  return fmt::format("a library failed with {}; report it together with the command line",
                     io::Quote(line));
}

}  // namespace actplane::train
