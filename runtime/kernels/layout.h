/* Sizes that kop_prepare and the kernels of matrices compute alike. */
#ifndef QGN_LAYOUT_H
#define QGN_LAYOUT_H
#include "runtime/kernels/kernel.h"

/* Extent of axis 0 of input k in this call. */
static inline int64_t in_rows_of(const KOp *op, int k, int64_t rows) {
  return op->in_rows[k] ? rows : op->in[k].rank > 0 ? op->in[k].d[0].n : 1;
}

/* Elements of input k in this call. */
static inline int64_t in_size_of(const KOp *op, int k, int64_t rows) {
  int64_t n = in_rows_of(op, k, rows);
  for (int j = 1; j < op->in[k].rank; j++) n *= op->in[k].d[j].n;
  return n;
}

/* out[m, n] = sum over k of a(m, k) b(k, n), for each of `batch` matrices. */
typedef struct MatShape {
  int64_t batch, m, n, k;
} MatShape;

static inline const char *mat_shape(const KOp *op, int64_t rows, MatShape *s) {
  const Shape *a = &op->in[0], *b = &op->in[1];
  if (a->rank < 2 || b->rank != a->rank) return "a matrix product needs two axes";
  int r = a->rank;
  int64_t a0 = r == 2 ? in_rows_of(op, 0, rows) : a->d[r - 2].n, a1 = a->d[r - 1].n;
  int64_t b0 = r == 2 ? in_rows_of(op, 1, rows) : b->d[r - 2].n, b1 = b->d[r - 1].n;
  bool ta = op->attr.i[0] != 0, tb = op->attr.i[1] != 0;
  *s = (MatShape){.batch = 1, .m = ta ? a1 : a0, .k = ta ? a0 : a1, .n = tb ? b0 : b1};
  if (r > 2) {
    s->batch = in_rows_of(op, 0, rows);
    for (int j = 1; j < r - 2; j++) s->batch *= a->d[j].n;
  }
  return NULL;
}

/* Products of whole matrices (no axis of rows that could be cut into calls) with m, n and k all of
 * this size and more go to OpenBLAS: on one core our tiles were at least as fast below it, and a
 * row must not change its bits with the number of rows around it. The base family has no
 * multiply-add, while OpenBLAS picks its code by the CPU itself. */
#define MAT_BLAS_FROM 768
#define MAT_BLAS_FROM_BASE 160

static inline bool mat_goes_to_blas(const KOp *op, const MatShape *s, int64_t from) {
  return !op->out_rows && !op->in_rows[0] && s->m >= from && s->n >= from && s->k >= from;
}

/* The widest column panel of a micro-kernel in bytes, for any variant. */
#define MAT_PANEL_BYTES 256
#endif
