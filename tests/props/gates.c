/* Every row of gates.def, and random circuits of them: the kernels against the dense reference
 * (tests/ref/ref_sim.c), their gradients against shift rules and differences, their Hessian
 * products against differences of gradients; all variants that this CPU runs. */
#define _GNU_SOURCE /* M_PI */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/ref/ref_sim.h"
#include "runtime/sim/wide.h"
#include "tests/ref/sim_rig.h"

#define ROWS 3
#define MAX_QUBITS 12
#define MAX_VALUES 64 /* of one input, or outputs of one row */

static void fill(double *v, int64_t n, double size) {
  for (int64_t i = 0; i < n; i++) v[i] = (double)(float)rig_uniform(-size, size); /* the same in single */
}

/* ---- variants ---- */

/* Of n random circuits those that are tried: a fifth with QGN_QUICK. */
static int some(int n) { return getenv("QGN_QUICK") ? n / 5 : n; }

/* Calls of a small batch have amplitudes in the lanes, of a large one samples. */
#define SMALL_BATCH 1
#define LARGE_BATCH 4096

typedef void Check(const CircuitProgram *c, const KernelSet *set, double tolerance, void *data);
static void for_variants(const CircuitProgram *c, Check *check, void *data) {
  for (int layout = 0; layout < 2; layout++) {
    rig_batch = layout ? SMALL_BATCH : LARGE_BATCH;
    for (int f = 0; f <= (int)kernel_family(); f++) {
      if (kernel_set((KernelFamily)f, true) == NULL) continue;
      check(c, kernel_set((KernelFamily)f, true), 1e-10, data);
      check(c, kernel_set((KernelFamily)f, false), 1e-5, data);
    }
  }
}

/* ---- a circuit with values for its inputs ---- */

typedef struct Case {
  CircuitProgram *c;
  int64_t rows;
  const double *in[4];
  double value[4][40 * MAX_VALUES];
  double w[40 * MAX_VALUES];
} Case;

static void fill_case(Case *t, CircuitProgram *c, int64_t rows) {
  t->c = c;
  t->rows = rows;
  for (int k = 0; k < c->n_inputs; k++) {
    fill(t->value[k], rig_values(c, k, rows), 3);
    t->in[k] = t->value[k];
  }
  fill(t->w, rows * c->n_outputs, 1);
}

static void reference_outputs(const Case *t, double *y) {
  for (int64_t r = 0; r < rig_samples(t->c, t->rows); r++) {
    ref_outputs(t->c, t->in, r, y + r * t->c->n_outputs);
  }
}

static void check_outputs(const CircuitProgram *c, const KernelSet *set, double tolerance, void *data) {
  const Case *t = data;
  double want[40 * MAX_VALUES], got[40 * MAX_VALUES], *out = got;
  reference_outputs(t, want);
  rig_run(c, set, OP_CIRCUIT, t->rows, t->in, NULL, NULL, &out);
  rig_near(c, got, want, rig_samples(c, t->rows) * c->n_outputs, tolerance, "y", set->name);
}

/* ---- matrices ---- */

static int targets_of(GateId g) { return gate_info[g].n_qubits > 0 ? gate_info[g].n_qubits : 3; }

static void test_matrices(void **state) {
  (void)state;
  for (int g = 0; g < GATE_COUNT; g++) {
    const GateInfo *info = &gate_info[g];
    if (info->later || info->given) continue;
    int n = targets_of((GateId)g);
    size_t d = (size_t)1 << n;
    double angle[GATE_MAX_ANGLES], back[GATE_MAX_ANGLES] = {0};
    double complex m[64], inverse[64], product;
    fill(angle, GATE_MAX_ANGLES, 3);
    ref_gate_matrix((GateId)g, n, angle, m);
    bool rule = strcmp(info->inverse, "rule") == 0;
    if (rule) {
      for (size_t i = 0; i < d * d; i++) inverse[i] = conj(m[i % d * d + i / d]);
    } else {
      GateId other = strcmp(info->inverse, "self") == 0 || strcmp(info->inverse, "negate") == 0
                         ? (GateId)g
                         : gate_find(info->inverse);
      assert_true(other < GATE_COUNT);
      for (int i = 0; i < info->n_angles; i++) back[i] = -angle[i];
      ref_gate_matrix(other, n, back, inverse);
    }
    for (size_t i = 0; i < d * d; i++) {
      product = 0;
      for (size_t k = 0; k < d; k++) product += m[i / d * d + k] * inverse[k * d + i % d];
      if (cabs(product - (i / d == i % d)) > 1e-14) fail_msg("%s: inverse", info->name);
      bool diagonal = i / d == i % d;
      if (info->cls == GATE_DIAG && !diagonal && cabs(m[i]) > 0) fail_msg("%s is not diagonal", info->name);
      if (info->cls == GATE_PERM && cabs(m[i]) > 1e-15 && fabs(cabs(m[i]) - 1) > 1e-15) {
        fail_msg("%s permutes no basis states", info->name);
      }
    }
  }
}

