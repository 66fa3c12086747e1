/* Finite shots against the exact values: means within 4 standard errors, standard errors against their
 * exact values, all of it reproducible. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "runtime/tensor/rng.h"
#include "tests/ref/sim_rig.h"

#define SHOTS 20000
#define ROWS 6
#define MAX_OUTPUTS 64

/* Four qubits, entangled, with rows. */
static CircuitProgram *circuit(Arena *a) {
  CircuitProgram *c = rig_circuit(a, 4, 2, (int64_t[]){4, 4}, (bool[]){true, false});
  for (int q = 0; q < 4; q++) rig_gate(c, GATE_RY, 0, 1, &q)->angle[0] = (AngleRef){0, q, 1, 0.2};
  for (int q = 0; q < 4; q++) rig_gate(c, GATE_CX, 0, 2, (int[]){q, (q + 1) % 4});
  for (int q = 0; q < 4; q++) rig_gate(c, GATE_RX, 0, 1, &q)->angle[0] = (AngleRef){1, q, 1, 0};
  return c;
}

static const double row_angles[ROWS * 4] = {0.3, 0.7, 1.1, 2.0, 0.1, 0.2,  0.3, 0.4, 3.0, 2.0, 1.0, 0.5,
                                            0,   0,   0,   0,   1.5, 0.25, 2.5, 1.0, 2.2, 0.9, 1.7, 0.6};
static const double shared_angles[4] = {0.4, 0.9, 1.4, 0.2};
static const double *const inputs[2] = {row_angles, shared_angles};

static void set_shots(CircuitProgram *c, int64_t n) {
  c->shots = n;
  for (int i = 0; i < c->observables.n; i++)
    for (int k = i; k < c->observables.n; k++) vec_push(c->arena, &c->pairs, ((ShotPair){i, k}));
  c->n_outputs = circuit_n_outputs(c);
}

static void run(const CircuitProgram *c, const KernelSet *set, double *y) {
  rig_run(c, set, OP_CIRCUIT, ROWS, inputs, NULL, NULL, &y);
}

/* The measured basis state of shot j, slowly: probabilities are added up until they pass the word. */
static uint32_t slow_shot(const double *p, int n, uint64_t key, int row, int64_t j, int64_t run_number) {
  uint32_t word[4];
  rng_philox(key + (uint64_t)run_number * 0x9E3779B97F4A7C15u, (uint32_t)(j / 4), (uint32_t)row, 0, 0, word);
  double sum = 0, u = (double)word[j % 4] * 0x1p-32;
  for (int i = 0; i < n; i++) {
    sum += p[i];
    if (u < sum) return (uint32_t)i;
  }
  return (uint32_t)n - 1;
}

/* Shots of all four qubits are what the definition says, in their order and number. */
static void test_definition(void **state) {
  (void)state;
  Arena *a = arena_new();
  CircuitProgram *exact = circuit(a), *sampled = circuit(a), *counted = circuit(a);
  const int order[4] = {2, 0, 3, 1};
  double *p = ARENA_ARRAY(a, double, ROWS * 16), *bits = ARENA_ARRAY(a, double, ROWS * 4 * 1000),
         *shares = ARENA_ARRAY(a, double, ROWS * 32);
  rig_key = 77;
  rig_probs(exact, 4, order);
  rig_probs(sampled, 4, order);
  sampled->measure = MEASURE_SAMPLE;
  sampled->shots = 1000;
  sampled->n_outputs = circuit_n_outputs(sampled);
  rig_probs(counted, 4, order);
  counted->shots = 1000;
  counted->n_outputs = circuit_n_outputs(counted);
  const KernelSet *set = kernel_set(kernel_family(), true);
  run(exact, set, p);
  run(sampled, set, bits);
  run(counted, set, shares);
  int differ = 0;
  for (int r = 0; r < ROWS; r++) {
    double count[16] = {0};
    for (int j = 0; j < 1000; j++) {
      uint32_t got = 0;
      for (int b = 0; b < 4; b++) got = got << 1 | (bits[(r * 1000 + j) * 4 + b] != 0);
      count[got]++;
      assert_true(p[r * 16 + (int)got] > 0);
    }
    for (int k = 0; k < 16; k++) {
      const double share = count[k] / 1000;
      assert_true(fabs(shares[r * 32 + k] - share) < 1e-12);
      assert_true(fabs(shares[r * 32 + 16 + k] - share * (1 - share) / 999) < 1e-12);
      differ += fabs(share - p[r * 16 + k]) > 4.5 * sqrt(p[r * 16 + k] * (1 - p[r * 16 + k]) / 1000) + 1e-9;
    }
  }
  assert_int_equal(differ, 0);
  arena_free(a);
}

