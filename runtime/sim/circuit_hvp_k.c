/* Hessian products of circuits, forward over adjoint: psi and lam carry tangents along the
 * directions u of the inputs. With v = half of an angle's tangent, a gate on the pair is
 *     s -> U s,   s' -> U s' - i v G (U s),
 * its inverse the same with -a and -v. The result is, for each angle,
 *     Im <lam'|G|psi> + Im <lam|G|psi'>,   lam' = O_w psi' after the last gate,
 * and the tangents of the outputs are 2 Re <psi|O|psi'>. */
#include "runtime/sim/call_k.h"

void KNAME(k_circuit_hvp)(const KCall *c);

static const void *const *directions(const Sim *s) { return s->call->in + s->plan->program->n_inputs + 1; }

/* Tangents of half the angles: shared parts behind the half angles in s->scalar, and in tables. */
static void shared_tangents(Sim *s) {
  const SimPlan *p = s->plan;
  Real *shared = s->scalar + p->n_slots;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    double u = 0;
    for (int k = 0; k < slot->n_shared; k++) {
      const SimTerm *t = &slot->term[k];
      const Real *in = directions(s)[t->source];
      if (in != NULL) u += t->scale * (double)in[t->element];
    }
    shared[i] = (Real)u;
    s->u[i] = splat((Real)u);
  }
  for (int i = 0; i < p->n_ops; i++) {
    if (p->op[i].table != NULL) table_sum(p->op[i].table, shared, table_tangent(s, p->op[i].table));
  }
}

static void tile_tangents(Sim *s) {
  const SimPlan *p = s->plan;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    if (slot->n_row == 0) continue;
    RVec u = splat(s->scalar[p->n_slots + i]);
    for (int k = 0; k < slot->n_row; k++) {
      const SimTerm *t = &slot->term[slot->n_shared + k];
      if (directions(s)[t->source] != NULL) u += (Real)t->scale * gather_term(s, directions(s), t);
    }
    s->u[i] = u;
  }
}

/* True if the tangent of this op's angle can be other than 0. */
static bool moves(const Sim *s, const SimOp *op) {
  if (op->slot < 0) return op->kind == SIM_TABLE;
  return s->plan->slot[op->slot].n_row > 0 || s->u[op->slot][0] != 0;
}

/* d += -i sign v G p */
static void add_tangent(const Sim *s, State d, State p, const SimOp *op, Real sign) {
  if (!moves(s, op)) return;
  bool two = op->planes == 2;
  RVec v = {0};
  if (op->slot >= 0) v = sign * s->u[op->slot];
  switch ((SimOpKind)op->kind) {
  case SIM_ENTER:
  case SIM_REAL:
    if (two) {
      tangent_real(d, p, op, v, true);
    } else {
      tangent_real(d, p, op, v, false);
    }
    break;
  case SIM_CROSS: tangent_cross(d, p, op, v); break;
  case SIM_DIAG: tangent_diag(d, p, op, v); break;
  case SIM_TABLE: {
    const SimWords *w = &op->table->words;
    const uint32_t *perm = w->perm, mask = (1u << w->m) - 1;
    const Real *tangent = table_tangent(s, op->table);
    for (uint32_t i = 0; i < 1u << w->dim; i++) {
      uint32_t k = perm[i];
      RVec t = splat(sign * tangent[i & mask]);
      d.re[k] += t * p.im[k];
      d.im[k] -= t * p.re[k];
    }
    break;
  }
  case SIM_IMAG: break;
  }
}

/* p becomes U^+ p. */
static void undo_op(const Sim *s, State p, const SimOp *op) {
  bool two = op->planes == 2;
  RVec c = {0}, sn = {0};
  if (op->slot >= 0) c = s->cs[2 * op->slot], sn = s->cs[2 * op->slot + 1];
  switch ((SimOpKind)op->kind) {
  case SIM_ENTER:
    if (two) {
      state_leave(p, op, c, sn, true);
    } else {
      state_leave(p, op, c, sn, false);
    }
    break;
  case SIM_REAL:
    if (two) {
      state_real(p, op, c, -sn, true);
    } else {
      state_real(p, op, c, -sn, false);
    }
    break;
  case SIM_CROSS: state_cross(p, op, c, -sn); break;
  case SIM_DIAG: state_diag(p, op, c, -sn); break;
  case SIM_TABLE: {
    const Real *phase = table_phase(s, op->table);
    state_table(p, op->table, phase, phase + table_half(op->table), -1);
    break;
  }
  case SIM_IMAG: break;
  }
}

static void inner_products(const Sim *s, const SimOp *op) {
  RVec h = {0};
  bool two = op->planes == 2;
  switch ((SimOpKind)op->kind) {
  case SIM_ENTER:
  case SIM_REAL:
    h = two ? inner_real(s->dlam, s->psi, op, true) + inner_real(s->lam, s->dpsi, op, true)
            : inner_real(s->dlam, s->psi, op, false) + inner_real(s->lam, s->dpsi, op, false);
    break;
  case SIM_CROSS: h = inner_cross(s->dlam, s->psi, op) + inner_cross(s->lam, s->dpsi, op); break;
  case SIM_DIAG: h = inner_diag(s->dlam, s->psi, op) + inner_diag(s->lam, s->dpsi, op); break;
  case SIM_TABLE: {
    const SimWords *w = &op->table->words;
    State p = s->psi, l = s->lam, dp = s->dpsi, dl = s->dlam;
    for (uint32_t i = 0; i < 1u << w->dim; i++) {
      uint32_t k = w->perm[i];
      s->q[i] = dl.re[k] * p.im[k] - dl.im[k] * p.re[k] + l.re[k] * dp.im[k] - l.im[k] * dp.re[k];
    }
    table_parts(s, op->table);
    return;
  }
  case SIM_IMAG: return;
  }
  part_add(s, op->slot, h);
}

static void back_pair(const Sim *s, const SimOp *op) {
  if (op->grad) inner_products(s, op);
  /* U^+ (s' + i v G s), s still with the gate */
  add_tangent(s, s->dpsi, s->psi, op, -1);
  add_tangent(s, s->dlam, s->lam, op, -1);
  undo_op(s, s->psi, op);
  undo_op(s, s->dpsi, op);
  undo_op(s, s->lam, op);
  undo_op(s, s->dlam, op);
}

void KNAME(k_circuit_hvp)(const KCall *c) {
  Sim s = sim_begin(c);
  const SimPlan *p = s.plan;
  Real *tangent_out = c->part[p->program->n_inputs];
  sim_shared_angles(&s);
  shared_tangents(&s);
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    tile_tangents(&s);
    sim_cotangent(&s);
    sim_start(s.psi);
    s.dpsi.re[0] = (RVec){0};
    for (int i = 0; i < p->n_ops; i++) {
      sim_op(&s, s.psi, &p->op[i]);
      sim_op(&s, s.dpsi, &p->op[i]);
      add_tangent(&s, s.dpsi, s.psi, &p->op[i], 1);
    }
    if (tangent_out != NULL) {
      sim_measure(&s, s.psi, s.dpsi, 2, false);
      store_outputs(&s, tangent_out);
    }
    sim_word_weights(&s);
    sim_observe(&s, s.lam, s.psi);
    sim_observe(&s, s.dlam, s.dpsi);
    for (int i = p->n_ops - 1; i >= 0; i--) back_pair(&s, &p->op[i]);
  }
  parts_end(&s);
}
