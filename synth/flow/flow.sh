# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # much of this is for those who source it
# Sourced by the scripts of this folder: which design, which libraries, Yosys up to the mapped netlist.
# Everything is made in build/synth; a netlist is made again only when something that went into it has changed.
called_from=$PWD
here=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

OSU018=/usr/share/qflow/tech/osu018/osu018_stdcells.lib
GE=synth/lib/actp_ge.lib
# Cells for power domains and probing, which no mapper should take for plain logic.
NOT_FOR_LOGIC='__lpflow_|__probe|sparecell'

CONFIGS=${ACTPLANE_CONFIGS:-rtl/configs.txt}  # explore.sh has more of them
# Modules that the memory path keeps in shape `parts`, so that their area is known; all others are flat in these. None of
# them has an input of type region_t, of which a module uses a part. The codecs are empty boxes: they have rows of their
# own, and take most of the time.
MEMORY_PARTS=(actp_mem_buffers actp_mem_gather_store actp_mem_regs actp_mem_table
  actp_mem_check actp_mem_counters actp_mem_errors actp_mem_write actp_mem_decode actp_mem_gather actp_mem_pending
  actp_mem_slot_out actp_mem_resp actp_mem_read actp_mem_tags actp_mem_serve actp_queue actp_skid)

work=build/synth
config=${CONFIG:-default} list='' top='' params=() liberties=() gating=off delay=${DELAY:-1000} lenient=false flat_only=false with_latches=false whole=flat
yosys_version=

