// SPDX-License-Identifier: Apache-2.0
// dram.txt: reading it, and the one that is built in.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include "actplane/io/tensor_info.h"
#include "replay/dram.h"
#include "replay/dram_text.h"

namespace actplane::tb {
namespace {

struct Field {
  std::string_view name;
  uint64_t DramConfig::*count;  // or
  int64_t DramConfig::*time;
};

constexpr Field Count(std::string_view name, uint64_t DramConfig::*member) {
  return {name, member, nullptr};
}
constexpr Field Time(std::string_view name, int64_t DramConfig::*member) {
  return {name, nullptr, member};
}

constexpr std::array kFields = {Count("clock_ps", &DramConfig::clock_ps),
                                Count("channels", &DramConfig::channels),
                                Count("bus_bits", &DramConfig::bus_bits),
                                Count("burst_length", &DramConfig::burst_length),
                                Count("bank_groups", &DramConfig::bank_groups),
                                Count("banks", &DramConfig::banks),
                                Count("rows", &DramConfig::rows),
                                Count("row_bytes", &DramConfig::row_bytes),
                                Time("CL", &DramConfig::cl),
                                Time("CWL", &DramConfig::cwl),
                                Time("tRCD", &DramConfig::rcd),
                                Time("tRCD_WR", &DramConfig::rcd_wr),
                                Time("tRP", &DramConfig::rp),
                                Time("tRAS", &DramConfig::ras),
                                Time("tRC", &DramConfig::rc),
                                Time("tCCD_S", &DramConfig::ccd_s),
                                Time("tCCD_L", &DramConfig::ccd_l),
                                Time("tRRD_S", &DramConfig::rrd_s),
                                Time("tRRD_L", &DramConfig::rrd_l),
                                Time("tFAW", &DramConfig::faw),
                                Time("tWR", &DramConfig::wr),
                                Time("tWTR_S", &DramConfig::wtr_s),
                                Time("tWTR_L", &DramConfig::wtr_l),
                                Time("tRTP", &DramConfig::rtp),
                                Time("tRTW_gap", &DramConfig::rtw_gap),
                                Time("tREFI", &DramConfig::refi),
                                Time("tRFC", &DramConfig::rfc)};

constexpr double kMostNanoseconds = 1e9;
constexpr uint64_t kMostCount = 1 << 24;

// Clocks of "22ck" or "13.75ns"; negative when it is neither.
int64_t ClocksOf(std::string_view word, uint64_t clock_ps) {
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const std::string_view unit(end, static_cast<size_t>(word.data() + word.size() - end));
  if (error != std::errc() || !(number >= 0 && number <= kMostNanoseconds)) return -1;
  if (unit == "ck") return number == std::floor(number) ? static_cast<int64_t>(number) : -1;
  if (unit != "ns") return -1;
  // 13.75 ns in clocks of 0.625 ns are 22, whatever doubles make of it.
  return static_cast<int64_t>(std::ceil(number * 1000 / static_cast<double>(clock_ps) - 1e-9));
}

// What keeps a section from being a memory; empty when nothing does.
std::string ReasonAgainst(const DramConfig& c) {
  for (const Field& f : kFields) {
    if (f.count != nullptr && (c.*f.count == 0 || !std::has_single_bit(c.*f.count)) &&
        f.name != "clock_ps" && f.name != "channels") {
      return fmt::format("{} is no power of two", f.name);
    }
  }
  if (c.bus_bits < 8 || c.burst_length < 2) return "a burst needs 8 bits and 2 transfers at least";
  if (c.row_bytes < c.BurstBytes()) return "a row is smaller than a burst";
  if (c.cl + c.BurstClocks() + c.rtw_gap < c.cwl) return "CWL is beyond the end of a read";
  if (c.ccd_s < c.BurstClocks()) return "tCCD_S is shorter than a burst";
  if (c.rc < c.ras || c.refi <= c.rfc + c.rc + c.rp) return "tRC or tREFI is too short";
  return "";
}

class Parser {
 public:
  explicit Parser(const std::string& file) : file_(file) {}

