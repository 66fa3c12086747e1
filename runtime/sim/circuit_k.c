/* Circuits forward, and their gradient by the adjoint method: lam = O_w psi is taken back through
 * the gates together with psi, and Im <lam|G|psi> read at each. */
#include "runtime/sim/call_k.h"

void KNAME(k_circuit)(const KCall *c);
void KNAME(density_circuit)(const KCall *c);
void KNAME(wide_circuit)(const KCall *c);
void KNAME(k_circuit_vjp)(const KCall *c);
void KNAME(density_circuit_vjp)(const KCall *c);
void KNAME(wide_circuit_vjp)(const KCall *c);
void KNAME(moved_circuit_vjp)(const KCall *c);
void KNAME(plain_circuit_vjp)(const KCall *c);
void KNAME(amp_circuit)(const KCall *c);
void KNAME(shots_circuit)(const KCall *c);
void KNAME(amp_circuit_vjp)(const KCall *c);

void KNAME(k_circuit)(const KCall *c) {
  if (((const SimPlan *)c->op->plan)->density != NULL) {
    KNAME(density_circuit)(c);
    return;
  }
  if (((const SimPlan *)c->op->plan)->amp != NULL) {
    KNAME(amp_circuit)(c);
    return;
  }
  if (((const SimPlan *)c->op->plan)->shots != NULL) {
    KNAME(shots_circuit)(c);
    return;
  }
  if (sim_is_wide(c->op)) {
    KNAME(wide_circuit)(c);
    return;
  }
  Sim s = sim_begin(c);
  sim_shared_angles(&s);
  sim_turns(&s);
  sim_tables(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_forward(&s);
    sim_measure(&s, s.psi, s.psi, 1, true);
    store_outputs(&s, c->out);
  }
}

static void back_table(const Sim *s, State p, const SimTable *t, Real gain, const bool kept) {
  const SimWords *w = &t->words;
  const uint32_t mask = (1u << w->m) - 1;
  const Real *cosine = table_phase(s, t), *sine = table_sines(s, t);
  State l = s->lam;
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

/* Takes lam back through pass i, and p unless it was kept; adds to the gradients. */
static void back_pass(const Sim *s, State p, int i) {
  const SimPass *pass = &s->plan->single.pass[i];
  const SimOp *op = &s->plan->op[pass->first];
  const RVec *cs = s->cs + 2 * (op->slot < 0 ? 0 : op->slot);
  State l = s->lam;
  RVec g[3] = {{0}};
  bool two = pass->planes == 2;
  switch ((SimOpKind)pass->kind) {
  case SIM_ENTER:
    g[0] = two ? back_leave(p, l, op, cs[0], cs[1], true) : back_leave(p, l, op, cs[0], cs[1], false);
    break;
  case SIM_REAL:
  case SIM_REAL2:
  case SIM_REAL3: turn_pass_back(p, l, pass, cs, g, s->turn[i].tangent, pass->keep); break;
  case SIM_CROSS: g[0] = back_cross(p, l, op, cs[0], cs[1]); break;
  case SIM_DIAG: g[0] = back_diag(p, l, op, cs[0], cs[1]); break;
  case SIM_TABLE:
    if (pass->keep) back_table(s, p, op->table, s->turn[i].gain, true);
    else back_table(s, p, op->table, s->turn[i].gain, false);
    return;
  case SIM_IMAG: return;
  }
  for (int j = 0; j < pass->n; j++) {
    if (op[j].grad) part_add(s, op[j].slot, s->turn[i].gain * g[j]);
  }
}

/* The state after n passes that keep. */
static State kept_state(const Sim *s, int n) {
  return n == 0
             ? s->psi
             : state_at(s->scratch, s->plan->at.kept + (size_t)(n - 1) * (sizeof(RVec) << (s->plan->dim + 1)),
                        s->plan->dim);
}

/* sim_forward in which passes keep what stood before them; the last state. */
static State keep_forward(const Sim *s) {
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

static void back(const Sim *s) {
  int kept = s->plan->n_kept;
  for (int i = s->plan->single.n - 1; i >= 0; i--) {
    back_pass(s, kept_state(s, kept), i);
    kept -= s->plan->single.pass[i].keep;
  }
}

void KNAME(k_circuit_vjp)(const KCall *c) {
  if (((const SimPlan *)c->op->plan)->density != NULL) {
    KNAME(density_circuit_vjp)(c);
    return;
  }
  if (c->op->attr.i[0] == METHOD_BACKPROP) {
    KNAME(plain_circuit_vjp)(c);
    return;
  }
  if (c->op->attr.i[0] != METHOD_ADJOINT) {
    KNAME(moved_circuit_vjp)(c);
    return;
  }
  if (((const SimPlan *)c->op->plan)->amp != NULL) {
    KNAME(amp_circuit_vjp)(c);
    return;
  }
  if (sim_is_wide(c->op)) {
    KNAME(wide_circuit_vjp)(c);
    return;
  }
  Sim s = sim_begin(c);
  sim_shared_angles(&s);
  sim_turns(&s);
  sim_tables(&s);
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_cotangent(&s);
    State p = keep_forward(&s);
    sim_word_weights(&s);
    sim_observe(&s, s.lam, p);
    back(&s);
  }
  parts_end(&s);
}
