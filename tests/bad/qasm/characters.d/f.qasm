OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
x ? q[0];
x q[0] ` q[1];
rx(0b) q[0];
rx(0o9) q[0];
rx(1.5e) q[0];
include "never closed;
