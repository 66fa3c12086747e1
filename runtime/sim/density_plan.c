/* The plan of a circuit with channels: gates to rotations, permutations and factors of words, these to
 * turns and tables, channels to tables and matrices. */
#define _GNU_SOURCE /* M_PI_2 */
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/sim/density.h"
#include "runtime/sim/density_table.h"

/* ---- words ---- */

/* Two bits for each qubit from masks, and back. */
static uint32_t index_of(uint32_t x, uint32_t z, int n) {
  uint32_t k = 0;
  for (int q = 0; q < n; q++) k |= ((x >> q & 1) | (z >> q & 1) << 1) << (2 * q);
  return k;
}

/* The Hermitian word with letters `code` (two bits each) on `qubit`. */
static Pauli word_on(uint32_t code, int w, const int *qubit) {
  uint32_t x = 0, z = 0;
  for (int i = 0; i < w; i++) {
    x |= (code >> (2 * i) & 1) << qubit[i];
    z |= (code >> (2 * i + 1) & 1) << qubit[i];
  }
  return pauli_word(x, z);
}

static uint32_t code_on(Pauli p, int w, const int *qubit) {
  uint32_t code = 0;
  for (int i = 0; i < w; i++) code |= ((p.x >> qubit[i] & 1) | (p.z >> qubit[i] & 1) << 1) << (2 * i);
  return code;
}

/* The sign of a Hermitian word: i^t X^x Z^z against the one with sign +. */
static double word_sign(Pauli p) { return ((p.t - __builtin_popcount(p.x & p.z)) & 3) == 0 ? 1 : -1; }

static int qubits_of(uint32_t mask, int *qubit) {
  int w = 0;
  for (int q = 0; q < 32; q++)
    if (mask >> q & 1) qubit[w++] = q;
  return w;
}

/* ---- building ---- */

typedef struct Build {
  Arena *arena;
  const CircuitProgram *program;
  VEC(DensityOp) ops;
  SimSlots slots;
  Table table; /* open: what has not been emitted yet */
  DensityPlan *d;
} Build;

static DensityWalk walk_of(Arena *a, int n, uint32_t mask) {
  int rest[32], m = qubits_of((uint32_t)((1ull << n) - 1) & ~mask, rest);
  int low = m / 2;
  DensityWalk w = {1u << (2 * (m - low)), 1u << (2 * low), NULL, NULL};
  uint32_t *hi = ARENA_ARRAY(a, uint32_t, w.n_hi), *lo = ARENA_ARRAY(a, uint32_t, w.n_lo);
  for (uint32_t i = 0; i < w.n_lo; i++)
    for (int k = 0; k < low; k++) lo[i] |= (i >> (2 * k) & 3) << (2 * rest[k]);
  for (uint32_t i = 0; i < w.n_hi; i++)
    for (int k = 0; k < m - low; k++) hi[i] |= (i >> (2 * k) & 3) << (2 * rest[low + k]);
  w.hi = hi;
  w.lo = lo;
  return w;
}

static uint32_t offset_of(uint32_t code, int w, const int *qubit) {
  uint32_t k = 0;
  for (int i = 0; i < w; i++) k |= (code >> (2 * i) & 3) << (2 * qubit[i]);
  return k;
}

/* Emits the open table, if it does anything. */
static void close_table(Build *b) {
  Table *t = &b->table;
  if (t->n_qubits > 0 && !table_is_identity(t)) {
    DensityOp op = {.kind = DENSITY_TABLE, .n = t->n, .n_scales = t->n_scales, .slot = -1};
    uint32_t *to = ARENA_ARRAY(b->arena, uint32_t, t->n), *from = ARENA_ARRAY(b->arena, uint32_t, t->n);
    uint32_t mask = 0;
    for (int i = 0; i < t->n_qubits; i++) mask |= 1u << t->qubit[i];
    for (uint32_t k = 0; k < t->n; k++) {
      to[k] = offset_of(k, t->n_qubits, t->qubit);
      from[k] = offset_of(t->from[k], t->n_qubits, t->qubit);
    }
    op.a = to;
    op.b = from;
    op.factor = t->factor;
    op.scale = t->scale;
    op.grad = t->n_scales > 0;
    op.walk = walk_of(b->arena, b->program->n_qubits, mask);
    vec_push(b->arena, &b->ops, op);
  }
  *t = (Table){0};
}

