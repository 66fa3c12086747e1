/* Every row of channels.def, and random circuits with channels: rows against the operators they stand for,
 * kernels against dense operators (tests/ref/ref_noise.c), gradients and Hessian products against
 * differences; all variants that this CPU runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/ref/ref_noise.h"
#include "runtime/sim/density.h"
#include "tests/ref/sim_rig.h"

#define ROWS 3
#define MAX_VALUES 32
typedef double complex Cx;

/* Values that a channel may have. */
static void parameters(ChannelId id, double *v) {
  const int n = channel_n_params(id);
  for (int k = 0; k < n; k++) v[k] = (double)(float)rig_uniform(0.02, n == 3 ? 0.3 : 0.8);
  if (id != CHANNEL_RELAX) return;
  v[0] = 50e-6;
  v[1] = rig_below(2) ? 70e-6 : 30e-6;
  v[2] = 1e-6 * (double)(1 + rig_below(30));
}

/* Random operators with sum K^+ K = 1: blocks of a random matrix with orthonormal columns. */
static const double *random_kraus(Arena *a, int n_qubits, int n) {
  const int d = 1 << n_qubits, rows = n * d;
  Cx *m = ARENA_ARRAY(a, Cx, rows * d);
  double *out = ARENA_ARRAY(a, double, 2 * rows * d);
  for (int i = 0; i < rows * d; i++) m[i] = rig_uniform(-1, 1) + (Cx)I * rig_uniform(-1, 1);
  for (int c = 0; c < d; c++) {
    double norm = 0;
    for (int b = 0; b < c; b++) {
      Cx dot = 0;
      for (int r = 0; r < rows; r++) dot += conj(m[r * d + b]) * m[r * d + c];
      for (int r = 0; r < rows; r++) m[r * d + c] -= dot * m[r * d + b];
    }
    for (int r = 0; r < rows; r++) norm += creal(m[r * d + c] * conj(m[r * d + c]));
    for (int r = 0; r < rows; r++) m[r * d + c] /= sqrt(norm);
  }
  for (int i = 0; i < rows * d; i++) {
    out[2 * i] = creal(m[i]);
    out[2 * i + 1] = cimag(m[i]);
  }
  return out;
}

static int targets_of(ChannelId id) {
  return id == CHANNEL_KRAUS ? 1 + rig_below(2) : channel_info[id].n_qubits;
}

static GateUse *add_channel(CircuitProgram *c, ChannelId id, int targets, const int *qubits) {
  GateUse *u = rig_channel(c, id, targets, qubits);
  double v[CHANNEL_MAX_PARAMS];
  parameters(id, v);
  for (int k = 0; k < channel_n_params(id); k++) u->angle[k].shift = v[k];
  if (id == CHANNEL_KRAUS) {
    u->n_kraus = 1 + rig_below(4);
    u->values = random_kraus(c->arena, targets, u->n_kraus);
  }
  return u;
}

/* ---- rows ---- */

/* The transfer of operators, the slow way. */
static double transfer_of(int n_qubits, int n, Cx kraus[][16], int row, int col) {
  const size_t d = (size_t)1 << n_qubits;
  Cx r[16], c[16], sum = 0;
  uint64_t x[2] = {0, 0}, z[2] = {0, 0};
  for (int i = 0; i < n_qubits; i++) {
    x[0] |= (uint64_t)(row >> (2 * i) & 1) << i, z[0] |= (uint64_t)(row >> (2 * i + 1) & 1) << i;
    x[1] |= (uint64_t)(col >> (2 * i) & 1) << i, z[1] |= (uint64_t)(col >> (2 * i + 1) & 1) << i;
  }
  ref_pauli_matrix(n_qubits, x[0], z[0], r);
  ref_pauli_matrix(n_qubits, x[1], z[1], c);
  for (int k = 0; k < n; k++)
    for (size_t i = 0; i < d; i++)
      for (size_t j = 0; j < d; j++)
        for (size_t p = 0; p < d; p++)
          for (size_t q = 0; q < d; q++)
            sum += r[i * d + j] * kraus[k][j * d + p] * c[p * d + q] * conj(kraus[k][i * d + q]);
  return creal(sum) / (double)d;
}

