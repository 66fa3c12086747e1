/* Finite shots: what a tile's samples would show if they were measured, from the probabilities of the
 * measured numbers i < 2^m (SimShots). Included by *_k.c files only.
 *
 * A shot of row r takes word j of Philox: block j div 4 with counter (j div 4, r, t, repeat), word j mod 4,
 * j the number of the shot. It yields the first i with word < limit[i], where limit[i] is the sum of the
 * probabilities 0 .. i in units of 2^-32; a guide by the leading bits of the word says where to begin. Run
 * number `run` of a gradient, which has shots of its own, adds run times the golden ratio to the key.
 *
 * Means are sums over shots divided by n; the covariance of two means is that of the two observables in the
 * shots, divided by n - 1: unbiased. n = 1 has none, which is NaN. */
#ifndef QGN_SHOTS_K_H
#define QGN_SHOTS_K_H
#include <math.h>
#include "runtime/kernels/philox_k.h"
#include "runtime/sim/call_k.h"

#define SHOTS_RUN_KEY 0x9E3779B97F4A7C15u
#define SHOTS_BLOCKS 4 /* vectors of blocks at once: the rounds of one wait for products */
#define SHOTS_WORDS (SHOTS_BLOCKS * DRAW_LANES * 4)

/* The words of the blocks from `block` on, in order. */
KINLINE void shots_words(uint64_t key, uint32_t block, uint32_t row, const RunClock *clock,
                         uint32_t out[SHOTS_WORDS]) {
  DrawWords c[SHOTS_BLOCKS][4];
  for (int b = 0; b < SHOTS_BLOCKS; b++) {
    for (int l = 0; l < DRAW_LANES; l++) c[b][0][l] = (uint32_t)(block + (uint32_t)(b * DRAW_LANES + l));
    c[b][1] = (DrawWords){0} + row;
    c[b][2] = (DrawWords){0} + clock->t;
    c[b][3] = (DrawWords){0} + clock->repeat;
  }
  for (int b = 0; b < SHOTS_BLOCKS; b++) philox(key, c[b]);
  for (int b = 0; b < SHOTS_BLOCKS; b++) {
    for (int w = 0; w < 4; w++) {
      for (int l = 0; l < DRAW_LANES; l++) out[(b * DRAW_LANES + l) * 4 + w] = (uint32_t)c[b][w][l];
    }
  }
}

typedef struct Draws {
  uint32_t *limit; /* [numbers][VL] */
  uint32_t *start, *count;
  uint32_t numbers;
  int guide_bits;
} Draws;

KINLINE Draws shots_room(const Sim *s) {
  const SimShots *h = s->plan->shots;
  return (Draws){(uint32_t *)(void *)(s->scratch + h->limit), (uint32_t *)(void *)(s->scratch + h->start),
                 (uint32_t *)(void *)(s->scratch + h->count), 1u << h->bits, h->guide_bits};
}

/* The limits of all lanes from the probabilities q; good[l]: they are a distribution. */
KINLINE void shots_limits(const Draws *d, const RVec *q, bool good[VL]) {
  double total[VL] = {0}, sum[VL] = {0}, unit[VL];
  int32_t last[VL] = {0};
  for (uint32_t i = 0; i < d->numbers; i++) {
    const Real *p = (const Real *)(const void *)(q + i);
    for (int l = 0; l < VL; l++) total[l] += (double)p[l];
  }
  for (int l = 0; l < VL; l++) {
    good[l] = total[l] > 0.5 && total[l] < 2;
    unit[l] = 0x1p32 / total[l];
  }
  for (uint32_t i = 0; i < d->numbers; i++) {
    const Real *p = (const Real *)(const void *)(q + i);
    uint32_t *limit = d->limit + i * VL;
    for (int l = 0; l < VL; l++) sum[l] += (double)p[l];
    for (int l = 0; l < VL; l++) {
      const double x = sum[l] * unit[l] + 0.5;
      limit[l] = (uint32_t)(int64_t)(x < 0x1p32 ? x : 0x1p32 - 1); /* also where it is not a number */
    }
    for (int l = 0; l < VL; l++) last[l] = p[l] > 0 ? (int32_t)i : last[l];
  }
  for (int l = 0; l < VL; l++) { /* rounding never reaches zeros */
    for (uint32_t i = (uint32_t)last[l]; i < d->numbers; i++) d->limit[i * VL + (uint32_t)l] = UINT32_MAX;
  }
}

