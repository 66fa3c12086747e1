#!/usr/bin/env bash
# draw, export, specs: what they take and refuse, and exports that are read back into scripts.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
pair='circuit pair(x[2]) on q[2] { param θ[2] ~ uniform(0, 2pi); rx(x) q; ry(2 * θ) q; cx q[0], q[1]; return expval(Z(q)) }'
printf 'edition = 1\n%s\ncircuit other() on q { h q; return probs(q) }\n' "$pair" >two.qgn
check 2 draw <<'TEXT'
error[E0901]: `qgn draw` takes a script and a circuit of it
   ┌─ command line
   │ qgn draw
   │ ^^^^^^^^
   = help: qgn draw examples/gaussian
TEXT
check 2 export two.qgn <<'TEXT'
error[E0901]: which circuit of two.qgn?
   ┌─ command line
   │ qgn export two.qgn
   │ ^^^^^^^^^^^^^^^^^^
   = help: it has `pair`, `other`
TEXT
check 2 specs two.qgn pairs <<'TEXT'
error[E0901]: two.qgn has no circuit `pairs`
   ┌─ command line
   │ qgn specs two.qgn pairs
   │                   ^^^^^
   = help: did you mean `pair`?
TEXT
check 2 draw two.qgn pair --width 3 <<'TEXT'
error[E0901]: `--width` wants a whole number from 20 to 100000, or 0, not `3`
   ┌─ command line
   │ qgn draw two.qgn pair --width 3
   │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: `qgn help draw` shows what it takes
TEXT
check 3 export two.qgn pair --weights nowhere <<'TEXT'
error[E0801]: there is no run and no file `nowhere`
   = help: `--weights` takes the folder of a finished run, or a .safetensors file
TEXT
printf 'edition = 1\ncircuit c(x) on q { ry(floor(x)) q; return probs(q) }\n' >floor.qgn
check 2 export floor.qgn <<'TEXT'
error[E0340]: `c` cannot be written as OpenQASM: an angle is computed by `floor`, which OpenQASM has no function for
   ┌─ floor.qgn:2:24
 2 │ circuit c(x) on q { ry(floor(x)) q; return probs(q) }
   │                        ^^^^^^^^
   = note: nothing was written
TEXT

# A picture, and the file that was there before stays when there is nothing to write.
check 0 draw two.qgn pair -o pair.svg </dev/null
cat >sum.qgn <<'TEXT'
edition = 1
circuit sum4(a) on q[2] {
  ry(a) q[0]
  cx q[0], q[1]
  depolarize(5%) q
  return expval(Z(q[0]) - 2 * X(q[0]) * X(q[1]) + 0.5 - 0.25 * Z(q[1])), probs(q[0], shots = 100)
}
TEXT
check 0 draw sum.qgn --width 34 </dev/null
cat >want.txt <<'TEXT'
q0: ─RY(a)─●─depolarize(0.05)─┤ p
q1: ───────X─depolarize(0.05)─
<Z(q0) - 2 X(q0) X(q1) + 0.5
  - 0.25 Z(q1)>
TEXT
must diff want.txt stdout.txt
check 0 specs sum.qgn </dev/null
cat >want.txt <<'TEXT'
sum4
  qubits       2
  depth        3, of gates on several qubits 1
  gates        4: 3 on one qubit, 1 on two, 0 on more; 0 with ctrl @
               ry 1, cx 1, noise channels 2
  angles       1, 1 of them free
  parameters   0
  measures     1 expectation value, probabilities of 1 qubit by 100 shots
  bytes        64 B for a density matrix, 128 B for a sample with its gradient, 256 B with second derivatives (single precision)
TEXT
must diff want.txt stdout.txt
must grep -q '^<svg .*viewBox' pair.svg
must grep -q '<title>circuit pair</title>' pair.svg
echo before >kept.qasm
must_not "$QGN" export floor.qgn -o kept.qasm 2>err.txt
must grep -qx before kept.qasm

