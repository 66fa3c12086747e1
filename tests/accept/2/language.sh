# shellcheck shell=bash
# shellcheck disable=SC2154 # clone, here, qgn come from 2.sh
# Grammar, formatting, mutants, times of `check`, fuzzing, experiments, static analysis, pages of messages.

# ok if the tests of the clone whose names hold the word pass
tests_pass() { # kind, word
  (cd "$clone" && make -s "test-$1" T="$2" 2>&1 | tail -1)
}

group_grammar() {
  local said expect
  expect=$(grep -c '^%expect 0' "$clone/grammar/qgn.y")
  said=$(cd "$clone" && bison -Wall -Wcounterexamples -Werror --output="$here/g.c" grammar/qgn.y 2>&1 | wc -l)
  point 'no conflicts in the grammar' 'bison -Wcounterexamples -Werror grammar/qgn.y' "%expect 0: $expect, $said lines of warnings" '%expect 0, none' \
    "$([ "$expect" = 1 ] && [ "$said" = 0 ] && echo ok || echo no)"
  said=$(tests_pass golden precedence)
  point 'trees of operators' 'make test-golden T=precedence' "$said" '0 failed' "$([[ $said == *' 0 failed'* && $said != 0\ passed* ]] && echo ok || echo no)"
}

group_fmt() {
  local said bad=0 n=0 f
  said=$(cd "$clone" && make -s build/release/tests/props/fmt >/dev/null 2>&1 && QGN_SAY=1 build/release/tests/props/fmt 2>/dev/null | grep '^# ')
  point 'fmt keeps trees and is idempotent' 'tests/props/fmt' "${said:-failed}" '10000 programs' "$([[ $said == '# 10000 programs'* ]] && echo ok || echo no)"
  for f in "$clone"/examples/*/main.qgn; do
    n=$((n + 1))
    "$qgn" fmt --check "$f" >/dev/null 2>&1 || bad=$((bad + 1))
  done
  point 'examples are in the one form' 'qgn fmt --check' "$bad of $n are not" '0' "$([ $bad = 0 ] && echo ok || echo no)"
}

group_mutants() {
  local said t0 t1 near each restored
  t0=$(date +%s)
  said=$(cd "$clone" && make -s mutants 2>/dev/null | tail -1)
  t1=$(date +%s)
  near=$(grep -oE 'within 2 lines [0-9.]+' <<<"$said" | grep -oE '[0-9.]+$')
  each=$(grep -oE '[0-9.]+ errors each' <<<"$said" | grep -oE '^[0-9.]+')
  restored=$(grep -oE 'restores [0-9.]+' <<<"$said" | grep -oE '[0-9.]+$')
  point 'no crash, no hang' 'make mutants' "$(grep -oE '^[0-9]+ mutants' <<<"$said"), $((t1 - t0)) s with building" '10000 in < 300 s' \
    "$([[ $said == '10000 mutants'* ]] && holds "$t1 - $t0 < 300" || echo no)"
  point 'first error within 2 lines' 'the same' "${near:-none} %" '>= 90 %' "$(holds "${near:-0} >= 90")"
  point 'errors of a refused mutant' 'the same' "${each:-none}" '<= 1.3' "$(holds "${each:-9} <= 1.3")"
  point 'fix restores misspellings' 'the same' "${restored:-none} %" '>= 60 %' "$(holds "${restored:-0} >= 60")"
}

group_time() {
  local f ms n=0 i
  for f in "$clone"/examples/*/main.qgn; do
    ms=$(milliseconds 5 "$qgn" check "$f" | cut -d' ' -f2)
    point "check of $(basename "$(dirname "$f")")" 'qgn check' "$ms ms" '< 50 ms' "$(holds "$ms < 50")"
  done
  {
    echo 'edition = 1'
    for ((i = 1; i < 1000; i++)); do
      if ((i % 50 == 0)); then echo "let wrong$i = missing$i + 1"; else echo "let fine$i = $i + 1"; fi
    done
    echo 'let last = missing_here + 1'
  } >"$here/long.qgn"
  n=$("$qgn" check "$here/long.qgn" 2>&1 | grep -c '^error')
  ms=$(milliseconds 5 "$qgn" check "$here/long.qgn" | cut -d' ' -f2)
  point 'all errors of a long script' 'qgn check, 1000 lines' "$n" '20' "$([ "$n" = 20 ] && echo ok || echo no)"
  point 'check of a long script with 20 errors' 'qgn check, 1000 lines' "$ms ms" '< 50 ms' "$(holds "$ms < 50")"
}

