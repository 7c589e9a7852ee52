#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# python.sh LIBRARY: tests and examples of python/ with this libactplane; counts go to build/python/tests.txt.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

library=$(realpath -e "${1:?usage: python.sh LIBRARY}")
python=${PYTHON:-/usr/bin/python3}  # Debian's: its packages are for no other
export ACTPLANE_LIBRARY=$library PYTHONPATH=$PWD/python PYTHONDONTWRITEBYTECODE=1
mkdir -p build/python
log=build/python/pytest.log start=$SECONDS status=0

"$python" -m pytest -q -rs -p no:cacheprovider python/tests | tee "$log" || status=$?
count() { sed -nE "s/.*\b([0-9]+) $1.*/\1/p" <(tail -n 1 "$log") | grep . || echo 0; }
passed=$(count passed) failed=$(($(count failed) + $(count error))) skipped=$(count skipped)
[[ $status -eq 0 || $failed -gt 0 ]] || die "pytest ended with exit status $status"

examples=0
for example in examples/*.py; do
  say "---- $example"
  "$python" "$example"
  examples=$((examples + 1))
done
say "$passed passed, $failed failed, $skipped skipped" >build/python/tests.txt
say "python   $passed passed, $failed failed, $skipped skipped, $examples examples, in $((SECONDS - start)) s"
[[ $failed -eq 0 ]]
