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
hyper tier = "study" where tier in ["quick", "study"]
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
must [ "$(hash_of project/ex/a.qgn --set tier=quick)" = "$first" ]
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

# The page of results: a row for each claim, made only from results of the present script.
needs python3 || finish
page() { RESULTS_ROOT=$PWD/root python3 "$QGN_ROOT/tools/results.py" "$@"; }
mkdir -p root/.git root/docs root/examples/ex/results root/runtime/record
grep 'define RECORD_NUMERICS' "$QGN_ROOT/runtime/record/record.h" >root/runtime/record/record.h
cp project/ex/*.qgn root/examples/ex/
sed 's#"script": "ex/a.qgn"#"script": "examples/ex/a.qgn"#' out.json >root/examples/ex/results/a.json
printf 'T.1\tex\tfalls\nT.2\tex\trises\nT.3\tex\tturns\n' >root/examples/claims.tsv
must page >/dev/null
must grep -q '^| T.1 | falls | small | [0-9.]* ± [0-9.]* | 0, 1 | study | - | reproduced | ' root/docs/results.md
must grep -q '^| T.2 | rises | 11 | [0-9.]* | 0 | study | - | not reproduced | ' root/docs/results.md
must grep -q '^| T.3 | turns |  |  |  |  |  | not run |  |$' root/docs/results.md
must page --check
must page --spot >spot.txt
must grep -q 'every number is the same' spot.txt

# The studies behind the page run again: a result says whether its numbers are the committed ones.
studies() { RESULTS_ROOT=$PWD/root python3 "$QGN_ROOT/tools/studies.py" "$@"; }
printf 'ex/a\ta.qgn\t\nex/b\ta.qgn\ttier=quick\n' >root/examples/studies.tsv
printf 'T.4\tex\tshines\tno lamp\n' >root/examples/not_done.tsv
must studies >studies.txt
must [ "$(cat studies.txt)" = $'same  ex/a\nnew   ex/b' ]
must [ -z "$(studies --old)" ]
sed -i 's/"numerics": [0-9]*/"numerics": 0/' root/examples/ex/results/b.json
must [ "$(studies --old)" = 'same  ex/b' ]
must page >/dev/null
must grep -q '^| T.4 | ex | shines | no lamp |$' root/docs/results.md
must grep -q '^| b.json |' root/docs/results.md
rm root/examples/ex/results/b.json

sed -i 's/"last": [-0-9.e]*/"last": 7.5/' root/examples/ex/results/a.json
must_not page --spot >spot.txt
must grep -q '^FAIL .*last: 7.5 was stored' spot.txt
sed -i 's/"numerics": [0-9]*/"numerics": 0/' root/examples/ex/results/a.json
must page >/dev/null
must grep -q 'reproduced (numerics 0)' root/docs/results.md
must_not page --spot >spot.txt
must grep -q '^FAIL .*no result file of numerics' spot.txt
sed -i 's/tanh/relu/' root/examples/ex/parts.qgn
must_not page 2>err.txt
must grep -q 'examples/ex/a.qgn is not the script that it was made with' err.txt
finish
