#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pages.sh: of every Markdown page every line is at most 120 characters long, and every link to a file or a heading of the
# project leads there. Tables may be wider: a row is one line. So may a line that is one word, such as an address.
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
if long=$(grep -HnP '^(?![|])(?=.* ).{121,}$' "${pages[@]}"); then
  cut -c 1-160 <<<"$long"
  die "$(wc -l <<<"$long") lines of Markdown with more than 120 characters"
elif [[ $? -gt 1 ]]; then
  die "grep could not read the pages"
fi

# Headings in the first pass, links in the second.
links=$(awk '
  function target(page, path,   n, i, k, part, out, text) {
    sub(/[^\/]*$/, "", page)
    n = split(page path, part, "/")
    for (i = 1; i <= n; i++) {
      if (part[i] == "..") k--
      else if (part[i] != "." && part[i] != "") out[++k] = part[i]
    }
    for (i = 1; i <= k; i++) text = text (i > 1 ? "/" : "") out[i]
    return text
  }
  FNR == 1 { code = 0 }
  /^ *```/ { code = !code }
  code { next }
  pass == 1 && /^#+ / {
    text = tolower($0)
    sub(/^#+ +/, "", text)
    gsub(/\]\([^)]*\)/, "", text)
    gsub(/[^a-z0-9 _-]/, "", text)
    gsub(/ /, "-", text)
    name = FILENAME "#" text
    headings[name in headings ? name "-" ++again[name] : name] = 1
  }
  pass == 2 {
    text = $0
    gsub(/`[^`]*`/, "", text)
    while (match(text, /\]\([^) ]+\)/)) {
      link = substr(text, RSTART + 2, RLENGTH - 3)
      text = substr(text, RSTART + RLENGTH)
      if (link ~ /^[a-z]+:/) continue
      path = link
      sub(/#.*/, "", path)
      file = path == "" ? FILENAME : target(FILENAME, path)
      print FILENAME ":" FNR, link, file, file ~ /[.]md$/ && link ~ /#/ && !((file substr(link, length(path) + 1)) in headings) ? "heading" : ""
    }
  }' pass=1 "${pages[@]}" pass=2 "${pages[@]}")
dead=$(while read -r where link file heading; do
  if [[ ! -e $file || -n $heading ]]; then say "$where: $link"; fi
done <<<"$links")
[[ -z $dead ]] || { say "$dead" && die "links that lead nowhere (lines above)"; }
say "pages      ${#pages[@]}, no line of more than 120 characters; $(wc -l <<<"$links") links, each leads somewhere"
