#include "tests/ref/ref_noise.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef double complex Cx;
#define SIZE(n) ((size_t)1 << (n))

/* Pauli matrix number p (I, X, Y, Z) times f. */
static void pauli(int p, double f, Cx *m) {
  const Cx i = (Cx)I;
  const Cx all[4][4] = {{1, 0, 0, 1}, {0, 1, 1, 0}, {0, -i, i, 0}, {1, 0, 0, -1}};
  for (int k = 0; k < 4; k++) m[k] = f * all[p][k];
}

static int flips(double x, double y, double z, Cx out[][16]) {
  pauli(0, sqrt(1 - x - y - z), out[0]);
  pauli(1, sqrt(x), out[1]);
  pauli(2, sqrt(y), out[2]);
  pauli(3, sqrt(z), out[3]);
  return 4;
}

static void set(Cx *m, double a, double b, double c, double d) { m[0] = a, m[1] = b, m[2] = c, m[3] = d; }

static int depolarize2(double p, Cx out[][16]) {
  Cx a[4], b[4];
  for (int k = 0; k < 16; k++) {
    pauli(k / 4, sqrt(k == 0 ? 1 - p : p / 15), a);
    pauli(k % 4, 1, b);
    for (int r = 0; r < 4; r++)
      for (int c = 0; c < 4; c++) out[k][r * 4 + c] = a[r / 2 * 2 + c / 2] * b[r % 2 * 2 + c % 2];
  }
  return 16;
}

/* Damping by g, then phase damping by l, as products of their operators. */
static int damp_dephase(double g, double l, Cx out[][16]) {
  set(out[0], 1, 0, 0, sqrt(1 - g) * sqrt(1 - l));
  set(out[1], 0, 0, 0, sqrt(1 - g) * sqrt(l));
  set(out[2], 0, sqrt(g) * sqrt(1 - l), 0, 0);
  set(out[3], 0, sqrt(g) * sqrt(l), 0, 0);
  return 4;
}

int ref_kraus(const GateUse *u, const double *p, Cx out[REF_MAX_KRAUS][16]) {
  const double r = sqrt(1 - p[1]), e = sqrt(p[1]);
  const size_t d = SIZE(u->n_targets);
  switch (u->channel) {
  case CHANNEL_DEPOLARIZE: return flips(p[0] / 3, p[0] / 3, p[0] / 3, out);
  case CHANNEL_DEPOLARIZE2: return depolarize2(p[0], out);
  case CHANNEL_BITFLIP: return flips(p[0], 0, 0, out);
  case CHANNEL_PHASEFLIP: return flips(0, 0, p[0], out);
  case CHANNEL_BITPHASEFLIP: return flips(0, p[0], 0, out);
  case CHANNEL_PAULIFLIP: return flips(p[0], p[1], p[2], out);
  case CHANNEL_DAMP:
    set(out[0], r, 0, 0, r * sqrt(1 - p[0]));
    set(out[1], 0, r * sqrt(p[0]), 0, 0);
    set(out[2], e * sqrt(1 - p[0]), 0, 0, e);
    set(out[3], 0, 0, e * sqrt(p[0]), 0);
    return 4;
  case CHANNEL_DEPHASE:
    set(out[0], 1, 0, 0, sqrt(1 - p[0]));
    set(out[1], 0, 0, 0, sqrt(p[0]));
    return 2;
  case CHANNEL_RELAX: return damp_dephase(1 - exp(-p[2] / p[0]), 1 - exp(p[2] / p[0] - 2 * p[2] / p[1]), out);
  case CHANNEL_RESET:
    set(out[0], 1, 0, 0, 0);
    set(out[1], 0, 1, 0, 0);
    return 2;
  case CHANNEL_KRAUS:
    for (int k = 0; k < u->n_kraus; k++)
      for (size_t i = 0; i < d * d; i++)
        out[k][i] =
            u->values[2 * ((size_t)k * d * d + i)] + (Cx)I * u->values[2 * ((size_t)k * d * d + i) + 1];
    return u->n_kraus;
  case CHANNEL_NONE:
  case CHANNEL_READOUT:
  case CHANNEL_COUNT: break;
  }
  return 0;
}

static void multiply(size_t d, const Cx *a, const Cx *b, bool dagger, Cx *out) {
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < d; j++) {
      Cx sum = 0;
      for (size_t k = 0; k < d; k++) sum += a[i * d + k] * (dagger ? conj(b[j * d + k]) : b[k * d + j]);
      out[i * d + j] = sum;
    }
}

