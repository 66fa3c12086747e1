/* The plan of a circuit: gates to rotations, rotations to ops, then the scratch of a call. */
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/sim/density.h"
#include "runtime/sim/amplitude.h"
#include "runtime/sim/plain.h"
#include "runtime/sim/plan.h"
#include "runtime/sim/trajectory.h"
#include "runtime/sim/wide.h"

/* Where amplitudes in the lanes are faster (bench/micro/sim.c): for states that leave the cache, for one
 * row, and for a quarter of the lanes unless states are tiny. */
#define WIDE_DIM 15
#define WIDE_FEW_DIM 7

/* The measured words before the frame: terms of observables, or Z on each qubit of probs. */
static int measured_words(Arena *a, const CircuitProgram *c, const Frame *f, Pauli **words) {
  int n = c->measure != MEASURE_EXPVAL ? c->probs_qubits.n : 0;
  for (int o = 0; o < c->observables.n && c->measure == MEASURE_EXPVAL; o++)
    n += c->observables.at[o].terms.n;
  *words = ARENA_ARRAY(a, Pauli, n);
  int at = 0;
  if (c->measure != MEASURE_EXPVAL) {
    for (int i = 0; i < n; i++) (*words)[at++] = f->z[c->probs_qubits.at[i]];
    return n;
  }
  for (int o = 0; o < c->observables.n; o++) {
    for (int i = 0; i < c->observables.at[o].terms.n; i++) {
      const PauliTerm *t = &c->observables.at[o].terms.at[i];
      (*words)[at++] = frame_image(f, c->n_qubits, pauli_word((uint32_t)t->x, (uint32_t)t->z));
    }
  }
  return n;
}

/* Which output each amplitude of the final state counts for: a bit of it for each word. */
static void plan_probs(Arena *a, SimPlan *p, int n, const Pauli *word) {
  uint32_t *col = ARENA_ARRAY(a, uint32_t, p->dim + 1), *z = ARENA_ARRAY(a, uint32_t, n + 1);
  const uint32_t all = (uint32_t)((1ull << p->dim) - 1);
  int n_z = 0;
  for (int i = 0; i < n; i++) {
    p->outcome = p->outcome << 1 | (word[i].t >= 2);
    for (int b = 0; b < p->dim; b++) col[b] = col[b] << 1 | (word[i].z >> b & 1);
    if ((word[i].z & all) != 0) z[n_z++] = word[i].z & all;
  }
  p->probs = true;
  p->outcome_col = col;
  plan_words(a, p->dim, n_z, z, &p->words);
  uint32_t *fold = ARENA_ARRAY(a, uint32_t, p->words.m + 1);
  for (int i = 0; i < n; i++) {
    for (int b = 0; b < p->words.m; b++)
      fold[b] = fold[b] << 1 | (uint32_t)bit_parity(word[i].z & p->words.col[b]);
  }
  p->fold_col = fold;
}

typedef struct Measured {
  VEC(uint32_t) z; /* distinct words of Z */
  VEC(SimPairWord) pair;
  VEC(Pauli) pair_word;
  VEC(SimReading) reading;
} Measured;

static int z_word(Arena *a, Measured *m, uint32_t z) {
  for (int i = 0; i < m->z.n; i++) {
    if (m->z.at[i] == z) return i;
  }
  vec_push(a, &m->z, z);
  return m->z.n - 1;
}

static int pair_word(Arena *a, const SimPlan *p, Measured *m, Pauli w) {
  for (int i = 0; i < m->pair.n; i++) {
    if (m->pair_word.at[i].x == w.x && m->pair_word.at[i].z == w.z) return i;
  }
  SimPairWord pair = {.x = w.x, .z = w.z, .odd = w.t & 1};
  Parity eq = {1u << (31 - __builtin_clz(w.x)), 0}; /* each pair once */
  (void)plan_walk(a, p->dim, 1, &eq, w.z, &pair.walk);
  vec_push(a, &m->pair, pair);
  vec_push(a, &m->pair_word, w);
  return m->pair.n - 1;
}

