/* The slow, obvious simulator that the fast one is compared with: dense matrices of 2^n x 2^n
 * complex doubles, one for each gate, written from the matrices in the docs of gates.def (it does
 * not read the `steps` column). Qubit 0 is the most significant bit of an index. */
#ifndef QGN_REF_SIM_H
#define QGN_REF_SIM_H
#include <complex.h>
#include "lang/ir/circuit.h"

#define REF_MAX_QUBITS 8

/* The matrix of a gate on its targets, 2^n_targets squared, row major. */
void ref_gate_matrix(GateId gate, int n_targets, const double *angle, double complex *m);
/* m on `targets` of an n-qubit register, applied where each control has its value: 2^n squared. */
void ref_embed(int n, int n_targets, const uint8_t *targets, int n_controls, const uint8_t *controls,
               const uint8_t *on, const double complex *m, double complex *out);
/* The product of Pauli operators as a matrix, by Kronecker products. */
void ref_pauli_matrix(int n, uint64_t x, uint64_t z, double complex *out);

/* An angle of sample `row`, and the matrix of a gate on the whole register. */
double ref_angle(const CircuitProgram *c, const AngleRef *a, const double *const *in, int64_t row);
void ref_use(const CircuitProgram *c, const GateUse *u, const double *const *in, int64_t row,
             double complex *full);

/* The state and the outputs of one sample; in[k] are all values of input k, `row` the sample. */
void ref_state(const CircuitProgram *c, const double *const *in, int64_t row, double complex *psi);
void ref_outputs(const CircuitProgram *c, const double *const *in, int64_t row, double *y);

/* For all rows: F = sum of w * y over rows and outputs, w [rows][n_outputs]. */
double ref_weighted(const CircuitProgram *c, const double *const *in, int64_t rows, const double *w);
#endif
