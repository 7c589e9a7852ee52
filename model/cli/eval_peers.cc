// SPDX-License-Identifier: Apache-2.0
#include "eval_peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

// Two digits where one would hide who is ahead.
std::string DbText(double db) {
  return std::abs(db) < 0.05 ? fmt::format("{:+.2f}", db) : fmt::format("{:+.1f}", db);
}

std::string LeadText(const std::optional<Lead>& lead) {
  if (!lead) return "-";
  return lead->db ? DbText(*lead->db) : LeadName(*lead);
}

// The outcomes of a peer: its own, then those of the orders beside it.
std::vector<std::pair<const Setting*, std::span<const Outcome>>> ByPeer(
    std::span<const Setting> settings, const Outcomes& outcomes) {
  std::vector<std::pair<const Setting*, std::span<const Outcome>>> groups;
  if (outcomes.of.size() < settings.size()) return groups;  // no tensor
  const auto of = std::span(outcomes.of).last(settings.size());
  for (size_t i = 0; i < settings.size();) {
    size_t end = i + 1;
    while (end < settings.size() && settings[end].config) ++end;
    groups.emplace_back(&settings[i], of.subspan(i, end - i));
    i = end;
  }
  return groups;
}

// Where an order is behind a peer.
struct Behind {
  uint64_t times = 0;
  std::optional<double> db;  // the worst; none: the peer loses nothing there
  std::string where;
};