/* ---- shift rules ---- */

/* Frequencies of angle `k` of a gate: its part of the spectrum column. */
static int frequencies(const GateUse *u, int k, double f[4]) {
  const char *s = gate_info[u->gate].spectrum;
  int n = 0;
  for (; k > 0 && strchr(s, ';') != NULL; k--) s = strchr(s, ';') + 1;
  if (u->n_controls > 0) { /* the generator gets the eigenvalue 0 */
    f[0] = 0.5;
    f[1] = 1;
    return 2;
  }
  for (char *end; *s != '\0' && *s != ';' && n < 4; s = end) {
    f[n] = strtod(s, &end);
    if (end == s) break;
    n++;
  }
  return n;
}

/* F with the angle moved; F = sum of w y by the reference. */
static double moved(const Case *t, GateUse *u, int k, double by) {
  double before = u->angle[k].shift;
  u->angle[k].shift += by;
  double f = ref_weighted(t->c, t->in, rig_samples(t->c, t->rows), t->w);
  u->angle[k].shift = before;
  return f;
}

/* dF / d angle by the general shift rule: sum over mu of c (F(+s) - F(-s)), exact for one or two
 * frequencies if sum over mu of 2 c sin(f s) = f for each. */
static double by_shift(const Case *t, GateUse *u, int k) {
  double f[4], s[2] = {M_PI / 2, M_PI}, c[2] = {0, 0};
  int n = frequencies(u, k, f);
  if (n == 0) return 0;
  assert_true(n <= 2);
  if (n == 1) {
    s[0] = M_PI / 2 / f[0];
    return f[0] / 2 * (moved(t, u, k, s[0]) - moved(t, u, k, -s[0]));
  }
  double a = 2 * sin(f[0] * s[0]), b = 2 * sin(f[0] * s[1]), d = 2 * sin(f[1] * s[0]),
         e = 2 * sin(f[1] * s[1]);
  c[0] = (f[0] * e - b * f[1]) / (a * e - b * d);
  c[1] = (a * f[1] - f[0] * d) / (a * e - b * d);
  double sum = 0;
  for (int i = 0; i < 2; i++) sum += c[i] * (moved(t, u, k, s[i]) - moved(t, u, k, -s[i]));
  return sum;
}

static double by_difference(const Case *t, GateUse *u, int k) {
  double h = 0.05, d[3];
  for (int i = 0; i < 3; i++, h /= 2) d[i] = (moved(t, u, k, h) - moved(t, u, k, -h)) / (2 * h);
  double first = (4 * d[1] - d[0]) / 3, second = (4 * d[2] - d[1]) / 3;
  return (16 * second - first) / 15;
}

/* ---- every gate, every placement ---- */

/* Input 0: rows, for preparing; input 1: shared, the angles of the gate. */
static CircuitProgram *placed(Arena *a, GateId g, int n, int n_targets, int n_controls, const int *qubits) {
  CircuitProgram *c = rig_circuit(a, n, 2, (int64_t[]){3, 4}, (bool[]){true, false});
  for (int q = 0; q < n; q++) {
    GateUse *u = rig_gate(c, GATE_U3, 0, 1, &q);
    for (int i = 0; i < 3; i++) u->angle[i] = (AngleRef){0, i, 0.5 + 0.3 * q, 0.2 * i - 0.1 * q};
  }
  for (int q = 0; q + 1 < n; q++) {
    rig_gate(c, GATE_RYY, 0, 2, (int[]){q, q + 1})->angle[0] = (AngleRef){-1, 0, 0, 0.8};
  }
  GateUse *u = rig_gate(c, g, n_controls, n_targets, qubits);
  for (int i = 0; i < gate_info[g].n_angles; i++) u->angle[i] = (AngleRef){1, i, 0.7, 0.3};
  return c;
}

/* Enough words that a wrong amplitude or phase shows: all for few qubits, else some. */
static void measure_words(CircuitProgram *c) {
  int n = c->n_qubits, size = 1 << n;
  for (int i = 0; i < 12; i++) {
    int word = n == 1 ? i % 3 + 1 : 1 + rig_below(size * size - 1);
    rig_expval(c, 1 + 0.1 * i, (uint64_t)(word % size), (uint64_t)(word / size));
  }
}

