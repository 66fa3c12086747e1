/* Elementwise kernels: one walk, one formula for each op.
 *
 * The walk runs along the innermost collapsed axis, where an operand either moves on with the
 * result or stands still (a scalar, or a stretched axis). A still operand is a vector made once
 * whose pointer does not move, so all cases share one loop. A result may lie on top of an input
 * of the same shape. */
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/basic_k.h"
#include "runtime/kernels/variant.h"
#include "runtime/kernels/vmath_k.h"

typedef RVec Formula1(RVec a, RVec s);
typedef RVec Formula2(RVec a, RVec b, RVec s);
typedef RVec Formula3(RVec a, RVec b, RVec c);

/* An operand along the innermost axis. */
typedef struct Stream {
  const Real *p;
  int64_t step; /* VL, or 0 if it stands still */
} Stream;

KINLINE Stream stream(const Real *p, int64_t stride, RVec *still) {
  if (stride != 0) return (Stream){p, VL};
  *still = splat(*p);
  return (Stream){(const Real *)still, 0};
}
KINLINE RVec stream_part(Stream s, int n) { return s.step ? load_part(s.p, n) : load(s.p); }

KINLINE void run1(Real *o, Stream a, RVec s, int64_t n, Formula1 *f) {
  for (; n >= VL; n -= VL, o += VL, a.p += a.step) store(o, f(load(a.p), s));
  if (n > 0) store_part(o, f(stream_part(a, (int)n), s), (int)n);
}

KINLINE void run2(Real *o, Stream a, Stream b, RVec s, int64_t n, Formula2 *f) {
  for (; n >= VL; n -= VL, o += VL, a.p += a.step, b.p += b.step) store(o, f(load(a.p), load(b.p), s));
  if (n > 0) store_part(o, f(stream_part(a, (int)n), stream_part(b, (int)n), s), (int)n);
}

KINLINE void run3(Real *o, Stream a, Stream b, Stream c, int64_t n, Formula3 *f) {
  for (; n >= VL; n -= VL, o += VL, a.p += a.step, b.p += b.step, c.p += c.step) {
    store(o, f(load(a.p), load(b.p), load(c.p)));
  }
  if (n > 0) {
    int r = (int)n;
    store_part(o, f(stream_part(a, r), stream_part(b, r), stream_part(c, r)), r);
  }
}

/* How the walk is cut: runs of n elements along the innermost axis, `rows` of them along the next
 * one, and an odometer for the axes outside of these two. */
typedef struct Outer {
  int64_t n, rows, left;
  int64_t step[3]; /* of the inputs, from row to row */
  int64_t at[SHAPE_MAX_RANK], offset[3];
} Outer;

KINLINE int64_t axis_size(const KCall *c, int j) {
  return j == 0 && c->op->axis0_is_rows ? c->op->size[0] * c->rows : c->op->size[j];
}

KINLINE void start(Outer *w, const KCall *c, int n_in) {
  const KOp *op = c->op;
  int last = op->nd - 1;
  w->n = axis_size(c, last);
  w->rows = last > 0 ? axis_size(c, last - 1) : 1;
  w->left = w->n > 0 && w->rows > 0 ? 1 : 0;
  for (int k = 0; k < n_in; k++) {
    w->step[k] = last > 0 ? op->stride[k][last - 1] : 0;
    w->offset[k] = 0;
  }
  for (int j = 0; j < last - 1; j++) {
    w->at[j] = 0;
    w->left *= axis_size(c, j);
  }
}

static __attribute__((noinline)) void advance(Outer *w, const KCall *c, int n_in) {
  for (int j = c->op->nd - 3; j >= 0; j--) {
    for (int k = 0; k < n_in; k++) w->offset[k] += c->op->stride[k][j];
    if (++w->at[j] < axis_size(c, j)) return;
    for (int k = 0; k < n_in; k++) w->offset[k] -= c->op->stride[k][j] * w->at[j];
    w->at[j] = 0;
  }
}

KINLINE void next(Outer *w, const KCall *c, int n_in) {
  if (--w->left > 0) advance(w, c, n_in);
}

KINLINE void walk1(const KCall *c, Formula1 *f) {
  const KOp *op = c->op;
  Real *o = c->out;
  RVec s = splat((Real)op->attr.f[0]), still;
  int64_t sa = op->stride[0][op->nd - 1];
  Outer w;
  for (start(&w, c, 1); w.left > 0; next(&w, c, 1)) {
    const Real *a = (const Real *)c->in[0] + w.offset[0];
    for (int64_t i = 0; i < w.rows; i++, a += w.step[0], o += w.n) run1(o, stream(a, sa, &still), s, w.n, f);
  }
}

KINLINE void walk2(const KCall *c, Formula2 *f) {
  const KOp *op = c->op;
  Real *o = c->out;
  RVec s = splat((Real)op->attr.f[0]), still[2];
  int64_t sa = op->stride[0][op->nd - 1], sb = op->stride[1][op->nd - 1];
  Outer w;
  for (start(&w, c, 2); w.left > 0; next(&w, c, 2)) {
    const Real *a = (const Real *)c->in[0] + w.offset[0], *b = (const Real *)c->in[1] + w.offset[1];
    for (int64_t i = 0; i < w.rows; i++, a += w.step[0], b += w.step[1], o += w.n) {
      run2(o, stream(a, sa, &still[0]), stream(b, sb, &still[1]), s, w.n, f);
    }
  }
}

