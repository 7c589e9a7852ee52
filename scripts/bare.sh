#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bare.sh [--keep] [demo] [test]: what README says to do on a bare machine, done there. Makes a minimal Debian 12 in
# build/bare/root, clones the last commit into it and runs `make check-tools` and the named verbs, without names demo and then
# test. Prints for each what it installed, downloaded and put on the disk, and how long it took; build/bare/bare.csv has the
# same, build/bare/STEP.log what a step said. A row counts what came on top of the rows before it.
#   --keep   leaves the root in place: chroot build/bare/root
# Package sources, proxies and name server are those of this machine. Needs root, for mounts of its own and chroot.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite=bookworm
work=$PWD/build/bare root=$PWD/build/bare/root
home=/srv  # of the user in that root
max_packages=100  # that make demo may install
csv_header='step,commit,cores,packages,download_mb,disk_mb,packages_s,packages_cpu_s,work_s,work_cpu_s,status'

# ---- inside: in mount and process namespaces of its own, which end with it, however it ends
in_root() { # COMMAND, as a new user of that machine would type it
  local kept=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    if [[ -n ${!name:-} ]]; then kept+=("$name=${!name}"); fi
  done
  env -i HOME=$home TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin "${kept[@]}" chroot "$root" /bin/bash -euo pipefail -c "$1" </dev/null
}
# shellcheck disable=SC2016  # for dpkg-query
installed() { in_root 'dpkg-query -W -f "\${db:Status-Status}\n" | grep -c "^installed"'; }
megabytes() { du -sxm "$root" | cut -f 1; }
fetched() { # LOG...: megabytes that apt got
  cat "$@" 2>/dev/null | awk '
    /^Fetched / { gsub(/,/, "", $2); sum += $2 * ($3 == "GB" ? 1000 : $3 == "MB" ? 1 : $3 == "kB" ? 0.001 : 0.000001) }
    END { printf "%.0f", sum }'
}

# Runs a step in the clone and adds its row. Time for packages is what setup.sh says, or all of it.
step() { # NAME COMMAND
  local log=$work/$1.log status=0 packages disk wall cpu setup_wall setup_cpu
  local setup_log=$root$home/actplane/build/setup.log
  packages=$(installed) disk=$(megabytes)
  rm -f "$setup_log"
  local TIMEFORMAT='%R %U %S'
  { time in_root "$2" >"$log" 2>&1; } 2>"$work/times" || status=$?
  read -r wall cpu < <(awk '{ print $1, $2 + $3 }' "$work/times")
  read -r setup_wall setup_cpu < <(awk '
    /^Installed in [0-9]+ s, [0-9]+ s of CPU\.$/ { wall += $3; cpu += $5 } END { print wall + 0, cpu + 0 }' "$log")
  if [[ $1 == packages ]]; then setup_wall=$wall setup_cpu=$cpu; fi
  packages=$(($(installed) - packages)) disk=$(($(megabytes) - disk))
  awk -v OFS=, -v name="$1" -v commit="$commit" -v cores="$(nproc)" -v packages="$packages" -v get="$(fetched "$log" "$setup_log")" \
    -v disk="$disk" -v wall="$wall" -v cpu="$cpu" -v setup_wall="$setup_wall" -v setup_cpu="$setup_cpu" -v status="$status" 'BEGIN {
      printf "%s,%s,%d,%d,%d,%d,%.0f,%.0f,%.0f,%.0f,%s\n", name, commit, cores, packages, get, disk, setup_wall, setup_cpu,
        wall - setup_wall, cpu - setup_cpu, status ? "failed" : "passed" }' >>"$work/rows"
  if [[ $status -ne 0 ]]; then
    tail -n 40 "$log"
    say "$1 failed with exit code $status; all it said: build/bare/$1.log"
    return 1
  fi
}

if [[ ${1:-} == --inside ]]; then
  commit=$2
  shift 2
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
  mount -t tmpfs tmpfs "$root/dev/shm"
  mount -t tmpfs tmpfs "$root/run"
  : >"$work/rows"
  step packages 'apt-get update && apt-get install -y --no-install-recommends make git'
  in_root 'cd && git clone -q -c advice.detachedHead=false actplane.bundle actplane'
  in_root 'cd ~/actplane && make check-tools' >"$work/check-tools.log" 2>&1 || die "make check-tools failed: build/bare/check-tools.log"
  sed -n '/^$/,$ p' "$work/check-tools.log"
  for verb in "$@"; do
    say ""
    say "make $verb ..."
    step "$verb" "cd ~/actplane && make $verb"
    case $verb in
      demo) tail -n 4 "$work/demo.log" ;;
      test) tail -n 1 "$work/test.log" ;;
    esac
  done
  exit
