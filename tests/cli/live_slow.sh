#!/usr/bin/env bash
# report.html while a run goes on: it is there, says so and loads itself again; after an interruption it says that.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

cat >main.qgn <<'QGN'
edition = 1
dataset two { moons(2000) }
model P(x[2]) -> [1] { linear(64); tanh; linear(1); sigmoid }
train fit {
  data = two; batch = 16; epochs = 1_000_000
  optimizer P = adam(0.01)
  step x[B, 2], label[B] { minimize bce(P(x), label) over P }
}
report r { images diagram(P) }
QGN
"$QGN" run -q main.qgn 2>/dev/null &
run=$!
page=runs/latest/report.html
for _ in $(seq 150); do
  [ -e $page ] && grep -q 'epoch [1-9]' $page && break
  sleep 0.2
done
cp $page live.html
must grep -q 'http-equiv="refresh"' live.html
must grep -q 'Running: fit, epoch' live.html
must grep -q '<polyline' live.html
must_not grep -q 'src="http\|href="http' live.html
kill -INT $run
wait $run
[ $? = 130 ] || { echo "exit code after SIGINT is not 130"; failures=$((failures + 1)); }
must_not grep -q 'http-equiv="refresh"' $page
must grep -q 'interrupted; `--resume` continues it' $page
finish
