/* The plan of amplitudes: what each amplitude of the state stands for. */
#define _GNU_SOURCE /* M_SQRT1_2 */
#include "runtime/sim/amplitude.h"

#include <math.h>
#include <string.h>
#include "runtime/sim/plan_steps.h"

void plan_phase(Arena *a, SimRotations *r, int **level, SimPhase *phase) {
  if (phase->angle.n == 0) return;
  int *longer = ARENA_ARRAY(a, int, r->n + 1);
  if (r->n > 0) memcpy(longer, *level, (size_t)r->n * sizeof *longer);
  longer[r->n] = r->n > 0 ? longer[r->n - 1] | 1 : 1; /* diagonal ones have odd levels */
  *level = longer;
  const SimRotation last = {.angle = phase->angle};
  vec_push(a, r, last);
  phase->angle = (SimAngle){0};
}

/* F X_q F^+ for each qubit: the word W with F^+ W F = X_q. */
static void turned_flips(const Frame *f, int n, Pauli out[CIRCUIT_MAX_QUBITS]) {
  Span2 flips = {0}, signs = {0};
  for (int q = 0; q < n; q++) {
    span2_add(&flips, f->x[q].x);
    span2_add(&signs, f->z[q].z);
  }
  for (int q = 0; q < n; q++) {
    Pauli w = {0};
    (void)span2_find(&flips, 1u << q, &w.x);
    (void)span2_find(&signs, frame_image(f, n, w).z, &w.z);
    w.t = (4 - frame_image(f, n, w).t) & 3;
    out[q] = w;
  }
}

/* A mask of qubits as one of bits of outputs. */
static uint32_t output_mask(const CircuitProgram *c, uint32_t qubits) {
  const int n = c->probs_qubits.n;
  uint32_t m = 0;
  for (int i = 0; i < n; i++) m |= (qubits >> c->probs_qubits.at[i] & 1) << (n - 1 - i);
  return m;
}

void plan_amplitudes(Arena *a, SimPlan *p, const Frame *frame, const SimPhase *phase) {
  const CircuitProgram *c = p->program;
  SimAmplitudes *out = ARENA_NEW(a, SimAmplitudes);
  AmpBit *bit = ARENA_ARRAY(a, AmpBit, p->dim);
  Pauli flip[CIRCUIT_MAX_QUBITS];
  turned_flips(frame, c->n_qubits, flip);
  for (int b = 0; b < p->dim; b++) {
    Pauli w = {0};
    for (int q = 0; q < c->n_qubits; q++)
      if (p->basis[b] >> q & 1) w = pauli_mul(w, flip[q]);
    const int turn = p->turned >> b & 1;
    bit[b] = (AmpBit){output_mask(c, w.x), output_mask(c, w.z), {(w.t + 3 * turn) & 3, (w.t + turn) & 3}};
  }
  double re = 1, im = 0;
  steps_phase(phase->angle.shift, &re, &im);
  for (int m = 0; m < 4; m++) {
    const double next = -im;
    out->re[m] = re, out->im[m] = im;
    im = re, re = next;
  }
  out->first = output_mask(c, phase->image);
  out->bit = bit;
  p->amplitudes = out;
}
