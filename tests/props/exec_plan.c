/* Plans against the reference evaluator: random graphs over rows, shards and partial sums, run on
 * 1, 2 and 3 threads, must give the reference's values and the same bits for any number of
 * threads. Weight updates are checked for their gradients and their order. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/ir/build.h"
#include "runtime/exec/region.h"
#include "tests/ref/ref_eval.h"

enum { MAX_SLOTS = 64, MAX_NODES = 400 };

static uint32_t state;
static uint32_t next(void) { return (state = state * 1664525u + 1013904223u) >> 8; }
static int pick(int n) { return (int)(next() % (uint32_t)n); }
static double number(void) { return (double)next() / 8388608.0 - 1.0; }

typedef struct Case {
  Arena *a;
  Program p;
  Graph *g;
  double *slot[MAX_SLOTS];
  int64_t counts[5]; /* B, C, 2 B, B + C */
  NodeId pool[MAX_NODES];
  int n;
} Case;

static int64_t size_now(const Case *c, const Shape *s) {
  int64_t n = 1;
  for (int k = 0; k < s->rank; k++) n *= s->d[k].count ? c->counts[s->d[k].count] : s->d[k].n;
  return n;
}

static int add_slot(Case *c, SlotKind kind, const Shape *s) {
  Slot slot = {.kind = kind, .name = "s", .shape = *s, .object = -1};
  vec_push(c->a, &c->p.slots, slot);
  int k = c->p.slots.n - 1;
  assert_true(k < MAX_SLOTS);
  c->slot[k] = ARENA_ARRAY(c->a, double, shape_capacity(s) + 8);
  for (int64_t j = 0; j < shape_capacity(s); j++) c->slot[k][j] = number();
  return k;
}

static Shape rows_shape(int64_t columns) {
  Shape s = shape_of(2, (int64_t[]){50, columns});
  s.d[0] = (Dim){50, 1, 0};
  return s;
}

static void set_rows(Case *c, int64_t rows) {
  const int64_t other = 1 + rows * 19 / 50;
  c->counts[1] = rows, c->counts[2] = other, c->counts[3] = 2 * rows, c->counts[4] = rows + other;
}

static void begin(Case *c, uint32_t seed, int64_t rows) {
  memset(c, 0, sizeof *c);
  state = seed * 2654435761u + 1;
  c->a = arena_new();
  c->p.arena = c->a;
  c->g = g_new(c->a);
  Count none = {0}, b = {.name = "B", .capacity = 50}, other = {.name = "C", .capacity = 20};
  vec_push(c->a, &c->p.counts, none);
  vec_push(c->a, &c->p.counts, b);
  vec_push(c->a, &c->p.counts, other);
  vec_push(c->a, &c->p.counts, ((Count){.name = "2 B", .capacity = 100}));
  vec_push(c->a, &c->p.counts, ((Count){.name = "B + C", .capacity = 70}));
  set_rows(c, rows);
}

static void keep(Case *c, NodeId id) {
  if (id != NODE_NONE && c->n < MAX_NODES) c->pool[c->n++] = id;
}

static void add_sources(Case *c) {
  for (int k = 0; k < 3; k++) {
    Shape x = rows_shape(k == 2 ? 3 : 5), w = shape_of(2, (int64_t[]){k == 1 ? 40 : 5, 5}),
          b = shape_of(2, (int64_t[]){1, 5});
    keep(c, g_input(c->g, add_slot(c, SLOT_COLUMN, &x), &x, ELEM_REAL, SPAN_NONE));
    keep(c, g_param(c->g, add_slot(c, SLOT_PARAM, &w), &w, SPAN_NONE));
    keep(c, g_param(c->g, add_slot(c, SLOT_PARAM, &b), &b, SPAN_NONE));
  }
  Shape y = rows_shape(5);
  y.d[0] = (Dim){20, 2, 0};
  keep(c, g_input(c->g, add_slot(c, SLOT_COLUMN, &y), &y, ELEM_REAL, SPAN_NONE));
  keep(c, g_scalar(c->g, 0.5, SPAN_NONE));
}

