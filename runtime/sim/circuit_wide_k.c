/* Circuits with amplitudes in the lanes (wide.h): forward and gradient, one sample after the other.
 * Called by the kernels of circuit_k.c. */
#include "runtime/sim/wide_call_k.h"

void KNAME(wide_circuit)(const KCall *c);
void KNAME(wide_circuit_vjp)(const KCall *c);

/* ---- forward ---- */

static void enter_wide(State p, const WideOp *op, Turn turn) {
  RVec none = {0};
#define BODY(v0, v1, f, g, s)                                                                                \
  do {                                                                                                       \
    RVec a = p.re[v0];                                                                                       \
    p.re[v1] = -(g).t * a;                                                                                   \
    p.re[v0] = (f).c * a;                                                                                    \
    if (op->planes == 2) {                                                                                   \
      a = p.im[v0];                                                                                          \
      p.im[v1] = -(g).t * a;                                                                                 \
      p.im[v0] = (f).c * a;                                                                                  \
    }                                                                                                        \
  } while (0)
  WIDE_LOOP(op, 0, turn, none, true, BODY);
#undef BODY
  (void)none;
}

KINLINE void forward_loop(State p, const WideOp *op, uint32_t base, Turn turn, Across x, const int kind,
                          const bool two, const bool pair, const bool across) {
  RVec none = {0};
#define BODY(v0, v1, f, g, s) turn_state(p, v0, v1, f, g, x, kind, two, pair, across)
  WIDE_LOOP(op, base, turn, none, pair, BODY);
#undef BODY
  (void)none;
}

static void forward_table(const Sim *s, State p, const WideOp *op, uint32_t base) {
  for (uint32_t first = 0; first < 1u << op->bits; first += 1u << op->words.bucket) {
    const WidePhases f = wide_phases(s, op, base, first, false);
    for (uint32_t j = 0; j < 1u << op->words.bucket; j++) {
      uint32_t at = first + j;
      RVec cs = f.cosine[j], sn = f.sine[j], r = p.re[at], m = p.im[at];
      p.re[at] = cs * r + sn * m;
      p.im[at] = cs * m - sn * r;
    }
  }
}

static void forward_op(const Sim *s, State p, const WideOp *op, uint32_t base) {
  if (op->kind == SIM_TABLE) {
    forward_table(s, p, op, base);
    return;
  }
  if (op->kind == SIM_IMAG) {
    state_zero(p.im, 1u << op->bits);
    return;
  }
  Turn turn = {s->cs[2 * op->slot], lane_signed(s->cs[2 * op->slot + 1], op->zl), {0}};
  Across x = across_of(op->xl);
  if (op->kind == SIM_ENTER) {
    enter_wide(p, op, turn);
    return;
  }
  if (op->clear) wide_clear(p, op);
#define F(kind, two, pair, across) forward_loop(p, op, base, turn, x, kind, two, pair, across)
  WIDE_KINDS(op, F);
#undef F
}

static void forward_block(const Sim *s, const WideSweep *w, uint32_t base) {
  State local = w->whole ? s->psi : wide_buffer(s, 0);
  if (!w->whole) block_copy(s->psi, local, w, base, true);
  for (int j = 0; j < w->n; j++) forward_op(s, local, &w->op[j], base);
  if (!w->whole) block_copy(s->psi, local, w, base, false);
}

static void wide_forward(const Sim *s) {
  wide_start(s->psi, 1);
  for (int i = 0; i < s->plan->wide->n_sweeps; i++) wide_parts(s, &s->plan->wide->sweep[i], forward_block);
}

void KNAME(wide_circuit)(const KCall *c) {
  Sim s = wide_begin(c);
  sim_shared_angles(&s);
  wide_tables(&s);
  for (int64_t row = 0; row < s.samples; row++) {
    wide_sample(&s, row);
    wide_forward(&s);
    wide_measure(&s, false, c->out);
  }
}

/* ---- back ---- */

