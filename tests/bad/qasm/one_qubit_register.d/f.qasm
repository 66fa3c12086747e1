OPENQASM 3.0;
include "stdgates.inc";
qubit[1] q;
qubit[3] r;
cx q, r;
cx r, q;
cx q[0], r;
