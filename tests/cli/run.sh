#!/usr/bin/env bash
# Running: what is written where, finished runs, interruption, resuming, full disks, locks.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cat >hello.qgn <<'QGN'
## Hello: teach one qubit to flip.
edition = 1
circuit tilt() on q[1] {
  param θ[1] ~ uniform(0, 0.1)
  ry(θ) q
  return expval(Z(q))
}
train flip {
  epochs = 200
  optimizer tilt = adam(0.1)
  step { minimize tilt() over tilt }
}
expect tilt() < -0.99
QGN
run_folder() { readlink -f runs/latest; }

# ---- a whole run ---------------------------------------------------------------------------------
check 0 run hello.qgn -q </dev/null
must grep -q '^ok      tilt() < -0.99' stdout.txt
cp stdout.txt first.txt
for file in script.qgn qgn.lock results.json metrics.csv metrics.jsonl log.jsonl timing.jsonl report.html report.md \
  flip.safetensors flip.state.safetensors; do
  must test -s "runs/latest/$file"
done
must test -s qgn.lock
must cmp hello.qgn runs/latest/script.qgn
must_not ls runs/latest/*checkpoint* 2>/dev/null
must grep -q '"steps":200,' runs/latest/timing.jsonl
must grep -q '"complete": true' runs/latest/results.json
must [ "$(wc -l <runs/latest/metrics.jsonl)" -eq 200 ]
cp -R "$(run_folder)" whole

# again: loaded, the same output, nothing executed
check 0 run hello.qgn <<TEXT
already complete; \`--fresh\` runs it again
report: runs/$(basename "$(run_folder)")/report.html
TEXT
must cmp stdout.txt first.txt
must cmp whole/timing.jsonl runs/latest/timing.jsonl
check 0 run hello.qgn -q --fresh --threads 2 </dev/null
must diff -r --exclude=timing.jsonl whole "$(run_folder)"
must [ "$(wc -l <runs/latest/timing.jsonl)" -eq 1 ]

# other settings are another run
check 0 run hello.qgn -q --seed 3 </dev/null
must_not [ "$(basename "$(run_folder)")" = "$(basename whole)" ]
must [ "$(find runs -name results.json | wc -l)" -eq 2 ]

# an expectation that fails: 1, now and when it is loaded
sed 's/^expect.*/expect tilt() < -2, "it cannot"/' hello.qgn >fails.qgn
for _ in 1 2; do
  check 1 run fails.qgn -q </dev/null
  must grep -q '^FAILED  tilt() < -2 .* is not < -2  (line 13)  it cannot' stdout.txt
done

# numbers that short figures do not tell apart have all their digits
printf 'edition = 1\nexpect 0.1 + 0.2 == 0.3\n' >digits.qgn
check 1 run digits.qgn -q </dev/null
must grep -q ' 0.30000000000000004 is not == 0.3 ' stdout.txt

# ---- progress -------------------------------------------------------------------------------------
timeout 60 "$QGN" run hello.qgn --fresh >stdout.txt 2>stderr.txt
must [ "$(grep -c '^flip: epoch ' stderr.txt)" -eq 10 ]
timeout 60 "$QGN" run hello.qgn --fresh --progress=json >stdout.txt 2>stderr.txt
must grep -q '^{"train": "flip", "epoch": 200, "epochs": 200, "losses": {' stderr.txt

# what comes behind a train counts: the second is a hundred times the first
sed '/^expect/d; s/epochs = 200/epochs = 100/' hello.qgn >two.qgn
printf 'let other = new tilt\ntrain again {\n  epochs = 10000\n  optimizer other = adam(0.1)\n  step { minimize other() over other }\n}\n' >>two.qgn
timeout 60 "$QGN" run two.qgn --fresh >stdout.txt 2>stderr.txt
must grep -q '^flip: epoch 50 of 100 .* left, about .* in all$' stderr.txt
must grep -q '^again: epoch 5000 of 10000 .* left$' stderr.txt
must_not grep -q '^again:.* in all' stderr.txt

