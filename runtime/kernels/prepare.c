/* kop_prepare: what a call need not find out again. Elementwise ops get a walk over collapsed
 * axes, ops that copy blocks get outer and inner sizes, ops that need room get scratch. */
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/sim/sim.h"

static int64_t product(const Shape *s, int from, int to) {
  int64_t n = 1;
  for (int k = from; k < to; k++) n *= s->d[k].n;
  return n;
}

/* ---- elementwise ---- */

typedef struct Walk {
  int nd;
  int64_t size[SHAPE_MAX_RANK];
  int64_t stride[4][SHAPE_MAX_RANK];
} Walk;

/* Axes of the result with the strides of each operand: 0 where it is stretched. */
static const char *broadcast_walk(const KOp *op, Walk *w) {
  const Shape *out = &op->out;
  w->nd = out->rank;
  for (int j = 0; j < w->nd; j++) w->size[j] = j == 0 && op->out_rows ? 1 : out->d[j].n;
  for (int k = 0; k < 4; k++) {
    const Shape *s = k == 3 ? out : &op->in[k];
    if (k < 3 && k >= op->n_in) continue;
    int64_t step = 1;
    for (int j = out->rank - 1; j >= 0; j--) {
      bool stretched = s->rank == 0 || (k < 3 && dim_is_one(s->d[j]) && !(j == 0 && op->in_rows[k]));
      w->stride[k][j] = stretched ? 0 : step;
      if (s->rank != 0) step *= s->d[j].n;
      if (j == 0 && k < 3 && !stretched && op->in_rows[k] != op->out_rows) {
        return "an input and the result do not have the same rows";
      }
    }
  }
  return NULL;
}

static bool mergeable(const Walk *w, int n_in, int j) {
  for (int k = 0; k < 4; k++) {
    if (k < 3 && k >= n_in) continue;
    if (w->stride[k][j] != w->stride[k][j + 1] * w->size[j + 1]) return false;
  }
  return true;
}

/* Drops axes of size 1 and merges neighbours that all operands walk through evenly. Axis 0 stays
 * if it stands for rows (its size is unknown), but may take the next axis into it. */
static void collapse(KOp *op, Walk *w) {
  int n = 0;
  for (int j = 0; j < w->nd; j++) {
    bool rows = j == 0 && op->out_rows;
    if (!rows && w->size[j] == 1) continue;
    w->size[n] = w->size[j];
    for (int k = 0; k < 4; k++) w->stride[k][n] = w->stride[k][j];
    n++;
  }
  w->nd = n;
  for (int j = n - 2; j >= 0; j--) {
    if (!mergeable(w, op->n_in < 3 ? op->n_in : 3, j)) continue;
    int64_t merged = w->size[j] * w->size[j + 1];
    for (int i = j; i < w->nd - 1; i++) {
      w->size[i] = w->size[i + 1];
      for (int k = 0; k < 4; k++) w->stride[k][i] = w->stride[k][i + 1];
    }
    w->size[j] = merged;
    w->nd--;
  }
  if (w->nd == 0) {
    w->nd = 1;
    w->size[0] = 1;
    for (int k = 0; k < 4; k++) w->stride[k][0] = 1;
  }
}

static void keep_walk(KOp *op, const Walk *w) {
  op->nd = w->nd;
  op->axis0_is_rows = op->out_rows;
  memcpy(op->size, w->size, sizeof op->size);
  memcpy(op->stride, w->stride, sizeof op->stride);
  op->mode = w->nd == 1 ? EW_FLAT : EW_GENERAL;
}

static const char *prepare_elementwise(KOp *op, const KernelSet *set) {
  (void)set;
  Walk w = {0};
  const char *why = broadcast_walk(op, &w);
  if (why) return why;
  collapse(op, &w);
  keep_walk(op, &w);
  return NULL;
}

/* ---- axes ---- */

