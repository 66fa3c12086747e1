/* Placement: one walk over the nodes in graph order. For each node the rules below say what it
 * becomes (FULL, ROW, PARTIAL) given its inputs, and the earliest phase in which that can be made.
 *
 * Phases. A parallel part p is followed by serial part p; serial part -1 (the prologue) comes
 * before everything and holds whole-tensor work that needs no rows. So a row operation that needs
 * a FULL value of serial part s runs in parallel part s + 1 or later. */
#include <assert.h>

#include "runtime/exec/plan.h"

/* A static first axis counts as rows from this size on; below it cutting cannot pay. */
#define ROWS_MIN 32

typedef struct Placer {
  Arena *arena;
  const Graph *g;
  const Program *program;
  Placed *out;
  int *last_read; /* by slot: last phase in which its present value is read; -1 none */
  const char *why;
  NodeId where;
} Placer;

static int max_int(int a, int b) { return a > b ? a : b; }

static bool rows_like(const Shape *s) {
  return s->rank >= 1 && (s->d[0].count != 0 || s->d[0].n >= ROWS_MIN);
}

static int domain_of(Placer *p, Dim rows) {
  for (int k = 0; k < p->out->n_domains; k++)
    if (dim_equal(p->out->domains[k].rows, rows)) return k;
  int n = p->out->n_domains++;
  p->out->domains =
      arena_grow(p->arena, p->out->domains, (size_t)n * sizeof(Domain), (size_t)(n + 1) * sizeof(Domain));
  p->out->domains[n].rows = rows;
  return n;
}

static NodePlace *at(Placer *p, NodeId id) { return &p->out->at[id]; }
static const Node *node(const Placer *p, NodeId id) { return g_node(p->g, id); }

static NodeId root_of(const Placer *p, NodeId id) {
  while (p->out->at[id].alias != NODE_NONE) id = p->out->at[id].alias;
  return id;
}

/* The serial part after which input `id` is there as a whole. */
static int need_full(Placer *p, NodeId id) {
  NodePlace *n = at(p, id);
  if (n->place == PLACE_ROW) at(p, root_of(p, id))->stored = n->stored = true;
  if (n->place == PLACE_PARTIAL) at(p, root_of(p, id))->reduced = n->reduced = true;
  return n->phase;
}

/* The earliest parallel part that can read input `id` in rows of `domain` (or, for a value that
 * is not of these rows, as a whole). */
static int need_rows(Placer *p, NodeId id, int domain) {
  NodePlace *n = at(p, id);
  if (n->place == PLACE_ROW && n->domain == domain) return max_int(n->phase, 0);
  return need_full(p, id) + 1;
}

/* After the consumer's parallel part is known: what comes from an earlier part must be stored. */
static void keep_across(Placer *p, const Node *n, int phase) {
  for (int k = 0; k < n->n_in; k++) {
    NodePlace *in = at(p, n->in[k]);
    if (in->place != PLACE_FULL && in->phase < phase) at(p, root_of(p, n->in[k]))->stored = in->stored = true;
  }
}

static void set_full(Placer *p, NodeId id, int phase) {
  *at(p, id) = (NodePlace){PLACE_FULL, -1, phase, false, false, false, false, NODE_NONE};
}

static void place_full(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  int s = -1;
  for (int k = 0; k < n->n_in; k++) s = max_int(s, need_full(p, n->in[k]));
  set_full(p, id, s);
}

static void place_rows(Placer *p, NodeId id, int domain, Placement place) {
  const Node *n = node(p, id);
  int phase = 0;
  for (int k = 0; k < n->n_in; k++) phase = max_int(phase, need_rows(p, n->in[k], domain));
  *at(p, id) = (NodePlace){place, domain, phase, false, false, false, false, NODE_NONE};
  keep_across(p, n, phase);
}

/* The domain of the first ROW input that keeps its rows in the result; -1 if there is none. */
static int row_domain(Placer *p, const Node *n) {
  for (int k = 0; k < n->n_in; k++) {
    const NodePlace *in = at(p, n->in[k]);
    if (in->place == PLACE_ROW && n->shape.rank >= 1 &&
        dim_equal(node(p, n->in[k])->shape.d[0], n->shape.d[0]))
      return in->domain;
  }
  return -1;
}

