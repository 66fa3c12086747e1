#!/usr/bin/env bash
# The points of "Foundation", on a clean clone of HEAD: one line each,
#   PASS|FAIL | point | command | figure | bound
# `1.sh NAME ...` runs only the named groups: demo start bench bits kill bad.
# The groups demo needs root and debootstrap; bench takes about ten minutes.
set -u
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
# shellcheck source=tests/accept/lib.sh
. tests/accept/lib.sh
groups=${*:-demo start bits kill bad bench}
wanted() { [[ " $groups " == *" $1 "* ]]; }
accept_clone
here=$accept_tmp/work
mkdir -p "$here"
export XDG_CACHE_HOME=$here/cache XDG_DATA_HOME=$here/data NO_COLOR=1

field() { sed -n "s/.*\"$1\": *\([0-9.e+-]*\).*/\1/p" "$2" | tail -1; }

group_demo() {
  local log=$accept_tmp/demo.log status seconds good
  bash tests/accept/bare.sh demo 'cat runs/latest/timing.jsonl && test -s runs/latest/report.html' >"$log" 2>&1
  status=$?
  seconds=$(sed -n 's/.*"train":"qgan".*"to_epoch":8000,.*"seconds":\([0-9.]*\).*/\1/p' "$log" | tail -1)
  good=$(grep -c '^ok  ' "$log")
  point 'make demo on a bare Debian 12' "$(sed -n 's/^\(bare.sh: make.*\)/\1/p' "$log" | tail -1)" \
    "status $status, $good expects green, $(grep -c '^FAILED' "$log") failed, $(sed -n 's/^report: \(\/.*\)/report \1/p' "$log")" \
    'status 0, every expect green, the place of the report' \
    "$([ $status = 0 ] && [ "$good" -gt 0 ] && ! grep -q '^FAILED' "$log" && grep -q '^report: /' "$log" && echo ok || echo no)"
  point '8000 epochs on two cores' 'the same, timing.jsonl' "${seconds:-none} s" '< 6 s' "$(holds "${seconds:-99} < 6")"
  [ $status = 0 ] || tail -15 "$log"
}

