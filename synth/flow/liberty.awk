# SPDX-License-Identifier: Apache-2.0
# What the flow must know of a liberty file, one fact per line:
#   library NAME | load_unit FF | wire_load NAME | timing yes
#   cell NAME AREA KIND PIN...      KIND: inv buf nand2 tie0 tie1 (output pin last), icg (clock enable output [test]),
#                                   latch (enable data output, where it is open while enable is 1), flop other
# -v drop=REGEX leaves cells out; -v clean=FILE writes the library without them (abc and OpenSTA know no list of
# cells not to use).
function trim(s) { gsub(/^[ \t"]+|[ \t"]+$/, "", s); return s }
function inside(s) { sub(/^[^(]*\(/, "", s); sub(/\).*/, "", s); return trim(s) }

# A function with at most two inputs, in one spelling.
function spelled(f) {
  gsub(/"/, "", f); f = trim(f)
  gsub(/ *[*&] */, "\\&", f); gsub(/ *[|+] */, "|", f); gsub(/! +/, "!", f); gsub(/ *\( */, "(", f); gsub(/ *\) */, ")", f)
  gsub(/[A-Za-z0-9_\]] +[A-Za-z0-9_]/, "&\001", f)         # a blank between two names is an AND
  while (match(f, / +[A-Za-z0-9_]\001/)) f = substr(f, 1, RSTART - 1) "&" substr(f, RSTART + RLENGTH - 2, 1) substr(f, RSTART + RLENGTH)
  return f
}
function kind_of(  f, a, b) {
  if (gate != "") return "icg"
  if (flop) return "flop"
  if (latch) return "latch"
  if (outputs != 1) return "other"
  f = spelled(func_of[out])
  gsub(/[()]/, "", f)
  if (inputs == 0 && f == "0") return "tie0"
  if (inputs == 0 && f == "1") return "tie1"
  if (inputs == 1) return f == in_name[1] ? "buf" : (f == "!" in_name[1] || f == in_name[1] "\047") ? "inv" : "other"
  if (inputs != 2) return "other"
  f = spelled(func_of[out])
  for (a = 1; a <= 2; a++) {
    b = 3 - a
    if (f == "!(" in_name[a] "&" in_name[b] ")" || f == "(!(" in_name[a] "&" in_name[b] "))" ||
        f == "(" in_name[a] "&" in_name[b] ")\047" || f == "!((" in_name[a] "&" in_name[b] "))" ||
        f == "!" in_name[a] "|!" in_name[b] || f == "(!" in_name[a] ")|(!" in_name[b] ")" ||
        f == "(!" in_name[a] "|!" in_name[b] ")") return "nand2"
  }
  return "other"
}
# Enable, data and output of a latch without set, clear or inversion; empty for any other.
function latch_plain(enable, data) {
  if (latch_pin["other"] || enable !~ /^[A-Za-z0-9_]+$/ || data !~ /^[A-Za-z0-9_]+$/ || outputs != 1 || area == 0) return ""
  return trim(func_of[out]) == latch_state ? enable " " data " " out : ""
}
function end_of_cell(  kind, pins, i) {
  kind = kind_of()
  pins = ""
  if (kind == "icg") pins = gate_pin["clock"] " " gate_pin["enable"] " " gate_pin["out"] " " gate_pin["test"]
  else if (kind == "latch") pins = latch_plain(latch_pin["enable"], latch_pin["data_in"])
  else if (kind != "other" && kind != "flop") {
    for (i = 1; i <= inputs; i++) pins = pins in_name[i] " "
    pins = pins out
    if (kind == "buf") pins = pins " " cap_of[in_name[1]] * load_unit
  }
  print "cell", cell, area, kind, pins (unused ? " dont_use" : "")
}
function group(head) {
  head = trim(head)
  depth++
  if (head ~ /^library[ \t]*\(/) print "library", inside(head)
  else if (head ~ /^cell[ \t]*\(/) {
    cell = inside(head); cell_depth = depth
    area = 0; flop = latch = unused = inputs = outputs = 0; gate = out = pin = ""
    split("", func_of); split("", cap_of); split("", in_name); split("", gate_pin); split("", latch_pin)
    dropped = drop != "" && cell ~ drop
  } else if (cell != "" && depth == cell_depth + 1) {
    if (head ~ /^(ff|ff_bank)[ \t]*\(/) flop = 1
    else if (head ~ /^(latch|latch_bank)[ \t]*\(/) {
      latch = 1
      latch_state = inside(head)
      sub(/[ \t"]*,.*/, "", latch_state)
    }
    else if (head ~ /^pin[ \t]*\(/) pin = inside(head)
  } else if (head ~ /^timing[ \t]*\(/ && !timing) { timing = 1; print "timing yes" }
}
function attribute(text,  name, value) {
  text = trim(text)
  if (text ~ /^capacitive_load_unit/) {
    value = inside(text)
    load_unit = value + 0
    if (tolower(value) ~ /pf/) load_unit *= 1000
    print "load_unit", load_unit
    return
  }
  if (text !~ /:/) return
  name = value = text
  sub(/[ \t]*:.*/, "", name); sub(/^[^:]*:[ \t]*/, "", value)
  value = trim(value)
  if (depth == 1 && name == "default_wire_load") print "wire_load", value
  if (cell == "") return
  if (depth == cell_depth) {
    if (name == "area") area = value + 0
    else if (name == "dont_use") unused = value ~ /true/
    else if (name == "clock_gating_integrated_cell") gate = value
  } else if (latch && pin == "" && depth == cell_depth + 1 && name ~ /^(enable|data_in|clear|preset)$/) {
    if (name ~ /^(enable|data_in)$/) latch_pin[name] = value
    else latch_pin["other"] = 1
  } else if (pin != "" && depth == cell_depth + 1) {
    if (name == "direction" && value ~ /input/) in_name[++inputs] = pin
    else if (name == "direction" && value ~ /output/) { outputs++; out = pin }
    else if (name == "function") func_of[pin] = value
    else if (name == "capacitance") cap_of[pin] = value + 0
    else if (name == "clock_gate_clock_pin") gate_pin["clock"] = pin
    else if (name == "clock_gate_enable_pin") gate_pin["enable"] = pin
    else if (name == "clock_gate_out_pin") gate_pin["out"] = pin
    else if (name == "clock_gate_test_pin") gate_pin["test"] = pin
  }
}
BEGIN { load_unit = 1 }
{
  raw = $0
  was_dropped = dropped
  while (match($0, /\/\*[^*]*\*+([^\/*][^*]*\*+)*\//)) $0 = substr($0, 1, RSTART - 1) " " substr($0, RSTART + RLENGTH)
  if (comment) {
    if (!match($0, /\*\//)) $0 = ""
    else { $0 = substr($0, RSTART + 2); comment = 0 }
  }
  if (match($0, /\/\*/)) { $0 = substr($0, 1, RSTART - 1); comment = 1 }
  while (match($0, /[{};]/)) {
    mark = substr($0, RSTART, 1)
    text = text substr($0, 1, RSTART - 1)
    $0 = substr($0, RSTART + 1)
    if (mark == "{") group(text)
    else if (mark == ";") attribute(text)
    else {
      if (text ~ /:/) attribute(text)
      if (cell != "" && depth == cell_depth) {
        if (!dropped) end_of_cell()
        cell = ""; dropped = 0
      } else if (cell != "" && depth == cell_depth + 1) pin = ""
      depth--
    }
    text = ""
  }
  if ($0 ~ /:[ \t]*[^ \t]/ && $0 !~ /[,\\][ \t]*$/) { attribute(text $0); text = "" }
  else text = text $0 " "
  if (clean != "" && !was_dropped && !dropped) print raw > clean
}
