/* Passes over states with tangents, for Hessian products. With v the tangent of half the angle, a
 * gate takes the pair (s, d) to (U s, U d - i v G U s); its inverse is the same with -sin and -v.
 * dual_* goes forward with psi; quad_* goes back with psi and lam, both with tangents, and returns
 * Im <dlam|G|psi> + Im <lam|G|dpsi>. Signs and names as in state_k.h. Included by *_k.c files only. */
#ifndef QGN_SIM_DUAL_K_H
#define QGN_SIM_DUAL_K_H
#include "runtime/sim/state_k.h"

typedef struct Quad {
  State p, dp, l, dl;
} Quad;

/* ---- real and imaginary parts on their own ---- */

KINLINE void pair_dual(RVec *s, RVec *d, uint32_t k0, uint32_t k1, RVec c, RVec t, RVec v) {
  RVec a = s[k0], b = s[k1], da = d[k0], db = d[k1];
  RVec a1 = c * a - t * b, b1 = c * b + t * a;
  s[k0] = a1;
  s[k1] = b1;
  d[k0] = c * da - t * db - v * b1;
  d[k1] = c * db + t * da + v * a1;
}

KINLINE void dual_real(State p, State d, const SimOp *op, RVec c, RVec s, RVec v, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, u = g ? -v : v;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      pair_dual(p.re, d.re, k0, k1, c, t, u);
      if (two) pair_dual(p.im, d.im, k0, k1, c, t, u);
    }
  }
}

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

KINLINE RVec plane_quad(RVec *p, RVec *dp, RVec *l, RVec *dl, uint32_t k0, uint32_t k1, RVec c, RVec t,
                        RVec v) {
  RVec h = dl[k1] * p[k0] - dl[k0] * p[k1] + l[k1] * dp[k0] - l[k0] * dp[k1];
  pair_dual(p, dp, k0, k1, c, -t, -v);
  pair_dual(l, dl, k0, k1, c, -t, -v);
  return h;
}

KINLINE RVec quad_real(Quad q, const SimOp *op, RVec c, RVec s, RVec v, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, u = g ? -v : v, a = {0}, b = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      a += plane_quad(q.p.re, q.dp.re, q.l.re, q.dl.re, k0, k1, c, t, u);
      if (two) b += plane_quad(q.p.im, q.dp.im, q.l.im, q.dl.im, k0, k1, c, t, u);
    }
    sum = g ? sum - (a + b) : sum + (a + b);
  }
  return sum;
}

/* The amplitudes of a group: bit j of the place flips x[j]. */
#define GROUP4(k0, x)                                                                                        \
  { (k0), (k0) ^ (x)[0], (k0) ^ (x)[1], (k0) ^ (x)[0] ^ (x)[1] }

/* Two rotations in one pass: a, b, c, d are the amplitudes of a group. */
#define DUAL(a, b, da, db, c, t, v)                                                                          \
  do {                                                                                                       \
    RVec dual_a = (a), dual_b = (b), dual_da = (da), dual_db = (db);                                         \
    (a) = (c)*dual_a - (t)*dual_b;                                                                           \
    (b) = (c)*dual_b + (t)*dual_a;                                                                           \
    (da) = (c)*dual_da - (t)*dual_db - (v) * (b);                                                            \
    (db) = (c)*dual_db + (t)*dual_da + (v) * (a);                                                            \
  } while (0)

KINLINE void plane_dual2(RVec *s, RVec *ds, const uint32_t k[4], const RVec *cs, const RVec *v) {
  RVec a = s[k[0]], b = s[k[1]], c = s[k[2]], d = s[k[3]];
  RVec da = ds[k[0]], db = ds[k[1]], dc = ds[k[2]], dd = ds[k[3]];
  DUAL(a, b, da, db, cs[0], cs[1], v[0]);
  DUAL(c, d, dc, dd, cs[0], cs[1], v[0]);
  DUAL(a, c, da, dc, cs[2], cs[3], v[1]);
  DUAL(b, d, db, dd, cs[2], cs[3], v[1]);
  s[k[0]] = a, s[k[1]] = b, s[k[2]] = c, s[k[3]] = d;
  ds[k[0]] = da, ds[k[1]] = db, ds[k[2]] = dc, ds[k[3]] = dd;
}

