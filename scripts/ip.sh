#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ip.sh [--update]: what is made from rtl/ for those who use it elsewhere.
#   ports     every port of rtl/ has a comment
#   version   that of CMakeLists.txt, actp_pkg and the Python package is one
#   tables    in docs/ip.md and, of actp_memory, docs/memory.md: parameters and ports of the tops, from their comments;
#             an instance, from examples/rtl; area and clock of actp_memory, from synth/reports
#   packages  actplane.core (FuseSoC) and Bender.yml, from rtl/files.f and the version in CMakeLists.txt
#   figures   every SVG of docs/figures is drawn from the JSON beside it, as `make figures` leaves it
# Fails where a file is not what would be made; --update makes it. Figures are drawn by `make figures` alone.
# ACTP_IP_ROOT names another tree to work on (its own test does).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib.sh
source "$here/lib.sh"
cd "${ACTP_IP_ROOT:-.}"

update=false
[[ ${1:-} != --update ]] || update=true
work=build/ip
mkdir -p "$work"

mapfile -t files < <(sed 's/#.*//; s/ *$//; /^$/d' rtl/files.f)
version=$(sed -n 's/^ *VERSION \([0-9.]*\)$/\1/p' CMakeLists.txt | head -n 1)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "no version in CMakeLists.txt"
[[ $(sed -n 's/^__version__ = "\(.*\)"$/\1/p' python/actplane/__init__.py) == "$version" ]] ||
  die "python/actplane has another version than CMakeLists.txt, $version"
IFS=. read -r major minor patch <<<"$version"
grep -q "VERSION = 24'h$(printf '%02x%02x%02x' "$major" "$minor" "$patch");" rtl/actp_pkg.sv ||
  die "actp_pkg has another version than CMakeLists.txt, $version"
LC_ALL=C awk -f "$here/ports.awk" rtl/actp_pkg.sv "${files[@]/#/rtl/}" >"$work/records"

# ---- ports
# One of a top has a comment of its own: behind it, or alone above it. One inside has its own, or stands under a comment
# line that speaks of all ports down to the next comment line or empty line; clocks and resets say it themselves.
faults=0
while IFS=$'\t' read -r _ file line module name _; do
  say "$file:$line: port $name of $module has no comment"
  faults=$((faults + 1))
done < <(awk -F '\t' '$1 == "port" {
  top = $4 ~ /^actp_((de)?compressor(_axis)?|memory)$/
  if (top ? $8 != "own" && $8 != "above" : $8 == "none" && $5 !~ /^(clk_i|rst_ni|aclk|aresetn)$/) print }' "$work/records")
[[ $faults -eq 0 ]] || die "$faults ports without a comment"
ports=$(awk -F '\t' '$1 == "port" { n++; own += $8 == "own" || $8 == "above"; group += $8 == "group"
    if ($8 == "none") { if ($5 ~ /^(clk_i|rst_ni|aclk|aresetn)$/) clocks++; else bare++ } }
  END { printf "%d ports: %d with a comment, %d in a group with one, %d clocks and resets, %d without", n, own, group, clocks, bare }' "$work/records")

# ---- tables
# A device has two tops: the names of the one without AXI4-Stream lead to those of the other.
table_params() { # DEVICE
  say "| parameter | default | what it is |"
  say "|---|---|---|"
  LC_ALL=C awk -F '\t' -v top="$1" '
    $1 == "param" && $4 == top { name[++params] = $5; value[params] = $6; note[params] = $8 }
    $1 == "param" && $4 == top "_axis" { there[$5] = $6 "\t" $8; axis = 1 }
    END {
      for (i = 1; i <= params; i++) {
        if ((name[i] in there) && there[name[i]] != value[i] "\t" note[i]) {
          print "ip.sh: parameter " name[i] " of " top " and of " top "_axis differ in default or comment" >"/dev/stderr"
          exit 1
        }
        print "| `" name[i] "` | " (value[i] ~ /[a-z]/ ? "`" value[i] "`" : value[i]) " | " note[i] (!axis || (name[i] in there) ? "" : "; not of `" top "_axis`") " |"
        delete there[name[i]]
      }
      for (other in there) { print "ip.sh: parameter " other " of " top "_axis is none of " top >"/dev/stderr"; exit 1 }
    }' "$work/records"
}
table_ports() { # DEVICE
  say "| \`$1_axis\` | \`$1\` | | bits | what it is |"
  say "|---|---|---|---|---|"
  LC_ALL=C awk -F '\t' -v top="$1" '
    $1 == "wire" && $4 == top "_axis" { axis[$5] = $6 }
    $1 == "port" && $4 == top { name[++ports] = $5; way[ports] = $6; bits[ports] = $7; note[ports] = $9 }
    $1 == "port" && $4 == top "_axis" { there[$5] = $6 "\t" $7 "\t" $9 }
    END {
      for (i = 1; i <= ports; i++) {
        other = axis[name[i]]
        if ((other in there) && there[other] != way[i] "\t" bits[i] "\t" note[i]) {
          print "ip.sh: " top "." name[i] " and " top "_axis." other " differ in direction, width or comment" >"/dev/stderr"
          exit 1
        }
        shown = (other in there) ? "`" other "`" : ""
        delete there[other]
        print "| " shown " | `" name[i] "` | " (way[i] == "input" ? "in" : "out") " | " (bits[i] ~ /[A-Z]/ ? "`" bits[i] "`" : bits[i]) " | " note[i] " |"
      }
      for (other in there) { print "ip.sh: " top "_axis." other " is no port of " top >"/dev/stderr"; exit 1 }
    }' "$work/records"
}
table_ports_of_one() { # MODULE
  say "| port | | bits | what it is |"
  say "|---|---|---|---|"
  LC_ALL=C awk -F '\t' -v top="$1" '
    $1 == "port" && $4 == top { print "| `" $5 "` | " ($6 == "input" ? "in" : "out") " | " ($7 ~ /[A-Z]/ ? "`" $7 "`" : $7) " | " $9 " |" }
  ' "$work/records"
}
for device in actp_compressor actp_decompressor; do
  table_params $device >"$work/${device#actp_}-parameters"
  table_ports $device >"$work/${device#actp_}-ports"
