# Shared by the accept scripts: a clean clone, and one line per point.
#
#   accept_clone         clones HEAD into a temporary folder and builds it; sets $clone and $qgn
#   point NAME COMMAND FIGURE BOUND ok|no     prints the line and counts it
#   accept_end           prints the totals; exit status 1 if a point failed
#   accept_groups N GROUP ...    the points of an issue: every file of tests/accept/N/ holds those of one part as functions
#                        group_NAME; runs the named groups, or all. They see $root (the checkout), $clone, $qgn, $here (an
#                        empty folder) and these functions
# shellcheck shell=bash
accept_failed=0 accept_passed=0
accept_tmp=$(mktemp -d)
trap 'rm -rf "$accept_tmp"' EXIT

point() { # name, command, figure, bound, ok
  local verdict=FAIL
  if [ "$5" = ok ]; then verdict=PASS accept_passed=$((accept_passed + 1)); else accept_failed=$((accept_failed + 1)); fi
  printf '%s | %s | %s | %s | %s\n' "$verdict" "$1" "$2" "$3" "$4"
}

# ok if the awk condition holds
holds() { awk "BEGIN { exit !($1) }" && echo ok || echo no; }

accept_clone() {
  clone=$accept_tmp/clone
  git clone -q --no-hardlinks "$root" "$clone" || exit 2
  make --no-print-directory -C "$clone" >"$accept_tmp/build.log" 2>&1 || { tail -20 "$accept_tmp/build.log"; exit 2; }
  qgn=$clone/build/qgn
}

# least and median milliseconds of N runs of a command
milliseconds() { # n, command...
  local n=$1 i t0 t1
  shift
  for ((i = 0; i < n; i++)); do
    t0=$(date +%s%N)
    "$@" >/dev/null 2>&1
    t1=$(date +%s%N)
    echo $(((t1 - t0) / 10000))
  done | sort -n | awk '{ v[NR] = $1 / 100 } END { printf "%.2f %.2f\n", v[1], v[int((NR + 1) / 2)] }'
}

accept_end() {
  printf '%d passed, %d failed\n' "$accept_passed" "$accept_failed"
  [ "$accept_failed" = 0 ]
}

accept_groups() { # issue, groups...
  local part group groups
  for part in tests/accept/"$1"/*.sh; do
    # shellcheck source=/dev/null
    . "$part"
  done
  shift
  groups=${*:-$(declare -F | sed -n 's/^declare -f group_//p')}
  accept_clone
  here=$accept_tmp/work
  mkdir -p "$here"
  export XDG_CACHE_HOME=$here/cache XDG_DATA_HOME=$here/data NO_COLOR=1
  for group in $groups; do "group_$group"; done
  accept_end
}
