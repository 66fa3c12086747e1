/* The wide form of a plan: ops split into vectors and lanes, sweeps over blocks. */
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/sim/wide.h"

#define LEAST_RUN 2 /* 2^: vectors that are copied together */

typedef struct Wide {
  Arena *arena;
  const SimPlan *plan;
  WidePlan *wide;
  uint32_t lanes; /* mask of lane bits */
} Wide;

static uint32_t vectors(const Wide *w, uint32_t mask) { return mask >> w->wide->lane_bits; }
static int vector_bits(const Wide *w, uint32_t dim) {
  return (int)dim > w->wide->lane_bits ? (int)dim - w->wide->lane_bits : 0;
}

/* A mask of vector numbers as one of local numbers. */
static uint32_t local_mask(const WideSweep *s, uint32_t v) {
  uint32_t m = 0;
  if (s->whole) return v;
  for (int b = 0; b < s->bits; b++) m |= (uint32_t)bit_parity(v & s->col[b]) << b;
  return m;
}

/* A vector number in the span of the sweep's columns as a local number. */
static uint32_t local_number(const WideSweep *s, const Span2 *span, uint32_t v) {
  uint32_t coords = v;
  if (!s->whole) (void)span2_find(span, v, &coords);
  return coords;
}

static WideWords wide_words(const Wide *w, const WideSweep *s, int bits, int n, const uint32_t *z) {
  uint32_t *local = ARENA_ARRAY(w->arena, uint32_t, n), *whole = ARENA_ARRAY(w->arena, uint32_t, n),
           *lane = ARENA_ARRAY(w->arena, uint32_t, n);
  for (int i = 0; i < n; i++) {
    whole[i] = vectors(w, z[i]);
    local[i] = local_mask(s, whole[i]);
    lane[i] = z[i] & w->lanes;
  }
  int bucket = 0;
  while (1 << bucket < n && bucket < bits && bucket < w->wide->block_bits) bucket++;
  return (WideWords){n, bits, bucket, local, whole, lane};
}

static void wide_controls(const Wide *w, const WideSweep *s, const SimOp *op, WideOp *out) {
  WideControl *c = ARENA_ARRAY(w->arena, WideControl, op->n_controls);
  for (int i = 0; i < op->n_controls; i++) {
    uint32_t v = vectors(w, op->control[i].mask);
    c[i] = (WideControl){local_mask(s, v), v, op->control[i].mask & w->lanes, op->control[i].value};
  }
  out->n_controls = op->n_controls;
  out->control = c;
}

static const WideTable *table_of(const Wide *w, const SimTable *t) {
  for (int i = 0; i < w->wide->n_tables; i++) {
    if (w->wide->table[i].table == t) return &w->wide->table[i];
  }
  return NULL;
}

static WideOp wide_op(const Wide *w, const WideSweep *s, const Span2 *span, const SimOp *op) {
  uint32_t xv = vectors(w, op->x), zv = vectors(w, op->z);
  WideOp o = {
      .kind = op->kind, .planes = op->planes, .grad = op->grad, .enters = op->enters, .clear = op->clear};
  o.bits = s->whole ? vector_bits(w, op->dim) : s->bits;
  o.slot = op->slot;
  o.xv = local_number(s, span, xv);
  o.xl = op->x & w->lanes;
  o.zl = op->z & w->lanes;
  o.z_local = local_mask(s, zv);
  o.z_whole = zv;
  o.odd = bit_parity(xv & zv);
  o.shape = o.xv == 0 ? WIDE_ACROSS : o.xl == 0 ? WIDE_PAIR : WIDE_BOTH;
  if (o.kind == SIM_ENTER && o.xv == 0) o.kind = SIM_REAL; /* the other lanes are 0 */
  wide_controls(w, s, op, &o);
  if (op->table != NULL) {
    o.table = table_of(w, op->table);
    o.words = wide_words(w, s, o.bits, op->table->words.n, op->table->words.z);
  }
  Parity eq = {o.xv == 0 ? 0 : 1u << (31 - __builtin_clz(o.xv)), 0};
  (void)plan_walk(w->arena, o.bits, o.xv != 0, &eq, o.z_local, &o.walk);
  return o;
}

/* ---- sweeps ---- */

static void add_sweep(Wide *w, WideSweep s) {
  WideSweep *all = ARENA_ARRAY(w->arena, WideSweep, w->wide->n_sweeps + 1);
  if (w->wide->n_sweeps > 0) memcpy(all, w->wide->sweep, (size_t)w->wide->n_sweeps * sizeof *all);
  all[w->wide->n_sweeps++] = s;
  w->wide->sweep = all;
}

/* Ops [from, to) one after the other over the whole state. */
static void whole_sweep(Wide *w, int from, int to) {
  if (from == to) return;
  WideOp *op = ARENA_ARRAY(w->arena, WideOp, to - from);
  WideSweep s = {
      .whole = true, .bits = w->wide->bits, .run = w->wide->bits, .planes = 2, .n = to - from, .op = op};
  s.block_col = ARENA_ARRAY(w->arena, uint32_t, 1);
  for (int i = from; i < to; i++) op[i - from] = wide_op(w, &s, NULL, &w->plan->op[i]);
  add_sweep(w, s);
}

