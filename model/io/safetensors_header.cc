// SPDX-License-Identifier: Apache-2.0
#include "safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_set>

#include "actplane/io/tensor_info.h"
#include "checked.h"

namespace actplane::io {
namespace {

// Accepts {"NAME": {"dtype": "F32", "shape": [..], "data_offsets": [b, e]}, "__metadata__":
// {"k": "v"}} event by event, so that neither depth nor width of a hostile header can cost more
// than its own length. As in the reference reader other keys of a tensor may hold anything, and
// __metadata__ may be null.
class HeaderHandler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<SafetensorsEntry> entries;
  std::string error;

  bool null() override {
    if (at_ == At::kMetadataNext) return Go(At::kTop);
    return Skipped() || Refuse();
  }
  bool boolean(bool) override { return Skipped() || Refuse(); }
  bool number_integer(number_integer_t) override {
    return Skipped() || Refuse("has a negative number");
  }
  bool number_float(number_float_t, const string_t&) override {
    return Skipped() || Refuse("has a number that is not a 64-bit integer");
  }
  bool binary(binary_t&) override { return Refuse(); }

  bool number_unsigned(number_unsigned_t value) override {
    if (Skipped()) return true;
    if (at_ == At::kShape) {
      if (entries.back().shape.size() == kMaxRank)
        return Refuse("has a shape of too many dimensions");
      entries.back().shape.push_back(value);
      return true;
    }
    if (at_ != At::kOffsets || offsets_ == 2) return Refuse();
    (offsets_++ == 0 ? entries.back().begin : entries.back().end) = value;
    return true;
  }

  bool string(string_t& value) override {
    if (at_ == At::kMetadata || Skipped()) return true;
    if (at_ != At::kDtypeNext) return Refuse();
    entries.back().dtype = value;
    at_ = At::kTensor;
    return true;
  }

  bool start_object(std::size_t) override {
    if (at_ == At::kOther) return Deeper();
    if (at_ == At::kTopNext) return Go(At::kTop);
    if (at_ == At::kMetadataNext) return Go(At::kMetadata);
    if (at_ == At::kTensorNext) return Go(At::kTensor);
    return Refuse();
  }

  bool key(string_t& name) override {
    if (at_ == At::kMetadata || at_ == At::kOther) return true;
    if (at_ == At::kTop) {
      if (name == "__metadata__") {
        if (std::exchange(seen_metadata_, true)) return Refuse("has __metadata__ twice");
        return Go(At::kMetadataNext);
      }
      entries.emplace_back().name = name;
      seen_dtype_ = seen_shape_ = seen_offsets_ = false;
      return Go(At::kTensorNext);
    }
    // The parser gives keys inside objects only, so this is a field of a tensor.
    if (name == "dtype" && !std::exchange(seen_dtype_, true)) return Go(At::kDtypeNext);
    if (name == "shape" && !std::exchange(seen_shape_, true)) return Go(At::kShapeNext);
    if (name == "data_offsets" && !std::exchange(seen_offsets_, true)) {
      offsets_ = 0;
      return Go(At::kOffsetsNext);
    }
    if (name == "dtype" || name == "shape" || name == "data_offsets") {
      return Refuse(fmt::format("has {} twice", name));
    }
    other_depth_ = 0;
    return Go(At::kOther);
  }

  bool end_object() override {
    if (at_ == At::kOther) return Shallower();
    if (at_ == At::kTensor && !(seen_dtype_ && seen_shape_ && seen_offsets_)) {
      return Refuse("lacks dtype, shape or data_offsets");
    }
    return Go(At::kTop);
  }

  bool start_array(std::size_t) override {
    if (at_ == At::kOther) return Deeper();
    if (at_ == At::kShapeNext) return Go(At::kShape);
    if (at_ == At::kOffsetsNext) return Go(At::kOffsets);
    return Refuse();
  }

  bool end_array() override {
    if (at_ == At::kOther) return Shallower();
    if (at_ == At::kOffsets && offsets_ != 2) return Refuse();
    return Go(At::kTensor);
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    error = "the header is not valid JSON";
    return false;
  }

 private:
  // Where in the document; kXNext waits for the value that opens X.
  enum class At {
    kTopNext,
    kTop,
    kMetadataNext,
    kMetadata,
    kTensorNext,
    kTensor,
    kDtypeNext,
    kShapeNext,
    kShape,
    kOffsetsNext,
    kOffsets,
    kOther
  };