/* One qubit: its two outcomes stand in a known order, so each shot can be checked. */
static void test_one_qubit(void **state) {
  (void)state;
  Arena *a = arena_new();
  CircuitProgram *c = rig_circuit(a, 1, 1, (int64_t[]){1}, (bool[]){true});
  rig_gate(c, GATE_RY, 0, 1, (int[]){0})->angle[0] = (AngleRef){0, 0, 1, 0};
  rig_probs(c, 1, (int[]){0});
  c->measure = MEASURE_SAMPLE;
  c->shots = 500;
  c->n_outputs = circuit_n_outputs(c);
  const double x[3] = {0.4, 1.3, 2.8}, *in[1] = {x};
  double *y = ARENA_ARRAY(a, double, 1500);
  rig_key = 12345;
  rig_run(c, kernel_set(kernel_family(), true), OP_CIRCUIT, 3, in, NULL, NULL, &y);
  for (int r = 0; r < 3; r++) {
    const double p[2] = {cos(x[r] / 2) * cos(x[r] / 2), sin(x[r] / 2) * sin(x[r] / 2)};
    for (int j = 0; j < 500; j++)
      assert_int_equal((int)y[r * 500 + j], (int)slow_shot(p, 2, rig_key, r, j, 0));
  }
  arena_free(a);
}

static void observables(CircuitProgram *c) {
  rig_expval(c, 1, 0, 1);
  rig_expval(c, -2, 0, 6);
  rig_expval(c, 0.5, 0, 8);
  rig_term(c, 1.5, 0, 3);
  rig_term(c, 0.25, 0, 0);
  rig_expval(c, 3, 0, 0);
}

/* Means and covariances of sums of words, in all variants, over many keys. */
static void test_expval(void **state) {
  (void)state;
  enum { KEYS = 60, N = 4, PAIRS = 10 };
  Arena *a = arena_new();
  CircuitProgram *exact = circuit(a), *c = circuit(a), *squares = circuit(a);
  observables(exact);
  observables(c);
  set_shots(c, SHOTS);
  for (int i = 0; i < N; i++) { /* <O_i O_k> */
    for (int k = i; k < N; k++) {
      Observable product = {0};
      const Observable *p = &exact->observables.at[i], *q = &exact->observables.at[k];
      for (int s = 0; s < p->terms.n; s++)
        for (int t = 0; t < q->terms.n; t++)
          vec_push(a, &product.terms,
                   ((PauliTerm){p->terms.at[s].coefficient * q->terms.at[t].coefficient, 0,
                                p->terms.at[s].z ^ q->terms.at[t].z}));
      vec_push(a, &squares->observables, product);
    }
  }
  squares->n_outputs = circuit_n_outputs(squares);
  double y0[ROWS * N], sq[ROWS * PAIRS], y[ROWS * MAX_OUTPUTS];
  for (int f = 0; f <= (int)kernel_family(); f++) {
    for (int is_double = 0; is_double < 2; is_double++) {
      const KernelSet *set = kernel_set((KernelFamily)f, is_double);
      if (set == NULL) continue;
      double spread = 0;
      run(exact, kernel_set(kernel_family(), true), y0);
      run(squares, kernel_set(kernel_family(), true), sq);
      for (rig_key = 1; rig_key <= KEYS; rig_key++) {
        run(c, set, y);
        for (int r = 0; r < ROWS; r++) {
          for (int i = 0, at = 0; i < N; i++) {
            const double *row = y + r * c->n_outputs;
            for (int k = i; k < N; k++, at++) {
              const double want = sq[r * PAIRS + at] - y0[r * N + i] * y0[r * N + k];
              assert_true(fabs(row[N + at] * SHOTS - want) < 0.15 + (is_double ? 0 : 1e-3));
              if (i != k) continue;
              const double deviation = fabs(row[i] - y0[r * N + i]), error = sqrt(fmax(row[N + at], 0));
              assert_true(deviation < 5 * error + 2e-4);
              if (want > 0.01) spread += deviation * deviation / (want / SHOTS) / (KEYS * ROWS * 3.0);
            }
          }
        }
      }
      assert_true(spread > 0.6 && spread < 1.3); /* the deviations are as large as the errors say */
    }
  }
  arena_free(a);
}

/* The shift rule from shots is the exact gradient but for noise, and each of its runs has its own shots. */
static void test_gradient(void **state) {
  (void)state;
  Arena *a = arena_new();
  CircuitProgram *exact = circuit(a), *c = circuit(a);
  observables(exact);
  observables(c);
  set_shots(c, SHOTS);
  double w0[ROWS * 4], *w = ARENA_ARRAY(a, double, ROWS * c->n_outputs);
  for (int r = 0; r < ROWS; r++)
    for (int o = 0; o < 4; o++) w[r * c->n_outputs + o] = w0[r * 4 + o] = 0.3 * o - 0.2 * r + 0.5;
  double g0[2][ROWS * 4], g[2][ROWS * 4], *to0[2] = {g0[0], g0[1]}, *to[2] = {g[0], g[1]};
  const KernelSet *set = kernel_set(kernel_family(), true);
  rig_key = 9;
  rig_run(exact, set, OP_CIRCUIT_VJP, ROWS, inputs, w0, NULL, to0);
  rig_method = METHOD_SHIFT;
  rig_run(c, set, OP_CIRCUIT_VJP, ROWS, inputs, w, NULL, to);
  rig_method = METHOD_ADJOINT;
  double worst = 0;
  for (int i = 0; i < ROWS * 4; i++) worst = fmax(worst, fabs(g[0][i] - g0[0][i]));
  for (int i = 0; i < 4; i++) worst = fmax(worst, fabs(g[1][i] - g0[1][i]) / 3);
  assert_true(worst > 1e-5 && worst < 0.06);
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_definition),
      cmocka_unit_test(test_one_qubit),
      cmocka_unit_test(test_expval),
      cmocka_unit_test(test_gradient),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