group_fuzz() {
  local runs cover open
  open=$(grep -cE 'soak-lang.* 0 findings open' "$clone/tests/SOAK.md")
  runs=$(grep -iE 'scanner.*parser.*checker|soak-lang' "$clone/tests/SOAK.md" | grep -oE '[0-9][0-9 ]{6,}' | tr -d ' ' | sort -n | tail -1)
  cover=$(grep -iE 'edge coverage of .*lang' "$clone/tests/SOAK.md" | grep -oE '[0-9.]+ ?%' | tail -1)
  point 'fuzz executions of scanner, parser, checker' 'tests/SOAK.md' "${runs:-none recorded}" '>= 10^7, no finding' "$(holds "${runs:-0} >= 1e7 && $open == 1")"
  point 'edge coverage of lang/' 'tests/SOAK.md' "${cover:-none recorded}" '>= 85 %' "$(holds "$(tr -d ' %' <<<"${cover:-0}") >= 85")"
}

group_experiments() {
  local all later said
  all=$(find "$clone/tests/experiments" -name '*.qgn' | wc -l)
  later=$(grep -vc '^#' "$clone/tests/experiments/LATER")
  said=$(tests_pass cli experiments)
  point 'experiments as listed' 'make test-cli T=experiments' "$said" '0 failed' "$([[ $said =~ ^[1-9][0-9]*\ passed,\ 0\ failed ]] && echo ok || echo no)"
  point 'experiments pass check without a warning' 'tests/experiments' "$((all - later)) of $all" 'all' "$([ "$later" = 0 ] && echo ok || echo no)"
}

group_analysis() {
  local name want said
  while IFS='|' read -r name want; do
    said=$("$qgn" check $name 2>&1 | grep -oE '[0-9]+ of the [0-9]+ parameters of `[a-z]+` can never change its result' | tr '\n' ' ')
    point "dead parameters: ${name##*/}" "qgn check $name" "${said:-silent}" "${want:-silent}" "$([ "${said% }" = "$want" ] && echo ok || echo no)"
  done <<END
$clone/tests/bad/advice/dead_last_rz.qgn|8 of the 48 parameters of \`qattn\` can never change its result
--set qubits=6 $clone/tests/bad/advice/dead_last_rz.qgn|6 of the 36 parameters of \`qattn\` can never change its result
$clone/tests/bad/advice/dead_one_measured.qgn|3 of the 8 parameters of \`pqc\` can never change its result
$clone/tests/bad/advice/dead_none.qgn|
END
  said=$(cd "$clone" && make -s build/release/tests/props/light_cone >/dev/null 2>&1 && QGN_SAY=1 build/release/tests/props/light_cone 2>/dev/null | grep '^# ')
  point 'unseen angles change nothing' 'tests/props/light_cone' "${said:-failed}" '300 random circuits, differences < 1e-12' "$([ -n "$said" ] && echo ok || echo no)"
}

group_highlighting() {
  local said
  said=$(cd "$clone" && sh tools/highlight.sh --check 2>&1)
  point 'highlighting is made from the tables' 'tools/highlight.sh --check' "${said:-up to date}" 'up to date' "$([ -z "$said" ] && echo ok || echo no)"
}

# tests/spec/coverage.txt maps each production of the grammar, each code and each rule of spec.md to a test.
group_coverage() {
  local said n
  said=$(cd "$clone" && sh tools/coverage.sh 2>&1)
  n=$(cd "$clone" && grep -cvE '^(#|$)' tests/spec/coverage.txt)
  point 'every production and rule of spec.md has a test' 'tools/coverage.sh' "$n rows, $(grep -c . <<<"$said") gaps" '0 gaps' \
    "$([ -z "$said" ] && [ "${n:-0}" -gt 250 ] && echo ok || echo no)"
  said=$(tests_pass unit parse_productions)
  point 'the test of each production uses it' 'make test-unit T=parse_productions' "$said" '0 failed' \
    "$([[ $said == '1 passed, 0 failed'* ]] && echo ok || echo no)"
}

group_pages() {
  local said
  said=$(tests_pass cli explain)
  point 'both scripts of each page of explain run' 'make test-cli T=explain' "$said" '0 failed' "$([[ $said =~ ^[1-9][0-9]*\ passed,\ 0\ failed ]] && echo ok || echo no)"
  said=$(cd "$clone" && bash tools/lint.sh 2>/dev/null | grep -A3 'codes of diag.def' | tr '\n' ' ')
  point 'each code has a test' 'make lint' "${said:-all}" 'all' "$([ -z "$said" ] && echo ok || echo no)"
  said=$(tests_pass docs docs)
  point 'examples of spec.md run' 'make test-docs' "$said" '0 failed' "$([[ $said == *' 0 failed'* ]] && echo ok || echo no)"
}
