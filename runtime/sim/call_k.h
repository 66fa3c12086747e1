/* What the three kernels of circuits share: angles of a call and of a tile, measuring, gradients
 * back to the inputs. Included by *_k.c files only.
 *
 * A call has `samples` rows, in tiles of VL. The lanes behind the last row compute a sample with
 * all row inputs 0 and cotangent 0: nothing of it is stored, and it adds 0 to sums. Sums over rows
 * are kept in lanes through all tiles and added up by the lane tree at the end. */
#ifndef QGN_SIM_CALL_K_H
#define QGN_SIM_CALL_K_H
#include <math.h>
#include <string.h>
#include "runtime/kernels/variant.h"
#include "runtime/kernels/vmath_k.h"
#include "runtime/sim/amplitude_k.h"
#include "runtime/sim/plan.h"
#include "runtime/sim/state_k.h"
#include "runtime/sim/turn_k.h"

typedef struct Sim {
  const KCall *call;
  const SimPlan *plan;
  int64_t samples;
  int64_t row; /* first of this tile */
  int lanes;   /* rows in this tile */
  int part;    /* wide.h */
  char *scratch;
  char *own;    /* wide.h: scratch of the thread, for buffers, q and word */
  Real *scalar; /* [slots] half angles, shared part; behind them, tangents of them */
  RVec *cs;     /* [slots] cosine, sine */
  RVec *sum;    /* [slots] gradients for shared inputs */
  RVec *u;      /* [slots] tangents of half angles */
  RVec *w, *y, *word, *q;
  State psi, lam, dpsi, dlam;
  SimTurn *turn; /* [passes of single]; NULL: all are plain */
  Real *factor;  /* [tables] of their phases; behind them, of the first amplitude */
} Sim;

KINLINE State state_at(char *scratch, size_t at, int bits) {
  RVec *v = (RVec *)(void *)(scratch + at);
  return (State){v, v + ((size_t)1 << bits)};
}

KINLINE Sim sim_begin_in(const KCall *c, char *s, const SimLayout *at, int bits) {
  const SimPlan *p = c->op->plan;
  return (Sim){
      .call = c,
      .plan = p,
      .samples = p->any_rows ? c->rows : 1,
      .scratch = s,
      .own = s,
      .scalar = (Real *)(void *)(s + at->scalar),
      .cs = (RVec *)(void *)(s + at->cs),
      .sum = (RVec *)(void *)(s + at->sum),
      .u = (RVec *)(void *)(s + at->u),
      .w = (RVec *)(void *)(s + at->w),
      .y = (RVec *)(void *)(s + at->y),
      .word = (RVec *)(void *)(s + at->word),
      .q = (RVec *)(void *)(s + at->q),
      .psi = state_at(s, at->psi, bits),
      .lam = state_at(s, at->lam, bits),
      .dpsi = state_at(s, at->dpsi, bits),
      .dlam = state_at(s, at->dlam, bits),
  };
}

KINLINE Sim sim_begin_at(const KCall *c, const SimLayout *at, int bits) {
  return sim_begin_in(c, c->scratch, at, bits);
}

KINLINE Sim sim_begin(const KCall *c) {
  const SimPlan *p = c->op->plan;
  return sim_begin_at(c, &p->at, p->dim);
}

KINLINE Real *table_phase(const Sim *s, const SimTable *t) {
  return (Real *)(void *)(s->scratch + t->phase_at);
}
KINLINE Real *table_tangent(const Sim *s, const SimTable *t) {
  return (Real *)(void *)(s->scratch + t->tangent_at);
}
KINLINE Real *table_sines(const Sim *s, const SimTable *t) {
  return table_phase(s, t) + ((size_t)1 << t->words.m) + 16;
}

