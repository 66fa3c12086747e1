/* What the wide kernels share: angles and tables of a sample, blocks, measuring, gradients. The Sim
 * of call_k.h is used with one lane: what belongs to the sample stands in lane 0. Included by *_k.c
 * files only. */
#ifndef QGN_WIDE_CALL_K_H
#define QGN_WIDE_CALL_K_H
#include "runtime/sim/call_k.h"
#include "runtime/sim/wide_k.h"

KINLINE Sim wide_begin(const KCall *c) {
  const SimPlan *p = c->op->plan;
  Sim s = sim_begin_at(c, &p->wide->at, p->wide->bits);
  s.lanes = 1;
  return s;
}

/* Forward, only; psi of the block buffers, and the others. */
KINLINE State wide_buffer(const Sim *s, int which) {
  return state_at(s->own, s->plan->wide->buffer[which], s->plan->wide->block_bits);
}

KINLINE RVec *wide_vectors(const Sim *s, size_t at) { return (RVec *)(void *)(s->scratch + at); }

/* Sum of the lanes, in lane 0. */
KINLINE RVec first_lane(RVec v) { return (RVec){sum_lanes(v)}; }

/* ---- parts (wide.h) ---- */

/* What is done with one block of a sweep; `sweep` may be NULL where `base` is the first of a part of all
 * vectors. */
typedef void WideBlockFn(const Sim *s, const WideSweep *sweep, uint32_t base);

typedef struct WideJob {
  const Sim *s;
  const WideSweep *sweep;
  WideBlockFn *block;
} WideJob;

/* The call as thread `thread` sees it at part `part`: buffers, q and words of its own, sums of the part. */
KINLINE Sim wide_part(const Sim *s, int part, int thread) {
  const KTeam *team = s->call->team;
  const SimLayout *at = &s->plan->wide->at;
  Sim t = *s;
  if (thread > 0) t.own = team->scratch[thread] + team->at;
  t.q = (RVec *)(void *)(t.own + at->q);
  t.word = (RVec *)(void *)(t.own + at->word);
  t.part = part;
  return t;
}

static inline void wide_part_task(void *ctx, int part, int thread) {
  const WideJob *j = ctx;
  const WideSweep *w = j->sweep;
  const Sim t = wide_part(j->s, part, thread);
  uint32_t first = 0;
  if (w == NULL) {
    j->block(&t, w, (uint32_t)part << (t.plan->wide->bits - t.plan->wide->part_bits));
    return;
  }
  int low = w->block_bits - t.plan->wide->part_bits, shift = low < 0 ? 0 : low;
  for (int b = shift; b < w->block_bits; b++) first ^= part >> (b - shift) & 1 ? w->block_col[b] : 0;
  FOR_CODE(shift, w->block_col, first, block, base) { j->block(&t, w, base); }
}

/* All blocks of a sweep, or all parts of the vectors where sweep is NULL. */
KINLINE void wide_parts(const Sim *s, const WideSweep *sweep, WideBlockFn *block) {
  WideJob job = {s, sweep, block};
  int bits = s->plan->wide->part_bits;
  if (s->plan->wide->stored || (sweep != NULL && sweep->whole)) {
    block(s, sweep, 0);
    return;
  }
  if (sweep != NULL && sweep->block_bits < bits) bits = sweep->block_bits;
  if (s->call->team != NULL) {
    s->call->team->run(s->call->team->pool, wide_part_task, &job, 1 << bits);
    return;
  }
  for (int i = 0; i < 1 << bits; i++) wide_part_task(&job, i, 0);
}

/* Vectors of a part. */
KINLINE uint32_t wide_part_size(const Sim *s) {
  return 1u << (s->plan->wide->bits - s->plan->wide->part_bits);
}

/* place[0 .. n) becomes the sum over parts, each `stride` behind the one before. */
KINLINE void wide_add_parts(const Sim *s, RVec *place, int n, int stride) {
  int parts = 1 << s->plan->wide->part_bits;
  for (int step = 1; step < parts; step *= 2) {
    for (int k = 0; k < parts; k += 2 * step) {
      for (int i = 0; i < n; i++) place[k * stride + i] += place[(k + step) * stride + i];
    }
  }
}

/* ---- tables: their angles are shared by all samples ---- */

