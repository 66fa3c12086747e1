/* Hessian products of circuits, forward over adjoint: psi and lam carry tangents along the
 * directions u of the inputs. With v = half of an angle's tangent, a gate on the pair is
 *     s -> U s,   s' -> U s' - i v G (U s),
 * its inverse the same with -a and -v. The result is, for each angle,
 *     Im <lam'|G|psi> + Im <lam|G|psi'>,   lam' = O_w psi' after the last gate,
 * and the tangents of the outputs are 2 Re <psi|O|psi'>. Amplitudes: amplitude.h. */
#include "runtime/sim/dual_k.h"
#include "runtime/sim/keep_k.h"

void KNAME(k_circuit_hvp)(const KCall *c);
void KNAME(density_circuit_hvp)(const KCall *c);
void KNAME(wide_circuit_hvp)(const KCall *c);

/* Do the angles of this slot have tangents? */
static bool slot_moves(const Sim *s, int slot) {
  const SimSlot *of = &s->plan->slot[slot];
  for (int k = 0; k < of->n_shared + of->n_row; k++) {
    if (sim_directions(s)[of->term[k].source] != NULL) return true;
  }
  return false;
}

static void find_moves(const Sim *s) {
  for (int i = 0; i < s->plan->single.n; i++) {
    const SimPass *pass = &s->plan->single.pass[i];
    const SimOp *op = &s->plan->op[pass->first];
    bool moves = false;
    for (int j = 0; op->table != NULL && j < op->table->n; j++)
      moves |= slot_moves(s, op->table->member[j].slot);
    for (int j = 0; op->table == NULL && op->kind != SIM_IMAG && j < pass->n; j++)
      moves |= slot_moves(s, op[j].slot);
    s->turn[i].moves = moves;
  }
}

/* Where tangents of psi stand after n passes that keep. */
static State kept_tangent(const Sim *s, int n) {
  const SimPlan *p = s->plan;
  return n == 0
             ? s->dpsi
             : state_at(s->scratch, p->at.dkept + (size_t)(n - 1) * (sizeof(RVec) << (p->dim + 1)), p->dim);
}

/* The pair (p, d) through pass i, to another place if it keeps. */
static void forward_pass(const Sim *s, State p, State d, State to, State dto, int i) {
  const SimPass *pass = &s->plan->single.pass[i];
  const SimOp *op = &s->plan->op[pass->first];
  const int slot = op->slot < 0 ? 0 : op->slot;
  const RVec *cs = s->cs + 2 * slot, *u = s->u + slot;
  bool two = pass->planes == 2;
  switch ((SimOpKind)pass->kind) {
  case SIM_ENTER:
    two ? dual_enter(p, d, op, cs[0], cs[1], u[0], true) : dual_enter(p, d, op, cs[0], cs[1], u[0], false);
    return;
  case SIM_CROSS: dual_cross(p, d, op, cs[0], cs[1], u[0]); return;
  case SIM_DIAG: dual_diag(p, d, op, cs[0], cs[1], u[0]); return;
  case SIM_REAL:
  case SIM_REAL2:
  case SIM_REAL3:
  case SIM_REAL4:
  case SIM_TABLE:
  case SIM_IMAG: break;
  }
  sim_pass(s, p, to, i);
  sim_pass(s, d, dto, i);
  if (!s->turn[i].moves) return;
  if (op->table != NULL) table_tangents(dto, to, op->table, table_tangent(s, op->table), 1);
  else turn_pass_tangent(dto, to, pass, u);
}

static void forward(const Sim *s) {
  State p = s->psi, d = s->dpsi;
  int kept = 0;
  sim_start(s);
  d.re[0] = (RVec){0};
  for (int i = 0; i < s->plan->single.n; i++) {
    bool keep = s->plan->single.pass[i].keep;
    kept += keep;
    State to = keep ? kept_state(s, kept) : p, dto = keep ? kept_tangent(s, kept) : d;
    forward_pass(s, p, d, to, dto, i);
    p = to, d = dto;
  }
}

