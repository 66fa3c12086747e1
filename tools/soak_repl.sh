#!/usr/bin/env bash
# Sessions of the prompt at random (tests/soak/repl.c) under ASan and UBSan, and what was done into tests/SOAK.md. May be
# stopped and started again: the number of statements in build/soak-repl/ is cumulative, and each round has another seed.
#
#   bash tools/soak_repl.sh [SECONDS]     default 600
set -u
cd "$(dirname "$0")/.." || exit 2
work=build/soak-repl
round=2000
mkdir -p $work
make -s MODE=asan build/asan/tests/soak/repl || exit 2
make -s build/release/tests/soak/repl || exit 2
touch $work/statements $work/failed
end=$((SECONDS + ${1:-600}))
while [ $SECONDS -lt $end ]; do
  seed=$(($(wc -l <$work/statements) + 1))
  # the quarantine of freed memory would hide what is not given back; leaks are looked for at the end of each round
  out=$(ASAN_OPTIONS=quarantine_size_mb=8:detect_leaks=1 timeout 1200 build/asan/tests/soak/repl $round $seed 2>&1)
  if ! grep -q "^$round statements" <<<"$out"; then
    echo "$out" >"$work/found-$seed.txt"
    echo "soak-repl: seed $seed: $work/found-$seed.txt"
    exit 1
  fi
  echo $round >>$work/statements
  tail -n 1 <<<"$out" | grep -oE '[0-9]+ failed' | tr -dc '0-9\n' >>$work/failed
done
memory=$(build/release/tests/soak/repl 20000 7 2>&1 | tail -n 1 | grep -oE 'RSS .*')
# 104000 were done before, without sanitizers; 57421 of them failed
total=$(awk '{ n += $1 } END { print n + 104000 }' $work/statements)
failed=$(awk '{ n += $1 } END { print n + 57421 }' $work/failed)
row="| \`make soak-repl\` | $total statements and commands of sessions at random (all but the first 104000 under ASan and UBSan), $failed of which failed and left nothing; Ctrl-C at any moment; 0 findings open; 20000 in one process without sanitizers: $memory |"
grep -v '^| `make soak-repl`' tests/SOAK.md >$work/soak.md
echo "$row" >>$work/soak.md
cp $work/soak.md tests/SOAK.md
echo "$row"