// How often order number `i` of each peer is ahead, over all tensors.
std::string TallyText(const Rows<Outcomes>& rows, std::span<const Setting> settings, size_t i,
                      size_t columns) {
  uint64_t tensors = 0, all = 0, ahead = 0, even = 0;
  std::vector<Behind> behind(peers::All().size());
  for (const auto& f : rows.files) {
    for (const auto& t : f.tensors) {
      ++tensors;
      for (const auto& [setting, of] : ByPeer(settings, t.figures)) {
        const std::optional<Lead> lead = LeadOf(of[i], of[0]);
        if (!lead) continue;
        ++all;
        if (lead->sign > 0) ++ahead;
        if (lead->sign == 0) ++even;
        if (lead->sign >= 0) continue;
        Behind& b = behind[static_cast<size_t>(setting->peer - peers::All().data())];
        const bool worst = b.times == 0 || (b.db && (!lead->db || *lead->db < *b.db));
        ++b.times;
        if (!worst) continue;
        b.db = lead->db;
        b.where = Where(f.file, t.name);
      }
    }
  }
  if (all == 0) return "";
  std::string text =
      fmt::format("\n{} is ahead in {} of {}", settings[i].Name(), ahead, Count(all, "comparison"));
  if (even != 0) text += fmt::format(", even in {}", even);
  text += ahead + even == all ? "\n" : fmt::format(", behind in {}:\n", all - ahead - even);
  for (size_t p = 0; p < behind.size(); ++p) {
    const Behind& b = behind[p];
    if (b.times == 0) continue;
    std::string line = fmt::format("  {:<6} ", peers::All()[p].name);
    if (tensors > 1) line += fmt::format("on {}, at worst ", Count(b.times, "tensor"));
    line += b.db ? DbText(*b.db) + " dB" : "that loses nothing";
    if (tensors > 1) {
      line += ": ";
      line += KeepEnd(b.where, columns - std::min(line.size(), columns - 10));
    }
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::vector<Setting> PeerSettings(std::span<const Config> orders) {
  std::vector<Setting> settings;
  for (const peers::Peer& peer : peers::All()) {
    settings.push_back({.peer = &peer});
    for (const Config& order : orders) settings.push_back({.config = order, .peer = &peer});
  }
  return settings;
}

SlotSize SlotsBeside(const peers::Peer& peer, uint64_t values, uint32_t block_len) {
  const uint64_t blocks = std::max<uint64_t>(1, (values + block_len - 1) / block_len);
  const uint64_t bits = peer.Bits(values == 0 ? block_len : values);
  return {.ratio = 0, .bytes = static_cast<uint32_t>(std::max<uint64_t>(1, bits / 8 / blocks))};
}

void PeerRun::Convert(std::span<const std::byte> values) {
  const size_t width = InfoOf(format_).value_bytes;
  values_.resize(values.size() / width);
  for (size_t i = 0; i < values_.size(); ++i)
    values_[i] = static_cast<float>(ToDouble(PatternAt(values, i, width), format_));
}

void PeerRun::Look(std::span<const std::byte> values) {
  Convert(values);
  finite_ = finite_ &&
            std::all_of(values_.begin(), values_.end(), [](float v) { return std::isfinite(v); });
  if (finite_) largest_ = std::max(largest_, peers::Largest(values_));
}

void PeerRun::Measure(std::span<const std::byte> values, std::span<const Setting> settings,
                      std::span<Outcome> outcomes) {
  if (!finite_) return;
  Convert(values);
  back_.resize(values_.size());
  const auto before = std::as_bytes(std::span(values_));
  const auto after = std::as_bytes(std::span(back_));
  for (size_t i = 0; i < settings.size(); ++i) {
    if (settings[i].config) continue;
    const peers::Peer& peer = *settings[i].peer;
    Outcome& r = outcomes[i];
    peer.quantize(values_, largest_, back_);
    r.difference.Add(before, Format::kFp32, after, Format::kFp32);
    r.raw_bits += 8 * values.size();
    r.coded_bits = peer.Bits(r.difference.values);  // so far
  }
}

std::optional<Lead> LeadOf(const Outcome& ours, const Outcome& peer) {
  const Difference& a = ours.difference;
  const Difference& b = peer.difference;
  if (!ours.possible() || !peer.possible() || a.values == 0) return std::nullopt;
  // Values that are numbers no more count before any error.
  const auto a_loss = std::pair(a.changed_kind, a.noise);
  const auto b_loss = std::pair(b.changed_kind, b.noise);
  Lead lead{.sign = a_loss < b_loss ? 1 : a_loss == b_loss ? 0 : -1, .db = {}};
  const bool kept = a.changed_kind == 0 && b.changed_kind == 0;
  if (kept && a.Snr() && b.Snr()) lead.db = *a.Snr() - *b.Snr();
  return lead;
}

std::string LeadName(const Lead& lead) {
  return lead.sign > 0 ? "ahead" : lead.sign == 0 ? "even" : "behind";
}

std::string PeersText(const Rows<Outcomes>& rows, std::span<const Setting> settings,
                      uint32_t block_len, size_t columns) {
  std::vector<std::string> orders;
  for (size_t i = 1; i < settings.size() && settings[i].config; ++i)
    orders.push_back(settings[i].Name());

  std::vector<std::string> headers = {"", "peer", "ours", "FP32", "BF16", "SNR dB"};
  for (size_t i = 0; i < orders.size(); ++i) {
    headers.emplace_back("SNR dB");
    headers.emplace_back("ahead dB");
  }
  Table table(headers);
  table.Group(1, 2, "bits");
  table.Group(3, 2, "ratio");
  for (size_t i = 0; i < orders.size(); ++i) table.Group(6 + 2 * i, 2, orders[i]);

  const auto put = [&](const std::string& label, const Outcomes& outcomes) {
    table.Gap();
    table.Heading(label);
    for (const auto& [setting, of] : ByPeer(settings, outcomes)) {
      const Outcome& peer = of[0];
      std::vector<std::string> row = {"  " + setting->Name(), "-", "-", "-", "-", "-"};
      if (peer.possible()) {
        row[1] = peer.Bits();
        row[3] = peer.Ratio(32);
        row[4] = peer.Ratio(16);
        row[5] = SnrText(peer.difference);
      }
      for (size_t i = 0; i < orders.size(); ++i) {
        const Outcome& ours = of[i + 1];
        if (ours.possible()) row[2] = ours.Bits();
        row.push_back(ours.possible() ? SnrText(ours.difference) : "-");
        row.push_back(LeadText(LeadOf(ours, peer)));
      }
      table.Row(row);
    }
  };
  rows.ForEach(
      [&](const std::string& file) {
        table.Gap();
        table.Heading(file);
      },
      put);
  if (rows.Readable() != 1 || rows.files[0].tensors.size() != 1) put(rows.AllLabel(), rows.Sum());

  std::string text = fmt::format(
      "Quantizers in use elsewhere at their own bits, scales counted, and the largest\n"
      "slots, N = {}, that take no more bits. ratio: of FP32 and BF16 to these bits.\n"
      "ahead dB: SNR of the order less SNR of the peer\n\n{}",
      block_len, table.Text(columns));
  for (size_t i = 1; i <= orders.size(); ++i) text += TallyText(rows, settings, i, columns);
  return text;
}

Json PeersJson(std::span<const Setting> settings, const Outcomes& outcomes) {
  Json json = Json::array();
  for (const auto& [setting, of] : ByPeer(settings, outcomes)) {
    Json& entry = json.emplace_back();
    entry["peer"] = setting->Name();
    entry["description"] = setting->peer->text;
    PutFigures(entry, *setting, of[0]);
    entry["orders"] = Json::array();
    for (size_t i = 1; i < of.size(); ++i) {
      Json& ours = entry["orders"].emplace_back();
      ours["order"] = (setting + i)->Name();
      PutFigures(ours, *(setting + i), of[i]);
      const std::optional<Lead> lead = LeadOf(of[i], of[0]);
      ours["against_peer"] = lead ? Json(LeadName(*lead)) : Json(nullptr);
      ours["ahead_db"] = lead && lead->db ? Json(*lead->db) : Json(nullptr);
    }
  }
  return json;
}

}  // namespace actplane::cli
