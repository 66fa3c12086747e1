#!/usr/bin/env bash
# The points of "The REPL and the teaching path", on a clean clone of HEAD, a line each: PASS|FAIL | point | command | figure | bound.
# `7.sh NAME ...` runs only the groups of these names (lib.sh: accept_groups).
set -u
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
# shellcheck source=tests/accept/lib.sh
. tests/accept/lib.sh
accept_groups 7 "$@"
