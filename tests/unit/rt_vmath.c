/* The elementary functions of every variant against long double: at most 2 ulp in single (sigmoid
 * 2.5), 1e-15 relative in double, over ranges that reach every branch; special values; and no lane, vector
 * position or incomplete vector changes a bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>
#include "tests/ref/kernel_rig.h"

#define SAMPLES 20011

typedef long double Exact(long double x);

static long double sigmoid(long double x) { return 1 / (1 + expl(-x)); }
static long double softplus(long double x) { return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)); }

/* Sampled between low and high; with `decades`, 10 to the powers between, both signs if `both`. */
typedef struct Range {
  OpId op;
  const char *name;
  Exact *f;
  double low, high;
  bool decades, both;
} Range;

static const Range ranges[] = {
    {OP_EXP, "exp", expl, -87, 88, false, false},
    {OP_EXP, "exp", expl, -12, 1.5, true, true},
    {OP_EXPM1, "expm1", expm1l, -60, 80, false, false},
    {OP_EXPM1, "expm1", expm1l, -30, 1.5, true, true},
    {OP_ERF, "erf", erfl, -7, 7, false, false},
    {OP_ERF, "erf", erfl, -20, 1, true, true},
    {OP_LOG, "log", logl, -37, 38, true, false},
    {OP_LOG, "log", logl, 0.5, 2, false, false},
    {OP_TANH, "tanh", tanhl, -10, 10, false, false},
    {OP_TANH, "tanh", tanhl, -30, 2, true, true},
    {OP_SIGMOID, "sigmoid", sigmoid, -80, 80, false, false},
    {OP_SIGMOID, "sigmoid", sigmoid, -8, 1, true, true},
    {OP_SOFTPLUS, "softplus", softplus, -80, 80, false, false},
    {OP_SOFTPLUS, "softplus", softplus, -8, 1, true, true},
    {OP_SIN, "sin", sinl, -10, 10, false, false},
    {OP_SIN, "sin", sinl, -20, 9, true, true},
    {OP_SIN, "sin", sinl, -4e5, 4e5, false, false},
    {OP_COS, "cos", cosl, -10, 10, false, false},
    {OP_COS, "cos", cosl, -20, 9, true, true},
    {OP_COS, "cos", cosl, -4e5, 4e5, false, false},
    {OP_SQRT, "sqrt", sqrtl, -37, 38, true, false},
};

static const KernelSet *sets[RIG_VARIANTS];
static int n_sets;

static KOp flat(OpId op, int64_t n, const KernelSet *set) {
  KOp k = {.op = op, .n_in = 1};
  k.in[0] = k.out = shape_of(1, &n);
  assert_null(kop_prepare(&k, set));
  return k;
}

static double sample(const Range *r, uint64_t i, const KernelSet *set) {
  double x = rig_random(77, i, r->low, r->high);
  if (r->decades) x = pow(10, x);
  if (r->both && i % 2) x = -x;
  return rig_round(set, x);
}

/* Distance in units in the last place of float, or relative to 1e-15 / 2 for double: 2 is the bound. */
static double error_of(const KernelSet *set, double got, long double exact) {
  double size = fabs((double)exact);
  if (set->real == sizeof(double)) return (double)(fabsl((long double)got - exact) / (5e-16L * fabsl(exact)));
  int exponent;
  frexp(size, &exponent);
  double ulp = ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
  return (double)(fabsl((long double)got - exact) / (long double)ulp);
}

static void check_range(const Range *r, const KernelSet *set) {
  double *x = calloc(SAMPLES, sizeof *x), worst = 0, at = 0;
  for (int i = 0; i < SAMPLES; i++) x[i] = sample(r, (uint64_t)i, set);
  void *in = rig_reals(set, SAMPLES, x), *out = rig_reals(set, SAMPLES, NULL);
  KOp k = flat(r->op, SAMPLES, set);
  rig_call(&k, 1, 0, (const void *const *)&in, out, NULL);
  for (int i = 0; i < SAMPLES; i++) {
    double error = error_of(set, rig_get(set, out, i), r->f((long double)x[i]));
    if (!(error <= worst)) worst = error, at = x[i];
  }
  double promised = r->op == OP_SIGMOID && set->real == sizeof(float) ? 2.5 : 2;
  if (!(worst <= promised))
    fail_msg("%s %s(%.17g): error %.3f, at most %g is promised", set->name, r->name, at, worst, promised);
  rig_drop(set, in, SAMPLES);
  rig_drop(set, out, SAMPLES);
  free(x);
}

static void accuracy(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    for (int v = 0; v < n_sets; v++) check_range(&ranges[i], sets[v]);
  }
}

typedef struct Special {
  OpId op;
  double x, y;
} Special;

