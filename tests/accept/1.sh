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
  local log=$accept_tmp/demo.log status seconds
  bash tests/accept/bare.sh demo 'grep -h train runs/latest/timing.jsonl; grep -c holds..true runs/latest/results.json; grep -c holds..false runs/latest/results.json' >"$log" 2>&1
  status=$?
  seconds=$(sed -n 's/.*"train":"qgan".*"seconds":\([0-9.]*\).*/\1/p' "$log" | tail -1)
  point 'make demo on a bare Debian 12' 'bare.sh demo' "status $status" 'status 0, every expect green' "$([ $status = 0 ] && grep -q 'expect.* ok\|ok .*expect\|^ok ' "$log" && ! grep -q FAILED "$log" && echo ok || echo no)"
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

checkpoint_mark() { stat -c %Y.%i "$1"/qgan-*.safetensors "$1"/qgan.checkpoint* 2>/dev/null | sort | tail -1; }

group_kill() {
  local dir=$here/k whole kills=0 pid mark steps epochs resume=--fresh
  whole=$(run_in "$here/k0" --fresh --set qgan.checkpoint=50)
  mkdir -p "$dir"
  while [ $kills -lt 5 ]; do
    mark=$(checkpoint_mark "$dir/runs/latest")
    (cd "$dir" && exec "$qgn" run "$clone/examples/gaussian" -q --set qgan.checkpoint=50 $resume >out.txt 2>err.txt) &
    pid=$!
    resume=--resume
    while kill -0 $pid 2>/dev/null && [ "$(checkpoint_mark "$dir/runs/latest")" = "$mark" ]; do sleep 0.005; done
    sleep "0.$(printf %03d $((RANDOM % 120)))" # the whole run takes about a second: five kills must fit
    kill -9 $pid 2>/dev/null || break
    wait $pid 2>/dev/null
    kills=$((kills + 1))
  done
  (cd "$dir" && "$qgn" run "$clone/examples/gaussian" -q --set qgan.checkpoint=50 --resume >out.txt 2>err.txt)
  epochs=$(sed -n 's/.*"from_epoch": *\([0-9]*\).*"to_epoch": *\([0-9]*\).*/\1 \2/p' "$dir/runs/latest/timing.jsonl" | awk '{ if (NR == 1 || $2 > most) most = $2 } END { print most + 0 }')
  steps=$(sed -n 's/.*"from_epoch": *\([0-9]*\).*/\1/p' "$dir/runs/latest/timing.jsonl" | wc -l)
  point 'killed five times, resumed' 'SIGKILL at random points, --resume' "$kills kills, $steps stretches to epoch $epochs; $(same_results "$whole" "$dir/runs/latest" || true)" '5 kills, identical weights, metrics, results' \
    "$([ $kills = 5 ] && [ "$epochs" = 8000 ] && same_results "$whole" "$dir/runs/latest" >/dev/null && echo ok || echo no)"
}

# command line, expected exit status and a text that stderr must hold
bad() { # name, status, text, args...
  local name=$1 want=$2 text=$3 got
  shift 3
  (cd "$here" && timeout 20 "$@" >bad.out 2>bad.err </dev/null)
  got=$?
  point "$name" "$(printf '%s ' "${@##*/}")" "exit $got; $(grep -m1 -E 'error|warning' "$here/bad.err" | cut -c1-90)" "exit $want, \"$text\"" "$([ "$got" = "$want" ] && { [ -z "$text" ] || grep -qF -- "$text" "$here/bad.err"; } && echo ok || echo no)"
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
  bad 'missing script' 2 E0803 "$qgn" run "$s/none.qgn"
  bad 'folder without main.qgn' 2 E0803 "$qgn" run "$s/folder"
  bad 'FIFO' 2 E0803 "$qgn" run "$s/fifo.qgn"
  bad '/dev/null' 2 E0803 "$qgn" run /dev/null
  if [ "$(id -u)" = 0 ]; then
    bad 'no permission' 2 E0803 setpriv --reuid 65534 --regid 65534 --clear-groups "$qgn" check "$s/secret.qgn"
  else
    bad 'no permission' 2 E0803 "$qgn" check "$s/secret.qgn"
  fi
  bad 'binary file' 2 'is a binary file' "$qgn" run "$s/binary.qgn"
  bad 'NUL byte' 2 E0002 "$qgn" run "$s/nul.qgn"
  bad '100 000 open brackets' 2 E0007 "$qgn" run "$s/deep.qgn"
  bad 'empty script' 0 W0802 "$qgn" run "$s/empty.qgn"
  bad '--set qubits=99' 2 E0107 "$qgn" run "$g" --set qubits=99
  bad '--set nosuch=1' 2 E0106 "$qgn" run "$g" --set nosuch=1
  bad 'unknown option' 2 E0901 "$qgn" run "$g" --nosuch
  bad 'unknown verb' 2 E0901 "$qgn" nosuch
  full_disk "$g"
  bad '2 GB of address space' 0 '' bash -c "ulimit -v 2000000; exec '$qgn' run '$g' --fresh -q --set qgan.epochs=200; exit"
}

# Files may not grow beyond 24 kB: checkpoints fail, training goes on, exit 3 at the end, and what
# was saved before stays whole. 60 000 epochs, so that there is something to interrupt.
full_disk() {
  local dir=$here/full before after status ckpt pid sets='--set qgan.epochs=60000 --set qgan.checkpoint=5000'
  mkdir -p "$dir"
  # shellcheck disable=SC2086 # several words
  (cd "$dir" && exec "$qgn" run "$1" --fresh -q $sets >out.txt 2>err.txt) &
  pid=$!
  while kill -0 $pid 2>/dev/null && [ -z "$(find "$dir/runs/latest/" -name 'qgan-*.safetensors' 2>/dev/null)" ]; do sleep 0.02; done
  kill -INT $pid
  wait $pid
  ckpt=$(find "$dir/runs/latest/" -name 'qgan-*.safetensors' | sort | tail -1)
  before=$(sha256sum <"${ckpt:-/dev/null}")
  # shellcheck disable=SC2086
  (cd "$dir" && bash -c 'ulimit -f 24; exec "$@"' full "$qgn" run "$1" -q --resume $sets >out.txt 2>err.txt)
  status=$?
  after=$(sha256sum <"${ckpt:-/dev/null}")
  point 'full disk' 'run, SIGINT, RLIMIT_FSIZE 24 kB, --resume' "exit $status; $(grep -m1 -E 'E0805|warning' "$dir/err.txt" | cut -c1-90)" 'warning, exit 3, checkpoint intact' \
    "$([ $status = 3 ] && [ -n "$ckpt" ] && [ "$before" = "$after" ] && grep -q E0805 "$dir/err.txt" && echo ok || echo no)"
}

group_bench() {
  local r=$clone/bench/results.json
  make --no-print-directory -C "$clone" bench >"$accept_tmp/bench.log" 2>&1
  ratio() { # system key, bound, text
    local x
    x=$(sed -n "s/.*\"ratio:$1\": *\([0-9.]*\).*/\1/p" "$r" 2>/dev/null | tail -1)
    point "W1 against $3" 'make bench' "${x:-not measured} times" ">= $2 times" "$(holds "${x:-0} >= $2")"
  }
  ratio pennylane_shift 1000 "the document's set-up"
  ratio pennylane_backprop 30 'PennyLane backprop'
  ratio jax_step 4 'JAX jitted per step'
  ratio jax_scan 1.5 'JAX lax.scan'
}

for g in $groups; do wanted "$g" && "group_$g"; done
accept_end
