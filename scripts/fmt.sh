#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fmt.sh [--check]: lays the C++ and C code out as .clang-format says, or fails where it is not.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mapfile -t files < <(find model tb tests train examples -name '*.h' -o -name '*.cc' -o -name '*.c' | sort)
if [[ ${1:-} == --check ]]; then
  clang-format-14 --dry-run --Werror "${files[@]}" || die "run: make fmt"
else
  clang-format-14 -i "${files[@]}"
fi
say "fmt      ${#files[@]} files"
