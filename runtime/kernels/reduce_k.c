/* Sums and extremes over axes. The walk (prepare.c) alternates between kept and reduced groups of
 * axes. Sums along the innermost group run in four vectors, then lanes in a fixed tree; sums over
 * an outer group run down the columns. Long runs are cut into stretches whose sums are added in
 * turn, so rounding errors grow slowly. The order depends on sizes only, and for a kept axis 0 not
 * on the number of rows. */
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/variant.h"
#include "runtime/kernels/vmath_k.h"

#define STRETCH_VECTORS 256 /* of one innermost sum */
#define STRETCH_ROWS 256    /* of one column sum */

typedef RVec Combine(RVec a, RVec b);

KINLINE RVec with_sum(RVec a, RVec b) { return a + b; }
KINLINE RVec with_max(RVec a, RVec b) { return select((a >= b) | (a != a), a, b); }
KINLINE RVec with_min(RVec a, RVec b) { return select((a <= b) | (a != a), a, b); }

/* Combines n elements in a row, n > 0; `empty` stands in lanes without an element. */
KINLINE RVec along(const Real *p, int64_t n, RVec empty, Combine *f) {
  RVec s0 = empty, s1 = empty, s2 = empty, s3 = empty;
  for (; n >= 4 * VL; n -= 4 * VL, p += 4 * VL) {
    s0 = f(s0, load(p));
    s1 = f(s1, load(p + VL));
    s2 = f(s2, load(p + 2 * VL));
    s3 = f(s3, load(p + 3 * VL));
  }
  for (; n >= VL; n -= VL, p += VL) s0 = f(s0, load(p));
  if (n > 0) s1 = f(s1, load_part_or(p, (int)n, empty));
  return f(f(s0, s1), f(s2, s3));
}

KINLINE Real extreme_lanes(RVec v, Combine *f) {
  Real best = v[0];
  for (int i = 1; i < VL; i++) best = f(splat(best), splat(v[i]))[0];
  return best;
}

static Real sum_along(const Real *p, int64_t n) {
  Real total = 0;
  for (; n > STRETCH_VECTORS * VL; n -= STRETCH_VECTORS * VL, p += STRETCH_VECTORS * VL) {
    total += sum_lanes(along(p, STRETCH_VECTORS * VL, (RVec){0}, with_sum));
  }
  return total + sum_lanes(along(p, n, (RVec){0}, with_sum));
}

/* out[j] = sum over i of p[i][j], `rows` rows of n; the first stretch sets out, the others add. */
static void sum_columns(Real *out, const Real *p, int64_t rows, int64_t n) {
  for (int64_t from = 0; from == 0 || from < rows; from += STRETCH_ROWS) {
    int64_t count = rows - from < STRETCH_ROWS ? rows - from : STRETCH_ROWS;
    const Real *block = p + from * n;
    for (int64_t j = 0; j < n; j += VL) {
      int lanes = n - j < VL ? (int)(n - j) : VL;
      RVec s = {0};
      if (lanes == VL) {
        for (int64_t i = 0; i < count; i++) s += load(block + i * n + j);
        store(out + j, from == 0 ? s : load(out + j) + s);
      } else {
        for (int64_t i = 0; i < count; i++) s += load_part(block + i * n + j, lanes);
        store_part(out + j, from == 0 ? s : load_part(out + j, lanes) + s, lanes);
      }
    }
  }
}

static void extreme_columns(Real *out, const Real *p, int64_t n, Combine *f) {
  for (; n >= VL; n -= VL, p += VL, out += VL) store(out, f(load(out), load(p)));
  if (n > 0) store_part(out, f(load_part(out, (int)n), load_part(p, (int)n)), (int)n);
}

typedef struct Walk {
  int nd;
  int64_t size[SHAPE_MAX_RANK];
  const int64_t *stride; /* in the result; 0: reduced */
  int64_t out_size;
} Walk;

