#!/usr/bin/env bash
# Runs the tests, two at a time, and compares texts.
#
#   bash tests/run.sh [--update] [--quick] [--jobs N] [PICK ...]
#
# PICK is a kind (`unit:`, `props:`, `fuzz:`, `golden:`, `bad:`, `repl:`, `oom:`, `cli:`, `docs:`) or a part of a test's name; tests
# whose name matches one of the kinds and one of the parts are run. Without any: all of them.
#
# What is a test:
#   tests/{unit,props,oom}/*.c         programs with cmocka, built before into build/$MODE and run in the root of the
#                                      project; each of their functions counts
#   tests/fuzz/NAME.c                  programs that are given every script of the tests and examples and the files in
#                                      tests/fuzz/NAME/; corpus.ar there holds what fuzzing found to reach new code
#   tests/golden/KIND/NAME.qgn         standard output against NAME.out; KIND lex, parse, types, graph
#                                      and plan dump that stage, run runs the script afresh
#   tests/bad/TOPIC/NAME.qgn           `qgn check NAME.qgn`: standard error and a line `exit N`
#                                      against NAME.out
#   tests/repl/NAME.txt                transcripts of the prompt: what is typed in them is typed again
#   tests/cli/*.sh                     scripts with $QGN and $QGN_ROOT set; status 0 passes, 77 skips; tests/cli/*.c are
#                                      programs that they use
#   tests/docs.sh                      the examples in README.md and spec.md
# Golden and wrong programs run in a folder of their own, to which the files NAME.* are copied. A
# first line `# run: ARGS` gives other arguments: `# run: run --set n=3 @`, with @ for the file (put
# last if it is not there; a verb that is missing is `check`).
#
# A test is skipped for one of two reasons. Its data is not there ($QGN_DATA, which the makefile sets); a skip where
# MNIST is there is a failure. Or a part of a script needs a tool that tools/setup.sh does not install (python3 with numpy,
# zsh, fish, groff, wget) or time and memory that sanitizers take: it stands behind `needs` or `optional` of tests/cli/lib.bash
# and counts as one test more, which passes or is skipped, so that passed and skipped together, which tests/FLOOR bounds
# from below, are the same number everywhere. Every skip is said with its reason: `skipped TEST: REASON`. What tools/setup.sh
# installs is never left out.
# --update writes the expected texts anew. --quick leaves out names that end in _slow and sets QGN_QUICK for the others.
# The last line is `N passed, N failed, N skipped`.
set -u
cd "$(dirname "$0")/.." || exit 2
root=$PWD
MODE=${MODE:-release}
export MODE QGN_ROOT=$root QGN=$root/build/$MODE/qgn
export QGN_DATA=${QGN_DATA:-$root/data}
export LC_ALL=C.UTF-8 TZ=UTC HOME=/nonexistent XDG_CACHE_HOME=/dev/null/none INPUTRC=/dev/null
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0} UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
unset COLUMNS NO_COLOR QGN_STDLIB XDG_DATA_HOME CDPATH 2>/dev/null
limit=${QGN_TEST_LIMIT:-600}

# ---- one test: writes counts to $1.count and what to show to $1.text -------------------------------

count() { echo "$1 $2 $3" >"$out.count"; }

fail() { # text of the reason
  echo "FAIL $name: $*" >>"$out.text"
  count 0 1 0
}

skip() {
  if [ -d "$QGN_DATA/mnist" ]; then
    fail "skipped although $QGN_DATA is there"
  else
    echo "skipped $name: no data in $QGN_DATA" >>"$out.text"
    count 0 0 1
  fi
}

# Compares the file got with the expected one, or makes it the expected one.
compare() { # got expected
  if [ -n "${UPDATE:-}" ]; then
    if cmp -s "$1" "$2"; then :; else
      cp "$1" "$2" && echo "updated ${2#"$root"/}" >>"$out.text"
    fi
    count 1 0 0
  elif [ ! -e "$2" ]; then
    fail "there is no ${2#"$root"/}; make golden-update writes it"
  elif cmp -s "$1" "$2"; then
    count 1 0 0
  else
    fail "differs from ${2#"$root"/}"
    diff -u --label expected --label got "$2" "$1" | head -n 40 >>"$out.text"
  fi
}

