#!/usr/bin/env bash
# The lock keeps the hashes of data files: a changed one is refused until it is accepted, and a changed file is
# another run.
set -eu
printf 'x,label\n1,a\n2,b\n3,a\n' >t.csv
printf 'edition = 1\ndataset d { csv("t.csv") }\nrows(d)\nmean(d.x)\n' >s.qgn
fails() { printf '%s\n' "$*"; exit 1; }
"$QGN" run s.qgn >out.txt 2>err.txt || fails "first run: $(cat err.txt)"
grep -q '^rows(d)  3$' out.txt && grep -q '^mean(d.x)  2$' out.txt || fails "values: $(cat out.txt)"
first=$(readlink runs/latest)
sum=$(sha256sum t.csv | cut -d' ' -f1)
grep -q "\"t.csv\": \"$sum\"" qgn.lock || fails "the lock has no hash: $(cat qgn.lock)"
grep -q "$sum" runs/latest/qgn.lock && grep -q "$sum" runs/latest/results.json || fails "the run has no hash"
printf 'x,label\n1,a\n2,b\n9,a\n' >t.csv
status=0
"$QGN" run s.qgn >out.txt 2>err.txt || status=$?
[ $status = 3 ] && grep -q 'error\[E0807\]: the data file `t.csv` is not the one' err.txt || fails "status $status: $(cat err.txt)"
"$QGN" run s.qgn --update-lock >out.txt 2>err.txt || fails "accepted: $(cat err.txt)"
grep -q '^mean(d.x)  4$' out.txt || fails "values: $(cat out.txt)"
[ "$(readlink runs/latest)" != "$first" ] || fails "the same folder for other data"
"$QGN" run s.qgn >out.txt 2>err.txt || fails "again: $(cat err.txt)"
grep -q 'already complete' err.txt || fails "ran again: $(cat err.txt)"
# Other places: --data, then the data home; another script of the folder keeps its entry.
mkdir -p elsewhere home/qgn
printf 'v\n5\n' >elsewhere/u.csv
cp elsewhere/u.csv home/qgn/w.csv
printf 'edition = 1\ndataset d { csv("u.csv") }\ndataset e { csv("w.csv") }\nmean(d.v) + mean(e.v)\n' >o.qgn
XDG_DATA_HOME=$PWD/home "$QGN" run o.qgn --data elsewhere >out.txt 2>err.txt || fails "places: $(cat err.txt)"
grep -q '  10$' out.txt || fails "places: $(cat out.txt)"
[ "$(grep -c '\.csv' qgn.lock)" = 3 ] || fails "the lock lost an entry: $(cat qgn.lock)"
# A keep that leaves nothing, found when it runs.
printf 'edition = 1\ndataset d { csv("t.csv"); keep(x > 100) }\nrows(d)\n' >n.qgn
status=0
"$QGN" run n.qgn >out.txt 2>err.txt || status=$?
[ $status = 3 ] && grep -q 'error\[E0503\]: `keep` leaves no rows' err.txt || fails "empty: $status $(cat err.txt)"