/* Makes room for these qubits in the open table, in a new one if it grows too large. */
static void open_table(Build *b, uint32_t mask) {
  if (!table_grow(b->arena, &b->table, mask)) {
    close_table(b);
    (void)table_grow(b->arena, &b->table, mask);
  }
}

/* ---- gates ---- */

/* Pairs (a, b) with r_a' = c r_a - s r_b of exp(-i angle W / 2): iWP = -b for P = a. */
static uint32_t turn_pairs(Arena *arena, Pauli w, int n_local, const int *qubit, uint32_t **a, uint32_t **b) {
  const uint32_t words = 1u << (2 * n_local);
  uint32_t n = 0;
  *a = ARENA_ARRAY(arena, uint32_t, words / 4);
  *b = ARENA_ARRAY(arena, uint32_t, words / 4);
  for (uint32_t k = 0; k < words; k++) {
    const Pauli p = word_on(k, n_local, qubit);
    if (pauli_commute(w, p)) continue;
    Pauli other = pauli_mul(w, p);
    other.t = (other.t + 1) & 3;
    if (word_sign(other) > 0) continue;
    (*a)[n] = k;
    (*b)[n++] = code_on(other, n_local, qubit);
  }
  return n;
}

/* A rotation by m quarter turns is a permutation with signs. */
static void quarter_table(Build *b, Pauli w, int m) {
  int qubit[32], n = qubits_of(w.x | w.z, qubit);
  uint32_t *pa, *pb, words = 1u << (2 * n);
  const uint32_t pairs = turn_pairs(b->arena, w, n, qubit, &pa, &pb);
  uint32_t *from = ARENA_ARRAY(b->arena, uint32_t, words);
  double *factor = ARENA_ARRAY(b->arena, double, words);
  for (uint32_t k = 0; k < words; k++) from[k] = k, factor[k] = 1;
  for (uint32_t i = 0; i < pairs; i++) {
    const uint32_t u = pa[i], v = pb[i];
    if (m % 2 == 1) from[u] = v, from[v] = u;
    factor[u] = m == 0 || m == 3 ? 1 : -1;
    factor[v] = m == 0 || m == 1 ? 1 : -1;
  }
  open_table(b, w.x | w.z);
  table_apply(b->arena, &b->table, n, qubit, from, factor, NULL, NULL);
}

static void add_turn(Build *b, Pauli w, SimAngle angle) {
  if (w.x == 0 && w.z == 0) return; /* a global phase */
  double quarters = rint(angle.shift / M_PI_2);
  if (angle.n == 0 && fabs(angle.shift - quarters * M_PI_2) <= 4e-16 * fmax(1, fabs(angle.shift)) &&
      __builtin_popcount(w.x | w.z) <= TABLE_MAX_QUBITS) {
    const int m = (int)fmod(fmod(quarters, 4) + 4, 4);
    if (m != 0) quarter_table(b, w, m);
    return;
  }
  int qubit[32], n = qubits_of(w.x | w.z, qubit);
  uint32_t *pa, *pb;
  const uint32_t pairs = turn_pairs(b->arena, w, n, qubit, &pa, &pb);
  if (!table_passes(&b->table, w.x | w.z, code_on(w, b->table.n_qubits, b->table.qubit))) close_table(b);
  for (uint32_t i = 0; i < pairs; i++) {
    pa[i] = offset_of(pa[i], n, qubit);
    pb[i] = offset_of(pb[i], n, qubit);
  }
  DensityOp op = {.kind = DENSITY_TURN, .n = pairs, .a = pa, .b = pb, .grad = angle.n > 0};
  op.slot = plan_slot(b->arena, b->program, &b->slots, angle, 1);
  op.walk = walk_of(b->arena, b->program->n_qubits, w.x | w.z);
  vec_push(b->arena, &b->ops, op);
}

