/* Values that weights start with. Each is a function of the seed, the weight's site and the place of the
 * element, computed in double and rounded once. */
#include <math.h>

#include "lang/base/mem.h"
#include "runtime/exec/run_state.h"
#include "runtime/tensor/rng.h"

static void write_all(Run *r, int slot, const double *values, double factor) {
  int64_t n = shape_capacity(&r->program->slots.at[slot].shape);
  for (int64_t k = 0; k < n; k++) run_write(r, r->slot_data[slot], k, values[k] * factor);
}

static double dot(const double *a, const double *b, int64_t n) {
  double sum = 0;
  for (int64_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

/* Gram-Schmidt, twice, so that rounding leaves no angle: afterwards the m vectors of length n >= m are
 * orthonormal. */
static void orthonormalise(double *v, int64_t m, int64_t n) {
  for (int64_t i = 0; i < m; i++) {
    double *x = v + i * n;
    for (int pass = 0; pass < 2; pass++)
      for (int64_t j = 0; j < i; j++) {
        double along = dot(x, v + j * n, n);
        for (int64_t k = 0; k < n; k++) x[k] -= along * v[j * n + k];
      }
    double length = sqrt(dot(x, x, n));
    for (int64_t k = 0; k < n; k++) x[k] /= length;
  }
}

/* Saxe et al. 2013: a random matrix made orthonormal, uniform over all of them (normal elements have no
 * preferred direction). */
static bool start_orthogonal(Run *r, int slot, uint64_t key) {
  const Slot *s = &r->program->slots.at[slot];
  int64_t size = shape_capacity(&s->shape), rows = s->shape.rank ? s->shape.d[0].n : 1, columns = size / rows;
  int64_t m = rows < columns ? rows : columns, n = rows < columns ? columns : rows;
  size_t bytes = mem_mul((size_t)size, 2 * sizeof(double));
  double *v = mem_try_alloc(bytes);
  if (!v) {
    diag_add(r->sink, DIAG_NO_MEMORY, s->span, "no memory for %zu bytes", bytes);
    return false;
  }
  for (int64_t i = 0; i < m; i++)
    for (int64_t k = 0; k < n; k++) v[i * n + k] = rng_normal(key, (uint32_t)i, (uint32_t)k, 0, 0);
  orthonormalise(v, m, n);
  double *out = v + size;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = 0; k < columns; k++) out[i * columns + k] = rows < columns ? v[i * n + k] : v[k * n + i];
  write_all(r, slot, out, s->start.a);
  mem_free_big(v, bytes);
  return true;
}

bool start_slot(Run *r, int slot) {
  const Slot *s = &r->program->slots.at[slot];
  int64_t n = shape_capacity(&s->shape), row = s->shape.rank ? shape_row_size(&s->shape) : 1;
  uint64_t key =
      s->start.kind == START_CONST ? 0 : rng_key(r->program->seed, r->program->sites.at[s->site].path);
  if (s->start.kind == START_ORTHOGONAL) return start_orthogonal(r, slot, key);
  if (s->start.kind == START_CONST && s->start.values) {
    write_all(r, slot, s->start.values, 1);
    return true;
  }
  for (int64_t k = 0; k < n; k++) {
    uint32_t i = (uint32_t)(k / row), j = (uint32_t)(k % row);
    double x = s->start.a;
    if (s->start.kind == START_UNIFORM)
      x = s->start.a + (s->start.b - s->start.a) * rng_uniform(key, i, j, 0, 0);
    if (s->start.kind == START_NORMAL) x = s->start.a + s->start.b * rng_normal(key, i, j, 0, 0);
    run_write(r, r->slot_data[slot], k, x);
  }
  return true;
}
