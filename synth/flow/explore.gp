# SPDX-License-Identifier: Apache-2.0
# explore.csv as a picture: area against throughput, marks by order and block length, the Pareto front marked.
set terminal svg size 760,600 font "sans,13" background "white"
set output picture
set datafile separator ","
set logscale xy 2
set xlabel "bytes of values per cycle"
set ylabel "kGE"
set title direction.": area against throughput (lines of equal kGE per byte per cycle)"
set key outside bottom center horizontal maxrows 3
set grid
set yrange [16:512]
set xrange [4:96]
row(o, n) = (stringcolumn(11) eq direction && stringcolumn(5) eq o && column(2) == n && stringcolumn(4) eq "all") ? 1 : NaN
only(f) = (stringcolumn(11) eq direction && stringcolumn(4) eq f) ? 1 : NaN
front(x) = (stringcolumn(11) eq direction && stringcolumn(24) eq "yes") ? 1 : NaN
lengths = "32 64 128"
plot for [k in "0.5 1 2 4 8 16"] k * x with lines dashtype 3 linecolor rgb "gray" notitle, \
  for [i=1:words(lengths)] table using ($15 * row("field", word(lengths, i) + 0)):12 with points pointtype 5 \
    linecolor i title "field, N = ".word(lengths, i), \
  for [i=2:words(lengths)] table using ($15 * row("significance", word(lengths, i) + 0)):12 with points pointtype 9 \
    linecolor i title "significance, N = ".word(lengths, i), \
  table using ($15 * only("bf16")):12 with points pointtype 7 linecolor rgb "red" title "significance, BF16 alone", \
  table using ($15 * front(0)):12 with points pointtype 6 pointsize 2 linecolor rgb "black" title "Pareto front"