# A cmocka program: its functions are counted from the TAP lines.
one_program() { # source
  local exe=$root/build/$MODE/${1%.c} log=$out.log status passed failed skipped
  [ -x "$exe" ] || { fail "not built"; return; }
  CMOCKA_MESSAGE_OUTPUT=TAP timeout "$limit" "$exe" >"$log" 2>&1
  status=$?
  skipped=$(grep -c '^\(not \)\?ok .*# SKIP' "$log")
  failed=$(grep -v '# SKIP' "$log" | grep -c '^not ok ')
  passed=$(grep -v '# SKIP' "$log" | grep -c '^ok ')
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  if [ "$((passed + failed + skipped))" -eq 0 ]; then failed=1; fi
  if [ "$skipped" -gt 0 ] && [ -d "$QGN_DATA/mnist" ]; then
    failed=$((failed + skipped)) skipped=0
  fi
  [ "$skipped" -eq 0 ] || echo "skipped $name: $skipped of its functions, no data in $QGN_DATA" >>"$out.text"
  count "$passed" "$failed" "$skipped"
  if [ "$failed" -gt 0 ]; then
    echo "FAIL $name: $failed of its functions (status $status)" >>"$out.text"
    grep -v '^ok ' "$log" | head -n 60 >>"$out.text"
  fi
}

one_fuzz() { # source
  local exe=$root/build/$MODE/${1%.c}
  [ -x "$exe" ] || { fail "not built"; return; }
  find tests examples stdlib \( -name '*.qgn' -o -path "${1%.c}/*" \) -type f -print0 | LC_ALL=C sort -z |
    timeout "$limit" xargs -0 "$exe" >"$out.log" 2>&1
  if [ "${PIPESTATUS[2]}" -eq 0 ]; then count 1 0 0; else fail "stopped"; tail -n 40 "$out.log" >>"$out.text"; fi
}

one_script() { # script
  local status skipped
  : >"$out.parts"
  (cd "$dir" && QGN_PARTS=$out.parts timeout "$limit" bash "$root/$1") >"$out.log" 2>&1
  status=$?
  case $status in
  0)
    skipped=$(grep -c '^skipped ' "$out.parts")
    count $((1 + $(grep -c '^ran ' "$out.parts"))) 0 "$skipped"
    sed -n "s|^skipped |skipped $name: |p" "$out.parts" >>"$out.text"
    ;;
  77) skip ;;
  *) fail "status $status"; tail -n 40 "$out.log" >>"$out.text" ;;
  esac
}

# Runs qgn with the arguments of a test program's first line, or those given, in $dir.
run_qgn() { # file.qgn default arguments
  local file=$1 base args first
  shift
  base=${file##*/}
  cp -R "${file%.qgn}".* "$dir/"
  read -r first <"$file" || :
  args=("$@" "$base")
  if [[ $first == '# run: '* ]]; then
    read -ra args <<<"${first#\# run: }"
    [[ ${args[0]} == -* ]] && args=(check "${args[@]}")
    [[ " ${args[*]} " == *" @ "* || " ${args[*]} " == *" $base "* ]] || args+=("$base")
    args=("${args[@]/#@/$base}")
  fi
  (cd "$dir" && QGN_DATA='' timeout "$limit" "$QGN" "${args[@]}" </dev/null) >"$out.stdout" 2>"$out.stderr"
}

# A signal or the time limit is a failure whatever is expected, and never becomes the expectation.
is_crash() { # status
  if [ "$1" -lt 124 ] || [ "$1" -eq 130 ]; then return 1; fi
  fail "status $1"
  tail -n 40 "$out.stderr" >>"$out.text"
}

one_golden() { # file.qgn
  local status
  case $1 in
  tests/golden/lex/*) run_qgn "$1" dump --tokens ;;
  tests/golden/parse/*) run_qgn "$1" dump --ast ;;
  tests/golden/run/*)
    run_qgn "$1" run --fresh
    status=$?
    # What is left of a difference below a bound like 1e-12 is the machine's; the verdict is the program's.
    sed -E -i 's/[0-9][0-9.]*(e[-+][0-9]+)? < ([0-9.]*e-[0-9]+)$/* < \2/' "$out.stdout"
    (exit $status)
    ;;
  *)
    status=${1%/*}
    run_qgn "$1" dump --"${status##*/}"
    ;;
  esac
  status=$?
  is_crash $status && return
  if [ $status -ne 0 ]; then { cat "$out.stderr"; echo "exit $status"; } >>"$out.stdout"; fi
  compare "$out.stdout" "$root/${1%.qgn}.out"
}

one_bad() { # file.qgn
  local status
  run_qgn "$1" check
  status=$?
  is_crash $status && return
  echo "exit $status" >>"$out.stderr"
  compare "$out.stderr" "$root/${1%.qgn}.out"
}

