// SPDX-License-Identifier: Apache-2.0
#include "json_printer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "program.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kFlushAt = 64 << 10;
constexpr int kIndent = 2;

// Paths may hold any byte; JSON may not.
std::string Dump(const Json& value) {
  return value.dump(kIndent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void JsonPrinter::Put(const Json& value, size_t depth) {
  for (const char c : Dump(value)) {
    text_ += c;
    if (c == '\n') text_.append(depth * kIndent, ' ');  // in strings they are escaped
  }
  if (text_.size() >= kFlushAt) Flush();
}

void JsonPrinter::Name(std::string_view name) {
  EndArray();
  text_ += first_member_ ? "\n" : ",\n";
  first_member_ = false;
  text_ += fmt::format("  {}: ", Dump(Json(name)));
}

void JsonPrinter::EndArray() {
  if (in_array_) text_ += first_entry_ ? "]" : "\n  ]";
  in_array_ = false;
}

void JsonPrinter::Member(std::string_view name, const Json& value) {
  Name(name);
  Put(value, 1);
}

void JsonPrinter::Members(const Json& object) {
  for (const auto& [name, value] : object.items()) Member(name, value);
}

void JsonPrinter::Array(std::string_view name) {
  Name(name);
  text_ += '[';
  in_array_ = true;
  first_entry_ = true;
}

void JsonPrinter::Entry(const Json& value) {
  text_ += first_entry_ ? "\n    " : ",\n    ";
  first_entry_ = false;
  Put(value, 2);
}

void JsonPrinter::Flush() {
  if (status_.ok()) status_ = Print(text_);
  text_.clear();
}

Status JsonPrinter::Finish() {
  EndArray();
  text_ += first_member_ ? "}\n" : "\n}\n";
  Flush();
  return status_;
}

}  // namespace actplane::cli
