#!/usr/bin/env bash
# Fuzzes scanner, parser and checker with libFuzzer (clang), ASan and UBSan, and adds what was done to
# tests/SOAK.md. May be stopped and started again: the corpus in build/soak-lang/ stays, and the number of
# executions is cumulative. It works in rounds; each is counted when it ends.
#
#   bash tools/soak_lang.sh [SECONDS]     default 600
#   bash tools/soak_lang.sh --merge       the smallest corpus that reaches the same, into tests/fuzz/check/corpus.ar
#   bash tools/soak_lang.sh --coverage    edges of lang/ that its tests and the replayed corpora reach
set -u
cd "$(dirname "$0")/.." || exit 2
work=build/soak-lang
mended='five were found and mended: a layer on the first line of a model without inputs, a sweep declared twice, long loops in quadratic time, a batch below 0, formatting of a line that begins with `;` and `-`'
. tools/fuzz_lib.sh
length=1500 # of the longest inputs; most are shorter, since the time of one grows with its length
FUZZ_FLAGS=-detect_leaks=0 # names and the prelude stay from one execution to the next: leaks are looked for at the end of a round
program=build/fuzz/tests/fuzz/check
mkdir -p $work/corpus $work/seeds $work/found $work/given

build() { # MODE, its flags, targets
  local mode=$1 flags=$2
  shift 2
  make -s MODE="$mode" CC=clang CI= "OPT_$mode=$flags" "KOPT_$mode=$flags" "$@" >$work/build.log 2>&1 || { tail -20 $work/build.log; exit 2; }
}

fuzzer() { build fuzz "-O2 $FUZZ_CFLAGS" LDFLAGS=-fsanitize=fuzzer $program; }

# Scripts that stand in other texts: examples of documents, pages of `explain`, transcripts of the prompt, tests of the
# command line; and files of OpenQASM, each brought along by a script that uses it.
texts() { # folder
  local f n
  mkdir -p "$1"
  for f in README.md spec.md docs/*.md; do
    awk -v stem="$1/$(basename "$f" .md)" '/^```qgn/ { out = stem "-" NR ".qgn"; next } /^```/ { out = ""; next } out { print >out }' "$f"
  done
  for f in stdlib/explain/*.txt; do
    awk -v stem="$1/$(basename "$f" .txt)" 'BEGIN { out = stem ".qgn" } /^\$ / { next } /^---- repaired$/ { out = stem "-right.qgn"; next }
      /^---- file / { print "#file " substr($0, 11) >out; next } { print >out }' "$f"
  done
  for f in tests/repl/*.txt; do
    { echo 'edition = 1'; sed -nE 's/^(qgn> |  [[({.#]> )([^:].*)$/\2/p' "$f"; } >"$1/repl-$(basename "$f" .txt).qgn"
  done
  for f in tests/cli/*.sh; do
    awk -v stem="$1/cli-$(basename "$f" .sh)" -v quote="'" '$0 == end { end = ""; next } end != "" { print >out; next }
      match($0, "^cat >[a-z/]*[.]qgn <<" quote "[A-Z]+" quote "$") { out = stem "-" NR ".qgn"; end = $0; gsub("^.*<<.|.$", "", end) }' "$f"
  done
  for f in tests/fuzz/qasm/*.qasm; do
    for n in 1 2 3 4; do
      {
        printf 'edition = 1\nuse "f.qasm" as b\ncircuit c(x[2]) on q[%s] {\n  b(x) q\n  return probs(q)\n}\n' "$n"
        printf 'circuit d() on q[%s] { b q; return expval(Z(q)) }\nd()\n#file f.qasm\n' "$n"
        cat "$f"
      } >"$1/qasm-$(basename "$f" .qasm)-$n.qgn"
    done
  done
}

# All scripts that are small enough; with the words of the tables for the mutations.
seeds() {
  local f
  find tests examples stdlib -name '*.qgn' -size -4 | while read -r f; do cp "$f" "$work/seeds/$(tr '/' '_' <<<"$f")"; done
  texts $work/seeds
  {
    sed -n 's/^[A-Z_]*("\([^"\\ ]*\)".*/"\1"/p' lang/sema/*.def
    sed -n 's/^[A-Z]*([A-Z_0-9]*, *"\([^"\\ ]*\)".*/"\1"/p' lang/ir/gates.def lang/ir/channels.def lang/ir/optims.def lang/ir/data.def lang/ir/circuit_methods.def
    grep -oE '`[a-z_]{2,20}`' spec.md | tr '`' '"' # reserved words, attributes, all that the tables of spec.md name
    sed -n 's/^KEYWORD("\([a-z]*\)".*/" \1 "/p' grammar/keywords.def
    printf '"%s"\n' 'edition = 1\x0a' ' on q[2] {' 'step x[B, 1] {' 'optimizer ' ' = adam(0.1)\x0a' 'expval(' 'Z(q)' 'q[0], q[1]' 'train t {\x0a' \
      'epochs = 2; ' 'minimize ' ' over ' ' per ' ' clip 1' 'weights(' 'grad(' 'record r = ' 'fn' '\xce\xb8' '|> ' '..=' ':= ' 'pi' '2px' '90deg' '1us' \
      'use std.gan: ' 'chain(q)' 'ctrl @ ' 'inv @ ' 'negctrl(2) @ ' 'pow(2) @ ' 'shots = 10' 'gradient = ' 'noise_method = ' 'noisy(' 'precision = ' \
      '\x0a#file f.qasm\x0a' 'OPENQASM 3;\x0ainclude \"stdgates.inc\";\x0a' 'OPENQASM 2.0;\x0ainclude \"qelib1.inc\";\x0a' 'qubit[2] q;\x0a' 'measure q -> c;' 'use \"f.qasm\" as b\x0a' \
      '\x0a#file p.txt\x0a' '\x0a#file p.qgn\x0a' 'x 2\x0alabel\x0a' 'load(G, \"G.safetensors\")' 'csv(\"a.csv\")'
  } | sort -u >$work/words
  fuzz_unpack check $work/given
}

