/* Sums over many amplitudes keep their digits in single precision: states whose amplitudes are nearly equal
 * are the worst case, as all rounding goes one way. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "tests/ref/sim_rig.h"

/* RY(pi/2 + 0.3) on all, entangled by CZ and turned a little. */
static CircuitProgram *even_state(Arena *a, int n) {
  CircuitProgram *c = rig_circuit(a, n, 1, (int64_t[]){1}, (bool[]){false});
  for (int q = 0; q < n; q++) rig_gate(c, GATE_RY, 0, 1, &q)->angle[0] = (AngleRef){0, 0, 1, 1.5707963};
  for (int q = 0; q + 1 < n; q++) rig_gate(c, GATE_RZZ, 0, 2, (int[]){q, q + 1})->angle[0].shift = 0.1;
  for (int q = 0; q < n; q++) rig_gate(c, GATE_RX, 0, 1, &q)->angle[0].shift = 0.05;
  return c;
}

static void compare(const CircuitProgram *c, const char *what) {
  double angle = 0.3, *in[1] = {&angle};
  double *right = malloc((size_t)c->n_outputs * sizeof *right), *y = malloc((size_t)c->n_outputs * sizeof *y);
  rig_run(c, kernel_set(kernel_family(), true), OP_CIRCUIT, 1, (const double *const *)in, NULL, NULL, &right);
  for (int f = 0; f <= (int)kernel_family(); f++) {
    const KernelSet *set = kernel_set((KernelFamily)f, false);
    if (set == NULL) continue;
    rig_run(c, set, OP_CIRCUIT, 1, (const double *const *)in, NULL, NULL, &y);
    for (int i = 0; i < c->n_outputs; i++) {
      if (fabs(y[i] - right[i]) > 3e-6 * fmax(1, fabs(right[i])))
        fail_msg("%s, %d qubits, %s: output %d is off by %.2g", set->name, c->n_qubits, what, i,
                 y[i] - right[i]);
    }
  }
  free(right);
  free(y);
}

static void each_size(int n, int64_t batch) {
  Arena *a = arena_new();
  rig_batch = batch; /* many rows: samples in the lanes; few: amplitudes */
  CircuitProgram *c = even_state(a, n);
  for (int q = 0; q < n; q++) rig_expval(c, 1, 0, 1ull << q);
  compare(c, "Z");
  c = even_state(a, n);
  for (int q = 0; q + 1 < n; q++) rig_expval(c, 1, 1ull << q, 2ull << q);
  compare(c, "X Z");
  c = even_state(a, n);
  rig_probs(c, 1, (int[]){n / 2});
  compare(c, "probs of one qubit");
  c = even_state(a, n);
  rig_probs(c, 3, (int[]){n - 1, 0, n / 2});
  compare(c, "probs of three qubits");
  rig_batch = 0;
  arena_free(a);
}

static void test_samples_in_lanes(void **state) {
  (void)state;
  each_size(6, 64);
  each_size(10, 64);
  each_size(13, 64);
}

static void test_amplitudes_in_lanes(void **state) {
  (void)state;
  each_size(10, 1);
  each_size(16, 1);
  each_size(18, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples_in_lanes),
      cmocka_unit_test(test_amplitudes_in_lanes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