# An argument is a path from where the user stands.
path_of() { case $1 in /*) say "$1" ;; *) say "$called_from/$1" ;; esac; }

need() { # COMMAND PACKAGE
  command -v "$1" >/dev/null || die "$1 is not installed; run: make setup (or apt-get install $2)"
}

# Takes what every script here takes; the rest is left in `rest`.
parse() {
  local file each failed='' arguments=("$@")
  rest=()
  [[ -z ${CLOCK_GATING:-} || ${CLOCK_GATING:-} == 0 ]] || gating=on
  for file in ${LIBERTY:-}; do liberties+=("$(path_of "$file")"); done
  while [[ $# -gt 0 ]]; do
    case $1 in
      --config) config=${2:?--config needs a name of rtl/configs.txt} && shift ;;
      --files) list=$(path_of "${2:?--files needs a file list}") && shift ;;
      --top) top=${2:?--top needs a module} && shift ;;
      --param) params+=("${2:?--param needs NAME=VALUE}") && shift ;;
      --liberty) liberties+=("$(path_of "${2:?--liberty needs a file}")") && shift ;;
      --delay) delay=${2:?--delay needs picoseconds} && shift ;;
      --clock-gating) gating=on ;;
      --lenient) lenient=true ;;
      --flat) flat_only=true ;;
      *) rest+=("$1") ;;
    esac
    shift
  done
  if [[ $config == all && -z $list ]]; then
    while read -r each _; do
      [[ $each != all ]] || die "a configuration of $CONFIGS must not be named all"
      (cd "$called_from" && "$BASH" "$here" "${arguments[@]}" --config "$each") || failed+=" $each"
    done < <(grep "^[a-z]" "$CONFIGS")
    [[ -z $failed ]] || die "no figures for these configurations (lines above):$failed"
    exit
  fi
  need yosys yosys
  yosys_version=$(yosys -V | awk '{ print $2 }')
  choose_design
}

# For scripts that simulate: there is a bench for the project's own devices only.
refuse_others() { # OPTION ARGUMENT...
  if [[ " ${*:2} " == *" $1 "* ]]; then
    die "$1: only the project's own devices have a bench; area.sh, timing.sh, fpga.sh and equiv.sh take other designs"
  fi
}

# Sets: name, tops, sources, include, params; whole: the shape of the netlist that is measured.
choose_design() {
  local numbers folder
  if [[ -n $list ]]; then
    [[ -r $list ]] || die "cannot read the file list $list (one source per line, relative to the list)"
    [[ -n $top ]] || die "--files needs --top MODULE as well"
    name=$(basename "${list%.*}")
    tops=("$top")
  else
    list=$PWD/rtl/files.f
    numbers=$(config_params "$config" "$CONFIGS") || exit
    if [[ -z $numbers ]]; then numbers=$(memory_params "$config") || exit; fi
    [[ -n $numbers ]] ||
      die "no configuration '$config' in $CONFIGS; there are: $(awk '/^[a-z]/ { printf "%s ", $1 }' "$CONFIGS" "$MEMORIES")"
    name=$config
    [[ ${#params[@]} -eq 0 ]] || die "--param goes with --files; the numbers of a configuration are in $CONFIGS"
    read -ra params <<<"$numbers"
    if [[ " $numbers " == *' Fifo=1 '* ]]; then with_latches=true; fi
    tops=(actp_compressor actp_decompressor)
    if [[ $numbers == *' AddrW='* ]]; then
      tops=(actp_memory)
      whole=parts flat_only=true
    fi
    if [[ -n $top ]]; then tops=("$top"); fi
  fi
  folder=$(dirname "$list")
  mapfile -t sources < <(sed 's/#.*//; s/[ \t]*$//; /^ *$/d' "$list" | awk -v at="$folder/" '{ print ($0 ~ /^\// ? "" : at) $0 }')
  [[ ${#sources[@]} -gt 0 ]] || die "the file list $list is empty"
  for file in "${sources[@]}"; do [[ -r $file ]] || die "cannot read $file, which $list names"; done
  include=$folder/include
  # Yosys finds what a source includes or reads beside it, too.
  mapfile -t headers < <({
    [[ ! -d $include ]] || find "$include" -type f
    printf '%s\n' "${sources[@]%/*}" | sort -u | while read -r folder; do
      find "$folder" -maxdepth 1 -type f ! -name '*.v' ! -name '*.sv' -size -16M
    done
  } | sort -u)
}

# osu018 where it is installed, and can do what is asked for.
has_osu018() {
  if [[ $gating == on ]]; then
    say "osu018 has no clock gate: no row for it"
    return 1
  fi
  if [[ $with_latches == true ]]; then
    say "osu018 has no plain latch: no row for it"
    return 1
  fi
  [[ -r $OSU018 ]] || { say "osu018 is not installed (apt-get install qflow-tech-osu018): no row for it" && return 1; }
}

# Prepares a liberty file; sets lib_name, lib (the file to use), facts.
use_library() { # FILE
  local file=$1 stem inputs
  [[ -r $file ]] || die "cannot read the liberty file $file; give LIBERTY=FILE, a .lib or .lib.gz"
  stem=$(basename "$file") stem=${stem%.gz} stem=${stem%.lib}
  lib=$PWD/$work/lib/$stem.lib facts=$PWD/$work/lib/$stem.facts
  mkdir -p "$work/lib"
  inputs=$(sha256sum "$file" synth/flow/liberty.awk)
  if ! fresh "$facts" "$inputs"; then
    # Under names of its own first: two scripts may do this at once.
    if [[ $file == *.gz ]]; then gzip -cd "$file"; else cat "$file"; fi >"$lib.all$$" || die "cannot unpack $file"
    awk -v drop="$NOT_FOR_LOGIC" -v clean="$lib.new$$" -f synth/flow/liberty.awk "$lib.all$$" >"$facts.new$$"
    rm "$lib.all$$"
    grep -q '^cell ' "$facts.new$$" || die "$file is not a liberty file: no cell in it"
    mv "$lib.new$$" "$lib"
    mv "$facts.new$$" "$facts"
    seal "$facts" "$inputs"
  fi
  lib_name=$(awk '$1 == "library" { print $2; exit }' "$facts")
  nand2=$(awk '$4 == "nand2" && !/ dont_use$/ && (!area || $3 < area) { area = $3 } END { print area }' "$facts")
  [[ -n $nand2 ]] || die "$file has no NAND2 that this flow recognises: gate equivalents have no unit"
  grep -q '^timing yes' "$facts" || die "$file has no timing tables: abc cannot map to it"
  # The smallest buffer drives every input of the design; every output drives four of them.
  read -r buffer load < <(awk '
    $1 == "load_unit" { unit = $2 }
    $4 == "buf" && !/ dont_use$/ && tolower($2) !~ /clk|dly|del/ && (!area || $3 < area) { area = $3; name = $2; cap = $7 }
    END { if (name) print name, 4 * cap }' "$facts") || die "$file has no buffer that this flow recognises"
  printf 'set_driving_cell %s\nset_load %s\n' "$buffer" "$load" >"${lib%.lib}.constr"
}

# Runs Yosys on a script; its last error is the error of this script.
yosys_run() { # LOG SCRIPT-FILE OPTION...
  local log=$1 script=$2
  if ! timeout "${SYNTH_TIMEOUT:-3600}" yosys -q -l "$log" "${@:3}" -s "$script" >"$log.out" 2>&1 </dev/null; then
    local error
    error=$(awk '/ERROR:/ { print; exit }' "$log" "$log.out")
    die "yosys: ${error:-stopped (killed, or longer than ${SYNTH_TIMEOUT:-3600} s)}; log: $log"
  fi
  rm -f "$log.out"
}

# True when FILE was made from exactly these inputs.
fresh() { # FILE INPUT-TEXT
  [[ -s $1 && -s $1.key && $(<"$1.key") == "$(sha256sum <<<"$2")" ]]
}
seal() { sha256sum <<<"$2" >"$1.key"; }

# The start of every script: files, parameters, a top of its own name, no assertions.
read_design() { # TOP [COMMAND before elaboration]
  local param known=() settings='' flags='' file
  file=$(printf '%s\n' "${sources[@]}" | grep "/$1[.]s*v$" | head -n 1)
  for param in "${params[@]}"; do
    # A named configuration says more than a top may want to know.
    if [[ $list != "$PWD/rtl/files.f" ]] || grep -q "parameter .*\b${param%=*} " "$file"; then known+=("$param"); fi
  done
  if [[ ${FRONT_END:-yosys} == slang ]]; then
    file=$PWD/$work/$name/$1.slang.v
    synth/flow/slang.sh "$file" "$1" "${known[@]}" >&2 || exit
    say "read_verilog $file
${2:-}
hierarchy -check -top $1
rename -top $1"
    return
  fi
  for param in "${known[@]}"; do settings+=" -chparam ${param/=/ }"; done
  if [[ -d $include ]]; then flags=" -I$include"; fi
  say "read_verilog -defer -sv -DSYNTHESIS$flags ${sources[*]}
${2:-}
hierarchy -check -top $1$settings
rename -top $1
chformal -remove"
}

# Sets `generic`: the design as gates of Yosys, flat or as a tree of modules.
elaborate() { # TOP flat|tree|parts
  local top=$1 shape=$2 flatten='' script inputs middle='' box='' keep=''
  local strict=(-e '.*')
  if [[ $lenient == true ]]; then strict=(); fi
  mkdir -p "$work/$name/$top"
  generic=$PWD/$work/$name/$top/$shape-$gating.il
  [[ $shape == tree ]] || flatten=-flatten
  # Word-level registers are gone after the first half of synth.
  if [[ $gating == on ]]; then
    middle="techmap -map $PWD/synth/lib/clock_gate.v t:\$dffe t:\$adffe"
    box="read_verilog -lib $PWD/synth/lib/clock_gate_box.v"
  fi
  if [[ $shape == parts ]]; then
    keep="blackbox *actp_compressor* *actp_decompressor*
delete *actp_enc_* *actp_dec_*
setattr -mod -set keep_hierarchy 1 $(printf '*%s* ' "${MEMORY_PARTS[@]}")"
  fi
  script="$(read_design "$top" "$box")
$keep
synth $flatten -top $top -run begin:fine
$middle
synth $flatten -top $top -run fine:
check -assert
$([[ $lenient == true || $with_latches == true ]] || say "select -assert-none t:\$_DLATCH_* t:\$_DLATCHSR_* t:\$dlatch")
tee -q -o ${generic%.il}.modules ls
exec -- awk -f $PWD/synth/flow/rename.awk ${generic%.il}.modules > ${generic%.il}.rename
script ${generic%.il}.rename
write_rtlil $generic"
  inputs="$yosys_version $script $(sha256sum "${sources[@]}" synth/lib/clock_gate*.v synth/flow/rename.awk "${headers[@]}")"
  if fresh "$generic" "$inputs"; then return; fi
  say "$script" >"${generic%.il}.ys"
  rm -f "$generic.key"
  yosys_run "${generic%.il}.log" "${generic%.il}.ys" "${strict[@]}"
  seal "$generic" "$inputs"
}

# Sets `mapped` (path without ending): .stat, .depth, .v of the design in the cells of the library in use; with clock
# gating also `icg`, the gate, and its pins `icg_clock`, `icg_enable`, `icg_out`.
map_netlist() { # TOP flat|tree|parts
  local top=$1 shape=$2 script inputs gate='' latch latch_enable data latch_out
  elaborate "$top" "$shape"
  mapped=$PWD/$work/$name/$top/$shape-$gating-$(basename "${lib%.lib}")
  if [[ $gating == on ]]; then
    # A gate with a test pin gets it tied low; the plain one is preferred.
    gate=$(awk '$4 == "icg" { test = ($8 != "" && $8 != "dont_use"); if (test == 0 && (!area || $3 < area)) { area = $3; line = $2 " " $5 " " $6 " " $7 } } END { print line }' "$facts")
    [[ -n $gate ]] || die "$lib_name has no integrated clock gate; leave CLOCK_GATING out"
    read -r icg icg_clock icg_enable icg_out <<<"$gate"
    say "module ACTP_CLOCK_GATE (input C, E, output GC); $icg gate (.$icg_clock(C), .$icg_enable(E), .$icg_out(GC)); endmodule" >"$mapped.gate.v"
    gate="techmap -map $mapped.gate.v"
  fi
  if [[ $with_latches == true ]]; then
    read -r latch latch_enable data latch_out < <(awk '$4 == "latch" && NF == 7 && (!area || $3 < area) { area = $3; line = $2 " " $5 " " $6 " " $7 } END { print line }' "$facts")
    [[ -n $latch ]] || die "$lib_name has no plain latch: take a configuration with another Fifo"
    say "(* techmap_celltype = \"\$_DLATCH_P_\" *) module actp_latch (input E, D, output Q); $latch l (.$latch_enable(E), .$data(D), .$latch_out(Q)); endmodule
(* techmap_celltype = \"\$_DLATCH_N_\" *) module actp_latch_n (input E, D, output Q); wire low; $latch l (.$latch_enable(low), .$data(D), .$latch_out(Q)); \\\$_NOT_ n (.A(E), .Y(low)); endmodule" >"$mapped.latch.v"
    gate+="
techmap -map $mapped.latch.v"
  fi
  script="read_rtlil $generic
read_liberty -lib $lib
$gate
dfflibmap -liberty $lib
opt
abc -D $delay -constr ${lib%.lib}.constr -liberty $lib
setundef -zero
opt_clean -purge
check -assert
tee -q -o $mapped.stat stat
tee -q -o $mapped.depth ltp -noff *$(awk '$4 ~ /^(flop|latch|icg)$/ { printf " t:%s %%d", $2 }' "$facts")
write_rtlil $mapped.il
splitnets -ports
opt_clean -purge
write_verilog -noattr -noexpr $mapped.v"
  inputs="$(<"$generic.key") $script $(sha256sum "$lib" "${lib%.lib}.constr") $(cat "$mapped.gate.v" "$mapped.latch.v" 2>/dev/null || true)"
  if fresh "$mapped.v" "$inputs"; then return; fi
  say "$script" >"$mapped.ys"
  rm -f "$mapped.v.key"
  yosys_run "$mapped.log" "$mapped.ys"
  seal "$mapped.v" "$inputs"
}

# The clock of a design: PORT where --clock names it, else the input that has a usual name; empty where none has.
clock_of() { # NETLIST.v PORT
  local port
  if [[ -n $2 ]]; then
    grep -qF "  input $2;" "$1" || die "--clock $2: no input of that name; inputs of one bit: $(scalar_inputs "$1")"
    say "$2" && return
  fi
  for port in clk_i aclk clk clock; do
    if grep -q "^  input $port;" "$1"; then say "$port" && return; fi
  done
}
scalar_inputs() { sed -n 's/^  input \([A-Za-z_][A-Za-z_0-9$]*\);.*/\1/p' "$1" | sort -u | tr '\n' ' ' | sed 's/ $//'; }  # NETLIST.v
# What to say when a design has registers and no clock was found.
which_clock() { # TOP NETLIST.v
  say "which input of $1 is the clock? give --clock PORT; inputs of one bit: $(scalar_inputs "$2")"
}

# Puts new rows in place of those with the same first K fields; the rest stays. Never leaves half a file.
merge() { # FILE HEADER KEY-FIELDS NEW-ROWS
  { [[ ! -f $1 ]] || tail -n +2 "$1"; } | awk -F, -v keys="$3" '
    function key(  i, k) { for (i = 1; i <= keys; i++) k = k "," $i; return k }
    FNR == NR { new[key()] = 1; line[++n] = $0; next }
    !(key() in new) { print }
    END { for (i = 1; i <= n; i++) print line[i] }' "$4" - |
    awk -F, 'BEGIN { while ((getline text < "rtl/configs.txt") > 0) { split(text, w, /[ \t]+/); at[w[1]] = ++n } }
      { printf "%d\t%s\t%d\t%s\n", ($1 in at) ? at[$1] : 99, $1 "," $2, NR, $0 }' |
    LC_ALL=C sort -t $'\t' -k1,1n -k2,2 -k3,3n | cut -f 4- >"$work/merged.csv"
  { say "$2" && cat "$work/merged.csv"; } >"$1.new"
  mv "$1.new" "$1"
}
