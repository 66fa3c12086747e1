/* The derivative rules, one for each row of ops.def that says GRAD: vjp_ew.c, vjp_axes.c,
 * vjp_circuit.c. See VjpRule in graph.h for what they are given. Rules build graph with the
 * ordinary functions, so that they can be differentiated in turn. */
#ifndef QGN_VJP_H
#define QGN_VJP_H
#include "lang/ir/graph_int.h"

#define VJP_GRAD(lower) VjpRule vjp_##lower;
#define VJP_NOGRAD(lower)
#define VJP_NONE(lower)
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) VJP_##diff(lower)
#include "lang/ir/ops.def"
#undef OP
#undef VJP_GRAD
#undef VJP_NOGRAD
#undef VJP_NONE
#endif
