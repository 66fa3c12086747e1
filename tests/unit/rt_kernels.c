/* What the property test over ops.def does not reach: optimisers against PyTorch's formulas, labels
 * and rows that do not exist, limits that kop_prepare refuses, the sets of variants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>
#include "lang/ir/optim.h"
#include "runtime/tensor/blas.h"
#include "tests/ref/kernel_rig.h"

static const KernelSet *sets[RIG_VARIANTS];
static int n_sets;

static void variants(void **state) {
  (void)state;
  assert_true(n_sets >= 2);
  for (int v = 0; v < n_sets; v++) {
    assert_true(sets[v]->real == (sets[v]->name[1] == '3' ? sizeof(float) : sizeof(double)));
    assert_string_equal(sets[v]->name + 4, sets[v ^ 1]->name + 4);
    for (int op = 0; op < OP_COUNT_OF; op++)
      assert_true((sets[v]->op[op] != NULL) == (op_info[op].kernel == OPKERNEL_K));
  }
  for (int f = 0; f < FAMILY_COUNT; f++) {
    const KernelSet *set = kernel_set((KernelFamily)f, false);
    if (set != NULL) assert_string_equal(set->name + 4, kernel_family_name((KernelFamily)f));
  }
  assert_non_null(kernel_set(kernel_family(), false));
  assert_true(blas_is_serial());
  assert_non_null(strstr(blas_name(), "OpenBLAS"));
}

/* ---- optimisers ---- */

enum { WEIGHTS = 37, STEPS = 20 };

typedef struct Weights {
  double w[WEIGHTS], s[3][WEIGHTS];
} Weights;

/* The single-tensor forms of torch.optim, line by line, weight by weight. */
static void sgd_reference(Weights *x, int i, double g, const double *h, int step) {
  double d = g + h[3] * x->w[i];
  if (h[1] != 0) {
    x->s[0][i] = step == 1 ? d : h[1] * x->s[0][i] + d;
    d = h[2] != 0 ? d + h[1] * x->s[0][i] : x->s[0][i];
  }
  x->w[i] -= h[0] * d;
}

static void adam_reference(int which, Weights *x, int i, double g, const double *h, int step) {
  if (which == OPTIM_ADAMW) x->w[i] *= 1 - h[0] * h[4];
  else g += h[4] * x->w[i];
  x->s[0][i] += (g - x->s[0][i]) * (1 - h[1]);
  x->s[1][i] = x->s[1][i] * h[2] + g * g * (1 - h[2]);
  x->s[2][i] = fmax(x->s[2][i], x->s[1][i]);
  double v = x->s[which == OPTIM_AMSGRAD ? 2 : 1][i];
  double denominator = sqrt(v) / sqrt(1 - pow(h[2], step)) + h[3];
  x->w[i] -= h[0] / (1 - pow(h[1], step)) * x->s[0][i] / denominator;
}

static void rmsprop_reference(Weights *x, int i, double g, const double *h) {
  g += h[5] * x->w[i];
  x->s[0][i] = x->s[0][i] * h[1] + g * g * (1 - h[1]);
  double average = sqrt(x->s[0][i]) + h[2];
  if (h[4] != 0) {
    x->s[2][i] += (g - x->s[2][i]) * (1 - h[1]);
    average = sqrt(x->s[0][i] - x->s[2][i] * x->s[2][i]) + h[2];
  }
  x->s[1][i] = h[3] * x->s[1][i] + g / average;
  x->w[i] -= h[0] * (h[3] > 0 ? x->s[1][i] : g / average);
}

static void check_optimiser(const KernelSet *set, int which, const double *hyper) {
  Weights want = {{0}, {{0}}};
  for (int i = 0; i < WEIGHTS; i++) want.w[i] = rig_round(set, rig_random(1, (uint64_t)i, -1, 1));
  void *w = rig_reals(set, WEIGHTS, want.w), *s[3];
  for (int k = 0; k < 3; k++) s[k] = rig_reals(set, WEIGHTS, NULL);
  for (int step = 1; step <= STEPS; step++) {
    double g[WEIGHTS];
    for (int i = 0; i < WEIGHTS; i++) g[i] = rig_round(set, rig_random((uint64_t)step, (uint64_t)i, 0.2, 1));
    for (int i = 0; i < WEIGHTS; i += 2) g[i] = -g[i];
    void *grad = rig_reals(set, WEIGHTS, g);
    OptCall c = {.n = WEIGHTS, .w = w, .g = grad, .state = {s[0], s[1], s[2]}, .hyper = hyper, .step = step};
    set->opt[which](&c);
    for (int i = 0; i < WEIGHTS; i++) {
      if (which == OPTIM_SGD) sgd_reference(&want, i, g[i], hyper, step);
      else if (which == OPTIM_RMSPROP) rmsprop_reference(&want, i, g[i], hyper);
      else adam_reference(which, &want, i, g[i], hyper, step);
    }
    rig_drop(set, grad, WEIGHTS);
  }
  double tolerance = set->real == sizeof(float) ? 1e-5 : 1e-13;
  for (int i = 0; i < WEIGHTS; i++) {
    double got = rig_get(set, w, i);
    if (fabs(got - want.w[i]) > tolerance * (1 + fabs(want.w[i])))
      fail_msg("%s optimiser %d, weight %d: %.17g instead of %.17g", set->name, which, i, got, want.w[i]);
  }
  rig_drop(set, w, WEIGHTS);
  for (int k = 0; k < 3; k++) rig_drop(set, s[k], WEIGHTS);
}

