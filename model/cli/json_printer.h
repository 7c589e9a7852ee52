// SPDX-License-Identifier: Apache-2.0
// One JSON object on standard output, laid out as PrintJson lays it out, of which only one entry at
// a time is in memory: a file may hold a hundred thousand tensors.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "actplane/status.h"

namespace actplane::cli {

class JsonPrinter {
 public:
  JsonPrinter() : text_("{") {}

  // A member with all it holds.
  void Member(std::string_view name, const nlohmann::ordered_json& value);
  // Every member of an object.
  void Members(const nlohmann::ordered_json& object);

  // A member that is an array, then its entries until the next member.
  void Array(std::string_view name);
  void Entry(const nlohmann::ordered_json& value);

  // Ends the object. kIo when anything could not be written.
  Status Finish();

 private:
  void Name(std::string_view name);
  void Put(const nlohmann::ordered_json& value, size_t depth);
  void EndArray();
  void Flush();

  std::string text_;
  bool first_member_ = true;
  bool in_array_ = false;
  bool first_entry_ = true;
  Status status_;
};

}  // namespace actplane::cli
