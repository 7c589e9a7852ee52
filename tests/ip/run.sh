#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves that `make ip` can fail: what is made from rtl/, what comments name, width and links of pages, one fault at a time.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export ACTP_IP_ROOT=$scratch/tree
failures=0 found=0

fresh_tree() {
  rm -rf "$ACTP_IP_ROOT"
  mkdir -p "$ACTP_IP_ROOT"
  cd "$root"
  local folders=()
  for folder in .ci scripts rtl docs tb tests synth examples model cmake python train report; do
    if [[ -d $folder ]]; then folders+=("$folder"); fi
  done
  # Pictures, data and builds are not read.
  tar -c --exclude=__pycache__ --exclude=node_modules --exclude='*.npy' "${folders[@]}" \
    CMakeLists.txt Makefile LICENSE ./*.md actplane.core Bender.yml | tar -x -C "$ACTP_IP_ROOT"
  cd "$ACTP_IP_ROOT"
}
expect() { # SCRIPT EXIT_STATUS TEXT
  local status=0
  "$root/scripts/$1.sh" >"$scratch/log" 2>&1 || status=$?
  if [[ $status -ne $2 ]] || ! grep -qF -- "$3" "$scratch/log"; then
    printf 'expected of %s.sh status %s and "%s", got status %s and:\n' "$1" "$2" "$3" "$status"
    tail -n 20 "$scratch/log"
    failures=$((failures + 1))
  fi
  found=$((found + 1))
}
change() { # FILE SED: a fault, and it must be one
  cp "$1" "$scratch/before"
  sed -i "$2" "$1"
  if cmp -s "$1" "$scratch/before"; then
    printf 'nothing to change in %s: %s\n' "$1" "$2"
    failures=$((failures + 1))
  fi
}
undo() { cp "$scratch/before" "$1"; } # FILE

fresh_tree
expect ip 0 'figures'
expect cites 0 ', 0 do not exist'
expect pages 0 'no line of more than 120 characters'

# Ports and their comments.
top=rtl/actp_compressor.sv inside=rtl/common/actp_skid.sv
change $top 's|\(in_last_i,\) *//.*|\1|'; expect ip 1 'port in_last_i of actp_compressor has no comment'; undo $top
change $top 's|in_last_i,  *// ends a block, also early|in_last_i, // something else|'
expect ip 1 'in_last_i and actp_compressor_axis.s_axis_tlast differ'; undo $top
change $inside '/any stream/d'; expect ip 1 'port in_valid_i of actp_skid has no comment'; undo $inside
change $top 's|\[31:0\]  *blocks_o,|[30:0] blocks_o,|'; expect ip 1 'blocks_o and actp_compressor_axis.sts_blocks differ'; undo $top
change rtl/actp_decompressor_axis.sv 's|Depth       = 24,|Depth       = 20,|'; expect ip 1 'parameter Depth of actp_decompressor and of'
undo rtl/actp_decompressor_axis.sv
change rtl/actp_decompressor_axis.sv 's|  .in_keep_i(s_axis_tkeep)|  .in_keep_i(other)|; s|\.in_keep_i(s_axis_tkeep)|.in_keep_i(other)|'
expect ip 1 'actp_decompressor_axis.s_axis_tkeep is no port of'
undo rtl/actp_decompressor_axis.sv
change rtl/actp_pkg.sv 's|SLOT_W = 11;|SLOT_W = 12;|'; expect ip 1 'docs/ip.md is not what rtl/ gives'; undo rtl/actp_pkg.sv

memory=rtl/memory/actp_memory.sv
change $memory 's|\(s_axi_wstrb,\) *//.*|\1|'; expect ip 1 'port s_axi_wstrb of actp_memory has no comment'; undo $memory
change $memory 's|IdW         = 6,|IdW         = 7,|'; expect ip 1 'docs/memory.md is not what rtl/ gives'; undo $memory
change rtl/memory/actp_mem_rmw.sv 's|\(take_i,\) *//.*|\1|'; expect ip 1 'port take_i of actp_mem_rmw has no comment'
undo rtl/memory/actp_mem_rmw.sv

area=synth/reports/memory.csv
change $area 's|^\(memory,.*,actp_mem_table,1,[0-9]*,[0-9]*,[0-9]*,[0-9.]*,\)[0-9]*|\19999|'
expect ip 1 'docs/memory.md is not what rtl/ gives'; undo $area
change synth/reports/timing.csv 's|^\(memory,actp_memory,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,\)[0-9]*|\11|'
expect ip 1 'docs/memory.md is not what rtl/ gives'; undo synth/reports/timing.csv

# Pages, packages, figures.
change docs/memory.md '/memory-ports:begin/d'; expect ip 1 'lacks the marker lines'; undo docs/memory.md
change docs/ip.md '/compressor-ports:begin/d'; expect ip 1 'lacks the marker lines'; undo docs/ip.md
change docs/ip.md 's/| .aclk. |/| clock |/'; expect ip 1 'docs/ip.md is not what rtl/ gives'; undo docs/ip.md
change examples/rtl/actp_round_trip.sv 's/Orders     (1)/Orders     (3)/'; expect ip 1 'docs/ip.md is not what rtl/ gives'
undo examples/rtl/actp_round_trip.sv
change rtl/files.f '/actp_rotate/d'; expect ip 1 'actplane.core is not what rtl/ gives'; undo rtl/files.f
change Bender.yml '/actp_rotate/d'; expect ip 1 'Bender.yml is not what rtl/ gives'; undo Bender.yml
change actplane.core 's/\(actplane:[0-9.]*\)/\19/'; expect ip 1 'actplane.core is not what rtl/ gives'; undo actplane.core
change rtl/actp_pkg.sv "s/VERSION = 24'h[0-9a-f]*/VERSION = 24'hffffff/"; expect ip 1 'actp_pkg has another version'; undo rtl/actp_pkg.sv
change python/actplane/__init__.py 's/^__version__ = .*/__version__ = "255.0.0"/'; expect ip 1 'python/actplane has another version'
undo python/actplane/__init__.py
change docs/figures/stall.json 's/"tready"/"ready"/'; expect ip 1 'stall.svg is not drawn from'; undo docs/figures/stall.json
rm docs/figures/stall.svg; expect ip 1 'stall.json has no drawing'
cp "$root/docs/figures/stall.svg" docs/figures
change docs/ip.md 's/figures.reset.svg/figures\/other.svg/'; expect ip 1 'shows docs/figures/reset.svg'; undo docs/ip.md

# What comments name.
cite() { # COMMENT TEXT
  change $inside "3s|\$| $1|"
  expect cites 1 "$2"
  undo $inside
}
cite 'see actp_enc_ghost' 'module actp_enc_ghost does not exist'
cite 'see ACTP_GHOST' 'macro ACTP_GHOST does not exist'
cite 'see actp_pkg::ghost' 'name of the package actp_pkg::ghost does not exist'
cite 'see actplane::Ghost' 'function of the model actplane::Ghost does not exist'
cite 'see F-9.99' 'clause F-9.99 does not exist'
cite 'see docs/ghost.md' 'file docs/ghost.md does not exist'
cite 'see docs/figures/ghost.svg' 'file docs/figures/ghost.svg does not exist'
change docs/rtl.md 's|^# .*|& tests/rtl/ghost_test.cc|'; expect cites 1 'docs/rtl.md:1: file tests/rtl/ghost_test.cc'; undo docs/rtl.md

# Pages wider than 120 characters; a row of a table and an address may be, and letters of two bytes count once.
wide=$(printf 'w %.0s' {1..61})
echo "$wide" >>docs/decisions/0001-significance-arrangement.md
expect pages 1 '1 lines of Markdown with more than 120 characters'
expect pages 1 'docs/decisions/0001-significance-arrangement.md:'
fresh_tree
printf '%s\n' "${wide:0:119}µ" "| $wide |" "${wide// /-}${wide// /-}" >>docs/c.md
expect pages 0 'no line of more than 120 characters'
echo "${wide:0:120}µ" >>README.md; expect pages 1 'README.md:'

# Links, to a page and to a heading of one.
fresh_tree
change docs/c.md '2s|^|[x](none.md)|'; expect pages 1 'docs/c.md:'; undo docs/c.md
change docs/c.md '2s|^|[x](ip.md#nothing-of-it)|'; expect pages 1 'ip.md#nothing-of-it'; undo docs/c.md

[[ $failures -eq 0 ]] && echo "every one of $((found - 4)) faults was found"