# `iterations` end a train: progress is that of the epochs which they need, and a train that is loaded goes on nowhere
sed '/^expect/d; s/epochs = 200/epochs = 1000000; iterations = 400/' hello.qgn >enough.qgn
timeout 60 "$QGN" run enough.qgn >stdout.txt 2>stderr.txt
must grep -qx 'flip: 400 epochs' stderr.txt
must grep -q '^flip: epoch 200 of 400 (50 %)' stderr.txt
must [ "$(grep -c '^flip: epoch ' stderr.txt)" -eq 10 ]
printf 'tilt()\n' >>enough.qgn
timeout 60 "$QGN" run enough.qgn >stdout.txt 2>stderr.txt
must grep -q '^flip: loaded, an equal train was run before' stderr.txt
must grep -qx 'flip: 400 epochs, loaded' stderr.txt
must_not grep -q '^flip: continues' stderr.txt

# one that follows a series says which epoch was best, and where it ended for want of a better one
cat >follows.qgn <<'TEXT'
edition = 1
dataset points { uniform(-1, 1); take(64) }
dataset held { uniform(-1, 1); take(16) }
model g(x[1]) -> [1] { linear(1) }
train fit {
  data = points; batch = 16; epochs = 200; validate = held; patience = 3
  optimizer g = adam(0.1)
  step x[B, 1] { minimize mean((g(x) - 0.3 * x)^2) over g }
}
fit.best_epoch
TEXT
timeout 60 "$QGN" run follows.qgn >stdout.txt 2>stderr.txt
best=$(sed -n 's/^fit.best_epoch  //p' stdout.txt)
must grep -qE "^fit: $((best + 3)) of 200 epochs in [0-9a-z .]*, the best is epoch $best\$" stderr.txt

# ---- interrupted and resumed ------------------------------------------------------------------------
# 100 000 epochs (in the quick pass 40 000), a checkpoint kept every 20th of them
epochs=${QGN_QUICK:+40000}
epochs=${epochs:-100000}
long=(run hello.qgn -q --set "flip.epochs=$epochs" --set "flip.checkpoint=$((epochs / 20))")
check 0 "${long[@]}" </dev/null
cp -R "$(run_folder)" unbroken
folder=$(run_folder)

# Starts the long run (more arguments allowed) and sends a signal once another checkpoint stands there.
interrupt() { # signal arguments
  local signal=$1 before pid
  shift
  before=$(find "$folder" -name 'flip-*.safetensors' 2>/dev/null | wc -l)
  "$QGN" "${long[@]}" "$@" >stdout.txt 2>stderr.txt &
  pid=$!
  while kill -0 $pid 2>/dev/null && [ "$(find "$folder" -name 'flip-*.safetensors' | wc -l)" -le "$before" ]; do sleep 0.005; done
  kill "-$signal" $pid 2>/dev/null
  { wait $pid; } 2>/dev/null # bash would say "Killed"
  status=$?
}

