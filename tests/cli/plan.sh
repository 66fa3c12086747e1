#!/usr/bin/env bash
# check --plan: what it counts, as text and as JSON; seconds against those of a run.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cat >two.qgn <<'TEXT'
edition = 1
circuit pair(x[2]) on q[2] {
  param θ[2] ~ uniform(0, 2pi)
  ry(x) q; ry(θ) q; cx q[0], q[1]; ctrl @ rx(θ[0]) q[0], q[1]
  return expval(Z(q[1]))
}
model m(x[2]) -> [1] { linear(2); pair; linear(1) }
train fit {
  epochs = 40
  optimizer m = adam(0.01)
  step {
    draw x[64, 2] ~ normal(0, 1)
    minimize mean((m(x) - 1)^2) over m
  }
}
claim("A.1", 1 < 2, document = 0.5)
TEXT
check 0 check two.qgn --plan </dev/null
must grep -q '^two.qgn: ok (2 objects, 1 train, 1 claim)$' stdout.txt
must grep -q '^circuit pair$' stdout.txt
must grep -q '^  gates        6, 2 of them on several qubits$' stdout.txt
must grep -q '^  angles       5, 5 of them free$' stdout.txt
must grep -q '^  m            10: 8 classical, 2 of circuits$' stdout.txt
must grep -q '^  plateau risk low: ' stdout.txt
must grep -q '^  epochs       40 of 1 step$' stdout.txt
must grep -q '^  circuits     128 in a step, gradient by adjoint$' stdout.txt
# 64 rows: ry(x) and ry(θ) are merged to two words of two terms each, two runs for each, four for the controlled gate
must grep -q '^  \* adjoint    128 circuits, ' stdout.txt
must grep -q '^    shift      576 circuits, ' stdout.txt
must grep -q '^    spsa       192 circuits, ' stdout.txt
must grep -q '^  A.1          the document says 0.5$' stdout.txt
must test "$(awk 'length > 80' stdout.txt | wc -l)" = 0

# A layer with 256 inputs and outputs on 64 rows is three products of 8.4 M operations, forward and both gradients, whatever
# else is done inside their kernels.
for function in tanh relu; do
  cat >layers.qgn <<TEXT
edition = 1
model F(x[2]) -> [1] { linear(256); $function; linear(256); $function; linear(1) }
train fit {
  epochs = 1
  optimizer F = sgd(0.1)
  step { draw x[64, 2] ~ normal(0, 1); minimize mean(F(x)) over F }
}
TEXT
  check 0 check layers.qgn --plan </dev/null
  must grep -qE '^  operations   2[56]\.[0-9]* M in a step$' stdout.txt
done

# gradients that do not exist, those of shots
sed 's/expval(Z(q\[1\]))/expval(Z(q[1]), shots = 100)/' two.qgn >shots.qgn
check 0 check shots.qgn --plan </dev/null
must grep -q '^  \* shift ' stdout.txt
must grep -q '^    adjoint    not possible: it takes the exact pure state' stdout.txt

check 0 check two.qgn --plan --message-format=json </dev/null
must test "$(wc -l <stdout.txt)" = 1
must grep -q '^{"plan": 1, .*"claims": \["A.1"\]}$' stdout.txt
# What else stands in it, and that it is JSON, tests/unit/cli_json.c looks at.

# The seconds of a run on one thread, as processor time: those of a long run less those of a quarter of it, so that the
# start and the figures at the end, which take as long as a thousand of these epochs, leave the difference. Other processes
# only ever add to a time, so the least of a few is taken; the factor stays.
seconds() { # arguments of qgn: processor time, that of children included
  local TIMEFORMAT='%U %S'
  { time "$QGN" "$@" --threads 1 >stdout.txt 2>stderr.txt; } 2>took.txt
  awk '{ print $1 + $2 }' took.txt
}
near() { # script, its train, epochs
  local script=$1 train=$2 epochs=$3
  rm -f rounds.txt
  for _ in 1 2 3 4 5 6; do
    seconds check --plan --message-format=json "$script" >/dev/null
    {
      sed -n "s/.*{\"name\": \"$train\", \"classical_parameters\".*\"seconds_per_epoch\": \([0-9.e+-]*\),.*/\1/p" stdout.txt
      seconds run -q --fresh --set "$train.epochs=$((epochs / 4))" "$script"
      seconds run -q --fresh --set "$train.epochs=$epochs" "$script"
    } | paste -sd' ' >>rounds.txt
    awk -v epochs="$epochs" '
      NF != 3 { exit }
      NR == 1 || $1 < plan { plan = $1 }
      NR == 1 || $2 < part { part = $2 }
      NR == 1 || $3 < whole { whole = $3 }
      END {
        ran = (whole - part) / (epochs - int(epochs / 4))
        print "said " plan " s for an epoch, took " ran " s"
        exit !(NF == 3 && ran > 0 && plan < 1.5 * ran && ran < 1.5 * plan)
      }' rounds.txt >near.txt && return
  done
  cat near.txt rounds.txt
  return 1
}
must near "$QGN_ROOT/examples/gaussian/main.qgn" qgan 4000
sed 's/x\[64, 2\]/x[2048, 2]/' two.qgn >wide.qgn
must near wide.qgn fit 4000

# The first step, which touches all code and memory, is in the seconds: it is much of one epoch, nothing of many.
seconds_said() { # epochs of hello, of which one takes half a microsecond
  "$QGN" check --plan --message-format=json "$QGN_ROOT/examples/hello/main.qgn" --set "flip.epochs=$1" |
    sed -n 's/.*"seconds_per_epoch": \([0-9.e+-]*\),.*/\1/p'
}
must awk -v one="$(seconds_said 1)" -v many="$(seconds_said 1000000)" 'BEGIN { exit !(one > 5 * many && many > 0) }'

