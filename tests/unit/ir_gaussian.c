/* The steps of examples/gaussian, built by hand: no redundant work may be left in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lang/ir/circuit.h"
#include "lang/ir/graph.h"

enum { FAKE, REAL, W1, B1, W2, B2, W3, B3, LOSS, GW, GB, THETA, SLOTS };
static const char *const slot_names[SLOTS] = {"fake", "real", "w1",   "b1", "w2", "b2",
                                              "w3",   "b3",   "loss", "gw", "gb", "theta"};
static const char *const count_names[] = {"", "B"};
static const int weights[6] = {W1, B1, W2, B2, W3, B3};

static Shape weight_shape(int slot) {
  static const int64_t sizes[SLOTS][2] = {
      [W1] = {1, 64}, [B1] = {1, 64}, [W2] = {64, 64}, [B2] = {1, 64},  [W3] = {64, 1},
      [B3] = {1, 1},  [GW] = {2, 2},  [GB] = {1, 2},   [THETA] = {2, 4}};
  return shape_of(2, sizes[slot]);
}

static NodeId weight(Graph *g, int slot) {
  Shape s = weight_shape(slot);
  return g_param(g, slot, &s, SPAN_NONE);
}

static NodeId linear(Graph *g, NodeId x, int w, int b) {
  NodeId y = g_matmul(g, x, weight(g, w), false, false, SPAN_NONE);
  return g_binary(g, OP_ADD, y, weight(g, b), SPAN_NONE);
}

static NodeId critic(Graph *g, NodeId x) {
  NodeId h = g_leaky_relu(g, linear(g, x, W1, B1), 0.2, SPAN_NONE);
  h = g_leaky_relu(g, linear(g, h, W2, B2), 0.2, SPAN_NONE);
  return linear(g, h, W3, B3);
}

/* sample_norm of the library: reshape(sqrt(sum(x^2, keep = 0) + 1e-12), B, 1) */
static NodeId sample_norm(Graph *g, NodeId x) {
  Shape s = *(&g_node(g, x)->shape);
  NodeId squares = g_binary(g, OP_POW, x, g_scalar(g, 2, SPAN_NONE), SPAN_NONE);
  NodeId sum = g_sum(g, squares, 2, false, SPAN_NONE);
  NodeId root =
      g_unary(g, OP_SQRT, g_binary(g, OP_ADD, sum, g_scalar(g, 1e-12, SPAN_NONE), SPAN_NONE), SPAN_NONE);
  return g_reshape(g, root, &s, SPAN_NONE);
}

static NodeId critic_loss(Graph *g, NodeId real, NodeId fake) {
  Shape s = *(&g_node(g, real)->shape);
  NodeId one = g_scalar(g, 1, SPAN_NONE), eps = g_draw(g, DRAW_UNIFORM, 1, &s, SPAN_NONE), dx;
  NodeId rest = g_binary(g, OP_SUB, one, eps, SPAN_NONE);
  NodeId mix = g_mark(g,
                      g_binary(g, OP_ADD, g_binary(g, OP_MUL, eps, real, SPAN_NONE),
                               g_binary(g, OP_MUL, rest, fake, SPAN_NONE), SPAN_NONE),
                      1, SPAN_NONE);
  assert_true(g_grad(g, g_sum(g, critic(g, mix), 3, false, SPAN_NONE), 1, &mix, &dx, SPAN_NONE, NULL));
  NodeId off = g_binary(g, OP_SUB, sample_norm(g, dx), one, SPAN_NONE);
  NodeId gp = g_mean(g, g_binary(g, OP_POW, off, g_scalar(g, 2, SPAN_NONE), SPAN_NONE), 3, false, SPAN_NONE);
  NodeId d_fake = g_mean(g, critic(g, fake), 3, false, SPAN_NONE);
  NodeId d_real = g_mean(g, critic(g, real), 3, false, SPAN_NONE);
  NodeId w = g_binary(g, OP_SUB, d_fake, d_real, SPAN_NONE);
  return g_binary(g, OP_ADD, w, g_binary(g, OP_MUL, g_scalar(g, 0.1, SPAN_NONE), gp, SPAN_NONE), SPAN_NONE);
}

