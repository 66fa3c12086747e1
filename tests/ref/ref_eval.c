#include "tests/ref/ref_eval.h"
#include "tests/ref/ref_more.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t ref_numel(const RefTensor *t) {
  int64_t n = 1;
  for (int k = 0; k < t->rank; k++) n *= t->d[k];
  return n;
}

RefTensor ref_shape(const Shape *s, const RefEnv *env) {
  RefTensor t = {.rank = s->rank};
  for (int k = 0; k < s->rank; k++) t.d[k] = s->d[k].count ? env->counts[s->d[k].count] : s->d[k].n;
  return t;
}

/* Index of the element, axis by axis. */
static void unravel(const RefTensor *t, int64_t at, int64_t *index) {
  for (int k = t->rank - 1; k >= 0; k--) {
    index[k] = at % t->d[k];
    at /= t->d[k];
  }
}

/* The element at an index; axes of size 1 and scalars are repeated. */
static double *element(const RefTensor *t, const int64_t *index) {
  int64_t at = 0;
  for (int k = 0; k < t->rank; k++) at = at * t->d[k] + (t->d[k] == 1 ? 0 : index[k]);
  return &t->x[at];
}

/* ---- elementwise ---------------------------------------------------------------------------- */
static double ew(OpId op, const double *f, double a, double b, double c) {
  if (op == OP_NEG) return -a;
  if (op == OP_RECIP) return 1 / a;
  if (op == OP_SQUARE) return a * a;
  if (op == OP_SQRT) return sqrt(a);
  if (op == OP_EXP) return exp(a);
  if (op == OP_LOG) return log(a);
  if (op == OP_SAFE_LOG) return log(a) < -100 ? -100 : log(a);
  if (op == OP_ABS) return fabs(a);
  if (op == OP_SIGN) return a > 0 ? 1 : a < 0 ? -1 : a;
  if (op == OP_EXPM1) return expm1(a);
  if (op == OP_ERF) return erf(a);
  if (op == OP_SIN) return sin(a);
  if (op == OP_COS) return cos(a);
  if (op == OP_TANH) return tanh(a);
  if (op == OP_SIGMOID) return 1 / (1 + exp(-a));
  if (op == OP_SOFTPLUS) return a > 30 ? a + exp(-a) : log1p(exp(a));
  if (op == OP_LEAKY_RELU) return a > 0 ? a : f[0] * a;
  if (op == OP_FLOOR) return floor(a);
  if (op == OP_ROUND) return nearbyint(a);
  if (op == OP_NOT) return a == 0;
  if (op == OP_IS_FINITE) return isfinite(a) ? 1 : 0;
  if (op == OP_ADD) return a + b;
  if (op == OP_SUB) return a - b;
  if (op == OP_MUL) return a * b;
  if (op == OP_DIV) return a / b;
  if (op == OP_POW) return pow(a, b);
  if (op == OP_MAXIMUM) return a != a || a >= b ? a : b;
  if (op == OP_MINIMUM) return a != a || a <= b ? a : b;
  if (op == OP_ATAN2) return atan2(a, b);
  if (op == OP_MOD) return a - b * floor(a / b);
  if (op == OP_EQ) return a == b;
  if (op == OP_NE) return a != b;
  if (op == OP_LT) return a < b;
  if (op == OP_LE) return a <= b;
  if (op == OP_AND) return a != 0 && b != 0;
  if (op == OP_OR) return a != 0 || b != 0;
  if (op == OP_LEAKY_RELU_GRAD) return b > 0 ? a : f[0] * a;
  if (op == OP_DROP) return b >= f[0] ? a / (1 - f[0]) : 0;
  if (op == OP_SELECT) return a != 0 ? b : c;
  if (op == OP_STRETCH) return a;
  assert(!"an elementwise operation without a reference");
  return NAN;
}

static void elementwise(OpId op, const Attr *attr, int n_in, const RefTensor *in, RefTensor *out) {
  int64_t index[SHAPE_MAX_RANK];
  for (int64_t at = 0; at < ref_numel(out); at++) {
    double x[3] = {0, 0, 0};
    unravel(out, at, index);
    for (int k = 0; k < n_in; k++) x[k] = *element(&in[k], index);
    out->x[at] = ew(op, attr->f, x[0], x[1], x[2]);
  }
}

