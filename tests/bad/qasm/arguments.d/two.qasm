OPENQASM 3.0;
include "stdgates.inc";
input float a;
input float b;
qubit[2] q;
rx(a) q[0];
ry(b) q[1];
