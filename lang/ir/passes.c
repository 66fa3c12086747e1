/* g_optimize: the graph again, from its effects backwards.
 *  - Nodes that no effect needs are left out.
 *  - MARK and STOP_GRAD, which only reverse sweeps look at, are left out, and every node is made
 *    anew, so that what they kept apart meets.
 *  - A weight or slot that is read again behind the UPDATE or STORE that changes it is copied
 *    before (a product with 1 that is not simplified), so the array's order is a right order for
 *    an executor that reads and writes slots in place.
 * STRETCH folding and constants need no pass: simplify.c does them when a node is made. */
#include "lang/ir/graph_int.h"

void g_mark_live(const Graph *g, bool *live) {
  int effects = 0;
  for (NodeId id = 0; id < g_count(g); id++) {
    live[id] = op_info[g_node(g, id)->op].cls == CLASS_EFFECT;
    effects += live[id];
  }
  for (NodeId id = g_count(g) - 1; id >= 0; id--) {
    const Node *n = g_node(g, id);
    if (effects == 0) live[id] = true;
    for (int k = 0; live[id] && k < n->n_in; k++) live[n->in[k]] = true;
  }
}

/* The slot that a node reads in place, or -1. */
static int slot_read(const Node *n) {
  return n->op == OP_PARAM || n->op == OP_INPUT ? (int)n->attr.i[0] : -1;
}

static bool writes_slot(const Node *n, int slot) {
  if (n->op == OP_STORE) return n->attr.i[0] == slot;
  if (n->op != OP_UPDATE) return false;
  const UpdateInfo *info = n->attr.p;
  for (int k = 0; k < info->n; k++)
    if (info->slots[k] == slot) return true;
  return false;
}

/* The first effect behind `id` that changes the slot which `id` reads, or NODE_NONE. */
static NodeId first_write(const Graph *g, NodeId id) {
  int slot = slot_read(g_node(g, id));
  if (slot < 0) return NODE_NONE;
  for (NodeId e = id + 1; e < g_count(g); e++)
    if (writes_slot(g_node(g, e), slot)) return e;
  return NODE_NONE;
}

/* True if a live node behind `after` reads `id`. The effect itself reads before it writes. */
static bool read_behind(const Graph *g, const bool *live, NodeId id, NodeId after) {
  for (NodeId u = after + 1; u < g_count(g); u++)
    for (int k = 0; live[u] && k < g_node(g, u)->n_in; k++)
      if (g_node(g, u)->in[k] == id) return true;
  return false;
}

static NodeId raw_copy(Graph *g, NodeId a) {
  const Node *n = g_node(g, a);
  NodeId in[2] = {a, g_scalar(g, 1, n->span)};
  static const Attr none;
  return g_append(&(Make){g, OP_MUL, 2, in, &none, NULL, n->span, n->shape, n->elem, 1});
}

static NodeId *mapped_inputs(const Graph *g, const Node *n, const NodeId *map) {
  NodeId *in = ARENA_ARRAY(g->arena, NodeId, n->n_in ? n->n_in : 1);
  for (int k = 0; k < n->n_in; k++) in[k] = map[n->in[k]];
  return in;
}

static NodeId remake(Graph *g, const Node *n, const NodeId *map) {
  NodeId *in = mapped_inputs(g, n, map);
  if (n->op == OP_MARK || n->op == OP_STOP_GRAD) return in[0];
  if (n->op == OP_UPDATE) return g_update(g, n->attr.p, in, n->span);
  return g_make(g, n->op, n->n_in, in, &n->attr, &n->shape, n->span, NULL);
}

/* The live nodes alone, in the same order. */
static Graph *drop_dead(const Graph *g, Arena *a) {
  Graph *r = g_new(a);
  r->count_names = g->count_names;
  bool *live = ARENA_ARRAY(a, bool, g_count(g) + 1);
  NodeId *map = ARENA_ARRAY(a, NodeId, g_count(g) + 1);
  g_mark_live(g, live);
  for (NodeId id = 0; id < g_count(g); id++) {
    const Node *n = g_node(g, id);
    if (!live[id]) continue;
    NodeId *in = mapped_inputs(r, n, map);
    map[id] =
        g_append(&(Make){r, n->op, n->n_in, in, &n->attr, NULL, n->span, n->shape, n->elem, n->n_parts});
  }
  return r;
}

Graph *g_optimize(const Graph *g, Arena *a) {
  Graph *r = g_new(a);
  r->count_names = g->count_names;
  bool *live = ARENA_ARRAY(a, bool, g_count(g) + 1);
  NodeId *map = ARENA_ARRAY(a, NodeId, g_count(g) + 1);
  g_mark_live(g, live);
  for (NodeId id = 0; id < g_count(g); id++) {
    if (!live[id]) continue;
    map[id] = remake(r, g_node(g, id), map);
    NodeId write = first_write(g, id);
    if (write != NODE_NONE && read_behind(g, live, id, write)) map[id] = raw_copy(r, map[id]);
  }
  return drop_dead(r, a);
}
