# Points of gates, gradients and second order.
# shellcheck shell=bash

# A program of tests/props of the clone, with settings in the environment; its last line with figures.
props() { # name, VAR=VALUE ...
  local name=$1
  shift
  make --no-print-directory -s -C "$clone" MODE=release "build/release/tests/props/$name" >"$here/$name.log" 2>&1 || return 1
  (cd "$clone" && env "$@" CMOCKA_MESSAGE_OUTPUT=TAP "build/release/tests/props/$name") >"$here/$name.out" 2>&1
}

group_gates() {
  local ok=no
  props gates QGN_PLACEMENTS=5 && ok=ok
  point 'every gate against dense matrices, all placements up to 5 qubits' 'tests/props/gates' \
    "$(grep -c '^ok' "$here/gates.out") of $(grep -c '^\(not \)\?ok' "$here/gates.out") tests" \
    'all, gradients by shift rule to 1e-10' $ok
  ok=no
  props circuits QGN_CIRCUITS=0:200 && ok=ok
  point '200 random circuits: adjoint, backprop, shift, differences, Hessian products' 'tests/props/circuits' \
    "$(sed -n 's/^# //p' "$here/circuits.out" | tail -1)" '1e-12, 1e-12, 1e-8, 1e-9' $ok
  soaked
  script 'H2 by VQE' h2 '1e-6 of the exact energy'
  script 'four-site Ising chain' ising '1e-6 of the exact energy'
  script 'QAOA p = 1 on a ring' qaoa '1e-6 of 3/4'
  script 'gradient penalty, all weights' penalty '1e-7 of differences'
  values
}

# The figures of make soak-circuits: how many circuits, and the largest differences between the routes.
soaked() {
  local line
  line=$(sed -n 's/^| `make soak-circuits` | \(.*\) |$/\1/p' "$clone/tests/SOAK.md" 2>/dev/null | tail -1)
  point '2000 random circuits' 'make soak-circuits, tests/SOAK.md' "${line:-none}" \
    '>= 2000; 1e-12, 1e-12, 1e-8, 1e-9' "$(sed -nE 's/.* ([0-9]+) random circuits.* backprop ([^,]+), shift ([^,]+), differences ([^,]+), Hessian products ([^,]+)$/\1 \2 \3 \4 \5/p' <<<" $line" |
      awk '{ ok = $1 >= 2000 && $2 <= 1e-12 && $3 <= 1e-12 && $4 <= 1e-8 && $5 <= 1e-9 } END { print ok ? "ok" : "no" }')"
}

script() { # name, example, bound
  local status
  (cd "$here" && "$qgn" run --fresh -q "$clone/examples/$2") >"$here/$2.out" 2>&1
  status=$?
  point "$1" "qgn run examples/$2" \
    "exit $status, $(grep -c '^ok  ' "$here/$2.out") expects hold: $(grep '^ok  ' "$here/$2.out" | awk '{ print $(NF-2) }' | tr '\n' ' ')" \
    "$3" "$([ $status = 0 ] && grep -q '^ok  ' "$here/$2.out" && echo ok || echo no)"
}

given_bad() { # name, text, body of a circuit on q[N]
  printf 'edition = 1\ncircuit c() on q[%s] { %s; return expval(Z(q[0])) }\nc()\n' "$3" "$4" >"$here/bad.qgn"
  (cd "$here" && "$qgn" run bad.qgn) >"$here/bad.out" 2>"$here/bad.err" </dev/null
  local status=$?
  point "$1" 'qgn run' "exit $status; $(grep -m1 '^error' "$here/bad.err" | cut -c1-90)" "exit $2, \"$5\"" \
    "$([ $status = "$2" ] && grep -qF -- "$5" "$here/bad.err" && grep -q 'bad.qgn:[0-9]' "$here/bad.err" && echo ok || echo no)"
}

values() {
  given_bad '60 qubits' 5 60 'h q' 'at most 30 can be simulated'
  given_bad '0 qubits' 2 0 'x q' 'at least 1 is needed'
  given_bad 'a qubit twice' 2 2 'cx q[0], q[0]' 'stands twice in one gate'
  given_bad 'non-unitary matrix' 2 1 'unitary([[1, 0], [0, 1.1]]) q' 'is not unitary'
  given_bad 'unnormalised amplitudes' 2 1 'amplitude([1, 1]) q' 'add up to 2, not to 1'
}