static void check_placement(CircuitProgram *c, int which) {
  Case t;
  GateUse *u = &c->gates.at[c->gates.n - 1];
  u->inverse = which % 3 == 2;
  if (which % 4 == 3) {
    int all[5] = {0, 1, 2, 3, 4};
    rig_gate(c, GATE_SX, 0, 1, (int[]){u->qubit[0]}); /* so that phases show */
    rig_probs(c, c->n_qubits, all);
    u = &c->gates.at[c->gates.n - 2];
  } else {
    measure_words(c);
  }
  fill_case(&t, c, ROWS);
  for_variants(c, check_outputs, &t);
  if (gate_info[u->gate].n_angles == 0) return;
  double g0[ROWS * 4], g1[4], *out[2] = {g0, g1};
  rig_run(c, rig_best(), OP_CIRCUIT_VJP, ROWS, t.in, t.w, NULL, out);
  for (int k = 0; k < gate_info[u->gate].n_angles; k++) {
    double shift = 0.7 * by_shift(&t, u, k), difference = 0.7 * by_difference(&t, u, k);
    rig_near(c, &g1[k], &shift, 1, 1e-10, "gradient, shift rule", rig_best()->name);
    rig_near(c, &g1[k], &difference, 1, 1e-8, "gradient, difference", rig_best()->name);
  }
}

/* All ordered choices of `left` more qubits. */
static void place(GateId g, int n, int n_targets, int n_controls, int chosen, int *qubits, int *which) {
  if (chosen < n_targets + n_controls) {
    for (int q = 0; q < n; q++) {
      bool used = false;
      for (int i = 0; i < chosen; i++) used |= qubits[i] == q;
      if (used) continue;
      qubits[chosen] = q;
      place(g, n, n_targets, n_controls, chosen + 1, qubits, which);
    }
    return;
  }
  for (int on = 0; on < 1 << n_controls; on++) {
    Arena *a = arena_new();
    CircuitProgram *c = placed(a, g, n, n_targets, n_controls, qubits);
    GateUse *u = &c->gates.at[c->gates.n - 1];
    for (int i = 0; i < n_controls; i++) u->control_on[i] = on >> i & 1;
    check_placement(c, (*which)++);
    arena_free(a);
  }
}

static void test_placements(void **state) {
  (void)state;
  const char *given = getenv("QGN_PLACEMENTS"); /* up to 5 qubits */
  int which = 0, qubits[GATE_MAX_QUBITS], most = given ? atoi(given) : getenv("QGN_QUICK") ? 3 : 4;
  assert_in_range(most, 3, 5);
  for (int g = 0; g < GATE_COUNT; g++) {
    if (gate_info[g].later || gate_info[g].given) continue;
    bool any = gate_info[g].n_qubits < 0;
    for (int targets = any ? 1 : targets_of((GateId)g); targets <= (any ? most : targets_of((GateId)g));
         targets++) {
      for (int controls = 0; controls <= 2; controls++) {
        for (int n = targets + controls; n <= most; n++) {
          place((GateId)g, n, targets, controls, 0, qubits, &which);
        }
      }
    }
  }
  assert_true(which > (most >= 4 ? 3000 : 300));
}

/* ---- gates given by words and values ---- */

/* Columns of random numbers, made orthonormal (Gram and Schmidt). */
static void random_unitary(int d, double *v) {
  double complex *m = (double complex *)(void *)v, sum;
  fill(v, 2 * d * d, 1);
  for (int j = 0; j < d; j++) {
    for (int i = 0; i <= j; i++) {
      sum = 0;
      for (int k = 0; k < d; k++) sum += conj(m[k * d + i]) * m[k * d + j];
      for (int k = 0; k < d; k++)
        m[k * d + j] = i < j ? m[k * d + j] - sum * m[k * d + i] : m[k * d + j] / sqrt(creal(sum));
    }
  }
}

static void give(Arena *a, GateUse *u) {
  int k = u->n_targets, d = 1 << k;
  char *word = ARENA_ARRAY(a, char, k + 1);
  double *v = ARENA_ARRAY(a, double, 2 * d * d), norm = 0;
  for (int i = 0; i < k; i++) word[i] = u->gate == GATE_BASIS ? "01"[rig_below(2)] : "IXYZ"[rig_below(4)];
  if (u->gate == GATE_UNITARY) {
    random_unitary(d, v);
  } else {
    fill(v, 2 * d, 2);
    if (rig_below(2)) v[2 * rig_below(d)] = 0;
  }
  for (int i = 0; i < 2 * d; i++) norm += v[i] * v[i];
  for (int i = 0; i < 2 * d && u->gate == GATE_AMPLITUDE; i++) v[i] /= sqrt(norm);
  if (u->gate == GATE_BASIS || u->gate == GATE_PAULIROT) u->word = word;
  else u->values = v;
  if (u->gate == GATE_PAULIROT) u->angle[0] = (AngleRef){1, rig_below(4), 0.7, 0.3};
}

