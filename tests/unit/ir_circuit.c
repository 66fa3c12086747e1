/* Methods of gradients, and squares of observables. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/ir/circuit.h"

static void test_methods(void **state) {
  (void)state;
  Arena *a = arena_new();
  const char *why;
  for (int m = 0; m < 2; m++) {
    for (int order = 1; order < 3; order++) {
      CircuitMethod method = m ? METHOD_SHIFT : METHOD_ADJOINT;
      MethodUse use = {.measure = MEASURE_PROBS, .order = order, .shots = false, .noise = CIRCUIT_PURE};
      assert_int_equal(circuit_method_check(a, method, &use, &why), METHOD_RUNS);
      assert_null(why);
    }
  }
  MethodUse third = {.measure = MEASURE_EXPVAL, .order = 3, .shots = false, .noise = CIRCUIT_PURE};
  assert_int_equal(circuit_method_check(a, METHOD_ADJOINT, &third, &why), METHOD_IMPOSSIBLE);
  assert_non_null(strstr(why, "third"));
  MethodUse shots = {.measure = MEASURE_EXPVAL, .order = 1, .shots = true, .noise = CIRCUIT_PURE};
  assert_int_equal(circuit_method_check(a, METHOD_ADJOINT, &shots, &why), METHOD_IMPOSSIBLE);
  assert_string_equal(
      why, "the gradient method `adjoint` is not possible here: it takes the exact pure state back "
           "through the gates, and samples leave none");
  /* what can never be comes before what is not built yet */
  MethodUse both = {.measure = MEASURE_EXPVAL, .order = 2, .shots = true, .noise = CIRCUIT_MIXED};
  assert_int_equal(circuit_method_check(a, METHOD_SPSA, &both, &why), METHOD_IMPOSSIBLE);
  assert_non_null(strstr(why, "random direction"));
  /* trajectories: adjoint unless a choice depends on the state, then shift */
  MethodUse paths = {.measure = MEASURE_EXPVAL, .order = 1, .noise = CIRCUIT_PATHS, .open_noise = true};
  assert_int_equal(circuit_method_default(&paths), METHOD_ADJOINT);
  paths.jumps = true;
  assert_int_equal(circuit_method_default(&paths), METHOD_SHIFT);
  assert_int_equal(circuit_method_check(a, METHOD_ADJOINT, &paths, &why), METHOD_IMPOSSIBLE);
  paths.open_jumps = true;
  assert_int_equal(circuit_method_check(a, METHOD_SHIFT, &paths, &why), METHOD_RUNS);
  assert_int_equal(circuit_method_check(a, METHOD_SPSA, &paths, &why), METHOD_IMPOSSIBLE);
  MethodUse strength = {.measure = MEASURE_EXPVAL, .order = 1, .noise = CIRCUIT_MIXED, .open_noise = true};
  assert_int_equal(circuit_method_check(a, METHOD_SHIFT, &strength, &why), METHOD_IMPOSSIBLE);
  assert_int_equal(circuit_method_default(&strength), METHOD_ADJOINT);
  for (int m = 0; m < METHOD_COUNT; m++)
    assert_int_equal(circuit_method_find(circuit_method_name((CircuitMethod)m)), m);
  assert_int_equal(circuit_method_find("adjiont"), METHOD_COUNT);
  MethodUse exact = {.measure = MEASURE_EXPVAL, .order = 1, .shots = false, .noise = CIRCUIT_PURE};
  assert_int_equal(circuit_method_default(&exact), METHOD_ADJOINT);
  assert_int_equal(circuit_method_default(&shots), METHOD_SHIFT);
  assert_non_null(strstr(circuit_methods_text(a, &exact), "`adjoint`, `shift`"));
  assert_string_equal(circuit_methods_text(a, &third), "none");
  arena_free(a);
}

static double coefficient(const Observable *o, uint64_t x, uint64_t z) {
  for (int i = 0; i < o->terms.n; i++) {
    if (o->terms.at[i].x == x && o->terms.at[i].z == z) return o->terms.at[i].coefficient;
  }
  return 0;
}

/* (2 X0 + 3 Z0 + 5 Y0 Y1 + 7 X0 Z1)^2: X, Z anticommute; Y0 Y1 X0 Z1 = (-i Z0) (i X1) = Z0 X1. */
static void test_square(void **state) {
  (void)state;
  Arena *a = arena_new();
  Observable o = {0};
  vec_push(a, &o.terms, ((PauliTerm){2, 1, 0}));
  vec_push(a, &o.terms, ((PauliTerm){3, 0, 1}));
  vec_push(a, &o.terms, ((PauliTerm){5, 3, 3}));
  vec_push(a, &o.terms, ((PauliTerm){7, 1, 2}));
  Observable s = observable_square(a, &o);
  assert_true(coefficient(&s, 0, 0) == 4 + 9 + 25 + 49);
  assert_true(coefficient(&s, 0, 2) == 2 * 2 * 7); /* X0 X0 Z1 */
  assert_true(coefficient(&s, 2, 1) == 2 * 5 * 7); /* Z0 X1 */
  assert_int_equal(s.terms.n, 3);
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_methods), cmocka_unit_test(test_square)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
