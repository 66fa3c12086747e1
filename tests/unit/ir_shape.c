/* Shapes, and every shape rule with its texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "lang/ir/circuit.h"
#include "lang/ir/graph.h"

enum { B = 1, N = 2 };
static const char *const names[] = {"", "B", "rows(d)"};
static Arena *arena;
static Graph *g;

static int set_up(void **state) {
  (void)state;
  arena = arena_new();
  g = g_new(arena);
  g_name_counts(g, names);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

/* An input; a negative size is the count of that number. */
static NodeId in(int rank, int64_t a, int64_t b, int64_t c) {
  static int slot;
  int64_t sizes[] = {a, b, c};
  Shape s = {.rank = rank};
  for (int k = 0; k < rank; k++)
    s.d[k] = sizes[k] < 0 ? (Dim){100, (uint32_t)-sizes[k], 0} : dim_static(sizes[k]);
  return g_input(g, slot++, &s, ELEM_REAL, SPAN_NONE);
}

static Shape sh(int rank, int64_t a, int64_t b, int64_t c) { return g_node(g, in(rank, a, b, c))->shape; }

static const char *text_of(NodeId id) { return shape_text(arena, &g_node(g, id)->shape, names); }

static NodeId make(OpId op, int n, NodeId a, NodeId b, Attr attr, const Shape *given, const char **why) {
  return g_make(g, op, n, (NodeId[]){a, b}, &attr, given, SPAN_NONE, why);
}

#define FITS(text, op, n, a, b, attr, given)                                                                 \
  do {                                                                                                       \
    const char *why_ = NULL;                                                                                 \
    NodeId id_ = make(op, n, a, b, attr, given, &why_);                                                      \
    if (id_ == NODE_NONE) fail_msg("refused: %s", why_);                                                     \
    assert_string_equal(text_of(id_), text);                                                                 \
  } while (0)
#define REFUSED(text, op, n, a, b, attr, given)                                                              \
  do {                                                                                                       \
    const char *why_ = "";                                                                                   \
    assert_int_equal(make(op, n, a, b, attr, given, &why_), NODE_NONE);                                      \
    assert_string_equal(why_, text);                                                                         \
  } while (0)
#define A(...) ((Attr){.i = {__VA_ARGS__}})
#define NONE ((Attr){0})

static void sizes_of_shapes(void **state) {
  (void)state;
  Shape s = sh(3, -B, 4, 5), huge = shape_of(3, (int64_t[]){1 << 30, 1 << 30, 1 << 30}),
        zero = shape_scalar();
  assert_int_equal(shape_capacity(&s), 2000);
  assert_int_equal(shape_row_size(&s), 20);
  assert_int_equal(shape_capacity(&huge), INT64_MAX);
  assert_int_equal(shape_capacity(&zero), 1);
  assert_false(shape_is_static(&s));
  assert_true(shape_is_static(&huge));
  assert_string_equal(shape_text(arena, &s, NULL), "[n rows, 4, 5]");
  assert_string_equal(shape_text(arena, &zero, names), "[]");
  Shape other = s;
  other.d[0].n = 7;
  other.d[0].origin = 3;
  assert_true(shape_equal(&s, &other));
  other.d[0].count = N;
  assert_false(shape_equal(&s, &other));
}

static void elementwise(void **state) {
  (void)state;
  FITS("[B, 3]", OP_ADD, 2, in(2, -B, 3, 0), in(2, 1, 3, 0), NONE, NULL);
  FITS("[B, 3]", OP_MUL, 2, in(2, -B, 1, 0), in(2, 1, 3, 0), NONE, NULL);
  FITS("[3]", OP_SUB, 2, in(0, 0, 0, 0), in(1, 3, 0, 0), NONE, NULL);
  REFUSED("[64] and [64, 1] do not combine: ranks 1 and 2", OP_SUB, 2, in(1, 64, 0, 0), in(2, 64, 1, 0), NONE,
          NULL);
  NodeId late = in(2, -B, 4, 0);
  REFUSED("[B, 3] and [B, 4] do not combine: 3 and 4", OP_ADD, 2, in(2, -B, 3, 0), late, NONE, NULL);
  REFUSED("[B, 3] and [rows(d), 3] do not combine: B and rows(d)", OP_ADD, 2, in(2, -B, 3, 0),
          in(2, -N, 3, 0), NONE, NULL);
  REFUSED("[B] and [64] do not combine: B and 64", OP_LT, 2, in(1, -B, 0, 0), in(1, 64, 0, 0), NONE, NULL);
}

