OPENQASM 2.0;
include "qelib1.inc";
opaque magic(a, b) q, r;
qreg q[3];
creg c[3];
creg d[2];
gate majority a, b, c { cx c, b; cx c, a; ccx a, b, c; }
u1(pi/4) q[0]; u2(0, pi) q; u3(0.1, 0.2, 0.3) q; u0(1) q[0]; u(0.1, 0.2, 0.3) q[1]; p(0.1) q[2]; sx q[0]; sxdg q[1];
cu1(0.1) q[0], q[1]; cu3(0.1, 0.2, 0.3) q[0], q[1]; rzz(0.3) q[0], q[1]; rxx(0.3) q[1], q[2]; rccx q[0], q[1], q[2];
c3x q[0], q[1], q[2], q[0];
cy q[0], q[1]; ch q[0], q[1]; crz(-0.3) q[0], q[1]; swap q[0], q[2]; cswap q[0], q[1], q[2];
majority q[0], q[1], q[2];
rx(sin(pi/2) ^ 2 + ln(3) - exp(0) * sqrt(2) / tan(1)) q[0];
barrier q;
measure q -> c;
reset q[1];
if (c == 5) x q[0];
if (d == 3) cx q[0], q[1];