static void test_given(void **state) {
  (void)state;
  static const GateId gates[] = {GATE_PAULIROT, GATE_UNITARY, GATE_DIAGONAL, GATE_BASIS, GATE_AMPLITUDE};
  static Case t;
  rig_rng_state = 99;
  for (int i = 0; i < some(200); i++) {
    Arena *a = arena_new();
    GateId g = gates[i % 5];
    bool fresh = g == GATE_BASIS || g == GATE_AMPLITUDE;
    int n = 4, first = rig_below(n), targets = 1 + rig_below(3),
        controls = fresh ? 0 : rig_below(n - targets + 1), order[4];
    for (int q = 0; q < n; q++) order[q] = (first + 3 * q) % n;
    CircuitProgram *c = rig_circuit(a, n, 2, (int64_t[]){3, 4}, (bool[]){true, false});
    if (fresh) give(a, rig_gate(c, g, 0, targets, order));
    for (int q = 0; q < n; q++) {
      GateUse *u = rig_gate(c, GATE_U3, 0, 1, &q);
      for (int k = 0; k < 3; k++) u->angle[k] = (AngleRef){k == 1, k, 0.5 + 0.3 * q, 0.2 * k - 0.1 * q};
    }
    for (int q = 0; q + 1 < n; q++) rig_gate(c, GATE_CX, 0, 2, (int[]){q, q + 1});
    if (!fresh) {
      GateUse *u = rig_gate(c, g, controls, targets, order);
      u->inverse = rig_below(2);
      for (int k = 0; k < controls; k++) u->control_on[k] = (uint8_t)rig_below(2);
      give(a, u);
    }
    for (int q = 0; q < n; q++) rig_gate(c, GATE_RX, 0, 1, &q)->angle[0] = (AngleRef){1, q, 1, 0.1 * q};
    measure_words(c);
    fill_case(&t, c, ROWS);
    for_variants(c, check_outputs, &t);
    double g0[ROWS * 4], g1[4], *out[2] = {g0, g1}, want = 0;
    rig_run(c, rig_best(), OP_CIRCUIT_VJP, ROWS, t.in, t.w, NULL, out);
    for (int k = 0; k < c->gates.n; k++) { /* the shared input's element 0 */
      for (int j = 0; j < GATE_MAX_ANGLES; j++) {
        AngleRef *r = &c->gates.at[k].angle[j];
        if (r->source == 1 && r->element == 0) want += r->scale * by_difference(&t, &c->gates.at[k], j);
      }
    }
    rig_near(c, &g1[0], &want, 1, 1e-8, "gradient, difference", rig_best()->name);
    arena_free(a);
  }
}

/* What cannot be is refused. */
static void test_given_wrong(void **state) {
  (void)state;
  Arena *a = arena_new();
  const char *why = NULL;
  Span where;
  double values[8] = {1, 0, 0, 0, 0, 0, 1.1, 0};
  static const GateId gates[] = {GATE_UNITARY, GATE_AMPLITUDE};
  static const char *const text[] = {"not unitary", "add up to 1"};
  for (int i = 0; i < 2; i++) {
    CircuitProgram *c = rig_circuit(a, 2, 0, NULL, NULL);
    GateUse *u = rig_gate(c, gates[i], 0, 1 + i, (int[]){0, 1});
    u->values = values;
    rig_expval(c, 1, 0, 1);
    assert_null(sim_plan(a, c, rig_best(), &why, &where));
    assert_non_null(strstr(why, text[i]));
  }
  arena_free(a);
}

/* ---- random circuits ---- */

/* Inputs: 0 rows, 1 shared, 2 rows; angles affine and repeated. */
static CircuitProgram *random_circuit(Arena *a, int n, int n_gates) {
  CircuitProgram *c = rig_circuit(a, n, 3, (int64_t[]){4, 9, 2}, (bool[]){true, false, true});
  while (c->gates.n < n_gates) {
    GateId g = (GateId)rig_below(GATE_COUNT);
    int targets = gate_info[g].n_qubits > 0 ? gate_info[g].n_qubits : 1 + rig_below(3);
    int controls = rig_below(4) == 0 ? 1 + rig_below(2) : 0, order[MAX_QUBITS];
    if (gate_info[g].later || gate_info[g].given || targets + controls > n) continue;
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
      int j = rig_below(i + 1), swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    GateUse *u = rig_gate(c, g, controls, targets, order);
    u->inverse = rig_below(4) == 0;
    for (int i = 0; i < controls; i++) u->control_on[i] = (uint8_t)rig_below(2);
    for (int i = 0; i < gate_info[g].n_angles; i++) {
      int source = rig_below(5) - 1;
      if (source == 3) source = 1;
      int element = source < 0 ? 0 : rig_below((int)c->input_size[source]);
      double shift = rig_below(3) == 0 ? M_PI / 4 * rig_below(9) : rig_uniform(-2, 2);
      u->angle[i] =
          (AngleRef){source, element, rig_below(2) ? 1 : rig_uniform(-2, 2), rig_below(2) ? shift : 0};
    }
  }
  return c;
}

