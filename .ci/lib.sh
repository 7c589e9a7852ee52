# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by every script here: strict mode, the root of the checkout as current folder, two words.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

JOBS=${JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}
