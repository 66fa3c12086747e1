#!/usr/bin/env bash
# Random search: the same points for --list, --point and other numbers of samples; points launched by GNU
# parallel, two at once on one memo, are those of the run alone.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
export XDG_CACHE_HOME=$PWD/cache
cat >r.qgn <<'TEXT'
edition = 1
hyper lr = 0.1
hyper n = 2 where n in 1..=4
hyper opt = "adam" where opt in ["adam", "sgd"]
hyper shift = false
circuit tilt() -> [] on q[n] {
  param θ[n] ~ uniform(0, 3)
  ry(θ) q
  cx chain(q)
  return expval(Z(q[n - 1]))
}
def if_shift(x, s) = x + select(s, 1, 0)
train warm { epochs = 3; optimizer tilt = sgd(0.1); step { minimize tilt()^2 over tilt } }
train flip {
  epochs = 5
  if opt == "adam" { optimizer tilt = adam(lr) }
  if opt == "sgd" { optimizer tilt = sgd(lr) }
  step { minimize (if_shift(tilt(), shift))^2 over tilt }
}
sweep search over flip {
  samples = 6
  vary lr ~ log_uniform(1e-4, 1), opt in ["adam", "sgd"], n ~ uniform(1, 4), shift ~ bernoulli(0.5)
  seeds = 2
  record value = tilt()
  best = min(value)
}
TEXT
must "$QGN" run -q r.qgn >out.txt 2>err.txt
folder=$(readlink -f runs/latest)
"$QGN" run --list r.qgn | cut -f4 >list.txt
must [ "$(wc -l <list.txt)" -eq 12 ]
# four digits, whole numbers in their range, words
must_not grep -qv '^--set lr=[0-9.e-]\{1,9\} --set opt=\(adam\|sgd\) --set n=[1-4] --set shift=\(true\|false\) seed [01]$' list.txt
must [ "$(grep -o 'lr=[^ ]*' list.txt | sort -u | wc -l)" -eq 6 ]
must [ "$(sed -n 's/^best value of search: //p' out.txt | wc -l)" -eq 1 ]
must grep -qF -- "$(sed -n 's/^best value of search: //p' out.txt) seed 0" list.txt
must test -e "$folder/figures/search-value.csv"
must test -e "$folder/figures/search-value-n.csv"
# more samples begin with the same points; another seed has others; one more hyper changes none
"$QGN" run --list --set search.samples=9 r.qgn | cut -f4 >more.txt
must [ "$(wc -l <more.txt)" -eq 18 ]
must cmp -s list.txt <(head -12 more.txt)
"$QGN" run --list --seed 1 r.qgn | cut -f4 >other.txt
must_not cmp -s list.txt other.txt
sed 's/lr ~ log_uniform(1e-4, 1), //' r.qgn >less.qgn
"$QGN" run --list less.qgn | cut -f4 >less.txt
must cmp -s less.txt <(sed 's/--set lr=[^ ]* //' list.txt)
# lists beside a draw are drawn from: they make no grid
cat >grid.qgn <<'TEXT'
edition = 1
hyper a = 0
hyper b = 0
hyper lr = 0.1
circuit tilt() -> [] on q[1] { param θ[1] ~ uniform(0, 3); ry(θ) q; return expval(Z(q)) }
train flip { epochs = 1; optimizer tilt = adam(lr); step { minimize tilt() over tilt } }
sweep search over flip { samples = 2; vary a in 0..400, b in 0..400, lr ~ uniform(0, 1); record v = tilt() + a + b }
TEXT
must "$QGN" check -q grid.qgn
# the points by number, two at once on one memo, then collected
mkdir parallel && cp r.qgn parallel
cd parallel || exit 1
rm -rf "$XDG_CACHE_HOME"
parallel --will-cite -j 2 "$QGN" run -q --point {} r.qgn ::: {0..11} >p.txt 2>&1 </dev/null
must [ $? -eq 0 ]
must [ "$("$QGN" run --list r.qgn | cut -f3 | sort -u)" = 'done' ]
must [ "$(find "$XDG_CACHE_HOME" -name '*.safetensors' | wc -l)" -gt 0 ]
must [ -z "$(find "$XDG_CACHE_HOME" -name '*.tmp-*')" ]
"$QGN" run -q r.qgn >again.txt 2>/dev/null
must cmp -s ../out.txt again.txt
for k in 00000 00005 00011; do
  must cmp -s "$folder/points/$k/flip.safetensors" "runs/latest/points/$k/flip.safetensors"
done
finish
