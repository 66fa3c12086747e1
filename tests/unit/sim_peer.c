/* Stored values of other simulators (tests/peer/README.md), in all variants that this CPU runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>
#include "tests/ref/sim_rig.h"

typedef struct Peer {
  Arena *arena;
  int n, layers;
  int64_t batch;
  double noise; /* strength of the depolarising channel on each qubit behind each gate */
  double *weights, *inputs, *cotangent, *expval, *grad_w, *grad_x;
} Peer;

/* The numbers of nested arrays, in order. */
static size_t flatten(json_t *v, double *out, size_t at) {
  if (!json_is_array(v)) {
    if (out != NULL) out[at] = json_number_value(v);
    return at + 1;
  }
  for (size_t i = 0; i < json_array_size(v); i++) at = flatten(json_array_get(v, i), out, at);
  return at;
}

static double *numbers(Arena *a, json_t *root, const char *key) {
  json_t *v = json_object_get(root, key);
  assert_non_null(v);
  double *out = ARENA_ARRAY(a, double, flatten(v, NULL, 0));
  (void)flatten(v, out, 0);
  return out;
}

static Peer load_peer(const char *path) {
  json_error_t error;
  json_t *root = json_load_file(path, 0, &error);
  if (root == NULL) fail_msg("%s: %s", path, error.text);
  Arena *a = arena_new();
  Peer p = {.arena = a,
            .n = (int)json_integer_value(json_object_get(root, "n")),
            .layers = (int)json_integer_value(json_object_get(root, "layers")),
            .batch = json_integer_value(json_object_get(root, "batch")),
            .noise = json_number_value(json_object_get(root, "depolarizing_p")),
            .weights = numbers(a, root, "weights"),
            .inputs = numbers(a, root, "inputs"),
            .cotangent = numbers(a, root, "cotangent"),
            .expval = numbers(a, root, "expval"),
            .grad_w = numbers(a, root, "grad_w"),
            .grad_x = numbers(a, root, "grad_x")};
  json_decref(root);
  return p;
}

static GateUse *add_gate(CircuitProgram *c, const Peer *p, GateId gate, int n, const int *qubits) {
  rig_gate(c, gate, 0, n, qubits);
  const int at = c->gates.n - 1;
  for (int i = 0; i < n && p->noise > 0; i++)
    rig_channel(c, CHANNEL_DEPOLARIZE, 1, &qubits[i])->angle[0].shift = p->noise;
  return &c->gates.at[at];
}

/* Input 0: x [batch, n]; input 1: weights [layers, n, 2]. */
static CircuitProgram *peer_circuit(const Peer *p) {
  int64_t size[2] = {p->n, (int64_t)p->layers * p->n * 2};
  bool rows[2] = {true, false};
  CircuitProgram *c = rig_circuit(p->arena, p->n, 2, size, rows);
  for (int q = 0; q < p->n; q++) {
    add_gate(c, p, GATE_H, 1, &q);
    add_gate(c, p, GATE_RY, 1, &q)->angle[0] = (AngleRef){0, q, 1, 0};
  }
  for (int l = 0; l < p->layers; l++) {
    for (int q = 0; q < p->n; q++) {
      int at = (l * p->n + q) * 2;
      add_gate(c, p, GATE_RY, 1, &q)->angle[0] = (AngleRef){1, at, 1, 0};
      add_gate(c, p, GATE_RZ, 1, &q)->angle[0] = (AngleRef){1, at + 1, 1, 0};
    }
    for (int q = 0; q + 1 < p->n; q++) add_gate(c, p, GATE_CX, 2, (int[]){q, q + 1});
  }
  for (int q = 0; q < p->n; q++) rig_expval(c, 1, 0, 1ull << q);
  return c;
}

static void near(const double *a, const double *b, int64_t n, double tolerance, const char *what,
                 const char *set) {
  for (int64_t i = 0; i < n; i++) {
    if (!(fabs(a[i] - b[i]) <= tolerance * fmax(1, fabs(b[i])))) {
      fail_msg("%s, %s[%lld]: %.17g instead of %.17g", set, what, (long long)i, a[i], b[i]);
    }
  }
}

static void check_peer(const char *path) {
  Peer p = load_peer(path);
  CircuitProgram *c = peer_circuit(&p);
  const double *in[2] = {p.inputs, p.weights};
  int64_t weights = (int64_t)p.layers * p.n * 2;
  double *y = ARENA_ARRAY(p.arena, double, p.batch *p.n);
  double *g[2] = {ARENA_ARRAY(p.arena, double, p.batch *p.n), ARENA_ARRAY(p.arena, double, weights)};
  for (int f = 0; f <= (int)kernel_family(); f++) {
    for (int is_double = 0; is_double < 2; is_double++) {
      const KernelSet *set = kernel_set((KernelFamily)f, is_double);
      if (set == NULL) continue;
      double tolerance = is_double ? 1e-10 : 1e-5;
      rig_run(c, set, OP_CIRCUIT, p.batch, in, NULL, NULL, &y);
      near(y, p.expval, p.batch * p.n, tolerance, "expval", set->name);
      rig_run(c, set, OP_CIRCUIT_VJP, p.batch, in, p.cotangent, NULL, g);
      near(g[0], p.grad_x, p.batch * p.n, tolerance, "grad_x", set->name);
      near(g[1], p.grad_w, weights, tolerance, "grad_w", set->name);
    }
  }
  arena_free(p.arena);
}

static void test_n4_one_sample(void **state) {
  (void)state;
  check_peer("tests/peer/w2_n4_L3_B1.json");
}
static void test_n4_batch(void **state) {
  (void)state;
  check_peer("tests/peer/w2_n4_L3_B32.json");
}
static void test_n8_batch(void **state) {
  (void)state;
  check_peer("tests/peer/w2_n8_L3_B64.json");
}

static void test_n4_noise(void **state) {
  (void)state;
  check_peer("tests/peer/w8_n4_L3_B32_p0.01.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_n4_one_sample),
      cmocka_unit_test(test_n4_batch),
      cmocka_unit_test(test_n8_batch),
      cmocka_unit_test(test_n4_noise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
