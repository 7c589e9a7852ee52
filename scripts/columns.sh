#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# columns.sh: every line of every Markdown page is at most 120 characters long. Tables are exempt: a row is one line. So is a
# line that is one word, such as an address.
# ACTP_IP_ROOT names another tree to work on (its own test does).
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "${ACTP_IP_ROOT:-.}"

folders=()
for folder in docs examples model python report rtl scripts synth tb tests train; do
  if [[ -d $folder ]]; then folders+=("$folder"); fi
done
mapfile -t pages < <({ ls ./*.md && find "${folders[@]}" -name '*.md' -not -path '*/node_modules/*'; } | sed 's|^\./||' | LC_ALL=C sort)
[[ ${#pages[@]} -gt 0 ]] || die "no Markdown page"
# In characters, not in bytes; a table begins with a bar.
if long=$(LC_ALL=C.UTF-8 grep -HnP '^(?![|])(?=.* ).{121,}$' "${pages[@]}"); then
  cut -c 1-160 <<<"$long"
  die "$(wc -l <<<"$long") lines of Markdown with more than 120 characters"
elif [[ $? -gt 1 ]]; then
  die "grep could not read the pages"
fi
say "columns    ${#pages[@]} pages, no line of more than 120 characters"
