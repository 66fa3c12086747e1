/* The graph: what one straight-line piece of a program computes. Nodes stand in an array; an id
 * is an index; inputs have smaller ids than the node, so the order of the array is an order of
 * execution and, for effects, the order of the text.
 *
 * Invariants
 *  - Shapes are checked when a node is made (its shape rule); ranks, counts and sizes are known.
 *  - Pure nodes are unique: making a node that exists returns it (hash consing), and trivial
 *    algebra is done at once (x + 0, x * 1, -(-x), constants folded). Draws are unique by site.
 *  - Weights are read by PARAM nodes that carry how many updates of that slot came before in this
 *    graph; UPDATE and STORE nodes are never moved or merged.
 *  - Derivatives are graph: g_grad appends the nodes of the reverse sweep, each built by the
 *    derivative rule of its op (vjp_*.c), so derivatives of derivatives need nothing more. There
 *    is no silent zero: an op without rule on a needed path is an error that names it.
 *
 * Order: C does not say in which order the arguments of a call are evaluated. Where two of them make
 * nodes, make one in a statement before, or the order of nodes depends on the compiler.
 *
 * Owner: everything lives in the graph's arena. */
#ifndef QGN_GRAPH_H
#define QGN_GRAPH_H
#include <stdio.h>
#include "lang/base/arena.h"
#include "lang/base/diag.h"
#include "lang/base/vec.h"
#include "lang/ir/op.h"
#include "lang/ir/shape.h"

typedef int32_t NodeId;
#define NODE_NONE (-1)

typedef struct Attr {
  int64_t i[8];
  double f[4];
  const void *p; /* compared by address */
} Attr;

typedef struct Node {
  OpId op;
  ElemKind elem;
  Shape shape;
  int n_in;
  const NodeId *in;
  Attr attr;
  int n_parts; /* results that PART nodes may pick; 1 for ordinary nodes */
  Span span;   /* what in the script made it */
} Node;

typedef struct Graph Graph;

Graph *g_new(Arena *a);
Arena *g_arena(const Graph *g);
int g_count(const Graph *g);
/* Never changed after it was made: the pointer stays good as long as the arena. */
const Node *g_node(const Graph *g, NodeId id);
/* Names of counts for the texts of g_make: names[id]. The array must outlive its use; without
 * it (or after NULL) a count is "n rows". */
void g_name_counts(Graph *g, const char *const *names);

/* Makes a node (or returns an equal one). `shape` only for ops with the `given` rule, else NULL.
 * A shape that does not fit: NODE_NONE, and *why (if not NULL) is a text in the arena, like
 * "[B, 3] and [4, 64] do not multiply: 3 and 4". */
NodeId g_make(Graph *g, OpId op, int n_in, const NodeId *in, const Attr *attr, const Shape *shape, Span span,
              const char **why);

/* Shorthands for rules and lowering; they assert that the shapes fit. */
NodeId g_const(Graph *g, double value, const Shape *shape, Span span);
NodeId g_scalar(Graph *g, double value, Span span);
NodeId g_input(Graph *g, int slot, const Shape *shape, ElemKind elem, Span span);
NodeId g_param(Graph *g, int slot, const Shape *shape, Span span); /* at the present version of the slot */
NodeId g_draw(Graph *g, DrawKind kind, int site, const Shape *shape, Span span);
NodeId g_unary(Graph *g, OpId op, NodeId a, Span span);
NodeId g_binary(Graph *g, OpId op, NodeId a, NodeId b, Span span);
NodeId g_leaky_relu(Graph *g, NodeId a, double slope, Span span);
NodeId g_sum(Graph *g, NodeId a, int64_t axes, bool keep, Span span);
NodeId g_mean(Graph *g, NodeId a, int64_t axes, bool keep, Span span); /* SUM over n; n may hold counts */
NodeId g_stretch(Graph *g, NodeId a, const Shape *to, Span span);
NodeId g_reshape(Graph *g, NodeId a, const Shape *to, Span span);
NodeId g_transpose(Graph *g, NodeId a, const int *perm, Span span);
NodeId g_slice(Graph *g, NodeId a, int axis, int64_t from, int64_t len, Span span);
NodeId g_pad(Graph *g, NodeId a, int axis, int64_t at, int64_t total, Span span);
NodeId g_concat(Graph *g, int n, const NodeId *in, int axis, Span span);
NodeId g_matmul(Graph *g, NodeId a, NodeId b, bool ta, bool tb, Span span);
NodeId g_part(Graph *g, NodeId a, int k, const Shape *shape, Span span);
/* a summed over the axes along which `to` is 1 or missing, so that its shape is `to`
 * (the derivative of stretching). */
NodeId g_sum_to(Graph *g, NodeId a, const Shape *to, Span span);
/* The number of elements along the axes in the mask, as a node (constant, or with COUNTs). */
NodeId g_size_of(Graph *g, NodeId a, int64_t axes, Span span);
/* a as a node of its own, which no other expression equals. Without it `let y = x * 1` or a
 * second `x^2` *is* the first one, and grad(loss, y) would count the uses of both: what a script
 * binds and differentiates by must be marked. `name` is a number, different for each binding. */
NodeId g_mark(Graph *g, NodeId a, int64_t name, Span span);
/* After it g_input and g_param of that slot return `a` in this graph. */
NodeId g_store(Graph *g, NodeId a, int slot, Span span);

/* Weight update: slots[k] is changed with gradient grads[k] by optimiser `optimizer` of train
 * `train`; `ordinal` is the number of this update statement among those of that optimiser in the
 * train. Raises the versions of the slots. */
typedef struct UpdateInfo {
  int train, optimizer, ordinal;
  int n;
  const int *slots;
  int norm; /* 1 + the series to which the norm of the gradient is added, 0: none */
} UpdateInfo;
NodeId g_update(Graph *g, const UpdateInfo *info, const NodeId *grads, Span span);
int g_version(const Graph *g, int slot);

/* Reverse sweep. out[k] is d loss / d wrt[k], of wrt[k]'s shape, or NODE_NONE if no path leads
 * there. loss has one element. False on an error, with *why and *where set: an op without a
 * derivative on the path, or (stale = true) a value computed with weights that an update has
 * changed since. */
typedef struct GradError {
  const char *why;
  NodeId where;
  bool stale;
  int stale_slot;
} GradError;
bool g_grad(Graph *g, NodeId loss, int n, const NodeId *wrt, NodeId *out, Span span, GradError *err);
/* True if a differentiable path leads from `from` to `to`. */
bool g_depends(const Graph *g, NodeId to, NodeId from);

/* A derivative rule: given the cotangents of the results of `self` (n_parts entries, NODE_NONE
 * where zero), sets gin[k] for every k with need[k]; leaving NODE_NONE means zero. Returns NULL,
 * or why there is none (a third order through a circuit). */
typedef const char *VjpRule(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin);

/* Text of the graph, one node a line, stable: `%5 [B, 64] = matmul(%1, %4) @31:3`. Only nodes
 * that STOREs, UPDATEs and `keep` need. */
void g_dump(const Graph *g, const char *const *count_names, const char *const *slot_names, FILE *out);

/* All invariants; NULL or a message (tests, debug builds). */
const char *g_verify(const Graph *g);

/* A cleaned copy for execution: dead nodes, MARK and STOP_GRAD dropped, what an effect overwrites
 * copied before if it is read after. Same results (passes.c says which rewrites). The copy lives
 * in `a`. In it no node that stands behind an UPDATE or STORE reads the slot's older value. */
Graph *g_optimize(const Graph *g, Arena *a);
#endif
