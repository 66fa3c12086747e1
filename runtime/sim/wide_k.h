/* Rotations of states whose amplitudes stand in the lanes (wide.h). Bodies work on a vector, or on a
 * pair of vectors v0, v1 = v0 ^ xv; c and t are cosine and signed sine for each lane, and with
 * controls 1 and 0 where they are not met. Kinds, planes and shapes are constant where bodies are
 * called, so each combination is compiled on its own. Included by *_k.c files only. */
#ifndef QGN_SIM_WIDE_K_H
#define QGN_SIM_WIDE_K_H
#include "runtime/sim/state_k.h"
#include "runtime/sim/wide.h"

typedef struct Amp {
  RVec r, i;
} Amp;

/* Lanes l and l ^ x exchanged. */
#if defined(QGN_ISA_avx512) && defined(QGN_SINGLE)
typedef __m512i Across;
KINLINE RVec lanes_across(RVec v, Across x) { return (RVec)_mm512_permutexvar_ps(x, (__m512)v); }
KINLINE Across across_of(uint32_t x) { return (__m512i)((RVecInt){LANES(LANE_NUMBER, 0)} ^ (RInt)x); }
#elif defined(QGN_ISA_avx512)
typedef __m512i Across;
KINLINE RVec lanes_across(RVec v, Across x) { return (RVec)_mm512_permutexvar_pd(x, (__m512d)v); }
KINLINE Across across_of(uint32_t x) { return (__m512i)((RVecInt){LANES(LANE_NUMBER, 0)} ^ (RInt)x); }
#elif defined(QGN_ISA_avx2) && defined(QGN_SINGLE)
typedef __m256i Across;
KINLINE RVec lanes_across(RVec v, Across x) { return (RVec)_mm256_permutevar8x32_ps((__m256)v, x); }
KINLINE Across across_of(uint32_t x) { return (__m256i)((RVecInt){LANES(LANE_NUMBER, 0)} ^ (RInt)x); }
#else
typedef uint32_t Across;
KINLINE RVec lanes_across(RVec v, Across x) {
  if (x & 1) v = __builtin_shufflevector(v, v, LANES(LANE_ACROSS, 1));
#if VLANES >= 4
  if (x & 2) v = __builtin_shufflevector(v, v, LANES(LANE_ACROSS, 2));
#endif
  return v;
}
KINLINE Across across_of(uint32_t x) { return x; }
#endif

/* parity(lane & mask) in bit 0 of each lane */
KINLINE RVecInt lane_parity(uint32_t mask) {
  RVecInt p = (RVecInt){LANES(LANE_NUMBER, 0)} & (RInt)mask;
  p ^= p >> 2;
  p ^= p >> 1;
  return p & 1;
}
/* v with the sign of each lane in the word `zl` */
KINLINE RVec lane_signed(RVec v, uint32_t zl) { return select(lane_parity(zl) == 1, -v, v); }

KINLINE Amp amp_at(State p, uint32_t v, const bool two) { return (Amp){p.re[v], two ? p.im[v] : (RVec){0}}; }
KINLINE void amp_put(State p, uint32_t v, Amp a, const bool two) {
  p.re[v] = a.r;
  if (two) p.im[v] = a.i;
}
KINLINE Amp amp_across(Amp a, Across x, const bool two, const bool across) {
  if (!across) return a;
  return (Amp){lanes_across(a.r, x), two ? lanes_across(a.i, x) : a.i};
}
/* a + t P' o, the part that the partner's amplitude o gives */
KINLINE Amp amp_add(Amp a, RVec t, Amp o, const int kind, const bool two) {
  if (kind == SIM_REAL) return (Amp){a.r - t * o.r, two ? a.i - t * o.i : a.i};
  return (Amp){a.r + t * o.i, a.i - t * o.r};
}
KINLINE Amp amp_turn(Amp a, RVec c, RVec t, Amp o, const int kind, const bool two) {
  return amp_add((Amp){c * a.r, two ? c * a.i : a.i}, t, o, kind, two);
}
/* Re conj(l) P' o */
KINLINE RVec amp_inner(Amp l, Amp o, const int kind, const bool two) {
  if (kind == SIM_REAL) return two ? -(l.r * o.r) - l.i * o.i : -(l.r * o.r);
  return l.r * o.i - l.i * o.r;
}

typedef struct Turn {
  RVec c, t, u; /* u: signed tangent, with dual states only */
} Turn;

KINLINE void turn_state(State p, uint32_t v0, uint32_t v1, Turn f, Turn g, Across x, const int kind,
                        const bool two, const bool pair, const bool across) {
  Amp a = amp_at(p, v0, two), b = pair ? amp_at(p, v1, two) : a;
  amp_put(p, v0, amp_turn(a, f.c, f.t, amp_across(b, x, two, across), kind, two), two);
  if (pair) amp_put(p, v1, amp_turn(b, g.c, g.t, amp_across(a, x, two, across), kind, two), two);
}

