#!/usr/bin/env bash
# Layers: the same bits for any number of threads, a smaller last minibatch, interruption, labels out of range.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

cat >bits.qgn <<'QGN'
edition = 1
dataset noise { normal(0, 1); take(150) }
model G(z[1]) -> [1, 9, 9] {
  linear(18); batchnorm; relu; reshape(2, 3, 3)
  deconv(6, 3, stride = 2, out_pad = 1, pad = 1); batchnorm; leaky_relu(0.2); dropout(0.25)
  deconv(1, 4); tanh
}
model D(x[1, 9, 9]) -> [1] {
  conv(5, 3, stride = 2, pad = 1); leaky_relu(0.2); dropout(0.3); maxpool(2)
  conv(8, 2, pad = 1); batchnorm; gelu; avgpool(2, stride = 1)
  reshape(4, 8); layernorm; let h = it; attention(heads = 2); it + h
  flatten; dropout; linear(1)
}
train gan {
  data = noise; batch = 64; epochs = 4
  optimizer G, D = adam(1e-3)
  step x[B, 1] {
    draw z[B, 1] ~ normal(0, 1)
    minimize bce_logits(D(G(x)), 1) + bce_logits(D(G(z)), 0) over D
    minimize bce_logits(D(G(z)), 1) over G
  }
}
QGN
same_bits bits.qgn gan
must grep -q 'G.batchnorm_2.running_var' runs/latest/gan.safetensors

# Interrupted behind a checkpoint and resumed: running statistics go on, too.
settings=(-q --set gan.epochs=60 --set gan.checkpoint=5)
check 0 run bits.qgn "${settings[@]}" --fresh </dev/null
whole=$(readlink -f runs/latest)
cp "$whole/gan.state.safetensors" whole.safetensors
rm -rf "$whole"
"$QGN" run bits.qgn "${settings[@]}" >out.txt 2>err.txt &
pid=$!
while kill -0 $pid 2>/dev/null && [ ! -e "$whole/gan-000005.safetensors" ]; do :; done
kill -9 $pid 2>/dev/null
{ wait $pid; } 2>/dev/null
must_not test -e "$whole/gan.safetensors"
"$QGN" run bits.qgn "${settings[@]}" --resume >out.txt 2>err.txt
must cmp whole.safetensors "$whole/gan.state.safetensors"

# A last, smaller minibatch gives what its rows give alone. The learning rate moves no weight.
head='edition = 1
precision = "double"
dataset noise { normal(0, 1); take(68) }
model M(x[1]) -> [1] { linear(6); batchnorm; dropout(0.4); reshape(1, 2, 3); conv(3, 2); flatten; linear(1) }
def loss(x[B, 1]) = mean((M(x) - 0.5)^2)'
step='minimize loss(x) over M; record at = loss(x)'
cat >rows.qgn <<QGN
$head
train rows { data = noise; batch = 1; epochs = 1; shuffle = false; optimizer M = sgd(1e-30)
  step x[B, 1] { minimize loss(x) over M; record x = sum(x) } }
QGN
cat >both.qgn <<QGN
$head
train fit { data = noise; batch = 64; epochs = 1; shuffle = false; optimizer M = sgd(1e-30)
  step x[B, 1] { $step } }
QGN
check 0 run rows.qgn -q </dev/null
last=$(sed -n 's/^rows.x,iteration,\(65\|66\|67\|68\),/\1 /p' runs/latest/metrics.csv | awk '{ printf "%s[%s]", (NR > 1 ? ", " : ""), $2 }')
cat >alone.qgn <<QGN
${head/take(68)/take(4)}
let given = [$last]
train fit { epochs = 2; optimizer M = sgd(1e-30)
  step { let x = given; $step } }
QGN
check 0 run both.qgn -q </dev/null
want=$(sed -n 's/^fit.at,iteration,2,//p' runs/latest/metrics.csv)
"$QGN" run alone.qgn -q >stdout.txt 2>stderr.txt
must [ $? -eq 0 ]
got=$(sed -n 's/^fit.at,iteration,2,//p' runs/latest/metrics.csv)
must awk -v a="$want" -v b="$got" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && b != "" && a > 0 && d < 1e-12 * a) }'
finish
