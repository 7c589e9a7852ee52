// SPDX-License-Identifier: Apache-2.0
// What a kept tensor is, and where in the network it was made.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace actplane::train {

// The kinds of activations that a method may treat differently. Masks and exact parts (LayerNorm
// statistics, log-softmax, token ids) are not among them: no method loses a bit of those.
enum class Kind : int {
  kResidual,
  kNormOutput,
  kQuery,
  kKey,
  kValue,
  kProbability,         // softmax output of the attention
  kDroppedProbability,  // the same after dropout
  kAttentionOutput,
  kGeluInput,
  kGeluOutput,
  kSiluInput,  // gate of SwiGLU
  kGateUp,     // what the gate is multiplied with
  kGated,      // the product
};

inline constexpr int kKinds = 13;

// GPT-2: learned positions, LayerNorm, GELU, biases. Llama: rotary positions, RMSNorm, SwiGLU, no
// biases.
enum class Family : int { kGpt2, kLlama };

constexpr std::string_view ToString(Family family) {
  return family == Family::kGpt2 ? "gpt2" : "llama";
}

template <typename T>
using PerKind = std::array<T, kKinds>;

inline constexpr PerKind<std::string_view> kKindNames = {"residual",
                                                         "norm_output",
                                                         "query",
                                                         "key",
                                                         "value",
                                                         "probability",
                                                         "dropped_probability",
                                                         "attention_output",
                                                         "gelu_input",
                                                         "gelu_output",
                                                         "silu_input",
                                                         "gate_up",
                                                         "gated"};

constexpr std::string_view ToString(Kind kind) { return kKindNames[static_cast<size_t>(kind)]; }

// Nothing where there is no such kind.
constexpr std::optional<Kind> KindOf(std::string_view name) {
  for (int i = 0; i < kKinds; ++i) {
    if (kKindNames[static_cast<size_t>(i)] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

// Which tensor of the network: the same in every step, so that methods can key tables and seeds by
// it.
struct Site {
  int block = -1;          // -1: outside the blocks
  std::string_view place;  // a literal, such as "attn.q"
  Kind kind = Kind::kResidual;

  // "h3.attn.q"; "ln_f" outside the blocks.
  std::string Name() const {
    return block < 0 ? std::string(place) : "h" + std::to_string(block) + "." + std::string(place);
  }
};

}  // namespace actplane::train
