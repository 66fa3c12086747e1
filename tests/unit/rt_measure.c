/* What is measured of a part of the qubits, run from scripts, for every ordered choice of qubits of small
 * circuits, against the dense state (tests/ref/ref_sim.c): amplitudes, density matrices, purity, entropy,
 * fidelity, variance, probabilities. QGN_PLACEMENTS: qubits at most, 5 (3 with QGN_QUICK). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/parse/parse.h"
#include "lang/sema/sema.h"
#include "runtime/exec/run.h"
#include "tests/ref/ref_sim.h"
#include "tests/ref/sim_rig.h"

#define MAX_QUBITS 5
#define MAX_VALUES 4096
typedef double complex Cx;

typedef struct Values {
  int n;
  double at[MAX_VALUES];
} Values;

static void take_print(void *ctx, const Run *r, const Stmt *s) {
  Values *out = ctx;
  if (s->slot < 0) return;
  const int n = (int)run_slot_size(r, s->slot);
  assert_true(out->n + n <= MAX_VALUES);
  for (int i = 0; i < n; i++) out->at[out->n++] = run_slot_get(r, s->slot, i);
}

/* All printed values of a script, one after the other. */
static void run_script(const char *script, Values *out) {
  Arena *a = arena_new();
  DiagSink *sink = diag_sink(a);
  AstNode *tree = NULL;
  const SemaOptions options = {0};
  out->n = 0;
  assert_int_equal(parse_source(a, src_add("test.qgn", script, strlen(script)), sink, false, &tree, NULL),
                   PARSE_OK);
  const Program *p = sema_elaborate(a, tree, &options, sink);
  if (p == NULL) fail_msg("%s\n%s", sink->all.at[0]->text, script);
  const RunOptions run = {.threads = 1, .family = kernel_family()};
  Run *r = run_new(a, p, &run, sink);
  const RunHooks hooks = {.ctx = out, .print = take_print};
  assert_non_null(r);
  assert_int_equal(run_execute(r, &hooks), RUN_DONE);
  run_free(r);
  arena_free(a);
  src_clear();
}

/* ---- one choice of qubits ------------------------------------------------------------------------ */

typedef struct Choice {
  int n, k, at[MAX_QUBITS]; /* k of n qubits */
  Cx psi[32], v[32];        /* the state; what the fidelity is with */
  Cx rho[32 * 32];
} Choice;

/* The same circuit as program and as text, and its dense state. */
static int prepare(Choice *t, char *text, size_t room) {
  Arena *a = arena_new();
  CircuitProgram *c = rig_circuit(a, t->n, 0, NULL, NULL);
  int at = 0;
  for (int q = 0; q < t->n; q++) {
    GateUse *u = rig_gate(c, GATE_U3, 0, 1, &q);
    const double angle[3] = {0.4 + 0.5 * q, 0.3 - 0.2 * q, 0.1 + 0.6 * q};
    for (int i = 0; i < 3; i++) u->angle[i] = (AngleRef){-1, 0, 0, angle[i]};
    at += snprintf(text + at, room - (size_t)at, "u3(%.3f, %.3f, %.3f) q[%d]; ", angle[0], angle[1], angle[2],
                   q);
  }
  for (int q = 0; q + 1 < t->n; q++) {
    rig_gate(c, GATE_RYY, 0, 2, (int[]){q, q + 1})->angle[0] = (AngleRef){-1, 0, 0, 0.8};
    rig_gate(c, GATE_CX, 0, 2, (int[]){q + 1, q});
    at += snprintf(text + at, room - (size_t)at, "ryy(0.8) q[%d], q[%d]; cx q[%d], q[%d]; ", q, q + 1, q + 1,
                   q);
  }
  ref_state(c, NULL, 0, t->psi);
  arena_free(a);
  return at;
}

