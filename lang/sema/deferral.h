/* Measurement inside of circuits, by deferral: what a script measures with `draw m ~ measure(q)` and what
 * an OpenQASM file measures. A measured qubit *holds* its outcome for as long as only gates follow that
 * leave it in the basis of Z, and is copied to a fresh qubit before one that does not. A condition on
 * outcomes becomes controls. So the state stays pure, and what is measured at the end has exactly the
 * distribution of the circuit with measurements.
 *
 * Qubits that hold outcomes are classical on a machine: no noise model acts on copies and conditions
 * (GateUse.n_kept). Everything lives in the circuit under way (CircuitBuild: held, files, outcomes). */
#ifndef QGN_SEMA_DEFERRAL_H
#define QGN_SEMA_DEFERRAL_H
#include "lang/sema/walk.h"

/* Values that qubits must have; different qubits, so no more than a circuit has. */
typedef struct Controls {
  int n;
  int qubit[CIRCUIT_MAX_QUBITS];
  uint8_t on[CIRCUIT_MAX_QUBITS];
} Controls;

/* When n outcomes fulfil a condition: table[k], bit i of k the value of the one that holder[i] holds. */
typedef struct Condition {
  int n;
  int holder[QASM_MAX_CONDITION];
  uint8_t table[1 << QASM_MAX_CONDITION];
} Condition;

/* A fresh qubit in |0>; -1 after saying, once for a circuit, that there are too many (E0701). */
int deferral_fresh(Sema *S, Span span);
/* A gate at the end of the circuit. */
void deferral_push(Sema *S, const GateUse *u);
/* The qubit holds its outcome from here on. */
void deferral_measure(Sema *S, int qubit, Span span);
/* Position in `held` of the qubit; -1: it holds none. */
int deferral_find(const CircuitBuild *c, int qubit);
/* The outcome that `from` holds moves to `to`. */
void deferral_rename(CircuitBuild *c, int from, int to);
/* Copies, before gate `at`, the outcomes on qubits of *u that it would change; all of them where it is under
 * a condition, so that they can be its controls. Earlier gates change none (held_settle). False after an
 * error. */
bool deferral_keep(Sema *S, const GateUse *u, bool conditional, int at, Span span);
/* Qubits that hold these outcomes now, each its own: one that is held nowhere (holder -1: it is 0) or
 * stands twice gets a fresh one, and so does one on a qubit of `taken`, which is measured beside it. The
 * circuit is measured from here on. NULL after an error. */
const int *deferral_outcomes(Sema *S, const int *holder, int n, uint64_t taken, Span span);

/* False if that can never hold: the qubit is there with the other value. */
bool control_add(Controls *c, int qubit, bool on);
/* Adds the controls of a condition, through one further qubit where it is not one case; *qubit keeps that
 * one (-1: not made yet). Returns 1, 0 if it never holds, -1 after an error. */
int condition_controls(Sema *S, Condition *k, int *qubit, Controls *out, Span span);
/* All of them in one fresh qubit; -1 after an error. */
int controls_qubit(Sema *S, const Controls *c, Span span);
/* Puts controls before those of a gate; through a further qubit where there are too many. */
bool gate_condition(Sema *S, GateUse *u, const Controls *c, Span span);
#endif