/* out[i] = sum over members of sign * coefficient * value[slot], i < 2^m, zeros up to a whole vector. */
KINLINE void table_sum(const SimTable *t, const Real *value, Real *out) {
  const SimWords *w = &t->words;
  size_t n = (size_t)1 << w->m;
  for (size_t i = 0; i < n || i < (size_t)VL; i++) out[i] = 0;
  if (w->tree) {
    for (int b = 0; b < w->m; b++) {
      Real a = 0;
      for (int i = 0; i < t->n; i++) {
        if (t->member[i].word == b) a += (Real)t->member[i].coefficient * value[t->member[i].slot];
      }
      size_t half = (size_t)1 << b;
      for (size_t i = 0; i < half; i++) {
        out[i + half] = out[i] - a;
        out[i] += a;
      }
    }
    return;
  }
  for (int i = 0; i < t->n; i++) {
    out[w->mask[t->member[i].word]] += (Real)t->member[i].coefficient * value[t->member[i].slot];
  }
  for (size_t half = 1; half < n; half *= 2) {
    for (size_t i = 0; i < n; i += 2 * half) {
      for (size_t j = i; j < i + half; j++) {
        Real a = out[j], b = out[j + half];
        out[j] = a + b;
        out[j + half] = a - b;
      }
    }
  }
}

/* Cosines and sines of the half angles in s->scalar, which all tiles use. */
KINLINE void sim_cosines(const Sim *s) {
  const SimPlan *p = s->plan;
  for (int i = 0; i < p->n_slots; i += VL) {
    int n = p->n_slots - i < VL ? p->n_slots - i : VL;
    RVec sine, cosine;
    vsincos(load_part(s->scalar + i, n), &sine, &cosine);
    for (int l = 0; l < n; l++) {
      s->cs[2 * (i + l)] = splat(cosine[l]);
      s->cs[2 * (i + l) + 1] = splat(sine[l]);
    }
  }
}

KINLINE Real table_factor(const Sim *s, const SimTable *t) { return s->turn ? s->factor[t->number] : 1; }

/* Chooses the form of each pass of shared rotations (turn_k.h), from the last to the first: tangents into cs,
 * factors of tables and of the first amplitude. After sim_shared_angles, before sim_tables. */
KINLINE void sim_turns(Sim *s) {
  const SimPlan *p = s->plan;
  double left_out = 1, psi = 1, lam = 1; /* by the passes so far, as factors of the states going back */
  s->turn = (SimTurn *)(void *)(s->scratch + p->at.turn);
  s->factor = (Real *)(void *)(s->scratch + p->at.factor);
  for (int i = p->single.n - 1; i >= 0; i--) {
    const SimPass *pass = &p->single.pass[i];
    RVec *cs = s->cs + 2 * p->op[pass->first].slot;
    double c = 1, change = 1;
    bool tangent = pass->shared;
    for (int j = 0; j < pass->n && pass->shared; j++) {
      c *= (double)cs[2 * j][0];
      tangent &= fabs((double)cs[2 * j + 1][0]) <= TURN_MOST * fabs((double)cs[2 * j][0]);
    }
    tangent &= fabs(left_out * c) >= TURN_LEAST;
    if (pass->keep) psi = left_out;
    s->turn[i] = (SimTurn){.tangent = tangent, .gain = (Real)(1 / (psi * lam))};
    for (int j = 0; j < pass->n && tangent; j++) cs[2 * j + 1] /= cs[2 * j];
    if (tangent) {
      left_out *= c;
      change = 1 / c;
    } else if (pass->kind == SIM_TABLE) {
      s->factor[p->op[pass->first].table->number] = (Real)left_out;
      change = left_out;
      left_out = 1;
    }
    lam *= change;
    psi = pass->keep ? left_out : psi * change;
  }
  s->factor[p->n_tables] = (Real)left_out;
}

/* Sums of shared terms, and their cosines. */
KINLINE void sim_shared_angles(Sim *s) {
  const SimPlan *p = s->plan;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    double a = slot->shift;
    for (int k = 0; k < slot->n_shared; k++) {
      const SimTerm *t = &slot->term[k];
      a += t->scale * (double)((const Real *)s->call->in[t->source])[t->element];
    }
    s->scalar[i] = (Real)a;
  }
  sim_cosines(s);
}

/* Multiplies phases cosine - i sine, n of them, by that of angle a; into `to`, n behind. */
KINLINE void phases_turn(Real *cosine, Real *sine, size_t n, size_t to, Real c, Real s) {
  if (n < (size_t)VL) {
    for (size_t i = 0; i < n; i++) {
      Real x = cosine[i], y = sine[i];
      cosine[to + i] = x * c - y * s;
      sine[to + i] = y * c + x * s;
    }
    return;
  }
  for (size_t i = 0; i < n; i += (size_t)VL) {
    RVec x = load(cosine + i), y = load(sine + i);
    store(cosine + to + i, c * x - s * y);
    store(sine + to + i, c * y + s * x);
  }
}

