/* Counted floating-point operations: what a value costs, whatever machine computes it.
 *
 * A multiply-add counts two, every other elementary operation on an element one, moving numbers nothing. A
 * gate on a state of 2^n amplitudes counts 14 * 2^n on one qubit and 30 * 2^n on more (complex products of 2
 * x 2 and 4 x 4 matrices); density matrices have 4^n. */
#ifndef QGN_FLOPS_H
#define QGN_FLOPS_H
#include "lang/ir/graph.h"

#define FLOPS_COUNTS (2 * SHAPE_MAX_RANK)

/* `each` times the product of n numbers of rows that are known when run; `most` with the largest they can be.
 */
typedef struct Flops {
  double each, most;
  int n;
  uint32_t count[FLOPS_COUNTS]; /* ids, in ascending order */
} Flops;

/* Operations of one node. */
Flops g_flops(const Graph *g, NodeId id);
#endif
