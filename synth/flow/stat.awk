# SPDX-License-Identifier: Apache-2.0
# Adds up the output of Yosys' `stat` with the facts of a library (liberty.awk, first file).
#   -v top=MODULE -v nand2=AREA
#   without -v tree=1: one line "cells area ge ge_seq ff_bits gates latches" for a flat netlist
#   with    -v tree=1: one line for each module "module instances ff_bits ge_seq ge_own ge_all latches gates", all
#                      instances together; ge_all includes what is instantiated inside
FNR == NR { if ($1 == "cell") { area[$2] = $3; kind[$2] = $4 } next }
/^=== / { module = $2; if (module == "design") module = ""; next }  # "=== design hierarchy ===" repeats it all
/Number of cells:/ { counting = 1; seen = 1; next }
counting && NF == 2 && module != "" {
  if ($1 in area) {
    cells[module] += $2; own[module] += $2 * area[$1]
    if (kind[$1] == "flop") flops[module] += $2
    if (kind[$1] == "latch") latches[module] += $2
    if (kind[$1] == "icg") gates[module] += $2
    if (kind[$1] ~ /^(flop|latch|icg)$/) seq[module] += $2 * area[$1]
  } else { children[module] = children[module] " " $1; count[module, $1] = $2 }
  next
}
{ counting = 0 }

function walk(m, copies,  n, i, child, all) {
  instances[m] += copies
  all = own[m]
  n = split(children[m], child, " ")
  for (i = 1; i <= n; i++) all += count[m, child[i]] * walk(child[i], copies * count[m, child[i]])
  total[m] = all
  return all
}
END {
  if (!seen) { print "no number of cells in the statistics; this flow reads those of Yosys 0.23" > "/dev/stderr"; exit 1 }
  if (!tree) {
    printf "%d %.4f %.1f %.1f %d %d %d\n", cells[top], own[top], own[top] / nand2, seq[top] / nand2, flops[top], gates[top], latches[top]
    if (children[top] != "") { print "cells without area:" children[top] > "/dev/stderr"; exit 1 }
    exit
  }
  walk(top, 1)
  for (m in instances) {
    printf "%s %d %d %.1f %.1f %.1f %d %d\n", m, instances[m], flops[m] * instances[m], seq[m] * instances[m] / nand2,
      own[m] * instances[m] / nand2, total[m] * instances[m] / nand2, latches[m] * instances[m], gates[m] * instances[m]
  }
}