static void all_amplitudes(CircuitProgram *c) {
  int n = c->n_qubits, order[MAX_QUBITS];
  for (int i = 0; i < n; i++) order[i] = (1 + i * (n - 1)) % n;
  rig_amplitudes(c, order);
}

static void random_measure(CircuitProgram *c) {
  int n = c->n_qubits, order[MAX_QUBITS];
  if (n <= 5 && rig_below(4) == 0) {
    all_amplitudes(c);
    return;
  }
  if (rig_below(3) == 0) {
    int count = 1 + rig_below(n < 4 ? n : 4), first = rig_below(n);
    for (int i = 0; i < count; i++) order[i] = (first + i * (n - 1)) % n; /* neighbours backwards: distinct */
    rig_probs(c, count, order);
    return;
  }
  bool all_z = rig_below(2);
  for (int o = 0, outputs = 1 + rig_below(5); o < outputs; o++) {
    for (int i = 0, terms = 1 + rig_below(4); i < terms; i++) {
      uint64_t x = all_z ? 0 : (uint64_t)rig_below(1 << n), z = (uint64_t)rig_below(1 << n);
      if (i == 0) {
        rig_expval(c, rig_uniform(-2, 2), x, z);
      } else {
        rig_term(c, rig_uniform(-2, 2), x, z);
      }
    }
  }
}

typedef struct Parts {
  double v[4][40 * MAX_VALUES];
  double *at[4];
} Parts;

static double *const *parts(Parts *p) {
  for (int k = 0; k < 4; k++) p->at[k] = p->v[k];
  return p->at;
}

/* The case with inputs moved by h u. */
static void move_case(const Case *t, const double *const *u, double h, Case *out) {
  *out = *t;
  for (int k = 0; k < t->c->n_inputs; k++) {
    for (int64_t i = 0; i < rig_values(t->c, k, t->rows); i++) out->value[k][i] += h * u[k][i];
    out->in[k] = out->value[k];
  }
}

static void run_double(const Case *t, OpId op, const double *const *u, Parts *out) {
  rig_run(t->c, rig_best(), op, t->rows, t->in, t->w, u, parts(out));
}

/* d/dh of the results of `op` along u, by Richardson differences. */
static void difference_along(const Case *t, OpId op, const double *const *u, Parts *out) {
  static Case moved_case;
  static Parts plus, minus, d[2];
  double h = 2e-3;
  for (int step = 0; step < 2; step++, h /= 2) {
    move_case(t, u, h, &moved_case);
    run_double(&moved_case, op, NULL, &plus);
    move_case(t, u, -h, &moved_case);
    run_double(&moved_case, op, NULL, &minus);
    for (int k = 0; k < 4; k++) {
      for (int i = 0; i < 40 * MAX_VALUES; i++) d[step].v[k][i] = (plus.v[k][i] - minus.v[k][i]) / (2 * h);
    }
  }
  for (int k = 0; k < 4; k++) {
    for (int i = 0; i < 40 * MAX_VALUES; i++) out->v[k][i] = (4 * d[1].v[k][i] - d[0].v[k][i]) / 3;
  }
}

static double dot(const Case *t, const Parts *a, const double *const *u) {
  double sum = 0;
  for (int k = 0; k < t->c->n_inputs; k++) {
    for (int64_t i = 0; i < rig_values(t->c, k, t->rows); i++) sum += a->v[k][i] * u[k][i];
  }
  return sum;
}

static void check_variant_parts(const CircuitProgram *c, const KernelSet *set, double tolerance, void *data) {
  static Parts want, got;
  const Case *t = data;
  const double *u[3] = {t->in[0], t->in[1], t->in[2]};
  int64_t outputs = rig_samples(c, t->rows) * c->n_outputs;
  for (int hvp = 0; hvp < 2; hvp++) {
    OpId op = hvp ? OP_CIRCUIT_HVP : OP_CIRCUIT_VJP;
    int64_t batch = rig_batch;
    rig_batch = LARGE_BATCH;
    rig_run(c, rig_best(), op, t->rows, t->in, t->w, u, parts(&want));
    rig_batch = batch;
    rig_run(c, set, op, t->rows, t->in, t->w, u, parts(&got));
    for (int k = 0; k < 3; k++) {
      /* second derivatives add up the squares of many scales */
      rig_near(c, got.v[k], want.v[k], rig_values(c, k, t->rows), tolerance * (hvp ? 100 : 10), "part",
               set->name);
    }
    if (hvp) rig_near(c, got.v[3], want.v[3], outputs, tolerance * 100, "tangent", set->name);
  }
}

