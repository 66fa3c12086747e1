#!/usr/bin/env bash
# The points of "Document 003", on a clean clone of HEAD, a line each: PASS|FAIL | point | command | figure | bound.
# `8.sh NAME ...` runs only the groups of these names (lib.sh: accept_groups).
set -u
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
# shellcheck source=tests/accept/lib.sh
. tests/accept/lib.sh
accept_groups 8 "$@"
