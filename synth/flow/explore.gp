# SPDX-License-Identifier: Apache-2.0
# explore.csv as a picture: area against throughput, a line for each block length, the Pareto front marked.
set terminal svg size 760,480 font "sans,13" background "white"
set output picture
set datafile separator ","
set logscale xy 2
set xlabel "bytes of values per cycle"
set ylabel "kGE"
set title direction.": area against throughput (lines of equal kGE per byte per cycle)"
set key left top
set grid
set xrange [6:80]
lengths = "32 64 128 256"
row(n) = (stringcolumn(4) eq direction && column(2) == n) ? 1 : NaN
front() = (stringcolumn(4) eq direction && stringcolumn(16) eq "yes") ? 1 : NaN
plot for [k in "1 2 4 8"] k * x with lines dashtype 3 linecolor rgb "gray" notitle, \
  for [i=1:words(lengths)] table using ($8 * row(word(lengths, i) + 0)):5 with linespoints linewidth 2 pointtype 7 \
    title "N = ".word(lengths, i), \
  table using ($8 * front()):5 with points pointtype 6 pointsize 2 linecolor rgb "black" title "Pareto front"
