// SPDX-License-Identifier: Apache-2.0
#include "quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "codecs.h"
#include "peers/peers.h"

namespace actplane::bench {
namespace {

// Of the tables of speed, and of the peers.
std::set<double, std::greater<>> Rates() {
  std::set<double, std::greater<>> rates = {10, 6, 4};
  for (const peers::Peer& p : peers::All()) rates.insert(p.BitsPerValue());
  return rates;
}

Row PeerRow(const peers::Peer& peer, const DataSet& data) {
  const std::span<const float> values(data.values);
  std::vector<float> back(values.size());
  uint64_t bits = 0;
  size_t at = 0;
  for (const size_t length : data.tensors) {
    peers::Quantize(peer, values.subspan(at, length), std::span(back).subspan(at, length));
    bits += peer.Bits(length);
    at += length;
  }
  Row row{.data = data.name,
          .format = data.format,
          .codec = std::string(peer.name),
          .asked = peer.BitsPerValue(),
          .bits = static_cast<double>(bits) / static_cast<double>(values.size())};
  row.difference.Add(std::as_bytes(values), Format::kFp32, std::as_bytes(std::span(back)),
                     Format::kFp32);
  return row;
}

}  // namespace

std::vector<Row> MeasureQuality(const DataSet& data, std::vector<std::string>& faults) {
  std::vector<Row> rows;
  std::vector<std::byte> decoded;
  const auto add = [&](double bits) {
    for (const Entry& entry : MakeEntries(data, bits)) {
      Trial trial;
      if (const std::string fault = Try(entry, data, decoded, trial); !fault.empty()) {
        faults.push_back(fmt::format("{} data in {}, {}{} {}", data.name, ToString(data.format),
                                     entry.name,
                                     bits == 0 ? "" : fmt::format(" at {:g} bits", bits), fault));
        continue;
      }
      const double used = 8.0 * static_cast<double>(trial.used);
      rows.push_back({.data = data.name,
                      .format = data.format,
                      .codec = entry.name,
                      .asked = bits,
                      .bits = used / static_cast<double>(data.values.size()),
                      .difference = trial.difference});
    }
  };
  for (const double bits : Rates()) {
    for (const peers::Peer& peer : peers::All()) {
      if (peer.BitsPerValue() == bits && data.finite) rows.push_back(PeerRow(peer, data));
    }
    add(bits);
  }
  add(0);
  return rows;
}

std::string QualityTable(std::span<const Row> rows) {
  std::vector<Format> formats;
  std::vector<std::pair<double, std::string>> lines;
  for (const Row& row : rows) {
    const std::pair line(row.asked, row.codec);
    if (std::find(formats.begin(), formats.end(), row.format) == formats.end())
      formats.push_back(row.format);
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  }
  // A codec that one format alone has goes to the others of its bits.
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  const auto find = [&](double asked, std::string_view codec, Format format) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) {
      return r.asked == asked && r.codec == codec && r.format == format;
    });
    return row == rows.end() ? nullptr : &*row;
  };
  const auto is_peer = [](std::string_view codec) {
    return std::any_of(peers::All().begin(), peers::All().end(),
                       [&](const peers::Peer& p) { return p.name == codec; });
  };

  std::string text =
      fmt::format("  {:<16}{:>11}{:>9}{:>9}", "SNR in dB", "bits/value", "to FP32", "to BF16");
  for (const Format f : formats) text += fmt::format("{:>9} ", ToString(f));
  text.back() = '\n';
  size_t compared = 0, behind = 0;
  for (const auto& [asked, codec] : lines) {
    const bool lossless = asked == 0;
    if (lossless && text.find("lossless, bits") == std::string::npos)
      text += "  lossless, bits a value\n";
    text += lossless ? fmt::format("  {:<45}", codec)
                     : fmt::format("  {:<16}{:>11.2f}{:>9.2f}{:>9.2f}", codec, asked, 32 / asked,
                                   16 / asked);
    for (const Format f : formats) {
      const Row* row = find(asked, codec, f);
      const Row* ours = find(asked, "significance", f);
      const bool ahead = row != nullptr && ours != nullptr && is_peer(codec) &&
                         row->difference.noise < ours->difference.noise;
      if (row != nullptr && ours != nullptr && is_peer(codec)) ++compared;
      if (ahead) ++behind;
      const std::string cell = row == nullptr ? "-"
                               : lossless     ? fmt::format("{:.2f}", row->bits)
                                              : cli::SnrText(row->difference);
      text += fmt::format("{:>9}{}", cell, ahead ? '*' : ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text +
         fmt::format("  * ahead of significance at these bits: {} of {}\n", behind, compared);
}

}  // namespace actplane::bench
