# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used by, and set by, the scripts that read this
# Shared by the scripts that fuzz with libFuzzer. $work is the folder in build/ that keeps what was reached: corpus,
# findings, the number of executions. All of it is cumulative; SOAK.md tells a fresh machine what earlier runs did.
. tools/soak_lib.sh

# A sanitizer that keeps what one execution frees, not what thousands do, finds the same in half the time.
export ASAN_OPTIONS=quarantine_size_mb=4:thread_local_quarantine_size_kb=64:malloc_context_size=4
export UBSAN_OPTIONS=print_stacktrace=1
FUZZ_CFLAGS='-g1 -DLIBFUZZER -fsanitize=address,undefined -fno-sanitize-recover=all -fsanitize-coverage=inline-8bit-counters,pc-table'

command -v clang >/dev/null || { echo "$0: clang with libFuzzer is not here"; exit 2; }

# Executions so far: of this machine, or those of the row.
fuzz_total() { # name of the figure, first cell
  [ -s "$work/$1.total" ] || sed -n "s#^| $2 | \([0-9]*\) .*#\1#p" tests/SOAK.md >"$work/$1.total"
  [ -s "$work/$1.total" ] || echo 0 >"$work/$1.total"
  cat "$work/$1.total"
}

# shellcheck disable=SC2086 # several flags on purpose
# One round of a target: adds to its total and says what was done. Status: libFuzzer's.
fuzz_round() { # name, program, seconds, words or '', most bytes of an input, corpora...
  local name=$1 program=$2 seconds=$3 words=$4 length=$5 runs status
  shift 5
  "$program" -max_total_time="$seconds" -max_len="$length" -timeout=10 -rss_limit_mb=3000 ${words:+"-dict=$words"} -entropic=0 -print_funcs=0 -reload=0 ${FUZZ_FLAGS:-} \
    -print_final_stats=1 -artifact_prefix="$work/found/$name-" "$@" >"$work/$name.log" 2>&1
  status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name.log" | tail -1)
  echo $(($(cat "$work/$name.total") + ${runs:-0})) >"$work/$name.total"
  grep -oE 'cov: [0-9]+' "$work/$name.log" | tail -1 | cut -d' ' -f2 >"$work/$name.edges"
  echo "$name: ${runs:-0} executions in this round, $(cat "$work/$name.total") in all, $(cat "$work/$name.edges") edges, $(fuzz_open "$name") findings"
  return $status
}

# Findings that lie there, unmended.
fuzz_open() { find "$work/found" -type f -name "$1-*" | wc -l; }

# The smallest corpus that reaches what all do, as the archive tests/fuzz/NAME/corpus.ar, the smallest inputs first, as
# far as so many bytes go. What the scripts in `with` reach already is left out: they are replayed anyhow.
fuzz_merge() { # name, program, bytes, with, most bytes of an input, corpora...
  local name=$1 program=$2 room=$3 with=$4 length=$5 size=0 n f
  shift 5
  rm -rf "$work/$name.small" "$work/$name.pack"
  cp -R "$with" "$work/$name.small" && mkdir "$work/$name.pack" || exit 2
  "$program" -merge=1 -max_len="$length" -timeout=10 -rss_limit_mb=3000 "$work/$name.small" "$@" >"$work/$name.merge.log" 2>&1 ||
    { tail -20 "$work/$name.merge.log"; exit 1; }
  while read -r n f; do
    [ -e "$with/$f" ] && continue
    size=$((size + n))
    [ $size -gt "$room" ] && break
    cp "$work/$name.small/$f" "$work/$name.pack/${f:0:12}"
  done < <(find "$work/$name.small" -type f -printf '%s %f\n' | sort -n)
  mkdir -p "tests/fuzz/$name"
  rm -f "tests/fuzz/$name/corpus.ar"
  (cd "$work/$name.pack" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs ar qcSD "../$name.ar") && mv "$work/$name.ar" "tests/fuzz/$name/corpus.ar"
  echo "$name: $(find "$work/$name.pack" -type f | wc -l) inputs, $(($(stat -c %s "tests/fuzz/$name/corpus.ar") / 1000)) kB"
}

# The members of the archive of a target as files.
fuzz_unpack() { # name, folder
  [ -e "tests/fuzz/$1/corpus.ar" ] || return 0
  (cd "$2" && ar x "$OLDPWD/tests/fuzz/$1/corpus.ar")
}