KINLINE void walk3(const KCall *c, Formula3 *f) {
  const KOp *op = c->op;
  Real *o = c->out;
  RVec still[3];
  int last = op->nd - 1;
  Outer w;
  for (start(&w, c, 3); w.left > 0; next(&w, c, 3)) {
    const Real *p[3];
    for (int k = 0; k < 3; k++) p[k] = (const Real *)c->in[k] + w.offset[k];
    for (int64_t i = 0; i < w.rows; i++, o += w.n) {
      Stream x[3];
      for (int k = 0; k < 3; k++) {
        x[k] = stream(p[k], op->stride[k][last], &still[k]);
        p[k] += w.step[k];
      }
      run3(o, x[0], x[1], x[2], w.n, f);
    }
  }
}

/* ---- formulas: a, b, c are elements, s is attribute f[0] ---- */

#define ONE splat(R(1.0))
#define ZERO ((RVec){0})
#define TRUTH(cond) ((RVec)((cond)&bits_of(ONE)))

#define EW1(name, value)                                                                                     \
  KINLINE RVec of_##name(RVec a, RVec s) {                                                                   \
    (void)s;                                                                                                 \
    return value;                                                                                            \
  }                                                                                                          \
  void KNAME(k_##name)(const KCall *c);                                                                      \
  void KNAME(k_##name)(const KCall *c) { walk1(c, of_##name); }

#define EW2(name, value)                                                                                     \
  KINLINE RVec of_##name(RVec a, RVec b, RVec s) {                                                           \
    (void)s;                                                                                                 \
    return value;                                                                                            \
  }                                                                                                          \
  void KNAME(k_##name)(const KCall *c);                                                                      \
  void KNAME(k_##name)(const KCall *c) { walk2(c, of_##name); }

/* C's pow, lane by lane: no polynomial of ours is as exact. */
static RVec pow_lanes(RVec a, RVec b) {
  RVec p;
  for (int i = 0; i < VL; i++) p[i] = (Real)pow((double)a[i], (double)b[i]);
  return p;
}

static RVec atan2_lanes(RVec a, RVec b) {
  RVec p;
  for (int i = 0; i < VL; i++) p[i] = (Real)atan2((double)a[i], (double)b[i]);
  return p;
}

KINLINE RVec safe_log(RVec a) { return vmax_keep_nan(vlog(a), R(-100.0)); }
KINLINE RVec sign_of(RVec a) {
  return select(a > ZERO, ONE, select(a < ZERO, -ONE, select(a == ZERO, ZERO, a)));
}

EW1(neg, -a)
EW1(recip, ONE / a)
EW1(square, a *a)
EW1(sqrt, vsqrt(a))
EW1(exp, vexp(a))
EW1(log, vlog(a))
EW1(safe_log, safe_log(a))
EW1(abs, vabs(a))
EW1(sign, sign_of(a))
EW1(expm1, vexpm1(a))
EW1(erf, verf(a))
EW1(sin, vsin(a))
EW1(cos, vcos(a))
EW1(tanh, vtanh(a))
EW1(sigmoid, vsigmoid(a))
EW1(softplus, vsoftplus(a))
EW1(leaky_relu, where_positive(a, a, s *a))
EW1(floor, vfloor(a))
EW1(round, vround(a))
EW1(not, TRUTH(a == ZERO))
EW1(is_finite, TRUTH(vabs(a) < splat((Real)INFINITY)))
EW1(stretch, a)

EW2(add, a + b)
EW2(sub, a - b)
EW2(mul, a *b)
EW2(div, a / b)
EW2(pow, pow_lanes(a, b))
EW2(atan2, atan2_lanes(a, b))
EW2(maximum, select((a >= b) | (a != a), a, b))
EW2(minimum, select((a <= b) | (a != a), a, b))
EW2(mod, a - b * vfloor(a / b))
EW2(eq, TRUTH(a == b))
EW2(ne, TRUTH(a != b))
EW2(lt, TRUTH(a < b))
EW2(le, TRUTH(a <= b))
EW2(and, TRUTH((a != ZERO) & (b != ZERO)))
EW2(or, TRUTH((a != ZERO) | (b != ZERO)))
EW2(leaky_relu_grad, a *where_positive(b, ONE, s))
EW2(drop, select(b >= s, a *(ONE / (ONE - s)), ZERO))

KINLINE RVec of_select(RVec a, RVec b, RVec c) { return select(a != ZERO, b, c); }
void KNAME(k_select)(const KCall *c);
void KNAME(k_select)(const KCall *c) { walk3(c, of_select); }

/* ---- not of any op ---- */

KINLINE RVec of_sum(RVec a, RVec b, RVec s) {
  (void)s;
  return a + b;
}

void KNAME(k_add_into)(void *dst, const void *src, int64_t n) {
  run2(dst, (Stream){dst, VL}, (Stream){src, VL}, (RVec){0}, n, of_sum);
}

double KNAME(k_sum_squares)(const void *x, int64_t n) {
  const Real *a = x;
  RVec sum[4] = {{0}};
  for (; n >= 4 * VL; n -= 4 * VL, a += 4 * VL)
    for (int k = 0; k < 4; k++) sum[k] += load(a + k * VL) * load(a + k * VL);
  for (; n >= VL; n -= VL, a += VL) sum[0] += load(a) * load(a);
  if (n > 0) sum[1] += load_part(a, (int)n) * load_part(a, (int)n);
  return (double)sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

bool KNAME(k_all_finite)(const void *x, int64_t n) {
  const Real *p = x;
  RVecInt bad = {0};
  for (; n >= VL; n -= VL, p += VL) bad |= ~(vabs(load(p)) < splat((Real)INFINITY));
  if (n > 0) bad |= ~(vabs(load_part(p, (int)n)) < splat((Real)INFINITY));
  return !any_lane(bad);
}
