/* Shared by the kernels on plain states: rotations, angles of a tile. Included by *_k.c files only. */
#ifndef QGN_SIM_PLAIN_K_H
#define QGN_SIM_PLAIN_K_H
#include <string.h>
#include "runtime/kernels/variant.h"
#include "runtime/kernels/vmath_k.h"
#include "runtime/sim/plain.h"

/* Amplitudes re[2^n], im[2^n] of a tile. */
typedef struct Plain {
  RVec *re, *im;
} Plain;

KINLINE Plain plain_at(RVec *base, size_t number, size_t d) {
  return (Plain){base + 2 * number * d, base + (2 * number + 1) * d};
}

KINLINE bool plain_met(const PlainTurn *t, uint32_t k) { return (k & t->mask) == t->value; }

/* The exponent of i in -i times entry (k, k ^ x) of the word. */
KINLINE int plain_power(const PlainTurn *t, uint32_t k) {
  return (t->quarter + 3 + 2 * (__builtin_popcount(t->z & (k ^ t->x)) & 1)) & 3;
}

/* i^power (re + i im) */
KINLINE void plain_times(int power, RVec re, RVec im, RVec *out_re, RVec *out_im) {
  *out_re = power == 0 ? re : power == 1 ? -im : power == 2 ? -re : im;
  *out_im = power == 0 ? im : power == 1 ? re : power == 2 ? -im : -re;
}

/* The values of element `element` of input k for the rows of the tile; 0 behind them. */
KINLINE RVec plain_input(const PlainPlan *p, const void *in, int k, int64_t element, int64_t row, int lanes) {
  const Real *v = in;
  if (!p->program->input_has_rows[k]) return splat(v[element]);
  Real out[VL] = {0};
  for (int l = 0; l < lanes; l++) out[l] = v[(row + l) * p->program->input_size[k] + element];
  return load(out);
}

/* Half the angle of a turn. */
KINLINE RVec plain_half(const PlainPlan *p, const void *const *in, const PlainTurn *t, int64_t row,
                        int lanes) {
  RVec a = splat((Real)t->angle.shift);
  for (int i = 0; i < t->angle.n; i++) {
    const SimTerm *m = &t->angle.term[i];
    a += (Real)m->scale * plain_input(p, in[m->source], m->source, m->element, row, lanes);
  }
  return a * (Real)0.5;
}

/* to = exp(-i angle C W / 2) from, c and s cosine and sine of half the angle. */
KINLINE void plain_turn(const PlainTurn *t, size_t d, Plain from, Plain to, RVec c, RVec s) {
  for (uint32_t k = 0; k < d; k++) {
    if (!plain_met(t, k)) {
      to.re[k] = from.re[k];
      to.im[k] = from.im[k];
      continue;
    }
    RVec wr, wi;
    plain_times(plain_power(t, k), from.re[k ^ t->x], from.im[k ^ t->x], &wr, &wi);
    to.re[k] = c * from.re[k] + s * wr;
    to.im[k] = c * from.im[k] + s * wi;
  }
}

KINLINE void plain_zero(Plain p, size_t d, Real first) {
  memset(p.re, 0, d * sizeof *p.re);
  memset(p.im, 0, d * sizeof *p.im);
  p.re[0] += splat(first);
}
#endif
