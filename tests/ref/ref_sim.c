#define _GNU_SOURCE /* M_PI */
#include "tests/ref/ref_sim.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIZE(n) ((size_t)1 << (n))
typedef double complex Cx;
#define J ((Cx)I)

static void set2(Cx *m, Cx a, Cx b, Cx c, Cx d) { m[0] = a, m[1] = b, m[2] = c, m[3] = d; }

static Cx phase(double a) { return cos(a) + J * sin(a); }

/* One-qubit gates. False if `g` is none. */
static bool one_qubit(GateId g, const double *a, Cx *m) {
  double r = sqrt(0.5);
  double c = cos(a[0] / 2), s = sin(a[0] / 2);
  if (g == GATE_ID) set2(m, 1, 0, 0, 1);
  else if (g == GATE_X) set2(m, 0, 1, 1, 0);
  else if (g == GATE_Y) set2(m, 0, -J, J, 0);
  else if (g == GATE_Z) set2(m, 1, 0, 0, -1);
  else if (g == GATE_H) set2(m, r, r, r, -r);
  else if (g == GATE_S) set2(m, 1, 0, 0, J);
  else if (g == GATE_SDG) set2(m, 1, 0, 0, -J);
  else if (g == GATE_T) set2(m, 1, 0, 0, phase(M_PI / 4));
  else if (g == GATE_TDG) set2(m, 1, 0, 0, phase(-M_PI / 4));
  else if (g == GATE_SX) set2(m, (1 + J) / 2, (1 - J) / 2, (1 - J) / 2, (1 + J) / 2);
  else if (g == GATE_SXDG) set2(m, (1 - J) / 2, (1 + J) / 2, (1 + J) / 2, (1 - J) / 2);
  else if (g == GATE_P) set2(m, 1, 0, 0, phase(a[0]));
  else if (g == GATE_RX) set2(m, c, -J * s, -J * s, c);
  else if (g == GATE_RY) set2(m, c, -s, s, c);
  else if (g == GATE_RZ) set2(m, phase(-a[0] / 2), 0, 0, phase(a[0] / 2));
  else if (g == GATE_U2) set2(m, r, -r * phase(a[1]), r * phase(a[0]), r * phase(a[0] + a[1]));
  else if (g == GATE_U3) set2(m, c, -phase(a[2]) * s, phase(a[1]) * s, phase(a[1] + a[2]) * c);
  else if (g == GATE_ROT)
    set2(m, phase(-(a[0] + a[2]) / 2) * cos(a[1] / 2), -phase((a[0] - a[2]) / 2) * sin(a[1] / 2),
         phase((a[2] - a[0]) / 2) * sin(a[1] / 2), phase((a[0] + a[2]) / 2) * cos(a[1] / 2));
  else if (g == GATE_GPHASE) set2(m, phase(a[0]), 0, 0, phase(a[0]));
  else return false;
  return true;
}

/* Kronecker product of p x p and q x q matrices. */
static void kron(size_t p, const Cx *a, size_t q, const Cx *b, Cx *out) {
  for (size_t i = 0; i < p * q; i++) {
    for (size_t j = 0; j < p * q; j++) out[i * p * q + j] = a[i / q * p + j / q] * b[i % q * q + j % q];
  }
}

void ref_pauli_matrix(int n, uint64_t x, uint64_t z, Cx *out) {
  Cx *t = malloc(SIZE(2 * n) * sizeof *t), one[4];
  size_t size = 1;
  out[0] = 1;
  for (int q = 0; q < n; q++, size *= 2) {
    bool has_x = x >> q & 1, has_z = z >> q & 1;
    if (has_x && has_z) set2(one, 0, -J, J, 0);
    else if (has_x) set2(one, 0, 1, 1, 0);
    else if (has_z) set2(one, 1, 0, 0, -1);
    else set2(one, 1, 0, 0, 1);
    memcpy(t, out, size * size * sizeof *t);
    kron(size, t, 2, one, out);
  }
  free(t);
}

/* exp(-i a P / 2) = cos(a/2) - i sin(a/2) P */
static void pauli_rotation(int n, uint64_t x, uint64_t z, double a, Cx *m) {
  ref_pauli_matrix(n, x, z, m);
  size_t d = SIZE(n);
  for (size_t i = 0; i < d * d; i++) m[i] *= -J * sin(a / 2);
  for (size_t i = 0; i < d; i++) m[i * d + i] += cos(a / 2);
}

/* The lower right corner of a unit matrix replaced by b. */
static void controlled(size_t d, size_t nb, const Cx *b, Cx *m) {
  memset(m, 0, d * d * sizeof *m);
  for (size_t i = 0; i < d - nb; i++) m[i * d + i] = 1;
  for (size_t i = 0; i < nb; i++) memcpy(m + (d - nb + i) * d + d - nb, b + i * nb, nb * sizeof *m);
}

