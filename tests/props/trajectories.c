/* Trajectories against density matrices: means of several streams within 4 of their standard errors, values,
 * gradients in angles (adjoint where channels only apply words, shift) and in strengths. Streams are fixed,
 * so the tests give the same verdict each time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "runtime/kernels/kernel.h"
#include "tests/ref/sim_rig.h"

#define ROWS 2
#define STREAMS 24
#define MAX_VALUES 64

static const double flip_or_stay[16] = {0.8, 0, 0, 0, 0, 0, 0.8, 0, 0, 0, 0.6, 0, 0, -0.6, 0, 0};
static const double two[64] = {[0] = 0.8,  [10] = 0.8, [20] = 0.8, [30] = 0.8, /* 0.8, and 0.6 i swap */
                               [33] = 0.6, [45] = 0.6, [51] = 0.6, [63] = 0.6};

static void add_channel(CircuitProgram *c, ChannelId id, bool open) {
  const int first = rig_below(c->n_qubits), second = (first + 1) % c->n_qubits;
  const int targets = id == CHANNEL_KRAUS ? 1 + rig_below(2) : channel_info[id].n_qubits;
  if (targets == 2 && c->n_qubits == 1) return;
  GateUse *u = rig_channel(c, id, targets, (int[]){first, second});
  for (int k = 0; k < channel_n_params(id); k++) {
    u->angle[k].shift = rig_uniform(0.05, 0.3);
    if (open) u->angle[k] = (AngleRef){rig_below(2) ? 2 : 3, k % 2, 1, 0.01};
  }
  for (int k = 0; k < 3 && id == CHANNEL_RELAX; k++) {
    static const double scale[3] = {100, 50, 40}, shift[3] = {30, 20, 1};
    u->angle[k].scale *= scale[k];
    u->angle[k].shift = open ? shift[k] : k == 2 ? 10 : 50 + 10 * k;
  }
  if (id == CHANNEL_KRAUS) {
    u->n_kraus = 2;
    u->values = targets == 1 ? flip_or_stay : two;
  }
}

/* Inputs: angles of rows, shared angles, shared strengths, strengths of rows. */
static CircuitProgram *random_circuit(Arena *a, int n, int size, bool jumps, bool open) {
  static const GateId gates[] = {GATE_H,   GATE_RX, GATE_RY,  GATE_RZ, GATE_CX,
                                 GATE_CRY, GATE_U3, GATE_RXX, GATE_S};
  CircuitProgram *c = rig_circuit(a, n, 4, (int64_t[]){3, 4, 2, 2}, (bool[]){true, false, false, true});
  c->mixed = true;
  while (c->gates.n < size) {
    if (rig_below(2)) {
      const ChannelId id = (ChannelId)(1 + rig_below(CHANNEL_COUNT - 1));
      if (id != CHANNEL_READOUT && (jumps || channel_info[id].kind == CHANNEL_WORDS))
        add_channel(c, id, open);
      continue;
    }
    const GateId g = gates[rig_below(9)];
    if (gate_info[g].n_qubits > n) continue;
    const int first = rig_below(n), controls = n > 2 && gate_info[g].n_qubits == 1 && rig_below(4) == 0;
    GateUse *u = rig_gate(c, g, controls, gate_info[g].n_qubits, (int[]){first, (first + 1) % n});
    for (int k = 0; k < gate_info[g].n_angles; k++)
      u->angle[k] = (AngleRef){rig_below(3) - 1, rig_below(3), rig_uniform(-1.5, 1.5), rig_uniform(-1, 1)};
  }
  for (int q = 0; q < (n < 2 ? n : 2) && rig_below(2); q++) {
    GateUse *u = rig_channel(c, CHANNEL_READOUT, 1, (int[]){q});
    u->angle[0] = (AngleRef){open && rig_below(2) ? 2 + q : -1, 0, 1, 0.05};
    u->angle[1] = (AngleRef){open && rig_below(2) ? 3 : -1, 1, 1, 0.15};
  }
  if (rig_below(2)) {
    for (int o = 0; o < 2; o++) {
      rig_expval(c, 1, rig_rng() & ((1u << n) - 1), rig_rng() & ((1u << n) - 1));
      rig_term(c, 0.5, 0, 1);
    }
  } else {
    rig_probs(c, 1 + rig_below(n < 3 ? n : 3), (int[]){n - 1, 0, 1});
  }
  return c;
}

static void within(const CircuitProgram *c, const char *what, int n, const double *exact,
                   double sample[STREAMS][MAX_VALUES], int paths) {
  for (int i = 0; i < n; i++) {
    double mean = 0, square = 0;
    for (int s = 0; s < STREAMS; s++) mean += sample[s][i] / STREAMS;
    for (int s = 0; s < STREAMS; s++) square += (sample[s][i] - mean) * (sample[s][i] - mean);
    const double error = sqrt(square / (STREAMS - 1) / STREAMS);
    if (fabs(mean - exact[i]) <= 4 * error + 1e-12) continue;
    for (int g = 0; g < c->gates.n; g++)
      print_message("%s %d; ",
                    c->gates.at[g].channel ? channel_info[c->gates.at[g].channel].name
                                           : gate_info[c->gates.at[g].gate].name,
                    c->gates.at[g].qubit[0]);
    fail_msg("%s[%d]: %.6f +- %.6f by %d trajectories, %.6f exactly", what, i, mean, error, paths, exact[i]);
  }
}

