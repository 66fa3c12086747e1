OPENQASM 4;
include "stdgates.inc";
qubit[2] q;
x § q[0];
rx(1e999) q[0];
rx(0x) q[0];
rx(99999999999999999999) q[1];
include "open
/* never closed