static void plan_expval(Arena *a, SimPlan *p, const Pauli *word, const bool *in) {
  const CircuitProgram *c = p->program;
  Measured m = {0};
  double *constant = ARENA_ARRAY(a, double, c->n_outputs);
  int at = 0;
  for (int o = 0; o < c->observables.n; o++) {
    for (int i = 0; i < c->observables.at[o].terms.n; i++, at++) {
      Pauli w = word[at];
      double k = c->observables.at[o].terms.at[i].coefficient * (w.t >= 2 ? -1 : 1);
      uint32_t all = (uint32_t)((1ull << p->dim) - 1);
      if (!in[at]) continue; /* it leads to amplitudes that are zero */
      w.t &= 1;
      w.z &= all;
      if (w.x == 0 && w.z == 0) {
        constant[o] += k;
        continue;
      }
      /* pair words are numbered behind those of Z once their number is known */
      int number = w.x == 0 ? z_word(a, &m, w.z) : -1 - pair_word(a, p, &m, w);
      vec_push(a, &m.reading, ((SimReading){o, number, k}));
    }
  }
  for (int i = 0; i < m.reading.n; i++) {
    if (m.reading.at[i].word < 0) m.reading.at[i].word = m.z.n - 1 - m.reading.at[i].word;
  }
  p->constant = constant;
  plan_words(a, p->dim, m.z.n, m.z.at, &p->words);
  p->n_pairs = m.pair.n;
  p->pair = m.pair.at;
  p->n_readings = m.reading.n;
  p->reading = m.reading.at;
}

size_t plan_place(size_t *at, size_t n, size_t size) {
  size_t here = *at;
  *at = mem_add(here, mem_mul(n, size));
  *at = mem_add(*at, 63) & ~(size_t)63;
  return here;
}

/* `vec` and `real`: bytes of a vector and of a number; tables have been placed from 0 to `tables`. */
static void plan_layout(Arena *a, SimPlan *p, size_t vec, size_t real, size_t tables) {
  SimLayout *l = &p->at;
  size_t at = tables, slots = (size_t)p->n_slots, outputs = (size_t)p->program->n_outputs;
  if (p->program->measure == MEASURE_SAMPLE || p->amplitudes != NULL) outputs = 0; /* written at once */
  size_t state = mem_mul((size_t)1 << p->dim, 2), words = (size_t)(p->words.n + p->n_pairs);
  for (int i = 0; i < p->n_ops; i++) {
    const SimTable *t = p->op[i].table;
    if (t != NULL && (size_t)t->words.n > words) words = (size_t)t->words.n;
  }
  l->scalar = plan_place(&at, mem_mul(slots, 2), real);
  l->cs = plan_place(&at, mem_mul(slots, 2), vec);
  l->y = plan_place(&at, outputs, vec);
  l->word = plan_place(&at, words, vec);
  l->q = plan_place(&at, (size_t)1 << p->dim, vec);
  l->psi = plan_place(&at, state, vec);
  if (p->program->shots > 0) p->shots = plan_shots(a, p, vec, &at);
  l->turn = plan_place(&at, (size_t)p->single.n, 2 * sizeof(double));
  l->factor = plan_place(&at, (size_t)p->n_tables + 1, real);
  l->total[0] = at;
  l->sum = plan_place(&at, slots, vec);
  l->w = plan_place(&at, outputs, vec);
  l->lam = plan_place(&at, state, vec);
  l->kept = plan_place(&at, mem_mul(state, (size_t)p->n_kept), vec);
  l->total[1] = at;
  l->u = plan_place(&at, slots, vec);
  l->dpsi = plan_place(&at, state, vec);
  l->dlam = plan_place(&at, state, vec);
  l->dkept = plan_place(&at, mem_mul(state, (size_t)p->n_kept), vec);
  l->total[2] = at;
}

/* Tables hold their Reals before everything else, rounded up to whole vectors. */
static size_t place_tables(SimPlan *p, size_t real) {
  size_t at = 0;
  for (int i = 0; i < p->n_ops; i++) {
    SimTable *t = p->op[i].table;
    if (t == NULL) continue;
    size_t n = ((size_t)1 << t->words.m) + 16;
    t->phase_at = plan_place(&at, 2 * n, real);
    t->tangent_at = plan_place(&at, n, real);
  }
  return at;
}

const SimPlan *sim_plan_blocks(Arena *a, const CircuitProgram *c, const KernelSet *set, size_t block_bytes,
                               const char **why, Span *where) {
  SimRotations r = {0};
  Frame frame;
  SimPlan *p = ARENA_NEW(a, SimPlan);
  size_t vec = strstr(set->name, "avx512") != NULL ? 64 : strstr(set->name, "avx2") != NULL ? 32 : 16;
  p->program = c;
  for (int i = 0; i < c->n_inputs; i++) p->any_rows |= c->input_has_rows[i];
  SimPhase sum = {0}, *phase = c->measure == MEASURE_AMPLITUDES ? &sum : NULL;
  *why = plan_steps(a, c, &r, &frame, phase, where);
  if (*why != NULL) return NULL;
  Pauli *seen;
  int *level, n_seen = measured_words(a, c, &frame, &seen);
  plan_reduce(a, &r, n_seen, seen, phase, &level);
  if (phase != NULL) plan_phase(a, &r, &level, phase);
  p->plain = plan_plain(a, c, why, where);
  if (p->plain == NULL) return NULL;
  bool *seen_in = ARENA_ARRAY(a, bool, n_seen);
  plan_emit(a, p, &r, level, n_seen, seen, seen_in);
  if (phase != NULL) {
    plan_amplitudes(a, p, &frame, phase);
  } else if (c->measure != MEASURE_EXPVAL) {
    plan_probs(a, p, n_seen, seen);
  } else {
    plan_expval(a, p, seen, seen_in);
  }
  p->vec = vec;
  p->lanes = (int)(vec / set->real);
  /* a group of 16 amplitudes needs 32 registers */
  p->single = plan_passes(a, p, vec == 64 ? 4 : 3);
  p->n_kept = plan_keep(p, &p->single, mem_mul((size_t)2 << p->dim, vec));
  p->wide = plan_wide(a, p, vec, set->real, block_bytes);
  plan_layout(a, p, vec, set->real, place_tables(p, set->real));
  return p;
}