static void check_row(Arena *a, ChannelId id) {
  const int targets = targets_of(id), words = 1 << (2 * targets), n_params = channel_n_params(id);
  CircuitProgram *c = rig_circuit(a, targets, 0, NULL, NULL);
  const GateUse *u = add_channel(c, id, targets, (int[]){0, 1});
  double v[CHANNEL_MAX_PARAMS] = {0}, m[256] = {1};
  Cx kraus[REF_MAX_KRAUS][16];
  TransferEntry *e;
  for (int k = 0; k < n_params; k++) v[k] = u->angle[k].shift;
  const int n = channel_transfer(a, id, targets, u->n_kraus, u->values, &e);
  for (int i = 0; i < n; i++)
    m[e[i].row * words + e[i].col] = formula_value(&e[i].formula, n_params, v, NULL);
  const int operators = ref_kraus(u, v, kraus);
  for (int r = 0; r < words; r++)
    for (int k = 0; k < words; k++) {
      const double want = transfer_of(targets, operators, kraus, r, k);
      if (fabs(m[r * words + k] - want) > 1e-14)
        fail_msg("%s, entry %d, %d: %.17g, its operators give %.17g", channel_info[id].name, r, k,
                 m[r * words + k], want);
    }
}

/* Transfers are those of the operators, so the identities' row is (1, 0, ...): the trace is kept. */
static void test_rows(void **state) {
  (void)state;
  for (int id = 1; id < CHANNEL_COUNT; id++) {
    for (int i = 0; i < 10 && id != CHANNEL_READOUT; i++) {
      Arena *a = arena_new();
      check_row(a, (ChannelId)id);
      arena_free(a);
    }
  }
}

/* Eigenvalues of a symmetric matrix, by Jacobi's rotations. */
static double least_eigenvalue(int n, double *m) {
  for (int sweep = 0; sweep < 60; sweep++)
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++) {
        const double apq = m[p * n + q];
        if (fabs(apq) < 1e-18) continue;
        const double theta = 0.5 * atan2(2 * apq, m[q * n + q] - m[p * n + p]), c = cos(theta),
                     s = sin(theta);
        for (int k = 0; k < n; k++) {
          const double x = m[k * n + p], y = m[k * n + q];
          m[k * n + p] = c * x - s * y;
          m[k * n + q] = s * x + c * y;
        }
        for (int k = 0; k < n; k++) {
          const double x = m[p * n + k], y = m[q * n + k];
          m[p * n + k] = c * x - s * y;
          m[q * n + k] = s * x + c * y;
        }
      }
  double least = m[0];
  for (int i = 1; i < n; i++) least = fmin(least, m[i * n + i]);
  return least;
}

/* The Choi matrix sum E_ij (x) channel(E_ij) of a transfer, as a real symmetric matrix of twice the size. */
static double choi_least(Arena *a, ChannelId id, int targets, const GateUse *u, const double *v) {
  const int d = 1 << targets, words = d * d, n = d * d;
  TransferEntry *e;
  Cx choi[256] = {0};
  const int entries = channel_transfer(a, id, targets, u->n_kraus, u->values, &e);
  for (int i = -1; i < entries; i++) { /* channel(rho) = 1/d sum m_RC Tr(C rho) R */
    const int row = i < 0 ? 0 : e[i].row, col = i < 0 ? 0 : e[i].col;
    const double value = i < 0 ? 1 : formula_value(&e[i].formula, channel_n_params(id), v, NULL);
    Cx r[16], c[16];
    uint64_t x[2] = {0, 0}, z[2] = {0, 0};
    for (int q = 0; q < targets; q++) {
      x[0] |= (uint64_t)(row >> (2 * q) & 1) << q, z[0] |= (uint64_t)(row >> (2 * q + 1) & 1) << q;
      x[1] |= (uint64_t)(col >> (2 * q) & 1) << q, z[1] |= (uint64_t)(col >> (2 * q + 1) & 1) << q;
    }
    ref_pauli_matrix(targets, x[0], z[0], r);
    ref_pauli_matrix(targets, x[1], z[1], c);
    for (int p = 0; p < n; p++)
      for (int q = 0; q < n; q++) /* Tr(C E_ij) = C_ji */
        choi[p * n + q] += value / d * c[q / d * d + p / d] * r[p % d * d + q % d];
  }
  double *real = ARENA_ARRAY(a, double, 4 * n * n);
  for (int p = 0; p < n; p++)
    for (int q = 0; q < n; q++) {
      real[p * 2 * n + q] = real[(p + n) * 2 * n + q + n] = creal(choi[p * n + q]);
      real[p * 2 * n + q + n] = -cimag(choi[p * n + q]);
      real[(p + n) * 2 * n + q] = cimag(choi[p * n + q]);
    }
  (void)words;
  return least_eigenvalue(2 * n, real);
}

