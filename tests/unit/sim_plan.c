/* What the plan makes of circuits: gates that cost nothing, merged and dropped rotations, joined
 * passes, bits that never enter; and the algebra below it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "runtime/sim/plan.h"
#include "tests/ref/sim_rig.h"

static Arena *arena;
static int setup(void **state) {
  (void)state;
  arena = arena_new();
  return 0;
}
static int teardown(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

static const SimPlan *plan_for(const CircuitProgram *c, const char *set) {
  const char *why;
  Span where;
  KernelSet k = {.name = set, .real = 4};
  const SimPlan *p = sim_plan(arena, c, &k, &why, &where);
  assert_non_null(p);
  return p;
}

/* Kinds of ops or passes as letters: E R C D T I, 2 and 3 for joined ones. */
static const char *letters(const SimPlan *p, bool passes) {
  static char text[256];
  int n = passes ? p->single.n : p->n_ops;
  for (int i = 0; i < n; i++) text[i] = "ERCDTI234"[passes ? p->single.pass[i].kind : p->op[i].kind];
  text[n] = '\0';
  return text;
}

static void angle(CircuitProgram *c, GateId g, int q, int source, int element) {
  rig_gate(c, g, 0, 1, &q)->angle[0] = (AngleRef){source, element, 1, 0};
}

/* The reference workload: H and RY(x) on all, three layers of RY, RZ and a chain of CX. */
static CircuitProgram *layers(int n) {
  CircuitProgram *c = rig_circuit(arena, n, 2, (int64_t[]){n, 6 * n}, (bool[]){true, false});
  for (int q = 0; q < n; q++) {
    rig_gate(c, GATE_H, 0, 1, &q);
    angle(c, GATE_RY, q, 0, q);
  }
  for (int l = 0; l < 3; l++) {
    for (int q = 0; q < n; q++) {
      angle(c, GATE_RY, q, 1, (l * n + q) * 2);
      angle(c, GATE_RZ, q, 1, (l * n + q) * 2 + 1);
    }
    for (int q = 0; q + 1 < n; q++) rig_gate(c, GATE_CX, 0, 2, (int[]){q, q + 1});
  }
  for (int q = 0; q < n; q++) rig_expval(c, 1, 0, 1ull << q);
  return c;
}

static void test_layers(void **state) {
  (void)state;
  const SimPlan *p = plan_for(layers(8), "f32_avx512");
  /* H, RY(x), RY(w) are one rotation; CX is gone; so is the last layer of RZ */
  assert_string_equal(letters(p, false), "EEEEEEEEITRRRRRRRRTRRRRRRRR");
  assert_string_equal(letters(p, true), "EEEEEEEEIT44T44");
  assert_int_equal(p->slot[0].n_row, 1);
  assert_int_equal(p->slot[0].n_shared, 1);
  assert_true(p->words.tree);
}

static void test_clifford(void **state) {
  (void)state;
  CircuitProgram *c = rig_circuit(arena, 4, 0, NULL, NULL);
  rig_gate(c, GATE_X, 0, 1, (int[]){0});
  for (int q = 0; q + 1 < 4; q++) {
    rig_gate(c, GATE_CX, 0, 2, (int[]){q, q + 1});
    rig_gate(c, GATE_CZ, 0, 2, (int[]){q, q + 1});
    rig_gate(c, GATE_SWAP, 0, 2, (int[]){q, q + 1});
    rig_gate(c, GATE_ISWAP, 0, 2, (int[]){q + 1, q});
    rig_gate(c, GATE_CY, 0, 2, (int[]){q + 1, q});
    rig_gate(c, GATE_S, 0, 1, &q);
  }
  rig_probs(c, 4, (int[]){0, 1, 2, 3});
  const SimPlan *p = plan_for(c, "f64_base");
  assert_int_equal(p->n_ops, 0);
  assert_int_equal(p->dim, 0);
}

/* A state with a symmetry has fewer bits than qubits: a GHZ state one. */
static void test_entered_bits(void **state) {
  (void)state;
  CircuitProgram *c = rig_circuit(arena, 20, 1, (int64_t[]){1}, (bool[]){false});
  angle(c, GATE_RX, 0, 0, 0);
  for (int q = 0; q + 1 < 20; q++) rig_gate(c, GATE_CX, 0, 2, (int[]){q, q + 1});
  rig_expval(c, 1, 0, 1ull << 19);
  rig_expval(c, 1, 0, 3);
  rig_expval(c, 1, 1, 0); /* leads out of the space: 0 */
  const SimPlan *p = plan_for(c, "f32_base");
  assert_int_equal(p->dim, 1);
  assert_int_equal(p->planes, 1);
  double x = 0.3, y[3], *out = y;
  const double *in = &x;
  rig_run(c, kernel_set(kernel_family(), true), OP_CIRCUIT, 1, &in, NULL, NULL, &out);
  assert_true(fabs(y[0] - cos(0.3)) < 1e-15 && fabs(y[1] - 1) < 1e-15 && y[2] == 0);
}

static void test_cancelled(void **state) {
  (void)state;
  CircuitProgram *c = rig_circuit(arena, 2, 1, (int64_t[]){2}, (bool[]){true});
  int both[] = {0, 1};
  rig_gate(c, GATE_H, 0, 1, both);
  rig_gate(c, GATE_H, 0, 1, both);
  rig_gate(c, GATE_RXX, 0, 2, both)->angle[0] = (AngleRef){0, 0, 1, 0};
  rig_gate(c, GATE_RZZ, 0, 2, both)->angle[0] = (AngleRef){0, 1, 1, 0};
  rig_gate(c, GATE_RXX, 0, 2, both)->angle[0] = (AngleRef){0, 0, -1, 0};
  rig_expval(c, 1, 0, 1);
  assert_int_equal(plan_for(c, "f32_base")->n_ops, 0);
}