/* Is `op` linear in its `n_partial` partial inputs (of n_in; the last of them is `which`)? */
static bool linear_in(OpId op, int n_partial, int n_in, int which) {
  static const OpId one[] = {OP_NEG, OP_SUM,     OP_RESHAPE, OP_TRANSPOSE, OP_SLICE,
                             OP_PAD, OP_STRETCH, OP_FLIP,    OP_CUMSUM};
  if (op == OP_ADD || op == OP_SUB) return n_partial == n_in;
  if (op == OP_MUL) return n_partial == 1;
  if (op == OP_DIV) return n_partial == 1 && which == 0;
  for (size_t k = 0; k < sizeof one / sizeof one[0]; k++)
    if (one[k] == op) return true;
  return false;
}

/* Linear operations of PARTIAL values stay partial if that needs no extra phase. */
static bool place_partial(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  int partial = -1, domain = -1, phase = 0, n_partial = 0;
  for (int k = 0; k < n->n_in; k++) {
    const NodePlace *in = at(p, n->in[k]);
    if (in->place == PLACE_ROW) return false;
    if (in->place != PLACE_PARTIAL) continue;
    if (n_partial++ > 0 && (in->domain != domain || in->phase != phase)) return false;
    partial = k, domain = in->domain, phase = in->phase;
  }
  if (n_partial == 0) return false;
  if (!linear_in(n->op, n_partial, n->n_in, partial)) return false;
  if (rows_like(&n->shape) && n->op == OP_STRETCH) return false;
  for (int k = 0; k < n->n_in; k++)
    if (at(p, n->in[k])->place == PLACE_FULL && at(p, n->in[k])->phase + 1 > phase) return false;
  *at(p, id) = (NodePlace){PLACE_PARTIAL, domain, phase, false, false, false, false, NODE_NONE};
  return true;
}

static void place_elementwise(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  int d = row_domain(p, n);
  if (d >= 0) {
    place_rows(p, id, d, PLACE_ROW);
    return;
  }
  if (place_partial(p, id)) return;
  if (n->shape.rank >= 1 && n->shape.d[0].count != 0) {
    place_rows(p, id, domain_of(p, n->shape.d[0]), PLACE_ROW);
    return;
  }
  place_full(p, id);
}

static void place_reduce(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  const NodePlace *in = at(p, n->in[0]);
  if (in->place == PLACE_ROW) {
    bool over_rows = n->op == OP_COUNTS || (n->attr.i[0] & 1) != 0;
    if (!over_rows) place_rows(p, id, in->domain, PLACE_ROW);
    else if (n->op == OP_SUM || n->op == OP_COUNTS) place_rows(p, id, in->domain, PLACE_PARTIAL);
    else place_full(p, id);
    return;
  }
  if (n->op == OP_SUM && place_partial(p, id)) return;
  place_full(p, id);
}

static void place_matmul(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  const NodePlace *a = at(p, n->in[0]), *b = at(p, n->in[1]);
  bool ta = n->attr.i[0] != 0, tb = n->attr.i[1] != 0;
  if (n->shape.rank > 2) {
    place_elementwise(p, id);
    return;
  } /* axis 0 is a batch axis of both */
  if (a->place == PLACE_ROW && ta && !tb && b->place == PLACE_ROW && b->domain == a->domain) {
    place_rows(p, id, a->domain, PLACE_PARTIAL);
    return;
  }
  if (a->place == PLACE_ROW && !ta) {
    int domain = a->domain;
    int phase = max_int(need_rows(p, n->in[0], domain), need_full(p, n->in[1]) + 1);
    *at(p, id) = (NodePlace){PLACE_ROW, domain, phase, false, false, false, false, NODE_NONE};
    keep_across(p, n, phase);
    return;
  }
  place_full(p, id);
}

/* Rows of one input, all of the others. */
static void place_shared(Placer *p, NodeId id, int by_rows) {
  const Node *n = node(p, id);
  const NodePlace *rows = at(p, n->in[by_rows]);
  bool whole = rows->place != PLACE_ROW;
  for (int k = 0; k < n->n_in; k++) { /* a kernel knows one number of rows only */
    const Shape *s = &node(p, n->in[k])->shape;
    whole |= k != by_rows && s->rank >= 1 && s->d[0].count != 0;
  }
  if (whole) {
    place_full(p, id);
    return;
  }
  int domain = rows->domain, phase = need_rows(p, n->in[by_rows], domain);
  for (int k = 0; k < n->n_in; k++)
    if (k != by_rows) phase = max_int(phase, need_full(p, n->in[k]) + 1);
  *at(p, id) = (NodePlace){PLACE_ROW, domain, phase, false, false, false, false, NODE_NONE};
  keep_across(p, n, phase);
}

/* A sum over the rows of all inputs. Every shard would hold all rows of a table of its own, so a
 * large one is added up in one go. */
