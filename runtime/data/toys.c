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

static void put(DataTable *t, uint64_t key, int64_t i, int label, double x, double y, double noise) {
  double *at = column_real(&t->at[0]) + 2 * i;
  at[0] = x + noise * rng_normal(key, (uint32_t)i, WORD_NOISE, 0, 0);
  at[1] = y + noise * rng_normal(key, (uint32_t)i, WORD_NOISE + 1, 0, 0);
  column_label(&t->at[1])[i] = label;
}

static int class_of(uint64_t key, int64_t i, int64_t classes) {
  return (int)(rng_uniform(key, (uint32_t)i, WORD_CLASS, 0, 0) * (double)classes);
}

/* Upper half circle about the origin, lower half circle about (1, 1/2): those of scikit-learn. */
bool moons_make(DataError *e, uint64_t key, int64_t n, double noise, DataTable *out) {
  if (!plane_new(e, n, 2, out)) return false;
  for (int64_t i = 0; i < n; i++) {
    double x, y;
    int label = class_of(key, i, 2);
    direction(rng_uniform(key, (uint32_t)i, WORD_PLACE, 0, 0) / 2, &x, &y);
    put(out, key, i, label, label ? 1 - x : x, label ? 0.5 - y : y, noise);
  }
  return true;
}

bool circles_make(DataError *e, uint64_t key, int64_t n, double noise, double factor, DataTable *out) {
  if (!plane_new(e, n, 2, out)) return false;
  for (int64_t i = 0; i < n; i++) {
    double x, y;
    int label = class_of(key, i, 2);
    direction(rng_uniform(key, (uint32_t)i, WORD_PLACE, 0, 0), &x, &y);
    double r = label ? factor : 1;
    put(out, key, i, label, r * x, r * y, noise);
  }
  return true;
}

bool modes_make(DataError *e, uint64_t key, int64_t n, int64_t modes, double radius, double std,
                DataTable *out) {
  if (!plane_new(e, n, (int)modes, out)) return false;
  for (int64_t i = 0; i < n; i++) {
    double x, y;
    int label = class_of(key, i, modes);
    direction((double)label / (double)modes, &x, &y);
    put(out, key, i, label, radius * x, radius * y, std);
  }
  return true;
}

bool bars_make(DataError *e, uint64_t key, int64_t n, int64_t side, DataTable *out) {
  DataColumn *c = ARENA_NEW(e->arena, DataColumn);
  size_t size = (size_t)(side * side);
  *c = (DataColumn){
      .name = "image", .elem = DATA_U8, .rank = 2, .dims = {side, side}, .row_size = size, .high = 255};
  *out = (DataTable){.rows = n, .n = 1, .at = c};
  if (!data_block(e, "image", mem_mul((size_t)n, size), &c->block)) return false;
  /* All light and all dark are rows and columns at once: patterns 0 .. 2^side - 1 are rows, the rest columns
   * without these two. */
  int64_t half = (int64_t)1 << side, patterns = 2 * half - 2;
  for (int64_t i = 0; i < n; i++) {
    int64_t p = class_of(key, i, patterns);
    bool columns = p >= half;
    if (columns) p = p - half + 1;
    for (int64_t y = 0; y < side; y++)
      for (int64_t x = 0; x < side; x++)
        column_u8(c)[(size_t)i * size + (size_t)(y * side + x)] = (p >> (columns ? x : y)) & 1 ? 255 : 0;
  }
  return true;
}
