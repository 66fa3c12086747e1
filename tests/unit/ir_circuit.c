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
  for (int m = 0; m < 2; m++) {
    for (int order = 1; order < 3; order++) {
      CircuitMethod method = m ? METHOD_SHIFT : METHOD_ADJOINT;
      assert_null(circuit_method_why(a, method, &(MethodUse){MEASURE_PROBS, order, false, false}));
    }
  }
  const char *why = circuit_method_why(a, METHOD_ADJOINT, &(MethodUse){MEASURE_EXPVAL, 3, false, false});
  assert_non_null(strstr(why, "third"));
  why = circuit_method_why(a, METHOD_ADJOINT, &(MethodUse){MEASURE_EXPVAL, 1, true, false});
  assert_string_equal(why,
                      "gradient method `adjoint` is not possible here: the adjoint method needs the exact "
                      "pure state");
  why = circuit_method_why(a, METHOD_SPSA, &(MethodUse){MEASURE_EXPVAL, 2, true, false});
  assert_non_null(strstr(why, "random direction")); /* what can never be comes before what is not built yet */
  why = circuit_method_why(a, METHOD_SPSA, &(MethodUse){MEASURE_EXPVAL, 1, true, false});
  assert_string_equal(why, "gradient method `spsa` is not available here in this version");
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
