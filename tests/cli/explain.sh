#!/usr/bin/env bash
# The two scripts of each page of `qgn explain`: the first gives its code and nothing else, the second passes
# without any message. A code without a page needs a run, files, a command line, or more than a page shows.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
without=" E0007 E0106 E0340 E0410 E0502 E0503 E0601 E0702 E0801 E0803 E0804 E0805 E0806 E0807 E0808 E0901 E0998 E0999 W0601 W0602 W0603 W0803 W0804 W0805 "

while read -r code; do
  page=$QGN_ROOT/stdlib/explain/$code.txt
  if [ ! -e "$page" ]; then
    [[ $without == *" $code "* ]] || { echo "$code has no page in stdlib/explain"; failures=$((failures + 1)); }
    continue
  fi
  [[ $without != *" $code "* ]] || { echo "$code has a page: take it off the list"; failures=$((failures + 1)); }
  sed '/^---- repaired$/,$d' "$page" >"$code.qgn"
  sed '0,/^---- repaired$/d' "$page" >"${code}_repaired.qgn"
  "$QGN" check "$code.qgn" >stdout.txt 2>stderr.txt
  said=$(grep -oE '^(error|warning)\[[EW][0-9]+\]' stderr.txt | grep -oE '[EW][0-9]+' | sort -u | tr '\n' ' ')
  [ "$said" = "$code " ] || { echo "the script of $code gives ${said:-nothing}"; cat stderr.txt; failures=$((failures + 1)); }
  "$QGN" check --deny warnings "${code}_repaired.qgn" >stdout.txt 2>stderr.txt ||
    { echo "the repaired script of $code:"; cat stderr.txt; failures=$((failures + 1)); }
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
