#include "lang/ir/restrict.h"
#include "lang/ir/graph_int.h"

/* ---- how values depend on rows --------------------------------------------------------------- */

/* PER_ROW: axis 0 has the rows, and each depends on its own row alone. SUM_ROWS, MEAN_ROWS: linear in a
 * sum, or a mean, of such values over the rows. ROW_COUNT, ROW_SHARE: a multiple of their number, or of 1 by
 * it; PER_SHARE: PER_ROW times ROW_SHARE. */
typedef enum RowClass {
  NO_ROWS,
  PER_ROW,
  PER_SHARE,
  SUM_ROWS,
  MEAN_ROWS,
  ROW_COUNT,
  ROW_SHARE,
  MIXED
} RowClass;

/* Does the count hold that of the minibatch, as a term of a sum? */
static bool is_sum_with(const Restrict *r, uint32_t count) {
  return count != 0 && r->count != 0 && count != r->count && r->count_of(r->ctx, count) != count;
}

/* A value that was bound before the statement. */
static bool is_bound(const Restrict *r, NodeId id) {
  return g_node(r->from, id)->op == OP_MARK && (id < r->first || (id >= r->ways_from && id < r->ways_to));
}

/* Rows of the minibatch on an axis behind the first, as of all pairs of them. */
static bool rows_behind(const Node *n, uint32_t count) {
  bool found = false;
  for (int k = 1; count != 0 && k < n->shape.rank; k++) found = found || n->shape.d[k].count == count;
  return found;
}

static bool has_rows(const Node *n, uint32_t count) {
  return count != 0 && n->shape.rank > 0 && n->shape.d[0].count == count;
}

static bool all_are(const Node *n, const RowClass *cls, RowClass a, RowClass b) {
  for (int k = 0; k < n->n_in; k++)
    if (cls[n->in[k]] != a && cls[n->in[k]] != b) return false;
  return true;
}

/* Of a product, in either order. */
static RowClass times(RowClass a, RowClass b) {
  static const RowClass known[][3] = {{SUM_ROWS, ROW_SHARE, MEAN_ROWS}, {MEAN_ROWS, ROW_COUNT, SUM_ROWS},
                                      {PER_ROW, ROW_SHARE, PER_SHARE},  {PER_SHARE, ROW_COUNT, PER_ROW},
                                      {ROW_COUNT, ROW_SHARE, NO_ROWS},  {PER_ROW, PER_ROW, PER_ROW},
                                      {PER_ROW, PER_SHARE, PER_SHARE}};
  if (a == NO_ROWS) return b;
  if (b == NO_ROWS) return a;
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
    if ((known[k][0] == a && known[k][1] == b) || (known[k][0] == b && known[k][1] == a)) return known[k][2];
  return MIXED;
}

static RowClass inverse(RowClass a) {
  if (a == ROW_COUNT) return ROW_SHARE;
  if (a == ROW_SHARE) return ROW_COUNT;
  return a == NO_ROWS || a == PER_ROW ? a : MIXED;
}

static RowClass class_of_sum(const Node *n, const RowClass *cls) {
  RowClass a = cls[n->in[0]];
  if (a != PER_ROW && a != PER_SHARE) return a;
  if ((n->attr.i[0] & 1) == 0) return a;
  return a == PER_ROW ? SUM_ROWS : MEAN_ROWS;
}

/* Can the operation mix rows of an input whose axis 0 they are? */
static bool stays_in_row(const Graph *g, const Node *n, uint32_t count) {
  switch (op_info[n->op].cls) {
  case CLASS_EW:
  case CLASS_ROWS:
  case CLASS_CIRCUIT:
  case CLASS_PART: return true;
  case CLASS_VIEW:
    return n->op == OP_TRANSPOSE ? n->attr.i[0] == 0
                                 : has_rows(g_node(g, n->in[0]), count) == has_rows(n, count);
  case CLASS_AXIS: return n->attr.i[0] != 0;
  case CLASS_MATMUL:
    return n->shape.rank > 2 || (has_rows(g_node(g, n->in[0]), count) && n->attr.i[0] == 0 &&
                                 !has_rows(g_node(g, n->in[1]), count));
  case CLASS_SHARED: return !has_rows(g_node(g, n->in[n->op == OP_GATHER ? 0 : 1]), count);
  case CLASS_SOURCE:
  case CLASS_REDUCE:
  case CLASS_CONTRACT:
  case CLASS_WHOLE:
  case CLASS_EFFECT: return false;
  }
  return false;
}

/* A sum over rows hidden in a product or in the derivative of something shared. */
static bool contracts_rows(const Graph *g, const Node *n, uint32_t count, const RowClass *cls) {
  if (has_rows(n, count)) return false;
  if (n->op == OP_MATMUL)
    return n->shape.rank == 2 && n->attr.i[0] != 0 && n->attr.i[1] == 0 && cls[n->in[0]] == PER_ROW &&
           cls[n->in[1]] == PER_ROW;
  if (n->op == OP_PART) return cls[n->in[0]] == PER_ROW && g_node(g, n->in[0])->op == OP_CIRCUIT_VJP;
  return (op_info[n->op].cls == CLASS_CONTRACT || n->op == OP_COUNTS) && all_are(n, cls, PER_ROW, NO_ROWS);
}

