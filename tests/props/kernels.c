/* Every row of ops.def with a kernel, in every variant this CPU runs, on many shapes: the kernel
 * gives what the slow reference gives, for the shape that the shape rule says; and cutting the
 * rows into calls never changes a bit of an op that works row by row. A new elementwise op is
 * tested without writing a test; another op needs a row in `cases`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>
#include "lang/ir/graph_int.h"
#include "tests/ref/kernel_rig.h"
#include "tests/ref/ref_eval.h"

#define SPECIAL_VALUES 14

/* Shapes of the inputs, and which of them have rows. Sizes end with -1. */
typedef struct Case {
  OpId op;
  int n_in;
  int64_t size[3][SHAPE_MAX_RANK + 1];
  int64_t attr[5];
  bool rows[3];
} Case;

/* Shapes for elementwise ops: up to three operands, the first n_in are used. */
static const int64_t ew_shapes[][3][5] = {
    {{-1}, {-1}, {-1}},
    {{1, -1}, {1, -1}, {1, -1}},
    {{7, -1}, {-1}, {7, -1}},
    {{4, 5, -1}, {4, 5, -1}, {-1}},
    {{16, 64, -1}, {16, 64, -1}, {16, 64, -1}},
    {{16, 64, -1}, {1, 64, -1}, {16, 1, -1}},
    {{37, 3, -1}, {37, 1, -1}, {1, 3, -1}},
    {{16, 1, -1}, {16, 1, -1}, {-1}},
    {{33, 17, -1}, {33, 17, -1}, {1, 1, -1}},
    {{0, 3, -1}, {1, 3, -1}, {0, 3, -1}},
    {{2, 3, 5, -1}, {2, 1, 5, -1}, {1, 3, 1, -1}},
    {{3, 1, 4, -1}, {3, 2, 1, -1}, {3, 2, 4, -1}},
    {{257, -1}, {257, -1}, {257, -1}},
};

#define S2(a, b)                                                                                             \
  { a, b, -1 }
#define S3(a, b, c)                                                                                          \
  { a, b, c, -1 }