# A transcript of the prompt: what stands behind the prompts is typed again, and all of it has to come out.
one_repl() { # file.txt
  local status
  sed -nE 's/^(qgn> |  [[({.#]> )//p' "$1" |
    (cd "$dir" && XDG_STATE_HOME=$dir timeout "$limit" "$QGN" repl --echo --quiet --color never) >"$out.stdout" 2>&1
  status=${PIPESTATUS[1]}
  is_crash "$status" && return
  echo "exit $status" >>"$out.stdout"
  compare "$out.stdout" "$root/$1"
}

one() { # name of a test
  case $1 in
  tests/unit/*.c | tests/props/*.c | tests/oom/*.c) one_program "$1" ;;
  tests/fuzz/*.c) one_fuzz "$1" ;;
  tests/golden/*) one_golden "$1" ;;
  tests/bad/*) one_bad "$1" ;;
  tests/repl/*) one_repl "$1" ;;
  *.sh) one_script "$1" ;;
  esac
}

# --some TEST RESULT ...: a few tests in one shell; each has the folder RESULT.d
if [ "${1:-}" = --some ]; then
  shift
  while [ $# -ge 2 ]; do
    name=$1 out=$2 dir=$2.d
    mkdir "$dir" || exit 2
    export XDG_CACHE_HOME=$2.memo # what an earlier test trained is not loaded
    start=${EPOCHREALTIME/./}
    one "$name"
    echo "$((${EPOCHREALTIME/./} - start)) $name" >"$out.time"
    shift 2
  done
  exit 0
fi

# ---- all ------------------------------------------------------------------------------------------

jobs=$(nproc 2>/dev/null || echo 2)
quick='' kinds=() parts=()
while [ $# -gt 0 ]; do
  case $1 in
  --update) export UPDATE=1 ;;
  --quick) quick=1; export QGN_QUICK=1 ;;
  --jobs) jobs=$2; shift ;;
  *:) kinds+=("${1%:}") ;;
  -*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
  *) parts+=("$1") ;;
  esac
  shift
done

all_tests() {
  find tests/unit tests/props tests/oom tests/fuzz -maxdepth 1 -name '*.c' 2>/dev/null
  find tests/golden tests/bad -name '*.d' -prune -o -name '*.qgn' -print 2>/dev/null
  find tests/repl -name '*.txt' 2>/dev/null
  find tests/cli -name '*.sh' 2>/dev/null
  [ ! -e tests/docs.sh ] || echo tests/docs.sh
}

is_picked() { # name
  local kind part
  if [ ${#kinds[@]} -gt 0 ]; then
    for kind in "${kinds[@]}"; do
      [[ $1 == tests/$kind/* || $1 == tests/$kind.sh ]] && break
      kind=
    done
    [ -n "$kind" ] || return 1
  fi
  [ ${#parts[@]} -gt 0 ] || return 0
  for part in "${parts[@]}"; do
    [[ $1 == *$part* ]] && return 0
  done
  return 1
}

results=$(mktemp -d) || exit 2
chmod 711 "$results" # an unprivileged user looks into it
trap 'chmod -R u+rwx "$results"; rm -rf "$results"' EXIT
n=0
while read -r test; do
  [[ -n $quick && $test == *_slow.* ]] && continue
  is_picked "$test" || continue
  n=$((n + 1))
  printf '%s\0%s\0' "$test" "$results/$(printf %05d $n)"
done < <(all_tests | LC_ALL=C sort -r) >"$results/list"
xargs -0 -n 8 -P "$jobs" -r bash tests/run.sh --some <"$results/list"

# Microseconds of each test, the longest first: where the time of a pass goes.
[ ! -d "build/$MODE" ] || cat "$results"/*.time 2>/dev/null | sort -rn >"build/$MODE/test-times"

passed=0 failed=0 skipped=0
for result in "$results"/[0-9]*.text; do
  [ -e "$result" ] && cat "$result"
done
for ((i = 1; i <= n; i++)); do
  file=$results/$(printf %05d $i).count
  if [ -e "$file" ]; then read -r p f s <"$file"; else p=0 f=1 s=0; fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
status=0
[ $failed -eq 0 ] || status=1
[ $n -gt 0 ] || { echo "no test matches"; status=1; }
if [ -z "$quick" ] && [ ${#kinds[@]} -eq 0 ] && [ ${#parts[@]} -eq 0 ] && [ -e tests/FLOOR ]; then
  read -r floor <tests/FLOOR
  if [ "$((passed + skipped))" -lt "$floor" ]; then
    echo "fewer tests than tests/FLOOR ($floor): some were lost"
    status=1
  fi
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
