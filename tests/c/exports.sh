#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# exports.sh NM LIBRARY HEADER: fails unless the library exports exactly the functions that the header declares.
set -euo pipefail
nm=$1 library=$2 header=$3

declared=$(sed -n 's/^ACTPLANE_API [a-z0-9_ *]*\b\(actplane_[a-z0-9_]*\)(.*/\1/p' "$header" | sort)
exported=$("$nm" -D --defined-only "$library" | awk '{ print $3 }' | sort)
[[ -n $declared ]] || { printf 'no function in %s\n' "$header"; exit 1; }
diff <(printf '%s\n' "$declared") <(printf '%s\n' "$exported") ||
  { printf 'above: < declared only, > exported only\n'; exit 1; }
printf '%s functions\n' "$(wc -l <<<"$declared")"
