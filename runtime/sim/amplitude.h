/* Amplitudes as outputs (private to runtime/sim). The plan keeps every phase here that measured words do not
 * see: of the state psi = F phi (pauli.h) only phi is computed, and amplitude k of phi stands for
 *     exp(-i angle / 2) i^m |o>,   m and o functions of k alone.
 *
 * phi has its index bits in a basis of its own (plan.h): bit b of k stands for the flips v_b, times i where
 * the bit was turned. With F X^v F^+ = i^t X^x Z^z (words, pauli.h) and F |0...0> = exp(-i angle / 2)
 * |first>, setting or clearing bit b of k takes o to o ^ x and the phase by i^t (-1)^parity(o & z), and by i
 * or -i for the turn. So a walk over k by Gray code knows o and m at each step.
 *
 * Outputs y = (Re psi, Im psi) are linear in psi. With cotangent w, F = Re <w|psi>, and lambda = w / 2, taken
 * to the frame, is where the way back begins: dF/da = Im <lambda|G|psi>   (the adjoint walk of observables,
 * with w / 2 for O psi) along u: y' = psi', h = Im <lambda'|G|psi> + Im <lambda|G|psi'> with lambda' = 0 at
 * the end. */
#ifndef QGN_SIM_AMPLITUDE_H
#define QGN_SIM_AMPLITUDE_H
#include "runtime/sim/plan.h"

typedef struct AmpBit {
  uint32_t flip, sign; /* x and z, as bits of outputs */
  int quarter[2];      /* t, less or more the turn: the bit is cleared, or set */
} AmpBit;

typedef struct SimAmplitudes {
  uint32_t first;
  double re[4], im[4]; /* exp(-i angle / 2) i^m */
  const AmpBit *bit;   /* [SimPlan.dim] */
} SimAmplitudes;

/* Takes the global phase along: what depends on inputs as a last rotation without a word, for which *level
 * gets an entry; the rest stays in *phase. */
void plan_phase(Arena *a, SimRotations *r, int **level, SimPhase *phase);
/* Sets p->amplitudes from the basis that plan_emit left, the frame and the phase. */
void plan_amplitudes(Arena *a, SimPlan *p, const Frame *frame, const SimPhase *phase);
#endif
