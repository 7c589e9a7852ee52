# SPDX-License-Identifier: Apache-2.0
# Parameters and ports of SystemVerilog modules with what their comments say, one record a line, fields behind tabs:
#   param  FILE LINE MODULE NAME DEFAULT          HOW COMMENT
#   port   FILE LINE MODULE NAME DIRECTION BITS   HOW COMMENT
#   wire   FILE LINE MODULE PORT NET              a connection of an instance: .PORT(NET)
# HOW: own, a comment behind the name or on a line of its own directly above a single name; group, a comment line above
# speaks of all names down to the next comment line or empty line; none. A comment line that starts right of column 40
# goes on with the comment of the line before it. BITS with the constants of actp_pkg put in, when actp_pkg.sv is read
# before the others. Plain awk (mawk).

function flush_item() {
  if (item == "") return
  print item "\t" how "\t" note
  item = ""
}
function comment_of(line) { return match(line, /\/\/ */) ? substr(line, RSTART + RLENGTH) : "" }
function bits_of(range,   c, low) {
  if (range == "") return "1"
  for (c in constant) while ((low = index(range, "actp_pkg::" c "-")) > 0)
    range = substr(range, 1, low - 1) constant[c] substr(range, low + length("actp_pkg::" c))
  sub(/^\[/, "", range)
  sub(/:0\]$/, "", range)
  if (range ~ /^[0-9]+$/) return range + 1
  if (range ~ /-1$/) { sub(/-1$/, "", range); return range }
  return range " + 1"
}

FNR == 1 { flush_item(); where = ""; module = "" }
FILENAME ~ /actp_pkg\.sv$/ && /^  localparam (int unsigned|logic.*) +[A-Z_]+ += +[0-9]+;/ {
  split($0, side, "=")
  n = split(side[1], word, " ")
  sub(/;.*/, "", side[2])
  constant[word[n]] = side[2] + 0
}
/^(module|package) / { module = $2; where = "params"; group = ""; next }
where == "params" && /^\) \(|^module [a-z_]+ \($/ { flush_item(); where = "ports"; group = ""; next }
where == "ports" && /^\);/ { flush_item(); where = "body"; next }

where == "params" || where == "ports" {
  if ($0 ~ /^ *$/) { flush_item(); group = ""; next }
  at = match($0, /[^ ]/)
  if ($0 ~ /^ *\/\//) {
    if (at > 40 && item != "") { note = note " " comment_of($0); next }
    flush_item()
    # Two comment lines in a row are one comment.
    group = comment_line == FNR - 1 ? group " " comment_of($0) : comment_of($0)
    comment_line = FNR
    next
  }
  code = $0
  sub(/ *\/\/.*/, "", code)
  note_here = comment_of($0)
  if (where == "params" && code ~ /^ *parameter /) {
    flush_item()
    split(code, side, "=")
    n = split(side[1], word, " ")
    value = substr(code, index(code, "=") + 1)
    gsub(/^ +|,? *$/, "", value)
    item = "param\t" FILENAME "\t" FNR "\t" module "\t" word[n] "\t" value
  } else if (where == "ports" && code ~ /^ *(input|output|inout) /) {
    flush_item()
    range = match(code, /\[[^\]]*\]/) ? substr(code, RSTART, RLENGTH) : ""
    width = code ~ /actp_pkg::[a-z_]+_t / ? "struct" : bits_of(range)
    rest = code
    sub(/,? *$/, "", rest)
    n = split(rest, word, " ")
    item = "port\t" FILENAME "\t" FNR "\t" module "\t" word[n] "\t" word[1] "\t" width
  } else {
    if (item != "" && where == "params" && code ~ /^    +[A-Za-z]/) {  # a default goes on
      gsub(/^ +|,? *$/, "", code)
      item = item ", " code
    }
    next
  }
  if (note_here != "") { how = "own"; note = note_here }
  else if (group != "") { how = comment_line == FNR - 1 ? "above" : "group"; note = group }
  else { how = "none"; note = "" }
  next
}

where == "body" && /\.[a-z_]+\([a-z_]+\)/ {
  rest = $0
  while (match(rest, /\.[a-z_]+\([a-z_]+\)/)) {
    pair = substr(rest, RSTART + 1, RLENGTH - 2)
    rest = substr(rest, RSTART + RLENGTH)
    split(pair, side, "(")
    print "wire\t" FILENAME "\t" FNR "\t" module "\t" side[1] "\t" side[2]
  }
}
END { flush_item() }