#define SCATTER_PARTIAL_MAX 65536
static void place_contract(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  bool large = n->op == OP_SCATTER_ROWS &&
               (!shape_is_static(&n->shape) || shape_capacity(&n->shape) > SCATTER_PARTIAL_MAX);
  if (large) {
    place_full(p, id);
    return;
  }
  const NodePlace *a = at(p, n->in[0]), *b = at(p, n->in[1]);
  bool rows = a->place == PLACE_ROW && b->place == PLACE_ROW && a->domain == b->domain;
  if (rows) place_rows(p, id, a->domain, PLACE_PARTIAL);
  else place_full(p, id);
}

/* Same memory, another shape: an alias of the input, with its placement. */
static void place_alias(Placer *p, NodeId id) {
  const Node *n = node(p, id), *in = node(p, n->in[0]);
  NodePlace from = *at(p, n->in[0]);
  bool rows_stay = n->shape.rank >= 1 && in->shape.rank >= 1 && dim_equal(n->shape.d[0], in->shape.d[0]);
  if (from.place == PLACE_ROW && !rows_stay)
    from.phase = need_full(p, n->in[0]), from.place = PLACE_FULL, from.domain = -1;
  from.alias = n->in[0];
  *at(p, id) = from;
}

static void place_view(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  if (n->op != OP_TRANSPOSE) {
    place_alias(p, id);
    return;
  }
  if (at(p, n->in[0])->place == PLACE_ROW && n->attr.i[0] == 0)
    place_rows(p, id, at(p, n->in[0])->domain, PLACE_ROW);
  else if (!place_partial(p, id)) place_full(p, id);
}

static void place_axis(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  int d = n->attr.i[0] != 0 ? row_domain(p, n) : -1;
  if (d >= 0) place_rows(p, id, d, PLACE_ROW);
  else if (n->op == OP_CONCAT || n->op == OP_ARGMAX || !place_partial(p, id)) place_full(p, id);
}

bool circuit_input_is_rows(const Graph *g, const Node *n, int k) {
  const CircuitProgram *c = n->attr.p;
  if (k == c->n_inputs) return g_node(g, n->in[k])->shape.rank == 2;
  return c->input_has_rows[k < c->n_inputs ? k : k - c->n_inputs - 1];
}

/* Rows where an input with rows has them; what all rows share is there as a whole before. A row of a value
 * whose angles are picked out of it is such a shared input, whatever its own rows. */
static void place_circuit(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  int domain = -1, phase = 0;
  for (int k = 0; k < n->n_in && domain < 0; k++)
    if (at(p, n->in[k])->place == PLACE_ROW && circuit_input_is_rows(p->g, n, k))
      domain = at(p, n->in[k])->domain;
  if (domain < 0) {
    place_full(p, id);
    return;
  }
  for (int k = 0; k < n->n_in; k++)
    phase = max_int(phase, circuit_input_is_rows(p->g, n, k) ? need_rows(p, n->in[k], domain)
                                                             : need_full(p, n->in[k]) + 1);
  *at(p, id) = (NodePlace){PLACE_ROW, domain, phase, false, false, false, false, NODE_NONE};
  keep_across(p, n, phase);
}

/* A gradient of what all rows share is a sum over them. */
static void place_part(Placer *p, NodeId id) {
  const Node *n = node(p, id), *whole = node(p, n->in[0]);
  NodePlace from = *at(p, n->in[0]);
  from.stored = from.reduced = false;
  if (from.place == PLACE_ROW && !circuit_input_is_rows(p->g, whole, (int)n->attr.i[0]))
    from.place = PLACE_PARTIAL;
  *at(p, id) = from;
}

static void place_source(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  set_full(p, id, -1);
  bool rows = rows_like(&n->shape);
  if (n->op == OP_DRAW && rows)
    *at(p, id) =
        (NodePlace){PLACE_ROW, domain_of(p, n->shape.d[0]), 0, false, false, false, false, NODE_NONE};
  if (n->op == OP_INPUT && rows)
    *at(p, id) =
        (NodePlace){PLACE_ROW, domain_of(p, n->shape.d[0]), -1, true, false, false, false, NODE_NONE};
  if (n->op == OP_PARAM && n->attr.i[1] > 0) at(p, id)->phase = p->last_read[n->attr.i[0]];
}

/* UPDATE and STORE: in the serial part, after the last reader of what they overwrite. */
static void place_effect(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  int s = 0;
  for (int k = 0; k < n->n_in; k++) s = max_int(s, need_full(p, n->in[k]));
  if (n->op == OP_STORE) s = max_int(s, p->last_read[n->attr.i[0]]);
  if (n->op == OP_UPDATE) {
    const UpdateInfo *u = n->attr.p;
    for (int k = 0; k < u->n; k++) s = max_int(s, p->last_read[u->slots[k]]);
    for (int k = 0; k < u->n; k++) p->last_read[u->slots[k]] = s; /* the new value is there after s */
  }
  set_full(p, id, s);
}

