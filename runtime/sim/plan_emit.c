/* Rotations to ops: the basis of index bits, walks, tables. */
#include "lang/base/mem.h"
#include "runtime/sim/plan.h"

#define KEEP_BYTES                                                                                           \
  ((size_t)3 << 18) /* of all states of a tile: most of a core's cache of the second level                   \
                     */
#define LO_BITS 6   /* columns of a walk that are written out as a list */

bool plan_walk(Arena *a, int dim, int n, const Parity *eq, uint32_t z, SimWalk *w) {
  uint32_t basis[32], base;
  int free_bits = gf2_solve(dim, n, eq, &base, basis);
  if (free_bits < 0) return false;
  /* all columns but one are made to keep the sign */
  int odd = -1;
  for (int i = free_bits - 1; i >= 0; i--) {
    if (!bit_parity(basis[i] & z)) continue;
    if (odd < 0) {
      odd = i;
    } else {
      basis[i] ^= basis[odd];
    }
  }
  *w = (SimWalk){.n_lo = 1, .n_hi = 1};
  int sign = bit_parity(base & z);
  w->base[sign] = base;
  w->has[sign] = true;
  if (odd >= 0) {
    w->base[!sign] = base ^ basis[odd];
    w->has[!sign] = true;
    for (int i = odd; i + 1 < free_bits; i++) basis[i] = basis[i + 1];
    free_bits--;
  }
  int lo_bits = free_bits < LO_BITS ? free_bits : LO_BITS;
  w->n_lo = 1u << lo_bits;
  w->n_hi = 1u << (free_bits - lo_bits);
  uint32_t *lo = ARENA_ARRAY(a, uint32_t, w->n_lo), *col = ARENA_ARRAY(a, uint32_t, free_bits - lo_bits + 1);
  for (uint32_t j = 1; j < w->n_lo; j++) lo[j] = lo[j & (j - 1)] ^ basis[__builtin_ctz(j)];
  for (int i = lo_bits; i < free_bits; i++) col[i - lo_bits] = basis[i];
  w->lo = lo;
  w->col = col;
  return true;
}

void plan_words(Arena *a, int dim, int n, const uint32_t *z, SimWords *w) {
  Span2 s = {0};
  uint32_t coords, dual[32];
  int *order = ARENA_ARRAY(a, int, n); /* of an independent word among the vectors */
  w->tree = true;
  for (int i = 0; i < n; i++) {
    if (span2_find(&s, z[i], &coords)) {
      w->tree = false;
    } else {
      order[i] = s.n;
      span2_add(&s, z[i]);
    }
  }
  w->dim = dim;
  w->m = s.n;
  w->n = n;
  w->z = z;
  uint32_t *mask = ARENA_ARRAY(a, uint32_t, n);
  for (int i = 0; i < n; i++) {
    (void)span2_find(&s, z[i], &coords);
    mask[i] = coords;
  }
  for (int q = 0; q < dim; q++) {
    if (!span2_find(&s, 1u << q, &coords)) span2_add(&s, 1u << q);
  }
  span2_dual(&s, dim, dual);
  uint32_t *col = ARENA_ARRAY(a, uint32_t, dim + 1);
  for (int b = 0; b < dim; b++) col[b] = dual[b];
  w->col = col;
  w->mask = mask;
  w->lo_bits = dim < LO_BITS ? dim : LO_BITS;
  uint32_t *lo = ARENA_ARRAY(a, uint32_t, (size_t)1 << w->lo_bits);
  for (uint32_t j = 1; j < 1u << w->lo_bits; j++) lo[j] = lo[j & (j - 1)] ^ col[__builtin_ctz(j)];
  w->lo = lo;
}

typedef struct Emit {
  Arena *arena;
  SimPlan *plan;
  Span2 basis;
  uint32_t turned; /* index bits whose |1> was multiplied by i */
  int dim;         /* bits entered so far */
  bool complex_state;
  VEC(SimOp) ops;
  VEC(SimSlot) slots;
} Emit;

