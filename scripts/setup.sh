#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh all | SECTION...: installs what these sections of packages.txt list and the machine lacks.
# setup.sh --check [VERB='SECTION...']...: installs nothing. Prints every package with its version here, and for each verb how
# many are missing and what installing them would take.
# What apt says goes to build/setup.log. Where the packages come from elsewhere, ACTPLANE_SKIP_SETUP=1 turns this off.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check=false
if [[ ${1:-} == --check ]]; then
  check=true
  shift
fi
[[ $check == true || $# -gt 0 ]] || die "usage: setup.sh all | SECTION..., or setup.sh --check [VERB='SECTION...']..."
[[ $check == true || -z ${ACTPLANE_SKIP_SETUP:-} ]] || exit 0
command -v dpkg-query >/dev/null ||
  die "this is not a Debian system: install what .ci/packages.txt lists yourself, then set ACTPLANE_SKIP_SETUP=1"

# One line for each package of a section, in the order of the file.
sections=() titles=() lines_section=() lines_name=() lines_reason=()
declare -A command_of=()
while read -r name reason; do
  case $name in
    '' | '#'*) ;;
    '['*']')
      sections+=("${name//[\[\]]/}")
      titles+=("$reason")
      ;;
    *)
      if [[ $name == */* ]]; then command_of[${name%/*}]=${name#*/}; fi
      name=${name%/*}
      lines_section+=("${sections[-1]}")
      lines_name+=("$name")
      lines_reason+=("$reason")
      ;;
  esac
done <.ci/packages.txt

declare -A version=()
while read -r name state number; do
  if [[ $state == installed ]]; then version[$name]=$number; fi
done < <(dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n' "${lines_name[@]}" 2>/dev/null)

# A program that is here and from no package, as npm often is, would not go together with Debian's.
for name in "${!command_of[@]}"; do
  if [[ -z ${version[$name]:-} ]] && path=$(command -v "${command_of[$name]}"); then version[$name]=$path; fi
done

# Sets `packages` and `missing` to those of some sections, each once.
choose() { # all | SECTION...
  local i word
  local -A seen=()
  for word in "$@"; do
    [[ " all ${sections[*]} " == *" $word "* ]] || die "no section '$word' in .ci/packages.txt; there are: ${sections[*]}"
  done
  packages=() missing=()
  for i in "${!lines_name[@]}"; do
    name=${lines_name[i]}
    if [[ -n ${seen[$name]:-} || ! ($1 == all || " $* " == *" ${lines_section[i]} "*) ]]; then continue; fi
    seen[$name]=1
    packages+=("$name")
    if [[ -z ${version[$name]:-} ]]; then missing+=("$name"); fi
  done
}

apt=(env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends -o DPkg::Lock::Timeout=300)

# What installing `missing` would take, as apt reckons it; nothing where apt has no package lists yet.
# apt-get ends with an error there, and where --assume-no stops it; what it printed is all that counts.
plan() {
  LC_ALL=C apt-get --assume-no --no-install-recommends -o Debug::NoLocking=1 install "${missing[@]}" 2>/dev/null </dev/null | awk '
    / newly installed/ { count = $3 }
    /^Need to get / { sub(/^Need to get /, ""); sub(/ of archives.*/, ""); sub(/.*\//, ""); get = $0 }
    /^After this operation, / { disk = $4 " " $5 }
    END { if (count != "") printf "%d with what they need themselves, %s to download, %s on disk", count, get ? get : "nothing", disk }' || true
}

if [[ $check == true ]]; then
  printf '%-21s %-22s %s\n' package here 'what it is for'
  for i in "${!lines_name[@]}"; do
    if [[ $i -eq 0 || ${lines_section[i]} != "${lines_section[i - 1]}" ]]; then
      for j in "${!sections[@]}"; do
        if [[ ${sections[j]} == "${lines_section[i]}" ]]; then printf '%s: %s\n' "${sections[j]}" "${titles[j]}"; fi
      done
    fi
    printf '  %-19s %-22.22s %s\n' "${lines_name[i]}" "${version[${lines_name[i]}]:-missing}" "${lines_reason[i]}"
  done
  say ""
  for verb in "$@" 'setup=all'; do
    read -ra words <<<"${verb#*=}"
    choose "${words[@]}"
    label="make ${verb%%=*}"
    if [[ ${words[*]} == all ]]; then label=everything; fi
    text=''
    if [[ ${#missing[@]} -gt 0 ]]; then
      text=$(plan)
      text=": ${text:-what they need themselves, and sizes: after apt-get update}"
    fi
    printf '%-11s  %d of %d packages missing%s\n' "$label" "${#missing[@]}" "${#packages[@]}" "$text"
  done
  say "Each verb installs what it lacks and says so; \`make setup\` installs everything."
  exit 0
fi

choose "$@"
[[ ${#missing[@]} -gt 0 ]] || exit 0

for name in "${missing[@]}"; do
  for i in "${!lines_name[@]}"; do
    if [[ ${lines_name[i]} == "$name" && ($1 == all || " $* " == *" ${lines_section[i]} "*) ]]; then
      printf '  %-19s %s\n' "$name" "${lines_reason[i]}"
      break
    fi
  done
done
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null ||
    die "the packages above are missing and this user is neither root nor has sudo; as root: apt-get install ${missing[*]}"
  as_root=(sudo)
fi
command -v apt-get >/dev/null || die "the packages above are missing and there is no apt-get to install them with"

log=build/setup.log
mkdir -p build
: >"$log"
start=$SECONDS

# Runs apt-get with what it says in the log, how far it is on a terminal, and its complaint when it fails.
run_apt() { # ARGUMENT...
  local terminal=0 status=0
  if [[ -t 1 ]]; then terminal=1; fi
  "${as_root[@]}" "${apt[@]}" -q -o APT::Status-Fd=1 "$@" </dev/null 2>&1 | awk -v terminal="$terminal" -v log_file="$log" '
    /^(dl|pm)status:/ {
      if (terminal) { split($0, part, ":"); printf "\r%3d %%  %-70.70s\r", part[3], part[4]; fflush(); drawn = 1 }
      next
    }
    { print >>log_file }
    END { if (drawn) printf "%78s\r", "" }' || status=$?
  if [[ $status -ne 0 ]]; then
    grep -E '^(E|W|Err):?' "$log" | tail -n 10 >&2 || tail -n 10 "$log" >&2
    die "apt-get $1 failed (above; all it said: $log)"
  fi
}
run_apt update
what=$(plan)
say "Installing these ${#missing[@]} packages: $what."
run_apt install "${missing[@]}"
times >>"$log"  # not in a pipe, which is a process of its own
cpu=$(tail -n 1 "$log" | awk -F '[ms ]+' '{ printf "%.0f", 60 * $1 + $2 + 60 * $3 + $4 }')
say "Installed in $((SECONDS - start)) s, $cpu s of CPU."
