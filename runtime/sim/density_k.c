/* Circuits with channels forward, and their gradient: density.h. */
#include "runtime/sim/density_k.h"
#include "runtime/sim/moved_k.h"
#include "runtime/sim/shots_k.h"

void KNAME(density_circuit)(const KCall *c);
void KNAME(density_circuit_vjp)(const KCall *c);
void KNAME(density_moved_vjp)(const KCall *c);

/* Runs ops from r on; each table or matrix goes to the next buffer (keep) or to the other one of two. */
static RVec *run_ops(const Density *D, int first, int n, RVec *r, bool keep) {
  const uint32_t dim = D->d->dim;
  for (int i = first; i < first + n; i++) {
    const DensityOp *op = &D->d->op[i];
    if (op->kind == DENSITY_TURN) {
      turn_forward(r, op, D->s.cs[2 * op->slot], D->s.cs[2 * op->slot + 1]);
      continue;
    }
    RVec *next = keep || r == D->work ? r + dim : D->work;
    density_step(D, op, next, r);
    r = next;
  }
  return r;
}

/* The outputs of a tile to s->y, of SAMPLE to the result itself. */
static void run_tile(Density *D, int64_t row, uint64_t run, bool forward) {
  density_tile(D, row, false);
  density_start(D, D->work);
  const RVec *r = run_ops(D, 0, D->d->n_ops, D->work, false);
  if (D->s.plan->shots == NULL) {
    density_measure(D, r, forward);
    return;
  }
  density_outcomes(D, r);
  for (int i = 0; i < D->d->n_probs; i++)
    D->s.q[i] = select(D->s.q[i] < 0, splat(0), D->s.q[i]); /* rounding */
  shots_draw(&D->s, run, forward);
}

void KNAME(density_circuit)(const KCall *c) {
  Density D = density_begin(c);
  density_call(&D, false);
  for (int64_t row = 0; row < D.s.samples; row += VL) {
    run_tile(&D, row, 0, true);
    if (D.s.plan->program->measure != MEASURE_SAMPLE) store_outputs(&D.s, c->out);
  }
}

/* ---- gradients ---- */

/* The derivatives in the parameters of a matrix, of the samples of the tile. */
static void matrix_parts(const Density *D, const DensityOp *op, const RVec *l, const RVec *r) {
  const DensityChannel *c = op->channel;
  const RVec *slope = D->slope + op->matrix * CHANNEL_MAX_PARAMS;
  RVec g[CHANNEL_MAX_PARAMS] = {{0}};
  for (uint32_t row = 0; row < op->n_local; row++)
    for (uint32_t i = op->row_at[row]; i < op->row_at[row + 1]; i++) {
      const uint32_t e = op->row_entry[i], to = op->offset[row], from = op->offset[op->row_col[i]];
      RVec sum = {0};
      if (e == 0) continue;
      FOR_BASE(&op->walk, base) sum += l[base | to] * r[base | from];
      for (int k = 0; k < c->n_params; k++) g[k] += slope[e * CHANNEL_MAX_PARAMS + (uint32_t)k] * sum;
    }
  for (int k = 0; k < c->n_params; k++)
    if (c->slot[k] >= 0) part_add(&D->s, c->slot[k], (Real)0.5 * g[k]);
}

static void table_sums(const Density *D, const DensityOp *op, const RVec *l, const RVec *r) {
  RVec *sums = D->sums + op->sums;
  FOR_BASE(&op->walk, base) {
    for (uint32_t i = 0; i < op->n; i++) sums[i] += l[base | op->a[i]] * r[base | op->b[i]];
  }
}

/* The derivatives in the strengths of a table, from its sums over all samples. Of each entry's factor all
 * but one channel's part are needed: products from both ends. */
