#!/usr/bin/env bash
# show --json and dump --hash; hypers of a module set by the names that the script takes; tools/results.py, where
# there is python3.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
export XDG_CACHE_HOME=$PWD/cache
mkdir -p project/.git project/ex
cat >project/ex/parts.qgn <<'TEXT'
## The parts.
hyper width = 2 where width in 1..=4
model F(x[1]) -> [1] { linear(width); tanh; linear(1) }
TEXT
cat >project/ex/a.qgn <<'TEXT'
edition = 1
use "parts.qgn": F, width
hyper tier = "quick" where tier in ["quick", "study"]
hyper step_size = 0.1
dataset d { uniform(-1, 1); take(8) }
train fit {
  data = d; batch = 4; epochs = select(tier == "quick", 2, 3)
  optimizer F = adam(step_size)
  step x[B, 1] { minimize mse(F(x), x) over F }
}
sweep widths over fit {
  vary width in [1, 3]
  seeds = 2
  record loss = fit.loss[-1]
}
claim("T.1", mean(widths(width = 3).loss) < 10, document = "small", measured = widths(width = 3).loss)
claim("T.2", fit.loss[-1] > 10, document = 11, measured = fit.loss[-1])
report r { text "one" }
TEXT
hash_of() { "$QGN" dump --hash "$@"; }

# Comments, layout and reports are no part of the hash; anything else is, also in a module.
first=$(hash_of project/ex/a.qgn)
must [ ${#first} -eq 64 ]
sed -e 's/data = d; batch = 4;/data = d # why\n batch = 4;/' -e 's/text "one"/text "two"/' project/ex/a.qgn >project/ex/b.qgn
must [ "$(hash_of project/ex/b.qgn)" = "$first" ]
must [ "$(hash_of project/ex/a.qgn --set tier=study)" = "$first" ]
sed 's/0.1/0.2/' project/ex/a.qgn >project/ex/b.qgn
must_not [ "$(hash_of project/ex/b.qgn)" = "$first" ]
sed -i 's/## The parts./## All parts./' project/ex/parts.qgn
must [ "$(hash_of project/ex/a.qgn)" = "$first" ]
sed -i 's/tanh/relu/' project/ex/parts.qgn
must_not [ "$(hash_of project/ex/a.qgn)" = "$first" ]
sed -i 's/relu/tanh/' project/ex/parts.qgn

# A hyper that was taken by name has that name for --set and `vary`.
must "$QGN" check -q project/ex/a.qgn --set width=3 --deny warnings
check 2 check project/ex/a.qgn --set width=3 --set parts.width=2 <<'TEXT'
error[E0106]: `width` and `parts.width` are one hyper
   ┌─ command line
   │ --set width=3
   │       ^^^^^
   ┌─ command line
   │ --set parts.width=2
   │       ----------- set here already
TEXT

# Words of the language are texts on the command line, and so in a sweep.
printf 'edition = 1\nhyper core = "circuit" where core in ["circuit", "model"]\ncore\n' >word.qgn
check 0 run -q word.qgn --set core=model </dev/null
must grep -q model stdout.txt

# What a branch that is not taken names is used.
printf 'edition = 1\nhyper with_a = false\nlet a = 2\nif with_a { a }\n' >branch.qgn
must "$QGN" check -q branch.qgn --deny warnings

must "$QGN" run -q project/ex/a.qgn >/dev/null 2>&1
must "$QGN" show --json runs/latest >out.json
must grep -qx '"script": "ex/a.qgn",' out.json
must grep -q "\"statements\": \"$first\"" out.json
must_not grep -q '"path"' out.json
must grep -q '"points": 4, "loaded": 0}$' out.json
must grep -q '"id": "T.1", "verdict": "reproduced", "document": \["small"\], "measured": \[\[' out.json
must_not "$QGN" show --json nothing 2>/dev/null
finish
