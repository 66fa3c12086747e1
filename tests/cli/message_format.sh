#!/usr/bin/env bash
# Records for programs: one JSON object, or one GitHub annotation, a line.
set -eu
fails() { printf '%s\n' "$*"; exit 1; }
printf 'edition = 1\nlet θ = 1\nθ + lable\n' >a.qgn
printf 'edition = 1\nlet label1 = 1\nlable1\nlabel1 + [1, 2]\ndraw z[3] ~ normal(0, -1)\n' >b.qgn
status=0
"$QGN" check --message-format=json b.qgn >out.txt 2>err.txt || status=$?
[ $status = 2 ] || fails "status $status"
cat >want.txt <<'J'
{"v":1,"level":"error","code":"E0101","message":"there is no name `lable1`","spans":[{"file":"b.qgn","byte":[27,33],"line":3,"col":1,"end_line":3,"end_col":7,"primary":true,"label":"did you mean `label1`?"}],"notes":[],"fixes":[{"applicability":"sure","edits":[{"file":"b.qgn","byte":[27,33],"text":"label1"}]}]}
{"v":1,"level":"error","code":"E0201","message":"the standard deviation of `normal` is at least 0, but this is -1","spans":[{"file":"b.qgn","byte":[72,74],"line":5,"col":23,"end_line":5,"end_col":25,"primary":true,"label":null}],"notes":[],"fixes":[]}
J
cmp err.txt want.txt || fails "$(diff err.txt want.txt)"
"$QGN" check --message-format=github b.qgn 2>err.txt >out.txt || :
cat >want.txt <<'G'
::error file=b.qgn,line=3,col=1,endLine=3,endColumn=7,title=E0101::there is no name `lable1`
::error file=b.qgn,line=5,col=23,endLine=5,endColumn=25,title=E0201::the standard deviation of `normal` is at least 0, but this is -1
G
cmp err.txt want.txt || fails "$(diff err.txt want.txt)"
# Bytes and columns differ behind a wide name; a record without a place has no spans; all records are there.
"$QGN" check --message-format=json a.qgn 2>err.txt >out.txt || :
grep -q '"byte":\[[0-9]*,[0-9]*\],"line":3,"col":5' err.txt || fails "$(cat err.txt)"
"$QGN" check --message-format=json nosuch.qgn 2>err.txt >out.txt || :
grep -q '"code":"E0803".*"spans":\[\]' err.txt || fails "$(cat err.txt)"
for i in $(seq 30); do printf 'nosuch%d\n' "$i"; done >>b.qgn
"$QGN" check --message-format=json b.qgn 2>err.txt >out.txt || :
[ "$(wc -l <err.txt)" = 32 ] || fails "$(wc -l <err.txt) records"
