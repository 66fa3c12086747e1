/* Derivatives through values of other regions, and when such a value is old.
 *
 * A region is a straight piece of a block with a graph of its own. What one computes and another uses is read
 * from a slot; across.c gives the loss back the way that ends there. Nothing here owns anything: nodes go to
 * the open graph. */
#ifndef QGN_SEMA_ACROSS_H
#define QGN_SEMA_ACROSS_H
#include "lang/sema/walk.h"

/* Where the ways stand in the open graph, for a statement that tells what was bound before it from what it
 * makes itself: from, from + 1, ..., to - 1 are nodes of values bound before. Values that the statement reads
 * are MARKs there. */
typedef struct Ways {
  NodeId first; /* given: first node that the statement has made */
  NodeId from, to;
} Ways;

/* The loss, a node of the open graph, with the ways of other regions in it that lead from n weights, or from
 * the value that the node `by` reads; the loss itself if there is none. NODE_NONE after E0413 (the weights,
 * or the var that is derived by, were set since) or E0998. `ways` may be NULL. */
NodeId across_by_weights(Sema *S, NodeId loss, int n, const int *slots, Ways *ways, Span span);
NodeId across_by_value(Sema *S, NodeId loss, NodeId by, Span span);

/* A block that runs more than once begins: from its second turn on the weights and vars that statements in it
 * set are other ones, so what was computed before it is old for a derivative by them. */
void updates_ahead(Sema *S, const AstNode *block);
#endif