#define GUIDE_RUN 8 /* places written at once; so many stand behind the guide */

/* The guide of one lane: the number to begin with for each value of a word's leading bits. */
KINLINE void shots_guide(const Draws *d, int lane) {
  const uint32_t *limit = d->limit + lane;
  const size_t places = (size_t)1 << d->guide_bits;
  const int shift = 32 - d->guide_bits;
  const uint64_t round = ((uint64_t)1 << shift) - 1;
  size_t place = 0;
  for (uint32_t i = 0; place < places; i++) {
    const size_t end = (limit[i * VL] + round) >> shift;
    for (; place < end; place += GUIDE_RUN) {
      uint32_t *to = d->start + place;
      for (int j = 0; j < GUIDE_RUN; j++) to[j] = i;
    }
    place = end;
  }
}

/* Most places of the guide hold one limit or none, so that the loop is seldom entered. */
KINLINE uint32_t shots_number(const Draws *d, int lane, uint32_t word) {
  const uint32_t *limit = d->limit + lane;
  size_t i = d->start[word >> (32 - d->guide_bits)];
  word -= word == UINT32_MAX; /* the last limit is above all */
  i += word >= limit[i * VL];
  while (word >= limit[i * VL]) i++;
  return (uint32_t)i;
}

/* The bits of one sample's shots. */
KINLINE void shots_sample(const Sim *s, const Draws *d, int lane, uint64_t key, int64_t row,
                          uint32_t stream_row, bool good) {
  const SimShots *h = s->plan->shots;
  const int n = s->plan->program->probs_qubits.n;
  Real *out = (Real *)s->call->out + row * h->n * n;
  uint32_t word[SHOTS_WORDS];
  for (int64_t j = 0; j < h->n; j++) {
    const int w = (int)(j % SHOTS_WORDS);
    if (w == 0) shots_words(key, (uint32_t)(j / 4), stream_row, s->call->clock, word);
    const uint32_t o = good ? h->outcome_of[shots_number(d, lane, word[w])] : 0;
    for (int b = 0; b < n; b++) out[j * n + b] = good ? (Real)(o >> (n - 1 - b) & 1) : (Real)NAN;
  }
}

/* How often each number comes up in one lane's shots. */
KINLINE void shots_count(const Sim *s, const Draws *d, int lane, uint64_t key, uint32_t stream_row) {
  const int64_t n = s->plan->shots->n;
  uint32_t word[SHOTS_WORDS];
  memset(d->count, 0, d->numbers * sizeof *d->count);
  for (int64_t j = 0; j < n; j += SHOTS_WORDS) {
    shots_words(key, (uint32_t)(j / 4), stream_row, s->call->clock, word);
    const int m = n - j < SHOTS_WORDS ? (int)(n - j) : SHOTS_WORDS;
    for (int w = 0; w < m; w++) d->count[shots_number(d, lane, word[w])]++;
  }
}

/* Means of EXPVAL from the counts in q, `each` of which is one shot. */
KINLINE void shots_means(const Sim *s, RVec *q, Real each) {
  const SimPlan *p = s->plan;
  const SimShots *h = p->shots;
  if (h->whole) {
    for (int o = 0; o < h->means; o++) {
      s->y[o] = (RVec){0};
      for (uint32_t k = 0; k < 1u << h->bits; k++) s->y[o] += (each * (Real)h->value[o][k]) * q[k];
    }
    return;
  }
  SimWords counted = p->words;
  counted.dim = counted.m; /* q is folded */
  if (counted.n > 0) sum_words(&counted, q, s->word);
  for (int o = 0; o < h->means; o++) s->y[o] = splat((Real)p->constant[o]);
  for (int i = 0; i < p->n_readings; i++) {
    const SimReading *r = &p->reading[i];
    s->y[r->output] += (each * (Real)r->coefficient) * s->word[r->word];
  }
}

