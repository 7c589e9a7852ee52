#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# data.sh: remakes the figures in report/data that come from a command, so that the report itself needs no build.
#   distortion.csv peers.csv   actplane eval on tests/data, as it is and rounded to 16 bits
#   zfp.csv                    Debian's zfp on the same
#   bench.csv                  actplane_bench: SNR on synthetic data
#   cycles.csv                 actplane-sim --table: cycles and latency of the configurations that were built
# The others hold figures of runs too long to repeat here, as their commands printed them: trust.csv (each row names its
# command), hardware_peers.csv, training_version2.csv, fuzz.csv, bare.csv; and goals.csv has the goals.
# ACTPLANE, ACTPLANE_SIM and ACTPLANE_BENCH name the programs where they are not in build/release; a program that is
# missing leaves its table as it is.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

actplane=${ACTPLANE:-build/release/bin/actplane}
simulator=${ACTPLANE_SIM:-build/release/bin/actplane-sim}
bench=${ACTPLANE_BENCH:-build/release/bin/actplane_bench}
command -v zfp >/dev/null || die "zfp is missing; apt-get install zfp"
[[ -x $actplane ]] || die "no $actplane; make build, or ACTPLANE=/path/to/actplane"

node report/measure.mjs "$actplane"
# Puts what a command prints into a table, when it has ended well.
table() { # NAME PROGRAM COMMAND...
  if [[ ! -x $2 ]]; then
    say "data       report/data/$1 is as it was: no $2"
    return
  fi
  "${@:3}" >"report/data/$1.new"
  mv "report/data/$1.new" "report/data/$1"
  say "data       report/data/$1, $(($(wc -l <"report/data/$1") - 1)) rows"
}
cycles() { "$simulator" --table --json | node report/cycles.mjs; }
synthetic() {
  "$bench" --mib 1 --repetitions 1 --csv build/report-bench.csv >/dev/null 2>&1
  node report/bench.mjs <build/report-bench.csv
  rm build/report-bench.csv
}
table cycles.csv "$simulator" cycles
mkdir -p build
table bench.csv "$bench" synthetic