/* a with an axis of size 1 before or behind its rows: pairs of rows are made of such. */
static NodeId with_axis(Case *c, NodeId a) {
  Shape s = g_node(c->g, a)->shape;
  const int at = pick(2);
  if (s.rank != 2) return NODE_NONE;
  s.rank = 3, s.d[2] = s.d[1];
  s.d[1] = at == 0 ? s.d[0] : dim_static(1);
  if (at == 0) s.d[0] = dim_static(1);
  return g_reshape(c->g, a, &s, SPAN_NONE);
}

static bool by_count(const Node *n, uint32_t count) {
  return n->shape.rank > 0 && n->shape.d[0].count == count;
}

/* Rows joined, or taken from such. */
static NodeId other_rows(Case *c, const NodeId *in) {
  const Node *a = g_node(c->g, in[0]), *b = g_node(c->g, in[1]);
  const Dim sums[] = {{100, 3, 0}, {70, 4, 0}};
  Shape to = a->shape;
  Attr attr = {.i = {pick(2)}};
  if (by_count(a, 1) && (by_count(b, 1) || by_count(b, 2))) {
    to.d[0] = sums[by_count(b, 1) ? 0 : 1];
    return g_make(c->g, OP_JOIN_ROWS, 2, in, NULL, &to, SPAN_NONE, NULL);
  }
  if (!by_count(a, 3) && !by_count(a, 4)) return NODE_NONE;
  to.d[0] = by_count(a, 4) && pick(2) ? (Dim){20, 2, 0} : (Dim){50, 1, 0};
  return g_make(c->g, OP_TAKE_ROWS, 1, in, &attr, &to, SPAN_NONE, NULL);
}

static NodeId along(Case *c, NodeId a) {
  static const OpId ops[] = {OP_SOFTMAX, OP_LOGSUMEXP, OP_CUMSUM, OP_FLIP, OP_ARGMAX};
  const int rank = g_node(c->g, a)->shape.rank;
  if (rank == 0) return NODE_NONE;
  return g_make(c->g, ops[pick(5)], 1, &a, &(Attr){.i = {pick(rank)}}, NULL, SPAN_NONE, NULL);
}

static NodeId one_input(Case *c, NodeId a) {
  static const OpId unary[] = {OP_NEG, OP_TANH, OP_SIGMOID, OP_ABS, OP_SQUARE};
  const Shape *s = &g_node(c->g, a)->shape;
  Attr attr = {0};
  switch (pick(7)) {
  case 0:
    attr.i[0] = 1 + pick(3), attr.i[1] = pick(2);
    return g_make(c->g, OP_SUM, 1, &a, &attr, NULL, SPAN_NONE, NULL);
  case 1:
    attr.i[0] = 1 + pick(3), attr.i[1] = pick(2);
    return g_make(c->g, OP_REDUCE_MAX, 1, &a, &attr, NULL, SPAN_NONE, NULL);
  case 2:
    attr.i[0] = 1, attr.i[1] = 0;
    return s->rank == 2 ? g_make(c->g, OP_TRANSPOSE, 1, &a, &attr, NULL, SPAN_NONE, NULL) : NODE_NONE;
  case 3:
    return s->rank == 2 && s->d[1].count == 0 && s->d[1].n > 2
               ? g_slice(c->g, a, 1, 1, s->d[1].n - 2, SPAN_NONE)
               : NODE_NONE;
  case 4: return g_leaky_relu(c->g, a, 0.2, SPAN_NONE);
  default: return g_unary(c->g, unary[pick(5)], a, SPAN_NONE);
  }
}

static NodeId grow(Case *c) {
  static const OpId binary[] = {OP_ADD, OP_SUB, OP_MUL, OP_ADD, OP_MAXIMUM, OP_LEAKY_RELU_GRAD};
  NodeId in[2] = {c->pool[pick(c->n)], c->pool[pick(c->n)]};
  Attr attr = {.f = {0.2}};
  int what = pick(13);
  if (what == 10) return with_axis(c, in[0]);
  if (what == 11) return other_rows(c, in);
  if (what == 12) return along(c, in[0]);
  if (what < 4) {
    const Node *n = g_node(c->g, in[0]);
    if (n->op == OP_CONST || (n->shape.rank != 2 && pick(3))) return NODE_NONE;
    return one_input(c, in[0]);
  }
  if (what < 7) {
    attr = (Attr){0};
    attr.i[0] = pick(2), attr.i[1] = pick(2);
    return g_make(c->g, OP_MATMUL, 2, in, &attr, NULL, SPAN_NONE, NULL);
  }
  if (what == 7) {
    attr = (Attr){.i = {1}};
    return g_make(c->g, OP_CONCAT, 2, in, &attr, NULL, SPAN_NONE, NULL);
  }
  return g_make(c->g, binary[pick(6)], 2, in, &attr, NULL, SPAN_NONE, NULL);
}

