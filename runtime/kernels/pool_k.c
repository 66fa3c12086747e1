/* Windows over images: largest elements, sums, and what their derivatives need. A window begins at
 * place * stride - pad and may hang over the edge; what is outside is not there. Every image row
 * is worked on alone, so a row has the same bits however many rows a call has. */
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/variant.h"

typedef struct Windows {
  int64_t images;       /* rows times channels */
  int64_t h, w, oh, ow; /* of the large and the small images */
  int64_t size, stride, pad;
} Windows;

static Windows windows_of(const KCall *c, const Shape *large, const Shape *small) {
  const KOp *op = c->op;
  return (Windows){.images = in_rows_of(op, 0, c->rows) * large->d[1].n,
                   .h = large->d[2].n,
                   .w = large->d[3].n,
                   .oh = small->d[2].n,
                   .ow = small->d[3].n,
                   .size = op->attr.i[2],
                   .stride = op->attr.i[0],
                   .pad = op->attr.i[1]};
}

/* Places whose windows have a pixel at offset `at` of an axis of n: low .. high - 1. */
static void places_with(const Windows *w, int64_t at, int64_t n, int64_t places, int64_t *low,
                        int64_t *high) {
  int64_t from = at - w->pad; /* pixel of place 0 */
  *low = from < 0 ? ceil_div(-from, w->stride) : 0;
  *high = from < n ? min_of((n - 1 - from) / w->stride + 1, places) : 0;
}

KINLINE void max_into(Real *out, const Real *a, int64_t n, int64_t step) {
  for (int64_t i = 0; i < n; i++) {
    Real x = a[i * step];
    out[i] = (x > out[i]) | (x != x) ? x : out[i];
  }
}

KINLINE void add_into(Real *out, const Real *a, int64_t n, int64_t step, Real scale) {
  for (int64_t i = 0; i < n; i++) out[i] += scale * a[i * step];
}

KINLINE void add_apart(Real *out, const Real *a, int64_t n, int64_t step, Real scale) {
  for (int64_t i = 0; i < n; i++) out[i * step] += scale * a[i];
}

typedef enum What { LARGEST, SUMS, BACK } What;

/* One image: the small one is made from the large one, or (BACK) added to it. */
KINLINE void walk(const Windows *w, const Real *a, Real *out, Real scale, What what) {
  for (int64_t dy = 0; dy < w->size; dy++)
    for (int64_t dx = 0; dx < w->size; dx++) {
      int64_t y0, y1, x0, x1, s = w->stride;
      places_with(w, dy, w->h, w->oh, &y0, &y1);
      places_with(w, dx, w->w, w->ow, &x0, &x1);
      for (int64_t y = y0; y < y1 && x1 > x0; y++) {
        int64_t large = (y * s + dy - w->pad) * w->w + x0 * s + dx - w->pad, small = y * w->ow + x0,
                n = x1 - x0;
        if (what == LARGEST && s == 2) max_into(out + small, a + large, n, 2);
        else if (what == LARGEST) max_into(out + small, a + large, n, s);
        else if (what == SUMS && s == 2) add_into(out + small, a + large, n, 2, scale);
        else if (what == SUMS) add_into(out + small, a + large, n, s, scale);
        else if (s == 2) add_apart(out + large, a + small, n, 2, scale);
        else add_apart(out + large, a + small, n, s, scale);
      }
    }
}

static void fill(Real *to, Real value, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = value;
}

/* ---- windows of 2 x 2 side by side: all in vectors, one window in each lane ---- */

#define LANE_EVEN(l, x) (2 * (l) + (x))
#define LANE_PAIR(l, x) ((x) + (l) / 2 + ((l) % 2) * VLANES)

typedef struct Pairs {
  RVec first, second;
} Pairs;

