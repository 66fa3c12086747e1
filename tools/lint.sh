#!/usr/bin/env bash
# What the compiler does not see: which layer includes which, codes without a test, hidden
# allocations, long files and functions, shell scripts. Prints each finding; status 1 if there is
# one.
set -u
cd "$(dirname "$0")/.." || exit 2
export LC_ALL=C
notes=$(mktemp) || exit 2
trap 'rm -f "$notes"' EXIT

# Reads findings from standard input; the text says what is wrong with them.
report() {
  local lines
  lines=$(cat)
  [ -n "$lines" ] || return 0
  echo "lint: $1" | tee -a "$notes"
  printf '  %s\n' "${lines//$'\n'/$'\n  '}"
}

c_files() { find "$@" \( -name '*.[chyl]' -o -name '*.def' \) -print0 2>/dev/null; }

# Lines in C files below the folders that match, without comment lines.
in_c() { # pattern folder...
  local pattern=$1
  shift
  c_files "$@" | xargs -0 -r grep -nHE "$pattern" | grep -vE '^[^:]+:[0-9]+: *(/?\*|//)'
}

layers() {
  in_c '#include "runtime/' lang grammar
  in_c '#include "lang/(ast|parse|ir|sema)/' lang/base
  in_c '#include "lang/(parse|ir|sema)/' lang/ast
  in_c '#include "lang/(ir|sema)/' lang/parse grammar
  in_c '#include "lang/(ast|parse|sema)/' lang/ir lang/qasm lang/draw
  for f in runtime/*/; do
    [ "$f" = runtime/cli/ ] || in_c '#include "(lang/(ast|parse|sema)|runtime/cli)/' "$f"
  done
}
layers | report "includes against the direction of the layers (ARCHITECTURE in README.md)"
in_c '#include <cblas' lang runtime | grep -v '^runtime/tensor/blas\.c:' | report "cblas.h outside runtime/tensor/blas.c"
in_c '#include <(readline|editline)/' lang runtime | grep -v '^runtime/cli/' | report "the line editor outside runtime/cli"

in_c '(^|[^_[:alnum:]>.])(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup|asprintf)\(' lang runtime |
  grep -v '^lang/base/mem\.c:' | report "memory that does not come from lang/base/mem.c"
in_c '(^|[^_[:alnum:]>.])(f?open|creat|rename|unlink|remove|mkdir|rmdir|symlink|opendir)\(' lang runtime |
  grep -v '^lang/base/io\.c:' | report "files outside lang/base/io.c"
in_c '(^|[^_[:alnum:]>.])(printf|puts|putchar|exit|_exit|abort|perror)\(' lang runtime |
  grep -vE '^(runtime/cli/|lang/base/mem\.c:)' | report "printing or leaving outside runtime/cli"
in_c '(^|[^_[:alnum:]>.])(s?rand|s?random|drand48|rand_r|setlocale|getenv|localtime|gmtime)\(' lang runtime |
  grep -v '^runtime/cli/' | report "hidden inputs (random numbers, locale, environment, dates) outside runtime/cli"
grep -nE -- '-ffast-math|-Ofast|-funsafe' Makefile | report "flags that change sums or NaN"

find lang runtime grammar stdlib tests tools bench examples Makefile -type f -print0 2>/dev/null |
  xargs -0 -r grep -nHIE '\b(TODO|FIXME|XXX)\b' |
  grep -vE 'TODO\(#[0-9]+\)|^tools/lint\.sh:' | report "TODO without the number of an issue: TODO(#12)"

# Each code of diag.def stands in an expected text or in the test of what gives it. The test of the
# renderer takes codes as examples only and does not count. E0999, a fault of qgn itself, has none: a
# program that gives it would be a bug to mend.
codes() {
  local id code texts tests
  texts=$(find tests -name '*.out' -exec cat {} + 2>/dev/null)
  tests=$(find tests \( -name '*.c' -o -name '*.sh' \) ! -name base_diag.c -exec cat {} + 2>/dev/null)
  while read -r id code; do
    [ "$code" = E0999 ] && continue
    grep -qF "[$code]" <<<"$texts" || grep -qE "$code|DIAG_$id\\b" <<<"$tests" || echo "$code (DIAG_$id)"
  done < <(sed -n 's/^DIAG(\([A-Z_0-9]*\), "\([EW][0-9]*\)".*/\1 \2/p' lang/base/diag.def)
}
codes | report "codes of diag.def that no test produces"
sh tools/coverage.sh | report "the grammar and spec.md without a test (tests/spec/coverage.txt)"
bash tools/pairs.sh | diff - tests/golden/parse/precedence_pairs.qgn | report "pairs of operators in tests/golden/parse/precedence_pairs.qgn (tools/pairs.sh)"

find lang runtime grammar stdlib tests tools bench examples \( -name '*.[chyl]' -o -name '*.def' -o -name '*.sh' -o -name '*.qgn' \) \
  -exec wc -l {} + 2>/dev/null | awk '$2 != "total" && $1 > 800 {print $2 ": " $1 " lines"}' | report "files over 800 lines"
[ "$(wc -l <Makefile)" -le 300 ] || echo "Makefile: $(wc -l <Makefile) lines" | report "files over their length"

if command -v ctags >/dev/null && ctags --version 2>/dev/null | grep -q Universal; then
  find lang runtime tests -name '*.c' -print0 | xargs -0 -r ctags --fields=+ne --c-kinds=f -o - 2>/dev/null |
    awk -F'\t' '{l = 0; e = 0
      for (i = 4; i <= NF; i++) { if ($i ~ /^line:/) l = substr($i, 6); if ($i ~ /^end:/) e = substr($i, 5) }
      if (e - l > 80) print $2 ": " $1 ", " e - l " lines"}' | report "functions over 80 lines"
else
  echo "lint: Universal Ctags is not here, the length of functions was not looked at"
fi
if command -v shellcheck >/dev/null; then
  # tests/accept/N/*.sh are parts of tests/accept/N.sh, whose variables they use.
  { find tools tests bench -name '*.sh' ! -name lib.sh ! -path 'tests/accept/*/*'; echo .ci/run; } |
    xargs shellcheck -x -S warning -f gcc 2>&1 | report "shell scripts"
  find tests/accept -mindepth 2 -name '*.sh' -print0 |
    xargs -0 -r shellcheck -s bash -e SC2154 -S warning -f gcc 2>&1 | report "parts of accept scripts"
else
  echo "lint: shellcheck is not here, shell scripts were not looked at"
fi

echo "lint: $(cat lang/ir/*.def 2>/dev/null | grep -E '^[A-Z_]+\(' | grep -cw LATER) rows of lang/ir/*.def are marked LATER"
[ ! -s "$notes" ] && echo "lint: nothing found"
