/* The reverse sweep. A node is on the path if a differentiable way leads to it from what is
 * differentiated by, and from it to the loss; only such nodes are visited, from the loss down,
 * and each gets its rule once, with all cotangents of its results added up. */
#include <assert.h>
#include "lang/ir/graph_int.h"
#include "lang/ir/vjp.h"

VjpRule *const vjp_of[OP_COUNT_OF] = {
#define VJP_GRAD(ID, lower) [OP_##ID] = vjp_##lower,
#define VJP_NOGRAD(ID, lower)
#define VJP_NONE(ID, lower)
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) VJP_##diff(ID, lower)
#include "lang/ir/ops.def"
#undef OP
};

typedef struct Sweep {
  Graph *g;
  NodeId loss;
  bool *path;   /* [0..loss] */
  NodeId **cot; /* [0..loss][part]: cotangents so far; NULL: none yet */
  Span span;
  GradError *err;
} Sweep;

/* True if a derivative flows from input k of the node to its result. */
static bool flows(const Node *n, int k) {
  return op_info[n->op].diff != OPDIFF_NOGRAD && op_info[n->op].cls != CLASS_EFFECT && op_carries(n->op, k);
}

/* Adds to reach[] every node up to `last` that a seed leads to. */
static void flood(const Graph *g, NodeId last, bool *reach) {
  for (NodeId id = 0; id <= last; id++) {
    const Node *n = g_node(g, id);
    for (int k = 0; k < n->n_in && !reach[id]; k++) reach[id] = reach[n->in[k]] && flows(n, k);
  }
}

bool g_depends(const Graph *g, NodeId to, NodeId from) {
  if (to < from) return false;
  bool *reach = ARENA_ARRAY(g->arena, bool, to + 1);
  reach[from] = true;
  flood(g, to, reach);
  return reach[to];
}

static bool is_old_param(const Graph *g, NodeId id) {
  const Node *n = g_node(g, id);
  return n->op == OP_PARAM && n->attr.i[1] < g_version(g, (int)n->attr.i[0]);
}

/* Seeds: what is differentiated by, and older versions of the same weights, so that a loss which
 * was computed with them is seen to be stale instead of independent. */
static void seed(const Graph *g, NodeId loss, int n, const NodeId *wrt, bool *reach) {
  for (int j = 0; j < n; j++) {
    if (wrt[j] <= loss) reach[wrt[j]] = true;
    const Node *w = g_node(g, wrt[j]);
    if (w->op != OP_PARAM) continue;
    for (NodeId id = 0; id <= loss; id++)
      if (is_old_param(g, id) && g_node(g, id)->attr.i[0] == w->attr.i[0]) reach[id] = true;
  }
}

/* Which nodes are on a path from the seeds to the loss. */
static bool *find_path(const Graph *g, NodeId loss, int n, const NodeId *wrt) {
  bool *reach = ARENA_ARRAY(g->arena, bool, loss + 1), *path = ARENA_ARRAY(g->arena, bool, loss + 1);
  seed(g, loss, n, wrt, reach);
  flood(g, loss, reach);
  path[loss] = reach[loss];
  for (NodeId id = loss; id >= 0; id--) {
    const Node *node = g_node(g, id);
    for (int k = 0; path[id] && k < node->n_in; k++)
      if (reach[node->in[k]] && flows(node, k)) path[node->in[k]] = true;
  }
  return path;
}

/* False, with the error set, if a value on the path was computed with weights that have changed. */
static bool check_fresh(const Sweep *s) {
  for (NodeId id = 0; id <= s->loss; id++) {
    const Node *n = g_node(s->g, id);
    if (!s->path[id]) continue;
    if (id == s->loss && is_old_param(s->g, id)) {
      *s->err = (GradError){"the weights have been updated since", id, true, (int)n->attr.i[0]};
      return false;
    }
    for (int k = 0; k < n->n_in; k++) {
      if (!is_old_param(s->g, n->in[k])) continue;
      int slot = (int)g_node(s->g, n->in[k])->attr.i[0];
      *s->err = (GradError){"it was computed with weights that have been updated since", id, true, slot};
      return false;
    }
  }
  return true;
}

/* Adds a cotangent of node `id` (of the result that a PART picks). */
static void contribute(Sweep *s, NodeId id, int part, NodeId value) {
  const Node *n = g_node(s->g, id);
  if (!s->cot[id]) {
    s->cot[id] = ARENA_ARRAY(s->g->arena, NodeId, n->n_parts);
    for (int k = 0; k < n->n_parts; k++) s->cot[id][k] = NODE_NONE;
  }
  assert(n->n_parts > 1 || shape_equal(&n->shape, g_shape(s->g, value)) ||
         op_info[n->op].cls == CLASS_CIRCUIT);
  NodeId *at = &s->cot[id][part];
  *at = *at == NODE_NONE ? value : g_binary(s->g, OP_ADD, *at, value, s->span);
}

/* Runs the rule of one node and hands its results on. */
static bool visit(Sweep *s, NodeId id) {
  const Node *n = g_node(s->g, id);
  if (n->n_in == 0) return true;
  if (!vjp_of[n->op]) {
    *s->err =
        (GradError){arena_printf(s->g->arena, "`%s` has no derivative", op_info[n->op].name), id, false, -1};
    return false;
  }
  bool *need = ARENA_ARRAY(s->g->arena, bool, n->n_in), any = false;
  NodeId *gin = ARENA_ARRAY(s->g->arena, NodeId, n->n_in);
  for (int k = 0; k < n->n_in; k++) {
    need[k] = s->path[n->in[k]] && flows(n, k);
    any |= need[k];
    gin[k] = NODE_NONE;
  }
  if (!any) return true;
  const char *why = vjp_of[n->op](s->g, id, s->cot[id], need, gin);
  if (why) {
    *s->err = (GradError){why, id, false, -1};
    return false;
  }
  int part = n->op == OP_PART ? (int)n->attr.i[0] : 0;
  for (int k = 0; k < n->n_in; k++)
    if (need[k] && gin[k] != NODE_NONE) contribute(s, n->in[k], part, gin[k]);
  return true;
}

/* A wrt node that stands behind nothing else on the path need not be visited; the others must. */
bool g_grad(Graph *g, NodeId loss, int n, const NodeId *wrt, NodeId *out, Span span, GradError *err) {
  GradError ignored;
  Shape shape = *g_shape(g, loss);
  Sweep s = {g, loss, NULL, NULL, span, err ? err : &ignored};
  for (int k = 0; k < n; k++) out[k] = NODE_NONE;
  for (int k = 0; k < shape.rank; k++)
    if (!dim_is_one(shape.d[k])) {
      const char *text = shape_text(g->arena, &shape, g->count_names);
      *s.err = (GradError){arena_printf(g->arena, "a derivative is of one number, not of %s", text), loss,
                           false, -1};
      return false;
    }
  s.path = find_path(g, loss, n, wrt);
  if (!s.path[loss]) return true;
  if (!check_fresh(&s)) return false;
  s.cot = ARENA_ARRAY(g->arena, NodeId *, loss + 1);
  contribute(&s, loss, 0, g_const(g, 1, &shape, span));
  for (NodeId id = loss; id >= 0; id--)
    if (s.path[id] && s.cot[id] && !visit(&s, id)) return false;
  for (int k = 0; k < n; k++)
    if (wrt[k] <= loss && s.cot[wrt[k]]) out[k] = s.cot[wrt[k]][0];
  return true;
}
