/* Passes of one to four real rotations whose angles all samples share, the bulk of most circuits, in
 * two forms:
 *
 *     plain     psi0' = c psi0 - sigma s psi1,   psi1' = c psi1 + sigma s psi0
 *     tangent   psi0' = psi0 - sigma t psi1,     psi1' = psi1 + sigma t psi0,     t = s / c
 *
 * The second leaves the factor c out and needs half the work. What all rotations up to the next table of
 * phases leave out is multiplied into the table before them, or into the first amplitude, so the state is
 * right at the end; in between it is too small, and on the way back lam is too large, by the same factor:
 * their inner products are right. A rotation with |t| > TURN_MOST is plain, and so is what would leave out
 * more than TURN_LEAST in all (call_k.h, sim_turns).
 *
 * Real and imaginary parts are separate planes, gone through one after the other. A pass reads one plane and
 * writes another or the same. Going back it turns lam, and psi too unless that was kept on the way
 * forward. Its rotations commute, so that all inner products are those of the states it starts with.
 * Included by *_k.c files only. */
#ifndef QGN_SIM_TURN_K_H
#define QGN_SIM_TURN_K_H
#include "runtime/sim/state_k.h"

#define TURN_MOST 256.0  /* of a tangent */
#define TURN_LEAST 1e-12 /* of a product of cosines */

/* What the passes of a call are; one for each pass. */
typedef struct SimTurn {
  bool tangent;
  bool moves; /* Hessian products: its angles have tangents */
  Real gain;  /* of its inner products, where psi is turned back too */
} SimTurn;

#define TURN_GROUP (1 << SIM_PASS_MOST) /* amplitudes that are turned together, at most */
#if defined(QGN_SANITIZED)              /* the checks of the shifts stand between gcc and the loop */
#define TURN_UNROLL
#else
#define TURN_UNROLL _Pragma("GCC unroll 16")
#endif

/* Bytes from the first amplitude of a group to the others: bit j of the number flips x[j]. */
typedef struct TurnGroup {
  size_t at[TURN_GROUP];
} TurnGroup;

KINLINE TurnGroup turn_group(const SimPass *pass, const int n) {
  TurnGroup g = {{0}};
  TURN_UNROLL for (int i = 1; i < 1 << n; i++) {
    g.at[i] = g.at[i & (i - 1)] ^ (size_t)pass->x[__builtin_ctz((unsigned)i)] * sizeof(RVec);
  }
  return g;
}

KINLINE RVec *turn_at(RVec *v, size_t at) { return (RVec *)(void *)((char *)v + at); }

/* v0 has the sign +. */
KINLINE void turn_pair(RVec *v0, RVec *v1, RVec c, RVec t, const bool tangent) {
  RVec a = *v0, b = *v1;
  *v0 = tangent ? a - t * b : c * a - t * b;
  *v1 = tangent ? b + t * a : c * b + t * a;
}

/* cs: cosine and sine (or tangent) of each rotation in turn; back: the inverse. */
KINLINE void turn_amplitudes(RVec v[TURN_GROUP], const RVec *cs, const int n, const bool tangent) {
  TURN_UNROLL for (int r = 0; r < n; r++) {
    TURN_UNROLL for (int i = 0; i < 1 << n; i++) {
      if (!(i >> r & 1)) turn_pair(&v[i], &v[i | 1 << r], cs[2 * r], cs[2 * r + 1], tangent);
    }
  }
}

KINLINE void turn_load(RVec v[TURN_GROUP], RVec *from, size_t k, const TurnGroup *g, const int n) {
  TURN_UNROLL for (int i = 0; i < 1 << n; i++) v[i] = *turn_at(from, k ^ g->at[i]);
}

KINLINE void turn_store(const RVec v[TURN_GROUP], RVec *to, size_t k, const TurnGroup *g, const int n) {
  TURN_UNROLL for (int i = 0; i < 1 << n; i++) * turn_at(to, k ^ g->at[i]) = v[i];
}