/* Gradients by moved angles are those of the adjoint method. */
static void check_methods(const Case *t) {
  static Parts adjoint, other;
  const CircuitProgram *c = t->c;
  if (c->measure == MEASURE_AMPLITUDES) return; /* the adjoint method alone */
  run_double(t, OP_CIRCUIT_VJP, NULL, &adjoint);
  for (rig_method = METHOD_SHIFT; rig_method <= METHOD_FINITE; rig_method++) {
    double tolerance = rig_method == METHOD_SHIFT ? 1e-12 : 1e-9;
    run_double(t, OP_CIRCUIT_VJP, NULL, &other);
    for (int k = 0; k < 3; k++) {
      rig_near(c, other.v[k], adjoint.v[k], rig_values(c, k, t->rows), tolerance,
               circuit_method_name(rig_method), rig_best()->name);
    }
  }
  rig_method = METHOD_ADJOINT;
}

static void check_derivatives(const Case *t) {
  static double u_value[2][3][40 * MAX_VALUES];
  static Parts g, h[2], dg, dy;
  const CircuitProgram *c = t->c;
  const double *u[2][3];
  for (int d = 0; d < 2; d++) {
    for (int k = 0; k < 3; k++) {
      fill(u_value[d][k], rig_values(c, k, t->rows), 1);
      u[d][k] = u_value[d][k];
    }
  }
  int64_t outputs = rig_samples(c, t->rows) * c->n_outputs;
  run_double(t, OP_CIRCUIT_VJP, NULL, &g);
  for (int d = 0; d < 2; d++) {
    run_double(t, OP_CIRCUIT_HVP, u[d], &h[d]);
    difference_along(t, OP_CIRCUIT_VJP, u[d], &dg);
    for (int k = 0; k < 3; k++) {
      rig_near(c, h[d].v[k], dg.v[k], rig_values(c, k, t->rows), 1e-6, "Hessian product", rig_best()->name);
    }
    difference_along(t, OP_CIRCUIT, u[d], &dy);
    rig_near(c, h[d].v[3], dy.v[0], outputs, 1e-8, "tangent", rig_best()->name);
    double along = dot(t, &g, u[d]), want = 0;
    for (int64_t i = 0; i < outputs; i++) want += t->w[i] * dy.v[0][i];
    rig_near(c, &along, &want, 1, 1e-8, "gradient along u", rig_best()->name);
  }
  double a = dot(t, &h[0], u[1]), b = dot(t, &h[1], u[0]);
  rig_near(c, &a, &b, 1, 1e-10, "symmetry", rig_best()->name);
}

/* Circuits on up to `most` qubits in turn. */
static void try_random(int circuits, int most, void (*measure)(CircuitProgram *c)) {
  static Case t;
  for (int i = 0; i < circuits; i++) {
    Arena *a = arena_new();
    int n = 1 + i % most;
    CircuitProgram *c = random_circuit(a, n, 1 + rig_below(n > 4 ? 25 : 40));
    measure(c);
    fill_case(&t, c, ROWS);
    rig_block_bytes = i % 2 ? 1 : WIDE_BLOCK_BYTES;
    for_variants(c, check_outputs, &t);
    check_derivatives(&t);
    check_methods(&t);
    for_variants(c, check_variant_parts, &t);
    arena_free(a);
  }
  rig_block_bytes = WIDE_BLOCK_BYTES;
}

static void test_random(void **state) {
  (void)state;
  rig_rng_state = 20240917;
  try_random(some(50), 6, random_measure);
}

/* What no other measurement sees: every phase. */
static void test_amplitudes(void **state) {
  (void)state;
  rig_rng_state = 20261121;
  try_random(some(25), 5, all_amplitudes);
}

/* States that go through the cache in blocks: against samples in the lanes, on more qubits than the
 * reference can have. */
static void test_blocks(void **state) {
  (void)state;
  static Case t;
  rig_rng_state = 5;
  rig_block_bytes = 1;
  for (int i = 0; i < some(24); i++) {
    Arena *a = arena_new();
    CircuitProgram *c = random_circuit(a, 7 + i % 5, 30 + rig_below(60));
    random_measure(c);
    fill_case(&t, c, 2);
    for_variants(c, check_variant_parts, &t);
    arena_free(a);
  }
  rig_block_bytes = WIDE_BLOCK_BYTES;
}

/* ---- rows do not see each other ---- */

static void same_bits(const CircuitProgram *c, const double *a, const double *b, int64_t n, const char *what,
                      const KernelSet *set) {
  for (int64_t i = 0; i < n; i++) {
    if (memcmp(&a[i], &b[i], sizeof *a) != 0) {
      rig_describe(c);
      fail_msg("%s, %s[%lld]: %.17g alone, %.17g among others", set->name, what, (long long)i, b[i], a[i]);
    }
  }
}