# Free parameters: the block that is read back gives the values of the circuit, for its own weights.
check 0 export two.qgn pair -o pair.qasm </dev/null
must grep -q '^input float\[64\] theta_1;' pair.qasm
printf 'edition = 1\nprecision = "double"\nuse "pair.qasm" as again\n%s\ncircuit copy(x[2], t[2]) on q[2] { again(x, t) q; return expval(Z(q)) }\nexpect all(abs(copy([0.3, 0.4], pair.θ) - pair([0.3, 0.4])) < 1e-12)\n' "$pair" >back.qgn
check 0 run back.qgn -q </dev/null

# Trained values: the circuit of a run needs no weights any more.
printf 'edition = 1\nprecision = "double"\n%s\ntrain fit { epochs = 3; optimizer pair = adam(0.1); step { minimize sum(pair([0.1, 0.2])) over pair } }\npair([0.3, 0.4])[0]\n' "$pair" >fit.qgn
check 0 run fit.qgn -q </dev/null
value=$(sed -n 's/^pair.*  *//p' stdout.txt)
check 0 export fit.qgn pair --weights runs/latest -o trained.qasm </dev/null
must grep -q '^const float\[64\] theta_0 = ' trained.qasm
must_not grep -q '^input float\[64\] theta' trained.qasm
printf 'edition = 1\nprecision = "double"\nuse "trained.qasm" as again\ncircuit copy(x[2]) on q[2] { again(x) q; return expval(Z(q)) }\nexpect abs(copy([0.3, 0.4])[0] - (%s)) < 1e-4\n' "$value" >trained.qgn
check 0 run trained.qgn -q </dev/null

# Powers and matrices: drawn by what they are, written as definitions that are read back to the same state.
cat >powers.qgn <<'TEXT'
edition = 1
precision = "double"
circuit c() -> [8] on q[3] {
  h q
  ry([0.3, 0.5, 0.7]) q
  pow(0.5) @ x q[1]
  inv @ pow(0.25) @ h q[0]
  ctrl @ pow(0.5) @ iswap q[0], q[1], q[2]
  pow(1/3) @ ecr q[1], q[2]
  unitary([[0, 1], [1, 0]]) q[0]
  diag([0, 0.1, 0.2, 0.3]) q[0], q[1]
  ctrl @ unitary([[0.6, 0.8], [-0.8, 0.6]]) q[2], q[0]
  h q
  return probs(q)
}
TEXT
check 0 export powers.qgn -o powers.qasm </dev/null
must grep -q '^gate unitary_1 q0 {.*} // x^0.5$' powers.qasm
{ cat powers.qgn; printf 'use "powers.qasm" as again\ncircuit copy() -> [8] on q[3] { again q; return probs(q) }\nexpect max(abs(c() - copy())) < 1e-12\n'; } >same.qgn
check 0 run same.qgn -q </dev/null
cat >looks.qgn <<'TEXT'
edition = 1
circuit d(p) -> [2, 2, 2], [], [4] on q[2] {
  pow(0.5) @ x q
  inv @ pow(1/3) @ h q[0]
  relax(t1 = 50us, t2 = 70us, time = 100ns) q[0]
  damp(0.5%) q
  depolarize2(p) chain(q)
  readout(2%) q
  return density(q[0]), purity(q), probs(q)
}
TEXT
check 0 draw looks.qgn --width 0 </dev/null
cat >want.txt <<'TEXT'
q0: ─X^0.5─H^0.3333†───relax(50us,70us,100ns)─damp(0.005)─0:depolarize2(p)─readout(0.02)─┤ density purity p
q1: ─X^0.5─damp(0.005)────────────────────────────────────1:depolarize2(p)─readout(0.02)─┤ purity p
TEXT
must diff want.txt stdout.txt

# Every circuit of the examples can be written, and is proved by reading it back.
for script in "$QGN_ROOT"/examples/*/main.qgn; do
  "$QGN" specs "$script" >names.txt 2>&1 || must false
  grep -v '^ ' names.txt | grep . | while read -r name rest; do
    [ -z "$rest" ] || continue
    "$QGN" export "$script" "$name" >out.qasm 2>err.txt || { grep -q E0340 err.txt || { cat err.txt; echo "$script $name"; }; }
    "$QGN" draw "$script" "$name" >out.txt || echo "draw $script $name"
  done >problems.txt
  must_not test -s problems.txt
done
finish