static const Case cases[] = {
    {OP_SUM, 1, {{7, -1}}, {1, 0}, {0}},
    {OP_SUM, 1, {{-1}}, {0, 0}, {0}},
    {OP_SUM, 1, {S2(16, 64)}, {1, 0}, {true}},
    {OP_SUM, 1, {S2(16, 64)}, {2, 0}, {true}},
    {OP_SUM, 1, {S2(37, 3)}, {2, 1}, {true}},
    {OP_SUM, 1, {S2(64, 1)}, {1, 1}, {true}},
    {OP_SUM, 1, {S2(64, 33)}, {3, 0}, {true}},
    {OP_SUM, 1, {S2(700, 19)}, {1, 0}, {false}},
    {OP_SUM, 1, {{100003, -1}}, {1, 0}, {false}},
    {OP_SUM, 1, {S2(5, 6)}, {0, 0}, {true}},
    {OP_SUM, 1, {S3(4, 5, 6)}, {2, 0}, {true}},
    {OP_SUM, 1, {S3(4, 5, 6)}, {5, 1}, {true}},
    {OP_SUM, 1, {{2, 3, 4, 5, -1}}, {10, 0}, {true}},
    {OP_SUM, 1, {{2, 3, 4, 5, -1}}, {5, 0}, {true}},
    {OP_SUM, 1, {S2(0, 6)}, {1, 0}, {true}},
    {OP_REDUCE_MAX, 1, {S2(16, 64)}, {2, 0}, {true}},
    {OP_REDUCE_MAX, 1, {S2(16, 21)}, {1, 1}, {true}},
    {OP_REDUCE_MAX, 1, {S3(4, 5, 3)}, {7, 0}, {false}},
    {OP_REDUCE_MIN, 1, {S2(17, 9)}, {2, 1}, {true}},
    {OP_REDUCE_MIN, 1, {S3(4, 5, 6)}, {2, 0}, {true}},
    {OP_ARGMAX, 1, {S2(33, 10)}, {1}, {true}},
    {OP_ARGMAX, 1, {S2(5, 10)}, {0}, {false}},
    {OP_ARGMAX, 1, {S3(5, 7, 3)}, {1}, {true}},
    {OP_TRANSPOSE, 1, {S2(64, 64)}, {1, 0}, {false}},
    {OP_TRANSPOSE, 1, {S2(37, 50)}, {1, 0}, {false}},
    {OP_TRANSPOSE, 1, {S2(1, 5)}, {1, 0}, {false}},
    {OP_TRANSPOSE, 1, {S3(19, 3, 21)}, {0, 2, 1}, {true}},
    {OP_TRANSPOSE, 1, {S3(4, 5, 6)}, {2, 0, 1}, {false}},
    {OP_TRANSPOSE, 1, {S3(4, 5, 6)}, {1, 0, 2}, {false}},
    {OP_TRANSPOSE, 1, {{3, 4, 5, 6, -1}}, {3, 1, 2, 0}, {false}},
    {OP_TRANSPOSE, 1, {{3, 4, 5, 6, -1}}, {0, 2, 3, 1}, {true}},
    {OP_TRANSPOSE, 1, {S2(33, 7)}, {0, 1}, {true}},
    {OP_SLICE, 1, {S2(33, 7)}, {1, 2, 3}, {true}},
    {OP_SLICE, 1, {S2(33, 70)}, {1, 0, 64}, {true}},
    {OP_SLICE, 1, {S2(9, 7)}, {0, 4, 5}, {false}},
    {OP_SLICE, 1, {S3(4, 5, 6)}, {1, 1, 3}, {true}},
    {OP_PAD, 1, {S2(33, 7)}, {1, 2, 30}, {true}},
    {OP_PAD, 1, {S2(5, 7)}, {0, 2, 9}, {false}},
    {OP_PAD, 1, {S3(4, 5, 6)}, {2, 0, 7}, {true}},
    {OP_CONCAT, 2, {S2(33, 7), S2(33, 2)}, {1}, {true, true}},
    {OP_CONCAT, 3, {S3(3, 1, 4), S3(3, 5, 4), S3(3, 2, 4)}, {1}, {true, true, true}},
    {OP_CONCAT, 2, {S2(33, 7), S2(2, 7)}, {0}, {false}},
    {OP_JOIN_ROWS, 2, {S2(33, 7), S2(2, 7)}, {0}, {false}},
    {OP_JOIN_ROWS, 2, {S3(1, 5, 9), S3(20, 5, 9)}, {0}, {false}},
    {OP_TAKE_ROWS, 1, {S2(33, 7)}, {0}, {false}},
    {OP_TAKE_ROWS, 1, {S3(17, 2, 3)}, {1}, {false}},
    {OP_PUT_ROWS, 1, {S2(5, 7)}, {0}, {false}},
    {OP_PUT_ROWS, 1, {S3(9, 2, 11)}, {1}, {false}},
    {OP_ONEHOT, 1, {{21, -1}}, {10}, {true}},
    {OP_ONEHOT, 1, {{-1}}, {3}, {false}},
    {OP_GATHER, 2, {S2(10, 7), {33, -1}}, {0}, {false, true}},
    {OP_GATHER, 2, {{10, -1}, S2(3, 4)}, {0}, {false, false}},
    {OP_SCATTER_ROWS, 2, {S2(33, 7), {33, -1}}, {10}, {true, true}},
    {OP_COUNTS, 1, {{333, -1}}, {10}, {true}},
    {OP_COUNTS, 1, {S2(7, 5)}, {4}, {true}},
    {OP_NEAREST, 2, {S2(33, 7), S2(20, 7)}, {0}, {true, false}},
    {OP_NEAREST, 2, {S3(5, 3, 33), S2(9, 33)}, {0}, {true, false}},
    {OP_CATEGORICAL, 2, {{333, -1}, S2(333, 5)}, {0}, {true, true}},
    {OP_CATEGORICAL, 2, {{-1}, {3, -1}}, {0}, {false, false}},
    {OP_ENTROPY, 1, {{33, 3, 3, 2, -1}}, {0}, {true}},
    {OP_HERMITIAN_LOG, 1, {{33, 3, 3, 2, -1}}, {0}, {true}},
    {OP_HERMITIAN_LOG_DX, 2, {{33, 3, 3, 2, -1}, {33, 3, 3, 2, -1}}, {0}, {true, true}},
#define ALONG(op, second)                                                                                    \
  {op, 1, {S2(33, 7)}, {1, second}, {true}}, {op, 1, {S2(9, 70)}, {1, second}, {true}},                      \
      {op, 1, {S2(9, 7)}, {0, second}, {false}}, {op, 1, {S3(5, 6, 19)}, {1, second}, {true}},               \
      {op, 1, {S3(5, 6, 3)}, {2, second}, {true}}, {                                                         \
    op, 1, {S2(4, 1)}, {1, second}, { true }                                                                 \
  }
    ALONG(OP_SOFTMAX, 0),
    ALONG(OP_LOG_SOFTMAX, 0),
    ALONG(OP_LOGSUMEXP, 0),
    ALONG(OP_CUMSUM, 0),
    ALONG(OP_CUMSUM, 1),
    ALONG(OP_FLIP, 0),
    ALONG(OP_QUANTILE, 0),
#undef ALONG
    {OP_QUANTILE_AT, 2, {S2(33, 7), S2(33, 7)}, {1}, {true, true}},
    {OP_QUANTILE_AT, 2, {S3(5, 6, 4), S3(5, 6, 4)}, {1}, {true, true}},
    {OP_QUANTILE_DX, 2, {{33, -1}, S2(33, 7)}, {1}, {true, true}},
    {OP_QUANTILE_DX, 2, {S2(5, 4), S3(5, 6, 4)}, {1}, {true, true}},
    {OP_QUANTILE_DX, 2, {{7, -1}, S2(33, 7)}, {0}, {false, false}},
#define POOLS(n, c, h, w, stride, pad, size)                                                                 \
  {OP_MAXPOOL, 1, {{n, c, h, w, -1}}, {stride, pad, size}, {true}},                                          \
      {OP_SUMPOOL, 1, {{n, c, h, w, -1}}, {stride, pad, size}, {true}},                                      \
      {OP_MAXPOOL_AT, 2, {{n, c, h, w, -1}, {n, c, h, w, -1}}, {stride, pad, size}, {true, true}},           \
      {OP_MAXPOOL_DX,                                                                                        \
       2,                                                                                                    \
       {{n, c, (h + 2 * pad - size) / stride + 1, (w + 2 * pad - size) / stride + 1, -1}, {n, c, h, w, -1}}, \
       {stride, pad, size},                                                                                  \
       {true, true}},                                                                                        \
  {                                                                                                          \
    OP_SUMPOOL_DX, 1, {{n, c, (h + 2 * pad - size) / stride + 1, (w + 2 * pad - size) / stride + 1, -1}},    \
        {stride, pad, size, h, w}, {                                                                         \
      true                                                                                                   \
    }                                                                                                        \
  }
    POOLS(17, 3, 28, 28, 2, 0, 2),
    POOLS(2, 2, 5, 75, 2, 0, 2),
    POOLS(5, 1, 7, 9, 2, 1, 3),
    POOLS(3, 2, 6, 5, 1, 1, 2),
    POOLS(2, 1, 4, 4, 3, 0, 1),
    POOLS(2, 1, 1, 1, 1, 0, 1),
#undef POOLS
    {OP_ENTRIES, 1, {S2(9, 7)}, {-3, 2}, {false}},
    {OP_ENTRIES, 1, {S2(9, 7)}, {8, 1}, {false}},
    {OP_ENTRIES, 1, {{2, -1}}, {-4, 4}, {false}},
    {OP_W1, 2, {{50, -1}, {50, -1}}, {0}, {false, false}},
    {OP_W1, 2, {{50, -1}, {31, -1}}, {0}, {false, false}},
    {OP_W1, 2, {{1, -1}, {7, -1}}, {0}, {false, false}},
    {OP_KS, 2, {{50, -1}, {31, -1}}, {0}, {false, false}},
    {OP_KS, 2, {{1, -1}, {7, -1}}, {0}, {false, false}},
    {OP_EIGENVALUES, 1, {{1, 1, -1}}, {0}, {false}},
    {OP_EIGENVALUES, 1, {{7, 7, -1}}, {0}, {false}},
    {OP_EIGENVALUES, 1, {{12, 12, -1}}, {0}, {false}},
    {OP_FRECHET, 2, {{40, 3, -1}, {23, 3, -1}}, {0}, {false, false}},
    {OP_FRECHET, 2, {{9, 1, -1}, {60, 1, -1}}, {0}, {false, false}},
};

