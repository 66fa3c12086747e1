/* Circuits forward, and their gradient by the adjoint method: lam = O_w psi is taken back through
 * the gates together with psi, and Im <lam|G|psi> read at each. */
#include "runtime/sim/call_k.h"

void KNAME(k_circuit)(const KCall *c);
void KNAME(k_circuit_vjp)(const KCall *c);

void KNAME(k_circuit)(const KCall *c) {
  Sim s = sim_begin(c);
  sim_shared_angles(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_forward(&s);
    sim_measure(&s, s.psi, s.psi, 1, true);
    store_outputs(&s, c->out);
  }
}

static void back_table(const Sim *s, const SimTable *t) {
  const uint32_t *perm = t->words.perm, mask = (1u << t->words.m) - 1, n = 1u << t->words.dim;
  const Real *cosine = table_phase(s, t), *sine = cosine + table_half(t);
  State p = s->psi, l = s->lam;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = perm[i];
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

static void back_op(const Sim *s, const SimOp *op) {
  RVec g = {0}, cs = {0}, sn = {0};
  if (op->slot >= 0) cs = s->cs[2 * op->slot], sn = s->cs[2 * op->slot + 1];
  bool two = op->planes == 2;
  switch ((SimOpKind)op->kind) {
  case SIM_ENTER:
    g = two ? back_leave(s->psi, s->lam, op, cs, sn, true) : back_leave(s->psi, s->lam, op, cs, sn, false);
    break;
  case SIM_REAL:
    g = two ? back_real(s->psi, s->lam, op, cs, sn, true) : back_real(s->psi, s->lam, op, cs, sn, false);
    break;
  case SIM_CROSS: g = back_cross(s->psi, s->lam, op, cs, sn); break;
  case SIM_DIAG: g = back_diag(s->psi, s->lam, op, cs, sn); break;
  case SIM_TABLE: back_table(s, op->table); return;
  case SIM_IMAG: return;
  }
  if (op->grad) part_add(s, op->slot, g);
}

void KNAME(k_circuit_vjp)(const KCall *c) {
  Sim s = sim_begin(c);
  sim_shared_angles(&s);
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_cotangent(&s);
    sim_forward(&s);
    sim_word_weights(&s);
    sim_observe(&s, s.lam, s.psi);
    for (int i = s.plan->n_ops - 1; i >= 0; i--) back_op(&s, &s.plan->op[i]);
  }
  parts_end(&s);
}