static void optimisers(void **state) {
  (void)state;
  static const struct {
    int which;
    double hyper[6];
  } all[] = {
      {OPTIM_SGD, {0.1, 0}},
      {OPTIM_SGD, {0.1, 0.9}},
      {OPTIM_SGD, {0.1, 0.9, 1}},
      {OPTIM_SGD, {0.1, 0.9, 1, 0.05}},
      {OPTIM_SGD, {0.1, 0, 0, 0.05}},
      {OPTIM_ADAM, {1e-2, 0.9, 0.999, 1e-8, 0}},
      {OPTIM_ADAM, {1e-2, 0.5, 0.9, 1e-3, 0}},
      {OPTIM_ADAM, {1e-2, 0.9, 0.999, 1e-8, 0.3}},
      {OPTIM_ADAMW, {1e-2, 0.9, 0.999, 1e-8, 0}},
      {OPTIM_ADAMW, {1e-2, 0.9, 0.999, 1e-8, 0.3}},
      {OPTIM_AMSGRAD, {1e-2, 0.9, 0.6, 1e-8, 0}},
      {OPTIM_AMSGRAD, {1e-2, 0.9, 0.6, 1e-8, 0.3}},
      {OPTIM_RMSPROP, {1e-2, 0.99, 1e-8, 0, 0, 0}},
      {OPTIM_RMSPROP, {1e-2, 0.9, 1e-8, 0.8, 0, 0.1}},
      {OPTIM_RMSPROP, {1e-2, 0.9, 1e-3, 0.8, 1, 0.1}},
  };
  for (int v = 0; v < n_sets; v++)
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
      check_optimiser(sets[v], all[k].which, all[k].hyper);
}

/* The first step of Adam is lr times the sign of the gradient, whatever its size. */
static void first_step_of_adam(void **state) {
  (void)state;
  for (int v = 0; v < n_sets; v++) {
    double w[3] = {1, 1, 1}, g[3] = {1e-3, -5, 0};
    void *x = rig_reals(sets[v], 3, w), *grad = rig_reals(sets[v], 3, g);
    void *m = rig_reals(sets[v], 3, NULL), *s = rig_reals(sets[v], 3, NULL);
    OptCall c = {.n = 3,
                 .w = x,
                 .g = grad,
                 .state = {m, s},
                 .hyper = (double[]){0.25, 0.9, 0.999, 1e-12, 0},
                 .step = 1};
    sets[v]->opt[OPTIM_ADAM](&c);
    assert_true(fabs(rig_get(sets[v], x, 0) - 0.75) < 1e-6);
    assert_true(fabs(rig_get(sets[v], x, 1) - 1.25) < 1e-6);
    assert_true(rig_get(sets[v], x, 2) == 1);
    rig_drop(sets[v], x, 3);
    rig_drop(sets[v], grad, 3);
    rig_drop(sets[v], m, 3);
    rig_drop(sets[v], s, 3);
  }
}

/* ---- helpers of the executor ---- */

