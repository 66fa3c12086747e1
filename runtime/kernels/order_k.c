/* Quantiles along an axis. Elements are ordered by value (NaN last), equal ones by their place, so it
 * is always said which elements a quantile was made of; its derivatives go to those two. */
#include <math.h>
#include <string.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/variant.h"

typedef struct Entry {
  Real x;
  int32_t at;
} Entry;

static bool before(const Entry *a, const Entry *b) {
  if (a->x < b->x || (a->x == a->x && b->x != b->x)) return true;
  if (b->x < a->x || (b->x == b->x && a->x != a->x)) return false;
  return a->at < b->at;
}

/* Sorts e[0..n) by merging; `spare` has room for n. Returns where the result stands. */
static Entry *sort(Entry *e, Entry *spare, int64_t n) {
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t i = 0; i < n; i += 2 * width) {
      int64_t a = i, a_end = min_of(i + width, n), b = a_end, b_end = min_of(i + 2 * width, n);
      for (int64_t k = i; k < b_end; k++) {
        bool left = a < a_end && (b == b_end || before(&e[a], &e[b]));
        spare[k] = left ? e[a++] : e[b++];
      }
    }
    Entry *other = e;
    e = spare;
    spare = other;
  }
  return e;
}

/* The two elements and the weight of the second. */
typedef struct Picks {
  int64_t low, high;
  Real share;
} Picks;

static Picks pick(const KCall *c, const Real *a, int64_t n, int64_t step) {
  Entry *e = c->scratch;
  for (int64_t k = 0; k < n; k++) e[k] = (Entry){a[k * step], (int32_t)k};
  e = sort(e, e + n, n);
  double place = c->op->attr.f[0] * (double)(n - 1);
  int64_t low = (int64_t)floor(place), high = low + 1 < n ? low + 1 : low;
  Picks p = {e[low].at * step, e[high].at * step, (Real)(place - (double)low)};
  if (e[n - 1].x != e[n - 1].x) p.low = p.high = e[n - 1].at * step; /* with a NaN all quantiles are */
  return p;
}

typedef enum What { VALUE, AT, BACK } What;

/* `order`: what is ordered; `from`: whose elements are taken (BACK: given). */
KINLINE void quantiles(const KCall *c, const Shape *s, const Real *order, const Real *from, What what) {
  const KOp *op = c->op;
  int axis = (int)op->attr.i[0];
  int64_t outer = op->axis0_is_rows ? op->size[0] * c->rows : op->size[0], inner = op->size[1];
  int64_t n = axis == 0 ? in_rows_of(op, op->n_in - 1, c->rows) : s->d[axis].n;
  Real *out = c->out;
  for (int64_t i = 0; i < outer; i++, order += n * inner) {
    for (int64_t j = 0; j < inner; j++) {
      if (n == 0) {
        if (what != BACK) *out++ = (Real)NAN;
        continue;
      }
      Picks p = pick(c, order + j, n, inner);
      if (what == BACK) {
        for (int64_t k = 0; k < n; k++) out[k * inner + j] = 0;
        out[p.low + j] += (1 - p.share) * *from;
        out[p.high + j] += p.share * *from++;
      } else {
        Real x = from[p.low + j], y = from[p.high + j];
        *out++ = x == y ? x : (1 - p.share) * x + p.share * y;
      }
    }
    if (what == BACK) out += n * inner;
    else from += n * inner;
  }
}

void KNAME(k_quantile)(const KCall *c);
void KNAME(k_quantile)(const KCall *c) { quantiles(c, &c->op->in[0], c->in[0], c->in[0], VALUE); }
void KNAME(k_quantile_at)(const KCall *c);
void KNAME(k_quantile_at)(const KCall *c) { quantiles(c, &c->op->in[1], c->in[1], c->in[0], AT); }
void KNAME(k_quantile_dx)(const KCall *c);
void KNAME(k_quantile_dx)(const KCall *c) { quantiles(c, &c->op->in[1], c->in[1], c->in[0], BACK); }
