/* x = a^-1 b:  db = a^-T g,  da = -db x^T. */
#include "lang/ir/vjp.h"

/* A vector as a matrix of one column. */
static NodeId column(Graph *g, NodeId x, Span span) {
  const Shape *s = g_shape(g, x);
  if (s->rank == 2) return x;
  const Shape to = shape_of(2, (int64_t[]){s->d[0].n, 1});
  return g_reshape(g, x, &to, span);
}

const char *vjp_solve(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  const NodeId turned = g_transpose(g, n->in[0], (int[]){1, 0}, n->span);
  const NodeId db = g_make(g, OP_SOLVE, 2, (NodeId[]){turned, gout[0]}, &n->attr, NULL, n->span, NULL);
  if (need[1]) gin[1] = db;
  if (!need[0]) return NULL;
  const NodeId left = column(g, db, n->span), right = column(g, self, n->span);
  gin[0] = g_unary(g, OP_NEG, g_matmul(g, left, right, false, true, n->span), n->span);
  return NULL;
}