/* ---- axes -------------------------------------------------------------------------------------- */
/* The result's index that belongs to an index of the reduced tensor. */
static void reduced_index(const RefTensor *a, int64_t mask, bool keep, const int64_t *index, int64_t *to) {
  int n = 0;
  for (int k = 0; k < a->rank; k++) {
    if (!(mask >> k & 1)) to[n++] = index[k];
    else if (keep) to[n++] = 0;
  }
}

static void reduce(OpId op, const Attr *attr, const RefTensor *a, RefTensor *out) {
  int64_t index[SHAPE_MAX_RANK], to[SHAPE_MAX_RANK];
  double start = op == OP_SUM ? 0 : op == OP_REDUCE_MAX ? -INFINITY : INFINITY;
  for (int64_t k = 0; k < ref_numel(out); k++) out->x[k] = start;
  for (int64_t at = 0; at < ref_numel(a); at++) {
    unravel(a, at, index);
    reduced_index(a, attr->i[0], attr->i[1] != 0, index, to);
    double *r = element(out, to), x = a->x[at];
    if (op == OP_SUM) *r += x;
    else if (x != x || *r != *r) *r = NAN;
    else if (op == OP_REDUCE_MAX) *r = x > *r ? x : *r;
    else *r = x < *r ? x : *r;
  }
}

static void argmax(int axis, const RefTensor *a, RefTensor *out) {
  int64_t index[SHAPE_MAX_RANK], from[SHAPE_MAX_RANK];
  for (int64_t at = 0; at < ref_numel(out); at++) {
    unravel(out, at, index);
    for (int k = 0; k < a->rank; k++) from[k] = k < axis ? index[k] : k > axis ? index[k - 1] : 0;
    int64_t best = 0;
    double largest = *element(a, from);
    for (int64_t j = 1; j < a->d[axis]; j++) {
      from[axis] = j;
      if (*element(a, from) > largest) {
        largest = *element(a, from);
        best = j;
      }
    }
    out->x[at] = (double)best;
  }
}

static void transpose(const Attr *attr, const RefTensor *a, RefTensor *out) {
  int64_t index[SHAPE_MAX_RANK], from[SHAPE_MAX_RANK];
  for (int64_t at = 0; at < ref_numel(out); at++) {
    unravel(out, at, index);
    for (int k = 0; k < out->rank; k++) from[attr->i[k]] = index[k];
    out->x[at] = *element(a, from);
  }
}

/* SLICE, and one input of CONCAT or PAD: a stands at `start` along the axis of out (negative: a is
 * longer, and out begins inside it). */
static void place(const RefTensor *a, RefTensor *out, int axis, int64_t start) {
  int64_t index[SHAPE_MAX_RANK] = {0};
  for (int64_t at = 0; at < ref_numel(a); at++) {
    unravel(a, at, index);
    index[axis] += start;
    if (index[axis] >= 0 && index[axis] < out->d[axis]) *element(out, index) = a->x[at];
  }
}

static void concat(int axis, int n_in, const RefTensor *in, RefTensor *out) {
  int64_t start = 0;
  for (int k = 0; k < n_in; k++) {
    place(&in[k], out, axis, start);
    start += in[k].d[axis];
  }
}

/* TAKE_ROWS, PUT_ROWS */
static void end_rows(const Attr *attr, const RefTensor *a, RefTensor *out) {
  memset(out->x, 0, (size_t)ref_numel(out) * sizeof(double));
  place(a, out, 0, attr->i[0] ? out->d[0] - a->d[0] : 0);
}

/* Elements of a from row `first` axes on: the size of what one label picks. */
static int64_t block(const RefTensor *a, int first) {
  int64_t n = 1;
  for (int k = first; k < a->rank; k++) n *= a->d[k];
  return n;
}

