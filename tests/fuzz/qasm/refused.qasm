OPENQASM 3;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
for int i in [0:1] { x q[i]; }
while (c == 0) { x q[0]; }
def f(qubit a) { x a; }
int n = 3;
float x = 0.1;
const duration d = 100ns;
delay[100ns] q[0];
box { x q[0]; }
input int k;
extern g(int) -> int;
x $0;
if (c == 1) { c[0] = measure q[0]; }
if (c == 1) { reset q[0]; }
c[0] = 1;
switch (n) { case 1 { x q[0]; } }
defcal y $0 { }
