#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# report.sh [FILE]: build/report/index.html, with the rates and distortions of FILE too if there is one; that needs the command
# of build/release, or of ACTPLANE.
# report.sh --test: builds it, then runs report/test.mjs; counts go to build/report/tests.txt.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

testing=false
if [[ ${1:-} == --test ]]; then
  testing=true
  shift
fi
major=$(node -p 'process.versions.node.split(".")[0]') || die "node does not run"
[[ $major -ge 18 ]] || die "node $(node --version) is too old; 18 or newer"

# uPlot as package-lock.json names it, once.
lock=report/package-lock.json have=report/node_modules/.package-lock.json
if [[ ! -f $have || $lock -nt $have ]]; then
  mkdir -p build/report
  npm ci --prefix report --no-audit --no-fund >build/report/npm.log 2>&1 ||
    die "npm: $(grep -m 1 -i error build/report/npm.log); log: build/report/npm.log"
  touch "$have"
fi

node report/build.mjs "$@"
if [[ $testing == true ]]; then node report/test.mjs; fi