typedef struct Case {
  CircuitProgram *c;
  double value[4][MAX_VALUES], w[MAX_VALUES];
  const double *in[4];
} Case;

static void fill_case(Case *t, CircuitProgram *c) {
  t->c = c;
  for (int k = 0; k < 4; k++) {
    for (int i = 0; i < MAX_VALUES; i++)
      t->value[k][i] = k < 2 ? rig_uniform(-2, 2) : rig_uniform(0.05, 0.25);
    t->in[k] = t->value[k];
  }
  for (int i = 0; i < MAX_VALUES; i++) t->w[i] = rig_uniform(-1, 1);
}

static void run(const Case *t, OpId op, int64_t trajectories, double out[4][MAX_VALUES]) {
  CircuitProgram c = *t->c;
  double *at[4] = {out[0], out[1], out[2], out[3]};
  c.trajectories = trajectories;
  rig_run(&c, rig_best(), op, ROWS, t->in, op == OP_CIRCUIT ? NULL : t->w, NULL, at);
}

static double exact[4][MAX_VALUES], got[4][MAX_VALUES], sample[4][STREAMS][MAX_VALUES];

static void compare(const Case *t, OpId op, int paths, const char *what) {
  rig_method = METHOD_ADJOINT;
  const CircuitMethod method = t->c->jumps ? METHOD_SHIFT : METHOD_ADJOINT;
  run(t, op, 0, exact);
  if (op == OP_CIRCUIT_VJP) rig_method = method;
  for (int s = 0; s < STREAMS; s++) {
    rig_key = (uint64_t)s * 77 + 5;
    run(t, op, paths, got);
    memcpy(sample[0][s], got[0], sizeof got[0]);
    for (int k = 1; k < 4; k++) memcpy(sample[k][s], got[k], sizeof got[k]);
  }
  rig_method = METHOD_ADJOINT;
  if (op == OP_CIRCUIT) {
    within(t->c, what, (int)rig_samples(t->c, ROWS) * t->c->n_outputs, exact[0], sample[0], paths);
    return;
  }
  for (int k = 0; k < 4; k++) {
    const int n = (int)t->c->input_size[k] * (t->c->input_has_rows[k] ? ROWS : 1);
    within(t->c, k < 2 ? "angle" : "strength", n, exact[k], sample[k], paths);
  }
}

static void test_values(void **state) {
  (void)state;
  static Case t;
  rig_rng_state = 11;
  for (int i = 0; i < 40; i++) {
    Arena *a = arena_new();
    fill_case(&t, random_circuit(a, 1 + rig_below(4), 2 + rig_below(16), i % 4 != 0, i % 2));
    compare(&t, OP_CIRCUIT, 333, "y");
    arena_free(a);
  }
}

static void test_gradients(void **state) {
  (void)state;
  static Case t;
  rig_rng_state = 12;
  for (int i = 0; i < 24; i++) {
    Arena *a = arena_new();
    const bool jumps = i % 2;
    fill_case(&t, random_circuit(a, 1 + rig_below(3), 2 + rig_below(10), jumps, i % 3 != 1));
    t.c->jumps = jumps;
    compare(&t, OP_CIRCUIT_VJP, jumps ? 75 : 150, "g");
    arena_free(a);
  }
}

/* With words only, adjoint gradients and shifts by the same trajectories are the same numbers. */
static void test_shift_is_adjoint(void **state) {
  (void)state;
  static Case t;
  static double shifted[4][MAX_VALUES];
  rig_rng_state = 13;
  for (int i = 0; i < 20; i++) {
    Arena *a = arena_new();
    fill_case(&t, random_circuit(a, 1 + rig_below(4), 2 + rig_below(16), false, true));
    run(&t, OP_CIRCUIT_VJP, 37, got);
    rig_method = METHOD_SHIFT;
    run(&t, OP_CIRCUIT_VJP, 37, shifted);
    rig_method = METHOD_ADJOINT;
    for (int k = 0; k < 4; k++)
      for (int e = 0; e < (int)t.c->input_size[k] * (t.c->input_has_rows[k] ? ROWS : 1); e++)
        assert_true(fabs(got[k][e] - shifted[k][e]) < 1e-12);
    arena_free(a);
  }
}

/* With words only, differences and adjoint gradients by the same trajectories agree. */
static void test_differences(void **state) {
  (void)state;
  static Case t;
  static double moved[4][MAX_VALUES];
  rig_rng_state = 16;
  for (int i = 0; i < 20; i++) {
    Arena *a = arena_new();
    const int paths = 40;
    fill_case(&t, random_circuit(a, 1 + rig_below(3), 2 + rig_below(12), false, false));
    run(&t, OP_CIRCUIT_VJP, paths, got);
    rig_method = METHOD_FINITE;
    run(&t, OP_CIRCUIT_VJP, paths, moved);
    rig_method = METHOD_ADJOINT;
    for (int k = 0; k < 2; k++)
      for (int e = 0; e < (int)t.c->input_size[k] * (t.c->input_has_rows[k] ? ROWS : 1); e++)
        assert_true(fabs(got[k][e] - moved[k][e]) < 1e-8);
    arena_free(a);
  }
}

