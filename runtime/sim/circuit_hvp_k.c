/* Hessian products of circuits, forward over adjoint: psi and lam carry tangents along the
 * directions u of the inputs. With v = half of an angle's tangent, a gate on the pair is
 *     s -> U s,   s' -> U s' - i v G (U s),
 * its inverse the same with -a and -v. The result is, for each angle,
 *     Im <lam'|G|psi> + Im <lam|G|psi'>,   lam' = O_w psi' after the last gate,
 * and the tangents of the outputs are 2 Re <psi|O|psi'>. */
#include "runtime/sim/call_k.h"
#include "runtime/sim/dual_k.h"

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

static void forward_op(const Sim *s, const SimOp *op) {
  State p = s->psi, d = s->dpsi;
  RVec c = {0}, sn = {0}, v = {0};
  bool two = op->planes == 2;
  if (op->slot >= 0) c = s->cs[2 * op->slot], sn = s->cs[2 * op->slot + 1], v = s->u[op->slot];
  sim_clear(p, op);
  sim_clear(d, op);
  switch ((SimOpKind)op->kind) {
  case SIM_ENTER: two ? dual_enter(p, d, op, c, sn, v, true) : dual_enter(p, d, op, c, sn, v, false); break;
  case SIM_REAL: two ? dual_real(p, d, op, c, sn, v, true) : dual_real(p, d, op, c, sn, v, false); break;
  case SIM_CROSS: dual_cross(p, d, op, c, sn, v); break;
  case SIM_DIAG: dual_diag(p, d, op, c, sn, v); break;
  case SIM_TABLE: {
    const SimTable *t = op->table;
    dual_table(p, d, t, table_phase(s, t), table_sines(s, t), table_tangent(s, t));
    break;
  }
  case SIM_IMAG:
    state_zero(p.im, 1u << op->dim);
    state_zero(d.im, 1u << op->dim);
    break;
  case SIM_REAL2:
  case SIM_REAL3: break; /* passes only */
  }
}

static void back_op(const Sim *s, const SimOp *op) {
  Quad q = {s->psi, s->dpsi, s->lam, s->dlam};
  RVec c = {0}, sn = {0}, v = {0}, h = {0};
  bool two = op->planes == 2;
  if (op->slot >= 0) c = s->cs[2 * op->slot], sn = s->cs[2 * op->slot + 1], v = s->u[op->slot];
  switch ((SimOpKind)op->kind) {
  case SIM_ENTER: h = two ? quad_leave(q, op, c, sn, v, true) : quad_leave(q, op, c, sn, v, false); break;
  case SIM_REAL: h = two ? quad_real(q, op, c, sn, v, true) : quad_real(q, op, c, sn, v, false); break;
  case SIM_CROSS: h = quad_cross(q, op, c, sn, v); break;
  case SIM_DIAG: h = quad_diag(q, op, c, sn, v); break;
  case SIM_TABLE: {
    const SimTable *t = op->table;
    quad_table(q, t, table_phase(s, t), table_sines(s, t), table_tangent(s, t), s->q);
    table_parts(s, t);
    return;
  }
  case SIM_IMAG:
  case SIM_REAL2:
  case SIM_REAL3: return;
  }
  if (op->grad) part_add(s, op->slot, h);
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
    s.psi.re[0] = splat(1);
    s.dpsi.re[0] = (RVec){0};
    for (int i = 0; i < p->n_ops; i++) forward_op(&s, &p->op[i]);
    if (tangent_out != NULL) {
      sim_measure(&s, s.psi, s.dpsi, 2, false);
      store_outputs(&s, tangent_out);
    }
    sim_word_weights(&s);
    sim_observe(&s, s.lam, s.psi);
    sim_observe(&s, s.dlam, s.dpsi);
    for (int i = p->n_ops - 1; i >= 0; i--) back_op(&s, &p->op[i]);
  }
  parts_end(&s);
}
