#!/usr/bin/env bash
# The two scripts of each page of `qgn explain`: the first gives its code and nothing else, the second passes
# without any message. A page is a script; lines `$ ...` before it are the commands (without any:
# `qgn check script.qgn`), and what follows `---- file NAME` is another file. Only E0998, which goes when all is
# built, and E0999, a fault of qgn, have none. Pages with commands are left out of the quick pass.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
mkdir bin && printf '#!/bin/sh\nexec "%s" "$@"\n' "$QGN" >bin/qgn && chmod +x bin/qgn
export PATH=$PWD/bin:$PATH

# Writes the files of a part of a page into a new folder and runs its commands there: status, stderr.txt
part() { # folder; the text on standard input
  rm -rf "$1" && mkdir "$1" && touch "$1/script.qgn"
  awk -v dir="$1" 'BEGIN { out = dir "/script.qgn"; to = dir "/commands" }
    /^\$ / { print substr($0, 3) >to; next }
    /^---- file / { out = dir "/" substr($0, 11); next }
    { print >out }'
  [ -e "$1/commands" ] || echo 'qgn check --deny warnings script.qgn' >"$1/commands"
  (cd "$1" && timeout 60 bash -e commands) >stdout.txt 2>stderr.txt </dev/null
}

# What a script cannot but give as well: the run that could not write fails at its end.
declare -A also=([W0803]="E0805 " [W0602]="W0603 ")

while read -r code; do
  page=$QGN_ROOT/stdlib/explain/$code.txt
  [[ $code != E0998 && $code != E0999 ]] || continue
  [ -e "$page" ] || { echo "$code has no page in stdlib/explain"; failures=$((failures + 1)); continue; }
  [ "$code" != E0702 ] || optional 'E0702: sanitizers need more memory than that' is_plain || continue
  [ -z "${QGN_QUICK:-}" ] || ! grep -q '^\$ ' "$page" || continue
  part wrong < <(sed '/^---- repaired$/,$d' "$page")
  said=$(grep -aoE '^(error|warning)\[[EW][0-9]+\]' stderr.txt | grep -oE '[EW][0-9]+' | sort -u | tr '\n' ' ')
  [ "${said/${also[$code]:-none}/}" = "$code " ] || { echo "the script of $code gives ${said:-nothing}"; cat stderr.txt; failures=$((failures + 1)); }
  part right < <(sed '0,/^---- repaired$/d' "$page") || { echo "the repaired script of $code: status $?"; cat stderr.txt; failures=$((failures + 1)); }
  must_not grep -aE '^(error|warning)' stderr.txt
done < <(sed -n 's/^DIAG([A-Z_0-9]*, "\([EW][0-9]*\)".*/\1/p' "$QGN_ROOT/lang/base/diag.def")

# what `explain` and `doc` show
check 0 explain W0312 </dev/null
must grep -q '^A script that gives it:' stdout.txt
must grep -q '^  rz(t\[1\]) q$' <(sed 's/^    /  /' stdout.txt)
must grep -q '^Repaired:' stdout.txt
check 0 doc wgan_gp </dev/null
must grep -q '^wgan_gp   (prelude' stdout.txt
must grep -q '^wgan_gp   (use std.gan: wgan_gp)' stdout.txt
must grep -q 'gradient_penalty(D, real, fake)$' stdout.txt
check 0 doc std.ansatz.qft </dev/null
must grep -q 'Quantum Fourier transform' stdout.txt
must grep -q '^    h q\[i\]$' <(sed 's/^  //' stdout.txt)
check 0 doc std.fair </dev/null
must grep -q '^  def parity_gap(said\[B\], group\[B\], k) $' stdout.txt
check 0 doc conv </dev/null
must grep -q '^conv(x, out, k, stride =, pad =, bias =, init =)   (layer)' stdout.txt
check 0 doc CNOT </dev/null
must grep -q '^`CNOT` is `cx` here$' stdout.txt
must grep -q '^  `cx q\[0\], q\[1\]`; over pairs: `chain(q)`, `ring(q)`, ...$' stdout.txt
check 0 doc </dev/null
must grep -q '^optimizer$' stdout.txt
must grep -q '^use std.ansatz$' stdout.txt
must [ "$(wc -L <stdout.txt)" -le 80 ]
check 2 doc pow <<'TEXT'
error[E0901]: the library has no `pow`
   ┌─ command line
   │ qgn doc pow
   │         ^^^
   = help: here it is written as ^
TEXT
check 2 doc wgan_g <<'TEXT'
error[E0901]: the library has no `wgan_g`
   ┌─ command line
   │ qgn doc wgan_g
   │         ^^^^^^
   = help: did you mean `qgn doc wgan_gp`?
TEXT

# where sizes come from
printf 'edition = 1\nhyper latent = 3\nhyper half = 2 * latent\nmodel G(z[latent]) -> [1] { linear(half); tanh; linear(1) }\ndraw z[5, latent] ~ normal(0, 1)\nG(z)\n' >why.qgn
check 0 check why.qgn --why z </dev/null
must grep -q '^why.qgn:5:6 draw z: a tensor \[5, 3\]$' stdout.txt
must grep -q '^    why.qgn:2:7 `hyper latent = 3`$' stdout.txt
check 0 check why.qgn --why G </dev/null
must grep -q '^  G.linear_1.weight\[6, 3\]$' stdout.txt
check 2 check why.qgn --why laten <<'TEXT'
error[E0901]: the script declares no `laten`
   ┌─ command line
   │ qgn check why.qgn --why laten
   │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: did you mean `--why latent`?
TEXT
finish
