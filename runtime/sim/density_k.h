/* One step of a density matrix in a tile, forward and back: density.h has the formulas. Included by
 * *_k.c files only. */
#ifndef QGN_SIM_DENSITY_K_H
#define QGN_SIM_DENSITY_K_H
#include <math.h>
#include "runtime/sim/call_k.h"
#include "runtime/sim/density.h"

typedef struct Density {
  Sim s;
  const DensityPlan *d;
  Real *factor;        /* of tables */
  RVec *entry, *slope; /* of matrices: values; derivatives in the parameters */
  RVec *sums;          /* of l[to] r[from], for tables whose factors depend on inputs */
  double *scales;      /* for the derivatives of a table */
  RVec *work, *check, *lam[2];
  RVec *dwork, *dcheck, *dlam[2];
} Density;

#define FOR_BASE(w, base)                                                                                    \
  for (uint32_t base_h = 0; base_h < (w)->n_hi; base_h++)                                                    \
    for (uint32_t base_l = 0, base; base_l < (w)->n_lo && (base = (w)->hi[base_h] | (w)->lo[base_l], true);  \
         base_l++)

KINLINE RVec *vectors_at(const Sim *s, size_t at) { return (RVec *)(void *)(s->scratch + at); }

KINLINE Density density_begin(const KCall *c) {
  const SimPlan *p = c->op->plan;
  const DensityPlan *d = p->density;
  Density D = {.s = sim_begin_at(c, &p->at, 0), .d = d};
  const Sim *s = &D.s;
  D.factor = (Real *)(void *)(s->scratch + d->factor_at);
  D.entry = vectors_at(s, d->entry_at);
  D.slope = vectors_at(s, d->slope_at);
  D.sums = vectors_at(s, d->sum_at);
  D.scales = (double *)(void *)(s->scratch + d->scale_at);
  D.work = vectors_at(s, d->state_at);
  D.check = vectors_at(s, d->check_at);
  D.lam[0] = vectors_at(s, d->lam_at);
  D.lam[1] = D.lam[0] + d->dim;
  D.dwork = vectors_at(s, d->dstate_at);
  D.dcheck = vectors_at(s, d->dcheck_at);
  D.dlam[0] = vectors_at(s, d->dlam_at);
  D.dlam[1] = D.dlam[0] + d->dim;
  return D;
}

/* ---- strengths ---- */

/* The parameters of a channel for one lane. */
KINLINE void channel_values(const Density *D, const DensityChannel *c, int lane, double *v) {
  const SimPlan *p = D->s.plan;
  for (int k = 0; k < c->n_params; k++) {
    v[k] = c->constant[k];
    if (c->slot[k] < 0) continue;
    const SimSlot *slot = &p->slot[c->slot[k]];
    v[k] = (double)D->s.scalar[c->slot[k]];
    for (int i = 0; i < slot->n_row; i++) {
      const SimTerm *t = &slot->term[slot->n_shared + i];
      const int64_t size = p->program->input_size[t->source];
      const Real *in = D->s.call->in[t->source];
      if (lane < D->s.lanes) v[k] += t->scale * (double)in[(D->s.row + lane) * size + t->element];
    }
  }
}

/* The values of a channel's entries, entry e at e + 1, and 1 at 0. */
static void scale_values(const Density *D, const DensityChannel *c, double value[DENSITY_SCALE]) {
  double v[CHANNEL_MAX_PARAMS];
  channel_values(D, c, 0, v);
  const bool bad = channel_refuses(c->id, v) != NULL;
  value[0] = 1;
  for (int e = 0; e < c->n; e++)
    value[e + 1] = bad ? (double)NAN : formula_value(&c->entry[e].formula, c->n_params, v, NULL);
}

/* Factors of the tables whose strengths are inputs; the others once per call, too, as Reals. */
static void density_factors(const Density *D) {
  for (int i = 0; i < D->d->n_ops; i++) {
    const DensityOp *op = &D->d->op[i];
    if (op->kind != DENSITY_TABLE) continue;
    Real *f = D->factor + op->table;
    for (uint32_t k = 0; k < op->n; k++) f[k] = (Real)op->factor[k];
    for (int j = 0; j < op->n_scales; j++) {
      double value[DENSITY_SCALE];
      scale_values(D, op->scale[j].channel, value);
      for (uint32_t k = 0; k < op->n; k++) f[k] *= (Real)value[op->scale[j].at[k]];
    }
  }
}