/* Undoes it in p and l; adds inner products without signs to s[0] for v0 and s[1] for v1. */
KINLINE void back_states(State p, State l, uint32_t v0, uint32_t v1, Turn f, Turn g, Across x, RVec s[2],
                         const int kind, const bool two, const bool pair, const bool across) {
  Amp a = amp_at(p, v0, two), b = pair ? amp_at(p, v1, two) : a;
  Amp la = amp_at(l, v0, two), lb = pair ? amp_at(l, v1, two) : la;
  Amp oa = amp_across(a, x, two, across), ob = pair ? amp_across(b, x, two, across) : oa;
  Amp ola = amp_across(la, x, two, across), olb = pair ? amp_across(lb, x, two, across) : ola;
  s[0] += amp_inner(la, ob, kind, two);
  amp_put(p, v0, amp_turn(a, f.c, -f.t, ob, kind, two), two);
  amp_put(l, v0, amp_turn(la, f.c, -f.t, olb, kind, two), two);
  if (!pair) return;
  s[1] += amp_inner(lb, oa, kind, two);
  amp_put(p, v1, amp_turn(b, g.c, -g.t, oa, kind, two), two);
  amp_put(l, v1, amp_turn(lb, g.c, -g.t, ola, kind, two), two);
}

/* The pair (p, d) -> (U p, U d + u P' U p). */
KINLINE void turn_dual(State p, State d, uint32_t v0, uint32_t v1, Turn f, Turn g, Across x, const int kind,
                       const bool two, const bool pair, const bool across) {
  Amp a = amp_at(p, v0, two), b = pair ? amp_at(p, v1, two) : a;
  Amp da = amp_at(d, v0, two), db = pair ? amp_at(d, v1, two) : da;
  Amp a1 = amp_turn(a, f.c, f.t, amp_across(b, x, two, across), kind, two), b1 = a1;
  if (pair) b1 = amp_turn(b, g.c, g.t, amp_across(a, x, two, across), kind, two);
  Amp da1 = amp_turn(da, f.c, f.t, amp_across(db, x, two, across), kind, two);
  amp_put(p, v0, a1, two);
  amp_put(d, v0, amp_add(da1, f.u, amp_across(b1, x, two, across), kind, two), two);
  if (!pair) return;
  Amp db1 = amp_turn(db, g.c, g.t, amp_across(da, x, two, across), kind, two);
  amp_put(p, v1, b1, two);
  amp_put(d, v1, amp_add(db1, g.u, amp_across(a1, x, two, across), kind, two), two);
}

KINLINE Turn turn_back(Turn f) { return (Turn){f.c, -f.t, -f.u}; }

typedef struct WideQuad {
  State p, l, dp, dl;
} WideQuad;

KINLINE void back_quad(WideQuad q, uint32_t v0, uint32_t v1, Turn f, Turn g, Across x, RVec s[2],
                       const int kind, const bool two, const bool pair, const bool across) {
  uint32_t w0 = pair ? v1 : v0;
  s[0] += amp_inner(amp_at(q.dl, v0, two), amp_across(amp_at(q.p, w0, two), x, two, across), kind, two) +
          amp_inner(amp_at(q.l, v0, two), amp_across(amp_at(q.dp, w0, two), x, two, across), kind, two);
  if (pair) {
    s[1] += amp_inner(amp_at(q.dl, v1, two), amp_across(amp_at(q.p, v0, two), x, two, across), kind, two) +
            amp_inner(amp_at(q.l, v1, two), amp_across(amp_at(q.dp, v0, two), x, two, across), kind, two);
  }
  turn_dual(q.p, q.dp, v0, v1, turn_back(f), turn_back(g), x, kind, two, pair, across);
  turn_dual(q.l, q.dl, v0, v1, turn_back(f), turn_back(g), x, kind, two, pair, across);
}

/* Where all controls of the block hold in vector v. */
KINLINE RVecInt controls_met(const WideOp *op, uint32_t base, uint32_t v) {
  RVecInt met = {0};
  met = ~met;
  for (int i = 0; i < op->n_controls; i++) {
    const WideControl *c = &op->control[i];
    int rest = c->value ^ bit_parity(v & c->local) ^ bit_parity(base & c->whole);
    met &= lane_parity(c->lane) == (RInt)rest;
  }
  return met;
}

/* The turn of vector v under controls; sign 1: the word is - in lanes where zl is +. */
KINLINE Turn turn_met(Turn f, RVecInt met, int sign) {
  RVec c = select(met, f.c, splat(1)), t = select(met, f.t, (RVec){0}), u = select(met, f.u, (RVec){0});
  return sign ? (Turn){c, -t, -u} : (Turn){c, t, u};
}

/* Runs BODY(v0, v1, f, g, s) over all vectors of the block: f, g turns, s accumulators; leaves the
 * sum of inner products in `total`. `turn` has signs of lanes. */
