/* Passes over the state of one tile: VL samples, amplitude k in re[k] and im[k]. One function for
 * each kind of SimOp and purpose (SIM_REAL: turn_k.h); `two` says whether the state has imaginary parts and
 * is constant where these are called, so each is compiled twice. Included by *_k.c files only.
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
/* The low bits of i are counted, with their amplitudes in w->lo. */
#define FOR_WORDS(w, i, k)                                                                                   \
  for (uint32_t code_n = 0, code_i = 0, code_k = 0; code_n < 1u << ((w)->dim - (w)->lo_bits); code_n++,      \
                code_i = (code_n ^ code_n >> 1) << (w)->lo_bits,                                             \
                code_k ^= (w)->col[(w)->lo_bits + __builtin_ctz(code_n)])                                    \
    for (uint32_t code_j = 0; code_j < 1u << (w)->lo_bits; code_j++)                                         \
      for (uint32_t i = code_i | code_j, k = code_k ^ (w)->lo[code_j], code_go = 1; code_go; code_go = 0)

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
KINLINE void state_table(State p, State to, const SimTable *t, const Real *cosine, const Real *sine) {
  const SimWords *w = &t->words;
  const uint32_t mask = (1u << w->m) - 1;
  FOR_WORDS(w, i, k) {
    RVec c = splat(cosine[i & mask]), s = splat(sine[i & mask]);
    RVec ar = p.re[k], ai = p.im[k];
    to.re[k] = c * ar + s * ai;
    to.im[k] = c * ai - s * ar;
  }
}

KINLINE void state_zero(RVec *v, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) v[k] = (RVec){0};
}

/* ---- inner product and undoing of both states in one pass ---- */

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
