# SPDX-License-Identifier: Apache-2.0
# explore.csv as a picture: area against throughput, a line for each block length with all formats, marks for points with
# fewer of them, the Pareto front marked.
set terminal svg size 760,600 font "sans,13" background "white"
set output picture
set datafile separator ","
set logscale xy 2
set xlabel "bytes of values per cycle"
set ylabel "kGE"
set title direction.": area against throughput (lines of equal kGE per byte per cycle)"
set key outside bottom center horizontal maxrows 3
set grid
set xrange [6:96]
set yrange [16:512]
lengths = "32 64 128 256"
few = "fp32 bf16"
row(n) = (stringcolumn(5) eq direction && column(2) == n && stringcolumn(4) eq "all") ? 1 : NaN
only(f) = (stringcolumn(5) eq direction && stringcolumn(4) eq f) ? 1 : NaN
front(x) = (stringcolumn(5) eq direction && stringcolumn(18) eq "yes") ? 1 : NaN
plot for [k in "1 2 4 8"] k * x with lines dashtype 3 linecolor rgb "gray" notitle, \
  for [i=1:words(lengths)] table using ($9 * row(word(lengths, i) + 0)):6 with linespoints linewidth 2 pointtype 7 \
    title "N = ".word(lengths, i), \
  for [i=1:words(few)] table using ($9 * only(word(few, i))):6:2 with labels offset 2.6,0 font ",10" notitle, \
  for [i=1:words(few)] table using ($9 * only(word(few, i))):6 with points pointtype (i == 1 ? 5 : 9) pointsize 1.2 \
    linecolor rgb (i == 1 ? "black" : "red") title word(few, i)." only (with N)", \
  table using ($9 * front(0)):6 with points pointtype 6 pointsize 2 linecolor rgb "black" title "Pareto front"
