// SPDX-License-Identifier: Apache-2.0
#include "seq/sequences.h"

#include "seq/config_change_seq.h"
#include "seq/corner_seq.h"
#include "seq/encoded_seq.h"
#include "seq/legal_stream_seq.h"
#include "seq/malformed_seq.h"
#include "seq/random_seq.h"
#include "seq/reset_seq.h"

namespace actplane::tb {

const std::vector<SequenceInfo>& Sequences() {
  static const std::vector<SequenceInfo> kAll = {
      {"random", "values like activations and random bits, configurations for up to 16 blocks",
       true, true},
      {"corner", "directed: exponent spreads, uniform planes, slot bounds, early ends, keep bits",
       true, true},
      {"config-change", "another configuration with every block, back to back", true, true},
      {"reset", "random, with resets at any cycle", true, true},
      {"file", "the values of .npy and .safetensors files", true, true},
      {"legal", "legal slots that no encoder makes", false, true},
      {"malformed",
       "every defect of section 7, wrong lengths, illegal configurations, good slots between",
       false, true},
  };
  return kAll;
}

std::unique_ptr<Sequence> MakeSequence(DeviceKind kind, const RunConfig& run,
                                       const NamedConfig& config,
                                       const std::vector<FileTensor>& tensors) {
  constexpr uint32_t kLongestRun = 16;
  const Rng rng(run.seed, "sequence");
  const uint32_t block_len = config.block_len;
  const FormatSet formats = config.formats;
  const bool decompress = kind == DeviceKind::kDecompressor;
  std::unique_ptr<Sequence> seq;
  if (run.sequence == "random" || run.sequence == "reset") {
    seq = std::make_unique<RandomSeq>(block_len, formats, kLongestRun, rng);
  } else if (run.sequence == "corner") {
    seq = std::make_unique<CornerSeq>(block_len, config.stream_width, formats, rng);
  } else if (run.sequence == "config-change") {
    seq = std::make_unique<ConfigChangeSeq>(block_len, formats, rng);
  } else if (run.sequence == "file") {
    seq = std::make_unique<FileSeq>(tensors, block_len);
  } else if (run.sequence == "legal" && decompress) {
    return std::make_unique<LimitedSeq>(std::make_unique<LegalStreamSeq>(block_len, formats, rng),
                                        run.blocks);
  } else if (run.sequence == "malformed" && decompress) {
    return std::make_unique<LimitedSeq>(std::make_unique<MalformedSeq>(block_len, formats, rng),
                                        run.blocks);
  } else {
    return nullptr;
  }
  if (decompress) seq = std::make_unique<EncodedSeq>(std::move(seq), block_len, formats);
  if (run.sequence == "reset") {
    seq =
        std::make_unique<ResetSeq>(std::move(seq), config.stream_width / 8, Rng(run.seed, "reset"));
  }
  return std::make_unique<LimitedSeq>(std::move(seq), run.blocks);
}

}  // namespace actplane::tb