/* A rotation under controls C = product of (1 +- Z..) / 2: one rotation for each subset of them. */
static void add_rotation(Build *b, const SimRotation *r) {
  const double part = ldexp(1, -r->n_controls);
  for (uint32_t set = 0; set < 1u << r->n_controls; set++) {
    Pauli w = r->p;
    double sign = 1;
    for (int i = 0; i < r->n_controls; i++) {
      if (!(set >> i & 1)) continue;
      w = pauli_mul(pauli_word(0, r->control[i].mask), w);
      if (r->control[i].value) sign = -sign;
    }
    sign *= word_sign(w);
    SimTerm *t = ARENA_ARRAY(b->arena, SimTerm, r->angle.n);
    for (int i = 0; i < r->angle.n; i++) {
      t[i] = r->angle.term[i];
      t[i].scale *= sign * part;
    }
    add_turn(b, pauli_word(w.x, w.z), (SimAngle){r->angle.shift * sign * part, r->angle.n, t});
  }
}

/* What a gate does to words beyond its rotations: F^+ P F is sign times another word. */
static void add_frame(Build *b, const Frame *f, const GateUse *u) {
  uint32_t mask = 0;
  for (int i = 0; i < u->n_controls + u->n_targets; i++) mask |= 1u << u->qubit[i];
  int qubit[32], n = 0, all = qubits_of(mask, qubit), used[32];
  for (int i = 0; i < all; i++) { /* those that it changes */
    const int q = qubit[i];
    const Pauli x = f->x[q], z = f->z[q];
    if (x.x != 1u << q || x.z != 0 || x.t != 0 || z.z != 1u << q || z.x != 0 || z.t != 0) used[n++] = q;
  }
  if (n == 0) return;
  mask = 0;
  for (int i = 0; i < n; i++) mask |= 1u << used[i];
  for (int i = 0; i < n; i++) mask |= f->x[used[i]].x | f->x[used[i]].z | f->z[used[i]].x | f->z[used[i]].z;
  n = qubits_of(mask, used);
  const uint32_t words = 1u << (2 * n);
  uint32_t *from = ARENA_ARRAY(b->arena, uint32_t, words);
  double *factor = ARENA_ARRAY(b->arena, double, words);
  for (uint32_t k = 0; k < words; k++) {
    const Pauli image = frame_image(f, b->program->n_qubits, word_on(k, n, used));
    from[k] = code_on(image, n, used);
    factor[k] = word_sign(image);
  }
  open_table(b, mask);
  table_apply(b->arena, &b->table, n, used, from, factor, NULL, NULL);
}

static const char *add_gate(Build *b, const GateUse *u, Span *where) {
  CircuitProgram one = *b->program;
  SimRotations r = {0};
  Frame f;
  GateUse use = *u;
  one.gates.n = 1;
  one.gates.cap = 1;
  one.gates.at = &use;
  const char *why = plan_steps(b->arena, &one, &r, &f, NULL, where);
  if (why != NULL) return why;
  for (int i = 0; i < r.n; i++) add_rotation(b, &r.at[i]);
  add_frame(b, &f, u);
  return NULL;
}

/* ---- channels ---- */

DensityChannel *density_channel(Arena *a, const CircuitProgram *p, SimSlots *slots, const GateUse *u) {
  DensityChannel *c = ARENA_NEW(a, DensityChannel);
  c->id = u->channel;
  c->n_params = channel_n_params(u->channel);
  for (int k = 0; k < c->n_params; k++) {
    const AngleRef *r = &u->angle[k];
    c->slot[k] = -1;
    c->constant[k] = r->shift;
    if (r->source < 0 || r->scale == 0) continue;
    const SimTerm term = {r->source, r->element, r->scale};
    c->slot[k] = plan_slot(a, p, slots, (SimAngle){r->shift, 1, &term}, 1);
    c->open = true;
    c->rows = c->rows || p->input_has_rows[r->source];
  }
  return c;
}