static bool words_commute(const SimOp *table, const SimOp *op) {
  for (int i = 0; i < table->table->words.n; i++) {
    if (bit_parity(table->table->words.z[i] & op->x)) return false;
  }
  return true;
}

static bool ops_commute(const SimOp *a, const SimOp *b) {
  if (a->table != NULL) return b->table != NULL || words_commute(a, b);
  if (b->table != NULL) return words_commute(b, a);
  if (bit_parity(a->x & b->z) != bit_parity(a->z & b->x)) return false;
  for (int i = 0; i < a->n_controls; i++) {
    if (bit_parity(a->control[i].mask & b->x)) return false;
  }
  for (int i = 0; i < b->n_controls; i++) {
    if (bit_parity(b->control[i].mask & a->x)) return false;
  }
  return true;
}

/* The columns: the lowest bits as far as there is room, then the rest of the span. */
static void sweep_basis(Wide *w, WideSweep *s, Span2 *flips, Span2 *span) {
  uint32_t coords;
  int all = w->wide->bits;
  for (int b = 0; b < all && flips->n < s->bits; b++) {
    if (!span2_find(flips, 1u << b, &coords)) span2_add(flips, 1u << b);
  }
  *span = (Span2){0};
  while (s->run < s->bits && span2_find(flips, 1u << s->run, &coords)) span2_add(span, 1u << s->run++);
  for (int i = 0; i < flips->n; i++) {
    uint32_t v = flips->reduced[i] & ~((1u << s->run) - 1);
    if (!span2_find(span, v, &coords)) span2_add(span, v);
  }
  uint32_t *col = ARENA_ARRAY(w->arena, uint32_t, s->bits + 1),
           *block_col = ARENA_ARRAY(w->arena, uint32_t, all - s->bits + 1);
  for (int b = 0; b < s->bits; b++) col[b] = span->vector[b];
  Span2 rest = *span;
  for (int b = 0; b < all; b++) {
    if (span2_find(&rest, 1u << b, &coords)) continue;
    span2_add(&rest, 1u << b);
    block_col[s->block_bits++] = 1u << b;
  }
  s->col = col;
  s->block_col = block_col;
}

/* One sweep from the ops in left[0 .. *n); those that must wait stay there. */
static void take_sweep(Wide *w, int *n, int *left) {
  Span2 flips = {0}, span;
  int taken = 0, waiting = 0, most = w->wide->block_bits - LEAST_RUN, *take = ARENA_ARRAY(w->arena, int, *n);
  const SimOp *op = w->plan->op;
  for (int i = 0; i < *n; i++) {
    const SimOp *next = &op[left[i]];
    uint32_t x = vectors(w, next->x), coords;
    bool inside = span2_find(&flips, x, &coords), can = inside || flips.n < most;
    for (int j = 0; j < waiting && can; j++) can = ops_commute(&op[left[j]], next);
    if (!can) {
      left[waiting++] = left[i];
      continue;
    }
    if (!inside) span2_add(&flips, x);
    take[taken++] = left[i];
  }
  *n = waiting;
  WideSweep s = {.bits = w->wide->block_bits, .n = taken};
  sweep_basis(w, &s, &flips, &span);
  WideOp *out = ARENA_ARRAY(w->arena, WideOp, taken);
  for (int i = 0; i < taken; i++) {
    out[i] = wide_op(w, &s, &span, &op[take[i]]);
    if (out[i].planes > s.planes) s.planes = out[i].planes;
  }
  s.op = out;
  add_sweep(w, s);
}

static void sweeps(Wide *w) {
  const SimPlan *p = w->plan;
  int first = 0, n = 0;
  if (w->wide->stored) {
    whole_sweep(w, 0, p->n_ops);
    return;
  }
  for (int i = 0; i < p->n_ops; i++) {
    if (p->op[i].kind == SIM_ENTER || p->op[i].enters || p->op[i].kind == SIM_IMAG) first = i + 1;
  }
  whole_sweep(w, 0, first);
  int *left = ARENA_ARRAY(w->arena, int, p->n_ops);
  for (int i = first; i < p->n_ops; i++) left[n++] = i;
  while (n > 0) take_sweep(w, &n, left);
}

/* ---- places ---- */

static size_t place(size_t *at, size_t n, size_t size) {
  size_t here = *at;
  *at = mem_add(here, mem_mul(n, size));
  *at = mem_add(*at, 63) & ~(size_t)63;
  return here;
}