static Graph *critic_step(Arena *a) {
  Graph *g = g_new(a);
  Shape rows = {.rank = 2, .d = {{64, 1, 0}, {1, 0, 0}}};
  NodeId fake = g_input(g, FAKE, &rows, ELEM_REAL, SPAN_NONE);
  NodeId real = g_input(g, REAL, &rows, ELEM_REAL, SPAN_NONE);
  NodeId loss = critic_loss(g, real, fake), wrt[6], grads[6];
  for (int k = 0; k < 6; k++) wrt[k] = weight(g, weights[k]);
  assert_true(g_grad(g, loss, 6, wrt, grads, SPAN_NONE, NULL));
  g_store(g, loss, LOSS, SPAN_NONE);
  g_update(g, &(UpdateInfo){0, 0, 0, 6, weights, 0}, grads, SPAN_NONE);
  return g;
}

typedef struct Work {
  int nodes, big_products, products, big_elementwise;
} Work;

static Work work_of(const Graph *g) {
  Work w = {0};
  for (NodeId id = 0; id < g_count(g); id++) {
    const Node *n = g_node(g, id);
    bool wide = n->shape.rank == 2 && n->shape.d[0].count == 1 && n->shape.d[1].n == 64;
    bool square = n->shape.rank == 2 && shape_capacity(&n->shape) == 64 * 64;
    w.nodes += op_info[n->op].cls != CLASS_SOURCE;
    w.products += n->op == OP_MATMUL;
    if (n->op == OP_MATMUL && square) {
      const Shape *a = &g_node(g, n->in[0])->shape;
      w.big_products += a->rank == 2 && shape_capacity(a) == 64 * 64;
    }
    w.big_elementwise += wide && op_info[n->op].cls == CLASS_EW;
  }
  return w;
}

static void critic_has_no_redundant_work(void **state) {
  (void)state;
  Arena *a = arena_new();
  Graph *g = critic_step(a), *best = g_optimize(g, a);
  assert_null(g_verify(g));
  assert_null(g_verify(best));
  if (getenv("QGN_TEST_DUMP")) g_dump(best, count_names, slot_names, stdout);
  Work w = work_of(best);
  print_message("critic step: %d nodes, %d products (%d of 64^3), %d elementwise of [B, 64]\n", w.nodes,
                w.products, w.big_products, w.big_elementwise);
  assert_int_equal(w.big_products, 10);
  assert_int_equal(w.big_elementwise, 20);
  arena_free(a);
}

/* loss = -mean(D(G(z))), G a linear layer and a circuit of two row angles and eight shared ones. */
static Graph *generator_step(Arena *a, const CircuitProgram *circuit) {
  static const int trained[3] = {GW, GB, THETA};
  Graph *g = g_new(a);
  Shape rows = {.rank = 2, .d = {{64, 1, 0}, {2, 0, 0}}};
  NodeId z = g_draw(g, DRAW_NORMAL, 2, &rows, SPAN_NONE), x = linear(g, z, GW, GB);
  NodeId in[2] = {x, weight(g, THETA)}, wrt[3], grads[3];
  NodeId fake = g_make(g, OP_CIRCUIT, 2, in, &(Attr){.p = circuit}, NULL, SPAN_NONE, NULL);
  NodeId loss = g_unary(g, OP_NEG, g_mean(g, critic(g, fake), 3, false, SPAN_NONE), SPAN_NONE);
  for (int k = 0; k < 3; k++) wrt[k] = weight(g, trained[k]);
  assert_true(g_grad(g, loss, 3, wrt, grads, SPAN_NONE, NULL));
  g_store(g, loss, LOSS, SPAN_NONE);
  g_update(g, &(UpdateInfo){0, 1, 0, 3, trained, 0}, grads, SPAN_NONE);
  return g;
}

static void generator_has_no_redundant_work(void **state) {
  (void)state;
  Arena *a = arena_new();
  bool has_rows[2] = {true, false};
  int64_t size[2] = {2, 8};
  CircuitProgram circuit = {.n_inputs = 2, .n_outputs = 1, .input_has_rows = has_rows, .input_size = size};
  Graph *g = generator_step(a, &circuit), *best = g_optimize(g, a);
  assert_null(g_verify(best));
  if (getenv("QGN_TEST_DUMP")) g_dump(best, count_names, slot_names, stdout);
  Work w = work_of(best);
  print_message("generator step: %d nodes, %d products (%d of 64^3), %d elementwise of [B, 64]\n", w.nodes,
                w.products, w.big_products, w.big_elementwise);
  assert_int_equal(w.big_products, 2);
  assert_int_equal(w.big_elementwise, 6);
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(critic_has_no_redundant_work),
                                     cmocka_unit_test(generator_has_no_redundant_work)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
