// SPDX-License-Identifier: Apache-2.0
// The figures of stats and eval: one of each tensor, of each file, and of all.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common.h"
#include "terminal.h"

namespace actplane::cli {

// `T` has += and starts as nothing.
template <typename T>
struct TensorRow {
  std::string name;  // empty in a .npy
  Format format;
  T figures;
};

template <typename T>
struct FileRows {
  std::string file;
  std::string error = {};  // why it could not be read; then it has no tensors
  std::vector<TensorRow<T>> tensors = {};

  void Fail(const Status& status) {
    error = status.message();
    tensors.clear();
  }
};

template <typename T>
struct Rows {
  std::vector<FileRows<T>> files;

  size_t Readable() const {
    return static_cast<size_t>(
        std::count_if(files.begin(), files.end(), [](const auto& f) { return f.error.empty(); }));
  }

  static T Sum(const FileRows<T>& file) {
    T sum;
    for (const auto& t : file.tensors) sum += t.figures;
    return sum;
  }
  T Sum() const {
    T sum;
    for (const auto& f : files) sum += Sum(f);
    return sum;
  }

  static std::set<Format> Formats(const FileRows<T>& file) {
    std::set<Format> formats;
    for (const auto& t : file.tensors) formats.insert(t.format);
    return formats;
  }
  std::set<Format> Formats() const {
    std::set<Format> all;
    for (const auto& f : files) all.merge(Formats(f));
    return all;
  }

  // A file of many tensors among others has a row of its own.
  bool HasSum(const FileRows<T>& file) const { return files.size() > 1 && file.tensors.size() > 1; }

  // For a table. `heading` takes the name of a file whose tensors follow, `row` a label and its
  // figures. Where formats differ, every label names its own.
  void ForEach(const std::function<void(const std::string&)>& heading,
               const std::function<void(const std::string&, const T&)>& row) const {
    const bool mixed = Formats().size() > 1;
    const auto label = [&](const std::string& name, const std::set<Format>& formats) {
      return mixed && !formats.empty() ? fmt::format("{} ({})", name, FormatsText(formats)) : name;
    };
    for (const auto& f : files) {
      if (!f.error.empty()) continue;
      const bool named = f.tensors.empty() || f.tensors.size() > 1 || !f.tensors[0].name.empty();
      if (!named) {
        row(label(Label(f.file), Formats(f)), f.tensors[0].figures);
        continue;
      }
      heading(Label(f.file) + (f.tensors.empty() ? ": no tensors" : ""));
      for (const auto& t : f.tensors) row(label("  " + Label(t.name), {t.format}), t.figures);
      if (HasSum(f))
        row(label("  sum of " + Count(f.tensors.size(), "tensor"), Formats(f)), Sum(f));
    }
  }

  std::string AllLabel() const {
    const bool mixed = Formats().size() > 1;
    std::string label = mixed ? fmt::format("all ({})", FormatsText(Formats())) : "all";
    if (Readable() != files.size()) {
      label += fmt::format(", {} of {} files", Readable(), files.size());
    }
    return label;
  }

  // "file" or, where there are names, "tensor".
  std::string LabelHeader() const {
    for (const auto& f : files) {
      for (const auto& t : f.tensors) {
        if (!t.name.empty()) return "tensor";
      }
    }
    return "file";
  }
};

inline nlohmann::ordered_json FormatsJson(const std::set<Format>& formats) {
  auto json = nlohmann::ordered_json::array();
  for (const Format f : formats) json.push_back(ToString(f));
  return json;
}

}  // namespace actplane::cli