/* What the words of a table turn by: half angles (or tangents) in value[slot], with signs of lanes. */
KINLINE void wide_table_weights(const WideTable *t, const Real *value, RVec *out) {
  const WideWords *w = &t->words;
  for (int i = 0; i < w->n; i++) out[i] = (RVec){0};
  for (int i = 0; i < t->table->n; i++) {
    const SimMember *m = &t->table->member[i];
    out[m->word] += (Real)m->coefficient * splat(value[m->slot]);
  }
  for (int i = 0; i < w->n; i++) out[i] = lane_signed(out[i], w->lane[i]);
}

/* Their sum for each vector of the state. */
KINLINE void wide_table_sum(const Sim *s, const WideTable *t, const Real *value, RVec *out) {
  const WideWords *w = &t->words;
  wide_table_weights(t, value, s->word);
  for (uint32_t v = 0; v < 1u << w->bits; v += 1u << w->bucket) bucket_spread(w, v, s->word, out + v);
}

KINLINE void wide_tables(const Sim *s) {
  for (int i = 0; i < s->plan->wide->n_tables; i++) {
    const WideTable *t = &s->plan->wide->table[i];
    if (!s->plan->wide->stored) {
      wide_table_weights(t, s->scalar, wide_vectors(s, t->weight_at));
      continue;
    }
    RVec *cosine = wide_vectors(s, t->cosine_at), *sine = wide_vectors(s, t->sine_at);
    wide_table_sum(s, t, s->scalar, cosine);
    for (uint32_t v = 0; v < 1u << t->bits; v++) vsincos(cosine[v], &sine[v], &cosine[v]);
  }
}

/* Phases of a table for the vectors first .. of a block, 2^bucket of them. */
typedef struct WidePhases {
  const RVec *cosine, *sine, *tangent;
} WidePhases;

/* s->word: what words turn by in the block with this base. */
KINLINE void wide_block_weights(const Sim *s, const WideOp *op, uint32_t base, size_t weight_at) {
  const RVec *weight = wide_vectors(s, weight_at);
  for (int i = 0; i < op->words.n; i++) {
    s->word[i] = bit_parity(base & op->words.whole[i]) ? -weight[i] : weight[i];
  }
}

KINLINE WidePhases wide_phases(const Sim *s, const WideOp *op, uint32_t base, uint32_t first,
                               const bool moves) {
  const WideTable *t = op->table;
  if (s->plan->wide->stored) {
    return (WidePhases){wide_vectors(s, t->cosine_at) + first, wide_vectors(s, t->sine_at) + first,
                        moves ? wide_vectors(s, t->tangent_at) + first : NULL};
  }
  const size_t n = (size_t)1 << s->plan->wide->table_bucket;
  RVec *cosine = (RVec *)(void *)(s->own + s->plan->wide->phases_at), *sine = cosine + n, *tangent = sine + n;
  if (moves) {
    wide_block_weights(s, op, base, t->moved_at);
    bucket_spread(&op->words, first, s->word, tangent);
  }
  if (moves || first == 0) wide_block_weights(s, op, base, t->weight_at);
  bucket_spread(&op->words, first, s->word, cosine);
  for (uint32_t j = 0; j < 1u << op->words.bucket; j++) vsincos(cosine[j], &sine[j], &cosine[j]);
  return (WidePhases){cosine, sine, tangent};
}

/* Sets the sample; half angles of the slots that have rows, behind the shared ones, then their cosines. */
KINLINE void wide_sample(Sim *s, int64_t row) {
  const SimPlan *p = s->plan;
  Real *half = s->scalar + 2 * (p->n_slots + 16);
  int n = 0;
  s->row = row;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    if (slot->n_row == 0) continue;
    Real a = s->scalar[i];
    for (int k = 0; k < slot->n_row; k++) {
      const SimTerm *t = &slot->term[slot->n_shared + k];
      int64_t size = p->program->input_size[t->source];
      a += (Real)t->scale * ((const Real *)s->call->in[t->source])[row * size + t->element];
    }
    half[n++] = a;
  }
  int first = 0, slot = 0;
  for (; first < n; first += VL) {
    RVec sine, cosine;
    int count = n - first < VL ? n - first : VL;
    vsincos(load_part(half + first, count), &sine, &cosine);
    for (int l = 0; l < count; slot++) {
      if (p->slot[slot].n_row == 0) continue;
      s->cs[2 * slot] = splat(cosine[l]);
      s->cs[2 * slot + 1] = splat(sine[l++]);
    }
  }
}