static RowClass class_of(const Restrict *r, NodeId id, const RowClass *cls) {
  const Node *n = g_node(r->from, id);
  if (n->op == OP_COUNT && is_sum_with(r, (uint32_t)n->attr.i[0])) return MIXED;
  if (n->op == OP_COUNT) return (uint32_t)n->attr.i[0] == r->count ? ROW_COUNT : NO_ROWS;
  if (n->n_in == 0) return has_rows(n, r->count) && n->op != OP_CONST ? PER_ROW : NO_ROWS;
  if (is_bound(r, id)) return has_rows(n, r->count) ? PER_ROW : NO_ROWS;
  if (all_are(n, cls, NO_ROWS, NO_ROWS)) return NO_ROWS;
  if (n->op == OP_SUM) return class_of_sum(n, cls);
  if (contracts_rows(r->from, n, r->count, cls)) return SUM_ROWS;
  if (n->op == OP_MUL) return times(cls[n->in[0]], cls[n->in[1]]);
  if (n->op == OP_DIV) return times(cls[n->in[0]], inverse(cls[n->in[1]]));
  if (n->op == OP_RECIP) return inverse(cls[n->in[0]]);
  if (all_are(n, cls, PER_ROW, NO_ROWS)) return stays_in_row(r->from, n, r->count) ? PER_ROW : MIXED;
  if (n->op == OP_ADD || n->op == OP_SUB) {
    const RowClass a = cls[n->in[0]];
    if (all_are(n, cls, MEAN_ROWS, NO_ROWS)) return MEAN_ROWS;
    if (a != cls[n->in[1]] && all_are(n, cls, SUM_ROWS, ROW_COUNT)) return SUM_ROWS; /* a constant, summed */
    return all_are(n, cls, a, a) && a != MIXED ? a : MIXED;
  }
  bool linear = n->op == OP_NEG || n->op == OP_RESHAPE || n->op == OP_MARK || n->op == OP_STRETCH ||
                n->op == OP_TRANSPOSE || n->op == OP_SLICE || n->op == OP_STOP_GRAD;
  const bool per = cls[n->in[0]] == PER_SHARE;
  return linear && has_rows(n, r->count) == per ? cls[n->in[0]] : MIXED;
}

static RowClass *classify(const Restrict *r) {
  RowClass *cls = ARENA_ARRAY(g_arena(r->from), RowClass, r->loss + 1);
  for (NodeId id = 0; id <= r->loss; id++) cls[id] = class_of(r, id, cls);
  return cls;
}

NodeId g_not_a_mean(const Restrict *r) {
  RowClass *cls = classify(r);
  if (cls[r->loss] == MEAN_ROWS || cls[r->loss] == NO_ROWS) return NODE_NONE;
  if (cls[r->loss] != MIXED) return r->loss;
  NodeId at = r->loss; /* down to the first node of the chain that mixes */
  for (bool down = true; down;) {
    const Node *n = g_node(r->from, at);
    down = false;
    for (int k = 0; k < n->n_in && !down; k++)
      if (cls[n->in[k]] == MIXED) at = n->in[k], down = true;
  }
  return at;
}

/* ---- the copy ------------------------------------------------------------------------------- */

/* OWN: made anew for the rows. BOUND: a value bound before, for the rows. WHOLE: for all rows. */
typedef enum Mode { OWN, BOUND, WHOLE, MODES } Mode;

typedef struct Copy {
  Restrict *r;
  RowClass *cls;
  bool *depends;       /* on the trained weights */
  bool *need[MODES];   /* by node of `from` */
  NodeId *made[MODES]; /* nodes of `to` */
} Copy;

static bool trains(const Restrict *r, int64_t slot) {
  for (int k = 0; k < r->n_weights; k++)
    if (r->weights[k] == slot) return true;
  return false;
}

static bool *find_depends(const Restrict *r) {
  bool *out = ARENA_ARRAY(g_arena(r->from), bool, r->loss + 1);
  for (NodeId id = 0; id <= r->loss; id++) {
    const Node *n = g_node(r->from, id);
    out[id] = n->op == OP_PARAM && trains(r, n->attr.i[0]);
    if (op_info[n->op].diff == OPDIFF_NOGRAD) continue;
    for (int k = 0; k < n->n_in; k++) out[id] = out[id] || (out[n->in[k]] && op_carries(n->op, k));
  }
  return out;
}

static bool is_old(const Restrict *r, const Node *n) {
  return n->op == OP_PARAM && n->attr.i[1] < g_version(r->from, (int)n->attr.i[0]);
}