/* The mask of a parity in the new bits. */
static uint32_t new_mask(const Emit *e, uint32_t z) {
  uint32_t m = 0;
  for (int j = 0; j < e->basis.n; j++) m |= (uint32_t)bit_parity(z & e->basis.vector[j]) << j;
  return m;
}

/* A word in the new bits; its flips must be in the span. Multiplying |1> of bit j by i turns X_j
 * into -Y_j = i^3 X_j Z_j. */
static Pauli new_word(const Emit *e, Pauli p) {
  Pauli r = {0, new_mask(e, p.z), p.t};
  (void)span2_find(&e->basis, p.x, &r.x);
  r.z ^= r.x & e->turned;
  r.t = (r.t + 3 * __builtin_popcount(r.x & e->turned)) & 3;
  return r;
}

static int add_slot(Emit *e, SimAngle g, double scale, bool controlled) {
  const CircuitProgram *c = e->plan->program;
  SimTerm *t = ARENA_ARRAY(e->arena, SimTerm, g.n);
  SimSlot s = {.shift = 0.5 * scale * g.shift, .term = t, .controlled = controlled};
  int n = 0;
  for (int rows = 0; rows < 2; rows++) {
    for (int i = 0; i < g.n; i++) {
      if (c->input_has_rows[g.term[i].source] != (rows == 1)) continue;
      t[n] = g.term[i];
      t[n++].scale *= 0.5 * scale;
      s.n_shared += rows == 0;
      s.n_row += rows;
    }
  }
  vec_push(e->arena, &e->slots, s);
  return e->slots.n - 1;
}

static void need_imag(Emit *e) {
  if (e->complex_state) return;
  e->complex_state = true;
  vec_push(e->arena, &e->ops, ((SimOp){.kind = SIM_IMAG, .planes = 2, .dim = (uint32_t)e->dim}));
}

static uint32_t existing(const Emit *e) { return (uint32_t)((1ull << e->dim) - 1); }

/* Controls in the new bits; those that read no existing bit are decided. False if never met. */
static bool new_controls(const Emit *e, const SimRotation *r, int *n, Parity control[GATE_MAX_QUBITS]) {
  *n = 0;
  for (int i = 0; i < r->n_controls; i++) {
    Parity p = {new_mask(e, r->control[i].mask) & existing(e), r->control[i].value};
    if (p.mask != 0) {
      control[(*n)++] = p;
    } else if (p.value != 0) {
      return false;
    }
  }
  return true;
}

/* Amplitudes see the phase of the whole state. */
static bool keeps_phase(const Emit *e) { return e->plan->program->measure == MEASURE_AMPLITUDES; }

/* Sets x, z, kind and walk of an op. False if its controls are never met, or it is a phase. A
 * pair of amplitudes is walked over once: from its half with sign + if the two halves differ in
 * sign (SIM_REAL), else from the one whose highest flipped bit is 0. */
static bool fit_op(Emit *e, const SimRotation *r, bool enters, SimOp *op) {
  int n;
  Parity eq[GATE_MAX_QUBITS + 1];
  if (!new_controls(e, r, &n, eq)) return false;
  Parity *control = ARENA_ARRAY(e->arena, Parity, n);
  for (int i = 0; i < n; i++) control[i] = eq[i];
  op->n_controls = n;
  op->control = control;
  op->enters = enters;
  op->clear = enters && n > 0;
  if (enters) {
    op->kind = n == 0 ? SIM_ENTER : SIM_REAL;
    return plan_walk(e->arena, e->dim, n, eq, new_mask(e, r->p.z), &op->walk);
  }
  Pauli p = new_word(e, r->p);
  op->kind = p.x == 0 ? SIM_DIAG : (p.t & 1) ? SIM_REAL : SIM_CROSS;
  if (op->kind == SIM_DIAG && (p.z & existing(e)) == 0 && n == 0 && !keeps_phase(e)) return false;
  if (op->kind == SIM_REAL) eq[n++] = (Parity){p.z, 0};
  if (op->kind == SIM_CROSS) eq[n++] = (Parity){1u << (31 - __builtin_clz(p.x)), 0};
  return plan_walk(e->arena, e->dim, n, eq, p.z, &op->walk);
}