/* The state |0...0>: one vector. */
KINLINE void wide_start(State p, Real first) { p.re[0] = (RVec){first}; }

/* ---- blocks ---- */

/* Copies a block between the state and its buffer. */
KINLINE void block_copy(State state, State buffer, const WideSweep *w, uint32_t base, const bool in) {
  size_t bytes = ((size_t)1 << w->run) * sizeof(RVec);
  FOR_CODE(w->bits - w->run, w->col + w->run, base, i, k) {
    uint32_t at = i << w->run;
    memcpy(in ? buffer.re + at : state.re + k, in ? state.re + k : buffer.re + at, bytes);
    if (w->planes == 2) memcpy(in ? buffer.im + at : state.im + k, in ? state.im + k : buffer.im + at, bytes);
  }
}

/* The upper half of the state is empty. */
KINLINE void wide_clear(State p, const WideOp *op) {
  uint32_t half = op->bits > 0 ? 1u << (op->bits - 1) : 0;
  if (op->xv == 0) return; /* a bit of the lanes: empty from the start */
  state_zero(p.re + half, half);
  if (op->planes == 2) state_zero(p.im + half, half);
}

/* After a bit of the lanes left: nothing may stand where it is 1. */
KINLINE void wide_leave(State p, const WideOp *op) {
  if (!op->enters || op->xl == 0) return;
  RVecInt keep = lane_parity(op->xl) == 0;
  p.re[0] = select(keep, p.re[0], (RVec){0});
  if (op->planes == 2) p.im[0] = select(keep, p.im[0], (RVec){0});
}

/* ---- measuring ---- */

KINLINE void wide_probs(const Sim *s, State a, State b, Real factor, Real *out) {
  const SimPlan *p = s->plan;
  bool two = p->planes == 2;
  const int n_outputs = p->program->n_outputs;
  Real *y = out + s->row * n_outputs;
  double *sum = (double *)(void *)s->y; /* many amplitudes count for one output */
  uint32_t lane[VL] = {0}, v = 0;
  int L = p->wide->lane_bits;
  for (int l = 0; l < VL; l++) {
    for (int j = 0; j < L; j++) lane[l] ^= l >> j & 1 ? p->outcome_col[j] : 0;
  }
  memset(sum, 0, (size_t)n_outputs * sizeof *sum);
  for (uint32_t i = 0, o = p->outcome; i < 1u << p->wide->bits;) {
    RVec q = factor * overlap(a, b, v, two);
    for (int l = 0; l < VL; l++) sum[o ^ lane[l]] += (double)q[l];
    int bit = __builtin_ctz(++i);
    if (i >> p->wide->bits) break;
    v ^= 1u << bit;
    o ^= p->outcome_col[L + bit];
  }
  for (int i = 0; i < n_outputs; i++) y[i] = (Real)sum[i];
}

KINLINE RVec *wide_measured(const Sim *s) { return wide_vectors(s, s->plan->wide->measured_at); }

/* Values of the words in a part: sums over buckets in levels. */
KINLINE void wide_words_part(const Sim *s, State a, State b, uint32_t begin) {
  const WideWords *w = &s->plan->wide->words;
  const int stride = s->plan->wide->n_words;
  bool two = s->plan->planes == 2;
  for (int i = 0; i < WIDE_LEVELS * stride; i++) s->word[i] = (RVec){0};
  for (uint32_t v = begin, n = 1; v < begin + wide_part_size(s); v += 1u << w->bucket, n++) {
    for (uint32_t i = 0; i < 1u << w->bucket; i++) s->q[i] = overlap(a, b, v + i, two);
    bucket_collect(w, 0, v, s->q, s->word);
    for (int l = 1; l < WIDE_LEVELS && (n & ((1u << WIDE_LEVEL_BITS * l) - 1)) == 0; l++) {
      RVec *from = s->word + (l - 1) * stride, *to = s->word + l * stride;
      for (int i = 0; i < w->n; i++) to[i] += from[i], from[i] = (RVec){0};
    }
  }
  for (int l = 1; l < WIDE_LEVELS; l++) {
    for (int i = 0; i < w->n; i++) s->word[i] += s->word[l * stride + i];
  }
  for (int i = 0; i < w->n; i++) wide_measured(s)[s->part * w->n + i] = s->word[i];
}

