#!/usr/bin/env bash
# The examples of README.md, spec.md and docs/ (but in the quick pass): each fenced block ```qgn is checked, ```qgn run is run. A
# block that is no whole script has another name (```text).
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
  # One file for each block, NAME-LINE.check.qgn or .run.qgn, where LINE is that of the fence.
  awk -v stem="$work/$name" '
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
echo "$n blocks, $bad bad"
[ $bad -eq 0 ]