static bool too_wide(const Case *c, NodeId id) {
  const Shape *s = &g_node(c->g, id)->shape;
  bool wide = shape_capacity(s) > 20000;
  for (int k = 1; k < s->rank; k++) wide = wide || (s->d[k].count == 0 && s->d[k].n > 60);
  return wide;
}

static const double *slot_value(void *ctx, int slot, int version) {
  (void)version;
  return ((Case *)ctx)->slot[slot];
}

typedef struct Live {
  const KernelSet *set;
  int updates;
  double first_grad;
} Live;
static bool no_update(void *ctx, const UpdateInfo *u, const char *const *grads) {
  (void)u;
  Live *l = ctx;
  l->updates++;
  memcpy(&l->first_grad, grads[0], sizeof l->first_grad);
  return true;
}

static void load_slots(const Case *c, char **data) {
  for (int k = 0; k < c->p.slots.n; k++)
    memcpy(data[k], c->slot[k], (size_t)shape_capacity(&c->p.slots.at[k].shape) * sizeof(double));
}

/* Runs the graph of `c`; slots afterwards in data[]. False if the plan refuses it. */
static bool run_on(Case *c, int threads, char **data, Live *live) {
  DiagSink *sink = diag_sink(c->a);
  PlanEnv env = {.arena = c->a,
                 .program = &c->p,
                 .set = kernel_set(kernel_family(), true),
                 .slot_data = data,
                 .sink = sink};
  for (int k = 0; k < c->p.slots.n; k++)
    data[k] = arena_alloc(c->a, (size_t)shape_capacity(&c->p.slots.at[k].shape) * sizeof(double) + 128);
  load_slots(c, data);
  RegionPlan plan;
  if (!plan_layout(&env, c->g, SPAN_NONE, &plan)) return false;
  char *slab = arena_alloc(c->a, plan.slab + 64);
  if (!plan_bind(&env, &plan, slab)) return false;
  Pool *pool = pool_new(c->a, threads);
  char *scratch[8];
  for (int t = 0; t < threads; t++)
    scratch[t] = (char *)(((uintptr_t)arena_alloc(c->a, plan.local + plan.kernel_scratch + 192) + 63) &
                          ~(uintptr_t)63);
  RegionEnv run = {.set = env.set,
                   .pool = pool,
                   .scratch = scratch,
                   .kernel_scratch_at = (plan.local + 63) & ~(size_t)63,
                   .counts = c->counts,
                   .update = no_update,
                   .ctx = live};
  NodeId failed = NODE_NONE;
  const int64_t rows = c->counts[1];
  for (int again = 0; again < 3; again++) {
    load_slots(c, data);
    if (again == 1)
      set_rows(c, c->p.counts.at[1].capacity); /* the sizes of pairs of rows are filled in anew */
    assert_true(region_run(&run, &plan, &failed));
    set_rows(c, rows);
  }
  pool_free(pool);
  return true;
}

static bool near(double a, double b) { return fabs(a - b) <= 1e-9 * fmax(1.0, fmax(fabs(a), fabs(b))); }

static void compare(Case *c, double *const *values, char *const *data) {
  for (NodeId id = 0; id < g_count(c->g); id++) {
    const Node *n = g_node(c->g, id);
    if (n->op != OP_STORE) continue;
    int64_t size = size_now(c, &n->shape);
    const double *got = (const double *)(const void *)data[n->attr.i[0]];
    for (int64_t k = 0; k < size; k++)
      if (!near(got[k], values[id][k]))
        fail_msg("node %d element %lld: %.17g, reference %.17g", n->in[0], (long long)k, got[k],
                 values[id][k]);
  }
}

