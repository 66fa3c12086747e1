/* Rewrites keep values: random programs are computed twice, operation by operation with the
 * reference, and as the graph that is left after hash consing and rewrites, before and after
 * g_optimize. Every op of the table that the reference knows takes part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lang/ir/graph.h"
#include "tests/ref/ref_eval.h"

enum { PROGRAMS = 3000, STEPS = 24, INPUTS = 5, B = 1 };
static const int64_t counts[] = {0, 3};
static uint64_t state_;

static uint64_t bits(void) {
  state_ = state_ * 6364136223846793005u + 1442695040888963407u;
  return state_ >> 33;
}
static int below(int n) { return (int)(bits() % (uint64_t)n); }

/* A value of the program: its node, its real sizes and its numbers. */
typedef struct Value {
  NodeId id;
  RefTensor t;
} Value;

typedef struct Program {
  Graph *g;
  Value v[STEPS + INPUTS + 8];
  int n;
  bool exact; /* no rounding, so jumps are allowed */
  double *slot[INPUTS];
} Program;

static const double *slot_value(void *ctx, int slot, int version) {
  (void)version;
  return ((Program *)ctx)->slot[slot];
}

static RefEnv env_of(Program *p) { return (RefEnv){.counts = counts, .slot = slot_value, .ctx = p}; }

static Shape random_shape(int rank) {
  static const int64_t sizes[] = {1, 2, 3, 1, 4};
  Shape s = {.rank = rank};
  for (int k = 0; k < rank; k++) s.d[k] = dim_static(sizes[below(5)]);
  if (rank > 0 && below(3) == 0) s.d[0] = (Dim){9, B, 0};
  return s;
}

static void push(Program *p, NodeId id, const double *x) {
  RefEnv env = env_of(p);
  RefTensor t = ref_shape(&g_node(p->g, id)->shape, &env);
  t.x = calloc((size_t)ref_numel(&t), sizeof(double));
  if (x) memcpy(t.x, x, (size_t)ref_numel(&t) * sizeof(double));
  p->v[p->n++] = (Value){id, t};
}

static void start(Program *p) {
  static const double constants[] = {0, 1, -1, 2, 0.5, -3};
  for (int k = 0; k < INPUTS; k++) {
    Shape s = random_shape(k == 0 ? 0 : k == 1 ? 3 : 2);
    RefEnv env = env_of(p);
    RefTensor t = ref_shape(&s, &env);
    p->slot[k] = calloc((size_t)ref_numel(&t), sizeof(double));
    for (int64_t j = 0; j < ref_numel(&t); j++) p->slot[k][j] = (double)(below(64) - 32) / 16;
    push(p, g_input(p->g, k, &s, ELEM_REAL, SPAN_NONE), p->slot[k]);
  }
  for (int k = 0; k < 3; k++) {
    double c = constants[below(6)];
    Shape s = shape_scalar();
    if (k == 2) {
      s = random_shape(2);
      s.d[0].count = 0;
    }
    push(p, g_const(p->g, c, &s, SPAN_NONE), NULL);
    RefTensor *t = &p->v[p->n - 1].t;
    for (int64_t j = 0; j < ref_numel(t); j++) t->x[j] = c;
  }
}

static double tolerance(const Program *p) { return p->exact ? 0 : 1e-7; }

static void random_permutation(int rank, int64_t *perm) {
  for (int k = 0; k < rank; k++) {
    int at = below(k + 1);
    perm[k] = perm[at];
    perm[at] = k;
  }
}

/* The axes in another order, or all static ones as one. */
static void random_reshape(const Shape *s, Shape *to) {
  int64_t perm[SHAPE_MAX_RANK] = {0}, n = 1;
  random_permutation(s->rank, perm);
  *to = *s;
  for (int k = 0; k < s->rank; k++) to->d[k] = s->d[perm[k]];
  if (below(2) || !shape_is_static(s)) return;
  for (int k = 0; k < s->rank; k++) n *= s->d[k].n;
  *to = shape_of(2, below(2) ? (int64_t[]){1, n} : (int64_t[]){n, 1});
}