fi

# ---- outside
keep=false verbs=()
for word in "$@"; do
  case $word in
    --keep) keep=true ;;
    demo | test) verbs+=("$word") ;;
    *) die "unknown argument: $word; wanted: [--keep] [demo] [test]" ;;
  esac
done
[[ ${#verbs[@]} -gt 0 ]] || verbs=(demo test)
[[ $(id -u) -eq 0 ]] || die "making a Debian root needs root, as in: sudo make bare"
for tool in mmdebstrap unshare flock chroot apt-get git; do
  command -v "$tool" >/dev/null || die "$tool is missing; apt-get install mmdebstrap util-linux coreutils apt git"
done
unshare --mount --pid --fork true 2>/dev/null ||
  die "no namespaces and mounts here: in a container give it the capability SYS_ADMIN, or use a virtual machine"
commit=$(git -c safe.directory='*' rev-parse --short HEAD) || die "this is no git checkout, and a clone of one is what is tried"
[[ -z $(git -c safe.directory='*' status --porcelain) ]] || say "What is not committed is not in it: trying $commit."

mkdir -p "$work"
exec 9>"$work/lock"
flock -n 9 || die "another make bare is at work in build/bare"
child=''
clean() {
  # It may have ended by itself, and how it ended is of no use here.
  if [[ -n $child ]]; then kill -KILL "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; fi
  if [[ $keep == false ]]; then rm -rf --one-file-system "$root"; fi
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
rm -rf --one-file-system "$root"

# Debian's own sources of this machine, where apt knows them; without, the mirror that mmdebstrap takes.
sources=$work/sources.list conf=$work/apt.conf
# shellcheck disable=SC2016  # $(...) is for apt
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)|$(ORIGIN)|$(CODENAME)' 'Created-By: Packages' 2>/dev/null |
  awk -F '|' -v suite="$suite" '$2 == "Debian" && ($3 == suite || $3 == suite "-updates" || $3 == suite "-security") && / main\|/ { print $1 }' |
  sort -u >"$sources"
# sed, since a host without any such setting is none the worse
apt-config dump --format '%f "%v";%n' |
  sed -nE '/auto-detect/Id; /^Acquire::((http|https|ftp)(::[A-Za-z-]+)?|Retries|Check-Date|Check-Valid-Until|ForceIPv[46]) "[^"]/p' >"$conf"
mirror=()
if grep -q " $suite main$" "$sources"; then mirror=("$sources"); fi
include=()
if grep -q '^deb https' "$sources"; then include=(--include=ca-certificates); fi

say "Making a minimal Debian 12 in build/bare/root ..."
mmdebstrap --quiet --mode=root --variant=minbase --aptopt="$conf" "${include[@]}" "$suite" "$root" "${mirror[@]}" >"$work/root.log" 2>&1 </dev/null ||
  { tail -n 20 "$work/root.log" >&2 && die "mmdebstrap failed; all it said: build/bare/root.log"; }
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
git -c safe.directory='*' bundle create --quiet "$root$home/actplane.bundle" HEAD
say "$(chroot "$root" dpkg-query -W | wc -l) packages, $(megabytes) MB"

status=0
unshare --mount --pid --fork --kill-child --propagation private "$BASH" "$PWD/scripts/bare.sh" --inside "$commit" "${verbs[@]}" &
child=$!
wait "$child" || status=$?
child=''

if [[ -s $work/rows ]]; then
  { say "$csv_header" && cat "$work/rows"; } >"$work/bare.csv"
  awk -F, '
    BEGIN {
      printf "\n%-10s %9s %9s %8s   %-18s %-18s\n", "", "packages", "download", "disk", "installing them", "the rest"
      printf "%-10s %9s %9s %8s   %8s %9s %8s %9s\n", "make", "installed", "MB", "MB", "s", "CPU s", "s", "CPU s"
    }
    { printf "%-10s %9d %9d %8d   %8d %9d %8d %9d   %s\n", $1, $4, $5, $6, $7, $8, $9, $10, $11 == "passed" ? "" : $11 }' "$work/rows"
  say "bare       commit $commit, $(nproc) cores; row packages is apt-get install make git; build/bare/bare.csv"
fi
[[ $status -eq 0 ]] || die "a step failed (above; build/bare/*.log)"
count=$(awk -F, '$1 == "demo" { print $4 }' "$work/rows")
[[ -z $count || $count -le $max_packages ]] || die "make demo installed $count packages; more than $max_packages are too many"
