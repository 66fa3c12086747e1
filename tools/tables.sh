#!/bin/sh
# The tables of spec.md, made from the .def files that the program itself is made from. In the text
# a table stands between a line `<!-- table: NAME -->` and a line `<!-- end -->`.
#
#   tools/tables.sh            writes the tables anew
#   tools/tables.sh --check    status 1 if that would change anything
set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/.." || exit 2
doc=spec.md
new=$(mktemp) || exit 2
trap 'rm -f "$new"' EXIT

awk '
# ---- rows of a .def file ---------------------------------------------------------------------
# read_def(file, macro): row i has the arguments R[i, 1] .. R[i, N[i]]; returns how many rows. Texts
# come without their quotes, an argument with brackets (OPTIM_HYPER("lr", 1)) as it is written.

function read_def(file, macro,   text, line, i, c, rows, at) {
  text = ""
  while ((getline line < file) > 0) text = text line "\n"
  close(file)
  if (text == "") { print "tables: " file " is empty or missing" > "/dev/stderr"; failed = 1 }
  rows = 0
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "/" && substr(text, i, 2) == "/*") { i = i + 1 + index(substr(text, i + 2), "*/"); continue }
    if (substr(text, i, length(macro) + 1) == macro "(" && (i == 1 || substr(text, i - 1, 1) == "\n"))
      i = read_row(text, i + length(macro) + 1, ++rows)
  }
  return rows
}

# From behind the opening bracket; returns the place of the closing one.
function read_row(text, i, row,   c, depth, n, word, quoted, raw) {
  depth = 0; n = 1; word = ""; quoted = 0; raw = ""
  for (; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\"") {
      raw = raw c
      for (i++; (c = substr(text, i, 1)) != "\""; i++) {
        raw = raw c
        if (c == "\\") { i++; c = substr(text, i, 1); raw = raw c }
        word = word c
      }
      raw = raw c; quoted = 1
      continue
    }
    if (c == "(") depth++
    if (depth == 0 && (c == "," || c == ")")) {
      gsub(/^[ \n]+|[ \n]+$/, "", raw)
      R[row, n] = quoted && raw ~ /^"/ ? word : raw
      if (c == ")") break
      n++; word = ""; quoted = 0; raw = ""
      continue
    }
    if (c == ")") depth--
    raw = raw c
  }
  N[row] = n
  return i
}

# ---- writing ---------------------------------------------------------------------------------

function cell(s) { gsub(/\|/, "\\|", s); return s }
function code(s) { return s == "" ? "" : "`" cell(s) "`" }
function later(flag) { return flag ? " (E0998)" : "" }

function put_keywords(   n, i, line) {
  n = read_def("grammar/keywords.def", "KEYWORD")
  line = ""
  for (i = 1; i <= n; i++) {
    if (length(line) > 100) { print line; line = "" }
    line = line (line == "" ? "" : " ") code(R[i, 1])
  }
  print line
}

function put_gates(   n, i) {
  n = read_def("lang/ir/gates.def", "GATE")
  print "| gate | qubits | angles | inverse | what it does |"
  print "|---|---|---|---|---|"
  for (i = 1; i <= n; i++)
    print "| " code(R[i, 2]) (R[i, 3] == "" ? "" : ", " code(R[i, 3])) " | " (R[i, 4] < 0 ? "any" : R[i, 4]) " | " R[i, 5] \
      " | " inverse(R[i, 7], R[i, 9]) " | " cell(R[i, 11]) " |"
}
function inverse(s, status) {
  if (s == "" && status == "GIVEN") return "back to \\|0...0>"
  if (s == "self") return "itself"
  if (s == "negate") return "negated angle"
  if (s == "rule") return "its steps backwards"
  return s == "" ? "none" : code(s)
}

function put_channels(   n, i) {
  n = read_def("lang/ir/channels.def", "CHANNEL")
  print "| channel | qubits | parameters | what it does | source |"
  print "|---|---|---|---|---|"
  for (i = 1; i <= n; i++)
    print "| " code(R[i, 2]) (R[i, 3] == "" ? "" : ", " code(R[i, 3])) " | " (R[i, 4] == 0 ? "1 or 2" : R[i, 4]) " | " \
      code(R[i, 6]) " | " cell(R[i, 10]) " | " cell(R[i, 11]) " |"
}

