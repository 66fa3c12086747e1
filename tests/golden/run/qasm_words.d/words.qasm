OPENQASM 3.0;
include "stdgates.inc";
/* Numbers, aliases, picks of qubits,
   modifiers: all the ways to write them. */
pragma of another system
input angle[32] a;
const uint two = 0b1_0;
const int hex = 0x1F;
const int octal = 0o17;
const float ratio = hex % octal + float(octal) / 30;
const float turns = τ / 8 + euler - ℇ + true;
qubit[5] q;
let low = q[0:1];
let odd = q[{1, 3}];
let back = q[4:-2:0];
let both = low ++ q[4];
gate pair(θ, φ) x, y { rx(θ) x; cx x, y; rz(φ / 2) y; gphase(θ); }
@annotated once
h q;
rx(.5) q[-1];
ry(1_0e-2) both[2];
rz(ratio) low;
p(turns) odd;
pair(0.3, a) odd[0], odd[1];
inv @ pow(two) @ pair(0.2, 0.7) back[0], back[1];
pow(-2) @ pair(-a, 0.1) q[0], q[3];
pow(0) @ x q[2];
pow(1 / 4.0) @ rx(a) q[2];
pow(0.5) @ x back[1];
pow(0.5) @ cx q[0], q[1];
pow(-0.5) @ ccx q[1], q[2], q[3];
inv @ pow(0.25) @ z q[4];
ctrl(two) @ ry(0.4) q[0], q[1], q[2];
negctrl(2) @ x q[3], q[4], q[0];
ctrl @ negctrl @ s q[2], q[1], q[0];
ctrl @ gphase(pi / 5) q[1];
negctrl @ gphase(pi / 7) q[2];
ctrl(2) @ gphase(a) q[3], q[4];
ctrl @ pair(0.6, 0.8) q[2], q[0], q[1];
U(0.1, 0.2, 0.3) q[0];
ctrl @ U(0.4, a, 0.6) q[1], q[3];
rx(arcsin(0.6) - arccos(0.6) + arctan(2) + log(3) + sqrt(2) + exp(0.1)) q[1];
ry(pow(2, -1) + 2 ** 3 / 16.0 + sin(0.3) * cos(0.2) - tan(0.1) + -(+0.5)) q[2];
