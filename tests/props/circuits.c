/* Random circuits of 1 to 10 qubits and 1 to 200 gates (shared and affine parameters, controls, inverses,
 * powers, matrices): in double precision
 *   adjoint = backprop to 1e-12, = shift to 1e-12 (up to 60 parameters), = differences to 1e-8;
 *   Hessian products in 3 random directions: forward over adjoint = differences of backprop to 1e-9;
 *   u H v = v H u, and w . J u = u . g, to 1e-10.
 * Numbers are compared relative to the largest of their tensor, at least 1.
 *
 * 200 circuits, 24 with QGN_QUICK. With QGN_CIRCUITS=FIRST:COUNT these, and the last line says how far apart
 * the methods were (make soak-circuits). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/ir/gate_matrix.h"
#include "tests/ref/sim_rig.h"

#define ROWS 2
#define INPUTS 3
#define MAX_PARAMETERS 120
#define MAX_OUTPUTS 16
#define WIDTH (ROWS * (MAX_PARAMETERS > MAX_OUTPUTS ? MAX_PARAMETERS : MAX_OUTPUTS))

static uint64_t rng_state;
static uint64_t rng(void) {
  rng_state ^= rng_state << 13;
  rng_state ^= rng_state >> 7;
  rng_state ^= rng_state << 17;
  return rng_state;
}
static int below(int n) { return (int)((rng() >> 33) % (uint64_t)n); }
static double uniform(double from, double to) { return from + (to - from) * (double)(rng() >> 11) * 0x1p-53; }

typedef struct Parts {
  double v[INPUTS + 1][WIDTH];
  double *at[INPUTS + 1];
} Parts;

static double *const *parts(Parts *p) {
  for (int k = 0; k <= INPUTS; k++) p->at[k] = p->v[k];
  return p->at;
}

typedef struct Case {
  CircuitProgram *c;
  int number;
  const double *in[INPUTS];
  double value[INPUTS][WIDTH], w[WIDTH];
} Case;

typedef struct Worst {
  double backprop, shift, difference, hessian;
  int shifted;
} Worst;
static Worst worst;

static const KernelSet *set(void) { return kernel_set(kernel_family(), true); }
static int64_t length(const CircuitProgram *c, int k) {
  return k == INPUTS ? rig_samples(c, ROWS) * c->n_outputs
                     : c->input_size[k] * (c->input_has_rows[k] ? ROWS : 1);
}
static int parameters(const CircuitProgram *c) {
  int64_t n = 0;
  for (int k = 0; k < INPUTS; k++) n += c->input_size[k];
  return (int)n;
}

/* ---- making them ---- */

static void shuffle(int n, int *order) {
  for (int i = 0; i < n; i++) order[i] = i;
  for (int i = n - 1; i > 0; i--) {
    int j = below(i + 1), t = order[i];
    order[i] = order[j];
    order[j] = t;
  }
}

/* A matrix as a word and values: a product of rotations, or a power of a gate. */
static void give(Arena *a, GateUse *u) {
  const int d = 1 << u->n_targets;
  char *word = ARENA_ARRAY(a, char, u->n_targets + 1);
  double *v = ARENA_ARRAY(a, double, 2 * d * d);
  if (u->gate == GATE_PAULIROT) {
    for (int i = 0; i < u->n_targets; i++) word[i] = "IXYZ"[below(4)];
    u->word = word;
    return;
  }
  for (int i = 0; i < d && u->gate == GATE_DIAGONAL; i++) v[i] = uniform(-3, 3);
  if (u->gate == GATE_UNITARY) {
    GateUse base = {.gate = u->n_targets == 1 ? GATE_U3 : GATE_ISWAP, .n_targets = u->n_targets};
    for (int i = 0; i < 3; i++) base.angle[i] = (AngleRef){-1, 0, 0, uniform(-3, 3)};
    double complex *m = gate_use_matrix(a, &base);
    assert_true(matrix_power(a, d, m, uniform(-2, 2)));
    for (int i = 0; i < d * d; i++) v[2 * i] = creal(m[i]), v[2 * i + 1] = cimag(m[i]);
  }
  u->values = v;
}

static AngleRef random_angle(const CircuitProgram *c, int power) {
  int source = below(6) - 1;
  if (source > 2) source = 1;
  int element = source < 0 ? 0 : below((int)c->input_size[source]);
  double shift = below(3) == 0 ? acos(-1) / 4 * below(9) : uniform(-2, 2),
         scale = below(2) ? 1 : uniform(-2, 2);
  return (AngleRef){source, element, power * scale, power * (below(2) ? shift : 0)};
}