/* rows, channels, height, width; kernels, their height and width; stride, pad */
static const int64_t conv_sizes[][9] = {
    {16, 1, 28, 28, 8, 4, 4, 2, 1}, {5, 3, 14, 14, 9, 3, 3, 2, 1},  {3, 8, 7, 7, 17, 3, 3, 1, 1},
    {2, 2, 9, 11, 1, 5, 3, 1, 2},   {1, 1, 1, 1, 1, 1, 1, 1, 0},    {7, 4, 8, 8, 2, 1, 1, 1, 0},
    {6, 2, 6, 5, 3, 2, 2, 3, 0},    {4, 1, 5, 4, 2, 2, 1, 3, 2},    {19, 2, 13, 10, 5, 4, 3, 2, 3},
    {0, 2, 6, 5, 3, 3, 3, 1, 1},    {2, 3, 5, 5, 4, 5, 5, 1, 0},    {2, 5, 20, 33, 4, 3, 3, 1, 1},
    {3, 1, 4, 4, 2, 1, 1, 2, 1},    {17, 16, 4, 4, 12, 3, 3, 2, 1}, {5, 32, 6, 5, 33, 4, 3, 2, 1},
    {2, 64, 5, 5, 70, 3, 3, 2, 1},  {2, 17, 7, 6, 50, 2, 2, 3, 0},  {3, 20, 4, 4, 16, 1, 1, 2, 1},
    {2, 16, 3, 3, 16, 5, 4, 1, 3},  {2, 16, 2, 2, 24, 1, 1, 9, 4},  {9, 33, 1, 1, 65, 1, 1, 1, 0},
    {2, 16, 1, 1, 32, 1, 1, 8, 3},  {0, 16, 4, 4, 16, 3, 3, 1, 1},
};

static const int64_t mat_sizes[][3] = {
    /* m, n, k */
    {16, 64, 64},   {64, 64, 16},  {16, 64, 1},     {16, 1, 64},    {64, 1, 16},  {1, 64, 16},
    {1, 1, 16},     {1, 1, 1},     {16, 2, 2},      {7, 5, 3},      {33, 17, 19}, {37, 33, 65},
    {64, 64, 64},   {16, 10, 128}, {3, 100, 9},     {4, 49, 9},     {0, 5, 3},    {5, 7, 0},
    {100, 128, 31}, {2, 31, 200},  {161, 165, 170}, {256, 16, 160},
};

/* ---- running one case ---- */

typedef struct Bench {
  KOp op;
  RefTensor in[4], out;
  double *x[4], *magnitude; /* of the terms */
} Bench;

static bool has_sign(OpId op) { return op != OP_LOG && op != OP_SQRT && op != OP_SAFE_LOG && op != OP_POW; }

static double ordinary_value(OpId op, int k, uint64_t at) {
  double low = has_sign(op) || (op == OP_POW && k == 1) ? -4 : 0.01;
  double x = rig_random((uint64_t)op * 8 + (uint64_t)k, at, low, 4);
  if (op == OP_ENTROPY || op == OP_HERMITIAN_LOG || op == OP_HERMITIAN_LOG_DX)
    return at % 18 % 8 == 0 ? 2 + x / 16 : x / 16; /* the diagonals of 3 x 3 are large: positive matrices */
  if (op == OP_CATEGORICAL) return (x + 4) / 8;
  bool label = op == OP_ONEHOT || op == OP_COUNTS || (k == 1 && (op == OP_GATHER || op == OP_SCATTER_ROWS));
  bool choice = op == OP_NOT || op == OP_AND || op == OP_OR || (op == OP_SELECT && k == 0);
  if (label) return floor((x + 4) * 9.99 / 8);
  if (choice) return x < -1 ? 0 : x;
  if (op == OP_EQ || op == OP_NE || op == OP_LE || op == OP_ARGMAX) return floor(x);
  if (op == OP_MOD) return k == 0 ? floor(x * 10) + 0.5 : floor(x) + (x < 0 ? 0 : 1);
  return x;
}