static void products(void **state) {
  (void)state;
  FITS("[B, 64]", OP_MATMUL, 2, in(2, -B, 3, 0), in(2, 3, 64, 0), NONE, NULL);
  FITS("[3, 2]", OP_MATMUL, 2, in(2, -B, 3, 0), in(2, -B, 2, 0), A(1, 0), NULL);
  FITS("[7, 2, 5]", OP_MATMUL, 2, in(3, 7, 3, 2), in(3, 7, 5, 3), A(1, 1), NULL);
  REFUSED("[B, 3] and [4, 64] do not multiply: 3 and 4", OP_MATMUL, 2, in(2, -B, 3, 0), in(2, 4, 64, 0), NONE,
          NULL);
  REFUSED("[B, 3] and [3] do not multiply: ranks 2 and 1", OP_MATMUL, 2, in(2, -B, 3, 0), in(1, 3, 0, 0),
          NONE, NULL);
  REFUSED("[2, 4, 3] and [3, 3, 4] do not multiply: 2 and 3", OP_MATMUL, 2, in(3, 2, 4, 3), in(3, 3, 3, 4),
          NONE, NULL);
}

static void axes(void **state) {
  (void)state;
  NodeId x = in(3, -B, 4, 5);
  FITS("[4]", OP_SUM, 1, x, 0, A(5), NULL);
  FITS("[1, 4, 1]", OP_REDUCE_MAX, 1, x, 0, A(5, 1), NULL);
  FITS("[]", OP_SUM, 1, x, 0, A(7), NULL);
  REFUSED("[B, 4, 5] has no axis 3", OP_SUM, 1, x, 0, A(8), NULL);
  FITS("[B, 5]", OP_ARGMAX, 1, x, 0, A(1), NULL);
  REFUSED("[B, 4, 5] has no axis -1", OP_ARGMAX, 1, x, 0, A(-1), NULL);
  FITS("[5, B, 4]", OP_TRANSPOSE, 1, x, 0, A(2, 0, 1), NULL);
  REFUSED("axis 0 of [B, 4, 5] is named twice", OP_TRANSPOSE, 1, x, 0, A(0, 0, 1), NULL);
  FITS("[B, 2, 5]", OP_SLICE, 1, x, 0, A(1, 2, 2), NULL);
  REFUSED("[B, 4, 5] has 4 elements along axis 1, there are no elements 3..5", OP_SLICE, 1, x, 0, A(1, 3, 2),
          NULL);
  REFUSED("axis 0 of [B, 4, 5] is a count of rows, known only at run time", OP_SLICE, 1, x, 0, A(0, 0, 2),
          NULL);
  FITS("[B, 9, 5]", OP_PAD, 1, x, 0, A(1, 5, 9), NULL);
  REFUSED("4 elements from 6 on do not fit into 9", OP_PAD, 1, x, 0, A(1, 6, 9), NULL);
  FITS("[B, 4, 7]", OP_CONCAT, 2, x, in(3, -B, 4, 2), A(2), NULL);
  REFUSED("[B, 4, 5] and [B, 3, 5] do not join along axis 2", OP_CONCAT, 2, x, in(3, -B, 3, 5), A(2), NULL);
  FITS("[B, 4, 5, 10]", OP_ONEHOT, 1, x, 0, A(10), NULL);
  FITS("[7, 4, 5]", OP_GATHER, 2, x, in(1, 7, 0, 0), NONE, NULL);
  REFUSED("[] has no rows to pick from", OP_GATHER, 2, in(0, 0, 0, 0), in(1, 7, 0, 0), NONE, NULL);
  FITS("[9, 4, 5]", OP_SCATTER_ROWS, 2, x, in(1, -B, 0, 0), A(9), NULL);
  REFUSED("[B, 4, 5] has no row for each label of [7]", OP_SCATTER_ROWS, 2, x, in(1, 7, 0, 0), A(9), NULL);
}

