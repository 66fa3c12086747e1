OPENQASM 2.0;
include "qelib1.inc";
include "again.inc";
include "missing.inc";
qreg q[2];
