// SPDX-License-Identifier: Apache-2.0
#include "npy_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "actplane/io/tensor_info.h"

namespace actplane::io {
namespace {

// Reads tokens; each call skips white space first and takes nothing when it does not match.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Take(std::string_view token) {
    SkipSpace();
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }

  // 'x' or "x"; a backslash would need Python's escapes, which no header has.
  std::optional<std::string_view> TakeString() {
    SkipSpace();
    if (!text_.starts_with('\'') && !text_.starts_with('"')) return std::nullopt;
    const size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view body = text_.substr(1, end - 1);
    if (body.find('\\') != std::string_view::npos) return std::nullopt;
    text_.remove_prefix(end + 1);
    return body;
  }

  // Digits up to 2^63 - 1, with the L that Python 2 wrote.
  std::optional<uint64_t> TakeInteger() {
    SkipSpace();
    uint64_t value = 0;
    size_t n = 0;
    for (; n < text_.size() && text_[n] >= '0' && text_[n] <= '9'; ++n) {
      const auto digit = static_cast<uint64_t>(text_[n] - '0');
      if (value > (INT64_MAX - digit) / 10) return std::nullopt;
      value = value * 10 + digit;
    }
    if (n == 0) return std::nullopt;
    text_.remove_prefix(n);
    if (text_.starts_with('L')) text_.remove_prefix(1);
    return value;
  }

  bool AtEnd() {
    SkipSpace();
    return text_.empty();
  }

 private:
  void SkipSpace() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
  }

  std::string_view text_;
};

Status Malformed() {
  return BadInputError("the .npy header is malformed; write it again with numpy.save");
}

Status ParseDescr(Scanner* in, std::string* descr) {
  if (in->Take("[") || in->Take("(")) {
    return BadInputError("the data type is structured; save one of its fields, for example a['x']");
  }
  const auto text = in->TakeString();
  if (!text) return Malformed();
  *descr = *text;
  return OkStatus();
}

Status ParseShape(Scanner* in, std::vector<uint64_t>* shape) {
  if (!in->Take("(")) return Malformed();
  while (!in->Take(")")) {
    if (in->Take("-"))
      return BadInputError("the shape has a negative dimension; write it again with numpy.save");
    const auto dim = in->TakeInteger();
    if (!dim) return Malformed();
    shape->push_back(*dim);
    if (in->Take(",")) continue;
    // Without a comma the tuple must end here, and (3) is not a tuple.
    if (shape->size() == 1 || !in->Take(")")) return Malformed();
    break;
  }
  return OkStatus();
}

}  // namespace

Result<NpyHeader> ParseNpyHeader(std::string_view text) {
  Scanner in(text);
  NpyHeader header;
  bool has_descr = false, has_order = false, has_shape = false;
  if (!in.Take("{")) return Malformed();
  while (!in.Take("}")) {
    const auto key = in.TakeString();
    if (!key || !in.Take(":")) return Malformed();
    Status s;
    if (*key == "descr" && !std::exchange(has_descr, true)) {
      s = ParseDescr(&in, &header.descr);
    } else if (*key == "fortran_order" && !std::exchange(has_order, true)) {
      header.fortran_order = in.Take("True");
      if (!header.fortran_order && !in.Take("False")) s = Malformed();
    } else if (*key == "shape" && !std::exchange(has_shape, true)) {
      s = ParseShape(&in, &header.shape);
    } else {
      s = Malformed();
    }
    if (!s.ok()) return s;
    if (in.Take(",")) continue;
    if (!in.Take("}")) return Malformed();
    break;
  }
  if (!in.AtEnd() || !has_descr || !has_order || !has_shape) return Malformed();
  return header;
}

std::string FormatNpyHeader(const NpyHeader& header) {
  const auto& shape = header.shape;
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': ({}{}), }}",
                                 header.descr, header.fortran_order ? "True" : "False",
                                 fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  // numpy leaves room for the dimension that may grow to become 21 digits long.
  if (!shape.empty()) {
    const uint64_t growing = header.fortran_order ? shape.back() : shape.front();
    dict.append(21 - fmt::formatted_size("{}", growing), ' ');
  }
  constexpr size_t kPrefix = 10;  // magic, version, 16-bit length
  dict.append(64 - (kPrefix + dict.size() + 1) % 64, ' ');
  dict += '\n';
  std::string out(kNpyMagic);
  out += '\x01';
  out += '\0';
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict;
}

}  // namespace actplane::io
