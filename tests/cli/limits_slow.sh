#!/usr/bin/env bash
# Limits that are reached only by long work.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

cat >long.qgn <<'TEXT'
edition = 1
var n = 0
for i in 0..100_000 {
  for j in 0..100_000 { n := n + 1 }
}
expect n > 0
TEXT
timeout 60 "$QGN" check long.qgn 2>stderr.txt
must [ $? -eq 5 ]
# Which value of line 4 is the one too many depends on how long the library is.
sed -E '2s/:[0-9]+$//; 4s/[ ^]*$//' stderr.txt >got.txt
cat >want.txt <<'TEXT'
error[E0701]: with its loops and functions written out the script has more than 10000000 statements and values
   ┌─ long.qgn:4
 4 │   for j in 0..100_000 { n := n + 1 }
   │
   = help: arithmetic works on whole tensors at once; a `repeat` in a `step` is not written out
TEXT
must diff -u want.txt got.txt
finish
