# SPDX-License-Identifier: Apache-2.0
# The map of map.sh. Reads, told apart by the variable `phase`: clause documents, model sources,
# test sources, GoogleTest XML. Writes the table to the file `table`; faults and the summary to stdout.
# Plain awk (mawk): no interval expressions, no gensub.

function fault(text) { print "map: " text; faults++ }

# Puts the clause ids of `text` into cited[1..n], ranges `F-4.1 .. F-4.5` expanded; returns n.
function citations(text,   n, id, from, to, i, range) {
  n = 0
  while (match(text, /(^|[^A-Za-z0-9_])[FC]-[0-9]+\.[0-9]+/)) {
    id = substr(text, RSTART, RLENGTH)
    sub(/^[^FC]/, "", id)
    text = substr(text, RSTART + RLENGTH)
    cited[++n] = id
    range = match(text, /^ *\.\. *[FC]-[0-9]+\.[0-9]+/) ? substr(text, RSTART, RLENGTH) : ""
    if (range == "") continue
    text = substr(text, RLENGTH + 1)
    sub(/^[ .]*/, "", range)
    split(id, from, ".")
    split(range, to, ".")
    if (from[1] != to[1] || from[2] >= to[2] + 0) {
      fault(FILENAME ":" FNR ": " id " .. " range " is not a range inside one section")
      continue
    }
    for (i = from[2] + 1; i <= to[2]; i++) cited[++n] = from[1] "." i
  }
  return n
}

function known(id, where) {
  if (id in text_of) return 1
  fault(where ": " id " is cited and is no clause of the documents")
  return 0
}

