/* Backprop: the gradient through all the states that the forward pass made. With F the sum of w y, the
 * cotangents of a state are l = dF/d re + i dF/d im. Of new = c old + s v, v = -i W old (where the controls
 * hold):
 *     dF/dc = Re <l|old>,   dF/ds = Re <l|v>,   l_old = c l + s (-i W)^+ l,
 * and with half an angle h, c = cos h and s = sin h: dF/dh = c dF/ds - s dF/dc. */
#include "runtime/sim/plain_k.h"

void KNAME(plain_circuit_vjp)(const KCall *c);

typedef struct Back {
  const KCall *call;
  const PlainPlan *plan;
  size_t d;
  int64_t samples, row;
  int lanes;
  RVec *states; /* [n_turns + 3][2][d]: before each turn, the last, two cotangents */
  RVec *c, *s, *sum, *w;
} Back;

static Back back_begin(const KCall *c) {
  const PlainPlan *p = ((const SimPlan *)c->op->plan)->plain;
  Back b = {.call = c, .plan = p, .d = (size_t)1 << p->program->n_qubits};
  const size_t turns = (size_t)p->n_turns;
  b.samples = p->any_rows ? c->rows : 1;
  b.states = c->scratch;
  b.c = b.states + 2 * b.d * (turns + 3);
  b.s = b.c + turns;
  b.sum = b.s + turns;
  b.w = b.sum + turns;
  for (size_t i = 0; i < turns; i++) b.sum[i] = (RVec){0};
  for (int k = 0; k < p->program->n_inputs; k++) {
    int64_t n = p->program->input_size[k] * (p->program->input_has_rows[k] ? b.samples : 1);
    if (c->part[k] != NULL) memset(c->part[k], 0, (size_t)n * sizeof(Real));
  }
  return b;
}

static void back_forward(const Back *b) {
  const PlainPlan *p = b->plan;
  plain_zero(plain_at(b->states, 0, b->d), b->d, 1);
  for (int i = 0; i < p->n_turns; i++) {
    vsincos(plain_half(p, b->call->in, &p->turn[i], b->row, b->lanes), &b->s[i], &b->c[i]);
    plain_turn(&p->turn[i], b->d, plain_at(b->states, (size_t)i, b->d),
               plain_at(b->states, (size_t)i + 1, b->d), b->c[i], b->s[i]);
  }
}

/* The cotangents of the outputs for the rows of the tile. */
static void back_weights(const Back *b) {
  const int k = b->plan->program->n_inputs;
  const int64_t n = b->plan->program->n_outputs;
  const KOp *op = b->call->op;
  const Real *in = b->call->in[k];
  const bool rows = !b->plan->any_rows || op->in_rows[k] || op->in[k].rank > 1;
  for (int64_t o = 0; o < n; o++) {
    Real v[VL] = {0};
    for (int l = 0; l < b->lanes; l++) v[l] = in[(rows ? (b->row + l) * n : 0) + o];
    b->w[o] = load(v);
  }
}

/* l = 2 O_w psi */
static void back_measured(const Back *b, Plain psi, Plain l) {
  const CircuitProgram *c = b->plan->program;
  plain_zero(l, b->d, 0);
  if (c->measure == MEASURE_PROBS) {
    for (uint32_t k = 0; k < b->d; k++) {
      uint32_t o = 0;
      for (int i = 0; i < c->probs_qubits.n; i++) o = o << 1 | (k >> c->probs_qubits.at[i] & 1);
      l.re[k] = 2 * b->w[o] * psi.re[k];
      l.im[k] = 2 * b->w[o] * psi.im[k];
    }
    return;
  }
  for (int o = 0; o < c->observables.n; o++) {
    for (int i = 0; i < c->observables.at[o].terms.n; i++) {
      const PauliTerm *t = &c->observables.at[o].terms.at[i];
      PlainTurn word = {.x = (uint32_t)t->x, .z = (uint32_t)t->z};
      word.quarter = (__builtin_popcount(word.x & word.z) + 1) & 3; /* without the -i of a turn */
      RVec f = (Real)(2 * t->coefficient) * b->w[o];
      for (uint32_t k = 0; k < b->d; k++) {
        RVec re, im;
        plain_times(plain_power(&word, k), psi.re[k ^ word.x], psi.im[k ^ word.x], &re, &im);
        l.re[k] += f * re;
        l.im[k] += f * im;
      }
    }
  }
}

/* Through one turn: l becomes the cotangent of the state before it; dF/dh. */
static RVec back_turn(const PlainTurn *t, size_t d, Plain old, Plain l, Plain next, RVec c, RVec s) {
  RVec dc = {0}, ds = {0};
  for (uint32_t k = 0; k < d; k++) {
    RVec vr, vi, lr, li;
    if (!plain_met(t, k)) {
      next.re[k] = l.re[k];
      next.im[k] = l.im[k];
      continue;
    }
    plain_times(plain_power(t, k), old.re[k ^ t->x], old.im[k ^ t->x], &vr, &vi);
    dc += l.re[k] * old.re[k] + l.im[k] * old.im[k];
    ds += l.re[k] * vr + l.im[k] * vi;
    /* the entry in row k ^ x, conjugated */
    plain_times((4 - plain_power(t, k ^ t->x)) & 3, l.re[k ^ t->x], l.im[k ^ t->x], &lr, &li);
    next.re[k] = c * l.re[k] + s * lr;
    next.im[k] = c * l.im[k] + s * li;
  }
  return c * ds - s * dc;
}

/* g: derivative in half the angle of turn i. */
static void back_add(const Back *b, int i, RVec g) {
  const PlainTurn *t = &b->plan->turn[i];
  b->sum[i] += g;
  for (int j = 0; j < t->angle.n; j++) {
    const SimTerm *m = &t->angle.term[j];
    Real *out = b->call->part[m->source];
    if (out == NULL || !b->plan->program->input_has_rows[m->source]) continue;
    const int64_t size = b->plan->program->input_size[m->source];
    for (int l = 0; l < b->lanes; l++) out[(b->row + l) * size + m->element] += (Real)(0.5 * m->scale) * g[l];
  }
}

static void back_end(const Back *b) {
  for (int i = 0; i < b->plan->n_turns; i++) {
    const PlainTurn *t = &b->plan->turn[i];
    Real g = sum_lanes(b->sum[i]);
    for (int j = 0; j < t->angle.n; j++) {
      const SimTerm *m = &t->angle.term[j];
      Real *out = b->call->part[m->source];
      if (out != NULL && !b->plan->program->input_has_rows[m->source])
        out[m->element] += (Real)(0.5 * m->scale) * g;
    }
  }
}

void KNAME(plain_circuit_vjp)(const KCall *call) {
  Back b = back_begin(call);
  const PlainPlan *p = b.plan;
  const size_t turns = (size_t)p->n_turns;
  for (b.row = 0; b.row < b.samples; b.row += VL) {
    b.lanes = b.samples - b.row < VL ? (int)(b.samples - b.row) : VL;
    back_forward(&b);
    back_weights(&b);
    Plain l = plain_at(b.states, turns + 1, b.d), next = plain_at(b.states, turns + 2, b.d);
    back_measured(&b, plain_at(b.states, turns, b.d), l);
    for (int i = p->n_turns - 1; i >= 0; i--) {
      RVec g = back_turn(&p->turn[i], b.d, plain_at(b.states, (size_t)i, b.d), l, next, b.c[i], b.s[i]);
      if (p->turn[i].angle.n > 0) back_add(&b, i, g);
      Plain swap = l;
      l = next;
      next = swap;
    }
  }
  back_end(&b);
}
