# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by every script here: strict mode, the root of the checkout as current folder, and a few words.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

JOBS=${JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The parameters of a named configuration, NAME=VALUE each; nothing if FILE does not have it. Its fourth column names the
# formats that are built in, joined by +.
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
      print "BlockLen=" $2, "StreamWidth=" $3, "Formats=" mask
      exit
    }' "${2:-rtl/configs.txt}"
}