/* Entries of a matrix and their slopes, for the lanes from `first` to `last`. */
static void matrix_lanes(const Density *D, const DensityOp *op, int first, int last, bool slopes) {
  const DensityChannel *c = op->channel;
  RVec *entry = D->entry + op->matrix, *slope = D->slope + op->matrix * CHANNEL_MAX_PARAMS;
  entry[0] = splat(1);
  for (int l = first; l < last; l++) {
    double v[CHANNEL_MAX_PARAMS], d[CHANNEL_MAX_PARAMS];
    channel_values(D, c, l, v);
    const bool bad = channel_refuses(c->id, v) != NULL && (!c->rows || l < D->s.lanes);
    for (int e = 0; e < c->n; e++) {
      const double value = formula_value(&c->entry[e].formula, c->n_params, v, d);
      entry[e + 1][l] = bad ? (Real)NAN : (Real)value;
      for (int k = 0; slopes && k < c->n_params; k++) slope[(e + 1) * CHANNEL_MAX_PARAMS + k][l] = (Real)d[k];
    }
  }
}

/* Matrices that are the same for all samples (rows: that are not). */
static void density_matrices(const Density *D, bool rows, bool slopes) {
  for (int i = 0; i < D->d->n_ops; i++) {
    const DensityOp *op = &D->d->op[i];
    if (op->kind != DENSITY_MATRIX || op->channel->rows != rows) continue;
    matrix_lanes(D, op, 0, rows ? VL : 1, slopes && op->grad);
    if (rows) continue;
    RVec *entry = D->entry + op->matrix, *slope = D->slope + op->matrix * CHANNEL_MAX_PARAMS;
    for (int e = 1; e <= op->channel->n; e++) {
      entry[e] = splat(entry[e][0]);
      for (int k = 0; slopes && op->grad && k < op->channel->n_params; k++)
        slope[e * CHANNEL_MAX_PARAMS + k] = splat(slope[e * CHANNEL_MAX_PARAMS + k][0]);
    }
  }
}

KINLINE void density_call(Density *D, bool slopes) {
  sim_shared_angles(&D->s);
  density_factors(D);
  density_matrices(D, false, slopes);
}

KINLINE void density_tile(Density *D, int64_t row, bool slopes) {
  sim_tile(&D->s, row);
  density_matrices(D, true, slopes);
}

/* ---- forward ---- */

KINLINE void density_start(const Density *D, RVec *r) {
  const DensityPlan *d = D->d;
  state_zero(r, d->dim);
  for (uint32_t i = 0; i < d->n_start; i++) r[d->start[i]] = splat((Real)d->start_value[i]);
}

KINLINE void turn_forward(RVec *r, const DensityOp *op, RVec c, RVec s) {
  const uint32_t *pa = op->a, *pb = op->b, n = op->n;
  FOR_BASE(&op->walk, base) {
    for (uint32_t i = 0; i < n; i++) {
      RVec *a = &r[base | pa[i]], *b = &r[base | pb[i]];
      RVec x = *a, y = *b;
      *a = c * x - s * y;
      *b = c * y + s * x;
    }
  }
}

KINLINE void table_forward(RVec *out, const RVec *in, const DensityOp *op, const Real *factor, uint32_t dim) {
  if (op->sparse) state_zero(out, dim);
  const uint32_t *to = op->a, *from = op->b, n = op->n;
  FOR_BASE(&op->walk, base) {
    for (uint32_t i = 0; i < n; i++) out[base | to[i]] = factor[i] * in[base | from[i]];
  }
}

KINLINE void matrix_forward(RVec *out, const RVec *in, const DensityOp *op, const RVec *entry) {
  FOR_BASE(&op->walk, base) {
    for (uint32_t r = 0; r < op->n_local; r++) {
      RVec sum = {0};
      for (uint32_t i = op->row_at[r]; i < op->row_at[r + 1]; i++)
        sum += entry[op->row_entry[i]] * in[base | op->offset[op->row_col[i]]];
      out[base | op->offset[r]] = sum;
    }
  }
}

/* out = the table or matrix of in. */
KINLINE void density_step(const Density *D, const DensityOp *op, RVec *out, const RVec *in) {
  if (op->kind == DENSITY_TABLE) table_forward(out, in, op, D->factor + op->table, D->d->dim);
  else matrix_forward(out, in, op, D->entry + op->matrix);
}

