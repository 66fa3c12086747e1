/* Gradients by runs with moved angles, what all simulators share: how far an angle is moved, and the random
 * direction of an estimate. Included by *_k.c files only.
 *
 * A value F of an exact state is limited by rounding alone, so steps are short. One that is estimated from n
 * measurements (shots, or trajectories that choose operators by the state, so that a small step changes few
 * choices and those by a jump) has an error of about 1/sqrt(n), which is divided by the step. For F of
 * frequency 1 with a variance of 1/n the mean square error, that of the formula's next term included, is
 * least at differences of fourth order   h^10 = 203 / n     (0.903/(n h^2) + h^8/900) two runs in a direction
 * of d angles, in which F has the frequency sqrt(d) h^6 d^3 = 9 / n    (1/(2 n h^2) + d^3 h^4/36) Steps are
 * at most 1, where the next term is no longer small. */
#ifndef QGN_MOVED_K_H
#define QGN_MOVED_K_H
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/variant.h"
#include "runtime/sim/plan.h"
#include "runtime/tensor/rng.h"

/* dF/da = sum over k of c_k (F(a + s_k) - F(a - s_k)) */
typedef struct MovedRule {
  int n;
  double s[2], c[2];
} MovedRule;

/* n: measurements behind a value; 0: it is exact. */
KINLINE MovedRule moved_differences(int64_t n) {
  const double exact = sizeof(Real) == sizeof(double) ? 2e-3 : 0.1;
  const double h = n > 0 ? fmin(1, pow(203 / (double)n, 0.1)) : exact;
  return (MovedRule){2, {h, 2 * h}, {8 / (12 * h), -1 / (12 * h)}};
}

/* The step of simultaneous perturbation (Spall 1992): with a random sign D_i for each of d angles,
 *     dF/da_i = D_i (F(a + h D) - F(a - h D)) / (2 h). */
KINLINE Real moved_step(int64_t n, int d) {
  if (n == 0) return (Real)(sizeof(Real) == sizeof(double) ? 1e-4 : 1e-2);
  return (Real)(fmin(1, pow(9 / (double)n, 1.0 / 6)) / sqrt((double)d));
}

/* Neighbours that turn by multiples of one angle, the parts of a controlled rotation or a rotation of several
 * qubits, move together: as one angle they have one derivative, and the estimate is less spread. */
KINLINE bool moved_with(const SimSlot *s, const SimSlot *first) {
  const int n = s->n_shared + s->n_row;
  bool same = n == first->n_shared + first->n_row && s->n_row == first->n_row && n > 0;
  for (int i = 0; same && i < n; i++)
    same = s->term[i].source == first->term[i].source && s->term[i].element == first->term[i].element &&
           s->term[i].scale * first->term[0].scale == first->term[i].scale * s->term[0].scale;
  return same;
}

/* The first slot of those that move with slot i, and in *by how far this one moves for it. */
KINLINE int moved_first(const SimPlan *p, int i, Real *by) {
  int first = i;
  while (first > 0 && moved_with(&p->slot[i], &p->slot[first - 1])) first--;
  *by = (Real)(p->slot[i].term[0].scale / p->slot[first].term[0].scale);
  return first;
}

/* The sign D_i of this step, the same in every shard. `drawn`: the key also yields what values are drawn
 * from. */
KINLINE Real moved_sign(const KCall *c, int slot, bool drawn) {
  uint32_t word[4];
  const uint64_t key = c->op->key + (drawn ? 0xD1B54A32D192ED03u : 0);
  rng_philox(key, (uint32_t)slot / 4, 0, c->clock->t, c->clock->repeat, word);
  return word[slot % 4] >> 31 ? 1 : -1;
}
#endif