#define WIDE_LOOP(op, base, turn, total, pair, BODY)                                                         \
  do {                                                                                                       \
    int flip = bit_parity((base) & (op)->z_whole);                                                           \
    if ((op)->n_controls > 0) {                                                                              \
      uint32_t top = (pair) ? 1u << (31 - __builtin_clz((op)->xv)) : 0;                                      \
      for (uint32_t v0 = 0; v0 < 1u << (op)->bits; v0++) {                                                   \
        if (v0 & top) continue;                                                                              \
        uint32_t v1 = v0 ^ (op)->xv;                                                                         \
        int sign = flip ^ bit_parity(v0 & (op)->z_local);                                                    \
        RVecInt met0 = controls_met((op), (base), v0), met1 = controls_met((op), (base), v1);                \
        if (!any_lane(met0)) continue;                                                                       \
        Turn f = turn_met((turn), met0, sign), g = turn_met((turn), met1, sign ^ (op)->odd);                 \
        RVec s[2] = {{0}, {0}};                                                                              \
        (void)g, (void)s, (void)v1;                                                                          \
        BODY(v0, v1, f, g, s);                                                                               \
        s[0] = select(met0, s[0], (RVec){0}), s[1] = select(met1, s[1], (RVec){0});                          \
        s[0] = (op)->odd ? s[0] - s[1] : s[0] + s[1];                                                        \
        total += sign ? -s[0] : s[0];                                                                        \
      }                                                                                                      \
      break;                                                                                                 \
    }                                                                                                        \
    const SimWalk *walk = &(op)->walk;                                                                       \
    const uint32_t *lo = walk->lo;                                                                           \
    for (int half = 0; half < 2; half++) {                                                                   \
      if (!walk->has[half]) continue;                                                                        \
      int sign = half ^ flip;                                                                                \
      Turn f = sign ? (Turn){(turn).c, -(turn).t, -(turn).u} : (turn);                                       \
      Turn g = (op)->odd ? (Turn){f.c, -f.t, -f.u} : f;                                                      \
      RVec s[2] = {{0}, {0}};                                                                                \
      const uint32_t xv = (op)->xv;                                                                          \
      (void)g, (void)s;                                                                                      \
      FOR_WALK(walk, half, h, j) {                                                                           \
        uint32_t v0 = h ^ lo[j], v1 = v0 ^ xv;                                                               \
        (void)v1;                                                                                            \
        BODY(v0, v1, f, g, s);                                                                               \
      }                                                                                                      \
      s[0] = (op)->odd ? s[0] - s[1] : s[0] + s[1];                                                          \
      total += sign ? -s[0] : s[0];                                                                          \
    }                                                                                                        \
  } while (0)

/* Calls F(kind, two, pair, across) with constants for the op. */
#define WIDE_SHAPES(op, F, kind, two)                                                                        \
  do {                                                                                                       \
    if ((op)->shape == WIDE_PAIR) F(kind, two, true, false);                                                 \
    else if ((op)->shape == WIDE_ACROSS) F(kind, two, false, true);                                          \
    else F(kind, two, true, true);                                                                           \
  } while (0)
#define WIDE_KINDS(op, F)                                                                                    \
  do {                                                                                                       \
    if ((op)->kind == SIM_DIAG) F(SIM_CROSS, true, false, false);                                            \
    else if ((op)->kind == SIM_CROSS) WIDE_SHAPES(op, F, SIM_CROSS, true);                                   \
    else if ((op)->planes == 2) WIDE_SHAPES(op, F, SIM_REAL, true);                                          \
    else WIDE_SHAPES(op, F, SIM_REAL, false);                                                                \
  } while (0)

/* ---- words of Z ---- */

/* q[0 .. 2^bits): sums of all signs, in place. */
KINLINE void transform_words(RVec *q, int bits) {
  for (uint32_t half = 1; half < 1u << bits; half *= 2) {
    for (uint32_t i = 0; i < 1u << bits; i += 2 * half) {
      for (uint32_t j = i; j < i + half; j++) {
        RVec a = q[j], b = q[j + half];
        q[j] = a + b;
        q[j + half] = a - b;
      }
    }
  }
}

/* sum[word] += sum over i of the word's sign q[i], for one bucket with local numbers first ..; signs of
 * lanes are left out. q is used up. */
KINLINE void bucket_collect(const WideWords *w, uint32_t base, uint32_t first, RVec *q, RVec *sum) {
  uint32_t low = (1u << w->bucket) - 1;
  transform_words(q, w->bucket);
  for (int i = 0; i < w->n; i++) {
    RVec v = q[w->local[i] & low];
    sum[i] += bit_parity((first & w->local[i] & ~low)) ^ bit_parity(base & w->whole[i]) ? -v : v;
  }
}

/* out[i] = sum over words of sign * value[word], for the numbers first .. of a bucket of the whole state;
 * values with signs of lanes. */
KINLINE void bucket_spread(const WideWords *w, uint32_t first, const RVec *value, RVec *out) {
  uint32_t low = (1u << w->bucket) - 1;
  for (uint32_t i = 0; i <= low; i++) out[i] = (RVec){0};
  for (int i = 0; i < w->n; i++) {
    RVec v = value[i];
    out[w->local[i] & low] += bit_parity(first & w->local[i] & ~low) ? -v : v;
  }
  transform_words(out, w->bucket);
}
#endif