/* Outputs of EXPVAL from the counts in q. */
KINLINE void shots_expval(const Sim *s, RVec *q, bool covariances) {
  const SimPlan *p = s->plan;
  const CircuitProgram *c = p->program;
  const SimShots *h = p->shots;
  const Real each = (Real)(1.0 / (double)h->n), spread = (Real)(1.0 / ((double)h->n - 1));
  const uint32_t numbers = 1u << h->bits;
  RVec *covariance = s->y + h->means;
  for (int i = 0; covariances && i < c->pairs.n; i++) {
    const double *a = h->value[c->pairs.at[i].a], *b = h->value[c->pairs.at[i].b];
    covariance[i] = (RVec){0};
    if (a == NULL || b == NULL) continue;
    double shift_a = a[0], shift_b = b[0]; /* of one size with the values, so that little cancels */
    RVec ab = {0}, sa = {0}, sb = {0};
    for (uint32_t k = 0; k < numbers; k++) {
      const Real va = (Real)(a[k] - shift_a), vb = (Real)(b[k] - shift_b);
      ab += (va * vb) * q[k];
      sa += va * q[k];
      sb += vb * q[k];
    }
    covariance[i] = spread * (each * ab - (each * sa) * (each * sb));
  }
  shots_means(s, q, each);
  for (int i = 0; covariances && i < c->pairs.n; i++) {
    const int o = c->pairs.at[i].a;
    if (h->value[o] != NULL) continue;
    const RVec mean = s->y[o] - (Real)p->constant[o]; /* k or -k in each shot */
    for (int r = 0; r < p->n_readings; r++) {
      if (p->reading[r].output != o) continue;
      const Real k = (Real)p->reading[r].coefficient;
      covariance[i] = spread * (k - mean) * (k + mean);
    }
  }
}

/* Outputs of PROBS from the counts in q. */
KINLINE void shots_probs(const Sim *s, const RVec *q) {
  const SimShots *h = s->plan->shots;
  const Real each = (Real)(1.0 / (double)h->n), spread = (Real)(1.0 / ((double)h->n - 1));
  for (int o = 0; o < 2 * h->means; o++) s->y[o] = (RVec){0};
  for (uint32_t i = 0; i < 1u << h->bits; i++) {
    const RVec share = each * q[i];
    s->y[h->outcome_of[i]] = share;
    s->y[(uint32_t)h->means + h->outcome_of[i]] = spread * share * (1 - share);
  }
}

/* Draws from the probabilities in s->q: outputs to s->y, or of SAMPLE to the result itself. */
KINLINE void shots_draw(const Sim *s, uint64_t run, bool covariances) {
  const SimPlan *p = s->plan;
  const SimShots *h = p->shots;
  const Draws d = shots_room(s);
  const uint64_t key = s->call->op->key + run * SHOTS_RUN_KEY;
  RVec *share = (RVec *)(void *)(s->scratch + h->share);
  for (uint32_t i = 0; i < d.numbers; i++) share[i] = (RVec){0};
  bool fine[VL];
  shots_limits(&d, s->q, fine);
  for (int l = 0; l < s->lanes; l++) {
    const bool good = fine[l];
    if (good) shots_guide(&d, l);
    const int64_t row = p->any_rows ? s->row + l : 0;
    const uint32_t stream_row = (uint32_t)(p->any_rows ? s->call->row0 + row : 0);
    if (p->program->measure == MEASURE_SAMPLE) {
      shots_sample(s, &d, l, key, row, stream_row, good);
      continue;
    }
    if (good) shots_count(s, &d, l, key, stream_row);
    for (uint32_t i = 0; i < d.numbers; i++) share[i][l] = good ? (Real)d.count[i] : (Real)NAN;
  }
  if (p->program->measure == MEASURE_PROBS) shots_probs(s, share);
  if (p->program->measure == MEASURE_EXPVAL) shots_expval(s, share, covariances);
}

/* Measures the tile's psi. */
KINLINE void shots_measure(const Sim *s, uint64_t run, bool covariances) {
  const SimPlan *p = s->plan;
  const bool two = p->planes == 2;
  FOR_WORDS(&p->words, i, k) s->q[i] = overlap(s->psi, s->psi, k, two);
  fold_words(&p->words, s->q);
  shots_draw(s, run, covariances);
}
#endif
