# shellcheck shell=bash disable=SC2154 # names that 3.sh sets
# The points of "Fast": medians of one run of the bench.

# One figure of the bench's results, computed by tests/accept/3/figures.py.
bench_figure() { # name
  "$clone/build/bench-env/bin/python" "$root/tests/accept/3/figures.py" "$clone/bench" "$1" 2>/dev/null
}

group_fast() {
  local name bound text x
  # The peers' gigabytes are fetched once: an environment that is there already serves the clone too.
  [ -d "$root/build/bench-env" ] && mkdir -p "$clone/build" && ln -sfn "$root/build/bench-env" "$clone/build/bench-env"
  make --no-print-directory -C "$clone" bench W=2,3,7 >"$accept_tmp/bench.log" 2>&1 || tail -15 "$accept_tmp/bench.log"
  while read -r name bound text; do
    x=$(bench_figure "$name")
    point "$text" "make bench W=2,3,7: $name" "${x:-not measured}" "$bound" "$([ -n "$x" ] && holds "$x $bound" || echo no)"
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
w7_fastest >=5 W7, 1024 shots, against the fastest peer
penalty_jax >=10 penalty against nested backprop in JAX
END
}

# Milliseconds of a step of W2 with other sizes, in one run; the median of five.
step_once() { # threads, n, batch, epochs
  (cd "$here" && "$qgn" run "$clone/bench/w2/w2.qgn" --fresh -q --threads "$1" --set "n=$2" --set "batch=$3" \
    --set "bench.epochs=$4" >/dev/null 2>&1
    sed -n 's/.*"steps":\([0-9]*\),"seconds":\([0-9.e-]*\).*/\1 \2/p' runs/latest/timing.jsonl) |
    awk '{ n += $1; s += $2 } END { printf "%.6g\n", 1000 * s / n }'
}
step_ms() { for _ in 1 2 3 4 5; do step_once "$@"; done | sort -g | sed -n 3p; }
column_median() { cut -d' ' -f"$2" "$1" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

group_scaling() {
  local base t worst=0 batch turn gain plain
  base=$(step_ms 1 8 32 4000)
  for batch in 64 256 1024 4096; do
    t=$(step_ms 1 8 "$batch" $((128000 / batch)))
    worst=$(awk "BEGIN { r = $t / $base * 32 / $batch; d = r > 1 ? r - 1 : 1 - r; print (d > $worst ? d : $worst) }")
  done
  point 'linear in batch from 32 to 4096, one thread' 'w2.qgn, 8 qubits, median of 5 runs' "$worst off" '<= 0.15 off' \
    "$(holds "$worst <= 0.15")"
  cc -O3 -std=c17 -pthread "$clone/bench/micro/fma.c" -o "$here/fma"
  # In turn, each turn's three times beside each other: what else runs on a shared machine falls on all three. A
  # turn lasts half a second, so that a disturbed minute is not the median of many turns.
  for batch in 64 256; do
    for ((turn = 0; turn < 41; turn++)); do
      echo "$(step_once 1 8 "$batch" 4000) $(step_once 2 8 "$batch" 4000) $("$here/fma")"
    done | awk '{ plain = $3 < 2 ? $3 : 2; print $1 / $2 / plain, plain }' >"$here/turns" # two threads gain at most 2
    gain=$(column_median "$here/turns" 1)
    plain=$(column_median "$here/turns" 2)
    point "two threads, batch $batch, against a plain multiply-add loop" \
      'w2.qgn --threads 1, 2; bench/micro/fma.c; median of 41 turns' "$gain of its gain of $plain" '>= 0.9' "$(holds "$gain >= 0.9")"
  done
}

# Peak above that of a circuit of two qubits, by the states of the adjoint method (two) of the tile in flight.
group_memory() {
  local start peak states n
  peak_kb() { # n, batch
    (cd "$here" && "$clone/build/bench-env/bin/python" - "$qgn" run "$clone/bench/w2/w2.qgn" --fresh -q --threads 1 --set "n=$1" \
      --set "batch=$2" --set bench.epochs=2 <<'PY'
import resource, subprocess, sys
# no PATH, no gnuplot: its memory would count
subprocess.run(sys.argv[1:], env={"PATH": "/nowhere"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
    )
  }
  [ -d "$root/build/bench-env" ] && mkdir -p "$clone/build" && ln -sfn "$root/build/bench-env" "$clone/build/bench-env"
  start=$(peak_kb 2 1)
  for n in 16 18 20 22; do
    peak=$(peak_kb "$n" 1)
    states=$((2 * (1 << n) * 8 / 1024))
    point "peak memory above start, $n qubits" 'w2.qgn --threads 1, maximum resident size' \
      "$(awk "BEGIN { print (${peak:-0} - ${start:-0}) / $states }") times the states" '<= 1.2 times' \
      "$([ -n "$peak" ] && holds "(${peak:-0} - ${start:-0}) / $states <= 1.2" || echo no)"
  done
  (cd "$clone" && make --no-print-directory tests >"$accept_tmp/tests.log" 2>&1) || tail -5 "$accept_tmp/tests.log"
  measure_tests 'planned memory of 16 to 22 qubits within 1.2 times the states' tests/unit/sim_plan.c
}
