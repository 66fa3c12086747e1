#!/usr/bin/env bash
# Command lines that cannot be understood: each ends with status 2 and says what to write.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
printf 'edition = 1\n' >a.qgn

check 2 rum a.qgn <<'TEXT'
error[E0901]: there is no verb `rum`
   ┌─ command line
   │ qgn rum a.qgn
   │     ^^^
   = help: did you mean `qgn run`?
TEXT
check 2 bogus <<'TEXT'
error[E0901]: there is no verb `bogus`
   ┌─ command line
   │ qgn bogus
   │     ^^^^^
   = help: `qgn help` lists the verbs
TEXT
check 2 a.qgn <<'TEXT'
error[E0901]: there is no verb `a.qgn`
   ┌─ command line
   │ qgn a.qgn
   │     ^^^^^
   = help: `qgn run a.qgn` runs it
TEXT
check 2 -q <<'TEXT'
error[E0901]: a verb is missing
   ┌─ command line
   │ qgn -q
   │ ^^^^^^
   = help: `qgn help` lists the verbs
TEXT
check 2 --set a=1 run a.qgn <<'TEXT'
error[E0901]: `--set` stands behind its verb
   ┌─ command line
   │ qgn --set a=1 run a.qgn
   │     ^^^^^
   = help: write `qgn run ...` first
TEXT
check 2 run <<'TEXT'
error[E0901]: `qgn run` wants a script
   ┌─ command line
   │ qgn run
   │ ^^^^^^^
   = help: qgn run examples/hello
TEXT
check 2 run a.qgn b.qgn <<'TEXT'
error[E0901]: `qgn run` takes one script
   ┌─ command line
   │ qgn run a.qgn b.qgn
   │               ^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --thread 2 <<'TEXT'
error[E0901]: there is no option `--thread`
   ┌─ command line
   │ qgn run a.qgn --thread 2
   │               ^^^^^^^^
   = help: did you mean `--threads`?
TEXT
check 2 run -x a.qgn <<'TEXT'
error[E0901]: there is no option `-x`
   ┌─ command line
   │ qgn run -x a.qgn
   │         ^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 check a.qgn --resume <<'TEXT'
error[E0901]: `qgn check` has no option `--resume`
   ┌─ command line
   │ qgn check a.qgn --resume
   │                 ^^^^^^^^
   = help: `qgn run` has it
TEXT
for n in 0 -1 1.5 x 1e9 1025; do
  check 2 run a.qgn "--threads=$n" <<TEXT