static CircuitProgram *random_circuit(Arena *a, int n, int n_gates) {
  int shared = 1 + below(below(2) ? 20 : 80);
  CircuitProgram *c = rig_circuit(a, n, INPUTS, (int64_t[]){4, shared, 2}, (bool[]){true, false, true});
  while (c->gates.n < n_gates) {
    GateId g = (GateId)below(GATE_COUNT);
    const GateInfo *info = &gate_info[g];
    const bool given = g == GATE_UNITARY || g == GATE_DIAGONAL || g == GATE_PAULIROT;
    int targets = info->n_qubits > 0 ? info->n_qubits : 1 + below(given ? 2 : 3);
    int controls = below(4) == 0 ? 1 + below(2) : 0, order[16];
    if (info->later || (info->given && !given) || targets + controls > n) continue;
    shuffle(n, order);
    GateUse *u = rig_gate(c, g, controls, targets, order);
    u->inverse = below(4) == 0;
    for (int i = 0; i < controls; i++) u->control_on[i] = (uint8_t)below(2);
    for (int i = 0; i < info->n_angles; i++)
      u->angle[i] = random_angle(c, info->n_angles == 1 && below(4) == 0 ? 1 + below(3) : 1);
    if (given) give(a, u);
  }
  return c;
}

static void random_measure(CircuitProgram *c) {
  const int n = c->n_qubits;
  int order[16];
  if (below(3) == 0) {
    shuffle(n, order);
    rig_probs(c, 1 + below(n < 4 ? n : 4), order);
    return;
  }
  for (int o = 0, outputs = 1 + below(5); o < outputs; o++)
    for (int i = 0, terms = 1 + below(4); i < terms; i++) {
      uint64_t x = below(2) ? 0 : (uint64_t)below(1 << n), z = (uint64_t)below(1 << n);
      if (i == 0) rig_expval(c, uniform(-2, 2), x, z);
      else rig_term(c, uniform(-2, 2), x, z);
    }
}

/* ---- comparing ---- */

static double apart(const Case *t, const Parts *a, const Parts *b, int from, int to) {
  double off = 0;
  for (int k = from; k < to; k++) {
    double size = 1;
    for (int64_t i = 0; i < length(t->c, k); i++) size = fmax(size, fabs(b->v[k][i]));
    for (int64_t i = 0; i < length(t->c, k); i++) {
      double d = fabs(a->v[k][i] - b->v[k][i]) / size;
      off = d <= off ? off : d; /* NaN stays */
    }
  }
  return off;
}

static void within(const Case *t, double off, double tolerance, const char *what, double *most) {
  if (!(off <= *most)) *most = off;
  if (off <= tolerance) return;
  fail_msg("circuit %d (%d qubits, %d gates, %d parameters): %s off by %g", t->number, t->c->n_qubits,
           t->c->gates.n, parameters(t->c), what, off);
}

static void run(const Case *t, OpId op, CircuitMethod method, const double *const *in, const double *const *u,
                Parts *out) {
  rig_method = method;
  rig_run(t->c, set(), op, ROWS, in, t->w, u, parts(out));
  rig_method = METHOD_ADJOINT;
}

/* d/dh of the backprop gradient along u: three central differences, extrapolated to an error of h^6. */
static void difference_along(const Case *t, const double *const *u, Parts *out) {
  static Parts side[2], d[3];
  static double moved[INPUTS][WIDTH];
  const double *at[INPUTS] = {moved[0], moved[1], moved[2]};
  double h = 0.04;
  for (int step = 0; step < 3; step++, h /= 2) {
    for (int s = 0; s < 2; s++) {
      for (int k = 0; k < INPUTS; k++)
        for (int64_t i = 0; i < length(t->c, k); i++) moved[k][i] = t->in[k][i] + (s ? -h : h) * u[k][i];
      run(t, OP_CIRCUIT_VJP, METHOD_BACKPROP, at, NULL, &side[s]);
    }
    for (int k = 0; k < INPUTS; k++)
      for (int64_t i = 0; i < length(t->c, k); i++)
        d[step].v[k][i] = (side[0].v[k][i] - side[1].v[k][i]) / (2 * h);
  }
  for (int k = 0; k < INPUTS; k++)
    for (int64_t i = 0; i < length(t->c, k); i++) {
      double a = (4 * d[1].v[k][i] - d[0].v[k][i]) / 3, b = (4 * d[2].v[k][i] - d[1].v[k][i]) / 3;
      out->v[k][i] = (16 * b - a) / 15;
    }
}

static double dot(const Case *t, const Parts *a, const double *const *u) {
  double sum = 0;
  for (int k = 0; k < INPUTS; k++)
    for (int64_t i = 0; i < length(t->c, k); i++) sum += a->v[k][i] * u[k][i];
  return sum;
}