static double special_value(uint64_t at, int k) {
  static const double values[SPECIAL_VALUES] = {
      0,     -0.0, (double)INFINITY, -(double)INFINITY, (double)NAN, 1, -1, 1e-40, -1e-310, 100, -100, 1e30,
      -1e30, 0.5};
  return values[(at * (uint64_t)(k == 0   ? 1
                                 : k == 1 ? 3
                                          : 5) +
                 at / SPECIAL_VALUES * (uint64_t)k) %
                SPECIAL_VALUES];
}

static Shape shape_with(const int64_t *size, bool rows) {
  Shape s = {0};
  while (size[s.rank] >= 0) {
    s.d[s.rank] = dim_static(size[s.rank]);
    s.rank++;
  }
  if (rows && s.rank > 0) s.d[0].count = 1;
  return s;
}

static RefTensor tensor_of(const Shape *s) {
  RefTensor t = {.rank = s->rank};
  for (int k = 0; k < s->rank; k++) t.d[k] = s->d[k].n;
  return t;
}

static int64_t rows_of(const Bench *b) {
  for (int k = 0; k < b->op.n_in; k++)
    if (b->op.in_rows[k]) return b->op.in[k].d[0].n;
  return 1;
}

/* No rows: only where their number is known at run time. */
static bool empty_axis(const Case *c) {
  for (int k = 0; k < c->n_in; k++) {
    if (c->size[k][0] == 0 && !c->rows[k]) return true;
    for (int j = 1; j < SHAPE_MAX_RANK && c->size[k][0] >= 0 && c->size[k][j] >= 0; j++)
      if (c->size[k][j] == 0) return true;
  }
  return false;
}

/* Fills in the result's shape by the shape rule; false if the shapes do not go together. */
static bool set_shapes(Bench *b, const Case *c, Arena *a) {
  NodeId in[3];
  Graph *g = g_new(a);
  int64_t rows = -1;
  if (empty_axis(c)) return false;
  b->op = (KOp){.op = c->op, .n_in = c->n_in};
  memcpy(b->op.attr.i, c->attr, sizeof c->attr);
  b->op.attr.f[0] = 0.2;
  for (int k = 0; k < c->n_in; k++) {
    b->op.in[k] = shape_with(c->size[k], c->rows[k]);
    b->op.in_rows[k] = b->op.in[k].rank > 0 && b->op.in[k].d[0].count != 0;
    if (b->op.in_rows[k]) {
      rows = b->op.in[k].d[0].n;
      b->op.in[k].d[0].n = 1; /* a count may be 0, the most it can be may not */
    }
    in[k] = g_input(g, k, &b->op.in[k], ELEM_REAL, SPAN_NONE);
    if (b->op.in_rows[k]) b->op.in[k].d[0].n = rows;
  }
  Make m = {.g = g, .op = c->op, .n_in = c->n_in, .in = in, .attr = &b->op.attr, .n_parts = 1};
  Shape to = {.rank = 2, .d = {dim_static(12), dim_static(21)}};
  if (c->op == OP_STRETCH) {
    to = b->op.in[0];
    for (int k = 0; k < to.rank; k++)
      if (dim_is_one(to.d[k])) to.d[k] = dim_static(5 + k);
    m.given = &to;
    m.shape = to;
  }
  if (c->op == OP_JOIN_ROWS || c->op == OP_TAKE_ROWS || c->op == OP_PUT_ROWS) {
    to = b->op.in[0];
    to.d[0].n = c->op == OP_JOIN_ROWS ? to.d[0].n + b->op.in[1].d[0].n : 13;
    m.given = &to;
  }
  if (shape_rule_of[c->op](&m)) return false;
  b->op.out = m.shape;
  b->op.out_rows = m.shape.rank > 0 && m.shape.d[0].count != 0;
  if (b->op.out_rows) b->op.out.d[0].n = rows;
  return true;
}

static void fill(Bench *b, const KernelSet *set, bool special) {
  for (int k = 0; k < b->op.n_in; k++) {
    b->in[k] = tensor_of(&b->op.in[k]);
    int64_t n = ref_numel(&b->in[k]);
    b->x[k] = b->in[k].x = calloc((size_t)n + 1, sizeof(double));
    for (int64_t i = 0; i < n; i++) {
      double x = special ? special_value((uint64_t)i, k) : ordinary_value(b->op.op, k, (uint64_t)i);
      b->x[k][i] = rig_round(set, x);
    }
  }
  b->out = tensor_of(&b->op.out);
  b->out.x = calloc((size_t)ref_numel(&b->out) + 1, sizeof(double));
  bool done = ref_op(b->op.op, &b->op.attr, b->op.n_in, b->in, &b->out);
  assert_true(done);
}

