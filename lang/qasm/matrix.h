/* A unitary matrix on a few qubits as gates that OpenQASM has: rz, ry and gphase with controls. */
#ifndef QGN_QASM_MATRIX_H
#define QGN_QASM_MATRIX_H
#include <complex.h>
#include "lang/base/arena.h"

/* The body of a gate definition on q0, q1, ..., of which q0 is the most significant bit, exact with its
 * phase; m, 2^n x 2^n row by row, is used up. The text is in `a`.
 *
 * m is brought to a diagonal by rotations of two basis states each, which stand next to each other in a Gray
 * code and so differ in one qubit (Barenco et al. 1995, section 8): a gate on that qubit, controlled by all
 * others. */
const char *qasm_matrix_body(Arena *a, int n, double complex *m);
#endif
