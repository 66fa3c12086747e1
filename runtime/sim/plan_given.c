/* Gates given by words and numbers, as rotations.
 *
 * diag: the phases t_k are a sum over words of Z, t_k = sum over S of c_S (-1)^(k . S), so the gate is
 * a product of rotations about words of Z by -2 c_S.
 * unitary: rows are brought to zero one by one, V_n ... V_1 M = diagonal, each V a rotation about Z
 * and one about Y of two rows that differ in one bit (neighbours of a Gray code), that is, of one
 * qubit controlled by all others. amplitude does so with one column. */
#include <complex.h>
#include <math.h>
#include "runtime/sim/plan_steps.h"

#define J ((double complex)I)
#define TOLERANCE 1e-6 /* of unitarity and norm: values may have been written in single precision */

static uint32_t qubit_of(const GateUse *u, int bit) {
  return 1u << u->qubit[u->n_controls + u->n_targets - 1 - bit];
}

static void phases(Steps *s, const GateUse *u, double *t) {
  uint32_t n = 1u << u->n_targets;
  for (uint32_t half = 1; half < n; half *= 2) {
    for (uint32_t i = 0; i < n; i++) {
      if (i & half) continue;
      double a = t[i], b = t[i + half];
      t[i] = a + b;
      t[i + half] = a - b;
    }
  }
  for (uint32_t k = 0; k < n; k++) {
    uint32_t z = 0;
    if (t[k] == 0) continue;
    for (int b = 0; b < u->n_targets; b++) z |= k >> b & 1 ? qubit_of(u, b) : 0;
    Raw r = steps_controls(u);
    r.p = pauli_word(0, z);
    r.angle.shift = -2 * t[k] / n;
    steps_rotation(s, r);
  }
}

/* A turn of rows `row` and row ^ flip: about Z by z, then about Y by y. */
typedef struct TwoRows {
  uint32_t row, flip;
  double y, z;
} TwoRows;

/* The inverse of the turn as gates, or the turn itself. */
static void add_two_rows(Steps *s, const GateUse *u, const TwoRows *t, bool inverse) {
  Raw r = steps_controls(u);
  uint32_t target = 0;
  for (int b = 0; b < u->n_targets; b++) {
    if (t->flip >> b & 1) {
      target = qubit_of(u, b);
      continue;
    }
    r.control[r.n_controls] = __builtin_ctz(qubit_of(u, b));
    r.on[r.n_controls++] = t->row >> b & 1;
  }
  for (int i = 0; i < 2; i++) {
    bool about_z = (i == 0) != inverse;
    r.p = pauli_word(about_z ? 0 : target, target);
    r.angle.shift = (about_z ? t->z : t->y) * (inverse ? -1 : 1);
    steps_rotation(s, r);
  }
}

/* Makes m[row ^ flip] of column `col` zero by a turn of the two rows. */
static TwoRows eliminate(double complex *m, int cols, uint32_t row, uint32_t flip, int col) {
  uint32_t zero = row & ~flip, one = row | flip;
  double complex a = m[zero * (uint32_t)cols + (uint32_t)col], b = m[one * (uint32_t)cols + (uint32_t)col];
  TwoRows t = {row, flip, 0, 0};
  if (cabs(row == zero ? b : a) < 1e-16) return t;
  t.z = carg(a) - carg(b);
  if (a == 0 || b == 0) t.z = 0;
  t.y = row == zero ? -2 * atan2(cabs(b), cabs(a)) : 2 * atan2(cabs(a), cabs(b));
  double c = cos(t.y / 2), w = sin(t.y / 2);
  double complex p = cexp(-0.5 * J * t.z);
  for (uint32_t k = 0; k < (uint32_t)cols; k++) {
    double complex *x = &m[zero * (uint32_t)cols + k], *y = &m[one * (uint32_t)cols + k];
    double complex f = *x * p, g = *y * conj(p);
    *x = c * f - w * g;
    *y = w * f + c * g;
  }
  return t;
}

static uint32_t gray(uint32_t i) { return i ^ i >> 1; }

/* The turns that make `cols` columns upper triangular in Gray order; how many. */
static int triangular(uint32_t n, int cols, double complex *m, TwoRows *turn) {
  int count = 0;
  for (int j = 0; j < cols; j++) {
    for (uint32_t i = n - 1; i > (uint32_t)j; i--) {
      int col = cols == 1 ? 0 : (int)gray((uint32_t)j);
      TwoRows t = eliminate(m, cols, gray(i - 1), gray(i) ^ gray(i - 1), col);
      if (t.y != 0 || t.z != 0) turn[count++] = t;
    }
  }
  return count;
}

