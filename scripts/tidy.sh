#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tidy.sh PRESET: clang-tidy over every source of model/ that the preset compiles.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=build/${1:?usage: tidy.sh PRESET}
mapfile -t files < <(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$build/compile_commands.json" | grep "^$PWD/model/" | sort -u)
[[ ${#files[@]} -gt 0 ]] || die "no source of model/ in $build/compile_commands.json"
# clang cannot read the precompiled headers of g++.
mkdir -p build/tidy
sed -E 's/ -Winvalid-pch| -include [^ ]*cmake_pch[.]hxx//g' "$build/compile_commands.json" >build/tidy/compile_commands.json
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$JOBS" clang-tidy-14 --quiet -p build/tidy 2>&1 |
  awk '!/^[0-9]+ warnings? generated|^Suppressed |^Use -header-filter/' 
say "tidy     ${#files[@]} files"
