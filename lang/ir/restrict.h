/* A loss again, in a graph of its own: over some rows of the minibatch only (`minimize ... per`), or to be
 * evaluated several times with other weights (optimisers that search).
 *
 * What the loss is made of falls into three parts. Its *own* nodes are made anew, with the count `rows` in
 * place of `count` everywhere. Values that the script has *bound before* the statement (MARKs below `first`,
 * and those among the ways of other blocks) keep what they are: one that has a row for each row of the
 * minibatch is restricted to the rows, any other stands for the whole minibatch. Whatever does not depend on
 * the trained weights is not computed again: it is *kept* by the graph it comes from, and read from a slot.
 *
 * The same walk finds out whether the loss is a mean over rows, for which alone the gradients of groups add
 * up to that of the minibatch. */
#ifndef QGN_RESTRICT_H
#define QGN_RESTRICT_H
#include "lang/ir/graph.h"

typedef struct Restrict {
  const Graph *from;
  Graph *to;
  NodeId loss;  /* in `from` */
  NodeId first; /* first node that the statement itself has made; */
  NodeId ways_from,
      ways_to;          /* from, ..., to - 1 are none of its own either: values of other blocks, made again */
  uint32_t count, rows; /* count of the minibatch, and of the rows; 0, 0: all of them */
  int n_weights;
  const int *weights; /* slots of what is trained */
  /* The node of `to` that reads the value which node `id` of `from` has (all of it, or its rows only). */
  NodeId (*keep)(void *ctx, NodeId id, bool rows_only);
  /* The count `id` with `rows` in place of `count`, also within a sum of counts. */
  uint32_t (*count_of)(void *ctx, uint32_t id);
  void *ctx;
  /* results */
  NodeId where;    /* after an error: the node of `from` that cannot be restricted */
  const char *why; /* and why; NULL if a shape does not fit */
  bool stale;      /* it was computed with weights that an update has changed since */
} Restrict;

/* The loss in r->to, or NODE_NONE with where, why and stale set. */
NodeId g_restrict(Restrict *r);

/* NODE_NONE if the loss is a mean over rows of r->count, as far as the graph shows; else the node where it
 * stops to be one. Reads from, loss, first and count. */
NodeId g_not_a_mean(const Restrict *r);
#endif