static void wide_layout(const Wide *w, size_t vec, size_t real) {
  WidePlan *e = w->wide;
  const SimPlan *p = w->plan;
  SimLayout *l = &e->at;
  size_t at = 0, slots = (size_t)p->n_slots, state = mem_mul((size_t)1 << e->bits, 2);
  size_t outputs = p->probs || p->amplitudes != NULL ? 0 : (size_t)p->program->n_outputs;
  size_t sums = p->probs ? (size_t)p->program->n_outputs : 0;
  size_t words = (size_t)(p->words.n + p->n_pairs);
  size_t buffer = e->stored ? 0 : (size_t)2 << e->block_bits, parts = (size_t)1 << e->part_bits;
  const int bucket = e->table_bucket;
  e->n_sums = p->n_slots;
  for (int i = 0; i < e->n_tables; i++) {
    WideTable *t = &e->table[i];
    t->cosine_at = place(&at, e->stored ? (size_t)1 << t->bits : 0, vec);
    t->sine_at = place(&at, e->stored ? (size_t)1 << t->bits : 0, vec);
    t->weight_at = place(&at, e->stored ? 0 : (size_t)t->words.n, vec);
    t->sum = e->n_sums;
    e->n_sums += t->words.n;
    if ((size_t)t->words.n > words) words = (size_t)t->words.n;
  }
  l->scalar = place(&at, mem_mul(slots + 16, 4), real);
  l->cs = place(&at, mem_mul(slots, 2), vec);
  l->y = place(&at, outputs, vec);
  if (sums > 0) l->y = place(&at, sums, sizeof(double));
  e->n_words = (int)words;
  l->word = place(&at, mem_mul(words, WIDE_LEVELS), vec);
  l->q = place(&at, (size_t)1 << (bucket > e->words.bucket ? bucket : e->words.bucket), vec);
  e->phases_at = place(&at, e->stored ? 0 : (size_t)3 << bucket, vec);
  e->measured_at = place(&at, mem_mul((size_t)p->words.n, parts), vec);
  l->psi = place(&at, state, vec);
  e->buffer[0] = place(&at, buffer, vec);
  l->total[0] = at;
  l->sum = place(&at, mem_add(slots, mem_mul((size_t)e->n_sums, parts)), vec);
  l->w = place(&at, outputs, vec);
  l->lam = place(&at, state, vec);
  e->buffer[1] = place(&at, buffer, vec);
  l->total[1] = at;
  l->u = place(&at, slots, vec);
  l->dpsi = place(&at, state, vec);
  l->dlam = place(&at, state, vec);
  e->buffer[2] = place(&at, buffer, vec);
  e->buffer[3] = place(&at, buffer, vec);
  for (int i = 0; i < e->n_tables; i++) {
    WideTable *t = &e->table[i];
    t->tangent_at = place(&at, e->stored ? (size_t)1 << t->bits : 0, vec);
    t->moved_at = place(&at, e->stored ? 0 : (size_t)t->words.n, vec);
  }
  l->total[2] = at;
}

static void tables(Wide *w) {
  const SimPlan *p = w->plan;
  WideSweep whole = {.whole = true};
  w->wide->table = ARENA_ARRAY(w->arena, WideTable, p->n_ops);
  for (int i = 0; i < p->n_ops; i++) {
    const SimOp *op = &p->op[i];
    if (op->table == NULL) continue;
    WideTable *t = &w->wide->table[w->wide->n_tables++];
    t->table = op->table;
    t->bits = vector_bits(w, op->dim);
    t->words = wide_words(w, &whole, t->bits, op->table->words.n, op->table->words.z);
    if (t->words.bucket > w->wide->table_bucket) w->wide->table_bucket = t->words.bucket;
  }
}

const WidePlan *plan_wide(Arena *a, const SimPlan *p, size_t vec, size_t real, size_t block_bytes) {
  WidePlan *e = ARENA_NEW(a, WidePlan);
  Wide w = {.arena = a, .plan = p, .wide = e};
  while ((size_t)1 << e->lane_bits < vec / real) e->lane_bits++;
  if (p->dim < e->lane_bits) return NULL;
  w.lanes = (1u << e->lane_bits) - 1;
  e->bits = p->dim - e->lane_bits;
  while (((size_t)4 << e->block_bits) * vec <= block_bytes || e->block_bits <= LEAST_RUN) e->block_bits++;
  e->stored = e->bits <= e->block_bits + 1;
  e->part_bits = e->stored ? 0 : e->bits > 12 ? 4 : 3;
  /* buffers and sums are to be small beside the states */
  if (!e->stored && e->bits <= e->block_bits + 3 && e->block_bits > LEAST_RUN + 2) e->block_bits--;
  WideSweep whole = {.whole = true};
  e->words = wide_words(&w, &whole, e->bits, p->words.n, p->words.z);
  if (e->words.bucket > e->bits - e->part_bits) e->words.bucket = e->bits - e->part_bits;
  WidePair *pair = ARENA_ARRAY(a, WidePair, p->n_pairs);
  for (int i = 0; i < p->n_pairs; i++) {
    uint32_t x = p->pair[i].x, z = p->pair[i].z;
    pair[i] = (WidePair){vectors(&w, x), x & w.lanes, vectors(&w, z), z & w.lanes, p->pair[i].odd};
  }
  e->pair = pair;
  tables(&w);
  sweeps(&w);
  wide_layout(&w, vec, real);
  return e;
}
