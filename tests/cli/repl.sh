#!/usr/bin/env bash
# The prompt, fed by a pipe: what it answers, what stays after mistakes, and that a saved session has its bits.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
export XDG_STATE_HOME=$PWD

answers() { # name; session on standard input, expected output in NAME.want
  "$QGN" repl -q --color never >"$1.got" 2>"$1.err"
  echo "exit $?" >>"$1.got"
  if ! diff -u "$1.want" "$1.got" >diff.txt; then
    echo "session $1"
    cat diff.txt "$1.err"
    failures=$((failures + 1))
  fi
}

cat >grows.want <<'TEXT'
circuit tilt: () -> [], 1 parameter
hyper lr: real = 0.1
q0: ─RY(θ)─┤ <Z>
train flip: 30 epochs, 1 series
  loss -0.96362  █▇▇▆▅▄▄▃▃▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
mean(flip.loss) < 1  true
hyper lr: real = 0.2
stale: flip (uses lr)
flip
mean(flip.loss) < 1  true
  loss -0.9744  █▇▅▄▃▂▁▁▁▁▁▂▂▂▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁
nothing is stale
ok      mean(flip.loss) < 1
real[]
circuit tilt: () -> [], 1 parameter
taken back: expect mean(flip.loss) < 1
taken back: :rerun flip
taken back: hyper lr = 0.2
ok      mean(flip.loss) < 1
saved.qgn: 4 statements
exit 2
TEXT
answers grows <<'TEXT'
circuit tilt() -> [] on q[1] {
  param θ ~ uniform(1, 2)
  ry(θ) q
  return expval(Z(q))
}
hyper lr = 0.1
:draw tilt
train flip { epochs = 30; optimizer tilt = adam(lr); step { minimize tilt() over tilt } }
mean(flip.loss) < 1
no_such_name
let broken = [1, 2] + [1, 2, 3]
:set lr = 0.2
:stal
mean(flip.loss) < 1
:rerun flip
:stale
expect mean(flip.loss) < 1
:type tilt()
?tilt
:undo
:undo
:undo
:nonsense
:s
:set nothing = 3
expect mean(flip.loss) < 1
:save saved.qgn
TEXT

# the session that was saved says the same when it is run
"$QGN" -c "$(cat saved.qgn)
tilt()" 2>/dev/null | tail -n 1 >prompt.txt
echo 'tilt()' >>saved.qgn
"$QGN" run -q --fresh saved.qgn 2>/dev/null | grep '^tilt' >run.txt
must cmp prompt.txt run.txt

cat >state.want <<'TEXT'
circuit bell: (x) -> [2], 1 parameter
|00⟩   0.707107 + 0.000000i   50.0 %
|11⟩   0.707107 + 0.000000i   50.0 %
the first bit is that of qubit 0
exit 2
TEXT
LC_ALL=C.UTF-8 answers state <<'TEXT'
circuit bell(x) -> [2] on q[2] { param t = 0; h q[0]; cx q[0], q[1]; rz(x * t) q; return expval(Z(q)) }
:state bell(1)
:state bell(
TEXT

# -c stops at the first error and ends with its code
"$QGN" -c 'let a = 2
b
a' >c.txt 2>c.err
must [ $? -eq 2 ]
must [ "$(cat c.txt)" = 'let a: int = 2' ]
must grep -q 'there is no name .b.' c.err

# a folder is loaded with the modules beside its script
mkdir -p whole
cat >whole/parts.qgn <<'TEXT'
edition = 1
circuit pqc(x) on q[2] { ry(x) q[0]; cx q[0], q[1]; return probs(q) }
TEXT
printf 'edition = 1\nuse "parts.qgn": pqc\nlet a = 60deg\npqc(a)\n' >whole/main.qgn
printf '%s\n' ':load whole' ':load whole' ':draw pqc' ':state pqc(a)' ':save whole/mine.qgn' ':save mine.qgn' |
  "$QGN" repl -q >whole.txt 2>whole.err
must [ "$(grep -c '^pqc(a)' whole.txt)" = 2 ]
must grep -q '^q0: .*RY(x)' whole.txt
must grep -q 'comes from a module' whole.err
must [ "$(grep -c 'its modules stand beside whole/main.qgn' whole.txt)" = 1 ]
must "$QGN" run -q whole/mine.qgn

# a load that fails, or comes behind statements that name files, leaves the place where files are looked for; so does `:undo`
printf 'let k = 5\n' >parts.qgn
printf 'let k = 7\n' >whole/k.qgn
cp parts.qgn k.qgn
printf 'edition = 1\nlet z = = 1\n' >whole/bad.qgn
printf 'let y = 7\n' >whole/good.qgn
printf '%s\n' ':load whole/bad.qgn' 'use "k.qgn" as m' 'm.k' ':load whole/good.qgn' 'm.k' ':undo 2' ':load whole/good.qgn' \
  'use "k.qgn" as m' 'm.k' ':undo 2' 'use "k.qgn" as m' 'm.k' | "$QGN" repl -q >base.txt 2>base.err
must [ "$(sed -n 's/^m\.k  //p' base.txt | tr '\n' ' ')" = '5 5 7 5 ' ]

ticks() { # what a process has computed for, in hundredths of a second
  cut -d ' ' -f 14 "/proc/$1/stat"
}

# Ctrl-C ends a train, not the session; a saved session ends it after as many steps
mkfifo in
"$QGN" repl <in >int.txt 2>int.err &
pid=$!
exec 3>in
cat >&3 <<'TEXT'
dataset points { uniform(-1, 1); take(63) }
model M(x[1]) -> [1] { linear(4); tanh; linear(1) }
train t { data = points; batch = 4; epochs = 50_000_000; optimizer M = adam(1e-3); step x[B, 1] { minimize mse(M(x), x^2) over M } }
TEXT
for _ in $(seq 100); do
  grep -q '^t: 5' int.err && break
  sleep 0.05
done
begin=$(ticks $pid)
for _ in $(seq 200); do # some epochs are over when it has computed for 50 ms
  [ $(($(ticks $pid) - begin)) -ge 5 ] && break
  sleep 0.05
done
kill -INT $pid
cat >&3 <<'TEXT'
let after = M([0])
1 + 1
:save stopped.qgn
:mode json
after[0]
rows(t.loss)
t.loss[-1]
TEXT
exec 3>&-
must wait $pid
must grep -q 'stopped: weights are those of the last whole step' int.txt
must grep -qx '1 + 1  2' int.txt
steps=$(sed -n 's/^t ended after \([0-9]*\) steps: the file says `iterations = \1`$/\1/p' int.txt)
must [ "${steps:-0}" -gt 0 ]
must grep -q "{ iterations = $steps; data = points" stopped.qgn
sed -n 's/^{"kind": "value", "text": "\(.*\)", "shape.*"data": \[\(.*\)\].*/expect \1 == \2/p' int.txt >>stopped.qgn
must [ "$(grep -c '^expect' stopped.qgn)" = 3 ]
must "$QGN" run -q stopped.qgn
finish
