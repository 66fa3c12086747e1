/* Passes over the state of one tile: VL samples, amplitude k in re[k] and im[k]. One function for
 * each kind of SimOp and purpose; `two` says whether the state has imaginary parts and is constant
 * where these are called, so each is compiled twice. Included by *_k.c files only.
 *
 * With sigma the sign of a walk's half, c and s cosine and sine of half the angle, G the generator:
 *   SIM_REAL   psi0' = c psi0 - sigma s psi1,    psi1' = c psi1 + sigma s psi0      (G = -i sigma, i sigma)
 *   SIM_CROSS  psi0' = c psi0 - i sigma s psi1,  psi1' = c psi1 - i sigma s psi0    (G = sigma)
 *   SIM_DIAG   psi' = (c - i sigma s) psi                                           (G = sigma)
 * The inverse is the same with -s. Inner products <lam|G|psi> are the same before and after. */
#ifndef QGN_SIM_STATE_K_H
#define QGN_SIM_STATE_K_H
#include "runtime/kernels/variant.h"
#include "runtime/sim/plan.h"

/* Runs what follows for all i < 2^dim of a SimWords and their amplitudes k, by Gray code. */
#define FOR_CODE(dim, col, first, i, k)                                                                      \
  for (uint32_t code_n = 0, code_b = 0, i = 0, k = (first); code_n < 1u << (dim);                            \
       code_b = (uint32_t)__builtin_ctz(++code_n), i ^= 1u << code_b, k ^= (col)[code_b])
#define FOR_WORDS(w, i, k) FOR_CODE((w)->dim, (w)->col, 0, i, k)

typedef struct State { /* im is not touched while the state is real */
  RVec *re, *im;
} State;

/* Runs the statement that follows with h; index k0 = h ^ w->lo[j]. */
#define FOR_WALK(w, g, h, j)                                                                                 \
  for (uint32_t walk_i = 0, h = (w)->base[g]; walk_i < (w)->n_hi; h ^= (w)->col[__builtin_ctz(++walk_i)])    \
    for (uint32_t j = 0; j < (w)->n_lo; j++)

/* ---- forward ---- */

KINLINE void state_enter(State p, const SimOp *op, RVec c, RVec s, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      RVec a = p.re[k0];
      p.re[k1] = t * a;
      p.re[k0] = c * a;
      if (two) {
        a = p.im[k0];
        p.im[k1] = t * a;
        p.im[k0] = c * a;
      }
    }
  }
}

KINLINE void state_real(State p, const SimOp *op, RVec c, RVec s, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      RVec a = p.re[k0], b = p.re[k1];
      p.re[k0] = c * a - t * b;
      p.re[k1] = c * b + t * a;
      if (two) {
        a = p.im[k0], b = p.im[k1];
        p.im[k0] = c * a - t * b;
        p.im[k1] = c * b + t * a;
      }
    }
  }
}

/* One butterfly of SIM_REAL on amplitudes a (sign +) and b. */
#define TURN(a, b, c, t)                                                                                     \
  do {                                                                                                       \
    RVec turn_a = (a), turn_b = (b);                                                                         \
    (a) = (c)*turn_a - (t)*turn_b;                                                                           \
    (b) = (c)*turn_b + (t)*turn_a;                                                                           \
  } while (0)

/* cs: cosine and sine of each rotation in turn. */
KINLINE void plane_real2(RVec *v, const uint32_t k[4], const RVec *cs) {
  RVec a = v[k[0]], b = v[k[1]], c = v[k[2]], d = v[k[3]];
  TURN(a, b, cs[0], cs[1]);
  TURN(c, d, cs[0], cs[1]);
  TURN(a, c, cs[2], cs[3]);
  TURN(b, d, cs[2], cs[3]);
  v[k[0]] = a, v[k[1]] = b, v[k[2]] = c, v[k[3]] = d;
}