error[E0901]: \`--threads\` wants a whole number from 1 to 1024, not \`$n\`
   ┌─ command line
   │ qgn run a.qgn --threads=$n
   │               ^^^^^^^^^^$(printf '%*s' ${#n} '' | tr ' ' '^')
   = help: \`qgn help run\` shows what it takes
TEXT
done
check 2 run a.qgn --threads <<'TEXT'
error[E0901]: `--threads` wants a value: --threads N
   ┌─ command line
   │ qgn run a.qgn --threads
   │               ^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --resume=1 <<'TEXT'
error[E0901]: `--resume` takes no value
   ┌─ command line
   │ qgn run a.qgn --resume=1
   │               ^^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --resume --fresh <<'TEXT'
error[E0901]: `--resume` and `--fresh` exclude each other
   ┌─ command line
   │ qgn run a.qgn --resume --fresh
   │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --progress=x <<'TEXT'
error[E0901]: `--progress` does not know `x`
   ┌─ command line
   │ qgn run a.qgn --progress=x
   │               ^^^^^^^^^^^^
   = help: one of: auto, line, plain, json, none
TEXT
check 2 run a.qgn --color never --color never <<'TEXT'
error[E0901]: `--color` is given twice
   ┌─ command line
   │ qgn run a.qgn --color never --color never
   │                             ^^^^^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --data nowhere <<'TEXT'
error[E0901]: `--data nowhere`: there is no such folder
   ┌─ command line
   │ qgn run a.qgn --data nowhere
   │               ^^^^^^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 dump a.qgn <<'TEXT'
error[E0901]: `qgn dump` wants one of --tokens, --ast, --types, --graph, --plan, --hash, --dot
   ┌─ command line
   │ qgn dump a.qgn
   │ ^^^^^^^^^^^^^^
   = help: `qgn help dump` shows what it takes
TEXT
check 2 explain E0399 <<'TEXT'
error[E0901]: there is no message code `E0399`
   ┌─ command line
   │ qgn explain E0399
   │             ^^^^^
   = help: codes look like E0301; a message shows its own in brackets
TEXT
check 2 help rnu <<'TEXT'
error[E0901]: there is no verb `rnu`
   ┌─ command line
   │ qgn help rnu
   │          ^^^
   = help: did you mean `qgn help run`?
TEXT

# --set
check 2 run a.qgn --set lr <<'TEXT'
error[E0901]: `--set lr` has no value
   ┌─ command line
   │ --set lr
   │ ^^^^^^^^
   = help: write `--set lr=...`
TEXT
check 2 run a.qgn --set =1 <<'TEXT'
error[E0901]: `--set` wants a name in front of `=`
   ┌─ command line
   │ --set =1
   │ ^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --set lr= <<'TEXT'
error[E0901]: `--set` has no value behind `=`
   ┌─ command line
   │ --set lr=
   │ ^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --set lr=1 --set lr=2 <<'TEXT'
error[E0901]: `lr` is set twice
   ┌─ command line
   │ --set lr=2
   │       ^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --set λ=1 --set lambda=2 <<'TEXT'
error[E0901]: `lambda` is set twice
   ┌─ command line
   │ --set lambda=2
   │       ^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --seed 1 --set seed=2 <<'TEXT'
error[E0901]: `seed` is set twice
   ┌─ command line
   │ --set seed=2
   │       ^^^^
   = help: `qgn help run` shows what it takes
TEXT
check 2 run a.qgn --set lr=1e <<'TEXT'
error[E0003]: the exponent of `1e` has no digits
   ┌─ command line
   │ --set lr=1e
   │          ^^
   = help: write `1e3` for 1 times 1000
TEXT

# known by name, not built yet
check 2 sweep <<'TEXT'
error[E0998]: `qgn sweep` is not built yet
   = note: nothing was run
   = help: in the script: `sweep s over TRAIN { vary lr in [1e-3, 1e-4]; record ... }`, and `qgn run`
TEXT
for option in exact untrusted; do
  check 2 run a.qgn "--$option" <<TEXT
error[E0998]: \`--${option%%=*}\` is not built yet
   = note: nothing was run
TEXT
done

# fmt
printf 'edition=1\nseed   =2\n' >f.qgn
check 1 fmt --check f.qgn </dev/null
must grep -q '^f.qgn$' stdout.txt
check 0 fmt f.qgn </dev/null
must [ "$(cat f.qgn)" = $'edition = 1\nseed = 2' ]
check 0 fmt --check f.qgn </dev/null
printf 'let = \n' >f.qgn
timeout 60 "$QGN" fmt f.qgn >stdout.txt 2>stderr.txt
must [ $? -eq 2 ]
must [ "$(cat f.qgn)" = 'let = ' ]

# warnings that count as errors
: >empty.qgn
check 0 check empty.qgn -q <<'TEXT'
warning[W0802]: the script is empty: there is nothing to run
   ┌─ empty.qgn:1:1
 1 │
   │ ^
TEXT
check 2 check empty.qgn -q --deny warnings <<'TEXT'
warning[W0802]: the script is empty: there is nothing to run
   ┌─ empty.qgn:1:1
 1 │
   │ ^
TEXT
check 0 doctor </dev/null
must grep -q '^ok       cores' stdout.txt

# what is understood
check 0 --version </dev/null
must grep -q '^licence    Apache-2.0' stdout.txt
check 0 help </dev/null
must grep -q '^  run SCRIPT  *train what' stdout.txt
check 0 run --help </dev/null
must grep -q -- '--resume' stdout.txt
check 0 explain e0301 </dev/null
must grep -q '^E0301: a shape that does not fit' stdout.txt

# several scripts, each by itself
printf 'edition = 1\n1 + 1\n' >one.qgn
printf 'edition = 1\nlet x = leaky_rleu(1)\nexpect x == 1\n' >two.qgn
check 2 check one.qgn two.qgn one.qgn <<'TEXT'
error[E0101]: there is no function `leaky_rleu`
   ┌─ two.qgn:2:9
 2 │ let x = leaky_rleu(1)
   │         ^^^^^^^^^^ did you mean `leaky_relu`?
TEXT
must [ "$(grep -c '^one.qgn: ok' stdout.txt)" -eq 2 ]
printf 'edition = 1\n1+1\n' >three.qgn
check 1 fmt --check one.qgn three.qgn three.qgn </dev/null
must [ "$(grep -c '^three.qgn$' stdout.txt)" -eq 2 ]
check 0 fmt one.qgn three.qgn </dev/null
must cmp one.qgn three.qgn
printf 'edition = 1\ndataset d { normal(0, 1); take(9); StandardScaler() }\nd.x\n' >four.qgn
"$QGN" check four.qgn 2>stderr.txt
must grep -q 'this is `standardize` here' stderr.txt
"$QGN" doc E0301 2>stderr.txt
must grep -q 'codes of messages: `qgn explain E0301`' stderr.txt
finish