/* One large state on four threads against one. */
static void check_team(const CircuitProgram *c, const KernelSet *set, double tolerance, void *data) {
  static Parts one, four;
  static const OpId op[3] = {OP_CIRCUIT, OP_CIRCUIT_VJP, OP_CIRCUIT_HVP};
  const Case *t = data;
  (void)tolerance;
  for (int o = 0; o < 3; o++) {
    rig_run(c, set, op[o], 1, t->in, t->w, t->in, parts(&one));
    rig_team = 4;
    rig_run(c, set, op[o], 1, t->in, t->w, t->in, parts(&four));
    rig_team = 1;
    int64_t n[4] = {o == 0 ? c->n_outputs : c->input_size[0], c->input_size[1], c->input_size[2],
                    c->n_outputs};
    for (int k = 0; k <= o + (o > 0); k++) same_bits(c, four.v[k], one.v[k], n[k], "threads", set);
  }
}

static void test_team(void **state) {
  (void)state;
  static Case t;
  rig_rng_state = 6;
  rig_block_bytes = 1;
  for (int i = 0; i < some(12); i++) {
    Arena *a = arena_new();
    CircuitProgram *c = random_circuit(a, 9 + i % 3, 30 + rig_below(30));
    random_measure(c);
    fill_case(&t, c, 1);
    for_variants(c, check_team, &t);
    arena_free(a);
  }
  rig_block_bytes = WIDE_BLOCK_BYTES;
}

/* Rows of a call of 33 against calls with fewer rows, from row `from`. */
static void check_rows(const CircuitProgram *c, const KernelSet *set, double tolerance, void *data) {
  static Parts all[3], few[3];
  static const OpId op[3] = {OP_CIRCUIT, OP_CIRCUIT_VJP, OP_CIRCUIT_HVP};
  static const int count[] = {1, 3, 16, 17};
  const Case *t = data;
  (void)tolerance;
  for (int o = 0; o < 3; o++) rig_run(c, set, op[o], 33, t->in, t->w, t->in, parts(&all[o]));
  for (int i = 0; i < 4; i++) {
    for (int64_t from = 0; from + count[i] <= 33; from += 16) {
      const double *in[3] = {t->in[0] + from * c->input_size[0], t->in[1],
                             t->in[2] + from * c->input_size[2]};
      const double *w = t->w + from * c->n_outputs;
      int64_t n_out = (int64_t)count[i] * c->n_outputs;
      for (int o = 0; o < 3; o++) rig_run(c, set, op[o], count[i], in, w, in, parts(&few[o]));
      same_bits(c, all[0].v[0] + from * c->n_outputs, few[0].v[0], n_out, "y", set);
      same_bits(c, all[2].v[3] + from * c->n_outputs, few[2].v[3], n_out, "tangent", set);
      for (int o = 1; o < 3; o++) {
        for (int k = 0; k < 3; k += 2) {
          same_bits(c, all[o].v[k] + from * c->input_size[k], few[o].v[k], count[i] * c->input_size[k],
                    "part", set);
        }
      }
    }
  }
}

static void test_rows(void **state) {
  (void)state;
  static Case t;
  rig_rng_state = 77;
  for (int i = 0; i < 12; i++) {
    Arena *a = arena_new();
    CircuitProgram *c = random_circuit(a, 1 + i % 5, 5 + rig_below(20));
    random_measure(c);
    fill_case(&t, c, 33);
    for_variants(c, check_rows, &t);
    arena_free(a);
  }
}

/* ---- cases of their own ---- */

/* Without row inputs there is one sample, whatever the rows of the call. */
static void test_shared_only(void **state) {
  (void)state;
  Arena *a = arena_new();
  CircuitProgram *c = rig_circuit(a, 2, 1, (int64_t[]){1}, (bool[]){false});
  double x = 0.4, y, g, w = 2, *out = &y;
  const double *in = &x;
  rig_gate(c, GATE_RX, 0, 1, (int[]){0})->angle[0] = (AngleRef){0, 0, 1, 0};
  rig_gate(c, GATE_CX, 0, 2, (int[]){0, 1});
  rig_expval(c, 1, 0, 3);
  rig_term(c, 1, 0, 2);
  rig_run(c, rig_best(), OP_CIRCUIT, 5, &in, NULL, NULL, &out);
  assert_true(fabs(y - (1 + cos(0.4))) < 1e-15);
  out = &g;
  rig_run(c, rig_best(), OP_CIRCUIT_VJP, 5, &in, &w, NULL, &out);
  assert_true(fabs(g + 2 * sin(0.4)) < 1e-15);
  arena_free(a);
}

