#!/usr/bin/env bash
# verify --sample: stretches between stored states are executed again and compared.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
export XDG_CACHE_HOME=$PWD/cache
cat >s.qgn <<'TEXT'
edition = 1
hyper lr = 1e-2 where lr < 1
dataset d { uniform(-1, 1); take(64) }
model F(x[1]) -> [1] { linear(8); tanh; dropout(0.1); linear(1) }
let G = new F
train fit {
  data = d; batch = 16; epochs = 20; checkpoint = 5
  validate = d; keep_best = true
  optimizer F = adam(lr)
  step x[B, 1] { draw z[B, 1] ~ normal(0, 0.1); minimize mse(F(x), x^2 + z) over F }
  every 2 { record zero = F([0.0]) }
}
train after {
  data = d; batch = 16; epochs = 10; checkpoint = 4
  optimizer G = adam(lr)
  step x[B, 1] {
    minimize mse(G(x), stop_grad(F(x))) over G
    if iteration > 30 { stop() }
  }
}
G([0.5])
TEXT
must "$QGN" run -q s.qgn >/dev/null
run=$(readlink -f runs/latest)
steps_of() { grep -o '[0-9]* steps\{0,1\} executed again' out.txt | cut -d' ' -f1; }
verify() { "$QGN" verify "$@" >out.txt 2>err.txt; }
# 80 + 32 steps in stretches of 20 and of 16, 16; the chosen ones make up at least what is wanted
for want in 0 1 40 100 1000; do
  must verify --sample $want "$run"
  got=$(steps_of) least=$want
  [ $want -gt 112 ] && least=112
  [ "${got:-x}" -ge "$least" ] && [ "$got" -lt $((want + 20)) ] || must false "sample $want: ${got:-nothing} steps"
done
must_not test -e "$run/memo"
# a stored number that is another one, in a file that is whole: whichever stretch ends there says so
alter() { # file, tensor, element: the lowest bit of that number, in a file whose hash is right again
  local n head begin byte hash
  n=$(od -An -tu8 -N8 "$1")
  head=$(head -c $((8 + n)) "$1" | tail -c "$n")
  begin=${head#*"\"$2\":"}
  begin=${begin#*'"data_offsets":['}
  begin=$((8 + n + ${begin%%,*} + 4 * $3))
  byte=$(od -An -tu1 -j "$begin" -N1 "$1")
  printf '%b' "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$begin" conv=notrunc 2>/dev/null
  hash=$(tail -c +$((9 + n)) "$1" | sha256sum)
  LC_ALL=C sed -i "1s/\"sha256\":\"[0-9a-f]*\"/\"sha256\":\"${hash%% *}\"/" "$1"
}
altered() { # file, tensor, element, what the message says
  rm -rf copy && cp -r "$run" copy
  must alter "copy/$1" "$2" "$3"
  verify --sample 1000 copy
  must [ $? -eq 7 ]
  must grep -q "error\[E0808\]: copy does not agree: $4\$" err.txt
}
altered fit-000010.safetensors F.linear_1.weight 3 'fit from epoch 5 to 10 (20 steps), `F.linear_1.weight`, element 3'
must grep -q 'stored: ' err.txt
altered fit-000015.safetensors series/fit.loss 12 'fit from epoch 10 to 15 (20 steps), `fit.loss`, element 12'
altered after.state.safetensors G.linear_2.bias 0 'after from epoch 4 to 8 (16 steps), `G.linear_2.bias`, element 0'
# damaged, missing, of another place
rm -rf copy && cp -r "$run" copy
printf XYZ | dd of=copy/fit-000010.safetensors bs=1 seek=$(($(stat -c %s copy/fit-000010.safetensors) - 20)) conv=notrunc 2>/dev/null
verify --sample 1 copy
must [ $? -eq 7 ]
must grep -q 'fit-000010.safetensors is damaged' err.txt
rm -rf copy && cp -r "$run" copy
cp copy/fit-000005.safetensors copy/fit-000010.safetensors
verify --sample 1 copy
must [ $? -eq 7 ]
must grep -q 'fit-000010.safetensors stands at epoch 5' err.txt
rm copy/fit-0000*.safetensors copy/after.state.safetensors
must verify --sample 1 copy
must [ "$(steps_of)" -ge 16 ]
# without its kept checkpoints a train is one stretch, which passes where they stood
must verify --sample 1000 copy
must [ "$(steps_of)" -eq 112 ]
sed -i 's/"last": [-0-9.e]*/"last": 7.5/' copy/results.json
verify --sample 0 copy
must [ $? -eq 7 ]
must grep -q 'results.json, series' err.txt
# a sweep: one of its runs executes steps again
cat >w.qgn <<'TEXT'
edition = 1
hyper lr = 0.1 where lr < 1
circuit tilt() -> [] on q[1] { param θ[1] ~ uniform(0, 3); ry(θ) q; return expval(Z(q)) }
train flip { epochs = 12; optimizer tilt = adam(lr); step { minimize tilt() over tilt } }
sweep rates over flip { vary lr in [0.1, 0.2, 2]; seeds = 2; record v = tilt() }
TEXT
"$QGN" run -q w.qgn >/dev/null 2>&1
run=$(readlink -f runs/latest)
must verify --sample 5 "$run"
must [ "$(steps_of)" -eq 12 -o "$(steps_of)" -eq 24 -o "$(steps_of)" -eq 0 ]
check 2 verify --sample=x "$run" <<TEXT
error[E0901]: \`--sample\` wants a number of steps, not \`x\`
   ┌─ command line
   │ qgn verify --sample=x $run
   │            ^^^^^^^^^^
   = help: \`qgn help verify\` shows what it takes
TEXT
check 2 run --sample 5 s.qgn <<'TEXT'
error[E0901]: `--replay RUN` and `--sample N` of `qgn run` stand together
   ┌─ command line
   │ qgn run --sample 5 s.qgn
   │ ^^^^^^^^^^^^^^^^^^^^^^^^
   = help: `qgn help run` shows what it takes
TEXT
finish