rm -r "$folder"
mkdir "$folder"
interrupt INT --fresh
must [ $status -eq 130 ]
must grep -q '"end": "interrupted"' "$folder/results.json"
check 2 "${long[@]}" <<TEXT
error[E0804]: runs/$(basename "$folder") holds an unfinished run of this script
   = help: \`--resume\` continues it, \`--fresh\` starts over
TEXT
interrupt TERM --resume
must [ $status -eq 130 ]
for _ in 1 2 3; do
  interrupt KILL --resume
  must [ $status -eq 137 ]
done
check 0 "${long[@]}" --resume </dev/null
must diff -r --exclude=timing.jsonl unbroken "$folder"
# every step was executed, and the log says in which stretch
must grep -q '"from_epoch":0,' "$folder/timing.jsonl"
must grep -q "\"to_epoch\":$epochs," "$folder/timing.jsonl"

# a damaged newest checkpoint: the one before is used, and the end is the same
rm -r "$folder"
mkdir "$folder"
interrupt KILL --fresh
interrupt KILL --resume
newest=$(find "$folder" -name 'flip-*.safetensors' | sort | tail -n 1)
truncate -s 500 "$newest"
timeout 60 "$QGN" "${long[@]}" --resume >stdout.txt 2>stderr.txt
must [ $? -eq 0 ]
must grep -q '^warning\[W0804\]: .*flip-[0-9]*\.safetensors is damaged: ' stderr.txt
for file in results.json metrics.csv log.jsonl flip.safetensors; do must cmp "unbroken/$file" "$folder/$file"; done

# all of them damaged
rm -r "$folder"
mkdir "$folder"
interrupt KILL --fresh
for file in "$folder"/*.safetensors; do truncate -s 500 "$file"; done
timeout 60 "$QGN" "${long[@]}" --resume >stdout.txt 2>stderr.txt
must [ $? -eq 3 ]
must grep -q '^error\[E0801\]: ' stderr.txt

# two runs on one folder
"$QGN" run hello.qgn -q --fresh --set flip.epochs=100000000 --set flip.checkpoint=100000 >first.txt 2>&1 &
other=$!
until [ -e runs/latest/flip-100000.safetensors ]; do sleep 0.01; done
timeout 60 "$QGN" run hello.qgn -q --resume --set flip.epochs=100000000 --set flip.checkpoint=100000 >stdout.txt 2>stderr.txt
must [ $? -eq 3 ]
must grep -q '^error\[E0806\]: another process is working in runs/hello-' stderr.txt
kill -INT $other
kill -INT $other
wait $other
must [ $? -eq 130 ]

# ---- nowhere to write ---------------------------------------------------------------------------------
# files of at most 8 kB: checkpoints and metrics do not fit, training goes on
(
  trap '' XFSZ
  ulimit -f 8
  timeout 60 "$QGN" run hello.qgn -q --fresh --set flip.epochs=3000 --set flip.checkpoint=100 >full.txt 2>full-errors.txt
)
must [ $? -eq 3 ]
must grep -q '^warning\[W0803\]: cannot write .*: the file would be larger than allowed' full-errors.txt
must grep -q '^error\[E0805\]: ' full-errors.txt
must grep -q '^ok      tilt() < -0.99' full.txt
must_not grep -q '"complete": true' runs/latest/results.json
timeout 60 "$QGN" run hello.qgn -q --resume --set flip.epochs=3000 --set flip.checkpoint=100 >stdout.txt 2>stderr.txt
must [ $? -eq 0 ]

mkdir file && printf x >file/runs && cp hello.qgn file/
(cd file && timeout 60 "$QGN" run hello.qgn -q >../stdout.txt 2>../stderr.txt)
must [ $? -eq 3 ]
must grep -q '^error\[E0805\]: cannot create runs: something else is there' stderr.txt

# a lock that cannot be written beside the script is only a warning
mkdir -p locked/qgn.lock && cp hello.qgn locked/
timeout 60 "$QGN" run locked/hello.qgn -q --fresh >stdout.txt 2>stderr.txt
must [ $? -eq 0 ]
must grep -q '^warning\[W0805\]: cannot write locked/qgn.lock: it is a folder' stderr.txt

# results that nobody can read
if [ -e /dev/full ]; then
  timeout 60 "$QGN" run hello.qgn -q --fresh >/dev/full 2>stderr.txt
  must [ $? -eq 3 ]
  must grep -q '^error\[E0805\]: the results could not be written to standard output' stderr.txt
fi

# without gnuplot, figures are left for later
(PATH=/nonexistent exec "$QGN" run hello.qgn -q --fresh) >stdout.txt 2>stderr.txt
must [ $? -eq 0 ]
must grep -q 'gnuplot is not installed' runs/latest/report.html
must test -s runs/latest/figures/flip-1.gp
finish
