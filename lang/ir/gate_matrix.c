#include "lang/ir/gate_matrix.h"
#include <math.h>
#include <string.h>
#include "lang/ir/gate_steps.h"

typedef double complex Cx;
#define J ((Cx)I)

/* ---- words ----------------------------------------------------------------------------------- */

static char letter_at(const char *word, int n, uint32_t bit) { return word[n - 1 - (int)bit]; }

/* The column that row r of a word has its only entry in, and the entry; 0 where a projector is 0. */
static Cx word_entry(const char *word, int n, uint32_t r, uint32_t *col) {
  Cx v = 1;
  *col = r;
  for (uint32_t b = 0; b < (uint32_t)n; b++) {
    const bool one = r >> b & 1;
    switch (letter_at(word, n, b)) {
    case 'X': *col ^= 1u << b; break;
    case 'Y':
      *col ^= 1u << b;
      v *= one ? J : -J;
      break;
    case 'Z': v *= one ? -1 : 1; break;
    case 'C': v *= one ? 1 : 0; break;
    default: break;
    }
  }
  return v;
}

/* m = exp(-i angle W / 2) m, where W^2 is a projector: 1 + (cos - 1) W^2 - i sin W. */
static void apply_word(const char *word, int n, double angle, Cx *m, Cx *scratch) {
  const uint32_t d = 1u << n;
  memcpy(scratch, m, (size_t)d * d * sizeof *m);
  for (uint32_t r = 0; r < d; r++) {
    uint32_t col;
    const Cx w = word_entry(word, n, r, &col);
    if (w == 0) continue;
    for (uint32_t k = 0; k < d; k++)
      m[r * d + k] = cos(angle / 2) * scratch[r * d + k] - J * sin(angle / 2) * w * scratch[col * d + k];
  }
}

static void apply_cx(int n, int control, int target, Cx *m) {
  const uint32_t d = 1u << n, c = 1u << (n - 1 - control), t = 1u << (n - 1 - target);
  for (uint32_t r = 0; r < d; r++) {
    if (!(r & c) || (r & t)) continue;
    for (uint32_t k = 0; k < d; k++) {
      const Cx v = m[r * d + k];
      m[r * d + k] = m[(r | t) * d + k];
      m[(r | t) * d + k] = v;
    }
  }
}

/* ---- uses -------------------------------------------------------------------------------------- */

static void adjoint_of(int d, Cx *m) {
  for (int i = 0; i < d; i++)
    for (int k = 0; k <= i; k++) {
      const Cx a = m[i * d + k], b = m[k * d + i];
      m[i * d + k] = conj(b);
      m[k * d + i] = conj(a);
    }
}

Cx *gate_use_matrix(Arena *a, const GateUse *u) {
  const int n = u->n_targets, d = 1 << n;
  Cx *m = ARENA_ARRAY(a, Cx, d * d), *scratch = ARENA_ARRAY(a, Cx, d * d);
  for (int i = 0; i < d * d; i++) m[i] = i / d == i % d;
  if (u->gate == GATE_UNITARY) {
    for (int i = 0; i < d * d; i++) m[i] = u->values[2 * i] + J * u->values[2 * i + 1];
  } else if (u->gate == GATE_DIAGONAL) {
    for (int i = 0; i < d; i++) m[i * d + i] = cexp(J * u->values[i]);
  } else if (u->gate == GATE_PAULIROT) {
    apply_word(u->word, n, u->angle[0].shift, m, scratch);
  } else {
    GateStep step[GATE_MAX_STEPS];
    const int count = gate_steps(u->gate, n, step);
    for (int i = 0; i < count; i++) {
      double angle = step[i].shift;
      for (int k = 0; k < GATE_MAX_ANGLES; k++) angle += step[i].k[k] * u->angle[k].shift;
      if (step[i].is_cx) apply_cx(n, step[i].control, step[i].target, m);
      else apply_word(step[i].word, n, angle, m, scratch);
    }
  }
  if (u->inverse) adjoint_of(d, m);
  return m;
}

/* ---- powers -------------------------------------------------------------------------------------- */

double matrix_not_unitary(int d, const Cx *m, int *row, int *col) {
  double worst = -1;
  for (int i = 0; i < d; i++)
    for (int k = 0; k <= i; k++) {
      Cx sum = i == k ? -1 : 0;
      for (int j = 0; j < d; j++) sum += m[i * d + j] * conj(m[k * d + j]);
      const double off = isfinite(cabs(sum)) ? cabs(sum) : HUGE_VAL;
      if (off <= worst) continue;
      worst = off;
      *row = i;
      *col = k;
    }
  return worst;
}

static void multiply(int d, const Cx *a, const Cx *b, Cx *out) {
  for (int i = 0; i < d; i++)
    for (int k = 0; k < d; k++) {
      Cx sum = 0;
      for (int j = 0; j < d; j++) sum += a[i * d + j] * b[j * d + k];
      out[i * d + k] = sum;
    }
}