/* TRANSPOSE: the walk goes through the result in order; strides of the input. */
static const char *prepare_transpose(KOp *op, const KernelSet *set) {
  (void)set;
  Walk w = {.nd = op->out.rank};
  int64_t in_stride[SHAPE_MAX_RANK], step = 1;
  for (int j = op->in[0].rank - 1; j >= 0; j--) {
    in_stride[j] = step;
    step *= op->in[0].d[j].n;
  }
  step = 1;
  for (int j = w.nd - 1; j >= 0; j--) {
    w.size[j] = j == 0 && op->out_rows ? 1 : op->out.d[j].n;
    w.stride[0][j] = in_stride[op->attr.i[j]];
    w.stride[3][j] = step;
    step *= op->out.d[j].n;
  }
  bool rows_stay = op->out.rank > 0 && op->attr.i[0] == 0;
  if (op->in_rows[0] != op->out_rows || (op->in_rows[0] && !rows_stay)) {
    return "transposing moves the axis of rows, whose size is known only at run time";
  }
  collapse(op, &w);
  keep_walk(op, &w);
  return NULL;
}

/* SLICE, PAD and CONCAT move blocks: size[0] blocks (times rows), and size[1] elements behind one
 * position of the axis. */
static const char *prepare_blocks(KOp *op, const KernelSet *set) {
  (void)set;
  int axis = (int)op->attr.i[0];
  if (axis > 0 && op->in_rows[0] != op->out_rows) return "the input and the result do not have the same rows";
  op->axis0_is_rows = axis > 0 && op->out_rows;
  op->size[0] = product(&op->out, op->axis0_is_rows ? 1 : 0, axis);
  op->size[1] = product(&op->out, axis + 1, op->out.rank);
  op->nd = 2;
  return NULL;
}

/* SUM, REDUCE_MAX, REDUCE_MIN: neighbouring axes that are all kept or all reduced are merged;
 * stride[3] is the stride in the result, 0 for reduced ones. */
static const char *prepare_reduce(KOp *op, const KernelSet *set) {
  (void)set;
  const Shape *in = &op->in[0];
  int64_t mask = op->attr.i[0], step = 1;
  if (in->rank > 0 && !(mask & 1) && op->in_rows[0] != op->out_rows) {
    return "the input and the result do not have the same rows";
  }
  int n = 0;
  bool last_reduced = false;
  int64_t size[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK]; /* innermost first */
  for (int j = in->rank - 1; j >= 0; j--) {
    bool rows = j == 0 && op->in_rows[0], reduced = (mask >> j) & 1;
    int64_t extent = rows ? 1 : in->d[j].n;
    if (!rows && extent == 1) continue;
    if (n > 0 && reduced == last_reduced) {
      size[n - 1] *= extent;
    } else {
      size[n] = extent;
      stride[n++] = reduced ? 0 : step;
      last_reduced = reduced;
    }
    if (!reduced) step *= in->d[j].n;
  }
  if (n == 0) {
    size[n] = 1;
    stride[n++] = 0;
  }
  op->nd = n;
  for (int j = 0; j < n; j++) {
    op->size[j] = size[n - 1 - j];
    op->stride[3][j] = stride[n - 1 - j];
  }
  op->axis0_is_rows = op->in_rows[0];
  return NULL;
}

static const char *prepare_argmax(KOp *op, const KernelSet *set) {
  (void)set;
  int axis = (int)op->attr.i[0];
  op->axis0_is_rows = axis > 0 && op->in_rows[0];
  op->size[0] = product(&op->in[0], op->axis0_is_rows ? 1 : 0, axis);
  op->size[1] = product(&op->in[0], axis + 1, op->in[0].rank);
  op->nd = 2;
  return NULL;
}

