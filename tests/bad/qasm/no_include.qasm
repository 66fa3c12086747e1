OPENQASM 3;
include "nope.inc";
qubit q;
x q;
h q;