static void strength_parts(const Density *D, const DensityOp *op) {
  const RVec *sums = D->sums + op->sums;
  double *value = D->scales, *total = value + DENSITY_SCALE * op->n_scales,
         *before = total + DENSITY_SCALE * op->n_scales;
  for (int j = 0; j < op->n_scales; j++) scale_values(D, op->scale[j].channel, value + DENSITY_SCALE * j);
  for (int i = 0; i < DENSITY_SCALE * op->n_scales; i++) total[i] = 0;
  for (uint32_t k = 0; k < op->n; k++) {
    double product = op->factor[k] * (double)sum_lanes(sums[k]), behind = 1;
    for (int j = 0; j < op->n_scales; j++) {
      before[j] = product;
      product *= value[DENSITY_SCALE * j + op->scale[j].at[k]];
    }
    for (int j = op->n_scales - 1; j >= 0; j--) {
      const int at = DENSITY_SCALE * j + op->scale[j].at[k];
      total[at] += before[j] * behind;
      behind *= value[at];
    }
  }
  for (int j = 0; j < op->n_scales; j++) {
    const DensityChannel *c = op->scale[j].channel;
    double v[CHANNEL_MAX_PARAMS], d[CHANNEL_MAX_PARAMS], g[CHANNEL_MAX_PARAMS] = {0};
    channel_values(D, c, 0, v);
    for (int e = 0; e < c->n; e++) {
      (void)formula_value(&c->entry[e].formula, c->n_params, v, d);
      for (int k = 0; k < c->n_params; k++) g[k] += total[DENSITY_SCALE * j + e + 1] * d[k];
    }
    for (int k = 0; k < c->n_params; k++)
      if (c->slot[k] >= 0) D->s.sum[c->slot[k]][0] += (Real)(0.5 * g[k]);
  }
}

static void copy_state(const Density *D, RVec *to, const RVec *from) {
  memcpy(to, from, D->d->dim * sizeof(RVec));
}

/* Block k forward from its begin in D->work, all states kept. */
static RVec *run_block(const Density *D, int k) {
  const DensityBlock *b = &D->d->block[k];
  return run_ops(D, b->first, b->n, D->work, true);
}

static RVec *run_forward(const Density *D) {
  const int n = D->d->n_blocks;
  density_start(D, D->work);
  RVec *r = D->work;
  for (int k = 0; k < n; k++) {
    if (k > 0) copy_state(D, D->work, r);
    if (n > 1) copy_state(D, D->check + (size_t)k * D->d->dim, D->work);
    r = run_block(D, k);
  }
  return r;
}

/* Takes *r and the cotangent *l back through block k. */
static void block_back(const Density *D, int k, RVec *r, RVec **l) {
  const DensityBlock *b = &D->d->block[k];
  for (int i = b->first + b->n - 1; i >= b->first; i--) {
    const DensityOp *op = &D->d->op[i];
    if (op->kind == DENSITY_TURN) {
      RVec g = turn_back(r, *l, op, D->s.cs[2 * op->slot], D->s.cs[2 * op->slot + 1]);
      if (op->grad) part_add(&D->s, op->slot, (Real)0.5 * g);
      continue;
    }
    RVec *before = r - D->d->dim, *next = *l == D->lam[0] ? D->lam[1] : D->lam[0];
    if (op->grad && op->kind == DENSITY_TABLE) table_sums(D, op, *l, before);
    if (op->grad && op->kind == DENSITY_MATRIX) matrix_parts(D, op, *l, before);
    density_step_back(D, op, next, *l);
    *l = next;
    r = before;
  }
}

void KNAME(density_circuit_vjp)(const KCall *c) {
  Density D = density_begin(c);
  const DensityPlan *d = D.d;
  if (c->op->attr.i[0] != METHOD_ADJOINT && c->op->attr.i[0] != METHOD_BACKPROP) {
    KNAME(density_moved_vjp)(c);
    return;
  }
  density_call(&D, true);
  parts_begin(&D.s);
  for (size_t i = 0; i < d->n_sums; i++) D.sums[i] = (RVec){0};
  for (int64_t row = 0; row < D.s.samples; row += VL) {
    density_tile(&D, row, true);
    sim_cotangent(&D.s);
    RVec *r = run_forward(&D), *l = D.lam[0];
    density_observe(&D, l);
    for (int k = d->n_blocks - 1; k >= 0; k--) {
      if (k < d->n_blocks - 1) {
        copy_state(&D, D.work, D.check + (size_t)k * d->dim);
        r = run_block(&D, k);
      }
      block_back(&D, k, r, &l);
    }
  }
  for (int i = 0; i < d->n_ops; i++)
    if (d->op[i].n_scales > 0) strength_parts(&D, &d->op[i]);
  parts_end(&D.s);
}

