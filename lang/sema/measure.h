/* What the files about measurements share: operators, circuit programs and their nodes.
 *
 *   operators.c        sums of Pauli words and their arithmetic
 *   operator_matrix.c  Hermitian matrices, projectors, files of Pauli terms as such sums
 *   pairs.c            pairs of qubits
 *   measure.c          circuit programs and nodes; expval, probs, amplitudes
 *   measure_state.c    variance, density, purity, entropy, fidelity
 *   measure_shots.c    finite shots: groups of words, sample, counts, standard errors */
#ifndef QGN_SEMA_MEASURE_H
#define QGN_SEMA_MEASURE_H
#include <complex.h>
#include "lang/sema/builtins.h"

/* An operator of n terms; factor[i] (or all of them) NULL: the coefficient is the number alone. */
const Value *op_value(Sema *S, int n, const PauliTerm *terms, const Value *const *factor, Span span);
/* A register, E0201 for anything else; op_register: with different qubits, E0310. NULL after an error. */
const QubitsValue *want_register(Sema *S, const Value *v, const char *what);
const QubitsValue *op_register(Sema *S, const Value *v, const char *what);

/* Matrices and states on a register of at most this many qubits. */
#define HERMITIAN_MAX_QUBITS 5
/* The sum of words that is the matrix m of 2^n x 2^n; the real part of its coefficients. */
const Value *op_of_matrix(Sema *S, const QubitsValue *q, const double complex *m, Span span);
/* |v><v| / <v|v> of n amplitudes; NULL after an error at `from`. */
const Value *op_of_state(Sema *S, const QubitsValue *q, double complex *v, int n, const Value *from,
                         Span span);
/* The numbers of a list of numbers or of pairs [real, imaginary]; NULL after an error. */
double complex *static_vector(Sema *S, const Value *v, const char *what, int *n);

/* Is this call in the body of a layer? E0401 if not. */
bool in_circuit(Sema *S, const Args *args);
/* The node of what is measured, p's measure, observables, probs_qubits and shots set; a tensor with the
 * outputs on its last axis. */
const Value *circuit_node(Sema *S, CircuitProgram *p, Span span);
/* Output i of a circuit's node as a scalar of the sample. */
const Value *output_of(Sema *S, const Value *outputs, int i, Span span);
/* Outputs from .. from + n - 1, along the last axis. */
const Value *part_of(Sema *S, const Value *v, int64_t from, int64_t n, Span span);
Observable observable_of(Sema *S, const OpValue *op, Span span);
/* Their expectation values, [n]; shots NULL: exact. */
const Value *expval_of(Sema *S, const Value *const *op, int n, const Value *shots, Span span);
/* The qubits of a register become those of p that are measured; false after an error. */
bool program_register(Sema *S, CircuitProgram *p, const Value *v, const char *what);
/* The same measured `shots` times. */
const Value *sampled_expval(Sema *S, const Value *const *op, int n, const Value *shots, Span span);
const Value *sampled_probs(Sema *S, CircuitProgram *p, const Value *shots, Span span);
/* all: n squares of operators, then the operators; NULL after an error. */
const Value *const *squares_and_operators(Sema *S, const Value *const *op, int n, const char *name);
const Value *sampled_variance(Sema *S, const Value *const *op, int n, const Value *shots, Span span);
/* The first n outputs, whose standard errors are the n behind them. */
const Value *means_with_errors(Sema *S, const Value *outputs, int n, Span span);
/* The shots of a measurement: as given, else those of the train; NULL: exact. */
const Value *shots_here(Sema *S, const Value *given, Span span);
/* E0206 in a train with shots: what `name` yields is no sample. */
bool exact_only(Sema *S, const Args *args);
#define SAMPLE_MAX_BITS (1 << 26) /* of `sample` in one row */
/* The operators of an operator or a list of them (lists in lists too), in order; NULL after an error. */
const Value *const *operators_of(Sema *S, const Value *v, const char *name, int *n);
#endif
