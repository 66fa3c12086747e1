# shellcheck shell=bash
# shellcheck disable=SC2154 # clone, here, qgn come from 7.sh
# What teaches: the tutorial, recipes, manual pages, completion of shells, scripts to begin with.

group_install() {
  local to=$here/installed n out
  make --no-print-directory -C "$clone" install DESTDIR="$to" PREFIX=/usr >"$here/install.log" 2>&1
  n=$(find "$to/usr/share/man" -name 'qgn*.[157]' | wc -l)
  point "manual pages" "make install" "$n pages" ">= 25" "$(holds "$n >= 25")"
  if command -v groff >/dev/null; then
    out=$(find "$to/usr/share/man" -name '*.[157]' -exec groff -man -Tutf8 -ww -z {} + 2>&1 | wc -l)
    point "manual pages that roff reads" "groff -man -ww" "$out warnings" 0 "$(holds "$out == 0")"
  fi
  for out in bash-completion/completions/qgn zsh/site-functions/_qgn fish/vendor_completions.d/qgn.fish; do
    point "completion: ${out%%/*}" "make install" "$(wc -l <"$to/usr/share/$out" 2>/dev/null || echo 0) lines" ">= 20" \
      "$(holds "$(wc -l <"$to/usr/share/$out" 2>/dev/null || echo 0) >= 20")"
  done
  out=$(cd "$clone" && MODE=release bash tests/run.sh cli/shells.sh | tail -n 1)
  point "completion asked in bash, pages, new scripts" "tests/run.sh cli/shells.sh" "$out" "0 failed" \
    "$([[ $out =~ ^[1-9][0-9]*\ passed,\ 0\ failed ]] && echo ok || echo no)"
}

group_new() {
  local kind status
  for kind in gaussian classifier vqe vae; do
    (cd "$here" && "$qgn" new "$kind" "new-$kind" >/dev/null && "$qgn" check --deny warnings "new-$kind" >/dev/null 2>&1 &&
      "$qgn" run -q "new-$kind" >"new-$kind.txt" 2>&1)
    status=$?
    point "qgn new $kind" "qgn new, check --deny warnings, run" "status $status, $(grep -c '^ok ' "$here/new-$kind.txt") expectations hold" \
      "status 0, >= 1" "$([ $status = 0 ] && holds "$(grep -c '^ok ' "$here/new-$kind.txt") >= 1")"
  done
}

group_docs() {
  local n out file
  n=$(grep -c '^## ' "$clone/docs/cookbook.md")
  out=$(cd "$clone" && QGN=$qgn bash tests/docs.sh | tail -n 1)
  point "recipes" docs/cookbook.md "$n; $out" ">= 15, 0 bad" "$([[ $out == *", 0 bad" ]] && holds "$n >= 15")"
  n=$(awk '/^```qgn/ { on = 1; n = 0; next } /^```/ && on { on = 0; if (n > most) most = n } on { n++ } END { print most + 0 }' "$clone/docs/cookbook.md")
  point "lines of the longest recipe" docs/cookbook.md "$n" "<= 25" "$(holds "$n <= 25")"
  for file in tutorial from-pennylane from-pytorch; do
    n=$(grep -c '' "$clone/docs/$file.md")
    point "docs/$file.md" "wc -l" "$n lines" ">= 50" "$(holds "$n >= 50")"
  done
  n=$(sed -n 's/^step \([0-9]*\) of 10.*/\1/p' "$clone/tests/repl/tutorial.txt" | sort -nu | wc -l)
  point ":tutorial" tests/repl/tutorial.txt "$n steps, the last line \`$(tail -n 4 "$clone/tests/repl/tutorial.txt" | head -1 | cut -c1-40)\`" \
    "10 steps" "$(holds "$n == 10")"
}