KINLINE void turn_forward_plane(RVec *from, RVec *to, const SimPass *pass, const RVec *slots, const int n,
                                const bool tangent) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  TurnGroup group = turn_group(pass, n);
  RVec cs[2 * SIM_PASS_MOST];
  for (int i = 0; i < 2 * n; i++) cs[i] = slots[i];
  for (int half = 0; half < 2; half++) {
    if (!w->has[half]) continue;
    if (half) cs[1] = -cs[1]; /* passes of one rotation only */
    FOR_WALK(w, half, h, j) {
      size_t k = (size_t)(h ^ lo[j]) * sizeof(RVec);
      RVec v[TURN_GROUP];
      turn_load(v, from, k, &group, n);
      turn_amplitudes(v, cs, n, tangent);
      turn_store(v, to, k, &group, n);
    }
  }
}

/* Adds <lam|G|psi> of the rotations of a group: first and second products apart, for shorter chains. */
KINLINE void turn_inner(const RVec p[TURN_GROUP], const RVec l[TURN_GROUP], RVec more[SIM_PASS_MOST],
                        RVec less[SIM_PASS_MOST], const int n) {
  TURN_UNROLL for (int r = 0; r < n; r++) {
    TURN_UNROLL for (int i = 0; i < 1 << n; i++) {
      if (!(i >> r & 1)) more[r] += l[i | 1 << r] * p[i], less[r] += l[i] * p[i | 1 << r];
    }
  }
}

/* Turns lam back, in place, and psi unless `kept`; adds inner products to g[0 .. n). */
KINLINE void turn_back_plane(RVec *psi, RVec *lam, const SimPass *pass, const RVec *slots, RVec *g,
                             const int n, const bool tangent, const bool kept) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  TurnGroup group = turn_group(pass, n);
  RVec cs[2 * SIM_PASS_MOST];
  for (int i = 0; i < n; i++) cs[2 * i] = slots[2 * i], cs[2 * i + 1] = -slots[2 * i + 1];
  for (int half = 0; half < 2; half++) {
    if (!w->has[half]) continue;
    if (half) cs[1] = -cs[1];
    RVec more[SIM_PASS_MOST] = {{0}}, less[SIM_PASS_MOST] = {{0}};
    FOR_WALK(w, half, h, j) {
      size_t k = (size_t)(h ^ lo[j]) * sizeof(RVec);
      RVec p[TURN_GROUP], l[TURN_GROUP];
      turn_load(p, psi, k, &group, n);
      turn_load(l, lam, k, &group, n);
      turn_inner(p, l, more, less, n);
      turn_amplitudes(l, cs, n, tangent);
      turn_store(l, lam, k, &group, n);
      if (!kept) {
        turn_amplitudes(p, cs, n, tangent);
        turn_store(p, psi, k, &group, n);
      }
    }
    for (int i = 0; i < n; i++) g[i] += half ? less[i] - more[i] : more[i] - less[i];
  }
}

/* d -= v (i G) s for each rotation, s being the state after all of them: what the tangents v of half the
 * angles add to the tangent of a state. */
KINLINE void turn_tangent_plane(RVec *d, RVec *s, const SimPass *pass, const RVec *tangents, const int n) {
  const SimWalk *w = &pass->walk;
  const uint32_t *lo = w->lo;
  TurnGroup group = turn_group(pass, n);
  RVec v[SIM_PASS_MOST];
  for (int i = 0; i < n; i++) v[i] = tangents[i];
  for (int half = 0; half < 2; half++) {
    if (!w->has[half]) continue;
    if (half) v[0] = -v[0]; /* passes of one rotation only */
    FOR_WALK(w, half, h, j) {
      size_t k = (size_t)(h ^ lo[j]) * sizeof(RVec);
      RVec a[TURN_GROUP], b[TURN_GROUP];
      turn_load(a, d, k, &group, n);
      turn_load(b, s, k, &group, n);
      for (int r = 0; r < n; r++) {
        for (int i = 0; i < 1 << n; i++) a[i] += (i >> r & 1 ? v[r] : -v[r]) * b[i ^ 1 << r];
      }
      turn_store(a, d, k, &group, n);
    }
  }
}

#define TURN_TANGENT(n)                                                                                      \
  static __attribute__((noinline, unused)) void turn_tangent_##n(RVec *d, RVec *s, const SimPass *pass,      \
                                                                 const RVec *tangents) {                     \
    turn_tangent_plane(d, s, pass, tangents, n);                                                             \
  }