/* The axis of the last input: outer and inner sizes. */
static const char *prepare_along(KOp *op, const KernelSet *set) {
  (void)set;
  const Shape *s = &op->in[op->n_in - 1];
  int axis = (int)op->attr.i[0];
  op->axis0_is_rows = axis > 0 && op->in_rows[op->n_in - 1];
  op->size[0] = product(s, op->axis0_is_rows ? 1 : 0, axis);
  op->size[1] = product(s, axis + 1, s->rank);
  op->nd = 2;
  return NULL;
}

/* Room for two lists of (value, place), of 16 bytes each at most. */
static const char *prepare_quantile(KOp *op, const KernelSet *set) {
  int64_t n = op->in[op->n_in - 1].d[op->attr.i[0]].n;
  if (n > INT32_MAX) return "a quantile of more than 2^31 - 1 elements";
  op->scratch = mem_mul((size_t)n, 32);
  return prepare_along(op, set);
}

static const char *prepare_onehot(KOp *op, const KernelSet *set) {
  (void)set;
  op->axis0_is_rows = op->in_rows[0];
  op->size[0] = product(&op->in[0], op->in_rows[0] ? 1 : 0, op->in[0].rank);
  op->nd = 1;
  return NULL;
}

/* ---- matrices, samples ---- */

/* A packed panel of b, or the plain product where OpenBLAS cannot finish it. */
static size_t mat_scratch(const KOp *op, size_t real) {
  MatShape s;
  int64_t most = op->in[0].d[0].n > op->in[1].d[0].n ? op->in[0].d[0].n : op->in[1].d[0].n;
  if (mat_shape(op, most, &s)) return 0;
  bool blas = mat_goes_to_blas(op, &s, MAT_BLAS_FROM_BASE) && op->epilogue != EPI_NONE;
  size_t panel = mem_mul((size_t)s.k, MAT_PANEL_BYTES);
  size_t copy = blas ? mem_mul(mem_mul((size_t)s.m, (size_t)s.n), real) : 0;
  return copy > panel ? copy : panel;
}

static const char *prepare_matmul(KOp *op, const KernelSet *set) {
  MatShape m;
  const char *why = mat_shape(op, op->in[0].rank > 0 ? op->in[0].d[0].n : 1, &m);
  if (why) return why;
  if ((op->epilogue & EPI_LEAKY_GRAD) && (op->epilogue & (EPI_BIAS | EPI_LEAKY))) {
    return "a gradient epilogue stands alone";
  }
  if ((op->epilogue & (EPI_BIAS | EPI_LEAKY_GRAD)) && op->n_in < 3) return "the epilogue has no input";
  op->scratch = mat_scratch(op, set->real);
  return NULL;
}

static const char *prepare_conv(KOp *op, const KernelSet *set) {
  ConvShape s = conv_shape(op);
  ConvRoom r;
  const char *why = conv_room(op->op, &s, set->real, &r);
  op->scratch = r.total;
  for (size_t vbytes = 16; vbytes <= 64; vbytes *= 2) {
    ConvLanes lanes;
    if (!why && conv_lanes(op->op, &s, set->real, vbytes, &lanes) && lanes.total > op->scratch)
      op->scratch = lanes.total;
  }
  return why;
}

static const char *prepare_w1(KOp *op, const KernelSet *set) {
  size_t n = 0, longest = 0;
  for (int k = 0; k < 2; k++) {
    size_t size = (size_t)shape_capacity(&op->in[k]);
    n = mem_add(n, size);
    if (size > longest) longest = size;
  }
  op->scratch = mem_mul(mem_add(n, longest), set->real);
  return NULL;
}

/* Four matrices and two means. */
static const char *prepare_frechet(KOp *op, const KernelSet *set) {
  const size_t d = (size_t)op->in[0].d[1].n;
  (void)set;
  op->scratch = mem_mul(mem_add(mem_mul(mem_mul(d, d), 4), 2 * d), sizeof(double));
  return NULL;
}

