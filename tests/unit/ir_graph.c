/* Making nodes, versions of weights, reverse sweeps, optimising, verifying and dumping. Shorthand:
 * n(x) is a number, v(k) an input and w(k) weights of shape [3] in slot k. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>
#include "lang/base/source.h"
#include "lang/ir/graph_int.h"

static Arena *arena;
static Graph *g;

static int set_up(void **state) {
  (void)state;
  arena = arena_new();
  g = g_new(arena);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

static NodeId n(double x) { return g_scalar(g, x, SPAN_NONE); }
static Shape three(void) { return shape_of(1, (int64_t[]){3}); }
static NodeId v(int slot) {
  Shape s = three();
  return g_input(g, slot, &s, ELEM_REAL, SPAN_NONE);
}
static NodeId w(int slot) {
  Shape s = three();
  return g_param(g, slot, &s, SPAN_NONE);
}
static NodeId un(OpId op, NodeId a) { return g_unary(g, op, a, SPAN_NONE); }
static NodeId bin(OpId op, NodeId a, NodeId b) { return g_binary(g, op, a, b, SPAN_NONE); }
static NodeId total(NodeId a) { return g_sum(g, a, 1, false, SPAN_NONE); }
static OpId op_of(NodeId id) { return g_node(g, id)->op; }
static void assert_number(NodeId id, double x) {
  double value = NAN;
  assert_true(g_is_const(g, id, &value));
  assert_true(value == x);
}

static void update(int slot, NodeId grad) {
  g_update(g, &(UpdateInfo){0, 0, 0, 1, &slot, 0}, &grad, SPAN_NONE);
}

/* ---- equal nodes and algebra ---------------------------------------------------------------- */
static void equal_nodes_are_one(void **state) {
  (void)state;
  NodeId a = v(0), b = v(1), x = bin(OP_MUL, a, b);
  assert_int_equal(x, bin(OP_MUL, b, a));
  assert_int_not_equal(bin(OP_SUB, a, b), bin(OP_SUB, b, a));
  assert_int_equal(v(0), a);
  assert_int_not_equal(g_leaky_relu(g, a, 0.2, SPAN_NONE), g_leaky_relu(g, a, 0.1, SPAN_NONE));
  Shape s = three(), other = shape_of(1, (int64_t[]){4});
  assert_int_equal(g_draw(g, DRAW_NORMAL, 3, &s, SPAN_NONE), g_draw(g, DRAW_NORMAL, 3, &s, SPAN_NONE));
  assert_int_not_equal(g_draw(g, DRAW_NORMAL, 3, &s, SPAN_NONE), g_draw(g, DRAW_NORMAL, 4, &s, SPAN_NONE));
  assert_int_not_equal(g_draw(g, DRAW_NORMAL, 3, &s, SPAN_NONE),
                       g_draw(g, DRAW_NORMAL, 3, &other, SPAN_NONE));
  assert_int_not_equal(g_const(g, 0, &s, SPAN_NONE), g_const(g, -0.0, &s, SPAN_NONE));
  assert_int_equal(g_scalar(g, NAN, SPAN_NONE), g_scalar(g, NAN, SPAN_NONE));
  int before = g_count(g);
  for (int k = 0; k < 1000; k++) bin(OP_ADD, a, n(k));
  int after = g_count(g);
  for (int k = 0; k < 1000; k++) bin(OP_ADD, a, n(k));
  assert_int_equal(g_count(g), after);
  assert_true(after > before + 1900);
  assert_null(g_verify(g));
}

static void trivial_algebra(void **state) {
  (void)state;
  NodeId a = v(0), b = v(1);
  assert_int_equal(bin(OP_ADD, a, n(0)), a);
  assert_int_equal(bin(OP_MUL, n(1), a), a);
  assert_int_equal(bin(OP_DIV, a, n(1)), a);
  assert_int_equal(un(OP_NEG, un(OP_NEG, a)), a);
  assert_int_equal(bin(OP_ADD, a, un(OP_NEG, b)), bin(OP_SUB, a, b));
  assert_int_equal(un(OP_NEG, bin(OP_SUB, a, b)), bin(OP_SUB, b, a));
  assert_int_equal(bin(OP_MUL, bin(OP_MUL, a, n(2)), n(3)), bin(OP_MUL, a, n(6)));
  assert_number(bin(OP_MUL, n(2), n(3)), 6);
  assert_number(bin(OP_MUL, n(0), n(3)), 0);
  assert_int_equal(op_of(bin(OP_MUL, a, n(0))), OP_MUL); /* 0 * inf is not 0 */
  assert_int_equal(op_of(bin(OP_SUB, a, a)), OP_SUB);    /* inf - inf */
  assert_int_equal(op_of(bin(OP_POW, a, n(2))), OP_SQUARE);
  assert_int_equal(op_of(bin(OP_POW, a, n(0.5))), OP_SQRT);
  assert_int_equal(op_of(bin(OP_POW, a, n(-1))), OP_RECIP);
  assert_int_equal(op_of(bin(OP_POW, a, n(2.5))), OP_POW);
  assert_int_equal(op_of(bin(OP_MUL, a, a)), OP_SQUARE);
  assert_int_equal(op_of(bin(OP_DIV, a, n(3))), OP_DIV);
  assert_int_equal(op_of(bin(OP_DIV, a, n(4))), OP_MUL);
  NodeId s = g_make(g, OP_SELECT, 3, (NodeId[]){n(0), a, b}, NULL, NULL, SPAN_NONE, NULL);
  assert_int_equal(s, b);
}