/* Magnitude of what was added up, so that cancellation does not count as error. */
static void set_magnitude(Bench *b) {
  OpId op = b->op.op;
  int64_t n = ref_numel(&b->out);
  RefTensor sum = b->out, in[4];
  b->magnitude = sum.x = calloc((size_t)n + 1, sizeof(double));
  for (int64_t i = 0; i < n; i++) sum.x[i] = fabs(b->out.x[i]);
  bool adds = op == OP_ADD || op == OP_SUB || op == OP_SUM || op == OP_MATMUL || op == OP_SCATTER_ROWS ||
              op == OP_MOD || op_info[op].cls == CLASS_CONTRACT || op == OP_CONV || op == OP_CONV_DX ||
              op == OP_CUMSUM || op == OP_SUMPOOL || op == OP_SUMPOOL_DX || op == OP_MAXPOOL_DX ||
              op == OP_QUANTILE_DX;
  bool mixes = op_info[op].cls == CLASS_ROWS || op == OP_LOG_SOFTMAX || op == OP_LOGSUMEXP ||
               op == OP_QUANTILE || op == OP_QUANTILE_AT;
  for (int64_t i = 0; i < n && mixes; i++) sum.x[i] += 4; /* as large as the numbers it is made of */
  if (!adds) return;
  for (int k = 0; k < b->op.n_in; k++) {
    int64_t size = ref_numel(&b->in[k]);
    in[k] = b->in[k];
    in[k].x = calloc((size_t)size + 1, sizeof(double));
    bool label = k == 1 && !op_carries(op, k);
    for (int64_t i = 0; i < size; i++) in[k].x[i] = label ? b->x[k][i] : fabs(b->x[k][i]);
  }
  ref_op(op == OP_SUB || op == OP_MOD ? OP_ADD : op, &b->op.attr, b->op.n_in, in, &sum);
  for (int k = 0; k < b->op.n_in; k++) free(in[k].x);
}

static bool close_enough(const KernelSet *set, OpId op, double got, double want, double magnitude) {
  bool is_double = set->real == sizeof(double);
  double tolerance = !is_double ? 1e-6 : op == OP_MATMUL || op_info[op].cls == CLASS_CONTRACT ? 1e-12 : 1e-13;
  if (isnan(want) || isnan(got)) return isnan(want) && isnan(got);
  double rounded = rig_round(set, want);
  if (isinf(rounded) || isinf(got)) return rounded == got;
  return fabs(got - want) <= tolerance * magnitude + (is_double ? 0 : 2e-45);
}

static void compare(const Bench *b, const KernelSet *set, const void *out, const char *what) {
  for (int64_t i = 0; i < ref_numel(&b->out); i++) {
    double got = rig_get(set, out, i), want = b->out.x[i];
    if (close_enough(set, b->op.op, got, want, b->magnitude[i])) continue;
    fail_msg("%s %s %s, element %lld: %.17g instead of %.17g", set->name, op_info[b->op.op].name, what,
             (long long)i, got, want);
  }
}

static bool works_by_rows(const Bench *b) {
  OpClass cls = op_info[b->op.op].cls;
  if (!b->op.out_rows) return false;
  if (b->op.op == OP_SUM) return (b->op.attr.i[0] & 1) == 0;
  if (b->op.op == OP_MATMUL) return b->op.attr.i[0] == 0;
  return cls == CLASS_EW || cls == CLASS_ROWS || cls == CLASS_SHARED || cls == CLASS_AXIS ||
         cls == CLASS_VIEW || cls == CLASS_REDUCE;
}

/* The same rows in calls of `step` rows: bit for bit the same. */
static void compare_cut(const Bench *b, const KernelSet *set, void *const *in, const void *whole,
                        int64_t step) {
  int64_t rows = rows_of(b), n = ref_numel(&b->out), row = rig_row_size(&b->op.out);
  void *out = rig_reals(set, n, NULL);
  for (int64_t at = 0; at < rows; at += step) {
    const void *part[4];
    for (int k = 0; k < b->op.n_in; k++) {
      int64_t offset = b->op.in_rows[k] ? at * rig_row_size(&b->op.in[k]) : 0;
      part[k] = (const char *)in[k] + (size_t)offset * set->real;
    }
    int64_t count = rows - at < step ? rows - at : step;
    rig_call(&b->op, count, at, part, (char *)out + (size_t)(at * row) * set->real, NULL);
  }
  for (int64_t i = 0; i < n; i++) {
    const char *x = (const char *)out + (size_t)i * set->real,
               *y = (const char *)whole + (size_t)i * set->real;
    if (memcmp(x, y, set->real) == 0) continue;
    fail_msg("%s %s in calls of %lld rows, element %lld: other bits", set->name, op_info[b->op.op].name,
             (long long)step, (long long)i);
  }
  rig_drop(set, out, n);
}

static bool run_case(const Case *c, const KernelSet *set, bool special) {
  Arena *a = arena_new();
  Bench b;
  bool fits = set_shapes(&b, c, a);
  arena_free(a);
  if (!fits) return false;
  const char *why = kop_prepare(&b.op, set);
  if (why) fail_msg("%s %s: %s", set->name, op_info[c->op].name, why);
  fill(&b, set, special);
  set_magnitude(&b);
  void *in[4], *out = rig_reals(set, ref_numel(&b.out), NULL);
  for (int k = 0; k < b.op.n_in; k++) in[k] = rig_reals(set, ref_numel(&b.in[k]), b.x[k]);
  rig_call(&b.op, rows_of(&b), 0, (const void *const *)in, out, NULL);
  compare(&b, set, out, special ? "on special values" : "");
  if (works_by_rows(&b)) {
    compare_cut(&b, set, in, out, 16);
    compare_cut(&b, set, in, out, 5);
    compare_cut(&b, set, in, out, 1);
  }
  for (int k = 0; k < b.op.n_in; k++) {
    rig_drop(set, in[k], ref_numel(&b.in[k]));
    free(b.x[k]);
  }
  rig_drop(set, out, ref_numel(&b.out));
  free(b.out.x);
  free(b.magnitude);
  return true;
}

/* ---- tests ---- */

static const KernelSet *sets[RIG_VARIANTS];
static int n_sets;

