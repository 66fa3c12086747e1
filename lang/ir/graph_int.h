/* Inside of the graph, shared by the files of lang/ir only.
 *
 * A node is made in four steps (graph.c): its shape rule fills in the result's shape; simplify.c
 * may find a node that is equal and cheaper; an equal node that exists is found by hash; else it is
 * appended. Rewrites look through a node (use its inputs) only if it was made after the last
 * effect, so no rewrite makes a late reader of a weight that an update has changed: see g_peek. */
#ifndef QGN_GRAPH_INT_H
#define QGN_GRAPH_INT_H
#include "lang/ir/graph.h"

struct Graph {
  Arena *arena;
  VEC(Node) nodes;
  int32_t *table;     /* open addressing: id + 1, 0 is free */
  int table_size;     /* a power of two */
  NodeId barrier;     /* nodes below stand before the last effect */
  VEC(int) version;   /* by slot: updates and stores so far */
  VEC(NodeId) stored; /* by slot: what the last STORE wrote plus 1, 0 if there is none */
  const char *const *count_names;
};

/* A node in the making: what was asked for, and what the shape rule found. */
typedef struct Make {
  Graph *g;
  OpId op;
  int n_in;
  const NodeId *in;
  const Attr *attr;   /* never NULL */
  const Shape *given; /* ops with the rule `given`, else NULL */
  Span span;
  Shape shape; /* result */
  ElemKind elem;
  int n_parts;
} Make;

/* Shape rules: NULL, or a text in the graph's arena that says what does not fit. They set shape
 * and n_parts. */
typedef const char *ShapeRule(Make *m);
extern ShapeRule *const shape_rule_of[OP_COUNT_OF];
ElemKind elem_of(const Make *m);

/* Derivative rules; NULL for rows without GRAD. */
extern VjpRule *const vjp_of[OP_COUNT_OF];

/* An equal node that is cheaper, or NODE_NONE. Its shape is m->shape. */
NodeId simplify(const Make *m);

/* The value of an elementwise op for numbers x[] (one for each input); false if op is none. */
bool fold_elementwise(OpId op, const double *x, const Attr *attr, double *out);

/* Appends without looking for an equal node or a cheaper one. */
NodeId g_append(const Make *m);

/* The node if rewrites may look through it, else NULL. */
static inline const Node *g_peek(const Graph *g, NodeId id) {
  const Node *n = &g->nodes.at[id];
  return id >= g->barrier || n->op == OP_CONST ? n : NULL;
}
static inline bool g_is_const(const Graph *g, NodeId id, double *value) {
  const Node *n = &g->nodes.at[id];
  if (n->op != OP_CONST) return false;
  *value = n->attr.f[0];
  return true;
}
static inline const Shape *g_shape(const Graph *g, NodeId id) { return &g->nodes.at[id].shape; }

/* g_dump with every line moved to the right. */
void g_dump_indented(const Graph *g, const char *const *count_names, const char *const *slot_names,
                     int indent, FILE *out);

/* live[id] is set for every node that an effect needs; all nodes if there is no effect. */
void g_mark_live(const Graph *g, bool *live);
#endif
