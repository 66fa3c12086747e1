#!/usr/bin/env bash
# Fuzzes scanner, parser and checker with libFuzzer (clang), ASan and UBSan, and adds what was done to
# tests/SOAK.md. May be stopped and started again: the corpus in build/soak-lang/ stays, and the number of
# executions is cumulative. It works in rounds; each is counted when it ends.
#
#   bash tools/soak_lang.sh [SECONDS]     default 600
#   bash tools/soak_lang.sh --merge       the smallest corpus that reaches the same, at most 800 kB, into tests/fuzz/check/
#   bash tools/soak_lang.sh --coverage    branches of lang/ that the scripts and corpora of the tests reach
set -u
cd "$(dirname "$0")/.." || exit 2
command -v clang >/dev/null || { echo "soak-lang: clang with libFuzzer is not here"; exit 2; }
work=build/soak-lang
length=1000
mkdir -p $work/corpus $work/seeds $work/found tests/fuzz/check

build() { # MODE, its flags, targets
  local mode=$1 flags=$2
  shift 2
  make -s MODE="$mode" CC=clang CI= "OPT_$mode=$flags" "KOPT_$mode=$flags" "$@" >$work/build.log 2>&1 || { tail -20 $work/build.log; exit 2; }
}

fuzzer() {
  build fuzz '-O1 -g1 -DLIBFUZZER -fsanitize=address,undefined -fno-sanitize-recover=all -fsanitize-coverage=inline-8bit-counters,pc-table' \
    LDFLAGS=-fsanitize=fuzzer build/fuzz/tests/fuzz/check
}

# All scripts that are small enough; with the words of the tables for the mutations.
seeds() {
  local f
  find tests examples stdlib -name '*.qgn' -size -4 | while read -r f; do cp "$f" "$work/seeds/$(tr '/' '_' <<<"$f")"; done
  {
    sed -n 's/^[A-Z_]*("\([^"\\ ]*\)".*/"\1"/p' lang/sema/*.def
    sed -n 's/^[A-Z]*([A-Z_0-9]*, *"\([^"\\ ]*\)".*/"\1"/p' lang/ir/gates.def lang/ir/channels.def lang/ir/optims.def lang/ir/data.def lang/ir/circuit_methods.def
    sed -n 's/^<!-- table: keywords -->$/&/;/^`and` `as`/,/^$/p' spec.md | grep -oE '[a-z]+' | sed 's/.*/"& "/'
    printf '"%s"\n' 'edition = 1\x0a' ' on q[2] {' 'step x[B, 1] {' 'optimizer ' ' = adam(0.1)\x0a' 'expval(' 'Z(q)' 'q[0], q[1]' 'train t {\x0a' \
      'epochs = 2; ' 'minimize ' ' over ' ' per ' ' clip 1' 'weights(' 'grad(' 'record r = ' 'fn' '\xce\xb8' '|> ' '..=' ':= ' 'pi' '2px' '90deg' '1us' \
      'use std.gan: ' 'chain(q)' 'ctrl @ ' 'inv @ ' 'negctrl(2) @ ' 'pow(2) @ ' 'shots = 10' 'gradient = ' 'noise_method = ' 'noisy(' 'precision = '
  } | sort -u >$work/words
}

soak() { # seconds
  local end=$(($(date +%s) + $1)) left runs edges total status=0
  fuzzer
  seeds
  [ -s $work/total ] || sed -n 's#^| .make soak-lang. | \([0-9]*\) .*#\1#p' tests/SOAK.md >$work/total # what earlier runs did, on another machine
  [ -s $work/total ] || echo 0 >$work/total
  total=$(cat $work/total)
  while left=$((end - $(date +%s))) && [ $left -gt 0 ] && [ $status = 0 ]; do
    build/fuzz/tests/fuzz/check -max_total_time=$((left < 300 ? left : 300)) -max_len=$length -timeout=10 -rss_limit_mb=3000 -dict=$work/words -entropic=0 \
      -print_final_stats=1 -artifact_prefix=$work/found/ $work/corpus $work/seeds tests/fuzz/check >$work/log 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' $work/log | tail -1)
    edges=$(grep -oE 'cov: [0-9]+' $work/log | tail -1)
    total=$(($(cat $work/total) + ${runs:-0}))
    echo $total >$work/total
    echo "soak-lang: ${runs:-0} executions in this round, $total in all, ${edges:-no} edges, $(find $work/found -type f | wc -l) findings"
  done
  [ $status = 0 ] || tail -40 $work/log
  note "| \`make soak-lang\` | $total executions of scanner, parser and checker (libFuzzer, ASan, UBSan), $(find $work/found -type f | wc -l) findings open; three were found and mended: a sweep declared twice, long loops in quadratic time, a batch below 0 |" '^| `make soak-lang`'
  exit $status
}

note() { # row of tests/SOAK.md, the pattern of the one that it replaces
  grep -v "$2" tests/SOAK.md >$work/SOAK.md
  echo "$1" >>$work/SOAK.md
  cp $work/SOAK.md tests/SOAK.md
}

merge() {
  fuzzer
  seeds
  rm -rf $work/small
  cp -R $work/seeds $work/small
  build/fuzz/tests/fuzz/check -merge=1 -max_len=$length -timeout=10 -rss_limit_mb=3000 $work/small $work/corpus tests/fuzz/check >$work/merge.log 2>&1 ||
    { tail -20 $work/merge.log; exit 1; }
  find tests/fuzz/check -type f ! -name '*.qgn' -delete
  # What adds to the scripts of the tests, which are replayed anyhow: the smallest first, as far as they go.
  local size=0 f n
  find $work/small -type f ! -name '*.qgn' -printf '%s %f\n' | sort -n | while read -r n f; do
    size=$((size + n))
    [ $size -gt 800000 ] && break
    cp "$work/small/$f" tests/fuzz/check/
  done
  echo "soak-lang: $(find tests/fuzz/check -type f | wc -l) inputs, $(du -sk tests/fuzz/check | cut -f1) kB"
}

coverage() {
  local part
  build llvmcov '-O1 -g1 -fprofile-instr-generate -fcoverage-mapping' tests
  rm -rf $work/profile
  mkdir -p $work/profile
  export LLVM_PROFILE_FILE=$PWD/$work/profile/%p-%m.raw
  MODE=llvmcov bash tests/run.sh --quick fuzz:check fuzz:parse fuzz:qasm unit: >$work/log 2>&1
  llvm-profdata merge -sparse $work/profile/*.raw -o $work/profile/all || exit 2
  part=$(find build/llvmcov/tests/unit build/llvmcov/tests/fuzz -type f -perm -u+x | sed 's/^/-object /')
  # shellcheck disable=SC2086 # several words on purpose
  llvm-cov report -instr-profile=$work/profile/all $part lang build/gen >$work/coverage || exit 2
  grep -E '^(Filename|TOTAL)' $work/coverage
}

case ${1:-600} in
--merge) merge ;;
--coverage) coverage ;;
*) soak "${1:-600}" ;;
esac