/* The index of a basis state: i on the chosen qubits, the first most significant, r on the others. */
static unsigned index_of(const Choice *t, unsigned i, unsigned r) {
  unsigned out = 0, rest = 0;
  for (int q = 0; q < t->n; q++) {
    int place = 0;
    while (place < t->k && t->at[place] != q) place++;
    const unsigned bit = place < t->k ? i >> (t->k - 1 - place) & 1 : r >> rest & 1;
    rest += place == t->k;
    out |= bit << (t->n - 1 - q);
  }
  return out;
}

static void reduce(Choice *t) {
  const unsigned d = 1u << t->k, others = 1u << (t->n - t->k);
  for (unsigned i = 0; i < d; i++)
    for (unsigned j = 0; j < d; j++) {
      t->rho[i * d + j] = 0;
      for (unsigned r = 0; r < others; r++)
        t->rho[i * d + j] += t->psi[index_of(t, i, r)] * conj(t->psi[index_of(t, j, r)]);
    }
}

/* Eigenvalues of a Hermitian matrix by Jacobi rotations of the real symmetric one of twice the size, where
 * each stands twice: half of the sum of -x log x. */
static double entropy(const Choice *t) {
  enum { MOST = 64 };
  static double m[MOST][MOST];
  const int d = 1 << t->k, n = 2 * d;
  double s = 0;
  for (int i = 0; i < d; i++)
    for (int j = 0; j < d; j++) {
      m[i][j] = m[i + d][j + d] = creal(t->rho[i * d + j]);
      m[i + d][j] = cimag(t->rho[i * d + j]);
      m[i][j + d] = -m[i + d][j];
    }
  for (int sweep = 0; sweep < 20; sweep++)
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++) {
        if (fabs(m[p][q]) < 1e-18) continue;
        const double angle = 0.5 * atan2(2 * m[p][q], m[q][q] - m[p][p]), c = cos(angle), e = sin(angle);
        for (int k = 0; k < n; k++) {
          const double x = m[k][p], y = m[k][q];
          m[k][p] = c * x - e * y;
          m[k][q] = e * x + c * y;
        }
        for (int k = 0; k < n; k++) {
          const double x = m[p][k], y = m[q][k];
          m[p][k] = c * x - e * y;
          m[q][k] = e * x + c * y;
        }
      }
  for (int i = 0; i < n; i++)
    if (m[i][i] > 1e-15) s -= m[i][i] * log(m[i][i]) / 2;
  return s;
}

/* <O> and <O^2> of 0.5 Z on the first qubit + X Y Z X Y ... on all of them. */
static double variance(const Choice *t) {
  const unsigned d = 1u << t->k;
  Cx word[32 * 32], z[32 * 32], o[32 * 32];
  uint64_t x_mask = 0, z_mask = 0;
  double mean = 0, square = 0;
  for (int i = 0; i < t->k; i++) {
    if (i % 3 != 2) x_mask |= 1ull << i;
    if (i % 3 != 0) z_mask |= 1ull << i;
  }
  ref_pauli_matrix(t->k, x_mask, z_mask, word);
  ref_pauli_matrix(t->k, 0, 1, z);
  for (unsigned i = 0; i < d * d; i++) o[i] = word[i] + 0.5 * z[i];
  for (unsigned i = 0; i < d; i++)
    for (unsigned j = 0; j < d; j++) {
      mean += creal(o[i * d + j] * t->rho[j * d + i]);
      for (unsigned k = 0; k < d; k++) square += creal(o[i * d + k] * o[k * d + j] * t->rho[j * d + i]);
    }
  return square - mean * mean;
}

static void near(const Choice *t, const char *what, double got, double want) {
  if (fabs(got - want) <= 1e-10) return;
  fail_msg("%s of (%d %d %d %d %d), %d of %d: %.17g instead of %.17g", what, t->at[0], t->at[1], t->at[2],
           t->at[3], t->at[4], t->k, t->n, got, want);
}

