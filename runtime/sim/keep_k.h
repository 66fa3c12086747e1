/* States that stay: passes with `keep` write the state to a place of its own, and the way back reads it there
 * instead of undoing them in psi. What stands between two such passes is done, and undone, in place. Included
 * by *_k.c files only. */
#ifndef QGN_SIM_KEEP_K_H
#define QGN_SIM_KEEP_K_H
#include "runtime/sim/call_k.h"

/* The state after n passes that keep. */
KINLINE State kept_state(const Sim *s, int n) {
  return n == 0
             ? s->psi
             : state_at(s->scratch, s->plan->at.kept + (size_t)(n - 1) * (sizeof(RVec) << (s->plan->dim + 1)),
                        s->plan->dim);
}

/* sim_forward in which passes keep what stood before them; the last state. */
KINLINE State keep_forward(const Sim *s) {
  State p = s->psi;
  int kept = 0;
  sim_start(s);
  for (int i = 0; i < s->plan->single.n; i++) {
    State to = s->plan->single.pass[i].keep ? kept_state(s, ++kept) : p;
    sim_pass(s, p, to, i);
    p = to;
  }
  return p;
}

/* Takes l back through a table, and p unless it was kept; adds Im <l|Z|p> of its words to the gradients. */
KINLINE void back_table(const Sim *s, State p, State l, const SimTable *t, Real gain, const bool kept) {
  const SimWords *w = &t->words;
  const uint32_t mask = (1u << w->m) - 1;
  const Real *cosine = table_phase(s, t), *sine = table_sines(s, t);
  FOR_WORDS(w, i, k) {
    RVec cs = splat(cosine[i & mask]), sn = splat(sine[i & mask]);
    RVec ar = p.re[k], ai = p.im[k], lr = l.re[k], li = l.im[k];
    s->q[i] = lr * ai - li * ar;
    if (!kept) {
      p.re[k] = cs * ar - sn * ai;
      p.im[k] = cs * ai + sn * ar;
    }
    l.re[k] = cs * lr - sn * li;
    l.im[k] = cs * li + sn * lr;
  }
  table_parts(s, t, gain);
}
#endif
