#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tidy.sh: clang-tidy over every source of model/. A target's sources are read as one, since most of the time goes into
# what they include; the two checks that look at no included file read each source alone.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

declare -A checks=([ON]="-misc-unused-using-decls,-bugprone-suspicious-include" [OFF]="-*,misc-unused-using-decls,bugprone-suspicious-include")
rm -rf build/tidy && mkdir -p build
for unity in ON OFF; do
  cmake --preset release -B build/tidy/$unity -DACTPLANE_BUILD_RTL=OFF -DCMAKE_UNITY_BUILD=$unity -DCMAKE_UNITY_BUILD_BATCH_SIZE=12 \
    >build/tidy-$unity.log || { cat build/tidy-$unity.log && die "cmake failed"; }
  # clang cannot read the precompiled headers of g++.
  sed -i -E 's/ -Winvalid-pch| -include [^ ]*cmake_pch[.]hxx//g' build/tidy/$unity/compile_commands.json
done

# "UNITY SOURCE" for each source of model/ under FOLDER.
jobs() { # UNITY FOLDER
  sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "build/tidy/$1/compile_commands.json" | grep "^$PWD/$2model/" |
    grep -v 'cmake_pch' | sort -u | sed "s/^/$1 /"
}
mapfile -t together < <(jobs ON build/tidy/ON/)
mapfile -t each < <(jobs OFF '')
[[ ${#together[@]} -gt 0 && ${#each[@]} -gt 0 ]] || die "no source of model/ in build/tidy/*/compile_commands.json"
missing=$(comm -3 <(printf '%s\n' "${each[@]#* }" | sort) <(sed -n 's/^#include "\(.*\)"$/\1/p' "${together[@]#* }" | sort))
[[ -z $missing ]] || die "read alone or together, not both: $missing"

for job in "${together[@]}" "${each[@]}"; do printf '%s\0' "--checks=${checks[${job%% *}]}" -p "build/tidy/${job%% *}" "${job#* }"; done |
  xargs -0 -n 4 -P "$JOBS" clang-tidy-14 --quiet 2>&1 |
  awk '!/^[0-9]+ warnings? generated|^Suppressed |^Use -header-filter/'
say "tidy     ${#each[@]} files"