  bool Go(At at) {
    at_ = at;
    return true;
  }

  // Whether a plain value belongs to a key that nobody reads; alone there, it is all of it.
  bool Skipped() {
    if (at_ != At::kOther) return false;
    if (other_depth_ == 0) at_ = At::kTensor;
    return true;
  }
  bool Deeper() {
    ++other_depth_;
    return true;
  }
  bool Shallower() {
    if (--other_depth_ == 0) at_ = At::kTensor;
    return true;
  }

  bool Refuse(std::string_view why = "is not as the safetensors format has it") {
    const bool in_tensor = !entries.empty() && at_ >= At::kTensorNext;
    error = fmt::format("the header{} {}",
                        in_tensor ? " of tensor " + Quote(entries.back().name) : "", why);
    return false;
  }

  At at_ = At::kTopNext;
  bool seen_metadata_ = false;
  bool seen_dtype_ = false, seen_shape_ = false, seen_offsets_ = false;
  int offsets_ = 0;
  size_t other_depth_ = 0;  // of arrays and objects under a key that nobody reads
};

// Bytes of one element; 0 for a dtype that this reader does not know.
uint64_t ElementBytes(std::string_view dtype) {
  struct Row {
    std::string_view name;
    uint64_t bytes;
  };
  static constexpr Row kRows[] = {{"F32", 4},     {"F16", 2},     {"BF16", 2}, {"F64", 8},
                                  {"I64", 8},     {"U64", 8},     {"I32", 4},  {"U32", 4},
                                  {"I16", 2},     {"U16", 2},     {"I8", 1},   {"U8", 1},
                                  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"BOOL", 1}, {"C64", 8}};
  for (const Row& row : kRows) {
    if (row.name == dtype) return row.bytes;
  }
  return 0;
}

Status Bad(std::string what) {
  return BadInputError(std::move(what) + "; save it again with safetensors");
}

Status CheckSize(const SafetensorsEntry& e) {
  const uint64_t element = ElementBytes(e.dtype);
  if (element == 0) return OkStatus();
  const Result<uint64_t> values = CountValues(e.shape);
  if (!values.ok())
    return BadInputError("tensor " + Quote(e.name) + ": " + values.status().message());
  if (*values * element != e.end - e.begin) {
    return Bad(fmt::format("tensor {} has {} bytes of data where shape and {} need {}",
                           Quote(e.name), e.end - e.begin, e.dtype, *values * element));
  }
  return OkStatus();
}

Status CheckRanges(std::span<const SafetensorsEntry> entries, uint64_t data_bytes) {
  uint64_t expected = 0;
  for (const SafetensorsEntry& e : entries) {
    if (e.begin > e.end) return Bad(fmt::format("tensor {} ends before it begins", Quote(e.name)));
    if (e.end > data_bytes) {
      return Bad(fmt::format(
          "tensor {} ends at byte {} of the data, which has {}; the file is truncated or damaged",
          Quote(e.name), e.end, data_bytes));
    }
    if (e.begin != expected) {
      return Bad(fmt::format("tensor {} {}", Quote(e.name),
                             e.begin < expected ? "overlaps another" : "leaves a gap before it"));
    }
    expected = e.end;
  }
  if (expected != data_bytes)
    return Bad(fmt::format("{} bytes follow the last tensor", data_bytes - expected));
  return OkStatus();
}

}  // namespace

Result<std::vector<SafetensorsEntry>> ParseSafetensorsHeader(std::string_view json,
                                                             uint64_t data_bytes) {
  // The parser would skip a byte order mark and blanks; the reference reader does not.
  if (!json.starts_with('{')) return Bad("the header does not begin with {");
  HeaderHandler handler;
  if (!nlohmann::json::sax_parse(json, &handler)) return Bad(handler.error);
  auto& entries = handler.entries;
  std::stable_sort(entries.begin(), entries.end(),
                   [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
                     return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
                   });
  if (Status s = CheckRanges(entries, data_bytes); !s.ok()) return s;
  std::unordered_set<std::string_view> names;
  for (const SafetensorsEntry& e : entries) {
    if (!names.insert(e.name).second)
      return Bad(fmt::format("two tensors are called {}", Quote(e.name)));
    if (Status s = CheckSize(e); !s.ok()) return s;
  }
  return std::move(entries);
}

}  // namespace actplane::io