KINLINE void plane_real3(RVec *v, const uint32_t k[8], const RVec *cs) {
  RVec a = v[k[0]], b = v[k[1]], c = v[k[2]], d = v[k[3]], e = v[k[4]], f = v[k[5]], g = v[k[6]], h = v[k[7]];
  TURN(a, b, cs[0], cs[1]);
  TURN(c, d, cs[0], cs[1]);
  TURN(e, f, cs[0], cs[1]);
  TURN(g, h, cs[0], cs[1]);
  TURN(a, c, cs[2], cs[3]);
  TURN(b, d, cs[2], cs[3]);
  TURN(e, g, cs[2], cs[3]);
  TURN(f, h, cs[2], cs[3]);
  TURN(a, e, cs[4], cs[5]);
  TURN(b, f, cs[4], cs[5]);
  TURN(c, g, cs[4], cs[5]);
  TURN(d, h, cs[4], cs[5]);
  v[k[0]] = a, v[k[1]] = b, v[k[2]] = c, v[k[3]] = d, v[k[4]] = e, v[k[5]] = f, v[k[6]] = g, v[k[7]] = h;
}

/* The amplitudes of a group: bit j of the place flips x[j]. */
#define GROUP4(k0, x)                                                                                        \
  { (k0), (k0) ^ (x)[0], (k0) ^ (x)[1], (k0) ^ (x)[0] ^ (x)[1] }
#define GROUP8(k0, x)                                                                                        \
  {                                                                                                          \
    (k0), (k0) ^ (x)[0], (k0) ^ (x)[1], (k0) ^ (x)[0] ^ (x)[1], (k0) ^ (x)[2], (k0) ^ (x)[0] ^ (x)[2],       \
        (k0) ^ (x)[1] ^ (x)[2], (k0) ^ (x)[0] ^ (x)[1] ^ (x)[2]                                              \
  }

KINLINE void state_real2(State p, const SimPass *pass, const RVec *slots, const bool two) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  RVec cs[4] = {slots[0], slots[1], slots[2], slots[3]};
  FOR_WALK(w, 0, h, j) {
    uint32_t k0 = h ^ lo[j], k[4] = GROUP4(k0, pass->x);
    plane_real2(p.re, k, cs);
    if (two) plane_real2(p.im, k, cs);
  }
}

KINLINE void state_real3(State p, const SimPass *pass, const RVec *slots, const bool two) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  RVec cs[6] = {slots[0], slots[1], slots[2], slots[3], slots[4], slots[5]};
  FOR_WALK(w, 0, h, j) {
    uint32_t k0 = h ^ lo[j], k[8] = GROUP8(k0, pass->x);
    plane_real3(p.re, k, cs);
    if (two) plane_real3(p.im, k, cs);
  }
}

KINLINE void state_cross(State p, const SimOp *op, RVec c, RVec s) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      RVec ar = p.re[k0], ai = p.im[k0], br = p.re[k1], bi = p.im[k1];
      p.re[k0] = c * ar + t * bi;
      p.im[k0] = c * ai - t * br;
      p.re[k1] = c * br + t * ai;
      p.im[k1] = c * bi - t * ar;
    }
  }
}

KINLINE void state_diag(State p, const SimOp *op, RVec c, RVec s) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s;
    FOR_WALK(w, g, h, j) {
      uint32_t k = h ^ lo[j];
      RVec ar = p.re[k], ai = p.im[k];
      p.re[k] = c * ar + t * ai;
      p.im[k] = c * ai - t * ar;
    }
  }
}

/* Phases cos - i sin of the table. */
KINLINE void state_table(State p, const SimTable *t, const Real *cosine, const Real *sine) {
  const SimWords *w = &t->words;
  const uint32_t mask = (1u << w->m) - 1;
  FOR_WORDS(w, i, k) {
    RVec c = splat(cosine[i & mask]), s = splat(sine[i & mask]);
    RVec ar = p.re[k], ai = p.im[k];
    p.re[k] = c * ar + s * ai;
    p.im[k] = c * ai - s * ar;
  }
}

KINLINE void state_zero(RVec *v, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) v[k] = (RVec){0};
}

/* ---- inner product and undoing of both states in one pass ---- */

