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
must grep -q '^  circuits     64 in a step, gradient by adjoint$' stdout.txt
# 64 rows: ry(x) and ry(θ) are merged to two words of two terms each, two runs for each, four for the controlled gate
must grep -q '^  \* adjoint    64 circuits, ' stdout.txt
must grep -q '^    shift      576 circuits, ' stdout.txt
must grep -q '^    spsa       192 circuits, ' stdout.txt
must grep -q '^  A.1          the document says 0.5$' stdout.txt
must test "$(awk 'length > 80' stdout.txt | wc -l)" = 0

# gradients that do not exist, those of shots
sed 's/expval(Z(q\[1\]))/expval(Z(q[1]), shots = 100)/' two.qgn >shots.qgn
check 0 check shots.qgn --plan </dev/null
must grep -q '^  \* shift ' stdout.txt
must grep -q '^    adjoint    not possible: it takes the exact pure state' stdout.txt

check 0 check two.qgn --plan --message-format=json </dev/null
must test "$(wc -l <stdout.txt)" = 1
said() { python3 -c 'import json, sys; p = json.load(open("stdout.txt")); print(eval(sys.argv[1]))' "$1"; }
must test "$(said 'p["trains"][0]["circuits_per_step"], p["trains"][0]["quantum_parameters"], p["circuits"][0]["depth"]')" = '(64, 2, 4)'
must test "$(said '[m["name"] for m in p["trains"][0]["methods"] if m["used"]], p["claims"]')" = "(['adjoint'], ['A.1'])"
must test "$(said 'p["bytes"]["total"] == sum(p["bytes"][k] for k in ("weights", "optimisers", "values", "scratch"))')" = True

# The seconds of a run on one thread, as processor time: other processes may disturb either, so it may be
# repeated, but the factor stays.
cat >near.py <<'PY'
import json, os, resource, subprocess, sys
qgn, script, train, epochs = sys.argv[1:]
def cpu(*args):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([qgn, *args, script, '--threads', '1'], capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
for k in range(6):
    plan = json.loads(cpu('check', '--plan', '--message-format=json')[0])['trains'][0]['seconds_per_epoch']
    start = cpu('run', '-q', '--fresh', '--set', f'{train}.epochs=1')[1]
    ran = (cpu('run', '-q', '--fresh', '--set', f'{train}.epochs={epochs}')[1] - start) / (int(epochs) - 1)
    if max(plan / ran, ran / plan) < 1.5:
        sys.exit(0)
print(f'{script}: said {plan} s, took {ran} s')
sys.exit(1)
PY
must python3 near.py "$QGN" "$QGN_ROOT/examples/gaussian/main.qgn" qgan 600
sed 's/x\[64, 2\]/x[2048, 2]/' two.qgn >wide.qgn
must python3 near.py "$QGN" wide.qgn fit 1500
finish
