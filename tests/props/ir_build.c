/* Layers made of several operations: their values by the formulas as written in PyTorch's manual, the
 * derivatives of the norms against differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lang/ir/build.h"
#include "tests/ref/ref_eval.h"

enum { B = 1, ROWS = 5, SLOTS = 8, ROOM = 256 };
static const int64_t counts[] = {0, ROWS};
static double slot[SLOTS][ROOM], drawn[ROOM];
static Arena *arena;
static Graph *g;
static double **values;
static int n_values;

static int set_up(void **state) {
  (void)state;
  arena = arena_new();
  g = g_new(arena);
  values = NULL;
  for (int s = 0; s < SLOTS; s++)
    for (int k = 0; k < ROOM; k++) slot[s][k] = sin(1.7 * k + 3.1 * s) * 2;
  for (int k = 0; k < ROOM; k++) drawn[k] = 0.5 + 0.499 * sin(2.3 * k);
  return 0;
}

static void forget(void) {
  if (!values) return;
  ref_free(n_values, values);
  free(values);
  values = NULL;
}

static int tear_down(void **state) {
  (void)state;
  forget();
  arena_free(arena);
  return 0;
}

static const double *slot_value(void *ctx, int s, int version) {
  (void)ctx, (void)version;
  return slot[s];
}

static void draw(void *ctx, DrawKind kind, int site, int64_t n, double *out) {
  (void)ctx, (void)kind, (void)site;
  memcpy(out, drawn, (size_t)n * sizeof *out);
}

static const double *value(NodeId id) {
  RefEnv env = {.counts = counts, .slot = slot_value, .draw = draw};
  forget();
  n_values = g_count(g);
  values = calloc((size_t)n_values, sizeof *values);
  ref_eval(g, &env, values);
  return values[id];
}

static NodeId input(int s, int rank, int64_t a, int64_t b, int64_t c, int64_t d) {
  Shape shape = shape_of(rank, (int64_t[]){a, b, c, d});
  if (a == 0) shape.d[0] = (Dim){8, B, 0};
  return g_input(g, s, &shape, ELEM_REAL, SPAN_NONE);
}

static void near(double got, double want) {
  if (!(fabs(got - want) <= 1e-12 * (1 + fabs(want)))) fail_msg("%.17g instead of %.17g", got, want);
}

static void elementwise(void **state) {
  (void)state;
  NodeId x = input(0, 2, 0, 3, 0, 0), low = g_scalar(g, -0.5, SPAN_NONE), high = g_scalar(g, 1, SPAN_NONE);
  NodeId gelu = g_gelu(g, x, SPAN_NONE), elu = g_elu(g, x, 1.5, SPAN_NONE), silu = g_silu(g, x, SPAN_NONE);
  NodeId clamp = g_clamp(g, x, low, high, SPAN_NONE), drop = g_dropout(g, x, 0.3, 0, SPAN_NONE);
  for (int k = 0; k < 3 * ROWS; k++) {
    double v = slot[0][k];
    near(value(gelu)[k], v * 0.5 * erfc(-v / sqrt(2)));
    near(value(elu)[k], v > 0 ? v : 1.5 * expm1(v));
    near(value(silu)[k], v / (1 + exp(-v)));
    near(value(clamp)[k], fmin(fmax(v, -0.5), 1));
    near(value(drop)[k], drawn[k] < 0.3 ? 0 : v / 0.7);
  }
  assert_int_equal(g_dropout(g, x, 0, 0, SPAN_NONE), x);
}

/* The derivative of elu is alpha at 0, and finite where e^x would not be. */
static void elu_at_its_kink(void **state) {
  (void)state;
  slot[0][0] = 0, slot[0][1] = 900, slot[0][2] = -900;
  NodeId x = input(0, 1, 3, 0, 0, 0), grad, y = g_elu(g, x, 1.5, SPAN_NONE);
  assert_true(g_grad(g, g_sum(g, y, 1, false, SPAN_NONE), 1, &x, &grad, SPAN_NONE, NULL));
  near(value(grad)[0], 1.5);
  near(value(grad)[1], 1);
  near(value(grad)[2], 0);
}