KINLINE RVec back_real_plane(RVec *pv, RVec *lv, uint32_t k0, uint32_t k1, RVec c, RVec t) {
  RVec a = pv[k0], b = pv[k1], la = lv[k0], lb = lv[k1];
  pv[k0] = c * a + t * b;
  pv[k1] = c * b - t * a;
  lv[k0] = c * la + t * lb;
  lv[k1] = c * lb - t * la;
  return lb * a - la * b;
}

KINLINE RVec back_real(State p, State l, const SimOp *op, RVec c, RVec s, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, a = {0}, b = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      a += back_real_plane(p.re, l.re, k0, k1, c, t);
      if (two) b += back_real_plane(p.im, l.im, k0, k1, c, t);
    }
    sum = g ? sum - (a + b) : sum + (a + b);
  }
  return sum;
}

/* Inner product of a butterfly, and its undoing in both states. */
#define BACK(g, a, b, la, lb, c, t)                                                                          \
  do {                                                                                                       \
    (g) += (lb) * (a) - (la) * (b);                                                                          \
    TURN(b, a, c, t);                                                                                        \
    TURN(lb, la, c, t);                                                                                      \
  } while (0)

KINLINE void back_plane2(RVec *pv, RVec *lv, const uint32_t k[4], const RVec *cs, RVec *g) {
  RVec a = pv[k[0]], b = pv[k[1]], c = pv[k[2]], d = pv[k[3]];
  RVec la = lv[k[0]], lb = lv[k[1]], lc = lv[k[2]], ld = lv[k[3]];
  BACK(g[1], a, c, la, lc, cs[2], cs[3]);
  BACK(g[1], b, d, lb, ld, cs[2], cs[3]);
  BACK(g[0], a, b, la, lb, cs[0], cs[1]);
  BACK(g[0], c, d, lc, ld, cs[0], cs[1]);
  pv[k[0]] = a, pv[k[1]] = b, pv[k[2]] = c, pv[k[3]] = d;
  lv[k[0]] = la, lv[k[1]] = lb, lv[k[2]] = lc, lv[k[3]] = ld;
}

KINLINE void back_plane3(RVec *pv, RVec *lv, const uint32_t k[8], const RVec *cs, RVec *r) {
  RVec a = pv[k[0]], b = pv[k[1]], c = pv[k[2]], d = pv[k[3]];
  RVec e = pv[k[4]], f = pv[k[5]], g = pv[k[6]], h = pv[k[7]];
  RVec la = lv[k[0]], lb = lv[k[1]], lc = lv[k[2]], ld = lv[k[3]];
  RVec le = lv[k[4]], lf = lv[k[5]], lg = lv[k[6]], lh = lv[k[7]];
  BACK(r[2], a, e, la, le, cs[4], cs[5]);
  BACK(r[2], b, f, lb, lf, cs[4], cs[5]);
  BACK(r[2], c, g, lc, lg, cs[4], cs[5]);
  BACK(r[2], d, h, ld, lh, cs[4], cs[5]);
  BACK(r[1], a, c, la, lc, cs[2], cs[3]);
  BACK(r[1], b, d, lb, ld, cs[2], cs[3]);
  BACK(r[1], e, g, le, lg, cs[2], cs[3]);
  BACK(r[1], f, h, lf, lh, cs[2], cs[3]);
  BACK(r[0], a, b, la, lb, cs[0], cs[1]);
  BACK(r[0], c, d, lc, ld, cs[0], cs[1]);
  BACK(r[0], e, f, le, lf, cs[0], cs[1]);
  BACK(r[0], g, h, lg, lh, cs[0], cs[1]);
  pv[k[0]] = a, pv[k[1]] = b, pv[k[2]] = c, pv[k[3]] = d, pv[k[4]] = e, pv[k[5]] = f, pv[k[6]] = g,
  pv[k[7]] = h;
  lv[k[0]] = la, lv[k[1]] = lb, lv[k[2]] = lc, lv[k[3]] = ld;
  lv[k[4]] = le, lv[k[5]] = lf, lv[k[6]] = lg, lv[k[7]] = lh;
}