static void test_positive(void **state) {
  (void)state;
  for (int id = 1; id < CHANNEL_COUNT; id++) {
    for (int i = 0; i < 10 && id != CHANNEL_READOUT; i++) {
      Arena *a = arena_new();
      const int targets = targets_of((ChannelId)id);
      CircuitProgram *c = rig_circuit(a, targets, 0, NULL, NULL);
      const GateUse *u = add_channel(c, (ChannelId)id, targets, (int[]){0, 1});
      double v[CHANNEL_MAX_PARAMS] = {0};
      for (int k = 0; k < channel_n_params((ChannelId)id); k++) v[k] = u->angle[k].shift;
      const double least = choi_least(a, (ChannelId)id, targets, u, v);
      if (!(least >= -1e-14))
        fail_msg("%s: an eigenvalue %g of its Choi matrix", channel_info[id].name, least);
      if (id == CHANNEL_DEPOLARIZE) { /* the test can fail: 1.2 is no probability */
        v[0] = 1.2;
        assert_true(choi_least(a, CHANNEL_DEPOLARIZE, 1, u, v) < -0.01);
      }
      arena_free(a);
    }
  }
}

/* Slopes of formulas, the operators of the table (trajectories) against those of the textbook. */
static void test_formulas(void **state) {
  (void)state;
  for (int id = 1; id < CHANNEL_COUNT; id++) {
    Arena *a = arena_new();
    double v[CHANNEL_MAX_PARAMS] = {0}, d[CHANNEL_MAX_PARAMS];
    TransferEntry *e;
    const int n_params = channel_n_params((ChannelId)id);
    parameters((ChannelId)id, v);
    assert_null(channel_refuses((ChannelId)id, v));
    const int n = id == CHANNEL_KRAUS ? 0 : channel_transfer(a, (ChannelId)id, 1, 0, NULL, &e);
    for (int i = 0; i < n; i++) {
      (void)formula_value(&e[i].formula, n_params, v, d);
      for (int k = 0; k < n_params; k++) {
        double w[CHANNEL_MAX_PARAMS], h = 1e-4 * v[k], f[4];
        for (int j = 0; j < 4; j++) {
          memcpy(w, v, sizeof w);
          w[k] += (j < 2 ? 1 : 2) * (j % 2 ? -h : h);
          f[j] = formula_value(&e[i].formula, n_params, w, NULL);
        }
        const double want = (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h);
        if (fabs(d[k] - want) > 1e-9 * fmax(1, fabs(want)))
          fail_msg("%s, entry %d, parameter %d: %.17g instead of %.17g", channel_info[id].name, i, k, d[k],
                   want);
      }
    }
    arena_free(a);
  }
  assert_int_equal(channel_find("depolarizing"), CHANNEL_DEPOLARIZE);
  assert_int_equal(channel_find("x"), CHANNEL_NONE);
  assert_string_equal(channel_refuses(CHANNEL_RELAX, (double[]){1, 2.1, 1}), "t2 is at most 2 t1");
}

/* ---- circuits ---- */

typedef struct Case {
  CircuitProgram *c;
  int64_t rows;
  const double *in[4];
  double value[4][40 * MAX_VALUES];
  double w[40 * MAX_VALUES];
} Case;

/* Input 0: angles of rows; 1: shared angles; 2: shared strengths; 3: strengths of rows. */
static CircuitProgram *new_circuit(Arena *a, int n) {
  return rig_circuit(a, n, 4, (int64_t[]){4, 6, 4, 2}, (bool[]){true, false, false, true});
}

static void fill_case(Case *t, CircuitProgram *c, int64_t rows) {
  t->c = c;
  t->rows = rows;
  for (int k = 0; k < c->n_inputs; k++) {
    for (int64_t i = 0; i < rig_values(c, k, rows); i++)
      t->value[k][i] = (double)(float)(k < 2 ? rig_uniform(-3, 3) : rig_uniform(0.05, 0.3));
    t->in[k] = t->value[k];
  }
  for (int64_t i = 0; i < rows * c->n_outputs; i++) t->w[i] = (double)(float)rig_uniform(-1, 1);
}