static void gather(const RefTensor *a, const RefTensor *labels, RefTensor *out) {
  int64_t n = block(a, 1);
  for (int64_t j = 0; j < ref_numel(labels); j++)
    for (int64_t k = 0; k < n; k++) out->x[j * n + k] = a->x[(int64_t)labels->x[j] * n + k];
}

static void scatter(const RefTensor *a, const RefTensor *labels, RefTensor *out) {
  int64_t n = block(out, 1);
  memset(out->x, 0, (size_t)ref_numel(out) * sizeof(double));
  for (int64_t j = 0; j < ref_numel(labels); j++)
    for (int64_t k = 0; k < n; k++) out->x[(int64_t)labels->x[j] * n + k] += a->x[j * n + k];
}

static void onehot(const RefTensor *a, RefTensor *out) {
  int64_t n = out->d[out->rank - 1];
  for (int64_t j = 0; j < ref_numel(a); j++)
    for (int64_t k = 0; k < n; k++) {
      bool is_label = a->x[j] >= 0 && a->x[j] < (double)n && a->x[j] == floor(a->x[j]);
      out->x[j * n + k] = is_label ? (double)k == a->x[j] : NAN;
    }
}

/* ---- products and distances ------------------------------------------------------------------------ */
static void matmul(const Attr *attr, const RefTensor *a, const RefTensor *b, RefTensor *out) {
  int r = out->rank;
  bool ta = attr->i[0] != 0, tb = attr->i[1] != 0;
  int64_t m = out->d[r - 2], n = out->d[r - 1], inner = a->d[ta ? r - 2 : r - 1], batch = 1;
  for (int k = 0; k < r - 2; k++) batch *= out->d[k];
  for (int64_t p = 0; p < batch; p++)
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t k = 0; k < inner; k++)
          sum += a->x[p * m * inner + (ta ? k * m + i : i * inner + k)] *
                 b->x[p * inner * n + (tb ? j * inner + k : k * n + j)];
        out->x[p * m * n + i * n + j] = sum;
      }
}

/* Every product x[n,c,y,x] w[k,c,a,b] r[n,k,i,j] of a convolution, y = i * stride + a - pad: the one of
 * the three that is null is the sum of the products of the others. */
