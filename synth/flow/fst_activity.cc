// SPDX-License-Identifier: Apache-2.0
// fst_activity FILE.fst CLOCK [FROM_TIME]: how often every bit of a waveform changes in a clock cycle.
// Prints "path[bit] activity duty" for each bit, CLOCK being the full path of the clock; duty is the part of the
// clock edges at which the bit was 1. Verilator's copy of the FST library does the reading.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

// As Verilator itself does.
#define FST_CONFIG_INCLUDE "fst_config.h"
// clang-format off
#include "gtkwave/fastlz.c"
#include "gtkwave/fstapi.c"
#include "gtkwave/lz4.c"
// clang-format on

namespace {

struct Signal {
  std::string value;              // as the file has it, highest bit first
  std::vector<uint64_t> changes;  // of each of these bits
  std::vector<uint64_t> high;     // time
  uint64_t since = 0;
};

struct Activity {
  std::vector<Signal> signals;  // by handle
  uint64_t from = 0;

  void Change(uint64_t time, fstHandle handle, std::string_view value) {
    Signal& s = signals[handle];
    if (s.value.size() != value.size()) {
      s.value.assign(value);
      s.changes.assign(value.size(), 0);
      s.high.assign(value.size(), 0);
      s.since = time;
      return;
    }
    const uint64_t spent = time > from ? time - (s.since > from ? s.since : from) : 0;
    for (size_t i = 0; i < value.size(); ++i) {
      if (s.value[i] == '1') s.high[i] += spent;
      if (s.value[i] != value[i] && time >= from) ++s.changes[i];
    }
    s.value.assign(value);
    s.since = time;
  }
};

void OnChange(void* user, uint64_t time, fstHandle handle, const unsigned char* value) {
  const char* text = reinterpret_cast<const char*>(value);
  static_cast<Activity*>(user)->Change(time, handle, {text, std::strlen(text)});
}
void OnChangeOfLength(void* user, uint64_t time, fstHandle handle, const unsigned char* value,
                      uint32_t length) {
  static_cast<Activity*>(user)->Change(time, handle,
                                       {reinterpret_cast<const char*>(value), length});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: fst_activity FILE.fst CLOCK [FROM_TIME]\n");
    return 2;
  }
  void* file = fstReaderOpen(argv[1]);
  if (file == nullptr) {
    std::fprintf(stderr, "fst_activity: cannot read %s\n", argv[1]);
    return 3;
  }
  // Names first: one handle may have several.
  std::vector<std::pair<std::string, fstHandle>> names;
  fstHandle clock = 0;
  while (const fstHier* h = fstReaderIterateHier(file)) {
    if (h->htyp == FST_HT_SCOPE) {
      fstReaderPushScope(file, h->u.scope.name, nullptr);
    } else if (h->htyp == FST_HT_UPSCOPE) {
      fstReaderPopScope(file);
    } else if (h->htyp == FST_HT_VAR) {
      const char* scope = fstReaderGetCurrentFlatScope(file);
      std::string name = scope != nullptr ? std::string(scope) + "." : std::string();
      name += std::string(h->u.var.name, h->u.var.name_length);
      name = name.substr(0, name.find(' '));
      if (name == argv[2]) clock = h->u.var.handle;
      names.emplace_back(std::move(name), h->u.var.handle);
    }
  }
  if (clock == 0) {
    std::fprintf(stderr, "fst_activity: no signal %s in %s\n", argv[2], argv[1]);
    return 3;
  }
  Activity activity;
  activity.signals.resize(fstReaderGetMaxHandle(file) + 1);
  activity.from = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
  fstReaderSetFacProcessMaskAll(file);
  fstReaderIterBlocks2(file, OnChange, OnChangeOfLength, &activity, nullptr);
  const uint64_t end = fstReaderGetEndTime(file);
  for (fstHandle h = 1; h < activity.signals.size(); ++h) {
    Signal& s = activity.signals[h];
    if (!s.value.empty()) activity.Change(end, h, std::string(s.value));
  }
  const double cycles = activity.signals[clock].changes.at(0) / 2.0;
  const double time = static_cast<double>(end - activity.from);
  for (const auto& [name, handle] : names) {
    const Signal& s = activity.signals[handle];
    for (size_t i = 0; i < s.changes.size(); ++i) {
      const size_t bit = s.changes.size() - 1 - i;
      if (s.changes.size() == 1) {
        std::printf("%s %.6f %.4f\n", name.c_str(), s.changes[i] / cycles, s.high[i] / time);
      } else {
        std::printf("%s[%zu] %.6f %.4f\n", name.c_str(), bit, s.changes[i] / cycles, s.high[i] / time);
      }
    }
  }
  fstReaderClose(file);
  return 0;
}
