#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The registers of the memory path: RTL, C header and document are what registers.txt says; the C headers and the example
# compile; and scripts/registers.sh finds every fault.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
compiler=${1:-cc}
script=$root/scripts/registers.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

"$script"

printf '#include "actplane/memory.h"\nint main(void) { return ACTP_MEM_GATHER_CYCLES_RESET == 16u ? 0 : 1; }\n' >"$scratch/main.c"
"$compiler" -std=c99 -Wall -Wextra -Wconversion -Wpedantic -Werror -I"$root/model/include" -o "$scratch/main" "$scratch/main.c"
"$scratch/main"

fresh_tree() {
  rm -rf "$scratch/tree"
  mkdir -p "$scratch/tree"/{rtl/memory,model/include/actplane,docs}
  cp "$root"/rtl/memory/{registers.txt,actp_mem_regs_pkg.sv} "$scratch/tree/rtl/memory"
  cp "$root/model/include/actplane/memory_regs.h" "$scratch/tree/model/include/actplane"
  cp "$root/docs/memory.md" "$scratch/tree/docs"
}
expect() { # TEXT: the tree is refused, with TEXT
  if ACTP_REGISTERS_ROOT=$scratch/tree "$script" >"$scratch/log" 2>&1 || ! grep -qF -- "$1" "$scratch/log"; then
    printf 'expected a failure with "%s", got:\n' "$1"
    cat "$scratch/log"
    failures=$((failures + 1))
  fi
}
fault() { # TEXT FILE SED
  fresh_tree
  sed -i "$3" "$scratch/tree/$2"
  cmp -s "$scratch/tree/$2" "$root/$2" && printf 'the fault "%s" changes nothing\n' "$3" && failures=$((failures + 1))
  expect "$1"
}

list=rtl/memory/registers.txt
fault 'not what' rtl/memory/actp_mem_regs_pkg.sv 's/h010/h018/'
fault 'not what' model/include/actplane/memory_regs.h 's/0x010u/0x018u/'
fault 'not what' docs/memory.md '/^| 0x010/d'
fault 'marker lines' docs/memory.md '/registers:end/d'
fault 'not what' "$list" '/^GATHER/s/16/17/'
fault 'is taken by' "$list" 's/^STATUS  *0x014/STATUS 0x010/'
fault 'bit 3 is taken' "$list" 's/^REGION_CONFIG  *0x114 2 /REGION_CONFIG 0x114 4:2 /'
fault 'two addresses' "$list" '0,/^ERRORS  *0x01c/s//ERRORS 0x028/'
fault 'access is' "$list" '/^GATHER/s/rw/wo/'
fault 'reset is' "$list" '/^GATHER/s/ 16 / sixteen /'
fault 'bits are' "$list" '/^GATHER/s/7:0/0:7/'
fault 'a byte address' "$list" '/^GATHER/s/0x010/0x011/'
fault 'columns' "$list" '/^GATHER/s/ rw.*//'

fresh_tree
sed -i '/^GATHER/s/16/17/' "$scratch/tree/$list"
ACTP_REGISTERS_ROOT=$scratch/tree "$script" --update
ACTP_REGISTERS_ROOT=$scratch/tree "$script"
grep -q 'GATHER_CYCLES_RESET 17u' "$scratch/tree/model/include/actplane/memory_regs.h" || failures=$((failures + 1))
# The first example of docs/memory.md, as it stands there, compiles against the header.
awk '/^```c$/ { inside = 1; next } /^```$/ && inside { exit } inside' "$root/docs/memory.md" >"$scratch/example"
{
  grep '^#include' "$scratch/example"
  printf 'void example(volatile uint32_t *base, uint32_t bytes);\nvoid example(volatile uint32_t *base, uint32_t bytes) {\n'
  grep -v '^#include' "$scratch/example"
  printf '}\n'
} >"$scratch/example.c"
"$compiler" -std=c11 -Wall -Wextra -Werror -include stdint.h -I "$root/model/include" -fsyntax-only "$scratch/example.c" ||
  failures=$((failures + 1))

[[ $failures -eq 0 ]]
