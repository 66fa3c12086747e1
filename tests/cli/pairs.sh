#!/usr/bin/env bash
# Losses over pairs of rows and joined minibatches: the same bits for any number of threads, interrupted and resumed too.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"

cat >bits.qgn <<'QGN'
edition = 1
dataset d { normal(0, 1); take(150) }
circuit turn(z[2]) -> [2] on q[2] {
  param w[2, 2] ~ normal(0, 0.5)
  for l in 0..2 { ry(w[l] + z) q; cz q[0], q[1] }
  return expval(Z(q))
}
model G(z[2]) -> [1] { turn; linear(1) }
model D(x[1]) -> [1] { linear(8); batchnorm; leaky_relu(0.2); dropout(0.2); linear(1) }
train both {
  data = d; batch = 70; epochs = 4
  optimizer D, G = adam(1e-2)
  step x[B, 1] {
    draw z[B, 2] ~ uniform(-1, 1)
    let fake = G(z)
    let scores = D(concat(x, fake))
    let side = x[:, 0] > 0
    minimize bce_logits(scores[..B], 1) + bce_logits(scores[B..], 0) over D
    minimize mmd(fake, x, σ = [0.2, 1, 5]) + energy_distance(fake, x) over G
    minimize mmd(G(z), x) over G per side clip 0.1     # allow W0406: the pairs within a side are meant
  }
}
QGN
same_bits bits.qgn both

# In two halves: a run of two epochs, which one of four goes on from.
rm -r runs
check 0 run bits.qgn -q --set both.epochs=2 </dev/null
check 0 run bits.qgn -q --resume </dev/null
must grep -q '"from_epoch":2,"to_epoch":4,.*"resumed":true' runs/latest/timing.jsonl
must cmp one.safetensors runs/latest/both.state.safetensors
finish