# The name that a declaration at the left margin gives to what follows, or "".
function declared(line,   name) {
  if (line !~ /^[A-Za-z_]/ || line ~ /^(namespace|using namespace)/) return ""
  if (match(line, /^(enum class|enum|struct|class|union) (\[\[[^]]*\]\] )?[A-Za-z_][A-Za-z0-9_]*/)) {
    name = substr(line, RSTART, RLENGTH)
    sub(/.* /, "", name)
    return name
  }
  sub(/ *(=[^=].*|\{.*)$/, "", line)  # a value, not the name
  if (match(line, /[A-Za-z_][A-Za-z0-9_]* *\(/)) {
    name = substr(line, RSTART, RLENGTH)
    sub(/ *\($/, "", name)
    return name
  }
  sub(/\[.*/, "", line)
  return match(line, /[A-Za-z_][A-Za-z0-9_]*$/) ? substr(line, RSTART, RLENGTH) : ""
}

function code_cites(id, name,   base, cell) {
  # The map counts the reference path for F and the container code for C.
  if (id ~ /^F/ && file !~ /^model\/(include|src)\//) return
  if (id ~ /^C/ && file !~ /^model\/(include|src|io)\//) return
  base = file
  sub(/^model\//, "", base)
  sub(/^(src|include\/actplane)\//, "", base)
  if ((id, name == "" ? base : name) in code_seen) return
  code_seen[id, name == "" ? base : name] = 1
  cell = name == "" ? base : "`" name "` (" base ")"
  if (++code_count[id] <= 3) code_of[id] = code_of[id] (code_of[id] == "" ? "" : ", ") cell
}

function unescape(s) {
  gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s); gsub(/&apos;/, "'", s); gsub(/&amp;/, "\\&", s)
  return s
}

function attribute(name,   p, q) {
  split($0, p, " " name "=\"")
  split(p[2], q, "\"")
  return unescape(q[1])
}

function close_test(   i) {
  if (test == "") return
  ran[test] = 1
  for (i = 1; i <= props; i++) {
    if (!known(prop[i], "test " test)) continue
    if (bad) failed_of[prop[i]] = failed_of[prop[i]] " " test
    else if (!((prop[i], test) in test_seen)) {
      test_seen[prop[i], test] = 1
      tests_of[prop[i]] = tests_of[prop[i]] (tests_of[prop[i]] == "" ? "" : " ") test
    }
  }
  test = ""
}

# Gives the clauses of the comment just read to `name`, or to the file.
function settle(name,   i) {
  for (i = 1; i <= pending; i++) code_cites(waiting[i], name)
  pending = 0
}

FNR == 1 { settle(""); file = FILENAME; current = ""; in_code_block = 0 }

# A line that starts with an id in bold defines that clause; every other id is a reference, checked at the end.
phase == "clause" {
  if ($0 ~ /^```/) in_code_block = !in_code_block
  if (in_code_block) next
  if (match($0, /^\*\*[FC]-[0-9]+\.[0-9]+\*\*/)) {
    id = substr($0, RSTART + 2, RLENGTH - 4)
    rest = substr($0, RSTART + RLENGTH)
    if (id in text_of) fault(FILENAME ":" FNR ": " id " is defined twice")
    else order[++clauses] = id
    sub(/^ +/, "", rest)
    text_of[id] = rest
    open_id = length(rest) < 60 ? id : ""
  } else if (open_id != "") {
    if ($0 ~ /^ *$/) open_id = ""
    else { text_of[open_id] = text_of[open_id] " " $0; if (length(text_of[open_id]) >= 60) open_id = "" }
  }
  references[++reference_count] = $0
  reference_at[reference_count] = FILENAME ":" FNR
}

phase == "code" {
  n = citations(match($0, /\/\//) ? substr($0, RSTART) : "")
  for (i = m = 0; i++ < n;) if (known(cited[i], FILENAME ":" FNR)) cited[++m] = cited[i]
  # A comment at the left margin speaks of the declaration below it, or of the file when none follows;
  # any other comment speaks of the declaration it stands in.
  if ($0 ~ /^\/\//) {
    for (i = 1; i <= m; i++) waiting[++pending] = cited[i]
    next
  }
  if ($0 ~ /^(template|\[\[)/) next
  name = declared($0)
  if (name != "") current = name
  settle(name)
  for (i = 1; i <= m; i++) code_cites(cited[i], current)
}

phase == "test" {
  if ($0 ~ /ACTP_CLAUSE\(/ && $0 !~ /^(#define|\/\/)/) in_citation = 1
  if (in_citation) {
    n = citations($0)
    for (i = 1; i <= n; i++) if (known(cited[i], FILENAME ":" FNR)) source_of[cited[i]] = FILENAME
    if ($0 ~ /\)/) in_citation = 0
  }
}

phase == "result" && /<testcase / {
  close_test()
  name = attribute("name")
  suite = attribute("classname")
  # One row for all instances of a parameterised or typed test.
  sub(/\/.*/, "", name)
  if (suite ~ /\/[0-9]+$/) sub(/\/[0-9]+$/, "", suite)
  sub(/^.*\//, "", suite)
  test = suite "." name
  bad = attribute("result") != "completed"
  props = 0
  total++
}
phase == "result" && /<failure / { bad = 1 }
phase == "result" && /<property name="[FC]-[0-9.]+" value="clause"/ { prop[++props] = attribute("name") }
phase == "result" && /<\/testsuites>/ { close_test() }

END {
  settle("")
  close_test()
  if (clauses == 0) fault("the documents define no clause (**F-1.1** ...)")
  for (r = 1; r <= reference_count; r++) {
    FILENAME = ""
    n = citations(references[r])
    for (i = 1; i <= n; i++) known(cited[i], reference_at[r])
  }
  print "| clause | text | model | tests |" > table
  print "|---|---|---|---|" > table
  for (c = 1; c <= clauses; c++) {
    id = order[c]
    if (code_count[id] == 0) fault(id " has no code: no comment in " (id ~ /^F/ ? "model/include or model/src" : "model/include or model/io") " cites it")
    if (tests_of[id] == "") {
      if (failed_of[id] != "") fault(id " is proven by no test that passed; failed or skipped:" failed_of[id])
      else if (id in source_of) fault(id " is cited in " source_of[id] ", by a test that was not run")
      else fault(id " has no test that cites it")
    }
    text = text_of[id]
    gsub(/\*\*|`/, "", text)
    if (length(text) > 60) { text = substr(text, 1, 60); sub(/ [^ ]*$/, " ...", text) }
    gsub(/\|/, "\\|", text)
    n = split(tests_of[id], list, " ")
    cell = ""
    for (i = 1; i <= n && i <= 3; i++) cell = cell (i > 1 ? ", " : "") "`" list[i] "`"
    if (n > 3) cell = cell " +" (n - 3)
    code = code_of[id] (code_count[id] > 3 ? " +" (code_count[id] - 3) : "")
    print "| " id " | " text " | " code " | " cell " |" > table
    if (code != "") with_code++
    if (n > 0) proven++
  }
  close(table)
  printf "map      %d clauses, %d in the code, %d proven by passed tests (%d test results read)\n", clauses, with_code, proven, total
  if (faults > 0) {
    print "map: " faults " fault" (faults > 1 ? "s" : "")
    exit 1
  }
}