static void back_both_tables(const Sim *s, Quad q, const SimTable *t, SimTurn turn, const bool kept) {
  back_table(s, q.p, q.dl, t, turn.gain, kept);
  back_table(s, q.dp, q.l, t, turn.gain, kept);
  if (!turn.moves) return;
  table_tangents(q.dl, q.l, t, table_tangent(s, t), -1);
  if (!kept) table_tangents(q.dp, q.p, t, table_tangent(s, t), -1);
}

static void back_both_turns(const Sim *s, Quad q, const SimPass *pass, SimTurn turn, RVec h[SIM_PASS_MOST]) {
  const int slot = s->plan->op[pass->first].slot;
  RVec back[SIM_PASS_MOST];
  turn_pass_back(q.p, q.dl, pass, s->cs + 2 * slot, h, turn.tangent, pass->keep);
  turn_pass_back(q.dp, q.l, pass, s->cs + 2 * slot, h, turn.tangent, pass->keep);
  if (!turn.moves) return;
  for (int j = 0; j < pass->n; j++) back[j] = -s->u[slot + j];
  turn_pass_tangent(q.dl, q.l, pass, back);
  if (!pass->keep) turn_pass_tangent(q.dp, q.p, pass, back);
}

static void back_pass(const Sim *s, Quad q, int i) {
  const SimPass *pass = &s->plan->single.pass[i];
  const SimOp *op = &s->plan->op[pass->first];
  const SimTurn turn = s->turn[i];
  const int slot = op->slot < 0 ? 0 : op->slot;
  const RVec *cs = s->cs + 2 * slot, *u = s->u + slot;
  RVec h[SIM_PASS_MOST] = {{0}};
  bool two = pass->planes == 2;
  switch ((SimOpKind)pass->kind) {
  case SIM_ENTER:
    h[0] = two ? quad_leave(q, op, cs[0], cs[1], u[0], true) : quad_leave(q, op, cs[0], cs[1], u[0], false);
    break;
  case SIM_REAL:
  case SIM_REAL2:
  case SIM_REAL3:
  case SIM_REAL4: back_both_turns(s, q, pass, turn, h); break;
  case SIM_CROSS: h[0] = quad_cross(q, op, cs[0], cs[1], u[0]); break;
  case SIM_DIAG: h[0] = quad_diag(q, op, cs[0], cs[1], u[0]); break;
  case SIM_TABLE:
    if (pass->keep) back_both_tables(s, q, op->table, turn, true);
    else back_both_tables(s, q, op->table, turn, false);
    return;
  case SIM_IMAG: return;
  }
  for (int j = 0; j < pass->n; j++) {
    if (op[j].grad) part_add(s, op[j].slot, turn.gain * h[j]);
  }
}

static void back(const Sim *s) {
  int kept = s->plan->n_kept;
  for (int i = s->plan->single.n - 1; i >= 0; i--) {
    back_pass(s, (Quad){kept_state(s, kept), kept_tangent(s, kept), s->lam, s->dlam}, i);
    kept -= s->plan->single.pass[i].keep;
  }
}

void KNAME(k_circuit_hvp)(const KCall *c) {
  if (((const SimPlan *)c->op->plan)->density != NULL) {
    KNAME(density_circuit_hvp)(c);
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
  sim_turns(&s);
  sim_tables(&s);
  sim_shared_tangents(&s);
  find_moves(&s);
  for (int i = 0; i < p->n_ops; i++) {
    if (p->op[i].table != NULL)
      table_sum(p->op[i].table, s.scalar + p->n_slots, table_tangent(&s, p->op[i].table));
  }
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_tile_tangents(&s);
    sim_cotangent(&s);
    forward(&s);
    State psi = kept_state(&s, p->n_kept), dpsi = kept_tangent(&s, p->n_kept);
    if (tangent_out != NULL) sim_outputs(&s, psi, dpsi, 2, tangent_out);
    sim_word_weights(&s);
    sim_observe(&s, s.lam, psi);
    sim_observe_tangent(&s, dpsi);
    back(&s);
  }
  parts_end(&s);
}