KINLINE void dual_real2(State p, State d, const SimPass *pass, const RVec *slots, const RVec *u,
                        const bool two) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  RVec cs[4] = {slots[0], slots[1], slots[2], slots[3]}, v[2] = {u[0], u[1]};
  FOR_WALK(w, 0, h, j) {
    uint32_t k0 = h ^ lo[j], k[4] = GROUP4(k0, pass->x);
    plane_dual2(p.re, d.re, k, cs, v);
    if (two) plane_dual2(p.im, d.im, k, cs, v);
  }
}

/* Inner products of a pair, and its undoing (the roles of a and b exchanged). */
#define QUAD(h, a, b, da, db, la, lb, dla, dlb, c, t, v)                                                     \
  do {                                                                                                       \
    (h) += (dlb) * (a) - (dla) * (b) + (lb) * (da) - (la) * (db);                                            \
    DUAL(b, a, db, da, c, t, v);                                                                             \
    DUAL(lb, la, dlb, dla, c, t, v);                                                                         \
  } while (0)

KINLINE void plane_quad2(RVec *p, RVec *dp, RVec *l, RVec *dl, const uint32_t k[4], const RVec *cs,
                         const RVec *v, RVec *h) {
  RVec a = p[k[0]], b = p[k[1]], c = p[k[2]], d = p[k[3]];
  RVec da = dp[k[0]], db = dp[k[1]], dc = dp[k[2]], dd = dp[k[3]];
  RVec la = l[k[0]], lb = l[k[1]], lc = l[k[2]], ld = l[k[3]];
  RVec dla = dl[k[0]], dlb = dl[k[1]], dlc = dl[k[2]], dld = dl[k[3]];
  QUAD(h[1], a, c, da, dc, la, lc, dla, dlc, cs[2], cs[3], v[1]);
  QUAD(h[1], b, d, db, dd, lb, ld, dlb, dld, cs[2], cs[3], v[1]);
  QUAD(h[0], a, b, da, db, la, lb, dla, dlb, cs[0], cs[1], v[0]);
  QUAD(h[0], c, d, dc, dd, lc, ld, dlc, dld, cs[0], cs[1], v[0]);
  p[k[0]] = a, p[k[1]] = b, p[k[2]] = c, p[k[3]] = d;
  dp[k[0]] = da, dp[k[1]] = db, dp[k[2]] = dc, dp[k[3]] = dd;
  l[k[0]] = la, l[k[1]] = lb, l[k[2]] = lc, l[k[3]] = ld;
  dl[k[0]] = dla, dl[k[1]] = dlb, dl[k[2]] = dlc, dl[k[3]] = dld;
}

KINLINE void quad_real2(Quad q, const SimPass *pass, const RVec *slots, const RVec *u, RVec h[2],
                        const bool two) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  RVec cs[4] = {slots[0], slots[1], slots[2], slots[3]}, v[2] = {u[0], u[1]}, r[2] = {{0}, {0}};
  FOR_WALK(w, 0, first, j) {
    uint32_t k0 = first ^ lo[j], k[4] = GROUP4(k0, pass->x);
    plane_quad2(q.p.re, q.dp.re, q.l.re, q.dl.re, k, cs, v, r);
    if (two) plane_quad2(q.p.im, q.dp.im, q.l.im, q.dl.im, k, cs, v, r);
  }
  h[0] = r[0], h[1] = r[1];
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

KINLINE void dual_table(State p, State d, const SimTable *t, const Real *cosine, const Real *sine,
                        const Real *tangent) {
  const SimWords *w = &t->words;
  const uint32_t mask = (1u << w->m) - 1;
  FOR_WORDS(w, i, k) {
    uint32_t e = i & mask;
    phase_dual(p, d, k, splat(cosine[e]), splat(sine[e]), splat(tangent[e]));
  }
}

/* h[i] for each amplitude in the order of the table's words. */
KINLINE void quad_table(Quad q, const SimTable *t, const Real *cosine, const Real *sine, const Real *tangent,
                        RVec *h) {
  const SimWords *w = &t->words;
  const uint32_t mask = (1u << w->m) - 1;
  FOR_WORDS(w, i, k) {
    uint32_t e = i & mask;
    h[i] = phase_quad(q, k, splat(cosine[e]), splat(sine[e]), splat(tangent[e]));
  }
}
#endif