static const Special specials[] = {
    {OP_EXP, INFINITY, INFINITY},
    {OP_EXP, -INFINITY, 0},
    {OP_EXP, 0, 1},
    {OP_EXP, -0.0, 1},
    {OP_EXP, 1000, INFINITY},
    {OP_EXP, -1000, 0},
    {OP_LOG, 0, -INFINITY},
    {OP_LOG, -0.0, -INFINITY},
    {OP_LOG, -1, NAN},
    {OP_LOG, 1, 0},
    {OP_LOG, INFINITY, INFINITY},
    {OP_LOG, -INFINITY, NAN},
    {OP_TANH, INFINITY, 1},
    {OP_TANH, -INFINITY, -1},
    {OP_TANH, 0, 0},
    {OP_TANH, -0.0, -0.0},
    {OP_SIGMOID, INFINITY, 1},
    {OP_SIGMOID, -INFINITY, 0},
    {OP_SIGMOID, 0, 0.5},
    {OP_SOFTPLUS, INFINITY, INFINITY},
    {OP_SOFTPLUS, -INFINITY, 0},
    {OP_SIN, 0, 0},
    {OP_SIN, INFINITY, NAN},
    {OP_COS, 0, 1},
    {OP_COS, -INFINITY, NAN},
    {OP_SAFE_LOG, 0, -100},
    {OP_SAFE_LOG, -1, NAN},
    {OP_ROUND, 2.5, 2},
    {OP_ROUND, -0.5, -0.0},
    {OP_ROUND, 3.5, 4},
    {OP_ROUND, 1e30, 0x1p99},
    {OP_FLOOR, -0.5, -1},
    {OP_FLOOR, -3, -3},
    {OP_FLOOR, -INFINITY, -INFINITY},
    {OP_SQRT, -1, NAN},
    {OP_SQRT, -0.0, -0.0},
    {OP_SIGN, -0.0, 0},
    {OP_ABS, -INFINITY, INFINITY},
    {OP_NEG, 0, -0.0},
};

static bool same(double got, double want) {
  if (want == 0x1p99) return got > 0; /* far beyond whole numbers: any value goes through */
  if (isnan(want)) return isnan(got);
  return got == want && (want != 0 || signbit(got) == signbit(want));
}

static void special_values(void **state) {
  (void)state;
  for (int v = 0; v < n_sets; v++) {
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
      KOp k = flat(specials[i].op, 1, sets[v]);
      void *in = rig_reals(sets[v], 1, &specials[i].x), *out = rig_reals(sets[v], 1, NULL);
      rig_call(&k, 1, 0, (const void *const *)&in, out, NULL);
      double got = rig_get(sets[v], out, 0);
      if (!same(got, specials[i].y))
        fail_msg("%s %s(%g) = %g instead of %g", sets[v]->name, op_info[specials[i].op].name, specials[i].x,
                 got, specials[i].y);
      rig_drop(sets[v], in, 1);
      rig_drop(sets[v], out, 1);
    }
    for (int op = OP_NEG; op <= OP_ROUND; op++) {
      KOp k = flat((OpId)op, 1, sets[v]);
      void *in = rig_reals(sets[v], 1, &(double){NAN}), *out = rig_reals(sets[v], 1, NULL);
      rig_call(&k, 1, 0, (const void *const *)&in, out, NULL);
      if (!isnan(rig_get(sets[v], out, 0))) fail_msg("%s %s loses NaN", sets[v]->name, op_info[op].name);
      rig_drop(sets[v], in, 1);
      rig_drop(sets[v], out, 1);
    }
  }
}

/* Subnormal results and arguments: within one step of the grid. */
static void subnormal(void **state) {
  (void)state;
  for (int v = 0; v < n_sets; v++) {
    bool single = sets[v]->real == sizeof(float);
    double step = single ? 0x1p-149 : 0x1p-1074;
    double x[2] = {single ? -100 : -740, single ? 1e-41 : 1e-315};
    x[1] = rig_round(sets[v], x[1]);
    void *in = rig_reals(sets[v], 2, x), *out = rig_reals(sets[v], 2, NULL);
    KOp k = flat(OP_EXP, 2, sets[v]);
    rig_call(&k, 1, 0, (const void *const *)&in, out, NULL);
    assert_true(fabs(rig_get(sets[v], out, 0) - exp(x[0])) <= step);
    k = flat(OP_LOG, 2, sets[v]);
    rig_call(&k, 1, 0, (const void *const *)&in, out, NULL);
    assert_true(fabs(rig_get(sets[v], out, 1) - log(x[1])) < 1e-4);
    rig_drop(sets[v], in, 2);
    rig_drop(sets[v], out, 2);
  }
}

/* The same number at every place of runs of every length has the same bits. */
static void place_does_not_matter(void **state) {
  (void)state;
  static const OpId ops[] = {OP_EXP,     OP_LOG,      OP_SIN,  OP_COS,       OP_TANH,
                             OP_SIGMOID, OP_SOFTPLUS, OP_SQRT, OP_LEAKY_RELU};
  for (int v = 0; v < n_sets; v++) {
    const KernelSet *set = sets[v];
    for (size_t o = 0; o < sizeof ops / sizeof *ops; o++) {
      for (int64_t n = 1; n <= 37; n++) {
        double x[37];
        for (int64_t i = 0; i < n; i++) x[i] = 0.7310581;
        x[n / 2] = 1e9; /* a neighbour that takes another way */
        void *in = rig_reals(set, n, x), *out = rig_reals(set, n, NULL), *first = rig_reals(set, 1, NULL);
        KOp one = flat(ops[o], 1, set), k = flat(ops[o], n, set);
        void *single = rig_reals(set, 1, &(double){0.7310581});
        rig_call(&one, 1, 0, (const void *const *)&single, first, NULL);
        rig_call(&k, 1, 0, (const void *const *)&in, out, NULL);
        for (int64_t i = 0; i < n; i++)
          if (i != n / 2) assert_memory_equal((char *)out + (size_t)i * set->real, first, set->real);
        rig_drop(set, in, n);
        rig_drop(set, out, n);
        rig_drop(set, first, 1);
        rig_drop(set, single, 1);
      }
    }
  }
}

int main(void) {
  n_sets = rig_variants(sets);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accuracy),
      cmocka_unit_test(special_values),
      cmocka_unit_test(subnormal),
      cmocka_unit_test(place_does_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