void ref_density(const CircuitProgram *c, const double *const *in, int64_t row, Cx *rho) {
  const size_t d = SIZE(c->n_qubits), bytes = d * d * sizeof(Cx);
  Cx *full = malloc(bytes), *half = malloc(bytes), *one = malloc(bytes), *sum = malloc(bytes);
  memset(rho, 0, bytes);
  rho[0] = 1;
  for (int g = 0; g < c->gates.n; g++) {
    const GateUse *u = &c->gates.at[g];
    Cx kraus[REF_MAX_KRAUS][16];
    double p[GATE_MAX_ANGLES];
    int n = 1;
    if (u->channel == CHANNEL_READOUT) continue;
    for (int i = 0; i < GATE_MAX_ANGLES; i++) p[i] = ref_angle(c, &u->angle[i], in, row);
    if (u->channel != CHANNEL_NONE) n = ref_kraus(u, p, kraus);
    memset(sum, 0, bytes);
    for (int k = 0; k < n; k++) {
      if (u->channel == CHANNEL_NONE) ref_use(c, u, in, row, full);
      else ref_embed(c->n_qubits, u->n_targets, u->qubit, 0, NULL, NULL, kraus[k], full);
      multiply(d, full, rho, false, half);
      multiply(d, half, full, true, one);
      for (size_t i = 0; i < d * d; i++) sum[i] += one[i];
    }
    memcpy(rho, sum, bytes);
  }
  free(full);
  free(half);
  free(one);
  free(sum);
}

/* The chances to read qubit q wrong, of all its readings one after the other. */
static void misread(const CircuitProgram *c, const double *const *in, int64_t row, int q, double wrong[2]) {
  wrong[0] = wrong[1] = 0;
  for (int g = 0; g < c->gates.n; g++) {
    const GateUse *u = &c->gates.at[g];
    if (u->channel != CHANNEL_READOUT || u->qubit[0] != q) continue;
    const double up = ref_angle(c, &u->angle[0], in, row), down = ref_angle(c, &u->angle[1], in, row);
    for (int b = 0; b < 2; b++) { /* now 1 - b where it was b, now b: the next reading */
      const double stay = b == 0 ? up : down, back = b == 0 ? down : up;
      wrong[b] = (1 - wrong[b]) * stay + wrong[b] * (1 - back);
    }
  }
}

static double trace_product(size_t d, const Cx *a, const Cx *b) {
  Cx sum = 0;
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < d; j++) sum += a[i * d + j] * b[j * d + i];
  return creal(sum);
}

/* A word as it is read: each letter becomes (1 - p - q) letter + (q - p), p and q the chances of 0 and 1. */
static double word_value(const CircuitProgram *c, const double *const *in, int64_t row, const PauliTerm *t,
                         const Cx *rho) {
  const size_t d = SIZE(c->n_qubits);
  const uint64_t on = t->x | t->z;
  Cx *m = malloc(d * d * sizeof *m);
  double total = 0;
  for (uint64_t kept = 0; kept < SIZE(c->n_qubits); kept++) {
    double f = 1;
    if (kept & ~on) continue;
    for (int q = 0; q < c->n_qubits; q++) {
      double wrong[2];
      if (!(on >> q & 1)) continue;
      misread(c, in, row, q, wrong);
      f *= kept >> q & 1 ? 1 - wrong[0] - wrong[1] : wrong[1] - wrong[0];
    }
    ref_pauli_matrix(c->n_qubits, t->x & kept, t->z & kept, m);
    total += f * trace_product(d, m, rho);
  }
  free(m);
  return total;
}

void ref_noisy_outputs(const CircuitProgram *c, const double *const *in, int64_t row, double *y) {
  const int n = c->n_qubits, m = c->probs_qubits.n;
  const size_t d = SIZE(n);
  Cx *rho = malloc(d * d * sizeof *rho);
  ref_density(c, in, row, rho);
  for (int o = 0; o < c->n_outputs; o++) y[o] = 0;
  if (c->measure == MEASURE_PROBS) {
    for (size_t k = 0; k < d; k++)
      for (size_t o = 0; o < SIZE(m); o++) { /* read as o */
        double f = creal(rho[k * d + k]);
        for (int i = 0; i < m; i++) {
          const int q = c->probs_qubits.at[i];
          const size_t is = k >> (n - 1 - q) & 1, read = o >> (m - 1 - i) & 1;
          double wrong[2];
          misread(c, in, row, q, wrong);
          f *= is == read ? 1 - wrong[is] : wrong[is];
        }
        y[o] += f;
      }
  } else {
    for (int o = 0; o < c->observables.n; o++)
      for (int i = 0; i < c->observables.at[o].terms.n; i++)
        y[o] += c->observables.at[o].terms.at[i].coefficient *
                word_value(c, in, row, &c->observables.at[o].terms.at[i], rho);
  }
  free(rho);
}

double ref_noisy_weighted(const CircuitProgram *c, const double *const *in, int64_t rows, const double *w) {
  double *y = malloc((size_t)c->n_outputs * sizeof *y), sum = 0;
  for (int64_t r = 0; r < rows; r++) {
    ref_noisy_outputs(c, in, r, y);
    for (int o = 0; o < c->n_outputs; o++) sum += w[r * c->n_outputs + o] * y[o];
  }
  free(y);
  return sum;
}