static void random_graph(uint32_t seed, int64_t rows, int *ran) {
  Case c;
  begin(&c, seed, rows);
  add_sources(&c);
  for (int k = 0; k < 120; k++) {
    NodeId id = grow(&c);
    if (id != NODE_NONE && !too_wide(&c, id)) keep(&c, id);
  }
  for (int k = 0; k < 8; k++) {
    NodeId id = c.pool[c.n - 1 - pick(c.n / 2)];
    g_store(c.g, id, add_slot(&c, SLOT_VALUE, &g_node(c.g, id)->shape), SPAN_NONE);
  }
  char *one[MAX_SLOTS], *other[MAX_SLOTS];
  Live live = {0};
  if (run_on(&c, 1, one, &live)) {
    (*ran)++;
    RefEnv env = {.counts = c.counts, .slot = slot_value, .ctx = &c};
    double **values = ARENA_ARRAY(c.a, double *, g_count(c.g));
    ref_eval(c.g, &env, values);
    compare(&c, values, one);
    ref_free(g_count(c.g), values);
    for (int threads = 2; threads <= 3; threads++) {
      assert_true(run_on(&c, threads, other, &live));
      for (int k = 0; k < c.p.slots.n; k++)
        assert_memory_equal(one[k], other[k],
                            (size_t)shape_capacity(&c.p.slots.at[k].shape) * sizeof(double));
    }
  }
  arena_free(c.a);
}

static void random_graphs_equal_the_reference(void **unused) {
  (void)unused;
  static const int64_t rows[] = {1, 15, 16, 17, 37, 50};
  int ran = 0;
  const uint32_t seeds = getenv("QGN_QUICK") ? 120 : 300;
  for (uint32_t seed = 1; seed <= seeds; seed++) random_graph(seed, rows[seed % 6], &ran);
  assert_int_equal(ran, seeds);
}

/* The gradient of a mean over rows, through two layers; and the version of a weight that is read
 * after its update. */
static void update_is_ordered(void **unused) {
  (void)unused;
  Case c;
  begin(&c, 7, 37);
  Shape x = rows_shape(5), w = shape_of(2, (int64_t[]){5, 1});
  NodeId in = g_input(c.g, add_slot(&c, SLOT_COLUMN, &x), &x, ELEM_REAL, SPAN_NONE);
  int slot = add_slot(&c, SLOT_PARAM, &w);
  NodeId weight = g_param(c.g, slot, &w, SPAN_NONE), grad;
  NodeId loss =
      g_mean(c.g, g_unary(c.g, OP_TANH, g_matmul(c.g, in, weight, false, false, SPAN_NONE), SPAN_NONE), 3,
             false, SPAN_NONE);
  assert_true(g_grad(c.g, loss, 1, &weight, &grad, SPAN_NONE, NULL));
  g_update(c.g, &(UpdateInfo){0, 0, 0, 1, (int[]){slot}, 0}, &grad, SPAN_NONE);
  NodeId again = g_param(c.g, slot, &w, SPAN_NONE);
  assert_int_not_equal(again, weight);
  g_store(c.g, g_sum(c.g, again, 3, false, SPAN_NONE), add_slot(&c, SLOT_VALUE, &(Shape){0}), SPAN_NONE);
  char *data[MAX_SLOTS];
  Live live = {0};
  assert_true(run_on(&c, 2, data, &live));
  assert_int_equal(live.updates, 3);
  RefEnv env = {.counts = c.counts, .slot = slot_value, .ctx = &c};
  double **values = ARENA_ARRAY(c.a, double *, g_count(c.g));
  ref_eval(c.g, &env, values);
  assert_true(near(live.first_grad, values[grad][0]));
  ref_free(g_count(c.g), values);
  arena_free(c.a);
}

static NodeId everything(Graph *g, NodeId a) {
  return g_sum(g, a, ((int64_t)1 << g_node(g, a)->shape.rank) - 1, false, SPAN_NONE);
}

/* Runs the graph on 1, 2 and 3 threads: stored values as the reference has them, the same bits. */
static void check_threads(Case *c) {
  char *one[MAX_SLOTS], *other[MAX_SLOTS];
  Live live = {0};
  assert_true(run_on(c, 1, one, &live));
  RefEnv env = {.counts = c->counts, .slot = slot_value, .ctx = c};
  double **values = ARENA_ARRAY(c->a, double *, g_count(c->g));
  ref_eval(c->g, &env, values);
  compare(c, values, one);
  ref_free(g_count(c->g), values);
  for (int threads = 2; threads <= 3; threads++) {
    assert_true(run_on(c, threads, other, &live));
    for (NodeId id = 0; id < g_count(c->g); id++) {
      const Node *n = g_node(c->g, id);
      if (n->op == OP_STORE)
        assert_memory_equal(one[n->attr.i[0]], other[n->attr.i[0]],
                            (size_t)size_now(c, &n->shape) * sizeof(double));
    }
  }
}