static Walk walk_of(const KCall *c) {
  Walk w = {.nd = c->op->nd, .stride = c->op->stride[3], .out_size = 1};
  for (int j = 0; j < w.nd; j++) {
    w.size[j] = j == 0 && c->op->axis0_is_rows ? c->op->size[0] * c->rows : c->op->size[j];
    if (w.stride[j] != 0) w.out_size *= w.size[j];
  }
  return w;
}

/* Offset in the result of run number `run` of the innermost group. */
static int64_t out_offset(const Walk *w, int64_t run) {
  int64_t offset = 0;
  for (int j = w->nd - 2; j >= 0; j--) {
    offset += run % w->size[j] * w->stride[j];
    run /= w->size[j];
  }
  return offset;
}

static int64_t runs_of(const Walk *w) {
  int64_t runs = 1;
  for (int j = 0; j < w->nd - 1; j++) runs *= w->size[j];
  return runs;
}

void KNAME(k_sum)(const KCall *c);
void KNAME(k_sum)(const KCall *c) {
  Walk w = walk_of(c);
  const Real *p = c->in[0];
  Real *out = c->out;
  int last = w.nd - 1;
  int64_t n = w.size[last], runs = runs_of(&w);
  bool inner_reduced = w.stride[last] == 0;
  if (inner_reduced && w.nd <= 2) {
    for (int64_t i = 0; i < runs; i++) out[i] = sum_along(p + i * n, n);
    return;
  }
  if (!inner_reduced && w.nd == 2) {
    sum_columns(out, p, w.size[0], n);
    return;
  }
  if (!inner_reduced && w.nd == 3) {
    for (int64_t i = 0; i < w.size[0]; i++) sum_columns(out + i * n, p + i * w.size[1] * n, w.size[1], n);
    return;
  }
  for (int64_t i = 0; i < w.out_size; i++) out[i] = 0;
  for (int64_t i = 0; i < runs; i++, p += n) {
    Real *o = out + out_offset(&w, i);
    if (inner_reduced) *o += sum_along(p, n);
    else extreme_columns(o, p, n, with_sum);
  }
}

KINLINE void extreme(const KCall *c, Real empty, Combine *f) {
  Walk w = walk_of(c);
  const Real *p = c->in[0];
  Real *out = c->out;
  int last = w.nd - 1;
  int64_t n = w.size[last], runs = runs_of(&w);
  for (int64_t i = 0; i < w.out_size; i++) out[i] = empty;
  for (int64_t i = 0; i < runs && n > 0; i++, p += n) {
    Real *o = out + out_offset(&w, i);
    if (w.stride[last] == 0) *o = f(splat(*o), splat(extreme_lanes(along(p, n, splat(empty), f), f)))[0];
    else extreme_columns(o, p, n, f);
  }
}

void KNAME(k_reduce_max)(const KCall *c);
void KNAME(k_reduce_max)(const KCall *c) { extreme(c, (Real)-INFINITY, with_max); }
void KNAME(k_reduce_min)(const KCall *c);
void KNAME(k_reduce_min)(const KCall *c) { extreme(c, (Real)INFINITY, with_min); }

/* Index of the first largest; a NaN counts as largest. */
void KNAME(k_argmax)(const KCall *c);
void KNAME(k_argmax)(const KCall *c) {
  const KOp *op = c->op;
  int axis = (int)op->attr.i[0];
  int64_t outer = op->axis0_is_rows ? op->size[0] * c->rows : op->size[0], inner = op->size[1];
  int64_t n = axis == 0 && op->in_rows[0] ? c->rows : op->in[0].d[axis].n;
  const Real *p = c->in[0];
  Real *out = c->out;
  for (int64_t i = 0; i < outer; i++, p += n * inner, out += inner) {
    for (int64_t j = 0; j < inner; j++) {
      int64_t best = 0;
      for (int64_t k = 1; k < n; k++) {
        Real x = p[k * inner + j], y = p[best * inner + j];
        if (x > y || (x != x && y == y)) best = k;
      }
      out[j] = (Real)best;
    }
  }
}
