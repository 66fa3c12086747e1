/* Random circuits whose angles are all free: those that lang/ir/light_cone.h calls unseen are set to other
 * values, all at once, and no output changes (1e-12, double precision). The other way round it need not find
 * every dead angle; of those that the simulator finds by moving one at a time, chance and the state included,
 * it finds three in four. 300 circuits, 60 with QGN_QUICK. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/ir/light_cone.h"
#include "tests/ref/sim_rig.h"

#define MAX_GATES 40
#define MAX_ANGLES (MAX_GATES * GATE_MAX_ANGLES)

static uint64_t rng_state = 0x9E3779B97F4A7C15u;
static uint64_t rng(void) {
  rng_state ^= rng_state << 13;
  rng_state ^= rng_state >> 7;
  rng_state ^= rng_state << 17;
  return rng_state;
}
static int below(int n) { return (int)((rng() >> 33) % (uint64_t)n); }
static double uniform(double from, double to) { return from + (to - from) * (double)(rng() >> 11) * 0x1p-53; }

static bool usable(GateId g) {
  return !gate_info[g].later && !gate_info[g].given && gate_info[g].cls != GATE_OTHER;
}

static void add_gate(CircuitProgram *c, int *angles, bool phases) {
  static const GateId common[] = {GATE_RX, GATE_RY, GATE_RZ, GATE_CX, GATE_CZ, GATE_RZ, GATE_P};
  GateId g = phases || below(2) == 0 ? common[below(7)] : (GateId)below(GATE_COUNT);
  while (!usable(g)) g = (GateId)below(GATE_COUNT);
  const int targets = gate_info[g].n_qubits > 0 ? gate_info[g].n_qubits : 1 + below(c->n_qubits);
  const int room = c->n_qubits - targets, controls = room > 0 && below(6) == 0 ? 1 : 0;
  if (room < 0) return;
  int order[8];
  for (int i = 0; i < c->n_qubits; i++) order[i] = i;
  for (int i = c->n_qubits - 1; i > 0; i--) {
    const int k = below(i + 1), t = order[i];
    order[i] = order[k], order[k] = t;
  }
  GateUse *u = rig_gate(c, g, controls, targets, order);
  u->inverse = below(4) == 0;
  for (int i = 0; i < gate_info[g].n_angles; i++) u->angle[i] = (AngleRef){0, (*angles)++, 1, 0};
}

static void measure(CircuitProgram *c) {
  const uint64_t all = ((uint64_t)1 << c->n_qubits) - 1;
  int order[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  if (below(3) == 0) rig_probs(c, 1 + below(c->n_qubits), order);
  else
    for (int o = 1 + below(2); o > 0; o--) {
      const uint64_t z = rng() & all & rng();
      rig_expval(c, 1, below(2) ? rng() & all & rng() & rng() : 0, z != 0 ? z : 1);
    }
}

static void run(const CircuitProgram *c, const double *in, double *out) {
  rig_run(c, kernel_set(kernel_family(), true), OP_CIRCUIT, 1, (const double *const[]){in}, NULL, NULL,
          (double *const[]){out});
}

static double change(const CircuitProgram *c, const double *a, const double *b) {
  double x[64], y[64], worst = 0;
  run(c, a, x);
  run(c, b, y);
  for (int i = 0; i < c->n_outputs; i++) worst = fmax(worst, fabs(x[i] - y[i]));
  return worst;
}

static void test_unseen_angles_change_nothing(void **state) {
  (void)state;
  const int cases = getenv("QGN_QUICK") != NULL ? 60 : 300;
  int dead = 0, found = 0;
  for (int n = 0; n < cases; n++) {
    Arena *a = arena_new();
    const int64_t size = MAX_ANGLES;
    const bool rows = false;
    CircuitProgram *c = rig_circuit(a, 1 + below(5), 1, &size, &rows);
    int angles = 0;
    for (int g = 3 + below(MAX_GATES - 3); g > 0; g--) add_gate(c, &angles, n % 2 == 0);
    measure(c);
    const LightCone cone = light_cone(a, c);
    double in[MAX_ANGLES], other[MAX_ANGLES];
    bool seen[MAX_ANGLES] = {false};
    for (int i = 0; i < MAX_ANGLES; i++) in[i] = other[i] = uniform(0, 6);
    for (int g = 0; g < c->gates.n; g++)
      for (int k = 0; k < gate_info[c->gates.at[g].gate].n_angles; k++)
        seen[c->gates.at[g].angle[k].element] = cone.angle[g * GATE_MAX_ANGLES + k];
    for (int i = 0; i < angles; i++)
      if (!seen[i]) other[i] = uniform(0, 6);
    if (change(c, in, other) > 1e-12) fail_msg("circuit %d: an angle called unseen changes the result", n);
    for (int i = 0; i < angles; i++) {
      memcpy(other, in, sizeof in);
      other[i] += 0.7;
      if (change(c, in, other) > 1e-12) continue;
      dead++;
      found += seen[i] ? 0 : 1;
    }
    arena_free(a);
  }
  if (getenv("QGN_SAY") != NULL) printf("# %d of %d dead angles found\n", found, dead);
  assert_true(dead > cases);
  assert_true(found >= dead * 3 / 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_unseen_angles_change_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