/* g: the inner products of the rotations. */
KINLINE void back_real2(State p, State l, const SimPass *pass, const RVec *slots, RVec g[2], const bool two) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  RVec cs[4] = {slots[0], slots[1], slots[2], slots[3]}, r[2] = {{0}, {0}};
  FOR_WALK(w, 0, h, j) {
    uint32_t k0 = h ^ lo[j], k[4] = GROUP4(k0, pass->x);
    back_plane2(p.re, l.re, k, cs, r);
    if (two) back_plane2(p.im, l.im, k, cs, r);
  }
  g[0] = r[0], g[1] = r[1];
}

KINLINE void back_real3(State p, State l, const SimPass *pass, const RVec *slots, RVec g[3], const bool two) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  RVec cs[6] = {slots[0], slots[1], slots[2], slots[3], slots[4], slots[5]}, r[3] = {{0}, {0}, {0}};
  FOR_WALK(w, 0, h, j) {
    uint32_t k0 = h ^ lo[j], k[8] = GROUP8(k0, pass->x);
    back_plane3(p.re, l.re, k, cs, r);
    if (two) back_plane3(p.im, l.im, k, cs, r);
  }
  g[0] = r[0], g[1] = r[1], g[2] = r[2];
}

KINLINE RVec back_leave_plane(RVec *pv, RVec *lv, uint32_t k0, uint32_t k1, RVec c, RVec t) {
  RVec a = pv[k0], b = pv[k1], la = lv[k0], lb = lv[k1];
  pv[k0] = c * a + t * b;
  lv[k0] = c * la + t * lb;
  return lb * a - la * b;
}

KINLINE RVec back_leave(State p, State l, const SimOp *op, RVec c, RVec s, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, a = {0}, b = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      a += back_leave_plane(p.re, l.re, k0, k1, c, t);
      if (two) b += back_leave_plane(p.im, l.im, k0, k1, c, t);
    }
    sum = g ? sum - (a + b) : sum + (a + b);
  }
  return sum;
}

KINLINE RVec back_cross(State p, State l, const SimOp *op, RVec c, RVec s) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, a = {0}, b = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      RVec ar = p.re[k0], ai = p.im[k0], br = p.re[k1], bi = p.im[k1];
      RVec lar = l.re[k0], lai = l.im[k0], lbr = l.re[k1], lbi = l.im[k1];
      a += lar * bi - lai * br;
      b += lbr * ai - lbi * ar;
      p.re[k0] = c * ar - t * bi;
      p.im[k0] = c * ai + t * br;
      p.re[k1] = c * br - t * ai;
      p.im[k1] = c * bi + t * ar;
      l.re[k0] = c * lar - t * lbi;
      l.im[k0] = c * lai + t * lbr;
      l.re[k1] = c * lbr - t * lai;
      l.im[k1] = c * lbi + t * lar;
    }
    sum = g ? sum - (a + b) : sum + (a + b);
  }
  return sum;
}

KINLINE RVec back_diag(State p, State l, const SimOp *op, RVec c, RVec s) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s, a = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k = h ^ lo[j];
      RVec ar = p.re[k], ai = p.im[k], lr = l.re[k], li = l.im[k];
      a += lr * ai - li * ar;
      p.re[k] = c * ar - t * ai;
      p.im[k] = c * ai + t * ar;
      l.re[k] = c * lr - t * li;
      l.im[k] = c * li + t * lr;
    }
    sum = g ? sum - a : sum + a;
  }
  return sum;
}

/* ---- sums over k of sign(k & z) q(k) for the words z of a SimWords ---- */

/* Long sums of numbers of one sign lose a digit for every ten of them if they are added one after
 * the other; so partial sums of this many are added up. */
#define SUM_BLOCK 64u

/* q[i] of all i < 2^dim becomes the sum over those that the words do not tell apart, i < 2^m. */
KINLINE void fold_words(const SimWords *w, RVec *q) {
  for (int b = w->dim - 1; b >= w->m; b--) {
    uint32_t half = 1u << b;
    for (uint32_t i = 0; i < half; i++) q[i] += q[i + half];
  }
}

