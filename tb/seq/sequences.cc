// SPDX-License-Identifier: Apache-2.0
#include "seq/sequences.h"

#include "seq/axi_seq.h"
#include "seq/config_change_seq.h"
#include "seq/corner_seq.h"
#include "seq/encoded_seq.h"
#include "seq/legal_stream_seq.h"
#include "seq/malformed_seq.h"
#include "seq/random_seq.h"
#include "seq/reset_seq.h"
#include "seq/significance_corner_seq.h"

namespace actplane::tb {

const std::vector<SequenceInfo>& Sequences() {
  static const std::vector<SequenceInfo> kAll = {
      {"random", "values like activations and random bits, configurations for up to 16 blocks",
       true, true},
      {"corner",
       "directed, both orders: exponent spreads, uniform planes, groups of every kind, slot "
       "bounds, "
       "early ends, keep bits",
       true, true},
      {"config-change", "another configuration with every block, back to back", true, true},
      {"axi", "random, with null beats in front of, inside and behind packets, and alone", true,
       true},
      {"reset", "random, with resets of any length at any time", true, true},
      {"file", "the values of .npy and .safetensors files", true, true},
      {"legal", "legal slots that no encoder makes", false, true},
      {"malformed",
       "every defect of section 7, wrong lengths, null bytes, illegal configurations, good slots "
       "between",
       false, true},
  };
  return kAll;
}

std::unique_ptr<Sequence> MakeSequence(DeviceKind kind, const RunConfig& run,
                                       const NamedConfig& config,
                                       const std::vector<FileTensor>& tensors) {
  constexpr uint32_t kLongestRun = 16;
  const Rng rng(run.seed, "sequence");
  const Shape& shape = config.shape;
  const bool decompress = kind == DeviceKind::kDecompressor;
  bool values = true;
  std::unique_ptr<Sequence> seq;
  if (run.sequence == "random" || run.sequence == "reset" || run.sequence == "axi") {
    seq = std::make_unique<RandomSeq>(shape, kLongestRun, rng);
  } else if (run.sequence == "corner") {
    std::vector<std::unique_ptr<Sequence>> orders;
    if (shape.Has(Order::kField)) orders.push_back(std::make_unique<CornerSeq>(shape, rng));
    if (shape.Has(Order::kSignificance))
      orders.push_back(std::make_unique<SignificanceCornerSeq>(shape, rng));
    seq = std::make_unique<InTurnSeq>(std::move(orders));
  } else if (run.sequence == "config-change") {
    seq = std::make_unique<ConfigChangeSeq>(shape, rng);
  } else if (run.sequence == "file") {
    seq = std::make_unique<FileSeq>(tensors, shape);
  } else if (run.sequence == "legal" && decompress) {
    seq = std::make_unique<LegalStreamSeq>(shape, rng);
    values = false;
  } else if (run.sequence == "malformed" && decompress) {
    seq = std::make_unique<MalformedSeq>(shape, rng);
    values = false;
  } else {
    return nullptr;
  }
  if (decompress && values) seq = std::make_unique<EncodedSeq>(std::move(seq), shape);
  if (run.sequence != "file") {
    const uint32_t one_in = run.sequence == "axi" ? 2 : 16;
    seq =
        std::make_unique<AxiSeq>(std::move(seq), shape.beat_bytes(), one_in, Rng(run.seed, "axi"));
  }
  if (run.sequence == "reset") {
    seq = std::make_unique<ResetSeq>(std::move(seq), shape.beat_bytes(), Rng(run.seed, "reset"));
  }
  return std::make_unique<LimitedSeq>(std::move(seq), run.blocks);
}

}  // namespace actplane::tb
