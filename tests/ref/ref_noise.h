/* Channels as dense operators, written from the textbook's definitions (not from channels.def), and mixed
 * circuits as density matrices of 2^n x 2^n complex doubles. */
#ifndef QGN_REF_NOISE_H
#define QGN_REF_NOISE_H
#include "tests/ref/ref_sim.h"

#define REF_MAX_KRAUS 16
/* The operators of a channel, each 2^n_qubits squared, row major; how many. Not for READOUT. */
int ref_kraus(const GateUse *u, const double *param, double complex out[REF_MAX_KRAUS][16]);
/* The state of one sample behind all gates and channels but readings; 4^n values, row major. */
void ref_density(const CircuitProgram *c, const double *const *in, int64_t row, double complex *rho);
/* Outputs of one sample. Misreadings act on the words and outcomes that are measured. */
void ref_noisy_outputs(const CircuitProgram *c, const double *const *in, int64_t row, double *y);
/* Sum of w * y over rows and outputs. */
double ref_noisy_weighted(const CircuitProgram *c, const double *const *in, int64_t rows, const double *w);
#endif
