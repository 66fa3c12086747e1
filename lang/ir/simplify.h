/* Helpers of the rewrites in simplify.c (elementwise) and simplify_axes.c (everything else). */
#ifndef QGN_SIMPLIFY_H
#define QGN_SIMPLIFY_H
#include "lang/ir/graph_int.h"

/* A rewrite of one op: an equal, cheaper node, or NODE_NONE. */
typedef NodeId Rewrite(const Make *m);

/* The node if it is an `op` that rewrites may look through, else NULL. */
static inline const Node *opened(const Make *m, NodeId id, OpId op) {
  const Node *n = g_peek(m->g, id);
  return n && n->op == op ? n : NULL;
}
static inline bool is_value(const Make *m, NodeId id, double value) {
  double v;
  return g_is_const(m->g, id, &v) && v == value;
}
static inline int64_t size_of(const Make *m, NodeId id) { return shape_capacity(g_shape(m->g, id)); }
static inline NodeId unary(const Make *m, OpId op, NodeId a) { return g_unary(m->g, op, a, m->span); }
static inline NodeId binary(const Make *m, OpId op, NodeId a, NodeId b) {
  return g_binary(m->g, op, a, b, m->span);
}
static inline NodeId constant(const Make *m, double value, const Shape *s) {
  return g_const(m->g, value, s, m->span);
}
static inline NodeId scalar(const Make *m, double value) { return g_scalar(m->g, value, m->span); }
/* `a`, stretched to the result's shape. */
static inline NodeId stretched(const Make *m, NodeId a) {
  return shape_equal(g_shape(m->g, a), &m->shape) ? a : g_stretch(m->g, a, &m->shape, m->span);
}

Rewrite rewrite_sum, rewrite_reduce, rewrite_argmax, rewrite_stretch, rewrite_reshape, rewrite_transpose,
    rewrite_slice, rewrite_pad, rewrite_concat, rewrite_gather, rewrite_matmul, rewrite_stop_grad;
#endif
