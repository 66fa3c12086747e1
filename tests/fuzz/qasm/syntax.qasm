OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c
h q[0];
cx q[0] q[1];
rx(0.1 q[0];
rx() q[0]];
x q[;
measure q -> ;
ctrl(2 @ x q[0], q[1];
gate g a { x a;
if (c == 1 x q[0];