/* The 2 n neighbours p[0], p[1], ... as n pairs; lanes behind them are 0. */
KINLINE Pairs load_pairs(const Real *p, int n) {
  RVec low = load_part(p, 2 * n < VL ? 2 * n : VL),
       high = 2 * n > VL ? load_part(p + VL, 2 * n - VL) : (RVec){0};
  return (Pairs){__builtin_shufflevector(low, high, LANES(LANE_EVEN, 0)),
                 __builtin_shufflevector(low, high, LANES(LANE_EVEN, 1))};
}

KINLINE void store_pairs(Real *p, Pairs a, int n) {
  RVec low = __builtin_shufflevector(a.first, a.second, LANES(LANE_PAIR, 0));
  store_part(p, low, 2 * n < VL ? 2 * n : VL);
  if (2 * n > VL)
    store_part(p + VL, __builtin_shufflevector(a.first, a.second, LANES(LANE_PAIR, VLANES / 2)), 2 * n - VL);
}

/* Is x larger than all so far? A NaN is, unless there was one before. */
KINLINE RVecInt larger(RVec x, RVec best) { return (x > best) | ((x != x) & (best == best)); }

/* n windows with their top row at a, their lower one w behind it: the largest, and which it is. */
KINLINE RVec largest_of_four(const Real *a, int64_t w, int n, RVecInt is[4]) {
  Pairs top = load_pairs(a, n), low = load_pairs(a + w, n);
  RVecInt second = larger(top.second, top.first);
  RVec best = select(second, top.second, top.first);
  RVecInt third = larger(low.first, best);
  best = select(third, low.first, best);
  RVecInt fourth = larger(low.second, best);
  is[0] = ~(second | third | fourth);
  is[1] = second & ~(third | fourth);
  is[2] = third & ~fourth;
  is[3] = fourth;
  return select(fourth, low.second, best);
}

static bool side_by_side(const Windows *w) { return w->size == 2 && w->stride == 2 && w->pad == 0; }

typedef enum Four { FOUR_LARGEST, FOUR_AT, FOUR_BACK } Four;

/* One image: out of the small size is the largest of b (LARGEST) or the element of a that stands where
 * it does (AT); or a of the small size is put there in out, which is 0 elsewhere (BACK). */
KINLINE void four(const Windows *w, const Real *a, const Real *b, Real *out, Four what) {
  for (int64_t y = 0; y < w->oh; y++)
    for (int64_t x = 0; x < w->ow; x += VL) {
      int n = (int)min_of(w->ow - x, VL);
      int64_t large = 2 * (y * w->w + x), small = y * w->ow + x;
      RVecInt is[4];
      RVec best = largest_of_four(b + large, w->w, n, is);
      if (what == FOUR_LARGEST) store_part(out + small, best, n);
      if (what == FOUR_AT) {
        Pairs top = load_pairs(a + large, n), low = load_pairs(a + large + w->w, n);
        RVec upper = select(is[0], top.first, top.second), lower = select(is[2], low.first, low.second);
        store_part(out + small, select(is[0] | is[1], upper, lower), n);
      }
      if (what == FOUR_BACK) {
        RVec g = load_part(a + small, n), zero = {0};
        store_pairs(out + large, (Pairs){select(is[0], g, zero), select(is[1], g, zero)}, n);
        store_pairs(out + large + w->w, (Pairs){select(is[2], g, zero), select(is[3], g, zero)}, n);
      }
    }
}

/* Pixels of an image that no window reaches. */
static void zero_rest(const Windows *w, Real *out) {
  for (int64_t y = 0; y < w->h; y++) {
    int64_t from = y < 2 * w->oh ? 2 * w->ow : 0;
    fill(out + y * w->w + from, 0, w->w - from);
  }
}

