#!/usr/bin/env bash
# Fuzzes the reader of OpenQASM with libFuzzer (clang), ASan and UBSan, and adds what was done to
# tests/SOAK.md. May be stopped and started again: the corpus in build/soak-qasm/ stays, and the number of
# executions is cumulative.
#
#   bash tools/soak_qasm.sh [SECONDS]     default 600
#   bash tools/soak_qasm.sh --merge       the smallest corpus that reaches the same, into tests/fuzz/qasm/corpus.ar
set -u
cd "$(dirname "$0")/.." || exit 2
work=build/soak-qasm
. tools/fuzz_lib.sh
mkdir -p $work/corpus $work/found $work/given $work/seeds build/gen
cp tests/fuzz/qasm/*.qasm $work/seeds/
fuzz_unpack qasm $work/given
# shellcheck disable=SC2086 # several words on purpose
clang -std=c17 -O2 $FUZZ_CFLAGS -fsanitize=fuzzer -DQASM_MAX_OPS=2000 -I. -Ibuild/gen \
  tests/fuzz/qasm.c lang/qasm/{lex,parse,parse_expr,fold,condition,call,expand,cone}.c lang/base/*.c lang/ir/gate.c -lmd -lutf8proc -lm -o $work/fuzz || exit 2
# Words of the language, for the mutations.
{
  sed -n 's/^QASM_NAME("\([A-Za-z0-9]*\)".*/"\1"/p' lang/qasm/names.def
  grep -oE '"[a-zA-Z]{2,12}"' lang/qasm/parse.c lang/qasm/fold.c | sed 's/.*://' | sort -u
  printf '"%s"\n' 'OPENQASM 2.0;' 'OPENQASM 3;' 'include \"qelib1.inc\";' 'include \"stdgates.inc\";' 'qreg q[2];' 'ctrl @ ' 'pow(0.5) @ ' ' -> c[0]'
} >$work/words
if [ "${1:-}" = --merge ]; then
  fuzz_merge qasm $work/fuzz 300000 $work/seeds 1000 $work/corpus $work/given
  exit
fi
fuzz_total qasm '`make soak-qasm`' >/dev/null
fuzz_round qasm $work/fuzz "${1:-600}" $work/words 1000 $work/corpus $work/seeds $work/given
status=$?
[ $status = 0 ] || tail -30 $work/qasm.log
soak_note '`make soak-qasm`' "$(cat $work/qasm.total) executions of the reader of OpenQASM (libFuzzer, ASan, UBSan), $(cat $work/qasm.edges) edges, $(fuzz_open qasm) findings open; one was found and mended: a register of one qubit beside a larger one"
exit $status
