/* Circuits forward, and their gradient by the adjoint method: lam = O_w psi is taken back through
 * the gates together with psi, and Im <lam|G|psi> read at each. */
#include "runtime/sim/keep_k.h"

void KNAME(k_circuit)(const KCall *c);
void KNAME(density_circuit)(const KCall *c);
void KNAME(path_circuit)(const KCall *c);
void KNAME(wide_circuit)(const KCall *c);
void KNAME(k_circuit_vjp)(const KCall *c);
void KNAME(density_circuit_vjp)(const KCall *c);
void KNAME(path_circuit_vjp)(const KCall *c);
void KNAME(wide_circuit_vjp)(const KCall *c);
void KNAME(moved_circuit_vjp)(const KCall *c);
void KNAME(plain_circuit_vjp)(const KCall *c);
void KNAME(shots_circuit)(const KCall *c);

/* Takes lam back through pass i, and p unless it was kept; adds to the gradients. */
static void back_pass(const Sim *s, State p, int i) {
  const SimPass *pass = &s->plan->single.pass[i];
  const SimOp *op = &s->plan->op[pass->first];
  const RVec *cs = s->cs + 2 * (op->slot < 0 ? 0 : op->slot);
  State l = s->lam;
  RVec g[SIM_PASS_MOST] = {{0}};
  bool two = pass->planes == 2;
  switch ((SimOpKind)pass->kind) {
  case SIM_ENTER:
    g[0] = two ? back_leave(p, l, op, cs[0], cs[1], true) : back_leave(p, l, op, cs[0], cs[1], false);
    break;
  case SIM_REAL:
  case SIM_REAL2:
  case SIM_REAL3:
  case SIM_REAL4: turn_pass_back(p, l, pass, cs, g, s->turn[i].tangent, pass->keep); break;
  case SIM_CROSS: g[0] = back_cross(p, l, op, cs[0], cs[1]); break;
  case SIM_DIAG: g[0] = back_diag(p, l, op, cs[0], cs[1]); break;
  case SIM_TABLE:
    if (pass->keep) back_table(s, p, l, op->table, s->turn[i].gain, true);
    else back_table(s, p, l, op->table, s->turn[i].gain, false);
    return;
  case SIM_IMAG: return;
  }
  for (int j = 0; j < pass->n; j++) {
    if (op[j].grad) part_add(s, op[j].slot, s->turn[i].gain * g[j]);
  }
}

static void back(const Sim *s) {
  int kept = s->plan->n_kept;
  for (int i = s->plan->single.n - 1; i >= 0; i--) {
    back_pass(s, kept_state(s, kept), i);
    kept -= s->plan->single.pass[i].keep;
  }
}

static void prepare(Sim *s) {
  sim_shared_angles(s);
  sim_turns(s);
  sim_tables(s);
}

/* One scratch for all tiles, or if the gradient continues from there one for each tile. */
static Sim begin_tile(const KCall *c, int64_t row) {
  const SimPlan *p = c->op->plan;
  size_t at = c->op->shared ? (size_t)(row / VL) * p->at.total[1] : 0;
  return sim_begin_in(c, (char *)c->scratch + at, &p->at, p->dim);
}

void KNAME(k_circuit)(const KCall *c) {
  if (((const SimPlan *)c->op->plan)->density != NULL) {
    KNAME(density_circuit)(c);
    return;
  }
  if (((const SimPlan *)c->op->plan)->paths != NULL) {
    KNAME(path_circuit)(c);
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
  const bool shared = c->op->shared;
  Sim s = begin_tile(c, 0);
  prepare(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    if (row > 0 && shared) {
      s = begin_tile(c, row);
      prepare(&s);
    }
    sim_tile(&s, row);
    State p = shared ? keep_forward(&s) : s.psi;
    if (!shared) sim_forward(&s);
    sim_outputs(&s, p, p, 1, c->out);
  }
}

void KNAME(k_circuit_vjp)(const KCall *c) {
  if (((const SimPlan *)c->op->plan)->density != NULL) {
    KNAME(density_circuit_vjp)(c);
    return;
  }
  if (((const SimPlan *)c->op->plan)->paths != NULL) {
    KNAME(path_circuit_vjp)(c);
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
  if (sim_is_wide(c->op)) {
    KNAME(wide_circuit_vjp)(c);
    return;
  }
  const bool shared = c->op->shared;
  Sim s = begin_tile(c, 0);
  RVec *const sum = s.sum;
  if (!shared) prepare(&s);
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    if (shared) {
      s = begin_tile(c, row);
      s.sum = sum;
      sim_continue(&s, row);
    } else {
      sim_tile(&s, row);
      keep_forward(&s);
    }
    sim_cotangent(&s);
    sim_word_weights(&s);
    sim_observe(&s, s.lam, kept_state(&s, s.plan->n_kept));
    back(&s);
  }
  parts_end(&s);
}
