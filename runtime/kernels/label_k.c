/* Labels: how often each stands there, drawing them by weights, rows by number, the nearest vector's number.
 */
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/variant.h"

/* What is no label is not counted. */
void KNAME(k_counts)(const KCall *c);
void KNAME(k_counts)(const KCall *c) {
  const Real *a = c->in[0];
  Real *out = c->out;
  int64_t n = in_size_of(c->op, 0, c->rows), classes = c->op->attr.i[0];
  for (int64_t k = 0; k < classes; k++) out[k] = 0;
  for (int64_t i = 0; i < n; i++) {
    if (!(a[i] >= 0 && a[i] < (Real)classes)) continue;
    int64_t label = (int64_t)a[i];
    if ((Real)label == a[i] && label < classes) out[label] += 1;
  }
}

/* The first label at which the sum of the weights so far is above u times their sum; sums in double. NaN
 * if the weights have no positive finite sum. */
void KNAME(k_categorical)(const KCall *c);
void KNAME(k_categorical)(const KCall *c) {
  const KOp *op = c->op;
  const Real *u = c->in[0], *w = c->in[1];
  Real *out = c->out;
  int64_t n = in_size_of(op, 0, c->rows), classes = op->in[1].d[op->in[1].rank - 1].n;
  for (int64_t i = 0; i < n; i++, w += classes) {
    double sum = 0, so_far = 0;
    for (int64_t k = 0; k < classes; k++) sum += (double)w[k];
    if (!(sum > 0 && sum < (double)INFINITY)) {
      out[i] = (Real)NAN;
      continue;
    }
    double limit = (double)u[i] * sum;
    int64_t label = -1, last = 0; /* rounding may leave the limit behind all sums */
    for (int64_t k = 0; k < classes && label < 0; k++) {
      if (w[k] > 0) last = k;
      so_far += (double)w[k];
      if (so_far > limit) label = k;
    }
    out[i] = (Real)(label >= 0 ? label : last);
  }
}

/* Rows counted from the end where the first is negative; what is not there is NaN. */
void KNAME(k_entries)(const KCall *c);
void KNAME(k_entries)(const KCall *c) {
  const KOp *op = c->op;
  const int64_t n = in_rows_of(op, 0, c->rows), from = op->attr.i[0] + (op->attr.i[0] < 0 ? n : 0);
  int64_t size = 1;
  for (int j = 1; j < op->in[0].rank; j++) size *= op->in[0].d[j].n;
  const Real *a = c->in[0];
  Real *out = c->out;
  for (int64_t i = from; i < from + op->attr.i[1]; i++, out += size)
    for (int64_t k = 0; k < size; k++) out[k] = i >= 0 && i < n ? a[i * size + k] : (Real)NAN;
}

static Real distance(const Real *a, const Real *b, int64_t n) {
  RVec sum = {0};
  for (; n >= VL; n -= VL, a += VL, b += VL) {
    RVec d = load(a) - load(b);
    sum += d * d;
  }
  if (n > 0) {
    RVec d = load_part(a, (int)n) - load_part(b, (int)n);
    sum += d * d;
  }
  return sum_lanes(sum);
}

void KNAME(k_nearest)(const KCall *c);
void KNAME(k_nearest)(const KCall *c) {
  int64_t n = c->op->in[1].d[1].n, vectors = in_size_of(c->op, 0, c->rows) / n, rows = c->op->in[1].d[0].n;
  const Real *a = c->in[0], *b = c->in[1];
  Real *out = c->out;
  for (int64_t i = 0; i < vectors; i++, a += n) {
    int64_t best = 0;
    Real least = distance(a, b, n);
    for (int64_t k = 1; k < rows; k++) {
      Real d = distance(a, b + k * n, n);
      if (d < least) least = d, best = k;
    }
    out[i] = (Real)best;
  }
}
