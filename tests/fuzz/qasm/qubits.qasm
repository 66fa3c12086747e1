OPENQASM 2.0;
include "qelib1.inc";
qreg q[16];
creg c[16];
creg d[16];
h q;
measure q -> c;
h q;
measure q -> d;
