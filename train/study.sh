#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# study.sh [STEP...]: the measurements behind docs/results.md, "Training". Steps: converge curve methods finetune gradient
# allocate average field cost report. Runs keep their folders in build/runs/study and are not repeated; one that was stopped goes on
# from its checkpoint. JOBS runs at a time, one thread each; `cost` alone takes two threads and wants a quiet machine.
# SEEDS: those of `methods` and `finetune`; the others say theirs.
# shellcheck source=.ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../.ci/lib.sh"

program=${PROGRAM:-build/train/bin/actplane-train}
stats=${STATS:-build/train/bin/actplane}
out=build/runs/study
# OpenBLAS 0.3.21 takes AMD cores with AVX-512 for Haswells; a step is a quarter faster when it is told.
if grep -q avx512bw /proc/cpuinfo; then export OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-SkylakeX}; fi
STEPS=${STEPS:-2000}
SEEDS=${SEEDS:-1,2,3}
mkdir -p "$out"

# The paper's scheme, and ratios per kind: attention maps take the most.
literal=actplane:order=field,fill=zero,ratio=3.2
maps() { printf 'actplane:order=significance,ratio=%s,ratio.probability=%s,ratio.dropped_probability=%s' "$1" "$2" "$2"; }
orders=("actplane:order=field,ratio=3.2" "actplane:order=significance,ratio=3.2")

points=("$literal" "actplane:order=field,ratio="{4,6,8} "actplane:order=significance,ratio="{4,6,8,12,16}
  "$(maps 6 12)" "$(maps 8 16)" "$(maps 8 32)" mxfp8 zfp:ratio=4)

# Each at its published default and two settings more, then together with the codec.
others=(group:bits={8,4,2} alam:bits={2,1.5,1} mesa mesa:channels={16,128} tempo tempo:gelu=off tempo:attention=off fewbit:bits={3,2,4}
  compact:ratio={4,2,8}
  "tempo+actplane:order=significance,ratio=8,ratio.gelu_output=exact" "tempo:gelu=off+actplane:order=significance,ratio=8"
  "fewbit:bits=3+actplane:order=significance,ratio=4" "compact:ratio=4+actplane:order=significance,ratio=4")
# With `actplane` at the bytes of Mesa (4), of group quantization at 4 bits (7.529) and at 2 bits (14.222, where no slot of order
# `field` fits), and in BF16. zfp, ten minutes a run: from scratch see curve.
track=("${orders[@]}" "actplane:order="{field,significance}",ratio="{4,6,7.529} "actplane:order=significance,ratio="{8,14.222,16}
  "actplane:order=significance,group=8,ratio="{8,14.222} "$(maps 8 16)" "$(maps 11 32)" "actplane:order=significance,format=bf16,ratio="{4,8,14.222}
  "tempo:gelu=off+actplane:order=significance,ratio=10,ratio.probability=24" mxfp8 "${others[@]}")

# compare TABLE [OPTION...]: a comparison on the shared runs.
compare() {
  "$program" compare --preset mini --steps "$STEPS" --eval-every 250 --eval-windows 800 --jobs "$JOBS" \
    --runs $out/runs --out "$out/$1" "${@:2}" ||
    say "some runs of '$1' failed; the table says which" >&2
}

converge() { compare converge --seeds 1,2,3 --methods "${orders[@]}"; }          # both orders at the paper's ratio
curve() { compare curve --seeds 1 --methods "${orders[@]}" "${points[@]}"; }     # loss and gradient error over ratio
methods() { compare methods --seeds "$SEEDS" --methods "${track[@]}"; }         # from scratch

finetune() { # from the weights of exact, on the licence texts that every Debian has
  find /usr/share/common-licenses -type f | LC_ALL=C sort | xargs cat >$out/licences.txt
  "$program" compare --preset mini --init $out/runs/exact-1/checkpoint --text $out/licences.txt --steps 300 --warmup 20 --lr 3e-4 \
    --eval-every 50 --eval-windows 300 --seeds "$SEEDS" --jobs "$JOBS" --runs $out/finetune-runs --out $out/finetune \
    --methods "${track[@]}" zfp:ratio={4,7.529,14.222} ||
    say "some runs of fine-tuning failed; the table says which" >&2
}

gradient() { # zfp trains at a sixth of the speed of exact: its other ratios by the error of the gradient alone
  "$program" gradcheck --preset mini --init $out/runs/exact-1/checkpoint --threads "$JOBS" --total-only --json zfp:ratio={3.2,4,6,8} \
    >$out/gradient-mini.json
}

allocate() { # the largest ratio at the gradient error of the paper's scheme
  local base common=(--preset mini --init "$out/runs/exact-1/checkpoint" --threads "$JOBS" --json)
  for base in actplane:order=significance actplane:order=significance,block=256 tempo:gelu=off+actplane:order=significance; do
    "$program" allocate "${common[@]}" --base "$base" >"$out/allocate-${base//[:=,+]/-}.json"
  done
}

