# shellcheck shell=bash
# shellcheck disable=SC2154 # clone, here, accept_tmp, qgn come from 3.sh
# The points of "OpenQASM".

group_qasm() {
  local log=$accept_tmp/qasm.log figure total failed=0 n=0 script name bound
  make --no-print-directory -C "$clone" QGN_READY=1 build/release/tests/unit/rt_qasm >"$log" 2>&1 || tail -5 "$log"
  (cd "$clone" && build/release/tests/unit/rt_qasm) >"$log" 2>&1
  figure=$(sed -n 's/^# qasmbench: //p' "$log")
  point 'QASMBench small: probabilities, undefined registers refused at their line' 'tests/unit/rt_qasm' \
    "${figure:-not measured}" '77 files to 1e-9, 6 refused' \
    "$(grep -q 'OK.*test_qasmbench\|ok.*test_qasmbench' "$log" && [[ $figure == '77 files, 6 refused'* ]] && echo ok || echo no)"
  for script in "$clone"/examples/*/main.qgn; do
    while read -r name; do
      n=$((n + 1))
      "$qgn" export "$script" "$name" -o "$here/out.qasm" 2>"$log" || { failed=$((failed + 1)); tail -5 "$log"; }
    done < <("$qgn" specs "$script" | grep -v '^ ' | grep -x '[^ ]*[^ ]')
  done
  point 'export of every example circuit, proved by reading back' 'qgn export' "$n circuits, $failed not" 'n > 0, 0 not' \
    "$([ "$n" -gt 0 ] && [ "$failed" = 0 ] && echo ok || echo no)"
  bound=5000000
  total=$(sed -n 's/^| `make soak-qasm` | *\([0-9]*\) .*/\1/p' "$clone/tests/SOAK.md" 2>/dev/null)
  point 'fuzz executions of the reader' 'make soak-qasm, tests/SOAK.md' "${total:-0}" ">= $bound" "$([ "${total:-0}" -ge $bound ] && echo ok || echo no)"
}