/* Attributes and shapes that may or may not fit. */
static void random_attr(const Program *p, OpId op, const Value *a, Attr *attr, Shape *given) {
  const Shape *s = &g_node(p->g, a->id)->shape;
  int rank = s->rank;
  if (op == OP_SUM || op == OP_REDUCE_MAX || op == OP_REDUCE_MIN)
    *attr = (Attr){.i = {rank ? below(1 << rank) : 0, below(2)}};
  if (op == OP_MATMUL) *attr = (Attr){.i = {below(2), below(2)}};
  if (op == OP_TRANSPOSE) random_permutation(rank, attr->i);
  if (op == OP_SLICE && rank > 0) {
    int axis = below(rank), n = (int)s->d[axis].n, from = below(n);
    *attr = (Attr){.i = {axis, from, 1 + below(n - from)}};
  }
  if (op == OP_PAD) *attr = (Attr){.i = {rank ? below(rank) : 0, below(2), 3 + below(3)}};
  if (op == OP_CONCAT || op == OP_ARGMAX) attr->i[0] = below(2);
  if (op == OP_LEAKY_RELU || op == OP_LEAKY_RELU_GRAD || op == OP_DROP) attr->f[0] = 0.25;
  if (op == OP_MARK) attr->i[0] = below(100);
  if (op == OP_ONEHOT) attr->i[0] = 3;
  *given = random_shape(below(3));
  if (op == OP_RESHAPE) random_reshape(s, given);
  if (op == OP_STRETCH && rank == 2)
    for (int k = 0; k < 2; k++)
      if (!dim_is_one(s->d[k])) given->d[k] = s->d[k];
}

static bool is_jump(OpId op) {
  return op == OP_FLOOR || op == OP_ROUND || op == OP_SIGN || op == OP_ARGMAX || op == OP_EQ || op == OP_NE ||
         op == OP_LT || op == OP_LE || op == OP_NOT || op == OP_AND || op == OP_OR || op == OP_SELECT ||
         op == OP_ONEHOT || op == OP_LEAKY_RELU_GRAD || op == OP_DROP || op == OP_MAXPOOL_DX ||
         op == OP_MAXPOOL_AT || op == OP_KS || op == OP_QUANTILE_DX || op == OP_QUANTILE_AT;
}

static bool rounds(OpId op) {
  return op == OP_RECIP || op == OP_SQRT || op == OP_EXP || op == OP_LOG || op == OP_SAFE_LOG ||
         op == OP_SIN || op == OP_COS || op == OP_TANH || op == OP_SIGMOID || op == OP_SOFTPLUS ||
         op == OP_DIV || op == OP_POW || op == OP_W1 || op == OP_EXPM1 || op == OP_ERF || op == OP_SOFTMAX ||
         op == OP_LOG_SOFTMAX || op == OP_LOGSUMEXP;
}

/* Rewrites move values by a few ulp, and behind a jump that can be a whole step. So a program has
 * either operations that jump or such that round; atan2 does both (by the sign of a zero). */
static bool takes_part(const Program *p, OpId op) {
  const OpInfo *info = &op_info[op];
  if (info->cls == CLASS_SOURCE || info->cls == CLASS_EFFECT || info->cls == CLASS_CIRCUIT || op == OP_PART ||
      info->kernel == OPKERNEL_LATER || info->cls == CLASS_SHARED || info->cls == CLASS_CONTRACT ||
      op == OP_MOD || op == OP_COUNTS || op == OP_CATEGORICAL || op == OP_CIRCUIT_METRIC || op == OP_SOLVE ||
      op == OP_FRECHET || op == OP_EIGENVALUES || op == OP_ATAN2 || op == OP_JOIN_ROWS ||
      op == OP_TAKE_ROWS || op == OP_PUT_ROWS) /* whose sizes only who makes them knows to fit */
    return false;
  return p->exact ? !rounds(op) : !is_jump(op);
}

static bool is_tame(const Program *p, double x) {
  if (!isfinite(x) || fabs(x) > 1e6) return false;
  return !p->exact || x * 1048576 == floor(x * 1048576);
}

