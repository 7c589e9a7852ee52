#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mutate_random.sh [COUNT [SEED]]: COUNT one-token mutants of any line of rtl/ (scripts/mutants.awk says which), drawn by SEED.
# Each must turn a test of its module red, or else a test of the whole device. Survivors are listed: each is to be killed by a
# better test or noted as equivalent in docs/mutants.md. Those that are noted there do not count.
# ONLY=REGEX: only files of rtl/ whose path matches. FIRST=N: leave out the N - 1 that come first, which an earlier run tried.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

count=${1:-${COUNT:-50}} seed=${2:-${SEED:-$RANDOM}}
[[ $count =~ ^[0-9]+$ && $seed =~ ^[0-9]+$ ]] || die "COUNT and SEED are numbers"
work=$PWD/build/mutate-random
rm -rf "$work/module" "$work/more" "$work/device"
mkdir -p "$work/module" "$work/more" "$work/device"
mapfile -t sources < <(sed 's/#.*//; /^ *$/d; s|^|rtl/|' rtl/files.f | grep -E "${ONLY:-.}")
[[ ${#sources[@]} -gt 0 ]] || die "no file of rtl/ matches '$ONLY'"

# The test of a module; of one without a test, that of the module which it is a part of.
test_of() { # MODULE
  local module=$1 user
  while [[ ! -f tests/rtl/${module}_test.cc ]]; do
    user=$(grep -lE "^ *$module (#|u_)" rtl/*.sv rtl/*/*.sv | head -n 1)
    [[ -n $user ]] || return 0
    module=$(basename "$user" .sv)
  done
  # That of the bare decompressor looks at one output only.
  say "${module/%actp_decompressor/actp_decompressor_axis}_test"
}

# A sorted list of keys, so that a seed draws the same mutants everywhere.
awk -f scripts/mutants.awk "${sources[@]}" |
  awk -v seed="$seed" '{ key = (seed * 7919 + NR * 104729) % 2147483647
    for (i = 0; i < 4; i++) key = (key * 48271) % 2147483647
    printf "%010d\t%s\n", key, $0 }' | sort >"$work/candidates"
awk -v first="${FIRST:-1}" -v count="$count" 'NR >= first && NR < first + count' "$work/candidates" | cut -f 2- >"$work/drawn"
say "mutate-random  $(wc -l <"$work/drawn") of $(wc -l <"$work/candidates") mutants, SEED=$seed"

number=0
while IFS=$'\t' read -r file line column length text; do
  number=$((number + 1))
  module=$(basename "$file" .sv)
  name=$(printf 'r%03d_%s_%d_%d' "$number" "${module#actp_}" "$line" "$column")
  awk -v line="$line" -v at="$column" -v len="$length" -v text="$text" '
    NR == line { $0 = substr($0, 1, at - 1) text substr($0, at + len) } { print }' "$file" >"$work/mutant.sv"
  device=actp_compressor_axis_test
  case $file in
    */dec/* | *decompressor*) device=actp_decompressor_axis_test ;;
    */memory/*) device=memory_rtl_test ;;  # the bench of tests/memory
  esac
  test=$(test_of "$module")
  [[ $module != actp_pkg ]] || test=pkg_parity_test
  [[ -n $test ]] || test=$device
  for level in module more device; do
    {
      say "$file:$line:$column: '$(sed -n "${line}p" "$file" | cut -c "$column-$((column + length - 1))")' becomes '$text'."
      if [[ $level == device ]]; then say "Test: $device"; else say "Test: $test"; fi
      say
      diff -u --label "a/$file" --label "b/$file" "$file" "$work/mutant.sv" || [[ $? -eq 1 ]]
    } >"$work/$level/$name.patch"
  done
done <"$work/drawn"

run() { # LEVEL CONFIGS [SECONDS]: the table of mutate.sh, survivors and all
  MUTANTS=$work/$1 MUTATE_WORK=$work/trees MUTATE_CONFIGS=$2 MUTATE_TIMEOUT=${3:-60} MUTATE_LIST=1 scripts/mutate.sh | tee "$work/$1.txt" |
    awk '/ SURVIVED | FAULT /'
}
# Leaves the patches of LEVEL that survived the one before; false if there are none.
keep() { # LEVEL BEFORE
  local patch
  for patch in "$work/$1"/*.patch; do
    grep -qE "^$(basename "$patch" .patch) .* SURVIVED " "$work/$2.txt" || rm "$patch"
  done
  : >"$work/$1.txt"
  compgen -G "$work/$1/*.patch" >/dev/null
}
say "---- the tests of the modules, first configuration"
run module 1
if keep more module; then
  say "---- survivors in all configurations"
  run more 100 300
fi
if keep device more; then
  say "---- survivors against the tests of the whole device"
  run device 1
fi
survivors=0 noted=0
while read -r name _; do
  what=$(head -n 1 "$work/module/$name.patch")
  shown=$(sed -n 's/^+\([^+].*\)/\1/p' "$work/module/$name.patch" | head -n 1 | sed 's/^ *//')
  module=$(basename "${what%%:*}" .sv)
  if sed 's/\\|/|/g' docs/mutants.md | grep -F "\`$module\`" | grep -F " | \`$shown\` | " >/dev/null; then
    noted=$((noted + 1))
  else
    survivors=$((survivors + 1))
    say "SURVIVED  $what  Now: $shown"
  fi
done < <(awk '/ SURVIVED /' "$work"/device.txt)
invalid=$(cat "$work"/{module,more,device}.txt | awk '/ FAULT / { n++ } END { print n + 0 }')
say "mutate-random  $number mutants, SEED=$seed: $((number - survivors - noted - invalid)) killed, $noted equivalent by docs/mutants.md, $invalid do not compile, $survivors survived"
[[ $survivors -eq 0 ]]