static void check_values(const Choice *t, const Values *got) {
  const unsigned d = 1u << t->k;
  double purity = 0, fidelity = 0, norm = 0;
  int at = 0;
  for (unsigned i = 0; i < d; i++)
    for (unsigned j = 0; j < d; j++, at += 2) {
      near(t, "density", got->at[at], creal(t->rho[i * d + j]));
      near(t, "density", got->at[at + 1], cimag(t->rho[i * d + j]));
      purity += creal(t->rho[i * d + j] * t->rho[j * d + i]);
      fidelity += creal(conj(t->v[i]) * t->rho[i * d + j] * t->v[j]);
    }
  for (unsigned i = 0; i < d; i++) norm += creal(t->v[i] * conj(t->v[i]));
  near(t, "purity", got->at[at++], purity);
  near(t, "entropy", got->at[at++], entropy(t));
  near(t, "fidelity", got->at[at++], fidelity / norm);
  near(t, "fidelity with a computed state", got->at[at++], fidelity / norm);
  near(t, "variance", got->at[at++], variance(t));
  for (unsigned i = 0; i < d; i++) near(t, "probs", got->at[at++], creal(t->rho[i * d + i]));
  for (unsigned i = 0; i < d && t->k == t->n; i++, at += 2) {
    near(t, "amplitudes", got->at[at], creal(t->psi[index_of(t, i, 0)]));
    near(t, "amplitudes", got->at[at + 1], cimag(t->psi[index_of(t, i, 0)]));
  }
  assert_int_equal(at, got->n);
}

static void check_choice(Choice *t) {
  static Values got;
  char text[8000], body[2000], list[40] = "", word[8] = "", state[2400] = "";
  const unsigned d = 1u << t->k;
  (void)prepare(t, body, sizeof body);
  reduce(t);
  for (int i = 0; i < t->k; i++) {
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s%d", i > 0 ? ", " : "", t->at[i]);
    word[i] = "XYZ"[i % 3];
  }
  for (unsigned i = 0; i < d; i++) {
    t->v[i] = cos(i + 1.0) + (Cx)I * sin(2.0 * i);
    snprintf(state + strlen(state), sizeof state - strlen(state), "%s[%.17g, %.17g]", i > 0 ? ", " : "",
             creal(t->v[i]), cimag(t->v[i]));
  }
  const bool whole = t->k == t->n;
  snprintf(
      text, sizeof text,
      "edition = 1\nprecision = \"double\"\nlet v = [%s]\ncircuit c(w[%u, 2]) on q[%d] {\n  %s\n"
      "  return density(q[[%s]]), purity(q[[%s]]), entropy(q[[%s]]), fidelity(q[[%s]], v), "
      "fidelity(q[[%s]], w), variance(pauli(\"%s\", q[[%s]]) + 0.5 * Z(q[%d])), probs(q[[%s]])%s%s%s\n}\n"
      "let d, p, s, f, g, r, b%s = c(v)\nd\np\ns\nf\ng\nr\nb\n%s",
      state, d, t->n, body, list, list, list, list, list, word, list, t->at[0], list,
      whole ? ", amplitudes(q[[" : "", whole ? list : "", whole ? "]])" : "", whole ? ", a" : "",
      whole ? "a\n" : "");
  run_script(text, &got);
  check_values(t, &got);
}

/* All ordered choices. */
static void choose(Choice *t, int chosen, int *count) {
  if (chosen > 0) {
    t->k = chosen;
    check_choice(t);
    ++*count;
  }
  for (int q = 0; chosen < t->n && q < t->n; q++) {
    bool used = false;
    for (int i = 0; i < chosen; i++) used = used || t->at[i] == q;
    if (used) continue;
    t->at[chosen] = q;
    choose(t, chosen + 1, count);
  }
}

static void test_placements(void **state) {
  static Choice t;
  (void)state;
  const char *given = getenv("QGN_PLACEMENTS");
  const int most = given ? atoi(given) : getenv("QGN_QUICK") ? 3 : 5;
  int count = 0;
  assert_in_range(most, 1, MAX_QUBITS);
  for (t.n = 1; t.n <= most; t.n++) choose(&t, 0, &count);
  assert_true(count >= 20 || most < 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_placements)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
