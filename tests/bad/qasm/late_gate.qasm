OPENQASM 3;
include "stdgates.inc";
gate a q { b q; }
qubit q;
a q;
c q;
gate b q { x q; }
gate c q { x q; }
