/* Work along one axis: softmax and its kin, running sums, the opposite order. What lies behind the
 * axis is walked in vectors; where nothing does, softmax goes along the axis in vectors instead. */
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/variant.h"
#include "runtime/kernels/vmath_k.h"

typedef struct Axis {
  int64_t outer, n, inner;
} Axis;

static Axis axis_of(const KCall *c) {
  const KOp *op = c->op;
  int axis = (int)op->attr.i[0];
  return (Axis){.outer = op->axis0_is_rows ? op->size[0] * c->rows : op->size[0],
                .n = axis == 0 ? in_rows_of(op, 0, c->rows) : op->in[0].d[axis].n,
                .inner = op->size[1]};
}

typedef enum Kin { SOFTMAX, LOG_SOFTMAX, LOGSUMEXP } Kin;

KINLINE RVec larger(RVec a, RVec b) { return select((a >= b) | (a != a), a, b); }

/* log(sum) + top; where everything is -inf or something +inf, that. */
KINLINE RVec log_of_sum(RVec top, RVec sum) {
  return select(vabs(top) < splat((Real)INFINITY), top + vlog(sum), select(top == top, top, sum));
}

/* One run of n neighbours. */
KINLINE void run_along(Real *out, const Real *a, int64_t n, Kin kin) {
  RVec low = splat((Real)-INFINITY), top = low, sum = {0};
  int64_t k = 0;
  int rest = (int)(n % VL);
  for (; k + VL <= n; k += VL) top = larger(top, load(a + k));
  if (rest) top = larger(top, load_part_or(a + k, rest, low));
  Real most = top[0];
  for (int i = 1; i < VL; i++) most = most != most || most >= top[i] ? most : top[i];
  top = splat(most);
  for (k = 0; k + VL <= n; k += VL) {
    RVec e = vexp(load(a + k) - top);
    sum += e;
    if (kin == SOFTMAX) store(out + k, e);
  }
  if (rest) {
    RVec e = vexp(load_part_or(a + k, rest, low) - top);
    sum += e;
    if (kin == SOFTMAX) store_part(out + k, e, rest);
  }
  RVec total = splat(sum_lanes(sum));
  if (kin == LOGSUMEXP) {
    *out = log_of_sum(top, total)[0];
    return;
  }
  RVec shift = kin == LOG_SOFTMAX ? vlog(total) : (RVec){0};
  for (k = 0; k < n; k += VL) {
    int lanes = n - k < VL ? (int)(n - k) : VL;
    RVec x = lanes == VL ? load(kin == SOFTMAX ? out + k : a + k)
                         : load_part(kin == SOFTMAX ? out + k : a + k, lanes);
    RVec y = kin == SOFTMAX ? x / total : (x - top) - shift;
    if (lanes == VL) store(out + k, y);
    else store_part(out + k, y, lanes);
  }
}

/* `lanes` runs side by side, elements `step` apart. */
KINLINE void runs_across(Real *out, const Real *a, int64_t n, int64_t step, int lanes, Kin kin) {
  RVec top = splat((Real)-INFINITY), sum = {0};
  for (int64_t k = 0; k < n; k++) top = larger(top, load_part(a + k * step, lanes));
  for (int64_t k = 0; k < n; k++) {
    RVec e = vexp(load_part(a + k * step, lanes) - top);
    sum += e;
    if (kin == SOFTMAX) store_part(out + k * step, e, lanes);
  }
  if (kin == LOGSUMEXP) {
    store_part(out, log_of_sum(top, sum), lanes);
    return;
  }
  RVec shift = kin == LOG_SOFTMAX ? vlog(sum) : (RVec){0};
  for (int64_t k = 0; k < n; k++) {
    RVec x = load_part((kin == SOFTMAX ? out : a) + k * step, lanes);
    store_part(out + k * step, kin == SOFTMAX ? x / sum : (x - top) - shift, lanes);
  }
}

KINLINE void softmax_kin(const KCall *c, Kin kin) {
  Axis x = axis_of(c);
  const Real *a = c->in[0];
  Real *out = c->out;
  int64_t made = kin == LOGSUMEXP ? 1 : x.n;
  for (int64_t i = 0; i < x.outer; i++, a += x.n * x.inner, out += made * x.inner) {
    if (x.inner == 1) {
      run_along(out, a, x.n, kin);
      continue;
    }
    for (int64_t j = 0; j < x.inner; j += VL)
      runs_across(out + j, a + j, x.n, x.inner, (int)min_of(x.inner - j, VL), kin);
  }
}

void KNAME(k_softmax)(const KCall *c);
void KNAME(k_softmax)(const KCall *c) { softmax_kin(c, SOFTMAX); }
void KNAME(k_log_softmax)(const KCall *c);
void KNAME(k_log_softmax)(const KCall *c) { softmax_kin(c, LOG_SOFTMAX); }
void KNAME(k_logsumexp)(const KCall *c);
void KNAME(k_logsumexp)(const KCall *c) { softmax_kin(c, LOGSUMEXP); }

void KNAME(k_cumsum)(const KCall *c);
void KNAME(k_cumsum)(const KCall *c) {
  Axis x = axis_of(c);
  const Real *a = c->in[0];
  Real *out = c->out;
  bool back = c->op->attr.i[1] != 0;
  int64_t step = back ? -x.inner : x.inner, first = back ? (x.n - 1) * x.inner : 0;
  for (int64_t i = 0; i < x.outer && x.n > 0; i++, a += x.n * x.inner, out += x.n * x.inner) {
    for (int64_t j = 0; j < x.inner; j++) out[first + j] = a[first + j];
    for (int64_t k = 1, at = first + step; k < x.n; k++, at += step)
      for (int64_t j = 0; j < x.inner; j++) out[at + j] = out[at - step + j] + a[at + j];
  }
}

void KNAME(k_flip)(const KCall *c);
void KNAME(k_flip)(const KCall *c) {
  Axis x = axis_of(c);
  const Real *a = c->in[0];
  Real *out = c->out;
  for (int64_t i = 0; i < x.outer; i++, a += x.n * x.inner)
    for (int64_t k = x.n - 1; k >= 0; k--, out += x.inner)
      for (int64_t j = 0; j < x.inner; j++) out[j] = a[k * x.inner + j];
}
