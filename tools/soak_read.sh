#!/usr/bin/env bash
# Fuzzes the readers of data files with libFuzzer (clang), ASan and UBSan, checksums repaired, and adds what was done to
# tests/SOAK.md, one row for each reader. May be stopped and started again: the corpora in build/soak-read/ stay, and the
# numbers of executions are cumulative. It works in rounds: the reader with the fewest executions is next.
#
#   bash tools/soak_read.sh [SECONDS]     default 600
#   bash tools/soak_read.sh --merge       the smallest corpora that reach the same, into tests/fuzz/READER/corpus.ar
set -u
cd "$(dirname "$0")/.." || exit 2
work=build/soak-read
readers='idx npy npz csv png gz safetensors'
length=600
. tools/fuzz_lib.sh
mkdir -p $work/found $work/seeds build/gen

build() {
  local name objects=''
  mkdir -p $work/o
  for name in runtime/data/{idx,npy,npz,csv,csv_classes,png,gz,table,weights,locate}.c runtime/record/{safetensors,text}.c lang/base/*.c; do
    objects+=" $work/o/$(basename "${name%.c}").o"
    # shellcheck disable=SC2086 # several words on purpose
    clang -std=c17 -O2 $FUZZ_CFLAGS -I. -Ibuild/gen -c "$name" -o "$work/o/$(basename "${name%.c}").o" || exit 2
  done
  for name in $readers; do
    # shellcheck disable=SC2086
    clang -std=c17 -O2 $FUZZ_CFLAGS -fsanitize=fuzzer -I. -Ibuild/gen "tests/fuzz/$name.c" $objects -lz -lpng -ljansson -lmd -lutf8proc -lm -o "$work/$name" || exit 2
  done
}

# The files that the tests of readers write, for every reader: as they are, and with all repairs.
seeds() {
  local f name
  make -s MODE=quick build/quick/tests/unit/data_{malformed,read,rows} || exit 2
  rm -rf $work/kept $work/seeds
  mkdir -p $work/kept $work/seeds
  for name in malformed read rows; do
    QGN_QUICK=1 QGN_KEEP_FILES=$PWD/$work/kept build/quick/tests/unit/data_$name >/dev/null 2>&1
  done
  for f in "$work"/kept/*; do
    name=$(basename "$f")
    { printf '\0'; cat "$f"; } >"$work/seeds/$name-0"
    { printf '\3'; cat "$f"; } >"$work/seeds/$name-3"
  done
  find $work/kept -type f -size +0 -print0 | xargs -0 grep -laP '^\x1f\x8b' | while read -r f; do # the deflated part alone
    { printf '\1'; tail -c +11 "$f" | head -c -8; } >"$work/seeds/$(basename "$f")-1"
  done
  for name in $readers; do
    mkdir -p "$work/$name.corpus" "$work/$name.given"
    fuzz_unpack "$name" "$work/$name.given"
  done
}

words() {
  printf '"%s"\n' "'descr': '<f4'" "'fortran_order': False" 'True' "'shape': (2,)" '|u1' '>i2' '<f8' '{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}' \
    '\"__metadata__\":{\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\"}' '\"F64\"' '\"BF16\"' '\"F16\"' '\"I64\"' \
    'IHDR' 'IDAT' 'IEND' 'PLTE' 'tRNS' 'gAMA' 'sBIT' '\x89PNG\x0d\x0a\x1a\x0a' 'PK\x03\x04' 'PK\x01\x02' 'PK\x05\x06' '.npy' 'num_batches_tracked.npy' \
    '\x93NUMPY\x01\x00' '\x1f\x8b\x08' '\x00\x00\x08\x03' '\x00\x00\x0d\x02' 'nan' 'NA' 'null' '1e999' '1,5' '\xef\xbb\xbf' '\x0d\x0a' '\"\"' >$work/words
}

mended() { # reader
  [ "$1" != gz ] || echo '; one was found and mended: the head of a file of several members'
}

soak() { # seconds
  local end=$(($(date +%s) + $1)) left name status=0
  build
  seeds
  words
  for name in $readers; do fuzz_total "$name" "read_$name" >/dev/null; done
  while left=$((end - $(date +%s))) && [ $left -gt 0 ] && [ $status = 0 ]; do
    name=$(for name in $readers; do echo "$(cat "$work/$name.total") $name"; done | sort -n | head -1 | cut -d' ' -f2)
    fuzz_round "$name" "$work/$name" $((left < 60 ? left : 60)) $work/words $length "$work/$name.corpus" $work/seeds "$work/$name.given"
    status=$?
  done
  [ $status = 0 ] || tail -40 "$work/$name.log"
  for name in $readers; do
    soak_note "read_$name" "$(cat "$work/$name.total") executions of the reader (libFuzzer, ASan, UBSan), $(cat "$work/$name.edges" 2>/dev/null || echo no) edges, $(fuzz_open "$name") findings open$(mended "$name")"
  done
  exit $status
}

case ${1:-600} in
--merge)
  build
  seeds
  mkdir -p $work/empty
  for name in $readers; do fuzz_merge "$name" "$work/$name" 40000 $work/empty $length "$work/$name.corpus" $work/seeds "$work/$name.given"; done
  ;;
*) soak "${1:-600}" ;;
esac
