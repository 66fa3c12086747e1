#!/usr/bin/env bash
# kill.sh QGN KILLS FOLDER: SIGKILL at random moments over three scripts (gaussian, a convolutional GAN with dropout
# and augmentation, a sweep), each begun with --fresh in an empty folder and resumed until KILLS kills are done in
# all; then it must end with the bytes of a run that nobody disturbed, and timing.jsonl must hold every epoch.
# One line for each script; status 1 if one differs.
set -u
qgn=$1 kills=$2 here=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
failed=0
RANDOM=${SEED:-7}

same() { # whole, other
  local f
  (cd "$1" && find . -name '*.safetensors' ! -name '*checkpoint-?.*' -o -name metrics.csv -o -name results.json -o -name log.jsonl) |
    while read -r f; do cmp -s "$1/$f" "$2/$f" || echo "$f"; done | head -3
}

covered() { # run folder: epochs of the trains that timing.jsonl lacks
  local t
  find "$1" -name timing.jsonl | while read -r t; do
    python3 - "$t" <<'PY'
import json, sys
seen, last = {}, {}
for line in open(sys.argv[1]):
    x = json.loads(line)
    if x["loaded"]: continue
    seen.setdefault(x["train"], set()).update(range(x["from_epoch"], x["to_epoch"]))
    last[x["train"]] = max(last.get(x["train"], 0), x["to_epoch"])
for t in seen:
    lack = set(range(last[t])) - seen[t]
    if lack: print(f"{sys.argv[1]}: {t} lacks {len(lack)} epochs")
PY
  done
}

one() { # name, kills, script, arguments
  local name=$1 n=$2 script=$3 done=0 tries=0 how=--fresh span start differs lacks
  shift 3
  mkdir -p "$here/$name/whole" "$here/$name/killed"
  start=$(date +%s%N)
  (cd "$here/$name/whole" && "$qgn" run --fresh -q "$script" "$@" >/dev/null 2>&1)
  span=$((($(date +%s%N) - start) / 1000000))
  while [ $done -lt "$n" ] && [ $tries -lt $((4 * n + 8)) ]; do
    tries=$((tries + 1))
    (cd "$here/$name/killed" && exec "$qgn" run $how -q "$script" "$@" >/dev/null 2>&1) &
    sleep "$(awk "BEGIN { printf \"%.3f\", (0.02 + $RANDOM / 32768 * 0.8) * $span / 1000 }")"
    if kill -KILL $! 2>/dev/null; then done=$((done + 1)); fi
    wait $! 2>/dev/null
    how=--resume
    # one that ended starts over
    if grep -qs '"complete": true' "$here/$name/killed/runs/latest/results.json"; then
      rm -rf "$here/$name/killed/runs" && how=--fresh
    fi
  done
  (cd "$here/$name/killed" && "$qgn" run $how -q "$script" "$@" >/dev/null 2>&1)
  differs=$(same "$(readlink -f "$here/$name/whole/runs/latest")" "$(readlink -f "$here/$name/killed/runs/latest")")
  lacks=$(covered "$here/$name/killed/runs/latest")
  echo "$name: $done kills, $([ -z "$differs" ] && echo 'the same bytes' || echo "differs: $differs")${lacks:+, $lacks}"
  [ -z "$differs$lacks" ] && [ $done -ge "$n" ] || failed=1
}

one gaussian $(((kills + 2) / 3)) "$root/examples/gaussian" --set qgan.epochs=400 --set qgan.checkpoint=50
one gan $(((kills + 1) / 3)) "$root/tests/soak/gan.qgn"
one sweep $((kills / 3)) "$root/tests/soak/sweep.qgn"
exit $failed
