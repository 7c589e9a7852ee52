#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves that `make map` can fail: a small complete project, then one fault at a time.
set -euo pipefail
map=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/scripts/map.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export ACTP_MAP_ROOT=$scratch/tree
failures=0

result() { # result SUITE NAME completed|skipped CLAUSE
  printf '<testsuites><testcase name="%s" result="%s" classname="%s">\n' "$2" "$3" "$1"
  printf '<property name="%s" value="clause"/>\n</testcase></testsuites>\n' "$4"
}

fresh_tree() {
  rm -rf "$ACTP_MAP_ROOT"
  mkdir -p "$ACTP_MAP_ROOT"/{docs,model/src,model/io,tests,build/release/xml}
  cd "$ACTP_MAP_ROOT"
  printf '%s\n' '**F-1.1** A block has N values.' '**F-1.2** The base is the largest exponent (F-1.1).' \
    '**F-1.3** Padding is zero.' >docs/format.md
  printf '%s\n' '**C-1.1** The magic is four bytes.' >docs/container.md
  printf '%s\n' '# Map' '<!-- map:begin -->' '<!-- map:end -->' 'After.' >docs/verification.md
  printf '%s\n' '// Everything of a block (F-1.1 .. F-1.3).' 'int FindBase(int x) {' '  return x;' '}' >model/src/block.cc
  printf '%s\n' '// C-1.1' 'constexpr int kMagic = 7;' >model/io/container.cc
  printf '%s\n' 'TEST(Block, Base) { ACTP_CLAUSE("F-1.2"); }' >tests/block_test.cc
  result Block Size/0 completed F-1.1 >build/release/xml/a.xml
  result Every/Block Base/17 completed F-1.2 >build/release/xml/b.xml
  result Block Padding completed F-1.3 >build/release/xml/c.xml
  result Container Magic completed C-1.1 >build/release/xml/d.xml
  "$map" --update >/dev/null
}

expect() { # expect EXIT_STATUS TEXT
  local status=0
  "$map" >"$scratch/log" 2>&1 || status=$?
  if [[ $status -ne $1 ]] || ! grep -qF -- "$2" "$scratch/log"; then
    printf 'expected status %s and "%s", got status %s and:\n' "$1" "$2" "$status"
    cat "$scratch/log"
    failures=$((failures + 1))
  fi
}

fresh_tree
expect 0 '4 clauses, 4 in the code, 4 proven'
# shellcheck disable=SC2016  # the back quotes are Markdown
grep -qF '| F-1.2 | The base is the largest exponent (F-1.1). | `FindBase` (block.cc) | `Block.Base` |' docs/verification.md ||
  { cat docs/verification.md; failures=$((failures + 1)); }
grep -qx 'After.' docs/verification.md || failures=$((failures + 1))

# A clause is a paragraph: how it is wrapped changes nothing, and its later lines are read as the first one.
fresh_tree; sed -i 's/^\(\*\*F-1.2\*\* The base is the\) /\1\n/; s/ exponent (F-1.1)/\nexponent\n(F-1.1)/' docs/format.md
[[ $(wc -l <docs/format.md) -eq 6 ]] || failures=$((failures + 1))
expect 0 '4 clauses, 4 in the code, 4 proven'
sed -i 's/^(F-1.1)/(F-9.9)/' docs/format.md
expect 1 'docs/format.md:5: F-9.9 is cited and is no clause'
fresh_tree; echo '**F-1.4** Nobody knows this.' >>docs/format.md
expect 1 'F-1.4 has no code'
expect 1 'F-1.4 has no test that cites it'
fresh_tree; echo '**F-1.1** Again.' >>docs/format.md
expect 1 'F-1.1 is defined twice'
fresh_tree; echo 'As F-9.9 says.' >>docs/format.md
expect 1 'docs/format.md:4: F-9.9 is cited and is no clause'
fresh_tree; echo '// F-9.9' >>model/src/block.cc
expect 1 'model/src/block.cc:5: F-9.9 is cited and is no clause'
fresh_tree; echo '// F-1.3 .. F-1.1' >>model/src/block.cc
expect 1 'is not a range inside one section'
fresh_tree; echo 'ACTP_CLAUSE("F-9.9")' >>tests/block_test.cc
expect 1 'tests/block_test.cc:2: F-9.9 is cited and is no clause'
fresh_tree; result Block Ghost completed C-9.9 >build/release/xml/e.xml
expect 1 'test Block.Ghost: C-9.9 is cited and is no clause'
fresh_tree; rm build/release/xml/b.xml
expect 1 'F-1.2 is cited in tests/block_test.cc, by a test that was not run'
fresh_tree; result Block Base skipped F-1.2 >build/release/xml/b.xml
expect 1 'F-1.2 is proven by no test that passed; failed or skipped: Block.Base'
fresh_tree; sed -i 's|</testcase>|<failure message="no"/></testcase>|' build/release/xml/b.xml
expect 1 'F-1.2 is proven by no test that passed; failed or skipped: Block.Base'
fresh_tree; mv model/io model/cli
expect 1 'C-1.1 has no code'
fresh_tree; sed -i 's/FindBase/FindTop/' model/src/block.cc
expect 1 'out of date; run: make map-update'
fresh_tree; : >docs/verification.md
expect 1 'lacks the marker lines'
fresh_tree; rm -r build/release/xml
expect 1 'no test results'

[[ $failures -eq 0 ]] && echo 'every fault was found'
