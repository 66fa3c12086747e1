# shellcheck shell=bash
# shellcheck disable=SC2154 # set by the scripts that read this
# Shared by the scripts that soak. $work is the folder in build/ that keeps what was done.

# The row of tests/SOAK.md with this first cell, new or in the place of the old one.
soak_note() { # first cell, text
  awk -v cell="$1" -v row="| $1 | $2 |" '
    BEGIN { head = "| " cell " | " }
    substr($0, 1, length(head)) == head { $0 = row; done = 1 }
    { print }
    END { if (!done) print row }' tests/SOAK.md >"$work/SOAK.md" && cp "$work/SOAK.md" tests/SOAK.md
}