static RVec leave_wide(State p, State l, const WideOp *op, Turn turn) {
  RVec total = {0};
  const bool two = op->planes == 2;
#define BODY(v0, v1, f, g, s)                                                                                \
  do {                                                                                                       \
    Amp a = amp_at(p, v0, two), b = amp_at(p, v1, two), la = amp_at(l, v0, two), lb = amp_at(l, v1, two);    \
    s[0] += amp_inner(la, b, SIM_REAL, two);                                                                 \
    s[1] += amp_inner(lb, a, SIM_REAL, two);                                                                 \
    amp_put(p, v0, amp_turn(a, (f).c, -(f).t, b, SIM_REAL, two), two);                                       \
    amp_put(l, v0, amp_turn(la, (f).c, -(f).t, lb, SIM_REAL, two), two);                                     \
  } while (0)
  WIDE_LOOP(op, 0, turn, total, true, BODY);
#undef BODY
  return total;
}

KINLINE RVec back_loop(State p, State l, const WideOp *op, uint32_t base, Turn turn, Across x, const int kind,
                       const bool two, const bool pair, const bool across) {
  RVec total = {0};
#define BODY(v0, v1, f, g, s) back_states(p, l, v0, v1, f, g, x, s, kind, two, pair, across)
  WIDE_LOOP(op, base, turn, total, pair, BODY);
#undef BODY
  return total;
}

static void back_table(const Sim *s, State p, State l, const WideOp *op, uint32_t base) {
  RVec *sum = wide_slots(s) + op->table->sum;
  for (uint32_t first = 0; first < 1u << op->bits; first += 1u << op->words.bucket) {
    const WidePhases f = wide_phases(s, op, base, first, false);
    for (uint32_t j = 0; j < 1u << op->words.bucket; j++) {
      uint32_t at = first + j;
      RVec cs = f.cosine[j], sn = f.sine[j];
      RVec ar = p.re[at], ai = p.im[at], lr = l.re[at], li = l.im[at];
      s->q[j] = lr * ai - li * ar;
      p.re[at] = cs * ar - sn * ai;
      p.im[at] = cs * ai + sn * ar;
      l.re[at] = cs * lr - sn * li;
      l.im[at] = cs * li + sn * lr;
    }
    bucket_collect(&op->words, base, first, s->q, sum);
  }
}

static void back_op(const Sim *s, State p, State l, const WideOp *op, uint32_t base) {
  RVec total = {0};
  if (op->kind == SIM_TABLE) {
    back_table(s, p, l, op, base);
    return;
  }
  if (op->kind == SIM_IMAG) return;
  Turn turn = {s->cs[2 * op->slot], lane_signed(s->cs[2 * op->slot + 1], op->zl), {0}};
  Across x = across_of(op->xl);
  if (op->kind == SIM_ENTER) {
    total = leave_wide(p, l, op, turn);
  } else {
#define F(kind, two, pair, across) total = back_loop(p, l, op, base, turn, x, kind, two, pair, across)
    WIDE_KINDS(op, F);
#undef F
    wide_leave(p, op);
    wide_leave(l, op);
  }
  wide_slots(s)[op->slot] += lane_signed(total, op->zl);
}

static void back_block(const Sim *s, const WideSweep *w, uint32_t base) {
  State p = w->whole ? s->psi : wide_buffer(s, 0), l = w->whole ? s->lam : wide_buffer(s, 1);
  if (!w->whole) {
    block_copy(s->psi, p, w, base, true);
    block_copy(s->lam, l, w, base, true);
  }
  for (int j = w->n - 1; j >= 0; j--) back_op(s, p, l, &w->op[j], base);
  if (!w->whole) {
    block_copy(s->psi, p, w, base, false);
    block_copy(s->lam, l, w, base, false);
  }
}

static void wide_back(const Sim *s) {
  for (int i = s->plan->wide->n_sweeps - 1; i >= 0; i--) wide_parts(s, &s->plan->wide->sweep[i], back_block);
}

void KNAME(wide_circuit_vjp)(const KCall *c) {
  Sim s = wide_begin(c);
  const bool shared = c->op->shared; /* one row then, whose state is there */
  if (!shared) {
    sim_shared_angles(&s);
    wide_tables(&s);
  }
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row++) {
    s.row = row;
    if (!shared) {
      wide_sample(&s, row);
      wide_forward(&s);
    }
    wide_weights(&s);
    wide_apply(&s, false);
    wide_parts_clear(&s);
    wide_back(&s);
    wide_parts_add(&s);
  }
  parts_end(&s);
}
