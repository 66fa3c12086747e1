#!/usr/bin/env bash
# The examples of README.md, spec.md and docs/ (but in the quick pass): each fenced block ```qgn is checked, ```qgn run is run; what
# is typed in a block that begins with `$ qgn` is typed again, and all of it has to come out. A block that is no whole script has
# another name (```text).
set -u
cd "$(dirname "$0")/.." || exit 2
root=$PWD
qgn=${QGN:-$root/build/release/qgn}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
n=0 bad=0
docs=(README.md spec.md)
[ -n "${QGN_QUICK:-}" ] || docs+=(docs/*.md)
for doc in "${docs[@]}"; do
  [ -e "$doc" ] || continue
  name=${doc##*/} name=${name%.md}
  # One file for each block, NAME-LINE.check.qgn, .run.qgn or .repl, where LINE is that of the fence.
  awk -v stem="$work/$name" '
    { before = last; last = $0 }
    /^\$ qgn$/ && before == "```" { file = stem "-" NR - 1 ".repl"; printf "" > file; next }
    /^```qgn *$/ { file = stem "-" NR ".check.qgn"; next }
    /^```qgn run *$/ { file = stem "-" NR ".run.qgn"; next }
    /^```/ { if (file) close(file); file = ""; next }
    file { print > file }' "$doc"
done
for block in "$work"/*.qgn; do
  [ -e "$block" ] || continue
  n=$((n + 1))
  base=$(basename "$block")
  where=${base%%.*}
  case $base in
  *.run.qgn) verb=(run --fresh) ;;
  *) verb=(check) ;;
  esac
  (cd "$work" && "$qgn" "${verb[@]}" "$base") >"$work/log" 2>&1 </dev/null || {
    echo "${where%-*}.md:${where##*-}: qgn ${verb[0]} fails"
    cat "$work/log"
    bad=$((bad + 1))
  }
done
for block in "$work"/*.repl; do
  [ -e "$block" ] || continue
  n=$((n + 1))
  where=$(basename "$block" .repl)
  (cd "$work" && sed -n 's/^qgn> //p' "$block" | XDG_STATE_HOME=$work "$qgn" repl --echo --quiet --color never) >"$work/log" 2>&1
  cmp -s "$block" "$work/log" && continue
  echo "${where%-*}.md:${where##*-}: another session"
  diff -u --label document --label got "$block" "$work/log"
  bad=$((bad + 1))
done
echo "$n blocks, $bad bad"
[ $bad -eq 0 ] && [ $n -gt 0 ]
