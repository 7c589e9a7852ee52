// SPDX-License-Identifier: Apache-2.0
// actplane memh: the slots of a tensor as an image for Verilog's $readmemh, and back.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "actplane/bits.h"
#include "common.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMagic = "// actplane memh 2 ";   // then the tensor as JSON
constexpr std::string_view kMagic1 = "// actplane memh 1 ";  // slots of format version 1
constexpr size_t kLongestLine = 64 << 10;
constexpr size_t kFlushBytes = 1 << 20;

struct MemhOptions {
  std::string in, out;
  std::optional<std::string> tensor;
  uint32_t word_bits = 256;
  bool back = false;
  bool force = false;
  bool json = false;
};

// All that an image says about itself.
struct Image {
  io::TensorInfo info;
  Config config;
  uint32_t word_bits = 0;

  uint64_t Blocks() const { return CeilDiv(info.values, config.block_len); }
  uint64_t Bytes() const { return Blocks() * config.slot_bytes; }
  uint64_t Words() const { return CeilDiv(Bytes(), word_bits / 8); }
};

Json HeadOf(const Image& image) {
  const Config& c = image.config;
  Json json = {{"name", image.info.name},      {"dtype", image.info.dtype},
               {"shape", image.info.shape},    {"fortran_order", image.info.fortran_order},
               {"format", ToString(c.format)}, {"block", c.block_len},
               {"slot_bytes", c.slot_bytes},   {"order", ToString(c.order)}};
  PutSettings(json, c);
  json["word_bits"] = image.word_bits;
  json["words"] = image.Words();
  return json;
}

Status ReportImage(const MemhOptions& o, const Image& image) {
  const bool piped = io::Files::IsStandardOutput(o.out);
  if (o.json) {
    Json json = {{"in", o.in}, {"out", o.out}};
    json.update(HeadOf(image));
    return PrintJson(json, piped);
  }
  return Print(fmt::format("{}: {} slots of {} bytes, {} words of {} bits\n", Label(o.out),
                           image.Blocks(), image.config.slot_bytes, image.Words(), image.word_bits),
               piped);
}

// Bytes in, lines of hex words out.
class WordWriter {
 public:
  WordWriter(io::Sink& sink, uint32_t word_bytes) : sink_(sink), word_bytes_(word_bytes) {}

  Status Put(std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) {
      word_.push_back(b);
      if (word_.size() == word_bytes_) EndWord();
    }
    return text_.size() < kFlushBytes ? OkStatus() : Flush();
  }

  Status Finish() {
    if (!word_.empty()) {
      word_.resize(word_bytes_);
      EndWord();
    }
    return Flush();
  }

 private:
  void EndWord() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (size_t i = word_.size(); i-- > 0;) {  // a number has its lowest byte last
      text_ += kDigits[std::to_integer<size_t>(word_[i] >> 4)];
      text_ += kDigits[std::to_integer<size_t>(word_[i] & std::byte{15})];
    }
    text_ += '\n';
    word_.clear();
  }

  Status Flush() {
    Status s = sink_.Write(std::as_bytes(std::span(text_)));
    text_.clear();
    return s;
  }

  io::Sink& sink_;
  size_t word_bytes_;
  std::vector<std::byte> word_;
  std::string text_;
};

Status ToImage(const MemhOptions& o) {
  io::Files files;
  Result<io::ContainerReader> reader = OpenContainer(files, o.in);
  if (!reader.ok()) return reader.status();
  Result<size_t> tensor = ChooseTensor(*reader, o.in, o.tensor);
  if (!tensor.ok()) return tensor.status();
  const io::ContainerTensor& t = reader->tensors()[*tensor];
  if (t.config.lossless) {
    return BadInputError(
        Where(o.in, t.info.name) +
        ": lossless blocks have no fixed place in a memory; compress with --ratio or --slot-bytes");
  }
  const Image image{t.info, t.config, o.word_bits};
  Result<std::unique_ptr<io::Sink>> sink = files.OpenOutput(o.out, o.force);
  if (!sink.ok()) return sink.status();
  const std::string head = fmt::format(
      "{}{}\n// Block i starts at byte i * {}; byte 0 of a word is its lowest 8 bits.\n", kMagic,
      HeadOf(image).dump(-1, ' ', true), t.config.slot_bytes);
  if (Status s = (*sink)->Write(std::as_bytes(std::span(head))); !s.ok()) return s;
  WordWriter words(**sink, o.word_bits / 8);
  {
    Progress progress("memh", image.Bytes(), o.json);
    for (uint64_t c = 0; c < t.chunks; ++c) {
      Result<io::ChunkView> chunk = reader->ReadChunk(*tensor, c);
      if (!chunk.ok()) return chunk.status();
      if (Status s = words.Put(chunk->bytes); !s.ok()) return s;
      progress.Advance(chunk->bytes.size());
    }
  }
  if (Status s = words.Finish(); !s.ok()) return s;
  if (Status s = (*sink)->Commit(); !s.ok()) return s;
  return ReportImage(o, image);
}