static void images(void **state) {
  (void)state;
  const char *why = NULL;
  NodeId x = input(0, 4, 0, 2, 2, 3), w = input(1, 4, 2, 3, 3, 3), b = input(2, 1, 3, 0, 0, 0);
  NodeId y = g_deconv(g, x, w, 2, 1, 1, SPAN_NONE, &why);
  assert_int_equal(g_node(g, y)->shape.d[2].n, 4);
  assert_int_equal(g_node(g, y)->shape.d[3].n, 6);
  NodeId z = g_add_bias(g, y, b, SPAN_NONE, &why);
  near(value(z)[24] - value(y)[24], slot[2][1]);
  double sum = 0; /* pixel (0, 0) of output channel 0: weight (1, 1) of each input's pixel (0, 0) */
  for (int c = 0; c < 2; c++) sum += slot[0][c * 6] * slot[1][c * 27 + 4];
  near(value(y)[0], sum);
  assert_int_equal(g_deconv(g, x, w, 2, 1, 2, SPAN_NONE, &why), NODE_NONE);
  assert_string_equal(why, "an output pad of 2: it is at least 0 and below the stride, 2");
  assert_int_equal(g_deconv(g, x, w, 0, 1, 0, SPAN_NONE, &why), NODE_NONE);
  assert_int_equal(g_deconv(g, x, b, 1, 1, 0, SPAN_NONE, &why), NODE_NONE);
  assert_int_equal(g_add_bias(g, x, b, SPAN_NONE, &why), NODE_NONE);
  NodeId mean = g_avgpool(g, y, 2, 2, 0, SPAN_NONE, &why), up = g_upsample(g, x, 2, SPAN_NONE, &why);
  near(value(mean)[0], (value(y)[0] + value(y)[1] + value(y)[6] + value(y)[7]) / 4);
  for (int k = 0; k < 24; k++) near(value(up)[k], slot[0][k / 12 * 3 + k % 6 / 2]);
  assert_int_equal(g_conv(g, x, y, 1, 0, SPAN_NONE, &why), NODE_NONE);
  assert_int_equal(g_node(g, g_maxpool(g, y, 2, 2, 0, SPAN_NONE, &why))->shape.d[3].n, 3);
}

static void axes(void **state) {
  (void)state;
  const char *why = NULL;
  NodeId x = input(0, 2, 0, 3, 0, 0), twice = g_tile(g, x, 1, 2, SPAN_NONE, &why);
  for (int k = 0; k < 6; k++) near(value(twice)[6 + k], slot[0][3 + k % 3]);
  assert_int_equal(g_tile(g, x, 0, 2, SPAN_NONE, &why), NODE_NONE);
  assert_int_equal(g_quantile(g, x, 1, 1.5, SPAN_NONE, &why), NODE_NONE);
  NodeId median = g_quantile(g, x, 1, 0.5, SPAN_NONE, &why), v = g_variance(g, x, 1, false, true, SPAN_NONE);
  double a = slot[0][0], b = slot[0][1], c = slot[0][2];
  near(value(median)[0], fmax(fmin(a, b), fmin(fmax(a, b), c)));
  double mean = 0, sum = 0;
  for (int k = 0; k < ROWS; k++) mean += slot[0][3 * k + 1] / ROWS;
  for (int k = 0; k < ROWS; k++) sum += pow(slot[0][3 * k + 1] - mean, 2);
  near(value(v)[1], sum / (ROWS - 1));
  near(value(g_along(g, OP_FLIP, x, 1, SPAN_NONE, &why))[0], c);
}

static void batch_norm(void **state) {
  (void)state;
  const char *why = NULL;
  NodeId x = input(0, 4, 0, 3, 2, 2), scale = input(1, 1, 3, 0, 0, 0), shift = input(2, 1, 3, 0, 0, 0);
  BatchNorm n = g_batchnorm(g, x, scale, shift, 1e-5, SPAN_NONE, &why);
  NodeId old = input(3, 1, 3, 0, 0, 0), now = g_running(g, old, n.mean, 0.1, SPAN_NONE);
  NodeId fixed = g_batchnorm_with(g, x, scale, shift, old, n.variance, 1e-5, SPAN_NONE, &why);
  for (int c = 0; c < 3; c++) {
    double mean = 0, var = 0, all = 4 * ROWS;
    for (int k = 0; k < 4 * ROWS; k++) mean += slot[0][k / 4 * 12 + c * 4 + k % 4] / all;
    for (int k = 0; k < 4 * ROWS; k++) var += pow(slot[0][k / 4 * 12 + c * 4 + k % 4] - mean, 2);
    near(value(n.mean)[c], mean);
    near(value(n.variance)[c], var / (all - 1));
    near(value(now)[c], 0.9 * slot[3][c] + 0.1 * mean);
    for (int k = 0; k < 4 * ROWS; k++) {
      int at = k / 4 * 12 + c * 4 + k % 4;
      near(value(n.out)[at], (slot[0][at] - mean) / sqrt(var / all + 1e-5) * slot[1][c] + slot[2][c]);
      near(value(fixed)[at],
           (slot[0][at] - slot[3][c]) / sqrt(var / (all - 1) + 1e-5) * slot[1][c] + slot[2][c]);
    }
  }
  assert_int_equal(g_batchnorm(g, x, input(4, 1, 4, 0, 0, 0), shift, 1e-5, SPAN_NONE, &why).out, NODE_NONE);
  assert_string_equal(why, "batch norm: [n rows, 3, 2, 2] and [4] do not fit");
}

