#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh [--check] all | SECTION...: installs what packages.txt lists and the machine lacks.
# --check installs nothing: it prints every package with its version and fails when one is missing.
# Where the packages come from elsewhere, ACTPLANE_SKIP_SETUP=1 turns the installation off.
# shellcheck source=.ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check=false
if [[ ${1:-} == --check ]]; then
  check=true
  shift
fi
[[ $# -gt 0 ]] || die "usage: setup.sh [--check] all | SECTION..."
[[ $check == true || -z ${ACTPLANE_SKIP_SETUP:-} ]] || exit 0
command -v dpkg-query >/dev/null ||
  die "this is not a Debian system: install what .ci/packages.txt lists yourself, then set ACTPLANE_SKIP_SETUP=1"

packages=() reasons=() section=
while read -r name reason; do
  case $name in
    '' | '#'*) ;;
    '['*']')
      section=${name//[\[\]]/}
      ;;
    *)
      if [[ " $* " == *" $section "* || $1 == all ]]; then
        packages+=("$name")
        reasons+=("$reason")
      fi
      ;;
  esac
done <.ci/packages.txt
[[ ${#packages[@]} -gt 0 ]] || die "no such section in .ci/packages.txt: $*"

declare -A version=()
while read -r name state number; do
  if [[ $state == installed ]]; then version[$name]=$number; fi
done < <(dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n' "${packages[@]}" 2>/dev/null)

missing=()
for i in "${!packages[@]}"; do
  name=${packages[i]}
  if [[ -z ${version[$name]:-} ]]; then missing+=("$name"); fi
  if [[ $check == true || -z ${version[$name]:-} ]]; then
    printf '  %-20s %-26s %s\n' "$name" "${version[$name]:-missing}" "${reasons[i]}"
  fi
done

if [[ $check == true ]]; then
  say "${#packages[@]} packages, ${#missing[@]} missing"
  [[ ${#missing[@]} -eq 0 ]] || die "run: make setup"
  exit 0
fi
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null ||
    die "the packages above are missing and this user is neither root nor has sudo; as root: apt-get install ${missing[*]}"
  as_root=(sudo)
fi
command -v apt-get >/dev/null || die "the packages above are missing and there is no apt-get to install them with"
say "Installing the ${#missing[@]} packages above."
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
"${as_root[@]}" "${apt[@]}" update </dev/null
"${as_root[@]}" "${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null