static inline void psi_words_part(const Sim *s, const WideSweep *none, uint32_t begin) {
  (void)none;
  wide_words_part(s, s->psi, s->psi, begin);
}

static inline void dpsi_words_part(const Sim *s, const WideSweep *none, uint32_t begin) {
  (void)none;
  wide_words_part(s, s->psi, s->dpsi, begin);
}

KINLINE void wide_words_value(const Sim *s, bool tangent) {
  const WideWords *w = &s->plan->wide->words;
  RVec *sum = wide_measured(s);
  if (w->n == 0) return;
  wide_parts(s, NULL, tangent ? dpsi_words_part : psi_words_part);
  wide_add_parts(s, sum, w->n, w->n);
  for (int i = 0; i < w->n; i++) s->word[i] = first_lane(lane_signed(sum[i], w->lane[i]));
}

/* Re <a|P|b> of a word that flips bits. */
KINLINE RVec wide_pair_value(const Sim *s, State a, State b, const WidePair *q) {
  Across x = across_of(q->xl);
  const uint32_t n = 1u << s->plan->wide->bits, block = n < SUM_BLOCK ? n : SUM_BLOCK;
  RVec level[WIDE_LEVELS] = {{0}};
  for (uint32_t first = 0, k = 1; first < n; first += block, k++) {
    RVec sum[2] = {{0}, {0}};
    for (uint32_t v = first; v < first + block; v++) {
      Amp o = amp_across(amp_at(b, v ^ q->xv, true), x, true, true), l = amp_at(a, v, true);
      sum[bit_parity(v & q->zv)] += q->odd ? l.r * o.i - l.i * o.r : l.r * o.r + l.i * o.i;
    }
    level[0] += sum[0] - sum[1];
    for (int l = 1; l < WIDE_LEVELS && (k & ((1u << WIDE_LEVEL_BITS * l) - 1)) == 0; l++) {
      level[l] += level[l - 1];
      level[l - 1] = (RVec){0};
    }
  }
  for (int l = 1; l < WIDE_LEVELS; l++) level[0] += level[l];
  return first_lane(lane_signed(level[0], q->zl));
}

KINLINE void wide_pair_add(const Sim *s, State l, State p, const WidePair *q, RVec weight) {
  Across x = across_of(q->xl);
  weight = lane_signed(splat(weight[0]), q->zl);
  for (uint32_t v = 0; v < 1u << s->plan->wide->bits; v++) {
    Amp o = amp_across(amp_at(p, v ^ q->xv, true), x, true, true);
    RVec t = bit_parity(v & q->zv) ? -weight : weight;
    l.re[v] += t * (q->odd ? o.i : o.r);
    l.im[v] += t * (q->odd ? -o.r : o.i);
  }
}

/* Where the lanes of a vector stand beside its first: with o of that one, o ^ flip and the phase
 * i^(quarter + 2 parity(o & sign)). */
typedef struct AmpLanes {
  uint32_t flip[VL], sign[VL];
  int quarter[VL];
  Real re[4], im[4];
} AmpLanes;

KINLINE AmpLanes wide_amp_lanes(const SimPlan *p) {
  AmpLanes a = {0};
  for (int l = 1; l < VL; l++) {
    const int before = l & (l - 1);
    const AmpBit *b = &p->amplitudes->bit[__builtin_ctz((unsigned)l)];
    a.flip[l] = a.flip[before] ^ b->flip;
    a.sign[l] = a.sign[before] ^ b->sign;
    a.quarter[l] = a.quarter[before] + b->quarter[1] + 2 * bit_parity(a.flip[before] & b->sign);
  }
  for (int m = 0; m < 4; m++) {
    a.re[m] = (Real)p->amplitudes->re[m];
    a.im[m] = (Real)p->amplitudes->im[m];
  }
  return a;
}

