#!/usr/bin/env bash
# make soak-circuits: 2000 random circuits (tests/props/circuits.c), a hundred at a time. An interrupted soak goes on
# where it stopped (build/soak/circuits.log holds a line for each hundred); when all are done their figures go into
# tests/SOAK.md. SOAK_CIRCUITS=N asks for another number.
set -u
cd "$(dirname "$0")/.." || exit 2
program=build/${MODE:-release}/tests/props/circuits
total=${SOAK_CIRCUITS:-2000} step=100
work=build/soak
log=$work/circuits.log
. tools/soak_lib.sh
mkdir -p $work
touch "$log"
done=$(awk '{ n += $1 } END { print n + 0 }' "$log")
while [ "$done" -lt "$total" ]; do
  n=$((total - done < step ? total - done : step))
  out=$(QGN_CIRCUITS=$done:$n "$program" 2>&1) || {
    echo "$out"
    exit 1
  }
  # circuits, with shift, and the largest distance of backprop, shift, differences, Hessian products
  echo "$out" | sed -n 's/^# \([0-9]*\) circuits, \([0-9]*\) with shift: backprop \([^,]*\), shift \([^,]*\), differences \([^,]*\), Hessian products \(.*\)$/\1 \2 \3 \4 \5 \6/p' >>"$log"
  done=$(awk '{ n += $1 } END { print n + 0 }' "$log")
  echo "$done of $total circuits"
done
text=$(awk '{ n += $1; s += $2; for (i = 3; i <= 6; i++) if ($i + 0 > m[i]) m[i] = $i + 0 }
  END { printf "%d random circuits, %d of them with shift: adjoint apart from backprop %.1e, shift %.1e, differences %.1e, Hessian products %.1e", n, s, m[3], m[4], m[5], m[6] }' "$log")
soak_note '`make soak-circuits`' "$text"
echo "$text"
