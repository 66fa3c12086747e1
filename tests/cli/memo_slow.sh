#!/usr/bin/env bash
# The memo: an equal train is loaded, one that differs in anything that counts is not; --fresh trains; sweeps
# share it.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
export XDG_CACHE_HOME=$PWD/cache
unset HOME
cat >a.qgn <<'TEXT'
edition = 1
hyper lr = 0.1
hyper rows = 20
dataset d { uniform(-1, 1); take(rows) }
model F(x[1]) -> [1] { linear(4); tanh; dropout(0.1); linear(1) }
model H(x[1]) -> [1] { linear(2) ; linear(1) }
train first {
  data = d; batch = 5; epochs = 20
  optimizer F = adam(lr)
  step x[B, 1] { minimize mse(F(x), x^2) over F }
}
train second {
  data = d; batch = 5; epochs = 10
  optimizer H = adam(0.01)
  step x[B, 1] { minimize mse(H(x), F(x)) over H }
}
F([0.5])
H([0.5])
TEXT
loaded() { grep -o '^[a-z]*: loaded' err.txt | tr '\n' ' '; }
run() { must "$QGN" run "$@" >out.txt 2>err.txt; }
run a.qgn
must [ "$(loaded)" = "" ]
cp out.txt first.txt
folder=$(readlink -f runs/latest)
# another report, another script: both are loaded, to the same bytes
sed 's/^F(\[0.5\])/let unused = 3\nF([0.5])/' a.qgn >b.qgn
printf 'expect unused == 3\nreport r { text "x" }\n' >>b.qgn
run b.qgn
must [ "$(loaded)" = "first: loaded second: loaded " ]
must grep -qxF "$(head -1 first.txt)" out.txt
must cmp -s "$folder/metrics.csv" runs/latest/metrics.csv
must [ "$(grep -c '"loaded":true' runs/latest/timing.jsonl)" -eq 2 ]
hash() { grep -o '"sha256":"[0-9a-f]*"' -a "$1"; }
for f in first.safetensors second.safetensors first.state.safetensors; do
  must [ "$(hash "$folder/$f")" = "$(hash "runs/latest/$f")" ]
done
# a change of what is trained, of its data, of the seed; what depends on it follows
sed -i 's/adam(0.01)/adam(0.02)/' b.qgn
run b.qgn
must [ "$(loaded)" = "first: loaded " ]
run a.qgn --set lr=0.2
must [ "$(loaded)" = "" ]
run a.qgn --set rows=19
must [ "$(loaded)" = "" ]
run a.qgn --seed 5
must [ "$(loaded)" = "" ]
run a.qgn --set first.gradient=shift --set second.epochs=11
must [ "$(loaded)" = "" ]
run a.qgn --set second.epochs=12
must [ "$(loaded)" = "first: loaded " ]
# --fresh ignores it and leaves no memo of its own behind; threads do not count
run a.qgn --fresh --threads 2
must [ "$(loaded)" = "" ]
must_not test -e runs/latest/memo
must cmp -s out.txt first.txt
mv "$(readlink -f runs/latest)" whole
rm -rf runs
run a.qgn --threads 2
must [ "$(loaded)" = "first: loaded second: loaded " ]
must cmp -s out.txt first.txt
for f in first.safetensors second.state.safetensors results.json log.jsonl metrics.jsonl report.md; do
  must cmp "whole/$f" "runs/latest/$f"
done
# a damaged entry is none
for f in cache/qgn/memo/*; do
  head -c 300 "$f" >part
  mv part "$f"
done
rm -rf runs
run a.qgn
must [ "$(loaded)" = "" ]
must cmp -s out.txt first.txt
# points of a sweep share it: only `second` is trained in each
cat >>a.qgn <<'TEXT'
hyper scale = 1.0
train third {
  epochs = 2
  optimizer H = adam(0.1 * scale)
  step { minimize H([0.3])^2 over H }
}
sweep s { vary scale in [1.0, 2.0]; record h = H([0.5]) }
TEXT
run a.qgn
must [ "$(loaded)" = "first: loaded second: loaded " ]
must [ "$(grep -l '"train":"third".*"loaded":true' runs/latest/points/*/timing.jsonl)" = runs/latest/points/00000/timing.jsonl ]
must [ "$(grep -l '"train":"first".*"loaded":true' runs/latest/points/*/timing.jsonl | wc -l)" -eq 2 ]
run a.qgn --fresh
must [ "$(loaded)" = "" ]
must [ "$(grep -l '"train":"first".*"loaded":true' runs/latest/points/*/timing.jsonl | wc -l)" -eq 2 ]
finish
