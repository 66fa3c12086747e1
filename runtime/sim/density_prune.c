/* Small registers: every step as a list of entries of the whole state, without those that stay 0 from the
 * start on (|0...0> has words of I and Z only) and those that no measured word depends on. What is left out
 * of a turn or table is 0 in r or in l on both sides, so neither values nor gradients change. */
#include <string.h>
#include "runtime/sim/density.h"

typedef struct Prune {
  Arena *arena;
  uint32_t dim;
  bool *set; /* entries that are not 0, or that are read */
} Prune;

/* The step on all words: its entries for every base. */
static void write_out(Arena *a, DensityOp *op) {
  static const uint32_t zero[1] = {0};
  const DensityWalk w = op->walk;
  const uint32_t bases = w.n_hi * w.n_lo, n = bases * op->n;
  uint32_t *x = ARENA_ARRAY(a, uint32_t, n), *y = ARENA_ARRAY(a, uint32_t, n), at = 0;
  double *factor = ARENA_ARRAY(a, double, n);
  DensityScale *scale = ARENA_ARRAY(a, DensityScale, op->n_scales);
  for (int j = 0; j < op->n_scales; j++) {
    uint8_t *entry = ARENA_ARRAY(a, uint8_t, n);
    for (uint32_t i = 0; i < n; i++) entry[i] = op->scale[j].at[i % op->n];
    scale[j] = (DensityScale){op->scale[j].channel, entry};
  }
  for (uint32_t h = 0; h < w.n_hi; h++)
    for (uint32_t l = 0; l < w.n_lo; l++)
      for (uint32_t i = 0; i < op->n; i++, at++) {
        x[at] = w.hi[h] | w.lo[l] | op->a[i];
        y[at] = w.hi[h] | w.lo[l] | op->b[i];
        factor[at] = op->kind == DENSITY_TABLE ? op->factor[i] : 0;
      }
  op->n = n;
  op->a = x;
  op->b = y;
  op->factor = factor;
  op->scale = scale;
  op->walk = (DensityWalk){1, 1, zero, zero};
  op->sparse = true;
}

/* Keeps entries i with keep[i]; the lists are this file's own. */
static void keep_entries(DensityOp *op, const bool *keep) {
  uint32_t n = 0;
  uint32_t *a = (uint32_t *)(uintptr_t)op->a, *b = (uint32_t *)(uintptr_t)op->b;
  double *factor = (double *)(uintptr_t)op->factor;
  for (uint32_t i = 0; i < op->n; i++) {
    if (!keep[i]) continue;
    a[n] = a[i];
    b[n] = b[i];
    factor[n] = factor[i];
    for (int j = 0; j < op->n_scales; j++) ((uint8_t *)(uintptr_t)op->scale[j].at)[n] = op->scale[j].at[i];
    n++;
  }
  op->n = n;
}

/* A matrix: rows (forward) that have a column that is set, or columns (back) that have such a row. */
static void through_matrix(Prune *p, const DensityOp *op, bool forward) {
  bool *next = ARENA_ARRAY(p->arena, bool, p->dim);
  for (uint32_t h = 0; h < op->walk.n_hi; h++)
    for (uint32_t l = 0; l < op->walk.n_lo; l++)
      for (uint32_t r = 0; r < op->n_local; r++)
        for (uint32_t i = op->row_at[r]; i < op->row_at[r + 1]; i++) {
          const uint32_t base = op->walk.hi[h] | op->walk.lo[l], to = base | op->offset[r],
                         from = base | op->offset[op->row_col[i]];
          if (forward ? p->set[from] : p->set[to]) next[forward ? to : from] = true;
        }
  p->set = next;
}

static void through(Prune *p, DensityOp *op, bool forward) {
  if (op->kind == DENSITY_MATRIX) {
    through_matrix(p, op, forward);
    return;
  }
  bool *keep = ARENA_ARRAY(p->arena, bool, op->n);
  bool *next = op->kind == DENSITY_TABLE ? ARENA_ARRAY(p->arena, bool, p->dim) : p->set;
  for (uint32_t i = 0; i < op->n; i++) {
    if (op->kind == DENSITY_TURN) {
      keep[i] = p->set[op->a[i]] || p->set[op->b[i]];
      if (keep[i]) p->set[op->a[i]] = p->set[op->b[i]] = true;
    } else {
      keep[i] = p->set[forward ? op->b[i] : op->a[i]] && op->factor[i] != 0;
      if (keep[i]) next[forward ? op->a[i] : op->b[i]] = true;
    }
  }
  p->set = next;
  keep_entries(op, keep);
}

/* A table of constants in front of everything else belongs to the start. */
static bool into_start(DensityPlan *d, const DensityOp *op, uint32_t *start, double *value) {
  if (op->kind != DENSITY_TABLE || op->n_scales > 0) return false;
  double *r = value + d->dim; /* behind the values */
  memset(r, 0, d->dim * sizeof *r);
  for (uint32_t i = 0; i < d->n_start; i++) r[start[i]] = value[i];
  d->n_start = 0;
  for (uint32_t i = 0; i < op->n; i++) {
    const double v = op->factor[i] * r[op->b[i]];
    if (v == 0) continue;
    start[d->n_start] = op->a[i];
    value[d->n_start++] = v;
  }
  return true;
}

void density_prune(Arena *a, DensityPlan *d, DensityOp *op) {
  Prune p = {a, d->dim, ARENA_ARRAY(a, bool, d->dim)};
  uint32_t *start = ARENA_ARRAY(a, uint32_t, d->dim);
  double *value = ARENA_ARRAY(a, double, 2 * d->dim);
  memcpy(start, d->start, d->n_start * sizeof *start);
  memcpy(value, d->start_value, d->n_start * sizeof *value);
  int first = 0, n = 0;
  for (int i = 0; i < d->n_ops; i++)
    if (op[i].kind != DENSITY_MATRIX) write_out(a, &op[i]);
  while (first < d->n_ops && into_start(d, &op[first], start, value)) first++;
  d->start = start;
  d->start_value = value;
  for (uint32_t i = 0; i < d->n_start; i++) p.set[start[i]] = true;
  for (int i = first; i < d->n_ops; i++) through(&p, &op[i], true);
  p.set = ARENA_ARRAY(a, bool, d->dim);
  for (int i = 0; i < d->n_readings; i++) p.set[d->reading[i].index] = true;
  for (int i = 0; i < d->n_probs; i++) p.set[d->probs[i]] = true;
  for (int i = d->n_ops - 1; i >= first; i--) through(&p, &op[i], false);
  for (int i = first; i < d->n_ops; i++)
    if (op[i].kind != DENSITY_TURN || op[i].n > 0) op[n++] = op[i];
  d->n_ops = n;
}
