// SPDX-License-Identifier: Apache-2.0
// Methods by name. A method is one file in stash/methods that registers itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/status.h"
#include "train/stash/codec.h"
#include "train/stash/formulas.h"
#include "train/stash/random.h"
#include "train/stash/stash.h"

namespace actplane::train {

// What follows the name of a method: "ratio=3.2,order=field,ratio.probability=8".
class MethodOptions {
 public:
  // kInvalidConfig when `text` is not a list of key=value.
  static Result<MethodOptions> Parse(std::string_view method, std::string_view text);

  // The value of a key, or `otherwise`. kInvalidConfig when it is not of that type or not allowed.
  Result<double> Number(std::string_view key, double otherwise, double low, double high);
  Result<std::string> Choice(std::string_view key, std::string_view otherwise,
                             const std::vector<std::string_view>& choices);

  Result<int64_t> Count(std::string_view key, int64_t otherwise, int64_t low, int64_t high);

  // The value of a key as it is; empty when it is not there.
  std::string Text(std::string_view key);

  // What a file that an option names holds: a run with other contents is another run.
  void NoteContents(std::string_view text) { contents_ = MixKey(contents_, text); }
  uint64_t contents() const { return contents_; }  // 0 when no file was read

  // key.KIND=NUMBER for some kinds, key=NUMBER for the others. KIND=0 or "exact" is 0.
  Result<PerKind<double>> NumberPerKind(std::string_view key, double otherwise, double low,
                                        double high);

  // key.KIND=NAME for some kinds, `otherwise` for the others.
  Result<PerKind<std::string>> ChoicePerKind(std::string_view key, std::string_view otherwise,
                                             const std::vector<std::string_view>& choices);

  // kInvalidConfig when a key was never asked for: a typing error must not pass in silence.
  Status Finish() const;

 private:
  struct Item {
    std::string key;
    std::string value;
    bool used = false;
  };
  const std::string* Find(std::string_view key);

  std::string method_;
  std::vector<Item> items_;
  std::vector<std::string> known_;
  uint64_t contents_ = 0;
};

// A method changes how tensors are stored, or what layers keep, or both.
struct MethodParts {
  std::unique_ptr<Codec> codec = nullptr;
  std::unique_ptr<Formulas> formulas = nullptr;
  uint64_t contents = 0;  // of the files that its options name; 0 when there are none
};

struct MethodInfo {
  std::string_view name;
  std::string_view help;  // keys with defaults, one line
  std::function<Result<MethodParts>(MethodOptions&)> make;
};

// In the file of the method: `const bool kRegistered = Register({...});`.
bool Register(MethodInfo info);

// Sorted by name.
std::vector<MethodInfo> Methods();

// The parts of one method.
Result<MethodParts> MakeParts(std::string_view spec);

// "NAME" or "NAME:key=value,...", as in --stash; several joined by '+', of which one may store and
// one may replace formulas. kInvalidConfig, naming what there is.
Result<std::unique_ptr<Stash>> MakeStash(std::string_view spec);

}  // namespace actplane::train