# What does not fit into memory is refused by check and run, with the largest settings that would.
cat >big.qgn <<'TEXT'
edition = 1
hyper qubits = 27 where qubits in 2..=30
circuit c(x[qubits]) on q[qubits] {
  param t[2, qubits] ~ uniform(0, 2pi)
  ry(x) q
  for l in 0..2 { rx(t[l]) q; cx ring(q) }
  return expval(Z(q))
}
train fit {
  epochs = 1
  optimizer c = adam(0.01)
  step { draw x[2, qubits] ~ normal(0, 1); minimize mean(c(x)^2) over c }
}
TEXT
cat >batch.qgn <<'TEXT'
edition = 1
dataset d { normal(0, 1); redraw(2_000_000) }
model m(x[1]) -> [1] { linear(4096); tanh; linear(1) }
train fit {
  data = d; batch = 2_000_000; epochs = 1
  optimizer m = adam(0.01)
  step x[B, 1] { minimize mean((m(x) - x)^2) over m }
}
TEXT
limited() { # kB, arguments
  (ulimit -v "$1" && shift && "$QGN" "$@" --threads 1 >stdout.txt 2>stderr.txt)
}
if optional 'sanitizers take more memory than the limit' is_plain; then
  limited 1500000 check big.qgn
  must test $? = 5
  must grep -q '^error\[E0701\]: this program needs 2.15 GB, and ' stderr.txt
  must grep -q '`c` with 27 qubits needs 2.15 GB for each thread$' stderr.txt
  must grep -q 'help: the largest that fits is `qubits = 26` in place of 27$' stderr.txt
  cp stderr.txt said.txt
  limited 1500000 run big.qgn
  must test $? = 5
  must diff said.txt stderr.txt
  must_not test -e runs/big-*
  limited 1500000 check big.qgn --set qubits=26
  must test $? = 0
  limited 1500000 check batch.qgn
  must test $? = 5
  batch=$(sed -n 's/.*help: the largest that fits is `fit.batch = \([0-9]*\)` in place of 2000000$/\1/p' stderr.txt)
  limited 1500000 check batch.qgn --set "fit.batch=${batch:-2000000}" || limited 1500000 check batch.qgn --set "fit.batch=$((batch * 9 / 10))"
  must test $? = 0
  sed 's/^hyper.*//; s/qubits/27/g' big.qgn >literal.qgn
  limited 1500000 check literal.qgn
  must grep -q 'help: 26 qubits fit, or take fewer threads with `--threads`$' stderr.txt
fi

# at the prompt, of a train that is not run
cat >lines.txt <<'TEXT'
circuit tilt() -> [] on q[1] { param t ~ uniform(1, 2); ry(t) q; return expval(Z(q)) }
:plan train fit { epochs = 30; optimizer tilt = adam(0.1); step { minimize tilt() over tilt } }
:plan train fit { epochs = 30; optimizer tilts = adam(0.1); step { minimize tilt() over tilt } }
:source
TEXT
"$QGN" <lines.txt >stdout.txt 2>stderr.txt
must test $? = 2
must grep -q '^train fit$' stdout.txt
must grep -q '^    shift      3 circuits, ' stdout.txt
must_not grep -q '^train fit {' stdout.txt
must grep -q 'did you mean `tilt`' stderr.txt

# circuits of a step are those that a run counts; angles whose gradient nobody wants are not moved
cat >counted.qgn <<'TEXT'
edition = 1
hyper how = "adjoint"
dataset d { moons(64) }
circuit c(x[2]) -> [] on q[2] {
  param t[4] ~ uniform(0, 2pi)
  rx(x) q
  ry(t[0..2]) q
  cx q[0], q[1]
  ry(t[2..4]) q
  return expval(Z(q[0]) * Z(q[1]))
}
train fit {
  data = d; batch = 32; epochs = 4
  gradient = how
  optimizer c = adam(0.1)
  step x[B, 2], label[B] { minimize mean((c(x) - label)^2) over c }
}
fit.circuit_runs / fit.iterations
TEXT
for how in adjoint:64 backprop:64 shift:288 finite:544 spsa:96; do
  "$QGN" check --plan --set how=${how%:*} counted.qgn >stdout.txt 2>&1
  must grep -q "^  circuits     ${how#*:} in a step, gradient by ${how%:*}\$" stdout.txt
  "$QGN" run -q --fresh --set how=${how%:*} counted.qgn >stdout.txt 2>&1
  must grep -qx "fit.circuit_runs / fit.iterations  ${how#*:}" stdout.txt
done

# Barren plateaus by structure: layers of pairs of neighbours on 12 qubits, one letter or all of them measured.
cat >deep.qgn <<'TEXT'
edition = 1
hyper layers = 1
hyper spread = 6.28
circuit c() on q[12] {
  param t[layers, 2, 12] ~ uniform(0, spread)
  for l in 0..layers {
    ry(t[l, 0]) q
    cz pairs(q, [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)])
    ry(t[l, 1]) q
    cz pairs(q, [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)])
  }
  return expval(X(q[6]))
}
c()
TEXT
sed 's/expval(X(q\[6\]))/probs(q)/' deep.qgn >global.qgn
risk() {
  "$QGN" check "$@" --plan --message-format=json >stdout.txt 2>/dev/null
  sed -n 's/.*"plateau_risk": "\([a-z]*\)", "plateau_qubits": \([0-9]*\),.*/\1 \2/p' stdout.txt
}
must test "$(risk deep.qgn)" = 'low 4'
must test "$(risk deep.qgn --set layers=8)" = 'high 12'
must test "$(risk global.qgn)" = 'high 12'
must test "$(risk global.qgn --set spread=0.1)" = 'moderate 12'
finish
