OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
hh q[0];
cx q[0], r[1];
x q[2];
measure q -> d;
measure q -> c[0];
rx(theta) q[0];
rx(cosine(1)) q[0];
qreg q[3];
gate mine(a) x { rx(b) x; h y; later x; mine(a) x; measure x; cx x, x; }
gate later x { h x; }
opaque black(a) x;
black(1) q[0];
c q[0];
