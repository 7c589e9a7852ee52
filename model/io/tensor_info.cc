// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/tensor_info.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "checked.h"
#include "dtype.h"

namespace actplane::io {
namespace {

constexpr uint32_t kInvalid = 0xffffffff;

// Takes the next character off `text`. kInvalid,
// taking one byte, where it is not well-formed UTF-8.
uint32_t TakeCodePoint(std::string_view* text) {
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>((*text)[i]));
  };
  const uint32_t first = byte(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  uint32_t code = length <= 1 ? first : first & (0x7fu >> length);
  bool good = length != 0 && length <= text->size();
  for (size_t i = 1; good && i < length; ++i) {
    good = (byte(i) & 0xc0) == 0x80;
    code = (code << 6) | (byte(i) & 0x3f);
  }
  // Overlong forms of three and four bytes, surrogates, and numbers past the last character.
  if ((length == 3 && code < 0x800) || (length == 4 && code < 0x10000) || code > 0x10ffff ||
      (code >= 0xd800 && code < 0xe000)) {
    good = false;
  }
  text->remove_prefix(good ? length : 1);
  return good ? code : kInvalid;
}

bool IsControl(uint32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

}  // namespace

Result<uint64_t> CountValues(std::span<const uint64_t> shape) {
  if (shape.size() > kMaxRank) {
    return BadInputError(
        fmt::format("the shape has {} dimensions; reshape to at most {}", shape.size(), kMaxRank));
  }
  if (std::any_of(shape.begin(), shape.end(), [](uint64_t dim) { return dim > INT64_MAX; })) {
    return BadInputError(
        "the shape has a dimension above 2^63 - 1; the header is damaged, write the file again");
  }
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return uint64_t{0};
  uint64_t values = 1;
  for (const uint64_t dim : shape) {
    const auto product = CheckedMul(values, dim);
    if (!product || *product > kMaxValues) {
      return BadInputError(
          "the shape holds more than 2^56 values; the header is damaged, write the file again");
    }
    values = *product;
  }
  return values;
}

const DtypeInfo* FindDtype(std::string_view dtype) {
  const auto it = std::find_if(kDtypes.begin(), kDtypes.end(),
                               [&](const DtypeInfo& d) { return d.name == dtype; });
  return it == kDtypes.end() ? nullptr : it;
}

const DtypeInfo* FindNpyDtype(std::string_view descr) {
  struct Spelling {
    std::string_view text, dtype;
  };
  if (const DtypeInfo* exact = FindDtype(descr);
      exact != nullptr && exact->kind == FileKind::kNpy) {
    return exact;
  }
  static constexpr std::array kNames = {Spelling{"float32", "<f4"}, Spelling{"single", "<f4"},
                                        Spelling{"float16", "<f2"}, Spelling{"half", "<f2"},
                                        Spelling{"uint16", "<u2"},  Spelling{"ushort", "<u2"},
                                        Spelling{"bfloat16", "<V2"}};
  // These may follow a sign of the byte order, '=' being that of the host.
  static constexpr std::array kCodes = {
      Spelling{"f4", "<f4"}, Spelling{"f", "<f4"}, Spelling{"f2", "<f2"}, Spelling{"e", "<f2"},
      Spelling{"u2", "<u2"}, Spelling{"H", "<u2"}, Spelling{"V2", "|V2"}};
  for (const Spelling& s : kNames) {
    if (descr == s.text) return FindDtype(s.dtype);
  }
  if (!descr.empty() && std::string_view("<=|").find(descr[0]) != std::string_view::npos)
    descr.remove_prefix(1);
  for (const Spelling& s : kCodes) {
    if (descr == s.text) return FindDtype(s.dtype);
  }
  return nullptr;
}

std::string_view NpyDtype(std::string_view dtype) {
  const DtypeInfo* d = FindDtype(dtype);
  return d == nullptr ? std::string_view() : d->npy;
}

Status ValidateTensorInfo(const TensorInfo& info) {
  const auto bad = [&](const std::string& what) {
    return BadInputError(fmt::format("tensor {} {}", Quote(info.name), what));
  };
  if (info.name.size() > kMaxNameBytes) {
    return bad(fmt::format("has a name of {} bytes; rename it to at most {}", info.name.size(),
                           kMaxNameBytes));
  }
  if (!IsPlainText(info.name)) {
    return bad("has control characters or bytes that are not UTF-8 in its name; rename it");
  }
  const DtypeInfo* d = FindDtype(info.dtype);
  if (d == nullptr || d->format != info.format) {
    return bad(fmt::format("cannot have data type {} and format {}; use a data type of that format",
                           Quote(info.dtype), ToString(info.format)));
  }
  const Result<uint64_t> values = CountValues(info.shape);
  if (!values.ok()) return bad("cannot be: " + values.status().message());
  if (*values != info.values) {
    return bad(
        fmt::format("says {} values and its shape says {}; make them agree", info.values, *values));
  }
  return OkStatus();
}

bool MatchesPattern(const std::string& name, const std::string& pattern) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

std::string Quote(std::string_view text) {
  constexpr size_t kLongest = 300;
  std::string quoted = "'";
  while (!text.empty()) {
    if (quoted.size() > kLongest) {
      quoted += "...";
      break;
    }
    const std::string_view before = text;
    const uint32_t code = TakeCodePoint(&text);
    const std::string_view taken = before.substr(0, before.size() - text.size());
    if (code != kInvalid && !IsControl(code)) {
      quoted += taken;
    } else {
      for (const char c : taken) quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return quoted += '\'';
}

bool IsPlainText(std::string_view text) {
  while (!text.empty()) {
    const uint32_t code = TakeCodePoint(&text);
    if (code == kInvalid || IsControl(code)) return false;
  }
  return true;
}

}  // namespace actplane::io
