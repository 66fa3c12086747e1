/* Kernels that move elements: slices, pads, concatenations, transposes, one-hot rows, rows picked
 * by label. Labels are checked: a row that does not exist gives NaN (or nothing, when scattering),
 * never a read or write outside. */
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/transpose_k.h"
#include "runtime/kernels/variant.h"

KINLINE void copy_run(Real *to, const Real *from, int64_t n) {
  for (; n >= VL; n -= VL, to += VL, from += VL) store(to, load(from));
  if (n > 0) store_part(to, load_part(from, (int)n), (int)n);
}

KINLINE void fill_run(Real *to, Real value, int64_t n) {
  for (; n >= VL; n -= VL, to += VL) store(to, splat(value));
  if (n > 0) store_part(to, splat(value), (int)n);
}

static int64_t extent_in(const KCall *c, int k, int axis) {
  return axis == 0 ? in_rows_of(c->op, k, c->rows) : c->op->in[k].d[axis].n;
}
static int64_t extent_out(const KCall *c, int axis) {
  return axis == 0 && c->op->out_rows ? c->rows : c->op->out.d[axis].n;
}
static int64_t blocks(const KCall *c) {
  return c->op->axis0_is_rows ? c->op->size[0] * c->rows : c->op->size[0];
}

void KNAME(k_slice)(const KCall *c);
void KNAME(k_slice)(const KCall *c) {
  const KOp *op = c->op;
  int axis = (int)op->attr.i[0];
  int64_t inner = op->size[1], in_len = extent_in(c, 0, axis) * inner, len = op->attr.i[2] * inner;
  int64_t from = op->attr.i[1] * inner, there = in_len - from < len ? in_len - from : len;
  if (there < 0) there = 0; /* fewer rows than the slice wants: zeros */
  const Real *a = (const Real *)c->in[0] + from;
  Real *out = c->out;
  for (int64_t i = blocks(c); i > 0; i--, a += in_len, out += len) {
    copy_run(out, a, there);
    fill_run(out + there, 0, len - there);
  }
}

void KNAME(k_pad)(const KCall *c);
void KNAME(k_pad)(const KCall *c) {
  const KOp *op = c->op;
  int axis = (int)op->attr.i[0];
  int64_t inner = op->size[1], len = extent_in(c, 0, axis) * inner, total = extent_out(c, axis) * inner;
  int64_t at = op->attr.i[1] * inner, kept = total - at < len ? total - at : len;
  if (kept < 0) kept = 0;
  if (at > total) at = total;
  const Real *a = c->in[0];
  Real *out = c->out;
  for (int64_t i = blocks(c); i > 0; i--, a += len, out += total) {
    fill_run(out, 0, at);
    copy_run(out + at, a, kept);
    fill_run(out + at + kept, 0, total - at - kept);
  }
}

void KNAME(k_concat)(const KCall *c);
void KNAME(k_concat)(const KCall *c) {
  const KOp *op = c->op;
  int axis = (int)op->attr.i[0];
  int64_t inner = op->size[1], n = blocks(c), total = 0, at = 0;
  for (int k = 0; k < op->n_in; k++) total += extent_in(c, k, axis) * inner;
  for (int k = 0; k < op->n_in; k++) {
    int64_t len = extent_in(c, k, axis) * inner;
    const Real *a = c->in[k];
    Real *out = (Real *)c->out + at;
    for (int64_t i = 0; i < n; i++, a += len, out += total) copy_run(out, a, len);
    at += len;
  }
}

static int64_t out_size(const KCall *c) {
  int64_t n = extent_out(c, 0);
  for (int j = 1; j < c->op->out.rank; j++) n *= c->op->out.d[j].n;
  return n;
}

void KNAME(k_join_rows)(const KCall *c);
void KNAME(k_join_rows)(const KCall *c) {
  const int64_t first = in_size_of(c->op, 0, c->rows);
  copy_run(c->out, c->in[0], first);
  copy_run((Real *)c->out + first, c->in[1], in_size_of(c->op, 1, c->rows));
}

void KNAME(k_take_rows)(const KCall *c);
void KNAME(k_take_rows)(const KCall *c) {
  const int64_t have = in_size_of(c->op, 0, c->rows), want = out_size(c);
  const Real *a = c->in[0];
  copy_run(c->out, c->op->attr.i[0] != 0 ? a + (have - want) : a, want);
}

