#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lint.sh: the names of files, the scripts, the width of pages, the independence of the second decoder, then clang-tidy.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# What a tool has left behind must not come in with a commit: odd names, and the names that fuzzers give.
if [[ -e .git ]]; then
  # A run is called after its method: train/runs has '=' too.
  mkdir -p build
  git ls-files >build/names.txt || die "git does not list the files of the project (the line above)"
  if sed '/^train\/runs\//s/=//g' build/names.txt | grep -E '[^A-Za-z0-9._/+-]|(^|/)[0-9a-f]{40}$'; then
    die "no file of the project has such a name (lines above): git rm it"
  fi
  say "names    $(wc -l <build/names.txt) files"
fi

mapfile -t scripts < <(find report scripts synth tests train -name '*.sh' -not -path '*/node_modules/*' | sort)
shellcheck -x "${scripts[@]}" .ci/run
say "scripts  ${#scripts[@]} files"
scripts/pages.sh

# model/ref is written from docs/format.md alone: it may include nothing of the first model.
if grep -rnE '#include ["<](actplane/|\.\./)' model/ref | grep -v 'actplane/ref/'; then
  die "model/ref shares code with the model (lines above)"
fi

scripts/tidy.sh