/* Gradients of two convolutions with rows: the rows stay where they are, sums over rows are partial;
 * the reference's values and the same bits on 1, 2 and 3 threads. */
static void convolutions_are_cut_by_rows(void **unused) {
  (void)unused;
  static const int64_t rows[] = {1, 17, 50};
  for (int k = 0; k < 3; k++) {
    Case c;
    begin(&c, 11, rows[k]);
    Shape x = shape_of(4, (int64_t[]){50, 2, 6, 5}), w = shape_of(4, (int64_t[]){3, 2, 3, 3});
    x.d[0] = (Dim){50, 1, 0};
    NodeId in = g_input(c.g, add_slot(&c, SLOT_COLUMN, &x), &x, ELEM_REAL, SPAN_NONE);
    NodeId weight = g_param(c.g, add_slot(&c, SLOT_PARAM, &w), &w, SPAN_NONE), grad, second;
    NodeId y = g_make(c.g, OP_CONV, 2, (NodeId[]){in, weight}, &(Attr){.i = {2, 1}}, NULL, SPAN_NONE, NULL);
    y = g_unary(c.g, OP_TANH, y, SPAN_NONE);
    y = g_make(c.g, OP_CONV_DX, 2, (NodeId[]){y, weight}, &(Attr){.i = {2, 1, 6, 5}}, NULL, SPAN_NONE, NULL);
    NodeId loss = everything(c.g, g_unary(c.g, OP_SIGMOID, y, SPAN_NONE));
    assert_true(g_grad(c.g, loss, 1, &weight, &grad, SPAN_NONE, NULL));
    assert_true(g_grad(c.g, everything(c.g, g_unary(c.g, OP_SQUARE, grad, SPAN_NONE)), 1, &weight, &second,
                       SPAN_NONE, NULL));
    g_store(c.g, grad, add_slot(&c, SLOT_VALUE, &w), SPAN_NONE);
    g_store(c.g, second, add_slot(&c, SLOT_VALUE, &w), SPAN_NONE);
    check_threads(&c);
    arena_free(c.a);
  }
}

/* Biases and activations behind convolutions, and the factors of their derivatives, are fused into the
 * kernels: the reference's values all the same. 2 channels: places in the lanes; 16: channels. */
static void convolutions_are_fused(void **unused) {
  (void)unused;
  static const int64_t channels[] = {2, 16};
  for (int k = 0; k < 4; k++) {
    Case c;
    begin(&c, 7, k < 2 ? 17 : 50);
    int64_t n = channels[k % 2];
    Shape x = shape_of(4, (int64_t[]){50, n, 6, 5}), w = shape_of(4, (int64_t[]){n, n, 3, 3});
    Shape b = shape_of(1, &n);
    x.d[0] = (Dim){50, 1, 0};
    NodeId y = g_input(c.g, add_slot(&c, SLOT_COLUMN, &x), &x, ELEM_REAL, SPAN_NONE), v[4], grad[4];
    for (int j = 0; j < 4; j++) {
      const Shape *s = j < 2 ? &w : &b;
      v[j] = g_param(c.g, add_slot(&c, SLOT_PARAM, s), s, SPAN_NONE);
    }
    for (int j = 0; j < 3; j++) {
      y = j == 1 ? g_deconv(c.g, y, v[1], 2, 1, 1, SPAN_NONE, NULL)
                 : g_conv(c.g, y, v[0], 2, 1, SPAN_NONE, NULL);
      y = g_add_bias(c.g, y, v[2 + j % 2], SPAN_NONE, NULL);
      y = g_make(c.g, OP_LEAKY_RELU, 1, &y, &(Attr){.f = {0.25}}, NULL, SPAN_NONE, NULL);
    }
    assert_true(g_grad(c.g, everything(c.g, y), 4, v, grad, SPAN_NONE, NULL));
    for (int j = 0; j < 4; j++)
      g_store(c.g, grad[j], add_slot(&c, SLOT_VALUE, &g_node(c.g, grad[j])->shape), SPAN_NONE);
    check_threads(&c);
    arena_free(c.a);
  }
}

