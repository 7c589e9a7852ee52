#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lint.sh: the scripts, the width of pages, the independence of the second decoder, then clang-tidy.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mapfile -t scripts < <(find report scripts synth tests train -name '*.sh' -not -path '*/node_modules/*' | sort)
shellcheck -x "${scripts[@]}" .ci/run
say "scripts  ${#scripts[@]} files"
scripts/columns.sh

# model/ref is written from docs/format.md alone: it may include nothing of the first model.
if grep -rnE '#include ["<](actplane/|\.\./)' model/ref | grep -v 'actplane/ref/'; then
  die "model/ref shares code with the model (lines above)"
fi

scripts/tidy.sh
