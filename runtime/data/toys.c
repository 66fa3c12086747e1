/* Toy data. Angles are fractions of a turn by draw_turn, noise is the normal of rng.h. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif
#include "lang/base/mem.h"
#include "runtime/data/source.h"
#include "runtime/tensor/rng.h"

typedef double DrawVec __attribute__((vector_size(16)));
typedef int64_t DrawInt __attribute__((vector_size(16)));
#include "runtime/tensor/draw_core.h"

/* Words of a row: 0 a place, 1 a class, then the noise. */
enum { WORD_PLACE, WORD_CLASS, WORD_NOISE };

/* Where a row's random numbers come from. */
typedef struct Stream {
  uint64_t key;
  uint32_t epoch;
} Stream;

static double uniform(Stream s, int64_t i, uint32_t word) {
  return rng_uniform(s.key, (uint32_t)i, word, s.epoch, 0);
}

static bool plane_new(DataError *e, int64_t n, int classes, DataTable *out) {
  DataColumn *c = ARENA_ARRAY(e->arena, DataColumn, 2);
  c[0] = (DataColumn){.name = "x", .elem = DATA_REAL, .rank = 1, .dims = {2}, .row_size = 2};
  c[1] = (DataColumn){.name = "label", .elem = DATA_LABEL, .row_size = 1, .n_classes = classes};
  c[1].classes = ARENA_ARRAY(e->arena, const char *, classes);
  for (int k = 0; k < classes; k++) c[1].classes[k] = arena_printf(e->arena, "%d", k);
  *out = (DataTable){.rows = n, .n = 2, .at = c};
  if (data_block(e, "x", mem_mul((size_t)n, 2 * sizeof(double)), &c[0].block) &&
      data_block(e, "label", mem_mul((size_t)n, sizeof(int32_t)), &c[1].block))
    return true;
  table_free(out);
  return false;
}

/* (cos, sin) of a fraction 0 <= u < 1 of a turn. */
static void direction(double u, double *x, double *y) {
  DrawVec c, s;
  draw_turn((DrawVec){u, u}, &c, &s);
  *x = c[0];
  *y = s[0];
}

static void put(DataTable *t, Stream s, int64_t i, int label, double x, double y, double noise) {
  double *at = column_real(&t->at[0]) + 2 * i;
  at[0] = x + noise * rng_normal(s.key, (uint32_t)i, WORD_NOISE, s.epoch, 0);
  at[1] = y + noise * rng_normal(s.key, (uint32_t)i, WORD_NOISE + 1, s.epoch, 0);
  column_label(&t->at[1])[i] = label;
}

static int class_of(Stream s, int64_t i, int64_t classes) {
  return (int)(uniform(s, i, WORD_CLASS) * (double)classes);
}

/* Upper half circle about the origin, lower half circle about (1, 1/2): those of scikit-learn. */
static void put_moons(const Dataset *d, Stream s, int64_t i, DataTable *t) {
  double x, y;
  const int label = class_of(s, i, 2);
  direction(uniform(s, i, WORD_PLACE) / 2, &x, &y);
  put(t, s, i, label, label ? 1 - x : x, label ? 0.5 - y : y, d->a);
}

static void put_circles(const Dataset *d, Stream s, int64_t i, DataTable *t) {
  double x, y;
  const int label = class_of(s, i, 2);
  direction(uniform(s, i, WORD_PLACE), &x, &y);
  const double r = label ? d->b : 1;
  put(t, s, i, label, r * x, r * y, d->a);
}

static void put_mode(const Dataset *d, Stream s, int64_t i, DataTable *t) {
  double x, y;
  const int label = class_of(s, i, d->n);
  direction((double)label / (double)d->n, &x, &y);
  put(t, s, i, label, d->a * x, d->a * y, d->b);
}

/* All light and all dark are rows and columns at once: patterns 0 .. 2^side - 1 are rows, the rest columns
 * without these two. */
static void put_bars(const Dataset *d, Stream s, int64_t i, DataTable *t) {
  const int64_t side = d->n, half = (int64_t)1 << side;
  int64_t p = class_of(s, i, 2 * half - 2);
  const bool columns = p >= half;
  if (columns) p = p - half + 1;
  uint8_t *at = column_u8(&t->at[0]) + i * side * side;
  for (int64_t y = 0; y < side; y++)
    for (int64_t x = 0; x < side; x++) at[y * side + x] = (p >> (columns ? x : y)) & 1 ? 255 : 0;
}

void toys_fill(const Dataset *d, uint64_t key, uint32_t epoch, DataTable *t) {
  const Stream s = {key, epoch};
  for (int64_t i = 0; i < d->rows; i++) {
    if (d->op == DATA_MOONS) put_moons(d, s, i, t);
    else if (d->op == DATA_CIRCLES) put_circles(d, s, i, t);
    else if (d->op == DATA_RING) put_mode(d, s, i, t);
    else put_bars(d, s, i, t);
  }
}

bool toys_make(DataError *e, const Dataset *d, uint64_t key, DataTable *out) {
  if (d->op == DATA_BARS) {
    DataColumn *c = ARENA_NEW(e->arena, DataColumn);
    const size_t size = (size_t)(d->n * d->n);
    *c = (DataColumn){
        .name = "image", .elem = DATA_U8, .rank = 2, .dims = {d->n, d->n}, .row_size = size, .high = 255};
    *out = (DataTable){.rows = d->rows, .n = 1, .at = c};
    if (!data_block(e, "image", mem_mul((size_t)d->rows, size), &c->block)) return false;
  } else if (!plane_new(e, d->rows, d->op == DATA_RING ? (int)d->n : 2, out)) {
    return false;
  }
  toys_fill(d, key, 0, out);
  return true;
}