# Cells of circuit_methods.def: yes, E0998 or the number of a reason below the table.
function put_methods(   n, m, i, k, line) {
  m = read_def("lang/ir/circuit_methods.def", "REASON")
  for (i = 1; i <= m; i++) { reason[R[i, 1]] = i; text[i] = R[i, 2] }
  n = read_def("lang/ir/circuit_methods.def", "METHOD")
  print "| method | expval, variance | probs | amplitudes | sample | 2nd order | shots | 2nd | density matrix | 2nd | trajectories | 2nd | strengths | 2nd | by trajectories | jumps | their strengths | how |"
  print "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
  for (i = 1; i <= n; i++) {
    line = "| " code("\"" R[i, 2] "\"")
    for (k = 3; k <= 18; k++) line = line " | " (R[i, k] == "K" ? "yes" : R[i, k] == "LATER" ? "E0998" : "no (" reason[R[i, k]] ")")
    print line " | " cell(R[i, 19]) " |"
  }
  print ""
  for (i = 1; i <= m; i++) print "(" i ") " text[i]  (i < m ? ";" : ".")
}

function put_ops(   n, i) {
  n = read_def("lang/ir/ops.def", "OP")
  print "| operation | inputs | rows | derivative | what it computes |"
  print "|---|---|---|---|---|"
  for (i = 1; i <= n; i++)
    print "| " code(R[i, 2]) " | " (R[i, 3] < 0 ? "any" : R[i, 3]) " | " R[i, 5] " | " \
      (R[i, 7] == "GRAD" ? "yes" : R[i, 7] == "NOGRAD" ? "zero" : "none") " | " cell(R[i, 8]) later(R[i, 6] == "LATER") " |"
}

function default_of(value, range) {
  gsub(/ /, "", range)
  return range == "FLAG" ? (value + 0 == 0 ? "false" : "true") : value
}