TURN_TANGENT(1)
TURN_TANGENT(2)
TURN_TANGENT(3)
TURN_TANGENT(4)

#define TURN_FORWARD(n, form)                                                                                \
  static __attribute__((noinline, unused)) void turn_forward_##n##_##form(                                   \
      RVec *from, RVec *to, const SimPass *pass, const RVec *slots) {                                        \
    turn_forward_plane(from, to, pass, slots, n, form);                                                      \
  }
#define TURN_BACK(n, form, kept)                                                                             \
  static __attribute__((noinline, unused)) void turn_back_##n##_##form##_##kept(                             \
      RVec *psi, RVec *lam, const SimPass *pass, const RVec *slots, RVec *g) {                               \
    turn_back_plane(psi, lam, pass, slots, g, n, form, kept);                                                \
  }
TURN_FORWARD(1, 0)
TURN_FORWARD(2, 0)
TURN_FORWARD(3, 0)
TURN_FORWARD(4, 0)
TURN_FORWARD(1, 1)
TURN_FORWARD(2, 1)
TURN_FORWARD(3, 1)
TURN_FORWARD(4, 1)
TURN_BACK(1, 0, 0)
TURN_BACK(2, 0, 0)
TURN_BACK(3, 0, 0)
TURN_BACK(4, 0, 0)
TURN_BACK(1, 1, 0)
TURN_BACK(2, 1, 0)
TURN_BACK(3, 1, 0)
TURN_BACK(4, 1, 0)
TURN_BACK(1, 0, 1)
TURN_BACK(2, 0, 1)
TURN_BACK(3, 0, 1)
TURN_BACK(4, 0, 1)
TURN_BACK(1, 1, 1)
TURN_BACK(2, 1, 1)
TURN_BACK(3, 1, 1)
TURN_BACK(4, 1, 1)

typedef void TurnForwardFn(RVec *from, RVec *to, const SimPass *pass, const RVec *slots);
typedef void TurnBackFn(RVec *psi, RVec *lam, const SimPass *pass, const RVec *slots, RVec *g);

/* slots: cosines and sines (tangents) of the pass's first slot on. */
KINLINE void turn_pass(State from, State to, const SimPass *pass, const RVec *slots, bool tangent) {
  static TurnForwardFn *const all[2][SIM_PASS_MOST] = {
      {turn_forward_1_0, turn_forward_2_0, turn_forward_3_0, turn_forward_4_0},
      {turn_forward_1_1, turn_forward_2_1, turn_forward_3_1, turn_forward_4_1}};
  TurnForwardFn *f = all[tangent][pass->n - 1];
  f(from.re, to.re, pass, slots);
  if (pass->planes == 2) f(from.im, to.im, pass, slots);
}

KINLINE void turn_pass_tangent(State d, State s, const SimPass *pass, const RVec *tangents) {
  static void (*const all[SIM_PASS_MOST])(RVec *, RVec *, const SimPass *, const RVec *) = {
      turn_tangent_1, turn_tangent_2, turn_tangent_3, turn_tangent_4};
  all[pass->n - 1](d.re, s.re, pass, tangents);
  if (pass->planes == 2) all[pass->n - 1](d.im, s.im, pass, tangents);
}

KINLINE void turn_pass_back(State psi, State lam, const SimPass *pass, const RVec *slots,
                            RVec g[SIM_PASS_MOST], bool tangent, bool kept) {
  static TurnBackFn *const all[2][2][SIM_PASS_MOST] = {
      {{turn_back_1_0_0, turn_back_2_0_0, turn_back_3_0_0, turn_back_4_0_0},
       {turn_back_1_1_0, turn_back_2_1_0, turn_back_3_1_0, turn_back_4_1_0}},
      {{turn_back_1_0_1, turn_back_2_0_1, turn_back_3_0_1, turn_back_4_0_1},
       {turn_back_1_1_1, turn_back_2_1_1, turn_back_3_1_1, turn_back_4_1_1}}};
  TurnBackFn *f = all[kept][tangent][pass->n - 1];
  f(psi.re, lam.re, pass, slots, g);
  if (pass->planes == 2) f(psi.im, lam.im, pass, slots, g);
}
#endif
