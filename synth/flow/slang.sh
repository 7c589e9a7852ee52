#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# slang.sh OUT.v TOP [NAME=VALUE...]: the design as slang reads it, as plain Verilog for Yosys: a second front end, which
# knows the language standard better than Yosys does. It comes from npm (@yowasp/yosys, Yosys in WebAssembly, and the
# node that it needs), into build/slang. Errors and warnings of slang are errors here.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

packages=(@yowasp/yosys@0.70.62-dev.1236 node@26.10.0)
out=${1:?usage: slang.sh OUT.v TOP [NAME=VALUE...]} top=${2:?the module at the top} tools=$PWD/build/slang
command -v npm >/dev/null || die "npm is not installed; apt-get install npm, or leave FRONT_END=slang out"
mkdir -p "$tools"
if [[ ! -x $tools/node_modules/.bin/node || ! -d $tools/node_modules/@yowasp/yosys ]]; then
  say "npm        ${packages[*]}, 80 MB, into build/slang"
  npm install --prefix "$tools" --no-audit --no-fund "${packages[@]}" >"$tools/npm.log" 2>&1 ||
    die "npm: $(grep -m 1 -i error "$tools/npm.log"); log: build/slang/npm.log"
fi

mapfile -t files < <(sed 's/#.*//; /^ *$/d; s/^/rtl\//' rtl/files.f)
[[ " ${*:3} " != *' Fifo=2 '* ]] || files+=(tests/rtl/actp_fifo_macro.sv)
log=${out%.v}.slang.log
rm -f "$out"
cp synth/flow/slang.mjs "$tools/"
"$tools/node_modules/.bin/node" "$tools/slang.mjs" "$out" "$top" "${*:3}" "${files[@]}" rtl/include/*.svh >"$log" 2>&1 ||
  die "slang: $(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -m 1 -E 'error: |ERROR: |Error' || echo 'no output'); log: $log"
warning=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -m 1 ' warning: ' || true)
[[ -z $warning ]] || die "slang: $warning; log: $log"
[[ -s $out ]] || die "slang wrote nothing; log: $log"
