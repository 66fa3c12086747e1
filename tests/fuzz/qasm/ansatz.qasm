OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
qreg r[1];
gate pair(a) x, y { cx x, y; rz(a / 2) y; cx x, y; }
ry(0.25) q;
pair(pi/2) q[0], r[0];
u2(0, pi) q[1];