static bool is_unitary(uint32_t n, const double complex *m) {
  for (uint32_t i = 0; i < n * n; i++) {
    double complex sum = 0;
    for (uint32_t k = 0; k < n; k++) sum += conj(m[k * n + i / n]) * m[k * n + i % n];
    if (!(cabs(sum - (i / n == i % n)) < TOLERANCE)) return false;
  }
  return true;
}

static const char *unitary(Steps *s, const GateUse *u) {
  uint32_t n = 1u << u->n_targets;
  if (u->n_targets > UNITARY_MAX_QUBITS) {
    return arena_printf(s->arena, "a `unitary` on more than %d qubits cannot be run by this version",
                        UNITARY_MAX_QUBITS);
  }
  double complex *m = ARENA_ARRAY(s->arena, double complex, n *n);
  for (uint32_t i = 0; i < n * n; i++) {
    uint32_t from = u->inverse ? i % n * n + i / n : i;
    m[i] = u->values[2 * from] + (u->inverse ? -J : J) * u->values[2 * from + 1];
  }
  if (!is_unitary(n, m)) return "the matrix of `unitary` is not unitary";
  TwoRows *turn = ARENA_ARRAY(s->arena, TwoRows, n * n);
  int count = triangular(n, (int)n, m, turn);
  double *phase = ARENA_ARRAY(s->arena, double, n);
  for (uint32_t k = 0; k < n; k++) phase[k] = carg(m[k * n + k]);
  phases(s, u, phase);
  while (count > 0) add_two_rows(s, u, &turn[--count], true);
  return NULL;
}

static const char *amplitude(Steps *s, const GateUse *u) {
  uint32_t n = 1u << u->n_targets;
  double norm = 0;
  double complex *m = ARENA_ARRAY(s->arena, double complex, n);
  for (uint32_t i = 0; i < n; i++) {
    m[i] = u->values[2 * i] + J * u->values[2 * i + 1];
    norm += creal(m[i] * conj(m[i]));
  }
  if (!(fabs(norm - 1) < TOLERANCE)) return "the squares of the amplitudes of `amplitude` do not add up to 1";
  TwoRows *turn = ARENA_ARRAY(s->arena, TwoRows, n);
  int count = triangular(n, 1, m, turn);
  Raw phase = steps_controls(u); /* what is left of the column is a phase, which a control can see */
  phase.angle.shift = (u->inverse ? 2 : -2) * carg(m[0]);
  if (!u->inverse) steps_rotation(s, phase);
  for (int i = 0; i < count; i++) add_two_rows(s, u, &turn[u->inverse ? i : count - 1 - i], !u->inverse);
  if (u->inverse) steps_rotation(s, phase);
  return NULL;
}

static void basis(Steps *s, const GateUse *u) {
  for (int i = 0; i < u->n_targets; i++) {
    if (u->word[i] != '1') continue;
    Raw r = steps_controls(u); /* x as rotation and phase, which a control can see */
    r.p = pauli_word(1u << u->qubit[u->n_controls + i], 0);
    r.angle.shift = acos(-1);
    steps_rotation(s, r);
    r.p = pauli_word(0, 0);
    r.angle.shift = -acos(-1);
    steps_rotation(s, r);
  }
}

static void pauli_rotation(Steps *s, const GateUse *u) {
  Raw r = steps_controls(u);
  uint32_t x = 0, z = 0;
  for (int i = 0; i < u->n_targets; i++) {
    uint32_t q = 1u << u->qubit[u->n_controls + i];
    if (u->word[i] == 'X' || u->word[i] == 'Y') x |= q;
    if (u->word[i] == 'Z' || u->word[i] == 'Y') z |= q;
  }
  const AngleRef *a = &u->angle[0];
  double sign = u->inverse ? -1 : 1;
  SimTerm *t = ARENA_ARRAY(s->arena, SimTerm, 1);
  *t = (SimTerm){a->source, a->element, sign * a->scale};
  r.p = pauli_word(x, z);
  r.angle = (SimAngle){sign * a->shift, a->source >= 0 && a->scale != 0, t};
  steps_rotation(s, r);
}

const char *steps_given(Steps *s, const GateUse *u) {
  if (u->gate == GATE_UNITARY) return unitary(s, u);
  if (u->gate == GATE_AMPLITUDE) return amplitude(s, u);
  if (u->gate == GATE_BASIS) {
    basis(s, u);
  } else if (u->gate == GATE_PAULIROT) {
    pauli_rotation(s, u);
  } else {
    double *t = ARENA_ARRAY(s->arena, double, (size_t)1 << u->n_targets);
    for (uint32_t i = 0; i < 1u << u->n_targets; i++) t[i] = u->inverse ? -u->values[i] : u->values[i];
    phases(s, u, t);
  }
  return NULL;
}
