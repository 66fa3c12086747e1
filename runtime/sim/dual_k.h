/* Passes over states with tangents, for Hessian products. With v the tangent of half the angle, a
 * gate takes the pair (s, d) to (U s, U d - i v G U s); its inverse is the same with -sin and -v.
 * dual_* goes forward with psi; quad_* goes back with psi and lam, both with tangents, and returns
 * Im <dlam|G|psi> + Im <lam|G|dpsi>. Signs and names as in state_k.h. Real
 * rotations and tables: each state on its own (turn_k.h, keep_k.h), and what tangents add. Included by *_k.c
 * files only. */
#ifndef QGN_SIM_DUAL_K_H
#define QGN_SIM_DUAL_K_H
#include "runtime/sim/state_k.h"

typedef struct Quad {
  State p, dp, l, dl;
} Quad;

/* ---- real and imaginary parts on their own ---- */

KINLINE void enter_dual(RVec *s, RVec *d, uint32_t k0, uint32_t k1, RVec c, RVec t, RVec v) {
  RVec a = s[k0], da = d[k0], a1 = c * a, b1 = t * a;
  s[k0] = a1;
  s[k1] = b1;
  d[k0] = c * da - v * b1;
  d[k1] = t * da + v * a1;
}

KINLINE void dual_enter(State p, State d, const SimOp *op, RVec c, RVec s, RVec v, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, u = g ? -v : v;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      enter_dual(p.re, d.re, k0, k1, c, t, u);
      if (two) enter_dual(p.im, d.im, k0, k1, c, t, u);
    }
  }
}

/* The half that had entered goes away. */
KINLINE void leave_dual(RVec *s, RVec *d, uint32_t k0, uint32_t k1, RVec c, RVec t, RVec v) {
  RVec a = s[k0], b = s[k1], da = d[k0] + v * b, db = d[k1] - v * a;
  s[k0] = c * a + t * b;
  d[k0] = c * da + t * db;
}

KINLINE RVec plane_leave(RVec *p, RVec *dp, RVec *l, RVec *dl, uint32_t k0, uint32_t k1, RVec c, RVec t,
                         RVec v) {
  RVec h = dl[k1] * p[k0] - dl[k0] * p[k1] + l[k1] * dp[k0] - l[k0] * dp[k1];
  leave_dual(p, dp, k0, k1, c, t, v);
  leave_dual(l, dl, k0, k1, c, t, v);
  return h;
}

KINLINE RVec quad_leave(Quad q, const SimOp *op, RVec c, RVec s, RVec v, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, u = g ? -v : v, a = {0}, b = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      a += plane_leave(q.p.re, q.dp.re, q.l.re, q.dl.re, k0, k1, c, t, u);
      if (two) b += plane_leave(q.p.im, q.dp.im, q.l.im, q.dl.im, k0, k1, c, t, u);
    }
    sum = g ? sum - (a + b) : sum + (a + b);
  }
  return sum;
}

/* ---- real with imaginary parts ---- */

KINLINE void cross_dual(State s, State d, uint32_t k0, uint32_t k1, RVec c, RVec t, RVec v) {
  RVec ar = s.re[k0], ai = s.im[k0], br = s.re[k1], bi = s.im[k1];
  RVec dar = d.re[k0], dai = d.im[k0], dbr = d.re[k1], dbi = d.im[k1];
  RVec ar1 = c * ar + t * bi, ai1 = c * ai - t * br, br1 = c * br + t * ai, bi1 = c * bi - t * ar;
  s.re[k0] = ar1;
  s.im[k0] = ai1;
  s.re[k1] = br1;
  s.im[k1] = bi1;
  d.re[k0] = c * dar + t * dbi + v * bi1;
  d.im[k0] = c * dai - t * dbr - v * br1;
  d.re[k1] = c * dbr + t * dai + v * ai1;
  d.im[k1] = c * dbi - t * dar - v * ar1;
}

KINLINE void dual_cross(State p, State d, const SimOp *op, RVec c, RVec s, RVec v) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, u = g ? -v : v;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j];
      cross_dual(p, d, k0, k0 ^ x, c, t, u);
    }
  }
}

/* Im conj(l[i]) p[j] */
KINLINE RVec cross_inner(State l, State p, uint32_t i, uint32_t j) {
  return l.re[i] * p.im[j] - l.im[i] * p.re[j];
}

KINLINE RVec quad_cross(Quad q, const SimOp *op, RVec c, RVec s, RVec v) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, u = g ? -v : v, a = {0}, b = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      a += cross_inner(q.dl, q.p, k0, k1) + cross_inner(q.l, q.dp, k0, k1);
      b += cross_inner(q.dl, q.p, k1, k0) + cross_inner(q.l, q.dp, k1, k0);
      cross_dual(q.p, q.dp, k0, k1, c, -t, -u);
      cross_dual(q.l, q.dl, k0, k1, c, -t, -u);
    }
    sum = g ? sum - (a + b) : sum + (a + b);
  }
  return sum;
}

/* ---- phases ---- */

KINLINE void phase_dual(State s, State d, uint32_t k, RVec c, RVec t, RVec v) {
  RVec r = s.re[k], i = s.im[k], dr = d.re[k], di = d.im[k];
  RVec r1 = c * r + t * i, i1 = c * i - t * r;
  s.re[k] = r1;
  s.im[k] = i1;
  d.re[k] = c * dr + t * di + v * i1;
  d.im[k] = c * di - t * dr - v * r1;
}

KINLINE RVec phase_quad(Quad q, uint32_t k, RVec c, RVec t, RVec v) {
  RVec h = cross_inner(q.dl, q.p, k, k) + cross_inner(q.l, q.dp, k, k);
  phase_dual(q.p, q.dp, k, c, -t, -v);
  phase_dual(q.l, q.dl, k, c, -t, -v);
  return h;
}

KINLINE void dual_diag(State p, State d, const SimOp *op, RVec c, RVec s, RVec v) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, u = g ? -v : v;
    FOR_WALK(w, g, h, j) phase_dual(p, d, h ^ lo[j], c, t, u);
  }
}

KINLINE RVec quad_diag(Quad q, const SimOp *op, RVec c, RVec s, RVec v) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, u = g ? -v : v, a = {0};
    FOR_WALK(w, g, h, j) a += phase_quad(q, h ^ lo[j], c, t, u);
    sum = g ? sum - a : sum + a;
  }
  return sum;
}

/* d -= i v Z s of a table whose tangents are v, s being the state after it. */
KINLINE void table_tangents(State d, State s, const SimTable *t, const Real *tangent, const Real sign) {
  const SimWords *w = &t->words;
  const uint32_t mask = (1u << w->m) - 1;
  FOR_WORDS(w, i, k) {
    RVec v = splat(sign * tangent[i & mask]);
    d.re[k] += v * s.im[k];
    d.im[k] -= v * s.re[k];
  }
}
#endif
