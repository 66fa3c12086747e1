#!/usr/bin/env bash
# `qgn fix` applies what messages are certain about, and nothing else.
set -eu
fails() { printf '%s\n' "$*"; exit 1; }
cat >a.qgn <<'Q'
edition = 1
ciruit c(x[2]) on q[2] {
  RX(x) q
  cnot q[0], q[1]
  retrun expval(Z(q))
}
model M(x[2]) -> [1] { liner(2); c; linear(1, bais = true) }
dataset d { moons(100); keep(lable == 1) } # θ
train t {
  data = d; bacth = 10; epochs = 2
  optimizer M = adam(1e-2)
  step x[B, 2] { minimize mean(M(x)^2) over M }
}
Q
sed -e 's/ciruit/circuit/; s/RX/rx/; s/cnot/cx/; s/retrun/return/; s/liner/linear/; s/bais/bias/; s/lable/label/; s/bacth/batch/' a.qgn >want.qgn
"$QGN" fix a.qgn >out.txt 2>err.txt || fails "status $?: $(cat err.txt)"
cmp a.qgn want.qgn || fails "$(diff a.qgn want.qgn)"
[ "$(grep -c ' -> ' out.txt)" = 8 ] && grep -q '^a.qgn:8:30: `lable` -> `label`$' out.txt || fails "$(cat out.txt)"
"$QGN" fix a.qgn >out.txt 2>err.txt && grep -q '^a.qgn: nothing to fix$' out.txt || fails "again: $(cat out.txt err.txt)"
# Two names are as near: it stays, and the message is shown.
printf 'edition = 1\nlet alpha1 = 1\nlet alpha2 = 2\nalpha3\nalpha1 + alpha2\n' >b.qgn
cp b.qgn before.qgn
status=0
"$QGN" fix b.qgn >out.txt 2>err.txt || status=$?
[ $status = 2 ] && cmp b.qgn before.qgn && grep -q 'E0101' err.txt || fails "not certain: $status $(cat err.txt)"