average() { # ALAM's claim: no value is better for a group of four than its mean. Everything at 0.5 bits, three seeds.
  local all=()
  for value in mean first midrange; do
    for seed in 1 2 3; do all+=("alam:bits=0.5,average=$value,seed=$seed"); done
  done
  "$program" gradcheck --preset mini --init $out/runs/exact-1/checkpoint --threads "$JOBS" --total-only --json "${all[@]}" >$out/average.json
}

field() { # the three ratios of the paper on tensors of GPT-2-small geometry, after some training
  local common=(--preset gpt2-small --threads "$JOBS") exact=(--stash exact)
  [[ -f $out/gpt2-small/summary.json ]] ||
    "$program" train "${common[@]}" "${exact[@]}" --steps 60 --checkpoint-every 20 --eval-every 60 --resume --quiet --out $out/gpt2-small
  for dropout in 0.1 0; do
    "$program" capture "${common[@]}" "${exact[@]}" --init $out/gpt2-small/checkpoint --dropout $dropout -f --out $out/tensors-$dropout >$out/tensors-$dropout.txt
    for n in 32 64 128 256; do
      "$stats" stats $out/tensors-$dropout/*.npy --block $n --json >$out/stats-$dropout-$n.json
    done
    rm -r $out/tensors-$dropout
  done
  "$program" gradcheck "${common[@]}" --init $out/gpt2-small/checkpoint --batches 2 --total-only --json "$literal" mxfp8 \
    actplane:order=significance,ratio={4,5.12,8} "$(maps 5.12 8)" "$(maps 5.12 16)" "$(maps 6.4 16)" "$(maps 8 6.4)" \
    >$out/gradient-gpt2-small.json
}

cost() { # time of a step at two threads; rounds, so that a disturbance hits all alike
  rm -rf $out/cost
  mkdir -p $out/cost
  for round in 1 2 3; do
    for spec in exact actplane:order=field actplane:order=significance mxfp8 zfp; do
      "$program" train --preset mini --steps 100 --warmup 10 --eval-every 100 --eval-windows 8 --stash $spec --threads 2 \
        --quiet --json --out "$out/cost/$spec-$round" |
        jq -r --arg s "$spec" '[$s, .median_step_seconds * 1000] | @tsv'
    done
  done | sort | awk -F'\t' '
    $1 != name { if (name != "") print name, t[int((n + 1) / 2)]; name = $1; n = 0 }
    { t[++n] = $2 }
    END { print name, t[int((n + 1) / 2)] }' |
    awk '{ ms[$1] = $2 } END { for (s in ms) printf "%-32s %7.1f ms  %+.0f %%\n", s, ms[s], 100 * (ms[s] / ms["exact"] - 1) }' | sort |
    tee $out/cost.txt
}

report() { # what there is so far
  for table in converge methods curve finetune; do
    [[ ! -f $out/$table/compare.md ]] || { say "" && say "$table" && cat "$out/$table/compare.md"; }
  done
  if [[ -f $out/average.json ]]; then
    say ""; say "averages: relative error of the gradient, mean of the seeds, and least and largest"
    jq -r '.lines[] | [.stash, .relative] | @tsv' $out/average.json | awk -F'\t' '
      { sub(/.*average=/, "", $1); sub(/,.*/, "", $1); s[$1] += $2; ++n[$1]
        if (n[$1] == 1 || $2 < l[$1]) l[$1] = $2
        if ($2 > h[$1]) h[$1] = $2 }
      END { for (k in s) printf "%-10s %.4f  %.4f  %.4f\n", k, s[k] / n[k], l[k], h[k] }' | sort
  fi
  for file in "$out"/gradient*.json; do
    [[ -f $file ]] && jq -r --arg f "$(basename "$file" .json)" '"", "\($f): two minibatches \(.minibatch.relative)",
      (.lines[] | "\(.ratio * 1000 | round / 1000)\t\(.relative)\t\(.cosine)\t\(.bias)\t\(.stash)")' "$file"
  done
  for file in "$out"/stats-*.json; do
    [[ -f $file ]] && jq -r --arg f "$(basename "$file" .json)" '[$f, (.all.zero_code.ratio | .sign, .exponent, .mantissa, .total)] | @tsv' "$file"
  done
  for file in "$out"/allocate-*.json; do
    [[ -f $file ]] && jq -r --arg f "$(basename "$file" .json)" '[$f, .target_ratio, .target_relative, .ratio, .relative, .stash] | @tsv' "$file"
  done
  [[ ! -f $out/cost.txt ]] || cat $out/cost.txt
}

publish() { # tables and pictures that docs/results.md shows
  for table in converge curve methods finetune; do
    [[ -f $out/$table/compare.csv ]] || continue
    mkdir -p docs/training
    cp "$out/$table/compare.csv" docs/training/$table.csv
    for picture in loss pareto; do cp "$out/$table/$picture.svg" docs/training/$table-$picture.svg; done
  done
}

[[ $# -gt 0 ]] || set -- converge curve methods finetune gradient allocate average field cost report
for step in "$@"; do "$step"; done
