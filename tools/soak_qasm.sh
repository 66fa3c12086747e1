#!/usr/bin/env bash
# Fuzzes the reader of OpenQASM with libFuzzer (clang), ASan and UBSan, and adds what was done to
# tests/SOAK.md. May be stopped and started again: the corpus in build/soak-qasm/ stays, and the number of
# executions is cumulative.
#
#   bash tools/soak_qasm.sh [SECONDS]     default 600
set -u
cd "$(dirname "$0")/.." || exit 2
command -v clang >/dev/null || { echo "soak-qasm: clang with libFuzzer is not here"; exit 2; }
work=build/soak-qasm
mkdir -p $work/corpus $work/found build/gen
clang -std=c17 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -DLIBFUZZER -DQASM_MAX_OPS=2000 -I. -Ibuild/gen \
  tests/fuzz/qasm.c lang/qasm/{lex,parse,parse_expr,fold,condition,call,expand}.c lang/base/*.c lang/ir/gate.c -lmd -lutf8proc -lm -o $work/fuzz || exit 2
# Words of the language, for the mutations.
{
  sed -n 's/^QASM_NAME("\([A-Za-z0-9]*\)".*/"\1"/p' lang/qasm/names.def
  grep -oE '"[a-zA-Z]{2,12}"' lang/qasm/parse.c lang/qasm/fold.c | sed 's/.*://' | sort -u
  printf '"%s"\n' 'OPENQASM 2.0;' 'OPENQASM 3;' 'include \"qelib1.inc\";' 'include \"stdgates.inc\";' 'qreg q[2];' 'ctrl @ ' 'pow(0.5) @ ' ' -> c[0]'
} >$work/words
$work/fuzz -max_total_time="${1:-600}" -max_len=1000 -timeout=10 -rss_limit_mb=3000 -dict=$work/words -print_final_stats=1 \
  -artifact_prefix=$work/found/ $work/corpus tests/fuzz/qasm >$work/log 2>&1
status=$?
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' $work/log | tail -1)
edges=$(grep -oE 'cov: [0-9]+' $work/log | tail -1)
[ -e $work/total ] || sed -n "s#^| .make soak-qasm. | \([0-9]*\) .*#\1#p" tests/SOAK.md >$work/total # what earlier runs did, on another machine
total=$(($(cat $work/total 2>/dev/null || echo 0) + ${runs:-0}))
echo $total >$work/total
echo "soak-qasm: ${runs:-0} executions in this run, $total in all, ${edges:-no} edges, $(find $work/found -type f | wc -l) findings"
row="| \`make soak-qasm\` | $total executions of the reader of OpenQASM (libFuzzer, ASan, UBSan), ${edges#cov: } edges, $(find $work/found -type f | wc -l) findings open |"
[ -e tests/SOAK.md ] || printf '# Soaks\n\nFigures are cumulative over any number of runs.\n\n| soak | figures |\n| --- | --- |\n' >tests/SOAK.md
grep -v '^| `make soak-qasm`' tests/SOAK.md >$work/SOAK.md
echo "$row" >>$work/SOAK.md
cp $work/SOAK.md tests/SOAK.md
[ $status = 0 ] || tail -30 $work/log
exit $status