static void whole_power(Arena *a, int d, Cx *m, double power) {
  const size_t size = (size_t)d * (size_t)d * sizeof *m;
  Cx *base = ARENA_ARRAY(a, Cx, d * d), *t = ARENA_ARRAY(a, Cx, d * d);
  if (power < 0) adjoint_of(d, m);
  memcpy(base, m, size);
  for (int i = 0; i < d * d; i++) m[i] = i / d == i % d;
  for (double left = fabs(power); left > 0; left = floor(left / 2)) {
    if (fmod(left, 2) != 0) {
      multiply(d, m, base, t);
      memcpy(m, t, size);
    }
    multiply(d, base, base, t);
    memcpy(base, t, size);
  }
}

/* One Jacobi rotation of rows and columns p, q of the Hermitian h, which makes h[p][q] zero; v takes the
 * columns along. With h_pq = |h_pq| exp(i f): tan 2t = 2 |h_pq| / (h_pp - h_qq). */
static void jacobi_rotate(int d, Cx *h, Cx *v, int p, int q) {
  const Cx off = h[p * d + q];
  if (cabs(off) < 1e-300) return;
  const double t = 0.5 * atan2(2 * cabs(off), creal(h[p * d + p]) - creal(h[q * d + q]));
  const double c = cos(t), s = sin(t);
  const Cx f = off / cabs(off);
  for (int i = 0; i < d; i++) { /* columns: (p, q) -> (c p + s conj(f) q, -s f p + c q) */
    const Cx x = h[i * d + p], y = h[i * d + q], vx = v[i * d + p], vy = v[i * d + q];
    h[i * d + p] = c * x + s * conj(f) * y;
    h[i * d + q] = -s * f * x + c * y;
    v[i * d + p] = c * vx + s * conj(f) * vy;
    v[i * d + q] = -s * f * vx + c * vy;
  }
  for (int i = 0; i < d; i++) {
    const Cx x = h[p * d + i], y = h[q * d + i];
    h[p * d + i] = c * x + s * f * y;
    h[q * d + i] = -s * conj(f) * x + c * y;
  }
}

static void jacobi(int d, Cx *h, Cx *v) {
  for (int i = 0; i < d * d; i++) v[i] = i / d == i % d;
  for (int sweep = 0; sweep < 60; sweep++) {
    double off = 0;
    for (int p = 0; p < d; p++)
      for (int q = p + 1; q < d; q++) off += cabs(h[p * d + q]);
    if (off < 1e-15) return;
    for (int p = 0; p < d; p++)
      for (int q = p + 1; q < d; q++) jacobi_rotate(d, h, v, p, q);
  }
}

/* Eigenvalue of column j of v, which is one if |m v - l v| is small. */
static bool eigenvalue(int d, const Cx *m, const Cx *v, int j, Cx *value) {
  Cx l = 0;
  double rest = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; i < d; i++) {
      Cx sum = 0;
      for (int k = 0; k < d; k++) sum += m[i * d + k] * v[k * d + j];
      if (pass == 0) l += conj(v[i * d + j]) * sum;
      else rest += cabs(sum - l * v[i * d + j]);
    }
  *value = l;
  return rest < 1e-6;
}

bool matrix_power(Arena *a, int d, Cx *m, double power) {
  if (power == floor(power)) {
    whole_power(a, d, m, power);
    return true;
  }
  static const double turns[] = {0.7312, 1.9457,
                                 2.8013}; /* where two eigenvalues fall on one, another helps */
  Cx *h = ARENA_ARRAY(a, Cx, d * d), *v = ARENA_ARRAY(a, Cx, d * d), *value = ARENA_ARRAY(a, Cx, d);
  bool found = false;
  for (int turn = 0; turn < 3 && !found; turn++) {
    const Cx w = cexp(-J * turns[turn]);
    for (int i = 0; i < d; i++)
      for (int k = 0; k < d; k++) h[i * d + k] = (w * m[i * d + k] + conj(w * m[k * d + i])) / 2;
    jacobi(d, h, v);
    found = true;
    for (int j = 0; j < d && found; j++) found = eigenvalue(d, m, v, j, &value[j]);
  }
  for (int j = 0; j < d && found; j++) {
    double t = carg(value[j]);
    if (t < -acos(-1) + 1e-9) t = acos(-1);
    value[j] = cexp(J * power * t);
  }
  for (int i = 0; i < d && found; i++)
    for (int k = 0; k < d; k++) {
      m[i * d + k] = 0;
      for (int j = 0; j < d; j++) m[i * d + k] += v[i * d + j] * value[j] * conj(v[k * d + j]);
    }
  return found;
}