/* Angles that no output can see have a derivative of exactly 0; an empty circuit measures |0...0>. */
static void test_unseen(void **state) {
  (void)state;
  Arena *a = arena_new();
  CircuitProgram *c = rig_circuit(a, 2, 1, (int64_t[]){3}, (bool[]){false});
  double x[3] = {0.4, 0.5, 0.6}, y[1], g[3], w = 1, *out = y;
  const double *in = x;
  rig_gate(c, GATE_RZ, 0, 1, (int[]){0})->angle[0] = (AngleRef){0, 0, 1, 0};
  rig_gate(c, GATE_RY, 0, 1, (int[]){0})->angle[0] = (AngleRef){0, 1, 1, 0};
  rig_gate(c, GATE_CRZ, 0, 2, (int[]){0, 1})->angle[0] = (AngleRef){0, 2, 1, 0};
  rig_gate(c, GATE_RY, 0, 1, (int[]){1})->angle[0] = (AngleRef){0, 0, 1, 0};
  rig_expval(c, 1, 0, 1);
  rig_run(c, rig_best(), OP_CIRCUIT_VJP, 1, &in, &w, NULL, (double *const[]){g});
  assert_true(g[0] == 0 && g[2] == 0);
  assert_true(fabs(g[1] + sin(0.5)) < 1e-15);
  CircuitProgram *empty = rig_circuit(a, 3, 0, NULL, NULL);
  rig_expval(empty, 2, 0, 5);
  rig_run(empty, rig_best(), OP_CIRCUIT, 1, &in, NULL, NULL, &out);
  assert_true(y[0] == 2);
  arena_free(a);
}

/* Deep circuits of shared rotations, with and without tables between them: angles near and at pi, whose
 * tangents are infinite, and more layers than the factors left out (turn_k.h) could be kept for. */
typedef struct Turns {
  Case t;
  double dw[MAX_VALUES]; /* of every 29th gate's angle */
} Turns;

static void check_turns(const CircuitProgram *c, const KernelSet *set, double tolerance, void *data) {
  const Turns *turns = data;
  const Case *t = &turns->t;
  double got[2][40 * MAX_VALUES], *out[2] = {got[0], got[1]};
  check_outputs(c, set, tolerance, (void *)(uintptr_t)t);
  rig_run(c, set, OP_CIRCUIT_VJP, t->rows, t->in, t->w, NULL, out);
  for (int g = 0; g < c->gates.n; g += 29) {
    if (c->gates.at[g].angle[0].source != 1) continue;
    rig_near(c, &got[1][c->gates.at[g].angle[0].element], &turns->dw[g / 29], 1, 2 * tolerance, "dw",
             set->name);
  }
}

static void test_turns(void **state) {
  (void)state;
  enum { LAYERS = 60 };
  static const double special[] = {0, M_PI, -M_PI, 3.1415, 3.14159265, 1e-8, M_PI / 2, 3 * M_PI};
  for (int every = 0; every <= (getenv("QGN_QUICK") ? 10 : 20); every += 10) {
    const int n = every == 20 ? 7 : 4; /* the states of 7 qubits are too many to be kept */
    Arena *a = arena_new();
    CircuitProgram *c = rig_circuit(a, n, 2, (int64_t[]){n, (int64_t)2 * LAYERS * n}, (bool[]){true, false});
    for (int q = 0; q < n; q++) rig_gate(c, GATE_RY, 0, 1, &q)->angle[0] = (AngleRef){0, q, 1, 0};
    for (int l = 0; l < LAYERS; l++) {
      for (int q = 0; q < n; q++) {
        int at = 2 * (l * n + q);
        bool table = every > 0 && l % every == 0;
        rig_gate(c, GATE_RY, 0, 1, &q)->angle[0] = (AngleRef){1, at, 1, 0};
        if (table) rig_gate(c, GATE_RZ, 0, 1, &q)->angle[0] = (AngleRef){1, at + 1, 1, 0};
      }
      for (int q = 0; q + 1 < n; q++) rig_gate(c, GATE_CX, 0, 2, (int[]){q, q + 1});
    }
    for (int q = 0; q < n; q++) rig_expval(c, 1, 0, 1ull << q);
    Turns *turns = ARENA_NEW(a, Turns);
    Case *t = &turns->t;
    fill_case(t, c, ROWS);
    for (int i = 0; i < 2 * LAYERS * n; i++) {
      if (rig_below(3) == 0) t->value[1][i] = (double)(float)special[rig_below(8)];
    }
    for (int g = 0; g < c->gates.n; g += 29) {
      if (c->gates.at[g].angle[0].source == 1) turns->dw[g / 29] = by_shift(t, &c->gates.at[g], 0);
    }
    for_variants(c, check_turns, turns);
    arena_free(a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_matrices), cmocka_unit_test(test_placements),
      cmocka_unit_test(test_given),    cmocka_unit_test(test_given_wrong),
      cmocka_unit_test(test_random),   cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_rows),     cmocka_unit_test(test_shared_only),
      cmocka_unit_test(test_unseen),   cmocka_unit_test(test_turns),
      cmocka_unit_test(test_team),     cmocka_unit_test(test_amplitudes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