static void elementwise(void **state) {
  (void)state;
  for (int op = 0; op < OP_COUNT_OF; op++) {
    if (op_info[op].cls != CLASS_EW || op_info[op].kernel != OPKERNEL_K) continue;
    int ran = 0;
    for (size_t s = 0; s < sizeof ew_shapes / sizeof *ew_shapes; s++) {
      for (int variant = 0; variant < 4; variant++) {
        Case c = {.op = (OpId)op, .n_in = op_info[op].n_in};
        for (int k = 0; k < c.n_in; k++) {
          int from = (k + (variant & 1)) % (c.n_in > 1 ? c.n_in : 2); /* swapped operands, too */
          memcpy(c.size[k], ew_shapes[s][from], sizeof ew_shapes[s][from]);
          c.rows[k] = variant >= 2 && c.size[k][0] != 1;
        }
        for (int v = 0; v < n_sets; v++) {
          ran += run_case(&c, sets[v], false);
          if (op != OP_MOD) run_case(&c, sets[v], true); /* a / b overflows sooner in single */
        }
      }
    }
    if (ran < 8 * n_sets) fail_msg("%s was hardly tested", op_info[op].name);
  }
}

static void listed(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int v = 0; v < n_sets; v++) {
      if (!run_case(&cases[i], sets[v], false)) fail_msg("shapes of case %zu do not fit", i);
      Case fixed = cases[i];
      memset(fixed.rows, 0, sizeof fixed.rows);
      if (!empty_axis(&fixed)) assert_true(run_case(&fixed, sets[v], false));
    }
  }
}

static Case mat_case(const int64_t s[3], bool ta, bool tb, int rows) {
  int64_t m = s[0], n = s[1], k = s[2];
  Case c = {.op = OP_MATMUL, .n_in = 2, .attr = {ta, tb}};
  int64_t a[3] = {ta ? k : m, ta ? m : k, -1}, b[3] = {tb ? n : k, tb ? k : n, -1};
  memcpy(c.size[0], a, sizeof a);
  memcpy(c.size[1], b, sizeof b);
  c.rows[0] = rows >= 1 && !(ta && rows == 1);
  c.rows[1] = rows == 2 && ta && !tb;
  return c;
}

static void products(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof mat_sizes / sizeof *mat_sizes; i++) {
    for (int bits = 0; bits < 12; bits++) {
      bool ta = bits & 1, tb = bits & 2;
      int rows = bits >> 2;
      if (rows == 2 && (!ta || tb)) continue; /* both contracted over rows: a^T b */
      Case c = mat_case(mat_sizes[i], ta, tb, rows);
      if (empty_axis(&c)) continue;
      for (int v = 0; v < n_sets; v++) assert_true(run_case(&c, sets[v], false));
    }
  }
}

static void convolutions(void **state) {
  (void)state;
  static const OpId ops[] = {OP_CONV, OP_CONV_DX, OP_CONV_DW};
  for (size_t i = 0; i < sizeof conv_sizes / sizeof *conv_sizes; i++) {
    const int64_t *z = conv_sizes[i];
    int64_t oh = (z[2] + 2 * z[8] - z[5]) / z[7] + 1, ow = (z[3] + 2 * z[8] - z[6]) / z[7] + 1;
    int64_t x[5] = {z[0], z[1], z[2], z[3], -1}, w[5] = {z[4], z[1], z[5], z[6], -1};
    int64_t y[5] = {z[0], z[4], oh, ow, -1};
    for (int k = 0; k < 3; k++) {
      bool by_image = ops[k] == OP_CONV_DX, by_kernel = ops[k] == OP_CONV_DW;
      Case c = {.op = ops[k], .n_in = 2, .rows = {true, by_kernel}};
      int64_t attr[5] = {z[7], z[8], by_image ? z[2] : z[5], by_image ? z[3] : z[6]};
      memcpy(c.attr, attr, sizeof attr);
      memcpy(c.size[0], by_image ? y : x, sizeof x);
      memcpy(c.size[1], by_kernel ? y : w, sizeof w);
      for (int v = 0; v < n_sets; v++) assert_true(run_case(&c, sets[v], false));
    }
  }
}

/* Where pixels are equal, the first largest of a window counts, and a NaN is larger than all numbers. */
static void equal_pixels(void **state) {
  (void)state;
  enum { H = 5, W = 75, OH = 2, OW = 37 };
  static const OpId ops[] = {OP_MAXPOOL, OP_MAXPOOL_AT, OP_MAXPOOL_DX};
  for (int v = 0; v < n_sets; v++)
    for (int k = 0; k < 3; k++) {
      KOp op = {.op = ops[k], .n_in = k == 0 ? 1 : 2, .attr.i = {2, 0, 2}};
      Shape large = shape_of(4, (int64_t[]){1, 1, H, W}), small = shape_of(4, (int64_t[]){1, 1, OH, OW});
      op.in[0] = k == 2 ? small : large;
      op.in[1] = large;
      op.out = k == 2 ? large : small;
      op.in_rows[0] = op.in_rows[1] = op.out_rows = true;
      assert_null(kop_prepare(&op, sets[v]));
      double a[H * W], b[H * W], expected[H * W] = {0};
      for (int i = 0; i < H * W; i++) {
        int kind = (int)rig_random(1, (uint64_t)i, 0, 8);
        a[i] = i + 1;
        b[i] = kind == 0 ? (double)NAN : kind < 4 ? 0 : kind - 6;
      }
      for (int i = 0; i < OH * OW; i++) {
        int at = i / OW * 2 * W + i % OW * 2, step[] = {1, W, W + 1}, best = at;
        for (int j = 0; j < 3; j++) {
          double x = b[at + step[j]];
          if (x > b[best] || (isnan(x) && !isnan(b[best]))) best = at + step[j];
        }
        if (k == 0) expected[i] = b[best];
        if (k == 1) expected[i] = a[best];
        if (k == 2) expected[best] = a[i];
      }
      int64_t n = k == 2 ? H * W : OH * OW;
      void *in[2] = {rig_reals(sets[v], k == 2 ? OH * OW : H * W, k == 0 ? b : a),
                     rig_reals(sets[v], H * W, b)};
      void *out = rig_reals(sets[v], n, NULL);
      rig_call(&op, 1, 0, (const void *const *)in, out, NULL);
      for (int i = 0; i < n; i++) {
        double got = rig_get(sets[v], out, i);
        if (got != expected[i] && !(isnan(got) && isnan(expected[i])))
          fail_msg("%s %s [%d]: %g instead of %g", sets[v]->name, op_info[op.op].name, i, got, expected[i]);
      }
      rig_drop(sets[v], in[0], k == 2 ? OH * OW : H * W);
      rig_drop(sets[v], in[1], H * W);
      rig_drop(sets[v], out, n);
    }
}

