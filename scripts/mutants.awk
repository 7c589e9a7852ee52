# SPDX-License-Identifier: Apache-2.0
# One-token mutants of a SystemVerilog module: reads a file of rtl/, prints one candidate a line:
#   FILE LINE COLUMN LENGTH REPLACEMENT   (the replacement may be empty; columns from 1)
# Operators, constants, conditions, enables, reset values, generate conditions. Left out: comments, strings, the header up to
# the end of the ports, declarations, assertions, and $fatal, which no test can see; widths of casts, parts and
# repetitions, which mostly change bits that are cut off anyway.
function candidate(at, len, text) { printf "%s\t%d\t%d\t%d\t%s\n", FILENAME, FNR, at, len, text }

FNR == 1 { body = 0 }
{
  code = $0
  sub(/\/\/.*/, "", code)
  if (!body) { if (code ~ /^\);/ || FILENAME ~ /_pkg/ && code ~ /^package/) body = 1; next }
  if (code ~ /`|\$fatal|^ *(function|logic|localparam|input|output|genvar|typedef|import)[ (]/) next
  # A width: the same length in letters, which are nothing to change.
  while (match(code, /[0-9]+'\(|\([A-Za-z0-9_ +*\/$-]+\)'\(|[+-]: *[0-9]+|[{][0-9]+[{]|[{]\([A-Za-z0-9_ +*\/$-]+\)[{]/)) {
    width = substr(code, RSTART, RLENGTH)
    gsub(/[^{(:]/, "w", width)
    gsub(/[(:{]/, "w", width)
    code = substr(code, 1, RSTART - 1) width substr(code, RSTART + RLENGTH)
  }
  n = length(code)
  for (i = 1; i <= n; i++) {
    rest = substr(code, i)
    before = substr(code, 1, i - 1)
    if (match(rest, /^(if|for) \(/)) {  # a condition: always, never
      depth = 0
      start = i + RLENGTH
      for (j = start - 1; j <= n; j++) {
        c = substr(code, j, 1)
        if (c == "(") depth++
        if (c == ")" && --depth == 0) break
      }
      if (substr(rest, 1, 2) == "if" && depth == 0 && code !~ /genvar/) {
        candidate(start, j - start, "1'b1")
        candidate(start, j - start, "1'b0")
      }
      i += RLENGTH - 1
      continue
    }
    if (match(rest, /^[0-9]+'[bdh][0-9a-fA-F_]+/)) {
      number = substr(rest, 1, RLENGTH)
      if (number == "1'b0") candidate(i, RLENGTH, "1'b1")
      else if (number == "1'b1") candidate(i, RLENGTH, "1'b0")
      else {
        candidate(i, RLENGTH, "(" number " + 1)")
        candidate(i, RLENGTH, "(" number " - 1)")
      }
      i += RLENGTH - 1
      continue
    }
    if (match(rest, /^'[01]/)) {
      candidate(i, 2, substr(rest, 2, 1) == "0" ? "'1" : "'0")
      i++
      continue
    }
    if (match(rest, /^[A-Za-z_$][A-Za-z0-9_$.:]*/)) { i += RLENGTH - 1; continue }
    if (match(rest, /^[0-9]+/)) {  # an index or a bound
      candidate(i, RLENGTH, substr(rest, 1, RLENGTH) + 1)
      i += RLENGTH - 1
      continue
    }
    two = substr(rest, 1, 2)
    three = substr(rest, 1, 3)
    if (two == "<=" && before !~ /[=?(]/) { i++; continue }  # an assignment
    if (three == "<<<" || three == ">>>" || two == "+:" || two == "-:") { i += length(three) - 1; continue }
    if (two == "==") { candidate(i, 2, "!="); i++; continue }
    if (two == "!=") { candidate(i, 2, "=="); i++; continue }
    if (two == "&&") { candidate(i, 2, "||"); i++; continue }
    if (two == "||") { candidate(i, 2, "&&"); i++; continue }
    if (two == "<<") { candidate(i, 2, ">>"); i++; continue }
    if (two == ">>") { candidate(i, 2, "<<"); i++; continue }
    if (two == "<=") { candidate(i, 2, "<"); i++; continue }
    if (two == ">=") { candidate(i, 2, ">"); i++; continue }
    if (two == "++" || two == "'(") { i++; continue }
    one = substr(rest, 1, 1)
    binary = before ~ /[A-Za-z0-9_)\]}] *$/
    if (one == "&") candidate(i, 1, "|")
    else if (one == "|") candidate(i, 1, "&")
    else if (one == "^" && binary) candidate(i, 1, "&")
    else if (one == "+" && binary) candidate(i, 1, "-")
    else if (one == "-" && binary) candidate(i, 1, "+")
    else if (one == "<") candidate(i, 1, "<=")
    else if (one == ">") candidate(i, 1, ">=")
    else if (one == "~" || one == "!") candidate(i, 1, "")
  }
}
