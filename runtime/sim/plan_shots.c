/* The plan of finite shots. */
#include "lang/base/mem.h"
#include "runtime/sim/plan.h"

#define GUIDE_LEAST 4
#define GUIDE_MORE 3 /* 2^: places for each number */
#define GUIDE_MOST 16

/* The basis state of the register for each measured number. */
static const uint32_t *outcomes(Arena *a, const SimPlan *p) {
  uint32_t *out = ARENA_ARRAY(a, uint32_t, (size_t)1 << p->words.m);
  out[0] = p->outcome;
  for (uint32_t i = 1; i < 1u << p->words.m; i++) out[i] = out[i & (i - 1)] ^ p->fold_col[__builtin_ctz(i)];
  return out;
}

/* The values of an observable of several words; one word alone needs none for its own variance. */
static const double *values(Arena *a, const SimPlan *p, int output, bool alone) {
  int n = 0;
  for (int r = 0; r < p->n_readings; r++) n += p->reading[r].output == output;
  if (n <= 1 && alone) return NULL;
  double *v = ARENA_ARRAY(a, double, (size_t)1 << p->words.m);
  for (int r = 0; r < p->n_readings; r++) {
    const SimReading *read = &p->reading[r];
    if (read->output != output) continue;
    for (uint32_t i = 0; i < 1u << p->words.m; i++)
      v[i] += bit_parity(i & p->words.mask[read->word]) ? -read->coefficient : read->coefficient;
  }
  return v;
}

static SimShots *shots_new(Arena *a, const CircuitProgram *c, int bits, size_t vec, size_t *at) {
  const size_t numbers = (size_t)1 << bits;
  SimShots *s = ARENA_NEW(a, SimShots);
  s->n = c->shots;
  s->bits = bits;
  s->means = c->measure == MEASURE_EXPVAL ? c->observables.n : 1 << c->probs_qubits.n;
  s->guide_bits = bits + GUIDE_MORE < GUIDE_LEAST ? GUIDE_LEAST : bits + GUIDE_MORE;
  if (s->guide_bits > GUIDE_MOST) s->guide_bits = GUIDE_MOST;
  s->limit = plan_place(at, numbers, vec);
  s->start = plan_place(at, ((size_t)1 << s->guide_bits) + 16, sizeof(uint32_t));
  s->count = plan_place(at, numbers, sizeof(uint32_t));
  s->share = plan_place(at, numbers, vec);
  return s;
}

int plan_shots_qubits(const CircuitProgram *c, uint8_t qubit[CIRCUIT_MAX_QUBITS]) {
  uint64_t z = 0;
  int n = 0;
  if (c->measure != MEASURE_EXPVAL) {
    for (int i = 0; i < c->probs_qubits.n; i++) qubit[i] = c->probs_qubits.at[i];
    return c->probs_qubits.n;
  }
  for (int o = 0; o < c->observables.n; o++)
    for (int i = 0; i < c->observables.at[o].terms.n; i++) z |= c->observables.at[o].terms.at[i].z;
  for (int q = 0; q < c->n_qubits; q++)
    if (z >> q & 1) qubit[n++] = (uint8_t)q;
  return n;
}

uint32_t plan_shots_mask(const PauliTerm *t, int n, const uint8_t *qubit) {
  uint32_t mask = 0;
  for (int i = 0; i < n; i++) mask |= (uint32_t)(t->z >> qubit[i] & 1) << (n - 1 - i);
  return mask;
}

const SimShots *plan_shots_register(Arena *a, const CircuitProgram *c, size_t vec, size_t *at) {
  uint8_t qubit[CIRCUIT_MAX_QUBITS];
  const int bits = plan_shots_qubits(c, qubit);
  const uint32_t numbers = 1u << bits;
  SimShots *s = shots_new(a, c, bits, vec, at);
  if (c->measure != MEASURE_EXPVAL) {
    uint32_t *same = ARENA_ARRAY(a, uint32_t, numbers);
    for (uint32_t i = 0; i < numbers; i++) same[i] = i;
    s->outcome_of = same;
    return s;
  }
  const double **value = ARENA_ARRAY(a, const double *, s->means + 1);
  for (int o = 0; o < s->means; o++) {
    const Observable *w = &c->observables.at[o];
    double *v = ARENA_ARRAY(a, double, numbers);
    for (int k = 0; k < w->terms.n; k++) {
      const uint32_t mask = plan_shots_mask(&w->terms.at[k], bits, qubit);
      const double f = w->terms.at[k].coefficient;
      for (uint32_t i = 0; i < numbers; i++) v[i] += bit_parity(i & mask) ? -f : f;
    }
    value[o] = v;
  }
  s->value = value;
  s->whole = true;
  return s;
}

const SimShots *plan_shots(Arena *a, SimPlan *p, size_t vec, size_t *at) {
  const CircuitProgram *c = p->program;
  SimShots *s = shots_new(a, c, p->words.m, vec, at);
  if (c->measure == MEASURE_EXPVAL) {
    const double **value = ARENA_ARRAY(a, const double *, s->means + 1);
    bool *alone = ARENA_ARRAY(a, bool, s->means + 1);
    for (int o = 0; o < s->means; o++) alone[o] = true;
    for (int i = 0; i < c->pairs.n; i++)
      if (c->pairs.at[i].a != c->pairs.at[i].b) alone[c->pairs.at[i].a] = alone[c->pairs.at[i].b] = false;
    for (int o = 0; o < s->means; o++) value[o] = values(a, p, o, alone[o]);
    s->value = value;
  } else {
    s->outcome_of = outcomes(a, p);
  }
  return s;
}