function put_optims(   n, i, k, args, part) {
  n = read_def("lang/ir/optims.def", "OPTIM")
  print "| optimizer | numbers and defaults | moments | what it does |"
  print "|---|---|---|---|"
  for (i = 1; i <= n; i++) {
    args = ""
    for (k = 6; k <= N[i]; k++) {
      split(R[i, k], part, /[(,)]/)
      gsub(/[ "]/, "", part[2]); gsub(/ /, "", part[3])
      args = args (args == "" ? "" : ", ") part[2] (part[3] == "NAN" ? "" : " = " default_of(part[3], part[4]))
    }
    print "| " code(R[i, 2]) " | " code(args) " | " R[i, 3] " | " cell(R[i, 5]) later(R[i, 4] == "LATER") " |"
  }
}

function call(name, signature,   n, i, word, s) {
  n = split(signature, word, " ")
  s = ""
  for (i = 1; i <= n; i++) {
    sub(/^\$/, "", word[i])
    if (word[i] ~ /=$/) sub(/=$/, " = ", word[i])
    if (word[i] ~ /\.\.\.$/) sub(/\.\.\.$/, ", ...", word[i])
    sub(/ $/, "", word[i])
    s = s (s == "" ? "" : ", ") word[i]
  }
  return name "(" s ")"
}

function kinds() {
  split("FN LAYER MEASURE OP PAIRS DIST SCHED SOURCE DSTAGE FIGURE ACT", kind, " ")
  title["FN"] = "function"; title["LAYER"] = "layer"; title["MEASURE"] = "measurement"; title["OP"] = "operator"
  title["PAIRS"] = "pairs"; title["DIST"] = "distribution"; title["SCHED"] = "schedule"; title["SOURCE"] = "source of a dataset"
  title["DSTAGE"] = "stage of a dataset"; title["FIGURE"] = "report"; title["ACT"] = "effect"
  return 11
}

function put_builtins(   n, i, k, m) {
  n = read_def("lang/sema/builtins.def", "BUILTIN")
  m = kinds()
  print "| call | kind | value |"
  print "|---|---|---|"
  for (k = 1; k <= m; k++)
    for (i = 1; i <= n; i++)
      if (R[i, 2] == kind[k] && R[i, 3] != "0")
        print "| " code(call(R[i, 1], R[i, 4])) " | " title[kind[k]] " | " cell(R[i, 6]) " |"
}

function put_builtins_later(   n, i, k, m, line, any) {
  n = read_def("lang/sema/builtins.def", "BUILTIN")
  m = kinds()
  for (k = 1; k <= m; k++) {
    line = "- " title[kind[k]] ":"
    any = 0
    for (i = 1; i <= n; i++) {
      if (R[i, 2] != kind[k] || R[i, 3] != "0") continue
      if (length(line) > 100) { print line; line = " " }
      line = line " " code(R[i, 1])
      any = 1
    }
    if (any) print line
  }
}

# The functions of the prelude, with the `##` lines above them (those above a group stand for all of it).
function put_prelude(   line, doc, before, at, rest, name) {
  print "| call | value |"
  print "|---|---|"
  doc = ""
  while ((getline line < "stdlib/prelude.qgn") > 0) {
    if (line ~ /^##/) { doc = (at == "doc" ? doc " " : "") substr(line, 4); at = "doc"; continue }
    if (line == "") at = ""
    if (line !~ /^def /) continue
    at = ""
    rest = substr(line, 5)
    name = substr(rest, 1, match_bracket(rest))
    print "| " code(name) " | " (doc == before ? "as above" : cell(doc)) " |"
    before = doc
  }
  close("stdlib/prelude.qgn")
}
function match_bracket(s,   i, depth, c) {
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    if (c == "(") depth++
    if (c == ")" && --depth == 0) return i
  }
  return length(s)
}

function put_inits(   n, i) {
  n = read_def("lang/sema/inits.def", "INIT")
  print "| `init =` | weights start |"
  print "|---|---|"
  for (i = 1; i <= n; i++) print "| `\"" R[i, 1] "\"` | " cell(R[i, 6]) " |"
}

function put_diagnostics(   n, i) {
  n = read_def("lang/base/diag.def", "DIAG")
  print "| code | exit | meaning |"
  print "|---|---|---|"
  for (i = 1; i <= n; i++)
    print "| " code(R[i, 2]) " | " (R[i, 3] == "WARNING" ? "" : R[i, 4]) " | " cell(R[i, 5]) " |"
}

function put_verbs(   n, i) {
  n = read_def("runtime/cli/verbs.def", "VERB")
  print "| verb | what it does | example |"
  print "|---|---|---|"
  for (i = 1; i <= n; i++)
    print "| " code(R[i, 2] (R[i, 4] == "" ? "" : " " R[i, 4])) " | " cell(R[i, 5]) later(R[i, 3] == "LATER") " | " code(R[i, 6]) " |"
}

function put_options(   n, i, verbs) {
  n = read_def("runtime/cli/options.def", "OPTION")
  print "| option | of | what it does |"
  print "|---|---|---|"
  for (i = 1; i <= n; i++) {
    verbs = R[i, 5] == "V_ALL" ? "every verb" : tolower(R[i, 5])
    gsub(/v\(|\)/, "", verbs); gsub(/ *\| */, ", ", verbs)
    print "| " code("--" R[i, 2] (R[i, 4] == "NULL" ? "" : " " R[i, 4])) (R[i, 3] == "0" ? "" : ", " code("-" substr(R[i, 3], 2, 1))) \
      " | " verbs " | " cell(R[i, 7]) later(R[i, 6] == "LATER") " |"
  }
}

function put(name) {
  if (name == "keywords") put_keywords()
  else if (name == "gates") put_gates()
  else if (name == "channels") put_channels()
  else if (name == "methods") put_methods()
  else if (name == "ops") put_ops()
  else if (name == "optimizers") put_optims()
  else if (name == "inits") put_inits()
  else if (name == "builtins") put_builtins()
  else if (name == "builtins-later") put_builtins_later()
  else if (name == "prelude") put_prelude()
  else if (name == "diagnostics") put_diagnostics()
  else if (name == "verbs") put_verbs()
  else if (name == "options") put_options()
  else { print "tables: there is no table " name > "/dev/stderr"; failed = 1 }
}

/^<!-- table: [a-z-]+ -->$/ {
  print
  if (inside) { print "tables: line " NR ": a table begins inside another" > "/dev/stderr"; failed = 1 }
  inside = 1
  print ""
  put($3)
  print ""
  next
}
/^<!-- end -->$/ { inside = 0 }
!inside
END {
  if (inside) { print "tables: a table has no end" > "/dev/stderr"; failed = 1 }
  exit failed
}
' "$doc" >"$new" || exit 1

case ${1:-} in
--check)
  cmp -s "$new" "$doc" && exit 0
  echo "$doc: its tables are not those of the .def files; run make docs"
  diff "$doc" "$new" | head -20
  exit 1
  ;;
"") cmp -s "$new" "$doc" || cat "$new" >"$doc" ;;
*) echo "usage: tables.sh [--check]" >&2; exit 2 ;;
esac