static void check_outputs(const Case *t) {
  static double want[40 * MAX_VALUES], got[40 * MAX_VALUES];
  double *out = got;
  const int64_t samples = rig_samples(t->c, t->rows);
  for (int64_t r = 0; r < samples; r++) ref_noisy_outputs(t->c, t->in, r, want + r * t->c->n_outputs);
  for (int f = 0; f <= (int)kernel_family(); f++)
    for (int is_double = 0; is_double < 2; is_double++) {
      const KernelSet *set = kernel_set((KernelFamily)f, is_double);
      if (set == NULL) continue;
      rig_run(t->c, set, OP_CIRCUIT, t->rows, t->in, NULL, NULL, &out);
      rig_near(t->c, got, want, samples * t->c->n_outputs, is_double ? 1e-12 : 1e-5, "y", set->name);
      rig_prune = false;
      rig_run(t->c, set, OP_CIRCUIT, t->rows, t->in, NULL, NULL, &out);
      rig_prune = true;
      rig_near(t->c, got, want, samples * t->c->n_outputs, is_double ? 1e-12 : 1e-5, "whole y", set->name);
    }
}

static void measure_words(CircuitProgram *c) {
  const uint64_t all = (1ull << c->n_qubits) - 1;
  for (int o = 0; o < 3; o++) {
    rig_expval(c, rig_uniform(-1, 1), rig_rng() & all, rig_rng() & all);
    rig_term(c, rig_uniform(-1, 1), 0, rig_rng() & all);
  }
}

static void measure(CircuitProgram *c) {
  int order[5];
  if (rig_below(2)) {
    measure_words(c);
    return;
  }
  const int m = 1 + rig_below(c->n_qubits), first = rig_below(c->n_qubits);
  for (int i = 0; i < m; i++) order[i] = (first + i) % c->n_qubits;
  rig_probs(c, m, order);
}

static void add_layer(CircuitProgram *c) {
  for (int q = 0; q < c->n_qubits; q++) {
    GateUse *u = rig_gate(c, GATE_U3, 0, 1, &q);
    for (int k = 0; k < 3; k++) u->angle[k] = (AngleRef){k == 1, (q + k) % 4, 0.5 + 0.3 * q, 0.2 * k - 0.1};
  }
  for (int q = 0; q + 1 < c->n_qubits; q++) rig_gate(c, GATE_CX, 0, 2, (int[]){q, q + 1});
}

/* Every channel on every choice of qubits of up to 5 (3 with QGN_QUICK). */
static void test_placements(void **state) {
  const int most = getenv("QGN_QUICK") ? 3 : 5;
  (void)state;
  static Case t;
  rig_rng_state = 5;
  for (int id = 1; id < CHANNEL_COUNT; id++)
    for (int n = 1; n <= most; n++)
      for (int p = 0; p < n; p++)
        for (int q = 0; q < n; q++) {
          Arena *a = arena_new();
          const int targets = id == CHANNEL_KRAUS ? 1 + (p != q) : channel_info[id].n_qubits;
          if ((targets == 2) == (p == q) || (targets == 1 && p != q)) {
            arena_free(a);
            continue;
          }
          CircuitProgram *c = new_circuit(a, n);
          add_layer(c);
          (void)add_channel(c, (ChannelId)id, targets, (int[]){p, q});
          if (id != CHANNEL_READOUT) add_layer(c);
          measure(c);
          fill_case(&t, c, ROWS);
          check_outputs(&t);
          arena_free(a);
        }
}