static DensityChannel *channel_of(Build *b, const GateUse *u) {
  DensityChannel *c = density_channel(b->arena, b->program, &b->slots, u);
  TransferEntry *e;
  c->n = channel_transfer(b->arena, u->channel, u->n_targets, u->n_kraus, u->values, &e);
  c->entry = e;
  b->d->open = b->d->open || c->open;
  return c;
}

static bool is_diagonal(const DensityChannel *c) {
  for (int i = 0; i < c->n; i++)
    if (c->entry[i].row != c->entry[i].col &&
        (c->open || formula_value(&c->entry[i].formula, c->n_params, c->constant, NULL) != 0))
      return false;
  return true;
}

/* One factor for each word. */
static void add_scale(Build *b, const DensityChannel *c, int n, const int *qubit, uint32_t mask) {
  const uint32_t words = 1u << (2 * n);
  uint32_t *from = ARENA_ARRAY(b->arena, uint32_t, words);
  double *factor = ARENA_ARRAY(b->arena, double, words);
  uint8_t *at = ARENA_ARRAY(b->arena, uint8_t, words);
  for (uint32_t k = 0; k < words; k++) from[k] = k, factor[k] = k == 0 ? 1 : 0;
  for (int i = 0; i < c->n; i++) {
    if (c->entry[i].row != c->entry[i].col) continue;
    at[c->entry[i].row] = (uint8_t)(i + 1);
    factor[c->entry[i].row] =
        c->open ? 1 : formula_value(&c->entry[i].formula, c->n_params, c->constant, NULL);
  }
  open_table(b, mask);
  table_apply(b->arena, &b->table, n, qubit, from, factor, c->open ? c : NULL, at);
}

/* Lists of (column, entry) by row, or of (row, entry) by column. */
static void matrix_lists(Arena *a, const DensityChannel *c, uint32_t words, bool by_row, const uint16_t **at,
                         const uint16_t **other, const uint16_t **entry) {
  uint16_t *first = ARENA_ARRAY(a, uint16_t, words + 1), *o = ARENA_ARRAY(a, uint16_t, c->n + 1),
           *e = ARENA_ARRAY(a, uint16_t, c->n + 1), n = 0;
  for (uint32_t k = 0; k < words; k++) {
    first[k] = n;
    if (k == 0) o[n] = 0, e[n++] = 0;
    for (int i = 0; i < c->n; i++) {
      if ((by_row ? c->entry[i].row : c->entry[i].col) != k) continue;
      o[n] = by_row ? c->entry[i].col : c->entry[i].row;
      e[n++] = (uint16_t)(i + 1);
    }
  }
  first[words] = n;
  *at = first;
  *other = o;
  *entry = e;
}

static void add_matrix(Build *b, const DensityChannel *c, int n, const int *qubit, uint32_t mask) {
  close_table(b);
  DensityOp op = {
      .kind = DENSITY_MATRIX, .channel = c, .n_local = 1u << (2 * n), .grad = c->open, .slot = -1};
  uint32_t *offset = ARENA_ARRAY(b->arena, uint32_t, op.n_local);
  for (uint32_t k = 0; k < op.n_local; k++) offset[k] = offset_of(k, n, qubit);
  op.offset = offset;
  op.walk = walk_of(b->arena, b->program->n_qubits, mask);
  matrix_lists(b->arena, c, op.n_local, true, &op.row_at, &op.row_col, &op.row_entry);
  matrix_lists(b->arena, c, op.n_local, false, &op.col_at, &op.col_row, &op.col_entry);
  vec_push(b->arena, &b->ops, op);
}

static void add_channel(Build *b, const GateUse *u) {
  const DensityChannel *c = channel_of(b, u);
  int qubit[CHANNEL_MAX_QUBITS];
  uint32_t mask = 0;
  for (int i = 0; i < u->n_targets; i++) {
    qubit[i] = u->qubit[i];
    mask |= 1u << u->qubit[i];
  }
  if (is_diagonal(c) && !c->rows) {
    add_scale(b, c, u->n_targets, qubit, mask);
  } else {
    add_matrix(b, c, u->n_targets, qubit, mask);
  }
}

