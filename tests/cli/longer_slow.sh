#!/usr/bin/env bash
# More epochs of an earlier run: the bits of one long run, or why not. A time limit.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

cat >more.qgn <<'QGN'
edition = 1
hyper n = 12
dataset d { uniform(-1, 1); take(64) }
model F(x[1]) -> [1] { linear(8); tanh; dropout(0.1); linear(1) }
let G = new F
var v = 0
train first {
  data = d; batch = 16; epochs = 5
  optimizer F = adam(plateau(1e-2, patience = 2))
  step x[B, 1] { minimize mse(F(x), x^2) over F }
}
train fit {
  data = d; batch = 16; epochs = n
  validate = d; keep_best = true
  optimizer F = adam(exponential(1e-2, 0.99))
  step x[B, 1] {
    draw z[B, 1] ~ normal(0, 0.1)
    minimize mse(F(x), x^2 + z) over F
    v := v + mean(z)
  }
  every 5 { record e = mean(F(d.x)) }
}
train last {
  data = d; batch = 16; epochs = 3
  optimizer G = adam(1e-2)
  step x[B, 1] { minimize mse(G(x), stop_grad(F(x))) over G }
}
v
QGN
mkdir long
cp more.qgn long/
(cd long && check 0 run more.qgn -q --set n=30 </dev/null) || failures=$((failures + 1))

same_as_long() { # everything but the times
  rm -f "$1/timing.jsonl"
  for f in "$1"/*; do
    case $f in */timing.jsonl | */figures | */report.* | */script.qgn | */qgn.lock) continue ;; esac
    must cmp "$f" "long/$1/${f##*/}"
  done
}

# in a hyper that stands for nothing else
check 0 run more.qgn -q </dev/null
check 0 run more.qgn -q --set n=30 --resume </dev/null
same_as_long "$(readlink runs/latest | sed 's,^,runs/,')"

# by its patience the shorter run was at its end, and so is the longer
sed 's/epochs = n/epochs = 40/; /^hyper/d; s/keep_best = true/patience = 1; min_delta = 1/' more.qgn >ended.qgn
check 0 run ended.qgn -q </dev/null
check 0 run ended.qgn -q --set fit.epochs=60 --resume </dev/null
must grep -q '"train":"fit".*"loaded":true' runs/latest/timing.jsonl

# in the text
sed 's/epochs = n/epochs = 10/; /^hyper/d' more.qgn >text.qgn
check 0 run text.qgn -q </dev/null
short=runs/$(readlink runs/latest)
sed -i 's/epochs = 10/epochs = 20/' text.qgn
"$QGN" run text.qgn --resume >out.txt 2>err.txt
must grep -qx "goes on from $short" err.txt
must grep -qx 'fit: continues after epoch 10 of 20' err.txt

# a schedule over all epochs
sed 's/exponential(1e-2, 0.99)/cosine(1e-2)/' more.qgn >cosine.qgn
check 0 run cosine.qgn -q </dev/null
"$QGN" run cosine.qgn -q --set n=20 --resume >out.txt 2>err.txt
must [ $? = 2 ]
must grep -q 'E0804.*the 12 epochs of runs/cosine-[0-9a-f]* are not the begin of 20' err.txt
must grep -q '`cosine` of `F` falls over all epochs' err.txt

# a time limit ends with the state, a report, and the same bits later
check 2 run more.qgn --max-time 5 <<'TEXT'
error[E0901]: `--max-time` wants a time like 2h, 30min, 1h30min or 90s, not `5`
   ┌─ command line
   │ qgn run more.qgn --max-time 5
   │                  ^^^^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
"$QGN" run more.qgn -q --set n=40 --max-time 0.001s --fresh >out.txt 2>err.txt
must [ $? = 130 ]
must test -e runs/latest/report.html
must grep -q 'stopped at its --max-time' runs/latest/report.html
must grep -q '"end": "interrupted"' runs/latest/results.json
check 0 run more.qgn -q --set n=40 --resume </dev/null
mkdir whole
cp more.qgn whole/
(cd whole && "$QGN" run more.qgn -q --set n=40 >/dev/null)
must cmp runs/latest/fit.state.safetensors whole/runs/latest/fit.state.safetensors
must cmp runs/latest/report.html whole/runs/latest/report.html
finish