/* Channels are like gates: any order, any number of them; `open`: some strengths are inputs. */
static CircuitProgram *random_circuit(Arena *a, int n, int n_gates, bool open) {
  CircuitProgram *c = new_circuit(a, n);
  c->mixed = true;
  while (c->gates.n < n_gates) {
    const bool noise = rig_below(2);
    const ChannelId id = (ChannelId)(1 + rig_below(CHANNEL_COUNT - 1));
    const GateId g = (GateId)rig_below(GATE_COUNT);
    int targets = noise                       ? targets_of(id)
                  : gate_info[g].n_qubits > 0 ? gate_info[g].n_qubits
                                              : 1 + rig_below(3);
    int controls = !noise && rig_below(4) == 0 ? 1 + rig_below(2) : 0, order[8];
    if (targets + controls > n || (noise && id == CHANNEL_READOUT) ||
        (!noise && (gate_info[g].later || gate_info[g].cls == GATE_OTHER || gate_info[g].steps[0] == '\0')))
      continue;
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
      const int j = rig_below(i + 1), swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    GateUse *u = noise ? add_channel(c, id, targets, order) : rig_gate(c, g, controls, targets, order);
    for (int i = 0; noise && open && i < channel_n_params(id) && id != CHANNEL_RELAX; i++)
      if (rig_below(2))
        u->angle[i] =
            rig_below(3) ? (AngleRef){2, rig_below(4), 0.9, 0.01} : (AngleRef){3, rig_below(2), 0.9, 0};
    if (noise) continue;
    u->inverse = rig_below(4) == 0;
    for (int i = 0; i < controls; i++) u->control_on[i] = (uint8_t)rig_below(2);
    for (int i = 0; i < gate_info[g].n_angles; i++) {
      const int source = rig_below(3) - 1;
      u->angle[i] = source < 0
                        ? (AngleRef){-1, 0, 0, rig_below(2) ? rig_uniform(-3, 3) : 1.57079632679489661923}
                        : (AngleRef){source, rig_below(4), rig_uniform(-2, 2), rig_uniform(-1, 1)};
    }
  }
  for (int q = 0; q < n; q++)
    if (rig_below(2)) {
      GateUse *u = rig_channel(c, CHANNEL_READOUT, 1, &q);
      for (int k = 0; k < 2; k++) u->angle[k] = (AngleRef){open ? 2 : -1, k, open ? 0.5 : 0, 0.05 * k};
    }
  measure(c);
  return c;
}

/* The gradient by moving element i of input k. */
static double by_difference(Case *t, int k, int64_t i) {
  const double h = 1e-3, keep = t->value[k][i];
  double f[4];
  for (int j = 0; j < 4; j++) {
    t->value[k][i] = keep + (j < 2 ? 1 : 2) * (j % 2 ? -h : h);
    f[j] = ref_noisy_weighted(t->c, t->in, t->rows, t->w);
  }
  t->value[k][i] = keep;
  return (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h);
}

typedef struct Grads {
  double v[5][40 * MAX_VALUES];
  double *at[5];
} Grads;

static void run_vjp(const Case *t, const KernelSet *set, Grads *g) {
  for (int k = 0; k < 5; k++) g->at[k] = g->v[k];
  rig_run(t->c, set, OP_CIRCUIT_VJP, t->rows, t->in, t->w, NULL, g->at);
}

static void test_random_outputs(void **state) {
  (void)state;
  static Case t;
  rig_rng_state = 77;
  for (int i = 0; i < 150; i++) {
    Arena *a = arena_new();
    fill_case(&t, random_circuit(a, 1 + rig_below(4), 1 + rig_below(30), rig_below(2)), ROWS);
    check_outputs(&t);
    arena_free(a);
  }
}

static void test_random_gradients(void **state) {
  (void)state;
  static Case t;
  static Grads g, other;
  rig_rng_state = 4242;
  for (int i = 0; i < 60; i++) {
    Arena *a = arena_new();
    const bool open = i % 2;
    fill_case(&t, random_circuit(a, 1 + rig_below(3), 1 + rig_below(20), open), ROWS);
    run_vjp(&t, rig_best(), &g);
    for (int k = 0; k < 4; k++)
      for (int64_t e = 0; e < rig_values(t.c, k, t.rows); e++) {
        const double want = by_difference(&t, k, e);
        rig_near(t.c, &g.v[k][e], &want, 1, 2e-9, k == 0 ? "x" : k == 1 ? "w" : "strength", rig_best()->name);
      }
    /* single precision, and states computed again */
    for (int f = 0; f <= (int)kernel_family(); f++) {
      if (kernel_set((KernelFamily)f, false) == NULL) continue;
      run_vjp(&t, kernel_set((KernelFamily)f, false), &other);
      for (int k = 0; k < 4; k++)
        rig_near(t.c, other.v[k], g.v[k], rig_values(t.c, k, t.rows), 4e-5, "single", "f32");
    }
    rig_prune = false;
    run_vjp(&t, rig_best(), &other);
    rig_prune = true;
    for (int k = 0; k < 4; k++)
      rig_near(t.c, other.v[k], g.v[k], rig_values(t.c, k, t.rows), 1e-13, "whole", "f64");
    rig_keep_bytes = 1;
    run_vjp(&t, rig_best(), &other);
    rig_keep_bytes = DENSITY_KEEP_BYTES;
    for (int k = 0; k < 4; k++)
      rig_near(t.c, other.v[k], g.v[k], rig_values(t.c, k, t.rows), 0, "blocks", "f64");
    for (rig_method = METHOD_SHIFT; !open && rig_method <= METHOD_FINITE; rig_method++) {
      run_vjp(&t, rig_best(), &other);
      for (int k = 0; k < 2; k++)
        rig_near(t.c, other.v[k], g.v[k], rig_values(t.c, k, t.rows),
                 rig_method == METHOD_SHIFT ? 1e-12 : 1e-8, circuit_method_name(rig_method), "f64");
    }
    rig_method = METHOD_ADJOINT;
    arena_free(a);
  }
}