/* How far an angle turns along u, at most: the differences need a length that this bounds. */
static double reach(const Case *t, const double *const *u) {
  double sum = 0;
  for (int g = 0; g < t->c->gates.n; g++)
    for (int i = 0; i < gate_info[t->c->gates.at[g].gate].n_angles; i++) {
      const AngleRef *r = &t->c->gates.at[g].angle[i];
      if (r->source < 0) continue;
      double most = fabs(u[r->source][r->element]);
      if (t->c->input_has_rows[r->source])
        most = fmax(most, fabs(u[r->source][t->c->input_size[r->source] + r->element]));
      sum += fabs(r->scale) * most;
    }
  return sum;
}

static void check_second_order(const Case *t, const Parts *g) {
  static double value[3][INPUTS][WIDTH];
  static Parts h[3], d;
  const double *u[3][INPUTS];
  for (int n = 0; n < 3; n++) {
    for (int k = 0; k < INPUTS; k++) {
      for (int64_t i = 0; i < length(t->c, k); i++) value[n][k][i] = uniform(-1, 1);
      u[n][k] = value[n][k];
    }
    const double size = fmax(1, reach(t, u[n]) / 4);
    for (int k = 0; k < INPUTS; k++)
      for (int64_t i = 0; i < length(t->c, k); i++) value[n][k][i] /= size;
    run(t, OP_CIRCUIT_HVP, METHOD_ADJOINT, t->in, u[n], &h[n]);
    difference_along(t, u[n], &d);
    within(t, apart(t, &h[n], &d, 0, INPUTS), 1e-9, "Hessian product", &worst.hessian);
    double along = dot(t, g, u[n]), forward = 0;
    for (int64_t i = 0; i < length(t->c, INPUTS); i++) forward += t->w[i] * h[n].v[INPUTS][i];
    double off = fabs(along - forward) / fmax(1, fabs(along)), ignored = 0;
    within(t, off, 1e-10, "tangent of the outputs", &ignored);
  }
  const double a = dot(t, &h[0], u[1]), b = dot(t, &h[1], u[0]);
  double ignored = 0;
  within(t, fabs(a - b) / fmax(1, fabs(a)), 1e-10, "symmetry of the Hessian", &ignored);
}

static void check_circuit(int number) {
  static Case t;
  static Parts adjoint, other;
  Arena *a = arena_new();
  rng_state = 0x9E3779B97F4A7C15u * (uint64_t)(number + 1);
  for (int i = 0; i < 8; i++) (void)rng();
  const int n = 1 + number % 10;
  t.number = number;
  t.c = random_circuit(a, n, 1 + below(number % 3 == 0 ? 200 : 60));
  random_measure(t.c);
  for (int k = 0; k < INPUTS; k++) {
    for (int64_t i = 0; i < length(t.c, k); i++) t.value[k][i] = uniform(-3, 3);
    t.in[k] = t.value[k];
  }
  for (int64_t i = 0; i < length(t.c, INPUTS); i++) t.w[i] = uniform(-1, 1);
  rig_batch = number % 2 ? 1 : 4096; /* amplitudes in the lanes, or samples */
  run(&t, OP_CIRCUIT_VJP, METHOD_ADJOINT, t.in, NULL, &adjoint);
  run(&t, OP_CIRCUIT_VJP, METHOD_BACKPROP, t.in, NULL, &other);
  within(&t, apart(&t, &adjoint, &other, 0, INPUTS), 1e-12, "backprop", &worst.backprop);
  if (parameters(t.c) <= 60) {
    run(&t, OP_CIRCUIT_VJP, METHOD_SHIFT, t.in, NULL, &other);
    within(&t, apart(&t, &adjoint, &other, 0, INPUTS), 1e-12, "shift", &worst.shift);
    worst.shifted++;
  }
  run(&t, OP_CIRCUIT_VJP, METHOD_FINITE, t.in, NULL, &other);
  within(&t, apart(&t, &adjoint, &other, 0, INPUTS), 1e-8, "differences", &worst.difference);
  check_second_order(&t, &adjoint);
  arena_free(a);
}

static void test_circuits(void **state) {
  (void)state;
  const char *range = getenv("QGN_CIRCUITS");
  int first = 0, count = getenv("QGN_QUICK") ? 24 : 200;
  if (range != NULL && sscanf(range, "%d:%d", &first, &count) != 2) fail_msg("QGN_CIRCUITS is FIRST:COUNT");
  for (int i = first; i < first + count; i++) check_circuit(i);
  print_message(
      "# %d circuits, %d with shift: backprop %.1e, shift %.1e, differences %.1e, Hessian products %.1e\n",
      count, worst.shifted, worst.backprop, worst.shift, worst.difference, worst.hessian);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_circuits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
