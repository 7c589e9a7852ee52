#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# study.sh [STEP...]: the measurements behind docs/results.md, "Training". Steps: converge gradient field curve cost report.
# Each run keeps its folder in build/runs/study and is not repeated; one that was stopped goes on from its checkpoint.
# JOBS runs at a time, one thread each; `cost` alone takes two threads and wants a quiet machine.
# shellcheck source=.ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../.ci/lib.sh"

program=${PROGRAM:-build/train/bin/actplane-train}
stats=${STATS:-build/train/bin/actplane}
out=build/runs/study
STEPS=${STEPS:-2000}
mkdir -p "$out"

# The paper's scheme, its twin, and the largest ratios worth a look. A ratio per kind: attention maps take the most.
literal=actplane:order=field,fill=zero,ratio=3.2
maps() { printf 'actplane:order=significance,ratio=%s,ratio.probability=%s,ratio.dropped_probability=%s' "$1" "$2" "$2"; }

run_one() { # NAME SPEC SEED
  local folder=$out/$1-$3
  [[ ! -f $folder/summary.json ]] || return 0
  "$program" train --preset mini --steps "$STEPS" --eval-windows 800 --stash "$2" --seed "$3" --threads 1 --resume \
    --quiet --out "$folder" >"$folder.txt" 2>&1 || { say "$1, seed $3: $(tail -n 1 "$folder.txt")" >&2 && return 1; }
}

# Lines "NAME SPEC SEED" on stdin, JOBS at a time. One that fails does not stop the others, but the study.
runs() {
  local failed=0 pids=() pid
  while read -r name spec seed; do
    while [[ $(jobs -rp | wc -l) -ge $JOBS ]]; do sleep 1; done
    run_one "$name" "$spec" "$seed" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
  [[ $failed -eq 0 ]] || die "$failed of ${#pids[@]} runs failed (lines above); logs in $out/RUN.txt"
}

converge() { # both orders at the paper's ratio, three seeds
  for seed in 1 2 3; do
    printf '%s\n' "exact exact $seed" "field-3.2 actplane:order=field,ratio=3.2 $seed" \
      "significance-3.2 actplane:order=significance,ratio=3.2 $seed"
  done | runs
}

specs() { # NAME SPEC: the points of the curve
  printf '%s\n' "literal-3.2 $literal" "field-4 actplane:order=field,ratio=4" "field-6 actplane:order=field,ratio=6" \
    "field-8 actplane:order=field,ratio=8" \
    "significance-4 actplane:order=significance,ratio=4" "significance-6 actplane:order=significance,ratio=6" \
    "significance-8 actplane:order=significance,ratio=8" "significance-12 actplane:order=significance,ratio=12" \
    "significance-16 actplane:order=significance,ratio=16" \
    "kinds-6-12 $(maps 6 12)" "kinds-8-16 $(maps 8 16)" "kinds-8-32 $(maps 8 32)" \
    "mxfp8 mxfp8" "zfp-3.2 zfp:ratio=3.2" "zfp-4 zfp:ratio=4" "zfp-6 zfp:ratio=6" "zfp-8 zfp:ratio=8"
}

curve() { # final loss over ratio, one seed
  specs | awk '{ print $0, 1 }' | runs
}

gradient() { # error of the gradient over ratio, on the weights that exact ended with
  local all=()
  while read -r _ spec; do all+=("$spec"); done < <(
    specs
    printf 'x %s\n' actplane:order=field,ratio=3.2 actplane:order=significance,ratio=3.2)
  "$program" gradcheck --preset mini --init $out/exact-1/checkpoint --threads "$JOBS" --total-only --json "${all[@]}" >$out/gradient.json
  "$program" gradcheck --preset mini --init $out/exact-1/checkpoint --threads "$JOBS" \
    "$literal" actplane:order=significance,ratio=3.2 mxfp8 >$out/gradient.txt
  "$program" allocate --preset mini --init $out/exact-1/checkpoint --threads "$JOBS" --json >$out/allocate-mini.json
}

field() { # the three ratios of the paper on tensors of GPT-2-small geometry, after some training
  local common=(--preset gpt2-small --threads "$JOBS") exact=(--stash exact)
  [[ -f $out/gpt2-small/summary.json ]] ||
    "$program" train "${common[@]}" "${exact[@]}" --steps 60 --checkpoint-every 20 --eval-every 60 --resume --quiet --out $out/gpt2-small
  for dropout in 0.1 0; do
    "$program" capture "${common[@]}" "${exact[@]}" --init $out/gpt2-small/checkpoint --dropout $dropout --out $out/tensors-$dropout >$out/tensors-$dropout.txt
    for n in 32 64 128 256; do
      "$stats" stats $out/tensors-$dropout/*.npy --block $n --json >$out/stats-$dropout-$n.json
    done
    rm -r $out/tensors-$dropout
    "$program" allocate "${common[@]}" --init $out/gpt2-small/checkpoint --dropout $dropout --batches 1 \
      --json >$out/allocate-gpt2-small-$dropout.json
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
  say "run                    seed  ratio  held-out  against exact of the seed"
  for file in "$out"/*/summary.json; do
    jq -r --arg f "$(basename "$(dirname "$file")")" '[$f, .ratio, .held_out_loss] | @tsv' "$file"
  done | awk -F'\t' '
    { seed = $1; sub(/.*-/, "", seed); name = $1; sub(/-[0-9]+$/, "", name)
      if ($1 == "gpt2-small") next
      row[++n] = name; s[n] = seed; ratio[n] = $2; loss[n] = $3; if (name == "exact") exact[seed] = $3 }
    END { for (i = 1; i <= n; ++i) printf "%-22s %4s %6.2f  %8.4f  %+.2f %%\n", row[i], s[i], ratio[i], loss[i], 100 * (loss[i] / exact[s[i]] - 1) }'
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
  "$program" plot $out/*-[123]/log.csv --out $out/loss.svg
}

[[ $# -gt 0 ]] || set -- converge gradient field curve cost report
for step in "$@"; do "$step"; done