/* The matrix and the right sides, in double. */
static const char *prepare_solve(KOp *op, const KernelSet *set) {
  (void)set;
  size_t n = (size_t)op->in[0].d[0].n;
  op->scratch = mem_mul(mem_add(mem_mul(n, n), (size_t)shape_capacity(&op->in[1])), sizeof(double));
  return NULL;
}

static const char *prepare_eigenvalues(KOp *op, const KernelSet *set) {
  (void)set;
  op->scratch = mem_mul((size_t)shape_capacity(&op->in[0]), sizeof(double));
  return NULL;
}

static const char *prepare_labels(KOp *op, const KernelSet *set) {
  (void)set;
  if (op->in_rows[1] != op->out_rows && op->in[1].rank > 0) {
    return "the labels and the result do not have the same rows";
  }
  return NULL;
}

static const char *prepare_circuit(KOp *op, const KernelSet *set) {
  (void)set;
  if (!op->plan) return "the circuit has no plan";
  op->scratch = sim_scratch(op);
  return NULL;
}

/* Five matrices of 2d x 2d, of which ENTROPY needs two. */
static const char *prepare_hermitian(KOp *op, const KernelSet *set) {
  const size_t n = mem_mul(2, (size_t)op->in[0].d[1].n);
  (void)set;
  op->scratch = mem_mul(mem_mul(mem_mul(n, n), 5), sizeof(double));
  return NULL;
}

typedef const char *Prepare(KOp *op, const KernelSet *set);

/* Elementwise ops all have the same walk; DRAW needs nothing. */
static Prepare *const prepare_of[OP_COUNT_OF] = {
    [OP_SUM] = prepare_reduce,
    [OP_REDUCE_MAX] = prepare_reduce,
    [OP_REDUCE_MIN] = prepare_reduce,
    [OP_ARGMAX] = prepare_argmax,
    [OP_TRANSPOSE] = prepare_transpose,
    [OP_SLICE] = prepare_blocks,
    [OP_PAD] = prepare_blocks,
    [OP_CONCAT] = prepare_blocks,
    [OP_ONEHOT] = prepare_onehot,
    [OP_GATHER] = prepare_labels,
    [OP_MATMUL] = prepare_matmul,
    [OP_W1] = prepare_w1,
    [OP_KS] = prepare_w1,
    [OP_FRECHET] = prepare_frechet,
    [OP_SOLVE] = prepare_solve,
    [OP_EIGENVALUES] = prepare_eigenvalues,
    [OP_CIRCUIT_METRIC] = prepare_circuit,
    [OP_CONV] = prepare_conv,
    [OP_CONV_DX] = prepare_conv,
    [OP_CONV_DW] = prepare_conv,
    [OP_SOFTMAX] = prepare_along,
    [OP_LOG_SOFTMAX] = prepare_along,
    [OP_LOGSUMEXP] = prepare_along,
    [OP_CUMSUM] = prepare_along,
    [OP_FLIP] = prepare_along,
    [OP_QUANTILE] = prepare_quantile,
    [OP_QUANTILE_DX] = prepare_quantile,
    [OP_QUANTILE_AT] = prepare_quantile,
    [OP_ENTROPY] = prepare_hermitian,
    [OP_HERMITIAN_LOG] = prepare_hermitian,
    [OP_HERMITIAN_LOG_DX] = prepare_hermitian,
    [OP_CIRCUIT] = prepare_circuit,
    [OP_CIRCUIT_VJP] = prepare_circuit,
    [OP_CIRCUIT_HVP] = prepare_circuit,
};

const char *kop_prepare(KOp *op, const KernelSet *set) {
  op->scratch = 0;
  op->fn = set->op[op->op];
  if (!op->fn) return "this operation has no kernel yet";
  if (op->n_in > KMAX_IN) return "it has too many inputs";
  Prepare *prepare = op_info[op->op].cls == CLASS_EW ? prepare_elementwise : prepare_of[op->op];
  return prepare ? prepare(op, set) : NULL;
}
