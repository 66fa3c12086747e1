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

static void forward_table(const Sim *s, State p, const WideSweep *w, const WideOp *op, uint32_t base) {
  const RVec *cosine = wide_vectors(s, op->table->cosine_at), *sine = wide_vectors(s, op->table->sine_at);
  static const uint32_t none[1] = {0};
  int run = w->whole ? op->bits : w->run;
  const uint32_t *col = w->whole ? none : w->col + run;
  FOR_CODE(op->bits - run, col, base, i, k) {
    for (uint32_t j = 0; j < 1u << run; j++) {
      uint32_t at = (i << run) + j;
      RVec cs = cosine[k + j], sn = sine[k + j], r = p.re[at], m = p.im[at];
      p.re[at] = cs * r + sn * m;
      p.im[at] = cs * m - sn * r;
    }
  }
}

static void forward_op(const Sim *s, State p, const WideSweep *w, const WideOp *op, uint32_t base) {
  if (op->kind == SIM_TABLE) {
    forward_table(s, p, w, op, base);
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

static void wide_forward(const Sim *s) {
  const WidePlan *wide = s->plan->wide;
  State local = wide_buffer(s, 0);
  wide_start(s->psi, 1);
  for (int i = 0; i < wide->n_sweeps; i++) {
    const WideSweep *w = &wide->sweep[i];
    if (w->whole) {
      for (int j = 0; j < w->n; j++) forward_op(s, s->psi, w, &w->op[j], 0);
      continue;
    }
    FOR_CODE(w->block_bits, w->block_col, 0, block, base) {
      block_copy(s->psi, local, w, base, true);
      for (int j = 0; j < w->n; j++) forward_op(s, local, w, &w->op[j], base);
      block_copy(s->psi, local, w, base, false);
    }
  }
}

void KNAME(wide_circuit)(const KCall *c) {
  Sim s = wide_begin(c);
  sim_shared_angles(&s);
  wide_tables(&s);
  for (int64_t row = 0; row < s.samples; row++) {
    wide_sample(&s, row);
    wide_forward(&s);
    wide_measure(&s, s.psi, s.psi, 1, true, c->out);
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

static void back_table(const Sim *s, State p, State l, const WideSweep *w, const WideOp *op, uint32_t base) {
  const RVec *cosine = wide_vectors(s, op->table->cosine_at), *sine = wide_vectors(s, op->table->sine_at);
  RVec *sum = wide_vectors(s, op->table->sum_at);
  int bucket = op->words.bucket, run = w->whole ? bucket : w->run;
  uint32_t low = (1u << (w->whole ? bucket : op->bits)) - 1; /* q holds a bucket, or a block */
  for (uint32_t i = 0, k = base; i < 1u << (op->bits - run); i++) {
    if (i > 0) k = w->whole ? i << run : k ^ w->col[run + __builtin_ctz(i)];
    uint32_t first = (w->whole ? i : i ^ i >> 1) << run;
    for (uint32_t j = 0; j < 1u << run; j++) {
      uint32_t at = first + j;
      RVec cs = cosine[k + j], sn = sine[k + j];
      RVec ar = p.re[at], ai = p.im[at], lr = l.re[at], li = l.im[at];
      s->q[at & low] = lr * ai - li * ar;
      p.re[at] = cs * ar - sn * ai;
      p.im[at] = cs * ai + sn * ar;
      l.re[at] = cs * lr - sn * li;
      l.im[at] = cs * li + sn * lr;
    }
    if (w->whole) bucket_collect(&op->words, 0, first, s->q, sum);
  }
  for (uint32_t v = 0; !w->whole && v <= low; v += 1u << bucket) {
    bucket_collect(&op->words, base, v, s->q + v, sum);
  }
}

static void back_op(const Sim *s, State p, State l, const WideSweep *w, const WideOp *op, uint32_t base) {
  RVec total = {0};
  if (op->kind == SIM_TABLE) {
    back_table(s, p, l, w, op, base);
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

static void wide_back(const Sim *s) {
  const WidePlan *wide = s->plan->wide;
  State p = wide_buffer(s, 0), l = wide_buffer(s, 1);
  for (int i = wide->n_sweeps - 1; i >= 0; i--) {
    const WideSweep *w = &wide->sweep[i];
    if (w->whole) {
      for (int j = w->n - 1; j >= 0; j--) back_op(s, s->psi, s->lam, w, &w->op[j], 0);
      continue;
    }
    FOR_CODE(w->block_bits, w->block_col, 0, block, base) {
      block_copy(s->psi, p, w, base, true);
      block_copy(s->lam, l, w, base, true);
      for (int j = w->n - 1; j >= 0; j--) back_op(s, p, l, w, &w->op[j], base);
      block_copy(s->psi, p, w, base, false);
      block_copy(s->lam, l, w, base, false);
    }
  }
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
    wide_apply(&s, s.lam, s.psi);
    wide_parts_clear(&s);
    wide_back(&s);
    wide_parts_add(&s);
  }
  parts_end(&s);
}