static void given_shapes(void **state) {
  (void)state;
  Shape to = sh(3, -B, 14, 14), row = sh(2, -B, 5, 0), counted = sh(1, 196, 0, 0),
        empty = shape_of(1, (int64_t[]){0});
  FITS("[B, 14, 14]", OP_RESHAPE, 1, in(2, -B, 196, 0), 0, NONE, &to);
  REFUSED("[B, 784] does not fill [B, 14, 14]: 784 values for each row, but 196 are needed", OP_RESHAPE, 1,
          in(2, -B, 784, 0), 0, NONE, &to);
  REFUSED("[B, 196] does not fill [196]: a count of rows is kept by `reshape`", OP_RESHAPE, 1,
          in(2, -B, 196, 0), 0, NONE, &counted);
  FITS("[B, 5]", OP_STRETCH, 1, in(2, 1, 5, 0), 0, NONE, &row);
  REFUSED("[1, 4] does not stretch to [B, 5]: 4 and 5", OP_STRETCH, 1, in(2, 1, 4, 0), 0, NONE, &row);
  REFUSED("[5] does not stretch to [B, 5]: ranks 1 and 2", OP_STRETCH, 1, in(1, 5, 0, 0), 0, NONE, &row);
  REFUSED("[0] has an axis of size 0", OP_CONST, 0, 0, 0, NONE, &empty);
}

static void images(void **state) {
  (void)state;
  Shape image = {.rank = 4, .d = {{8, B, 0}, {1, 0, 0}, {28, 0, 0}, {28, 0, 0}}};
  Shape kernel = {.rank = 4, .d = {{32, 0, 0}, {1, 0, 0}, {3, 0, 0}, {3, 0, 0}}};
  NodeId x = g_input(g, 1, &image, ELEM_REAL, SPAN_NONE), w = g_input(g, 2, &kernel, ELEM_REAL, SPAN_NONE);
  Shape small = {.rank = 4, .d = {{8, B, 0}, {32, 0, 0}, {14, 0, 0}, {14, 0, 0}}};
  Shape one = small, two = {.rank = 4, .d = {{1, 0, 0}, {1, 0, 0}, {2, 0, 0}, {2, 0, 0}}};
  one.d[1].n = 1;
  NodeId out = g_input(g, 3, &small, ELEM_REAL, SPAN_NONE), half = g_input(g, 4, &one, ELEM_REAL, SPAN_NONE);
  NodeId tiny = g_input(g, 5, &two, ELEM_REAL, SPAN_NONE);
  FITS("[B, 32, 14, 14]", OP_CONV, 2, x, w, A(2, 1), NULL);
  FITS("[32, 1, 3, 3]", OP_CONV_DW, 2, x, out, A(2, 1, 3, 3), NULL);
  FITS("[B, 1, 28, 28]", OP_CONV_DX, 2, out, w, A(2, 1, 28, 28), NULL);
  FITS("[B, 1, 27, 27]", OP_CONV_DX, 2, out, w, A(2, 1, 27, 27), NULL);
  REFUSED("images of size 30 give 15 with this kernel, stride and pad, not 14", OP_CONV_DX, 2, out, w,
          A(2, 1, 30, 30), NULL);
  REFUSED("a stride of 0", OP_CONV, 2, x, w, A(0, 1), NULL);
  REFUSED("a pad of -1", OP_CONV, 2, x, w, A(1, -1), NULL);
  REFUSED("images [B, 32, 14, 14] have 32 channels, kernels [32, 1, 3, 3] take 1", OP_CONV, 2, out, w,
          A(1, 1), NULL);
  REFUSED("a kernel of size 3 is larger than 2", OP_CONV, 2, tiny, w, A(1, 0), NULL);
  REFUSED("images are [rows, channels, height, width], not [3, 2]", OP_CONV, 2, in(2, 3, 2, 0), w, A(1, 0),
          NULL);
  FITS("[B, 1, 9, 9]", OP_MAXPOOL, 1, x, 0, A(3, 0, 3), NULL);
  FITS("[B, 1, 14, 14]", OP_MAXPOOL, 1, x, 0, A(2, 1, 3), NULL);
  REFUSED("a window of size 29 is larger than 28", OP_MAXPOOL, 1, x, 0, A(1, 0, 29), NULL);
  REFUSED("a window of size 0", OP_MAXPOOL, 1, x, 0, A(1, 0, 0), NULL);
  REFUSED("a pad of 2 leaves windows of size 2 without a pixel", OP_MAXPOOL, 1, x, 0, A(2, 2, 2), NULL);
  FITS("[B, 1, 28, 28]", OP_SUMPOOL_DX, 1, half, 0, A(2, 0, 2, 28, 28), NULL);
}

