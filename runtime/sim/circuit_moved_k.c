/* Gradients by running the circuit with angles moved, one rotation after the other: for a rotation
 * with angle a,
 *     dF/da = sum over mu of c_mu (F(a + s_mu) - F(a - s_mu)).
 * Shift rule: F has the frequencies of differences of eigenvalues of the generator, 1 for a word, 1/2
 * and 1 with controls; the rule is exact if sum over mu of 2 c_mu sin(f s_mu) = f for each. Finite
 * differences: the formula of fourth order. A parameter that several rotations use is the sum over
 * them, like any other gradient here. Samples stand in the lanes; no state but psi is needed. */
#include "runtime/sim/moved_k.h"
#include "runtime/sim/shots_k.h"

void KNAME(moved_circuit_vjp)(const KCall *c);

#define HALF_PI 1.57079632679489661923

static int64_t drawn(const SimPlan *p) { return p->shots != NULL ? p->shots->n : 0; }

static MovedRule rule_of(const SimPlan *p, int slot, CircuitMethod method) {
  const double root = 1.41421356237309504880;
  if (method == METHOD_FINITE) return moved_differences(drawn(p));
  if (!p->slot[slot].controlled) return (MovedRule){1, {HALF_PI, 0}, {0.5, 0}};
  /* at pi/2 and 3 pi/2: the four-term rule of Wierichs et al. (2022), equation 9 */
  return (MovedRule){2, {HALF_PI, 3 * HALF_PI}, {(root + 1) / (4 * root), -(root - 1) / (4 * root)}};
}

/* The sum of w y of each sample of a tile. With shots each run has its own. */
static RVec weighted_outputs(Sim *s, int64_t row, uint64_t run) {
  const SimShots *shots = s->plan->shots;
  const int n_outputs = shots != NULL ? shots->means : s->plan->program->n_outputs;
  RVec f = {0};
  sim_tile(s, row);
  sim_cotangent(s);
  sim_forward(s);
  if (shots != NULL) shots_measure(s, run, false);
  else sim_measure(s, s->psi, s->psi, 1, false);
  for (int o = 0; o < n_outputs; o++) f += s->w[o] * s->y[o];
  return f;
}

/* Adds factor * sum of w y of each sample to the gradient of a slot, with half its angle at scalar[slot]. */
static void add_moved(Sim *s, int slot, Real factor, uint64_t run) {
  sim_cosines(s);
  sim_tables(s);
  for (int64_t row = 0; row < s->samples; row += VL) {
    RVec f = weighted_outputs(s, row, run);
    part_add(s, slot, factor * f);
  }
}

static bool has_input(const SimPlan *p, int slot) { return p->slot[slot].n_shared + p->slot[slot].n_row > 0; }

static Real sign_of(const Sim *s, int slot) { return moved_sign(s->call, slot, s->plan->shots != NULL); }

/* Angles that move by themselves. */
static bool leads(const Sim *s, int slot) {
  Real by;
  return has_input(s->plan, slot) && moved_first(s->plan, slot, &by) == slot;
}

static void move_all(const Sim *s, Real step) {
  for (int i = 0; i < s->plan->n_slots; i++) {
    Real by;
    if (!has_input(s->plan, i)) continue;
    const int first = moved_first(s->plan, i, &by);
    s->scalar[i] += step * by * sign_of(s, first);
  }
  sim_cosines(s);
  sim_tables(s);
}

static void spsa(Sim *s) {
  int angles = 0;
  for (int i = 0; i < s->plan->n_slots; i++) angles += leads(s, i);
  if (angles == 0) return;
  const Real h = moved_step(drawn(s->plan), angles);
  for (int side = 0; side < 2; side++) {
    move_all(s, (Real)0.5 * (side ? -2 * h : h));
    for (int64_t row = 0; row < s->samples; row += VL) {
      RVec f = weighted_outputs(s, row, s->plan->shots != NULL ? (uint64_t)side + 1 : 0) *
               ((side ? -1 : 1) / (2 * h));
      for (int i = 0; i < s->plan->n_slots; i++)
        if (leads(s, i)) part_add(s, i, sign_of(s, i) * f);
    }
  }
}

void KNAME(moved_circuit_vjp)(const KCall *c) {
  Sim s = sim_begin(c);
  const SimPlan *p = s.plan;
  uint64_t run = 0;
  sim_shared_angles(&s);
  parts_begin(&s);
  if (c->op->attr.i[0] == METHOD_SPSA) {
    spsa(&s);
    parts_end(&s);
    return;
  }
  for (int i = 0; i < p->n_slots; i++) {
    if (!has_input(p, i)) continue;
    const MovedRule rule = rule_of(p, i, (CircuitMethod)c->op->attr.i[0]);
    if (!part_wants(c, &p->slot[i])) {
      run += 2 * (uint64_t)rule.n; /* the random numbers of the others stay theirs */
      continue;
    }
    const Real half = s.scalar[i];
    for (int k = 0; k < 2 * rule.n; k++) {
      double sign = k & 1 ? -1 : 1;
      s.scalar[i] = half + (Real)(0.5 * sign * rule.s[k / 2]);
      add_moved(&s, i, (Real)(sign * rule.c[k / 2]), ++run);
    }
    s.scalar[i] = half;
  }
  parts_end(&s);
}
