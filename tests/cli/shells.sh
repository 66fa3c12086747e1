#!/usr/bin/env bash
# What is made from the tables of verbs and options: completion of shells, manual pages; and `qgn new`.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

# ---- bash, really asked ------------------------------------------------------------------------------
"$QGN" completion bash >qgn.bash
must bash -n qgn.bash
completes() { # expected words, then the words of the line
  local want=$1 got
  shift
  got=$(bash -c '. ./qgn.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _qgn; echo "${COMPREPLY[*]}"' bash "$@")
  [ "$got" = "$want" ] && return
  echo "completing $*: $got, not $want"
  failures=$((failures + 1))
}
touch script.qgn other.txt
completes run qgn ru
completes 'doctor doc' qgn doc
completes --progress qgn run --pro
completes 'auto line plain json none' qgn run x --progress ''
completes 'vae vqe' qgn new v
completes script.qgn qgn run ''
completes 'dump' qgn help du
# every verb and every option that is built stands in all three
"$QGN" completion zsh >qgn.zsh
"$QGN" completion fish >qgn.fish
holds() { # file, text
  [[ ${texts[$1]} == *"$2"* ]] && return
  echo "qgn.$1 has no \"$2\""
  failures=$((failures + 1))
}
declare -A texts=([bash]=$(<qgn.bash) [zsh]=$(<qgn.zsh) [fish]=$(<qgn.fish))
while read -r verb; do
  holds bash "  $verb) options="
  holds zsh "    '$verb:"
  holds fish " -a $verb -d '"
done < <(sed -n 's/^VERB([A-Z]*, "\([a-z]*\)", NOW,.*/\1/p' "$QGN_ROOT/runtime/cli/verbs.def")
while read -r option; do
  holds bash "--$option"
  holds zsh "--$option"
  holds fish " -l $option "
done < <(sed -n '/ NOW, /s/^OPTION([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$QGN_ROOT/runtime/cli/options.def")
for shell in zsh fish; do
  if needs $shell; then must $shell -n qgn.$shell; fi
done
check 2 completion tcsh <<'TEXT'
error[E0901]: `qgn completion` wants bash, zsh or fish
   ┌─ command line
   │ qgn completion tcsh
   │                ^^^^
   = help: `qgn completion bash >~/.local/share/bash-completion/completions/qgn`
TEXT

# ---- manual pages ---------------------------------------------------------------------------------------
"$QGN" man pages >pages.txt
must grep -qx qgn-run.1 pages.txt
must [ "$(grep -c . pages.txt)" -ge 25 ]
while read -r page; do "$QGN" man "$page" || failures=$((failures + 1)); done <pages.txt >all.man
must_not grep -n "^'" all.man
if needs groff; then must [ -z "$(groff -man -Tutf8 -ww -z all.man 2>&1)" ]; fi
"$QGN" man run >by_verb.man
must grep -q '^\\fB\\-s, \\-\\-set NAME=VALUE\\fR$' by_verb.man
"$QGN" man qgn-run.1 | must cmp - by_verb.man
check 2 man nothing <<'TEXT'
error[E0901]: there is no page `nothing`
   ┌─ command line
   │ qgn man nothing
   │         ^^^^^^^
   = help: `qgn man pages` lists them
TEXT

# ---- new scripts: no warning, and what they expect holds ---------------------------------------------------
kinds=$(cd "$QGN_ROOT/stdlib/new" && ls -- *.qgn | sed 's/\.qgn$//')
must grep -q "^VERB(NEW, .* \"$(paste -sd'|' <<<"$kinds") FOLDER\"" "$QGN_ROOT/runtime/cli/verbs.def"
for kind in $kinds; do
  must "$QGN" new "$kind" "$kind" >said.txt
  must [ "$(tail -n 1 said.txt)" = "qgn run $kind" ]
  must "$QGN" check --deny warnings "$kind" >/dev/null
  must "$QGN" fmt --check "$kind"
  [ -n "${QGN_QUICK:-}" ] && [ "$kind" != vqe ] && continue
  must "$QGN" run -q "$kind" >run.txt 2>&1
  must grep -q '^ok ' run.txt
done
check 2 new vqe vqe <<'TEXT'
error[E0901]: `vqe/main.qgn` is there already
   ┌─ command line
   │ qgn new vqe vqe
   │             ^^^
   = help: name another folder
TEXT
check 2 new vqa x <<'TEXT'
error[E0901]: there is no script of the kind `vqa`
   ┌─ command line
   │ qgn new vqa x
   │         ^^^
   = help: did you mean `qgn new vqe x`?
TEXT
check 2 new <<'TEXT'
error[E0901]: `qgn new` wants a kind and a folder
   ┌─ command line
   │ qgn new
   │ ^^^^^^^
   = help: kinds are classifier, gaussian, vae, vqe: `qgn new classifier my_experiment`
TEXT
finish
