# What the tests of the command line share: check EXIT ARGS... <<'TEXT' runs qgn and compares its
# status and its whole standard error with the text. $QGN is the program; the current folder is
# the test's own.
set -u
failures=0

check() { # status arguments; expected standard error on standard input
  local want=$1 got
  shift
  cat >want.txt
  timeout 60 "${RUNNER[@]}" "$QGN" "$@" >stdout.txt 2>stderr.txt </dev/null
  got=$?
  if [ "$got" -ne "$want" ]; then
    echo "qgn $*: status $got, not $want"
    cat stderr.txt
    failures=$((failures + 1))
  elif ! diff -u want.txt stderr.txt >diff.txt; then
    echo "qgn $*: another message"
    cat diff.txt
    failures=$((failures + 1))
  fi
}
RUNNER=(env)

# Fails the test unless the command succeeds.
must() {
  if ! "$@"; then
    echo "failed: $*"
    failures=$((failures + 1))
  fi
}

must_not() {
  if "$@"; then
    echo "succeeded: $*"
    failures=$((failures + 1))
  fi
}

# What needs something that may not be here stands behind one of these two: `if needs zsh; then ... fi`. tests/run.sh
# counts such a part as a test of its own, passed or skipped with this reason.
optional() { # why it is left out, a command that is true where it runs
  local why=$1
  shift
  if "$@" >/dev/null 2>&1; then
    echo "ran $why" >>"${QGN_PARTS:-/dev/null}"
  else
    echo "skipped $why" >>"${QGN_PARTS:-/dev/null}"
    return 1
  fi
}

# A command that tools/setup.sh does not install; without one that it does install the test fails.
needs() { # command
  if ! type -P "$1" >/dev/null && grep -q "cmd:$1 " "$QGN_ROOT/tools/setup.sh"; then
    echo "$1 is missing, which tools/setup.sh installs"
    failures=$((failures + 1))
    return 1
  fi
  optional "$1 is not here" type -P "$1"
}

is_plain() { [[ ${MODE:-} != *san ]]; } # a build without sanitizers

# same_bits SCRIPT TRAIN: what is kept of the train is the same on 1, 2, 3 and 8 threads; one.safetensors is left behind.
same_bits() {
  local threads
  for threads in 1 2 3 8; do
    check 0 run "$1" -q --fresh --threads "$threads" </dev/null
    [ "$threads" -gt 1 ] || cp "runs/latest/$2.state.safetensors" one.safetensors
    must cmp one.safetensors "runs/latest/$2.state.safetensors"
  done
}

finish() {
  [ "$failures" -eq 0 ] || exit 1
  exit 0
}