static void views_and_sums(void **state) {
  (void)state;
  Shape row = shape_of(2, (int64_t[]){1, 3}), many = shape_of(2, (int64_t[]){8, 3});
  NodeId a = v(0), r = g_reshape(g, a, &row, SPAN_NONE);
  Shape s = three();
  assert_int_equal(g_reshape(g, r, &s, SPAN_NONE), a);
  NodeId up = g_stretch(g, r, &many, SPAN_NONE);
  assert_int_equal(g_sum(g, a, 0, false, SPAN_NONE), a);
  assert_int_equal(g_transpose(g, g_transpose(g, up, (int[]){1, 0}, SPAN_NONE), (int[]){1, 0}, SPAN_NONE),
                   up);
  assert_int_equal(g_slice(g, up, 0, 0, 8, SPAN_NONE), up);
  assert_int_equal(g_slice(g, g_pad(g, a, 0, 2, 9, SPAN_NONE), 0, 2, 3, SPAN_NONE), a);
  assert_int_equal(op_of(g_sum(g, up, 1, true, SPAN_NONE)), OP_RESHAPE); /* of 8 * slot 0 */
  NodeId joined = g_concat(g, 2, (NodeId[]){a, v(1)}, 0, SPAN_NONE);
  assert_int_equal(g_slice(g, joined, 0, 3, 3, SPAN_NONE), v(1));
  NodeId scaled = total(bin(OP_MUL, a, n(3)));
  assert_int_equal(op_of(scaled), OP_MUL);
  assert_number(g_sum(g, g_const(g, 2, &many, SPAN_NONE), 3, false, SPAN_NONE), 48);
  /* A stretched input of an elementwise operation is not stretched before. */
  Shape wide = shape_of(2, (int64_t[]){8, 3});
  NodeId x = g_input(g, 7, &wide, ELEM_REAL, SPAN_NONE);
  assert_int_equal(bin(OP_MUL, x, up), bin(OP_MUL, x, r));
  assert_int_equal(op_of(un(OP_EXP, up)), OP_STRETCH);
}

static void means_with_counts(void **state) {
  (void)state;
  Shape s = {.rank = 2, .d = {{64, 1, 0}, {3, 0, 0}}};
  NodeId x = g_input(g, 0, &s, ELEM_REAL, SPAN_NONE);
  NodeId m = g_mean(g, x, 3, false, SPAN_NONE);
  assert_int_equal(op_of(m), OP_DIV);
  NodeId size = g_node(g, m)->in[1];
  assert_int_equal(op_of(size), OP_MUL);
  assert_int_equal(op_of(g_node(g, size)->in[0]), OP_COUNT);
  assert_number(g_node(g, size)->in[1], 3);
}

/* ---- derivatives ------------------------------------------------------------------------------ */
static void derivatives_of_products(void **state) {
  (void)state;
  NodeId a = v(0), b = v(1), c = v(2), wrt[3] = {a, b, c}, out[3];
  NodeId loss = total(bin(OP_MUL, a, b));
  assert_true(g_grad(g, loss, 3, wrt, out, SPAN_NONE, NULL));
  assert_int_equal(out[0], b);
  assert_int_equal(out[1], a);
  assert_int_equal(out[2], NODE_NONE);
  assert_true(g_depends(g, loss, a));
  assert_false(g_depends(g, loss, c));
  assert_false(g_depends(g, a, loss));
}

static void paths_that_carry_nothing(void **state) {
  (void)state;
  NodeId a = v(0), b = v(1), out;
  NodeId cond = bin(OP_LT, a, b);
  NodeId picked = g_make(g, OP_SELECT, 3, (NodeId[]){a, b, n(0)}, NULL, NULL, SPAN_NONE, NULL);
  NodeId loss = total(bin(OP_ADD, bin(OP_MUL, cond, b), un(OP_STOP_GRAD, a)));
  assert_false(g_depends(g, loss, a));
  assert_false(g_depends(g, picked, a));
  assert_true(g_grad(g, loss, 1, &a, &out, SPAN_NONE, NULL));
  assert_int_equal(out, NODE_NONE);
}

