#!/usr/bin/env bash
# The points of "The language", on a clean clone of HEAD, a line each: PASS|FAIL | point | command | figure | bound.
# `2.sh NAME ...` runs only the groups of these names (lib.sh: accept_groups).
set -u
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
# shellcheck source=tests/accept/lib.sh
. tests/accept/lib.sh
export QGN_DATA=${QGN_DATA:-$root/data}
accept_groups 2 "$@"
