/* Hessian products with amplitudes in the lanes (wide.h), as in circuit_hvp_k.c. */
#include "runtime/sim/wide_call_k.h"

void KNAME(wide_circuit_hvp)(const KCall *c);

static void sample_tangents(Sim *s) {
  const SimPlan *p = s->plan;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    if (slot->n_row == 0) continue;
    Real u = s->scalar[p->n_slots + i];
    for (int k = 0; k < slot->n_row; k++) {
      const SimTerm *t = &slot->term[slot->n_shared + k];
      const Real *in = sim_directions(s)[t->source];
      if (in != NULL) u += (Real)t->scale * in[s->row * p->program->input_size[t->source] + t->element];
    }
    s->u[i] = splat(u);
  }
}

static Turn turn_of(const Sim *s, const WideOp *op) {
  return (Turn){s->cs[2 * op->slot], lane_signed(s->cs[2 * op->slot + 1], op->zl),
                lane_signed(s->u[op->slot], op->zl)};
}

/* A rotation by which a bit enters is a real one here. */
static WideOp as_real(const WideOp *op) {
  WideOp o = *op;
  if (o.kind == SIM_ENTER) o.kind = SIM_REAL;
  return o;
}

/* ---- tables ---- */

/* (p, d) -> (U p, U d - i v U p); back: sine and tangent negated. */
KINLINE void phase_pair(State p, State d, uint32_t v, RVec c, RVec t, RVec u) {
  Amp a = amp_turn(amp_at(p, v, true), c, t, amp_at(p, v, true), SIM_DIAG, true);
  Amp b = amp_turn(amp_at(d, v, true), c, t, amp_at(d, v, true), SIM_DIAG, true);
  amp_put(p, v, a, true);
  amp_put(d, v, amp_add(b, u, a, SIM_DIAG, true), true);
}

static void forward_table(const Sim *s, WideQuad q, const WideOp *op, uint32_t base) {
  for (uint32_t first = 0; first < 1u << op->bits; first += 1u << op->words.bucket) {
    const WidePhases f = wide_phases(s, op, base, first, true);
    for (uint32_t j = 0; j < 1u << op->words.bucket; j++) {
      phase_pair(q.p, q.dp, first + j, f.cosine[j], f.sine[j], f.tangent[j]);
    }
  }
}

static void back_table(const Sim *s, WideQuad q, const WideOp *op, uint32_t base) {
  RVec *sum = wide_slots(s) + op->table->sum;
  for (uint32_t first = 0; first < 1u << op->bits; first += 1u << op->words.bucket) {
    const WidePhases f = wide_phases(s, op, base, first, true);
    for (uint32_t j = 0; j < 1u << op->words.bucket; j++) {
      uint32_t at = first + j;
      s->q[j] = amp_inner(amp_at(q.dl, at, true), amp_at(q.p, at, true), SIM_DIAG, true) +
                amp_inner(amp_at(q.l, at, true), amp_at(q.dp, at, true), SIM_DIAG, true);
      phase_pair(q.p, q.dp, at, f.cosine[j], -f.sine[j], -f.tangent[j]);
      phase_pair(q.l, q.dl, at, f.cosine[j], -f.sine[j], -f.tangent[j]);
    }
    bucket_collect(&op->words, base, first, s->q, sum);
  }
}

/* ---- rotations ---- */

KINLINE void forward_loop(WideQuad q, const WideOp *op, uint32_t base, Turn turn, Across x, const int kind,
                          const bool two, const bool pair, const bool across) {
  RVec none = {0};
#define BODY(v0, v1, f, g, s) turn_dual(q.p, q.dp, v0, v1, f, g, x, kind, two, pair, across)
  WIDE_LOOP(op, base, turn, none, pair, BODY);
#undef BODY
  (void)none;
}

static void forward_op(const Sim *s, WideQuad q, const WideOp *of, uint32_t base) {
  if (of->kind == SIM_TABLE) {
    forward_table(s, q, of, base);
    return;
  }
  if (of->kind == SIM_IMAG) {
    state_zero(q.p.im, 1u << of->bits);
    state_zero(q.dp.im, 1u << of->bits);
    return;
  }
  WideOp real = as_real(of);
  const WideOp *op = &real;
  Turn turn = turn_of(s, op);
  Across x = across_of(op->xl);
  if (op->enters) {
    wide_clear(q.p, op);
    wide_clear(q.dp, op);
  }
#define F(kind, two, pair, across) forward_loop(q, op, base, turn, x, kind, two, pair, across)
  WIDE_KINDS(op, F);
#undef F
}