/* ---- start, measurement, scratch ---- */

/* |0...0>: 1 for each word of I and Z. */
static void plan_start(Arena *a, DensityPlan *d) {
  uint32_t *k = ARENA_ARRAY(a, uint32_t, 1u << d->n_qubits);
  double *v = ARENA_ARRAY(a, double, 1u << d->n_qubits);
  d->n_start = 1u << d->n_qubits;
  for (uint32_t i = 0; i < d->n_start; i++) {
    k[i] = index_of(0, i, d->n_qubits);
    v[i] = 1;
  }
  d->start = k;
  d->start_value = v;
}

static void plan_measured(Arena *a, DensityPlan *d, const CircuitProgram *c) {
  if (c->measure != MEASURE_EXPVAL || c->shots > 0) {
    uint8_t qubit[CIRCUIT_MAX_QUBITS];
    const int m = plan_shots_qubits(c, qubit);
    uint32_t *k = ARENA_ARRAY(a, uint32_t, 1u << m);
    for (uint32_t i = 0; i < 1u << m; i++)
      for (int j = 0; j < m; j++)
        if (i >> (m - 1 - j) & 1) k[i] |= 2u << (2 * qubit[j]);
    d->n_probs = 1 << m;
    d->probs = k;
    return;
  }
  VEC(DensityReading) readings = {0};
  double *constant = ARENA_ARRAY(a, double, c->n_outputs);
  for (int o = 0; o < c->observables.n; o++)
    for (int i = 0; i < c->observables.at[o].terms.n; i++) {
      const PauliTerm *t = &c->observables.at[o].terms.at[i];
      const uint32_t k = index_of((uint32_t)t->x, (uint32_t)t->z, c->n_qubits);
      if (k == 0) constant[o] += t->coefficient;
      else vec_push(a, &readings, ((DensityReading){o, k, t->coefficient}));
    }
  d->constant = constant;
  d->n_readings = readings.n;
  d->reading = readings.at;
}

/* Blocks of steps with about as many states as there are blocks, if all states are too many. */
static void plan_blocks(Arena *a, DensityPlan *d, size_t state, size_t keep) {
  int states = 1;
  for (int i = 0; i < d->n_ops; i++) states += d->op[i].kind != DENSITY_TURN;
  int each = mem_mul((size_t)states, state) <= keep ? states : (int)ceil(sqrt(states));
  VEC(DensityBlock) blocks = {0};
  DensityBlock now = {0, 0, 0};
  for (int i = 0; i < d->n_ops; i++) {
    if (d->op[i].kind != DENSITY_TURN && now.n_states + 1 >= each && each > 1 && now.n > 0) {
      vec_push(a, &blocks, now);
      now = (DensityBlock){i, 0, 0};
    }
    now.n++;
    now.n_states += d->op[i].kind != DENSITY_TURN;
  }
  vec_push(a, &blocks, now);
  d->n_blocks = blocks.n;
  d->block = blocks.at;
  for (int i = 0; i < blocks.n; i++)
    if (blocks.at[i].n_states + 1 > d->max_states) d->max_states = blocks.at[i].n_states + 1;
}

