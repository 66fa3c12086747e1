OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[12] c;
opaque black(a) x;
black(1) q[0];
nothing q[0];
gate own a { own a; }
gate early a { after a; }
gate after a { x a; }
ctrl(14) @ x q[0], q[1];
rx q[0];
rx(1, 2) q[0];
cx q[0];
ccx q[0], q[1], q[2], q[0];
if (c[0] + 1) x q[0];
if (c > 3) x q[0];
if (q == 1) x q[0];
if (c == 5) x q[0];
x q[2:1];
x c;
measure c -> q;
measure q -> c;
measure q[0] -> c[0:1];
const int n = 1.5;
rx(n) q[0];
const float f = q;
rx(f + nowhere) q[0];
rx(sin("a")) q[0];
qubit[n] r;
qubit[200000] s;
input int k;
input float y;
qubit[y] t;
pow(y) @ x q[0];
ctrl(y) @ x q[0], q[1];
output bit o;
output float z;
gate g(a) b { qubit[2] in; rx(a) b; }
U(0, 0, 0) q, q;