soak() { # seconds
  local end=$(($(date +%s) + $1)) left status=0 turn=2 lengths seconds
  fuzzer
  seeds
  fuzz_total check '`make soak-lang`' >/dev/null
  while left=$((end - $(date +%s))) && [ $left -gt 0 ] && [ $status = 0 ]; do
    turn=$(((turn + 1) % 3))
    lengths=(100 350 "$length") seconds=(150 100 50)
    fuzz_round check $program $((left < seconds[turn] ? left : seconds[turn])) $work/words "${lengths[turn]}" $work/corpus $work/seeds $work/given
    status=$?
  done
  [ $status = 0 ] || tail -40 $work/check.log
  soak_note '`make soak-lang`' "$(cat $work/check.total) executions of scanner, parser and checker (libFuzzer, ASan, UBSan), $(cat $work/check.edges) edges, $(fuzz_open check) findings open; $mended"
  exit $status
}

merge() {
  fuzzer
  seeds
  fuzz_merge check $program 800000 $work/seeds $length $work/corpus $work/given
}

# Edges of lang/ that its tests and the replayed corpora reach, none left out because another one implies it; what is
# reached least is listed in $work/coverage. Golden and wrong programs count as scripts of fuzz:check.
coverage() {
  local programs name said
  programs=$(for name in tests/unit/{base,ast,parse,ir,sema,lang}_*.c tests/fuzz/{check,parse,qasm}.c; do [ ! -e "$name" ] || echo "build/edges/${name%.c}"; done)
  # shellcheck disable=SC2086 # several words on purpose
  build edges '-O1 -g1 -fsanitize-coverage=trace-pc-guard,no-prune' LDFLAGS=-fsanitize=undefined $programs
  rm -rf $work/edges $work/texts
  mkdir -p $work/edges
  texts $work/texts
  for name in $programs; do
    case $name in
    */unit/*) KINDS_STEP=1 UBSAN_OPTIONS=coverage=1:coverage_dir=$work/edges $name >/dev/null 2>&1 ;;
    *)
      find tests examples stdlib $work/texts \( -name '*.qgn' -o -path "tests/fuzz/${name##*/}/*" \) -type f -print0 | LC_ALL=C sort -z |
        UBSAN_OPTIONS=coverage=1:coverage_dir=$work/edges xargs -0 "$name" >/dev/null 2>&1
      ;;
    esac || echo "$name: status $?"
  done
  # shellcheck disable=SC2086
  said=$(python3 tools/edges.py $work/edges $programs 2>$work/coverage) || exit 2
  echo "soak-lang: $said"
  soak_note 'edge coverage of lang/' "by its tests and the replayed corpora (SanitizerCoverage, no edge left out): $said"
}

case ${1:-600} in
--merge) merge ;;
--coverage) coverage ;;
*) soak "${1:-600}" ;;
esac