const SimPlan *sim_plan(Arena *a, const CircuitProgram *c, const KernelSet *set, const char **why,
                        Span *where) {
  if (c->mixed && c->trajectories > 0) return path_plan(a, c, set, why, where);
  if (c->mixed) return density_plan(a, c, set, DENSITY_KEEP_BYTES, true, why, where);
  return sim_plan_blocks(a, c, set, WIDE_BLOCK_BYTES, why, where);
}

bool sim_is_wide(const KOp *op) {
  const SimPlan *p = op->plan;
  const CircuitProgram *c = p->program;
  int64_t rows = 1;
  if (p->wide == NULL || p->shots != NULL || (op->op == OP_CIRCUIT_VJP && op->attr.i[0] != METHOD_ADJOINT))
    return false;
  for (int k = 0; k < c->n_inputs && k < op->n_in; k++) {
    if (c->input_has_rows[k] && op->in[k].rank > 0) rows = op->in[k].d[0].n;
  }
  int64_t few = p->dim >= WIDE_FEW_DIM ? (int64_t)1 << p->wide->lane_bits >> 2 : 1;
  return p->dim >= WIDE_DIM || rows <= few || rows == 1;
}

/* Of several tiles: what stays near a core until the gradient. With 1 MB of second cache, 1.2 MB still save a
 * seventh of the step, 2.4 MB nothing. */
#define SHARE_BYTES ((size_t)3 << 19)

bool sim_share(KOp *circuit, KOp *gradient, int64_t rows) {
  const SimPlan *p = circuit->plan;
  if (p->density != NULL || p->paths != NULL || p->shots != NULL) return false;
  bool wide = sim_is_wide(circuit);
  if (gradient->plan != p || gradient->attr.i[0] != METHOD_ADJOINT || wide != sim_is_wide(gradient))
    return false;
  size_t bytes = (wide ? &p->wide->at : &p->at)->total[1];
  int64_t tiles = !p->any_rows ? 1 : wide ? rows : (rows + p->lanes - 1) / p->lanes;
  if (tiles > 1 && (wide || mem_mul(bytes, (size_t)tiles) > SHARE_BYTES)) return false;
  circuit->shared = gradient->shared = true;
  circuit->scratch = gradient->scratch = mem_mul(bytes, (size_t)tiles);
  return true;
}

size_t sim_scratch(const KOp *op) {
  const SimPlan *p = op->plan;
  if (p->density != NULL) return density_scratch(op);
  if (p->paths != NULL) return path_scratch(op);
  if (op->op == OP_CIRCUIT_METRIC) return plain_metric_scratch(p->plain, p->vec);
  if (op->op == OP_CIRCUIT_VJP && op->attr.i[0] == METHOD_BACKPROP)
    return plain_backprop_scratch(p->plain, p->vec);
  const SimLayout *at = sim_is_wide(op) ? &p->wide->at : &p->at;
  return at->total[op->op == OP_CIRCUIT ? 0 : op->op == OP_CIRCUIT_VJP ? 1 : 2];
}

static bool is_wanted(const SimSlot *s, const bool *wanted) {
  for (int k = 0; k < s->n_shared + s->n_row; k++)
    if (wanted[s->term[k].source]) return true;
  return false;
}

int64_t sim_gradient_runs(const SimPlan *p, CircuitMethod method, const bool *wanted) {
  if (method == METHOD_SPSA) return 2;
  if (method != METHOD_SHIFT && method != METHOD_FINITE) return 1;
  int64_t runs = 0;
  for (int i = 0; i < p->n_slots; i++)
    if (is_wanted(&p->slot[i], wanted)) runs += method == METHOD_FINITE || p->slot[i].controlled ? 4 : 2;
  return runs;
}

int64_t sim_runs(const KOp *op, const bool *wanted) {
  return op->op == OP_CIRCUIT_VJP ? sim_gradient_runs(op->plan, (CircuitMethod)op->attr.i[0], wanted) : 1;
}