  Status Line(std::string line) {
    ++line_;
    line = line.substr(0, line.find('#'));
    std::istringstream words(line);
    std::string name, word;
    if (!(words >> name)) return OkStatus();
    if (name.front() == '[') return Section(name);
    if (current_ == nullptr) return Bad("a value before the first [NAME]", "put it below one");
    const auto field = std::find_if(kFields.begin(), kFields.end(),
                                    [&](const Field& f) { return f.name == name; });
    if (field == kFields.end()) {
      return Bad(io::Quote(name) + " is no parameter", "see tb/replay/dram.txt for their names");
    }
    if (!seen_.insert(name).second) return Bad(name + " is there twice", "leave one of them out");
    if (field->count != nullptr) {
      words >> word;
      uint64_t& count = current_->*field->count;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
      const bool whole = error == std::errc() && end == word.data() + word.size();
      if (!whole || count == 0 || count > kMostCount || (words >> word)) {
        return Bad(name + " is no count", fmt::format("give one number, 1 to {}", kMostCount));
      }
      return OkStatus();
    }
    if (current_->clock_ps == 0) return Bad("a time before clock_ps", "put clock_ps first");
    int64_t& clocks = current_->*field->time;
    clocks = -1;
    while (words >> word) {
      const int64_t one = ClocksOf(word, current_->clock_ps);
      if (one < 0) return Bad(io::Quote(word) + " is no time", "write 22ck or 13.75ns");
      clocks = std::max(clocks, one);
    }
    return clocks >= 0 ? OkStatus() : Bad(name + " has no time", "write 22ck or 13.75ns");
  }

  Status EndSection() {
    if (current_ == nullptr) return OkStatus();
    for (const Field& f : kFields) {
      if (!seen_.contains(std::string(f.name))) {
        return Bad(fmt::format("[{}] ends without {}", current_->name, f.name), "add it");
      }
    }
    const std::string reason = ReasonAgainst(*current_);
    return reason.empty() ? OkStatus()
                          : Bad(fmt::format("[{}]: {}", current_->name, reason), "correct it");
  }

  DramConfigs& configs() { return configs_; }

 private:
  Status Section(const std::string& name) {
    if (Status s = EndSection(); !s.ok()) return s;
    const std::string inside = name.substr(1, name.size() - 2);
    if (name.size() < 3 || name.back() != ']') return Bad("no [NAME]", "write [NAME]");
    if (configs_.contains(inside)) return Bad(inside + " is there twice", "rename one of them");
    current_ = &configs_[inside];
    current_->name = inside;
    seen_.clear();
    return OkStatus();
  }

  Status Bad(const std::string& what, const std::string& fix) const {
    return BadInputError(fmt::format("{}, line {}: {}; {}", io::Quote(file_), line_, what, fix));
  }

  std::string file_;
  uint64_t line_ = 0;
  DramConfigs configs_;
  DramConfig* current_ = nullptr;
  std::set<std::string> seen_;
};

}  // namespace

Result<DramConfigs> ParseDramConfigs(std::string_view text, const std::string& file) {
  Parser parser(file);
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    if (Status s = parser.Line(line); !s.ok()) return s;
  }
  if (Status s = parser.EndSection(); !s.ok()) return s;
  if (parser.configs().empty()) {
    return BadInputError(fmt::format("{} holds no memory; begin one with [NAME]", io::Quote(file)));
  }
  return std::move(parser.configs());
}

const DramConfigs& BuiltInDramConfigs() {
  static const DramConfigs configs = [] {
    Result<DramConfigs> parsed = ParseDramConfigs(kDramText, "dram.txt");
    return parsed.ok() ? std::move(parsed).value() : DramConfigs();
  }();
  return configs;
}

}  // namespace actplane::tb
