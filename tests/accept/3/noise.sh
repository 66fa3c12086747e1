# shellcheck shell=bash
# The points of noise: channels, density matrices, trajectories, strengths that cannot be, and W8.

# A point that holds if these tests pass.
noise_tests() { # point name, tests
  local last
  last=$(make --no-print-directory -C "$clone" test T="$2" 2>&1 | tail -1)
  point "$1" "make test T=\"$2\"" "$last" "all pass" "$(case $last in 0\ passed*) echo no ;; *", 0 failed, 0 skipped") echo ok ;; *) echo no ;; esac)"
}

# A point that holds if a script is refused with this code at this line.
noise_refused() { # point name, verb, code, line; the script on standard input
  local said
  cat >"$here/noise.qgn"
  said=$(cd "$here" && "$qgn" "$2" noise.qgn 2>&1 | tr '\n' ' ')
  case $said in
  *"error[$3]"*"noise.qgn:$4:"*) point "$1" "qgn $2 noise.qgn" "$3 at line $4" "$3 at line $4" ok ;;
  *) point "$1" "qgn $2 noise.qgn" "${said:0:60}" "$3 at line $4" no ;;
  esac
}

group_noise() {
  local name bound text x line n=3
  noise_tests "channels: trace, positivity, all placements up to 5 qubits, gradients and strengths against differences" props/channels
  noise_tests "trajectories within 4 standard errors of the density matrix" props/trajectories
  noise_tests "stored values of w2 and w8 to 1e-5 in single and 1e-10 in double" unit/sim_peer
  while IFS='|' read -r name line; do
    printf 'edition = 1\ncircuit c() on q[2] {\n  %s\n  return expval(Z(q))\n}\nc()\n' "$line" |
      noise_refused "$name" check E0333 $n
  done <<'END'
a probability above 1|depolarize(1.5) q
a probability below 0|bitflip(-0.1) q
probabilities that add up to more than 1|pauliflip(0.5, 0.4, 0.2) q
T2 > 2 T1|relax(t1 = 50us, t2 = 101us, time = 1us) q
operators that do not keep the trace|kraus([[[1, 0], [0, 0.9]], [[0, 0.6], [0, 0]]]) q
END
  noise_refused "11 qubits as density matrix" check E0701 4 <<'END'
edition = 1
circuit c() on q[11] {
  bitflip(1%) q
  return expval(Z(q))
}
c()
END
  noise_refused "a computed strength above 1, at the first step" run E0601 10 <<'END'
edition = 1
circuit c() on q {
  param p[1] = 1.5
  bitflip(p) q
  return expval(Z(q))
}
train t {
  epochs = 3
  optimizer c = sgd(0.1)
  step { minimize sum(c()) over c }
}
END
  [ -d "$root/build/bench-env" ] && mkdir -p "$clone/build" && ln -sfn "$root/build/bench-env" "$clone/build/bench-env"
  make --no-print-directory -C "$clone" bench W=8 >"$accept_tmp/bench8.log" 2>&1 || tail -15 "$accept_tmp/bench8.log"
  while read -r name bound text; do
    x=$(bench_figure "$name")
    point "$text" "make bench W=8: $name" "${x:-not measured}" "$bound" "$([ -n "$x" ] && holds "$x $bound" || echo no)"
  done <<'END'
w8_pennylane >=5 W8 against PennyLane default.mixed
w8_tensorcircuit >=2 W8 against TensorCircuit
w8_transfer >=1.0 W8 against a hand-written Pauli-transfer program in JAX
END
}