/* Phases of independent words: each doubles the table, so that they are products and not sines of sums. */
KINLINE void table_products(const Sim *s, const SimTable *t, Real *phase, Real *sines) {
  phase[0] = table_factor(s, t);
  sines[0] = 0;
  for (int b = 0; b < t->words.m; b += VL) {
    RVec angle = {0}, sine, cosine;
    int n = t->words.m - b < VL ? t->words.m - b : VL;
    for (int i = 0; i < t->n; i++) {
      const SimMember *m = &t->member[i];
      if (m->word >= b && m->word < b + n) angle[m->word - b] += (Real)m->coefficient * s->scalar[m->slot];
    }
    vsincos(angle, &sine, &cosine);
    for (int i = 0; i < n; i++) {
      size_t half = (size_t)1 << (b + i);
      phases_turn(phase, sines, half, half, cosine[i], -sine[i]);
      phases_turn(phase, sines, half, 0, cosine[i], sine[i]);
    }
  }
}

KINLINE void sim_tables(const Sim *s) {
  const SimPlan *p = s->plan;
  for (int i = 0; i < p->n_ops; i++) {
    const SimTable *t = p->op[i].table;
    if (t == NULL) continue;
    Real *phase = table_phase(s, t);
    Real *sines = table_sines(s, t);
    size_t n = (size_t)1 << t->words.m;
    if (t->words.tree) {
      table_products(s, t, phase, sines);
      continue;
    }
    const Real factor = table_factor(s, t);
    table_sum(t, s->scalar, phase);
    for (size_t k = 0; k < n; k += (size_t)VL) {
      RVec sine, cosine;
      vsincos(load(phase + k), &sine, &cosine);
      store(phase + k, factor * cosine);
      store(sines + k, factor * sine);
    }
  }
}

/* The directions of a Hessian product, one for each input; NULL: none. */
KINLINE const void *const *sim_directions(const Sim *s) {
  return s->call->in + s->plan->program->n_inputs + 1;
}

/* Tangents of half the angles: shared parts behind the half angles in s->scalar. */
KINLINE void sim_shared_tangents(const Sim *s) {
  const SimPlan *p = s->plan;
  Real *shared = s->scalar + p->n_slots;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    double u = 0;
    for (int k = 0; k < slot->n_shared; k++) {
      const SimTerm *t = &slot->term[k];
      const Real *in = sim_directions(s)[t->source];
      if (in != NULL) u += t->scale * (double)in[t->element];
    }
    shared[i] = (Real)u;
    s->u[i] = splat((Real)u);
  }
}

/* in[lane * stride] for the rows of the tile, 0 behind them. */
KINLINE RVec gather_rows(const Real *in, int64_t stride, int lanes) {
  if (stride == 1 && lanes == VL) return load(in);
  Real v[VL] __attribute__((aligned(VBYTES)));
  if (lanes == VL) {
    for (int l = 0; l < VL; l++) v[l] = in[l * stride];
  } else {
    for (int l = 0; l < VL; l++) v[l] = l < lanes ? in[l * stride] : 0;
  }
  return load(v);
}

KINLINE RVec gather_term(const Sim *s, const void *const *in, const SimTerm *t) {
  int64_t size = s->plan->program->input_size[t->source];
  return gather_rows((const Real *)in[t->source] + s->row * size + t->element, size, s->lanes);
}

/* Sets the tile to rows row .. and their angles. */
KINLINE void sim_tile(Sim *s, int64_t row) {
  const SimPlan *p = s->plan;
  s->row = row;
  s->lanes = s->samples - row < VL ? (int)(s->samples - row) : VL;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    if (slot->n_row == 0) continue;
    RVec a = splat(s->scalar[i]);
    for (int k = 0; k < slot->n_row; k++) {
      const SimTerm *t = &slot->term[slot->n_shared + k];
      a += (Real)t->scale * gather_term(s, s->call->in, t);
    }
    vsincos(a, &s->cs[2 * i + 1], &s->cs[2 * i]);
  }
}

/* Tangents of the half angles that have rows. */
KINLINE void sim_tile_tangents(Sim *s) {
  const SimPlan *p = s->plan;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    if (slot->n_row == 0) continue;
    RVec u = splat(s->scalar[p->n_slots + i]);
    for (int k = 0; k < slot->n_row; k++) {
      const SimTerm *t = &slot->term[slot->n_shared + k];
      if (sim_directions(s)[t->source] != NULL) u += (Real)t->scale * gather_term(s, sim_directions(s), t);
    }
    s->u[i] = u;
  }
}