done
table_params actp_memory >"$work/memory-parameters"
table_ports_of_one actp_memory >"$work/memory-ports"

# Area of the memory path by what it is for, then by module; all in kGE. Skids and queues are what is left: the codecs
# have modules of the same names.
awk -F, '
  FILENAME ~ /timing/ { if ($2 == "actp_memory") mhz[$1, $3, $4] = $8; next }
  FILENAME ~ /memories/ { split($0, word, / +/); codec[word[1]] = word[2]; next }
  FILENAME ~ /area/ { if ($2 ~ /^actp_(de)?compressor$/) codecs[$1, $3, $4] += $7; next }
  FNR == 1 { next }
  {
    run = $1 "," $2 "," $3
    if (!(run in all)) { all[run] = 0; order[++runs] = run }
    if ($4 == "actp_memory") all[run] = $11
    if ($4 ~ /^actp_mem_(buffers|gather_store)/) buffers[run] += $11
    if ($4 == "actp_mem_gather_store") gather[run] += $11
    if ($4 == "actp_mem_buffers") kept[run] = $11
    whole[run, $4] = $11
    if ($4 ~ /^actp_mem/ && $4 !~ /^actp_mem_(buffers|gather_store)/) {
      module = $4
      if (!(module in seen)) { seen[module] = 1; modules[++count] = module }
      own[run, module] = $10
      named[run] += $10
    }
  }
  function kge(x) { return sprintf("%.1f", x / 1000) }
  END {
    print "| configuration | codecs | block buffers | beyond them | of that registers | write path | read path | clock, MHz |"
    print "|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= runs; i++) {
      run = order[i]; split(run, key, ",")
      alone = codec[key[1]] SUBSEP key[2] SUBSEP key[3]
      print "| `" key[1] "` | " ((alone in codecs) ? kge(codecs[alone]) : "-") " | " kge(buffers[run]) " | **" kge(all[run] - buffers[run]) "** | " \
        kge(whole[run, "actp_mem_regs"]) " | " kge(whole[run, "actp_mem_write"] - gather[run]) " | " \
        kge(whole[run, "actp_mem_read"] - kept[run]) " | " (((key[1], key[2], key[3]) in mhz) ? mhz[key[1], key[2], key[3]] : "-") " |"
    }
    print ""
    line = "| module, without those inside |"; rule = "|---|"
    for (i = 1; i <= runs; i++) { split(order[i], key, ","); line = line " `" key[1] "` |"; rule = rule "---|" }
    print line; print rule
    for (m = 1; m <= count; m++) {
      line = "| `" modules[m] "` |"
      for (i = 1; i <= runs; i++) line = line " " kge(own[order[i], modules[m]]) " |"
      print line
    }
    line = "| skids and queues |"
    for (i = 1; i <= runs; i++) { run = order[i]; line = line " " kge(all[run] - buffers[run] - named[run]) " |" }
    print line
  }' synth/reports/timing.csv synth/memories.txt synth/reports/area.csv synth/reports/memory.csv >"$work/memory-area"

# The instance that examples/rtl has of a compressor.
{
  say '```systemverilog'
  awk '/^  actp_compressor_axis #/ { on = 1 } on { print substr($0, 3) } on && /^  \);/ { exit }' examples/rtl/actp_round_trip.sv
  say '```'
} >"$work/template"

# Puts each file NAME between the lines <!-- NAME:begin --> and <!-- NAME:end --> of a page.
put_in() { # PAGE NAME...
  local page=$1 made name end
  made=$work/$(basename "$page")
  cp "$page" "$made"
  for name in "${@:2}"; do
    for end in begin end; do
      grep -q "<!-- $name:$end -->" "$page" || die "$page lacks the marker lines of $name"
    done
    awk -v name="$name" -v table="$work/$name" '
      index($0, "<!-- " name ":end -->") { inside = 0 }
      !inside { print }
      index($0, "<!-- " name ":begin -->") { inside = 1; while ((getline line < table) > 0) print line }
    ' "$made" >"$made.new"
    mv "$made.new" "$made"
  done
}
put_in docs/ip.md compressor-parameters compressor-ports decompressor-parameters decompressor-ports template
put_in docs/memory.md memory-parameters memory-ports memory-area

