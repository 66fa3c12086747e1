#include "lang/ir/shape.h"

Shape shape_scalar(void) { return (Shape){0}; }

Shape shape_of(int rank, const int64_t *sizes) {
  Shape s = {.rank = rank};
  for (int k = 0; k < rank; k++) s.d[k] = dim_static(sizes[k]);
  return s;
}

bool shape_equal(const Shape *a, const Shape *b) {
  if (a->rank != b->rank) return false;
  for (int k = 0; k < a->rank; k++)
    if (!dim_equal(a->d[k], b->d[k])) return false;
  return true;
}

bool shape_is_static(const Shape *s) {
  for (int k = 0; k < s->rank; k++)
    if (s->d[k].count != 0) return false;
  return true;
}

/* Product of the sizes of axes first.., saturating. */
static int64_t product_from(const Shape *s, int first) {
  int64_t n = 1;
  for (int k = first; k < s->rank; k++)
    if (__builtin_mul_overflow(n, s->d[k].n, &n)) return INT64_MAX;
  return n;
}

int64_t shape_capacity(const Shape *s) { return product_from(s, 0); }

int64_t shape_row_size(const Shape *s) { return product_from(s, 1); }

bool shape_broadcast(const Shape *a, const Shape *b, Shape *out) {
  if (a->rank == 0 || b->rank == 0) {
    *out = a->rank == 0 ? *b : *a;
    return true;
  }
  if (a->rank != b->rank) return false;
  Shape r = *a;
  for (int k = 0; k < a->rank; k++) {
    if (dim_equal(a->d[k], b->d[k])) continue;
    if (dim_is_one(a->d[k])) r.d[k] = b->d[k];
    else if (!dim_is_one(b->d[k])) return false;
  }
  *out = r;
  return true;
}

const char *dim_text(Arena *a, Dim d, const char *const *count_names) {
  if (d.count == 0) return arena_printf(a, "%lld", (long long)d.n);
  return count_names ? count_names[d.count] : "n rows";
}

const char *shape_text(Arena *a, const Shape *s, const char *const *count_names) {
  const char *text = "[";
  for (int k = 0; k < s->rank; k++)
    text = arena_printf(a, "%s%s%s", text, k ? ", " : "", dim_text(a, s->d[k], count_names));
  return arena_printf(a, "%s]", text);
}