/* CONV and CONV_DX: the epilogue beside the plain result, for images of three rows. */
static void check_conv_epilogue(const KernelSet *set, const int64_t *z, OpId id, int epilogue) {
  enum { ROWS = 3 };
  int64_t oh = (z[2] + 2 * z[8] - z[5]) / z[7] + 1, ow = (z[3] + 2 * z[8] - z[6]) / z[7] + 1;
  Shape image = shape_of(4, (int64_t[]){ROWS, z[1], z[2], z[3]}),
        result = shape_of(4, (int64_t[]){ROWS, z[4], oh, ow});
  bool dx = id == OP_CONV_DX, bias = epilogue & EPI_BIAS;
  KOp op = {.op = id, .n_in = 3, .epilogue = epilogue, .attr = {.i = {z[7], z[8], z[2], z[3]}, .f = {0.2}}};
  op.in[0] = dx ? result : image;
  op.in[1] = shape_of(4, (int64_t[]){z[4], z[1], z[5], z[6]});
  op.out = dx ? image : result;
  int64_t channels = op.out.d[1].n, plane = op.out.d[2].n * op.out.d[3].n, n = ROWS * channels * plane;
  op.in[2] = bias ? shape_of(4, (int64_t[]){1, channels, 1, 1}) : op.out;
  op.in_rows[0] = op.out_rows = true;
  op.in_rows[2] = !bias;
  KOp plain = op;
  plain.epilogue = EPI_NONE;
  plain.n_in = 2;
  assert_null(kop_prepare(&op, set));
  assert_null(kop_prepare(&plain, set));
  void *in[3], *out = rig_reals(set, n, NULL), *sums = rig_reals(set, n, NULL);
  for (int i = 0; i < 3; i++) {
    int64_t size = rig_size(&op.in[i], op.in_rows[i], ROWS);
    double *x = calloc((size_t)size + 1, sizeof *x);
    for (int64_t j = 0; j < size; j++) x[j] = rig_random((uint64_t)i, (uint64_t)j, -1, 1);
    in[i] = rig_reals(set, size, x);
    free(x);
  }
  rig_call(&plain, ROWS, 0, (const void *const *)in, sums, NULL);
  rig_call(&op, ROWS, 0, (const void *const *)in, out, NULL);
  for (int64_t j = 0; j < n; j++) {
    double x = rig_get(set, sums, j);
    if (bias) x += rig_get(set, in[2], j / plane % channels);
    if ((epilogue & EPI_LEAKY) && x <= 0) x *= rig_round(set, 0.2);
    if ((epilogue & EPI_LEAKY_GRAD) && rig_get(set, in[2], j) <= 0) x *= rig_round(set, 0.2);
    double got = rig_get(set, out, j), tolerance = set->real == sizeof(double) ? 1e-15 : 5e-7;
    if (fabs(got - x) > tolerance * (2 + fabs(x)))
      fail_msg("%s %s %lld -> %lld channels, epilogue %d: %g instead of %g", set->name, op_info[id].name,
               (long long)z[1], (long long)z[4], epilogue, got, x);
  }
  for (int i = 0; i < 3; i++) rig_drop(set, in[i], rig_size(&op.in[i], op.in_rows[i], ROWS));
  rig_drop(set, out, n);
  rig_drop(set, sums, n);
}

static void conv_epilogues(void **state) {
  (void)state;
  static const int kinds[] = {EPI_BIAS, EPI_LEAKY, EPI_BIAS | EPI_LEAKY, EPI_LEAKY_GRAD};
  for (size_t i = 0; i < sizeof conv_sizes / sizeof *conv_sizes; i++)
    for (int v = 0; v < n_sets; v++)
      for (int e = 0; e < 4; e++) {
        check_conv_epilogue(sets[v], conv_sizes[i], OP_CONV, kinds[e]);
        check_conv_epilogue(sets[v], conv_sizes[i], OP_CONV_DX, kinds[e]);
      }
}

static void batched_products(void **state) {
  (void)state;
  for (int bits = 0; bits < 4; bits++) {
    bool ta = bits & 1, tb = bits & 2;
    Case c = {.op = OP_MATMUL, .n_in = 2, .attr = {ta, tb}, .rows = {true, true}};
    int64_t a[5] = {5, 2, ta ? 4 : 3, ta ? 3 : 4, -1}, b[5] = {5, 2, tb ? 17 : 4, tb ? 4 : 17, -1};
    memcpy(c.size[0], a, sizeof a);
    memcpy(c.size[1], b, sizeof b);
    for (int v = 0; v < n_sets; v++) assert_true(run_case(&c, sets[v], false));
  }
}

