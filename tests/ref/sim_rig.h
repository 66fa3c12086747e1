/* Circuits made and run by tests: programs by hand, kernels called directly, numbers as doubles. */
#ifndef QGN_SIM_RIG_H
#define QGN_SIM_RIG_H
#include "lang/ir/circuit.h"
#include "runtime/kernels/kernel.h"

/* An empty program; size[k] and rows[k] for each of n_inputs inputs. */
CircuitProgram *rig_circuit(Arena *a, int n_qubits, int n_inputs, const int64_t *size, const bool *rows);
/* Adds a gate; qubits: controls, then targets. The result is for setting angles, until the next one. */
GateUse *rig_gate(CircuitProgram *c, GateId gate, int n_controls, int n_targets, const int *qubits);
/* Adds a channel; its parameters are the result's angles. */
GateUse *rig_channel(CircuitProgram *c, ChannelId channel, int n_targets, const int *qubits);
/* Adds an observable of one term; further terms of it with rig_term. */
void rig_expval(CircuitProgram *c, double coefficient, uint64_t x, uint64_t z);
void rig_term(CircuitProgram *c, double coefficient, uint64_t x, uint64_t z);
/* Measures probs of these qubits. */
void rig_probs(CircuitProgram *c, int n, const int *qubits);
/* Measures the amplitudes of all qubits in this order. */
void rig_amplitudes(CircuitProgram *c, const int *qubits);
/* Rows of the result for this many rows of the call: 1 if no input has rows. */
int64_t rig_samples(const CircuitProgram *c, int64_t rows);

/* Rows of the batch that the calls belong to, if not 0: their layout depends on it (sim.h). */
extern int64_t rig_batch;
/* The stream of finite shots. */
extern uint64_t rig_key;
/* How gradients are computed. */
extern CircuitMethod rig_method;
/* What a block of a large state may take, in bytes (wide.h). */
extern size_t rig_block_bytes;
/* Threads that a call may share its work with, if more than 1: its tasks are done backwards, by all in turn.
 */
extern int rig_team;
/* Density matrices without the entries that do not matter. */
extern bool rig_prune;
/* What the states that a gradient of a density matrix keeps may take (density.h). */
extern size_t rig_keep_bytes;
/* Runs one op over `rows` rows. in[k]: rows * size or size values; w [samples, outputs]; u[k] like
 * in[k]. out: CIRCUIT: out[0] = y; VJP: out[k] gradient of input k (NULL: not wanted); HVP: the
 * Hessian product of input k, and last the tangent of the outputs. */
void rig_run(const CircuitProgram *c, const KernelSet *set, OpId op, int64_t rows, const double *const *in,
             const double *w, const double *const *u, double *const *out);

/* Random numbers of the tests: the state is set before what has to be the same each time. */
extern uint64_t rig_rng_state;
uint64_t rig_rng(void);
int rig_below(int n);
double rig_uniform(double from, double to);
/* The kernels of this CPU in double precision. */
const KernelSet *rig_best(void);
/* Numbers of input k in a call of this many rows. */
int64_t rig_values(const CircuitProgram *c, int k, int64_t rows);
void rig_describe(const CircuitProgram *c);
/* Fails, naming the circuit, where a is apart from b by more than the tolerance, or that share of b. */
void rig_near(const CircuitProgram *c, const double *a, const double *b, int64_t n, double tolerance,
              const char *what, const char *set);
#endif
