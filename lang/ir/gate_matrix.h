/* Gates as dense matrices: for powers, exports and checks, of few qubits and constant angles. Row
 * major, the first target is the most significant bit of an index. */
#ifndef QGN_GATE_MATRIX_H
#define QGN_GATE_MATRIX_H
#include <complex.h>
#include "lang/ir/circuit.h"

/* The matrix of the use on its targets (without controls), d x d with d = 2^n_targets, in the arena.
 * All its angles are constants; it is no `basis`, `amplitude` or `reset`. The use's `inverse` counts. */
double complex *gate_use_matrix(Arena *a, const GateUse *u);

/* m = m^power of a unitary matrix, d x d: each eigenvalue exp(i t), -pi < t <= pi, becomes exp(i power t).
 * Whole powers by squaring, others by the eigenvectors of a Hermitian combination of m and its adjoint
 * (Jacobi). False if the eigenvectors were not found (m is not unitary). */
bool matrix_power(Arena *a, int d, double complex *m, double power);

/* The largest entry of |m m^+ - 1|, at *row, *col. */
double matrix_not_unitary(int d, const double complex *m, int *row, int *col);
#endif
