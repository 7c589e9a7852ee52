# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by every script here: strict mode, the root of the checkout as current folder, and a few words.
set -euo pipefail
export LC_ALL=C.UTF-8  # elsewhere awk may take 0.71 for 0, and write 0,71
cd "$(dirname "${BASH_SOURCE[0]}")/.."

JOBS=${JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}
[[ $PWD != *[[:space:]]* ]] || die "'$PWD' has a space, and Verilator's makefiles break there; move the project"

# The parameters of a named configuration, NAME=VALUE each; nothing if FILE does not have it. Its columns: name, BlockLen,
# StreamWidth, formats joined by + or `all`, order or `both`, GroupLen, Depth, Fifo.
config_params() { # NAME [FILE]
  awk -v name="$1" '
    $1 == name {
      mask = NF < 4 || $4 ~ /^#/ || $4 == "all" ? 7 : 0
      count = mask ? 0 : split($4, format, "+")
      for (i = 1; i <= count; i++) {
        bit = format[i] == "fp32" ? 1 : format[i] == "fp16" ? 2 : format[i] == "bf16" ? 4 : 0
        if (!bit) { print FILENAME ": no format " format[i] " (line of " name ")" >"/dev/stderr"; exit 1 }
        if (int(mask / bit) % 2 == 0) mask += bit
      }
      orders = $5 == "field" ? 1 : $5 == "significance" ? 2 : $5 == "both" ? 3 : 0
      fifo = $8 == "flops" ? 0 : $8 == "latches" ? 1 : $8 == "macro" ? 2 : 3
      if (!orders || fifo == 3) { print FILENAME ": the line of " name " has no order or no fifo" >"/dev/stderr"; exit 1 }
      search = NF >= 10 && $9 !~ /^#/ ? " Slack=" $9 " Searches=" $10 : ""
      print "BlockLen=" $2, "StreamWidth=" $3, "Formats=" mask, "Orders=" orders, "GroupLen=" $6, "Depth=" $7, "Fifo=" fifo search
      exit
    }' "${2:-rtl/configs.txt}"
}

MEMORIES=synth/memories.txt
# The parameters of a configuration of the memory path; nothing if there is none of that name. Its columns: name, the
# codecs' in synth/configs.txt, the other parameters of actp_memory as NAME=VALUE.
memory_params() { # NAME
  local codecs rest
  read -r _ codecs rest < <(sed 's/#.*//' "$MEMORIES" | awk -v name="$1" '$1 == name') || return 0
  codecs=$(config_params "$codecs" synth/configs.txt) || return
  [[ -n $codecs ]] || die "$MEMORIES: the codecs of $1 are not in synth/configs.txt"
  say "$codecs $rest"
}