KINLINE void wide_store_amplitudes(const Sim *s, State p, Real *out) {
  const WidePlan *wide = s->plan->wide;
  const SimAmplitudes *amps = s->plan->amplitudes;
  const int n = s->plan->program->n_outputs;
  const bool two = s->plan->planes == 2;
  const AmpLanes lanes = wide_amp_lanes(s->plan);
  Real *y = out + s->row * n;
  if (s->plan->dim < s->plan->program->n_qubits) memset(y, 0, (size_t)n * sizeof(Real));
  FOR_AMPLITUDES(wide->bits, amps->bit + wide->lane_bits, amps->first, v, at) {
    const RVec a = p.re[v], b = two ? p.im[v] : (RVec){0};
    for (int l = 0; l < VL; l++) {
      const uint32_t o = at.o ^ lanes.flip[l];
      const int m = (at.quarter + lanes.quarter[l] + 2 * bit_parity(at.o & lanes.sign[l])) & 3;
      y[2 * o] = lanes.re[m] * a[l] - lanes.im[m] * b[l];
      y[2 * o + 1] = lanes.re[m] * b[l] + lanes.im[m] * a[l];
    }
  }
}

/* l = w / 2 of amplitudes, in the frame. */
KINLINE void wide_load_amplitudes(const Sim *s, State p) {
  const WidePlan *wide = s->plan->wide;
  const SimAmplitudes *amps = s->plan->amplitudes;
  const AmpLanes lanes = wide_amp_lanes(s->plan);
  const Real *w = (const Real *)s->call->in[s->plan->program->n_inputs] +
                  (cotangent_has_rows(s) ? s->row * s->plan->program->n_outputs : 0);
  FOR_AMPLITUDES(wide->bits, amps->bit + wide->lane_bits, amps->first, v, at) {
    RVec re, im;
    for (int l = 0; l < VL; l++) {
      const uint32_t o = at.o ^ lanes.flip[l];
      const int m = (at.quarter + lanes.quarter[l] + 2 * bit_parity(at.o & lanes.sign[l])) & 3;
      re[l] = (Real)0.5 * (lanes.re[m] * w[2 * o] + lanes.im[m] * w[2 * o + 1]);
      im[l] = (Real)0.5 * (lanes.re[m] * w[2 * o + 1] - lanes.im[m] * w[2 * o]);
    }
    p.re[v] = re;
    if (s->plan->planes == 2) p.im[v] = im;
  }
}

/* Outputs <psi|O|psi> of the sample into `out`, or 2 Re <psi|O|dpsi>, without the constants of the
 * observables. */
KINLINE void wide_measure(const Sim *s, bool tangent, Real *out) {
  const SimPlan *p = s->plan;
  const WideWords *w = &p->wide->words;
  const State a = s->psi, b = tangent ? s->dpsi : s->psi;
  const Real factor = tangent ? 2 : 1;
  if (p->amplitudes != NULL) {
    wide_store_amplitudes(s, b, out);
    return;
  }
  if (p->probs) {
    wide_probs(s, a, b, factor, out);
    return;
  }
  wide_words_value(s, tangent);
  for (int i = 0; i < p->n_pairs; i++) s->word[w->n + i] = wide_pair_value(s, a, b, &p->wide->pair[i]);
  sim_read_words(s, factor, !tangent);
  store_outputs(s, out);
}

/* A part of l = O_w p for the words of Z, whose weights are in wide_measured. */
KINLINE void wide_observe_part(const Sim *s, State l, State p, uint32_t begin) {
  const WideWords *w = &s->plan->wide->words;
  const uint32_t size = wide_part_size(s);
  bool two = s->plan->planes == 2;
  if (w->n == 0) {
    state_zero(l.re + begin, size);
    if (two) state_zero(l.im + begin, size);
  }
  for (uint32_t v = begin; w->n > 0 && v < begin + size; v += 1u << w->bucket) {
    bucket_spread(w, v, wide_measured(s), s->q);
    for (uint32_t i = 0; i < 1u << w->bucket; i++) {
      l.re[v + i] = s->q[i] * p.re[v + i];
      if (two) l.im[v + i] = s->q[i] * p.im[v + i];
    }
  }
}

static inline void psi_observe_part(const Sim *s, const WideSweep *none, uint32_t begin) {
  (void)none;
  wide_observe_part(s, s->lam, s->psi, begin);
}

static inline void dpsi_observe_part(const Sim *s, const WideSweep *none, uint32_t begin) {
  (void)none;
  wide_observe_part(s, s->dlam, s->dpsi, begin);
}

