#!/usr/bin/env bash
# kill.sh QGN KILLS FOLDER: SIGKILL at random moments over three scripts (gaussian, a convolutional GAN with dropout
# and augmentation, a sweep), each begun with --fresh in an empty folder and resumed until KILLS kills are done in
# all; then it must end with the bytes of a run that nobody disturbed, and timing.jsonl must hold every step of every epoch.
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

covered() { # whole, killed: what timing.jsonl of the killed run lacks of the steps of the whole one
  python3 - "$1" "$2" <<'PY'
import json, pathlib, sys
def stretches(root):
    out = {}
    for file in pathlib.Path(root).rglob("timing.jsonl"):
        for line in open(file):
            x = json.loads(line)
            if not x["loaded"]: out.setdefault((str(file.relative_to(root)), x["train"]), []).append(x)
    return out
whole, killed = stretches(sys.argv[1]), stretches(sys.argv[2])
for key, parts in whole.items():
    epochs = max(x["to_epoch"] for x in parts)
    steps = sum(x["steps"] for x in parts) / epochs
    seen = set()
    for x in killed.get(key, []):
        if x["steps"] == steps * (x["to_epoch"] - x["from_epoch"]): seen.update(range(x["from_epoch"], x["to_epoch"]))
    lack = epochs - len(seen)
    if lack: print(f"{key[0]}: {key[1]} lacks the steps of {lack} epochs")
PY
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
  lacks=$(covered "$(readlink -f "$here/$name/whole/runs/latest")" "$(readlink -f "$here/$name/killed/runs/latest")")
  echo "$name: $done kills, $([ -z "$differs" ] && echo 'the same bytes' || echo "differs: $differs")${lacks:+, $lacks}"
  [ -z "$differs$lacks" ] && [ $done -ge "$n" ] || failed=1
}

one gaussian $(((kills + 2) / 3)) "$root/examples/gaussian" --set qgan.epochs=400 --set qgan.checkpoint=50
one gan $(((kills + 1) / 3)) "$root/tests/soak/gan.qgn"
one sweep $((kills / 3)) "$root/tests/soak/sweep.qgn"
exit $failed
