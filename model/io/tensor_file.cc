// SPDX-License-Identifier: Apache-2.0
#include "actplane/io/tensor_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "checked.h"
#include "dtype.h"
#include "npy_header.h"
#include "safetensors_header.h"

namespace actplane::io {
namespace {

constexpr uint64_t kMaxNpyHeader = 64 << 10;  // numpy itself refuses more than 10,000 bytes
constexpr size_t kMaxNotes = 20;

std::span<std::byte> Bytes(std::string* text) { return std::as_writable_bytes(std::span(*text)); }

constexpr std::string_view kContainerMagic =
    "\x89"
    "APL";

Result<std::string> HeadOf(const RandomAccessSource& source) {
  std::string head(std::min<uint64_t>(source.size(), 9), '\0');
  if (Status s = source.ReadAt(0, Bytes(&head)); !s.ok()) return s;
  return head;
}

bool IsSafetensors(std::string_view head, std::string_view name) {
  return name.ends_with(".safetensors") || head.ends_with('{');
}

// The fix for a .npy data type that cannot be compressed.
std::string NpyDtypeError(std::string_view descr) {
  if (descr == ">f4" || descr == ">f2") {
    return fmt::format("its data type '{}' is big-endian; save a.astype('<{}') instead", descr,
                       descr.substr(1));
  }
  if (descr.find('O') != std::string_view::npos)
    return "it holds Python objects; save an array of numbers instead";
  return fmt::format("its data type is {}; save float32 or float16, or bfloat16 bits as uint16",
                     Quote(descr));
}

}  // namespace

Status TensorReader::Bad(const std::string& what) const {
  return BadInputError(Quote(source_->name()) + ": " + what);
}

void TensorReader::AddNote(std::string note) {
  if (notes_.size() < kMaxNotes) {
    notes_.push_back(std::move(note));
    return;
  }
  // The last line counts the rest: a hostile file must not fill memory or screen with notes.
  if (notes_left_out_++ == 0) notes_.emplace_back();
  notes_.back() = fmt::format("{} more tensors are skipped for such reasons", notes_left_out_);
}

Result<TensorReader> TensorReader::Open(const std::string& path, const TensorFileOptions& options) {
  Result<std::unique_ptr<RandomAccessSource>> source = OpenFile(path);
  if (!source.ok()) return source.status();
  return Open(std::move(*source), options);
}

Result<TensorReader> TensorReader::Open(std::unique_ptr<RandomAccessSource> source,
                                        const TensorFileOptions& options) {
  TensorReader reader(std::move(source));
  const RandomAccessSource& file = *reader.source_;
  const Result<std::string> read = HeadOf(file);
  if (!read.ok()) return read.status();
  const std::string_view head = *read;
  const std::string_view name = file.name();

  Status s;
  if (head.starts_with(kContainerMagic)) {
    s = reader.Bad("it is a compressed container; use actplane decompress first");
  } else if (head.starts_with(kNpyMagic)) {
    reader.npy_ = true;
    s = reader.OpenNpy(options);
  } else if (name.ends_with(".npy")) {
    s = reader.Bad("it does not start as .npy files do; write it again with numpy.save");
  } else if (IsSafetensors(head, name)) {
    s = reader.OpenSafetensors(options);
  } else if (head.starts_with("PK")) {
    s = reader.Bad(
        "it is an archive (.npz, .pt or .zip); save its tensors as .npy or .safetensors");
  } else {
    s = reader.Bad("it is neither .npy nor .safetensors; save the tensor as one of them");
  }
  if (!s.ok()) return s;
  return reader;
}

Result<bool> TensorReader::Recognizes(const RandomAccessSource& source) {
  const Result<std::string> head = HeadOf(source);
  if (!head.ok()) return head.status();
  const std::string_view name = source.name();
  return !head->starts_with(kContainerMagic) &&
         (head->starts_with(kNpyMagic) || name.ends_with(".npy") || IsSafetensors(*head, name));
}

Status TensorReader::OpenNpy(const TensorFileOptions& options) {
  if (options.tensor && !options.mixed)
    return Bad("a .npy file holds one tensor without a name; leave out --tensor");
  const Status truncated = Bad("the .npy header is truncated; write it again with numpy.save");
  std::array<std::byte, 12> head{};
  const uint64_t size = source_->size();
  if (size < 10) return truncated;
  if (Status s = source_->ReadAt(0, std::span(head).first(std::min<size_t>(size, 12))); !s.ok())
    return s;

  const auto major = static_cast<unsigned>(head[6]);
  const auto minor = static_cast<unsigned>(head[7]);
  if (major < 1 || major > 3 || minor != 0) {
    return Bad(fmt::format(".npy version {}.{} is not known; save it as version 1.0, 2.0 or 3.0",
                           major, minor));
  }
  const uint64_t prefix = major == 1 ? 10 : 12;
  const uint64_t length = major == 1 ? Load<uint16_t>(head, 8) : Load<uint32_t>(head, 8);
  if (length > kMaxNpyHeader) {
    return Bad(
        fmt::format("the .npy header has {} bytes, more than {}; write it again with numpy.save",
                    length, kMaxNpyHeader));
  }
  if (prefix + length > size) return truncated;
  std::string text(length, '\0');
  if (Status s = source_->ReadAt(prefix, Bytes(&text)); !s.ok()) return s;
  Result<NpyHeader> header = ParseNpyHeader(text);
  if (!header.ok()) return Bad(header.status().message());

  const DtypeInfo* dtype = FindNpyDtype(header->descr);
  const bool says_it =
      dtype != nullptr && (dtype->format != Format::kBf16 || header->descr == "bfloat16");
  std::string obstacle;
  if (dtype == nullptr) {
    obstacle = NpyDtypeError(header->descr);
  } else if (!says_it && !options.format) {
    obstacle = fmt::format("its data type is {}; pass --format bf16 if these are bfloat16 bits",
                           Quote(header->descr));
  }
  if (!obstacle.empty()) {
    if (!options.list) return Bad(obstacle);
    skipped_.push_back({.name = "",
                        .dtype = std::move(header->descr),
                        .shape = std::move(header->shape),
                        .fortran_order = header->fortran_order,
                        .offset = prefix + length,
                        .bytes = size - prefix - length,
                        .reason = std::move(obstacle)});
    return OkStatus();
  }
  if (options.format && *options.format != dtype->format && !(options.mixed && says_it)) {
    return Bad(fmt::format("its data type {} is not {}; pass --format {}", Quote(header->descr),
                           ToString(*options.format), ToString(dtype->format)));
  }
  const Result<uint64_t> values = CountValues(header->shape);
  if (!values.ok()) return Bad(values.status().message());

  TensorInfo info;
  info.format = dtype->format;
  info.dtype = dtype->name;
  info.shape = std::move(header->shape);
  info.fortran_order = header->fortran_order;
  info.values = *values;
  info.offset = prefix + length;
  const uint64_t expected = info.values * InfoOf(info.format).value_bytes;
  const uint64_t present = size - info.offset;
  if (present != expected) {
    return Bad(fmt::format(
        "it has {} bytes of data where the shape needs {}; {}, write it again with numpy.save",
        present, expected, present < expected ? "it is truncated" : "something was appended"));
  }
  tensors_.push_back(std::move(info));
  return OkStatus();
}

Status TensorReader::OpenSafetensors(const TensorFileOptions& options) {
  const uint64_t size = source_->size();
  std::array<std::byte, 8> head{};
  if (size < head.size()) return Bad("it is too short for .safetensors; get it again");
  if (Status s = source_->ReadAt(0, head); !s.ok()) return s;
  const auto length = Load<uint64_t>(head, 0);
  if (length > size - head.size()) {
    return Bad(
        fmt::format("its header should have {} bytes but the file has {}; it is truncated or not "
                    ".safetensors, get it again",
                    length, size));
  }
  if (length > kMaxSafetensorsHeader) {
    return Bad(fmt::format("its header has {} bytes, more than {}; split the file", length,
                           kMaxSafetensorsHeader));
  }
  const uint64_t data = head.size() + length;
  std::vector<SafetensorsEntry> entries;
  {
    std::string json(length, '\0');
    if (Status s = source_->ReadAt(head.size(), Bytes(&json)); !s.ok()) return s;
    Result<std::vector<SafetensorsEntry>> parsed = ParseSafetensorsHeader(json, size - data);
    if (!parsed.ok()) return Bad(parsed.status().message());
    entries = std::move(*parsed);
  }

  const bool named = std::any_of(entries.begin(), entries.end(), [&](const SafetensorsEntry& e) {
    return e.name == options.tensor;
  });
  for (SafetensorsEntry& e : entries) {
    if (options.tensor &&
        !(named ? e.name == *options.tensor : MatchesPattern(e.name, *options.tensor))) {
      continue;
    }
    const DtypeInfo* dtype = FindDtype(e.dtype);
    std::string obstacle;
    bool excluded = false;
    if (dtype == nullptr || dtype->kind != FileKind::kSafetensors) {
      obstacle = fmt::format("its data type is {}, and only F32, F16 and BF16 can be compressed",
                             Quote(e.dtype));
    } else if (options.format && *options.format != dtype->format && !options.mixed) {
      obstacle = fmt::format("its data type {} is not {}", e.dtype, ToString(*options.format));
      excluded = true;
    }
    if (obstacle.empty()) {
      TensorInfo info{.name = e.name,
                      .format = dtype->format,
                      .dtype = e.dtype,
                      .shape = e.shape,
                      .values = (e.end - e.begin) / InfoOf(dtype->format).value_bytes,
                      .offset = data + e.begin};
      const Status s = ValidateTensorInfo(info);
      if (s.ok()) {
        tensors_.push_back(std::move(info));
        continue;
      }
      if (!options.list) return Bad(s.message());
      obstacle = s.message();
    } else if (named && !options.list) {
      return Bad(fmt::format("tensor {} cannot be read: {}; choose another --tensor", Quote(e.name),
                             obstacle));
    }
    AddNote(fmt::format("{}: tensor {} is skipped: {}", Quote(source_->name()), Quote(e.name),
                        obstacle));
    if (excluded) continue;
    skipped_.push_back({.name = std::move(e.name),
                        .dtype = std::move(e.dtype),
                        .shape = std::move(e.shape),
                        .offset = data + e.begin,
                        .bytes = e.end - e.begin,
                        .reason = std::move(obstacle)});
  }
  if (tensors_.empty() && options.tensor && notes_.empty()) {
    return Bad(fmt::format("there is no tensor {} among its {}; actplane inspect lists them",
                           Quote(*options.tensor), entries.size()));
  }
  if (tensors_.empty() && !entries.empty() && !options.list) {
    return Bad(fmt::format("none of its {} tensors can be read: it needs F32, F16 or BF16 ones{}",
                           entries.size(), options.format ? ", and --format must agree" : ""));
  }
  return OkStatus();
}

Status TensorReader::Read(size_t tensor, uint64_t first_value, std::span<std::byte> out) const {
  if (tensor >= tensors_.size())
    return Bad(fmt::format("there is no tensor number {}; it has {}", tensor, tensors_.size()));
  const TensorInfo& info = tensors_[tensor];
  const uint64_t width = InfoOf(info.format).value_bytes;
  if (out.size() % width != 0 || first_value > info.values ||
      out.size() / width > info.values - first_value) {
    return Bad(fmt::format(
        "{} bytes from value {} on are not whole values of a tensor of {}; ask for fewer",
        out.size(), first_value, info.values));
  }
  return source_->ReadAt(info.offset + first_value * width, out);
}

Status TensorReader::ReadSkipped(size_t tensor, uint64_t first_byte,
                                 std::span<std::byte> out) const {
  if (tensor >= skipped_.size() || first_byte > skipped_[tensor].bytes ||
      out.size() > skipped_[tensor].bytes - first_byte) {
    return Bad(
        fmt::format("{} bytes from byte {} on are not inside skipped tensor {}; ask for fewer",
                    out.size(), first_byte, tensor));
  }
  return source_->ReadAt(skipped_[tensor].offset + first_byte, out);
}

}  // namespace actplane::io