/* The Hessian product and the tangent of the outputs against differences along the direction. */
static void test_random_hessians(void **state) {
  (void)state;
  static Case t;
  static Grads h, g[4];
  static double u[4][40 * MAX_VALUES], y[4][40 * MAX_VALUES];
  rig_rng_state = 99;
  for (int i = 0; i < 40; i++) {
    Arena *a = arena_new();
    fill_case(&t, random_circuit(a, 1 + rig_below(3), 1 + rig_below(20), false), ROWS);
    const CircuitProgram *c = t.c;
    const int64_t outputs = rig_samples(c, t.rows) * c->n_outputs;
    const double *dir[4];
    for (int k = 0; k < 4; k++) {
      for (int64_t e = 0; e < rig_values(c, k, t.rows); e++) u[k][e] = k < 2 ? rig_uniform(-1, 1) : 0;
      dir[k] = u[k];
      h.at[k] = h.v[k];
    }
    h.at[4] = h.v[4];
    rig_keep_bytes = i % 2 ? 1 : DENSITY_KEEP_BYTES;
    rig_prune = i % 3 != 0;
    rig_run(c, rig_best(), OP_CIRCUIT_HVP, t.rows, t.in, t.w, dir, h.at);
    rig_keep_bytes = DENSITY_KEEP_BYTES;
    rig_prune = true;
    const double step = 1e-3;
    for (int j = 0; j < 4; j++) {
      static Case moved;
      double *out = y[j];
      moved = t;
      for (int k = 0; k < 4; k++) {
        moved.in[k] = moved.value[k];
        for (int64_t e = 0; e < rig_values(c, k, t.rows); e++)
          moved.value[k][e] += (j < 2 ? 1 : 2) * (j % 2 ? -step : step) * u[k][e];
      }
      run_vjp(&moved, rig_best(), &g[j]);
      rig_run(c, rig_best(), OP_CIRCUIT, t.rows, moved.in, NULL, NULL, &out);
    }
    for (int k = 0; k < 2; k++)
      for (int64_t e = 0; e < rig_values(c, k, t.rows); e++) {
        const double want = (8 * (g[0].v[k][e] - g[1].v[k][e]) - (g[2].v[k][e] - g[3].v[k][e])) / (12 * step);
        rig_near(c, &h.v[k][e], &want, 1, 5e-8, "hessian", "f64");
      }
    for (int64_t e = 0; e < outputs; e++) {
      const double want = (8 * (y[0][e] - y[1][e]) - (y[2][e] - y[3][e])) / (12 * step);
      rig_near(c, &h.v[4][e], &want, 1, 1e-9, "tangent", "f64");
    }
    arena_free(a);
  }
}

/* A strength that is none makes its sample NaN and no other. */
static void test_strength_outside(void **state) {
  (void)state;
  Arena *a = arena_new();
  CircuitProgram *c = rig_circuit(a, 1, 1, (int64_t[]){1}, (bool[]){true});
  rig_channel(c, CHANNEL_BITFLIP, 1, (int[]){0})->angle[0] = (AngleRef){0, 0, 1, 0};
  rig_expval(c, 1, 0, 1);
  const double p[3] = {0.25, 1.5, 0.5}, *in = p;
  double y[3], *out = y;
  rig_run(c, rig_best(), OP_CIRCUIT, 3, &in, NULL, NULL, &out);
  assert_true(y[0] == 0.5 && isnan(y[1]) && y[2] == 0);
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_positive),
      cmocka_unit_test(test_formulas),
      cmocka_unit_test(test_placements),
      cmocka_unit_test(test_random_outputs),
      cmocka_unit_test(test_random_gradients),
      cmocka_unit_test(test_random_hessians),
      cmocka_unit_test(test_strength_outside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
