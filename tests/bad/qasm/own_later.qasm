OPENQASM 3;
include "stdgates.inc";
gate a q { h q; }
gate h q { x q; }
qubit q;
a q;