static void test_later_gate(void **state) {
  (void)state;
  CircuitProgram *c = rig_circuit(arena, 1, 0, NULL, NULL);
  const char *why = NULL;
  Span where = SPAN_NONE;
  KernelSet k = {.name = "f32_base", .real = 4};
  rig_gate(c, GATE_RESET, 0, 1, (int[]){0})->span = (Span){3, 8};
  rig_expval(c, 1, 0, 1);
  assert_null(sim_plan(arena, c, &k, &why, &where));
  assert_non_null(strstr(why, "`reset`"));
  assert_int_equal(where.begin, 3);
}

/* 16 qubits that all enter: a product state, a layer of phases, one of rotations; one qubit by hand. */
static void test_many_qubits(void **state) {
  (void)state;
  enum { N = 16, AT = 9 };
  CircuitProgram *c = rig_circuit(arena, N, 1, (int64_t[]){3}, (bool[]){false});
  for (int q = 0; q < N; q++) angle(c, GATE_RY, q, 0, 0);
  for (int q = 0; q + 1 < N; q++) {
    rig_gate(c, GATE_RZZ, 0, 2, (int[]){q, q + 1})->angle[0] = (AngleRef){0, 1, 1, 0};
  }
  for (int q = 0; q < N; q++) angle(c, GATE_RX, q, 0, 2);
  for (int q = 0; q < N; q++) rig_expval(c, 1, 0, 1ull << q);
  double in[3] = {0.4, 0.5, 0.6}, y[N], g[3], *out = y, w[N] = {0};
  const double *inputs = in;
  /* Heisenberg: Z = cos c Z + sin c Y before RX; Y = sin b cos b X (Z left + Z right) + ... before RZZ */
  double z = cos(0.4), x = sin(0.4);
  double want = cos(0.6) * z + sin(0.6) * x * z * sin(2 * 0.5), slope = sin(0.6) * x * z * 2 * cos(2 * 0.5);
  assert_int_equal(plan_for(c, "f64_base")->dim, N);
  w[AT] = 1;
  const KernelSet *set = kernel_set(kernel_family(), true);
  rig_run(c, set, OP_CIRCUIT, 1, &inputs, NULL, NULL, &out);
  assert_true(fabs(y[AT] - want) < 1e-12);
  out = g;
  rig_run(c, set, OP_CIRCUIT_VJP, 1, &inputs, w, NULL, &out);
  assert_true(fabs(g[1] - slope) < 1e-12);
}

static void test_gf2(void **state) {
  (void)state;
  uint32_t base, basis[32], coords, dual[32];
  Parity eq[3] = {{0x7, 1}, {0x6, 0}, {0x1, 1}};
  assert_int_equal(gf2_solve(4, 3, eq, &base, basis), 2); /* the third follows from the others */
  for (int i = 0; i < 3; i++) {
    assert_int_equal(bit_parity(base & eq[i].mask), eq[i].value);
    for (int j = 0; j < 2; j++) assert_int_equal(bit_parity(basis[j] & eq[i].mask), 0);
  }
  eq[2].value = 0;
  assert_int_equal(gf2_solve(4, 3, eq, &base, basis), -1);
  Span2 s = {0};
  uint32_t v[4] = {0xb, 0x6, 0xc, 0x9};
  for (int i = 0; i < 4; i++) {
    if (!span2_find(&s, v[i], &coords)) span2_add(&s, v[i]);
  }
  assert_int_equal(s.n, 4);
  for (uint32_t k = 0; k < 16; k++) {
    uint32_t sum = 0;
    assert_true(span2_find(&s, k, &coords));
    for (int i = 0; i < 4; i++) sum ^= coords >> i & 1 ? s.vector[i] : 0;
    assert_int_equal(sum, k);
  }
  span2_dual(&s, 4, dual);
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) assert_int_equal(bit_parity(s.vector[i] & dual[j]), i == j);
  }
}

/* Large states: a gradient needs psi and lam, and little besides. */
static void test_memory(void **state) {
  (void)state;
  static const char *const sets[] = {"f32_base", "f32_avx2", "f32_avx512"};
  for (int i = 0; i < 3; i++) {
    for (int n = 16; n <= 22; n += 2) {
      KOp k = {.op = OP_CIRCUIT_VJP, .n_in = 3, .plan = plan_for(layers(n), sets[i])};
      double states = 2.0 * 8 * (double)(1ull << n), ratio = (double)sim_scratch(&k) / states;
      if (ratio > 1.2) fail_msg("%s, %d qubits: %.3f times the states", sets[i], n, ratio);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_layers, setup, teardown),
      cmocka_unit_test_setup_teardown(test_clifford, setup, teardown),
      cmocka_unit_test_setup_teardown(test_entered_bits, setup, teardown),
      cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
      cmocka_unit_test_setup_teardown(test_later_gate, setup, teardown),
      cmocka_unit_test_setup_teardown(test_many_qubits, setup, teardown),
      cmocka_unit_test_setup_teardown(test_gf2, setup, teardown),
      cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
