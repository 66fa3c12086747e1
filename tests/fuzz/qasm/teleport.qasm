// Teleportation with corrections, in OpenQASM 3.
OPENQASM 3.0;
include "stdgates.inc";
input float[64] angle1;
const float quarter = pi / 4;
qubit[3] q;
bit[2] c;
bit result;
gate bell a, b { h a; cx a, b; }
ry(angle1) q[0];
rz(quarter) q[0];
bell q[1], q[2];
barrier q;
cx q[0], q[1];
h q[0];
c[0] = measure q[0];
c[1] = measure q[1];
if (c[1]) x q[2];
if (c[0] == 1) { z q[2]; }
rz(-quarter) q[2];
ry(-angle1) q[2];
result = measure q[2];
