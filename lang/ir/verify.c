/* All invariants of graph.h, checked from the nodes alone. */
#include "lang/ir/graph_int.h"

static const char *fault(const Graph *g, NodeId id, const char *text) {
  return arena_printf(g->arena, "node %d (%s): %s", id, op_info[g_node(g, id)->op].name, text);
}

/* Inputs: as many as the table says, before the node, and not effects; several results only for PART. */
static const char *verify_inputs(const Graph *g, NodeId id) {
  const Node *n = g_node(g, id);
  if (op_info[n->op].n_in >= 0 && op_info[n->op].n_in != n->n_in)
    return fault(g, id, "wrong number of inputs");
  for (int k = 0; k < n->n_in; k++) {
    if (n->in[k] < 0 || n->in[k] >= id) return fault(g, id, "an input does not stand before it");
    const Node *in = g_node(g, n->in[k]);
    if (op_info[in->op].cls == CLASS_EFFECT) return fault(g, id, "an input is an effect");
    bool several = in->op == OP_CIRCUIT_VJP || in->op == OP_CIRCUIT_HVP;
    if (several != (n->op == OP_PART))
      return fault(g, id, "PART and operations with several results go together");
  }
  return NULL;
}

/* The shape and kind that the rules give are those that the node has. */
static const char *verify_shape(const Graph *g, NodeId id) {
  const Node *n = g_node(g, id);
  Make m = {(Graph *)(uintptr_t)g, n->op,     n->n_in, n->in, &n->attr, &n->shape, n->span,
            shape_scalar(),        ELEM_REAL, 1};
  const char *why = shape_rule_of[n->op](&m);
  if (why) return fault(g, id, why);
  if (!shape_equal(&m.shape, &n->shape)) return fault(g, id, "its shape is not that of its rule");
  if (m.n_parts != n->n_parts) return fault(g, id, "its number of results is not that of its rule");
  if (elem_of(&m) != n->elem) return fault(g, id, "its elements are not of the kind of its rule");
  return NULL;
}

static bool same_value(const Node *a, const Node *b) {
  if (a->op != b->op || a->n_in != b->n_in || a->attr.p != b->attr.p || !shape_equal(&a->shape, &b->shape))
    return false;
  for (int k = 0; k < a->n_in; k++)
    if (a->in[k] != b->in[k]) return false;
  for (int k = 0; k < 8; k++)
    if (a->attr.i[k] != b->attr.i[k]) return false;
  for (int k = 0; k < 4; k++)
    if (!(a->attr.f[k] == b->attr.f[k])) return false; /* NaN and the zeros: not compared further */
  return true;
}

static const char *verify_unique(const Graph *g, NodeId id) {
  const Node *n = g_node(g, id);
  if (op_info[n->op].cls == CLASS_EFFECT || n->op == OP_CONST) return NULL;
  for (NodeId k = 0; k < id; k++)
    if (same_value(g_node(g, k), n)) return fault(g, id, arena_printf(g->arena, "it is node %d again", k));
  return NULL;
}

/* Versions: a PARAM's are those of the updates before its first reader, and effects count up. */
static const char *verify_effects(const Graph *g) {
  int effects = 0;
  for (NodeId id = 0; id < g_count(g); id++) {
    const Node *n = g_node(g, id);
    if (n->op == OP_PARAM && (n->attr.i[1] < 0 || n->attr.i[1] > g_version(g, (int)n->attr.i[0])))
      return fault(g, id, "it reads a version that its slot does not have");
    if (n->op == OP_UPDATE && n->n_in != ((const UpdateInfo *)n->attr.p)->n)
      return fault(g, id, "it has not one gradient for each slot");
    effects += op_info[n->op].cls == CLASS_EFFECT;
  }
  if (effects > 0 && g->barrier == 0) return "effects are not counted";
  return NULL;
}

const char *g_verify(const Graph *g) {
  const char *why = NULL;
  for (NodeId id = 0; id < g_count(g) && !why; id++) {
    if ((why = verify_inputs(g, id))) break;
    if ((why = verify_shape(g, id))) break;
    why = verify_unique(g, id);
  }
  return why ? why : verify_effects(g);
}
