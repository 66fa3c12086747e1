#!/usr/bin/env bash
# The points of "The documents, end to end", on a clean clone of HEAD: one line each,
#   PASS|FAIL | point | command | figure | bound
# Every file of tests/accept/6/ holds the points of one part as functions group_NAME; `6.sh NAME ...` runs
# only the named groups. The groups see $root (this checkout), $clone, $qgn, $here (an empty folder) and
# the functions of lib.sh.
set -u
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
# shellcheck source=tests/accept/lib.sh
. tests/accept/lib.sh
for part in tests/accept/6/*.sh; do
  # shellcheck source=/dev/null
  . "$part"
done
groups=${*:-$(declare -F | sed -n 's/^declare -f group_//p')}
accept_clone
here=$accept_tmp/work
mkdir -p "$here"
export XDG_CACHE_HOME=$here/cache XDG_DATA_HOME=$here/data NO_COLOR=1
for g in $groups; do "group_$g"; done
accept_end