static void an_op_without_rule_is_an_error(void **state) {
  (void)state;
  NodeId a = v(0), b = v(1), out;
  NodeId loss = bin(OP_W1, a, b);
  GradError err;
  assert_false(g_grad(g, loss, 1, &a, &out, SPAN_NONE, &err));
  assert_string_equal(err.why, "`w1` has no derivative");
  assert_int_equal(err.where, loss);
  assert_false(err.stale);
  assert_false(g_grad(g, a, 1, &a, &out, SPAN_NONE, &err));
  assert_string_equal(err.why, "a derivative is of one number, not of [3]");
}

/* `let y = x * 1` is x itself, unless it is marked. */
static void marks_keep_names_apart(void **state) {
  (void)state;
  NodeId x = v(0), y = g_mark(g, bin(OP_MUL, x, n(1)), 1, SPAN_NONE), out[2], wrt[2] = {x, y};
  assert_int_not_equal(x, y);
  NodeId loss = total(bin(OP_ADD, un(OP_EXP, x), bin(OP_MUL, y, n(3))));
  assert_true(g_grad(g, loss, 2, wrt, out, SPAN_NONE, NULL));
  assert_number(out[1], 3);
  assert_int_equal(op_of(out[0]), OP_ADD);
  g_store(g, loss, 9, SPAN_NONE);
  Graph *best = g_optimize(g, arena);
  for (NodeId id = 0; id < g_count(best); id++) assert_int_not_equal(g_node(best, id)->op, OP_MARK);
}

/* ---- weights and effects ------------------------------------------------------------------------ */
static void updates_make_values_stale(void **state) {
  (void)state;
  NodeId x = v(0), old = w(5), out;
  NodeId before = total(bin(OP_MUL, x, old));
  assert_true(g_grad(g, before, 1, &old, &out, SPAN_NONE, NULL));
  update(5, out);
  assert_int_equal(g_version(g, 5), 1);
  NodeId fresh = w(5);
  assert_int_not_equal(old, fresh);
  GradError err;
  /* by the weights: they do not lead to the old loss any more */
  assert_false(g_grad(g, before, 1, &fresh, &out, SPAN_NONE, &err));
  assert_true(err.stale);
  assert_int_equal(err.stale_slot, 5);
  /* by something else, through the old weights */
  assert_false(g_grad(g, before, 1, &x, &out, SPAN_NONE, &err));
  assert_true(err.stale);
  assert_int_equal(g_node(g, err.where)->op, OP_MUL);
  /* a value computed before may be used if no derivative goes through it */
  NodeId loss = total(bin(OP_MUL, fresh, un(OP_EXP, before)));
  assert_true(g_grad(g, loss, 1, &fresh, &out, SPAN_NONE, &err) == false || out != NODE_NONE);
  NodeId cut = total(bin(OP_MUL, fresh, un(OP_STOP_GRAD, un(OP_EXP, before))));
  assert_true(g_grad(g, cut, 1, &fresh, &out, SPAN_NONE, &err));
  NodeId again = total(bin(OP_MUL, x, fresh));
  assert_true(g_grad(g, again, 1, &fresh, &out, SPAN_NONE, &err));
  assert_int_equal(out, x);
  assert_null(g_verify(g));
}

static void rewrites_do_not_cross_updates(void **state) {
  (void)state;
  NodeId y = bin(OP_MUL, w(5), n(2));
  update(5, v(0));
  NodeId z = bin(OP_MUL, y, n(3));
  assert_int_equal(g_node(g, z)->in[0], y); /* not 6 * the weights, which are others now */
}

static void stored_values_are_read_back(void **state) {
  (void)state;
  NodeId a = v(0), b = un(OP_EXP, a);
  g_store(g, b, 0, SPAN_NONE);
  assert_int_equal(v(0), b);
  assert_int_equal(g_version(g, 0), 1);
}

/* Reading an old value behind an effect goes through a copy made before it. */
static void optimising_copies_what_is_overwritten(void **state) {
  (void)state;
  NodeId old = w(5), a = v(0);
  update(5, a);
  g_store(g, un(OP_EXP, a), 0, SPAN_NONE);
  g_store(g, bin(OP_ADD, bin(OP_MUL, old, n(2)), a), 1, SPAN_NONE);
  Graph *best = g_optimize(g, arena);
  assert_null(g_verify(best));
  NodeId effect = NODE_NONE;
  for (NodeId id = 0; id < g_count(best); id++) {
    const Node *node = g_node(best, id);
    if (effect == NODE_NONE && node->op == OP_UPDATE) effect = id;
    for (int k = 0; k < node->n_in && effect != NODE_NONE && id > effect; k++)
      assert_int_not_equal(g_node(best, node->in[k])->op, OP_PARAM);
  }
  assert_int_not_equal(effect, NODE_NONE);
}

