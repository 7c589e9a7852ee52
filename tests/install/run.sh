#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD_DIR CXX: installs the build into an empty prefix and uses it from projects outside, in C++ and in C.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 cxx=$2

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

cmake --install "$build" --prefix "$prefix" >"$scratch/install.log"
"$prefix/bin/actplane" --version
"$prefix/bin/actplane" verify --help >"$scratch/verify.log"
"$here/rtl.sh" "$prefix" "$cxx"

cmake -G Ninja -S "$here" -B "$scratch/consumer" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$prefix" >"$scratch/configure.log"
cmake --build "$scratch/consumer" >"$scratch/build.log" || { cat "$scratch/build.log"; exit 1; }
"$scratch/consumer/consumer"

# libactplane.so: from C by CMake and by pkg-config, its names, its page. Nothing of the build folder is left to find.
cmake -G Ninja -S "$here/c" -B "$scratch/c" -DCMAKE_PREFIX_PATH="$prefix" >"$scratch/c.log"
cmake --build "$scratch/c" >"$scratch/c.log" || { cat "$scratch/c.log"; exit 1; }
"$scratch/c/c_consumer"

library=$(find "$prefix" -name libactplane.so)
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
[[ -L $library && -L $(dirname "$library")/$soname && $soname == libactplane.so.0 ]] ||
  { printf 'libactplane.so and %s must be links\n' "$soname"; exit 1; }

cp -r "$here/../../examples/c" "$scratch/example"
pkgconfig=$(dirname "$library")/pkgconfig
mv "$prefix" "$scratch/elsewhere"  # the package may be moved
export PKG_CONFIG_PATH=${pkgconfig/#"$prefix"/"$scratch/elsewhere"}
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH") make -s -C "$scratch/example" run
[[ $(pkg-config --modversion actplane) == "$("$scratch/elsewhere/bin/actplane" --version | awk '{ print $2 }')" ]] ||
  { printf 'actplane.pc has another version than the command\n'; exit 1; }

if command -v man >"$scratch/man.log"; then
  for page in actplane actplane_compress actplane_last_error; do
    MANPATH=$scratch/elsewhere/share/man man --warnings -E UTF-8 3 "$page" >"$scratch/man.txt" 2>"$scratch/man.log"
    if [[ -s $scratch/man.log ]] || ! grep -q boundaries "$scratch/man.txt"; then cat "$scratch/man.log"; exit 1; fi
  done
fi
