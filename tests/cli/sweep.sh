#!/usr/bin/env bash
# Sweeps: points have the bits of runs alone, go on after a kill, fail alone, and run by number.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cat >s.qgn <<'TEXT'
edition = 1
hyper lr = 0.1 where lr < 4
hyper length = 30
circuit tilt() -> [] on q[2] {
  param θ[2] ~ uniform(0, 3)
  ry(θ) q
  return expval(Z(q[0]) * Z(q[1]))
}
train flip {
  epochs = length
  optimizer tilt = sgd(lr)
  step { minimize tilt() over tilt }
}
tilt()
expect tilt() > 5, "fails in the whole script, is left out in points"
sweep plain {
  vary lr in [0.05, 0.2]
  record value = tilt()
}
sweep seeded over flip {
  vary lr in [0.05, 9, 0.3]
  seeds = 3..=4
  record value = tilt()
  best = min(value)
}
seeded(lr = 0.3).value
TEXT
"$QGN" run -q s.qgn >out.txt 2>err.txt
must [ $? -eq 1 ]
folder=$(readlink -f runs/latest)
must grep -qx '  0.05  [-0-9.]*' out.txt
must grep -qx '  9     failed' out.txt
must grep -q '  point 4 failed: error\[E0107\]: --set lr=9 is outside' out.txt
must grep -qx 'best value of seeded: --set lr=0.3' out.txt
must grep -q '^seeded(lr = 0.3).value  \[2\]' out.txt
must_not cmp -s "$folder/points/00006/flip.safetensors" "$folder/points/00007/flip.safetensors"
# a figure for each record: bars of two points, a line over three of which one failed
must [ "$(head -1 "$folder/figures/plain-value.csv")" = '"index","value","label"' ]
must [ "$(head -1 "$folder/figures/seeded-value.csv")" = '"x","value","lower end of value","upper end of value"' ]
must [ "$(wc -l <"$folder/figures/seeded-value.csv")" -eq 3 ]
must grep -q "set logscale x" "$folder/figures/seeded-value.gp"
# the run alone: the same weights
"$QGN" run -q --set lr=0.2 s.qgn >alone.txt 2>&1
hash=$(grep -o '"sha256":"[0-9a-f]*"' -a "$(readlink -f runs/latest)/flip.safetensors")
must [ -n "$hash" ]
must grep -qaF "$hash" "$folder/points/00001/flip.safetensors"
# points by number, two at once, then collected
rm -rf runs
must [ "$("$QGN" run --list s.qgn | wc -l)" -eq 8 ]
must [ "$("$QGN" run --list s.qgn | sed -n 7p)" = "$(printf '6\tseeded\topen\t--set lr=0.3 seed 3')" ]
"$QGN" run -q --point 6 s.qgn >a.txt 2>&1 &
"$QGN" run -q --point 7 s.qgn >b.txt 2>&1
must [ $? -eq 0 ]
wait $!
must [ $? -eq 0 ]
must [ "$("$QGN" run --list s.qgn | cut -f3 | grep -c '^done$')" -eq 2 ]
"$QGN" run -q s.qgn >again.txt 2>/dev/null
must cmp -s out.txt again.txt
check 2 run --point 8 s.qgn <<'TEXT'
error[E0901]: `--point` wants a number from 0 to 7, not `8`
   ┌─ command line
   │ qgn run --point 8 s.qgn
   │ ^^^^^^^^^^^^^^^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
# a kill in the middle
sed -i 's/lr < 4/lr < 10/; s/length = 30/length = 4000/' s.qgn
"$QGN" run -q s.qgn >whole.txt 2>/dev/null
cp -r "$(readlink -f runs/latest)" whole
rm -rf runs
for wait in 0.05 0.2; do
  (timeout -s KILL $wait "$QGN" run -q --resume s.qgn >killed.txt 2>&1) 2>/dev/null
done
"$QGN" run -q --resume s.qgn >resumed.txt 2>err.txt
must cmp -s whole.txt resumed.txt
for f in results.json metrics.csv flip.safetensors points/00004/flip.safetensors points/00007/results.json; do
  must cmp -s "whole/$f" "runs/latest/$f"
done
# points that are stopped have not failed: they go on with --resume. Each of these would run for minutes.
cat >slow.qgn <<'TEXT'
edition = 1
hyper rounds = 1
circuit tilt() -> [] on q[2] { param θ[2] ~ uniform(0, 3); ry(θ) q; return expval(Z(q[0]) * Z(q[1])) }
train flip { epochs = rounds; optimizer tilt = sgd(0.1); step { repeat 1000 { minimize tilt() over tilt } } }
sweep slow over flip { vary rounds in [1_000_000, 2_000_000]; record value = tilt() }
TEXT
"$QGN" run --max-time 0.5s slow.qgn >out.txt 2>err.txt
must [ -e runs/latest/points/00000.log ]
must grep -q 'stopped at its --max-time' err.txt
must_not grep -q 'failed' err.txt
# bars that each vary one thing are named by it, and long names get a higher figure; those of a grid have all values
cat >bars.qgn <<'TEXT'
edition = 1
hyper width = 3
hyper rate  = 0.1
hyper shape = "chain" where shape in ["chain", "everything", "nothing"]
let size = width * rate + select(shape == "nothing", 1, 2)
sweep around {
  vary width in [2, 4]
  vary rate  in [0.1, 0.2]
  vary shape in ["everything", "nothing"]
  record size = size
}
sweep grid {
  vary width in [2, 4], rate in [0.1, 0.2], shape in ["chain", "nothing"]
  record size = size
}
TEXT
"$QGN" run -q bars.qgn >out.txt 2>err.txt
must [ $? -eq 0 ]
must grep -qF "set xtics ('width 2' 0, 'width 4' 1, 'rate 0.1' 2, 'rate 0.2' 3, 'shape everything' 4, 'shape nothing' 5) noenhanced scale 0 rotate by 90 right" runs/latest/figures/around-size.gp
must grep -qF "svg size 560,406 " runs/latest/figures/around-size.gp
must grep -qF "set xtics ('2 0.1 chain' 0, " runs/latest/figures/grid-size.gp
must grep -q "^set xlabel 'width rate shape'" runs/latest/figures/grid-size.gp
finish