static void emit_rotation(Emit *e, const SimRotation *r) {
  uint32_t coords;
  bool enters = !span2_find(&e->basis, r->p.x, &coords);
  SimOp op = {.grad = r->angle.n > 0};
  if (!fit_op(e, r, enters, &op)) return;
  if (enters) span2_add(&e->basis, r->p.x);
  Pauli p = new_word(e, r->p);
  if (enters && (p.t & 1) == 0) {
    e->turned |= 1u << e->dim;
    p = new_word(e, r->p);
  }
  if (op.kind == SIM_DIAG || op.kind == SIM_CROSS) need_imag(e);
  e->dim += enters;
  op.x = p.x;
  op.z = p.z & existing(e);
  op.dim = (uint32_t)e->dim;
  op.planes = e->complex_state ? 2 : 1;
  op.slot = add_slot(e, r->angle, p.t >= 2 ? -1 : 1, op.n_controls > 0);
  vec_push(e->arena, &e->ops, op);
}

typedef struct TableParts {
  VEC(uint32_t) z;
  VEC(SimMember) member;
} TableParts;

/* C Z with C = prod (1 +- Z_i) / 2 is a sum of words of Z; each becomes a member. */
static void add_members(Emit *e, TableParts *t, const SimRotation *r) {
  int n_controls, first = t->member.n;
  Parity control[GATE_MAX_QUBITS];
  if (!new_controls(e, r, &n_controls, control)) return;
  Pauli p = new_word(e, r->p);
  int slot = -1;
  for (uint32_t s = 0; s < 1u << n_controls; s++) {
    uint32_t z = p.z & existing(e);
    double k = 1.0 / (double)(1u << n_controls);
    for (int i = 0; i < n_controls; i++) {
      if (!(s >> i & 1)) continue;
      z ^= control[i].mask;
      if (control[i].value) k = -k;
    }
    if (z == 0 && !keeps_phase(e)) continue; /* a phase */
    if (slot < 0) slot = add_slot(e, r->angle, p.t >= 2 ? -1 : 1, n_controls > 0);
    int w = 0, m = first;
    while (w < t->z.n && t->z.at[w] != z) w++;
    if (w == t->z.n) vec_push(e->arena, &t->z, z);
    while (m < t->member.n && t->member.at[m].word != w) m++;
    if (m == t->member.n) vec_push(e->arena, &t->member, ((SimMember){slot, w, 0}));
    t->member.at[m].coefficient += k;
  }
}

static bool angle_has_rows(const Emit *e, const SimAngle *g) {
  for (int i = 0; i < g->n; i++) {
    if (e->plan->program->input_has_rows[g->term[i].source]) return true;
  }
  return false;
}

/* One level of diagonal rotations: those that all samples share as a table, if that pays. */
static void emit_diagonal(Emit *e, int n, const SimRotation *r) {
  int shared = 0;
  TableParts parts = {0};
  for (int i = 0; i < n; i++) shared += !angle_has_rows(e, &r[i].angle);
  bool table = shared >= 3 || (shared == 2 && e->dim >= 4);
  for (int i = 0; i < n; i++) {
    if (table && !angle_has_rows(e, &r[i].angle)) {
      add_members(e, &parts, &r[i]);
    } else {
      emit_rotation(e, &r[i]);
    }
  }
  if (parts.member.n == 0) return;
  need_imag(e);
  SimTable *t = ARENA_NEW(e->arena, SimTable);
  plan_words(e->arena, e->dim, parts.z.n, parts.z.at, &t->words);
  t->n = parts.member.n;
  t->member = parts.member.at;
  t->number = e->plan->n_tables++;
  SimOp op = {.kind = SIM_TABLE, .planes = 2, .grad = true, .dim = (uint32_t)e->dim, .slot = -1, .table = t};
  vec_push(e->arena, &e->ops, op);
}

