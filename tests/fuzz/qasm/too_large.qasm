OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
gate a x { h x; h x; h x; h x; h x; h x; h x; h x; h x; h x; }
gate b x { a x; a x; a x; a x; a x; a x; a x; a x; a x; a x; }
gate c x { b x; b x; b x; b x; b x; b x; b x; b x; b x; b x; }
gate d x { c x; c x; c x; c x; c x; c x; c x; c x; c x; c x; }
gate e x { d x; d x; d x; d x; d x; d x; d x; d x; d x; d x; }
gate f x { e x; e x; e x; e x; e x; e x; e x; e x; e x; e x; }
f q[0];
