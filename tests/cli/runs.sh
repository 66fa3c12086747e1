#!/usr/bin/env bash
# list, show, diff, verify, clean, test, data.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
export XDG_CACHE_HOME=$PWD/cache
mkdir -p good/below data
cat >good/a.qgn <<'TEXT'
edition = 1
hyper lr = 0.1
dataset d { csv("t.csv", x = ["a"], label = "kind"); take(6) }
model F(x[1]) -> [1] { linear(2); tanh; linear(1) }
train fit {
  data = d; batch = 3; epochs = 5
  optimizer F = adam(lr)
  step x[B, 1] { minimize mse(F(x), x) over F }
}
expect fit.loss[-1] < 10
F([0.5])
TEXT
printf 'a,kind\n1,p\n0.5,q\n0.25,p\n-1,q\n0.3,q\n0,p\n' >data/t.csv
unset HOME
must "$QGN" run -q --data data good/a.qgn >/dev/null 2>&1
one=$(basename "$(readlink runs/latest)")
must "$QGN" run -q --data data --set lr=0.2 good/a.qgn >/dev/null 2>&1
two=$(basename "$(readlink runs/latest)")
"$QGN" list >out.txt
must [ "$(wc -l <out.txt)" -eq 3 ]
must grep -qE "^$one  *20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} ok  *1/1  *- " out.txt
must grep -qE "^$two  *20[-0-9]* [0-9:]* ok  *1/1  *-  *lr=0.2$" out.txt
must [ "$(sed -n 2p out.txt | cut -d' ' -f1)" = "$two" ]
touch -d '+1 hour' "runs/$one/results.json"
"$QGN" list >out.txt
must [ "$(sed -n 2p out.txt | cut -d' ' -f1)" = "$one" ]
"$QGN" show "$two" >out.txt
must grep -qx 'hypers       lr                           0.2' out.txt
# a long number puts the end of it on a line of its own
tr -s ' \n' ' ' <out.txt >words.txt
must grep -q ' times fit [0-9.e-]* s, [0-9.e-]* s an epoch, 10 steps series ' words.txt
# claims and choices, and nothing wider than 80 columns where there is a blank to break at
cat >wide.qgn <<'TEXT'
edition = 1
hyper n = 4
let x = linspace(0, 1, n)
x
choice("points", n, document = 40, why = "a much longer reason that does not fit into what is left of the line here")
choice("ends", (0, 1), document = (0, 1))
choice("spacing", "even")
claim("W.1", mean(x) > 0, document = "a long sentence of the document that says what it found and how, in many words",
      measured = (mean(x), sum(x)))
claim("W.2", mean(x) == 7 and sum(x) == 7 and
      max(x) == 7 and min(x) == 7 and std(x) == 7 and max(x) + min(x) == 14)
TEXT
must "$QGN" run -q wide.qgn >out.txt
# the report says what a claim is, however long
whole='mean(x) == 7 and sum(x) == 7 and max(x) == 7 and min(x) == 7 and std(x) == 7 and max(x) + min(x) == 14'
must grep -qF "<td>W.2</td><td><code>$whole</code></td>" runs/latest/report.html
must grep -qF "| W.2 | $whole |  |  | not reproduced |" runs/latest/report.md
"$QGN" show "$(basename "$(readlink runs/latest)")" >out.txt
must_not grep -q '.\{81\}' out.txt
must grep -qx 'claims       W.1                          reproduced' out.txt
must grep -qx '                                          measured 0.5, 2' out.txt
must grep -qx 'choices      points                       4, changed from 40: a much longer' out.txt
must grep -qx '             ends                         0, 1, stated' out.txt
must grep -qx '             spacing                      even, assumed' out.txt
"$QGN" diff "$one" "runs/$two" >out.txt
must [ $? -eq 1 ]
must grep -q '^hyper lr  *0.1  *0.2$' out.txt
must "$QGN" diff "$one" "$one" >out.txt 2>&1
# a name that is begun is offered, not taken
must_not "$QGN" show "${one%?}" >out.txt 2>err.txt
must grep -q "did you mean \`$one\`" err.txt
# what a sweep runs shows nothing, and does not differ
cat >swept.qgn <<'TEXT'
edition = 1
hyper n = 2
circuit c() -> [] on q[1] { param a[1] = 0.3; ry(a) q; return expval(Z(q[0])) }
train t { epochs = 2; optimizer c = adam(0.1); step { minimize n * c() over c } }
sweep s over t { vary n in [1, 2]; record value = c() }
s.value
TEXT
must "$QGN" run -q swept.qgn >/dev/null
"$QGN" diff "$one" latest >out.txt
must grep -q '^print s.value ' out.txt
must_not grep -q '^print  ' out.txt
# a table is no script
check 2 run data/t.csv <<'TEXT'
error[E0803]: `data/t.csv` is no script
   = help: data are read in a script: `dataset d { csv("data/t.csv") }`; `qgn data show data/t.csv` says what is in them