/* ---- back ---- */

/* Inner product, and undoing in both. */
KINLINE RVec turn_back(RVec *r, RVec *l, const DensityOp *op, RVec c, RVec s) {
  const uint32_t *pa = op->a, *pb = op->b, n = op->n;
  RVec g = {0}, h = {0};
  FOR_BASE(&op->walk, base) {
    for (uint32_t i = 0; i < n; i++) {
      const uint32_t a = base | pa[i], b = base | pb[i];
      RVec x = r[a], y = r[b], u = l[a], v = l[b];
      g += v * x;
      h += u * y;
      r[a] = c * x + s * y;
      r[b] = c * y - s * x;
      l[a] = c * u + s * v;
      l[b] = c * v - s * u;
    }
  }
  return g - h;
}

KINLINE void table_back(RVec *out, const RVec *l, const DensityOp *op, const Real *factor, uint32_t dim) {
  if (op->sparse) state_zero(out, dim);
  const uint32_t *to = op->a, *from = op->b, n = op->n;
  FOR_BASE(&op->walk, base) {
    for (uint32_t i = 0; i < n; i++) out[base | from[i]] = factor[i] * l[base | to[i]];
  }
}

KINLINE void matrix_back(RVec *out, const RVec *l, const DensityOp *op, const RVec *entry) {
  FOR_BASE(&op->walk, base) {
    for (uint32_t c = 0; c < op->n_local; c++) {
      RVec sum = {0};
      for (uint32_t i = op->col_at[c]; i < op->col_at[c + 1]; i++)
        sum += entry[op->col_entry[i]] * l[base | op->offset[op->col_row[i]]];
      out[base | op->offset[c]] = sum;
    }
  }
}

KINLINE void density_step_back(const Density *D, const DensityOp *op, RVec *out, const RVec *l) {
  if (op->kind == DENSITY_TABLE) table_back(out, l, op, D->factor + op->table, D->d->dim);
  else matrix_back(out, l, op, D->entry + op->matrix);
}

/* ---- measuring ---- */

/* q[i] = sum over j of (-1)^|i & j| q[j], j < n */
KINLINE void walsh(RVec *q, int n) {
  for (int half = 1; half < n; half *= 2)
    for (int i = 0; i < n; i += 2 * half)
      for (int j = i; j < i + half; j++) {
        RVec a = q[j], b = q[j + half];
        q[j] = a + b;
        q[j + half] = a - b;
      }
}

/* s->q = the probabilities of the measured register. */
KINLINE void density_outcomes(const Density *D, const RVec *r) {
  const DensityPlan *d = D->d;
  RVec *q = D->s.q;
  for (int i = 0; i < d->n_probs; i++) q[i] = r[d->probs[i]];
  walsh(q, d->n_probs);
  for (int i = 0; i < d->n_probs; i++) q[i] *= splat((Real)1 / (Real)d->n_probs);
}

KINLINE void density_measure(const Density *D, const RVec *r, bool constants) {
  const DensityPlan *d = D->d;
  const Sim *s = &D->s;
  const int outputs = s->plan->program->n_outputs;
  if (d->n_probs > 0) {
    density_outcomes(D, r);
    for (int i = 0; i < d->n_probs; i++) s->y[i] = s->q[i];
    return;
  }
  for (int o = 0; o < outputs; o++) s->y[o] = splat(constants ? (Real)d->constant[o] : 0);
  for (int i = 0; i < d->n_readings; i++) {
    const DensityReading *m = &d->reading[i];
    s->y[m->output] += (Real)m->coefficient * r[m->index];
  }
}

/* l = dF/dr from the cotangent of the tile. */
KINLINE void density_observe(const Density *D, RVec *l) {
  const DensityPlan *d = D->d;
  const Sim *s = &D->s;
  state_zero(l, d->dim);
  if (d->n_probs > 0) {
    for (int i = 0; i < d->n_probs; i++) s->q[i] = s->w[i];
    walsh(s->q, d->n_probs);
    for (int i = 0; i < d->n_probs; i++) l[d->probs[i]] = s->q[i] * ((Real)1 / (Real)d->n_probs);
    return;
  }
  for (int i = 0; i < d->n_readings; i++) {
    const DensityReading *m = &d->reading[i];
    l[m->index] += (Real)m->coefficient * s->w[m->output];
  }
}
#endif
