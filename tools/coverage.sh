#!/bin/sh
# What of the grammar and of spec.md has no test: a line for each production of grammar/qgn.y, each code named in spec.md
# and each rule of it (tools/rules.awk) without a row in tests/spec/coverage.txt, for rows that name none of these, for tests
# that are not there, and for codes that none of the tests of their row gives. Status 1 if there is one.
#
# A row is `WHAT TEST [TEST ...] [# text]`. That a test of a production really uses it is seen by
# tests/unit/parse_productions.c.
set -u
cd "$(dirname "$0")/.." || exit 2
LC_ALL=C
export LC_ALL
map=tests/spec/coverage.txt
found=$(mktemp) || exit 2
trap 'rm -f "$found"' EXIT

# WHAT, a tab, the text in which its codes stand.
productions() {
  awk '/^[a-z_]+$/ { name = $1; k = 0 } /^  [:|]/ { print name "." ++k "\t" }' grammar/qgn.y
}
codes() { grep -ohE '\b[EW]0[0-9]{3}\b' spec.md | sort -u | sed 's/.*/&	&/'; }
rules() { awk -f tools/rules.awk spec.md | sort -u; }

{ productions; codes; rules; } | awk -F'\t' -v map="$map" '
function text_of(test,    line, text, file) {
  file = test
  sub(/\.qgn$/, ".out", file)
  if (file in texts) return texts[file]
  text = ""
  while ((getline line < file) > 0) text = text line "\n"
  close(file)
  return texts[file] = text
}
function exists(file,    line, status) {
  status = (getline line < file)
  close(file)
  return status >= 0
}
function check(what, text,    n, tests, i, code, given) {
  n = split(row[what], tests, " ")
  for (i = 1; i <= n; i++) if (!exists(tests[i])) print map ": " what ": there is no " tests[i]
  while (match(text, /[EW]0[0-9][0-9][0-9]/)) {
    code = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    given = 0
    for (i = 1; i <= n; i++) given = given || index(text_of(tests[i]), code)
    if (!given) print map ": " what ": no test of its row gives " code
  }
}
BEGIN {
  while ((getline line < map) > 0) {
    if (line ~ /^#/ || line ~ /^$/) continue
    sub(/ # .*/, "", line)
    at = index(line, " ")
    what = at ? substr(line, 1, at - 1) : line
    if (what in row) print map ": two rows for " what
    row[what] = at ? substr(line, at + 1) : ""
    if (row[what] ~ /^ *$/) print map ": " what ": no test"
  }
}
{
  known[$1] = 1
  if ($1 in row) check($1, $2)
  else print map ": no row for " $1 ($2 != "" && $2 != $1 ? ": " $2 : "")
}
END { for (what in row) if (!(what in known)) print map ": " what " is no production, code or rule" }
' >"$found"
sort "$found"
[ ! -s "$found" ]