static void set_swap(Cx *m, Cx cross) {
  memset(m, 0, 16 * sizeof *m);
  m[0] = m[15] = 1;
  m[1 * 4 + 2] = m[2 * 4 + 1] = cross;
}

static bool two_qubits(GateId g, const double *a, Cx *m) {
  Cx b[4];
  static const GateId base[][2] = {{GATE_CX, GATE_X},   {GATE_CY, GATE_Y},   {GATE_CZ, GATE_Z},
                                   {GATE_CH, GATE_H},   {GATE_CP, GATE_P},   {GATE_CRX, GATE_RX},
                                   {GATE_CRY, GATE_RY}, {GATE_CRZ, GATE_RZ}, {GATE_CU, GATE_U3}};
  for (size_t i = 0; i < sizeof base / sizeof base[0]; i++) {
    if (g != base[i][0]) continue;
    one_qubit(base[i][1], a, b);
    for (int k = 0; k < 4; k++) b[k] *= g == GATE_CU ? phase(a[3]) : 1;
    controlled(4, 2, b, m);
    return true;
  }
  double c = cos(a[0] / 2), s = sin(a[0] / 2);
  /* bit q of x and z is qubit q, the first qubit is bit 0 */
  if (g == GATE_SWAP) set_swap(m, 1);
  else if (g == GATE_ISWAP) set_swap(m, J);
  else if (g == GATE_RXX) pauli_rotation(2, 3, 0, a[0], m);
  else if (g == GATE_RYY) pauli_rotation(2, 3, 3, a[0], m);
  else if (g == GATE_RZZ) pauli_rotation(2, 0, 3, a[0], m);
  else if (g == GATE_RZX) pauli_rotation(2, 2, 1, a[0], m);
  else if (g == GATE_ECR) {
    Cx yx[16];
    ref_pauli_matrix(2, 1, 0, m);
    ref_pauli_matrix(2, 3, 1, yx);
    for (int i = 0; i < 16; i++) m[i] = (m[i] - yx[i]) * sqrt(0.5);
  } else if (g == GATE_GIVENS) {
    memset(m, 0, 16 * sizeof *m);
    m[0] = m[15] = 1;
    m[1 * 4 + 1] = m[2 * 4 + 2] = c;
    m[2 * 4 + 1] = s;
    m[1 * 4 + 2] = -s;
  } else return false;
  return true;
}

void ref_gate_matrix(GateId g, int n_targets, const double *a, Cx *m) {
  Cx b[16];
  if (one_qubit(g, a, m) || two_qubits(g, a, m)) return;
  if (g == GATE_CCX || g == GATE_CCZ) {
    one_qubit(g == GATE_CCX ? GATE_X : GATE_Z, a, b);
    controlled(8, 2, b, m);
  } else if (g == GATE_CSWAP) {
    set_swap(b, 1);
    controlled(8, 4, b, m);
  } else if (g == GATE_MULTIRZ) {
    pauli_rotation(n_targets, 0, SIZE(n_targets) - 1, a[0], m);
  } else {
    assert(0 && "a gate without reference");
  }
}

/* Gates with words or values. State preparation is a matrix for fresh qubits: only its first column counts.
 */
static void use_matrix(const GateUse *u, const double *a, Cx *m) {
  size_t k = SIZE(u->n_targets);
  const double *v = u->values;
  uint64_t x = 0, z = 0;
  if (u->gate != GATE_PAULIROT && v == NULL && u->word == NULL) {
    ref_gate_matrix(u->gate, u->n_targets, a, m);
    return;
  }
  memset(m, 0, k * k * sizeof *m);
  if (u->gate == GATE_PAULIROT) {
    for (int i = 0; i < u->n_targets; i++) {
      if (strchr("XY", u->word[i])) x |= 1ull << i;
      if (strchr("ZY", u->word[i])) z |= 1ull << i;
    }
    pauli_rotation(u->n_targets, x, z, a[0], m);
  } else if (u->gate == GATE_UNITARY) {
    for (size_t i = 0; i < k * k; i++) m[i] = v[2 * i] + J * v[2 * i + 1];
  } else if (u->gate == GATE_DIAGONAL) {
    for (size_t i = 0; i < k; i++) m[i * k + i] = phase(v[i]);
  } else if (u->gate == GATE_AMPLITUDE) {
    for (size_t i = 0; i < k; i++) m[i * k] = v[2 * i] + J * v[2 * i + 1];
  } else {
    size_t at = 0;
    for (int i = 0; i < u->n_targets; i++) at = at << 1 | (u->word[i] == '1');
    m[at * k] = 1;
  }
}

static size_t bit_of(int n, int qubit, size_t index) { return index >> (n - 1 - qubit) & 1; }