/* One step with a random op; nothing if its shapes do not fit or its numbers are not tame. */
static void step(Program *p) {
  static const OpId often[] = {OP_RESHAPE, OP_TRANSPOSE, OP_SLICE, OP_PAD, OP_CONCAT, OP_STRETCH, OP_SUM,
                               OP_MATMUL,  OP_MUL,       OP_DIV,   OP_ADD, OP_NEG,    OP_SUB,     OP_MATMUL};
  OpId op = below(2) ? often[below(sizeof often / sizeof *often)] : (OpId)below(OP_COUNT_OF);
  const OpInfo *info = &op_info[op];
  if (!takes_part(p, op)) return;
  int n_in = info->n_in < 0 ? 2 : info->n_in;
  NodeId in[3];
  RefTensor t[3];
  for (int k = 0; k < n_in; k++) {
    int at = below(p->n);
    if (k > 0 && below(3) == 0) at = p->n - 1;
    in[k] = p->v[at].id;
    t[k] = p->v[at].t;
  }
  Attr attr = {0};
  Shape given;
  Value first = {in[0], t[0]};
  random_attr(p, op, &first, &attr, &given);
  NodeId id = g_make(p->g, op, n_in, in, &attr, &given, SPAN_NONE, NULL);
  if (id == NODE_NONE) return;
  push(p, id, NULL);
  bool known = ref_op(op, &attr, n_in, t, &p->v[p->n - 1].t);
  assert_true(known);
  RefTensor *out = &p->v[p->n - 1].t;
  bool tame = true;
  for (int64_t k = 0; k < ref_numel(out); k++) tame &= is_tame(p, out->x[k]);
  if (!tame) free(p->v[--p->n].t.x);
}

static bool equal_numbers(const Program *p, const RefTensor *t, const double *x) {
  for (int64_t k = 0; k < ref_numel(t); k++)
    if (!(fabs(t->x[k] - x[k]) <= tolerance(p) * fmax(1, fabs(t->x[k])))) return false;
  return true;
}

static void check(Program *p, uint64_t seed) {
  RefEnv env = env_of(p);
  for (int k = 0; k < p->n; k++) g_store(p->g, p->v[k].id, 100 + k, SPAN_NONE);
  const char *why = g_verify(p->g);
  if (why) fail_msg("program %llu: %s", (unsigned long long)seed, why);
  Graph *best = g_optimize(p->g, g_arena(p->g));
  why = g_verify(best);
  if (why) fail_msg("program %llu, optimised: %s", (unsigned long long)seed, why);
  const Graph *graphs[] = {p->g, best};
  for (int j = 0; j < 2; j++) {
    const Graph *g = graphs[j];
    double **x = calloc((size_t)g_count(g), sizeof *x);
    ref_eval(g, &env, x);
    for (NodeId id = 0; id < g_count(g); id++) {
      if (g_node(g, id)->op != OP_STORE) continue;
      const Value *v = &p->v[g_node(g, id)->attr.i[0] - 100];
      RefTensor t = ref_shape(&g_node(g, id)->shape, &env);
      bool same = t.rank == v->t.rank && memcmp(t.d, v->t.d, (size_t)t.rank * sizeof *t.d) == 0;
      if (!same || !equal_numbers(p, &v->t, x[id])) {
        g_dump(g, NULL, NULL, stderr);
        fail_msg("program %llu, value %d differs (%s)", (unsigned long long)seed,
                 (int)g_node(g, id)->attr.i[0] - 100, j ? "optimised" : "as made");
      }
    }
    ref_free(g_count(g), x);
    free(x);
  }
}

static void rewrites_keep_values(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
    Arena *a = arena_new();
    Program p = {.g = g_new(a), .exact = seed % 2 == 0};
    state_ = seed * 7919;
    start(&p);
    for (int tries = 0; tries < 400 && p.n < STEPS + INPUTS; tries++) step(&p);
    check(&p, seed);
    for (int k = 0; k < p.n; k++) free(p.v[k].t.x);
    for (int k = 0; k < INPUTS; k++) free(p.slot[k]);
    arena_free(a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rewrites_keep_values)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