static void plan_layout(Arena *a, SimPlan *p, DensityPlan *d, size_t vec, size_t real) {
  SimLayout *l = &p->at;
  size_t at = 0, slots = (size_t)p->n_slots, outputs = (size_t)p->program->n_outputs;
  const size_t state = mem_mul(d->dim, vec);
  const size_t checks = d->n_blocks > 1 ? (size_t)d->n_blocks : 0;
  l->scalar = plan_place(&at, mem_mul(slots, 2), real);
  l->cs = plan_place(&at, mem_mul(slots, 2), vec);
  if (p->program->measure == MEASURE_SAMPLE) outputs = 0; /* written at once */
  l->y = plan_place(&at, outputs, vec);
  l->q = plan_place(&at, (size_t)d->n_probs, vec);
  if (p->program->shots > 0) p->shots = plan_shots_register(a, p->program, vec, &at);
  d->factor_at = plan_place(&at, d->n_factors, real);
  d->entry_at = plan_place(&at, d->n_entries, vec);
  d->slope_at = plan_place(&at, mem_mul(d->open ? d->n_entries : 0, CHANNEL_MAX_PARAMS), vec);
  l->sum = plan_place(&at, slots, vec);
  l->w = plan_place(&at, outputs, vec);
  l->u = plan_place(&at, slots, vec);
  d->sum_at = plan_place(&at, d->n_sums, vec);
  d->scale_at = plan_place(&at, mem_mul((size_t)d->max_scales, 2 * DENSITY_SCALE + 1), sizeof(double));
  d->state_at = at;
  d->total[0] = mem_add(at, mem_mul(2, state));
  (void)plan_place(&at, (size_t)d->max_states, state);
  d->check_at = plan_place(&at, checks, state);
  d->lam_at = plan_place(&at, 2, state);
  d->total[1] = at;
  d->dstate_at = plan_place(&at, (size_t)d->max_states, state);
  d->dcheck_at = plan_place(&at, checks, state);
  d->dlam_at = plan_place(&at, 2, state);
  d->total[2] = at;
}

/* Where factors, sums and entries of the ops stand among all. */
static void plan_places(DensityPlan *d, DensityOp *op) {
  for (int i = 0; i < d->n_ops; i++) {
    if (op[i].kind == DENSITY_TABLE) {
      op[i].table = d->n_factors;
      d->n_factors += op[i].n;
      op[i].sums = d->n_sums;
      if (op[i].n_scales > 0) d->n_sums += op[i].n;
      if (op[i].n_scales > d->max_scales) d->max_scales = op[i].n_scales;
    } else if (op[i].kind == DENSITY_MATRIX) {
      op[i].matrix = d->n_entries;
      d->n_entries += (size_t)op[i].channel->n + 1;
    }
  }
}

const SimPlan *density_plan(Arena *a, const CircuitProgram *c, const KernelSet *set, size_t keep_bytes,
                            bool prune, const char **why, Span *where) {
  Build b = {.arena = a, .program = c, .d = ARENA_NEW(a, DensityPlan)};
  DensityPlan *d = b.d;
  *where = c->span;
  *why = NULL;
  if (c->n_qubits > DENSITY_MAX_QUBITS) {
    *why = arena_printf(a, "a density matrix of %d qubits: at most %d are possible", c->n_qubits,
                        DENSITY_MAX_QUBITS);
    return NULL;
  }
  for (int g = 0; g < c->gates.n; g++) {
    const GateUse *u = &c->gates.at[g];
    *where = u->span;
    if (u->channel != CHANNEL_NONE) add_channel(&b, u);
    else *why = add_gate(&b, u, where);
    if (*why != NULL) return NULL;
  }
  close_table(&b);
  d->n_qubits = c->n_qubits;
  d->dim = 1u << (2 * c->n_qubits);
  d->n_ops = b.ops.n;
  d->op = b.ops.at;
  plan_start(a, d);
  plan_measured(a, d, c);
  if (prune && d->n_qubits <= DENSITY_PRUNE_QUBITS) density_prune(a, d, b.ops.at);
  plan_places(d, b.ops.at);
  size_t vec = strstr(set->name, "avx512") != NULL ? 64 : strstr(set->name, "avx2") != NULL ? 32 : 16;
  plan_blocks(a, d, mem_mul(d->dim, vec), keep_bytes);
  SimPlan *p = ARENA_NEW(a, SimPlan);
  p->program = c;
  p->density = d;
  for (int i = 0; i < c->n_inputs; i++) p->any_rows |= c->input_has_rows[i];
  p->n_slots = b.slots.n;
  p->slot = b.slots.at;
  plan_layout(a, p, d, vec, set->real);
  return p;
}

size_t density_scratch(const KOp *op) {
  const DensityPlan *d = ((const SimPlan *)op->plan)->density;
  return d->total[op->op == OP_CIRCUIT ? 0 : op->op == OP_CIRCUIT_VJP ? 1 : 2];
}
