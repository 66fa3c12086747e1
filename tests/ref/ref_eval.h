/* A slow, obvious evaluator of graphs in double: what kernels, derivative rules and rewrites are
 * compared with. Each operation is a naive loop over the elements of its result, written from
 * the doc column of ops.def alone. Test-only code.
 *
 * Values of a node: elements of its shape, row major, with each count replaced by env->counts[id].
 * Operations with several results hold all of them, one after the other. */
#ifndef QGN_REF_EVAL_H
#define QGN_REF_EVAL_H
#include "lang/ir/graph.h"

/* A tensor with its real sizes. */
typedef struct RefTensor {
  int rank;
  int64_t d[SHAPE_MAX_RANK];
  double *x;
} RefTensor;

typedef struct RefEnv {
  const int64_t *counts; /* by count id; may be NULL if the graph has none */
  /* Values of a slot (version: of PARAMs, 0 for INPUTs); must have as many elements as the node. */
  const double *(*slot)(void *ctx, int slot, int version);
  /* n random numbers of a DRAW; NULL if there is none in the graph. */
  void (*draw)(void *ctx, DrawKind kind, int site, int64_t n, double *out);
  /* CIRCUIT, CIRCUIT_VJP, CIRCUIT_HVP: out[k] is result k. NULL if there is none in the graph. */
  void (*circuit)(void *ctx, const Node *node, const RefTensor *in, RefTensor *out);
  double clock[2]; /* epoch, iteration */
  void *ctx;
} RefEnv;

int64_t ref_numel(const RefTensor *t);
/* A node's sizes with the counts replaced; x is NULL. */
RefTensor ref_shape(const Shape *s, const RefEnv *env);

/* One operation on numbers: fills out->x (already there, sizes known). False for operations that
 * are not functions of their inputs' numbers alone (sources, circuits, effects). */
bool ref_op(OpId op, const Attr *attr, int n_in, const RefTensor *in, RefTensor *out);

/* Evaluates all nodes. values has g_count(g) entries, set to arrays that ref_free frees. STORE has
 * the value stored, UPDATE 1 if all its gradients are finite. */
void ref_eval(const Graph *g, const RefEnv *env, double **values);
void ref_free(int n, double **values);
#endif