void plan_emit(Arena *a, SimPlan *p, const SimRotations *r, const int *level, int n_seen, Pauli *seen,
               bool *seen_in) {
  Emit e = {.arena = a, .plan = p};
  for (int i = 0, n; i < r->n; i += n) {
    for (n = 1; i + n < r->n && level[i + n] == level[i]; n++) {
    }
    if (level[i] & 1) {
      emit_diagonal(&e, n, r->at + i);
    } else {
      for (int j = 0; j < n; j++) emit_rotation(&e, &r->at[i + j]);
    }
  }
  bool flips = false;
  for (int i = 0; i < n_seen; i++) {
    uint32_t coords;
    seen_in[i] = span2_find(&e.basis, seen[i].x, &coords);
    flips |= seen_in[i] && coords != 0;
    seen[i] = new_word(&e, seen[i]);
  }
  if (flips) need_imag(&e);
  uint32_t *basis = ARENA_ARRAY(a, uint32_t, e.dim + 1);
  for (int b = 0; b < e.dim; b++) basis[b] = e.basis.vector[b];
  p->basis = basis;
  p->turned = e.turned;
  p->dim = e.dim;
  p->planes = e.complex_state ? 2 : 1;
  p->n_ops = e.ops.n;
  p->op = e.ops.at;
  p->n_slots = e.slots.n;
  p->slot = e.slots.at;
}

/* Can op b join a pass that starts with op a and has those before b? */
static bool joins(const SimOp *op, int a, int b) {
  if (op[b].kind != SIM_REAL || op[b].n_controls > 0 || op[b].dim != op[a].dim ||
      op[b].planes != op[a].planes)
    return false;
  for (int i = a; i < b; i++) {
    if (bit_parity(op[i].x & op[b].z) || bit_parity(op[b].x & op[i].z)) return false;
  }
  return true;
}

static bool all_shared(const SimPlan *p, const SimPass *pass) {
  for (int i = pass->first; i < pass->first + pass->n; i++) {
    if (p->op[i].kind != SIM_REAL || p->op[i].n_controls > 0 || p->slot[p->op[i].slot].n_row > 0)
      return false;
  }
  return true;
}

SimPasses plan_passes(Arena *a, const SimPlan *p, int width) {
  int n_passes = 0;
  SimPass *pass = ARENA_ARRAY(a, SimPass, p->n_ops);
  for (int i = 0, n; i < p->n_ops; i += n) {
    SimPass *next = &pass[n_passes++];
    const SimOp *op = &p->op[i];
    *next = (SimPass){.kind = op->kind, .planes = op->planes, .first = i, .x = {op->x}, .walk = op->walk};
    n = 1;
    if (op->kind == SIM_REAL && op->n_controls == 0) {
      while (n < width && i + n < p->n_ops && joins(p->op, i, i + n)) n++;
    }
    next->n = (uint8_t)n;
    next->shared = all_shared(p, next);
    if (n == 1) continue;
    Parity eq[SIM_PASS_MOST];
    for (int j = 0; j < n; j++) {
      next->x[j] = p->op[i + j].x;
      eq[j] = (Parity){p->op[i + j].z, 0};
    }
    (void)plan_walk(a, (int)op->dim, n, eq, 0, &next->walk);
    next->kind = (uint8_t)(SIM_REAL2 + n - 2);
  }
  return (SimPasses){n_passes, pass};
}

int plan_keep(const SimPlan *p, SimPasses *all, size_t state_bytes) {
  SimPass *pass = (SimPass *)(uintptr_t)all->pass;
  int n = 0, first = 0;
  for (int i = 0; i < all->n; i++) {
    if (p->op[pass[i].first].enters || pass[i].kind == SIM_ENTER || pass[i].kind == SIM_IMAG) first = i + 1;
  }
  for (int i = first; i < all->n; i++) {
    pass[i].keep = pass[i].shared || pass[i].kind == SIM_TABLE;
    n += pass[i].keep;
  }
  if (mem_mul((size_t)n + 2, state_bytes) <= KEEP_BYTES) return n;
  for (int i = first; i < all->n; i++) pass[i].keep = false;
  return 0;
}