/* Is the node read from a slot instead of being made anew? */
static bool is_kept(const Copy *c, NodeId id, Mode mode) {
  const Restrict *r = c->r;
  const Node *n = g_node(r->from, id);
  if (n->op == OP_CONST || n->op == OP_COUNT || n->op == OP_CLOCK) return false;
  if (n->op == OP_PARAM) return is_old(r, n);
  if (n->op == OP_INPUT || n->op == OP_DRAW) return true;
  if (c->depends[id]) return false;
  return mode != OWN || r->count == 0 || is_bound(r, id) || c->cls[id] == NO_ROWS;
}

static Mode mode_of_input(const Copy *c, NodeId id, int k, Mode mode) {
  const Node *n = g_node(c->r->from, id);
  const bool rows = c->r->count != 0 && has_rows(g_node(c->r->from, n->in[k]), c->r->count);
  if (mode == WHOLE) return WHOLE;
  if (mode == OWN && !is_bound(c->r, id)) return OWN;
  return rows ? BOUND : WHOLE;
}

static bool fail(const Copy *c, NodeId id, const char *why, bool stale) {
  c->r->where = id, c->r->why = why, c->r->stale = stale;
  return false;
}

/* Marks what is needed, from the loss down. */
static bool find_needs(Copy *c) {
  Restrict *r = c->r;
  c->need[OWN][r->loss] = true;
  for (NodeId id = r->loss; id >= 0; id--)
    for (int m = 0; m < MODES; m++) {
      const Node *n = g_node(r->from, id);
      if (!c->need[m][id]) continue;
      if (is_old(r, n) && trains(r, n->attr.i[0])) return fail(c, id, NULL, true);
      const bool bound = is_kept(c, id, (Mode)m) || is_bound(r, id);
      if (m == OWN && bound && rows_behind(n, r->count))
        return fail(c, id, "it was bound before, and holds pairs of rows", false);
      if (is_kept(c, id, (Mode)m)) continue;
      if (m == BOUND && !stays_in_row(r->from, n, r->count))
        return fail(c, id, "it was bound before, and its rows depend on each other", false);
      for (int k = 0; k < n->n_in; k++) c->need[mode_of_input(c, id, k, (Mode)m)][n->in[k]] = true;
    }
  return true;
}

static Shape restricted(const Restrict *r, const Shape *s, Mode mode) {
  Shape out = *s;
  for (int k = 0; k < out.rank; k++)
    if (mode != WHOLE && r->count != 0 && out.d[k].count != 0)
      out.d[k].count = r->count_of(r->ctx, out.d[k].count);
  return out;
}

static NodeId make(Copy *c, NodeId id, Mode mode) {
  const Restrict *r = c->r;
  const Node *n = g_node(r->from, id);
  const bool rows = mode != WHOLE && has_rows(n, r->count);
  if (is_kept(c, id, mode)) return r->keep(r->ctx, id, rows);
  const Shape shape = restricted(r, &n->shape, mode);
  Attr attr = n->attr;
  if (n->op == OP_PARAM) return g_param(r->to, (int)attr.i[0], &shape, n->span);
  if (mode == OWN && r->count != 0) {
    const int at = n->op == OP_COUNT ? 0 : n->op == OP_SCATTER_ROWS && attr.i[1] != 0 ? 1 : -1;
    if (at >= 0) attr.i[at] = (int64_t)r->count_of(r->ctx, (uint32_t)attr.i[at]);
  }
  NodeId *in = ARENA_ARRAY(g_arena(r->to), NodeId, n->n_in + 1);
  for (int k = 0; k < n->n_in; k++) in[k] = c->made[mode_of_input(c, id, k, mode)][n->in[k]];
  const char *why = NULL;
  const NodeId out = g_make(r->to, n->op, n->n_in, in, &attr, &shape, n->span, &why);
  if (out == NODE_NONE) (void)fail(c, id, why, false);
  return out;
}

NodeId g_restrict(Restrict *r) {
  Arena *a = g_arena(r->from);
  Copy c = {.r = r, .cls = classify(r), .depends = find_depends(r)};
  r->where = NODE_NONE, r->why = NULL, r->stale = false;
  for (int m = 0; m < MODES; m++) {
    c.need[m] = ARENA_ARRAY(a, bool, r->loss + 1);
    c.made[m] = ARENA_ARRAY(a, NodeId, r->loss + 1);
  }
  if (!find_needs(&c)) return NODE_NONE;
  const NodeId loss = r->loss; /* keeping values adds nodes to `from` */
  for (NodeId id = 0; id <= loss; id++)
    for (int m = 0; m < MODES; m++) {
      if (!c.need[m][id]) continue;
      c.made[m][id] = make(&c, id, (Mode)m);
      if (c.made[m][id] == NODE_NONE) return NODE_NONE;
    }
  return c.made[OWN][loss];
}