static void circuits(void **state) {
  (void)state;
  bool has_rows[] = {true, false};
  CircuitProgram p = {
      .n_inputs = 2, .n_outputs = 3, .input_has_rows = has_rows, .input_size = (int64_t[]){2, 8}};
  Attr attr = {.p = &p};
  NodeId x = in(2, -B, 2, 0), theta = in(3, 2, 2, 2), bad = in(2, -B, 3, 0);
  FITS("[B, 3]", OP_CIRCUIT, 2, x, theta, attr, NULL);
  REFUSED("input 0 of the circuit has 2 values for each row, but [B, 3] has 3", OP_CIRCUIT, 2, bad, theta,
          attr, NULL);
  REFUSED("input 1 of the circuit has 8 values, but [B, 3] has 300", OP_CIRCUIT, 2, x, bad, attr, NULL);
  NodeId w = in(2, -B, 3, 0),
         y = g_make(g, OP_CIRCUIT_VJP, 3, (NodeId[]){x, theta, w}, &attr, NULL, SPAN_NONE, NULL);
  assert_int_equal(g_node(g, y)->n_parts, 2);
  Shape part = sh(3, 2, 2, 2);
  FITS("[2, 2, 2]", OP_PART, 1, y, 0, A(1), &part);
  REFUSED("result 0 of `circuit_vjp` is [B, 2], not [2, 2, 2]", OP_PART, 1, y, 0, A(0), &part);
  REFUSED("`circuit_vjp` has 2 results, there is no result 2", OP_PART, 1, y, 0, A(2), &part);
  has_rows[0] = false;
  p.input_size = (int64_t[]){2, 8};
  FITS("[3]", OP_CIRCUIT, 2, in(1, 2, 0, 0), theta, attr, NULL);
}

static void kinds_of_elements(void **state) {
  (void)state;
  Shape s = sh(1, 4, 0, 0);
  NodeId x = in(1, 4, 0, 0), label = g_input(g, 1, &s, ELEM_LABEL, SPAN_NONE), y = in(1, 4, 0, 0);
  NodeId cond = g_binary(g, OP_LT, x, y, SPAN_NONE);
  assert_int_equal(g_node(g, cond)->elem, ELEM_BOOL);
  assert_int_equal(g_node(g, g_binary(g, OP_ADD, label, x, SPAN_NONE))->elem, ELEM_REAL);
  assert_int_equal(g_node(g, g_binary(g, OP_ADD, label, g_scalar(g, 0, SPAN_NONE), SPAN_NONE))->elem,
                   ELEM_REAL);
  assert_int_equal(g_node(g, g_unary(g, OP_ROUND, x, SPAN_NONE))->elem, ELEM_LABEL);
  assert_int_equal(g_node(g, g_slice(g, label, 0, 1, 2, SPAN_NONE))->elem, ELEM_LABEL);
  NodeId in3[] = {cond, label, label};
  assert_int_equal(g_node(g, g_make(g, OP_SELECT, 3, in3, NULL, NULL, SPAN_NONE, NULL))->elem, ELEM_LABEL);
  in3[2] = x;
  assert_int_equal(g_node(g, g_make(g, OP_SELECT, 3, in3, NULL, NULL, SPAN_NONE, NULL))->elem, ELEM_REAL);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(sizes_of_shapes), TEST(elementwise), TEST(products), TEST(axes),
      TEST(given_shapes),    TEST(images),      TEST(circuits), TEST(kinds_of_elements)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