/* The tile's rows, whose angles are in the scratch already, with all that sim_turns found. */
KINLINE void sim_continue(Sim *s, int64_t row) {
  s->row = row;
  s->lanes = s->samples - row < VL ? (int)(s->samples - row) : VL;
  s->turn = (SimTurn *)(void *)(s->scratch + s->plan->at.turn);
  s->factor = (Real *)(void *)(s->scratch + s->plan->at.factor);
}

/* A bit enters under controls: the half that it opens is empty. */
KINLINE void sim_clear(State p, const SimOp *op) {
  if (!op->clear) return; /* before the first bit there is no half */
  uint32_t half = 1u << (op->dim - 1);
  state_zero(p.re + half, half);
  if (op->planes == 2) state_zero(p.im + half, half);
}

/* Pass i of `single`, from one state to another or in place; to another if it is one that keeps. */
KINLINE void sim_pass(const Sim *s, State p, State to, int i) {
  const SimPass *pass = &s->plan->single.pass[i];
  const SimOp *op = &s->plan->op[pass->first];
  const RVec *cs = s->cs + 2 * (op->slot < 0 ? 0 : op->slot);
  bool two = pass->planes == 2;
  sim_clear(p, op);
  switch ((SimOpKind)pass->kind) {
  case SIM_ENTER:
    two ? state_enter(p, op, cs[0], cs[1], true) : state_enter(p, op, cs[0], cs[1], false);
    break;
  case SIM_REAL:
  case SIM_REAL2:
  case SIM_REAL3:
  case SIM_REAL4: turn_pass(p, to, pass, cs, s->turn != NULL && s->turn[i].tangent); break;
  case SIM_CROSS: state_cross(p, op, cs[0], cs[1]); break;
  case SIM_DIAG: state_diag(p, op, cs[0], cs[1]); break;
  case SIM_TABLE: state_table(p, to, op->table, table_phase(s, op->table), table_sines(s, op->table)); break;
  case SIM_IMAG: state_zero(p.im, 1u << op->dim); break;
  }
}

KINLINE void sim_start(const Sim *s) { s->psi.re[0] = splat(s->turn ? s->factor[s->plan->n_tables] : 1); }

KINLINE void sim_forward(const Sim *s) {
  sim_start(s);
  for (int i = 0; i < s->plan->single.n; i++) sim_pass(s, s->psi, s->psi, i);
}

/* ---- measuring ---- */

/* Re conj(a) b of amplitude k */
KINLINE RVec overlap(State a, State b, uint32_t k, bool two) {
  RVec v = a.re[k] * b.re[k];
  return two ? v + a.im[k] * b.im[k] : v;
}

/* Outputs from the values of words. */
KINLINE void sim_read_words(const Sim *s, Real factor, bool constants) {
  const SimPlan *p = s->plan;
  for (int o = 0; o < p->program->n_outputs; o++) s->y[o] = (RVec){0};
  for (int i = 0; i < p->n_readings; i++) {
    const SimReading *r = &p->reading[i];
    s->y[r->output] += (factor * (Real)r->coefficient) * s->word[r->word];
  }
  for (int o = 0; o < p->program->n_outputs && constants; o++) s->y[o] += (Real)p->constant[o];
}

/* y = factor * Re <a|O|b> for each output; constants of the observables only if `constants`. */
KINLINE void sim_measure(const Sim *s, State a, State b, Real factor, bool constants) {
  const SimPlan *p = s->plan;
  int n_outputs = p->program->n_outputs;
  bool two = p->planes == 2;
  if (p->probs) {
    for (int o = 0; o < n_outputs; o++) s->y[o] = (RVec){0};
    FOR_WORDS(&p->words, i, k) s->q[i] = overlap(a, b, k, two);
    fold_words(&p->words, s->q);
    FOR_CODE(p->words.m, p->fold_col, p->outcome, i, o) s->y[o] = factor * s->q[i];
    return;
  }
  if (p->words.n > 0) {
    FOR_WORDS(&p->words, i, k) s->q[i] = overlap(a, b, k, two);
    sum_words(&p->words, s->q, s->word);
  }
  for (int i = 0; i < p->n_pairs; i++) s->word[p->words.n + i] = pair_value(a, b, &p->pair[i]);
  sim_read_words(s, factor, constants);
}