static NodeId param(Case *c, int rank, int64_t a, int64_t b, int64_t d, int64_t e) {
  Shape s = shape_of(rank, (int64_t[]){a, b, d, e});
  return g_param(c->g, add_slot(c, SLOT_PARAM, &s), &s, SPAN_NONE);
}

/* Embedding, deconvolution, batch norm, pooling, softmax and median of one step, with gradients. */
static void layers_are_cut_by_rows(void **unused) {
  (void)unused;
  static const int64_t rows[] = {1, 17, 50};
  for (int k = 0; k < 3; k++) {
    Case c;
    begin(&c, 5, rows[k]);
    Shape labels = shape_of(1, (int64_t[]){50});
    labels.d[0] = (Dim){50, 1, 0};
    int slot = add_slot(&c, SLOT_COLUMN, &labels);
    for (int j = 0; j < 50; j++) c.slot[slot][j] = j * 7 % 4;
    NodeId label = g_input(c.g, slot, &labels, ELEM_LABEL, SPAN_NONE), w[5];
    w[0] = param(&c, 2, 4, 18, 0, 0), w[1] = param(&c, 4, 2, 3, 3, 3), w[2] = param(&c, 1, 3, 0, 0, 0);
    w[3] = param(&c, 1, 3, 0, 0, 0), w[4] = param(&c, 2, 27, 4, 0, 0);
    Shape image = shape_of(4, (int64_t[]){50, 2, 3, 3}), flat = shape_of(2, (int64_t[]){50, 27});
    image.d[0] = flat.d[0] = labels.d[0];
    NodeId x = g_make(c.g, OP_GATHER, 2, (NodeId[]){w[0], label}, NULL, NULL, SPAN_NONE, NULL);
    x = g_deconv(c.g, g_reshape(c.g, x, &image, SPAN_NONE), w[1], 2, 1, 1, SPAN_NONE, NULL);
    BatchNorm n = g_batchnorm(c.g, x, w[2], w[3], 1e-5, SPAN_NONE, NULL);
    x = g_maxpool(c.g, g_gelu(c.g, n.out, SPAN_NONE), 2, 2, 0, SPAN_NONE, NULL);
    x = g_matmul(c.g, g_reshape(c.g, x, &flat, SPAN_NONE), w[4], false, false, SPAN_NONE);
    NodeId p = g_along(c.g, OP_LOG_SOFTMAX, x, 1, SPAN_NONE, NULL);
    NodeId median = g_quantile(c.g, p, 1, 0.5, SPAN_NONE, NULL), grad[5];
    NodeId loss =
        g_mean(c.g, g_binary(c.g, OP_ADD, median, g_quantile(c.g, p, 1, 1, SPAN_NONE, NULL), SPAN_NONE), 1,
               false, SPAN_NONE);
    assert_true(g_grad(c.g, loss, 5, w, grad, SPAN_NONE, NULL));
    NodeId keep_too[] = {loss, n.variance,
                         g_make(c.g, OP_COUNTS, 1, &label, &(Attr){.i = {4}}, NULL, SPAN_NONE, NULL)};
    for (int j = 0; j < 8; j++) {
      NodeId id = j < 5 ? grad[j] : keep_too[j - 5];
      assert_int_not_equal(id, NODE_NONE);
      g_store(c.g, id, add_slot(&c, SLOT_VALUE, &g_node(c.g, id)->shape), SPAN_NONE);
    }
    check_threads(&c);
    arena_free(c.a);
  }
}

/* A number for each row is no bias, also where there are as many rows as columns. */
static void a_column_is_no_bias(void **unused) {
  (void)unused;
  Case c;
  begin(&c, 9, 50);
  Shape x = shape_of(2, (int64_t[]){50, 5});
  NodeId in = g_input(c.g, add_slot(&c, SLOT_VALUE, &x), &x, ELEM_REAL, SPAN_NONE);
  NodeId w = param(&c, 2, 5, 50, 0, 0), b = param(&c, 2, 50, 1, 0, 0);
  NodeId y = g_binary(c.g, OP_ADD, g_matmul(c.g, in, w, false, false, SPAN_NONE), b, SPAN_NONE);
  g_store(c.g, y, add_slot(&c, SLOT_VALUE, &g_node(c.g, y)->shape), SPAN_NONE);
  check_threads(&c);
  arena_free(c.a);
}

