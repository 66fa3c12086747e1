# shellcheck shell=bash
# The points about measurements and finite shots.

# The tests of the clone whose names hold one of the words: a point that holds if all pass.
measure_tests() { # point, words...
  local text=$1 line
  shift
  line=$(cd "$clone" && bash tests/run.sh "$@" 2>/dev/null | tail -1)
  point "$text" "tests/run.sh $*" "${line:-none}" "0 failed" \
    "$(echo "$line" | awk '$1 > 0 && $3 == 0 { ok = 1 } END { print ok ? "ok" : "no" }')"
}

# A script that must be refused: its exit code and the code of the message.
refused() { # point, code, exit, body of a circuit on q[2]
  local out status
  printf 'edition = 1\ncircuit c() on q[2] {\n  h q\n  %s\n}\n' "$4" >"$here/refused.qgn"
  out=$("$qgn" check "$here/refused.qgn" 2>&1)
  status=$?
  point "$1" "qgn check: $4" "$(echo "$out" | grep -o 'E[0-9]*' | head -1), exit $status" "$2, exit $3" \
    "$(echo "$out" | grep -q "\[$2\]" && [ "$status" = "$3" ] && echo ok || echo no)"
}

group_measure() {
  (cd "$clone" && make --no-print-directory tests >"$accept_tmp/tests.log" 2>&1) || tail -5 "$accept_tmp/tests.log"
  measure_tests "expval, probs, amplitudes against dense matrices, first and second derivatives" tests/props/gates.c
  measure_tests "variance, density, purity, entropy, fidelity, projector, Hermitian: values and derivatives" golden: measurements paulis
  measure_tests "density, purity, entropy, fidelity, amplitudes, variance, probs of all placements up to 5 qubits" tests/unit/rt_measure.c
  measure_tests "shots against exact values, standard errors, shift rules" tests/unit/sim_shots.c golden/run/shots golden/run/train_shots golden/run/noisy_shots
  measure_tests "sums over many amplitudes in single precision" tests/unit/sim_precision.c
  measure_tests "w2 reproduced, 1e-5 single and 1e-10 double" tests/unit/sim_peer.c
  measure_tests "measurement inside, post-selection" golden/run/outcomes circuits/post_selection circuits/measure circuits/when
  refused "non-Hermitian observable" E0302 2 'return expval(hermitian([[1, 2], [3, 4]], q[0]))'
  refused "shots = 0" E0206 2 'return expval(Z(q), shots = 0)'
  refused "observable on a qubit that is not there" E0301 2 'return expval(Z(q[2]))'
  refused "a file of Pauli terms that is not there" E0501 3 'return expval(paulis("nothing.txt", q))'
  printf '0.5 XX\n0.25 XQ\n' >"$here/terms.txt"
  refused "a malformed file of Pauli terms" E0502 3 'return expval(paulis("terms.txt", q))'
}