static void add_and_finite(void **state) {
  (void)state;
  for (int v = 0; v < n_sets; v++) {
    const KernelSet *set = sets[v];
    for (int64_t n = 0; n <= 67; n++) {
      double x[67], y[67];
      for (int64_t i = 0; i < n; i++) x[i] = (double)i, y[i] = 0.5;
      void *a = rig_reals(set, n, x), *b = rig_reals(set, n, y);
      set->add(a, b, n);
      for (int64_t i = 0; i < n; i++) assert_true(rig_get(set, a, i) == (double)i + 0.5);
      assert_true(set->all_finite(a, n));
      rig_drop(set, a, n);
      rig_drop(set, b, n);
      for (int64_t i = 0; i < n; i++) {
        x[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
        void *c = rig_reals(set, n, x);
        assert_false(set->all_finite(c, n));
        rig_drop(set, c, n);
        x[i] = (double)i;
      }
    }
  }
}

/* ---- labels ---- */

static void bad_labels(void **state) {
  (void)state;
  static const double labels[] = {0, 3, -1, 0.5, NAN, 1e30, -INFINITY, 2};
  enum { N = sizeof labels / sizeof *labels };
  for (int v = 0; v < n_sets; v++) {
    const KernelSet *set = sets[v];
    double table[6] = {1, 2, 3, 4, 5, 6};
    const void *in[2] = {rig_reals(set, 6, table), rig_reals(set, N, labels)};
    KOp op = {.op = OP_GATHER, .n_in = 2};
    op.in[0] = shape_of(2, (int64_t[]){3, 2});
    op.in[1] = shape_of(1, (int64_t[]){N});
    op.out = shape_of(2, (int64_t[]){N, 2});
    assert_null(kop_prepare(&op, set));
    void *out = rig_reals(set, 2 * N, NULL);
    rig_call(&op, 1, 0, in, out, NULL);
    assert_true(rig_get(set, out, 0) == 1 && rig_get(set, out, 2 * N - 1) == 6);
    for (int i = 2; i < 2 * N - 2; i++) assert_true(isnan(rig_get(set, out, i)));

    KOp hot = {.op = OP_ONEHOT, .n_in = 1, .attr.i = {3}};
    hot.in[0] = shape_of(1, (int64_t[]){N});
    hot.out = shape_of(2, (int64_t[]){N, 3});
    assert_null(kop_prepare(&hot, set));
    void *rows = rig_reals(set, 3 * N, NULL);
    rig_call(&hot, 1, 0, &in[1], rows, NULL);
    assert_true(rig_get(set, rows, 0) == 1 && rig_get(set, rows, 1) == 0 && rig_get(set, rows, 2) == 0);
    assert_true(rig_get(set, rows, 3 * N - 1) == 1 && rig_get(set, rows, 3 * N - 2) == 0);
    for (int i = 3; i < 3 * N - 3; i++) assert_true(isnan(rig_get(set, rows, i)));

    KOp scatter = {.op = OP_SCATTER_ROWS, .n_in = 2, .attr.i = {3}};
    scatter.in[0] = op.out;
    scatter.in[1] = op.in[1];
    scatter.out = op.in[0];
    double ones[2 * N];
    for (int i = 0; i < 2 * N; i++) ones[i] = 1;
    const void *from[2] = {rig_reals(set, 2 * N, ones), in[1]};
    void *back = rig_reals(set, 6, NULL);
    assert_null(kop_prepare(&scatter, set));
    rig_call(&scatter, 1, 0, from, back, NULL);
    for (int i = 0; i < 6; i++) assert_true(rig_get(set, back, i) == (i / 2 == 1 ? 0 : 1));
    rig_drop(set, (void *)in[0], 6);
    rig_drop(set, (void *)in[1], N);
    rig_drop(set, (void *)from[0], 2 * N);
    rig_drop(set, out, 2 * N);
    rig_drop(set, rows, 3 * N);
    rig_drop(set, back, 6);
  }
}

/* A slice that wants more rows than there are is filled with zeros; nothing outside is read. */
static void slice_of_few_rows(void **state) {
  (void)state;
  for (int v = 0; v < n_sets; v++) {
    KOp op = {.op = OP_SLICE, .n_in = 1, .attr.i = {0, 2, 4}, .in_rows = {true}};
    op.in[0] = (Shape){.rank = 2, .d = {{64, 1, 0}, {3, 0, 0}}};
    op.out = shape_of(2, (int64_t[]){4, 3});
    assert_null(kop_prepare(&op, sets[v]));
    double x[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const void *in = rig_reals(sets[v], 9, x);
    void *out = rig_reals(sets[v], 12, NULL);
    for (int64_t rows = 0; rows <= 3; rows++) {
      rig_call(&op, rows, 0, &in, out, NULL);
      for (int i = 0; i < 12; i++) assert_true(rig_get(sets[v], out, i) == (rows == 3 && i < 3 ? 7 + i : 0));
    }
    rig_drop(sets[v], (void *)in, 9);
    rig_drop(sets[v], out, 12);
  }
}

/* ---- W1 ---- */

static double w1(const KernelSet *set, int64_t n, const double *x, int64_t m, const double *y) {
  KOp op = {.op = OP_W1, .n_in = 2};
  op.in[0] = shape_of(1, &n);
  op.in[1] = shape_of(1, &m);
  op.out = shape_scalar();
  assert_null(kop_prepare(&op, set));
  const void *in[2] = {rig_reals(set, n, x), rig_reals(set, m, y)};
  void *out = rig_reals(set, 1, NULL);
  rig_call(&op, 1, 0, in, out, NULL);
  double d = rig_get(set, out, 0);
  rig_drop(set, (void *)in[0], n);
  rig_drop(set, (void *)in[1], m);
  rig_drop(set, out, 1);
  return d;
}

static void wasserstein(void **state) {
  (void)state;
  for (int v = 0; v < n_sets; v++) {
    const KernelSet *s = sets[v];
    assert_true(w1(s, 3, (double[]){3, 1, 2}, 3, (double[]){2, 3, 1}) == 0);
    assert_true(w1(s, 3, (double[]){3, -1, 2}, 3, (double[]){4, 3, 0}) == 1);
    assert_true(w1(s, 1, (double[]){-2}, 4, (double[]){-2, -2, -2, -1}) == 0.25);
    assert_true(w1(s, 2, (double[]){-INFINITY, 0}, 2, (double[]){0, 0}) == (double)INFINITY);
    assert_true(isnan(w1(s, 2, (double[]){NAN, 0}, 2, (double[]){0, 0})));
    assert_true(isnan(w1(s, 0, (double[]){0}, 2, (double[]){0, 0})));
    double a[1000], b[700];
    for (int i = 0; i < 1000; i++) a[i] = rig_round(s, rig_random(1, (uint64_t)i, -1e3, 1e3));
    for (int i = 0; i < 700; i++) b[i] = rig_round(s, rig_random(2, (uint64_t)i, -1e3, 1e3));
    double d = w1(s, 1000, a, 700, b), back = w1(s, 700, b, 1000, a);
    assert_true(fabs(d - back) <= 1e-6 * d);
    for (int i = 0; i < 1000; i++) a[i] = rig_round(s, a[i] + 1e5);
    assert_true(fabs(w1(s, 1000, a, 700, b) - 1e5) < 200);
  }
}

/* ---- refusals ---- */

static void refusals(void **state) {
  (void)state;
  const KernelSet *set = sets[0];
  Shape rows = {.rank = 2, .d = {{64, 1, 0}, {3, 0, 0}}}, turned = {.rank = 2, .d = {{3, 0, 0}, {64, 1, 0}}};
  KOp executor = {.op = OP_RESHAPE, .n_in = 1};
  assert_non_null(kop_prepare(&executor, set));
  KOp transpose = {.op = OP_TRANSPOSE, .n_in = 1, .attr.i = {1, 0}, .in_rows = {true}};
  transpose.in[0] = rows;
  transpose.out = turned;
  assert_non_null(kop_prepare(&transpose, set));
  KOp inner = {.op = OP_NEG, .n_in = 1}; /* a count that is no axis of rows is a size, filled in before */
  inner.in[0] = inner.out = turned;
  assert_null(kop_prepare(&inner, set));
  KOp mixed = {.op = OP_ADD, .n_in = 2, .in_rows = {true, false}, .out_rows = true};
  mixed.in[0] = mixed.out = rows;
  mixed.in[1] = shape_of(2, (int64_t[]){64, 3});
  assert_non_null(kop_prepare(&mixed, set));
  KOp circuit = {.op = OP_CIRCUIT, .n_in = 1};
  circuit.in[0] = circuit.out = rows;
  circuit.in_rows[0] = circuit.out_rows = true;
  assert_non_null(kop_prepare(&circuit, set));
  KOp many = {.op = OP_CONCAT, .n_in = KMAX_IN + 1};
  assert_non_null(kop_prepare(&many, set));
}

/* Elementwise kernels may work in place. */
static void in_place(void **state) {
  (void)state;
  for (int v = 0; v < n_sets; v++) {
    double x[37], y[37];
    for (int i = 0; i < 37; i++) x[i] = i, y[i] = 2 * i;
    int64_t n = 37;
    KOp op = {.op = OP_SUB, .n_in = 2};
    op.in[0] = op.in[1] = op.out = shape_of(1, &n);
    assert_null(kop_prepare(&op, sets[v]));
    void *a = rig_reals(sets[v], n, x), *b = rig_reals(sets[v], n, y);
    rig_call(&op, 1, 0, (const void *const[]){a, b}, b, NULL);
    rig_call(&op, 1, 0, (const void *const[]){a, b}, a, NULL);
    for (int i = 0; i < 37; i++) assert_true(rig_get(sets[v], a, i) == 2 * i && rig_get(sets[v], b, i) == -i);
    rig_drop(sets[v], a, n);
    rig_drop(sets[v], b, n);
  }
}

int main(void) {
  n_sets = rig_variants(sets);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(variants),       cmocka_unit_test(optimisers), cmocka_unit_test(first_step_of_adam),
      cmocka_unit_test(add_and_finite), cmocka_unit_test(bad_labels), cmocka_unit_test(slice_of_few_rows),
      cmocka_unit_test(wasserstein),    cmocka_unit_test(refusals),   cmocka_unit_test(in_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
