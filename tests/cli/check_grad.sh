#!/usr/bin/env bash
# check_grad: a table with a line for each method, and a verdict for each.
# shellcheck source=tests/cli/lib.bash
. "$(dirname "$0")/lib.bash"
cat >c.qgn <<'TEXT'
edition = 1
precision = "double"
circuit pqc(x[2]) on q[2] {
  param w[2, 3] ~ uniform(0, 6)
  rx(x) q
  rot(w) q
  crz(w[0, 0] * w[1, 1]) q[0], q[1]
  return expval(Z(q)), probs(q[0])
}
model M(x[3]) -> [2] { linear(2); let e, p = pqc(it); e + p }
check_grad(pqc, [0.1, 0.2])
draw z[5, 3] ~ normal(0, 1)
check_grad(M, z)
TEXT
must "$QGN" run --fresh -q c.qgn >out.txt
number='[0-9.e-]*'
for line in 'check_grad(pqc): largest relative difference to `adjoint` in w, x' 'check_grad(M): largest relative difference to `adjoint` in weight, bias, w, x'; do
  must grep -qxF "$line" out.txt
done
for method in shift backprop finite; do
  must grep -qx "  $method *\[2\]  $number  $number" out.txt
  must grep -qx "  $method *\[4\]  $number  $number  $number  $number" out.txt
  must grep -q "^ok *check_grad(M): $method" out.txt
done
sed -i 's/double/single/' c.qgn
must "$QGN" run --fresh -q c.qgn >out.txt
finish