static void layer_norm(void **state) {
  (void)state;
  const char *why = NULL;
  NodeId x = input(0, 3, 0, 2, 3, 0), scale = input(1, 2, 2, 3, 0, 0), shift = input(2, 2, 2, 3, 0, 0);
  NodeId y = g_layernorm(g, x, scale, shift, 1e-5, SPAN_NONE, &why);
  double mean = 0, var = 0;
  for (int k = 0; k < 6; k++) mean += slot[0][6 + k] / 6;
  for (int k = 0; k < 6; k++) var += pow(slot[0][6 + k] - mean, 2) / 6;
  for (int k = 0; k < 6; k++)
    near(value(y)[6 + k], (slot[0][6 + k] - mean) / sqrt(var + 1e-5) * slot[1][k] + slot[2][k]);
  assert_int_equal(g_layernorm(g, x, input(3, 1, 2, 0, 0, 0), shift, 1e-5, SPAN_NONE, &why), NODE_NONE);
}

/* sum of y times fixed numbers, its derivative by x, and the derivative of the squared length of that. */
static void check_derivatives(NodeId x, NodeId y, int n) {
  Shape s = g_node(g, y)->shape;
  int64_t all = ((int64_t)1 << s.rank) - 1;
  NodeId weights = g_input(g, 7, &s, ELEM_REAL, SPAN_NONE), first, second;
  NodeId loss = g_sum(g, g_binary(g, OP_MUL, y, weights, SPAN_NONE), all, false, SPAN_NONE);
  assert_true(g_grad(g, loss, 1, &x, &first, SPAN_NONE, NULL));
  NodeId length = g_sum(g, g_unary(g, OP_SQUARE, first, SPAN_NONE), all, false, SPAN_NONE);
  assert_true(g_grad(g, length, 1, &x, &second, SPAN_NONE, NULL));
  for (int k = 0; k < n; k++) {
    double at = slot[0][k], h = 1e-4, up[2], down[2];
    double exact[2] = {value(first)[k], second == NODE_NONE ? 0 : value(second)[k]};
    slot[0][k] = at + h;
    up[0] = value(loss)[0], up[1] = value(length)[0];
    slot[0][k] = at - h;
    down[0] = value(loss)[0], down[1] = value(length)[0];
    slot[0][k] = at;
    for (int j = 0; j < 2; j++) {
      double numeric = (up[j] - down[j]) / (2 * h);
      if (fabs(exact[j] - numeric) > 1e-6 * (1 + fabs(numeric)))
        fail_msg("order %d, element %d: %.9g, differences say %.9g", j + 1, k, exact[j], numeric);
    }
  }
}

static void derivatives_of_norms(void **state) {
  (void)state;
  NodeId x = input(0, 2, 0, 3, 0, 0), scale = input(1, 1, 3, 0, 0, 0), shift = input(2, 1, 3, 0, 0, 0);
  check_derivatives(x, g_batchnorm(g, x, scale, shift, 1e-5, SPAN_NONE, NULL).out, 3 * ROWS);
  check_derivatives(x, g_layernorm(g, x, scale, shift, 1e-5, SPAN_NONE, NULL), 3 * ROWS);
  check_derivatives(x, g_gelu(g, x, SPAN_NONE), 3 * ROWS);
  check_derivatives(x, g_dropout(g, x, 0.4, 0, SPAN_NONE), 3 * ROWS);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(elementwise), TEST(elu_at_its_kink),     TEST(images), TEST(axes), TEST(batch_norm),
      TEST(layer_norm),  TEST(derivatives_of_norms)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