/* out = finish(a b), finish as said at Epilogue, beside the plain product. */
static void check_epilogue(const KernelSet *set, const int64_t s[3], bool ta, bool tb, int epilogue) {
  int64_t m = s[0], n = s[1], k = s[2], extra = epilogue & EPI_BIAS ? n : m * n;
  KOp op = {.op = OP_MATMUL, .n_in = epilogue & (EPI_BIAS | EPI_LEAKY_GRAD) ? 3 : 2, .epilogue = epilogue};
  op.attr.i[0] = ta;
  op.attr.i[1] = tb;
  op.attr.f[0] = 0.2;
  op.in[0] = shape_of(2, (int64_t[]){ta ? k : m, ta ? m : k});
  op.in[1] = shape_of(2, (int64_t[]){tb ? n : k, tb ? k : n});
  op.in[2] = shape_of(2, (int64_t[]){epilogue & EPI_BIAS ? 1 : m, n});
  op.out = shape_of(2, (int64_t[]){m, n});
  KOp plain = op;
  plain.epilogue = EPI_NONE;
  plain.n_in = 2;
  const char *why = kop_prepare(&op, set);
  assert_null(why);
  assert_null(kop_prepare(&plain, set));
  void *in[3], *out = rig_reals(set, m * n, NULL), *product = rig_reals(set, m * n, NULL);
  int64_t sizes[3] = {m * k, k * n, extra};
  for (int i = 0; i < 3; i++) {
    double *x = calloc((size_t)sizes[i] + 1, sizeof *x);
    for (int64_t j = 0; j < sizes[i]; j++) x[j] = rig_random((uint64_t)i, (uint64_t)j, -1, 1);
    in[i] = rig_reals(set, sizes[i], x);
    free(x);
  }
  double *before = calloc((size_t)(m * n) + 1, sizeof *before);
  for (int64_t j = 0; j < m * n; j++) before[j] = rig_round(set, rig_random(9, (uint64_t)j, -1, 1));
  rig_drop(set, out, m * n);
  out = rig_reals(set, m * n, before);
  rig_call(&plain, 1, 0, (const void *const *)in, product, NULL);
  rig_call(&op, 1, 0, (const void *const *)in, out, NULL);
  for (int64_t j = 0; j < m * n; j++) {
    double x = rig_get(set, product, j);
    if (epilogue & EPI_BIAS) x += rig_get(set, in[2], j % n);
    if ((epilogue & EPI_LEAKY) && x <= 0) x *= rig_round(set, 0.2);
    if ((epilogue & EPI_LEAKY_GRAD) && rig_get(set, in[2], j) <= 0) x *= rig_round(set, 0.2);
    if (epilogue & EPI_ADD) x += before[j];
    double got = rig_get(set, out, j), tolerance = set->real == sizeof(double) ? 1e-15 : 5e-7;
    if (fabs(got - x) > tolerance * (2 + fabs(x)))
      fail_msg("%s product %lldx%lldx%lld, epilogue %d: %g instead of %g", set->name, (long long)m,
               (long long)n, (long long)k, epilogue, got, x);
  }
  for (int i = 0; i < 3; i++) rig_drop(set, in[i], sizes[i]);
  rig_drop(set, out, m * n);
  rig_drop(set, product, m * n);
  free(before);
}

static void epilogues(void **state) {
  (void)state;
  static const int kinds[] = {EPI_BIAS,
                              EPI_LEAKY,
                              EPI_BIAS | EPI_LEAKY,
                              EPI_LEAKY_GRAD,
                              EPI_ADD,
                              EPI_BIAS | EPI_LEAKY | EPI_ADD,
                              EPI_LEAKY_GRAD | EPI_ADD};
  for (size_t i = 0; i < sizeof mat_sizes / sizeof *mat_sizes; i++) {
    for (int bits = 0; bits < 4; bits++) {
      for (size_t e = 0; e < sizeof kinds / sizeof *kinds; e++) {
        for (int v = 0; v < n_sets; v++) check_epilogue(sets[v], mat_sizes[i], bits & 1, bits & 2, kinds[e]);
      }
    }
  }
}

/* Every op with a kernel is in one of the lists above, or has its own test. */
static void all_listed(void **state) {
  (void)state;
  for (int op = 0; op < OP_COUNT_OF; op++) {
    bool known = op_info[op].kernel != OPKERNEL_K || op_info[op].cls == CLASS_EW || op == OP_MATMUL ||
                 op == OP_DRAW || op_info[op].cls == CLASS_CIRCUIT || op == OP_CONV || op == OP_CONV_DX ||
                 op == OP_CONV_DW || op == OP_SOLVE ||
                 op == OP_CIRCUIT_METRIC; /* tests/golden/run/metric.qgn */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) known |= (int)cases[i].op == op;
    if (!known) fail_msg("no test for the kernel of %s", op_info[op].name);
  }
}

int main(void) {
  n_sets = rig_variants(sets);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(elementwise),      cmocka_unit_test(listed),         cmocka_unit_test(products),
      cmocka_unit_test(convolutions),     cmocka_unit_test(conv_epilogues), cmocka_unit_test(equal_pixels),
      cmocka_unit_test(batched_products), cmocka_unit_test(epilogues),      cmocka_unit_test(all_listed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