KINLINE RVec back_loop(WideQuad q, const WideOp *op, uint32_t base, Turn turn, Across x, const int kind,
                       const bool two, const bool pair, const bool across) {
  RVec total = {0};
#define BODY(v0, v1, f, g, s) back_quad(q, v0, v1, f, g, x, s, kind, two, pair, across)
  WIDE_LOOP(op, base, turn, total, pair, BODY);
#undef BODY
  return total;
}

static void back_op(const Sim *s, WideQuad q, const WideOp *of, uint32_t base) {
  RVec total = {0};
  if (of->kind == SIM_TABLE) {
    back_table(s, q, of, base);
    return;
  }
  if (of->kind == SIM_IMAG) return;
  WideOp real = as_real(of);
  const WideOp *op = &real;
  Turn turn = turn_of(s, op);
  Across x = across_of(op->xl);
#define F(kind, two, pair, across) total = back_loop(q, op, base, turn, x, kind, two, pair, across)
  WIDE_KINDS(op, F);
#undef F
  State all[4] = {q.p, q.l, q.dp, q.dl};
  for (int i = 0; i < 4; i++) wide_leave(all[i], op);
  wide_slots(s)[op->slot] += lane_signed(total, op->zl);
}

/* ---- a sample ---- */

KINLINE void quad_block(const Sim *s, const WideSweep *w, uint32_t base, const bool back) {
  State state[4] = {s->psi, s->dpsi, s->lam, s->dlam}, buffer[4];
  int n = back ? 4 : 2;
  static const int number[4] = {0, 2, 1, 3};
  for (int i = 0; i < 4; i++) buffer[i] = w->whole ? state[i] : wide_buffer(s, number[i]);
  WideQuad local = {buffer[0], buffer[2], buffer[1], buffer[3]};
  for (int k = 0; k < n && !w->whole; k++) block_copy(state[k], buffer[k], w, base, true);
  for (int j = 0; j < w->n; j++) {
    if (back) back_op(s, local, &w->op[w->n - 1 - j], base);
    else forward_op(s, local, &w->op[j], base);
  }
  for (int k = 0; k < n && !w->whole; k++) block_copy(state[k], buffer[k], w, base, false);
}

static void forward_block(const Sim *s, const WideSweep *w, uint32_t base) { quad_block(s, w, base, false); }
static void back_block(const Sim *s, const WideSweep *w, uint32_t base) { quad_block(s, w, base, true); }

void KNAME(wide_circuit_hvp)(const KCall *c) {
  Sim s = wide_begin(c);
  const SimPlan *p = s.plan;
  Real *tangent_out = c->part[p->program->n_inputs];
  sim_shared_angles(&s);
  wide_tables(&s);
  sim_shared_tangents(&s);
  for (int i = 0; i < p->wide->n_tables; i++) {
    const WideTable *t = &p->wide->table[i];
    const Real *tangent = s.scalar + p->n_slots;
    if (p->wide->stored) wide_table_sum(&s, t, tangent, wide_vectors(&s, t->tangent_at));
    else wide_table_weights(t, tangent, wide_vectors(&s, t->moved_at));
  }
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row++) {
    wide_sample(&s, row);
    sample_tangents(&s);
    wide_start(s.psi, 1);
    wide_start(s.dpsi, 0);
    for (int i = 0; i < p->wide->n_sweeps; i++) wide_parts(&s, &p->wide->sweep[i], forward_block);
    if (tangent_out != NULL) wide_measure(&s, true, tangent_out);
    wide_weights(&s);
    wide_apply(&s, false);
    wide_apply(&s, true);
    wide_parts_clear(&s);
    for (int i = p->wide->n_sweeps - 1; i >= 0; i--) wide_parts(&s, &p->wide->sweep[i], back_block);
    wide_parts_add(&s);
  }
  parts_end(&s);
}