# ---- packages
{
  cat <<END
CAPI=2:
# SPDX-License-Identifier: Apache-2.0
# Made from rtl/files.f by \`make ip-update\`. How to use it: docs/ip.md.
name: "::actplane:$version"
description: "Fixed-rate compression of activations: compressor and decompressor with AXI4-Stream"

filesets:
  rtl:
    files:
      - rtl/include/actp_macros.svh: {is_include_file: true, include_path: rtl/include}
END
  printf '      - rtl/%s\n' "${files[@]}"
  cat <<'END'
    file_type: systemVerilogSource
  waivers:
    files:
      - tests/lint/waivers.vlt: {file_type: vlt}
  example:
    files:
      - examples/rtl/actp_round_trip.sv
      - examples/rtl/actp_round_trip_tb.sv
    file_type: systemVerilogSource

targets:
  default:
    filesets: [rtl]

  lint:
    description: "-Wall of the compressor, in any size"
    default_tool: verilator
    filesets: [waivers, rtl]
    toplevel: actp_compressor_axis
    parameters: [BlockLen, StreamWidth, Formats, Orders, GroupLen, Depth]
    tools:
      verilator:
        mode: lint-only
        verilator_options: [-Wall, --no-timing]

  sim:
    description: "values through compressor and decompressor without loss; ends with $fatal if one differs"
    default_tool: verilator
    filesets: [waivers, rtl, example]
    toplevel: actp_round_trip_tb
    parameters: [BlockLen, StreamWidth]
    tools:
      verilator:
        mode: binary
        verilator_options: [--timing, --assert, -fno-dfg]

  synth:
    description: "cells of Xilinx 7 of the compressor, in any size, by Yosys"
    default_tool: yosys
    filesets: [rtl]
    toplevel: actp_compressor_axis
    parameters: [SYNTHESIS=true, BlockLen, StreamWidth, Formats, Orders, GroupLen, Depth]
    tools:
      yosys:
        arch: xilinx
        yosys_synth_options: [-flatten]

parameters:
  BlockLen:    {datatype: int, paramtype: vlogparam, description: "N, values of a block: 32, 64, 128, 256"}
  StreamWidth: {datatype: int, paramtype: vlogparam, description: "bits of a beat: 64, 128, 256, 512"}
  Formats:     {datatype: int, paramtype: vlogparam, description: "those built in: bit 0 FP32, 1 FP16, 2 BF16"}
  Orders:      {datatype: int, paramtype: vlogparam, description: "those built in: bit 0 field, 1 significance"}
  GroupLen:    {datatype: int, paramtype: vlogparam, description: "K of order significance: 4, 8"}
  Depth:       {datatype: int, paramtype: vlogparam, description: "magnitude rows kept of FP32: 8 .. 24"}
  SYNTHESIS:   {datatype: bool, paramtype: vlogdefine, description: "leaves assertions out"}
END
} >"$work/core.yml"
{
  cat <<'END'
# SPDX-License-Identifier: Apache-2.0
# Made from rtl/files.f by `make ip-update`. How to use it: docs/ip.md.
package:
  name: actplane
  authors: ["The actplane authors"]

export_include_dirs:
  - rtl/include

sources:
  - include_dirs:
      - rtl/include
    files:
END
  printf '      - rtl/%s\n' "${files[@]}"
  cat <<'END'
  - target: simulation
    include_dirs:
      - rtl/include
    files:
      - examples/rtl/actp_round_trip.sv
      - examples/rtl/actp_round_trip_tb.sv
END
} >"$work/Bender.yml"

# ---- compare or write
compare() { # MADE FILE
  if [[ $update == true ]]; then
    cmp -s "$1" "$2" || cp "$1" "$2"
  elif ! diff -u "$2" "$1" >"$work/diff" 2>&1; then
    head -n 20 "$work/diff"
    die "$2 is not what rtl/ gives; run: make ip-update"
  fi
}
compare "$work/ip.md" docs/ip.md
compare "$work/memory.md" docs/memory.md
compare "$work/core.yml" actplane.core
compare "$work/Bender.yml" Bender.yml

# ---- figures: the last line of an SVG has the hash of the JSON that it was drawn from
figures=0
for json in docs/figures/*.json; do
  svg=${json%.json}.svg
  [[ -f $svg ]] || die "$json has no drawing; run: make figures"
  [[ $(tail -n 1 "$svg") == "<!-- $(sha256sum <"$json" | cut -d ' ' -f 1) -->" ]] || die "$svg is not drawn from $json; run: make figures"
  grep -q "figures/$(basename "$svg")" docs/ip.md docs/memory.md || die "neither docs/ip.md nor docs/memory.md shows $svg"
  figures=$((figures + 1))
done
say "ip         $ports"
say "           tables of 3 devices, packages of ${#files[@]} files, $figures figures"
