#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh: what setup.sh says on a machine with nothing on it, played by a dpkg-query that knows no package and an apt-get
# that answers as Debian's; and that every section which the Makefile asks for is there.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
unset ACTPLANE_SKIP_SETUP

# expect CODE TEXT... -- COMMAND...
expect() {
  local want=$1 status=0 text wanted=()
  shift
  while [[ $1 != -- ]]; do wanted+=("$1") && shift; done
  shift
  text=$(PATH=$dir:$PATH "$@" 2>&1) || status=$?
  for part in "${wanted[@]}"; do
    if [[ $status -ne $want || $text != *"$part"* ]]; then
      say "$*: exit code $status, wanted $want and '$part':" "$text"
      failed=$((failed + 1))
    fi
  done
}

printf '#!/bin/sh\nexit 1\n' >"$dir/dpkg-query"
printf '#!/bin/sh\necho "E: Unable to locate package" >&2\nexit 100\n' >"$dir/apt-get"
chmod +x "$dir/dpkg-query" "$dir/apt-get"
expect 0 'g++                 missing                C++20 compiler' 'make demo    2 of 2' 'sizes: after apt-get update' 'everything   ' -- \
  scripts/setup.sh --check demo=rtl
cat >"$dir/apt-get" <<'SH'
#!/bin/sh
echo '0 upgraded, 7 newly installed, 0 to remove and 0 not upgraded.'
echo 'Need to get 1,234 kB/5,678 kB of archives.'
echo 'After this operation, 9,876 kB of additional disk space will be used.'
exit 1
SH
expect 0 'make demo    2 of 2 packages missing: 7 with what they need themselves, 5,678 kB to download, 9,876 kB on disk' -- \
  scripts/setup.sh --check demo=rtl
cat >"$dir/dpkg-query" <<'SH'
#!/bin/sh
for p; do echo "$p installed 1.0"; done
SH
expect 0 'verilator           1.0' 'make demo    0 of 2 packages missing' 'make test    0 of 6' -- scripts/setup.sh --check demo=rtl test='rtl test'
expect 0 '' -- scripts/setup.sh rtl test

# A command that is there from elsewhere does for its package, and for no other.
printf '#!/bin/sh\nexit 1\n' >"$dir/dpkg-query"
printf '#!/bin/sh\n' >"$dir/npm"
chmod +x "$dir/npm"
expect 0 "npm                 ${dir:0:10}" 'gnuplot-nox         missing' -- scripts/setup.sh --check report=report
rm "$dir/npm"
cat >"$dir/dpkg-query" <<'SH'
#!/bin/sh
for p; do echo "$p installed 1.0"; done
SH
expect 0 'npm                 1.0' -- scripts/setup.sh --check report=report
expect 1 "no section 'nope' in .ci/packages.txt; there are: build rtl" -- scripts/setup.sh rtl nope
expect 1 'usage: setup.sh' -- scripts/setup.sh

# No verb asks for a section that is not there, and no section is without a verb.
mapfile -t asked < <(sed -nE 's/^needs_[a-z]+ = //p; s|^\t@scripts/setup\.sh ([^-].*)|\1|p' Makefile | sed 's/[$]([a-z_]*)//g' | tr ' ' '\n' | sed '/^$/d' | sort -u)
mapfile -t there < <({ say all && sed -n 's/^\[\(.*\)\].*/\1/p' .ci/packages.txt; } | sort)
diff <(printf '%s\n' "${asked[@]}") <(printf '%s\n' "${there[@]}") ||
  { say 'sections of the Makefile (<) and of .ci/packages.txt (>) differ' && failed=$((failed + 1)); }

[[ $failed -eq 0 ]] || die "$failed faults"
say 'setup      says what is missing, and every section is there'