// The lines of a text file, one at a time.
class LineReader {
 public:
  explicit LineReader(const io::RandomAccessSource& source) : source_(source) {}

  // False at the end of the file.
  Result<bool> Next(std::string& line) {
    line.clear();
    ++number_;
    for (;;) {
      if (at_ == buffer_.size()) {
        if (offset_ == source_.size()) return !line.empty();
        buffer_.resize(std::min<uint64_t>(kFlushBytes, source_.size() - offset_));
        if (Status s = source_.ReadAt(offset_, std::as_writable_bytes(std::span(buffer_)));
            !s.ok()) {
          return s;
        }
        offset_ += buffer_.size();
        at_ = 0;
      }
      const size_t end = std::min(buffer_.find('\n', at_), buffer_.size());
      line.append(buffer_, at_, end - at_);
      at_ = end;
      if (line.size() > kLongestLine) return Bad("it is too long for a memory image");
      if (end == buffer_.size()) continue;
      ++at_;
      if (line.ends_with('\r')) line.pop_back();
      return true;
    }
  }

  uint64_t offset() const { return offset_ - buffer_.size() + at_; }

  Status Bad(const std::string& what) const {
    return BadInputError(fmt::format("{}: line {}: {}; make it again with actplane memh",
                                     io::Quote(source_.name()), number_, what));
  }

 private:
  const io::RandomAccessSource& source_;
  std::string buffer_;
  size_t at_ = 0;
  uint64_t offset_ = 0;
  uint64_t number_ = 0;
};

// `json[key]` if it is there and of the type of `value`.
template <typename T>
bool Take(const Json& json, const char* key, T& value) {
  const auto it = json.find(key);
  if (it == json.end()) return false;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!it->is_string()) return false;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!it->is_boolean()) return false;
  } else if constexpr (std::is_same_v<T, std::vector<uint64_t>>) {
    if (!it->is_array()) return false;
    if (!std::all_of(it->begin(), it->end(), [](const Json& j) { return j.is_number_unsigned(); }))
      return false;
  } else {
    if (!it->is_number_unsigned() || it->template get<uint64_t>() > UINT32_MAX) return false;
  }
  value = it->template get<T>();
  return true;
}

template <typename E>
bool TakeName(const Json& json, const char* key, const std::vector<E>& choices, E& value) {
  std::string name;
  if (!Take(json, key, name)) return false;
  const auto it =
      std::find_if(choices.begin(), choices.end(), [&](E e) { return ToString(e) == name; });
  if (it != choices.end()) value = *it;
  return it != choices.end();
}

// What only one order has, as PutSettings puts it: null where the order does not have it.
bool TakeSettings(const Json& json, Config& c) {
  const auto null = [&](const char* key) { return json.contains(key) && json[key].is_null(); };
  if (c.order == Order::kField) {
    return TakeName(json, "fill", {Fill::kMidpoint, Fill::kZero}, c.fill) &&
           Take(json, "delta_cap", c.delta_cap) && null("group") && null("rows");
  }
  return null("fill") && null("delta_cap") && Take(json, "group", c.group_len) &&
         Take(json, "rows", c.row_limit);
}

Result<Image> ParseHead(const std::string& line, const LineReader& lines) {
  if (line.starts_with(kMagic1))
    return lines.Bad("it is of version 1, and this program reads 2: compress the tensor again");
  if (!line.starts_with(kMagic)) return lines.Bad("it is not the first line of an image");
  const Json json = Json::parse(line.substr(kMagic.size()), nullptr, false);
  Image image;
  Config& c = image.config;
  const bool complete =
      json.is_object() && Take(json, "name", image.info.name) &&
      Take(json, "dtype", image.info.dtype) && Take(json, "shape", image.info.shape) &&
      Take(json, "fortran_order", image.info.fortran_order) &&
      TakeName(json, "format", {Format::kFp32, Format::kFp16, Format::kBf16}, c.format) &&
      Take(json, "block", c.block_len) && Take(json, "slot_bytes", c.slot_bytes) &&
      TakeName(json, "order", {Order::kField, Order::kSignificance}, c.order) &&
      TakeSettings(json, c) && Take(json, "word_bits", image.word_bits);
  if (!complete) return lines.Bad("it does not describe a tensor");
  if (image.word_bits == 0 || image.word_bits % 8 != 0 || image.word_bits > 4096) {
    return lines.Bad(fmt::format("words of {} bits are not known", image.word_bits));
  }
  const Result<uint64_t> values = io::CountValues(image.info.shape);
  if (!values.ok()) return lines.Bad(values.status().message());
  image.info.values = *values;
  image.info.format = c.format;
  if (Status s = io::ValidateTensorInfo(image.info); !s.ok()) return lines.Bad(s.message());
  if (Status s = ValidateConfig(c); !s.ok()) return lines.Bad(s.message());
  return image;
}