/* What is summed over rows by a kernel is a partial sum, what stays with its row is not whole. */
static void convolutions_are_placed(void **unused) {
  (void)unused;
  Case c;
  begin(&c, 3, 50);
  Shape x = shape_of(4, (int64_t[]){50, 2, 6, 5}), w = shape_of(4, (int64_t[]){3, 2, 3, 3});
  x.d[0] = (Dim){50, 1, 0};
  NodeId in = g_input(c.g, add_slot(&c, SLOT_COLUMN, &x), &x, ELEM_REAL, SPAN_NONE), grad;
  NodeId weight = g_param(c.g, add_slot(&c, SLOT_PARAM, &w), &w, SPAN_NONE);
  NodeId y = g_make(c.g, OP_CONV, 2, (NodeId[]){in, weight}, &(Attr){.i = {1, 1}}, NULL, SPAN_NONE, NULL);
  NodeId loss = everything(c.g, g_unary(c.g, OP_SQUARE, y, SPAN_NONE));
  assert_true(g_grad(c.g, loss, 1, &weight, &grad, SPAN_NONE, NULL));
  Placed placed;
  NodeId where;
  assert_null(place_graph(c.a, c.g, &c.p, &placed, &where));
  assert_int_equal(placed.at[y].place, PLACE_ROW);
  assert_int_equal(placed.at[grad].place, PLACE_PARTIAL);
  assert_int_equal(placed.at[grad].phase, 0);
  arena_free(c.a);
}

/* A result takes the memory of what it reads last only where each element is written where it was read: not
 * that of a narrower operand, though four rows of 1 take as many bytes as four rows of 2, and not where
 * elements change their places. */
static void results_take_no_other_memory(void **unused) {
  (void)unused;
  for (int64_t rows = 1; rows <= 4; rows++) {
    Case c;
    begin(&c, 13, rows);
    c.p.counts.at[1].capacity = 4;
    Shape flat = shape_of(2, (int64_t[]){4, 2}), square = shape_of(3, (int64_t[]){4, 3, 3});
    flat.d[0] = square.d[0] = (Dim){4, 1, 0};
    NodeId x = g_input(c.g, add_slot(&c, SLOT_COLUMN, &flat), &flat, ELEM_REAL, SPAN_NONE), out[3];
    NodeId y = g_input(c.g, add_slot(&c, SLOT_COLUMN, &square), &square, ELEM_REAL, SPAN_NONE);
    NodeId narrow = g_unary(c.g, OP_TANH, g_slice(c.g, x, 1, 1, 1, SPAN_NONE), SPAN_NONE);
    NodeId turned = g_unary(c.g, OP_SQUARE, y, SPAN_NONE);
    out[0] = g_binary(c.g, OP_ADD, narrow, x, SPAN_NONE);
    out[1] = g_along(c.g, OP_FLIP, g_unary(c.g, OP_SIGMOID, x, SPAN_NONE), 1, SPAN_NONE, NULL);
    out[2] = g_make(c.g, OP_TRANSPOSE, 1, &turned, &(Attr){.i = {0, 2, 1}}, NULL, SPAN_NONE, NULL);
    for (int k = 0; k < 3; k++) {
      NodeId last = g_unary(c.g, OP_NEG, out[k], SPAN_NONE);
      g_store(c.g, last, add_slot(&c, SLOT_VALUE, &g_node(c.g, last)->shape), SPAN_NONE);
    }
    check_threads(&c);
    arena_free(c.a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_graphs_equal_the_reference),
                                     cmocka_unit_test(update_is_ordered),
                                     cmocka_unit_test(convolutions_are_cut_by_rows),
                                     cmocka_unit_test(convolutions_are_placed),
                                     cmocka_unit_test(layers_are_cut_by_rows),
                                     cmocka_unit_test(convolutions_are_fused),
                                     cmocka_unit_test(a_column_is_no_bias),
                                     cmocka_unit_test(results_take_no_other_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
