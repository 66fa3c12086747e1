OPENQASM 2.0;
qreg q[2];
U(0, 0, 0) q[0];
CX q[0], q[1];
h q[0];