TEXT
# verify: nothing changed; then one byte of weights, script, data, metrics
verify() { "$QGN" verify --data data "$1" >out.txt 2>err.txt; }
must verify "$one"
must grep -q 'every number is the same' out.txt
changed() { # file, text of the message
  rm -rf copy && cp -r "runs/$one" copy
  printf '%s' X | dd of="copy/$1" bs=1 seek="$3" conv=notrunc 2>/dev/null
  verify copy
  [ $? -eq 7 ] || { echo "$1: not 7"; cat out.txt err.txt; failures=$((failures + 1)); }
  must grep -q "error\[E0808\].*$2" err.txt
}
changed script.qgn 'script.qgn was changed' 20
changed metrics.csv 'metrics.csv, line 2' 30
changed fit.safetensors 'fit.safetensors is damaged' 900
changed fit.safetensors 'fit.safetensors, byte 150 of its head' 150
rm -rf copy && cp -r "runs/$one" copy
sed -i 's/"last": [-0-9.e]*/"last": 7.5/' copy/results.json
verify copy
must [ $? -eq 7 ]
must grep -q 'results.json, series.fit.loss.last' err.txt
must grep -q 'stored: 7.5' err.txt
rm -rf copy && cp -r "runs/$one" copy
sed -i 's/"family": "[^"]*"/"family": "another"/' copy/qgn.lock
verify copy
must [ $? -eq 2 ]
must grep -q 'error\[E0804\].* was made with other kernels' err.txt
sed -i 's/0.25/0.26/' data/t.csv
verify "$one"
must [ $? -eq 7 ]
must grep -q 'data in qgn.lock, t.csv' err.txt
must_not verify nothing
sed -i 's/0.26/0.25/' data/t.csv
# test
cp good/a.qgn good/below/b.qgn
printf 'edition = 1\nexpect 1 > 2\n' >good/below/c.qgn
"$QGN" test --data data good >out.txt 2>&1
must [ $? -eq 1 ]
must grep -q '^ok      good/a.qgn' out.txt
must grep -q '^FAILED  good/below/c.qgn' out.txt
must grep -q 'FAILED  1 > 2' out.txt
must grep -qx '2 passed, 1 failed' out.txt
must "$QGN" test --data data good/a.qgn >out.txt 2>&1
# data
"$QGN" data --data data >out.txt
must grep -q '^  csv .* t.csv$' out.txt
"$QGN" data show --data data t.csv >out.txt
must grep -q 't.csv: 6 rows$' out.txt
must grep -q '^a  *\[\]  real  -1 to 1, mean' out.txt
must grep -q '^kind  *\[\]  label  2 classes$' out.txt
"$QGN" data show nothing.csv >out.txt 2>err.txt
must [ $? -eq 3 ]
must grep -q 'error\[E0501\]: `nothing.csv` is not there' err.txt
# warnings about a train are said again where it is loaded
sed '/^# run/d' "$QGN_ROOT/tests/bad/train/gan_collapse.qgn" >gan.qgn
"$QGN" run -q gan.qgn >/dev/null 2>once.txt
must grep -q 'warning.W0601' once.txt
must_not grep -q 'as recorded' once.txt
echo '1 + 1' >>gan.qgn
"$QGN" run gan.qgn >/dev/null 2>again.txt
must grep -q 'loaded, an equal train' again.txt
must grep -q 'warning.W0601' again.txt
must grep -q 'as recorded: the train was run before, and is loaded' again.txt
# clean
must [ "$(find cache -name '*.safetensors' | wc -l)" -gt 0 ]
must "$QGN" clean >out.txt
must [ "$(find cache -name '*.safetensors' | wc -l)" -eq 0 ]
must "$QGN" clean "$two" >out.txt
must_not test -e "runs/$two"
must test -e "runs/$one"
finish
