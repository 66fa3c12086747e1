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

typedef struct State { /* im is not touched while the state is real */
  RVec *re, *im;
} State;

/* Runs the statement that follows with h; index k0 = h ^ w->lo[j]. */
#define FOR_WALK(w, g, h, j)                                                                                 \
  for (uint32_t walk_i = 0, h = (w)->base[g]; walk_i < (w)->n_hi; h ^= (w)->col[__builtin_ctz(++walk_i)])    \
    for (uint32_t j = 0; j < (w)->n_lo; j++)

/* ---- forward, and backward with -s ---- */

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

/* The inverse of state_enter where the entered half goes away; s as in forward. */
KINLINE void state_leave(State p, const SimOp *op, RVec c, RVec s, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -s : s;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      p.re[k0] = c * p.re[k0] + t * p.re[k1];
      if (two) p.im[k0] = c * p.im[k0] + t * p.im[k1];
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

/* Phases cos - i sin of the table; sign -1 for the inverse. */
KINLINE void state_table(State p, const SimTable *t, const Real *cosine, const Real *sine, Real sign) {
  const uint32_t *perm = t->words.perm, mask = (1u << t->words.m) - 1, n = 1u << t->words.dim;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = perm[i];
    RVec c = splat(cosine[i & mask]), s = splat(sign * sine[i & mask]);
    RVec ar = p.re[k], ai = p.im[k];
    p.re[k] = c * ar + s * ai;
    p.im[k] = c * ai - s * ar;
  }
}

KINLINE void state_zero(RVec *v, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) v[k] = (RVec){0};
}

/* ---- Im <lam|G|psi> ---- */

KINLINE RVec inner_real(State l, State p, const SimOp *op, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec a = {0}, b = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      a += l.re[k1] * p.re[k0] - l.re[k0] * p.re[k1];
      if (two) b += l.im[k1] * p.im[k0] - l.im[k0] * p.im[k1];
    }
    sum = g ? sum - (a + b) : sum + (a + b);
  }
  return sum;
}

KINLINE RVec inner_cross(State l, State p, const SimOp *op) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec a = {0}, b = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      a += l.re[k0] * p.im[k1] - l.im[k0] * p.re[k1];
      b += l.re[k1] * p.im[k0] - l.im[k1] * p.re[k0];
    }
    sum = g ? sum - (a + b) : sum + (a + b);
  }
  return sum;
}

KINLINE RVec inner_diag(State l, State p, const SimOp *op) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo;
  RVec sum = {0};
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec a = {0};
    FOR_WALK(w, g, h, j) {
      uint32_t k = h ^ lo[j];
      a += l.re[k] * p.im[k] - l.im[k] * p.re[k];
    }
    sum = g ? sum - a : sum + a;
  }
  return sum;
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

/* ---- duals: d += -i v G p, v the tangent of half the angle ---- */

KINLINE void tangent_real(State d, State p, const SimOp *op, RVec v, const bool two) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -v : v;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      d.re[k0] -= t * p.re[k1];
      d.re[k1] += t * p.re[k0];
      if (two) {
        d.im[k0] -= t * p.im[k1];
        d.im[k1] += t * p.im[k0];
      }
    }
  }
}

KINLINE void tangent_cross(State d, State p, const SimOp *op, RVec v) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo, x = op->x;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -v : v;
    FOR_WALK(w, g, h, j) {
      uint32_t k0 = h ^ lo[j], k1 = k0 ^ x;
      d.re[k0] += t * p.im[k1];
      d.im[k0] -= t * p.re[k1];
      d.re[k1] += t * p.im[k0];
      d.im[k1] -= t * p.re[k0];
    }
  }
}

KINLINE void tangent_diag(State d, State p, const SimOp *op, RVec v) {
  const SimWalk *w = &op->walk;
  const uint32_t *lo = w->lo;
  for (int g = 0; g < 2; g++) {
    if (!w->has[g]) continue;
    RVec t = g ? -v : v;
    FOR_WALK(w, g, h, j) {
      uint32_t k = h ^ lo[j];
      d.re[k] += t * p.im[k];
      d.im[k] -= t * p.re[k];
    }
  }
}

/* ---- sums over k of sign(k & z) q(k) for the words z of a SimWords ---- */

/* q[i] in the order of perm, 2^dim of them; it is used up. */
KINLINE void sum_words(const SimWords *w, RVec *q, RVec *out) {
  for (int b = w->dim - 1; b >= w->m; b--) {
    uint32_t half = 1u << b;
    for (uint32_t i = 0; i < half; i++) q[i] += q[i + half];
  }
  if (w->tree) {
    for (int b = w->m - 1; b >= 0; b--) {
      uint32_t half = 1u << b;
      RVec even = {0}, odd = {0};
      for (uint32_t i = 0; i < half; i += 2) {
        uint32_t i1 = half > 1 ? i + 1 : 0;
        even += q[i] - q[i + half];
        if (half > 1) odd += q[i1] - q[i1 + half];
        q[i] += q[i + half];
        if (half > 1) q[i1] += q[i1 + half];
      }
      out[b] = even + odd;
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