/* q[i] as in FOR_WORDS, 2^dim of them; they are used up. */
KINLINE void sum_words(const SimWords *w, RVec *q, RVec *out) {
  fold_words(w, q);
  if (w->tree) {
    for (int b = w->m - 1; b >= 0; b--) {
      uint32_t half = 1u << b, block = half < SUM_BLOCK ? half : SUM_BLOCK;
      RVec total = {0};
      for (uint32_t first = 0; first < half; first += block) {
        RVec even = {0}, odd = {0};
        for (uint32_t i = first; i < first + block; i += 2) {
          uint32_t i1 = half > 1 ? i + 1 : 0;
          even += q[i] - q[i + half];
          if (half > 1) odd += q[i1] - q[i1 + half];
          q[i] += q[i + half];
          if (half > 1) q[i1] += q[i1 + half];
        }
        total += even + odd;
      }
      out[b] = total;
    }
    return;
  }
  for (uint32_t half = 1; half < 1u << w->m; half *= 2) {
    for (uint32_t i = 0; i < 1u << w->m; i += 2 * half) {
      for (uint32_t j = i; j < i + half; j++) {
        RVec a = q[j], b = q[j + half];
        q[j] = a + b;
        q[j + half] = a - b;
      }
    }
  }
  for (int i = 0; i < w->n; i++) out[i] = q[w->mask[i]];
}

/* f[i] = sum over words of sign * v[word], for i < 2^m: the transpose of sum_words. */
KINLINE void spread_words(const SimWords *w, const RVec *v, RVec *f) {
  if (w->tree) {
    f[0] = (RVec){0};
    for (int b = 0; b < w->m; b++) {
      uint32_t half = 1u << b;
      for (uint32_t i = 0; i < half; i++) {
        f[i + half] = f[i] - v[b];
        f[i] += v[b];
      }
    }
    return;
  }
  state_zero(f, 1u << w->m);
  for (int i = 0; i < w->n; i++) f[w->mask[i]] += v[i];
  for (uint32_t half = 1; half < 1u << w->m; half *= 2) {
    for (uint32_t i = 0; i < 1u << w->m; i += 2 * half) {
      for (uint32_t j = i; j < i + half; j++) {
        RVec a = f[j], b = f[j + half];
        f[j] = a + b;
        f[j + half] = a - b;
      }
    }
  }
}

/* ---- words that flip bits: Re <a|P|b>, and l += weight P p ---- */

KINLINE RVec pair_value(State a, State b, const SimPairWord *q) {
  const SimWalk *w = &q->walk;
  const uint32_t *lo = w->lo, x = q->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec u = {0}, v = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      if (q->odd) { /* P b: i sigma b0 at k1, -i sigma b1 at k0 */
        u += a.im[k1] * b.re[k0] - a.re[k1] * b.im[k0];
        v += a.re[k0] * b.im[k1] - a.im[k0] * b.re[k1];
      } else {
        u += a.re[k1] * b.re[k0] + a.im[k1] * b.im[k0];
        v += a.re[k0] * b.re[k1] + a.im[k0] * b.im[k1];
      }
    }
    sum = g ? sum - (u + v) : sum + (u + v);
  }
  return sum;
}

KINLINE void pair_add(State l, State p, const SimPairWord *q, RVec weight) {
  const SimWalk *w = &q->walk;
  const uint32_t *lo = w->lo, x = q->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -weight : weight;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      if (q->odd) {
        l.re[k1] -= t * p.im[k0];
        l.im[k1] += t * p.re[k0];
        l.re[k0] += t * p.im[k1];
        l.im[k0] -= t * p.re[k1];
      } else {
        l.re[k1] += t * p.re[k0];
        l.im[k1] += t * p.im[k0];
        l.re[k0] += t * p.re[k1];
        l.im[k0] += t * p.im[k1];
      }
    }
  }
}
#endif
