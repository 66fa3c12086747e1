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
  sim_tables(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_forward(&s);
    sim_measure(&s, s.psi, s.psi, 1, true);
    store_outputs(&s, c->out);
  }
}

static void back_table(const Sim *s, const SimTable *t) {
  const SimWords *w = &t->words;
  const uint32_t mask = (1u << w->m) - 1;
  const Real *cosine = table_phase(s, t), *sine = table_sines(s, t);
  State p = s->psi, l = s->lam;
  FOR_WORDS(w, i, k) {
    RVec cs = splat(cosine[i & mask]), sn = splat(sine[i & mask]);
    RVec ar = p.re[k], ai = p.im[k], lr = l.re[k], li = l.im[k];
    s->q[i] = lr * ai - li * ar;
    p.re[k] = cs * ar - sn * ai;
    p.im[k] = cs * ai + sn * ar;
    l.re[k] = cs * lr - sn * li;
    l.im[k] = cs * li + sn * lr;
  }
  table_parts(s, t);
}

static void back_pass(const Sim *s, const SimPass *pass) {
  const SimOp *op = &s->plan->op[pass->first];
  const RVec *cs = s->cs + 2 * (op->slot < 0 ? 0 : op->slot);
  State p = s->psi, l = s->lam;
  RVec g[3] = {{0}};
  int n = 1;
  bool two = pass->planes == 2;
  switch ((SimOpKind)pass->kind) {
  case SIM_ENTER:
    g[0] = two ? back_leave(p, l, op, cs[0], cs[1], true) : back_leave(p, l, op, cs[0], cs[1], false);
    break;
  case SIM_REAL:
    g[0] = two ? back_real(p, l, op, cs[0], cs[1], true) : back_real(p, l, op, cs[0], cs[1], false);
    break;
  case SIM_REAL2:
    n = 2;
    two ? back_real2(p, l, pass, cs, g, true) : back_real2(p, l, pass, cs, g, false);
    break;
  case SIM_REAL3:
    n = 3;
    two ? back_real3(p, l, pass, cs, g, true) : back_real3(p, l, pass, cs, g, false);
    break;
  case SIM_CROSS: g[0] = back_cross(p, l, op, cs[0], cs[1]); break;
  case SIM_DIAG: g[0] = back_diag(p, l, op, cs[0], cs[1]); break;
  case SIM_TABLE: back_table(s, op->table); return;
  case SIM_IMAG: return;
  }
  for (int i = 0; i < n; i++) {
    if (op[i].grad) part_add(s, op[i].slot, g[i]);
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
  sim_tables(&s);
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_cotangent(&s);
    sim_forward(&s);
    sim_word_weights(&s);
    sim_observe(&s, s.lam, s.psi);
    for (int i = s.plan->single.n - 1; i >= 0; i--) back_pass(&s, &s.plan->single.pass[i]);
  }
  parts_end(&s);
}