void ref_embed(int n, int n_targets, const uint8_t *targets, int n_controls, const uint8_t *controls,
               const uint8_t *on, const Cx *m, Cx *out) {
  size_t d = SIZE(n), k = SIZE(n_targets);
  for (size_t r = 0; r < d; r++) {
    for (size_t c = 0; c < d; c++) {
      bool met = true;
      size_t rest = r ^ c, sub_r = 0, sub_c = 0;
      for (int i = 0; i < n_controls; i++) met &= bit_of(n, controls[i], c) == on[i];
      for (int i = 0; i < n_targets; i++) {
        sub_r = sub_r << 1 | bit_of(n, targets[i], r);
        sub_c = sub_c << 1 | bit_of(n, targets[i], c);
        rest &= ~(SIZE(n - 1 - targets[i]));
      }
      if (met) {
        out[r * d + c] = rest == 0 ? m[sub_r * k + sub_c] : 0;
      } else {
        out[r * d + c] = r == c ? 1 : 0;
      }
    }
  }
}

double ref_angle(const CircuitProgram *c, const AngleRef *a, const double *const *in, int64_t row) {
  if (a->source < 0) return a->shift;
  int64_t at = a->element + (c->input_has_rows[a->source] ? row * c->input_size[a->source] : 0);
  return a->scale * in[a->source][at] + a->shift;
}

void ref_use(const CircuitProgram *c, const GateUse *u, const double *const *in, int64_t row, Cx *full) {
  Cx m[1 << 16];
  double angle[GATE_MAX_ANGLES];
  for (int i = 0; i < GATE_MAX_ANGLES; i++) angle[i] = ref_angle(c, &u->angle[i], in, row);
  use_matrix(u, angle, m);
  size_t k = SIZE(u->n_targets);
  for (size_t i = 0; i < k && u->inverse; i++) {
    for (size_t j = 0; j <= i; j++) {
      Cx a = m[i * k + j], b = m[j * k + i];
      m[i * k + j] = conj(b);
      m[j * k + i] = conj(a);
    }
  }
  ref_embed(c->n_qubits, u->n_targets, u->qubit + u->n_controls, u->n_controls, u->qubit, u->control_on, m,
            full);
}

void ref_state(const CircuitProgram *c, const double *const *in, int64_t row, Cx *psi) {
  size_t d = SIZE(c->n_qubits);
  Cx *full = malloc(d * d * sizeof *full), *next = malloc(d * sizeof *next);
  memset(psi, 0, d * sizeof *psi);
  psi[0] = 1;
  for (int g = 0; g < c->gates.n; g++) {
    ref_use(c, &c->gates.at[g], in, row, full);
    for (size_t r = 0; r < d; r++) {
      next[r] = 0;
      for (size_t i = 0; i < d; i++) next[r] += full[r * d + i] * psi[i];
    }
    memcpy(psi, next, d * sizeof *psi);
  }
  free(full);
  free(next);
}

static double pauli_value(int n, const PauliTerm *t, const Cx *psi) {
  size_t d = SIZE(n);
  Cx *m = malloc(d * d * sizeof *m), sum = 0;
  ref_pauli_matrix(n, t->x, t->z, m);
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j < d; j++) sum += conj(psi[i]) * m[i * d + j] * psi[j];
  }
  free(m);
  return creal(sum);
}

void ref_outputs(const CircuitProgram *c, const double *const *in, int64_t row, double *y) {
  size_t d = SIZE(c->n_qubits);
  Cx *psi = malloc(d * sizeof *psi);
  ref_state(c, in, row, psi);
  for (int o = 0; o < c->n_outputs; o++) y[o] = 0;
  if (c->measure != MEASURE_EXPVAL) {
    for (size_t k = 0; k < d; k++) {
      size_t o = 0;
      for (int i = 0; i < c->probs_qubits.n; i++) o = o << 1 | bit_of(c->n_qubits, c->probs_qubits.at[i], k);
      if (c->measure == MEASURE_AMPLITUDES) {
        y[2 * o] = creal(psi[k]);
        y[2 * o + 1] = cimag(psi[k]);
      } else {
        y[o] += creal(psi[k]) * creal(psi[k]) + cimag(psi[k]) * cimag(psi[k]);
      }
    }
  } else {
    for (int o = 0; o < c->observables.n; o++) {
      for (int i = 0; i < c->observables.at[o].terms.n; i++) {
        const PauliTerm *t = &c->observables.at[o].terms.at[i];
        y[o] += t->coefficient * pauli_value(c->n_qubits, t, psi);
      }
    }
  }
  free(psi);
}

double ref_weighted(const CircuitProgram *c, const double *const *in, int64_t rows, const double *w) {
  double *y = malloc((size_t)c->n_outputs * sizeof *y), sum = 0;
  for (int64_t r = 0; r < rows; r++) {
    ref_outputs(c, in, r, y);
    for (int o = 0; o < c->n_outputs; o++) sum += w[r * c->n_outputs + o] * y[o];
  }
  free(y);
  return sum;
}