/* Long steps: a mean over streams comes to the derivative of cos(a) in a step of 1, and two runs in a random
 * direction likewise. Of one qubit with a jump, z = (1 - g) cos a + g. */
static void test_long_steps(void **state) {
  (void)state;
  static Case t;
  Arena *a = arena_new();
  CircuitProgram *c = rig_circuit(a, 1, 1, (int64_t[]){1}, (bool[]){false});
  c->mixed = c->jumps = true;
  rig_gate(c, GATE_RX, 0, 1, (int[]){0})->angle[0] = (AngleRef){0, 0, 1, 0};
  rig_channel(c, CHANNEL_DAMP, 1, (int[]){0})->angle[0].shift = 0.3;
  rig_expval(c, 1, 0, 1);
  t.c = c;
  t.in[0] = t.value[0];
  t.value[0][0] = 0.9;
  t.w[0] = 1;
  for (int m = 0; m < 2; m++) {
    double mean = 0, square = 0;
    const double h = m == 0 ? fmin(1, pow(203.0 / 500, 0.1)) : pow(9.0 / 500, 1.0 / 6);
    const double want = -0.7 * sin(0.9) * (m == 0 ? (8 * sin(h) - sin(2 * h)) / (6 * h) : sin(h) / h);
    rig_method = m == 0 ? METHOD_FINITE : METHOD_SPSA;
    for (int s = 0; s < 200; s++) {
      rig_key = (uint64_t)s * 19 + 3;
      run(&t, OP_CIRCUIT_VJP, 500, got);
      mean += got[0][0] / 200;
      square += got[0][0] * got[0][0] / 200;
    }
    rig_method = METHOD_ADJOINT;
    const double error = sqrt((square - mean * mean) / 200);
    if (!(fabs(mean - want) < 4 * error && error < 0.02))
      fail_msg("method %d: %.5f +- %.5f, expected %.5f", m, mean, error, want);
  }
  arena_free(a);
}

/* Standard errors: their squares have the variance of the means over streams as their mean. */
static void test_errors(void **state) {
  (void)state;
  static Case t;
  double variance = 0, square = 0;
  rig_rng_state = 15;
  for (int i = 0; i < 30; i++) {
    Arena *a = arena_new();
    fill_case(&t, random_circuit(a, 1 + rig_below(3), 4 + rig_below(12), i % 2, false));
    CircuitProgram c = *t.c;
    c.trajectories = 100;
    c.n_outputs = circuit_n_outputs(&c);
    const int n = c.n_outputs / 2, rows = (int)rig_samples(&c, ROWS);
    assert_int_equal(n, t.c->n_outputs);
    for (int s = 0; s < STREAMS; s++) {
      double *out = sample[0][s];
      rig_key = (uint64_t)s * 31 + 7;
      rig_run(&c, rig_best(), OP_CIRCUIT, ROWS, t.in, NULL, NULL, &out);
    }
    for (int o = 0; o < rows * c.n_outputs; o++) {
      if (o % c.n_outputs >= n) continue;
      double mean = 0;
      for (int s = 0; s < STREAMS; s++) mean += sample[0][s][o] / STREAMS;
      for (int s = 0; s < STREAMS; s++) {
        variance += (sample[0][s][o] - mean) * (sample[0][s][o] - mean) / (STREAMS - 1);
        square += sample[0][s][o + n] * sample[0][s][o + n] / STREAMS;
      }
    }
    arena_free(a);
  }
  assert_true(square > 0.9 * variance && square < 1.1 * variance);
}

/* Every family takes the same branches. */
static void test_families(void **state) {
  (void)state;
  static Case t;
  static double y[2][MAX_VALUES];
  rig_rng_state = 14;
  for (int i = 0; i < 20; i++) {
    Arena *a = arena_new();
    fill_case(&t, random_circuit(a, 1 + rig_below(4), 2 + rig_below(16), true, false));
    t.c->trajectories = 50;
    int runs = 0;
    for (int f = 0; f <= (int)kernel_family(); f++) {
      double *out = y[runs > 0];
      if (kernel_set((KernelFamily)f, true) == NULL) continue;
      rig_run(t.c, kernel_set((KernelFamily)f, true), OP_CIRCUIT, ROWS, t.in, NULL, NULL, &out);
      for (int o = 0; runs > 0 && o < (int)rig_samples(t.c, ROWS) * t.c->n_outputs; o++)
        assert_true(fabs(y[0][o] - y[1][o]) < 1e-12);
      runs++;
    }
    arena_free(a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),           cmocka_unit_test(test_gradients),
      cmocka_unit_test(test_shift_is_adjoint), cmocka_unit_test(test_errors),
      cmocka_unit_test(test_families),         cmocka_unit_test(test_differences),
      cmocka_unit_test(test_long_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