void KNAME(k_put_rows)(const KCall *c);
void KNAME(k_put_rows)(const KCall *c) {
  const int64_t have = in_size_of(c->op, 0, c->rows), all = out_size(c);
  Real *out = c->out;
  const bool last = c->op->attr.i[0] != 0;
  fill_run(last ? out : out + have, 0, all - have);
  copy_run(last ? out + (all - have) : out, c->in[0], have);
}

/* The last two axes of the result, m by n, from columns that lie `step` apart. */
static void transpose_plane(Real *out, const Real *a, int64_t m, int64_t n, int64_t step) {
  for (int64_t i = 0; i < n; i += VL) {
    int rows = n - i < VL ? (int)(n - i) : VL;
    transpose_strip(out + i, n, a + i * step, step, rows, m, false);
  }
}

static void gather_run(Real *out, const Real *a, int64_t n, int64_t step) {
  for (int64_t i = 0; i < n; i++) out[i] = a[i * step];
}

void KNAME(k_transpose)(const KCall *c);
void KNAME(k_transpose)(const KCall *c) {
  const KOp *op = c->op;
  const int64_t *stride = op->stride[0];
  int last = op->nd - 1;
  int64_t size[SHAPE_MAX_RANK] = {0}, at[SHAPE_MAX_RANK] = {0}, count = 1;
  for (int j = 0; j <= last; j++) size[j] = j == 0 && op->axis0_is_rows ? op->size[0] * c->rows : op->size[j];
  int64_t n = size[last], step = stride[last];
  bool plane = last > 0 && stride[last - 1] == 1;
  int outer = plane ? last - 1 : last; /* axes walked one by one */
  for (int j = 0; j < outer; j++) count *= size[j];
  const Real *a = c->in[0];
  Real *out = c->out;
  for (; count > 0; count--) {
    if (plane) {
      transpose_plane(out, a, size[last - 1], n, step);
      out += size[last - 1] * n;
    } else {
      if (step == 1) copy_run(out, a, n);
      else gather_run(out, a, n, step);
      out += n;
    }
    for (int j = outer - 1; j >= 0; j--) {
      a += stride[j];
      if (++at[j] < size[j]) break;
      a -= stride[j] * at[j];
      at[j] = 0;
    }
  }
}

/* The label as a row number below n, or -1. */
static int64_t label_row(Real label, int64_t n) {
  if (!(label >= 0 && label < (Real)n)) return -1;
  int64_t row = (int64_t)label;
  return (Real)row == label && row < n ? row : -1;
}

void KNAME(k_onehot)(const KCall *c);
void KNAME(k_onehot)(const KCall *c) {
  int64_t n = blocks(c), classes = c->op->attr.i[0];
  const Real *a = c->in[0];
  Real *out = c->out;
  for (int64_t i = 0; i < n; i++, out += classes) {
    int64_t row = label_row(a[i], classes);
    fill_run(out, row >= 0 ? 0 : (Real)NAN, classes);
    if (row >= 0) out[row] = 1;
  }
}

void KNAME(k_gather)(const KCall *c);
void KNAME(k_gather)(const KCall *c) {
  int64_t inner = 1, from = in_rows_of(c->op, 0, c->rows), n = in_size_of(c->op, 1, c->rows);
  for (int j = 1; j < c->op->in[0].rank; j++) inner *= c->op->in[0].d[j].n;
  const Real *a = c->in[0], *labels = c->in[1];
  Real *out = c->out;
  for (int64_t i = 0; i < n; i++, out += inner) {
    int64_t row = label_row(labels[i], from);
    if (row >= 0) copy_run(out, a + row * inner, inner);
    else fill_run(out, (Real)NAN, inner);
  }
}

void KNAME(k_scatter_rows)(const KCall *c);
void KNAME(k_scatter_rows)(const KCall *c) {
  const KOp *op = c->op;
  int64_t inner = 1, to = extent_out(c, 0), n = in_size_of(op, 1, c->rows);
  for (int j = 1; j < op->out.rank; j++) inner *= op->out.d[j].n;
  const Real *a = c->in[0], *labels = c->in[1];
  Real *out = c->out;
  fill_run(out, 0, to * inner);
  for (int64_t i = 0; i < n; i++, a += inner) {
    int64_t row = label_row(labels[i], to);
    if (row < 0) continue;
    Real *o = out + row * inner;
    int64_t left = inner;
    const Real *p = a;
    for (; left >= VL; left -= VL, o += VL, p += VL) store(o, load(o) + load(p));
    if (left > 0) store_part(o, load_part(o, (int)left) + load_part(p, (int)left), (int)left);
  }
}