/* ---- by moved angles ---- */

/* The sum of w y of each sample of a tile. With shots each run has its own. */
static RVec weighted_outputs(Density *D, int64_t row, uint64_t run) {
  const Sim *s = &D->s;
  const int outputs = s->plan->shots != NULL ? s->plan->shots->means : s->plan->program->n_outputs;
  RVec f = {0};
  run_tile(D, row, run, false);
  sim_cotangent(s);
  for (int o = 0; o < outputs; o++) f += s->w[o] * s->y[o];
  return f;
}

/* Adds factor * sum of w y of each sample to the gradient of a slot, with its angle at scalar[slot]. */
static void add_moved(Density *D, int slot, Real factor, uint64_t run) {
  sim_cosines(&D->s);
  for (int64_t row = 0; row < D->s.samples; row += VL)
    part_add(&D->s, slot, (Real)0.5 * factor * weighted_outputs(D, row, run));
}

static bool has_input(const Density *D, int slot) {
  const SimSlot *s = &D->s.plan->slot[slot];
  return s->n_shared + s->n_row > 0;
}

static Real sign_of(const Density *D, int slot) {
  return moved_sign(D->s.call, slot, D->s.plan->shots != NULL);
}

/* Angles that move by themselves. */
static bool leads(const Density *D, int slot) {
  Real by;
  return has_input(D, slot) && moved_first(D->s.plan, slot, &by) == slot;
}

static void spsa(Density *D, int64_t drawn) {
  const int n = D->s.plan->n_slots;
  int angles = 0;
  for (int i = 0; i < n; i++) angles += leads(D, i);
  if (angles == 0) return;
  const Real h = moved_step(drawn, angles);
  for (int side = 0; side < 2; side++) {
    for (int i = 0; i < n; i++) {
      Real by;
      if (!has_input(D, i)) continue;
      const int first = moved_first(D->s.plan, i, &by);
      D->s.scalar[i] += (side ? -2 * h : h) * by * sign_of(D, first);
    }
    sim_cosines(&D->s);
    for (int64_t row = 0; row < D->s.samples; row += VL) {
      const RVec f = (Real)0.5 * weighted_outputs(D, row, (uint64_t)side + 1) * ((side ? -1 : 1) / (2 * h));
      for (int i = 0; i < n; i++)
        if (leads(D, i)) part_add(&D->s, i, sign_of(D, i) * f);
    }
  }
}

/* Every turn has the one frequency 1 (controls are several turns), so two terms are exact; differences: the
 * formula of fourth order. Strengths are not moved: vjp_circuit.c refuses them with these methods. */
void KNAME(density_moved_vjp)(const KCall *c) {
  Density D = density_begin(c);
  const int64_t drawn = D.s.plan->shots != NULL ? D.s.plan->shots->n : 0;
  const MovedRule rule = c->op->attr.i[0] == METHOD_SHIFT
                             ? (MovedRule){1, {1.57079632679489661923, 0}, {0.5, 0}}
                             : moved_differences(drawn);
  density_call(&D, false);
  parts_begin(&D.s);
  if (c->op->attr.i[0] == METHOD_SPSA) spsa(&D, drawn);
  for (int i = 0; c->op->attr.i[0] != METHOD_SPSA && i < D.s.plan->n_slots; i++) {
    if (!part_wants(c, &D.s.plan->slot[i])) continue;
    const Real angle = D.s.scalar[i];
    for (int k = 0; k < 2 * rule.n; k++) {
      const double sign = k & 1 ? -1 : 1;
      D.s.scalar[i] = angle + (Real)(sign * rule.s[k / 2]);
      add_moved(&D, i, (Real)(sign * rule.c[k / 2]), 1 + 4 * (uint64_t)i + (uint64_t)k);
    }
    D.s.scalar[i] = angle;
  }
  parts_end(&D.s);
}