// Appends the bytes of a hex word. False unless it has exactly the digits that it needs.
bool ParseWord(std::string_view text, uint32_t word_bytes, std::vector<std::byte>& bytes) {
  if (text.size() != 2 * size_t{word_bytes}) return false;
  const auto digit = [](char c) -> uint32_t {
    if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A' + 10);
    return 16;
  };
  for (size_t i = text.size(); i > 0; i -= 2) {
    const uint32_t high = digit(text[i - 2]);
    const uint32_t low = digit(text[i - 1]);
    if (high > 15 || low > 15) return false;
    bytes.push_back(static_cast<std::byte>(high << 4 | low));
  }
  return true;
}

Status FromImage(const MemhOptions& o) {
  io::Files files;
  Result<std::unique_ptr<io::RandomAccessSource>> source = files.OpenInput(o.in);
  if (!source.ok()) return source.status();
  LineReader lines(**source);
  std::string line;
  Result<bool> more = lines.Next(line);
  if (!more.ok()) return more.status();
  Result<Image> image = ParseHead(line, lines);
  if (!image.ok()) return image.status();
  const Config& config = image->config;
  Result<std::unique_ptr<io::Sink>> sink = files.OpenOutput(o.out, o.force);
  if (!sink.ok()) return sink.status();
  io::ContainerWriter writer = io::ContainerWriter::Create(std::move(*sink));
  if (Status s = writer.BeginTensor(image->info, config); !s.ok()) return s;

  const uint64_t bytes = image->Bytes();
  const uint64_t words = image->Words();
  const uint32_t word_bytes = image->word_bits / 8;
  uint64_t read = 0;  // words
  std::vector<std::byte> slots;
  {
    Progress progress("memh", (*source)->size(), o.json);
    for (more = lines.Next(line); more.ok() && *more; more = lines.Next(line)) {
      if (line.empty() || line.starts_with("//")) continue;
      if (read == words)
        return lines.Bad(fmt::format("it is more than the {} words of the image", words));
      if (!ParseWord(line, word_bytes, slots)) {
        return lines.Bad(
            fmt::format("{} is not a word of {} hex digits", io::Quote(line), 2 * word_bytes));
      }
      ++read;
      if (read == words) {  // what fills the last word up
        const auto spare = static_cast<size_t>(words * word_bytes - bytes);
        const auto tail = std::span(slots).last(spare);
        if (std::any_of(tail.begin(), tail.end(), [](std::byte b) { return b != std::byte{0}; })) {
          return lines.Bad(fmt::format("the {} bytes after the last slot are not zero", spare));
        }
        slots.resize(slots.size() - spare);
      }
      if (slots.size() < kFlushBytes && read != words) continue;
      const size_t whole = slots.size() / config.slot_bytes * config.slot_bytes;
      if (Status s = writer.Append(std::span(slots).first(whole)); !s.ok()) return s;
      slots.erase(slots.begin(), slots.begin() + static_cast<ptrdiff_t>(whole));
      progress.Advance(lines.offset() - progress.done());
    }
  }
  if (!more.ok()) return more.status();
  if (read != words) {
    return lines.Bad(fmt::format("the file ends after {} of {} words", read, words));
  }
  if (Status s = writer.EndTensor(); !s.ok()) return s;
  if (Status s = writer.Finish(); !s.ok()) return s;
  return ReportImage(o, *image);
}

}  // namespace

Command AddMemh(CLI::App& root) {
  auto o = std::make_shared<MemhOptions>();
  CLI::App* app = root.add_subcommand("memh", "Slots as a $readmemh image, and back");
  app->add_option("IN", o->in, "Container, or with --back an image; - for standard input")
      ->required()
      ->type_name(" ");
  app->add_option("OUT", o->out,
                  "Image to write, or with --back a container; - for standard output")
      ->required()
      ->type_name(" ");
  auto* tensor = AddTensor(*app, o->tensor, "Which tensor, if there are several");
  tensor->type_name("NAME");
  auto* bits = app->add_option("--word-bits", o->word_bits, "Bits of a word of the memory");
  bits->transform(Decimal())
      ->check(Quiet(CLI::IsMember({64, 128, 256, 512})))
      ->type_name("64|128|256|512")
      ->capture_default_str();
  app->add_flag("--back", o->back, "From image to container")->excludes(tensor)->excludes(bits);
  AddForce(*app, o->force);
  AddJson(*app, o->json);
  app->footer(
      "Fixed slots only. Block i starts at byte i * T; byte 0 of a word is its lowest 8 bits. The\n"
      "first comment of an image says all that is needed to come back.\n\n"
      "Examples:\n"
      "  actplane memh gelu.apl gelu.memh --word-bits 128\n"
      "  actplane memh --back gelu.memh gelu-again.apl");
  return {app, [o] { return o->back ? FromImage(*o) : ToImage(*o); }};
}

}  // namespace actplane::cli