group_start() {
  local t first peak
  t=$(milliseconds 25 "$qgn" check "$clone/examples/hello")
  point 'check of hello' 'qgn check examples/hello, least and median of 25' "$t ms" 'median < 30 ms' "$(holds "${t#* } < 30")"
  (cd "$here" && "$qgn" run "$clone/examples/gaussian" --fresh -q --set qgan.epochs=100 >/dev/null 2>&1)
  first=$(field setup_seconds "$here/runs/latest/timing.jsonl")
  point 'start to first step' 'qgn run examples/gaussian, timing.jsonl setup_seconds' "${first:-none} s" '< 0.05 s' "$(holds "${first:-9} < 0.05")"
  peak=$(cd "$here" && /usr/bin/env bash -c 'ulimit -v unlimited; "$0" run "$1" --fresh -q >/dev/null 2>&1 & pid=$!; peak=0; while kill -0 $pid 2>/dev/null; do m=$(sed -n "s/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p" /proc/$pid/status 2>/dev/null); [ "${m:-0}" -gt "$peak" ] && peak=$m; sleep 0.02; done; echo $peak' "$qgn" "$clone/examples/gaussian")
  point 'peak memory' 'qgn run examples/gaussian, VmHWM' "$((peak / 1024)) MB" '< 100 MB' "$(holds "${peak:-999999} < 102400 && ${peak:-0} > 0")"
}

same_results() { # folder a, folder b: weights, metrics, results byte for byte
  local f
  for f in "$1"/*.safetensors "$1"/metrics.csv "$1"/metrics.jsonl "$1"/log.jsonl "$1"/results.json; do
    case $f in *checkpoint*) continue ;; esac
    cmp -s "$f" "$2/${f##*/}" || { echo "${f##*/} differs"; return 1; }
  done
}

run_in() { # folder, args...: a fresh run in an empty folder; prints the run folder
  local dir=$1
  shift
  mkdir -p "$dir"
  (cd "$dir" && "$qgn" run "$clone/examples/gaussian" -q "$@" >out.txt 2>err.txt)
  echo "$dir/runs/latest"
}

group_bits() {
  local a b
  a=$(run_in "$here/t1" --fresh --threads 1)
  b=$(run_in "$here/t2" --fresh --threads 2)
  point 'one and two threads write the same' 'qgn run examples/gaussian --threads 1, 2' "$(same_results "$a" "$b" || true)" 'identical weights, metrics, results' "$([ -e "$a/results.json" ] && same_results "$a" "$b" >/dev/null && echo ok || echo no)"
}

# The epoch of the newest kept checkpoint of a run folder, 0 if there is none.
newest_epoch() {
  local all=("$1"/qgan-[0-9]*.safetensors) last
  last=${all[-1]##*/qgan-}
  last=${last%.safetensors}
  if [[ $last == *[!0-9]* ]]; then echo 0; else echo $((10#$last)); fi
}

# Up to which epoch every step was executed, from timing.jsonl: the stretches of one process follow each
# other, and a resumed process begins where a checkpoint stood.
executed() {
  sed -n 's/.*"from_epoch":\([0-9]*\),"to_epoch":\([0-9]*\),"steps":\([0-9]*\),.*/\1 \2 \3/p' "$1/timing.jsonl" |
    sort -n | awk '{ if ($1 > upto || $2 - $1 != $3) exit; if ($2 > upto) upto = $2 } END { print upto + 0 }'
}

# 8000 epochs take about a second, and two with a checkpoint every 50 epochs: the kill comes less than
# 0.1 s after the first new checkpoint, so that five of them fall into the training.
group_kill() {
  local dir=$here/k run=$here/k/runs/latest whole kills=0 pid before after at=() resume=--fresh status
  local settings=(-q --set qgan.checkpoint=50)
  whole=$(run_in "$here/k0" --fresh --set qgan.checkpoint=50)
  mkdir -p "$dir"
  for _ in 1 2 3 4 5; do
    before=$(newest_epoch "$run")
    (cd "$dir" && exec "$qgn" run "$clone/examples/gaussian" "${settings[@]}" $resume >out.txt 2>err.txt) &
    pid=$!
    resume=--resume
    while kill -0 $pid 2>/dev/null && [ "$(newest_epoch "$run")" -le "$before" ]; do :; done
    sleep "0.0$((RANDOM % 10))"
    kill -9 $pid 2>/dev/null
    { wait $pid; } 2>/dev/null
    status=$?
    after=$(newest_epoch "$run")
    at+=("$after")
    if [ $status = 137 ] && [ "$after" -gt "$before" ] && [ "$after" -lt 8000 ] && [ ! -e "$run/qgan.safetensors" ]; then
      kills=$((kills + 1))
    fi
  done
  (cd "$dir" && "$qgn" run "$clone/examples/gaussian" "${settings[@]}" --resume >out.txt 2>err.txt)
  point 'killed five times, resumed' 'SIGKILL at random points, --resume' \
    "$kills kills in training, newest checkpoints ${at[*]}; $(same_results "$whole" "$run" || true)" \
    '5 kills, identical weights, metrics, results' \
    "$([ $kills = 5 ] && same_results "$whole" "$run" >/dev/null && echo ok || echo no)"
  point 'every step was executed' 'timing.jsonl of both' "to epoch $(executed "$whole") and $(executed "$run")" \
    'both to 8000, without a gap' "$([ "$(executed "$whole")" = 8000 ] && [ "$(executed "$run")" = 8000 ] && echo ok || echo no)"
}

# command line, expected exit status and a text that stderr must hold
bad() { # name, status, text, args...
  local name=$1 want=$2 text=$3 got
  shift 3
  (cd "$here" && timeout 20 "$@" >bad.out 2>bad.err </dev/null)
  got=$?
  point "$name" "$(printf '%s ' "${@##*/}")" "exit $got; $(grep -m1 -E 'error|warning' "$here/bad.err" | sed "s#$here/##g" | cut -c1-90)" "exit $want, \"$text\"" "$([ "$got" = "$want" ] && { [ -z "$text" ] || grep -qF -- "$text" "$here/bad.err"; } && echo ok || echo no)"
}

group_bad() {
  local s=$here/bad g=$clone/examples/gaussian
  mkdir -p "$s/folder" && chmod 755 "$accept_tmp" "$here" "$s"
  mkfifo "$s/fifo.qgn"
  cp "$clone/examples/hello/main.qgn" "$s/secret.qgn" && chmod 000 "$s/secret.qgn"
  head -c 4096 "$qgn" >"$s/binary.qgn"
  printf 'edition = 1\nlet a = 1\0\n' >"$s/nul.qgn"
  { printf 'edition = 1\nlet a = '; head -c 100000 /dev/zero | tr '\0' '('; echo; } >"$s/deep.qgn"
  : >"$s/empty.qgn"
  bad 'missing script' 2 'E0803]: there is no script' "$qgn" run "$s/none.qgn"
  bad 'folder without main.qgn' 2 'has no main.qgn' "$qgn" run "$s/folder"
  bad 'FIFO' 2 'is no regular file' "$qgn" run "$s/fifo.qgn"
  bad '/dev/null' 2 'E0803]: `/dev/null` is no regular file' "$qgn" run /dev/null
  if [ "$(id -u)" = 0 ]; then
    bad 'no permission' 2 'E0803]: no permission to read the script' setpriv --reuid 65534 --regid 65534 --clear-groups "$qgn" check "$s/secret.qgn"
  else
    bad 'no permission' 2 'E0803]: no permission to read the script' "$qgn" check "$s/secret.qgn"
  fi
  bad 'binary file' 2 'is a binary file, no script' "$qgn" run "$s/binary.qgn"
  bad 'NUL byte' 2 'E0002]: a NUL byte' "$qgn" run "$s/nul.qgn"
  bad '100 000 open brackets' 2 'E0007]: more than 256 brackets are open here' "$qgn" run "$s/deep.qgn"
  bad 'empty script' 0 'W0802]: the script is empty' "$qgn" run "$s/empty.qgn"
  bad '--set qubits=99' 2 'E0107]: --set qubits=99 is outside' "$qgn" run "$g" --set qubits=99
  bad '--set nosuch=1' 2 'E0106]: there is nothing named `nosuch`' "$qgn" run "$g" --set nosuch=1
  bad 'unknown option' 2 'E0901]: there is no option `--nosuch`' "$qgn" run "$g" --nosuch
  bad 'unknown verb' 2 'E0901]: there is no verb `nosuch`' "$qgn" nosuch
  full_disk "$g"
  bad '2 GB of address space' 0 '' bash -c "ulimit -v 2000000; exec '$qgn' run '$g' --fresh -q --set qgan.epochs=200; exit"
}

# Files may not grow beyond 24 kB: checkpoints fail, training goes on, exit 3 at the end, and what
# was saved before stays whole. Then, with room, the run ends as an unbroken one.
full_disk() {
  local dir=$here/full run=$here/full/runs/latest settings=(-q --set qgan.checkpoint=500) whole kept stopped status again pid same
  whole=$(run_in "$here/full0" --fresh --set qgan.checkpoint=500)
  mkdir -p "$dir"
  (cd "$dir" && exec "$qgn" run "$1" --fresh "${settings[@]}" >out.txt 2>err.txt) &
  pid=$!
  while kill -0 $pid 2>/dev/null && [ "$(newest_epoch "$run")" -lt 1000 ]; do :; done
  kill -INT $pid
  wait $pid
  stopped=$?
  (cd "$run/" && sha256sum ./*.safetensors) >"$dir/kept.txt"
  kept=$(wc -l <"$dir/kept.txt")
  (cd "$dir" && ulimit -f 24 && exec "$qgn" run "$1" --resume "${settings[@]}" >out.txt 2>err.txt)
  status=$?
  (cd "$run/" && sha256sum --quiet -c) <"$dir/kept.txt" >/dev/null 2>&1 || kept=0
  (cd "$dir" && exec "$qgn" run "$1" --resume "${settings[@]}" >out.txt 2>err2.txt)
  again=$?
  same=$(same_results "$whole" "$run") && same='the same bits'
  point 'full disk' 'SIGINT, then RLIMIT_FSIZE 24 kB and --resume, then with room' \
    "exit $stopped, $status, $again; $kept checkpoints intact; $same; $(grep -m1 '^warning' "$dir/err.txt" | cut -c1-70)" \
    'exit 130, 3 with a warning, 0; checkpoints intact' \
    "$([ "$stopped $status $again $same" = '130 3 0 the same bits' ] && [ "$kept" -ge 2 ] && grep -q '^warning\[W0803\]' "$dir/err.txt" &&
      grep -q '^error\[E0805\]' "$dir/err.txt" && echo ok || echo no)"
}

# W1, medians of one run of the bench: the fastest row of the peer's kind against the fastest of qgn.
group_bench() {
  local name bound text x
  # The peers' gigabytes are fetched once: an environment that is there already serves the clone too.
  [ -d "$root/build/bench-env" ] && ln -sfn "$root/build/bench-env" "$clone/build/bench-env"
  make --no-print-directory -C "$clone" bench W=1 >"$accept_tmp/bench.log" 2>&1 || tail -15 "$accept_tmp/bench.log"
  while read -r name bound text; do
    x=$("$clone/build/bench-env/bin/python" - "$clone/bench/w1/results.json" "$name" 2>/dev/null <<'PY'
import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
def fastest(name):
    return min(r["summary"]["ms_per_step_median"] for r in rows if r["key"].startswith(name) and "failed" not in r["summary"])
print(f"{fastest(sys.argv[2]) / fastest('qgn'):.2f}")
PY
    )
    point "W1 against $text" 'make bench' "${x:-not measured} times" ">= $bound times" "$(holds "${x:-0} >= $bound")"
  done <<'END'
torch_step-shift 1000 the document's set-up
torch_step-backprop 30 PennyLane backprop
jax_per_step-statevector 4 JAX jitted per step
jax_scan 1.5 JAX, the whole loop in lax.scan
END
}

for g in $groups; do wanted "$g" && "group_$g"; done
accept_end