static void optimising_drops_the_dead(void **state) {
  (void)state;
  NodeId a = v(0);
  un(OP_SIN, a);
  g_store(g, un(OP_STOP_GRAD, bin(OP_ADD, a, n(1))), 1, SPAN_NONE);
  Graph *best = g_optimize(g, arena);
  assert_int_equal(g_count(best), 4); /* a, 1, add, store */
}

/* ---- invariants and text ---------------------------------------------------------------------------- */
static void verify_finds_damage(void **state) {
  (void)state;
  NodeId a = v(0), b = un(OP_EXP, a), c = bin(OP_ADD, a, b);
  assert_null(g_verify(g));
  Node *node = &g->nodes.at[c];
  Node good = *node;
  NodeId late[2] = {c, b}, swapped_in[2] = {a, a};
  node->in = late;
  assert_string_equal(g_verify(g), "node 2 (add): an input does not stand before it");
  *node = good;
  node->shape.d[0].n = 4;
  assert_string_equal(g_verify(g), "node 2 (add): its shape is not that of its rule");
  *node = good;
  node->elem = ELEM_BOOL;
  assert_string_equal(g_verify(g), "node 2 (add): its elements are not of the kind of its rule");
  *node = good;
  node->n_in = 1;
  assert_string_equal(g_verify(g), "node 2 (add): wrong number of inputs");
  *node = good;
  node->op = OP_EXP, node->n_in = 1, node->in = swapped_in;
  assert_string_equal(g_verify(g), "node 2 (exp): it is node 1 again");
  *node = good;
  assert_null(g_verify(g));
}

static char *dump_text(void) {
  static const char *const counts[] = {"", "B"}, *const slots[] = {"x", "G.weight", "loss", "y"};
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  g_dump(g, counts, slots, f);
  fclose(f);
  return text;
}

static void dumps_are_readable(void **state) {
  (void)state;
  const Source *src = src_add("t.qgn", "one\n  two\n", 10);
  Shape rows = {.rank = 2, .d = {{64, 1, 0}, {3, 0, 0}}}, weights = shape_of(2, (int64_t[]){5, 3});
  NodeId x = g_input(g, 0, &rows, ELEM_REAL, SPAN_NONE), p = g_param(g, 1, &weights, SPAN_NONE), out;
  NodeId h =
      g_leaky_relu(g, g_matmul(g, x, p, false, true, (Span){src->base + 6, src->base + 9}), 0.2, SPAN_NONE);
  NodeId loss = g_mean(g, bin(OP_POW, h, n(2)), 3, false, SPAN_NONE);
  assert_true(g_grad(g, loss, 1, &p, &out, SPAN_NONE, NULL));
  g_store(g, loss, 2, SPAN_NONE);
  update(1, out);
  char *text = dump_text();
  assert_string_equal(text, "%1 [B, 3] = input x\n"
                            "%2 [5, 3] = param G.weight v0\n"
                            "%3 [B, 5] = matmul(%1, %2') @2:3\n"
                            "%4 [B, 5] = leaky_relu(%3, 0.2)\n"
                            "%5 [B, 5] = square(%4)\n"
                            "%6 [] = sum(%5, axes 0 1)\n"
                            "%7 [] label = count B\n"
                            "%8 [] = mul(%7, 5)\n"
                            "%9 [] = div(%6, %8)\n"
                            "%10 [] = div(2, %8)\n"
                            "%11 [B, 5] = mul(%4, %10)\n"
                            "%12 [B, 5] = leaky_relu_grad(%11, %4, 0.2)\n"
                            "%13 [5, 3] = matmul(%12', %1) @2:3\n"
                            "store(%9) -> loss\n"
                            "update(G.weight by %13; train 0, optimizer 0, update 0)\n");
  free(text);
  src_clear();
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {TEST(equal_nodes_are_one),
                                     TEST(trivial_algebra),
                                     TEST(views_and_sums),
                                     TEST(means_with_counts),
                                     TEST(derivatives_of_products),
                                     TEST(paths_that_carry_nothing),
                                     TEST(an_op_without_rule_is_an_error),
                                     TEST(marks_keep_names_apart),
                                     TEST(updates_make_values_stale),
                                     TEST(rewrites_do_not_cross_updates),
                                     TEST(stored_values_are_read_back),
                                     TEST(optimising_copies_what_is_overwritten),
                                     TEST(optimising_drops_the_dead),
                                     TEST(verify_finds_damage),
                                     TEST(dumps_are_readable)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