KINLINE void store_outputs(const Sim *s, Real *out) {
  int64_t n = s->plan->program->n_outputs;
  if (n == 1) {
    store_part(out + s->row, s->y[0], s->lanes);
    return;
  }
  for (int64_t o = 0; o < n; o++) {
    for (int l = 0; l < s->lanes; l++) out[(s->row + l) * n + o] = s->y[o][l];
  }
}

KINLINE void store_amplitudes(const Sim *s, State p, Real *out) {
  const SimAmplitudes *amps = s->plan->amplitudes;
  const int64_t n = s->plan->program->n_outputs;
  const bool two = s->plan->planes == 2;
  Real *y = out + s->row * n;
  if (s->plan->dim < s->plan->program->n_qubits) memset(y, 0, (size_t)(s->lanes * n) * sizeof(Real));
  FOR_AMPLITUDES(s->plan->dim, amps->bit, amps->first, k, at) {
    const RVec c = splat((Real)amps->re[at.quarter]), d = splat((Real)amps->im[at.quarter]);
    const RVec a = p.re[k], b = two ? p.im[k] : (RVec){0}, re = c * a - d * b, im = c * b + d * a;
    for (int l = 0; l < s->lanes; l++) {
      y[l * n + 2 * (int64_t)at.o] = re[l];
      y[l * n + 2 * (int64_t)at.o + 1] = im[l];
    }
  }
}

/* The outputs of the tile: of state a, or with b other than a its tangent where `factor` is 2. */
KINLINE void sim_outputs(const Sim *s, State a, State b, Real factor, Real *out) {
  if (s->plan->amplitudes != NULL) {
    store_amplitudes(s, b, out);
    return;
  }
  sim_measure(s, a, b, factor, factor == 1);
  store_outputs(s, out);
}

/* Does each sample have a cotangent of its own? */
KINLINE bool cotangent_has_rows(const Sim *s) {
  int k = s->plan->program->n_inputs;
  return !s->plan->any_rows || s->call->op->in_rows[k] || s->call->op->in[k].rank > 1;
}

/* The cotangent of the tile. */
KINLINE void sim_cotangent(const Sim *s) {
  const SimPlan *p = s->plan;
  if (p->amplitudes != NULL) return; /* read at once */
  int64_t n = p->program->n_outputs;
  int k = p->program->n_inputs;
  const Real *in = s->call->in[k];
  bool rows = cotangent_has_rows(s);
  for (int64_t o = 0; o < n; o++) {
    s->w[o] = rows ? gather_rows(in + s->row * n + o, n, s->lanes) : gather_rows(in + o, 0, s->lanes);
  }
}

/* Weights of words from the cotangent, once per tile. */
KINLINE void sim_weigh_words(const Sim *s) {
  const SimPlan *p = s->plan;
  for (int i = 0; i < p->words.n + p->n_pairs; i++) s->word[i] = (RVec){0};
  for (int i = 0; i < p->n_readings; i++) {
    const SimReading *r = &p->reading[i];
    s->word[r->word] += (Real)r->coefficient * s->w[r->output];
  }
}

KINLINE void sim_word_weights(const Sim *s) {
  const SimPlan *p = s->plan;
  if (p->probs) return;
  sim_weigh_words(s);
  if (p->words.n > 0) spread_words(&p->words, s->word, s->q);
}

/* l = w / 2 of amplitudes, in the frame. */
KINLINE void load_amplitudes(const Sim *s, State l) {
  const SimAmplitudes *amps = s->plan->amplitudes;
  const int64_t n = s->plan->program->n_outputs;
  const bool rows = cotangent_has_rows(s), two = s->plan->planes == 2;
  const Real *in = (const Real *)s->call->in[s->plan->program->n_inputs] + (rows ? s->row * n : 0);
  FOR_AMPLITUDES(s->plan->dim, amps->bit, amps->first, k, at) {
    const RVec c = splat((Real)(0.5 * amps->re[at.quarter])), d = splat((Real)(0.5 * amps->im[at.quarter]));
    const Real *w = in + 2 * (int64_t)at.o;
    const RVec re = gather_rows(w, rows ? n : 0, s->lanes), im = gather_rows(w + 1, rows ? n : 0, s->lanes);
    l.re[k] = c * re + d * im;
    if (two) l.im[k] = c * im - d * re;
  }
}

