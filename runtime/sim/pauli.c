#include "runtime/sim/pauli.h"

Pauli pauli_mul(Pauli a, Pauli b) {
  /* Z^az X^bx = (-1)^(az . bx) X^bx Z^az */
  int t = a.t + b.t + 2 * bit_parity(a.z & b.x);
  return (Pauli){a.x ^ b.x, a.z ^ b.z, t & 3};
}

bool pauli_commute(Pauli a, Pauli b) { return bit_parity(a.x & b.z) == bit_parity(a.z & b.x); }

Pauli pauli_word(uint32_t x, uint32_t z) { return (Pauli){x, z, __builtin_popcount(x & z) & 3}; }

void frame_identity(Frame *f, int n_qubits) {
  for (int q = 0; q < n_qubits; q++) {
    f->x[q] = (Pauli){1u << q, 0, 0};
    f->z[q] = (Pauli){0, 1u << q, 0};
  }
}

Pauli frame_image(const Frame *f, int n_qubits, Pauli p) {
  Pauli r = {0, 0, p.t};
  for (int q = 0; q < n_qubits; q++) {
    if (p.x >> q & 1) r = pauli_mul(r, f->x[q]);
  }
  for (int q = 0; q < n_qubits; q++) {
    if (p.z >> q & 1) r = pauli_mul(r, f->z[q]);
  }
  return r;
}

void frame_cx(Frame *f, int c, int t) {
  f->x[c] = pauli_mul(f->x[c], f->x[t]);
  f->z[t] = pauli_mul(f->z[c], f->z[t]);
}

static Pauli negated(Pauli p) { return (Pauli){p.x, p.z, (p.t + 2) & 3}; }

void frame_pauli(Frame *f, int n_qubits, Pauli p) {
  for (int q = 0; q < n_qubits; q++) {
    if (p.z >> q & 1) f->x[q] = negated(f->x[q]);
    if (p.x >> q & 1) f->z[q] = negated(f->z[q]);
  }
}

void frame_quarter(Frame *f, int n_qubits, Pauli p, int sign) {
  /* C^+ R C = R C^2 = (-i sign) R P for R that anticommute with P, here the X_q on qubits of P;
   * the image of P stays the same, so all of them can be changed in turn */
  Pauli image = frame_image(f, n_qubits, p);
  for (int q = 0; q < n_qubits; q++) {
    if (!(p.z >> q & 1)) continue;
    f->x[q] = pauli_mul(f->x[q], image);
    f->x[q].t = (f->x[q].t + (sign > 0 ? 3 : 1)) & 3;
  }
}

void frame_controlled(Frame *f, int n_qubits, int c, Pauli p) {
  /* words that flip the control take P along, words that anticommute with P take Z_c */
  Pauli image = frame_image(f, n_qubits, p), control = f->z[c];
  for (int q = 0; q < n_qubits; q++) {
    if (p.z >> q & 1) f->x[q] = pauli_mul(control, f->x[q]);
    if (p.x >> q & 1) f->z[q] = pauli_mul(control, f->z[q]);
  }
  f->x[c] = pauli_mul(f->x[c], image);
}

int gf2_solve(int dim, int n, const Parity *eq, uint32_t *base, uint32_t basis[32]) {
  uint32_t row[32];
  int value[32], pivot[32], rank = 0;
  uint32_t pivots = 0;
  for (int i = 0; i < n; i++) {
    uint32_t m = eq[i].mask & (uint32_t)((1ull << dim) - 1);
    int v = eq[i].value;
    for (int j = 0; j < rank; j++) {
      if (m >> pivot[j] & 1) m ^= row[j], v ^= value[j];
    }
    if (m == 0) {
      if (v != 0) return -1;
      continue;
    }
    int p = 31 - __builtin_clz(m);
    for (int j = 0; j < rank; j++) {
      if (row[j] >> p & 1) row[j] ^= m, value[j] ^= v;
    }
    row[rank] = m, value[rank] = v, pivot[rank] = p;
    pivots |= 1u << p;
    rank++;
  }
  *base = 0;
  for (int j = 0; j < rank; j++) {
    if (value[j]) *base |= 1u << pivot[j];
  }
  int count = 0;
  for (int f = 0; f < dim; f++) {
    if (pivots >> f & 1) continue;
    uint32_t v = 1u << f;
    for (int j = 0; j < rank; j++) {
      if (row[j] >> f & 1) v |= 1u << pivot[j];
    }
    basis[count++] = v;
  }
  return count;
}

bool span2_find(const Span2 *s, uint32_t v, uint32_t *coords) {
  *coords = 0;
  for (int j = 0; j < s->n; j++) { /* fully reduced: no pivot bit of another vector is set */
    if (v >> (31 - __builtin_clz(s->reduced[j])) & 1) v ^= s->reduced[j], *coords ^= s->made_of[j];
  }
  return v == 0;
}

void span2_add(Span2 *s, uint32_t v) {
  uint32_t made_of = 1u << s->n, r = v;
  for (int j = 0; j < s->n; j++) {
    if (r >> (31 - __builtin_clz(s->reduced[j])) & 1) r ^= s->reduced[j], made_of ^= s->made_of[j];
  }
  int p = 31 - __builtin_clz(r);
  for (int j = 0; j < s->n; j++) {
    if (s->reduced[j] >> p & 1) s->reduced[j] ^= r, s->made_of[j] ^= made_of;
  }
  s->vector[s->n] = v;
  s->reduced[s->n] = r;
  s->made_of[s->n] = made_of;
  s->n++;
}

void span2_dual(const Span2 *s, int dim, uint32_t dual[32]) {
  for (int j = 0; j < s->n; j++) {
    Parity eq[32];
    uint32_t basis[32];
    for (int i = 0; i < s->n; i++) eq[i] = (Parity){s->vector[i], i == j};
    (void)gf2_solve(dim, s->n, eq, &dual[j], basis);
  }
}
