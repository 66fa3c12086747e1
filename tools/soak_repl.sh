#!/usr/bin/env bash
# Sessions of the prompt at random (tests/soak/repl.c) under ASan and UBSan, and what was done into tests/SOAK.md. May be
# stopped and started again: the number of statements is cumulative, on a fresh machine from what SOAK.md says, and each round
# has another seed.
#
#   bash tools/soak_repl.sh [SECONDS]     default 600
set -u
cd "$(dirname "$0")/.." || exit 2
work=build/soak-repl
round=2000
. tools/soak_lib.sh
mkdir -p $work
make -s MODE=asan build/asan/tests/soak/repl || exit 2
make -s build/release/tests/soak/repl || exit 2
total=0 failed=0
[ -s $work/total ] || sed -n 's/^| `make soak-repl` | \([0-9]*\) statements.*, \([0-9]*\) of which failed.*/\1 \2/p' tests/SOAK.md >$work/total
[ ! -s $work/total ] || read -r total failed <$work/total
end=$((SECONDS + ${1:-600}))
while [ $SECONDS -lt $end ]; do
  seed=$((total / round + 1))
  # the quarantine of freed memory would hide what is not given back; leaks are looked for at the end of each round. The
  # program closes its own output, so reports have files
  out=$(ASAN_OPTIONS=quarantine_size_mb=8:detect_leaks=1:log_path=$PWD/$work/report UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:log_path=$PWD/$work/report timeout 1200 build/asan/tests/soak/repl $round $seed 2>&1)
  if ! grep -q "^$round statements" <<<"$out"; then
    echo "$out" >"$work/found-$seed.txt"
    echo "soak-repl: seed $seed: $work/found-$seed.txt"
    exit 1
  fi
  total=$((total + round))
  failed=$((failed + $(tail -n 1 <<<"$out" | sed 's/.* \([0-9]*\) failed.*/\1/')))
  echo "$total $failed" >$work/total
done
memory=$(build/release/tests/soak/repl 20000 7 2>&1 | tail -n 1 | grep -oE 'RSS .*')
text="$total statements and commands of sessions at random (all but the first 104000 under ASan and UBSan), $failed of which failed and left nothing; Ctrl-C at any moment; 0 findings open; 20000 in one process without sanitizers: $memory"
soak_note '`make soak-repl`' "$text"
echo "$text"