/* l = O_w p, after sim_word_weights; of amplitudes w / 2. */
KINLINE void sim_observe(const Sim *s, State l, State p) {
  const SimPlan *plan = s->plan;
  uint32_t n = 1u << plan->dim;
  bool two = plan->planes == 2;
  if (plan->amplitudes != NULL) {
    load_amplitudes(s, l);
    return;
  }
  if (plan->probs) {
    FOR_CODE(plan->dim, plan->outcome_col, plan->outcome, k, o) {
      RVec f = s->w[o];
      l.re[k] = f * p.re[k];
      if (two) l.im[k] = f * p.im[k];
    }
    return;
  }
  if (plan->words.n > 0) {
    const uint32_t mask = (1u << plan->words.m) - 1;
    FOR_WORDS(&plan->words, i, k) {
      RVec f = s->q[i & mask];
      l.re[k] = f * p.re[k];
      if (two) l.im[k] = f * p.im[k];
    }
  } else {
    state_zero(l.re, n);
    if (two) state_zero(l.im, n);
  }
  for (int i = 0; i < plan->n_pairs; i++) pair_add(l, p, &plan->pair[i], s->word[plan->words.n + i]);
}

/* The tangent of lam: O_w dpsi, after sim_word_weights; of amplitudes 0. */
KINLINE void sim_observe_tangent(const Sim *s, State dpsi) {
  const uint32_t n = 1u << s->plan->dim;
  if (s->plan->amplitudes == NULL) {
    sim_observe(s, s->dlam, dpsi);
    return;
  }
  state_zero(s->dlam.re, n);
  if (s->plan->planes == 2) state_zero(s->dlam.im, n);
}

/* ---- gradients ---- */

KINLINE void parts_begin(const Sim *s) {
  const CircuitProgram *c = s->plan->program;
  for (int k = 0; k < c->n_inputs; k++) {
    int64_t n = c->input_size[k] * (c->input_has_rows[k] ? s->samples : 1);
    if (s->call->part[k] != NULL) memset(s->call->part[k], 0, (size_t)n * sizeof(Real));
  }
  for (int i = 0; i < s->plan->n_slots; i++) s->sum[i] = (RVec){0};
}

/* Does a gradient that is wanted depend on the angle of a slot? */
KINLINE bool part_wants(const KCall *c, const SimSlot *slot) {
  bool wanted = false;
  for (int k = 0; k < slot->n_shared + slot->n_row; k++) wanted |= c->part[slot->term[k].source] != NULL;
  return wanted;
}

/* g: derivative in the angle of a slot, whose half is shift + sum scale * input. */
KINLINE void part_add(const Sim *s, int i, RVec g) {
  const SimSlot *slot = &s->plan->slot[i];
  s->sum[i] += g;
  for (int k = 0; k < slot->n_row; k++) {
    const SimTerm *t = &slot->term[slot->n_shared + k];
    if (s->call->part[t->source] == NULL) continue;
    int64_t size = s->plan->program->input_size[t->source];
    Real *out = (Real *)s->call->part[t->source] + s->row * size + t->element;
    RVec scaled = (Real)(2 * t->scale) * g;
    for (int l = 0; l < s->lanes; l++) out[l * size] += scaled[l];
  }
}

KINLINE void parts_end(const Sim *s) {
  for (int i = 0; i < s->plan->n_slots; i++) {
    const SimSlot *slot = &s->plan->slot[i];
    if (slot->n_shared == 0) continue;
    Real g = sum_lanes(s->sum[i]);
    for (int k = 0; k < slot->n_shared; k++) {
      const SimTerm *t = &slot->term[k];
      Real *out = s->call->part[t->source];
      if (out != NULL) out[t->element] += (Real)(2 * t->scale) * g;
    }
  }
}

/* Gradients of a table's slots from q[i] = Im conj(lam) psi in the order of its words. */
KINLINE void table_parts(const Sim *s, const SimTable *t, Real gain) {
  sum_words(&t->words, s->q, s->word);
  for (int i = 0; i < t->n; i++) {
    s->sum[t->member[i].slot] += (gain * (Real)t->member[i].coefficient) * s->word[t->member[i].word];
  }
}
#endif
