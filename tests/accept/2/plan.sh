# shellcheck shell=bash
# shellcheck disable=SC2154 # clone, here, qgn come from 2.sh
# check --plan: predicted seconds against those of a run, and what does not fit into memory.

# The largest factor between predicted and measured seconds of an epoch, over the trains of a script
plan_factor() { # folder of its own, script, arguments
  local folder=$1
  shift
  mkdir -p "$folder"
  "$qgn" check --plan --message-format=json "$@" 2>/dev/null >"$folder/plan.json"
  (cd "$folder" && XDG_CACHE_HOME=$folder/cache "$qgn" run -q --fresh "$@" >/dev/null 2>&1)
  python3 - "$folder" <<'PY'
import glob, json, sys
plan = {t['name']: t['seconds_per_epoch'] for t in json.load(open(sys.argv[1] + '/plan.json'))['trains']}
ran, epochs = {}, {}
for f in glob.glob(sys.argv[1] + '/runs/*/timing.jsonl'):
    if '/latest/' in f:
        continue
    for x in map(json.loads, open(f)):
        ran[x['train']] = ran.get(x['train'], 0) + x['seconds']
        epochs[x['train']] = epochs.get(x['train'], 0) + x['to_epoch'] - x['from_epoch']
factors = [max(p * epochs[t] / ran[t], ran[t] / (p * epochs[t])) for t, p in plan.items() if epochs.get(t)]
print('%.2f' % max(factors) if factors else 'none')
PY
}

# The median of five, of fewer where a run takes long: a train of 0.2 ms is one measurement of little worth.
plan_median() { # folder, script, arguments
  local folder=$1 start=$SECONDS n
  shift
  for n in 1 2 3 4 5; do
    plan_factor "$folder-$n" "$@"
    [ $((SECONDS - start)) -le $((6 * n)) ] || break
  done | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)], NR }'
}

group_plan() {
  local name factor n args
  while read -r name args; do
    # shellcheck disable=SC2086
    read -r factor n < <(plan_median "$here/plan-${name//\//-}" "$clone/$name" $args)
    point "seconds of an epoch: $name" "qgn check --plan, qgn run $args" "a factor of $factor, median of $n" '<= 1.5' "$(holds "${factor/none/9} <= 1.5")"
  done <<'END'
examples/hello/main.qgn
examples/h2/main.qgn
examples/ising/main.qgn
examples/qaoa/main.qgn
examples/gaussian/main.qgn
examples/repfair/main.qgn
bench/w2/w2.qgn --set bench.epochs=3000
bench/w4/w4.qgn
bench/w5/w5.qgn
bench/w6/w6.qgn
END
}

group_memory() {
  local said
  cat >"$here/big.qgn" <<'TEXT'
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
  said=$( (ulimit -v 1500000 && "$qgn" check --threads 1 "$here/big.qgn") 2>&1 | grep -o 'the largest that fits is .*')
  point 'what does not fit into memory' 'ulimit -v 1500000; qgn check' "${said:-not refused}" 'qubits = 26 in place of 27' \
    "$([ "$said" = 'the largest that fits is `qubits = 26` in place of 27' ] && echo ok || echo no)"
  said=$( (ulimit -v 1500000 && "$qgn" check --threads 1 --set qubits=26 "$here/big.qgn") 2>&1 | tail -1)
  point 'the largest that fits does' 'qgn check --set qubits=26' "$said" 'ok' "$([[ $said == *': ok '* ]] && echo ok || echo no)"
}
