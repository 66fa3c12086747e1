/* The third form of a circuit: every rotation on its own, in the basis of the program's qubits, nothing
 * merged and no phase left out (private to runtime/sim). It is for measurements that see the phase of the
 * state, which the reduced forms leave behind in many places: amplitudes. Samples stand in the lanes.
 *
 * Amplitude k has qubit q in bit q of k. An op turns the amplitudes whose control bits are met:
 *     psi <- cos psi - i sin P psi,   (P psi)(k) = i^m (-1)^parity((k ^ x) & z) psi(k ^ x),   m = |x & z|.
 *
 * Outputs y = (Re psi, Im psi) are linear in psi: with cotangent w, F = Re <w|psi>, and
 *     lambda = w / 2:  dF/da = Im <lambda|P|psi>   (the adjoint walk of observables, with w / 2 for O psi)
 *     along u: y' = psi', h = Im <lambda'|P|psi> + Im <lambda|P|psi'> with lambda' = 0 at the end. */
#ifndef QGN_SIM_AMPLITUDE_H
#define QGN_SIM_AMPLITUDE_H
#include "runtime/sim/plan.h"

typedef struct AmpOp {
  uint32_t x, z;
  int quarter;              /* m */
  uint32_t controls, value; /* k & controls == value */
  int slot;
  bool grad;
} AmpOp;

typedef struct AmpPlan {
  int n;
  const AmpOp *op;
} AmpPlan;

/* Fills program, any_rows, dim, slots, outcome_col, amp and layout of p. NULL, or why not. */
const char *plan_amplitude(Arena *a, SimPlan *p, size_t vec, size_t real, Span *where);
#endif
