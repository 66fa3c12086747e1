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

finish() {
  [ "$failures" -eq 0 ] || exit 1
  exit 0
}
