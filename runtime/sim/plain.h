/* Circuits as they are written: the full state of all qubits, one rotation after the other, nothing
 * merged, moved or dropped. What needs states of their own is built on it:
 *
 * - backprop (circuit_plain_k.c): all states are kept and the arithmetic of the forward pass is derived
 *   backwards, number by number. It shares only the list of rotations with the adjoint method, so each
 *   checks the other; it costs a state for each rotation.
 * - the metric tensor (circuit_metric_k.c): tangents of the state for all weights.
 *
 * Samples stand in the lanes. A PlainPlan is made with the SimPlan of a program, in its arena. */
#ifndef QGN_SIM_PLAIN_H
#define QGN_SIM_PLAIN_H
#include "runtime/sim/plan.h"

/* exp(-i angle C W / 2): entry (k, k ^ x) of W is i^quarter (-1)^(number of bits of z & (k ^ x)), and C
 * holds where (k & mask) == value. */
typedef struct PlainTurn {
  uint32_t x, z, mask, value;
  int quarter;
  SimAngle angle;
} PlainTurn;

typedef struct PlainPlan {
  const CircuitProgram *program;
  bool any_rows;
  int n_turns;
  const PlainTurn *turn;
  int n_shared; /* elements of all inputs without rows: the weights of the metric */
} PlainPlan;

/* NULL and *why, *where if a gate has no kernel yet. */
const PlainPlan *plan_plain(Arena *a, const CircuitProgram *c, const char **why, Span *where);
/* Scratch bytes of a call; `vec`: bytes of a vector. */
size_t plain_backprop_scratch(const PlainPlan *p, size_t vec);
size_t plain_metric_scratch(const PlainPlan *p, size_t vec);
#endif
