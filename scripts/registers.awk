# SPDX-License-Identifier: Apache-2.0
# registers.awk: from rtl/memory/registers.txt, -v out=sv, c or md: constants of the RTL, C header, table of docs/memory.md.
BEGIN {
  if (out !~ /^(sv|c|md)$/) stop("out is sv, c or md")
  licence = "// SPDX-License-Identifier: Apache-2.0"
  made = "Made by scripts/registers.awk of rtl/memory/registers.txt."
}
/^ *(#|$)/ { next }
{
  if (NF < 6) stop("columns: register, address, bits, field, access, reset, meaning")
  name = $1; address = $2; field = $4; access = $5; reset = $6
  if (name !~ /^[A-Z][A-Z0-9_]*$/ || field !~ /^[a-z][a-z0-9_]*$/) stop("a name")
  if (address !~ /^0x[0-9a-f][0-9a-f][048c]$/) stop("a byte address: 0x and three digits")
  if (access !~ /^(ro|rw|w1c)$/) stop("access is ro, rw or w1c")
  if (reset !~ /^([0-9]+|0x[0-9a-f]+|built|-)$/) stop("reset is a number, built or -")
  split($3, ends, ":")
  high = ends[1] + 0
  low = $3 ~ /:/ ? ends[2] + 0 : high
  if ($3 !~ /^[0-9]+(:[0-9]+)?$/ || high > 31 || low > high) stop("bits are high:low or one")
  if (name in at && at[name] != address) stop(name " has two addresses")
  if (address in owner && owner[address] != name) stop(address " is taken by " owner[address])
  for (b = low; b <= high; b++) if ((name, b) in taken) stop("bit " b " is taken")
  for (b = low; b <= high; b++) taken[name, b] = 1
  text = $7
  for (b = 8; b <= NF; b++) text = text " " $b
  if (!(name in at)) order[++registers] = name
  at[name] = address
  owner[address] = name
  fields++
  of[fields] = name; named[fields] = field; from[fields] = low; width[fields] = high - low + 1
  mode[fields] = access; value[fields] = reset; meaning[fields] = text
}
END {
  if (failed) exit 1
  if (out == "sv") sv(); else if (out == "c") c(); else md()
}
function stop(what) {
  printf "%s:%d: %s\n", FILENAME, FNR, what >"/dev/stderr"
  failed = 1
  exit 1
}
function number(f) { return value[f] ~ /^[0-9]/ }
function sv(  i, f, p) {
  print licence
  print "// actp_mem_regs_pkg - addresses and fields of the registers of the memory path."
  print "//"
  print "// " made
  print "`default_nettype none"
  print "\npackage actp_mem_regs_pkg;"
  print "  /* verilator lint_off UNUSEDPARAM */  // there for software too"
  for (i = 1; i <= registers; i++) printf "  localparam logic [11:0] ADDR_%-15s = 12'h%s;\n", order[i], substr(at[order[i]], 3)
  print ""
  for (f = 1; f <= fields; f++) {
    p = of[f] "_" toupper(named[f])
    printf "  localparam int unsigned %-28s = %d;\n", p "_LSB", from[f]
    printf "  localparam int unsigned %-28s = %d;\n", p "_W", width[f]
    if (number(f)) printf "  localparam logic [31:0] %-28s = 32'%s;\n", p "_RESET", value[f] ~ /^0x/ ? "h" substr(value[f], 3) : "d" value[f]
  }
  print "  /* verilator lint_on UNUSEDPARAM */"
  print "endpackage"
  print "\n`default_nettype wire"
}
function c(  i, f, p) {
  print licence
  print "// Registers of the memory path (docs/memory.md).\n// " made
  print "#ifndef ACTPLANE_MEMORY_REGS_H_"
  print "#define ACTPLANE_MEMORY_REGS_H_"
  print "\n// Byte addresses; those of ACTP_MEM_REGION_* are of region 0.\n#define ACTP_MEM_REGION_STRIDE 0x20u"
  for (i = 1; i <= registers; i++) print "#define ACTP_MEM_" order[i] " " at[order[i]] "u"
  print "\n// Fields: lowest bit, mask in place, value after reset in place."
  for (f = 1; f <= fields; f++) {
    p = "ACTP_MEM_" of[f] "_" toupper(named[f])
    print "#define " p "_SHIFT " from[f] "u"
    print "#define " p "_MASK 0x" mask(from[f], width[f]) "u"
    if (number(f)) print "#define " p "_RESET " value[f] "u"
  }
  print "\n#endif  // ACTPLANE_MEMORY_REGS_H_"
}
# Eight hexadecimal digits: no tool's integers are asked for more than four bits.
function mask(low, count,  text, digit, b, d) {
  text = ""
  for (d = 7; d >= 0; d--) {
    digit = 0
    for (b = 3; b >= 0; b--) digit = 2 * digit + (4 * d + b >= low && 4 * d + b < low + count)
    text = text substr("0123456789abcdef", digit + 1, 1)
  }
  return text
}
function md(  f, bits, seen) {
  print "| address | register | bits | field | access | reset | meaning |"
  print "|---|---|---|---|---|---|---|"
  for (f = 1; f <= fields; f++) {
    bits = width[f] == 1 ? from[f] : (from[f] + width[f] - 1) ":" from[f]
    printf "| %s | %s | %s | `%s` | %s | %s | %s |\n", (of[f] in seen) ? "" : at[of[f]] (of[f] ~ /^REGION_/ ? " + 0x20 k" : ""),
      (of[f] in seen) ? "" : "`" of[f] "`", bits, named[f], mode[f], value[f] == "-" ? "" : value[f], meaning[f]
    seen[of[f]] = 1
  }
}
