/* Hessian products of circuits, forward over adjoint: psi and lam carry tangents along the
 * directions u of the inputs. With v = half of an angle's tangent, a gate on the pair is
 *     s -> U s,   s' -> U s' - i v G (U s),
 * its inverse the same with -a and -v. The result is, for each angle,
 *     Im <lam'|G|psi> + Im <lam|G|psi'>,   lam' = O_w psi' after the last gate,
 * and the tangents of the outputs are 2 Re <psi|O|psi'>. */
#include "runtime/sim/call_k.h"
#include "runtime/sim/dual_k.h"

void KNAME(k_circuit_hvp)(const KCall *c);
void KNAME(density_circuit_hvp)(const KCall *c);
void KNAME(wide_circuit_hvp)(const KCall *c);
void KNAME(amp_circuit_hvp)(const KCall *c);

static void forward_pass(const Sim *s, const SimPass *pass) {
  const SimOp *op = &s->plan->op[pass->first];
  const int slot = op->slot < 0 ? 0 : op->slot;
  const RVec *cs = s->cs + 2 * slot, *u = s->u + slot;
  State p = s->psi, d = s->dpsi;
  bool two = pass->planes == 2;
  sim_clear(p, op);
  sim_clear(d, op);
  switch ((SimOpKind)pass->kind) {
  case SIM_ENTER:
    two ? dual_enter(p, d, op, cs[0], cs[1], u[0], true) : dual_enter(p, d, op, cs[0], cs[1], u[0], false);
    break;
  case SIM_REAL:
    two ? dual_real(p, d, op, cs[0], cs[1], u[0], true) : dual_real(p, d, op, cs[0], cs[1], u[0], false);
    break;
  case SIM_REAL2: two ? dual_real2(p, d, pass, cs, u, true) : dual_real2(p, d, pass, cs, u, false); break;
  case SIM_REAL3: break; /* not in dual passes */
  case SIM_CROSS: dual_cross(p, d, op, cs[0], cs[1], u[0]); break;
  case SIM_DIAG: dual_diag(p, d, op, cs[0], cs[1], u[0]); break;
  case SIM_TABLE: {
    const SimTable *t = op->table;
    dual_table(p, d, t, table_phase(s, t), table_sines(s, t), table_tangent(s, t));
    break;
  }
  case SIM_IMAG:
    state_zero(p.im, 1u << op->dim);
    state_zero(d.im, 1u << op->dim);
    break;
  }
}

static void back_pass(const Sim *s, const SimPass *pass) {
  const SimOp *op = &s->plan->op[pass->first];
  const int slot = op->slot < 0 ? 0 : op->slot;
  const RVec *cs = s->cs + 2 * slot, *u = s->u + slot;
  Quad q = {s->psi, s->dpsi, s->lam, s->dlam};
  RVec h[2] = {{0}, {0}};
  int n = 1;
  bool two = pass->planes == 2;
  switch ((SimOpKind)pass->kind) {
  case SIM_ENTER:
    h[0] = two ? quad_leave(q, op, cs[0], cs[1], u[0], true) : quad_leave(q, op, cs[0], cs[1], u[0], false);
    break;
  case SIM_REAL:
    h[0] = two ? quad_real(q, op, cs[0], cs[1], u[0], true) : quad_real(q, op, cs[0], cs[1], u[0], false);
    break;
  case SIM_REAL2:
    n = 2;
    two ? quad_real2(q, pass, cs, u, h, true) : quad_real2(q, pass, cs, u, h, false);
    break;
  case SIM_CROSS: h[0] = quad_cross(q, op, cs[0], cs[1], u[0]); break;
  case SIM_DIAG: h[0] = quad_diag(q, op, cs[0], cs[1], u[0]); break;
  case SIM_TABLE: {
    const SimTable *t = op->table;
    quad_table(q, t, table_phase(s, t), table_sines(s, t), table_tangent(s, t), s->q);
    table_parts(s, t, 1);
    return;
  }
  case SIM_IMAG:
  case SIM_REAL3: return;
  }
  for (int i = 0; i < n; i++) {
    if (op[i].grad) part_add(s, op[i].slot, h[i]);
  }
}

void KNAME(k_circuit_hvp)(const KCall *c) {
  if (((const SimPlan *)c->op->plan)->density != NULL) {
    KNAME(density_circuit_hvp)(c);
    return;
  }
  if (((const SimPlan *)c->op->plan)->amp != NULL) {
    KNAME(amp_circuit_hvp)(c);
    return;
  }
  if (sim_is_wide(c->op)) {
    KNAME(wide_circuit_hvp)(c);
    return;
  }
  Sim s = sim_begin(c);
  const SimPlan *p = s.plan;
  Real *tangent_out = c->part[p->program->n_inputs];
  sim_shared_angles(&s);
  sim_tables(&s);
  sim_shared_tangents(&s);
  for (int i = 0; i < p->n_ops; i++) {
    if (p->op[i].table != NULL)
      table_sum(p->op[i].table, s.scalar + p->n_slots, table_tangent(&s, p->op[i].table));
  }
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_tile_tangents(&s);
    sim_cotangent(&s);
    s.psi.re[0] = splat(1);
    s.dpsi.re[0] = (RVec){0};
    for (int i = 0; i < p->dual.n; i++) forward_pass(&s, &p->dual.pass[i]);
    if (tangent_out != NULL) {
      sim_measure(&s, s.psi, s.dpsi, 2, false);
      store_outputs(&s, tangent_out);
    }
    sim_word_weights(&s);
    sim_observe(&s, s.lam, s.psi);
    sim_observe(&s, s.dlam, s.dpsi);
    for (int i = p->dual.n - 1; i >= 0; i--) back_pass(&s, &p->dual.pass[i]);
  }
  parts_end(&s);
}