static void convolve(const Attr *attr, const RefTensor *x, const RefTensor *w, const RefTensor *r,
                     RefTensor *out) {
  memset(out->x, 0, (size_t)ref_numel(out) * sizeof(double));
  const RefTensor *sx = x ? x : out, *sw = w ? w : out, *sr = r ? r : out;
  int64_t stride = attr->i[0], pad = attr->i[1];
  for (int64_t at = 0; at < ref_numel(sr); at++)
    for (int64_t c = 0; c < sx->d[1]; c++)
      for (int64_t a = 0; a < sw->d[2]; a++)
        for (int64_t b = 0; b < sw->d[3]; b++) {
          int64_t i[4];
          unravel(sr, at, i);
          int64_t y = i[2] * stride + a - pad, z = i[3] * stride + b - pad;
          if (y < 0 || y >= sx->d[2] || z < 0 || z >= sx->d[3]) continue;
          int64_t xi = ((i[0] * sx->d[1] + c) * sx->d[2] + y) * sx->d[3] + z;
          int64_t wi = ((i[1] * sw->d[1] + c) * sw->d[2] + a) * sw->d[3] + b;
          if (!x) out->x[xi] += w->x[wi] * r->x[at];
          else if (!w) out->x[wi] += x->x[xi] * r->x[at];
          else out->x[at] += x->x[xi] * w->x[wi];
        }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Integral of |F - G| over the merged points of both samples. */
static double wasserstein1(const RefTensor *a, const RefTensor *b) {
  int64_t n = ref_numel(a), m = ref_numel(b);
  double *all = malloc((size_t)(n + m) * sizeof *all), sum = 0;
  memcpy(all, a->x, (size_t)n * sizeof *all);
  memcpy(all + n, b->x, (size_t)m * sizeof *all);
  qsort(all, (size_t)(n + m), sizeof *all, ascending);
  for (int64_t k = 0; k + 1 < n + m; k++) {
    double fa = 0, fb = 0;
    for (int64_t j = 0; j < n; j++) fa += a->x[j] <= all[k];
    for (int64_t j = 0; j < m; j++) fb += b->x[j] <= all[k];
    sum += fabs(fa / (double)n - fb / (double)m) * (all[k + 1] - all[k]);
  }
  free(all);
  return sum;
}

static double kolmogorov(const RefTensor *a, const RefTensor *b) {
  int64_t n = ref_numel(a), m = ref_numel(b);
  double most = 0;
  for (int64_t k = 0; k < n + m; k++) {
    double at = k < n ? a->x[k] : b->x[k - n], fa = 0, fb = 0;
    for (int64_t j = 0; j < n; j++) fa += a->x[j] <= at;
    for (int64_t j = 0; j < m; j++) fb += b->x[j] <= at;
    most = fmax(most, fabs(fa / (double)n - fb / (double)m));
  }
  return most;
}

static bool is_pool(OpId op) {
  return op == OP_MAXPOOL || op == OP_MAXPOOL_DX || op == OP_MAXPOOL_AT || op == OP_SUMPOOL ||
         op == OP_SUMPOOL_DX;
}

static void entries(const Attr *attr, const RefTensor *in, RefTensor *out) {
  const int64_t size = ref_numel(out) / out->d[0], rows = in->d[0];
  for (int64_t k = 0; k < ref_numel(out); k++) {
    const int64_t row = attr->i[0] + k / size + (attr->i[0] < 0 ? rows : 0);
    out->x[k] = row < 0 || row >= rows ? (double)NAN : in->x[row * size + k % size];
  }
}

bool ref_op(OpId op, const Attr *attr, int n_in, const RefTensor *in, RefTensor *out) {
  OpClass cls = op_info[op].cls;
  int axis = (int)attr->i[0];
  if (op_info[op].kernel == OPKERNEL_LATER) return false;
  if (cls == CLASS_EW) elementwise(op, attr, n_in, in, out);
  else if (op == OP_SUM || op == OP_REDUCE_MAX || op == OP_REDUCE_MIN) reduce(op, attr, &in[0], out);
  else if (op == OP_ARGMAX) argmax(axis, &in[0], out);
  else if (op == OP_RESHAPE || op == OP_STOP_GRAD || op == OP_MARK || op == OP_STORE)
    memcpy(out->x, in[0].x, (size_t)ref_numel(out) * sizeof(double));
  else if (op == OP_TRANSPOSE) transpose(attr, &in[0], out);
  else if (op == OP_SLICE) place(&in[0], out, axis, -attr->i[1]);
  else if (op == OP_PAD) {
    memset(out->x, 0, (size_t)ref_numel(out) * sizeof(double));
    place(&in[0], out, axis, attr->i[1]);
  } else if (op == OP_CONCAT) concat(axis, n_in, in, out);
  else if (op == OP_JOIN_ROWS) concat(0, n_in, in, out);
  else if (op == OP_TAKE_ROWS || op == OP_PUT_ROWS) end_rows(attr, &in[0], out);
  else if (op == OP_ONEHOT) onehot(&in[0], out);
  else if (op == OP_GATHER) gather(&in[0], &in[1], out);
  else if (op == OP_SCATTER_ROWS) scatter(&in[0], &in[1], out);
  else if (op == OP_MATMUL) matmul(attr, &in[0], &in[1], out);
  else if (op == OP_CONV) convolve(attr, &in[0], &in[1], NULL, out);
  else if (op == OP_CONV_DX) convolve(attr, NULL, &in[1], &in[0], out);
  else if (op == OP_CONV_DW) convolve(attr, &in[0], NULL, &in[1], out);
  else if (op == OP_W1) out->x[0] = wasserstein1(&in[0], &in[1]);
  else if (op == OP_ENTRIES) entries(attr, &in[0], out);
  else if (op == OP_KS) out->x[0] = kolmogorov(&in[0], &in[1]);
  else if (op == OP_FRECHET) out->x[0] = ref_frechet(&in[0], &in[1]);
  else if (op == OP_SOLVE) ref_solve(attr, in, out);
  else if (op == OP_EIGENVALUES) ref_eigenvalues(&in[0], out);
  else if (is_pool(op)) ref_pool(op, attr, in, out);
  else if (op == OP_COUNTS || op == OP_NEAREST || op == OP_CATEGORICAL) ref_label(op, in, out);
  else if (op == OP_ENTROPY || op == OP_HERMITIAN_LOG || op == OP_HERMITIAN_LOG_DX)
    ref_hermitian(op, in, out);
  else if (cls == CLASS_AXIS) ref_along(op, attr, n_in, in, out);
  else return false;
  return true;
}

/* ---- graphs ----------------------------------------------------------------------------------------- */
static void source(const Node *n, const RefEnv *env, RefTensor *out) {
  int64_t size = ref_numel(out);
  int at = (int)n->attr.i[0];
  if (n->op == OP_CONST) {
    for (int64_t k = 0; k < size; k++) out->x[k] = n->attr.f[0];
  } else if (n->op == OP_COUNT) {
    out->x[0] = (double)env->counts[at];
  } else if (n->op == OP_CLOCK) {
    out->x[0] = env->clock[at];
  } else if (n->op == OP_DRAW) {
    env->draw(env->ctx, (DrawKind)at, (int)n->attr.i[1], size, out->x);
  } else {
    const double *x = env->slot(env->ctx, at, n->op == OP_PARAM ? (int)n->attr.i[1] : 0);
    memcpy(out->x, x, (size_t)size * sizeof *x);
  }
}

/* Sizes of result k of a node. */
static RefTensor part_shape(const Graph *g, const Node *n, int k, const RefEnv *env) {
  return ref_shape(n->n_parts == 1 && n->op != OP_CIRCUIT_VJP ? &n->shape : &g_node(g, n->in[k])->shape, env);
}

static double all_finite(const Node *n, const RefTensor *in) {
  for (int k = 0; k < n->n_in; k++)
    for (int64_t j = 0; j < ref_numel(&in[k]); j++)
      if (!isfinite(in[k].x[j])) return 0;
  return 1;
}

static void eval_node(const Graph *g, const Node *n, const RefEnv *env, const RefTensor *in, RefTensor *out) {
  if (n->n_in == 0 && op_info[n->op].cls == CLASS_SOURCE) {
    source(n, env, &out[0]);
  } else if (op_info[n->op].cls == CLASS_CIRCUIT) {
    env->circuit(env->ctx, n, in, out);
  } else if (n->op == OP_PART) {
    const Node *of = g_node(g, n->in[0]);
    const double *from = in[0].x;
    for (int k = 0; k < n->attr.i[0]; k++) {
      RefTensor before = part_shape(g, of, k, env);
      from += ref_numel(&before);
    }
    memcpy(out[0].x, from, (size_t)ref_numel(&out[0]) * sizeof(double));
  } else if (n->op == OP_UPDATE) {
    out[0].x[0] = all_finite(n, in);
  } else {
    bool done = ref_op(n->op, &n->attr, n->n_in, in, &out[0]);
    assert(done && "an operation without a reference");
    (void)done;
  }
}

void ref_eval(const Graph *g, const RefEnv *env, double **values) {
  for (NodeId id = 0; id < g_count(g); id++) {
    const Node *n = g_node(g, id);
    RefTensor *in = calloc((size_t)n->n_in + 1, sizeof *in),
              *out = calloc((size_t)n->n_parts + 1, sizeof *out);
    int64_t total = 0;
    for (int k = 0; k < n->n_in; k++) {
      in[k] = ref_shape(&g_node(g, n->in[k])->shape, env);
      in[k].x = values[n->in[k]];
    }
    for (int k = 0; k < n->n_parts; k++) {
      out[k] = part_shape(g, n, k, env);
      total += ref_numel(&out[k]);
    }
    values[id] = calloc((size_t)total + 1, sizeof(double));
    double *at = values[id];
    for (int k = 0; k < n->n_parts; k++) {
      out[k].x = at;
      at += ref_numel(&out[k]);
    }
    eval_node(g, n, env, in, out);
    free(in);
    free(out);
  }
}

void ref_free(int n, double **values) {
  for (int k = 0; k < n; k++) free(values[k]);
}