void KNAME(k_maxpool)(const KCall *c);
void KNAME(k_maxpool)(const KCall *c) {
  Windows w = windows_of(c, &c->op->in[0], &c->op->out);
  if (side_by_side(&w)) {
    const Real *b = c->in[0];
    Real *to = c->out;
    for (; w.images > 0; w.images--, b += w.h * w.w, to += w.oh * w.ow) four(&w, NULL, b, to, FOUR_LARGEST);
    return;
  }
  const Real *a = c->in[0];
  Real *out = c->out;
  for (; w.images > 0; w.images--, a += w.h * w.w, out += w.oh * w.ow) {
    fill(out, (Real)-INFINITY, w.oh * w.ow);
    walk(&w, a, out, 1, LARGEST);
  }
}

void KNAME(k_sumpool)(const KCall *c);
void KNAME(k_sumpool)(const KCall *c) {
  Windows w = windows_of(c, &c->op->in[0], &c->op->out);
  const Real *a = c->in[0];
  Real *out = c->out;
  for (; w.images > 0; w.images--, a += w.h * w.w, out += w.oh * w.ow) {
    fill(out, 0, w.oh * w.ow);
    walk(&w, a, out, (Real)c->op->attr.f[0], SUMS);
  }
}

void KNAME(k_sumpool_dx)(const KCall *c);
void KNAME(k_sumpool_dx)(const KCall *c) {
  Windows w = windows_of(c, &c->op->out, &c->op->in[0]);
  const Real *a = c->in[0];
  Real *out = c->out;
  for (; w.images > 0; w.images--, out += w.h * w.w, a += w.oh * w.ow) {
    fill(out, 0, w.h * w.w);
    walk(&w, a, out, (Real)c->op->attr.f[0], BACK);
  }
}

/* Index of the first largest of a window's pixels (NaN counts as largest). */
static int64_t largest_of(const Windows *w, const Real *a, int64_t y, int64_t x) {
  int64_t top = y * w->stride - w->pad, left = x * w->stride - w->pad;
  int64_t bottom = min_of(top + w->size, w->h), right = min_of(left + w->size, w->w);
  if (top < 0) top = 0;
  if (left < 0) left = 0;
  int64_t best = top * w->w + left;
  for (int64_t i = top; i < bottom; i++)
    for (int64_t k = left; k < right; k++) {
      Real p = a[i * w->w + k], q = a[best];
      if (p > q || (p != p && q == q)) best = i * w->w + k;
    }
  return best;
}

void KNAME(k_maxpool_at)(const KCall *c);
void KNAME(k_maxpool_at)(const KCall *c) {
  Windows w = windows_of(c, &c->op->in[0], &c->op->out);
  const Real *a = c->in[0], *b = c->in[1];
  Real *out = c->out;
  if (side_by_side(&w)) {
    for (; w.images > 0; w.images--, a += w.h * w.w, b += w.h * w.w, out += w.oh * w.ow)
      four(&w, a, b, out, FOUR_AT);
    return;
  }
  for (; w.images > 0; w.images--, a += w.h * w.w, b += w.h * w.w)
    for (int64_t y = 0; y < w.oh; y++)
      for (int64_t x = 0; x < w.ow; x++) *out++ = a[largest_of(&w, b, y, x)];
}

void KNAME(k_maxpool_dx)(const KCall *c);
void KNAME(k_maxpool_dx)(const KCall *c) {
  Windows w = windows_of(c, &c->op->out, &c->op->in[0]);
  const Real *a = c->in[0], *b = c->in[1];
  Real *out = c->out;
  if (side_by_side(&w)) {
    for (; w.images > 0; w.images--, out += w.h * w.w, b += w.h * w.w, a += w.oh * w.ow) {
      zero_rest(&w, out);
      four(&w, a, b, out, FOUR_BACK);
    }
    return;
  }
  for (; w.images > 0; w.images--, out += w.h * w.w, b += w.h * w.w) {
    fill(out, 0, w.h * w.w);
    for (int64_t y = 0; y < w.oh; y++)
      for (int64_t x = 0; x < w.ow; x++) out[largest_of(&w, b, y, x)] += *a++;
  }
}
