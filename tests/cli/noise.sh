#!/usr/bin/env bash
# Noise gives the same bits with any number of threads: by density matrix, and by trajectories, whose draws are counted.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cat >n.qgn <<'QGN'
edition = 1
noise_method = "exact"
trajectories = 40
hyper n = 3
circuit c(x[n]) on q[n] {
  param t[n] ~ uniform(0, 1)
  param p[1] = 0.1
  ry(x) q
  depolarize(p) q
  cx chain(q)
  ry(t) q
  return expval(Z(q))
}
train fit {
  epochs = 3
  optimizer c = sgd(0.01)
  step {
    draw x[70, n] ~ normal(0, 1)
    minimize mean(c(x)^2) over c
  }
}
fit.loss
QGN
for method in exact trajectories; do
  for threads in 1 2 3; do
    must "$QGN" run n.qgn --fresh -q --threads $threads --set noise_method=$method >"$method.$threads"
  done
  must grep -q '^fit.loss' "$method.1"
  for threads in 2 3; do
    must cmp "$method.1" "$method.$threads"
  done
done
must_not cmp -s exact.1 trajectories.1
finish