/* Notes which slots this node reads, and when. */
static void note_reads(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  if (at(p, id)->alias != NODE_NONE) return;
  for (int k = 0; k < n->n_in; k++) {
    const Node *in = node(p, root_of(p, n->in[k]));
    if (in->op != OP_PARAM && in->op != OP_INPUT) continue;
    int slot = (int)in->attr.i[0];
    p->last_read[slot] = max_int(p->last_read[slot], at(p, id)->phase);
  }
}

static void place_node(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  switch (op_info[n->op].cls) {
  case CLASS_SOURCE: place_source(p, id); break;
  case CLASS_EW: place_elementwise(p, id); break;
  case CLASS_ROWS: place_elementwise(p, id); break;
  case CLASS_REDUCE: place_reduce(p, id); break;
  case CLASS_MATMUL: place_matmul(p, id); break;
  case CLASS_SHARED: place_shared(p, id, n->op == OP_GATHER ? 1 : 0); break;
  case CLASS_CONTRACT: place_contract(p, id); break;
  case CLASS_AXIS: place_axis(p, id); break;
  case CLASS_VIEW: place_view(p, id); break;
  case CLASS_CIRCUIT: place_circuit(p, id); break;
  case CLASS_PART: place_part(p, id); break;
  case CLASS_WHOLE:
    if (n->op == OP_REDUCE_MAX || n->op == OP_REDUCE_MIN) place_reduce(p, id);
    else place_full(p, id);
    break;
  case CLASS_EFFECT: place_effect(p, id); break;
  }
}

/* Random numbers can be made when they are first needed. Those that elementwise operations of one parallel
 * part read alone need not be stored between parts. */
static void place_draws_late(Placer *p) {
  const int n = g_count(p->g);
  typedef struct Readers {
    int first, last;
    bool others;
  } Readers;
  Readers *of = ARENA_ARRAY(p->arena, Readers, n);
  for (NodeId id = 0; id < n; id++)
    for (int k = 0; k < node(p, id)->n_in; k++) {
      const NodeId draw = node(p, id)->in[k];
      if (node(p, draw)->op != OP_DRAW || at(p, draw)->place != PLACE_ROW) continue;
      const NodePlace *reader = at(p, id);
      Readers *r = &of[draw];
      const bool rows = op_info[node(p, id)->op].cls == CLASS_EW && reader->place == PLACE_ROW &&
                        reader->domain == at(p, draw)->domain;
      if (!rows) r->others = true;
      if (r->last == 0 || reader->phase < r->first) r->first = reader->phase;
      if (reader->phase + 1 > r->last) r->last = reader->phase + 1;
    }
  for (NodeId id = 0; id < n; id++)
    if (of[id].last > 0 && !of[id].others) {
      at(p, id)->phase = of[id].first;
      at(p, id)->stored = of[id].last > of[id].first + 1;
    }
}

/* A value that is made by rows has them on its first axis: what a kernel writes for a shard would otherwise
 * be no part of it. The gradients of a circuit stand in its PARTs. */
static bool has_its_rows(Placer *p, NodeId id) {
  const Node *n = node(p, id);
  const NodePlace *place = at(p, id);
  if (place->place != PLACE_ROW || n->op == OP_CIRCUIT_VJP || n->op == OP_CIRCUIT_HVP) return true;
  return n->shape.rank > 0 && dim_equal(n->shape.d[0], p->out->domains[place->domain].rows);
}

const char *place_graph(Arena *a, const Graph *g, const Program *program, Placed *out, NodeId *where) {
  int n = g_count(g);
  *out = (Placed){.at = ARENA_ARRAY(a, NodePlace, n)};
  Placer p = {.arena = a, .g = g, .program = program, .out = out, .where = NODE_NONE};
  p.last_read = ARENA_ARRAY(a, int, program->slots.n + 1);
  for (int k = 0; k <= program->slots.n; k++) p.last_read[k] = -1;
  for (NodeId id = 0; id < n; id++) {
    out->at[id].alias = NODE_NONE;
    place_node(&p, id);
    note_reads(&p, id);
    if (!has_its_rows(&p, id)) p.why = "a value without the rows of what it is computed from", p.where = id;
    out->n_phases = max_int(out->n_phases, out->at[id].phase + 1);
  }
  place_draws_late(&p);
  *where = p.where;
  return p.why;
}
