# shellcheck shell=bash
# The points of "Fast": medians of one run of the bench.

# One figure of the bench's results, computed by tests/accept/3/figures.py.
bench_figure() { # name
  "$clone/build/bench-env/bin/python" "$root/tests/accept/3/figures.py" "$clone/bench" "$1" 2>/dev/null
}

group_fast() {
  local name bound text x
  # The peers' gigabytes are fetched once: an environment that is there already serves the clone too.
  [ -d "$root/build/bench-env" ] && mkdir -p "$clone/build" && ln -sfn "$root/build/bench-env" "$clone/build/bench-env"
  make --no-print-directory -C "$clone" bench W=2,3 >"$accept_tmp/bench.log" 2>&1 || tail -15 "$accept_tmp/bench.log"
  while read -r name bound text; do
    x=$(bench_figure "$name")
    point "$text" "make bench W=2,3: $name" "${x:-not measured}" "$bound" "$([ -n "$x" ] && holds "$x $bound" || echo no)"
  done <<'END'
w2_fastest >=20 W2 against the fastest peer
w2_lightning >=3000 W2 against lightning's adjoint over the batch
w3_median >=8 W3, median ratio to the fastest peer
w3_many >=19 W3, points of 21 that are 1.5 times as fast as the fastest peer
w3_least >=1.0 W3, least ratio to the fastest peer
w3_16 >=5 W3, 16 qubits, batch 1
w3_20 >=5 W3, 20 qubits, batch 1
w3_22 >=5 W3, 22 qubits, batch 1
penalty_cost <=3.6 whole penalty gradient against the first-order gradient
penalty_jax >=10 penalty against nested backprop in JAX
END
}