/* lam = O_w psi after wide_weights, or dlam = O_w dpsi. */
KINLINE void wide_observe(const Sim *s, bool tangent) {
  const SimPlan *plan = s->plan;
  const WideWords *w = &plan->wide->words;
  for (int i = 0; i < w->n; i++) wide_measured(s)[i] = s->word[i];
  wide_parts(s, NULL, tangent ? dpsi_observe_part : psi_observe_part);
  for (int i = 0; i < plan->n_pairs; i++) {
    wide_pair_add(s, tangent ? s->dlam : s->lam, tangent ? s->dpsi : s->psi, &plan->wide->pair[i],
                  s->word[w->n + i]);
  }
}

KINLINE void wide_observe_probs(const Sim *s, State l, State p) {
  const SimPlan *plan = s->plan;
  int L = plan->wide->lane_bits, at = plan->program->n_inputs;
  bool two = plan->planes == 2;
  const Real *w =
      (const Real *)s->call->in[at] + s->row * (cotangent_has_rows(s) ? plan->program->n_outputs : 0);
  uint32_t lane[VL] = {0}, v = 0;
  for (int j = 0; j < VL; j++) {
    for (int b = 0; b < L; b++) lane[j] ^= j >> b & 1 ? plan->outcome_col[b] : 0;
  }
  for (uint32_t i = 0, o = plan->outcome; i < 1u << plan->wide->bits;) {
    RVec f;
    for (int j = 0; j < VL; j++) f[j] = w[o ^ lane[j]];
    l.re[v] = f * p.re[v];
    if (two) l.im[v] = f * p.im[v];
    int bit = __builtin_ctz(++i);
    if (i >> plan->wide->bits) break;
    v ^= 1u << bit;
    o ^= plan->outcome_col[L + bit];
  }
}

/* Weights of the words from the cotangent, with signs of lanes. */
KINLINE void wide_weights(const Sim *s) {
  const WideWords *w = &s->plan->wide->words;
  if (s->plan->probs || s->plan->amplitudes != NULL) return;
  sim_cotangent(s);
  sim_weigh_words(s);
  for (int i = 0; i < w->n; i++) s->word[i] = lane_signed(splat(s->word[i][0]), w->lane[i]);
}

/* lam, or its tangent, after wide_weights. */
KINLINE void wide_apply(const Sim *s, bool tangent) {
  if (s->plan->amplitudes != NULL) {
    if (!tangent) {
      wide_load_amplitudes(s, s->lam);
      return;
    }
    state_zero(s->dlam.re, 1u << s->plan->wide->bits);
    if (s->plan->planes == 2) state_zero(s->dlam.im, 1u << s->plan->wide->bits);
    return;
  }
  if (!s->plan->probs) wide_observe(s, tangent);
  else wide_observe_probs(s, tangent ? s->dlam : s->lam, tangent ? s->dpsi : s->psi);
}

/* ---- gradients ---- */

/* Inner products of the sample's rotations in this part, for each slot; behind them those of tables. */
KINLINE RVec *wide_slots(const Sim *s) {
  return s->sum + s->plan->n_slots + (size_t)s->part * (size_t)s->plan->wide->n_sums;
}

KINLINE void wide_parts_clear(const Sim *s) {
  int parts = 1 << s->plan->wide->part_bits;
  memset(wide_slots(s), 0, (size_t)parts * (size_t)s->plan->wide->n_sums * sizeof(RVec));
}

KINLINE void wide_parts_add(const Sim *s) {
  wide_add_parts(s, wide_slots(s), s->plan->wide->n_sums, s->plan->wide->n_sums);
  for (int i = 0; i < s->plan->n_ops; i++) {
    const SimOp *op = &s->plan->op[i];
    if (op->grad && op->slot >= 0) part_add(s, op->slot, first_lane(wide_slots(s)[op->slot]));
  }
  for (int i = 0; i < s->plan->wide->n_tables; i++) {
    const WideTable *t = &s->plan->wide->table[i];
    RVec *sum = wide_slots(s) + t->sum;
    for (int j = 0; j < t->words.n; j++) sum[j] = first_lane(lane_signed(sum[j], t->words.lane[j]));
    for (int j = 0; j < t->table->n; j++) {
      s->sum[t->table->member[j].slot] +=
          (Real)t->table->member[j].coefficient * sum[t->table->member[j].word];
    }
  }
}
#endif
